//! A customer's changes in their order: each preparation, and when all are seen done, the last change.
//!
//! At most one change is on its way at a time. What was accepted is waited for while the next is sent, so
//! that ten slow orders take no longer than one.

use super::{
    attempts::{self, Next},
    reversal,
    step::{ChangeKind, Step},
};
use crate::{
    domain::{
        Evidence, Finding, Outcome, Preparation, Procedure, Reason, Time, capitalised, in_one_text,
        is_taken_out,
    },
    procedure::effects::{End, EndedChange, RowVerdict, did_not_happen, unit},
    record::{Change, ChangePhase, Changing, Effects, Policy, Row, RowState},
};
use std::time::Duration;

/// How old the facts may be when a change is sent.
const FACTS_MAY_BE_OLD: Duration = Duration::from_mins(15);

/// What to do about a row that the confirmed plan calls ready. `may_send` is false when the run is
/// stopping: what was sent is still settled, and nothing new is changed; that waits for somebody to allow
/// it again.
pub(crate) fn next(procedure: Procedure, row: &Row, policy: &Policy, now: Time, may_send: bool) -> Step {
    let turn = Turn { procedure, first: &row.first, policy, now, may_send };
    match &row.state {
        RowState::Judged { verdict: Outcome::Ready, facts_at } => {
            let first = row.first.first().map(|one| ChangeKind::Preparation(one.clone()));
            let last = || turn.procedure.facts().last.map(ChangeKind::Final);
            first.or_else(last).map_or(Step::Nothing, |kind| turn.begin(kind, *facts_at))
        }
        RowState::Changing(changing) if changing.failed_after.is_some() => {
            reversal::next(row, changing, policy, now)
        }
        RowState::Changing(changing) if procedure.is_each_by_itself() => turn.each(changing, &row.left_out),
        RowState::Changing(changing) => {
            turn.prepare(changing).unwrap_or_else(|| turn.finish(changing)).explained(&row.first, changing)
        }
        RowState::Unread { .. } | RowState::Judged { .. } | RowState::Settled(_) => Step::Nothing,
    }
}

impl Step {
    fn explained(self, first: &[Preparation], changing: &Changing) -> Self {
        match self {
            Self::Settle(verdict) => Self::Settle(verdict.after(first, changing)),
            other => other,
        }
    }
}

/// How a row ends that nobody goes on with. What was sent for it is known by then.
pub(crate) fn given_up(row: &Row) -> RowVerdict {
    let RowState::Changing(changing) = &row.state else { return RowVerdict::because(Reason::RunStopped, "") };
    if row.first.iter().any(|one| one.what.is_by_itself()) {
        let is_unseen = |change: &Change| matches!(change.phase, ChangePhase::Accepted { .. });
        let is_unknown = changing.changes.iter().any(is_unseen);
        let verdict = if is_unknown {
            RowVerdict::because(Reason::AnswerLost, "Whether all of it was done is not known.")
        } else {
            RowVerdict::because(Reason::RunStopped, "Not all of it was done.")
        };
        let told = Effects::of(&row.first, &changing.changes).told_before(false, None);
        let told = told.map(|told| format!(" So far: {told}.")).unwrap_or_default();
        return RowVerdict { explanation: format!("{}{told}", verdict.explanation), ..verdict };
    }
    let verdict = match changing.decisive() {
        Some(change) if change.phase == ChangePhase::DidNotHappen => did_not_happen(change),
        _ => RowVerdict::because(Reason::RunStopped, "The change was not carried out."),
    };
    verdict.after(&row.first, changing)
}

/// The same, with what is done all the same.
fn besides(verdict: RowVerdict, first: &[Preparation], changing: &Changing) -> RowVerdict {
    match Effects::of(first, &changing.changes).told_done() {
        Some(done) => RowVerdict { explanation: format!("{} Done: {done}.", verdict.explanation), ..verdict },
        None => verdict,
    }
}

/// One look at one row.
#[derive(Clone, Copy, Debug)]
struct Turn<'a> {
    procedure: Procedure,
    first: &'a [Preparation],
    policy: &'a Policy,
    now: Time,
    may_send: bool,
}

impl Turn<'_> {
    /// A change that was never sent is sent over fresh facts alone.
    fn begin(self, kind: ChangeKind, facts_at: Time) -> Step {
        if !self.may_send {
            Step::Nothing
        } else if self.now.since(facts_at) > may_be_old(self.policy)
            && !is_taken_out("change-more-over-old-facts")
        {
            Step::Rejudge
        } else {
            Step::Change { kind, attempt: 1, request_id: None }
        }
    }

    /// What is next before the last change; none when everything is seen done.
    fn prepare(self, changing: &Changing) -> Option<Step> {
        let sent = || self.first.iter().filter_map(|one| Some((one, changing.of(one)?)));
        let step = |one: &Preparation, change: &Change| {
            let patience = unit(one.what).patience(self.policy);
            self.step(change, ChangeKind::Preparation(one.clone()), patience, &one.to_string())
        };
        let is_enough = is_taken_out("delete-before-the-orders-are-seen-cancelled")
            || is_taken_out("remove-before-the-suspension-is-seen");
        let mut accepted = Vec::new();
        for (one, change) in sent() {
            match change.phase {
                ChangePhase::Gone { .. } => {}
                ChangePhase::Accepted { .. } if is_enough => {}
                // What nobody can take back is seen done, or not, before anything else happens to the customer.
                ChangePhase::Accepted { .. } if one.what.facts().stops_service => {
                    return Some(step(one, change));
                }
                ChangePhase::Accepted { .. } => accepted.push((one, change)),
                // The next is not begun before this one is settled.
                _ => return Some(step(one, change)),
            }
        }
        let unsent = self.first.iter().find(|one| changing.of(one).is_none());
        if let (Some(one), true) = (unsent, self.may_send) {
            return Some(self.begin(ChangeKind::Preparation(one.clone()), changing.facts_at));
        }
        // Whatever is due goes before what has to wait.
        let steps = accepted.into_iter().map(|(one, change)| step(one, change));
        let soonest = steps.min_by_key(|step| match step {
            Step::Wait(until) => Some(*until),
            _ => None,
        });
        soonest.or_else(|| unsent.map(|_| Step::Nothing))
    }

    /// What is next when every preparation is seen done.
    fn finish(self, changing: &Changing) -> Step {
        let Some(last) = self.procedure.facts().last else { return Step::Nothing };
        match changing.last() {
            None => self.begin(ChangeKind::Final(last), changing.facts_at),
            Some(change) => {
                let patience = unit(last).patience(self.policy);
                self.step(change, ChangeKind::Final(last), patience, last.words().thing)
            }
        }
    }

    /// What is next for a change that was sent.
    fn step(self, change: &Change, kind: ChangeKind, patience: Duration, thing: &str) -> Step {
        match attempts::next(change, self.policy, patience, self.now, self.may_send) {
            Next::Nothing => Step::Nothing,
            Next::Wait(until) => Step::Wait(until),
            Next::Send(request_id) => {
                let request_id = (!is_taken_out("repeat-under-a-new-request-id")).then_some(request_id);
                Step::Change { kind, attempt: change.attempts + 1, request_id }
            }
            // Nothing can be read of it: it is not known, and stays so.
            Next::Look(_) if change.effect.facts().answer_tells => {
                self.end(change, &kind, thing, End::Unknown)
            }
            Next::Look(why) => Step::Observe { kind, why },
            Next::Ended(end) => self.end(change, &kind, thing, end),
        }
    }

    fn end(self, change: &Change, kind: &ChangeKind, thing: &str, end: End) -> Step {
        let ending = EndedChange { procedure: self.procedure, thing, change, end };
        Step::Settle(unit(kind.effect()).ended(&ending))
    }

    /// What is next where the plan names all that there is to do: each by itself, whatever becomes of the others. At most one
    /// is on its way or in doubt; what was accepted is waited for while the next is sent.
    fn each(self, changing: &Changing, left_out: &[Finding]) -> Step {
        let (mut waits, mut ended, mut is_held) = (Vec::new(), Vec::new(), false);
        for one in self.first {
            let Some(change) = changing.of(one) else { continue };
            let patience = unit(one.what).patience(self.policy);
            let step = self.step(change, ChangeKind::Preparation(one.clone()), patience, &one.to_string());
            match (step, change.phase) {
                (_, ChangePhase::Gone { .. }) => {}
                (Step::Settle(verdict), _) => ended.push(verdict),
                (step, ChangePhase::Accepted { .. }) => waits.push(step),
                // It is not sent again now; what was agreed to is seen through all the same.
                (Step::Nothing, phase) if !matches!(phase, ChangePhase::Open { .. }) => is_held = true,
                // The next is not begun before this one is settled.
                (step, _) => return step,
            }
        }
        let unsent = self.first.iter().find(|one| changing.of(one).is_none());
        let is_lost = changing.changes.iter().any(Change::is_in_doubt);
        if let (Some(one), true, false) = (unsent, self.may_send, is_lost || is_held) {
            return self.begin(ChangeKind::Preparation(one.clone()), changing.facts_at);
        }
        let soonest = waits.into_iter().min_by_key(|step| match step {
            Step::Wait(until) => Some(*until),
            _ => None,
        });
        match soonest {
            Some(step) => step,
            None if is_held || (unsent.is_some() && !is_lost) => Step::Nothing,
            None => Step::Settle(self.end_of_all(changing, ended, left_out)),
        }
    }

    /// How the row ends when there is nothing more to be done for it: as sure as the weakest of all; as failed, if
    /// something was not done though the rest was.
    fn end_of_all(self, changing: &Changing, ended: Vec<RowVerdict>, left_out: &[Finding]) -> RowVerdict {
        let is_seen = |change: &Change| matches!(change.phase, ChangePhase::Gone { seen: true });
        let done = Effects::of(self.first, &changing.changes).told_done();
        if ended.is_empty() && left_out.is_empty() {
            let all_seen = changing.changes.iter().all(is_seen);
            let evidence = if all_seen { Evidence::Observed } else { Evidence::Accepted };
            let told = format!("{}.", capitalised(&done.unwrap_or_default()));
            return RowVerdict::reached(Outcome::Done(self.procedure), evidence, told);
        }
        let is_unknown = ended.iter().any(|verdict| verdict.outcome == Outcome::Unknown);
        let is_failed = done.is_some() || ended.iter().any(|verdict| verdict.outcome == Outcome::Failed);
        let outcome = match (is_unknown, is_failed) {
            (true, _) => Outcome::Unknown,
            (false, true) => Outcome::Failed,
            (false, false) => Outcome::Skipped,
        };
        let mut reasons = Vec::new();
        let all = ended.iter().flat_map(|verdict| &verdict.reasons);
        for reason in all.copied().chain(left_out.iter().map(|finding| finding.reason)) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        let mut told: Vec<String> = ended.into_iter().map(|verdict| verdict.explanation).collect();
        if !left_out.is_empty() {
            told.push(in_one_text(left_out));
        }
        besides(
            RowVerdict { outcome, evidence: None, reasons, explanation: told.join(" ") },
            self.first,
            changing,
        )
    }
}

/// How old the facts may be: a quarter of an hour, and the time that looking again takes at this pace,
/// lest it be looked at again without end.
pub(crate) fn may_be_old(policy: &Policy) -> Duration {
    let one_round = Duration::from_mins(1) * policy.concurrency.saturating_mul(4) / policy.rate.max(1);
    FACTS_MAY_BE_OLD + one_round
}

#[cfg(test)]
mod tests {
    use super::{super::attempts::Why, *};
    use crate::{
        domain::{Answer, Cause, Effect},
        record::{
            Looks, Observation, Rules,
            samples::{answered_with, first_try},
        },
    };

    const NOW: Time = Time::from_millis(100_000_000);

    fn policy() -> Policy {
        let policy = serde_json::json!({ "rate": 300, "concurrency": 4, "settle_seconds": 300,
            "stop_after_failures": 3, "max_removals": 9, "max_share": 50, "order_timeout_seconds": 900 });
        serde_json::from_value(policy).unwrap()
    }

    fn order(id: &str) -> Preparation {
        Preparation::new(Effect::CancelOrder, id.to_owned(), None)
    }

    /// A change that was answered, and seen done or not, so many seconds ago.
    fn change(about: Option<&str>, answer: Answer, seen: Option<Observation>, seconds_ago: u64) -> Change {
        let at = Time::from_millis(NOW.as_millis() - i64::try_from(seconds_ago * 1000).unwrap());
        let effect = if about.is_some() { Effect::CancelOrder } else { Effect::DeleteCustomer };
        answered(first_try(effect, about, at), answer, seen, at)
    }

    fn answered(mut change: Change, answer: Answer, seen: Option<Observation>, at: Time) -> Change {
        change.answered(answer, Rules::LATEST, at);
        if let Some(seen) = seen {
            change.seen(seen, at);
        }
        change
    }

    fn step(changes: Vec<Change>, facts_minutes_ago: i64, may_send: bool) -> Step {
        let facts_at = Time::from_millis(NOW.as_millis() - facts_minutes_ago * 60_000);
        let changing = Changing { changes, ..Changing::new(Outcome::Ready, facts_at) };
        let mut row = Row::new(1, None);
        row.first = [order("A"), order("B")].into();
        row.state = RowState::Changing(Box::new(changing));
        next(Procedure::DeleteSandboxCustomer, &row, &policy(), NOW, may_send)
    }

    fn is_begun(step: &Step, wanted: &ChangeKind) -> bool {
        matches!(step, Step::Change { kind, attempt: 1, request_id: None } if kind == wanted)
    }

    #[test]
    fn what_is_new_is_sent_over_fresh_facts_alone() {
        let done = |id| change(Some(id), Answer::Understood, Some(Observation::Gone), 5);
        let half = || vec![done("A")];
        let whole = || vec![done("A"), done("B")];
        assert!(is_begun(&step(half(), 14, true), &ChangeKind::Preparation(order("B"))));
        assert!(is_begun(&step(whole(), 14, true), &ChangeKind::Final(Effect::DeleteCustomer)));
        for changes in [half(), whole()] {
            assert_eq!(step(changes.clone(), 20, true), Step::Rejudge);
            assert_eq!(step(changes, 1, false), Step::Nothing);
        }
    }

    #[test]
    fn the_first_change_is_a_preparation_where_the_plan_names_one() {
        let first = |names: &[Preparation], minutes_ago: u64, may_send| {
            let mut row = Row::new(1, None);
            let facts_at = Time::from_millis(NOW.as_millis() - i64::try_from(minutes_ago * 60_000).unwrap());
            (row.first, row.state) = (names.into(), RowState::Judged { verdict: Outcome::Ready, facts_at });
            next(Procedure::DeleteSandboxCustomer, &row, &policy(), NOW, may_send)
        };
        let begun = first(&[order("A"), order("B")], 15, true);
        assert!(is_begun(&begun, &ChangeKind::Preparation(order("A"))));
        assert!(is_begun(&first(&[], 15, true), &ChangeKind::Final(Effect::DeleteCustomer)));
        assert_eq!((first(&[], 16, true), first(&[], 1, false)), (Step::Rejudge, Step::Nothing));
        for state in [
            RowState::Unread { domain: None },
            RowState::Judged { verdict: Outcome::Skipped, facts_at: NOW },
            RowState::Settled(Outcome::Failed),
        ] {
            let mut row = Row::new(1, None);
            row.state = state;
            assert_eq!(next(Procedure::DeleteSandboxCustomer, &row, &policy(), NOW, true), Step::Nothing);
        }
    }

    #[test]
    fn facts_may_be_older_where_looking_again_takes_longer() {
        for (rate, concurrency, seconds) in [(320, 4, 3), (60, 8, 32), (0, 1, 240)] {
            let policy = Policy { rate, concurrency, ..policy() };
            assert_eq!(may_be_old(&policy), Duration::from_secs(15 * 60 + seconds), "{rate} {concurrency}");
        }
        // At the last moment they are not too old.
        let facts_at = Time::from_millis(NOW.as_millis() - 903_200);
        let mut row = Row::new(1, None);
        for (facts_at, is_too_old) in [(facts_at, false), (Time::from_millis(facts_at.as_millis() - 1), true)]
        {
            row.state = RowState::Judged { verdict: Outcome::Ready, facts_at };
            let step = next(Procedure::RemoveRelationship, &row, &policy(), NOW, true);
            assert_eq!(step == Step::Rejudge, is_too_old);
        }
    }

    #[test]
    fn what_is_sent_again_counts_its_tries_and_keeps_its_request_id() {
        let done = |id| change(Some(id), Answer::Understood, Some(Observation::Gone), 5);
        let again = |kind: ChangeKind, sent: &Change| {
            let request_id = Some(sent.request_id);
            Step::Change { kind, attempt: sent.attempts + 1, request_id }
        };
        let mut throttled = change(Some("A"), Answer::Throttled, None, 5);
        throttled.attempts = 3;
        let kind = ChangeKind::Preparation(order("A"));
        assert_eq!(step(vec![throttled.clone()], 1, true), again(kind, &throttled));
        let last = change(None, Answer::Throttled, None, 5);
        let kind = ChangeKind::Final(Effect::DeleteCustomer);
        assert_eq!(step(vec![done("A"), done("B"), last.clone()], 1, true), again(kind, &last));
    }

    #[test]
    fn a_row_that_nobody_goes_on_with_says_whether_its_change_happened() {
        let given_up = |change: Option<Change>| {
            let mut row = Row::new(1, None);
            if let Some(change) = change {
                let changing = Changing { changes: vec![change], ..Changing::new(Outcome::Ready, NOW) };
                row.state = RowState::Changing(Box::new(changing));
            }
            super::given_up(&row)
        };
        let throttled = given_up(Some(change(None, Answer::Throttled, None, 5)));
        for (verdict, text) in [(&given_up(None), ""), (&throttled, "The change was not carried out. ")] {
            assert_eq!(
                (verdict.outcome, &verdict.reasons[..]),
                (Outcome::NotAttempted, &[Reason::RunStopped][..])
            );
            assert_eq!(verdict.explanation, format!("{text}{}", Reason::RunStopped.advice()));
        }
        let did_not_happen = change(None, Answer::Unclear, Some(Observation::StillThere), 500);
        let verdict = given_up(Some(did_not_happen));
        assert_eq!(
            (verdict.outcome, &verdict.reasons[..]),
            (Outcome::Failed, &[Reason::ServiceUnavailable][..])
        );
    }

    #[test]
    fn what_failed_after_a_preparation_is_not_gone_on_with() {
        let changing = Changing::new(Outcome::Ready, NOW);
        let mut row = Row::new(1, None);
        let settled = crate::engine::decide::settlement::on_giving_up(&row, NOW);
        row.state =
            RowState::Changing(Box::new(Changing { failed_after: Some(Box::new(settled)), ..changing }));
        assert_eq!(next(Procedure::RemoveRelationship, &row, &policy(), NOW, true), Step::Nothing);
    }

    #[test]
    fn after_a_restart_a_doubt_has_all_its_time_again() {
        let mut doubtful = change(Some("A"), Answer::Unclear, None, 0);
        let looks = Looks { not_told: 1, is_blind: true, ..Looks::none(NOW) };
        doubtful.phase = ChangePhase::InDoubt { since: NOW, no: None, looks };
        assert_eq!(step(vec![doubtful], 1, true), Step::Wait(NOW.plus(Duration::from_mins(5))));
    }

    #[test]
    fn the_next_order_is_not_waited_for_and_the_last_change_is() {
        let accepted = |id, seen, ago| change(Some(id), Answer::Understood, seen, ago);
        // The first is not cancelled yet; the second is begun all the same.
        let first = vec![accepted("A", Some(Observation::StillThere), 0)];
        assert!(is_begun(&step(first.clone(), 1, true), &ChangeKind::Preparation(order("B"))));
        // Nothing new is begun, but what was sent is seen through.
        assert_eq!(step(first, 1, false), Step::Wait(NOW.plus(Duration::from_secs(2))));
        let looks = |step: Step, id: &str| matches!(step, Step::Observe { kind, why: Why { in_doubt: false, .. } } if kind == ChangeKind::Preparation(order(id)));
        // What is due goes before what has to wait.
        let both = vec![
            accepted("A", Some(Observation::StillThere), 0),
            accepted("B", Some(Observation::StillThere), 60),
        ];
        assert!(looks(step(both, 1, true), "B"));
        // At the deadline it is looked at once more, and then given up.
        let late = vec![
            accepted("A", Some(Observation::StillThere), 900),
            accepted("B", Some(Observation::Gone), 0),
        ];
        assert!(looks(step(late.clone(), 1, true), "A"));
        let mut given_up = late;
        given_up[0].seen(Observation::StillThere, NOW);
        let Step::Settle(verdict) = step(given_up, 1, true) else { panic!("it is over") };
        assert_eq!(verdict.reasons, [Reason::OrderNotCancelled]);
        assert!(verdict.explanation.contains("900 s later"), "{}", verdict.explanation);
        assert!(
            verdict.explanation.ends_with("Before that, order B was cancelled."),
            "{}",
            verdict.explanation
        );
    }

    /// A subscription of which the plan says that it is to end with its term, whatever becomes of the others.
    fn subscription(id: &str) -> Preparation {
        Preparation::new(Effect::ScheduleCancellation, id.to_owned(), None)
    }

    /// Its change, before it was answered.
    fn schedule(id: &str) -> Change {
        first_try(Effect::ScheduleCancellation, Some(id), NOW)
    }

    fn scheduled(id: &str) -> Change {
        answered(schedule(id), Answer::Understood, Some(Observation::Gone), NOW)
    }

    /// Agreed to now, and not seen yet.
    fn agreed(id: &str) -> Change {
        answered(schedule(id), Answer::Understood, Some(Observation::StillThere), NOW)
    }

    fn refused(id: &str, status: u16) -> Change {
        answered_with(schedule(id), Answer::Refused, status, Some("7"))
    }

    /// Nobody knows what became of it, and looking at it once more is no use.
    fn lost(id: &str) -> Change {
        let mut change = answered(schedule(id), Answer::Unclear, None, NOW);
        (0..3).for_each(|_| change.seen(Observation::NotTold, NOW));
        change
    }

    fn did_not_happen(id: &str) -> Change {
        let mut change = answered(schedule(id), Answer::Unclear, None, NOW);
        change.phase = ChangePhase::DidNotHappen;
        change
    }

    /// A customer with two such subscriptions, after these changes.
    fn of_two(changes: Vec<Change>, left_out: &[Finding]) -> Row {
        let mut row = Row::new(1, None);
        row.first = [subscription("A"), subscription("B")].into();
        row.left_out = left_out.into();
        row.state = RowState::Changing(Box::new(Changing { changes, ..Changing::new(Outcome::Ready, NOW) }));
        row
    }

    fn each(changes: Vec<Change>, may_send: bool) -> Step {
        next(Procedure::CancelAtTermEnd, &of_two(changes, &[]), &policy(), NOW, may_send)
    }

    #[test]
    fn each_thing_is_done_by_itself_unless_one_before_it_is_on_its_way_or_in_doubt() {
        let begins =
            |changes, id: &str| is_begun(&each(changes, true), &ChangeKind::Preparation(subscription(id)));
        for one in [scheduled("A"), agreed("A"), refused("A", 400)] {
            assert!(begins(vec![one.clone()], "B"), "{one:?}");
        }
        // What was agreed to is waited for, and nothing else is done while an answer is.
        let soon = Step::Wait(NOW.plus(Duration::from_secs(2)));
        assert_eq!(each(vec![agreed("A"), scheduled("B")], true), soon);
        assert_eq!(each(vec![agreed("A"), schedule("B")], true), Step::Nothing);
        let doubtful = answered(schedule("A"), Answer::Unclear, None, NOW);
        assert_eq!(each(vec![doubtful], true), Step::Wait(NOW.plus(Duration::from_mins(5))));
        // When it is given up, so is what was not begun.
        let Step::Settle(verdict) = each(vec![lost("A")], true) else { panic!("it ends") };
        assert_eq!((verdict.outcome, &verdict.reasons[..]), (Outcome::Unknown, &[Reason::AnswerLost][..]));
    }

    #[test]
    fn a_run_that_is_stopping_sees_through_what_was_agreed_to_and_ends_nothing_that_waits() {
        for changes in [
            vec![scheduled("A")],
            vec![did_not_happen("A"), scheduled("B")],
            vec![scheduled("A"), did_not_happen("B")],
        ] {
            assert_eq!(each(changes.clone(), false), Step::Nothing, "{changes:?}");
        }
        let soon = Step::Wait(NOW.plus(Duration::from_secs(2)));
        assert_eq!(each(vec![did_not_happen("A"), agreed("B")], false), soon);
    }

    #[test]
    fn a_row_of_things_each_by_itself_ends_as_what_went_worst() {
        let left_out = [Finding::new(
            Reason::TermEndTooClose,
            vec![Cause { what: "subscription".to_owned(), id: None, name: None, detail: "ends".to_owned() }],
        )];
        let end = |changes: Vec<Change>, left_out: &[Finding]| {
            let row = of_two(changes, left_out);
            let Step::Settle(verdict) = next(Procedure::CancelAtTermEnd, &row, &policy(), NOW, true) else {
                panic!("it ends")
            };
            verdict
        };
        let done = end(vec![scheduled("A"), scheduled("B")], &[]);
        assert_eq!(
            (done.outcome, done.evidence, &done.reasons[..]),
            (Outcome::Done(Procedure::CancelAtTermEnd), Some(Evidence::Observed), &[][..])
        );
        // Somebody changed one meanwhile, and that is no failure by itself.
        let stale = |id: &str| refused(id, 412);
        let refused = |id: &str| refused(id, 400);
        let (no, changed) = (Reason::RefusedByService, Reason::ChangedSincePlan);
        for (changes, left_out, outcome, reasons) in [
            (vec![stale("A"), stale("B")], &[][..], Outcome::Skipped, &[changed][..]),
            (vec![stale("A"), stale("B")], &left_out, Outcome::Skipped, &[changed, Reason::TermEndTooClose]),
            (vec![stale("A"), scheduled("B")], &[], Outcome::Failed, &[changed]),
            (vec![scheduled("A"), scheduled("B")], &left_out, Outcome::Failed, &[Reason::TermEndTooClose]),
            (vec![refused("A"), refused("B")], &[], Outcome::Failed, &[no]),
            (vec![refused("A"), lost("B")], &[], Outcome::Unknown, &[no, Reason::AnswerLost]),
        ] {
            let verdict = end(changes.clone(), left_out);
            assert_eq!(
                (verdict.outcome, verdict.evidence, &verdict.reasons[..]),
                (outcome, None, reasons),
                "{changes:?}"
            );
            let told = &verdict.explanation;
            assert!(told.contains(&in_one_text(left_out)), "{told}");
            assert_eq!(told.contains(" Done: "), changes.iter().any(|one| one.phase == scheduled("B").phase));
            assert!(!told.contains("  ") && *told == told.trim(), "{told}");
        }
    }

    #[test]
    fn a_row_of_things_each_by_itself_that_nobody_goes_on_with_tells_what_was_done() {
        for (changes, outcome, begin, told) in [
            (vec![], Outcome::NotAttempted, "Not all of it was done.", ""),
            (
                vec![scheduled("A")],
                Outcome::NotAttempted,
                "Not all of it was done.",
                " So far: subscription A was scheduled to end with its term.",
            ),
            (
                vec![agreed("A")],
                Outcome::Unknown,
                "Whether all of it was done is not known.",
                " So far: the service agreed to schedule the end of subscription A, and it was not seen scheduled \
                 to end with its term.",
            ),
        ] {
            let verdict = given_up(&of_two(changes, &[]));
            assert_eq!(verdict.outcome, outcome);
            assert!(verdict.explanation.starts_with(begin), "{}", verdict.explanation);
            assert!(verdict.explanation.ends_with(told), "{}", verdict.explanation);
        }
    }
}
