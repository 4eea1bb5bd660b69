//! What becomes of a row whose last change failed after something was done for its sake that can be taken back: nothing, until
//! somebody has decided whether that is taken back.

use super::{
    attempts::{self, Next},
    step::{ChangeKind, Step},
};
use crate::{
    domain::{Preparation, Time},
    procedure::effects::unit,
    record::{Changing, Effects, Policy, Row, RowState, Settled},
};

/// What is next for a row that failed after a preparation.
pub(crate) fn next(row: &Row, changing: &Changing, policy: &Policy, now: Time) -> Step {
    match changing.undo {
        None => Step::Nothing,
        Some(false) => Step::Close,
        Some(true) => {
            let steps =
                changing.can_be_taken_back(&row.first).map(|one| take_back(one, changing, policy, now));
            // One after the other.
            steps.flatten().next().unwrap_or(Step::Close)
        }
    }
}

/// None when this one has come to its end.
fn take_back(one: &Preparation, changing: &Changing, policy: &Policy, now: Time) -> Option<Step> {
    let kind = ChangeKind::Reversal(one.clone(), one.what.reversal()?);
    let Some(change) = changing.reversal(one) else {
        return Some(Step::Change { kind, attempt: 1, request_id: None });
    };
    let patience = unit(kind.effect()).patience(policy);
    // Whatever stopped the run, this is not to be left half done.
    match attempts::next(change, policy, patience, now, true) {
        Next::Nothing => Some(Step::Nothing),
        Next::Wait(until) => Some(Step::Wait(until)),
        Next::Send(request_id) => {
            Some(Step::Change { kind, attempt: change.attempts + 1, request_id: Some(request_id) })
        }
        Next::Look(why) => Some(Step::Observe { kind, why }),
        Next::Ended(_) => None,
    }
}

/// The end of a row that failed after a preparation, with what became of what was done for it. None if it did not.
pub(crate) fn closed(row: &Row) -> Option<Settled> {
    let RowState::Changing(changing) = &row.state else { return None };
    let failed_after = changing.failed_after.as_deref()?.clone();
    let effects = Effects::of(&row.first, &changing.changes);
    let told = effects.told_before(true, None).unwrap_or_default();
    Some(Settled { explanation: format!("{} In the end, {told}.", failed_after.explanation), ..failed_after })
}

#[cfg(test)]
mod tests;
