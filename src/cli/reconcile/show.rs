//! What came of a comparison, for people and for programs.

use super::claims::RunClaims;
use crate::{
    cli::{
        exit::{Exit, Failure},
        printer::{Paint, Printer},
        settings::{Again, option},
    },
    domain::{Outcome, Procedure, TenantId, counted},
    engine::{Comparison, ListedRemoval},
    record::{Activity, Reconciled, Run},
    report::visible,
};
use serde_json::json;

pub(super) fn show(
    printer: &Printer,
    again: &Again,
    run: &Run,
    claims: &RunClaims,
    found: &Comparison,
    reconciled: &Reconciled,
) -> Result<Exit, Failure> {
    let lacks = [found.missing.len(), found.not_yet.len(), found.unknown.len(), found.unclaimed.len()];
    let exit = if reconciled.complete && lacks.iter().all(|count| *count == 0) {
        Exit::Done
    } else {
        Exit::Unfinished
    };
    if printer.json {
        let value = json!({
            "run_id": run.id,
            "from": reconciled.from,
            "to": reconciled.to,
            "lag_hours": reconciled.lag_hours,
            "complete": reconciled.complete,
            "claimed": found.claimed,
            "corroborated": found.agreeing,
            "newly_corroborated": found.corroborated.len(),
            "missing": rows(claims, &found.missing),
            "not_yet": rows(claims, &found.not_yet),
            "unknown": found.unknown.iter().map(|(row, activity)| {
                json!({ "row": row, "customer": customer(claims, *row), "activity": activity })
            }).collect::<Vec<_>>(),
            "unclaimed": found.unclaimed.iter().map(|line| {
                json!({ "customer": line.customer, "activity": line.activity })
            }).collect::<Vec<_>>(),
            "exit_code": exit.code(),
        });
        printer.data(&value.to_string())?;
        return Ok(exit);
    }
    let noun = noun(run.opened.procedure);
    let mut lines = vec![format!(
        "Run {} against Partner Center's own record of activity, {} to {}: {} listed there.",
        run.id,
        reconciled.from,
        reconciled.to,
        counted(reconciled.listed, noun)
    )];
    lines.extend(text(printer, again, (run.opened.procedure, claims), found, reconciled));
    printer.show(&lines.join("\n"))?;
    if !found.corroborated.is_empty() {
        let report = again.reporting(&format!("report {}", run.id));
        printer.say(&format!("To have it in the reports: {report}"));
    }
    Ok(exit)
}

fn text(
    printer: &Printer,
    again: &Again,
    (procedure, claims): (Procedure, &RunClaims),
    found: &Comparison,
    reconciled: &Reconciled,
) -> Vec<String> {
    let noun = noun(procedure);
    let (good, care, bad) =
        (printer.paint(Paint::Good, "✓"), printer.paint(Paint::Care, "!"), printer.paint(Paint::Bad, "✗"));
    let mut lines = Vec::new();
    let mark = if found.agreeing == found.claimed { &good } else { &care };
    let new = found.corroborated.len();
    lines.push(format!(
        "{mark} {} of {} in both; {new} on record as corroborated now",
        found.agreeing,
        counted(found.claimed, noun)
    ));
    for row in &found.not_yet {
        if !reconciled.complete {
            lines.push(format!("{care} not found in what could be read: {}", who(claims, *row)));
            continue;
        }
        lines.push(format!(
            "{care} not there yet: {}; it may take {} h (`--lag`). Ask again later",
            who(claims, *row),
            reconciled.lag_hours
        ));
    }
    for row in &found.missing {
        lines.push(format!(
            "{bad} not there: {}; look at the customer in Partner Center, and ask Microsoft why",
            who(claims, *row)
        ));
    }
    for (row, activity) in &found.unknown {
        lines.push(format!("{care} {}", unknown(again, (procedure, claims), *row, activity.as_ref(), found)));
    }
    for line in &found.unclaimed {
        lines.push(format!("{bad} {}", unclaimed(line)));
    }
    if !reconciled.complete {
        lines.push(format!("{bad} not all of Partner Center's record could be read, so it does not show that anything is missing"));
    }
    lines
}

/// What is compared: `removal`.
fn noun(procedure: Procedure) -> &'static str {
    procedure.on_record_elsewhere().map_or("change", |effect| effect.words().noun)
}

/// A person decides; what they need for it is said.
fn unknown(
    again: &Again,
    (procedure, claims): (Procedure, &RunClaims),
    row: u32,
    activity: Option<&Activity>,
    found: &Comparison,
) -> String {
    let who = who(claims, row);
    let customer = customer(claims, row).map(|id| id.to_string()).unwrap_or_default();
    let resolve = again.reading(&format!("resolve --customer {customer}"));
    let Some(activity) = activity else {
        return format!("unknown, and not found there: {who}; look, then: {resolve} --as …");
    };
    let is_ours = found.corroborated.iter().any(|line| line.row == row && line.is_our_request);
    let whose = if is_ours { ", by a request of ours" } else { "" };
    // What somebody else wrote goes into a command as one word.
    let record = visible(activity.id.as_deref().unwrap_or_default());
    let because = option("because", &format!("Partner Center has it on record as {record}"));
    format!(
        "unknown here, and listed there{whose}: {who}, {}. If that is it: {resolve} --as {}{because}",
        described(activity),
        Outcome::Done(procedure),
    )
}

fn unclaimed(line: &ListedRemoval) -> String {
    format!(
        "listed there, and claimed by no run of this log: customer {}, {}",
        line.customer,
        described(&line.activity)
    )
}

fn described(activity: &Activity) -> String {
    let said = |text: &Option<String>| visible(text.as_deref().unwrap_or("not said")).into_owned();
    format!(
        "{} at {}, by {} with {}, correlation ID {}",
        visible(&activity.operation),
        said(&activity.at),
        said(&activity.user),
        said(&activity.application),
        said(&activity.correlation_id)
    )
}

fn customer(claims: &RunClaims, row: u32) -> Option<TenantId> {
    claims.all.iter().find(|claim| claim.row == row).map(|claim| claim.customer)
}

fn who(claims: &RunClaims, row: u32) -> String {
    let name = claims.names.get(&row).map(|name| visible(name)).unwrap_or_default();
    let id = customer(claims, row).map(|id| id.to_string()).unwrap_or_default();
    format!("row {row}, {name} ({id})")
}

fn rows(claims: &RunClaims, rows: &[u32]) -> Vec<serde_json::Value> {
    let row =
        |row: &u32| json!({ "row": row, "customer": customer(claims, *row), "name": claims.names.get(row) });
    rows.iter().map(row).collect()
}
