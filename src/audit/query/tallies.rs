//! What the records of a run add up to, and what was decided in it.

use super::{QueryError, Reader};
use crate::{
    domain::{RunId, Seq},
    record::{Event, Judged, Record},
};
use rusqlite::{OptionalExtension as _, params};
use std::collections::HashSet;

impl Reader {
    /// The rows of a run for which a change was sent, or was about to be.
    pub fn changed_rows(&self, run: &RunId) -> Result<HashSet<u32>, QueryError> {
        let mut query = self.connection.prepare(
            "SELECT DISTINCT row FROM record WHERE kind = 'request_intended' AND run = ?1
             AND json_extract(CAST(body AS TEXT), '$.purpose') IN
               ('remove_relationship', 'cancel_order', 'delete_customer')",
        )?;
        let rows = query.query_map([run.as_str()], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Each decision of a run that was recorded before the record `end`, in the order of the list.
    pub fn decisions<E: From<QueryError>>(
        &self,
        run: &RunId,
        end: Seq,
        mut each: impl FnMut(Judged) -> Result<(), E>,
    ) -> Result<(), E> {
        let end = i64::try_from(end).unwrap_or(i64::MAX);
        let mut query = self.prepare(
            "SELECT seq, body FROM record WHERE kind = 'judged' AND run = ?1 AND seq < ?2 ORDER BY row, seq",
        )?;
        let mut rows = query.query(params![run.as_str(), end]).map_err(QueryError::from)?;
        while let Some(row) = rows.next().map_err(QueryError::from)? {
            let seq = row.get::<_, i64>(0).map_err(QueryError::from)?.unsigned_abs();
            let body: Vec<u8> = row.get(1).map_err(QueryError::from)?;
            let record = Record::from_bytes(&body).map_err(|source| QueryError::Record { seq, source })?;
            if let Event::Judged(judged) = record.event {
                each(*judged)?;
            }
        }
        Ok(())
    }

    /// The first head that covers the record at this place, as a signed note.
    pub fn head_over(&self, seq: Seq) -> Result<Option<String>, QueryError> {
        let first = "SELECT note FROM checkpoint WHERE size > ?1 ORDER BY size LIMIT 1";
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        Ok(self.connection.query_row(super::asked(first), [seq], |row| row.get(0)).optional()?)
    }
}
