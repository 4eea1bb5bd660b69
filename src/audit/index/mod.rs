//! Where in a log something stands: for questions that would otherwise read all of it.
//!
//! ```text
//!  snapshot ──▶ build ──▶ scratch database ──▶ lookup ──▶ places
//! ```
//!
//! The log itself keeps no index over IDs: while a run is open such an index costs more than half of its
//! pace, and whoever can alter a log can alter an index in it, so that a record which is there is not found.
//! This index is made from the records when somebody wants to look, in one pass, and lies in a file of its
//! own that has no name and is gone when the program ends. What it gives are places; what is shown is read
//! from the log.

mod build;
mod ids;
mod lookup;

pub use lookup::{CustomerFilter, IndexedRow, Mention};

use crate::{
    domain::{RunId, Seq},
    record::{RunStory, RunTotals, Sent},
};
use rusqlite::Connection;
use std::collections::BTreeMap;

/// Where the records of a log stand, by what people ask for.
#[derive(Debug)]
pub struct Index {
    connection: Connection,
    runs: BTreeMap<RunId, IndexedRun>,
    /// The records that belong to no run.
    of_log: Vec<Seq>,
    /// How many records there are.
    records: u64,
    /// How many of them cannot be read.
    unreadable: u64,
}

/// A run, told in the pass over all records.
#[derive(Debug, Default)]
pub struct IndexedRun {
    /// The run as a whole; none if its beginning is not understood.
    pub story: Option<RunStory>,
    /// What its rows add up to.
    pub totals: RunTotals,
    /// What was sent.
    pub sent: Sent,
    /// The records that are steps of the run's course; the first of them, if there are many.
    pub steps: Vec<Seq>,
    /// The first record of the run.
    pub first: Seq,
    /// The last one.
    pub last: Seq,
    /// How many there are.
    pub records: u64,
}

impl Index {
    /// How many records there are.
    pub const fn records(&self) -> u64 {
        self.records
    }

    /// How many of them cannot be read; a log that was not altered has none.
    pub const fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// The records that belong to no run: that the log was made, its keys, and who had it verified.
    pub fn of_log(&self) -> &[Seq] {
        &self.of_log
    }

    /// A run. None if no record is of it.
    pub fn run(&self, run: &RunId) -> Option<&IndexedRun> {
        self.runs.get(run)
    }
}
