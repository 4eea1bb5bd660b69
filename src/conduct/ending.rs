//! How a run ends, what becomes of it, and the exit code.

use crate::{domain::Exit, record::StopCause};

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEnding {
    /// Every row has its outcome.
    Complete(Exit),
    /// All is done but that somebody decides what becomes of what was prepared for nothing. In words.
    Undecided(String),
    /// A guard stopped the changes.
    StoppedByGuard {
        /// Which one, and why.
        text: String,
        /// What was not begun is given up; else it can be gone on with.
        is_over: bool,
    },
    /// It was refused, or somebody declined: what was not begun is given up.
    GivenUp {
        /// Why.
        cause: StopCause,
        /// Why, in words.
        text: String,
        /// Whether there can have been changes before.
        was_confirmed: bool,
    },
    /// It was stopped, and can be gone on with.
    Left {
        /// Why.
        cause: StopCause,
        /// Why, in words.
        text: String,
    },
}

impl RunEnding {
    /// How the program ends because of it.
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Complete(exit) => *exit,
            Self::Undecided(_) => Exit::Unfinished,
            Self::StoppedByGuard { .. } => Exit::Guard,
            Self::GivenUp { cause, .. } | Self::Left { cause, .. } => exit_of(*cause),
        }
    }

    /// Whether the run is sealed; else it can be gone on with.
    pub const fn is_over(&self) -> bool {
        match self {
            Self::Complete(_) | Self::GivenUp { .. } => true,
            Self::StoppedByGuard { is_over, .. } => *is_over,
            Self::Undecided(_) | Self::Left { .. } => false,
        }
    }
}

/// How the program ends when a run stopped for this cause.
pub const fn exit_of(cause: StopCause) -> Exit {
    match cause {
        StopCause::Interrupted => Exit::Interrupted,
        StopCause::SignIn => Exit::SignIn,
        StopCause::Guard
        | StopCause::StopFile
        | StopCause::NotConfirmed
        | StopCause::WrongAccount
        | StopCause::Service => Exit::Guard,
        StopCause::DiskFull => Exit::AuditLog,
        StopCause::Bug => Exit::Bug,
    }
}

/// Whether a run is over that stopped for this cause: one that is refused before anybody confirmed it is.
/// Everything else can be gone on with; and so can a run that another process began, when only today's account
/// is the wrong one.
pub(super) const fn is_given_up(cause: StopCause, is_confirmed: bool, is_new: bool) -> bool {
    match cause {
        StopCause::Guard => !is_confirmed,
        // Whoever declines gives the run up; that is also the way to be rid of one.
        StopCause::NotConfirmed => true,
        StopCause::WrongAccount => is_new,
        StopCause::Interrupted
        | StopCause::SignIn
        | StopCause::Service
        | StopCause::DiskFull
        | StopCause::StopFile
        | StopCause::Bug => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_refusal_before_the_confirmation_ends_a_run_for_good() {
        let all = [
            StopCause::Interrupted,
            StopCause::Guard,
            StopCause::NotConfirmed,
            StopCause::WrongAccount,
            StopCause::SignIn,
            StopCause::Service,
            StopCause::DiskFull,
            StopCause::StopFile,
            StopCause::Bug,
        ];
        for cause in all {
            for is_new in [true, false] {
                let refused = match cause {
                    StopCause::Guard | StopCause::NotConfirmed => true,
                    StopCause::WrongAccount => is_new,
                    _ => false,
                };
                assert_eq!(is_given_up(cause, false, is_new), refused, "{cause:?} {is_new}");
            }
            let declined = cause == StopCause::NotConfirmed;
            assert_eq!(is_given_up(cause, true, false), declined, "{cause:?}");
        }
    }
}
