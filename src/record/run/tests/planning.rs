use super::super::*;
use crate::{
    domain::{Procedure, Sha256, TenantId},
    record::{
        Event, Record, plan_digest,
        samples::{opened, policy, record},
    },
};
use serde_json::json;

const PLANNED_BY: &str = "20261120-091530-bbbbbb";

/// A run that carries out a plan with one customer, up to the seal of the plan.
pub(super) fn up_to_the_plan(approval_above: u32, is_approved: bool) -> (Run, Sha256) {
    let customer: TenantId = "c0000000-0000-4000-8000-000000000001".parse().unwrap();
    let judged =
        json!({ "kind": "judged", "row": 1, "verdict": "ready", "facts_at": "2026-11-20T09:15:30.000Z" });
    let Event::Judged(decision) = record(&judged).event else { panic!("a judgement") };
    let decisions = [(1, customer, decision.digest().unwrap())];
    let digest = plan_digest(&PLANNED_BY.parse().unwrap(), None, Procedure::RemoveRelationship, decisions);
    let mut opened = opened(1);
    opened["policy"]["approval_above"] = json!(approval_above);
    opened["applies"] = json!({ "run": PLANNED_BY, "digest": digest });
    let mut run = Run::begin(&record(&opened)).unwrap();
    if is_approved {
        run.apply(1, &record(&json!({ "kind": "approved", "approver": "", "digest": digest, "note": "" })))
            .unwrap();
    }
    run.apply(2, &record(&json!({ "kind": "row_read", "row": 1, "customer": customer, "cells": [] })))
        .unwrap();
    run.apply(3, &record(&judged)).unwrap();
    run.apply(4, &record(&json!({ "kind": "plan_sealed", "digest": digest, "ready": 1, "counted": 1 })))
        .unwrap();
    (run, digest)
}

#[test]
fn a_plan_that_needs_an_approval_is_not_confirmed_without() {
    for (above, is_approved, is_legal) in [(0, false, false), (0, true, true), (1, false, true)] {
        let (mut run, digest) = up_to_the_plan(above, is_approved);
        let confirmed = record(&json!({ "kind": "confirmed", "by": "", "how": "yes", "digest": digest }));
        assert_eq!(run.apply(5, &confirmed).is_ok(), is_legal, "{above} {is_approved}");
    }
}

#[test]
fn an_approval_is_of_the_plan_that_is_carried_out_and_comes_before_it() {
    let (mut run, digest) = up_to_the_plan(0, false);
    let late = record(&json!({ "kind": "approved", "approver": "", "digest": digest, "note": "" }));
    assert!(run.apply(5, &late).unwrap_err().why.contains("sealed already"));
    run.stage = Stage::Judging;
    let other = record(&json!({ "kind": "approved", "approver": "", "digest": "0".repeat(64), "note": "" }));
    assert!(run.apply(5, &other).unwrap_err().why.contains("has the digest"));
    run.opened.applies = None;
    assert!(run.apply(5, &late).unwrap_err().why.contains("carries out no plan"));
}

#[test]
fn who_is_protected_stays_so_when_the_run_goes_on_and_stands_in_no_other_record() {
    let mut run = Run::begin(&record(&opened(1))).unwrap();
    let customer = "c0000000-0000-4000-8000-000000000001";
    let list = record(&json!({ "kind": "customers_protected", "customers": [customer] }));
    run.apply(1, &list).unwrap();
    assert!(run.apply(2, &list).unwrap_err().why.contains("is said once"));
    let mut faster = policy();
    (faster["rate"], faster["kind"]) = (json!(7), json!("resumed"));
    run.apply(3, &record(&faster)).unwrap();
    assert_eq!((run.policy.rate, run.policy.protected.len()), (7, 1));
    let event = crate::record::Event::Resumed(Box::new(run.policy.clone()));
    let bytes = Record { event, ..record(&faster) }.to_bytes().unwrap();
    assert!(!String::from_utf8(bytes).unwrap().contains(customer));
}
