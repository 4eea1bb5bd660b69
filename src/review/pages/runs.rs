//! All runs.

use super::{ShownPage, Tools};
use crate::{audit::QueryError, domain::Outcome, record::RunTotals};
use minijinja::{Value, value::Serde};

pub(super) fn show(tools: &Tools) -> Result<ShownPage, QueryError> {
    let mut runs = Vec::new();
    for run in tools.reader.runs()?.into_iter().rev() {
        let counts = tools.index.run(&run.run_id).map(|run| counts(&run.totals)).unwrap_or_default();
        runs.push(values! { line => Value::from(Serde(&run)), counts });
    }
    Ok(ShownPage::new("runs.html", "Runs", values! { runs, records => tools.index.records() }))
}

/// The outcomes that occurred, in the order of all reports; rows without one at the end.
pub(super) fn counts(totals: &RunTotals) -> Vec<Value> {
    let ended = Outcome::ALL.into_iter().filter_map(|outcome| {
        let count = *totals.outcomes.get(&outcome)?;
        Some(values! { name => outcome.as_str(), words => outcome.in_words(), count })
    });
    let open = (totals.open > 0)
        .then(|| values! { name => "open", words => "without an outcome yet", count => totals.open });
    ended.chain(open).collect()
}
