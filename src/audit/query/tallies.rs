//! What the records of a run add up to, and what was decided in it.

use super::{QueryError, Reader};
use crate::audit::format::sql;
use crate::{
    domain::{RunId, Seq},
    record::{Event, Judged, Record},
};
use rusqlite::{OptionalExtension as _, params};

impl Reader {
    /// Each decision of a run that was recorded before the record `end`, in the order of the list.
    pub fn decisions<E: From<QueryError>>(
        &self,
        run: &RunId,
        end: Seq,
        mut each: impl FnMut(Judged) -> Result<(), E>,
    ) -> Result<(), E> {
        let end = i64::try_from(end).unwrap_or(i64::MAX);
        let mut query = self.prepare(&sql(
            "SELECT seq, body FROM records WHERE kind = {Judged} AND run = ?1 AND seq < ?2 ORDER BY row, seq",
        ))?;
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
