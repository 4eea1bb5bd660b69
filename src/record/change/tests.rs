//! How a change goes on, whatever is answered and seen.

use super::*;
use crate::domain::{CorrelationId, Effect, Headers, Outcome, Procedure, Purpose};
use uuid::Uuid;

fn first_try(intended: &RequestIntended, intent: Seq, at: Time) -> Change {
    Change::first(intended.purpose.effect().unwrap(), intended, intent, at)
}

fn id(n: u128) -> RequestId {
    RequestId::new(Uuid::from_u128(n))
}

fn intended(purpose: Purpose) -> RequestIntended {
    RequestIntended {
        row: Some(1),
        customer: None,
        about: None,
        purpose,
        attempt: 1,
        method: "PATCH".to_owned(),
        url: String::new(),
        request_id: id(1),
        correlation_id: CorrelationId::new(Uuid::from_u128(9)),
        headers: Headers::default(),
        body: None,
    }
}

fn sent() -> Change {
    first_try(&intended(Purpose::Change(Effect::RemoveRelationship)), 0, Time::from_millis(0))
}

const NOW: Time = Time::from_millis(1_000_000);
const SETTLE: Duration = Duration::from_mins(5);

/// Answered so, in this order, and each but the first sent again under the same ID.
fn answered(purpose: Purpose, answers: &[Answer]) -> Change {
    let mut change = first_try(&intended(purpose), 0, NOW);
    for (n, answer) in answers.iter().enumerate() {
        if n > 0 {
            change.may_send_again(id(1), Rules::LATEST).unwrap();
            change.send_again(&intended(purpose), 0, NOW);
        }
        change.answered(*answer, Rules::LATEST, NOW);
    }
    change
}

/// Looked at when it may be.
fn seen(mut change: Change, seen: Observation) -> Change {
    change.seen(seen, NOW.plus(SETTLE));
    change
}

#[test]
fn only_the_service_itself_shows_that_nothing_was_done() {
    let of = |answer| answered(Purpose::Change(Effect::RemoveRelationship), &[answer]);
    for answer in [Answer::Refused, Answer::Denied] {
        assert_eq!(of(answer).phase, ChangePhase::Refused { answer });
    }
    for answer in [
        Answer::Throttled,
        Answer::TokenExpired,
        Answer::SignInRefused,
        Answer::NoRelationship,
        Answer::InProgress,
        Answer::Unclear,
        Answer::Inconclusive,
    ] {
        let change = of(answer);
        assert!(change.is_in_doubt(), "{answer:?}");
        for outcome in [
            Outcome::Done(Procedure::RemoveRelationship),
            Outcome::Failed,
            Outcome::NotAttempted,
            Outcome::AlreadyDone(Procedure::RemoveRelationship),
        ] {
            assert!(!change.may_end_as(outcome), "{answer:?} {outcome}");
        }
        assert!(change.may_end_as(Outcome::Unknown));
        assert!(change.may_be_seen(Observation::StillThere, NOW, SETTLE).is_err(), "{answer:?}: too early");
        let still_there = seen(change, Observation::StillThere);
        assert!(still_there.may_end_as(Outcome::Failed) && !still_there.is_unproven, "{answer:?}");
    }
}

#[test]
fn a_no_that_proves_nothing_is_not_sent_again_and_what_went_wrong_on_the_way_is() {
    let still_there = |answer| {
        seen(answered(Purpose::Change(Effect::RemoveRelationship), &[answer]), Observation::StillThere)
    };
    for answer in [Answer::Inconclusive, Answer::InProgress, Answer::NoRelationship] {
        assert!(still_there(answer).may_send_again(id(1), Rules::LATEST).is_err(), "{answer:?}");
    }
    for answer in [Answer::Unclear, Answer::Throttled, Answer::TokenExpired] {
        let change = still_there(answer);
        assert!(change.may_send_again(id(1), Rules::LATEST).is_ok(), "{answer:?}");
        assert!(change.may_send_again(id(2), Rules::LATEST).is_err(), "{answer:?}");
    }
}

#[test]
fn what_does_not_exist_is_looked_for_and_after_an_earlier_send_it_was_ours() {
    for earlier in [Answer::Throttled, Answer::TokenExpired] {
        let change =
            answered(Purpose::Change(Effect::RemoveRelationship), &[earlier, Answer::NoRelationship]);
        assert!(change.is_in_doubt() && change.may_end_as(Outcome::Unknown));
        let gone = seen(change.clone(), Observation::Gone);
        assert!(
            gone.may_end_as(Outcome::Done(Procedure::RemoveRelationship))
                && !gone.may_end_as(Outcome::AlreadyDone(Procedure::RemoveRelationship))
        );
        let still_there = seen(change, Observation::StillThere);
        assert_eq!(still_there.phase, ChangePhase::Refused { answer: Answer::NoRelationship });
    }
    let first = answered(Purpose::Change(Effect::RemoveRelationship), &[Answer::NoRelationship]);
    let gone = seen(first, Observation::Gone);
    assert!(
        gone.may_end_as(Outcome::AlreadyDone(Procedure::RemoveRelationship))
            && !gone.may_end_as(Outcome::Done(Procedure::RemoveRelationship))
    );
    // What could not be sent was no try.
    let mut unsent = first_try(&intended(Purpose::Change(Effect::RemoveRelationship)), 0, NOW);
    unsent.not_sent(NOW);
    unsent.send_again(&intended(Purpose::Change(Effect::RemoveRelationship)), 0, NOW);
    unsent.answered(Answer::NoRelationship, Rules::LATEST, NOW);
    assert!(unsent.was_missing);
}

#[test]
fn a_refusal_after_doubt_is_looked_at_and_is_no_acceptance() {
    for purpose in [
        Purpose::Change(Effect::SuspendSubscription),
        Purpose::Change(Effect::CancelOrder),
        Purpose::Change(Effect::RemoveRelationship),
    ] {
        let mut change = seen(answered(purpose, &[Answer::Unclear]), Observation::StillThere);
        change.send_again(&intended(purpose), 0, NOW);
        change.answered(Answer::Refused, Rules::LATEST, NOW);
        assert!(change.is_in_doubt() && !change.was_accepted, "{purpose:?}");
        let still_there = seen(change.clone(), Observation::StillThere);
        assert_eq!(still_there.phase, ChangePhase::Refused { answer: Answer::Refused });
        assert_eq!(seen(change, Observation::Gone).phase, ChangePhase::Gone { seen: true });
    }
}

#[test]
fn a_run_of_the_first_edition_is_judged_by_its_own_rules() {
    let mut change = sent();
    change.answered(Answer::Throttled, Rules::FIRST, NOW);
    assert!(change.may_send_again(id(2), Rules::FIRST).is_ok() && change.may_end_as(Outcome::NotAttempted));
    change.send_again(
        &RequestIntended { request_id: id(2), ..intended(Purpose::Change(Effect::RemoveRelationship)) },
        0,
        NOW,
    );
    change.answered(Answer::NoRelationship, Rules::FIRST, NOW);
    assert_eq!(change.phase, ChangePhase::Refused { answer: Answer::NoRelationship });
}

#[test]
fn refused_tokens_are_counted_until_another_answer() {
    let now = Time::from_millis(0);
    let mut change = sent();
    for times in 1..=3 {
        change.answered(Answer::TokenExpired, Rules::LATEST, now);
        assert_eq!(change.refused_tokens, times);
        change.send_again(&intended(Purpose::Change(Effect::RemoveRelationship)), 0, now);
    }
    change.answered(Answer::Throttled, Rules::LATEST, now);
    assert_eq!(change.refused_tokens, 0);
}

#[test]
fn under_way_is_only_what_the_service_said_so_of() {
    let mut change = first_try(&intended(Purpose::Change(Effect::CancelOrder)), 0, NOW);
    change.status = Some(409);
    change.answered(Answer::InProgress, Rules::LATEST, NOW);
    assert!(change.is_only_under_way());
    // A run of the first edition takes a no after a lost answer for a yes; nobody said that anything is under way.
    let mut change = first_try(&intended(Purpose::Change(Effect::CancelOrder)), 0, NOW);
    change.answered(Answer::Unclear, Rules::FIRST, NOW);
    change = seen(change, Observation::StillThere);
    change.send_again(&intended(Purpose::Change(Effect::CancelOrder)), 0, NOW);
    change.status = Some(400);
    change.answered(Answer::Refused, Rules::FIRST, NOW);
    assert!(matches!(change.phase, ChangePhase::Accepted { .. }) && !change.is_only_under_way());
    // And what was agreed to is more than that, whatever is answered to another try.
    let mut change = answered(Purpose::Change(Effect::CancelOrder), &[Answer::Throttled]);
    change.send_again(&intended(Purpose::Change(Effect::CancelOrder)), 0, NOW);
    change.status = Some(409);
    change.answered(Answer::Understood, Rules::LATEST, NOW);
    assert!(!change.is_only_under_way());
}
