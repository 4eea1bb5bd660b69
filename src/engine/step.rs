//! What is done next for one row, and how it ends.

use crate::{
    domain::{Evidence, Outcome, Preparation, Reason, RequestId, Time},
    record::{ChangePhase, Changing},
};

/// The next step for one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Its facts are old: look again before anything more is changed.
    LookAgain,
    /// Send a change, under this request ID if it had one that is not used up.
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

/// One of a customer's changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// A preparation.
    First(Preparation),
    /// The last one, for which all is done.
    Last,
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
        let explanation = with_preparations(self.explanation, first, changing);
        Self { explanation, ..self }
    }
}

/// The explanation of a row's end, and what was done before it.
pub(super) fn with_preparations(explanation: String, first: &[Preparation], changing: &Changing) -> String {
    let decisive = changing.decisive();
    let told = first.iter().filter_map(|one| {
        let change = changing.of(one)?;
        match change.phase {
            ChangePhase::Gone { .. } => Some(format!("{one} was {}", one.what.done())),
            // Nobody waits for it any more.
            ChangePhase::Accepted { .. } if decisive != Some(change) => {
                Some(format!("the service agreed to {}", one.in_words()))
            }
            _ => None,
        }
    });
    let told: Vec<_> = told.collect();
    if told.is_empty() { explanation } else { format!("{explanation} Before that, {}.", told.join(", ")) }
}
