//! How rows and runs end.

use super::{super::*, course::*};
use crate::domain::Effect;
use serde_json::{Value, json};

const OUTCOMES: [&str; 8] =
    ["removed", "already_removed", "skipped", "failed", "unknown", "not_attempted", "rejected", "ready"];

/// The row ends as one of these, and as nothing else.
fn assert_ends(course: &mut Course, row: u32, outcomes: &[&str]) {
    for outcome in OUTCOMES {
        if outcomes.contains(&outcome) {
            let mut course = course.clone_run();
            course.must(&settled(row, outcome));
            assert_eq!((course.run.settled(), course.run.counts.len()), (1, 1));
            let RowState::Settled(reached) = course.run.row(row).unwrap().state else { panic!("{outcome}") };
            assert_eq!((reached.as_str(), course.run.counts.get(&reached)), (outcome, Some(&1)));
            course.assert_illegal(&settled(row, outcome), "is settled as");
            course.assert_illegal(&intent(Some(row), "read_customer", None), "is settled as");
        } else {
            course.assert_illegal(&settled(row, outcome), "cannot end as");
        }
    }
}

#[test]
fn a_row_ends_as_what_is_on_record_of_it() {
    let mut course = Course::begun(&with_policy(1, &json!({})));
    course.must(&read(1));
    assert_ends(&mut course, 1, &["rejected", "skipped", "not_attempted"]);
    course.assert_illegal(&settled(2, "skipped"), "no row 2");
    for verdict in ["skipped", "already_removed", "failed"] {
        assert_ends(&mut Course::judged(&with_policy(1, &json!({})), &[judged(1, verdict)]), 1, &[verdict]);
    }
    // What is ready stays so in a plan, and in a run is changed or not attempted.
    let mut plan = with_policy(1, &json!({}));
    plan["changes"] = json!(false);
    assert_ends(&mut Course::planned(&plan, &[]), 1, &["ready", "not_attempted"]);
    assert_ends(&mut Course::planned(&with_policy(1, &json!({})), &[]), 1, &["not_attempted"]);
    for (answered, outcomes) in
        [("understood", &["unknown"][..]), ("refused", &["failed"]), ("unclear", &["unknown"])]
    {
        let mut course = Course::confirmed(&with_policy(1, &json!({})), &[]);
        course.sends(&removal(1), answered);
        let may_be: Vec<&str> =
            if answered == "understood" { vec!["removed", "unknown"] } else { outcomes.to_vec() };
        assert_ends(&mut course, 1, &may_be);
    }
}

#[test]
fn what_was_done_each_by_itself_is_done_by_its_own_procedure() {
    let mut course = Course::scheduling(&["S"]);
    course.sends(&scheduling("S"), "understood");
    course.assert_illegal(&settled(1, "scheduled"), "cannot end as");
    course.must(&observed(1, Some("S"), "gone"));
    for other in ["restored", "removed", "already_scheduled"] {
        course.assert_illegal(&settled(1, other), "cannot end as");
    }
    course.must(&settled(1, "scheduled"));
}

#[test]
fn a_row_is_judged_or_ends_without_and_is_counted_once() {
    let mut course = Course::begun(&with_policy(3, &json!({})));
    (1..=3).for_each(|row| _ = course.must(&read(row)));
    course.must(&settled(1, "rejected"));
    assert_eq!((course.run.judged, course.run.settled()), (1, 1));
    course.must(&judged(2, "skipped"));
    course.must(&settled(2, "skipped"));
    assert_eq!((course.run.judged, course.run.settled()), (2, 2));
    course.must(&settled(3, "skipped"));
    assert_eq!((course.run.judged, course.run.settled()), (3, 3));
    assert_eq!(course.run.counts, BTreeMap::from([(Outcome::Rejected, 1), (Outcome::Skipped, 2)]));
    course.run.let_go_of_rows();
    assert!(course.run.rows.is_empty() && course.run.settled() == 3);
}

#[test]
fn a_run_is_sealed_over_all_its_rows_and_all_its_open_intents() {
    let mut course = Course::begun(&with_policy(2, &json!({})));
    (1..=2).for_each(|row| _ = course.must(&read(row)));
    let open = course.must(&intent(None, "read_partner", None));
    let sealed = |counts: Value, open: &[Seq]| json!({ "kind": "run_sealed", "counts": counts, "open_intents": open, "exit_code": 3 });
    course.must(&settled(1, "skipped"));
    course.assert_illegal(&sealed(json!({ "skipped": 1 }), &[open]), "1 rows are settled of the 2");
    course.must(&settled(2, "rejected"));
    let counts = json!({ "skipped": 1, "rejected": 1 });
    course.assert_illegal(&sealed(json!({ "skipped": 2 }), &[open]), "rows are settled");
    course.assert_illegal(&sealed(counts.clone(), &[]), "does not list the open intents");
    course.must(&sealed(counts.clone(), &[open]));
    assert!(course.run.stage == Stage::Sealed && course.run.sealed.is_some());
    course.assert_illegal(&sealed(counts, &[open]), "the run is sealed");
    course.assert_illegal(&stopped("guard"), "the run is sealed");
    course.must(&json!({ "kind": "report_written", "file": "", "sha256": "0".repeat(64) }));
}

fn resolved(row: u32, customer: crate::domain::TenantId, outcome: &str) -> Value {
    json!({ "kind": "resolved", "row": row, "customer": customer, "outcome": outcome, "by": "", "host": "",
        "because": "", "advice": "" })
}

#[test]
fn a_person_says_only_what_became_of_an_unknown_outcome() {
    let mut course = Course::confirmed(&with_policy(3, &json!({})), &[]);
    course.sends(&removal(1), "unclear");
    course.assert_illegal(&resolved(1, customer(1), "failed"), "has no outcome yet");
    course.must(&settled(1, "unknown"));
    course.fails(2);
    course.assert_illegal(&resolved(1, customer(2), "failed"), "names another customer");
    course.assert_illegal(&resolved(2, customer(2), "removed"), "is settled as failed");
    course.assert_illegal(&resolved(4, customer(4), "removed"), "no row 4");
    for outcome in OUTCOMES {
        let is_legal = ["removed", "failed"].contains(&outcome);
        course.must_if(is_legal, &resolved(1, customer(1), outcome), "is not resolved as");
    }
    assert!(matches!(course.run.row(1).unwrap().state, RowState::Settled(Outcome::Unknown)));
}

#[test]
fn only_what_was_reached_or_is_unknown_is_corroborated() {
    let mut course = Course::confirmed(&with_policy(4, &json!({})), &[judged(1, "already_removed")]);
    course.must(&settled(1, "already_removed"));
    course.removes(2);
    course.fails(3);
    course.sends(&removal(4), "unclear");
    course.must(&settled(4, "unknown"));
    let counts = json!({ "already_removed": 1, "removed": 1, "failed": 1, "unknown": 1 });
    course.must(&json!({ "kind": "run_sealed", "counts": counts, "exit_code": 3 }));
    for row in 1..=4 {
        let corroborated = json!({ "kind": "corroborated", "row": row, "customer": customer(row),
            "is_our_request": true, "activity": { "operation": "" }, "basis": 9 });
        course.must_if(row != 3, &corroborated, "is settled as failed");
    }
    assert_eq!(course.run.corroborated, BTreeSet::from([1, 2, 4]));
}

fn decided(rows: &[u32], reactivate: bool) -> Value {
    json!({ "kind": "undo_decided", "by": "", "how": "yes", "rows": rows, "reactivate": reactivate })
}

#[test]
fn what_was_suspended_for_nothing_waits_for_somebody_to_decide() {
    let mut course = Course::fallen(2, json!({}));
    course.assert_illegal(&fell(2), "no change of row 2");
    let undecided = |course: &Course| {
        let found = course.run.undecided();
        found.iter().map(|(row, left)| (row.number, left.len())).collect::<Vec<_>>()
    };
    assert_eq!((undecided(&course), course.run.due()), (vec![(1, 1)], vec![2]));
    assert_eq!(course.run.failures.failures_in_a_row, 1, "it counts when it failed");
    course.assert_illegal(&decided(&[2], true), "no change of row 2");
    let back = intent(Some(1), Effect::ReactivateSubscription.as_str(), Some("S"));
    course.assert_illegal(&back, "nobody said");
    for reactivate in [true, false] {
        let mut course = course.clone_run();
        course.must(&decided(&[1], reactivate));
        course.assert_illegal(&decided(&[1], reactivate), "nothing to decide about row 1");
        assert!(undecided(&course).is_empty() && course.run.due() == [1, 2]);
        // It is taken back whatever a guard says.
        course.must(&stopped("guard"));
        if reactivate {
            course.sends(&back, "understood");
            course.must(&observed(1, Some("S"), "gone"));
        } else {
            course.assert_illegal(&back, "nobody said");
        }
        course.must(&settled(1, "failed"));
        assert_eq!(course.run.failures.failures_in_a_row, 1, "and once");
        assert_eq!(course.run.row(1).unwrap().left_prepared.len(), usize::from(!reactivate));
    }
}

#[test]
fn whoever_is_gone_although_no_run_of_this_log_removed_them_went_by_other_hands() {
    let digest = Course::judged(&with_policy(3, &json!({})), &[]).run.plan_digest();
    let gone = |applies: Value, verdict: &str| {
        let mut opened = with_policy(3, &json!({}));
        opened["applies"] = applies;
        let mut course = Course::confirmed(&opened, &[]);
        for row in [1, 2] {
            course.must(&judged(row, verdict));
            course.must(&settled(row, verdict));
        }
        course.run.failures.gone_by_other_hands
    };
    let applies =
        |ours: Value| json!({ "run": "20261120-091530-aaaaaa", "digest": digest, "removed_since": ours });
    assert_eq!(gone(applies(json!([])), "already_removed"), 2);
    assert_eq!(gone(applies(json!([customer(1)])), "already_removed"), 1);
    assert_eq!(gone(applies(json!([])), "skipped"), 0);
    assert_eq!(gone(applies(Value::Null), "already_removed"), 0, "an earlier program did not say");
    assert_eq!(gone(Value::Null, "already_removed"), 0, "nobody else has this plan");
}
