//! Questions to the index.

use super::Index;
use crate::{
    audit::{QueryError, query::asked},
    domain::{Outcome, RunId, Seq, TenantId, is_taken_out},
};
use rusqlite::{Row, ToSql, named_params, params};

/// Which rows of a run are asked for; what is none does not matter.
#[derive(Clone, Debug, Default)]
pub struct CustomerFilter {
    /// With this outcome; the inner none means that there is none yet.
    pub outcome: Option<Option<Outcome>>,
    /// With this reason.
    pub reason: Option<String>,
    /// With this text in the name, the domain or the ID, in any case.
    pub text: Option<String>,
    /// Settled at this time or later (RFC 3339, compared as text).
    pub from: Option<String>,
    /// Settled before this time.
    pub before: Option<String>,
    /// After this row of the list.
    pub after: u32,
}

/// A row of a run's list, and where its records stand.
#[derive(Clone, Debug)]
pub struct IndexedRow {
    /// The run.
    pub run: RunId,
    /// The row's number.
    pub row: u32,
    /// The customer, if the row names one.
    pub customer: Option<String>,
    /// The live name, or the list's.
    pub name: Option<String>,
    /// The live domain, or the list's.
    pub domain: Option<String>,
    /// How it ended, as a person resolved it.
    pub outcome: Option<Outcome>,
    /// How sure a removal is.
    pub evidence: Option<String>,
    /// Why.
    pub reasons: Vec<String>,
    /// When it was settled.
    pub finished_at: Option<String>,
    /// The record that read it from the list.
    pub listed: Seq,
    /// The record that settled it.
    pub settled: Option<Seq>,
    /// The record by which a person resolved it; the last one counts.
    pub resolved: Option<Seq>,
}

/// An ID that a record mentions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The whole ID, in lower case.
    pub id: String,
    /// The record.
    pub seq: Seq,
}

const COLUMNS: &str = "customer.run, customer.row, customer.id, customer.name, customer.domain,
    customer.outcome, customer.evidence, customer.finished_at, customer.listed, customer.settled,
    customer.resolved, customer.reasons";

impl Index {
    /// Rows of a run, in the order of the list.
    pub fn customers(
        &self,
        run: &RunId,
        filter: &CustomerFilter,
        limit: u32,
    ) -> Result<Vec<IndexedRow>, QueryError> {
        let outcome = filter.outcome.map(|outcome| outcome.map_or("open", Outcome::as_str));
        let text = filter.text.as_ref().map(|text| text.to_lowercase());
        let mut sql = format!("SELECT {COLUMNS} FROM ");
        // The condition that leaves the fewest rows leads.
        if filter.reason.is_some() {
            sql.push_str(
                "reason CROSS JOIN customer ON customer.run = reason.run AND customer.row = reason.row
                 WHERE reason.run = :run AND reason.name = :reason AND reason.row > :after",
            );
        } else {
            let by = if outcome.is_some() { " INDEXED BY customer_outcome" } else { "" };
            sql.push_str(&format!("customer{by} WHERE customer.run = :run AND customer.row > :after"));
        }
        let mut bound: Vec<(&str, &dyn ToSql)> = Vec::new();
        let run = run.as_str();
        bound.extend([(":run", &run as &dyn ToSql), (":after", &filter.after), (":limit", &limit)]);
        if filter.reason.is_some() {
            bound.push((":reason", &filter.reason));
        }
        for (condition, name, value) in [
            (
                " AND customer.outcome = :outcome",
                ":outcome",
                outcome.as_ref().map(|value| value as &dyn ToSql),
            ),
            (" AND instr(customer.words, :text)", ":text", text.as_ref().map(|value| value as &dyn ToSql)),
            (
                " AND customer.finished_at >= :from",
                ":from",
                filter.from.as_ref().map(|value| value as &dyn ToSql),
            ),
            (
                " AND customer.finished_at < :before",
                ":before",
                filter.before.as_ref().map(|value| value as &dyn ToSql),
            ),
        ] {
            if let Some(value) = value {
                sql.push_str(condition);
                bound.push((name, value));
            }
        }
        let order = if filter.reason.is_some() { "reason.row" } else { "customer.row" };
        sql.push_str(&format!(" ORDER BY {order} LIMIT :limit"));
        let mut query = self.connection.prepare_cached(asked(&sql))?;
        let rows = query.query_map(bound.as_slice(), indexed)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One row of a run.
    pub fn customer(&self, run: &RunId, row: u32) -> Result<Option<IndexedRow>, QueryError> {
        let sql = format!("SELECT {COLUMNS} FROM customer WHERE run = ?1 AND row = ?2");
        let mut query = self.connection.prepare_cached(asked(&sql))?;
        Ok(query.query_map(params![run.as_str(), row], indexed)?.next().transpose()?)
    }

    /// The rows of all runs that name this customer, or one whose ID begins so.
    pub fn rows_of(&self, id: &str, limit: u32) -> Result<Vec<IndexedRow>, QueryError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM customer WHERE id >= :id AND id < :end ORDER BY id, run, row LIMIT :limit"
        );
        let mut query = self.connection.prepare_cached(asked(&sql))?;
        let id = id.to_lowercase();
        let end = end_of(&id);
        let rows = query.query_map(named_params! { ":id": id, ":end": end, ":limit": limit }, indexed)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The rows that earlier and later runs have of the same customer.
    pub fn other_runs_of(
        &self,
        customer: TenantId,
        run: &RunId,
        limit: u32,
    ) -> Result<Vec<IndexedRow>, QueryError> {
        let mut rows = self.rows_of(&customer.to_string(), limit)?;
        rows.retain(|row| row.run != *run);
        Ok(rows)
    }

    /// The records about a row of a run, or those of the run that are about no row, in order, from the one
    /// after `after`.
    pub fn about(
        &self,
        run: &RunId,
        row: Option<u32>,
        after: Option<Seq>,
        limit: u32,
    ) -> Result<Vec<Seq>, QueryError> {
        let sql = "SELECT seq FROM about WHERE run = ?1 AND row IS ?2 AND seq > ?3 ORDER BY seq LIMIT ?4";
        let after = after.map_or(-1, |after| i64::try_from(after).unwrap_or(i64::MAX));
        let Some(run) = self.run(run) else { return Ok(Vec::new()) };
        let first = i64::try_from(run.first).unwrap_or(i64::MAX);
        self.places(sql, &[&first, &row, &after, &limit])
    }

    /// Where this ID, or one that begins so, is mentioned: a request's, a correlation, an order's or a
    /// subscription's.
    pub fn mentions(&self, id: &str, limit: u32) -> Result<Vec<Mention>, QueryError> {
        let mention =
            if is_taken_out("a-page-that-reads-the-whole-log") { "mention NOT INDEXED" } else { "mention" };
        let sql =
            &format!("SELECT id, seq FROM {mention} WHERE id >= ?1 AND id < ?2 ORDER BY id, seq LIMIT ?3");
        let mut query = self.connection.prepare_cached(asked(sql))?;
        let id = id.to_lowercase();
        let end = end_of(&id);
        let found = query.query_map(params![id, end, limit], |row| {
            Ok(Mention { id: row.get(0)?, seq: row.get::<_, i64>(1)?.unsigned_abs() })
        })?;
        Ok(found.collect::<Result<_, _>>()?)
    }

    /// The record that completes the request intended here.
    pub fn answer_to(&self, intent: Seq) -> Result<Option<Seq>, QueryError> {
        let intent = i64::try_from(intent).unwrap_or(i64::MAX);
        let found = self.places("SELECT seq FROM answer WHERE intent = ?1", &[&intent])?;
        Ok(found.first().copied())
    }

    /// The rows of a run that ended so, in the order of the list.
    pub fn rows_that_ended(&self, run: &RunId, outcome: Outcome) -> Result<Vec<u32>, QueryError> {
        let sql = "SELECT row FROM customer WHERE run = ?1 AND outcome = ?2 ORDER BY row";
        let rows = self.places(sql, &[&run.as_str(), &outcome.as_str()])?;
        Ok(rows.into_iter().filter_map(|row| u32::try_from(row).ok()).collect())
    }

    fn places(&self, sql: &str, bound: &[&dyn ToSql]) -> Result<Vec<Seq>, QueryError> {
        let mut query = self.connection.prepare_cached(asked(sql))?;
        let places = query.query_map(bound, |row| Ok(row.get::<_, i64>(0)?.unsigned_abs()))?;
        Ok(places.collect::<Result<_, _>>()?)
    }

    /// How `SQLite` would carry out each of these questions.
    #[cfg(test)]
    pub(crate) fn plan(&self, sql: &str) -> rusqlite::Result<Vec<String>> {
        crate::audit::query::plan(&self.connection, sql)
    }
}

/// The first text after all that begin with this one.
fn end_of(beginning: &str) -> String {
    format!("{beginning}{}", char::MAX)
}

fn indexed(row: &Row<'_>) -> rusqlite::Result<IndexedRow> {
    let unsigned = |seq: i64| seq.unsigned_abs();
    let run: String = row.get(0)?;
    let reasons: String = row.get::<_, Option<String>>(11)?.unwrap_or_default();
    Ok(IndexedRow {
        run: run.parse().map_err(|error: crate::domain::IdError| {
            rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
        })?,
        row: row.get(1)?,
        customer: row.get(2)?,
        name: row.get(3)?,
        domain: row.get(4)?,
        outcome: Outcome::from_name(row.get_ref(5)?.as_str()?),
        evidence: row.get(6)?,
        finished_at: row.get(7)?,
        listed: unsigned(row.get(8)?),
        settled: row.get::<_, Option<i64>>(9)?.map(unsigned),
        resolved: row.get::<_, Option<i64>>(10)?.map(unsigned),
        reasons: reasons.split(';').filter(|name| !name.is_empty()).map(str::to_owned).collect(),
    })
}
