//! A log, or a part of one, put together again from what was exported of it, so that the same questions can be asked of
//! it as of the log itself. It lies in a folder for temporary files, and goes with whoever asks.

use super::{
    QueryError, Reader,
    tree::{Frontier, leaf},
};
use crate::domain::Seq;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};
use std::{path::PathBuf, sync::Arc};
use tempfile::TempDir;
use tlog_tiles::Hash;

/// Of a record that was not exported there is its leaf, which is enough for the tree.
const TABLES: &str = "
    CREATE TABLE record (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
    CREATE TABLE payload (seq INTEGER PRIMARY KEY, salt BLOB NOT NULL, bytes BLOB NOT NULL) STRICT;
    CREATE TABLE withheld (seq INTEGER PRIMARY KEY, leaf BLOB NOT NULL) STRICT;
";

/// A log that is put together again.
#[derive(Debug)]
pub struct Excerpt {
    folder: Arc<TempDir>,
    connection: Connection,
}

/// What belongs into it.
#[derive(Debug)]
pub struct ExcerptDraft<'a>(Transaction<'a>);

impl Excerpt {
    /// Nothing is in it yet.
    pub fn begin() -> Result<Self, QueryError> {
        let folder =
            tempfile::tempdir().map_err(|_nowhere| rusqlite::Error::InvalidPath(std::env::temp_dir()))?;
        let connection = Connection::open(place(&folder))?;
        // Nothing of it outlives a crash, and nothing needs to.
        for (name, value) in [("journal_mode", "MEMORY"), ("synchronous", "OFF")] {
            connection.pragma_update(None, name, value)?;
        }
        connection.execute_batch(TABLES)?;
        Ok(Self { folder: Arc::new(folder), connection })
    }

    /// Puts all that `fill` has into it.
    pub fn fill<E: From<QueryError>>(
        &mut self,
        fill: impl FnOnce(&ExcerptDraft<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let sqlite = |error: rusqlite::Error| E::from(QueryError::from(error));
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let draft = ExcerptDraft(begun.map_err(sqlite)?);
        fill(&draft)?;
        draft.0.commit().map_err(sqlite)
    }

    /// Questions to it.
    pub fn reader(&self) -> Result<Reader, QueryError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(place(&self.folder), flags)?;
        Reader::prepared(connection, Some(Arc::clone(&self.folder)))
    }

    /// The root of the tree over its first records, in base64; none if there are fewer.
    pub fn root_at(&self, size: u64) -> Result<Option<String>, QueryError> {
        let mut query = self.connection.prepare(
            "SELECT seq, body, NULL FROM record UNION ALL SELECT seq, NULL, leaf FROM withheld ORDER BY seq",
        )?;
        let (mut tree, mut rows) = (Frontier::default(), query.query([])?);
        while tree.size() < size {
            let Some(row) = rows.next()? else { return Ok(None) };
            let withheld: Option<[u8; 32]> = row.get(2)?;
            let body = row.get_ref(1)?.as_bytes_or_null().map_err(rusqlite::Error::from)?;
            tree.push(withheld.map_or_else(|| leaf(body.unwrap_or_default()), Hash));
        }
        Ok(Some(tree.root().to_string()))
    }

    pub(super) const fn connection(&self) -> &Connection {
        &self.connection
    }
}

impl ExcerptDraft<'_> {
    /// Adds a record with what lies beside it. False if there is one at this place.
    pub fn add(&self, seq: Seq, body: &[u8], payload: Option<(&[u8], &[u8])>) -> Result<bool, QueryError> {
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        let mut record = self.0.prepare_cached("INSERT OR IGNORE INTO record VALUES (?1, ?2)")?;
        let is_new = record.execute(params![seq, body])? == 1;
        if let Some((salt, bytes)) = payload.filter(|_| is_new) {
            let mut payload = self.0.prepare_cached("INSERT INTO payload VALUES (?1, ?2, ?3)")?;
            payload.execute(params![seq, salt, bytes])?;
        }
        Ok(is_new)
    }

    /// Adds the leaf of a record that was not exported. False if there is one at this place.
    pub fn withhold(&self, seq: Seq, leaf: &[u8]) -> Result<bool, QueryError> {
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        let mut withheld = self.0.prepare_cached("INSERT OR IGNORE INTO withheld VALUES (?1, ?2)")?;
        Ok(withheld.execute(params![seq, leaf])? == 1)
    }
}

fn place(folder: &TempDir) -> PathBuf {
    folder.path().join("excerpt.db")
}
