//! `plan.html`: what is to be allowed, as a page. It has no script and folds nothing, so that whoever looks for a name
//! finds it.

use super::{Entry, Plan, PlannedBy};
use crate::{
    domain::{ListReading, Outcome, Preparation},
    record::Judged,
    report::{
        ReportError,
        page::policy,
        template::{self, moment},
    },
};
use minijinja::{ErrorKind, Value, context, value::Serde};
use serde::Serialize;
use std::{
    io::{self, Write},
    path::Path,
};

const TEMPLATE: &str = include_str!("plan.html");

/// What is said of the plan as a whole.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) text: String,
    is_mono: bool,
}

#[derive(Serialize)]
struct Named {
    row: u32,
    name: String,
    id: String,
    said: String,
}

#[derive(Serialize)]
struct Leaving<'a> {
    row: u32,
    name: String,
    id: String,
    domain: &'a str,
    seats: Option<u64>,
    first: Vec<String>,
    allowed: Vec<&'static str>,
}

#[derive(Serialize)]
struct Staying<'a> {
    row: u32,
    name: String,
    id: String,
    outcome: &'static str,
    outcome_in_words: &'static str,
    findings: Vec<Found>,
    note: Option<&'a str>,
}

#[derive(Serialize)]
struct Found {
    reason: &'static str,
    text: String,
}

/// Writes the page.
pub(in crate::report) fn write_page(
    out: &mut impl Write,
    path: &Path,
    plan: &Plan,
) -> Result<(), ReportError> {
    let head = &plan.head;
    let surprises: Vec<_> = plan.surprises();
    let surprises: Vec<_> = surprises
        .iter()
        .map(|surprise| {
            let customers: Vec<_> =
                surprise.customers.iter().map(|(entry, said)| named(entry, said)).collect();
            context! { what => surprise.what, column => surprise.column, more => surprise.more,
            customers => Value::from(Serde(customers)) }
        })
        .collect();
    let customers: Vec<_> = plan.ready().map(leaving).collect();
    let others: Vec<_> = plan.others().map(staying).collect();
    let values = context! {
        partner => head.partner.name.as_deref().unwrap_or("partner not read"),
        run_id => head.run_id.as_str(),
        ready => head.ready,
        done => Outcome::Done(head.procedure).in_words(),
        is_simulated => head.mode.is_simulated(),
        cannot_be_applied => head.cannot_be_applied.as_deref(),
        lines => Value::from(Serde(lines(plan))),
        warnings => head.list.as_ref().map(ListReading::warnings).unwrap_or_default(),
        surprises,
        customers => Value::from(Serde(customers)),
        others => Value::from(Serde(others)),
        policy => policy(template::STYLE, ""),
        style => template::STYLE,
    };
    let mut environment = template::environment()?;
    environment.add_template("plan.html", TEMPLATE)?;
    match environment.get_template("plan.html")?.render_captured_to(values, out) {
        Ok(_nothing_captured) => Ok(()),
        Err(error) if error.kind() == ErrorKind::WriteFailure => {
            Err(ReportError::Write { path: path.to_owned(), source: io::Error::other(error) })
        }
        Err(error) => Err(error.into()),
    }
}

/// What is asked, by whom, and of what it was made.
pub(super) fn lines(plan: &Plan) -> Vec<Line> {
    let head = &plan.head;
    let mut lines = Vec::new();
    let mut line = |name, text: String, is_mono| lines.push(Line { name, text, is_mono });
    if let Some(planned) = &head.planned {
        let PlannedBy { planned_at, operator, host, ticket, reason, input, .. } = planned;
        line("Ticket", ticket.clone().unwrap_or_else(|| "none named".to_owned()), false);
        line("Reason", reason.clone().unwrap_or_else(|| "none given".to_owned()), false);
        line("Planned", format!("{}, by {operator} on {host}", moment(&planned_at.to_string())), false);
        line("List", format!("{}, {} rows", input.file, input.rows), false);
        line("SHA-256 of the list", input.sha256.to_string(), true);
        line("Limits", planned.limits_in_words(), false);
    }
    line("Partner tenant", head.partner.tenant_id.map(|id| id.to_string()).unwrap_or_default(), true);
    line("Procedure", head.procedure.to_string(), false);
    let of_all = head.customers_of_partner.map(|all| format!(" of the partner’s {all}")).unwrap_or_default();
    line("Customers", format!("{}{of_all}", head.ready), false);
    line("Plan digest", head.digest.to_string(), true);
    lines
}

fn name_of(entry: &Entry<Judged>) -> String {
    entry.decision.name.clone().unwrap_or_else(|| "(no name)".to_owned())
}

fn id_of(entry: &Entry<Judged>) -> String {
    entry.customer_tenant_id.map(|id| id.to_string()).unwrap_or_default()
}

fn named(entry: &Entry<Judged>, said: &str) -> Named {
    Named { row: entry.decision.row, name: name_of(entry), id: id_of(entry), said: said.to_owned() }
}

fn leaving(entry: &Entry<Judged>) -> Leaving<'_> {
    let decision = &entry.decision;
    Leaving {
        row: decision.row,
        name: name_of(entry),
        id: id_of(entry),
        domain: decision.domain.as_deref().unwrap_or_default(),
        seats: decision.seats,
        first: decision.first.iter().map(Preparation::in_words).collect(),
        allowed: decision.allowed.iter().map(|found| found.reason.as_str()).collect(),
    }
}

fn staying(entry: &Entry<Judged>) -> Staying<'_> {
    let decision = &entry.decision;
    let found = decision.findings.iter();
    Staying {
        row: decision.row,
        name: name_of(entry),
        id: id_of(entry),
        outcome: decision.verdict.as_str(),
        outcome_in_words: decision.verdict.in_words(),
        findings: found.map(|one| Found { reason: one.reason.as_str(), text: one.explanation() }).collect(),
        note: decision.note.as_deref(),
    }
}
