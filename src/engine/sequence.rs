//! A customer's changes in their order: each preparation, and when all are seen done, the last change.
//!
//! At most one change is on its way at a time. What was accepted is waited for while the next is sent, so
//! that ten slow orders take no longer than one.

use super::{
    attempts::{self, End, Next},
    step::{Step, Verdict, Which},
    undo,
};
use crate::{
    domain::{Evidence, Outcome, Preparation, Reason, Time, is_taken_out},
    record::{Change, ChangePhase, Changing, Policy, Row, RowState},
};
use std::time::Duration;

/// How old the facts may be when a change is sent.
const FACTS_MAY_BE_OLD: Duration = Duration::from_mins(15);

/// What a procedure says of its preparations.
#[derive(Clone, Copy, Debug)]
pub(super) struct Preparing {
    /// How long one may take to be seen done, once it was accepted.
    pub(super) patience: Duration,
    /// How the row ends when one comes to another end than done.
    pub(super) failed: fn(&Preparation, &Change, End) -> Verdict,
}

/// What a procedure says of its last change.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    /// The outcome when it is done,
    pub(super) outcome: Outcome,
    /// and when there was nothing left to do.
    pub(super) already: Outcome,
    /// `removal`.
    pub(super) change: &'static str,
    /// `the relationship`.
    pub(super) thing: &'static str,
    /// What the service says when there is nothing to change any more.
    pub(super) none_left: &'static str,
}

/// What to do about a row that the confirmed plan calls ready. `may_send` is false when the run is
/// stopping: what was sent is still settled, and nothing new is changed; that waits for somebody to allow
/// it again.
pub(super) fn next(
    row: &Row,
    policy: &Policy,
    now: Time,
    may_send: bool,
    preparing: Preparing,
    words: Words,
) -> Step {
    let turn = Turn { first: row.first(), policy, now, may_send };
    match &row.state {
        RowState::Judged { verdict: Outcome::Ready, facts_at } => {
            let which = row.first().first().map_or(Which::Last, |one| Which::First(one.clone()));
            turn.begin(which, *facts_at)
        }
        RowState::Changing(changing) if changing.fell.is_some() => undo::next(row, changing, policy, now),
        RowState::Changing(changing) => turn
            .prepare(changing, preparing)
            .unwrap_or_else(|| turn.finish(changing, words))
            .explained(row.first(), changing),
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
pub(super) fn given_up(row: &Row) -> Verdict {
    let RowState::Changing(changing) = &row.state else { return Verdict::because(Reason::RunStopped, "") };
    let verdict = match changing.decisive() {
        Some(change) if change.phase == ChangePhase::DidNotHappen => attempts::did_not_happen(change),
        _ => Verdict::because(Reason::RunStopped, "The change was not carried out."),
    };
    verdict.after(row.first(), changing)
}

/// One look at one row.
#[derive(Clone, Copy, Debug)]
struct Turn<'a> {
    first: &'a [Preparation],
    policy: &'a Policy,
    now: Time,
    may_send: bool,
}

impl Turn<'_> {
    /// A change that was never sent is sent over fresh facts alone.
    fn begin(self, which: Which, facts_at: Time) -> Step {
        if !self.may_send {
            Step::Nothing
        } else if self.now.since(facts_at) > may_be_old(self.policy)
            && !is_taken_out("change-more-over-old-facts")
        {
            Step::LookAgain
        } else {
            Step::Change { which, attempt: 1, request_id: None }
        }
    }

    /// What is next before the last change; none when everything is seen done.
    fn prepare(self, changing: &Changing, preparing: Preparing) -> Option<Step> {
        let sent = || self.first.iter().filter_map(|one| Some((one, changing.of(one)?)));
        let step = |one: &Preparation, change: &Change| {
            let next = attempts::next(change, self.policy, preparing.patience, self.now, self.may_send);
            step(next, change, Which::First(one.clone()), |end| (preparing.failed)(one, change, end))
        };
        let is_enough = is_taken_out("delete-before-the-orders-are-seen-cancelled")
            || is_taken_out("remove-before-the-suspension-is-seen");
        let mut accepted = Vec::new();
        for (one, change) in sent() {
            match change.phase {
                ChangePhase::Gone { .. } => {}
                ChangePhase::Accepted { .. } if is_enough => {}
                ChangePhase::Accepted { .. } => accepted.push((one, change)),
                // The next is not begun before this one is settled.
                _ => return Some(step(one, change)),
            }
        }
        let unsent = self.first.iter().find(|one| changing.of(one).is_none());
        if let (Some(one), true) = (unsent, self.may_send) {
            return Some(self.begin(Which::First(one.clone()), changing.facts_at));
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
    fn finish(self, changing: &Changing, words: Words) -> Step {
        let Some(change) = changing.last() else { return self.begin(Which::Last, changing.facts_at) };
        let next = attempts::next(change, self.policy, self.policy.settle(), self.now, self.may_send);
        step(next, change, Which::Last, |end| ended(end, change, words))
    }
}

fn step(next: Next, change: &Change, which: Which, ended: impl FnOnce(End) -> Verdict) -> Step {
    match next {
        Next::Nothing => Step::Nothing,
        Next::Wait(until) => Step::Wait(until),
        Next::Send(request_id) => {
            let request_id = (!is_taken_out("repeat-under-a-new-request-id")).then_some(request_id);
            Step::Change { which, attempt: change.attempts + 1, request_id }
        }
        Next::Look(why) => Step::Observe { which, why },
        Next::Ended(end) => Step::Settle(ended(end)),
    }
}

/// How old the facts may be: a quarter of an hour, and the time that looking again takes at this pace,
/// lest it be looked at again without end.
pub(super) fn may_be_old(policy: &Policy) -> Duration {
    let one_round = Duration::from_mins(1) * policy.concurrency.saturating_mul(4) / policy.rate.max(1);
    FACTS_MAY_BE_OLD + one_round
}

/// How a row ends whose last change has come to its end.
fn ended(end: End, change: &Change, words: Words) -> Verdict {
    let Words { outcome, already, change: the_change, thing, none_left } = words;
    match end {
        End::Done { .. } if change.was_missing => Verdict {
            outcome: already,
            evidence: None,
            reason: None,
            explanation: format!(
                "When the {the_change} was sent, the service {none_left} any more ({}); a later read shows none either.",
                change.exchange().described()
            ),
        },
        End::Done { seen: true } if change.was_in_doubt && !change.was_accepted => {
            let lost = match change.status {
                None => "The answer was lost".to_owned(),
                Some(status) => format!("The answer (status {status}) did not tell"),
            };
            let text = format!("{lost}; a later read shows that {thing} is gone.");
            Verdict::gone(outcome, Evidence::Observed, text)
        }
        End::Done { seen: true } => {
            Verdict::gone(outcome, Evidence::Observed, format!("A later read shows that {thing} is gone."))
        }
        End::Done { seen: false } => Verdict::gone(
            outcome,
            Evidence::Accepted,
            format!(
                "An earlier try may have been carried out; when it was repeated, the service {none_left} any more."
            ),
        ),
        End::NotSeen { still_there: true, waited, .. } => Verdict::because(
            Reason::AnswerLost,
            format!(
                "The service accepted the {the_change}, but still shows {thing} {} s later.",
                waited.as_secs()
            ),
        ),
        End::NotSeen { clearly: true, .. } => Verdict::because(
            Reason::AnswerLost,
            format!(
                "The service answered that {thing} is gone, and no read that was to confirm it told anything."
            ),
        ),
        End::NotSeen { .. } => Verdict::because(
            Reason::AnswerLost,
            format!(
                "The service answered with success, but not that {thing} is gone, and no read that was to confirm it \
                 told anything."
            ),
        ),
        End::Refused(answer) => attempts::refused(answer, change),
        End::NotCarriedOut => attempts::not_carried_out(change),
        End::DidNotHappen => attempts::did_not_happen(change),
        End::Unknown => attempts::unknown(change),
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{attempts::Why, delete_sandbox_customer},
        *,
    };
    use crate::{
        domain::{Act, Answer, CorrelationId, Headers, RequestId},
        record::{Looks, Purpose, RequestIntended, Rules, Seen},
    };
    use uuid::Uuid;

    const NOW: Time = Time::from_millis(100_000_000);

    fn policy() -> Policy {
        let policy = serde_json::json!({ "rate": 300, "concurrency": 4, "settle_seconds": 300,
            "stop_after_failures": 3, "max_removals": 9, "max_share": 50, "order_timeout_seconds": 900 });
        serde_json::from_value(policy).unwrap()
    }

    fn order(id: &str) -> Preparation {
        Preparation { what: Act::CancelOrder, id: id.to_owned(), name: None }
    }

    /// A change that was answered, and seen done or not, so many seconds ago.
    fn change(about: Option<&str>, answer: Answer, seen: Option<Seen>, seconds_ago: u64) -> Change {
        let at = Time::from_millis(NOW.as_millis() - i64::try_from(seconds_ago * 1000).unwrap());
        let intended = RequestIntended {
            row: Some(1),
            customer: None,
            about: about.map(str::to_owned),
            purpose: if about.is_some() { Purpose::CancelOrder } else { Purpose::DeleteCustomer },
            attempt: 1,
            method: String::new(),
            url: String::new(),
            request_id: RequestId::new(Uuid::from_u128(1)),
            correlation_id: CorrelationId::new(Uuid::from_u128(2)),
            headers: Headers::default(),
            body: None,
        };
        let mut change = Change::first(&intended, 0, at);
        change.answered(answer, Rules::LATEST, at);
        if let Some(seen) = seen {
            change.seen(seen, at);
        }
        change
    }

    fn step(changes: Vec<Change>, facts_minutes_ago: i64, may_send: bool) -> Step {
        let facts_at = Time::from_millis(NOW.as_millis() - facts_minutes_ago * 60_000);
        let changing = Changing { changes: changes.into(), ..Changing::new(Outcome::Ready, facts_at) };
        let mut row = Row::new(1, None).after([order("A"), order("B")].into());
        row.state = RowState::Changing(Box::new(changing));
        delete_sandbox_customer::next(&row, &policy(), NOW, may_send)
    }

    fn is_begun(step: &Step, wanted: &Which) -> bool {
        matches!(step, Step::Change { which, attempt: 1, request_id: None } if which == wanted)
    }

    #[test]
    fn what_is_new_is_sent_over_fresh_facts_alone() {
        let done = |id| change(Some(id), Answer::Understood, Some(Seen::Gone), 5);
        let half = || vec![done("A")];
        let whole = || vec![done("A"), done("B")];
        assert!(is_begun(&step(half(), 14, true), &Which::First(order("B"))));
        assert!(is_begun(&step(whole(), 14, true), &Which::Last));
        for changes in [half(), whole()] {
            assert_eq!(step(changes.clone(), 20, true), Step::LookAgain);
            assert_eq!(step(changes, 1, false), Step::Nothing);
        }
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
        let first = vec![accepted("A", Some(Seen::StillThere), 0)];
        assert!(is_begun(&step(first.clone(), 1, true), &Which::First(order("B"))));
        // Nothing new is begun, but what was sent is seen through.
        assert_eq!(step(first, 1, false), Step::Wait(NOW.plus(Duration::from_secs(2))));
        let looks = |step: Step, id: &str| matches!(step, Step::Observe { which, why: Why { in_doubt: false, .. } } if which == Which::First(order(id)));
        // What is due goes before what has to wait.
        let both = vec![accepted("A", Some(Seen::StillThere), 0), accepted("B", Some(Seen::StillThere), 60)];
        assert!(looks(step(both, 1, true), "B"));
        // At the deadline it is looked at once more, and then given up.
        let late = vec![accepted("A", Some(Seen::StillThere), 900), accepted("B", Some(Seen::Gone), 0)];
        assert!(looks(step(late.clone(), 1, true), "A"));
        let mut given_up = late;
        given_up[0].seen(Seen::StillThere, NOW);
        let Step::Settle(verdict) = step(given_up, 1, true) else { panic!("it is over") };
        assert_eq!(verdict.reason, Some(Reason::OrderNotCancelled));
        assert!(verdict.explanation.contains("900 s later"), "{}", verdict.explanation);
        assert!(
            verdict.explanation.ends_with("Before that, order B was cancelled."),
            "{}",
            verdict.explanation
        );
    }
}
