//! The one pass over the records.

use super::{
    Index,
    glance::{Glance, ids_of_body, ids_of_path},
    tally::RunTally,
};
use crate::{
    audit::{QueryError, Snapshot},
    domain::{Outcome, RunId, Seq, is_taken_out},
    record::Purpose,
};
use rusqlite::{Connection, OptionalExtension as _, Statement, params};
use std::collections::{BTreeMap, HashMap};

/// How often it is said how far the pass has come, in records.
const STRIDE: u64 = 4096;

const TABLES: &str = "
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA cache_size = -65536;
    BEGIN;
    CREATE TABLE customer (
        run TEXT NOT NULL, row INTEGER NOT NULL, id TEXT, name TEXT, domain TEXT,
        words TEXT NOT NULL, outcome TEXT NOT NULL, evidence TEXT, corroborated INTEGER, reasons TEXT, finished_at TEXT,
        listed INTEGER NOT NULL, settled INTEGER, resolved INTEGER,
        PRIMARY KEY (run, row)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE reason (
        run TEXT NOT NULL, name TEXT NOT NULL, row INTEGER NOT NULL, PRIMARY KEY (run, name, row)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE about (run TEXT NOT NULL, row INTEGER, seq INTEGER NOT NULL) STRICT;
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
struct Pending {
    /// Whether the answer names subscriptions, entitlements or orders.
    names_products: bool,
    ids: [Option<String>; 2],
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
        let (mut tallies, of_log) = {
            let mut builder = Builder::new(&scratch, &log)?;
            let mut query = log.prepare("SELECT seq, body FROM record ORDER BY seq")?;
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                let seq = row.get::<_, i64>(0)?.unsigned_abs();
                let body = row.get_ref(1)?.as_bytes().unwrap_or_default();
                match serde_json::from_slice::<Glance>(body) {
                    Ok(glance) => builder.add(seq, &glance)?,
                    Err(_) => unreadable += 1,
                }
                records += 1;
                if records % STRIDE == 0 {
                    progress(records, total);
                }
            }
            (builder.tallies, builder.of_log)
        };
        scratch.execute_batch(CORROBORATED)?;
        scratch.execute_batch(INDEXES)?;
        ends(&scratch, &mut tallies)?;
        let tallies =
            tallies.into_iter().filter_map(|(run, tally)| Some((run.parse::<RunId>().ok()?, tally)));
        Ok(Self { tallies: tallies.collect(), connection: scratch, of_log, records, unreadable })
    }
}

/// What Partner Center has on record too is as sure as it can be, if it is gone.
const CORROBORATED: &str = "UPDATE customer SET evidence = 'corroborated' WHERE corroborated
    AND outcome IN ('removed', 'deleted', 'already_removed', 'already_deleted')";

/// How the rows ended, once everything is known.
fn ends(scratch: &Connection, tallies: &mut BTreeMap<String, RunTally>) -> rusqlite::Result<()> {
    let mut query = scratch
        .prepare("SELECT run, outcome, evidence, count(*) FROM customer GROUP BY run, outcome, evidence")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let Some(tally) = tallies.get_mut(row.get_ref(0)?.as_str()?) else { continue };
        let count = row.get::<_, u32>(3)?;
        let Some(outcome) = Outcome::from_name(row.get_ref(1)?.as_str()?) else {
            tally.open += count;
            continue;
        };
        *tally.outcomes.entry(outcome).or_default() += count;
        if matches!(outcome, Outcome::Removed | Outcome::Deleted) {
            *tally.evidence.entry(row.get(2)?).or_default() += count;
        }
    }
    Ok(())
}

struct Builder<'a> {
    tallies: BTreeMap<String, RunTally>,
    of_log: Vec<Seq>,
    pending: HashMap<Seq, Pending>,
    listed: Statement<'a>,
    judged: Statement<'a>,
    settled: Statement<'a>,
    resolved: Statement<'a>,
    corroborated: Statement<'a>,
    reason: Statement<'a>,
    about: Statement<'a>,
    answer: Statement<'a>,
    mention: Statement<'a>,
    payload: Statement<'a>,
}

impl<'a> Builder<'a> {
    fn new(scratch: &'a Connection, log: &'a Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            tallies: BTreeMap::new(),
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
                "UPDATE customer SET name = coalesce(?3, name), outcome = ?4, evidence = ?5, finished_at = ?6,
                     settled = ?7, reasons = ?8 WHERE run = ?1 AND row = ?2",
            )?,
            resolved: scratch.prepare(
                "UPDATE customer SET outcome = ?3, resolved = ?4 WHERE run = ?1 AND row = ?2",
            )?,
            corroborated: scratch
                .prepare("UPDATE customer SET corroborated = 1 WHERE run = ?1 AND row = ?2")?,
            reason: scratch.prepare("INSERT OR IGNORE INTO reason (run, name, row) VALUES (?1, ?2, ?3)")?,
            about: scratch.prepare("INSERT INTO about (run, row, seq) VALUES (?1, ?2, ?3)")?,
            answer: scratch.prepare("INSERT OR IGNORE INTO answer (intent, seq) VALUES (?1, ?2)")?,
            mention: scratch.prepare("INSERT INTO mention (id, seq) VALUES (?1, ?2)")?,
            payload: log.prepare("SELECT bytes FROM payload WHERE seq = ?1")?,
        })
    }

    fn add(&mut self, seq: Seq, record: &Glance) -> rusqlite::Result<()> {
        let Some(run) = &record.run else {
            self.of_log.push(seq);
            return Ok(());
        };
        let place = place(seq);
        match self.tallies.get_mut(run) {
            Some(tally) => tally.add(seq, record),
            None => {
                self.tallies.entry(run.clone()).or_insert_with(|| RunTally::begin(seq)).add(seq, record);
            }
        }
        self.about.execute(params![run, record.row, place])?;
        match (record.kind.as_str(), record.row) {
            ("row_read", Some(row)) => {
                let words = words([&record.customer, &record.name, &record.domain]);
                let Glance { customer, name, domain, .. } = record;
                self.listed.execute(params![run, row, customer, name, domain, words, place])?;
            }
            ("judged", Some(row)) => {
                let words = words([&record.name, &record.domain, &None]);
                self.judged.execute(params![run, row, record.name, record.domain, words])?;
                let causes = record.findings.iter().flat_map(|finding| &finding.causes);
                let causes = causes.filter_map(|cause| cause.id.as_deref());
                for id in causes.chain(record.first.iter().map(|first| &*first.id)) {
                    self.mention(id, seq)?;
                }
            }
            ("settled", Some(row)) => {
                let outcome = record.outcome.map_or("open", Outcome::as_str);
                let at = record.at.map(|at| at.to_string());
                let Glance { name, evidence, .. } = record;
                let reasons = record.reasons.join(";");
                self.settled.execute(params![run, row, name, outcome, evidence, at, place, reasons])?;
                for reason in &record.reasons {
                    self.reason.execute(params![run, reason, row])?;
                }
            }
            ("observed", _) => {
                if let Some(id) = &record.about {
                    self.mention(id, seq)?;
                }
            }
            ("resolved", Some(row)) => {
                let outcome = record.outcome.map_or("open", Outcome::as_str);
                self.resolved.execute(params![run, row, outcome, place])?;
            }
            ("corroborated", Some(row)) => drop(self.corroborated.execute(params![run, row])?),
            ("request_intended", _) => self.intended(seq, record)?,
            ("response_received" | "request_not_sent" | "outcome_unknown", _) => {
                self.completed(seq, record)?;
            }
            _ => {}
        }
        Ok(())
    }

    fn intended(&mut self, seq: Seq, record: &Glance) -> rusqlite::Result<()> {
        use Purpose::{CancelOrder, PollOrder, ReadEntitlements, ReadOrder, ReadSubscriptions};
        let ids = [record.request_id.clone(), record.correlation_id.clone()];
        for id in ids.iter().flatten().chain(&record.about) {
            self.mention(id, seq)?;
        }
        for id in ids_of_path(record.url.as_deref().unwrap_or_default()) {
            self.mention(id, seq)?;
        }
        let names_products = matches!(
            record.purpose,
            Some(ReadSubscriptions | ReadEntitlements | ReadOrder | CancelOrder | PollOrder)
        );
        self.pending.insert(seq, Pending { names_products, ids });
        Ok(())
    }

    /// An answer may carry other IDs than its request.
    fn completed(&mut self, seq: Seq, record: &Glance) -> rusqlite::Result<()> {
        if let Some(intent) = record.intent {
            self.answer.execute([place(intent), place(seq)])?;
        }
        let pending = record.intent.and_then(|intent| self.pending.remove(&intent));
        let known = pending.as_ref().map(|pending| &pending.ids);
        for id in [&record.request_id, &record.correlation_id].into_iter().flatten() {
            if !known.is_some_and(|known| known.iter().flatten().any(|sent| sent.eq_ignore_ascii_case(id))) {
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
