use super::super::*;
use crate::record::{
    Record,
    samples::{opened, record},
};
use serde_json::json;

const CUSTOMER: &str = "c0000000-0000-4000-8000-000000000001";

/// A run in which one customer was gone before, and another row is not valid.
fn up_to_the_end() -> Run {
    let mut run = Run::begin(&record(&opened(2))).unwrap();
    let settled = |row: u32, outcome: &str| {
        json!({ "kind": "settled", "row": row, "outcome": outcome, "attempts": 0,
            "started_at": "2026-11-20T09:15:30.000Z" })
    };
    for (seq, more) in (1..).zip([
        json!({ "kind": "row_read", "row": 1, "customer": CUSTOMER, "cells": [] }),
        json!({ "kind": "row_read", "row": 2, "cells": [] }),
        settled(2, "rejected"),
        json!({ "kind": "judged", "row": 1, "verdict": "already_removed",
            "facts_at": "2026-11-20T09:15:30.000Z" }),
        settled(1, "already_removed"),
    ]) {
        run.apply(seq, &record(&more)).unwrap();
    }
    run
}

fn corroborated(row: u32, customer: &str) -> Record {
    record(&json!({ "kind": "corroborated", "row": row, "customer": customer, "is_our_request": true,
        "activity": { "operation": "" }, "basis": 9 }))
}

#[test]
fn a_row_is_corroborated_once_after_the_end_and_for_its_own_customer() {
    let mut run = up_to_the_end();
    let why = |run: &mut Run, record: &Record| run.apply(10, record).unwrap_err().why;
    assert!(why(&mut run, &corroborated(1, CUSTOMER)).contains("not sealed"));
    let reconciled = record(&json!({ "kind": "reconciled", "by": "", "host": "", "from": "2026-11-20",
        "to": "2026-11-20", "lag_hours": 48, "complete": true, "listed": 0, "corroborated": 0 }));
    assert!(why(&mut run, &reconciled).contains("not sealed"));
    let counts = json!({ "already_removed": 1, "rejected": 1 });
    let sealed = record(&json!({ "kind": "run_sealed", "counts": counts, "exit_code": 3 }));
    run.apply(9, &sealed).unwrap();
    let other = "c0000000-0000-4000-8000-000000000002";
    assert!(why(&mut run, &corroborated(1, other)).contains("another customer"));
    assert!(why(&mut run, &corroborated(3, CUSTOMER)).contains("no row 3"));
    assert!(why(&mut run, &corroborated(2, CUSTOMER)).contains("another customer"));
    run.apply(10, &corroborated(1, CUSTOMER)).unwrap();
    assert!(why(&mut run, &corroborated(1, CUSTOMER)).contains("corroborated before"));
    run.apply(11, &reconciled).unwrap();
    assert_eq!(run.counts, run.sealed.clone().unwrap().counts, "the outcomes stay");
}
