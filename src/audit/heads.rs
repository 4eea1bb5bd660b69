//! The heads of a log that is being written.
//!
//! A head says, under a signature, what the first `n` records are. It is made over records that are on
//! disk already, so it can never cover one that a crash takes back: the table `checkpoint` gets it in a
//! later transaction than the records, and the file beside the log after that.

use super::{
    StoreError,
    checkpoint::{self, Keyring},
    checkpoint_file::CopyFile,
    keys::{SigningKey, VerifyingKey},
    tree::{Frontier, leaf},
};
use crate::{
    domain::{Seq, is_taken_out},
    record::{KeyIntroduced, Kind, LogOpened},
};
use memchr::memmem::Finder;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};
use std::path::Path;
use tlog_tiles::Hash;

/// A head is due after so many records.
const EVERY: u64 = 100;

/// Makes the heads of a log.
#[derive(Debug)]
pub(super) struct Heads {
    origin: String,
    key: SigningKey,
    tree: Frontier,
    /// How many records the latest head covers.
    covered: u64,
    /// Whether the next transaction is to carry a head, however few the records are.
    wanted: bool,
    /// The key that the log introduced last, before it was opened.
    introduced: Option<VerifyingKey>,
    copy: CopyFile,
}

/// A head that is signed and not yet on disk.
#[derive(Debug)]
pub(super) struct PendingHead {
    size: u64,
    note: String,
}

impl Heads {
    /// Reads the whole log once, and compares it with the latest head in it.
    pub(super) fn load(connection: &Connection, log: &Path, key: &SigningKey) -> Result<Self, StoreError> {
        let error = |source| StoreError::sqlite(log, source);
        let altered = |why: String| StoreError::Altered { path: log.to_owned(), why };
        let latest = latest_head(connection).map_err(error)?;
        let until = latest.as_ref().map(|(size, _)| *size);
        let Scan { tree, root, keys } = read_all(connection, until).map_err(error)?;
        let end: i64 = connection
            .query_row("SELECT coalesce(max(seq) + 1, 0) FROM record", [], |row| row.get(0))
            .map_err(error)?;
        if end.unsigned_abs() != tree.size() {
            return Err(altered("records are missing in it".to_owned()));
        }
        let origin = origin(connection).map_err(error)?;
        let origin = origin.ok_or_else(|| altered("its first record does not open a log".to_owned()))?;
        if let Some((size, note)) = &latest {
            let keyring = Keyring::new(keys.iter().map(|(seq, key)| (key, *seq)));
            let bad = |why: String| altered(format!("the head over {size} records {why}"));
            let signed = checkpoint::open(note, &keyring).map_err(|why| bad(why.to_string()))?;
            if signed.origin != origin || signed.size != *size {
                return Err(bad("is a head of another log, or of another size".to_owned()));
            }
            if signed.since >= *size {
                return Err(bad("was signed with a key that was not known then".to_owned()));
            }
            if root.is_none_or(|root| root != signed.root) {
                return Err(bad("was signed over other records than these".to_owned()));
            }
        }
        let copy = CopyFile::open(connection, log, tree.size(), &origin)?;
        let covered = until.unwrap_or_default();
        let introduced = keys.into_iter().next_back().map(|(_, key)| key);
        Ok(Self { origin, key: key.clone(), covered, tree, wanted: false, introduced, copy })
    }

    /// Whether this is the key that the log introduced last, before it was opened.
    pub(super) fn is_introduced(&self, key: &VerifyingKey) -> bool {
        self.introduced.as_ref().is_some_and(|last| last.as_str() == key.as_str())
    }

    /// The key that signs them.
    pub(super) const fn key(&self) -> &SigningKey {
        &self.key
    }

    /// How many records are on disk.
    pub(super) const fn records(&self) -> u64 {
        self.tree.size()
    }

    /// How many records the latest head covers.
    pub(super) const fn covered(&self) -> u64 {
        self.covered
    }

    /// The next transaction carries a head.
    pub(super) const fn want(&mut self) {
        self.wanted = true;
    }

    /// A head over all records on disk, if one is due.
    pub(super) fn due(&self) -> Result<Option<PendingHead>, StoreError> {
        let missing = self.tree.size() - self.covered;
        if missing >= EVERY || (self.wanted && missing > 0) { self.sign().map(Some) } else { Ok(None) }
    }

    /// A head over all records on disk, unless the latest one is.
    pub(super) fn missing(&self) -> Result<Option<PendingHead>, StoreError> {
        if self.tree.size() > self.covered { self.sign().map(Some) } else { Ok(None) }
    }

    fn sign(&self) -> Result<PendingHead, StoreError> {
        let size = self.tree.size() + u64::from(is_taken_out("a-head-before-its-records"));
        Ok(PendingHead { size, note: checkpoint::sign(&self.origin, size, self.tree.root(), &self.key)? })
    }

    /// The tree with these records added; to be given to [`Heads::committed`] once they are on disk.
    pub(super) fn tree(&self) -> Frontier {
        self.tree.clone()
    }

    /// The transaction with these records and this head is on disk. Gives the note that is to be copied.
    pub(super) fn committed(&mut self, tree: Frontier, head: Option<PendingHead>) -> Option<String> {
        self.tree = tree;
        let head = head?;
        self.covered = head.size;
        self.wanted = false;
        Some(head.note)
    }

    /// Copies a head that is on disk to the file beside the log.
    pub(super) fn copy(&mut self, note: &str) -> Result<(), StoreError> {
        self.copy.append(note)
    }
}

impl PendingHead {
    /// Puts the head into the transaction.
    pub(super) fn insert(&self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        let size = i64::try_from(self.size).unwrap_or(i64::MAX);
        transaction
            .prepare_cached("INSERT INTO checkpoint (size, note) VALUES (?1, ?2)")?
            .execute(params![size, self.note])?;
        Ok(())
    }
}

/// What all records add up to.
struct Scan {
    tree: Frontier,
    /// The root of the tree when it had as many leaves as was asked for.
    root: Option<Hash>,
    /// The keys that the log introduces, in order, each with its record. What is no key is passed over.
    keys: Vec<(Seq, VerifyingKey)>,
}

fn read_all(connection: &Connection, until: Option<u64>) -> rusqlite::Result<Scan> {
    let mut query = connection.prepare("SELECT seq, body FROM record ORDER BY seq")?;
    let mut rows = query.query([])?;
    let mut scan = Scan { tree: Frontier::default(), root: None, keys: Vec::new() };
    let introduces = Finder::new(Kind::KeyIntroduced.label());
    while let Some(row) = rows.next()? {
        let body = row.get_ref(1)?.as_bytes()?;
        scan.tree.push(leaf(body));
        if Some(scan.tree.size()) == until {
            scan.root = Some(scan.tree.root());
        }
        if introduces.find(body).is_some()
            && let Some(introduced) = KeyIntroduced::read(body)
            && let Ok(key) = introduced.vkey.parse()
        {
            scan.keys.push((row.get::<_, i64>(0)?.unsigned_abs(), key));
        }
    }
    Ok(scan)
}

pub(super) fn latest_head(connection: &Connection) -> rusqlite::Result<Option<(u64, String)>> {
    let latest = "SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1";
    connection.query_row(latest, [], |row| Ok((row.get::<_, i64>(0)?.unsigned_abs(), row.get(1)?))).optional()
}

/// Whose heads the heads of this log are. None if its first record does not say so.
fn origin(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let first: Option<Vec<u8>> =
        connection.query_row("SELECT body FROM record WHERE seq = 0", [], |row| row.get(0)).optional()?;
    Ok(first.and_then(|body| LogOpened::read(&body)).map(|opened| checkpoint::origin(&opened.log_id)))
}
