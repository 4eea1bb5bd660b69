//! What the records of a run add up to, counted in passing.

use crate::{
    domain::{Evidence, Outcome, Reason, Seq, Time},
    record::{Event, Held, LastWord, Record, Sent},
};
use std::{collections::BTreeMap, time::Duration};

/// So many pauses and milestones of a run are remembered one by one.
const REMEMBERED: usize = 200;
/// A run in numbers, from its records.
#[derive(Clone, Debug, Default)]
pub struct RunTally {
    /// The first record of the run.
    pub first: Seq,
    /// The last one.
    pub last: Seq,
    /// How many there are.
    pub records: u64,
    /// Rows of the list that were read.
    pub rows: u32,
    /// Rows by outcome, as a person has resolved them.
    pub outcomes: BTreeMap<Outcome, u32>,
    /// Rows by outcome, as the program settled them.
    pub settled: BTreeMap<Outcome, u32>,
    /// Rows without an outcome.
    pub open: u32,
    /// Rows by reason; a row with two reasons counts under both.
    pub reasons: BTreeMap<Reason, u32>,
    /// Rows that were removed or deleted, by how sure that is; none if only a person says so.
    pub evidence: BTreeMap<Option<Evidence>, u32>,
    /// What was sent.
    pub sent: Sent,
    /// Records that are not understood, because a newer program wrote them.
    pub newer: u64,
    /// The records that say what the run is: its beginning, plan, confirmation, stops and end. The first of
    /// them, if there are many.
    pub milestones: Vec<Seq>,
    /// How often everything waited because the service asked for it.
    pub pauses: u64,
    /// The first of them, by their records.
    pub pauses_at: Vec<Seq>,
    /// How long they lasted together, as far as they were announced.
    pub paused: Duration,
    /// Until when the latest one lasts.
    paused_until: Option<Time>,
}

impl RunTally {
    pub(super) fn begin(seq: Seq) -> Self {
        Self { first: seq, ..Self::default() }
    }

    /// Counts a record, whatever it says.
    pub(super) fn count(&mut self, seq: Seq) {
        self.last = seq;
        self.records += 1;
    }

    /// Counts what a record says.
    pub(super) fn take(&mut self, seq: Seq, record: &Record) {
        if record.event.kind().is_step() && self.milestones.len() < REMEMBERED {
            self.milestones.push(seq);
        }
        self.sent.take(record);
        match &record.event {
            Event::RowRead(_) => self.rows += 1,
            Event::Held(held) => self.held(seq, record.at, held),
            Event::Settled(settled) => {
                *self.settled.entry(settled.outcome).or_default() += 1;
                for reason in &settled.reasons {
                    *self.reasons.entry(*reason).or_default() += 1;
                }
            }
            _ => {}
        }
    }

    /// Counts how a row ended, once all is known of it.
    pub(super) fn end(&mut self, word: &LastWord) {
        let Some(outcome) = word.outcome() else {
            self.open += 1;
            return;
        };
        *self.outcomes.entry(outcome).or_default() += 1;
        if outcome.is_by_the_run() {
            *self.evidence.entry(word.evidence()).or_default() += 1;
        }
    }

    /// A pause; what two pauses have in common counts once.
    fn held(&mut self, seq: Seq, at: Time, held: &Held) {
        self.pauses += 1;
        if self.pauses_at.len() < REMEMBERED {
            self.pauses_at.push(seq);
        }
        let from = self.paused_until.map_or(at, |earlier| earlier.max(at));
        self.paused += held.until.since(from);
        self.paused_until = self.paused_until.max(Some(held.until));
    }

    /// Rows with an outcome, and without.
    pub fn counted(&self) -> u32 {
        self.outcomes.values().sum::<u32>() + self.open
    }

    /// Rows that were removed or deleted.
    pub fn removed(&self) -> u32 {
        self.outcomes.iter().filter(|(outcome, _)| outcome.is_by_the_run()).map(|(_, count)| count).sum()
    }
}
