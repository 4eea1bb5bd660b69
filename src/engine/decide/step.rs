//! What is done next for one row, and how it ends.

use super::attempts::Why;
use crate::{
    domain::{Effect, Preparation, RequestId, Time},
    procedure::effects::RowVerdict,
};

/// The next step for one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Its facts are old: look again before anything more is changed.
    Rejudge,
    /// Send a change, under this request ID if it was sent before.
    Change {
        /// Which.
        kind: ChangeKind,
        /// 1 for the first.
        attempt: u32,
        /// The identifier to keep.
        request_id: Option<RequestId>,
    },
    /// Look whether a change is done.
    Observe {
        /// Which.
        kind: ChangeKind,
        /// Why, and how.
        why: Why,
    },
    /// Nothing before this moment.
    Wait(Time),
    /// This is how it ends.
    Settle(RowVerdict),
    /// It ends as its failure was recorded.
    Close,
    /// It has ended, or it is not this procedure's turn.
    Nothing,
}

/// One of a customer's changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    /// A preparation.
    Preparation(Preparation),
    /// The last one, for which all is done.
    Final(Effect),
    /// The one that takes a preparation back.
    Reversal(Preparation, Effect),
}

impl ChangeKind {
    /// What it does.
    pub(crate) const fn effect(&self) -> Effect {
        match self {
            Self::Preparation(one) => one.what,
            Self::Final(effect) | Self::Reversal(_, effect) => *effect,
        }
    }

    /// What it is done to, if that is not the customer itself.
    pub(crate) const fn about(&self) -> Option<&Preparation> {
        match self {
            Self::Preparation(one) | Self::Reversal(one, _) => Some(one),
            Self::Final(_) => None,
        }
    }
}
