//! All runs.

use super::{Shown, Tools};
use crate::{
    audit::{QueryError, RunTally},
    domain::Outcome,
};
use minijinja::{Value, value::Serde};

pub(super) fn show(tools: &Tools) -> Result<Shown, QueryError> {
    let mut runs = Vec::new();
    for run in tools.reader.runs()?.into_iter().rev() {
        let counts = tools.index.tally(&run.run_id).map(counts).unwrap_or_default();
        runs.push(values! { line => Value::from(Serde(&run)), counts });
    }
    Ok(Shown::new("runs.html", "Runs", values! { runs, records => tools.index.records() }))
}

/// The outcomes that occurred, in the order of all reports; rows without one at the end.
pub(super) fn counts(tally: &RunTally) -> Vec<Value> {
    let ended = Outcome::ALL.into_iter().filter_map(|outcome| {
        let count = *tally.outcomes.get(&outcome)?;
        Some(values! { name => outcome.as_str(), words => outcome.in_words(), count })
    });
    let open = (tally.open > 0)
        .then(|| values! { name => "open", words => "without an outcome yet", count => tally.open });
    ended.chain(open).collect()
}
