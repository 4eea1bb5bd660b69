//! Whether each head is signed with a key of the log, and says what the records say.

use super::{
    super::{
        checkpoint::{self, Keyring},
        inclusion::Head,
    },
    records::LogFacts,
    verdict::{Check, LogFault},
};
use crate::domain::is_taken_out;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

/// A signed note, and over how many records it says, or is said, to be.
#[derive(Clone, Debug)]
pub(super) struct Noted {
    size: u64,
    note: String,
}

impl Noted {
    pub(super) fn new(note: &str) -> Self {
        let size = checkpoint::claims(note).map(|(_, size)| size).unwrap_or_default();
        Self { size, note: note.to_owned() }
    }
}

/// The heads in the log.
pub(super) fn in_log(connection: &Connection) -> rusqlite::Result<Vec<Noted>> {
    let mut query = connection.prepare("SELECT size, note FROM checkpoint ORDER BY size")?;
    let heads = query.query_map([], |row| {
        let note = String::from_utf8_lossy(row.get_ref(1)?.as_bytes()?).into_owned();
        // No head is of a size below zero, so what says so disagrees with its note.
        Ok(Noted { size: row.get::<_, i64>(0)?.try_into().unwrap_or_default(), note })
    })?;
    heads.collect()
}

/// The heads in the file beside the log. What stands at its end and is no whole note was torn off by a power
/// failure.
pub(super) fn beside(bytes: &[u8]) -> Vec<Noted> {
    checkpoint::notes(&String::from_utf8_lossy(bytes)).0.into_iter().map(Noted::new).collect()
}

/// Heads that were kept elsewhere.
#[derive(Debug)]
pub struct Outside {
    /// What the file is called.
    name: String,
    notes: Vec<Noted>,
}

impl Outside {
    /// The heads in this text, one after another, as a mail or a ticket gives them back. None if it holds anything
    /// else.
    pub fn parse(name: String, text: &[u8]) -> Option<Self> {
        let notes = Head::notes(text)?;
        Some(Self { name, notes: notes.iter().map(|note| Noted::new(note)).collect() })
    }

    pub(super) fn notes(&self) -> &[Noted] {
        &self.notes
    }

    /// Whether a head of the log with this origin is among them that covers no more records than these.
    pub fn has_any(&self, origin: &str, records: u64) -> bool {
        !self.within(Some(origin), records).is_empty()
    }

    /// Those of the log with this origin that cover no more records than these.
    pub(super) fn within(&self, origin: Option<&str>, records: u64) -> Vec<Noted> {
        let is_own = |head: &&Noted| checkpoint::claims(&head.note).map(|(of, _)| of) == origin;
        let own = self.notes.iter().filter(is_own);
        own.filter(|head| head.size <= records).cloned().collect()
    }

    /// What the file is called.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The sizes at which the root of the tree is needed.
pub(super) fn sizes<'a>(heads: impl IntoIterator<Item = &'a Noted>) -> BTreeSet<u64> {
    heads.into_iter().map(|head| head.size).collect()
}

/// Compares heads with the records.
pub(super) struct Judge<'a> {
    facts: &'a LogFacts,
    keyring: Keyring,
    /// Notes that were found good.
    good: BTreeMap<String, u64>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(facts: &'a LogFacts) -> Self {
        let keyring = Keyring::new(facts.keys.iter().map(|(seq, key)| (key, *seq)));
        Self { facts, keyring, good: BTreeMap::new() }
    }

    /// Looks at these heads, in the order of their sizes. Gives the sizes of the good ones.
    pub(super) fn compare(&mut self, heads: &[Noted], check: &mut Check) -> BTreeSet<u64> {
        let mut agreeing = BTreeSet::new();
        if self.facts.origin.is_none() && !heads.is_empty() {
            let text = "the first record does not open a log, so no head can be a head of it";
            check.fault(LogFault::of_all(text));
            return agreeing;
        }
        let mut disagreeing = Vec::new();
        let mut too_large = Vec::new();
        let mut sorted: Vec<&Noted> = heads.iter().collect();
        sorted.sort_by_key(|head| head.size);
        for head in sorted {
            match self.judge(head) {
                Ok(()) => drop(agreeing.insert(head.size)),
                Err(Wrong::Records) => disagreeing.push(head.size),
                Err(Wrong::TooLarge) => too_large.push(head.size),
                Err(Wrong::Note(text)) => {
                    let text = format!("the head over {} records {text}", head.size);
                    check.fault(LogFault::of_all(text).by_head(head.size));
                }
            }
        }
        if let Some(first) = disagreeing.first() {
            let from = agreeing.range(..first).next_back().copied().unwrap_or_default();
            let text = format!("not the records that were signed{}", and_others(disagreeing.len()));
            check.fault(LogFault::of_records(from, first.saturating_sub(1), text).by_head(*first));
        }
        if let Some(largest) = too_large.last() {
            let count = self.facts.count;
            let text =
                format!("missing: a head covers them, and the log ends{}", and_others(too_large.len()));
            check.fault(LogFault::of_records(count, largest.saturating_sub(1), text).by_head(*largest));
        }
        agreeing
    }

    fn judge(&mut self, head: &Noted) -> Result<(), Wrong> {
        if self.good.get(&head.note) == Some(&head.size) {
            return Ok(());
        }
        let note = |text: String| Wrong::Note(text);
        let signed =
            checkpoint::open(&head.note, &self.keyring).map_err(|bad| Wrong::Note(bad.to_string()))?;
        if signed.size != head.size {
            return Err(note(format!("says that it covers {}", signed.size)));
        }
        if Some(&signed.origin) != self.facts.origin.as_ref() {
            return Err(note(format!("is a head of another log, `{}`", signed.origin)));
        }
        if signed.since >= signed.size {
            let text = format!("is signed with a key that only record {} introduces", signed.since);
            return Err(note(text));
        }
        match self.facts.roots.get(&signed.size) {
            None => Err(Wrong::TooLarge),
            Some(root) if *root != signed.root && !is_taken_out("a-head-over-other-records") => {
                Err(Wrong::Records)
            }
            Some(_) => {
                self.good.insert(head.note.clone(), head.size);
                Ok(())
            }
        }
    }
}

enum Wrong {
    /// The note itself.
    Note(String),
    /// It covers more records than there are.
    TooLarge,
    /// The records are not those that were signed.
    Records,
}

fn and_others(count: usize) -> String {
    match count {
        0 | 1 => String::new(),
        2 => " (and 1 more head disagrees)".to_owned(),
        more => format!(" (and {} more heads disagree)", more - 1),
    }
}
