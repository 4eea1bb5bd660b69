//! How a row of the list can end, and how sure that is.

use super::{Procedure, word::word};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The one outcome of a row. A row that has none yet is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// This run did what the procedure is for.
    Done(Procedure),
    /// It was so before.
    AlreadyDone(Procedure),
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
    /// The relationship is gone, and no run of ours ended it.
    pub const GONE_BEFORE: Self = Self::AlreadyDone(Procedure::RemoveRelationship);

    const COUNT: usize = 2 * Procedure::ALL.len() + 6;

    /// Every outcome, in the order in which reports show them.
    #[expect(clippy::indexing_slicing, reason = "in a constant, an index that is wrong does not compile")]
    pub const ALL: [Self; Self::COUNT] = {
        let others =
            [Self::Ready, Self::Skipped, Self::Failed, Self::Unknown, Self::NotAttempted, Self::Rejected];
        let (mut all, procedures) = ([Self::Ready; Self::COUNT], Procedure::ALL.len());
        let mut n = 0;
        while n < Self::COUNT {
            all[n] = if n < procedures {
                Self::Done(Procedure::ALL[n])
            } else if n < 2 * procedures {
                Self::AlreadyDone(Procedure::ALL[n - procedures])
            } else {
                others[n - 2 * procedures]
            };
            n += 1;
        }
        all
    };

    /// The public name, for example `already_removed`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done(procedure) => procedure.facts().done.name,
            Self::AlreadyDone(procedure) => procedure.facts().already.name,
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
            Self::Done(procedure) => procedure.facts().done.words,
            Self::AlreadyDone(procedure) => procedure.facts().already.words,
            Self::NotAttempted => "not attempted",
            other => other.as_str(),
        }
    }

    /// What it means where it is stored, in a sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done(procedure) => procedure.facts().done.stored,
            Self::AlreadyDone(procedure) => procedure.facts().already.stored,
            Self::Skipped => "A precondition or a guard said no.",
            Self::Failed => {
                "The service said no, or could not be made to answer: the last change did not happen."
            }
            Self::Unknown => "A change was sent, and what became of it could not be found out.",
            Self::NotAttempted => "The run stopped before its turn.",
            Self::Rejected => "The row itself is not valid.",
            Self::Ready => "Only in a plan: nothing stands in the way.",
        }
    }

    /// Whether what was asked for is so.
    pub const fn is_reached(self) -> bool {
        matches!(self, Self::Done(_) | Self::AlreadyDone(_))
    }

    /// Whether the relationship is known to be gone.
    pub const fn is_gone(self) -> bool {
        match self {
            Self::Done(procedure) | Self::AlreadyDone(procedure) => procedure.ends_relationship(),
            _ => false,
        }
    }

    /// Whether the run itself has done what was asked for.
    pub const fn is_by_the_run(self) -> bool {
        matches!(self, Self::Done(_))
    }
}

word!(Outcome, "outcome");

/// How sure it is that what was asked for happened; each is stronger than the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The service answered so.
    Accepted,
    /// A later read shows it.
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
        for (evidence, name) in [
            (Evidence::Accepted, "accepted"),
            (Evidence::Observed, "observed"),
            (Evidence::Corroborated, "corroborated"),
        ] {
            assert_eq!(serde_json::to_value(evidence).unwrap(), name);
            assert_eq!(evidence.to_string(), name);
        }
    }

    #[test]
    fn each_outcome_is_there_once_and_says_what_it_means() {
        let ends = |procedure: &Procedure| [Outcome::Done(*procedure), Outcome::AlreadyDone(*procedure)];
        let of_all = [Outcome::Ready, Outcome::Skipped, Outcome::Failed, Outcome::Unknown];
        let others = of_all.into_iter().chain([Outcome::NotAttempted, Outcome::Rejected]);
        for outcome in Procedure::ALL.iter().flat_map(ends).chain(others) {
            assert!(Outcome::ALL.contains(&outcome), "{outcome}");
        }
        for (at, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert!(outcome.meaning().ends_with('.'), "{outcome}");
            for other in &Outcome::ALL[..at] {
                assert_ne!(outcome.as_str(), other.as_str());
                assert_ne!(outcome.meaning(), other.meaning());
            }
            assert_eq!(outcome.in_words(), outcome.as_str().replace('_', " "));
        }
    }

    #[test]
    fn what_was_asked_for_is_so_after_the_two_good_ends_of_a_procedure_alone() {
        for outcome in Outcome::ALL {
            let is_done = matches!(outcome, Outcome::Done(_));
            let is_reached = is_done || matches!(outcome, Outcome::AlreadyDone(_));
            assert_eq!((outcome.is_by_the_run(), outcome.is_reached()), (is_done, is_reached), "{outcome}");
            let leaves_customer = matches!(
                outcome,
                Outcome::Done(procedure) | Outcome::AlreadyDone(procedure)
                    if procedure.facts().last.is_none()
            );
            assert_eq!(outcome.is_gone(), is_reached && !leaves_customer, "{outcome}");
        }
    }
}
