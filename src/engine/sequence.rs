//! A customer's changes in their order: each preparation, and when all are seen done, the last change.
//!
//! At most one change is on its way at a time. What was accepted is waited for while the next is sent, so
//! that ten slow orders take no longer than one.

use super::{
    attempts::{self, End, Next},
    step::{Step, Verdict, Which},
};
use crate::{
    domain::{Evidence, Outcome, Preparation, Reason, Time},
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
    /// The outcome when it is done.
    pub(super) outcome: Outcome,
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
    let turn = Turn { first: &row.first, policy, now, may_send };
    match &row.state {
        RowState::Judged { verdict: Outcome::Ready, facts_at } => {
            let which = row.first.first().map_or(Which::Last, |one| Which::First(one.clone()));
            turn.begin(which, *facts_at)
        }
        RowState::Changing(changing) => turn
            .prepare(changing, preparing)
            .unwrap_or_else(|| turn.finish(changing, words))
            .explained(&row.first, changing),
        RowState::Unread(_) | RowState::Judged { .. } | RowState::Settled(_) => Step::Nothing,
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
    verdict.after(&row.first, changing)
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
        } else if self.now.since(facts_at) > may_be_old(self.policy) {
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
        let mut accepted = Vec::new();
        for (one, change) in sent() {
            match change.phase {
                ChangePhase::Gone { .. } => {}
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
        Next::Send(request_id) => Step::Change { which, attempt: change.attempts + 1, request_id },
        Next::Look { in_doubt } => Step::Observe { which, in_doubt },
        Next::Ended(end) => Step::Settle(ended(end)),
    }
}

/// How old the facts may be: a quarter of an hour, and the time that looking again takes at this pace,
/// lest it be looked at again without end.
fn may_be_old(policy: &Policy) -> Duration {
    let one_round = Duration::from_mins(1) * policy.concurrency.saturating_mul(4) / policy.rate.max(1);
    FACTS_MAY_BE_OLD + one_round
}

/// How a row ends whose last change has come to its end.
fn ended(end: End, change: &Change, words: Words) -> Verdict {
    let Words { outcome, change: the_change, thing, none_left } = words;
    match end {
        End::Done { seen: true } if change.was_in_doubt => Verdict::gone(
            outcome,
            Evidence::Observed,
            format!("The answer was lost; a later read shows that {thing} is gone."),
        ),
        End::Done { seen: true } => {
            Verdict::gone(outcome, Evidence::Observed, format!("A later read shows that {thing} is gone."))
        }
        End::Done { seen: false } => Verdict::gone(
            outcome,
            Evidence::Accepted,
            format!(
                "The answer to an earlier try was lost; when it was repeated, the service {none_left} any more."
            ),
        ),
        End::NotSeen { still_there: true, waited, .. } => Verdict::because(
            Reason::AnswerLost,
            format!(
                "The service accepted the {the_change}, but still shows {thing} {} s later.",
                waited.as_secs()
            ),
        ),
        End::NotSeen { clearly: true, .. } => Verdict::gone(
            outcome,
            Evidence::Accepted,
            format!("The service answered that {thing} is gone; the read that was to confirm it failed."),
        ),
        End::NotSeen { .. } => Verdict::because(
            Reason::AnswerLost,
            format!(
                "The service answered with success, but not that {thing} is gone, and the read that was to confirm it \
                 failed."
            ),
        ),
        End::Refused(answer) => attempts::refused(answer, change),
        End::NotCarriedOut => attempts::not_carried_out(change),
        End::DidNotHappen => attempts::did_not_happen(change),
        End::Unknown => attempts::unknown(change),
    }
}
