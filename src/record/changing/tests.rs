use super::*;
use crate::{
    domain::{Answer, CorrelationId, Effect, Headers, Procedure, Purpose, RequestId},
    record::{Observation, Rules},
};
use std::time::Duration;
use uuid::Uuid;

const NOW: Time = Time::from_millis(1_000_000);

fn first_try(intended: &RequestIntended, intent: Seq, at: Time) -> Change {
    Change::first(intended.purpose.effect().unwrap(), intended, intent, at)
}

fn order(id: &str) -> Preparation {
    Preparation { what: Effect::CancelOrder, id: id.to_owned(), name: None }
}

fn plan() -> Box<[Preparation]> {
    [order("A"), order("B")].into()
}

fn intended(about: Option<&str>) -> RequestIntended {
    RequestIntended {
        row: Some(1),
        customer: None,
        about: about.map(str::to_owned),
        purpose: if about.is_some() {
            Purpose::Change(Effect::CancelOrder)
        } else {
            Purpose::Change(Effect::DeleteCustomer)
        },
        attempt: 1,
        method: String::new(),
        url: String::new(),
        request_id: RequestId::new(Uuid::from_u128(1)),
        correlation_id: CorrelationId::new(Uuid::from_u128(2)),
        headers: Headers::default(),
        body: None,
    }
}

/// A customer whose cancellations of these orders were sent, and came so far.
fn changing(sent: &[(&str, Option<Answer>, Option<Observation>)]) -> Changing {
    let mut changing = Changing::new(Outcome::Ready, NOW);
    for (about, answer, seen) in sent {
        changing.changes.push(first_try(&intended(Some(about)), 0, NOW));
        let Some(change) = changing.changes.last_mut() else { continue };
        if let Some(answer) = answer {
            change.answered(*answer, Rules::LATEST, NOW);
        }
        if let Some(seen) = seen {
            change.seen(*seen, NOW.plus(Duration::from_hours(1)));
        }
    }
    changing
}

fn may(changing: &Changing, about: Option<&str>) -> bool {
    changing.clone().send(&intended(about), &plan(), Rules::LATEST, (9, NOW)).is_ok()
}

const DONE: (Option<Answer>, Option<Observation>) = (Some(Answer::Understood), Some(Observation::Gone));

#[test]
fn the_last_change_comes_when_every_preparation_is_seen_done() {
    let is_last = |sent: &[_]| may(&changing(sent), None);
    let (answer, seen) = DONE;
    assert!(is_last(&[("A", answer, seen), ("B", answer, seen)]));
    assert!(!is_last(&[]) && !is_last(&[("A", answer, seen)]));
    for (answer, looked) in [
        (None, None),
        (Some(Answer::Understood), None),
        (Some(Answer::Understood), Some(Observation::StillThere)),
        (Some(Answer::Understood), Some(Observation::NotTold)),
        (Some(Answer::InProgress), None),
        (Some(Answer::Throttled), None),
        (Some(Answer::Refused), None),
        (Some(Answer::Unclear), None),
    ] {
        assert!(!is_last(&[("A", DONE.0, seen), ("B", answer, looked)]), "{answer:?} {looked:?}");
    }
}

#[test]
fn nothing_is_done_first_that_the_plan_does_not_name_and_nothing_after_a_doubt() {
    assert!(may(&changing(&[]), Some("A")) && !may(&changing(&[]), Some("C")));
    for (answer, goes_on) in [
        (None, false),
        (Some(Answer::Understood), true),
        (Some(Answer::InProgress), true),
        (Some(Answer::Unclear), false),
        (Some(Answer::Refused), false),
        (Some(Answer::Throttled), false),
    ] {
        let first = changing(&[("A", answer, None)]);
        assert_eq!(may(&first, Some("B")), goes_on, "{answer:?}");
        // It is sent again only after it was sent back.
        assert_eq!(may(&first, Some("A")), answer == Some(Answer::Throttled), "{answer:?}");
    }
    let mut ended = changing(&[]);
    ended.verdict = Outcome::Skipped;
    assert!(!may(&ended, Some("A")));
}

#[test]
fn a_look_in_between_can_only_take_something_out() {
    let judged = |verdict: Outcome, first: &[&str]| Judged {
        first: first.iter().map(|id| order(id)).collect(),
        ..serde_json::from_value(
            serde_json::json!({ "row": 1, "verdict": verdict, "facts_at": NOW.to_string() }),
        )
        .unwrap()
    };
    let again = |sent: &[_], first: &[&str]| {
        let left = changing(sent).judged_again(&judged(Outcome::Ready, first), &plan());
        left.map(|left| left.unwrap().len())
    };
    let (answer, seen) = DONE;
    let first_done = [("A", answer, seen)];
    assert_eq!((again(&first_done, &["B"]), again(&first_done, &[])), (Ok(2), Ok(1)));
    assert!(again(&first_done, &["A", "B"]).is_err(), "it was cancelled already");
    assert!(again(&first_done, &["B", "C"]).is_err(), "the plan does not name it");
    for answer in [None, Some(Answer::Unclear), Some(Answer::Refused)] {
        assert!(again(&[("A", answer, None)], &["B"]).is_err(), "{answer:?}");
    }
    let mut ended = changing(&first_done);
    assert_eq!(
        ended.judged_again(&judged(Outcome::AlreadyDone(Procedure::DeleteSandboxCustomer), &[]), &plan()),
        Ok(None)
    );
    assert!(
        ended.may_end_as(Outcome::AlreadyDone(Procedure::DeleteSandboxCustomer))
            && !ended.may_end_as(Outcome::Done(Procedure::DeleteSandboxCustomer))
    );
}

#[test]
fn what_a_customer_can_end_as_follows_from_its_changes() {
    use Outcome::{Failed, NotAttempted, Skipped, Unknown};
    let deleted = Outcome::Done(Procedure::DeleteSandboxCustomer);
    for (answer, outcomes) in [
        (None, vec![]),
        (Some(Answer::Understood), vec![Skipped, NotAttempted]),
        (Some(Answer::Refused), vec![Skipped, NotAttempted, Failed]),
        (Some(Answer::Throttled), vec![Unknown]),
        (Some(Answer::Unclear), vec![Unknown]),
        (Some(Answer::Inconclusive), vec![Unknown]),
    ] {
        let changing = changing(&[("A", answer, None)]);
        for outcome in [deleted, Skipped, NotAttempted, Failed, Unknown] {
            let may = changing.may_end_as(outcome);
            assert_eq!(may, outcomes.contains(&outcome), "{answer:?} {outcome}");
        }
    }
}

#[test]
fn what_was_suspended_is_taken_back_when_somebody_said_so_and_nothing_else_is() {
    let subscription =
        |id: &str| Preparation { what: Effect::SuspendSubscription, id: id.to_owned(), name: None };
    let first = [subscription("S"), subscription("T")];
    let intent = |about: Option<&str>, purpose| RequestIntended { purpose, ..intended(about) };
    let mut sent = Changing::new(Outcome::Ready, NOW);
    let mut suspended = first_try(&intent(Some("S"), Purpose::Change(Effect::SuspendSubscription)), 0, NOW);
    suspended.answered(Answer::Understood, Rules::LATEST, NOW);
    suspended.seen(Observation::Gone, NOW);
    let mut refused = first_try(&intent(Some("T"), Purpose::Change(Effect::SuspendSubscription)), 0, NOW);
    refused.answered(Answer::Refused, Rules::LATEST, NOW);
    sent.changes = [suspended, refused].into_iter().collect();

    let settled = |outcome: Outcome| {
        let settled =
            serde_json::json!({ "row": 1, "outcome": outcome, "attempts": 1, "started_at": NOW.to_string() });
        serde_json::from_value::<Settled>(settled).unwrap()
    };
    let mut fallen = sent.clone();
    assert!(
        fallen.fall(&settled(Outcome::Done(Procedure::RemoveRelationship)), &first).is_err(),
        "it did not end so"
    );
    fallen.fall(&settled(Outcome::Failed), &first).unwrap();
    assert!(fallen.fall(&settled(Outcome::Failed), &first).is_err() && fallen.is_undecided());
    let mut nothing = changing(&[("A", Some(Answer::Refused), None)]);
    assert!(nothing.fall(&settled(Outcome::Failed), &plan()).is_err(), "nothing was suspended");

    let back = |changing: &Changing, about| {
        changing
            .clone()
            .send(
                &intent(Some(about), Purpose::Change(Effect::ReactivateSubscription)),
                &first,
                Rules::LATEST,
                (9, NOW),
            )
            .is_ok()
    };
    let (mut wanted, mut left) = (fallen.clone(), fallen.clone());
    (wanted.undo, left.undo) = (Some(true), Some(false));
    assert!(back(&wanted, "S") && !back(&wanted, "T") && !back(&wanted, "U"));
    for changing in [&sent, &fallen, &left] {
        assert!(!back(changing, "S"));
    }
    // Whatever is taken back, nothing more is done.
    for (about, purpose) in [
        (None, Purpose::Change(Effect::RemoveRelationship)),
        (Some("T"), Purpose::Change(Effect::SuspendSubscription)),
    ] {
        assert!(wanted.clone().send(&intent(about, purpose), &first, Rules::LATEST, (9, NOW)).is_err());
    }
    assert!(wanted.may_end_as(Outcome::Failed) && !wanted.may_end_as(Outcome::NotAttempted));
    assert_eq!(wanted.left_prepared(&first).len(), 1);
    wanted
        .send(
            &intent(Some("S"), Purpose::Change(Effect::ReactivateSubscription)),
            &first,
            Rules::LATEST,
            (9, NOW),
        )
        .unwrap();
    assert!(!wanted.may_end_as(Outcome::Failed), "its answer is awaited");
    let reactivated = wanted.open().unwrap();
    reactivated.answered(Answer::Understood, Rules::LATEST, NOW);
    reactivated.seen(Observation::Gone, NOW);
    assert!(wanted.may_end_as(Outcome::Failed) && wanted.left_prepared(&first).is_empty());
}
