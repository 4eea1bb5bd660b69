//! One customer in one run: how it ended, what changed, and each record about it.

use super::{Shown, Tools, customers::line, difference, timeline};
use crate::{
    audit::QueryError,
    domain::{Preparation, RunId, awaits_an_act},
    record::{CustomerStory, Event, Judged, Observed, RowRead, RunOpened},
};
use minijinja::{Value, value::Serde};

/// So many records are shown; no ordinary customer has a tenth of it.
const RECORDS: u32 = 200;
/// So many other runs are named.
const OTHERS: u32 = 20;

pub(super) fn show(tools: &Tools, run: &RunId, row: u32) -> Result<Shown, QueryError> {
    let Some(found) = tools.index.customer(run, row)? else {
        return Ok(Shown::nothing(&format!("Run `{run}` has no row {row}.")));
    };
    let mut places = tools.index.about(run, Some(row), None, RECORDS + 1)?;
    let is_cut = places.len() > RECORDS as usize;
    places.truncate(RECORDS as usize);
    let (mut listed, mut judged, mut observed, mut settled, mut resolved) = (None, None, None, None, None);
    let mut story = CustomerStory::new(row);
    for seq in &places {
        let record = tools.reader.stored(*seq)?.and_then(|stored| stored.record);
        if let Some(record) = &record {
            story.take(*seq, record);
        }
        match record.map(|record| (record.at, record.event)) {
            Some((_, Event::RowRead(read))) => listed = Some(read),
            Some((_, Event::Judged(last))) => judged = Some(last),
            // A look at an order says nothing about the customer.
            Some((_, Event::Observed(last))) if last.about.is_none() => observed = Some(last),
            Some((_, Event::Settled(last))) => settled = Some(last),
            Some((at, Event::Resolved(last))) => resolved = Some((at, last)),
            _ => {}
        }
    }
    let customer = found.customer.clone().unwrap_or_default();
    let others = match customer.parse() {
        Ok(customer) => tools.index.other_runs_of(customer, run, OTHERS)?,
        Err(_) => Vec::new(),
    };
    let values = values! {
        run => run.as_str(),
        line => line(&found),
        columns => columns(tools, run, listed.as_ref())?,
        became => became(tools, run, &story, is_cut)?,
        settled => settled.as_deref().map(|settled| Value::from(Serde(settled))),
        awaits_an_act => settled.as_deref().is_some_and(|settled| {
            awaits_an_act(settled.outcome, &settled.reasons, settled.removable_from.is_some())
        }),
        preparations => judged.as_deref().map(preparations).unwrap_or_default(),
        findings => judged.as_deref().map(findings).unwrap_or_default(),
        resolved => resolved.as_ref().map(|(at, resolved)| {
            values! { at => at.to_string(), by => resolved.by, because => resolved.because, outcome => resolved.outcome.in_words() }
        }),
        difference => changed(tools, &customer, judged.as_deref(), observed.as_ref())?,
        others => others.iter().map(line).collect::<Vec<_>>(),
        timeline => timeline::of(tools, &places)?,
        is_cut,
    };
    let title = found.name.or(found.customer).unwrap_or_else(|| format!("Row {row}"));
    Ok(Shown::new("customer.html", title, values))
}

/// What became of the customer, in the words of all reports.
fn became(
    tools: &Tools,
    run: &RunId,
    story: &CustomerStory,
    is_cut: bool,
) -> Result<Vec<String>, QueryError> {
    let missing = is_cut.then_some("There are more records about it than are shown here.");
    let procedure = opened(tools, run)?.map(|opened| opened.procedure);
    Ok(procedure.map(|procedure| story.became(procedure, missing)).unwrap_or_default())
}

/// The record that opened the run.
fn opened(tools: &Tools, run: &RunId) -> Result<Option<RunOpened>, QueryError> {
    let first = tools.index.tally(run).map(|tally| tally.first).unwrap_or_default();
    let record = tools.reader.stored(first)?.and_then(|stored| stored.record);
    Ok(match record.map(|record| record.event) {
        Some(Event::RunOpened(opened)) => Some(*opened),
        _ => None,
    })
}

/// The cells of the list with their headers.
fn columns(tools: &Tools, run: &RunId, listed: Option<&RowRead>) -> Result<Vec<Value>, QueryError> {
    let Some(listed) = listed else { return Ok(Vec::new()) };
    let headers = opened(tools, run)?.map(|opened| opened.input.columns).unwrap_or_default();
    let named = listed.cells.iter().enumerate().map(|(at, cell)| {
        let header = headers.get(at).cloned().unwrap_or_else(|| format!("column {}", at + 1));
        values! { header, cell }
    });
    Ok(named.collect())
}

/// What was to be done first: orders to be cancelled.
fn preparations(judged: &Judged) -> Vec<String> {
    judged.first.iter().map(Preparation::in_words).collect()
}

fn findings(judged: &Judged) -> Vec<Value> {
    let told = judged.findings.iter().map(|finding| {
        values! { reason => finding.reason.as_str(), text => finding.explanation() }
    });
    told.collect()
}

fn changed(
    tools: &Tools,
    customer: &str,
    judged: Option<&Judged>,
    observed: Option<&Observed>,
) -> Result<Option<Value>, QueryError> {
    difference::between(tools, customer, judged, observed)
}
