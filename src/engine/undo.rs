//! What becomes of a row whose last change failed after something was suspended for its sake: nothing, until
//! somebody has decided whether that is taken back.

use super::{
    attempts::{self, Next},
    step::{Step, Which},
};
use crate::{
    domain::{Preparation, Time},
    record::{ChangePhase, Changing, Policy, Row, RowState, Settled},
};

/// What is next for a row that fell.
pub(super) fn next(row: &Row, changing: &Changing, policy: &Policy, now: Time) -> Step {
    match changing.undo {
        None => Step::Nothing,
        Some(false) => Step::Close,
        Some(true) => {
            let steps = changing.suspended(row.first()).map(|one| reactivate(one, changing, policy, now));
            // One after the other.
            steps.flatten().next().unwrap_or(Step::Close)
        }
    }
}

/// None when this one has come to its end.
fn reactivate(one: &Preparation, changing: &Changing, policy: &Policy, now: Time) -> Option<Step> {
    let which = Which::Undo(one.clone());
    let Some(change) = changing.reactivation(one) else {
        return Some(Step::Change { which, attempt: 1, request_id: None });
    };
    // Whatever stopped the run, this is not to be left half done.
    match attempts::next(change, policy, policy.settle(), now, true) {
        Next::Nothing => Some(Step::Nothing),
        Next::Wait(until) => Some(Step::Wait(until)),
        Next::Send(request_id) => Some(Step::Change { which, attempt: change.attempts + 1, request_id }),
        Next::Look { in_doubt } => Some(Step::Observe { which, in_doubt }),
        Next::Ended(_) => None,
    }
}

/// The end of a row that fell, with what became of what was suspended. None if it did not fall.
pub(super) fn closed(row: &Row) -> Option<Settled> {
    let RowState::Changing(changing) = &row.state else { return None };
    let fell = changing.fell.as_deref()?.clone();
    let told = changing.suspended(row.first()).map(|one| match changing.reactivation(one) {
        Some(change) if matches!(change.phase, ChangePhase::Gone { .. }) => format!("{one} was reactivated"),
        Some(change) => {
            format!(
                "{one} could not be reactivated, and is to be looked at ({})",
                change.exchange().described()
            )
        }
        None => format!("{one} stays suspended"),
    });
    let told: Vec<_> = told.collect();
    Some(Settled { explanation: format!("{} After that, {}.", fell.explanation, told.join(", ")), ..fell })
}
