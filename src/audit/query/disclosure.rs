//! What is needed to show a part of a log to somebody who may not see the rest.

use super::{QueryError, Reader};
use crate::{
    audit::{Salt, format::sql},
    domain::{RunId, Seq, TenantId},
};
use rusqlite::OptionalExtension as _;

/// What lies beside a record: the salt and the bytes.
pub type Attached = (Salt, Vec<u8>);

impl Reader {
    /// The latest run whose list names this customer.
    pub fn latest_naming(&self, customer: TenantId) -> Result<Option<RunId>, QueryError> {
        let run: Option<String> = self
            .connection
            .query_row(
                &sql("SELECT run FROM records WHERE kind = {RowRead}
                     AND json_extract(CAST(body AS TEXT), '$.customer') = ?1 ORDER BY seq DESC LIMIT 1"),
                [customer.to_string()],
                |row| row.get(0),
            )
            .optional()?;
        Ok(run.and_then(|run| run.parse().ok()))
    }

    /// The public keys that the log introduces, in order.
    pub fn keys(&self) -> Result<Vec<String>, QueryError> {
        self.gather()?;
        let mut query = self
            .connection
            .prepare(&sql("SELECT json_extract(CAST(body AS TEXT), '$.vkey') FROM temp.milestones
             WHERE kind = {KeyIntroduced} ORDER BY seq"))?;
        let keys = query.query_map([], |row| row.get(0))?;
        Ok(keys.collect::<Result<_, _>>()?)
    }

    /// The heads in the log as signed notes, the largest first.
    pub fn heads(&self) -> Result<Vec<String>, QueryError> {
        let mut query = self.connection.prepare("SELECT note FROM checkpoint ORDER BY size DESC")?;
        let notes = query.query_map([], |row| row.get(0))?;
        Ok(notes.collect::<Result<_, _>>()?)
    }

    /// The bytes of every record, from the first one on.
    pub fn bodies<E: From<QueryError>>(
        &self,
        mut each: impl FnMut(Seq, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut query = self.prepare("SELECT seq, body FROM record ORDER BY seq")?;
        let mut rows = query.query([]).map_err(QueryError::from)?;
        while let Some(row) = rows.next().map_err(QueryError::from)? {
            let seq = row.get::<_, i64>(0).map_err(QueryError::from)?.unsigned_abs();
            let body = row.get_ref(1).map_err(QueryError::from)?;
            each(seq, body.as_bytes().map_err(rusqlite::Error::from).map_err(QueryError::from)?)?;
        }
        Ok(())
    }

    /// What lies beside one record.
    pub fn attached(&self, seq: Seq) -> Result<Option<Attached>, QueryError> {
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        let mut query = self.connection.prepare_cached("SELECT salt, bytes FROM payload WHERE seq = ?1")?;
        Ok(query.query_row([seq], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
    }
}
