//! What the records of a run add up to, and what was decided in it.

use super::{QueryError, Reader};
use crate::{
    domain::{RunId, Seq},
    record::{Event, Judged, Record},
};
use rusqlite::{OptionalExtension as _, params};
use std::collections::{BTreeMap, HashSet};

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

    /// The answers of a run by status; `not_sent` and `unknown` beside them.
    pub fn answers_by_status(&self, run: &RunId) -> Result<BTreeMap<String, u64>, QueryError> {
        let mut query = self.connection.prepare(
            "SELECT coalesce(status, completion, 'open'), count(*) FROM requests WHERE run_id = ?1 GROUP BY 1",
        )?;
        let counts = query.query_map([run.as_str()], |row| {
            let status = match row.get::<_, rusqlite::types::Value>(0)? {
                rusqlite::types::Value::Integer(status) => status.to_string(),
                rusqlite::types::Value::Text(text) => text,
                _ => "open".to_owned(),
            };
            Ok((status, row.get::<_, i64>(1)?.unsigned_abs()))
        })?;
        Ok(counts.collect::<Result<_, _>>()?)
    }

    /// How many requests of a run repeated an earlier one.
    pub fn retried(&self, run: &RunId) -> Result<u64, QueryError> {
        let count: i64 = self.connection.query_row(
            "SELECT count(*) FROM record WHERE kind = 'request_intended' AND run = ?1
             AND json_extract(CAST(body AS TEXT), '$.attempt') > 1",
            [run.as_str()],
            |row| row.get(0),
        )?;
        Ok(count.unsigned_abs())
    }

    /// How many answers of a run asked for patience.
    pub fn throttled(&self, run: &RunId) -> Result<u64, QueryError> {
        let count: i64 = self.connection.query_row(
            "SELECT count(*) FROM record WHERE kind = 'response_received' AND run = ?1
             AND json_extract(CAST(body AS TEXT), '$.answer') = 'throttled'",
            [run.as_str()],
            |row| row.get(0),
        )?;
        Ok(count.unsigned_abs())
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
