//! The rows of a run, by what is asked of them.

use super::{
    ShownPage, Tools,
    form::{FormAnswers, query},
    run::outcome_names,
};
use crate::{
    audit::{CustomerFilter, IndexedRow, QueryError},
    domain::{Day, Outcome, RunId},
};
use minijinja::Value;

/// So many rows make a page.
const ROWS: u32 = 50;

/// What the form asks for.
#[derive(Clone, Debug, Default)]
pub(in crate::review) struct CustomerSearch {
    outcome: Option<String>,
    reason: Option<String>,
    text: Option<String>,
    from: Option<String>,
    until: Option<String>,
    after: Option<u32>,
}

impl CustomerSearch {
    pub(super) fn of(form: &FormAnswers) -> Self {
        let text = |name| form.text(name);
        Self {
            outcome: text("outcome"),
            reason: text("reason"),
            text: text("text"),
            from: text("from"),
            until: text("until"),
            after: form.number("after"),
        }
    }

    /// The question itself; what cannot be understood of it, in words.
    fn filter(&self) -> Result<CustomerFilter, String> {
        let day = |text: &Option<String>| -> Result<Option<Day>, String> {
            let parsed = text.as_ref().map(|text| text.parse::<Day>().map_err(|_not_a_day| text));
            parsed.transpose().map_err(|text| format!("`{text}` is no day; write it as 2026-11-20."))
        };
        let outcome = match self.outcome.as_deref() {
            None => None,
            Some("open") => Some(None),
            Some(name) => {
                Some(Some(Outcome::from_name(name).ok_or_else(|| format!("`{name}` is not an outcome."))?))
            }
        };
        let start = |day: Day| format!("{day}T00:00:00.000Z");
        Ok(CustomerFilter {
            outcome,
            reason: self.reason.clone(),
            text: self.text.clone(),
            from: day(&self.from)?.map(start),
            before: day(&self.until)?.map(|day| start(day.next())),
            after: self.after.unwrap_or_default(),
        })
    }

    /// The same question, from another row on.
    fn query(&self, after: Option<u32>) -> String {
        let after = after.map(|after| after.to_string());
        query(&[
            ("outcome", self.outcome.as_deref()),
            ("reason", self.reason.as_deref()),
            ("text", self.text.as_deref()),
            ("from", self.from.as_deref()),
            ("until", self.until.as_deref()),
            ("after", after.as_deref()),
        ])
    }
}

pub(super) fn show(tools: &Tools, run: &RunId, asked: &CustomerSearch) -> Result<ShownPage, QueryError> {
    let Some(indexed) = tools.index.run(run) else {
        return Ok(ShownPage::nothing(&format!("The log has no run `{run}`.")));
    };
    let filter = match asked.filter() {
        Ok(filter) => filter,
        Err(why) => {
            return Ok(ShownPage::message(400, "That cannot be asked", &why, "Go back and correct it."));
        }
    };
    let mut found = tools.index.customers(run, &filter, ROWS + 1)?;
    let has_more = found.len() > ROWS as usize;
    found.truncate(ROWS as usize);
    let next = found.last().filter(|_| has_more).map(|last| asked.query(Some(last.row)));
    let reasons: Vec<&str> = indexed.totals.reasons.keys().map(|reason| reason.as_str()).collect();
    let is_filtered = asked.query(None).is_empty();
    let values = values! {
        run => run.as_str(),
        rows => found.iter().map(line).collect::<Vec<_>>(),
        all => indexed.totals.rows,
        outcomes => outcome_names(),
        reasons,
        outcome => asked.outcome,
        reason => asked.reason,
        text => asked.text,
        from => asked.from,
        until => asked.until,
        is_first => asked.after.is_none(),
        is_filtered => !is_filtered,
        first => asked.query(None),
        next,
    };
    Ok(ShownPage::new("customers.html", format!("Customers of run {run}"), values))
}

/// A row of a table of customers.
pub(super) fn line(row: &IndexedRow) -> Value {
    values! {
        run => row.run.as_str(),
        row => row.row,
        id => row.customer,
        name => row.name,
        domain => row.domain,
        outcome => row.outcome.map_or("open", Outcome::as_str),
        words => row.outcome.map_or("no outcome yet", Outcome::in_words),
        evidence => row.evidence,
        reasons => row.reasons,
        finished_at => row.finished_at,
    }
}
