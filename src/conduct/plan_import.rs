//! What a run that carries a plan out takes over from the run that made it: the rows, then the decisions.

use super::disk::{blocking, in_chunks, unreadable};
use crate::{
    audit::Reader,
    domain::{Outcome, Reason, RunId},
    engine::{Engine, Halt},
    partner_center::transport::Transport,
    record::{Event, Kind, PlanSealed, Record, StopCause},
};
use std::path::{Path, PathBuf};
use tokio::sync::mpsc::Sender;

/// How many records are taken over together, at least.
const CHUNK: usize = 500;

/// The rows of the list, and the ends of those that could not be worked on.
pub(super) async fn rows<T: Transport>(engine: &Engine<T>, log: &Path) -> Result<(), Halt> {
    copy(engine, log, |event| match event {
        Event::RowRead(_) => true,
        Event::Settled(settled) => ended_on_reading(settled.outcome, &settled.reasons),
        _ => false,
    })
    .await
}

/// What was decided, and the seal of it.
pub(super) async fn decisions<T: Transport>(engine: &Engine<T>, log: &Path) -> Result<(), Halt> {
    engine.require_listing().await?;
    copy(engine, log, |event| match event {
        Event::Judged(_) => true,
        Event::Settled(settled) => {
            settled.outcome != Outcome::Ready && !ended_on_reading(settled.outcome, &settled.reasons)
        }
        _ => false,
    })
    .await?;
    let (log, plan_of) = (log.to_owned(), plan_of(engine)?);
    let plan = blocking(move || sealed_plan(&log, &plan_of)).await?;
    engine.seal_adopted(plan).await
}

fn ended_on_reading(outcome: Outcome, reasons: &[Reason]) -> bool {
    outcome == Outcome::Rejected || reasons == [Reason::DuplicateRow]
}

fn plan_of<T: Transport>(engine: &Engine<T>) -> Result<RunId, Halt> {
    let text = "the run carries out no plan of another";
    engine
        .with_run(|run| run.opened.applies.as_ref().map(|applies| applies.run.clone()))
        .ok_or_else(|| Halt::Stop { cause: StopCause::Bug, text: text.to_owned() })
}

fn sealed_plan(log: &Path, run: &RunId) -> Result<PlanSealed, Halt> {
    let sealed = Reader::open(log).and_then(|reader| reader.events(run, &[Kind::PlanSealed]));
    let plan = sealed.map_err(unreadable)?.into_iter().find_map(|(_, record)| match record.event {
        Event::PlanSealed(plan) => Some(plan),
        _ => None,
    });
    plan.ok_or_else(|| Halt::Unread(format!("the plan of run {run} is not in the audit log any more")))
}

/// Takes the records over that are picked, some at a time. A decision and the end that follows from it
/// stay together.
async fn copy<T: Transport>(engine: &Engine<T>, log: &Path, pick: fn(&Event) -> bool) -> Result<(), Halt> {
    let (log, plan_of): (PathBuf, RunId) = (log.to_owned(), plan_of(engine)?);
    let read = move |chunks: Sender<Vec<Event>>| {
        let mut chunk = Vec::with_capacity(CHUNK);
        let each = |_, record: Record| {
            let begins_anew = matches!(record.event, Event::Judged(_) | Event::RowRead(_));
            if begins_anew && chunk.len() >= CHUNK {
                // If nobody takes it, the run has stopped, and says why.
                drop(chunks.blocking_send(std::mem::take(&mut chunk)));
            }
            if pick(&record.event) {
                chunk.push(record.event);
            }
            Ok(())
        };
        Reader::open(&log).and_then(|reader| reader.records(&plan_of, each)).map_err(unreadable)?;
        drop(chunks.blocking_send(chunk));
        Ok(())
    };
    in_chunks(read, async |chunk| engine.adopt(chunk).await).await
}
