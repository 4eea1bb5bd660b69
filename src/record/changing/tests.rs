use super::*;
use crate::{
    domain::{Answer, Effect, Procedure, Purpose, Reason},
    record::{Observation, Rules, samples},
};
use std::time::Duration;

const NOW: Time = Time::from_millis(1_000_000);

fn first_try(intended: &RequestIntended, intent: Seq, at: Time) -> Change {
    Change::first(intended.purpose.effect().unwrap(), intended, intent, at)
}

fn order(id: &str) -> Preparation {
    Preparation::new(Effect::CancelOrder, id.to_owned(), None)
}

fn plan() -> Box<[Preparation]> {
    [order("A"), order("B")].into()
}

fn intended(about: Option<&str>) -> RequestIntended {
    let effect = if about.is_some() { Effect::CancelOrder } else { Effect::DeleteCustomer };
    intent(about, effect)
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
    changing
        .clone()
        .send(&intended(about), (Procedure::DeleteSandboxCustomer, &plan()), Rules::LATEST, (9, NOW))
        .is_ok()
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
        let left = changing(sent)
            .judged_again(&judged(Outcome::Ready, first), (Procedure::DeleteSandboxCustomer, &plan()));
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
        ended.judged_again(
            &judged(Outcome::AlreadyDone(Procedure::DeleteSandboxCustomer), &[]),
            (Procedure::DeleteSandboxCustomer, &plan())
        ),
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
    // That all is done first is not what the procedure is for.
    let (answer, seen) = DONE;
    let first_done = changing(&[("A", answer, seen), ("B", answer, seen)]);
    assert!(!first_done.may_end_as(deleted) && first_done.may_end_as(NotAttempted));
}

fn subscription(id: &str) -> Preparation {
    Preparation::new(Effect::SuspendSubscription, id.to_owned(), None)
}

fn intent(about: Option<&str>, effect: Effect) -> RequestIntended {
    samples::intended(Purpose::Change(effect), about)
}

/// A customer of whose two subscriptions one was suspended, and the other was not.
fn half_suspended() -> Changing {
    let mut suspended = first_try(&intent(Some("S"), Effect::SuspendSubscription), 0, NOW);
    suspended.answered(Answer::Understood, Rules::LATEST, NOW);
    suspended.seen(Observation::Gone, NOW);
    let mut refused = first_try(&intent(Some("T"), Effect::SuspendSubscription), 0, NOW);
    refused.answered(Answer::Refused, Rules::LATEST, NOW);
    Changing { changes: vec![suspended, refused], ..Changing::new(Outcome::Ready, NOW) }
}

fn settled(outcome: Outcome) -> Settled {
    let settled =
        serde_json::json!({ "row": 1, "outcome": outcome, "attempts": 1, "started_at": NOW.to_string() });
    serde_json::from_value(settled).unwrap()
}

#[test]
fn a_row_falls_once_as_its_failure_and_if_something_can_be_taken_back() {
    let first = [subscription("S"), subscription("T")];
    let sent = half_suspended();
    assert!(!sent.is_undecided(), "it goes on");
    let mut fallen = sent.clone();
    for outcome in [Outcome::Done(Procedure::RemoveRelationship), Outcome::Unknown] {
        assert!(fallen.fall(&settled(outcome), &first).is_err(), "it did not end so");
    }
    fallen.fall(&settled(Outcome::Failed), &first).unwrap();
    assert!(fallen.fall(&settled(Outcome::Failed), &first).is_err() && fallen.is_undecided());
    let mut refused = sent.clone();
    refused.changes.push(last_change(Some(Answer::Refused), None));
    assert!(refused.fall(&settled(Outcome::Skipped), &first).is_err(), "its last change was refused");
    let mut doubtful = sent.clone();
    doubtful.changes.push(last_change(Some(Answer::Unclear), None));
    assert!(doubtful.fall(&settled(Outcome::Unknown), &first).is_err(), "that is no failure");
    let mut nothing = changing(&[("A", Some(Answer::Refused), None)]);
    assert!(nothing.fall(&settled(Outcome::Failed), &plan()).is_err(), "nothing was suspended");
    // Between the changes, it is looked at again, until it has fallen.
    let mut between = sent;
    between.changes.truncate(1);
    let again = Judged::skipped(1, NOW, vec![]);
    assert_eq!(between.clone().judged_again(&again, (Procedure::RemoveRelationship, &first)), Ok(None));
    between.fall(&settled(Outcome::NotAttempted), &first).unwrap();
    assert!(
        between.judged_again(&again, (Procedure::RemoveRelationship, &first)).is_err(),
        "it is not gone on with"
    );
}

#[test]
fn what_was_suspended_is_taken_back_when_somebody_said_so_and_nothing_else_is() {
    let first = [subscription("S"), subscription("T")];
    let sent = half_suspended();
    let mut fallen = sent.clone();
    fallen.fall(&settled(Outcome::Failed), &first).unwrap();

    let back = |changing: &Changing, about| {
        let intent = intent(Some(about), Effect::ReactivateSubscription);
        changing
            .clone()
            .send(&intent, (Procedure::RemoveRelationship, &first), Rules::LATEST, (9, NOW))
            .is_ok()
    };
    let (mut wanted, mut left) = (fallen.clone(), fallen.clone());
    (wanted.undo, left.undo) = (Some(true), Some(false));
    assert!(back(&wanted, "S") && !back(&wanted, "T") && !back(&wanted, "U"));
    for changing in [&sent, &fallen, &left] {
        assert!(!back(changing, "S"));
    }
    // Whatever is taken back, nothing more is done.
    for (about, effect) in [(None, Effect::RemoveRelationship), (Some("T"), Effect::SuspendSubscription)] {
        assert!(
            wanted
                .clone()
                .send(
                    &intent(about, effect),
                    (Procedure::RemoveRelationship, &first),
                    Rules::LATEST,
                    (9, NOW)
                )
                .is_err()
        );
    }
    assert!(wanted.may_end_as(Outcome::Failed) && !wanted.may_end_as(Outcome::NotAttempted));
    assert_eq!(wanted.left_prepared(&first).len(), 1);
    let taken_back = intent(Some("S"), Effect::ReactivateSubscription);
    wanted.send(&taken_back, (Procedure::RemoveRelationship, &first), Rules::LATEST, (9, NOW)).unwrap();
    assert!(!wanted.may_end_as(Outcome::Failed), "its answer is awaited");
    let reactivated = wanted.open().unwrap();
    reactivated.answered(Answer::Understood, Rules::LATEST, NOW);
    reactivated.seen(Observation::Gone, NOW);
    assert!(wanted.may_end_as(Outcome::Failed) && wanted.left_prepared(&first).is_empty());
}

fn last_change(answer: Option<Answer>, seen: Option<Observation>) -> Change {
    let mut change = first_try(&intended(None), 0, NOW);
    if let Some(answer) = answer {
        change.answered(answer, Rules::LATEST, NOW);
    }
    if let Some(seen) = seen {
        change.seen(seen, NOW.plus(Duration::from_hours(1)));
    }
    change
}

#[test]
fn a_customer_is_gone_when_its_last_change_is_seen_done_and_not_before() {
    let (answer, seen) = DONE;
    let orders = changing(&[("A", answer, seen), ("B", answer, seen)]);
    assert!(!orders.is_gone() && !orders.was_accepted() && orders.last().is_none());
    for (answer, seen, was_accepted, is_gone) in [
        (None, None, false, false),
        (Some(Answer::Refused), None, false, false),
        (Some(Answer::NoRelationship), Some(Observation::Gone), false, true),
        (Some(Answer::Understood), Some(Observation::StillThere), true, false),
        (Some(Answer::Understood), Some(Observation::Gone), true, true),
    ] {
        let mut whole = orders.clone();
        whole.changes.push(last_change(answer, seen));
        assert_eq!((whole.was_accepted(), whole.is_gone()), (was_accepted, is_gone), "{answer:?} {seen:?}");
    }
}

#[test]
fn the_reports_are_about_what_went_wrong_or_is_not_done_yet() {
    let about = |sent: &[_]| changing(sent).decisive().and_then(|change| change.about.clone());
    let of = |sent: &[_]| about(sent).map(String::from);
    let (answer, seen) = DONE;
    let (done, accepted) = (|id| (id, answer, seen), |id| (id, Some(Answer::Understood), None));
    let refused = |id| (id, Some(Answer::Refused), None);
    for (sent, decisive) in [
        (&[][..], None),
        (&[done("A"), done("B")], Some("B")),
        (&[done("A"), accepted("B"), done("C")], Some("B")),
        (&[accepted("A"), refused("B"), done("C")], Some("B")),
        (&[refused("A"), refused("B")], Some("A")),
    ] {
        assert_eq!(of(sent).as_deref(), decisive);
    }
}

#[test]
fn what_was_done_first_is_what_was_seen_done() {
    let (answer, seen) = DONE;
    let half = changing(&[("A", answer, seen), ("B", Some(Answer::Understood), None)]);
    let plan = plan();
    let done: Vec<_> = half.done(&plan).map(|one| one.id.as_str()).collect();
    assert_eq!(done, ["A"]);
    assert!(half.of(&order("B")).is_some() && half.of(&order("C")).is_none());
    // The same ID may be that of something else.
    let other = Preparation { what: Effect::SuspendSubscription, ..order("A") };
    assert!(half.of(&other).is_none());
}

#[test]
fn facts_that_seem_to_be_from_the_future_are_old_after_a_restart() {
    for (now, facts_at) in [(NOW, NOW), (Time::from_millis(NOW.as_millis() - 1), Time::from_millis(0))] {
        let mut changing = changing(&[("A", Some(Answer::TokenExpired), None)]);
        changing.restarted(now);
        assert_eq!((changing.facts_at, changing.changes[0].refused_tokens), (facts_at, 0));
        assert!(matches!(changing.changes[0].phase, ChangePhase::ToSend { since, .. } if since == now));
    }
}

#[test]
fn a_look_that_is_about_something_is_about_its_latest_change() {
    let subscription = |what| {
        let mut intended = intended(Some("S"));
        intended.purpose = Purpose::Change(what);
        first_try(&intended, 0, NOW)
    };
    let mut changing = Changing::new(Outcome::Ready, NOW);
    changing.changes = vec![
        subscription(Effect::SuspendSubscription),
        last_change(None, None),
        subscription(Effect::ReactivateSubscription),
    ];
    let effect = |changing: &mut Changing, about| changing.about(about).map(|change| change.effect);
    assert_eq!(effect(&mut changing, Some("S")), Some(Effect::ReactivateSubscription));
    assert_eq!(effect(&mut changing, None), Some(Effect::DeleteCustomer));
    assert_eq!(effect(&mut changing, Some("T")), None);
}

#[test]
fn each_is_done_by_itself_and_the_end_says_what_became_of_all() {
    let subscription = |id: &str| Preparation::new(Effect::ScheduleCancellation, id.to_owned(), None);
    let first = [subscription("S"), subscription("T")];
    let sent = |about: &str, answer: Answer, seen: Option<Observation>, instead: Option<Reason>| {
        let purpose = Purpose::Change(Effect::ScheduleCancellation);
        let mut change = first_try(&RequestIntended { purpose, ..intended(Some(about)) }, 0, NOW);
        change.answered(answer, Rules::LATEST, NOW);
        if let Some(seen) = seen {
            change.looked_at(seen, instead, NOW);
        }
        change
    };
    let done = |about| sent(about, Answer::Understood, Some(Observation::Gone), None);
    let extended = Some(Reason::BecameExtendedTerm);
    let otherwise = |about, answer| sent(about, answer, Some(Observation::StillThere), extended);
    let refused = |about| sent(about, Answer::Refused, None, None);
    let lost = |about| sent(about, Answer::Unclear, None, None);
    let agreed = |about| sent(about, Answer::Understood, None, None);
    let scheduled = Outcome::Done(Procedure::CancelAtTermEnd);
    let (failed, unknown, not_attempted, skipped) =
        (Outcome::Failed, Outcome::Unknown, Outcome::NotAttempted, Outcome::Skipped);
    for (changes, is_all, may) in [
        (vec![done("S"), done("T")], true, &[scheduled, failed, not_attempted][..]),
        // Something was left out from the beginning.
        (vec![done("S"), done("T")], false, &[failed, not_attempted]),
        (vec![done("S")], true, &[failed, not_attempted]),
        (vec![done("S"), refused("T")], true, &[failed, not_attempted]),
        (vec![refused("S"), refused("T")], true, &[failed, not_attempted, skipped]),
        (vec![otherwise("S", Answer::Understood)], true, &[failed, not_attempted]),
        (vec![otherwise("S", Answer::Unclear), done("T")], true, &[failed, not_attempted]),
        (vec![done("S"), lost("T")], true, &[unknown]),
        (vec![agreed("S"), done("T")], true, &[unknown]),
    ] {
        let changing = Changing { changes, ..Changing::new(Outcome::Ready, NOW) };
        for outcome in Outcome::ALL {
            // Which procedure it is of is asked elsewhere.
            let is_of_another = matches!(outcome, Outcome::Done(of) if of != Procedure::CancelAtTermEnd);
            let allowed = changing.may_end_each_as(outcome, &first, is_all);
            assert!(is_of_another || allowed == may.contains(&outcome), "{changing:?} {outcome}");
        }
    }
    // What was refused keeps nothing else from being sent; what is in doubt does.
    let next = |change: Change, procedure: Procedure| {
        let purpose = Purpose::Change(Effect::ScheduleCancellation);
        let mut changing = Changing { changes: vec![change], ..Changing::new(Outcome::Ready, NOW) };
        let intent = RequestIntended { purpose, ..intended(Some("T")) };
        changing.send(&intent, (procedure, &first), Rules::LATEST, (9, NOW)).is_ok()
    };
    let cancel = Procedure::CancelAtTermEnd;
    assert!(next(refused("S"), cancel) && next(agreed("S"), cancel) && !next(lost("S"), cancel));
    assert!(next(otherwise("S", Answer::Understood), cancel));
    assert!(!next(refused("S"), Procedure::RemoveRelationship));
}

#[test]
fn while_an_answer_is_awaited_nothing_is_judged_again_and_nothing_ends() {
    let first = [Preparation::new(Effect::ScheduleCancellation, "S".to_owned(), None)];
    let mut changing = Changing::new(Outcome::Ready, NOW);
    let procedure = Procedure::CancelAtTermEnd;
    let sent = intent(Some("S"), Effect::ScheduleCancellation);
    changing.send(&sent, (procedure, &first), Rules::LATEST, (9, NOW)).unwrap();
    assert!(changing.changes[0].is_open());
    assert!(changing.clone().judged_again(&Judged::skipped(1, NOW, vec![]), (procedure, &first)).is_err());
    for outcome in Outcome::ALL {
        assert!(!changing.may_end_each_as(outcome, &first, true), "{outcome}");
    }
    changing.changes[0].answered(Answer::Refused, Rules::LATEST, NOW);
    assert!(changing.judged_again(&Judged::skipped(1, NOW, vec![]), (procedure, &first)).is_ok());
}

/// A customer of whom this was sent, answered and seen so.
fn of_one(effect: Effect, answer: Answer, seen: Option<Observation>, verdict: Outcome) -> Changing {
    let mut change = first_try(&intent(Some("S"), effect), 0, NOW);
    change.answered(answer, Rules::LATEST, NOW);
    if let Some(seen) = seen {
        change.seen(seen, NOW.plus(Duration::from_hours(1)));
    }
    Changing { changes: vec![change], ..Changing::new(verdict, NOW) }
}

#[test]
fn whoever_is_not_ready_any_more_ends_so_and_is_skipped_only_if_all_is_as_before() {
    let first = [Preparation::new(Effect::ScheduleCancellation, "S".to_owned(), None)];
    let otherwise = |verdict| {
        let mut changing = of_one(Effect::ScheduleCancellation, Answer::Understood, None, verdict);
        changing.changes[0].looked_at(Observation::StillThere, Some(Reason::BecameExtendedTerm), NOW);
        changing
    };
    let of = |answer, seen| move |verdict| of_one(Effect::ScheduleCancellation, answer, seen, verdict);
    let done = of(Answer::Understood, Some(Observation::Gone));
    let (agreed, refused) = (of(Answer::Understood, None), of(Answer::Refused, None));
    let already = Outcome::AlreadyDone(Procedure::CancelAtTermEnd);
    for verdict in [Outcome::Skipped, Outcome::Failed, already] {
        for (changing, is_as_before) in [
            (refused(verdict), true),
            (agreed(verdict), false),
            (done(verdict), false),
            (otherwise(verdict), false),
        ] {
            for outcome in Outcome::ALL {
                let may = outcome == verdict && (outcome != Outcome::Skipped || is_as_before);
                assert_eq!(changing.may_end_each_as(outcome, &first, true), may, "{changing:?} {outcome}");
            }
        }
    }
}

#[test]
fn a_service_is_stopped_once_its_end_is_seen_or_agreed_to() {
    let is_so = |effect, answer, seen| of_one(effect, answer, seen, Outcome::Ready).has_stopped_service();
    for effect in [Effect::CancelInWindow, Effect::CancelExtended] {
        assert!(is_so(effect, Answer::Understood, None));
        assert!(is_so(effect, Answer::Understood, Some(Observation::Gone)));
        assert!(!is_so(effect, Answer::Refused, None) && !is_so(effect, Answer::Unclear, None));
    }
    // What can be taken back has stopped nothing for good.
    assert!(!is_so(Effect::SuspendSubscription, Answer::Understood, Some(Observation::Gone)));
    // Whoever lost one was not just passed over, and nobody knows what is agreed to and not seen.
    let may =
        |effect, seen, outcome| of_one(effect, Answer::Understood, seen, Outcome::Ready).may_end_as(outcome);
    for (effect, seen, skipped, unknown) in [
        (Effect::CancelInWindow, None, false, true),
        (Effect::CancelInWindow, Some(Observation::Gone), false, false),
        (Effect::SuspendSubscription, None, true, false),
    ] {
        let found = (may(effect, seen, Outcome::Skipped), may(effect, seen, Outcome::Unknown));
        assert_eq!(found, (skipped, unknown), "{effect} {seen:?}");
    }
}
