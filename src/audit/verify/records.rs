//! The one pass over all records: their order, their bytes, their bodies, and what they add up to.
//!
//! Two threads share the work: one reads and hashes, the other one understands. What the second one takes
//! from the heap it gives back itself, which is why records do not travel.

use super::{
    super::{checkpoint::origin, keys::VerifyingKey},
    runs::Runs,
    stream::{Chunk, LoggedRecord, Queries, RecordSource, Stream},
    verdict::{Check, LogFault},
};
use crate::{
    domain::Seq,
    record::{Event, KeyIntroduced, Kind, LogOpened, Newer, Payload, Record, RecordError},
};
use rusqlite::Connection;
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    panic,
    sync::mpsc::sync_channel,
    thread,
};
use tlog_tiles::Hash;

/// Chunks that wait for being understood.
const WAITING: usize = 2;

/// What the records say of the log as a whole.
#[derive(Debug, Default)]
pub(super) struct LogFacts {
    /// How many records there are.
    pub(super) count: u64,
    /// The roots at the sizes that were asked for, as far as there are so many records.
    pub(super) roots: BTreeMap<u64, Hash>,
    /// Whose heads the heads of this log are.
    pub(super) origin: Option<String>,
    /// The keys that the log introduces, each with its record.
    pub(super) keys: Vec<(Seq, VerifyingKey)>,
    pub(super) runs: Runs,
    /// Records of a newer program, which were not judged.
    pub(super) newer: Option<NotJudged>,
    /// How many records were not exported.
    pub(super) withheld: u64,
}

/// Records of a newer program.
#[derive(Debug)]
pub(super) struct NotJudged {
    /// The first of them.
    pub(super) first: Seq,
    /// What of it is not known.
    pub(super) what: String,
    /// How many there are.
    pub(super) count: u64,
}

impl NotJudged {
    pub(super) fn in_words(&self) -> String {
        let Self { first, what, count } = self;
        let records = match count {
            1 => format!("record {first} is of a newer program"),
            count => format!("{count} records are of a newer program, the first at {first}"),
        };
        format!("{records} (this one does not know the {what}), and its run was judged up to there alone")
    }
}

/// Reads all records; `wanted` are the sizes at which the root of the tree will be needed, and `largest` is that of
/// the largest head from outside.
pub(super) fn read(
    (connection, source): (&Connection, RecordSource),
    wanted: BTreeSet<u64>,
    largest: u64,
) -> rusqlite::Result<(LogFacts, [Check; 3])> {
    let mut pass = Pass {
        facts: LogFacts { runs: Runs::under(largest), ..LogFacts::default() },
        records: Check::new("records"),
        bodies: Check::new("bodies"),
        history: Check::new("history"),
        next: 0,
        with_bodies: 0,
    };
    if let Err(error) = pass.read_all((connection, source), wanted) {
        if super::is_unreadable(&error) {
            return Err(error);
        }
        let text = format!("nothing can be read from here on: {error}");
        pass.records.fault(LogFault::of_record(pass.next, text));
    }
    let Pass { facts, mut records, mut bodies, mut history, with_bodies, .. } = pass;
    let (runs, sealed) = facts.runs.counts();
    records.subject = format!("{}, in order, each in canonical form", facts.count);
    bodies.subject = format!("{with_bodies} of requests and answers, each as recorded");
    history.subject = format!("runs: {runs}, sealed: {sealed}; each record follows from those before it");
    Ok((facts, [records, bodies, history]))
}

struct Pass {
    facts: LogFacts,
    records: Check,
    bodies: Check,
    history: Check,
    /// The place that the next record must have.
    next: Seq,
    with_bodies: u64,
}

impl Pass {
    fn read_all(
        &mut self,
        (connection, source): (&Connection, RecordSource),
        wanted: BTreeSet<u64>,
    ) -> rusqlite::Result<()> {
        let mut queries = Queries::new(connection, source)?;
        let mut stream = Stream::new(&mut queries, wanted)?;
        let read = thread::scope(|scope| {
            let (give, chunks) = sync_channel::<Chunk>(WAITING);
            let understanding = scope.spawn(|| {
                for chunk in chunks {
                    chunk.records().for_each(|stored| self.take(&stored));
                }
            });
            let read = loop {
                match stream.next() {
                    Ok(Some(chunk)) => {
                        // Whoever does not take it any more has panicked.
                        if give.send(chunk).is_err() {
                            break Ok(());
                        }
                    }
                    end => break end.map(drop),
                }
            };
            drop(give);
            understanding.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked));
            read
        });
        self.facts.count = stream.count();
        self.facts.roots = std::mem::take(&mut stream.roots);
        for seq in stream.orphans {
            let text = format!("a body belongs to record {seq}, which is not there");
            self.bodies.fault(LogFault::of_all(text));
        }
        read
    }

    fn take(&mut self, stored: &LoggedRecord<'_>) {
        let Ok(seq) = u64::try_from(stored.seq) else {
            self.records.fault(LogFault::of_all(format!("there is a record {}", stored.seq)));
            return;
        };
        if seq > self.next {
            self.records.fault(LogFault::of_records(self.next, seq - 1, "missing"));
        }
        self.next = seq.saturating_add(1);
        if stored.is_withheld {
            self.facts.withheld += 1;
            return;
        }
        match understood(stored) {
            Ok(Understood::Known(record)) => {
                self.compare(seq, record.event.about().body(), stored.payload.as_ref());
                self.follow(seq, &record);
            }
            Ok(Understood::Newer(newer)) => {
                let named = stored.body.and_then(body_named_in);
                // It may name it in a way that is not known here.
                if named.is_some() {
                    self.compare(seq, named.as_ref(), stored.payload.as_ref());
                }
                self.pass_over(seq, &newer, stored.body.unwrap_or_default());
            }
            Err(why) => self.records.fault(LogFault::of_record(seq, why)),
        }
    }

    /// Whether there is a body, if it is the right one.
    fn compare(&mut self, seq: Seq, named: Option<&Payload>, found: Option<&Payload>) {
        let why = match (named, found) {
            (None, None) => return,
            (Some(named), Some(found)) if named == found => {
                self.with_bodies += 1;
                return;
            }
            (Some(_), Some(_)) => "its body is not the one that was recorded",
            (Some(_), None) => "its body is missing",
            (None, Some(_)) => "a body lies beside it that it does not have",
        };
        self.bodies.fault(LogFault::of_record(seq, why));
    }

    /// A record of a newer program is counted, and its run is judged up to it. What it takes to prove the log is read
    /// from it all the same.
    fn pass_over(&mut self, seq: Seq, newer: &Newer, body: &[u8]) {
        match Kind::named(&newer.kind) {
            Some(Kind::LogOpened) if seq == 0 => {
                self.facts.origin = LogOpened::read(body).map(|opened| origin(&opened.log_id));
            }
            Some(Kind::KeyIntroduced) => {
                let key = KeyIntroduced::read(body).and_then(|introduced| introduced.vkey.parse().ok());
                self.facts.keys.extend(key.map(|key| (seq, key)));
            }
            _ => {}
        }
        let what = || NotJudged { first: seq, what: newer.what.clone(), count: 0 };
        self.facts.newer.get_or_insert_with(what).count += 1;
        if let Err(why) = self.facts.runs.pass_over(seq, newer) {
            self.history
                .fault(LogFault::of_record(seq, format!("`{}` is not legal here: {why}", newer.kind)));
        }
    }

    fn follow(&mut self, seq: Seq, record: &Record) {
        match &record.event {
            Event::LogOpened(opened) if seq == 0 => self.facts.origin = Some(origin(&opened.log_id)),
            Event::KeyIntroduced(introduced) => match introduced.vkey.parse() {
                Ok(key) => self.facts.keys.push((seq, key)),
                Err(error) => self.history.fault(LogFault::of_record(seq, format!("{error}"))),
            },
            _ => {}
        }
        // Where records are missing, those after them would seem to be wrong.
        if self.records.is_fine()
            && let Err(why) = self.facts.runs.take(seq, record)
        {
            let text = format!("`{}` is not legal here: {why}", record.event.kind().label());
            self.history.fault(LogFault::of_record(seq, text));
        }
    }
}

enum Understood {
    Known(Box<Record>),
    Newer(Box<Newer>),
}

fn understood(stored: &LoggedRecord<'_>) -> Result<Understood, String> {
    let body = stored.body.ok_or("is not stored as bytes")?;
    if !stored.is_canonical {
        return Err("is not in canonical form".to_owned());
    }
    match Record::from_bytes(body) {
        Ok(record) => Ok(Understood::Known(Box::new(record))),
        Err(RecordError::Newer(newer)) => Ok(Understood::Newer(newer)),
        Err(error) => Err(error.to_string()),
    }
}

/// The body that a record names which is not understood, if it does so as all others do.
fn body_named_in(record: &[u8]) -> Option<Payload> {
    #[derive(Deserialize)]
    struct Naming {
        body: Payload,
    }
    serde_json::from_slice::<Naming>(record).ok().map(|naming| naming.body)
}
