//! What the rows of a run add up to.

use super::customer::{CustomerStory, LastWord};
use crate::{
    domain::{Evidence, Outcome, Reason},
    record::{Event, Record, Settled},
};
use std::collections::BTreeMap;

/// What the rows of a run add up to: from their stories, or from their records and the last word about each. Either may
/// come in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunTotals {
    /// Rows of the list that were read.
    pub rows: u32,
    /// Rows by outcome, as a person has resolved them.
    pub outcomes: BTreeMap<Outcome, u32>,
    /// Rows by outcome, as the program settled them: what the end of a run says.
    pub settled: BTreeMap<Outcome, u32>,
    /// Rows without an outcome.
    pub open: u32,
    /// Rows with an outcome, by reason; a row with two reasons counts under both.
    pub reasons: BTreeMap<Reason, u32>,
    /// Rows that the run itself ended, by how sure that is; none if only a person says so.
    pub evidence: BTreeMap<Option<Evidence>, u32>,
}

impl RunTotals {
    /// Adds a row that is told.
    pub fn add(&mut self, story: &CustomerStory) {
        self.rows += u32::from(story.listed().is_some());
        story.settled().into_iter().for_each(|settled| self.settle(settled));
        self.end(story.last_word());
    }

    /// Takes a record, whatever it is about.
    pub fn take(&mut self, record: &Record) {
        match &record.event {
            Event::RowRead(_) => self.rows += 1,
            Event::Settled(settled) => self.settle(settled),
            _ => {}
        }
    }

    /// Counts how a row ended, once all of its records were taken.
    pub fn end(&mut self, word: &LastWord) {
        let Some(outcome) = word.outcome() else {
            self.open += 1;
            return;
        };
        *self.outcomes.entry(outcome).or_default() += 1;
        if outcome.is_by_the_run() {
            *self.evidence.entry(word.evidence()).or_default() += 1;
        }
    }

    fn settle(&mut self, settled: &Settled) {
        *self.settled.entry(settled.outcome).or_default() += 1;
        for reason in &settled.reasons {
            *self.reasons.entry(*reason).or_default() += 1;
        }
    }

    /// Rows with an outcome, and without.
    pub fn counted(&self) -> u32 {
        self.outcomes.values().sum::<u32>() + self.open
    }

    /// Rows that the run itself ended.
    pub fn by_the_run(&self) -> u32 {
        self.evidence.values().sum()
    }
}
