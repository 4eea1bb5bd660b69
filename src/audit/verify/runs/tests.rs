//! What runs say that cannot be true.

use super::*;
use crate::record::samples::{self, record_of as record};
use serde_json::{Value, json};

fn opened(run: &str, applies: Option<&str>) -> Record {
    let mut value = samples::opened(2);
    if let Some(plan) = applies {
        value["applies"] = json!({ "run": plan, "digest": "0".repeat(64) });
    }
    record(Some(run), &value)
}

const A: &str = "20261120-091530-aaaaaa";
const B: &str = "20261120-091530-bbbbbb";

fn log() -> (Runs, Seq) {
    let mut runs = Runs::default();
    let first = json!({ "kind": "log_opened", "log_id": "", "version": "", "sqlite": "",
        "schema_sha256": "0".repeat(64) });
    runs.take(0, &record(None, &first)).unwrap();
    runs.take(1, &opened(A, None)).unwrap();
    (runs, 2)
}

fn why(runs: &mut Runs, seq: Seq, record: &Record) -> String {
    runs.take(seq, record).unwrap_err()
}

#[test]
fn runs_are_told_apart_and_opened_once() {
    let (mut runs, seq) = log();
    assert!(why(&mut runs, seq, &opened(A, None)).contains("was opened before"));
    let row = json!({ "kind": "row_read", "row": 1, "cells": [] });
    assert!(why(&mut runs, seq, &record(Some(B), &row)).contains("was never opened"));
    assert!(why(&mut runs, seq, &record(None, &row)).contains("belongs to no run"));
    assert!(
        why(
            &mut runs,
            seq,
            &record(
                None,
                &json!({ "kind": "log_opened", "log_id": "", "version": "",
        "sqlite": "", "schema_sha256": "0".repeat(64) })
            )
        )
        .contains("opened before")
    );
    assert!(why(&mut Runs::default(), 0, &opened(A, None)).contains("begins with"));
    assert_eq!(runs.counts(), (1, 0));
}

#[test]
fn a_sign_in_belongs_to_no_run_and_changes_nothing() {
    let (mut runs, seq) = log();
    let id = "c0000000-0000-4000-8000-000000000001";
    let intent = |purpose: &str| {
        record(
            None,
            &json!({ "kind": "request_intended", "attempt": 1, "purpose": purpose, "method": "POST",
            "url": "", "headers": {}, "request_id": id, "correlation_id": id }),
        )
    };
    let lost =
        record(None, &json!({ "kind": "outcome_unknown", "intent": seq, "error": "", "duration_ms": 1 }));
    runs.take(seq, &intent("sign_in")).unwrap();
    runs.take(seq + 1, &lost).unwrap();
    assert!(why(&mut runs, seq + 2, &lost).contains("is not open"));
    assert!(why(&mut runs, seq + 2, &intent("remove_relationship")).contains("belongs to no run"));
}

#[test]
fn what_corroborates_was_asked_for() {
    let (mut runs, seq) = log();
    let id = "c0000000-0000-4000-8000-000000000001";
    let corroborated = record(
        Some(A),
        &json!({ "kind": "corroborated", "row": 1, "customer": id, "is_our_request": true,
        "activity": { "operation": "" }, "basis": seq }),
    );
    assert!(why(&mut runs, seq + 1, &corroborated).contains("did not ask for what it rests upon"));
    let (mut runs, seq) = log();
    let asked = json!({ "kind": "request_intended", "attempt": 1, "purpose": "read_activity",
        "method": "GET", "url": "", "headers": {}, "request_id": id, "correlation_id": id });
    runs.take(seq, &record(None, &asked)).unwrap();
    assert!(why(&mut runs, seq + 1, &corroborated).contains("not sealed"));
}

#[test]
fn only_the_first_fault_of_a_run_is_told() {
    let (mut runs, seq) = log();
    let sealed = json!({ "kind": "run_sealed", "counts": {}, "exit_code": 0 });
    assert!(runs.take(seq, &record(Some(A), &sealed)).is_err());
    assert!(runs.take(seq + 1, &record(Some(A), &sealed)).is_ok());
    assert_eq!(runs.last().unwrap().1, None, "and it is not sealed");
    let (mut runs, seq) = log();
    assert!(why(&mut runs, seq, &opened(A, None)).contains("was opened before"));
    runs.take(seq + 1, &record(Some(A), &sealed)).unwrap();
    runs.take(seq + 2, &opened(A, None)).unwrap();
}

#[test]
fn one_customer_is_changed_in_one_row() {
    let (mut runs, mut seq) = log();
    let customer = "c0000000-0000-4000-8000-000000000001";
    let mut take = |runs: &mut Runs, more: Value| {
        seq += 1;
        runs.take(seq, &record(Some(A), &more))
    };
    for row in [1, 2] {
        take(&mut runs, json!({ "kind": "row_read", "row": row, "customer": customer, "cells": [] }))
            .unwrap();
    }
    for row in [1, 2] {
        let judged = json!({ "kind": "judged", "row": row, "verdict": "ready",
            "facts_at": "2026-11-20T09:15:30.000Z" });
        take(&mut runs, judged).unwrap();
    }
    let digest = runs.all.values().next().unwrap().run.plan_digest();
    take(&mut runs, json!({ "kind": "plan_sealed", "digest": digest, "ready": 2, "counted": 2 })).unwrap();
    take(&mut runs, json!({ "kind": "confirmed", "by": "", "how": "yes", "digest": digest })).unwrap();
    let change = |row: u32| {
        json!({ "kind": "request_intended", "row": row, "customer": customer, "attempt": 1,
            "purpose": "remove_relationship", "method": "PATCH", "url": "", "headers": {},
            "request_id": customer, "correlation_id": customer })
    };
    take(&mut runs, change(1)).unwrap();
    assert!(take(&mut runs, change(2)).unwrap_err().contains("was changed for row 1 already"));
}

#[test]
fn a_plan_that_is_carried_out_is_in_the_log() {
    let (mut runs, seq) = log();
    assert!(why(&mut runs, seq, &opened(B, Some(A))).contains("is not in the log"));
}

fn newer(run: Option<&str>, kind: &str) -> Newer {
    let at = "2026-11-20T09:15:30.000Z".parse().unwrap();
    let run = run.map(|run| run.parse().unwrap());
    Newer { at, run, row: None, kind: kind.to_owned(), what: "field `later`".to_owned() }
}

#[test]
fn what_a_newer_program_adds_to_a_run_that_is_over_does_not_open_it_again() {
    let (mut runs, mut seq) = log();
    for row in [1, 2] {
        runs.take(seq, &record(Some(A), &json!({ "kind": "row_read", "row": row, "cells": [] }))).unwrap();
        let settled = json!({ "kind": "settled", "row": row, "outcome": "rejected", "attempts": 0,
            "started_at": "2026-11-20T09:15:30.000Z" });
        runs.take(seq + 1, &record(Some(A), &settled)).unwrap();
        seq += 2;
    }
    let sealed = json!({ "kind": "run_sealed", "counts": { "rejected": 2 }, "exit_code": 3 });
    runs.take(seq, &record(Some(A), &sealed)).unwrap();
    runs.pass_over(seq + 1, &newer(Some(A), "later")).unwrap();
    assert_eq!((runs.counts(), runs.last().unwrap().1), ((1, 1), Some(seq)));
    // The same of an end that says more than is known.
    let (mut runs, seq) = log();
    runs.pass_over(seq, &newer(Some(A), "run_sealed")).unwrap();
    assert_eq!((runs.counts(), runs.last().unwrap().1), ((1, 1), Some(seq)));
}

#[test]
fn whichever_program_wrote_it_a_log_is_opened_once_by_its_first_record() {
    let first = Runs::default().pass_over(0, &newer(None, "later")).unwrap_err();
    assert!(first.contains("begins with"), "{first}");
    let (mut runs, seq) = log();
    assert!(runs.pass_over(seq, &newer(None, "log_opened")).unwrap_err().contains("opened before"));
    runs.pass_over(seq, &newer(None, "later")).unwrap();
    Runs::default().pass_over(0, &newer(None, "log_opened")).unwrap();
}
