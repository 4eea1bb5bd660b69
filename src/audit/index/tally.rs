//! What the records of a run add up to, counted in passing.

use super::glance::Glance;
use crate::{
    domain::{Answer, Outcome, Seq, Time},
    record::{Kind, Purpose},
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
    pub reasons: BTreeMap<String, u32>,
    /// Rows that were removed or deleted, by how sure that is; none if only a person says so.
    pub evidence: BTreeMap<Option<String>, u32>,
    /// All requests.
    pub requests: u64,
    /// Those that would change something.
    pub changes: u64,
    /// By the status of the answer; `not_sent` and `unknown` beside them.
    pub by_status: BTreeMap<String, u64>,
    /// Answers that asked for patience.
    pub throttled: u64,
    /// Requests that repeated an earlier one.
    pub retried: u64,
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

    /// Counts a record.
    pub(super) fn add(&mut self, seq: Seq, record: &Glance) {
        self.last = seq;
        self.records += 1;
        let Some(kind) = Kind::named(&record.kind) else { return };
        if kind.is_step() && self.milestones.len() < REMEMBERED {
            self.milestones.push(seq);
        }
        match kind {
            Kind::RowRead => self.rows += 1,
            Kind::RequestIntended => {
                self.requests += 1;
                self.changes += u64::from(record.purpose.is_some_and(Purpose::is_change));
                self.retried += u64::from(record.attempt.unwrap_or_default() > 1);
            }
            Kind::ResponseReceived => {
                let status = record.status.map_or_else(|| "unknown".to_owned(), |status| status.to_string());
                *self.by_status.entry(status).or_default() += 1;
                self.throttled += u64::from(record.answer == Some(Answer::Throttled));
            }
            Kind::RequestNotSent => *self.by_status.entry("not_sent".to_owned()).or_default() += 1,
            Kind::OutcomeUnknown => *self.by_status.entry("unknown".to_owned()).or_default() += 1,
            Kind::Held => self.held(seq, record),
            Kind::Settled => {
                if let Some(outcome) = record.outcome {
                    *self.settled.entry(outcome).or_default() += 1;
                }
                for reason in &record.reasons {
                    *self.reasons.entry(reason.clone()).or_default() += 1;
                }
            }
            _ => {}
        }
    }

    /// A pause; what two pauses have in common counts once.
    fn held(&mut self, seq: Seq, record: &Glance) {
        self.pauses += 1;
        if self.pauses_at.len() < REMEMBERED {
            self.pauses_at.push(seq);
        }
        if let (Some(at), Some(until)) = (record.at, record.until) {
            let from = self.paused_until.map_or(at, |earlier| earlier.max(at));
            self.paused += until.since(from);
            self.paused_until = self.paused_until.max(Some(until));
        }
    }

    /// Requests without a completion.
    pub fn unanswered(&self) -> u64 {
        self.requests.saturating_sub(self.by_status.values().sum())
    }

    /// Rows with an outcome, and without.
    pub fn counted(&self) -> u32 {
        self.outcomes.values().sum::<u32>() + self.open
    }

    /// Rows that were removed or deleted.
    pub fn removed(&self) -> u32 {
        let gone = [Outcome::Removed, Outcome::Deleted];
        gone.iter().filter_map(|outcome| self.outcomes.get(outcome)).sum()
    }
}
