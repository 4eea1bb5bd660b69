//! How a change goes on, whatever is answered and seen.

use super::*;
use crate::{
    domain::{Effect, Outcome, Procedure, Purpose},
    record::samples,
};
use uuid::Uuid;

fn first_try(intended: &RequestIntended, intent: Seq, at: Time) -> Change {
    Change::first(intended.purpose.effect().unwrap(), intended, intent, at)
}

fn id(n: u128) -> RequestId {
    RequestId::new(Uuid::from_u128(n))
}

fn intended(purpose: Purpose) -> RequestIntended {
    samples::intended(purpose, None)
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
    assert_eq!(change.throttled, 0);
    change.answered(Answer::Throttled, Rules::LATEST, now);
    assert_eq!((change.refused_tokens, change.throttled), (0, 1));
}

#[test]
fn another_end_is_kept_of_what_is_awaited_alone() {
    let purpose = Purpose::Change(Effect::ScheduleCancellation);
    let looked_at = |answer| {
        let mut change = answered(purpose, &[answer]);
        let was_in_doubt = change.is_unproven;
        change.looked_at(Observation::StillThere, Some(Reason::BecameExtendedTerm), NOW);
        (change.phase, was_in_doubt, change.is_unproven)
    };
    let otherwise = ChangePhase::Otherwise { reason: Reason::BecameExtendedTerm };
    assert_eq!(looked_at(Answer::Understood), (otherwise, false, false));
    assert_eq!(looked_at(Answer::Unclear), (otherwise, true, false));
    let refused = ChangePhase::Refused { answer: Answer::Refused };
    assert_eq!(looked_at(Answer::Refused), (refused, false, false));
}

#[test]
fn an_exchange_is_the_latest_attempt_and_its_answer() {
    let purpose = Purpose::Change(Effect::RemoveRelationship);
    let change = samples::answered_with(sent(), Answer::Throttled, 429, Some("C"));
    let exchange = change.exchange();
    assert_eq!((exchange.status, exchange.code.as_deref()), (Some(429), Some("C")));
    assert_eq!((exchange.text.as_deref(), exchange.request_id), (Some("Text of C."), Some(id(1))));
    let mut again = change;
    again.send_again(&RequestIntended { request_id: id(2), ..intended(purpose) }, 0, NOW);
    let exchange = again.exchange();
    assert_eq!((exchange.status, exchange.code, exchange.text), (None, None, None));
    assert_eq!(exchange.request_id, Some(id(2)));
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

/// The same change, once it is sent again after nothing was seen of it.
fn in_doubt_before(effect: Effect, rules: Rules) -> Change {
    let mut change = first_try(&intended(Purpose::Change(effect)), 0, NOW);
    change.answered(Answer::Unclear, rules, NOW);
    change = seen(change, Observation::StillThere);
    change.send_again(&intended(Purpose::Change(effect)), 7, NOW);
    assert_eq!((change.attempts, change.repeats), (2, 1));
    assert_eq!(change.phase, ChangePhase::Open { intent: 7, since: NOW });
    change
}

/// A change that was sent for the first time, or once more after it was in doubt.
fn tried(effect: Effect, rules: Rules, was_in_doubt: bool) -> Change {
    if was_in_doubt {
        in_doubt_before(effect, rules)
    } else {
        first_try(&intended(Purpose::Change(effect)), 0, NOW)
    }
}

#[test]
fn what_every_answer_means_by_the_first_rules() {
    use Answer::{
        Denied, Empty, InProgress, Inconclusive, NoRelationship, NotUnderstood, Refused, SignInRefused,
        Throttled, TokenExpired, Unclear, Understood,
    };
    for effect in [Effect::RemoveRelationship, Effect::CancelOrder] {
        for was_in_doubt in [false, true] {
            let is_last = effect.is_last();
            let phase = |answer| {
                let mut change = tried(effect, Rules::FIRST, was_in_doubt);
                change.answered(answer, Rules::FIRST, NOW);
                change.phase
            };
            let refused = |answer| ChangePhase::Refused { answer };
            assert_eq!(phase(Understood), accepted(true, NOW));
            for answer in [Empty, NotUnderstood] {
                assert_eq!(phase(answer), accepted(false, NOW));
            }
            for answer in [Throttled, TokenExpired, SignInRefused] {
                assert_eq!(phase(answer), to_send(true, NOW));
            }
            assert_eq!(phase(Denied), refused(Denied));
            let in_progress = if is_last { refused(InProgress) } else { accepted(false, NOW) };
            assert_eq!(phase(InProgress), in_progress);
            let of_missing = match (is_last, was_in_doubt) {
                (_, false) => refused(NoRelationship),
                (true, true) => ChangePhase::Gone { seen: false },
                (false, true) => accepted(false, NOW),
            };
            assert_eq!(phase(NoRelationship), of_missing, "{effect} {was_in_doubt}");
            let of_refusal = if was_in_doubt && !is_last { accepted(false, NOW) } else { refused(Refused) };
            assert_eq!(phase(Refused), of_refusal, "{effect} {was_in_doubt}");
            for (answer, no) in [(Inconclusive, Some(Inconclusive)), (Unclear, None)] {
                let looks = Looks::none(NOW);
                assert_eq!(phase(answer), ChangePhase::InDoubt { since: NOW, no, looks });
            }
        }
    }
}

#[test]
fn what_every_answer_means_by_the_rules_of_today() {
    use Answer::{
        Denied, Empty, InProgress, Inconclusive, NoRelationship, NotUnderstood, Refused, SignInRefused,
        Throttled, TokenExpired, Unclear, Understood,
    };
    for effect in [Effect::RemoveRelationship, Effect::CancelOrder] {
        for is_first in [true, false] {
            let change = |answer| {
                let mut change = tried(effect, Rules::LATEST, !is_first);
                change.answered(answer, Rules::LATEST, NOW);
                change
            };
            let phase = |answer| change(answer).phase;
            let doubt = |no| ChangePhase::InDoubt { since: NOW, no, looks: Looks::none(NOW) };
            assert_eq!(phase(Understood), accepted(true, NOW));
            for answer in [Empty, NotUnderstood] {
                assert_eq!(phase(answer), accepted(false, NOW));
            }
            for answer in [Throttled, TokenExpired, SignInRefused] {
                assert_eq!(phase(answer), to_send(true, NOW));
                assert!(change(answer).is_unproven, "{answer:?}");
            }
            for answer in [Refused, Denied] {
                let expected = if is_first { ChangePhase::Refused { answer } } else { doubt(Some(answer)) };
                assert_eq!(phase(answer), expected);
            }
            assert_eq!(
                (phase(NoRelationship), phase(Inconclusive)),
                (doubt(Some(NoRelationship)), doubt(Some(Inconclusive)))
            );
            assert_eq!(change(NoRelationship).was_missing, is_first);
            let in_progress = if effect.is_last() { doubt(Some(InProgress)) } else { accepted(false, NOW) };
            assert_eq!((phase(InProgress), phase(Unclear)), (in_progress, doubt(None)));
            for answer in [Understood, Empty, NotUnderstood, InProgress] {
                let is_yes = answer != InProgress;
                assert_eq!(change(answer).was_accepted, is_yes, "{answer:?}");
                let is_agreed = effect.is_last() && is_yes;
                assert_eq!(change(answer).was_agreed_to(), is_agreed, "{effect} {answer:?}");
            }
        }
    }
}

#[test]
fn what_could_not_be_sent_was_no_try_however_often() {
    let purpose = Purpose::Change(Effect::RemoveRelationship);
    for unsent in 0..4 {
        let mut change = sent();
        for _ in 0..unsent {
            change.not_sent(NOW);
            assert!(!change.is_in_doubt() && change.may_send_again(id(1), Rules::LATEST).is_ok());
            change.send_again(&intended(purpose), 0, NOW);
        }
        let mut again = change.clone();
        change.answered(Answer::Refused, Rules::LATEST, NOW);
        assert_eq!(change.phase, ChangePhase::Refused { answer: Answer::Refused }, "{unsent}");
        // Once more, and it may have been carried out before.
        again.answered(Answer::Throttled, Rules::LATEST, NOW);
        again.send_again(&intended(purpose), 0, NOW);
        again.answered(Answer::Refused, Rules::LATEST, NOW);
        assert!(again.is_in_doubt(), "{unsent}");
    }
}

#[test]
fn only_what_did_not_happen_or_was_sent_back_is_sent_again() {
    let purpose = Purpose::Change(Effect::RemoveRelationship);
    let may = |change: &Change, rules| [1, 2].map(|n| change.may_send_again(id(n), rules).is_ok());
    let refused = answered(purpose, &[Answer::Refused]);
    let doubtful = answered(purpose, &[Answer::Unclear]);
    let accepted = answered(purpose, &[Answer::Understood]);
    let gone = seen(accepted.clone(), Observation::Gone);
    for change in [&sent(), &refused, &doubtful, &accepted, &gone] {
        for rules in [Rules::FIRST, Rules::LATEST] {
            assert_eq!(may(change, rules), [false, false], "{:?}", change.phase);
        }
    }
    let throttled = answered(purpose, &[Answer::Throttled]);
    let mut unsent = sent();
    unsent.not_sent(NOW);
    let did_not_happen = seen(doubtful, Observation::StillThere);
    for change in [&throttled, &unsent, &did_not_happen] {
        assert_eq!(may(change, Rules::LATEST), [true, false], "{:?}", change.phase);
    }
    // By the first rules, what was sent back got another ID, unless it was in doubt before.
    assert_eq!(may(&throttled, Rules::FIRST), [true, true]);
    for change in [&unsent, &did_not_happen] {
        assert_eq!(may(change, Rules::FIRST), [true, false], "{:?}", change.phase);
    }
    let mut doubted = in_doubt_before(Effect::RemoveRelationship, Rules::FIRST);
    doubted.answered(Answer::Throttled, Rules::FIRST, NOW);
    assert_eq!(may(&doubted, Rules::FIRST), [true, false]);
}

#[test]
fn a_look_counts_when_there_is_something_to_see() {
    use Observation::{Gone, NotTold, StillThere};
    let purpose = Purpose::Change(Effect::RemoveRelationship);
    let may =
        |change: &Change, seen, after: Duration| change.may_be_seen(seen, NOW.plus(after), SETTLE).is_ok();
    let early = SETTLE.saturating_sub(Duration::from_millis(1));
    // What is not known may be seen done at any time, and not done after its settle time.
    for answer in [Answer::Unclear, Answer::Throttled] {
        let change = answered(purpose, &[answer]);
        assert!(may(&change, Gone, Duration::ZERO) && may(&change, NotTold, Duration::ZERO), "{answer:?}");
        assert!(!may(&change, StillThere, early) && may(&change, StillThere, SETTLE), "{answer:?}");
    }
    let accepted = answered(purpose, &[Answer::Understood]);
    assert!([Gone, NotTold, StillThere].iter().all(|seen| may(&accepted, *seen, Duration::ZERO)));
    let mut unsent = sent();
    unsent.not_sent(NOW);
    let refused = answered(purpose, &[Answer::Refused]);
    for nothing in [sent(), unsent, refused, seen(accepted, Gone)] {
        for seen in [Gone, NotTold, StillThere] {
            assert!(!may(&nothing, seen, SETTLE), "{:?}", nothing.phase);
            let mut looked_at = nothing.clone();
            looked_at.seen(seen, NOW.plus(SETTLE));
            assert_eq!(looked_at, nothing, "it tells nothing new");
        }
    }
}

#[test]
fn a_look_shows_an_end_or_is_remembered() {
    use Observation::{Gone, NotTold, StillThere};
    let purpose = Purpose::Change(Effect::RemoveRelationship);
    let at = NOW.plus(SETTLE);
    let looks = |still_there, not_told, is_blind| Looks { still_there, not_told, is_blind, at };
    let of =
        |answer, all: &[Observation]| all.iter().fold(answered(purpose, &[answer]), |c, one| seen(c, *one));
    let accepted = |all| match of(Answer::Understood, all).phase {
        ChangePhase::Accepted { clearly: true, since, looks } => Some((since, looks)),
        _ => None,
    };
    assert_eq!(accepted(&[]), Some((NOW, Looks::none(NOW))));
    assert_eq!(accepted(&[StillThere]), Some((NOW, looks(1, 0, false))));
    assert_eq!(accepted(&[StillThere, NotTold]), Some((NOW, looks(1, 1, true))));
    assert_eq!(accepted(&[NotTold, StillThere, StillThere]), Some((NOW, looks(2, 1, false))));
    assert_eq!((looks(2, 1, false).count(), looks(0, 0, false).count()), (3, 0));
    for answer in [Answer::Understood, Answer::Unclear, Answer::Throttled, Answer::Inconclusive] {
        assert_eq!(of(answer, &[NotTold, Gone]).phase, ChangePhase::Gone { seen: true }, "{answer:?}");
    }
    let blind = |answer| match of(answer, &[NotTold, NotTold]).phase {
        ChangePhase::InDoubt { looks, .. } | ChangePhase::ToSend { looks, .. } => Some(looks),
        _ => None,
    };
    for answer in [Answer::Unclear, Answer::Throttled] {
        assert_eq!(blind(answer), Some(looks(0, 2, true)), "{answer:?}");
        assert_eq!(of(answer, &[StillThere]).phase, ChangePhase::DidNotHappen, "{answer:?}");
    }
}

#[test]
fn what_a_last_change_can_end_as_follows_from_what_is_known_of_it() {
    use Outcome::{AlreadyDone, Done, Failed, NotAttempted, Skipped, Unknown};
    let mine = Procedure::RemoveRelationship;
    let purpose = Purpose::Change(Effect::RemoveRelationship);
    let mut unsent = sent();
    unsent.not_sent(NOW);
    let mut missing = answered(purpose, &[Answer::NoRelationship]);
    missing = seen(missing, Observation::Gone);
    let accepted = answered(purpose, &[Answer::Understood]);
    for (change, outcomes) in [
        (sent(), &[][..]),
        (unsent, &[NotAttempted, Failed]),
        (answered(purpose, &[Answer::Throttled]), &[Unknown]),
        (accepted.clone(), &[Done(mine), Unknown]),
        (seen(accepted, Observation::Gone), &[Done(mine)]),
        (missing, &[AlreadyDone(mine)]),
        (answered(purpose, &[Answer::Refused]), &[Failed]),
        (answered(purpose, &[Answer::Unclear]), &[Unknown]),
        (seen(answered(purpose, &[Answer::Unclear]), Observation::StillThere), &[Failed]),
    ] {
        for outcome in Outcome::ALL {
            assert_eq!(
                change.may_end_as(outcome),
                outcomes.contains(&outcome),
                "{:?} {outcome}",
                change.phase
            );
        }
        assert!(!change.may_end_as(Skipped));
    }
}

#[test]
fn whenever_the_program_starts_again_what_is_waited_for_is_waited_for_anew() {
    let purpose = Purpose::Change(Effect::RemoveRelationship);
    let later = NOW.plus(SETTLE);
    let restarted = |mut change: Change| {
        change.restarted(later);
        change.phase
    };
    let blind = |answer| seen(answered(purpose, &[answer]), Observation::NotTold);
    for answer in [Answer::Understood, Answer::Unclear, Answer::Throttled] {
        match restarted(blind(answer)) {
            ChangePhase::Accepted { since, looks, .. }
            | ChangePhase::InDoubt { since, looks, .. }
            | ChangePhase::ToSend { since, looks, .. } => {
                assert_eq!((since, looks.at, looks.not_told), (later, later, 1), "{answer:?}");
            }
            phase => panic!("{phase:?}"),
        }
    }
    let refused = answered(purpose, &[Answer::Refused]);
    assert_eq!(restarted(refused.clone()), refused.phase);
}
