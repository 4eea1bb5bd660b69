//! Requests, by what is known of them: the lines of the view `requests`.
//!
//! The log has no index over IDs: it would cost the writer more than anybody's patience is worth. But an ID stands
//! in a record as it was typed, so who looks for one need not understand the records that do not have it. They are
//! read once, as bytes, and only those with the ID in them are asked about, each by its place.

use super::{QueryError, Reader};
use crate::{
    audit::{
        format::sql,
        lines::{RequestLine, request_line},
        views::view,
    },
    domain::{RunId, Seq, TenantId, is_taken_out},
    record::{Kind, Scope},
};
use memchr::memmem::Finder;
use rusqlite::{OptionalExtension as _, named_params, params};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// How far behind its intent the end of a request is looked for by itself. Few requests are at work at a time.
const NEAR: i64 = 2000;

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
    /// Intended before this time.
    pub before: Option<String>,
}

impl RequestFilter {
    /// What stands in the bytes of each record that it is about, or of the end of the same request.
    fn id(&self) -> Option<String> {
        let ids = [&self.request_id, &self.correlation_id].into_iter().flatten();
        ids.cloned().chain(self.customer.map(|id| id.to_string())).next()
    }

    fn lets_through(&self, line: &RequestLine) -> bool {
        let is = |wanted: &Option<String>, found: [&Option<String>; 2]| {
            wanted
                .as_ref()
                .is_none_or(|id| found.into_iter().flatten().any(|found| found.eq_ignore_ascii_case(id)))
        };
        let at = line.intended_at.as_deref();
        is(&self.request_id, [&line.request_id, &line.response_request_id])
            && is(&self.correlation_id, [&line.correlation_id, &line.response_correlation_id])
            && is(&self.customer.map(|id| id.to_string()), [&line.customer_tenant_id, &None])
            && self.run.as_ref().is_none_or(|run| line.run_id.as_deref() == Some(run.as_str()))
            && self.status.is_none_or(|status| line.status == Some(status))
            && self.since.as_deref().is_none_or(|since| at.is_some_and(|at| at >= since))
            && self.before.as_deref().is_none_or(|before| at.is_some_and(|at| at < before))
    }
}

/// What a record says of its place in a request.
#[derive(Debug, Deserialize)]
struct RequestPart {
    kind: String,
    intent: Option<Seq>,
}

impl RequestPart {
    /// The intent that the record closes, if it is the end of a request.
    fn closes(&self) -> Option<Seq> {
        let kind = Kind::named(&self.kind)?;
        let is_end = kind.scope() == Scope::Request && kind != Kind::RequestIntended;
        self.intent.filter(|_| is_end)
    }
}

impl Reader {
    /// Each request that the filter lets through, in order.
    pub fn requests<E: From<QueryError>>(
        &self,
        filter: &RequestFilter,
        mut each: impl FnMut(RequestLine) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some((first, last)) = self.span(filter.run.as_ref())? else { return Ok(()) };
        let Some(id) = filter.id() else { return self.listed(filter, (first, last), each) };
        let mut query = self.prepare(&format!("{} WHERE intended.seq = ?1", by_place()))?;
        for (intent, end) in self.mentioned(&id, (first, last))? {
            let line = query.query_row(params![intent, end], request_line).optional();
            if let Some(line) = line.map_err(QueryError::from)?.filter(|line| filter.lets_through(line)) {
                each(line)?;
            }
        }
        Ok(())
    }

    /// By the view itself, for what cannot be found by an ID.
    fn listed<E: From<QueryError>>(
        &self,
        filter: &RequestFilter,
        (first, last): (i64, i64),
        mut each: impl FnMut(RequestLine) -> Result<(), E>,
    ) -> Result<(), E> {
        let between = "seq BETWEEN :first AND :last AND kind";
        let mut query = self.prepare(&format!(
            "SELECT * FROM ({})
             WHERE (:run IS NULL OR run_id = :run)
               AND (:status IS NULL OR status = :status)
               AND (:since IS NULL OR intended_at >= :since)
               AND (:before IS NULL OR intended_at < :before)
             ORDER BY seq",
            view("requests").replace("WHERE kind", &format!("WHERE {between}"))
        ))?;
        let bound = named_params! {
            ":first": first,
            ":last": last,
            ":run": filter.run.as_ref().map(RunId::as_str),
            ":status": filter.status,
            ":since": filter.since,
            ":before": filter.before,
        };
        let mut rows = query.query(bound).map_err(QueryError::from)?;
        while let Some(row) = rows.next().map_err(QueryError::from)? {
            each(request_line(row).map_err(QueryError::from)?)?;
        }
        Ok(())
    }

    /// The places between which all requests of a run lie, or of the log.
    fn span(&self, run: Option<&RunId>) -> Result<Option<(i64, i64)>, QueryError> {
        let Some(run) = run else { return Ok(Some((0, self.last()?))) };
        self.gather()?;
        let question = sql("SELECT max(seq) FROM temp.milestone WHERE kind = {RunSealed} AND run = ?1");
        let sealed: Option<i64> = self.connection.query_row(&question, [run.as_str()], |row| row.get(0))?;
        Ok(self.extent(run)?.map(|(first, last)| (first, sealed.unwrap_or(last))))
    }

    /// The requests in which this ID stands, with their ends.
    fn mentioned(
        &self,
        id: &str,
        (first, last): (i64, i64),
    ) -> Result<BTreeMap<i64, Option<i64>>, QueryError> {
        // As JSON writes it, and in either case: what the service answers is its own.
        let written = serde_json::to_string(id).unwrap_or_default();
        let written = written.trim_matches('"');
        let finders = [written.to_lowercase(), written.to_uppercase()];
        let finders = finders.each_ref().map(Finder::new);
        let mut found: BTreeMap<i64, Option<i64>> = BTreeMap::new();
        self.bytes((first, last), |seq, body| {
            if finders.iter().any(|finder| finder.find(body).is_some())
                && let Ok(part) = serde_json::from_slice::<RequestPart>(body)
            {
                match part.closes() {
                    Some(intent) => drop(found.entry(place(intent)).or_default().get_or_insert(place(seq))),
                    None if part.kind == Kind::RequestIntended.label() => {
                        found.entry(place(seq)).or_default();
                    }
                    None => {}
                }
            }
            true
        })?;
        let mut open: BTreeSet<i64> =
            found.iter().filter(|(_, end)| end.is_none()).map(|(seq, _)| *seq).collect();
        let mut ends = BTreeMap::new();
        for intent in open.clone() {
            self.ends((intent + 1, last.min(intent + NEAR)), &BTreeSet::from([intent]), &mut ends)?;
            if ends.contains_key(&intent) {
                open.remove(&intent);
            }
        }
        if let Some(from) = open.first()
            && !is_taken_out("an-end-far-away-is-missed")
        {
            self.ends((from + 1, last), &open, &mut ends)?;
        }
        for (intent, end) in ends {
            found.insert(intent, Some(end));
        }
        Ok(found)
    }

    /// Looks for the ends of these requests, until all are found.
    fn ends(
        &self,
        span: (i64, i64),
        intents: &BTreeSet<i64>,
        ends: &mut BTreeMap<i64, i64>,
    ) -> Result<(), QueryError> {
        let finder = Finder::new("\"intent\":");
        let mut missing = intents.len();
        self.bytes(span, |seq, body| {
            if finder.find(body).is_some()
                && let Ok(part) = serde_json::from_slice::<RequestPart>(body)
                && let Some(intent) = part.closes().map(place).filter(|intent| intents.contains(intent))
            {
                missing -= usize::from(ends.insert(intent, place(seq)).is_none());
            }
            missing > 0
        })
    }

    /// Each record's bytes, in order, for as long as `each` says so.
    fn bytes(
        &self,
        (first, last): (i64, i64),
        mut each: impl FnMut(Seq, &[u8]) -> bool,
    ) -> Result<(), QueryError> {
        let mut query =
            self.connection.prepare_cached("SELECT seq, body FROM record WHERE seq BETWEEN ?1 AND ?2")?;
        let mut rows = query.query([first, last])?;
        while let Some(row) = rows.next()? {
            let seq = row.get::<_, i64>(0)?.unsigned_abs();
            if !each(seq, row.get_ref(1)?.as_bytes().unwrap_or_default()) {
                break;
            }
        }
        Ok(())
    }
}

/// The view, for one request whose end is known: no other record is looked at for it.
fn by_place() -> String {
    view("requests").replace("completed.intent = +intended.seq", "completed.seq = ?2")
}

fn place(seq: Seq) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
