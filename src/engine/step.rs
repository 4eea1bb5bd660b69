//! What is done next for one row, and how it ends.

use super::attempts::Why;
use crate::{
    domain::{Evidence, Outcome, Preparation, Reason, RequestId, Time, is_taken_out},
    record::{Change, Changing, Effects},
};

/// The next step for one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Its facts are old: look again before anything more is changed.
    LookAgain,
    /// Send a change, under this request ID if it was sent before.
    Change {
        /// Which.
        which: Which,
        /// 1 for the first.
        attempt: u32,
        /// The identifier to keep.
        request_id: Option<RequestId>,
    },
    /// Look whether a change is done.
    Observe {
        /// Which.
        which: Which,
        /// Why, and how.
        why: Why,
    },
    /// Nothing before this moment.
    Wait(Time),
    /// This is how it ends.
    Settle(Verdict),
    /// It ends as it fell.
    Close,
    /// It has ended, or it is not this procedure's turn.
    Nothing,
}

/// One of a customer's changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// A preparation.
    First(Preparation),
    /// The last one, for which all is done.
    Last,
    /// The one that takes a preparation back.
    Undo(Preparation),
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
    pub(super) fn gone(outcome: Outcome, evidence: Evidence, explanation: impl Into<String>) -> Self {
        Self { outcome, evidence: Some(evidence), reason: None, explanation: explanation.into() }
    }

    pub(super) fn because(reason: Reason, explanation: impl AsRef<str>) -> Self {
        Self {
            outcome: reason.outcome(),
            evidence: None,
            reason: Some(reason),
            explanation: format!("{} {}", explanation.as_ref(), reason.advice()).trim().to_owned(),
        }
    }

    /// The same, and what was changed before, which nobody undoes.
    #[must_use]
    pub(super) fn after(self, first: &[Preparation], changing: &Changing) -> Self {
        let explanation = with_preparations(self.explanation, first, changing, changing.decisive());
        Self { explanation, ..self }
    }
}

/// The explanation of a row's end, and what was done before it, or may have been, but for what the explanation tells
/// itself.
pub(super) fn with_preparations(
    explanation: String,
    first: &[Preparation],
    changing: &Changing,
    told: Option<&Change>,
) -> String {
    let effects = Effects::of(first, &changing.changes);
    match effects.told_before(false, told).filter(|_| !is_taken_out("what-came-before-is-not-told")) {
        Some(told) => format!("{explanation} Before that, {told}."),
        None => explanation,
    }
}
