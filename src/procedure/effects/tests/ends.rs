use super::*;
use crate::{
    domain::{Answer, Evidence, Outcome, Preparation, Procedure, Time},
    record::{
        Change, Changing, Observation, Rules,
        samples::{answered_with, first_try},
    },
};

const NOW: Time = Time::from_millis(0);

fn about(effect: Effect) -> Option<&'static str> {
    (!effect.is_last()).then_some("A")
}

fn sent(effect: Effect) -> Change {
    first_try(effect, about(effect), NOW)
}

fn answered(effect: Effect, answer: Answer) -> Change {
    let mut change = sent(effect);
    change.answered(answer, Rules::LATEST, NOW);
    change
}

fn ended(change: &Change, end: End) -> RowVerdict {
    let procedure = match change.effect {
        Effect::CancelOrder | Effect::DeleteCustomer => Procedure::DeleteSandboxCustomer,
        _ => Procedure::RemoveRelationship,
    };
    unit(change.effect).ended(&EndedChange { procedure, thing: "order A", change, end })
}

/// What the ends mean that are no success, whatever was changed.
fn assert_bad(effect: Effect) {
    let change = answered(effect, Answer::Unclear);
    for (end, outcome, reason) in [
        (End::NotCarriedOut, Outcome::Failed, Reason::ServiceUnavailable),
        (End::DidNotHappen, Outcome::Failed, Reason::ServiceUnavailable),
        (End::Unknown, Outcome::Unknown, Reason::AnswerLost),
    ] {
        let verdict = ended(&change, end);
        assert_eq!((verdict.outcome, &verdict.reasons[..]), (outcome, &[reason][..]), "{effect} {end:?}");
        assert_eq!(verdict.evidence, None);
        let last = effect.is_last();
        let advice = match (end, effect.facts().answer_tells) {
            (End::Unknown, false) if !last => {
                " was not sent. Running the list again reads it first and tells."
            }
            (End::Unknown, true) => " was not sent. Running the list again sends it once more.",
            _ => reason.advice(),
        };
        assert!(verdict.explanation.ends_with(advice), "{}", verdict.explanation);
    }
    for (answer, status, reason) in [
        (Answer::Refused, 400, Reason::RefusedByService),
        (Answer::Refused, 499, Reason::RefusedByService),
        (Answer::Refused, 403, Reason::PermissionDenied),
        (Answer::Denied, 400, Reason::PermissionDenied),
        (Answer::Refused, 302, Reason::UnexpectedAnswer),
        (Answer::Refused, 500, Reason::UnexpectedAnswer),
    ] {
        let change = answered_with(sent(effect), answer, status, Some("800002"));
        let verdict = ended(&change, End::Refused(answer));
        assert_eq!(
            (verdict.outcome, &verdict.reasons[..]),
            (Outcome::Failed, &[reason][..]),
            "{effect} {status}"
        );
        let said = format!("tatus {status}, code 800002: Text of 800002. {}", reason.advice());
        assert!(verdict.explanation.ends_with(&said), "{}", verdict.explanation);
    }
}

#[test]
fn whatever_was_changed_an_end_that_is_no_success_means_the_same() {
    for effect in Effect::ALL {
        assert_bad(*effect);
    }
}

#[test]
fn a_refusal_after_a_doubt_says_that_it_was_looked_at() {
    let text = "Reading the customer shows that it did not happen.";
    let mut change = answered(Effect::RemoveRelationship, Answer::Refused);
    assert!(!ended(&change, End::Refused(Answer::Refused)).explanation.contains(text));
    change.was_in_doubt = true;
    assert!(ended(&change, End::Refused(Answer::Refused)).explanation.contains(text));
}

#[test]
fn what_did_not_happen_says_how_often_it_was_sent() {
    let mut change = answered(Effect::RemoveRelationship, Answer::Unclear);
    for (attempts, text) in [(1, "sent once,"), (3, "sent 3 times,")] {
        change.attempts = attempts;
        assert!(ended(&change, End::DidNotHappen).explanation.contains(text), "{attempts}");
    }
    assert!(ended(&change, End::NotCarriedOut).explanation.contains("tried 3 times"));
}

#[test]
fn the_last_change_is_done_as_surely_as_it_was_seen() {
    for (effect, procedure) in [
        (Effect::RemoveRelationship, Procedure::RemoveRelationship),
        (Effect::DeleteCustomer, Procedure::DeleteSandboxCustomer),
    ] {
        let thing = effect.words().thing;
        let accepted = answered(effect, Answer::Understood);
        let assert_done = |change: &Change, seen: bool, evidence: Evidence, text: &str| {
            let verdict = ended(change, End::Done { seen });
            assert_eq!(
                (verdict.outcome, &verdict.reasons[..]),
                (Outcome::Done(procedure), &[][..]),
                "{effect}"
            );
            assert_eq!(verdict.evidence, Some(evidence), "{effect}");
            assert!(verdict.explanation.starts_with(text), "{}", verdict.explanation);
        };
        let seen = format!("A later read shows that {thing} is gone.");
        assert_done(&accepted, true, Evidence::Observed, &seen);
        // Nobody heard the answer, or it did not tell; after a yes, a doubt before it does not matter.
        let lost = format!("The answer was lost; a later read shows that {thing} is gone.");
        let mut doubtful = sent(effect);
        doubtful.lost(NOW);
        assert_done(&doubtful, true, Evidence::Observed, &lost);
        let unclear = answered_with(sent(effect), Answer::Unclear, 502, None);
        assert_done(&unclear, true, Evidence::Observed, "The answer (status 502) did not tell; a later read");
        doubtful.was_accepted = true;
        assert_done(&doubtful, true, Evidence::Observed, &seen);
        assert_done(&doubtful, false, Evidence::Accepted, "An earlier try may have been carried out;");
        // Somebody else ended it before.
        let missing = answered_with(sent(effect), Answer::NoRelationship, 404, None);
        let verdict = ended(&missing, End::Done { seen: true });
        assert_eq!((verdict.outcome, verdict.evidence), (Outcome::AlreadyDone(procedure), None));
        assert!(
            verdict.explanation.contains("any more (status 404); a later read"),
            "{}",
            verdict.explanation
        );
    }
}

#[test]
fn what_is_not_seen_done_is_not_known() {
    let change = answered(Effect::RemoveRelationship, Answer::Understood);
    for (clearly, still_there, text) in [
        (true, true, "The service accepted the removal, but still shows the relationship 900 s later."),
        (false, true, "The service accepted the removal, but still shows the relationship 900 s later."),
        (true, false, "The service answered that the relationship is gone, and no read"),
        (
            false,
            false,
            "The service answered with success, but not that the relationship is gone, and no read",
        ),
    ] {
        let waited = Duration::from_mins(15);
        let verdict = ended(&change, End::NotSeen { clearly, still_there, waited });
        assert_eq!((verdict.outcome, &verdict.reasons[..]), (Outcome::Unknown, &[Reason::AnswerLost][..]));
        assert!(verdict.explanation.starts_with(text), "{}", verdict.explanation);
    }
}

#[test]
fn an_order_that_is_not_cancelled_stands_in_the_way() {
    for code in ["800061", "800063", "800077"] {
        let refused = answered_with(sent(Effect::CancelOrder), Answer::Refused, 400, Some(code));
        let verdict = ended(&refused, End::Refused(Answer::Refused));
        assert_eq!(
            (verdict.outcome, &verdict.reasons[..]),
            (Outcome::Skipped, &[Reason::OrderNotCancelled][..])
        );
        let text =
            format!("Order A: the service does not cancel it (status 400, code {code}: Text of {code}).");
        assert!(verdict.explanation.starts_with(&text), "{}", verdict.explanation);
    }
    let agreed = answered(Effect::CancelOrder, Answer::Understood);
    let mut under_way = answered_with(sent(Effect::CancelOrder), Answer::InProgress, 409, None);
    assert!(under_way.is_only_under_way());
    let end = |still_there| End::NotSeen { clearly: true, still_there, waited: Duration::from_mins(15) };
    for (change, still_there, text) in [
        (&agreed, true, "the service agreed to cancel it, but it is not cancelled 900 s later"),
        (&agreed, false, "the service agreed to cancel it, but it could not be seen 900 s later"),
        (&under_way, true, "the service said that it was being changed already, but it is not cancelled"),
    ] {
        let verdict = ended(change, end(still_there));
        assert_eq!(
            (verdict.outcome, &verdict.reasons[..]),
            (Outcome::Skipped, &[Reason::OrderNotCancelled][..])
        );
        assert!(verdict.explanation.starts_with(&format!("Order A: {text}")), "{}", verdict.explanation);
    }
    under_way.status = Some(400);
    assert!(ended(&under_way, end(true)).explanation.contains("the service does not cancel it (status 400)"));
}

#[test]
fn a_subscription_that_somebody_changed_meanwhile_is_not_what_the_plan_saw() {
    let refused = |status, code| {
        let change = answered_with(sent(Effect::SuspendSubscription), Answer::Refused, status, code);
        ended(&change, End::Refused(Answer::Refused)).reasons
    };
    for (status, code) in [(409, None), (412, None), (412, Some("1")), (400, Some("2055"))] {
        assert_eq!(refused(status, code), [Reason::ChangedSincePlan], "{status} {code:?}");
    }
    assert_eq!(refused(400, Some("2056")), [Reason::RefusedByService]);
    let agreed = answered(Effect::SuspendSubscription, Answer::Understood);
    for still_there in [true, false] {
        let waited = Duration::from_mins(15);
        let verdict = ended(&agreed, End::NotSeen { clearly: true, still_there, waited });
        assert_eq!(
            (verdict.outcome, &verdict.reasons[..]),
            (Outcome::Skipped, &[Reason::ActiveSubscription][..])
        );
        assert!(verdict.explanation.contains("not seen suspended 900 s later"), "{}", verdict.explanation);
    }
}

#[test]
fn a_cancellation_that_is_refused_says_why_and_one_that_is_not_seen_is_not_known() {
    for effect in [Effect::CancelInWindow, Effect::CancelExtended] {
        let refused = |code| {
            let change = answered_with(sent(effect), Answer::Refused, 400, Some(code));
            let verdict = ended(&change, End::Refused(Answer::Refused));
            assert_eq!(
                (verdict.outcome, &*verdict.reasons),
                (Outcome::Failed, &[Reason::RefusedByService][..])
            );
            verdict.explanation
        };
        let said = |code: &str, meaning: &str| {
            let advice = Reason::RefusedByService.advice();
            format!("Order A: {meaning} (status 400, code {code}: Text of {code}). {advice}")
        };
        assert_eq!(refused("900214"), said("900214", "the hours in which it could be cancelled are over"));
        for code in ["900117", "900213", "900257"] {
            let meaning = "the service does not let it be cancelled, or not any more";
            assert_eq!(refused(code), said(code, meaning));
        }
        assert!(refused("900000").starts_with("Cancellation of order A: "));
        let agreed = answered(effect, Answer::Understood);
        let waited = Duration::from_mins(15);
        let verdict = ended(&agreed, End::NotSeen { clearly: true, still_there: true, waited });
        assert_eq!((verdict.outcome, &*verdict.reasons), (Outcome::Unknown, &[Reason::AnswerLost][..]));
        assert!(verdict.explanation.contains("not seen cancelled 900 s later"), "{}", verdict.explanation);
    }
}

#[test]
fn what_was_agreed_for_the_end_of_a_term_and_is_not_seen_is_not_known() {
    for (effect, agreed_to) in [
        (Effect::ScheduleCancellation, "agreed to schedule its end, but it is not seen scheduled"),
        (Effect::RestoreRenewal, "agreed to restore its renewal, but it is not seen set back"),
    ] {
        let agreed = answered(effect, Answer::Understood);
        let waited = Duration::from_mins(15);
        let verdict = ended(&agreed, End::NotSeen { clearly: true, still_there: true, waited });
        assert_eq!((verdict.outcome, &*verdict.reasons), (Outcome::Unknown, &[Reason::AnswerLost][..]));
        assert!(verdict.explanation.contains(agreed_to), "{}", verdict.explanation);
        let stale = answered_with(sent(effect), Answer::Refused, 412, None);
        let verdict = ended(&stale, End::Refused(Answer::Refused));
        assert_eq!((verdict.outcome, &*verdict.reasons), (Outcome::Skipped, &[Reason::ChangedSincePlan][..]));
    }
    let agreed = answered(Effect::ScheduleCancellation, Answer::Understood);
    let verdict = ended(&agreed, End::Otherwise(Reason::BecameExtendedTerm));
    assert_eq!((verdict.outcome, &*verdict.reasons), (Outcome::Failed, &[Reason::BecameExtendedTerm][..]));
    assert!(verdict.explanation.contains("an extended service term instead"), "{}", verdict.explanation);
}

#[test]
fn the_end_of_a_preparation_says_which_it_was() {
    let change = answered(Effect::CancelOrder, Answer::Unclear);
    let of = |end| ended(&change, end).explanation;
    assert!(of(End::NotCarriedOut).starts_with("Cancellation of order A: The change was tried"));
    assert!(
        of(End::Unknown).starts_with("Whether order A was cancelled is not known:"),
        "{}",
        of(End::Unknown)
    );
}

#[test]
fn a_verdict_tells_what_was_done_before() {
    let mut done = answered(Effect::CancelOrder, Answer::Understood);
    done.seen(Observation::Gone, NOW);
    let mut changing = Changing::new(Outcome::Ready, NOW);
    changing.changes = vec![done, answered(Effect::DeleteCustomer, Answer::Refused)];
    let first = [Preparation::new(Effect::CancelOrder, "A".to_owned(), None)];
    let verdict = RowVerdict::because(Reason::RunStopped, "Not now.").after(&first, &changing);
    let advice = Reason::RunStopped.advice();
    let text = format!("Not now. {advice} Before that, order A was cancelled.");
    assert_eq!((verdict.outcome, verdict.explanation), (Outcome::NotAttempted, text));
}
