//! `offboard runs`.

use super::{
    args::Common,
    exit::{Exit, Failure},
    printer::Printer,
    settings::{Paths, Typed},
};
use crate::{
    audit::{Reader, RunLine},
    domain::counted,
    report::visible,
};

pub(super) fn run(printer: &Printer, typed: &Typed, common: &Common) -> Result<Exit, Failure> {
    let paths = Paths::resolve(typed, common)?;
    let runs = Reader::open(&paths.audit_log)?.runs()?;
    if printer.json {
        for run in &runs {
            printer.data(&serde_json::to_string(run).unwrap_or_default())?;
        }
        return Ok(Exit::Done);
    }
    if runs.is_empty() {
        printer.data("no runs yet")?;
        return Ok(Exit::Done);
    }
    let shown: Vec<String> = runs.iter().map(lines).collect();
    printer.show(&shown.join("\n"))?;
    Ok(Exit::Done)
}

/// What it was, when and why; and below that, what it came to.
fn lines(run: &RunLine) -> String {
    let at = run.started_at.to_string();
    let at = at.get(..16).unwrap_or(&at).replace('T', " ");
    let exit = run.exit_code.map(|code| format!(" with {code}")).unwrap_or_default();
    let state = format!("{}{exit}", run.state.as_str());
    let mode = run.mode.as_deref().unwrap_or_default();
    let ticket = run.ticket.as_deref().unwrap_or_default();
    let first = format!("{}  {at}  {mode:<9}  {state:<14}  {}", run.run_id, visible(ticket));

    let rows = run.input_rows.map(|rows| counted(rows, "row"));
    let outcomes = run.counts.iter().filter(|(_, count)| **count > 0);
    let outcomes = outcomes.map(|(outcome, count)| format!("{count} {}", outcome.in_words()));
    let outcomes = outcomes.collect::<Vec<_>>().join(", ");
    let told = [
        Some(outcomes).filter(|outcomes| !outcomes.is_empty()).or(rows),
        run.partner_name.clone(),
        run.approved_by.as_ref().map(|by| format!("approved by {by}")),
        run.input_file.clone(),
    ];
    let told: Vec<String> = told.into_iter().flatten().collect();
    format!("{}\n    {}", first.trim_end(), visible(&told.join(" · ")))
}
