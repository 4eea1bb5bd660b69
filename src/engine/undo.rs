//! What becomes of a row whose last change failed after something was suspended for its sake: nothing, until
//! somebody has decided whether that is taken back.

use super::{
    attempts::{self, Next},
    step::{Step, Which},
};
use crate::{
    domain::{Preparation, Time},
    record::{Changing, Effects, Policy, Row, RowState, Settled},
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
        Next::Send(request_id) => {
            Some(Step::Change { which, attempt: change.attempts + 1, request_id: Some(request_id) })
        }
        Next::Look(why) => Some(Step::Observe { which, why }),
        Next::Ended(_) => None,
    }
}

/// The end of a row that fell, with what became of what was suspended. None if it did not fall.
pub(super) fn closed(row: &Row) -> Option<Settled> {
    let RowState::Changing(changing) = &row.state else { return None };
    let fell = changing.fell.as_deref()?.clone();
    let effects = Effects::of(row.first(), &changing.changes);
    let told = effects.told_before(true, None).unwrap_or_default();
    Some(Settled { explanation: format!("{} In the end, {told}.", fell.explanation), ..fell })
}
