//! What becomes of one change, whatever it does: when it is sent again, when it is looked at, and when
//! nothing more can be known. Every procedure's changes go this way.

use crate::{
    domain::{RequestId, Time, is_taken_out},
    procedure::effects::End,
    record::{Change, ChangePhase, Looks, Policy},
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
pub(crate) enum Next {
    /// Nothing.
    Nothing,
    /// Nothing before this moment.
    Wait(Time),
    /// It is sent again, under the same request ID.
    Send(RequestId),
    /// Look whether it is done.
    Look(Why),
    /// It has come to its end.
    Ended(End),
}

/// Why it is looked whether a change is done, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Why {
    /// Whether it is in doubt, rather than accepted.
    pub(crate) in_doubt: bool,
    /// Whether the latest look told nothing, so that the next is at all customers.
    pub(crate) was_blind: bool,
}

/// What is next for a change. Once it is accepted, it has until `patience` is over to be seen done.
/// `may_send` is false when the run is stopping.
pub(crate) fn next(change: &Change, policy: &Policy, patience: Duration, now: Time, may_send: bool) -> Next {
    let is_exhausted = change.throttled >= MOST_THROTTLED || change.unsent >= MOST_UNSENT;
    match change.phase {
        ChangePhase::ToSend { answered, since, looks }
            if may_send && !is_exhausted && looks.not_told < MOST_LOOKS =>
        {
            let pause = if answered { Duration::ZERO } else { unreachable_pause(change.unsent) };
            if now < since.plus(pause) {
                Next::Wait(since.plus(pause))
            } else {
                Next::Send(change.request_id)
            }
        }
        // What was sent back may have been carried out all the same.
        ChangePhase::ToSend { since, looks, .. } if change.is_unproven => {
            settle_doubt(since.plus(policy.settle()), looks, policy, now)
        }
        ChangePhase::ToSend { .. } if may_send => Next::Ended(End::NotCarriedOut),
        ChangePhase::Open { .. } | ChangePhase::ToSend { .. } => Next::Nothing,
        ChangePhase::Refused { answer } => Next::Ended(End::Refused(answer)),
        ChangePhase::Gone { seen } => Next::Ended(End::Done { seen }),
        ChangePhase::Otherwise { reason } => Next::Ended(End::Otherwise(reason)),
        ChangePhase::Accepted { clearly, since, looks } => {
            let deadline = since.plus(patience);
            let due = looks.at.plus(propagation_pause(looks.count())).min(deadline);
            if looks.count() == 0 || (looks.at < deadline && now >= due) {
                Next::Look(Why { in_doubt: false, was_blind: looks.is_blind })
            } else if looks.at < deadline {
                Next::Wait(due)
            } else {
                let waited = looks.at.since(since);
                Next::Ended(End::NotSeen { clearly, still_there: looks.still_there > 0, waited })
            }
        }
        // After a no, it is not sent again; so what an earlier try may have begun has all its time.
        ChangePhase::InDoubt { since, no: Some(_), looks } => {
            settle_doubt(since.plus(policy.settle().max(patience)), looks, policy, now)
        }
        ChangePhase::InDoubt { since, no: None, looks } => {
            settle_doubt(since.plus(policy.settle()), looks, policy, now)
        }
        ChangePhase::DidNotHappen if change.repeats < MOST_REPEATS && !is_exhausted => {
            if may_send {
                Next::Send(change.request_id)
            } else {
                Next::Nothing
            }
        }
        ChangePhase::DidNotHappen => Next::Ended(End::DidNotHappen),
    }
}

/// What is next for a change of which nobody knows what became of it, and at which it is no use to look before `due`.
fn settle_doubt(due: Time, looks: Looks, policy: &Policy, now: Time) -> Next {
    let due = match looks.count() {
        0 if is_taken_out("look-before-the-settle-time") => now,
        0 => due,
        // After a restart the settle time begins again, whatever was looked at before.
        _ => due.max(looks.at.plus(between_looks(policy.settle()))),
    };
    if looks.not_told >= MOST_LOOKS {
        Next::Ended(End::Unknown)
    } else if now < due {
        Next::Wait(due)
    } else {
        Next::Look(Why { in_doubt: true, was_blind: looks.is_blind })
    }
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

#[cfg(test)]
mod tests;
