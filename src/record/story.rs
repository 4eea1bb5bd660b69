//! What happened to one row of the list: a fold that takes any history, whether it was legal or not.
//!
//! [`Run`](super::Run) asks first whether a record may be where it is, and refuses it otherwise; a story does not ask.
//! What people read of a customer is made from it, by the same life of a change that the run has.

use super::{
    became::{Effects, Pending, RowEnd, became},
    change::{Change, ChangePhase},
    endings::{Resolved, Settled},
    kinds::{Event, Record},
    opening::Rules,
};
use crate::domain::{Evidence, Outcome, Preparation, Procedure, Seq, Time};
use std::collections::BTreeMap;

/// One row, and everything on record that happened for it.
#[derive(Clone, Debug, Default)]
pub struct CustomerStory {
    row: u32,
    /// What a judgement named to be done first, each once.
    first: Vec<Preparation>,
    changes: Vec<Change>,
    /// Which change each intent is of.
    intents: BTreeMap<Seq, usize>,
    settled: Option<Settled>,
    /// How it ends, once it is decided what becomes of what was suspended for it.
    fell: Option<Settled>,
    resolved: Option<Resolved>,
    is_corroborated: bool,
}

impl CustomerStory {
    /// Nothing has happened yet.
    pub fn new(row: u32) -> Self {
        Self { row, ..Self::default() }
    }

    /// Takes the next record of the run; those of other rows are passed over.
    pub fn take(&mut self, seq: Seq, record: &Record) {
        let at = record.at;
        match &record.event {
            Event::Judged(judged) if judged.row == self.row => {
                for one in &judged.first {
                    if !self.first.iter().any(|known| known.is_same(one)) {
                        self.first.push(one.clone());
                    }
                }
            }
            Event::RequestIntended(intent) if intent.row == Some(self.row) && intent.purpose.is_change() => {
                let same = |change: &Change| {
                    change.purpose == intent.purpose && change.about.as_deref() == intent.about.as_deref()
                };
                let place = self.changes.iter().position(same);
                match place.and_then(|place| self.changes.get_mut(place)) {
                    Some(change) => {
                        give_up(change, at);
                        change.send_again(intent, seq, at);
                    }
                    None => self.changes.push(Change::first(intent, seq, at)),
                }
                self.intents.insert(seq, place.unwrap_or(self.changes.len() - 1));
            }
            Event::ResponseReceived(response) => {
                if let Some(change) = self.change_of(response.intent) {
                    change.heard(response);
                    change.answered(response.answer, Rules::LATEST, at);
                }
            }
            Event::RequestNotSent(failure) => {
                if let Some(change) = self.change_of(failure.intent) {
                    change.told(&failure.error);
                    change.not_sent(at);
                }
            }
            Event::OutcomeUnknown(failure) => {
                if let Some(change) = self.change_of(failure.intent) {
                    change.told(&failure.error);
                    change.lost(at);
                }
            }
            Event::Observed(observed) if observed.row == self.row => {
                let about = observed.about.as_deref();
                let change = self.changes.iter_mut().rfind(|change| change.about.as_deref() == about);
                if let Some(change) = change {
                    // Nobody looks while an answer is awaited.
                    give_up(change, at);
                    change.seen(observed.seen, at);
                }
            }
            Event::Resumed(_) => self.changes.iter_mut().for_each(|change| give_up(change, at)),
            Event::Fell(settled) if settled.row == self.row => self.fell = Some((**settled).clone()),
            Event::Settled(settled) if settled.row == self.row => self.settled = Some((**settled).clone()),
            Event::Resolved(resolved) if resolved.row == self.row => {
                self.resolved = Some((**resolved).clone());
            }
            Event::Corroborated(found) if found.row == self.row => self.is_corroborated = true,
            _ => {}
        }
    }

    fn change_of(&mut self, intent: Seq) -> Option<&mut Change> {
        let place = *self.intents.get(&intent)?;
        self.changes.get_mut(place)
    }

    /// All that was, or may have been, done.
    pub fn effects(&self) -> Effects<'_> {
        Effects::of(&self.first, &self.changes)
    }

    /// How it stands.
    pub fn end(&self) -> RowEnd {
        match (&self.settled, &self.fell) {
            (Some(settled), _) => {
                let is_gone = settled.outcome.is_gone();
                let evidence = if is_gone && self.is_corroborated {
                    Some(Evidence::Corroborated)
                } else {
                    settled.evidence
                };
                RowEnd::Settled(settled.outcome, evidence)
            }
            (None, Some(_)) => RowEnd::Undecided,
            (None, None) => RowEnd::Open,
        }
    }

    /// How far it is, while it has no outcome.
    pub fn pending(&self) -> Option<Pending> {
        Pending::of(self.end(), &self.effects())
    }

    /// How it ends, once it is decided what becomes of what was suspended for it.
    pub const fn fell(&self) -> Option<&Settled> {
        self.fell.as_ref()
    }

    /// The outcome, as a person resolved it if somebody did.
    pub fn outcome(&self) -> Option<Outcome> {
        let resolved = self.resolved.as_ref().map(|resolved| resolved.outcome);
        resolved.or_else(|| self.settled.as_ref().map(|settled| settled.outcome))
    }

    /// What became of it, sentence by sentence. `missing` says which of its records are not known, if some are.
    pub fn became(&self, procedure: Procedure, missing: Option<&str>) -> Vec<String> {
        let mut sentences = became(procedure, self.end(), &self.effects(), missing);
        if let Some(Resolved { outcome, by, .. }) = &self.resolved {
            let words = outcome.in_words();
            sentences.push(format!(
                "The program could not find that out; a person did: {by} says that it is {words}."
            ));
        }
        sentences
    }
}

/// The stories of those rows of a run that have no outcome yet, and for which something was done or is to be done.
/// Takes the records of one run, in order; of a row that is settled, nothing is kept.
#[derive(Clone, Debug, Default)]
pub struct OpenStories(BTreeMap<u32, CustomerStory>);

impl OpenStories {
    /// Takes the next record of the run.
    pub fn take(&mut self, seq: Seq, record: &Record) {
        let row = match &record.event {
            Event::Judged(judged) if !judged.first.is_empty() => Some(self.begin(judged.row)),
            Event::RequestIntended(intent) if intent.purpose.is_change() => {
                intent.row.map(|row| self.begin(row))
            }
            Event::Settled(settled) => {
                self.0.remove(&settled.row);
                None
            }
            Event::Resumed(_) => {
                self.0.values_mut().for_each(|story| story.take(seq, record));
                None
            }
            Event::Fell(settled) => Some(settled.row),
            Event::Observed(observed) => Some(observed.row),
            Event::ResponseReceived(response) => response.row,
            Event::RequestNotSent(failure) => failure.row,
            Event::OutcomeUnknown(failure) => failure.row,
            _ => None,
        };
        if let Some(story) = row.and_then(|row| self.0.get_mut(&row)) {
            story.take(seq, record);
        }
    }

    fn begin(&mut self, row: u32) -> u32 {
        self.0.entry(row).or_insert_with(|| CustomerStory::new(row));
        row
    }

    /// The story of this row, if there is something to tell.
    pub fn of(&self, row: u32) -> Option<&CustomerStory> {
        self.0.get(&row)
    }
}

/// Nobody waits for its answer any more: the program ended before it came.
fn give_up(change: &mut Change, at: Time) {
    if matches!(change.phase, ChangePhase::Open { .. }) {
        change.lost(at);
    }
}
