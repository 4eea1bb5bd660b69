//! Questions to a log, through a connection that cannot change it.

mod disclosure;
mod error;
mod history;
mod requests;
mod single;
mod survey;
mod telling;
mod whole;

pub use disclosure::Attached;
pub use error::{NoSuchRun, QueryError};
pub use history::ChangedByRun;
pub use requests::RequestFilter;
pub use single::StoredRecord;
pub use survey::{RunExtent, Survey};
pub use telling::Listener;
pub use whole::RecordBytes;

use super::{
    error::CannotLook,
    format::{APPLICATION_ID, LayoutMatch, known, sql},
    lines::RunLine,
    views,
};
use crate::{
    domain::{RunId, Seq, Time, is_taken_out},
    platform,
    record::{Kind, Record, RecordError, Run, RunCourse, RunStory, sql_list},
};
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};
use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};
use tempfile::TempDir;

/// The one of these runs, oldest first, that `name` means: an ID, a unique prefix of one, or `latest`.
pub(in crate::audit) fn named<'a, T>(
    runs: &'a [T],
    name: &str,
    id: impl Fn(&T) -> &RunId,
) -> Result<&'a T, NoSuchRun> {
    if name == "latest" {
        return runs.last().ok_or(NoSuchRun::Empty);
    }
    let mut found = runs.iter().filter(|run| id(run).as_str().starts_with(name));
    match (found.next(), found.count()) {
        (Some(run), 0) => Ok(run),
        (None, _) => Err(NoSuchRun::None(name.to_owned())),
        (Some(_), more) => Err(NoSuchRun::Several { prefix: name.to_owned(), count: more + 1 }),
    }
}

/// A log that is open for reading.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    /// Where the log is that is read, if it is a copy.
    _copy: Option<Arc<TempDir>>,
}

impl Reader {
    /// Opens the log at `path` without the means to change it.
    pub fn open(path: &Path) -> Result<Self, QueryError> {
        // By its whole name, which means nothing else to SQLite.
        let path = &platform::canonical(path).map_err(|_missing| QueryError::Missing(path.to_owned()))?;
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
        connection.pragma_update(None, "trusted_schema", "OFF")?;
        match identity(&connection) {
            Ok((APPLICATION_ID, 1..)) => Self::over(connection, path, None),
            Err(error) if error.sqlite_error_code() != Some(ErrorCode::NotADatabase) => Err(error.into()),
            _ => Err(QueryError::Foreign(path.to_owned())),
        }
    }

    /// Over a connection to the log at `path` that cannot change what it reads. A file that is not as this program
    /// makes one is not read through.
    pub(in crate::audit) fn over(
        connection: Connection,
        path: &Path,
        copy: Option<Arc<TempDir>>,
    ) -> Result<Self, QueryError> {
        if let LayoutMatch::Altered(difference) = known(&connection)? {
            return Err(CannotLook::Schema { path: path.to_owned(), difference }.into());
        }
        Self::prepared(connection, copy)
    }

    /// Over a connection whose tables are known to be those of a log.
    pub(in crate::audit) fn prepared(
        connection: Connection,
        copy: Option<Arc<TempDir>>,
    ) -> Result<Self, QueryError> {
        connection.pragma_update(None, "query_only", "OFF")?;
        views::prepare(&connection)?;
        connection.pragma_update(None, "query_only", "ON")?;
        Ok(Self { connection, _copy: copy })
    }

    /// Takes in the milestones that were recorded since the last question about them.
    fn gather(&self) -> Result<(), QueryError> {
        Ok(views::gather(&self.connection)?)
    }

    /// All runs, oldest first.
    pub fn runs(&self) -> Result<Vec<RunLine>, QueryError> {
        self.gather()?;
        let mut query =
            self.prepare(asked("SELECT seq, body FROM temp.milestones WHERE run IS NOT NULL ORDER BY seq"))?;
        let mut rows = query.query([])?;
        let (mut runs, mut latest) = (BTreeMap::new(), 0);
        while let Some(row) = rows.next()? {
            let (seq, body) = (row.get::<_, i64>(0)?.unsigned_abs(), row.get_ref(1)?);
            let body = body.as_bytes().map_err(rusqlite::Error::from)?;
            latest = if Begun::take(&mut runs, seq, body) { seq } else { latest };
        }
        let mut lines: Vec<RunLine> =
            runs.into_iter().map(|(id, run): (RunId, Begun)| run.line(id, latest)).collect();
        lines.sort_by(|one, other| (one.started_at, &one.run_id).cmp(&(other.started_at, &other.run_id)));
        Ok(lines)
    }

    /// The run that `name` means: an ID, a unique prefix of one, or `latest`.
    pub fn find(&self, name: &str) -> Result<RunLine, QueryError> {
        let runs = self.runs()?;
        Ok(named(&runs, name, |run| &run.run_id)?.clone())
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
            .prepare("SELECT seq, body FROM records WHERE seq BETWEEN ?1 AND ?2 AND run = ?3 ORDER BY seq")?;
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
    pub fn events(&self, run: &RunId, kinds: &[Kind]) -> Result<Vec<(Seq, Record)>, QueryError> {
        let Some((first, last)) = self.extent(run)? else { return Ok(Vec::new()) };
        let mut query = self.connection.prepare(&format!(
            "SELECT seq, body FROM records WHERE seq BETWEEN ?1 AND ?2 AND run = ?3 AND kind IN ({}) ORDER BY seq",
            sql_list(kinds.iter().map(|kind| kind.label()))
        ))?;
        let mut rows = query.query(params![first, last, run.as_str()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(decoded(row)?);
        }
        Ok(found)
    }

    /// Asks several questions of the same moment: what is recorded meanwhile is not seen. While it
    /// lasts, the log's second file grows, so `ask` must come to an end.
    pub fn at_one_moment<T, E: From<QueryError>>(&self, ask: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        // What is gathered within it is forgotten at its end.
        self.gather().map_err(E::from)?;
        let moment = self.connection.unchecked_transaction().map_err(QueryError::from)?;
        let answer = ask();
        drop(moment);
        answer
    }

    fn prepare(&self, sql: &str) -> Result<rusqlite::Statement<'_>, QueryError> {
        Ok(self.connection.prepare(sql)?)
    }

    /// The places of a run's first and last record, or bounds of them.
    fn extent(&self, run: &RunId) -> Result<Option<(i64, i64)>, QueryError> {
        self.gather()?;
        let question = sql("SELECT seq FROM temp.milestone WHERE kind = {RunOpened} AND run = ?1");
        let first: Option<i64> =
            self.connection.query_row(&question, [run.as_str()], |row| row.get(0)).optional()?;
        let last = self.last()?;
        Ok(first.map(|first| (first, last)))
    }

    /// The place of the log's last record.
    fn last(&self) -> Result<i64, QueryError> {
        Ok(self.connection.query_row("SELECT coalesce(max(seq), 0) FROM record", [], |row| row.get(0))?)
    }
}

/// A run that is listed, as far as its milestones were read.
enum Begun {
    Known(Box<RunStory>),
    /// A newer program wrote its beginning: when, and its bytes.
    Newer(Time, Vec<u8>, RunCourse),
}

impl Begun {
    /// Takes the next milestone of the log. True if a run begins with it.
    fn take(runs: &mut BTreeMap<RunId, Self>, seq: Seq, body: &[u8]) -> bool {
        match Record::from_bytes(body) {
            Ok(record) => {
                let Some(run) = &record.run else { return false };
                match runs.get_mut(run) {
                    Some(Self::Known(story)) => story.take(seq, &record),
                    Some(Self::Newer(_, _, course)) => course.take(seq, record.event.kind()),
                    None => {
                        let begun = RunStory::begin(seq, &record).map(|story| Self::Known(Box::new(story)));
                        let is_begun = begun.is_some();
                        runs.extend(begun.map(|begun| (run.clone(), begun)));
                        return is_begun;
                    }
                }
                false
            }
            Err(RecordError::Newer(newer)) => {
                let begins = |run: &RunId| newer.kind == Kind::RunOpened.label() && !runs.contains_key(run);
                let Some(run) = newer.run.clone().filter(begins) else { return false };
                runs.insert(run, Self::Newer(newer.at, body.to_vec(), RunCourse::begin(seq)));
                true
            }
            // Altered; `verify` says so.
            Err(_) => false,
        }
    }

    fn line(self, id: RunId, latest: Seq) -> RunLine {
        match self {
            Self::Known(story) => RunLine::of(*story, latest),
            Self::Newer(at, body, course) => RunLine::of_newer(id, at, &body, course.state(latest)),
        }
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
        && !is_taken_out("read-only-what-was-closed")
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

/// The question itself; tests remember it, to see how `SQLite` carries it out.
pub(super) fn asked(sql: &str) -> &str {
    #[cfg(test)]
    ASKED.with_borrow_mut(|asked| asked.insert(sql.to_owned()));
    sql
}

#[cfg(test)]
thread_local! {
    /// What was asked on this thread.
    static ASKED: std::cell::RefCell<std::collections::BTreeSet<String>> = std::cell::RefCell::default();
}

/// How `SQLite` would carry out this question.
#[cfg(test)]
pub(super) fn plan(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut query = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    // What is bound does not matter here.
    query.raw_query().mapped(|row| row.get(3)).collect()
}

/// What was asked on this thread since this was asked before.
#[cfg(test)]
pub(crate) fn questions() -> std::collections::BTreeSet<String> {
    ASKED.take()
}
