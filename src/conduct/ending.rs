//! How a run ends: what is recorded of it, and the exit code. All from one table.

use super::operator::Operator;
use crate::{
    domain::Exit,
    engine::{Ended, Engine, Halt},
    partner_center::transport::Transport,
    record::{Run, Stage, StopCause},
};

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
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

impl Ending {
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
const fn is_given_up(cause: StopCause, is_confirmed: bool, is_new: bool) -> bool {
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

/// Records how the work ended.
pub(super) async fn record<T: Transport>(
    engine: &Engine<T>,
    operator: &impl Operator,
    worked: Result<Ended, Halt>,
    is_new: bool,
) -> Result<Ending, Halt> {
    match worked {
        Ok(Ended::Complete) => {
            if let Some(text) = engine.with_run(|run| operator.undecided(run)) {
                engine.leave(StopCause::NotConfirmed, &text).await?;
                return Ok(Ending::Undecided(text));
            }
            let exit = engine.with_run(exit_of_complete);
            engine.seal(exit.code()).await?;
            Ok(Ending::Complete(exit))
        }
        Ok(Ended::StoppedByGuard(text)) => {
            // The stop is on record already. It can be gone on with once somebody has looked, unless nothing is
            // left, or nobody can.
            let is_over =
                engine.with_run(|run| !operator.can_resume(run) || run.settled() == run.opened.input.rows);
            if is_over {
                engine.give_up().await?;
                engine.seal(Exit::Guard.code()).await?;
            }
            Ok(Ending::StoppedByGuard { text, is_over })
        }
        Err(Halt::Stop { cause, text }) => {
            let was_confirmed = engine.with_run(|run| run.stage >= Stage::Confirmed);
            engine.leave(cause, &text).await?;
            if !is_given_up(cause, was_confirmed, is_new) {
                return Ok(Ending::Left { cause, text });
            }
            engine.give_up().await?;
            engine.seal(exit_of(cause).code()).await?;
            Ok(Ending::GivenUp { cause, text, was_confirmed })
        }
        Err(halt) => Err(halt),
    }
}

/// What a run that came to its end says of itself.
fn exit_of_complete(run: &Run) -> Exit {
    let all_gone = run.counts.keys().all(|outcome| outcome.is_reached());
    if !run.opened.changes || all_gone { Exit::Done } else { Exit::Unfinished }
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
