//! The log as its one writer has it.

use super::{
    StoreError, ceiling,
    heads::{Heads, PendingHead, latest_head},
    keys::{SigningKey, VerifyingKey},
    log_paths::{canonical, lock, looks_like_a_database, refuse_unsafe},
    manifest::Manifest,
    opening,
    reserve::Reserve,
    send_stop::{SendStop, stop_file},
    tree::{Frontier, leaf},
    write_ahead::OpenFiles,
};
use crate::{
    domain::{Seq, Time, is_taken_out},
    platform,
    record::{Event, KeyIntroduced, Record, canonical::Pen},
};
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior, config::DbConfig, params};
use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
};

/// Before this version, two connections could lose committed pages (sqlite.org/wal.html).
const OLDEST_SQLITE: i32 = 3_051_003;

/// The most callers whose entries share one transaction.
pub(super) const SHARED_BY: usize = 256;

/// Sixteen random bytes that keep a short payload from being guessed from its digest.
pub type Salt = [u8; 16];

/// A record to append, with the bytes that it owns.
#[derive(Debug)]
pub struct Entry {
    /// The record; it holds the payload's digest.
    pub record: Record,
    /// The payload and its salt.
    pub payload: Option<(Salt, Vec<u8>)>,
}

impl From<Record> for Entry {
    fn from(record: Record) -> Self {
        Self { record, payload: None }
    }
}

/// An audit log that is open for appending, by this process alone.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    heads: Heads,
    /// The files that it consists of.
    files: OpenFiles,
    /// Room for the end; none once the disk was full.
    reserve: Option<Reserve>,
    /// Whether somebody put a file beside the log that says stop.
    is_told_to_stop: bool,
    /// Whether the log has come near to the largest size that a file may have here.
    is_at_its_limit: bool,
    /// How many callers share one transaction.
    shared_by: usize,
    /// Writes the records.
    pen: Pen,
    /// Held for as long as the log is open.
    _lock: File,
}

impl Store {
    /// Opens the log at `path`, or makes it. `log_id` names a new log. Its heads are signed with `key`,
    /// which the log introduces if it is another than before. A log that is not what its latest head says
    /// is not opened.
    pub fn open(path: &Path, now: Time, log_id: &Salt, key: &SigningKey) -> Result<Self, StoreError> {
        if rusqlite::version_number() < OLDEST_SQLITE {
            return Err(StoreError::OldSqlite(opening::sqlite_version()));
        }
        let opened = |source| StoreError::Open { path: path.to_owned(), source };
        refuse_unsafe(path)?;
        // However the log is called, through links or not, there is one lock.
        let path = &canonical(path).map_err(opened)?;
        let lock = lock(path)?;
        // Made here and not by SQLite, so that nobody else can read it for even a moment.
        let made = platform::private().read(true).write(true).create(true).open(path).map_err(opened)?;
        let is_file = made.metadata().map_err(opened)?.is_file();
        if !is_file || platform::identity(path).map_err(opened)?.names > 1 {
            return Err(StoreError::NotAlone(path.clone()));
        }
        drop(made);
        // SQLite takes a file of a few bytes for an empty one, and would write over it.
        if !looks_like_a_database(path).map_err(opened)? {
            return Err(StoreError::Foreign(path.to_owned()));
        }

        if let Some(largest) = ceiling::is_near(path) {
            return Err(StoreError::Limited { path: path.clone(), largest });
        }
        let reserve = Reserve::keep(path).map_err(|source| match source.kind() {
            io::ErrorKind::StorageFull => StoreError::Full(path.clone()),
            _ => opened(source),
        })?;
        let connection = opening::open(path, now, log_id)?;
        let heads = Heads::load(&connection, path, key)?;
        let mut store = Self {
            connection,
            path: path.to_owned(),
            heads,
            files: OpenFiles::of(path).map_err(opened)?,
            reserve: Some(reserve),
            is_told_to_stop: false,
            is_at_its_limit: false,
            shared_by: SHARED_BY,
            pen: Pen::default(),
            _lock: lock,
        };
        if !store.heads.is_introduced(key.public()) {
            let introduced = KeyIntroduced { vkey: key.public().as_str().to_owned() };
            let record = Record { at: now, run: None, event: Event::KeyIntroduced(introduced) };
            store.append(&[record.into()])?;
        }
        Ok(store)
    }

    /// With at most so many callers sharing one transaction; a benchmark shows what sharing is worth.
    #[must_use]
    pub fn sharing(mut self, callers: usize) -> Self {
        self.shared_by = callers.max(1);
        self
    }

    /// How many callers may share one transaction.
    pub(super) const fn shared_by(&self) -> usize {
        self.shared_by
    }

    /// The place that the next record gets.
    pub const fn next(&self) -> Seq {
        self.heads.records()
    }

    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Where the log is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends these entries in one transaction. When this returns, they are on disk.
    ///
    /// The entries get the places `first`, `first + 1` … where `first` is what is returned. After an
    /// error nothing may be appended any more: whether the batch is on disk is not known. A full disk is
    /// no error the first time: nothing of the batch was committed, and the reserve makes room for it.
    /// When a head over the records before these is due, it goes to the disk with them.
    pub fn append(&mut self, entries: &[Entry]) -> Result<Seq, StoreError> {
        let first = self.next();
        if !entries.is_empty() {
            let head = self.heads.due()?;
            self.commit(entries, head)?;
        }
        Ok(first)
    }

    /// Makes a head over everything that is on disk, unless there is one. When this returns, the head is
    /// on disk too.
    pub fn head(&mut self) -> Result<(), StoreError> {
        match self.heads.missing()? {
            Some(head) => self.commit(&[], Some(head)),
            None => Ok(()),
        }
    }

    /// A head over everything that is on disk, as a signed note.
    pub fn head_note(&mut self) -> Result<String, StoreError> {
        self.head()?;
        let latest =
            latest_head(&self.connection).map_err(|source| StoreError::sqlite(&self.path, source))?;
        let altered = || StoreError::Altered { path: self.path.clone(), why: "it has no head".to_owned() };
        latest.map(|(_, note)| note).ok_or_else(altered)
    }

    /// The public half of the key that signs its heads.
    pub const fn key(&self) -> &VerifyingKey {
        self.heads.key().public()
    }

    /// Signs what was exported of it; `head` is the head over the same records.
    pub fn sign_manifest(&self, manifest: &Manifest, head: &str) -> Result<String, StoreError> {
        Ok(manifest.sign(head, self.heads.key())?)
    }

    /// The next append carries a head, however few records have come since the last one.
    pub(super) const fn want_head(&mut self) {
        self.heads.want();
    }

    /// How many records the latest head covers.
    pub(super) const fn covered(&self) -> u64 {
        self.heads.covered()
    }

    /// Why nothing new may begin, as of the latest append.
    pub const fn send_stop(&self) -> Option<SendStop> {
        if self.reserve.is_none() {
            Some(SendStop::DiskFull)
        } else if self.is_at_its_limit {
            Some(SendStop::FileLimit)
        } else if self.is_told_to_stop {
            Some(SendStop::StopFile)
        } else {
            None
        }
    }

    fn commit(&mut self, entries: &[Entry], head: Option<PendingHead>) -> Result<(), StoreError> {
        let tree = match self.transact(entries, head.as_ref()) {
            Err(StoreError::Full(_))
                if self.reserve.take().is_some() && !is_taken_out("no-reserve-for-a-full-disk") =>
            {
                self.transact(entries, head.as_ref())?
            }
            tree => tree?,
        };
        let Some(note) = self.heads.committed(tree, head) else { return Ok(()) };
        match self.heads.copy(&note) {
            Err(StoreError::Full(_)) if self.reserve.take().is_some() => self.heads.copy(&note),
            copied => copied,
        }
    }

    /// One transaction, which is on disk under the log's own names when this returns.
    fn transact(&mut self, entries: &[Entry], head: Option<&PendingHead>) -> Result<Frontier, StoreError> {
        let written = self.files.require_whole().and_then(|()| {
            let tree = self.write(entries, head)?;
            self.files.require_committed()?;
            Ok(tree)
        });
        if let Err(StoreError::Cut { .. }) = written {
            // What is left of the write-ahead file, copied into the log, would spoil it.
            let keep = self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
            keep.map_err(|source| StoreError::sqlite(&self.path, source))?;
        }
        written
    }

    fn write(&mut self, entries: &[Entry], head: Option<&PendingHead>) -> Result<Frontier, StoreError> {
        self.is_told_to_stop |= stop_file(&self.path).exists() && !is_taken_out("no-stop-file");
        self.is_at_its_limit |= ceiling::is_near(&self.path).is_some();
        let Self { connection, path, heads, pen, .. } = self;
        let error = |source| StoreError::sqlite(path, source);
        let mut tree = heads.tree();
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(error)?;
        if !ends_here(&transaction, heads).map_err(error)? && !is_taken_out("append-wherever-it-ends") {
            let why = "another program has written to it meanwhile".to_owned();
            return Err(StoreError::Altered { path: path.clone(), why });
        }
        {
            let mut record = transaction
                .prepare_cached("INSERT INTO record (seq, body) VALUES (?1, ?2)")
                .map_err(error)?;
            let mut payload = transaction
                .prepare_cached("INSERT INTO payload (seq, salt, bytes) VALUES (?1, ?2, ?3)")
                .map_err(error)?;
            for entry in entries {
                let seq = i64::try_from(tree.size()).unwrap_or(i64::MAX);
                let body = entry.record.write(pen)?;
                record.execute(params![seq, body]).map_err(error)?;
                if let Some((salt, bytes)) = &entry.payload {
                    payload.execute(params![seq, salt, bytes]).map_err(error)?;
                }
                tree.push(leaf(body));
            }
            if let Some(head) = head {
                head.insert(&transaction).map_err(error)?;
            }
        }
        transaction.commit().map_err(error)?;
        Ok(tree)
    }

    /// Makes one file of the log again, as it is at rest, with a head over all of it.
    pub fn close(mut self) -> Result<(), StoreError> {
        match self.head() {
            // The records are on disk; the next one who opens the log makes a head over them.
            Ok(()) | Err(StoreError::Full(_)) => {}
            Err(error) => return Err(error),
        }
        let Self { connection, path, reserve, .. } = self;
        drop(reserve);
        let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        let stays_in_two_files = match busy {
            Ok(busy) => busy,
            Err(source) if source.sqlite_error_code() == Some(ErrorCode::DiskFull) => true,
            Err(source) => return Err(StoreError::sqlite(&path, source)),
        };
        // A colleague who reads the log at this moment, or a full disk, keeps it in two files; nothing is
        // lost.
        if !stays_in_two_files {
            let switched = connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()));
            match switched {
                Err(source) if !is_busy(&source) => return Err(StoreError::sqlite(&path, source)),
                _ => {}
            }
        }
        connection.close().map_err(|(_, source)| StoreError::sqlite(&path, source))
    }
}

/// Whether the log ends where this writer left it: what the triggers see to for everybody else.
fn ends_here(transaction: &Transaction<'_>, heads: &Heads) -> rusqlite::Result<bool> {
    let mut ends = transaction.prepare_cached(
        "SELECT (SELECT coalesce(max(seq) + 1, 0) FROM record), (SELECT coalesce(max(seq) + 1, 0) FROM payload),
            (SELECT coalesce(max(size), 0) FROM checkpoint)",
    )?;
    let (records, payloads, covered): (i64, i64, i64) =
        ends.query_row([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    Ok(records.unsigned_abs() == heads.records()
        && payloads <= records
        && covered.unsigned_abs() == heads.covered())
}

fn is_busy(source: &rusqlite::Error) -> bool {
    matches!(source.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}
