//! Questions to a log, through a connection that cannot change it.

use super::{
    lines::{CustomerLine, RequestLine, RowCells, RunLine, customer_line, request_line, run_line},
    schema::{APPLICATION_ID, SCHEMA_VERSION},
};
use crate::{
    domain::{RunId, Seq, TenantId},
    record::{Event, Judged, Record, Run},
};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, named_params, params};
use std::{
    collections::{BTreeMap, HashSet},
    path::{Path, PathBuf},
    time::Duration,
};

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// There is no such file.
    #[error("there is no audit log `{0}`; name another with `--audit-log`")]
    Missing(PathBuf),
    /// The file is something else, or of another version.
    #[error(
        "`{0}` is not an audit log of this program, or of a newer version; name another with `--audit-log`"
    )]
    Foreign(PathBuf),
    /// The run cannot be told.
    #[error("{0}")]
    Run(#[from] NoSuchRun),
    /// `SQLite` reports an error.
    #[error("the audit log cannot be read: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// A record cannot be understood.
    #[error("record {seq} of the audit log {source}")]
    Record {
        /// Its place.
        seq: Seq,
        /// Why.
        source: crate::record::RecordError,
    },
    /// A record does not follow from those before it.
    #[error("{0}")]
    Illegal(#[from] crate::record::Illegal),
}

/// Why a run cannot be told from the others.
#[derive(Debug, thiserror::Error)]
pub enum NoSuchRun {
    /// The log has no run.
    #[error("the audit log has no run yet")]
    Empty,
    /// No run's ID begins so.
    #[error("no run in the audit log begins with `{0}`; `offboard runs` lists them")]
    None(String),
    /// Several do.
    #[error("{count} runs in the audit log begin with `{prefix}`; give more of the ID")]
    Several {
        /// What was given.
        prefix: String,
        /// How many.
        count: usize,
    },
}

/// Which requests are asked for; what is none does not matter.
#[derive(Clone, Debug, Default)]
pub struct RequestFilter {
    /// Of this run.
    pub run: Option<RunId>,
    /// About this customer.
    pub customer: Option<TenantId>,
    /// With this `MS-RequestId`, sent or answered.
    pub request_id: Option<String>,
    /// With this `MS-CorrelationId`, sent or answered.
    pub correlation_id: Option<String>,
    /// Answered with this status.
    pub status: Option<u16>,
    /// Intended at this time or later (RFC 3339, compared as text).
    pub since: Option<String>,
}

/// A log that is open for reading.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
}

impl Reader {
    /// Opens the log at `path` without the means to change it.
    pub fn open(path: &Path) -> Result<Self, QueryError> {
        if !path.exists() {
            return Err(QueryError::Missing(path.to_owned()));
        }
        match Self::open_existing(path) {
            Err(QueryError::Sqlite(error)) if is_left_open(&error) => {
                finish_last_transaction(path)?;
                Self::open_existing(path)
            }
            opened => opened,
        }
    }

    fn open_existing(path: &Path) -> Result<Self, QueryError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "query_only", "ON")?;
        connection.pragma_update(None, "trusted_schema", "OFF")?;
        match identity(&connection) {
            Ok((APPLICATION_ID, SCHEMA_VERSION)) => Ok(Self { connection }),
            Err(error) if error.sqlite_error_code() != Some(ErrorCode::NotADatabase) => Err(error.into()),
            _ => Err(QueryError::Foreign(path.to_owned())),
        }
    }

    /// All runs, oldest first.
    pub fn runs(&self) -> Result<Vec<RunLine>, QueryError> {
        let mut query = self.connection.prepare("SELECT * FROM runs ORDER BY started_at, run_id")?;
        let lines = query.query_map([], run_line)?;
        Ok(lines.collect::<Result<_, _>>()?)
    }

    /// The run that `name` means: an ID, a unique prefix of one, or `latest`.
    pub fn find(&self, name: &str) -> Result<RunLine, QueryError> {
        let mut runs = self.runs()?;
        if name == "latest" {
            return Ok(runs.pop().ok_or(NoSuchRun::Empty)?);
        }
        runs.retain(|run| run.run_id.as_str().starts_with(name));
        let count = runs.len();
        match (runs.pop(), count) {
            (Some(run), 1) => Ok(run),
            (None, _) => Err(NoSuchRun::None(name.to_owned()).into()),
            (Some(_), count) => Err(NoSuchRun::Several { prefix: name.to_owned(), count }.into()),
        }
    }

    /// Each record of a run, in order.
    pub fn records(
        &self,
        run: &RunId,
        mut each: impl FnMut(Seq, Record) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        let Some((first, last)) = self.extent(run)? else { return Ok(()) };
        let mut query = self
            .connection
            .prepare("SELECT seq, body FROM record WHERE seq BETWEEN ?1 AND ?2 AND run = ?3 ORDER BY seq")?;
        let mut rows = query.query(params![first, last, run.as_str()])?;
        while let Some(row) = rows.next()? {
            let (seq, record) = decoded(row)?;
            each(seq, record)?;
        }
        Ok(())
    }

    /// What the records of a run add up to.
    pub fn fold(&self, run: &RunId) -> Result<Option<Run>, QueryError> {
        let mut state: Option<Run> = None;
        self.records(run, |seq, record| {
            match &mut state {
                Some(state) => state.apply(seq, &record)?,
                None => state = Run::begin(&record),
            }
            Ok(())
        })?;
        Ok(state)
    }

    /// The records of a run that are of one of these kinds, in order.
    pub fn events(&self, run: &RunId, kinds: &[&str]) -> Result<Vec<(Seq, Record)>, QueryError> {
        let Some((first, last)) = self.extent(run)? else { return Ok(Vec::new()) };
        let kinds = serde_json::to_string(kinds).unwrap_or_default();
        let mut query = self.connection.prepare(
            "SELECT seq, body FROM record WHERE seq BETWEEN ?1 AND ?2 AND run = ?3
             AND kind IN (SELECT value FROM json_each(?4)) ORDER BY seq",
        )?;
        let mut rows = query.query(params![first, last, run.as_str(), kinds])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(decoded(row)?);
        }
        Ok(found)
    }

    /// Each row of a run with its cells, in the order of the list.
    pub fn customers<E: From<QueryError>>(
        &self,
        run: &RunId,
        mut each: impl FnMut(CustomerLine, RowCells) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut query = self.prepare(
            "SELECT customers.*, json_extract(CAST(record.body AS TEXT), '$.cells') AS cells
             FROM record JOIN customers ON customers.run_id = record.run AND customers.row = record.row
             WHERE record.kind = 'row_read' AND record.run = ?1 ORDER BY record.seq",
        )?;
        let mut rows = query.query([run.as_str()]).map_err(QueryError::from)?;
        while let Some(row) = rows.next().map_err(QueryError::from)? {
            let line = customer_line(row).map_err(QueryError::from)?;
            let cells: String = row.get("cells").map_err(QueryError::from)?;
            each(line, serde_json::from_str(&cells).unwrap_or_default())?;
        }
        Ok(())
    }

    /// The rows of a run for which a change was sent, or was about to be.
    pub fn changed_rows(&self, run: &RunId) -> Result<HashSet<u32>, QueryError> {
        let mut query = self.connection.prepare(
            "SELECT DISTINCT row FROM record WHERE kind = 'request_intended' AND run = ?1
             AND json_extract(CAST(body AS TEXT), '$.purpose') = 'remove_relationship'",
        )?;
        let rows = query.query_map([run.as_str()], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Each request that the filter lets through, in order.
    pub fn requests<E: From<QueryError>>(
        &self,
        filter: &RequestFilter,
        mut each: impl FnMut(RequestLine) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut query = self.prepare(
            "SELECT * FROM requests
             WHERE (:run IS NULL OR run_id = :run)
               AND (:customer IS NULL OR customer_tenant_id = :customer)
               AND (:request IS NULL OR :request IN (request_id, response_request_id))
               AND (:correlation IS NULL OR :correlation IN (correlation_id, response_correlation_id))
               AND (:status IS NULL OR status = :status)
               AND (:since IS NULL OR intended_at >= :since)
             ORDER BY seq",
        )?;
        let bound = named_params! {
            ":run": filter.run.as_ref().map(RunId::as_str),
            ":customer": filter.customer.map(|id| id.to_string()),
            ":request": filter.request_id.as_ref().map(|id| id.to_ascii_lowercase()),
            ":correlation": filter.correlation_id.as_ref().map(|id| id.to_ascii_lowercase()),
            ":status": filter.status,
            ":since": filter.since,
        };
        let mut rows = query.query(bound).map_err(QueryError::from)?;
        while let Some(row) = rows.next().map_err(QueryError::from)? {
            each(request_line(row).map_err(QueryError::from)?)?;
        }
        Ok(())
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
        Ok(self.connection.query_row(first, [seq], |row| row.get(0)).optional()?)
    }

    /// Asks several questions of the same moment: what is recorded meanwhile is not seen. While it
    /// lasts, the log's second file grows, so `ask` must come to an end.
    pub fn at_one_moment<T, E: From<QueryError>>(&self, ask: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let moment = self.connection.unchecked_transaction().map_err(QueryError::from)?;
        let answer = ask();
        drop(moment);
        answer
    }

    /// The customers that earlier runs of this log really removed for this partner, by their own record or
    /// by what a person found out later; the last word counts.
    pub fn gone_before(&self, partner: TenantId) -> Result<HashSet<TenantId>, QueryError> {
        let partner = partner.to_string();
        let real = |run: &RunLine| {
            run.mode.as_deref() == Some("run") && run.partner_tenant_id.as_deref() == Some(&*partner)
        };
        let runs: HashSet<String> =
            self.runs()?.iter().filter(|run| real(run)).map(|run| run.run_id.to_string()).collect();
        if runs.is_empty() {
            return Ok(HashSet::new());
        }
        let mut query = self.connection.prepare(
            "SELECT run, json_extract(CAST(body AS TEXT), '$.customer'),
                 json_extract(CAST(body AS TEXT), '$.outcome') IN ('removed', 'deleted') AS is_gone
             FROM record WHERE kind = 'resolved' OR (kind = 'settled' AND is_gone) ORDER BY seq",
        )?;
        let ends = query.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Option<String>>(1)?, row.get::<_, bool>(2)?))
        })?;
        let mut gone = HashSet::new();
        for end in ends {
            let (run, customer, is_gone) = end?;
            let customer = customer.and_then(|id| id.parse::<TenantId>().ok());
            match customer.filter(|_| runs.contains(&run)) {
                Some(customer) if is_gone => drop(gone.insert(customer)),
                Some(customer) => drop(gone.remove(&customer)),
                None => {}
            }
        }
        Ok(gone)
    }

    /// The latest run in which the outcome of this customer could not be found out.
    pub fn latest_unknown(&self, customer: TenantId) -> Result<Option<RunId>, QueryError> {
        let run: Option<String> = self
            .connection
            .query_row(
                "SELECT run FROM record WHERE kind = 'settled'
                 AND json_extract(CAST(body AS TEXT), '$.customer') = ?1
                 AND json_extract(CAST(body AS TEXT), '$.outcome') = 'unknown' ORDER BY seq DESC LIMIT 1",
                [customer.to_string()],
                |row| row.get(0),
            )
            .optional()?;
        Ok(run.and_then(|run| run.parse().ok()))
    }

    fn prepare(&self, sql: &str) -> Result<rusqlite::Statement<'_>, QueryError> {
        Ok(self.connection.prepare(sql)?)
    }

    /// The places of a run's first and last record, or bounds of them.
    fn extent(&self, run: &RunId) -> Result<Option<(i64, i64)>, QueryError> {
        let first: Option<i64> = self
            .connection
            .query_row(
                "SELECT seq FROM record WHERE milestone = 'run_opened' AND run = ?1",
                [run.as_str()],
                |row| row.get(0),
            )
            .optional()?;
        let last: i64 =
            self.connection.query_row("SELECT coalesce(max(seq), 0) FROM record", [], |row| row.get(0))?;
        Ok(first.map(|first| (first, last)))
    }
}

fn identity(connection: &Connection) -> Result<(i32, i32), rusqlite::Error> {
    let integer = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((integer("application_id")?, integer("user_version")?))
}

/// Whether a transaction was cut short by a crash, and `SQLite` has to take it back before anybody can read
/// (`SQLITE_READONLY_RECOVERY`, `SQLITE_READONLY_ROLLBACK`).
fn is_left_open(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error(), Some(error) if matches!(error.extended_code, 264 | 776))
}

/// Lets `SQLite` take back what was not committed, which a connection that only reads may not do.
fn finish_last_transaction(path: &Path) -> Result<(), QueryError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    identity(&connection)?;
    Ok(())
}

/// The place and the record of a row that begins with `seq, body`.
fn decoded(row: &rusqlite::Row<'_>) -> Result<(Seq, Record), QueryError> {
    let seq = row.get::<_, i64>(0)?.unsigned_abs();
    let body = row.get_ref(1)?.as_bytes().map_err(rusqlite::Error::from)?;
    Ok((seq, Record::from_bytes(body).map_err(|source| QueryError::Record { seq, source })?))
}
