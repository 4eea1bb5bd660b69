//! The one pass over the records.

use super::{
    Index, IndexedRun,
    ids::{ids_of_body, ids_of_path},
};
use crate::{
    audit::{QueryError, Snapshot},
    domain::{Evidence, Outcome, RunId, Seq, Tells, is_taken_out},
    record::{
        Event, Judged, LastWord, Newer, NotSent, OutcomeUnknown, Record, RecordError, RequestIntended,
        RowRead, RunStory,
    },
};
use rusqlite::{Connection, OptionalExtension as _, Statement, params};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashMap},
    panic::resume_unwind,
    sync::mpsc::{SyncSender, sync_channel},
    thread,
};

/// So many steps of a run are remembered.
const REMEMBERED: usize = 200;
/// How often it is said how far the pass has come, in records.
const STRIDE: u64 = 4096;
/// How many records are handed over together, and how many times so many are read ahead of those that are added.
const CHUNK: usize = 256;
const CHUNKS_AHEAD: usize = 8;

/// In `about`, a run is the place of its first record, which sorts faster than its name.
const TABLES: &str = "
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -65536;
    PRAGMA threads = 1;
    BEGIN;
    CREATE TABLE customer (
        run TEXT NOT NULL, row INTEGER NOT NULL, id TEXT, name TEXT, domain TEXT,
        words TEXT NOT NULL, outcome TEXT NOT NULL, evidence TEXT, reasons TEXT, finished_at TEXT,
        listed INTEGER NOT NULL, settled INTEGER, resolved INTEGER,
        PRIMARY KEY (run, row)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE reason (
        run TEXT NOT NULL, name TEXT NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (run, name, row)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE about (run INTEGER NOT NULL, row INTEGER, seq INTEGER NOT NULL) STRICT;
    CREATE TABLE answer (intent INTEGER PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
    CREATE TABLE mention (id TEXT NOT NULL, seq INTEGER NOT NULL) STRICT;
";

/// Sorted at the end, which is much faster than keeping order all the way.
const INDEXES: &str = "
    CREATE INDEX about_row ON about (run, row, seq);
    CREATE INDEX mention_id ON mention (id, seq);
    CREATE INDEX customer_id ON customer (id);
    CREATE INDEX customer_outcome ON customer (run, outcome);
    COMMIT;
    PRAGMA query_only = ON;
";

/// What is remembered of a request until its answer comes.
struct OpenRequest {
    /// Whether the answer names subscriptions, entitlements or orders.
    names_products: bool,
    ids: [String; 2],
}

impl Index {
    /// Reads all records once. `progress` hears how many were read, of how many.
    pub fn build(snapshot: &Snapshot, mut progress: impl FnMut(u64, u64)) -> Result<Self, QueryError> {
        // The tables that are read are those of this program.
        drop(snapshot.reader()?);
        let log = snapshot.connect()?;
        // A database without a name lies in a file without a name, which is gone when it is closed.
        let scratch = Connection::open("")?;
        scratch.execute_batch(TABLES)?;
        let last: Option<i64> = log.query_row("SELECT max(seq) FROM record", [], |row| row.get(0))?;
        let total = last.map_or(0, |last| last.unsigned_abs() + 1);
        let (mut records, mut unreadable) = (0, 0);
        let (to_be_added, chunks) = sync_channel(CHUNKS_AHEAD);
        let reading = snapshot.connect()?;
        let (runs, of_log) = thread::scope(|scope| {
            // It is gone if this ends early, and the reader ends with it.
            let chunks = chunks;
            let reader = scope.spawn(move || read_all(&reading, &to_be_added));
            let mut builder = Builder::new(&scratch, &log)?;
            for (seq, read) in chunks.iter().flatten() {
                match read {
                    Ok(record) => builder.add(seq, &record)?,
                    Err(UnreadableRecord::Newer(newer)) => builder.pass_over(seq, &newer)?,
                    Err(UnreadableRecord::Broken(body)) => {
                        unreadable += 1;
                        builder.add_unread(seq, &body)?;
                    }
                }
                records += 1;
                if records % STRIDE == 0 {
                    progress(records, total);
                }
            }
            // Whoever panicked has said so.
            reader.join().unwrap_or_else(|panic| resume_unwind(panic))?;
            Ok::<_, QueryError>(builder.end()?)
        })?;
        scratch.execute_batch(INDEXES)?;
        Ok(Self { runs, connection: scratch, of_log, records, unreadable })
    }
}

/// A record that this program cannot read.
enum UnreadableRecord {
    Newer(Box<Newer>),
    Broken(Vec<u8>),
}

/// Reads and parses all records, for whoever adds them at the same time; until nobody takes them any more.
fn read_all(
    log: &Connection,
    to_be_added: &SyncSender<Vec<(Seq, Result<Record, UnreadableRecord>)>>,
) -> rusqlite::Result<()> {
    let mut query = log.prepare("SELECT seq, body FROM record ORDER BY seq")?;
    let mut rows = query.query([])?;
    let mut chunk = Vec::with_capacity(CHUNK);
    while let Some(row) = rows.next()? {
        let seq = row.get::<_, i64>(0)?.unsigned_abs();
        let body = row.get_ref(1)?.as_bytes().unwrap_or_default();
        chunk.push((
            seq,
            Record::from_bytes(body).map_err(|error| match error {
                RecordError::Newer(newer) => UnreadableRecord::Newer(newer),
                _ => UnreadableRecord::Broken(body.to_vec()),
            }),
        ));
        if chunk.len() == CHUNK
            && to_be_added.send(std::mem::replace(&mut chunk, Vec::with_capacity(CHUNK))).is_err()
        {
            return Ok(());
        }
    }
    drop(to_be_added.send(chunk));
    Ok(())
}

struct Builder<'a> {
    runs: BTreeMap<RunId, OfRun>,
    of_log: Vec<Seq>,
    pending: HashMap<Seq, OpenRequest>,
    listed: Statement<'a>,
    judged: Statement<'a>,
    settled: Statement<'a>,
    ended: Statement<'a>,
    reason: Statement<'a>,
    about: Statement<'a>,
    answer: Statement<'a>,
    mention: Statement<'a>,
    payload: Statement<'a>,
}

/// A run, as far as it was read.
#[derive(Default)]
struct OfRun {
    told: IndexedRun,
    /// The last word about each row.
    words: BTreeMap<u32, LastWord>,
}

impl IndexedRun {
    fn take(&mut self, seq: Seq, record: &Record) {
        match &mut self.story {
            Some(story) => story.take(seq, record),
            None => self.story = RunStory::begin(seq, record),
        }
        self.totals.take(record);
        self.sent.take(record);
        if record.event.kind().is_step() && self.steps.len() < REMEMBERED {
            self.steps.push(seq);
        }
    }
}

impl<'a> Builder<'a> {
    fn new(scratch: &'a Connection, log: &'a Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            runs: BTreeMap::new(),
            of_log: Vec::new(),
            pending: HashMap::new(),
            listed: scratch.prepare(
                "INSERT OR IGNORE INTO customer (run, row, id, name, domain, words, outcome, listed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, 'open', ?7)",
            )?,
            judged: scratch.prepare(
                "UPDATE customer SET name = coalesce(?3, name), domain = coalesce(?4, domain),
                     words = words || char(10) || ?5 WHERE run = ?1 AND row = ?2",
            )?,
            settled: scratch.prepare(
                "UPDATE customer SET name = coalesce(?3, name), finished_at = ?4, settled = ?5, reasons = ?6
                 WHERE run = ?1 AND row = ?2",
            )?,
            ended: scratch.prepare(
                "UPDATE customer SET outcome = ?3, evidence = ?4, resolved = ?5 WHERE run = ?1 AND row = ?2",
            )?,
            reason: scratch.prepare("INSERT OR IGNORE INTO reason (run, name, row) VALUES (?1, ?2, ?3)")?,
            about: scratch.prepare("INSERT INTO about (run, row, seq) VALUES (?1, ?2, ?3)")?,
            answer: scratch.prepare("INSERT OR IGNORE INTO answer (intent, seq) VALUES (?1, ?2)")?,
            mention: scratch.prepare("INSERT INTO mention (id, seq) VALUES (?1, ?2)")?,
            payload: log.prepare("SELECT bytes FROM payload WHERE seq = ?1")?,
        })
    }

    /// The run that a record belongs to; none if it belongs to the log itself.
    fn of_run(&mut self, seq: Seq, run: Option<&RunId>) -> Option<&mut OfRun> {
        let Some(run) = run else {
            self.of_log.push(seq);
            return None;
        };
        if !self.runs.contains_key(run) {
            let told = IndexedRun { first: seq, ..IndexedRun::default() };
            self.runs.insert(run.clone(), OfRun { told, ..OfRun::default() });
        }
        let of_run = self.runs.get_mut(run)?;
        of_run.told.last = seq;
        of_run.told.records += 1;
        Some(of_run)
    }

    fn add(&mut self, seq: Seq, record: &Record) -> rusqlite::Result<()> {
        let about = record.event.about();
        let Some(of_run) = self.of_run(seq, record.run.as_ref()) else { return Ok(()) };
        of_run.told.take(seq, record);
        let first = place(of_run.told.first);
        if let Some(row) = about.row() {
            of_run.words.entry(row).or_default().take(seq, record);
        }
        let run = record.run.as_ref().map(RunId::as_str).unwrap_or_default();
        let place = place(seq);
        self.about.execute(params![first, about.row(), place])?;
        match &record.event {
            Event::RowRead(read) => {
                let RowRead { row, customer, name, domain, .. } = read;
                let customer = customer.map(|id| id.to_string());
                let words = words([&customer, name, domain]);
                self.listed.execute(params![run, row, customer, name, domain, words, place])?;
            }
            Event::Judged(judged) => {
                let Judged { row, name, domain, .. } = &**judged;
                let words = words([name, domain, &None]);
                self.judged.execute(params![run, row, name, domain, words])?;
                let causes = judged.findings.iter().flat_map(|finding| &finding.causes);
                let causes = causes.filter_map(|cause| cause.id.as_deref());
                for id in causes.chain(judged.first.iter().map(|first| &*first.id)) {
                    self.mention(id, seq)?;
                }
            }
            Event::Settled(settled) => {
                let names: Vec<&str> = settled.reasons.iter().map(|reason| reason.as_str()).collect();
                let (row, at) = (settled.row, record.at.to_string());
                self.settled.execute(params![run, row, settled.name, at, place, names.join(";")])?;
                for name in names {
                    self.reason.execute(params![run, name, row])?;
                }
            }
            Event::Observed(observed) => {
                if let Some(id) = &observed.about {
                    self.mention(id, seq)?;
                }
            }
            Event::RequestIntended(intent) => self.intended(seq, intent)?,
            Event::ResponseReceived(response) => {
                self.completed(seq, response.intent, [&response.request_id, &response.correlation_id])?;
            }
            Event::RequestNotSent(NotSent { intent, .. })
            | Event::OutcomeUnknown(OutcomeUnknown { intent, .. }) => {
                self.completed(seq, *intent, [&None, &None])?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A record of a newer program: where it stands is known.
    fn pass_over(&mut self, seq: Seq, newer: &Newer) -> rusqlite::Result<()> {
        let Some(of_run) = self.of_run(seq, newer.run.as_ref()) else { return Ok(()) };
        if let (Some(story), None) = (&mut of_run.told.story, newer.row) {
            story.pass_over();
        }
        let first = place(of_run.told.first);
        self.about.execute(params![first, newer.row, place(seq)]).map(drop)
    }

    /// A log that was altered must be shown too: what cannot be understood stands where it says that it does.
    fn add_unread(&mut self, seq: Seq, body: &[u8]) -> rusqlite::Result<()> {
        #[derive(Deserialize)]
        struct RunAndRow {
            run: Option<RunId>,
            row: Option<u32>,
        }
        let Ok(RunAndRow { run, row }) = serde_json::from_slice(body) else { return Ok(()) };
        let Some(of_run) = self.of_run(seq, run.as_ref()) else { return Ok(()) };
        let first = place(of_run.told.first);
        self.about.execute(params![first, row, place(seq)]).map(drop)
    }

    /// When all records are known: the last word about each row.
    fn end(mut self) -> rusqlite::Result<(BTreeMap<RunId, IndexedRun>, Vec<Seq>)> {
        let mut runs = BTreeMap::new();
        for (run, OfRun { mut told, words }) in std::mem::take(&mut self.runs) {
            for (row, word) in words {
                told.totals.end(&word);
                let outcome = word.outcome().map_or("open", Outcome::as_str);
                let evidence = word.evidence().map(Evidence::as_str);
                let resolved = word.resolved.map(|(seq, _)| place(seq));
                self.ended.execute(params![run.as_str(), row, outcome, evidence, resolved])?;
            }
            runs.insert(run, told);
        }
        Ok((runs, self.of_log))
    }

    fn intended(&mut self, seq: Seq, intent: &RequestIntended) -> rusqlite::Result<()> {
        let ids = [intent.request_id.to_string(), intent.correlation_id.to_string()];
        for id in ids.iter().map(String::as_str).chain(intent.about.as_deref()) {
            self.mention(id, seq)?;
        }
        for id in ids_of_path(&intent.url) {
            self.mention(id, seq)?;
        }
        let names_products = intent.purpose.tells() == Tells::Products;
        self.pending.insert(seq, OpenRequest { names_products, ids });
        Ok(())
    }

    /// An answer may carry other IDs than its request.
    fn completed(&mut self, seq: Seq, intent: Seq, ids: [&Option<String>; 2]) -> rusqlite::Result<()> {
        self.answer.execute([place(intent), place(seq)])?;
        let pending = self.pending.remove(&intent);
        let known = pending.as_ref().map(|pending| &pending.ids);
        for id in ids.into_iter().flatten() {
            if !known.is_some_and(|known| known.iter().any(|sent| sent.eq_ignore_ascii_case(id))) {
                self.mention(id, seq)?;
            }
        }
        if pending.is_some_and(|pending| pending.names_products)
            && !is_taken_out("ids-in-answers-are-not-found")
        {
            let body: Option<Vec<u8>> =
                self.payload.query_row([place(seq)], |row| row.get(0)).optional().unwrap_or_default();
            let mut ids = body.as_deref().map(ids_of_body).unwrap_or_default();
            ids.sort_unstable();
            ids.dedup();
            for id in ids {
                self.mention(id, seq)?;
            }
        }
        Ok(())
    }

    fn mention(&mut self, id: &str, seq: Seq) -> rusqlite::Result<()> {
        self.mention.execute(params![id.to_lowercase(), place(seq)]).map(drop)
    }
}

fn place(seq: Seq) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// What a search for text looks through.
fn words(parts: [&Option<String>; 3]) -> String {
    parts.into_iter().flatten().map(|part| part.to_lowercase()).collect::<Vec<_>>().join("\n")
}
