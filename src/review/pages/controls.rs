//! Which field answers which control.

use super::{ShownPage, Tools};
use crate::audit::QueryError;
use minijinja::Value;

/// A control, what it asks for, the columns that answer it, and where they are shown here.
type ControlRow = (&'static str, &'static [&'static str], &'static str);

const PCI: &[ControlRow] = &[
    ("Who: user identification", &["runs.operator"], "A run: “Who said yes?”"),
    ("What: type of event", &["requests.purpose", "requests.method"], "A customer: timeline"),
    (
        "When: date and time",
        &["requests.intended_at", "requests.completed_at"],
        "A customer: timeline, in UTC",
    ),
    (
        "Outcome: success or failure",
        &["requests.completion", "requests.status", "customers.outcome"],
        "A customer; a run: outcomes",
    ),
    ("Where from: origination of the event", &["runs.host", "runs.version"], "A run: “Who said yes?”"),
    (
        "On what: identity of the affected resource",
        &["requests.customer_tenant_id", "requests.url", "customers.customer_name"],
        "A customer",
    ),
];

const ISO: &[ControlRow] = &[
    ("User IDs", &["runs.operator"], "A run: “Who said yes?”"),
    (
        "System activities",
        &["requests.purpose", "requests.request_body", "requests.response_body"],
        "A customer: timeline",
    ),
    (
        "Dates, times and details of key events",
        &["runs.started_at", "runs.finished_at", "customers.started_at", "customers.finished_at"],
        "A run; a customer",
    ),
    ("Identity of the device", &["runs.host"], "A run: “Who said yes?”"),
    (
        "Network addresses and protocols",
        &["requests.url", "requests.request_headers"],
        "A customer: timeline",
    ),
    (
        "Successful and rejected attempts",
        &["requests.status", "requests.error", "customers.reasons"],
        "A run: answers; a customer",
    ),
    (
        "Logs are protected against change",
        &["checkpoint.note"],
        "On top of each page; “Has anybody touched this file?”",
    ),
];

const SOC: &[ControlRow] = &[
    (
        "The population is complete",
        &["runs.input_rows", "runs.input_sha256", "customers.row"],
        "A run: “Is this all of them?”",
    ),
    ("The removal was requested", &["runs.ticket", "runs.reason"], "A run: “Who said yes?”"),
    (
        "It was authorised before it was done",
        &["records.kind"],
        "A run: “Who said yes?”, and “The plan was confirmed” among its events",
    ),
    (
        "Access was removed",
        &["customers.outcome", "requests.purpose", "requests.status"],
        "A customer: timeline",
    ),
    (
        "It took effect",
        &["customers.evidence"],
        "A run: “Did it really happen?”; a customer: before and after",
    ),
    ("It was done in time", &["customers.started_at", "customers.finished_at"], "A customer"),
    ("A sample can be drawn and drawn again", &["customers.row", "customers.outcome"], "A run: sample"),
];

/// Every framework with its lines.
const ALL: [(&str, &str, &[ControlRow]); 3] = [
    ("PCI DSS 4.0.1, 10.2.2", "What each audit log entry records.", PCI),
    ("ISO/IEC 27001:2022, A.8.15", "Logging: what event logs hold, and that they are protected.", ISO),
    ("SOC 2, CC6.3", "Access is removed when it is no longer needed: what an auditor tests.", SOC),
];

pub(super) fn show(tools: &Tools) -> Result<ShownPage, QueryError> {
    let latest = tools.reader.runs()?.pop().map(|run| run.run_id.to_string());
    let controls: Vec<Value> = ALL
        .iter()
        .map(|(name, asks, lines)| {
            let lines: Vec<Value> = lines
                .iter()
                .map(|(asks, columns, here)| values! { asks, columns => columns.to_vec(), here })
                .collect();
            values! { name, asks, lines }
        })
        .collect();
    Ok(ShownPage::new("controls.html", "Which field answers which control", values! { controls, latest }))
}

/// Each column that is named.
#[cfg(test)]
pub(in crate::review) fn columns() -> impl Iterator<Item = &'static str> {
    ALL.iter().flat_map(|(_, _, lines)| lines.iter()).flat_map(|(_, columns, _)| columns.iter().copied())
}
