//! A run as it is reported: its stories, told once, in the order of the list.

use super::{
    ReportError,
    rows::{ReportedRow, Tally},
    traffic::Traffic,
};
use crate::{
    audit::{Listener, Reader, RunLine},
    domain::is_taken_out,
    record::{CustomerStory, RunState, RunStory},
};

/// A run as a whole; the rows are told one by one.
#[derive(Debug)]
pub(super) struct ReportedRun {
    pub(super) run: RunStory,
    /// How far it is.
    pub(super) state: RunState,
    /// What was sent, and how fast.
    pub(super) traffic: Traffic,
    /// The first signed head of the log that covers the end of the run.
    pub(super) checkpoint: Option<String>,
}

/// Whoever makes something of a run that is told.
pub(super) trait Teller {
    /// What is made of the rows.
    type Made;

    /// Begins, when the run as a whole is known.
    fn begin(&self, told: &ReportedRun) -> Result<Self::Made, ReportError>;

    /// Takes the next row.
    fn row(made: &mut Self::Made, told: &ReportedRun, row: &ReportedRow) -> Result<(), ReportError>;
}

/// Tells a run to `teller`, and adds its rows up; they must be those that the run began with.
pub(super) fn tell<T: Teller>(
    reader: &Reader,
    line: &RunLine,
    teller: &T,
) -> Result<(ReportedRun, Tally, T::Made), ReportError> {
    let mut telling =
        Telling { reader, line, teller, begun: None, tally: Tally::default(), told_requests: 0 };
    let newer = || ReportError::Newer(line.run_id.clone());
    reader.tell(&line.run_id, &mut telling)?;
    let Telling { begun, tally, told_requests, .. } = telling;
    let (mut told, made) = begun.ok_or_else(newer)?;
    told.traffic.end();
    check(&tally, &told.run)?;
    let total = told.traffic.sent.requests;
    if told_requests != total && !is_taken_out("a-report-without-some-requests") {
        return Err(ReportError::RequestsMissing { total, told: told_requests });
    }
    Ok((told, tally, made))
}

/// Whether the rows are those that the run began with, and ended as its end says. Where something is not understood,
/// nobody can tell.
fn check(tally: &Tally, run: &RunStory) -> Result<(), ReportError> {
    if tally.newer > 0 {
        return Ok(());
    }
    let rows = run.opened.input.rows;
    let sealed = run.sealed.as_ref().map(|(.., sealed)| sealed);
    let open = if sealed.is_some() { tally.provisional } else { 0 };
    let counted = tally.counts.values().sum::<u32>() - open;
    if counted != rows || tally.totals.rows != rows {
        return Err(ReportError::DoesNotAddUp { rows, counted });
    }
    match sealed {
        Some(sealed) if sealed.counts != tally.totals.settled => Err(ReportError::NotAsSealed),
        _ => Ok(()),
    }
}

struct Telling<'a, T: Teller> {
    reader: &'a Reader,
    line: &'a RunLine,
    teller: &'a T,
    begun: Option<(ReportedRun, T::Made)>,
    tally: Tally,
    /// Requests that stand with a row of the list, or with none.
    told_requests: u64,
}

impl<T: Teller> Listener<ReportError> for Telling<'_, T> {
    fn run(&mut self, run: RunStory) -> Result<(), ReportError> {
        let traffic = Traffic::of(self.reader, &run)?;
        let checkpoint = match &run.sealed {
            Some((seq, ..)) => self.reader.head_over(*seq)?,
            None => None,
        };
        self.told_requests = traffic.sent.requests;
        let told = ReportedRun { run, state: self.line.state, traffic, checkpoint };
        let made = self.teller.begin(&told)?;
        self.begun = Some((told, made));
        Ok(())
    }

    fn customer(&mut self, story: CustomerStory) -> Result<(), ReportError> {
        let Some((told, made)) = &mut self.begun else { return Ok(()) };
        story.requests().iter().for_each(|request| told.traffic.add(request));
        let requests = story.requests().iter().len() as u64;
        if story.listed().is_none() {
            // What is about a row that the list does not have stands nowhere, unless a newer program has read it.
            if story.newer() > 0 {
                self.told_requests += requests;
                self.tally.newer += 1;
            }
            return Ok(());
        }
        self.told_requests += requests;
        let row = ReportedRow::of(story);
        self.tally.add(&row);
        T::row(made, told, &row)
    }
}

/// Makes nothing: for whoever wants the sums alone.
pub(super) struct Sums;

impl Teller for Sums {
    type Made = ();

    fn begin(&self, _told: &ReportedRun) -> Result<(), ReportError> {
        Ok(())
    }

    fn row((): &mut (), _told: &ReportedRun, _row: &ReportedRow) -> Result<(), ReportError> {
        Ok(())
    }
}
