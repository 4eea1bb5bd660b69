//! What a run sent, in two orders: row by row, and as time went by. Bodies and headers are not read.

use super::{QueryError, Reader};
use crate::{
    audit::RequestLine,
    domain::{Answer, RunId, Seq, Time, is_taken_out},
    record::{Event, Held, Record, RecordError},
};
use rusqlite::{OptionalExtension as _, Rows, params};
use serde::Deserialize;

/// One moment of what a run sent.
#[derive(Clone, Debug)]
pub enum Sending {
    /// A request was about to be sent, for the so many-eth time.
    Intended(u32),
    /// Its answer came.
    Answered {
        /// The status.
        status: u16,
        /// Whether it asked for patience.
        is_throttled: bool,
        /// After so many milliseconds.
        after: u64,
    },
    /// It ended otherwise: `not_sent` or `unknown`.
    Ended(&'static str),
    /// Everything waits.
    Held(Held),
}

/// The requests of a run, row by row.
#[expect(missing_debug_implementations, reason = "a cursor of the database has none")]
pub struct RequestsByRow<'a> {
    rows: Rows<'a>,
    next: Option<Part>,
}

/// An intent, or how it ended.
struct Part {
    seq: Seq,
    row: Option<u32>,
    kind: String,
    said: Said,
}

/// What both say, in the order of [`BY_ROW`].
#[derive(Deserialize)]
struct Said(
    Option<String>,
    Option<Seq>,
    Option<String>,
    Option<String>,
    Option<u32>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<u16>,
    Option<u64>,
    Option<String>,
    Option<String>,
);

/// Sorting is left to `SQLite`, which does it on disk when there is much.
const BY_ROW: &str = "
    SELECT seq, row, kind, json_extract(CAST(body AS TEXT), '$.at', '$.intent', '$.purpose', '$.customer',
        '$.attempt', '$.method', '$.url', '$.request_id', '$.correlation_id', '$.status', '$.duration_ms', '$.error',
        '$.text')
    FROM record WHERE seq BETWEEN ?1 AND ?2 AND run = ?3
        AND kind IN ('request_intended', 'response_received', 'request_not_sent', 'outcome_unknown')
    ORDER BY row, seq";

const IN_TIME: &str = "
    SELECT seq, kind, at, CASE kind WHEN 'held' THEN body ELSE
        json_extract(CAST(body AS TEXT), '$.attempt', '$.status', '$.answer', '$.duration_ms') END
    FROM record WHERE seq BETWEEN ?1 AND ?2 AND run = ?3
        AND kind IN ('request_intended', 'response_received', 'request_not_sent', 'outcome_unknown', 'held')
    ORDER BY seq";

/// What is added to a run by looking at it is no part of its time.
const LAST_BEFORE: &str = "
    SELECT at FROM record WHERE seq < ?1 AND run = ?2
        AND kind NOT IN ('report_written', 'log_verified', 'log_exported', 'resolved', 'corroborated', 'reconciled')
    ORDER BY seq DESC LIMIT 1";

impl Reader {
    /// Lets `ask` have the requests of a run, row by row.
    pub fn by_row<T, E: From<QueryError>>(
        &self,
        run: &RunId,
        ask: impl FnOnce(&mut RequestsByRow<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let (first, last) = self.extent(run)?.unwrap_or((0, -1));
        let mut query = self.prepare(BY_ROW)?;
        let rows = query.query(params![first, last, run.as_str()]).map_err(QueryError::from)?;
        let mut requests = RequestsByRow { rows, next: None };
        requests.step()?;
        ask(&mut requests)
    }

    /// What a run sent, as time went by.
    pub fn sendings<E: From<QueryError>>(
        &self,
        run: &RunId,
        mut each: impl FnMut(Time, Sending) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some((first, last)) = self.extent(run)? else { return Ok(()) };
        let mut query = self.prepare(IN_TIME)?;
        let mut rows = query.query(params![first, last, run.as_str()]).map_err(QueryError::from)?;
        while let Some(row) = rows.next().map_err(QueryError::from)? {
            let (at, sending) = sending(row)?;
            each(at, sending)?;
        }
        Ok(())
    }

    /// When the last thing before this place was done in the run.
    pub fn last_done_before(&self, run: &RunId, seq: Seq) -> Result<Option<Time>, QueryError> {
        let seq = i64::try_from(seq).unwrap_or(i64::MAX);
        let found = self.connection.query_row(LAST_BEFORE, params![seq, run.as_str()], |row| row.get(0));
        let at: Option<String> = found.optional()?;
        Ok(at.and_then(|at| at.parse().ok()))
    }
}

fn sending(row: &rusqlite::Row<'_>) -> Result<(Time, Sending), QueryError> {
    type Numbers = (Option<u32>, Option<u16>, Option<Answer>, Option<u64>);
    let seq = row.get::<_, i64>(0)?.unsigned_abs();
    let unreadable = |source: RecordError| QueryError::Record { seq, source };
    let (kind, at): (String, String) = (row.get(1)?, row.get(2)?);
    let at = serde_json::from_value(at.into()).map_err(|error| unreadable(error.into()))?;
    let said = row.get_ref(3)?.as_bytes().map_err(rusqlite::Error::from)?;
    let sending = match &*kind {
        "held" => match Record::from_bytes(said).map_err(unreadable)?.event {
            Event::Held(held) => Sending::Held(held),
            _ => return Err(rusqlite::Error::InvalidQuery.into()),
        },
        "request_not_sent" => Sending::Ended("not_sent"),
        "outcome_unknown" => Sending::Ended("unknown"),
        kind => {
            let (attempt, status, answer, after): Numbers =
                serde_json::from_slice(said).map_err(|error| unreadable(error.into()))?;
            if kind == "request_intended" {
                Sending::Intended(attempt.unwrap_or(1))
            } else {
                let is_throttled = answer == Some(Answer::Throttled);
                let (status, after) = (status.unwrap_or_default(), after.unwrap_or_default());
                Sending::Answered { status, is_throttled, after }
            }
        }
    };
    Ok((at, sending))
}

impl RequestsByRow<'_> {
    /// The requests of this row, or of none, in the order in which they were sent. Rows are asked for in their
    /// order, and those of no row first; what is passed over is gone.
    pub fn of(&mut self, row: Option<u32>) -> Result<Vec<RequestLine>, QueryError> {
        let mut lines: Vec<RequestLine> = Vec::new();
        let of_any = is_taken_out("requests-of-another-row");
        while let Some(part) = self.next.take_if(|part| part.row <= row || of_any) {
            if part.row == row || of_any {
                add(&mut lines, part);
            }
            self.step()?;
        }
        Ok(lines)
    }

    fn step(&mut self) -> Result<(), QueryError> {
        self.next = self.rows.next()?.map(part).transpose()?;
        Ok(())
    }
}

fn part(row: &rusqlite::Row<'_>) -> Result<Part, QueryError> {
    let seq = row.get::<_, i64>(0)?.unsigned_abs();
    let said = row.get_ref(3)?.as_str().map_err(rusqlite::Error::from)?;
    let source = |error: serde_json::Error| QueryError::Record { seq, source: error.into() };
    let said = serde_json::from_str(said).map_err(source)?;
    Ok(Part { seq, row: row.get(1)?, kind: row.get(2)?, said })
}

/// An intent is a line; how it ended is added to it.
fn add(lines: &mut Vec<RequestLine>, part: Part) {
    let Part { seq, kind, said, .. } = part;
    let Said(
        at,
        intent,
        purpose,
        customer,
        attempt,
        method,
        url,
        id,
        correlation,
        status,
        after,
        error,
        text,
    ) = said;
    let completion = match &*kind {
        "request_intended" => {
            lines.push(RequestLine {
                seq,
                customer_tenant_id: customer,
                purpose,
                attempt,
                method,
                url,
                request_id: id,
                correlation_id: correlation,
                intended_at: at,
                ..RequestLine::default()
            });
            return;
        }
        "response_received" => "responded",
        "request_not_sent" => "not_sent",
        _ => "unknown",
    };
    if let Some(line) = lines.iter_mut().rev().find(|line| Some(line.seq) == intent) {
        line.completion = Some(completion.to_owned());
        line.completed_at = at;
        line.duration_ms = after;
        line.status = status;
        line.response_request_id = id;
        line.response_correlation_id = correlation;
        line.error = error.or(text);
    }
}
