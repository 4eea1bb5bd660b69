//! How a log is made ready for writing, and made if there is none.

use super::{
    StoreError,
    format::{APPLICATION_ID, Definitions, LATEST, LayoutMatch, definitions, known},
};
use crate::{
    domain::{Time, is_taken_out},
    record::{Event, LogOpened, Record},
};
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, config::DbConfig, params};
use std::{io, path::Path, time::Duration};

/// The one writing connection to the log at `path`, which is a file that is there. An empty one becomes a
/// log that is named by `log_id`.
pub(super) fn open(path: &Path, now: Time, log_id: &[u8; 16]) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection =
        Connection::open_with_flags(path, flags).map_err(|source| StoreError::sqlite(path, source))?;
    match prepare(&mut connection, path, now, log_id) {
        Ok(()) => Ok(connection),
        Err(StoreError::Sqlite { source, path })
            if source.sqlite_error_code() == Some(ErrorCode::NotADatabase) =>
        {
            Err(StoreError::Foreign(path))
        }
        Err(error) => Err(error),
    }
}

fn prepare(connection: &mut Connection, path: &Path, now: Time, log_id: &[u8; 16]) -> Result<(), StoreError> {
    let error = |source| StoreError::sqlite(path, source);
    connection.busy_timeout(Duration::from_secs(5)).map_err(error)?;
    let is_new = check_identity(connection, path)?;
    if !is_new {
        match known(connection).map_err(error)? {
            LayoutMatch::Released => {}
            // Only its views are not known.
            LayoutMatch::Newer(later) if later.format <= LATEST => {}
            LayoutMatch::Newer(later) => return Err(StoreError::Newer { path: path.to_owned(), later }),
            LayoutMatch::Altered(difference) => {
                return Err(StoreError::Schema { path: path.to_owned(), difference });
            }
        }
    }
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0)).map_err(error)?;
    if mode != "wal" {
        let refused = io::Error::other(format!("the journal stays in mode `{mode}`"));
        return Err(StoreError::Open { path: path.to_owned(), source: refused });
    }
    for (name, value) in [
        ("synchronous", if is_taken_out("commit-without-a-sync") { "NORMAL" } else { "FULL" }),
        ("fullfsync", "ON"),
        ("checkpoint_fullfsync", "ON"),
        ("trusted_schema", "OFF"),
        ("recursive_triggers", "ON"),
        ("cell_size_check", "ON"),
        ("mmap_size", "0"),
    ] {
        connection.pragma_update(None, name, value).map_err(error)?;
    }
    if is_new {
        create(connection, path, now, log_id)?;
    }
    // The triggers stop whoever else opens the file. This connection does nothing but append, and looks itself,
    // once for each transaction, where the log ends: a trigger for each record costs as much as the record.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false).map_err(error).map(drop)
}

/// Whether the file is empty; an error if it is not ours.
fn check_identity(connection: &Connection, path: &Path) -> Result<bool, StoreError> {
    let error = |source| StoreError::sqlite(path, source);
    let integer = |name: &str| -> Result<i32, StoreError> {
        connection.pragma_query_value(None, name, |row| row.get(0)).map_err(error)
    };
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(error)?;
    match (integer("application_id")?, integer("user_version")?) {
        (0, 0) if tables == 0 => Ok(true),
        (APPLICATION_ID, 1..) => Ok(false),
        _ => Err(StoreError::Foreign(path.to_owned())),
    }
}

/// The version of the `SQLite` that comes with this program.
pub fn sqlite_version() -> &'static str {
    rusqlite::version()
}

fn create(connection: &mut Connection, path: &Path, now: Time, log_id: &[u8; 16]) -> Result<(), StoreError> {
    let error = |source| StoreError::sqlite(path, source);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(error)?;
    transaction.execute_batch(definitions()).map_err(error)?;
    let opened = LogOpened {
        log_id: uuid::Uuid::from_bytes(*log_id).simple().to_string(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sqlite: sqlite_version().to_owned(),
        schema_sha256: Definitions::of(&transaction).map_err(error)?.recorded(),
        format: Some(LATEST),
    };
    let body = Record { at: now, run: None, event: Event::LogOpened(opened) }.to_bytes()?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(error)?;
    transaction.pragma_update(None, "user_version", LATEST).map_err(error)?;
    transaction.execute("INSERT INTO record (seq, body) VALUES (0, ?1)", params![body]).map_err(error)?;
    transaction.commit().map_err(error)
}
