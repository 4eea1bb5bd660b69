//! What becomes of one customer, as a pure function over what its records add up to.

use super::{reading, settle::capitalised};
use crate::{
    domain::{Answer, Evidence, Outcome, Reason, RequestId, Time},
    record::{Change, ChangePhase, Policy, RowState},
};
use std::time::Duration;

/// How old the facts may be when a change is sent.
const FACTS_MAY_BE_OLD: Duration = Duration::from_mins(15);
/// How often a change is repeated after a read has shown that it did not happen.
const MOST_REPEATS: u32 = 2;
/// How often a change is sent that the service keeps asking patience for; it waits at the gate.
const MOST_THROTTLED: u32 = 20;
/// How often a change is tried that cannot be sent.
const MOST_UNSENT: u32 = 5;
/// How often a look that told nothing is repeated.
const MOST_LOOKS: u32 = 3;

/// The next step for one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Its facts are old: look again before anything is changed.
    LookAgain,
    /// Send the change, under this request ID if it had one that is not used up.
    Change {
        /// 1 for the first.
        attempt: u32,
        /// The identifier to keep.
        request_id: Option<RequestId>,
    },
    /// Look whether the relationship is gone.
    Observe {
        /// Whether the change is in doubt, rather than accepted.
        in_doubt: bool,
    },
    /// Nothing before this moment.
    Wait(Time),
    /// This is how it ends.
    Settle(Verdict),
    /// It has ended, or it is not this procedure's turn.
    Nothing,
}

/// How a row ends after a change was sent, or would have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) outcome: Outcome,
    pub(super) evidence: Option<Evidence>,
    pub(super) reason: Option<Reason>,
    pub(super) explanation: String,
}

impl Verdict {
    fn gone(evidence: Evidence, explanation: &str) -> Self {
        Self {
            outcome: Outcome::Removed,
            evidence: Some(evidence),
            reason: None,
            explanation: explanation.to_owned(),
        }
    }

    fn because(reason: Reason, explanation: impl AsRef<str>) -> Self {
        Self {
            outcome: reason.outcome(),
            evidence: None,
            reason: Some(reason),
            explanation: format!("{} {}", explanation.as_ref(), reason.advice()).trim().to_owned(),
        }
    }
}

/// What to do about a row that the confirmed plan calls ready. `may_send` is false when the run is
/// stopping: what was sent is still settled, and nothing new is changed; that waits for somebody to allow
/// it again.
pub(super) fn next(state: &RowState, policy: &Policy, now: Time, may_send: bool) -> Step {
    match state {
        RowState::Judged { verdict: Outcome::Ready, facts_at } => {
            if !may_send {
                Step::Nothing
            } else if now.since(*facts_at) > may_be_old(policy) {
                Step::LookAgain
            } else {
                Step::Change { attempt: 1, request_id: None }
            }
        }
        RowState::Changing(change) => after(change, policy, now, may_send),
        RowState::Unread(_) | RowState::Judged { .. } | RowState::Settled(_) => Step::Nothing,
    }
}

fn after(change: &Change, policy: &Policy, now: Time, may_send: bool) -> Step {
    let settle = policy.settle();
    let attempt = change.attempts + 1;
    match change.phase {
        ChangePhase::Open { .. } => Step::Nothing,
        ChangePhase::ToSend { answered, since } => {
            let pause = if answered { Duration::ZERO } else { unreachable_pause(change.unsent) };
            if !may_send {
                Step::Nothing
            } else if change.throttled >= MOST_THROTTLED || change.unsent >= MOST_UNSENT {
                let text = change.exchange.text.as_deref().unwrap_or("no answer");
                Step::Settle(Verdict::because(
                    Reason::ServiceUnavailable,
                    format!("The change was tried {} times and not carried out: {text}.", change.attempts),
                ))
            } else if now < since.plus(pause) {
                Step::Wait(since.plus(pause))
            } else {
                // The identifier is used up by an answer, but not while an earlier attempt may come
                // back to life.
                let keep = !answered || change.was_in_doubt;
                Step::Change { attempt, request_id: keep.then_some(change.request_id) }
            }
        }
        ChangePhase::Refused { answer } => Step::Settle(refused(answer, change)),
        ChangePhase::Gone { seen: true } if change.was_in_doubt => Step::Settle(Verdict::gone(
            Evidence::Observed,
            "The answer was lost; a later read shows that the relationship is gone.",
        )),
        ChangePhase::Gone { seen: true } => Step::Settle(Verdict::gone(
            Evidence::Observed,
            "A later read shows that the relationship is gone.",
        )),
        ChangePhase::Gone { seen: false } => Step::Settle(Verdict::gone(
            Evidence::Accepted,
            "The answer to an earlier try was lost; when it was repeated, the service knew no relationship any more.",
        )),
        ChangePhase::Accepted { clearly, since, still_seen, not_told, looked_at } => {
            let deadline = since.plus(settle);
            let looks = still_seen + not_told;
            let due = looked_at.plus(propagation_pause(looks)).min(deadline);
            if looks == 0 || (looked_at < deadline && now >= due) {
                Step::Observe { in_doubt: false }
            } else if looked_at < deadline {
                Step::Wait(due)
            } else if still_seen > 0 {
                let waited = looked_at.since(since).as_secs();
                let text = format!(
                    "The service accepted the removal, but still shows the relationship {waited} s later."
                );
                Step::Settle(Verdict::because(Reason::AnswerLost, text))
            } else {
                Step::Settle(accepted_but_not_seen(clearly))
            }
        }
        ChangePhase::InDoubt { since, not_told, looked_at } => {
            let due = if not_told == 0 { since.plus(settle) } else { looked_at.plus(between_looks(settle)) };
            if not_told >= MOST_LOOKS {
                let text = change.exchange.text.as_deref().unwrap_or("no answer");
                let text = format!(
                    "The change was sent and its answer is not known ({text}); reading the customer did not tell either."
                );
                Step::Settle(Verdict::because(Reason::AnswerLost, text))
            } else if now < due {
                Step::Wait(due)
            } else {
                Step::Observe { in_doubt: true }
            }
        }
        ChangePhase::DidNotHappen if change.repeats < MOST_REPEATS => {
            if may_send {
                Step::Change { attempt, request_id: Some(change.request_id) }
            } else {
                Step::Nothing
            }
        }
        ChangePhase::DidNotHappen => Step::Settle(did_not_happen(change)),
    }
}

/// How a row ends that nobody goes on with. What was sent for it is known by then.
pub(super) fn given_up(state: &RowState) -> Verdict {
    match state {
        RowState::Changing(change) if change.phase == ChangePhase::DidNotHappen => did_not_happen(change),
        RowState::Changing(_) => Verdict::because(Reason::RunStopped, "The change was not carried out."),
        _ => Verdict::because(Reason::RunStopped, ""),
    }
}

fn did_not_happen(change: &Change) -> Verdict {
    let times = match change.attempts {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    };
    let text = format!("The change was sent {times}, and reading the customer shows that it did not happen.");
    Verdict::because(Reason::ServiceUnavailable, text)
}

/// How old the facts may be: a quarter of an hour, and the time that looking again takes at this pace,
/// lest it be looked at again without end.
fn may_be_old(policy: &Policy) -> Duration {
    let one_round = Duration::from_mins(1) * policy.concurrency.saturating_mul(4) / policy.rate.max(1);
    FACTS_MAY_BE_OLD + one_round
}

/// What the service's no means.
fn refused(answer: Answer, change: &Change) -> Verdict {
    let reason = match answer {
        Answer::Denied => Reason::PermissionDenied,
        _ => reading::refused(&change.exchange),
    };
    Verdict::because(reason, format!("{}.", capitalised(&change.exchange.described())))
}

/// The service said yes, and the look that was to confirm it told nothing.
fn accepted_but_not_seen(clearly: bool) -> Verdict {
    if clearly {
        let text =
            "The service answered that the relationship is gone; the read that was to confirm it failed.";
        Verdict::gone(Evidence::Accepted, text)
    } else {
        let text = "The service answered with success, but not that the relationship is gone, and the read that was \
                    to confirm it failed.";
        Verdict::because(Reason::AnswerLost, text)
    }
}

fn unreachable_pause(attempts: u32) -> Duration {
    Duration::from_secs(1 << attempts.min(5))
}

/// Between one look that told nothing and the next.
fn between_looks(settle: Duration) -> Duration {
    (settle / 20).clamp(Duration::from_millis(500), Duration::from_secs(30))
}

/// Between the looks at a customer that is still shown although its removal was accepted.
fn propagation_pause(still_seen: u32) -> Duration {
    Duration::from_secs(1 << still_seen.min(6))
}
