//! The records in their order, each with the body that belongs to it, some at a time. Here they are hashed.

use super::super::tree::{Frontier, leaf};
use crate::{
    domain::Sha256,
    record::{Payload, canonical::is_canonical},
};
use rusqlite::{
    Connection, Row, Rows, Statement, fallible_streaming_iterator::FallibleStreamingIterator as _,
    types::ValueRef,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};
use tlog_tiles::Hash;

/// A chunk ends after so many records, or so many bytes.
const RECORDS: usize = 512;
const BYTES: usize = 1 << 18;

/// Some records that follow each other.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    bodies: Vec<u8>,
    rows: Vec<RawRecord>,
}

/// What is known of a record before anybody understands it.
#[derive(Debug)]
struct RawRecord {
    seq: i64,
    body: Option<Range<usize>>,
    is_canonical: bool,
    payload: Option<Payload>,
    is_withheld: bool,
}

/// Where records are read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecordSource {
    /// A log.
    Log,
    /// What was put together again from an export: of some records there may be the leaf alone.
    Excerpt,
}

impl RecordSource {
    const fn query(self) -> &'static str {
        match self {
            Self::Log => "SELECT seq, body, NULL FROM record ORDER BY seq",
            Self::Excerpt => {
                "SELECT seq, body, NULL FROM record UNION ALL SELECT seq, NULL, leaf FROM withheld ORDER BY seq"
            }
        }
    }
}

/// A record as it is stored.
#[derive(Debug)]
pub(super) struct LoggedRecord<'a> {
    pub(super) seq: i64,
    /// Its bytes; none if what stands there are no bytes.
    pub(super) body: Option<&'a [u8]>,
    pub(super) is_canonical: bool,
    /// What lies beside it: a request's or an answer's body.
    pub(super) payload: Option<Payload>,
    /// Whether it was not exported, so that nothing is known of it but its leaf.
    pub(super) is_withheld: bool,
}

impl Chunk {
    /// Each record of it.
    pub(super) fn records(&self) -> impl Iterator<Item = LoggedRecord<'_>> {
        self.rows.iter().map(|found| LoggedRecord {
            seq: found.seq,
            body: found.body.as_ref().and_then(|span| self.bodies.get(span.clone())),
            is_canonical: found.is_canonical,
            payload: found.payload,
            is_withheld: found.is_withheld,
        })
    }

    fn add(&mut self, seq: i64, body: Option<&[u8]>, payload: Option<Payload>) {
        let span = body.map(|body| {
            let start = self.bodies.len();
            self.bodies.extend_from_slice(body);
            start..self.bodies.len()
        });
        let is_canonical = body.is_some_and(is_canonical);
        self.rows.push(RawRecord { seq, body: span, is_canonical, payload, is_withheld: false });
    }

    fn withhold(&mut self, seq: i64) {
        let raw = RawRecord { seq, body: None, is_canonical: false, payload: None, is_withheld: true };
        self.rows.push(raw);
    }
}

/// The two queries that are read side by side.
pub(super) struct Queries<'a> {
    records: Statement<'a>,
    payloads: Statement<'a>,
}

impl<'a> Queries<'a> {
    pub(super) fn new(connection: &'a Connection, source: RecordSource) -> rusqlite::Result<Self> {
        Ok(Self {
            records: connection.prepare(source.query())?,
            payloads: connection.prepare("SELECT seq, salt, bytes FROM payload ORDER BY seq")?,
        })
    }
}

/// Reads the log from its first record to its last.
pub(super) struct Stream<'a> {
    records: Rows<'a>,
    /// Stands on the first payload that no record has taken yet.
    payloads: Rows<'a>,
    tree: Frontier,
    /// The sizes at which the root of the tree is needed, and which are not reached yet.
    wanted: BTreeSet<u64>,
    /// The roots at the sizes that were reached.
    pub(super) roots: BTreeMap<u64, Hash>,
    /// Places that payloads name and no record has.
    pub(super) orphans: Vec<i64>,
}

impl<'a> Stream<'a> {
    pub(super) fn new(queries: &'a mut Queries<'_>, wanted: BTreeSet<u64>) -> rusqlite::Result<Self> {
        let (records, mut payloads) = (queries.records.query([])?, queries.payloads.query([])?);
        payloads.advance()?;
        Ok(Self {
            records,
            payloads,
            tree: Frontier::default(),
            wanted,
            roots: BTreeMap::new(),
            orphans: Vec::new(),
        })
    }

    /// How many records were read.
    pub(super) const fn count(&self) -> u64 {
        self.tree.size()
    }

    /// The next records. None at the end.
    pub(super) fn next(&mut self) -> rusqlite::Result<Option<Chunk>> {
        let Self { records, payloads, tree, wanted, roots, orphans } = self;
        let mut chunk = Chunk::default();
        while chunk.rows.len() < RECORDS && chunk.bodies.len() < BYTES {
            let Some(row) = records.next()? else {
                while let Some(orphan) = payload_before(payloads, i64::MAX)? {
                    orphans.push(orphan);
                }
                break;
            };
            let seq = row.get(0)?;
            let body = match row.get_ref(1)? {
                ValueRef::Blob(body) => Some(body),
                _ => None,
            };
            let withheld: Option<[u8; 32]> = row.get(2)?;
            tree.push(withheld.map_or_else(|| leaf(body.unwrap_or_default()), Hash));
            if wanted.remove(&tree.size()) {
                roots.insert(tree.size(), tree.root());
            }
            while let Some(orphan) = payload_before(payloads, seq)? {
                orphans.push(orphan);
            }
            match withheld {
                Some(_) => chunk.withhold(seq),
                None => chunk.add(seq, body, payload_of(payloads, seq)?),
            }
        }
        Ok(if chunk.rows.is_empty() { None } else { Some(chunk) })
    }
}

/// Passes over a payload of a place before this one.
fn payload_before(payloads: &mut Rows<'_>, place: i64) -> rusqlite::Result<Option<i64>> {
    let seq = payloads.get().map(|row| row.get(0)).transpose()?.filter(|seq| *seq < place);
    if seq.is_some() {
        payloads.advance()?;
    }
    Ok(seq)
}

/// Takes the payload of this place, if there is one.
fn payload_of(payloads: &mut Rows<'_>, place: i64) -> rusqlite::Result<Option<Payload>> {
    let Some(row) = payloads.get() else { return Ok(None) };
    if row.get::<_, i64>(0)? != place {
        return Ok(None);
    }
    let payload = hashed(row)?;
    payloads.advance()?;
    Ok(Some(payload))
}

fn hashed(row: &Row<'_>) -> rusqlite::Result<Payload> {
    let (salt, bytes) = (row.get_ref(1)?.as_bytes()?, row.get_ref(2)?.as_bytes()?);
    Ok(Payload { digest: Sha256::of(&[salt, bytes]), length: bytes.len() as u64 })
}
