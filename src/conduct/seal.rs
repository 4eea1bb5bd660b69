//! What is recorded of how a run ended: its seal, or why it was left.

use super::{
    ending::{RunEnding, exit_of, is_given_up},
    operator::Operator,
};
use crate::{
    domain::Exit,
    engine::{Engine, Halt, WorkEnd},
    partner_center::transport::Transport,
    record::{Run, Stage, StopCause},
};

/// Records how the work ended.
pub(super) async fn record<T: Transport>(
    engine: &Engine<T>,
    operator: &impl Operator,
    worked: Result<WorkEnd, Halt>,
    is_new: bool,
) -> Result<RunEnding, Halt> {
    match worked {
        Ok(WorkEnd::Complete) => {
            if let Some(text) = engine.with_run(|run| operator.undecided(run)) {
                engine.leave(StopCause::NotConfirmed, &text).await?;
                return Ok(RunEnding::Undecided(text));
            }
            let exit = engine.with_run(exit_of_complete);
            engine.seal(exit.code()).await?;
            Ok(RunEnding::Complete(exit))
        }
        Ok(WorkEnd::StoppedByGuard(text)) => {
            // The stop is on record already. It can be gone on with once somebody has looked, unless nothing is
            // left, or nobody can.
            let is_over =
                engine.with_run(|run| !operator.can_resume(run) || run.settled() == run.opened.input.rows);
            if is_over {
                engine.give_up().await?;
                engine.seal(Exit::Guard.code()).await?;
            }
            Ok(RunEnding::StoppedByGuard { text, is_over })
        }
        Err(Halt::Stop { cause, text }) => {
            let was_confirmed = engine.with_run(|run| run.stage >= Stage::Confirmed);
            engine.leave(cause, &text).await?;
            if !is_given_up(cause, was_confirmed, is_new) {
                return Ok(RunEnding::Left { cause, text });
            }
            engine.give_up().await?;
            engine.seal(exit_of(cause).code()).await?;
            Ok(RunEnding::GivenUp { cause, text, was_confirmed })
        }
        Err(halt) => Err(halt),
    }
}

/// What a run that came to its end says of itself.
fn exit_of_complete(run: &Run) -> Exit {
    let all_gone = run.counts.keys().all(|outcome| outcome.is_reached());
    if !run.opened.changes || all_gone { Exit::Done } else { Exit::Unfinished }
}
