//! All of a log, byte by byte: for whoever copies it into another form, or proves what was copied.

use super::{QueryError, Reader};
use crate::{audit::format::opened, domain::Seq};
use rusqlite::params;
use std::ops::Range;

/// A record and what lies beside it, as both are stored.
#[derive(Clone, Copy, Debug)]
pub struct RecordBytes<'a> {
    /// Its place.
    pub seq: Seq,
    /// Its bytes.
    pub body: &'a [u8],
    /// The salt and the bytes of the request's or the answer's body.
    pub payload: Option<(&'a [u8], &'a [u8])>,
}

impl Reader {
    /// How many records there are.
    pub fn count(&self) -> Result<u64, QueryError> {
        let count = "SELECT coalesce(max(seq) + 1, 0) FROM main.record";
        Ok(self.connection.query_row(count, [], |row| row.get::<_, i64>(0))?.unsigned_abs())
    }

    /// The ID of the log.
    pub fn log_id(&self) -> Result<String, QueryError> {
        let opened = opened(&self.connection)?;
        Ok(opened.ok_or(rusqlite::Error::QueryReturnedNoRows)?.log_id)
    }

    /// Each record between these places, in order.
    pub fn each_record<E: From<QueryError>>(
        &self,
        places: Range<Seq>,
        mut each: impl FnMut(RecordBytes<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let sqlite = |error: rusqlite::Error| E::from(QueryError::from(error));
        let place = |seq: Seq| i64::try_from(seq).unwrap_or(i64::MAX);
        let mut query = self.prepare(
            "SELECT record.seq, record.body, payload.salt, payload.bytes FROM main.record
             LEFT JOIN main.payload ON payload.seq = record.seq
             WHERE record.seq >= ?1 AND record.seq < ?2 ORDER BY record.seq",
        )?;
        let mut rows = query.query(params![place(places.start), place(places.end)]).map_err(sqlite)?;
        while let Some(row) = rows.next().map_err(sqlite)? {
            let bytes =
                |column| -> rusqlite::Result<Option<&[u8]>> { Ok(row.get_ref(column)?.as_bytes_or_null()?) };
            let seq = row.get::<_, i64>(0).map_err(sqlite)?.unsigned_abs();
            let body = bytes(1).map_err(sqlite)?.unwrap_or_default();
            let payload = bytes(2).map_err(sqlite)?.zip(bytes(3).map_err(sqlite)?);
            each(RecordBytes { seq, body, payload })?;
        }
        Ok(())
    }
}
