//! Up to the moment at which changes are allowed.

use super::{super::*, course::*};
use crate::domain::{Effect, Finding, Procedure, Reason, TenantId};
use serde_json::{Value, json};

fn identified(partner: TenantId) -> Value {
    json!({ "kind": "partner_identified", "tenant_id": partner, "name": "P", "basis": 0 })
}

#[test]
fn a_run_is_opened_once_and_by_nothing_else() {
    let opened = with_policy(1, &json!({}));
    assert!(Run::begin(&crate::record::samples::record(&read(1))).is_none());
    let mut course = Course::begun(&opened);
    course.assert_illegal(&opened, "is open already");
    let exported = json!({ "kind": "log_exported", "by": "", "host": "", "version": "",
        "of_run": "20261120-091530-aaaaaa", "records": 1, "bytes": 1, "sha256": "0".repeat(64) });
    course.assert_illegal(&exported, "concerns the log");
    // Whatever belongs to another run is none of its business.
    let other = crate::record::samples::record_of(Some("20261120-091530-bbbbbb"), &opened);
    course.run.apply(1, &other).unwrap();
}

#[test]
fn the_partner_stays_the_same() {
    let mut course = Course::begun(&with_policy(1, &json!({})));
    course.must(&identified(customer(7)));
    course.must(&identified(customer(7)));
    course.assert_illegal(&identified(customer(8)), "belongs to the partner account");
    assert_eq!(course.run.partner.unwrap().tenant_id, customer(7));
}

#[test]
fn who_is_protected_is_known_before_the_first_row() {
    let list = json!({ "kind": "customers_protected", "customers": [customer(9)] });
    let opened = with_policy(1, &json!({}));
    let mut course = Course::begun(&opened);
    course.must(&list);
    assert!(course.run.policy.protected.contains(&customer(9)));
    assert_eq!(course.run.policy.protected, course.run.opened.policy.protected);
    course.assert_illegal(&list, "is said once");
    let mut read = Course::begun(&opened);
    read.must(&self::read(1));
    read.assert_illegal(&list, "before the list");
    let mut planned = Course::planned(&with_policy(0, &json!({})), &[]);
    planned.assert_illegal(&list, "before the list");
}

#[test]
fn rows_are_read_in_their_order_and_before_the_plan() {
    let mut course = Course::begun(&with_policy(2, &json!({})));
    course.must(&read(2));
    for again in [1, 2] {
        course.assert_illegal(&read(again), "was read already");
    }
    course.must(&read(4));
    let row = course.run.row(2).unwrap();
    assert_eq!((row.customer, row.in_list()), (Some(customer(2)), (Some("Listed"), None)));
    assert!(course.run.row(3).is_none());
    let mut planned = Course::planned(&with_policy(1, &json!({})), &[]);
    planned.assert_illegal(&read(2), "the plan is sealed");
}

#[test]
fn each_row_is_judged_once_before_the_plan_is_sealed() {
    let mut course = Course::begun(&with_policy(2, &json!({})));
    course.must(&read(1));
    course.must(&read(2));
    course.assert_illegal(&judged(3, "ready"), "no row 3");
    course.must(&judged(1, "ready"));
    course.assert_illegal(&judged(1, "ready"), "is judged already");
    assert_eq!((course.run.judged, course.run.ready()), (1, 1));
    course.assert_illegal(&course.plan(), "row 2 is not judged");
    course.must(&judged(2, "skipped"));
    course.assert_illegal(&judged(2, "skipped"), "is judged already");
    assert_eq!((course.run.judged, course.run.ready()), (2, 1));
    let row = course.run.row(2).unwrap();
    assert_eq!((row.live_name(), row.started_at), (Some("Live"), Some(AT.parse().unwrap())));
    course.must(&course.plan());
    course.assert_illegal(&judged(1, "ready"), "the plan is sealed");
}

#[test]
fn a_judgement_names_only_what_the_procedure_begins_with() {
    let named = |effect: Effect| {
        let mut judged = judged(1, "ready");
        judged["first"] = json!([{ "what": effect, "id": "A" }]);
        judged
    };
    for (procedure, mine, others) in [
        (
            "remove-relationship",
            Effect::SuspendSubscription,
            [Effect::CancelOrder, Effect::RemoveRelationship],
        ),
        (
            "delete-sandbox-customer",
            Effect::CancelOrder,
            [Effect::SuspendSubscription, Effect::DeleteCustomer],
        ),
    ] {
        let mut opened = with_policy(1, &json!({}));
        opened["procedure"] = json!(procedure);
        let mut course = Course::begun(&opened);
        course.must(&read(1));
        for other in others {
            course.assert_illegal(&named(other), "does not begin with");
        }
        course.must(&named(mine));
        assert_eq!(course.run.row(1).unwrap().first.len(), 1);
    }
}

#[test]
fn something_is_left_out_only_where_each_thing_is_done_by_itself() {
    let mut partly = judged(1, "ready");
    partly["left_out"] = json!([Finding::new(Reason::TermEndTooClose, Vec::new())]);
    for procedure in Procedure::ALL {
        let mut opened = with_policy(1, &json!({}));
        opened["procedure"] = json!(procedure);
        let mut course = Course::begun(&opened);
        course.must(&read(1));
        course.must_if(procedure.is_each_by_itself(), &partly, "leaves nothing out");
        let left_out = course.run.row(1).unwrap().left_out.len();
        assert_eq!(left_out, usize::from(procedure.is_each_by_itself()), "{procedure}");
    }
}

#[test]
fn the_seal_of_a_plan_says_what_was_decided() {
    let mut course = Course::judged(&with_policy(2, &json!({})), &[judged(1, "skipped")]);
    let changed = |field: &str, value: Value| {
        let mut plan = course.plan();
        plan[field] = value;
        plan
    };
    let (more, other) = (changed("ready", json!(2)), changed("digest", json!("0".repeat(64))));
    course.assert_illegal(&more, "1 rows are ready");
    course.assert_illegal(&other, "its digest is not");
    course.must(&course.plan());
    assert_eq!(course.run.stage, Stage::Planned);
    course.assert_illegal(&course.plan(), "sealed already");
}

#[test]
fn no_more_are_ready_than_were_asked_for() {
    for (limit, is_legal) in [(1, false), (2, true), (3, true)] {
        let mut course = Course::judged(&with_policy(2, &json!({ "limit": limit })), &[]);
        course.must_if(is_legal, &course.plan(), "than were asked for");
    }
}

#[test]
fn the_plan_of_another_run_is_carried_out_as_it_was_sealed_and_over_facts_of_today() {
    let digest = Course::judged(&with_policy(1, &json!({})), &[]).run.plan_digest();
    let facts_at = |run: &Run| match run.rows[0].state {
        RowState::Judged { facts_at, .. } => facts_at,
        _ => panic!("it is judged"),
    };
    let own = Course::planned(&with_policy(1, &json!({})), &[]);
    assert_eq!(facts_at(&own.run), AT.parse().unwrap());
    for (sealed, is_legal) in [(digest, true), (Sha256::of(&[b"another"]), false)] {
        let mut opened = with_policy(1, &json!({}));
        opened["applies"] = json!({ "run": "20261120-091530-aaaaaa", "digest": sealed });
        let mut course = Course::judged(&opened, &[]);
        course.must_if(is_legal, &course.plan(), "the plan to carry out has the digest");
        if is_legal {
            assert_eq!(facts_at(&course.run), Time::from_millis(0));
        }
    }
}

#[test]
fn the_plan_on_record_is_confirmed_once_and_within_its_limits() {
    let opened = with_policy(2, &json!({}));
    let mut course = Course::judged(&opened, &[]);
    course.assert_illegal(&course.confirmation(), "no plan is sealed");
    assert!(!course.run.awaits_consent());
    course.must(&course.plan());
    assert!(course.run.awaits_consent());
    let mut other = course.confirmation();
    other["digest"] = json!("0".repeat(64));
    course.assert_illegal(&other, "the plan on record has the digest");
    course.must(&course.confirmation());
    assert!(course.run.stage == Stage::Confirmed && !course.run.awaits_consent());
    course.assert_illegal(&course.confirmation(), "confirmed already");
    for (most, is_legal) in [(2, true), (1, false)] {
        let mut course = Course::planned(&with_policy(2, &json!({ "max_removals": most })), &[]);
        course.must_if(is_legal, &course.confirmation(), "more than its limits allow");
    }
}

#[test]
fn customers_are_deleted_in_the_sandbox_that_was_named_and_nowhere_else() {
    for (named, partner, is_legal) in [
        (None, None, false),
        (None, Some(7), false),
        (Some(7), None, false),
        (Some(7), Some(8), false),
        (Some(7), Some(7), true),
    ] {
        let mut opened = with_policy(1, &json!({ "sandbox": named.map(customer) }));
        opened["procedure"] = json!("delete-sandbox-customer");
        let mut course = Course::begun(&opened);
        if let Some(partner) = partner {
            course.must(&identified(customer(partner)));
        }
        course.must(&read(1));
        course.must(&judged(1, "ready"));
        course.must(&course.plan());
        course.must_if(is_legal, &course.confirmation(), "is not the sandbox");
    }
    // A relationship ends wherever it is.
    Course::confirmed(&with_policy(1, &json!({ "sandbox": customer(7) })), &[]);
}

#[test]
fn only_the_pace_changes_when_a_run_goes_on() {
    let mut course = Course::begun(&with_policy(1, &json!({})));
    let mut policy = serde_json::to_value(&course.run.policy).unwrap();
    (policy["kind"], policy["rate"], policy["concurrency"]) = (json!("resumed"), json!(70), json!(7));
    course.must(&policy);
    assert_eq!((course.run.policy.rate, course.run.policy.concurrency), (70, 7));
    policy["max_removals"] = json!(1_001);
    course.assert_illegal(&policy, "only the pace may change");
}
