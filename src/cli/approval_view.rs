//! What an approver is shown of a plan: what matters most first, then every name.

use super::{
    printer::{Paint, Printer},
    tables::{Table, sentence, table},
};
use crate::{
    domain::{ListReading, Outcome, Reason},
    record::Judged,
    report::{Entry, Plan, visible},
};
use std::{cmp::Reverse, collections::BTreeMap};

/// How many customers are pointed out of each kind.
const POINTED_OUT: usize = 10;

/// The plan for whoever is to answer for it.
pub(super) fn text(printer: &Printer, plan: &Plan) -> String {
    let strong = |text: &str| printer.paint(Paint::Strong, text);
    let mut parts = vec![head(plan)];
    let warnings = plan.head.list.as_ref().map(ListReading::warnings).unwrap_or_default();
    if !warnings.is_empty() {
        let said: Vec<_> = warnings.iter().map(|said| sentence(said)).collect();
        parts.push(format!("{}\n{}", strong("How the list was read"), said.join("\n")));
    }
    let surprises = surprises(plan);
    if !surprises.is_empty() {
        parts.push(strong("Look at these first"));
        parts.extend(surprises);
    }
    let outcome = Outcome::Done(plan.head.procedure);
    parts.push(strong(&format!("The {} customers that would be {outcome}", plan.head.ready)));
    let ready: Vec<_> = plan.ready().collect();
    parts.push(customers(&ready, "left to the service", |entry| {
        let allowed: Vec<_> = entry.decision.allowed.iter().map(|found| found.reason.as_str()).collect();
        allowed.join(", ")
    }));
    parts.extend(preparations(plan, &strong("What would be done before that")));
    parts.extend(others(plan, &strong("The others")));
    parts.join("\n\n")
}

fn head(plan: &Plan) -> String {
    let head = &plan.head;
    let partner = head.partner.name.as_deref().unwrap_or("(no name)");
    let tenant = head.partner.tenant_id.map(|id| id.to_string()).unwrap_or_default();
    let of_all = head.customers_of_partner.map(|all| format!(", of the partner's {all}")).unwrap_or_default();
    format!(
        "Plan of run {}\n  partner    {} ({tenant})\n  procedure  {}\n  {}    {} customers{of_all}\n  digest     {}",
        head.run_id,
        visible(partner),
        head.procedure,
        head.procedure.facts().does,
        head.ready,
        head.digest
    )
}

/// The customers whose removal would surprise most, with why.
fn surprises(plan: &Plan) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part =
        |title: &str, found: Vec<&Entry<Judged>>, name: &str, cell: fn(&Entry<Judged>) -> String| {
            if !found.is_empty() {
                let shown: Vec<_> = found.iter().take(POINTED_OUT).copied().collect();
                let more = found.len() - shown.len();
                let mut text = format!("  {title}\n{}", customers(&shown, name, cell));
                if more > 0 {
                    text.push_str(&format!("\n  … and {more} more"));
                }
                parts.push(text);
            }
        };
    let mut largest: Vec<_> = plan.ready().filter(|entry| entry.decision.seats > Some(0)).collect();
    largest.sort_by_key(|entry| Reverse(entry.decision.seats));
    largest.truncate(POINTED_OUT);
    part("the most seats", largest, "seats", |entry| {
        entry.decision.seats.map(|seats| seats.to_string()).unwrap_or_default()
    });
    let mut latest: Vec<_> = plan.ready().filter(|entry| entry.decision.active_until.is_some()).collect();
    latest.sort_by_key(|entry| Reverse(entry.decision.active_until));
    latest.truncate(POINTED_OUT);
    part("the latest to begin or end a subscription", latest, "on", |entry| {
        entry.decision.active_until.map(|day| day.to_string()).unwrap_or_default()
    });
    let named_otherwise = |entry: &&Entry<Judged>| entry.decision.listed_as.is_some();
    part(
        "the list calls them otherwise",
        plan.ready().filter(named_otherwise).collect(),
        "in the list",
        |entry| entry.decision.listed_as.clone().unwrap_or_default(),
    );
    let mismatched = |entry: &&Entry<Judged>| {
        let is_mismatch = |reason| matches!(reason, Reason::NameMismatch | Reason::DomainMismatch);
        entry.decision.findings.iter().any(|found| is_mismatch(found.reason))
    };
    part(
        "skipped, because the list means somebody else",
        plan.others().filter(mismatched).collect(),
        "in the list",
        |entry| entry.decision.listed_as.clone().unwrap_or_default(),
    );
    parts
}

fn customers(entries: &[&Entry<Judged>], name: &str, cell: fn(&Entry<Judged>) -> String) -> String {
    let has_cells = entries.iter().any(|entry| !cell(entry).is_empty());
    let mut header = vec!["row", "customer", "domain", "tenant ID"];
    header.extend(has_cells.then_some(name));
    let mut shown = Table::new(&header);
    for entry in entries {
        let decision = &entry.decision;
        let mut cells = vec![
            decision.row.to_string(),
            decision.name.clone().unwrap_or_else(|| "(no name)".to_owned()),
            decision.domain.clone().unwrap_or_default(),
            entry.customer_tenant_id.map(|id| id.to_string()).unwrap_or_default(),
        ];
        cells.extend(has_cells.then(|| cell(entry)));
        shown.row(cells);
    }
    table(&shown)
}

/// What is done to the customers before they go, each thing by its name and ID.
fn preparations(plan: &Plan, title: &str) -> Option<String> {
    let mut shown = Table::new(&["row", "what", "ID"]);
    let mut is_empty = true;
    for entry in plan.ready() {
        for one in &entry.decision.first {
            is_empty = false;
            shown.row([entry.decision.row.to_string(), one.named(), one.id.clone()]);
        }
    }
    (!is_empty).then(|| format!("{title}\n{}", table(&shown)))
}

/// How many do not go, and why.
fn others(plan: &Plan, title: &str) -> Option<String> {
    let mut counts: BTreeMap<(Outcome, Option<Reason>), u32> = BTreeMap::new();
    for entry in plan.others() {
        let decision = &entry.decision;
        let reasons: Vec<_> = decision.findings.iter().map(|found| Some(found.reason)).collect();
        for reason in if reasons.is_empty() { vec![None] } else { reasons } {
            *counts.entry((decision.verdict, reason)).or_default() += 1;
        }
    }
    if counts.is_empty() {
        return None;
    }
    let mut shown = Table::new(&["outcome", "reason", "rows"]);
    for ((outcome, reason), n) in counts {
        let reason = reason.map(|reason| reason.to_string()).unwrap_or_default();
        shown.row([outcome.in_words().to_owned(), reason, n.to_string()]);
    }
    Some(format!("{title}\n{}", table(&shown)))
}
