//! A random sample of a run's removals for the auditor's test, which anybody can draw again.
//!
//! Each row for which the run did what it is for has a lot: SHA-256 over the seed, the run's ID and the row's number, as text with a line
//! feed between them. The rows with the smallest lots are the sample. Without this program:
//! `printf 'SEED\nRUN\nROW' | sha256sum`.

use super::{ShownPage, Tools, customers::line, form::FormAnswers, run::done};
use crate::{
    audit::QueryError,
    domain::{Outcome, Procedure, RunId, Sha256, is_taken_out},
};

/// What auditors commonly ask for.
const USUAL: u32 = 25;
const MOST: u32 = 250;

/// What the form asks for.
#[derive(Clone, Debug, Default)]
pub(in crate::review) struct SampleChoice {
    seed: Option<String>,
    count: Option<u32>,
}

impl SampleChoice {
    pub(super) fn of(form: &FormAnswers) -> Self {
        Self { seed: form.text("seed"), count: form.number("count") }
    }
}

/// A row's lot.
fn lot(seed: &str, run: &RunId, row: u32) -> Sha256 {
    Sha256::of(&[format!("{seed}\n{run}\n{row}").as_bytes()])
}

/// The rows with the smallest lots, the smallest first.
fn draw(seed: &str, run: &RunId, rows: &[u32], count: usize) -> Vec<(Sha256, u32)> {
    let mut lots: Vec<_> = rows.iter().map(|row| (lot(seed, run, *row), *row)).collect();
    let by_lot = !is_taken_out("a-sample-of-the-first-rows");
    lots.sort_unstable_by_key(|(lot, row)| (by_lot.then_some(*lot.as_bytes()), *row));
    lots.truncate(count);
    lots
}

pub(super) fn show(tools: &Tools, run: &RunId, asked: &SampleChoice) -> Result<ShownPage, QueryError> {
    let Some(indexed) = tools.index.run(run) else {
        return Ok(ShownPage::nothing(&format!("The log has no run `{run}`.")));
    };
    let count = asked.count.unwrap_or(USUAL).clamp(1, MOST);
    let mut rows = Vec::new();
    for procedure in Procedure::ALL {
        rows.extend(tools.index.rows_that_ended(run, Outcome::Done(*procedure))?);
    }
    let drawn = asked.seed.as_deref().map(|seed| draw(seed, run, &rows, count as usize)).unwrap_or_default();
    let mut lines = Vec::with_capacity(drawn.len());
    for (lot, row) in drawn {
        if let Some(found) = tools.index.customer(run, row)? {
            lines.push(values! { lot => lot.to_string(), line => line(&found) });
        }
    }
    let by_the_run = rows.len();
    let done = done(indexed);
    let values =
        values! { run => run.as_str(), seed => asked.seed, count, by_the_run, done, lines, most => MOST };
    Ok(ShownPage::new("sample.html", format!("Sample of run {run}"), values))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_the_same_on_every_machine() {
        let run: RunId = "20261120-093005-4be1c7".parse().unwrap();
        let rows: Vec<u32> = (2..=1_001).collect();
        // printf 'audit 2026\n20261120-093005-4be1c7\n2' | sha256sum
        let known = "d86f05d4289907bc7094713f0ad56f8fb7ac477f863b2453aaf91acf89662977";
        assert_eq!(lot("audit 2026", &run, 2).to_string(), known);
        let drawn: Vec<u32> = draw("audit 2026", &run, &rows, 5).into_iter().map(|(_, row)| row).collect();
        assert_eq!(drawn, [889, 396, 703, 696, 523]);
        // Whatever order the rows come in, and however many are asked for.
        let backwards: Vec<u32> = rows.iter().rev().copied().collect();
        let more: Vec<u32> =
            draw("audit 2026", &run, &backwards, 50).into_iter().map(|(_, row)| row).collect();
        assert_eq!(more[..5], drawn);
        assert_ne!(draw("another", &run, &rows, 5), draw("audit 2026", &run, &rows, 5));
        assert_eq!(draw("x", &run, &rows[..3], 50).len(), 3);
    }
}
