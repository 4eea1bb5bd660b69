//! How a row of the list can end, and how sure that is.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The one outcome of a row. A row that has none yet is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// This run removed the relationship.
    Removed,
    /// This run deleted the sandbox customer.
    Deleted,
    /// The relationship was gone before.
    AlreadyRemoved,
    /// The sandbox customer was gone before.
    AlreadyDeleted,
    /// A precondition or a guard said no.
    Skipped,
    /// The service said no, or could not be made to answer: the last change did not happen.
    Failed,
    /// A change was sent, and what became of it could not be found out.
    Unknown,
    /// The run stopped before its turn.
    NotAttempted,
    /// The row itself is not valid.
    Rejected,
    /// Only in a plan: nothing stands in the way.
    Ready,
}

impl Outcome {
    /// Every outcome, in the order in which reports show them.
    pub const ALL: [Self; 10] = [
        Self::Removed,
        Self::Deleted,
        Self::AlreadyRemoved,
        Self::AlreadyDeleted,
        Self::Ready,
        Self::Skipped,
        Self::Failed,
        Self::Unknown,
        Self::NotAttempted,
        Self::Rejected,
    ];

    /// The public name, for example `already_removed`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Deleted => "deleted",
            Self::AlreadyRemoved => "already_removed",
            Self::AlreadyDeleted => "already_deleted",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::NotAttempted => "not_attempted",
            Self::Rejected => "rejected",
            Self::Ready => "ready",
        }
    }

    /// The name as people read it, for example `already removed`.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::AlreadyRemoved => "already removed",
            Self::AlreadyDeleted => "already deleted",
            Self::NotAttempted => "not attempted",
            other => other.as_str(),
        }
    }

    /// Whether the relationship is known to be gone.
    pub const fn is_gone(self) -> bool {
        matches!(self, Self::Removed | Self::Deleted | Self::AlreadyRemoved | Self::AlreadyDeleted)
    }

    /// Whether the run itself has removed the relationship or deleted the customer.
    pub const fn is_by_the_run(self) -> bool {
        matches!(self, Self::Removed | Self::Deleted)
    }

    /// The outcome with this public name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == name)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How sure it is that a relationship was removed; each is stronger than the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The service answered so.
    Accepted,
    /// A later read no longer shows the relationship.
    Observed,
    /// Partner Center's own activity record says so too.
    Corroborated,
}

impl Evidence {
    /// The public name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Observed => "observed",
            Self::Corroborated => "corroborated",
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_names_are_the_names_in_json() {
        for outcome in Outcome::ALL {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
            assert_eq!(Outcome::from_name(outcome.as_str()), Some(outcome));
        }
    }
}
