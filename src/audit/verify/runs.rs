//! What the records of each run add up to: every one must follow from those before it.

use crate::{
    domain::{Outcome, RunId, Seq, TenantId},
    record::{Event, Record, RowState, Run},
};
use std::collections::HashMap;

/// All runs of a log, up to some record.
#[derive(Debug, Default)]
pub(super) struct Runs {
    runs: HashMap<RunId, Followed>,
    /// The run that the latest record belongs to, reports aside.
    last: Option<RunId>,
}

#[derive(Debug)]
struct Followed {
    run: Run,
    /// For which row each customer's change was sent.
    changed: HashMap<TenantId, u32>,
    sealed_at: Option<Seq>,
    /// After a record that does not follow, others do not follow either.
    is_broken: bool,
}

impl Runs {
    /// Takes the next record; says why it is not legal there, once a run.
    pub(super) fn take(&mut self, seq: Seq, record: &Record) -> Result<(), String> {
        let Some(id) = record.run.as_ref().filter(|_| seq > 0) else { return of_the_log(seq, record) };
        if !matches!(record.event, Event::ReportWritten(_)) {
            self.last = Some(id.clone());
        }
        if let Event::RunOpened(_) = record.event {
            let Some(run) = Run::begin(record) else { return Ok(()) };
            let followed = Followed { run, changed: HashMap::new(), sealed_at: None, is_broken: false };
            return match self.runs.insert(id.clone(), followed) {
                None => Ok(()),
                Some(_) => Err(format!("run {id} was opened before")),
            };
        }
        let followed = self.runs.get_mut(id).ok_or_else(|| format!("run {id} was never opened"))?;
        if followed.is_broken {
            return Ok(());
        }
        let taken = followed.take(seq, record);
        followed.is_broken = taken.is_err();
        taken
    }

    /// How many there are, and how many of them came to their end.
    pub(super) fn counts(&self) -> (usize, usize) {
        let sealed = self.runs.values().filter(|followed| followed.sealed_at.is_some()).count();
        (self.runs.len(), sealed)
    }

    /// The run that the log ends with, and the record that sealed it.
    pub(super) fn last(&self) -> Option<(&RunId, Option<Seq>)> {
        let last = self.last.as_ref()?;
        Some((last, self.runs.get(last).and_then(|followed| followed.sealed_at)))
    }
}

impl Followed {
    fn take(&mut self, seq: Seq, record: &Record) -> Result<(), String> {
        self.run.apply(seq, record).map_err(|illegal| illegal.why)?;
        match &record.event {
            Event::RequestIntended(intent) if intent.purpose.is_change() => {
                if let (Some(customer), Some(row)) = (intent.customer, intent.row) {
                    let known = *self.changed.entry(customer).or_insert(row);
                    if known != row {
                        return Err(format!("customer {customer} was changed for row {known} already"));
                    }
                }
            }
            Event::RunSealed(_) => {
                self.sealed_at = Some(seq);
                // All that may still come is what a person says of an outcome that is unknown.
                self.changed = HashMap::new();
                let rows = &mut self.run.rows;
                rows.retain(|row| matches!(row.state, RowState::Settled(Outcome::Unknown)));
                rows.shrink_to_fit();
            }
            _ => {}
        }
        Ok(())
    }
}

/// A log is opened once, by its first record, and only some records belong to no run.
fn of_the_log(seq: Seq, record: &Record) -> Result<(), String> {
    match (&record.event, seq) {
        (Event::LogOpened(_), 0) => Ok(()),
        (_, 0) => Err("a log begins with the record that opens it".to_owned()),
        (Event::LogOpened(_), _) => Err("the log was opened before".to_owned()),
        (Event::KeyIntroduced(_) | Event::LogVerified(_), _) => Ok(()),
        _ => Err("it belongs to no run".to_owned()),
    }
}
