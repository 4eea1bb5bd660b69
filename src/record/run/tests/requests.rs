//! What is sent, answered and seen.

use super::{super::*, course::*};
use crate::{domain::Effect, record::ChangePhase};
use serde_json::{Value, json};

fn confirmed(rows: u32) -> Course {
    Course::confirmed(&with_policy(rows, &json!({})), &[])
}

fn lookup(row: Option<u32>) -> Value {
    intent(row, "read_customer", None)
}

#[test]
fn a_request_is_open_until_its_one_end() {
    let mut course = Course::begun(&with_policy(1, &json!({})));
    course.must(&read(1));
    let ends = |seq: Seq| {
        let error = |kind: &str| json!({ "kind": kind, "intent": seq, "error": "", "duration_ms": 1 });
        [answer(seq, 1, "understood"), error("request_not_sent"), error("outcome_unknown")]
    };
    for (n, row) in [(0, None), (1, Some(1)), (2, None)] {
        let seq = course.must(&lookup(row));
        assert_eq!((course.run.open_intents(), course.run.requests), (vec![seq], n + 1));
        let end = usize::try_from(n).unwrap();
        course.must(&ends(seq)[end]);
        assert!(course.run.open_intents().is_empty());
        for end in ends(seq) {
            course.assert_illegal(&end, "is not open");
        }
    }
    course.assert_illegal(&lookup(Some(2)), "no row 2");
    assert_eq!(course.run.row(1).unwrap().started_at, Some(AT.parse().unwrap()));
}

#[test]
fn changes_are_sent_when_somebody_allowed_them_and_for_the_customers_of_the_plan() {
    let mut planned = Course::planned(&with_policy(1, &json!({})), &[]);
    planned.assert_illegal(&removal(1), "nobody has allowed changes");
    let mut only_a_plan = with_policy(1, &json!({}));
    only_a_plan["changes"] = json!(false);
    Course::confirmed(&only_a_plan, &[]).assert_illegal(&removal(1), "nobody has allowed changes");

    let mut course =
        Course::confirmed(&with_policy(3, &json!({})), &[judged(1, "ready"), judged(2, "skipped")]);
    let effect = Effect::DeleteCustomer.as_str();
    course.assert_illegal(&intent(Some(1), effect, None), "sends no such change");
    course.assert_illegal(&intent(None, Effect::RemoveRelationship.as_str(), None), "belongs to a row");
    course.assert_illegal(&removal(4), "no row 4");
    course.assert_illegal(&removal(2), "does not call row 2 ready");
    let mut other = removal(1);
    for customer in [json!(customer(3)), Value::Null] {
        other["customer"] = customer;
        course.assert_illegal(&other, "names another customer");
    }
    course.must(&removal(1));
    course.assert_illegal(&removal(1), "is open");
    // Others go on meanwhile.
    course.must(&removal(3));
    assert_eq!((course.run.requests, course.run.open.len()), (2, 2));
}

#[test]
fn a_row_that_names_nobody_is_not_changed() {
    let mut course = Course::begun(&with_policy(1, &json!({})));
    course.must(&json!({ "kind": "row_read", "row": 1, "cells": [] }));
    course.must(&judged(1, "ready"));
    course.must(&course.plan());
    course.must(&course.confirmation());
    let mut nobody = removal(1);
    nobody["customer"] = Value::Null;
    course.assert_illegal(&nobody, "names another customer");
}

#[test]
fn a_guard_stops_what_is_new_until_the_plan_is_confirmed_again() {
    let mut course = confirmed(2);
    for other in ["interrupted", "service"] {
        course.must(&stopped(other));
        assert!(course.run.stopped_by_guard.is_none() && !course.run.awaits_consent());
    }
    course.must(&stopped("guard"));
    assert_eq!(course.run.stopped_by_guard.as_deref(), Some("Stop."));
    assert!(course.run.awaits_consent());
    course.assert_illegal(&removal(1), "a guard stopped the changes");
    course.must(&lookup(Some(1)));
    course.must(&course.confirmation());
    assert!(course.run.stopped_by_guard.is_none() && !course.run.awaits_consent());
    course.must(&removal(1));
    // Before anything was allowed, there is nothing to stop.
    let mut planned = Course::planned(&with_policy(1, &json!({})), &[]);
    planned.must(&stopped("guard"));
    assert!(planned.run.stopped_by_guard.is_none());
}

#[test]
fn a_change_becomes_what_is_answered_and_seen() {
    let mut course = confirmed(4);
    let seq = course.must(&removal(1));
    assert!(matches!(course.last(1).phase, ChangePhase::Open { intent, .. } if intent == seq));
    course.must(&answer(seq, 1, "understood"));
    let last = course.last(1);
    assert!(matches!(last.phase, ChangePhase::Accepted { clearly: true, .. }));
    assert_eq!((last.status, last.code(), last.request_id), (Some(200), Some("C"), last.request_id));
    course.must(&observed(1, None, "still_there"));
    course.must(&observed(1, None, "gone"));
    assert_eq!(course.last(1).phase, ChangePhase::Gone { seen: true });
    // Nothing is sent any more to a customer that is known to be gone.
    for request in [removal(1), lookup(Some(1))] {
        course.assert_illegal(&request, "is known to be gone");
    }
    for (row, kind, in_doubt) in [(2, "request_not_sent", false), (3, "outcome_unknown", true)] {
        let seq = course.must(&removal(row));
        course.must(&json!({ "kind": kind, "intent": seq, "row": row, "error": "No.", "duration_ms": 1 }));
        let last = course.last(row);
        assert_eq!((last.is_in_doubt(), last.text()), (in_doubt, Some("No.")));
    }
    course.assert_illegal(&observed(2, None, "gone"), "only taken after");
    course.assert_illegal(&observed(4, None, "gone"), "no change of row 4");
    course.assert_illegal(&observed(3, Some("S"), "gone"), "no such change of row 3");
    course.assert_illegal(&observed(5, None, "gone"), "no row 5");
    // A read that is answered says nothing about the change beside it.
    let read = course.must(&lookup(Some(3)));
    course.must(&answer(read, 3, "refused"));
    assert!(course.last(3).is_in_doubt());
}

#[test]
fn a_doubt_is_looked_at_after_its_settle_time() {
    let mut course = Course::confirmed(&with_policy(1, &json!({ "settle_seconds": 60 })), &[]);
    course.sends(&removal(1), "unclear");
    course.assert_illegal(&observed(1, None, "still_there"), "settle time");
    let mut later = observed(1, None, "still_there");
    later["at"] = json!("2026-11-20T09:16:30.000Z");
    course.must(&later);
    assert_eq!(course.last(1).phase, ChangePhase::DidNotHappen);
}

#[test]
fn a_yes_ends_a_row_of_failures_and_a_word_that_nobody_knows_is_a_warning() {
    let mut course = confirmed(5);
    for row in [1, 2] {
        course.fails(row);
        assert_eq!((course.run.failures.failures_in_a_row, course.run.failures.not_understood), (row, None));
    }
    course.sends(&removal(3), "understood");
    assert_eq!(course.run.failures.failures_in_a_row, 0);
    course.fails(4);
    course.sends(&removal(5), "not_understood");
    assert_eq!((course.run.failures.failures_in_a_row, course.run.failures.not_understood), (0, Some(5)));
}

#[test]
fn patience_lasts_until_the_latest_moment_that_was_asked_for() {
    let mut course = Course::begun(&with_policy(1, &json!({})));
    let held = |until: &str| json!({ "kind": "held", "until": until, "rate": 1, "basis": 0, "why": "" });
    for until in ["2026-11-20T09:20:00.000Z", "2026-11-20T09:18:00.000Z"] {
        course.must(&held(until));
        assert_eq!(course.run.held_until.unwrap().to_string(), "2026-11-20T09:20:00.000Z");
    }
}

#[test]
fn a_look_in_between_takes_a_customer_out_and_puts_none_in() {
    let first = [ready_after(1, &["S", "T"]), ready_after(2, &["S"]), judged(3, "skipped")];
    let mut course = Course::confirmed(&with_policy(4, &json!({})), &first);
    let left = |course: &Course, row: u32| {
        course.run.row(row).unwrap().first.iter().map(|one| one.id.clone()).collect::<Vec<_>>()
    };
    // Before anything was sent: less may be left to do, and no more.
    course.must(&ready_after(1, &["T"]));
    assert_eq!(left(&course, 1), ["T"]);
    course.assert_illegal(&ready_after(1, &["S"]), "not in the plan");
    course.must(&judged(2, "skipped"));
    assert_eq!((left(&course, 2), course.run.ready()), (vec!["S".to_owned()], 2));
    course.assert_illegal(&judged(2, "ready"), "is judged already");
    course.assert_illegal(&judged(3, "ready"), "is judged already");
    // After a suspension was accepted as well, and after the last change no more.
    course.sends(&suspension(1, "T"), "understood");
    course.must(&judged(1, "ready"));
    assert_eq!(left(&course, 1), ["T"], "it was begun");
    course.must(&judged(1, "skipped"));
    assert_eq!(course.changing(1).verdict, Outcome::Skipped);
    course.sends(&removal(4), "understood");
    course.assert_illegal(&judged(4, "ready"), "must be seen through");
    assert_eq!(course.run.judged, 4, "each is counted once");
}

#[test]
fn a_customer_that_can_be_read_ends_a_row_of_failures() {
    let mut course = confirmed(3);
    course.fails(1);
    course.must(&judged(2, "ready"));
    assert_eq!(course.run.failures.failures_in_a_row, 0);
    course.fails(2);
    course.must(&judged(3, "failed"));
    assert_eq!(course.run.failures.failures_in_a_row, 1);
}

#[test]
fn what_was_on_its_way_when_the_program_ended_counts_as_sent() {
    let mut course = confirmed(3);
    course.sends(&removal(1), "throttled");
    let reading = course.must(&lookup(Some(1)));
    let sent = course.must(&removal(2));
    let mut resumed = serde_json::to_value(&course.run.policy).unwrap();
    resumed["kind"] = json!("resumed");
    let before = json!("2026-11-20T09:15:29.000Z");
    for (at, is_old) in [(json!(AT), false), (before, true)] {
        let mut course = course.clone_run();
        resumed["at"] = at;
        course.must(&resumed);
        assert!(course.run.open.is_empty());
        assert_eq!(course.run.open_intents(), [reading, sent], "both stay without an end");
        let last = course.last(2);
        let is_lost = matches!(last.phase, ChangePhase::InDoubt { .. });
        assert!(is_lost && last.text().is_some_and(|text| text.contains("program ended")));
        assert!(matches!(course.last(1).phase, ChangePhase::ToSend { .. }), "its read is no change");
        // Facts that seem to be from the future are old.
        let RowState::Judged { facts_at, .. } = course.run.rows[2].state else { panic!("it is judged") };
        assert_eq!(facts_at == Time::from_millis(0), is_old);
    }
}
