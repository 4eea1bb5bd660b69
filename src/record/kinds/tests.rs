//! What the table says, and what becomes of what it does not know.

use super::*;
use serde_json::json;

fn read(record: &serde_json::Value) -> Result<Record, RecordError> {
    Record::from_bytes(record.to_string().as_bytes())
}

fn newer(record: &serde_json::Value) -> Newer {
    match read(record) {
        Err(RecordError::Newer(newer)) => *newer,
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_kind_has_a_name_of_its_own_and_a_meaning() {
    for (place, kind) in Kind::ALL.iter().enumerate() {
        assert_eq!(Kind::named(kind.label()), Some(*kind));
        assert!(kind.meaning().trim().ends_with('.'), "{kind:?}");
        assert!(Kind::ALL[place + 1..].iter().all(|other| other.label() != kind.label()), "{kind:?}");
    }
}

#[test]
fn what_a_newer_program_wrote_is_told_from_what_is_broken() {
    let at = "2026-11-20T09:15:30.000Z";
    let stopped =
        json!({ "at": at, "kind": "stopped", "run": "20261120-091530-7b1d0f", "cause": "guard", "text": "" });
    assert_eq!(read(&stopped).unwrap().event.kind(), Kind::Stopped);
    let with = |name: &str, value: serde_json::Value| {
        let mut record = stopped.clone();
        record[name] = value;
        record
    };
    assert_eq!(newer(&with("kind", json!("postponed"))).what, "kind `postponed`");
    assert_eq!(newer(&with("until", json!("tomorrow"))).what, "field `until`");
    assert_eq!(newer(&with("cause", json!("weather"))).what, "word `weather`");
    let observed = json!({ "at": at, "kind": "observed", "row": 7, "seen": "gone", "detail": "", "by": { "eye": true } });
    let newer_look = newer(&observed);
    assert_eq!((newer_look.row, newer_look.what.as_str()), (Some(7), "field `by`"));
    let read_row = json!({ "at": at, "kind": "row_read", "row": 1, "cells": [] });
    assert!(read(&read_row).is_ok());
    // A known kind without what it always had is no record of any program.
    let mut broken = stopped.clone();
    broken.as_object_mut().unwrap().remove("text");
    assert!(matches!(read(&broken), Err(RecordError::Json(_))));
    assert!(matches!(read(&with("text", json!(7))), Err(RecordError::Json(_))));
    assert!(matches!(read(&json!([at, "stopped"])), Err(RecordError::NotAnObject)));
}

#[test]
fn a_field_that_is_not_known_is_found_wherever_it_stands() {
    let settled = json!({ "at": "2026-11-20T09:15:30.000Z", "kind": "settled", "row": 1, "outcome": "removed",
        "attempts": 1, "started_at": "2026-11-20T09:15:30.000Z", "exchange": { "status": 200, "weather": "fine" } });
    assert_eq!(newer(&settled).what, "field `exchange.weather`");
}
