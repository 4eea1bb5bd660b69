//! Single records and bodies, by their place.

use super::{QueryError, Reader, asked};
use crate::{
    domain::{Seq, Time},
    record::{Newer, Record, RecordError},
};
use rusqlite::OptionalExtension as _;

/// A record as it stands in the log.
#[derive(Clone, Debug)]
pub struct StoredRecord {
    /// Its place.
    pub seq: Seq,
    /// Its bytes as they are, which are JSON unless somebody altered them.
    pub bytes: Vec<u8>,
    /// What it says, if it can be understood.
    pub record: Option<Record>,
    /// What of it is not known, if a newer program wrote it.
    pub newer: Option<Box<Newer>>,
}

impl Reader {
    /// The record at this place.
    pub fn stored(&self, seq: Seq) -> Result<Option<StoredRecord>, QueryError> {
        let bytes = self.bytes_of("SELECT body FROM record WHERE seq = ?1", seq)?;
        Ok(bytes.map(|bytes| {
            let (record, newer) = match Record::from_bytes(&bytes) {
                Ok(record) => (Some(record), None),
                Err(RecordError::Newer(newer)) => (None, Some(newer)),
                Err(_) => (None, None),
            };
            StoredRecord { seq, bytes, record, newer }
        }))
    }

    /// The latest time that a record gives from this place on, whatever the order in which they came.
    pub fn latest_time(&self, from: Seq) -> Result<Option<Time>, QueryError> {
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        let latest: Option<String> = self.connection.query_row(
            "SELECT max(json_extract(CAST(body AS TEXT), '$.at')) FROM record WHERE seq >= ?1",
            [from],
            |row| row.get(0),
        )?;
        Ok(latest.and_then(|time| time.parse().ok()))
    }

    /// The body of the request or the answer that the record at this place is about.
    pub fn body(&self, seq: Seq) -> Result<Option<Vec<u8>>, QueryError> {
        self.bytes_of("SELECT bytes FROM payload WHERE seq = ?1", seq)
    }

    fn bytes_of(&self, sql: &str, seq: Seq) -> Result<Option<Vec<u8>>, QueryError> {
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        let mut query = self.connection.prepare_cached(asked(sql))?;
        let bytes = query.query_row([seq], |row| Ok(row.get_ref(0)?.as_bytes().unwrap_or_default().to_vec()));
        Ok(bytes.optional()?)
    }

    /// How `SQLite` would carry out this question.
    #[cfg(test)]
    pub(crate) fn plan(&self, sql: &str) -> rusqlite::Result<Vec<String>> {
        super::plan(&self.connection, sql)
    }
}
