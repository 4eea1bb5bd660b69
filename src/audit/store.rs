//! The one writing connection.

use super::{
    place::{canonical, identity, lock, looks_like_a_database, refuse_network},
    reserve::Reserve,
};
use crate::{
    domain::{Seq, Time},
    record::{Event, LogOpened, Record, canonical::CanonicalError},
};
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, params};
use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::Duration,
};

/// Bytes `offb`, in the file's header: this is an audit log of this program.
pub(super) const APPLICATION_ID: i32 = 0x6f66_6662;
/// The version of the schema.
pub(super) const SCHEMA_VERSION: i32 = 1;
/// Before this version, two connections could lose committed pages (sqlite.org/wal.html).
const OLDEST_SQLITE: i32 = 3_051_003;
const SCHEMA: &str = include_str!("schema.sql");

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

/// Why the log cannot be opened or written. Nothing more is sent after one of these.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process writes this log.
    #[error(
        "the audit log `{0}` is in use by another run; wait until it ends, or name another log with `--audit-log`"
    )]
    Locked(PathBuf),
    /// The file, its folder or its lock cannot be used.
    #[error("cannot open the audit log `{path}`: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The name is no file of its own.
    #[error(
        "the audit log `{0}` is not a plain file with one name; a second name would have a lock of its own"
    )]
    NotAlone(PathBuf),
    /// Somebody reads the log at this moment, and it is at rest.
    #[error(
        "the audit log `{0}` is open in another program; close it there (a database tool?) and try again"
    )]
    Busy(PathBuf),
    /// The file is something else.
    #[error("`{0}` is not an audit log of this program; name another file with `--audit-log`")]
    Foreign(PathBuf),
    /// The file was made by a newer version.
    #[error("the audit log `{path}` has schema {found}; this version of the program knows schema {known}")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i32,
        /// Ours.
        known: i32,
    },
    /// The file lies where locks and shared memory cannot be trusted.
    #[error(
        "the audit log `{0}` is on a network file system, which does not keep its locks; choose a local folder"
    )]
    Network(PathBuf),
    /// The `SQLite` that is built in is too old.
    #[error("SQLite {0} can lose committed records; 3.51.3 or newer is needed")]
    OldSqlite(&'static str),
    /// Somebody moved or replaced the file while it was written.
    #[error("the audit log `{0}` was moved, replaced or removed while it was being written")]
    Moved(PathBuf),
    /// The disk is full.
    #[error("the disk is full: the audit log `{0}` cannot be written")]
    Full(PathBuf),
    /// `SQLite` reports an error.
    #[error("the audit log `{path}` cannot be written: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// A record has no canonical form; a bug of this program.
    #[error("a record has no canonical form: {0}")]
    Canonical(#[from] CanonicalError),
}

/// An audit log that is open for appending, by this process alone.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
    path: PathBuf,
    next: Seq,
    /// Device and number of the file, as it was opened.
    identity: (u64, u64),
    /// Room for the end; none once the disk was full.
    reserve: Option<Reserve>,
    /// Held for as long as the log is open.
    _lock: File,
}

impl Store {
    /// Opens the log at `path`, or makes it. `log_id` names a new log.
    pub fn open(path: &Path, now: Time, log_id: &Salt) -> Result<Self, StoreError> {
        if rusqlite::version_number() < OLDEST_SQLITE {
            return Err(StoreError::OldSqlite(rusqlite::version()));
        }
        let opened = |source| StoreError::Open { path: path.to_owned(), source };
        refuse_network(path)?;
        // However the log is called, through links or not, there is one lock.
        let path = &canonical(path).map_err(opened)?;
        let lock = lock(path)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).mode(0o600);
        // Made here and not by SQLite, so that nobody else can read it for even a moment.
        let made = options.open(path).map_err(opened)?;
        let status = made.metadata().map_err(opened)?;
        if !status.is_file() || status.nlink() > 1 {
            return Err(StoreError::NotAlone(path.clone()));
        }
        drop(made);
        let identity = identity(path).map_err(opened)?;
        // SQLite takes a file of a few bytes for an empty one, and would write over it.
        if !looks_like_a_database(path).map_err(opened)? {
            return Err(StoreError::Foreign(path.to_owned()));
        }

        let reserve = Reserve::keep(path).map_err(|source| match source.kind() {
            io::ErrorKind::StorageFull => StoreError::Full(path.clone()),
            _ => opened(source),
        })?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).map_err(|source| sqlite(path, source))?;
        let mut store = Self {
            connection,
            path: path.to_owned(),
            next: 0,
            identity,
            reserve: Some(reserve),
            _lock: lock,
        };
        store.prepare(now, log_id).map_err(|error| match error {
            StoreError::Sqlite { source, path }
                if source.sqlite_error_code() == Some(ErrorCode::NotADatabase) =>
            {
                StoreError::Foreign(path)
            }
            error => error,
        })?;
        Ok(store)
    }

    /// The place that the next record gets.
    pub const fn next(&self) -> Seq {
        self.next
    }

    /// Where the log is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn prepare(&mut self, now: Time, log_id: &Salt) -> Result<(), StoreError> {
        let path = self.path.clone();
        let error = |source| sqlite(&path, source);
        self.connection.busy_timeout(Duration::from_secs(5)).map_err(error)?;
        let is_new = self.check_identity()?;
        if is_new {
            self.connection.pragma_update(None, "page_size", 16_384).map_err(error)?;
        }
        let mode: String = self
            .connection
            .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
            .map_err(error)?;
        if mode != "wal" {
            let refused = io::Error::other(format!("the journal stays in mode `{mode}`"));
            return Err(StoreError::Open { path, source: refused });
        }
        for (name, value) in [
            ("synchronous", "FULL"),
            ("fullfsync", "ON"),
            ("checkpoint_fullfsync", "ON"),
            ("trusted_schema", "OFF"),
            ("recursive_triggers", "ON"),
            ("cell_size_check", "ON"),
            ("mmap_size", "0"),
        ] {
            self.connection.pragma_update(None, name, value).map_err(error)?;
        }
        if is_new {
            self.create(now, log_id)?;
        }
        let last: Option<i64> =
            self.connection.query_row("SELECT max(seq) FROM record", [], |row| row.get(0)).map_err(error)?;
        self.next = last.map_or(0, |last| last.unsigned_abs() + 1);
        Ok(())
    }

    /// Whether the file is empty; an error if it is not ours.
    fn check_identity(&self) -> Result<bool, StoreError> {
        let error = |source| sqlite(&self.path, source);
        let integer = |name: &str| -> Result<i32, StoreError> {
            self.connection.pragma_query_value(None, name, |row| row.get(0)).map_err(error)
        };
        let tables: i64 = self
            .connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(error)?;
        match (integer("application_id")?, integer("user_version")?) {
            (0, 0) if tables == 0 => Ok(true),
            (APPLICATION_ID, SCHEMA_VERSION) => Ok(false),
            (APPLICATION_ID, found) if found > SCHEMA_VERSION => {
                Err(StoreError::Newer { path: self.path.clone(), found, known: SCHEMA_VERSION })
            }
            _ => Err(StoreError::Foreign(self.path.clone())),
        }
    }

    fn create(&mut self, now: Time, log_id: &Salt) -> Result<(), StoreError> {
        let path = self.path.clone();
        let error = |source| sqlite(&path, source);
        let opened = LogOpened {
            log_id: uuid::Uuid::from_bytes(*log_id).simple().to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            sqlite: rusqlite::version().to_owned(),
        };
        let body = Record { at: now, run: None, event: Event::LogOpened(opened) }.to_bytes()?;
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(error)?;
        transaction.execute_batch(SCHEMA).map_err(error)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(error)?;
        transaction.pragma_update(None, "user_version", SCHEMA_VERSION).map_err(error)?;
        transaction.execute("INSERT INTO record (seq, body) VALUES (0, ?1)", params![body]).map_err(error)?;
        transaction.commit().map_err(error)
    }

    /// Appends these entries in one transaction. When this returns, they are on disk.
    ///
    /// The entries get the places `first`, `first + 1` … where `first` is what is returned. After an
    /// error nothing may be appended any more: whether the batch is on disk is not known. A full disk is
    /// no error the first time: nothing of the batch was committed, and the reserve makes room for it.
    pub fn append(&mut self, entries: &[Entry]) -> Result<Seq, StoreError> {
        match self.commit(entries) {
            Err(StoreError::Full(_)) if self.reserve.take().is_some() => self.commit(entries),
            committed => committed,
        }
    }

    /// Whether the disk was full: what is appended now lives on the reserve, and nothing new may begin.
    pub const fn is_full(&self) -> bool {
        self.reserve.is_none()
    }

    fn commit(&mut self, entries: &[Entry]) -> Result<Seq, StoreError> {
        // SQLite goes on writing into a file that has no name any more.
        if identity(&self.path).ok() != Some(self.identity) {
            return Err(StoreError::Moved(self.path.clone()));
        }
        let Self { connection, path, next, .. } = self;
        let error = |source| sqlite(path, source);
        let first = *next;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(error)?;
        let mut seq = i64::try_from(first).unwrap_or(i64::MAX);
        {
            let mut record = transaction
                .prepare_cached("INSERT INTO record (seq, body) VALUES (?1, ?2)")
                .map_err(error)?;
            let mut payload = transaction
                .prepare_cached("INSERT INTO payload (seq, salt, bytes) VALUES (?1, ?2, ?3)")
                .map_err(error)?;
            for entry in entries {
                record.execute(params![seq, entry.record.to_bytes()?]).map_err(error)?;
                if let Some((salt, bytes)) = &entry.payload {
                    payload.execute(params![seq, salt, bytes]).map_err(error)?;
                }
                seq += 1;
            }
        }
        transaction.commit().map_err(error)?;
        *next = first + entries.len() as u64;
        Ok(first)
    }

    /// Makes one file of the log again, as it is at rest.
    pub fn close(self) -> Result<(), StoreError> {
        let Self { connection, path, reserve, .. } = self;
        drop(reserve);
        let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        let stays_in_two_files = match busy {
            Ok(busy) => busy,
            Err(source) if source.sqlite_error_code() == Some(ErrorCode::DiskFull) => true,
            Err(source) => return Err(sqlite(&path, source)),
        };
        // A colleague who reads the log at this moment, or a full disk, keeps it in two files; nothing is
        // lost.
        if !stays_in_two_files {
            let switched = connection.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()));
            match switched {
                Err(source) if !is_busy(&source) => return Err(sqlite(&path, source)),
                _ => {}
            }
        }
        connection.close().map_err(|(_, source)| sqlite(&path, source))
    }
}

fn is_busy(source: &rusqlite::Error) -> bool {
    matches!(source.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn sqlite(path: &Path, source: rusqlite::Error) -> StoreError {
    match source.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy(path.to_owned()),
        Some(ErrorCode::DiskFull) => StoreError::Full(path.to_owned()),
        _ => StoreError::Sqlite { path: path.to_owned(), source },
    }
}
