//! What becomes of one change, whatever it does: when it is sent again, when it is looked at, and when
//! nothing more can be known. Every procedure's changes go this way.

use super::{reading, settle::capitalised, step::Verdict};
use crate::{
    domain::{Answer, Reason, RequestId, Time},
    record::{Change, ChangePhase, Policy},
};
use std::time::Duration;

/// How often a change is repeated after a read has shown that it did not happen.
const MOST_REPEATS: u16 = 2;
/// How often a change is sent that the service keeps asking patience for; it waits at the gate.
const MOST_THROTTLED: u16 = 20;
/// How often a change is tried that cannot be sent.
const MOST_UNSENT: u16 = 5;
/// How often a look that told nothing is repeated.
const MOST_LOOKS: u16 = 3;

/// What is next for one change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing.
    Nothing,
    /// Nothing before this moment.
    Wait(Time),
    /// It is sent again, under this request ID if that is not used up.
    Send(Option<RequestId>),
    /// Look whether it is done.
    Look {
        /// Whether it is in doubt, rather than accepted.
        in_doubt: bool,
    },
    /// It has come to its end.
    Ended(End),
}

/// How a change ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It is done.
    Done {
        /// Whether a look showed it, rather than the service's answer to a change that was repeated.
        seen: bool,
    },
    /// The service said yes, and until the deadline nothing showed that it is done.
    NotSeen {
        /// Whether the answer itself said that it is done.
        clearly: bool,
        /// Whether it was seen that it is not done, rather than nothing.
        still_there: bool,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The service said no.
    Refused(Answer),
    /// It could not be sent, or was sent back too often.
    NotCarriedOut,
    /// It did not happen, however often it was sent.
    DidNotHappen,
    /// Nobody knows what became of it.
    Unknown,
}

/// What is next for a change. Once it is accepted, it has until `patience` is over to be seen done.
/// `may_send` is false when the run is stopping.
pub(super) fn next(change: &Change, policy: &Policy, patience: Duration, now: Time, may_send: bool) -> Next {
    let settle = policy.settle();
    match change.phase {
        ChangePhase::Open { .. } => Next::Nothing,
        ChangePhase::ToSend { answered, since } => {
            let pause = if answered { Duration::ZERO } else { unreachable_pause(change.unsent) };
            if !may_send {
                Next::Nothing
            } else if change.throttled >= MOST_THROTTLED || change.unsent >= MOST_UNSENT {
                Next::Ended(End::NotCarriedOut)
            } else if now < since.plus(pause) {
                Next::Wait(since.plus(pause))
            } else {
                // The identifier is used up by an answer, but not while an earlier attempt may come
                // back to life.
                let keep = !answered || change.was_in_doubt;
                Next::Send(keep.then_some(change.request_id))
            }
        }
        ChangePhase::Refused { answer } => Next::Ended(End::Refused(answer)),
        ChangePhase::Gone { seen } => Next::Ended(End::Done { seen }),
        ChangePhase::Accepted { clearly, since, still_seen, not_told, looked_at } => {
            let deadline = since.plus(patience);
            let looks = still_seen.saturating_add(not_told);
            let due = looked_at.plus(propagation_pause(looks)).min(deadline);
            if looks == 0 || (looked_at < deadline && now >= due) {
                Next::Look { in_doubt: false }
            } else if looked_at < deadline {
                Next::Wait(due)
            } else {
                let waited = looked_at.since(since);
                Next::Ended(End::NotSeen { clearly, still_there: still_seen > 0, waited })
            }
        }
        ChangePhase::InDoubt { since, not_told, looked_at } => {
            let due = if not_told == 0 { since.plus(settle) } else { looked_at.plus(between_looks(settle)) };
            if not_told >= MOST_LOOKS {
                Next::Ended(End::Unknown)
            } else if now < due {
                Next::Wait(due)
            } else {
                Next::Look { in_doubt: true }
            }
        }
        ChangePhase::DidNotHappen if change.repeats < MOST_REPEATS => {
            if may_send {
                Next::Send(Some(change.request_id))
            } else {
                Next::Nothing
            }
        }
        ChangePhase::DidNotHappen => Next::Ended(End::DidNotHappen),
    }
}

/// How a row ends whose change nobody could be made to carry out.
pub(super) fn not_carried_out(change: &Change) -> Verdict {
    let text = change.text().unwrap_or("no answer");
    let text = format!("The change was tried {} times and not carried out: {text}.", change.attempts);
    Verdict::because(Reason::ServiceUnavailable, text)
}

/// How a row ends whose change did not happen.
pub(super) fn did_not_happen(change: &Change) -> Verdict {
    let times = match change.attempts {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    };
    let text = format!("The change was sent {times}, and reading the customer shows that it did not happen.");
    Verdict::because(Reason::ServiceUnavailable, text)
}

/// How a row ends when nobody knows what became of its change.
pub(super) fn unknown(change: &Change) -> Verdict {
    let text = change.text().unwrap_or("no answer");
    let text = format!(
        "The change was sent and its answer is not known ({text}); reading the customer did not tell either."
    );
    Verdict::because(Reason::AnswerLost, text)
}

/// What the service's no means.
pub(super) fn refused(answer: Answer, change: &Change) -> Verdict {
    let reason = match answer {
        Answer::Denied => Reason::PermissionDenied,
        _ => reading::refused(&change.exchange()),
    };
    Verdict::because(reason, format!("{}.", capitalised(&change.exchange().described())))
}

fn unreachable_pause(attempts: u16) -> Duration {
    Duration::from_secs(1 << attempts.min(5))
}

/// Between one look that told nothing and the next.
fn between_looks(settle: Duration) -> Duration {
    (settle / 20).clamp(Duration::from_millis(500), Duration::from_secs(30))
}

/// Between the looks at what was accepted and does not show yet.
fn propagation_pause(looks: u16) -> Duration {
    Duration::from_secs(1 << looks.min(6))
}
