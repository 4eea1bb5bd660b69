//! One customer in one run: how it ended, what changed, and each record about it.

use super::{ShownPage, Tools, customers::line, difference, timeline};
use crate::{
    audit::{QueryError, StoredRecord},
    domain::{RunId, Seq, awaits_an_act},
    record::{CustomerStory, IndirectReseller, Judged, RunStory},
};
use minijinja::{Value, value::Serde};

/// So many records are shown; no ordinary customer has a tenth of it.
const RECORDS: usize = 200;
/// What became of it is told from so many, because it may have dozens of subscriptions, each changed by itself.
const TOLD: u32 = 5000;
/// So many other runs are named.
const OTHERS: u32 = 20;

pub(super) fn show(tools: &Tools, run: &RunId, row: u32) -> Result<ShownPage, QueryError> {
    let Some(found) = tools.index.customer(run, row)? else {
        return Ok(ShownPage::nothing(&format!("Run `{run}` has no row {row}.")));
    };
    let mut places = tools.index.about(run, Some(row), None, TOLD + 1)?;
    let (is_cut, is_partly_told) = (places.len() > RECORDS, places.len() > TOLD as usize);
    places.truncate(TOLD as usize);
    let whole = tools.index.run(run).and_then(|indexed| indexed.story.as_ref());
    let story = told(tools, whole, row, &places)?;
    places.truncate(RECORDS);
    let judged = story.judged().last().map(|(.., judged)| judged);
    // A look at an order says nothing about the customer.
    let observed = story.looks().iter().rev().map(|(_, seen)| seen).find(|seen| seen.about.is_none());
    let settled = story.settled();
    let customer = found.customer.clone().unwrap_or_default();
    let others = match customer.parse() {
        Ok(customer) => tools.index.other_runs_of(customer, run, OTHERS)?,
        Err(_) => Vec::new(),
    };
    let values = values! {
        run => run.as_str(),
        line => line(&found),
        columns => columns(whole, &story),
        became => story.became(is_partly_told.then_some("There are more records about it than are shown here.")),
        settled => settled.map(|settled| Value::from(Serde(settled))),
        goes_from => story.goes_from().map(|day| day.to_string()),
        act_by => story.act_by().map(|day| day.to_string()),
        awaits_an_act => settled.is_some_and(|settled| {
            awaits_an_act(settled.outcome, &settled.reasons, settled.removable_from.is_some())
        }),
        preparations => judged.map(preparations).unwrap_or_default(),
        reseller => story.reseller().map(IndirectReseller::to_string),
        findings => judged.map(findings).unwrap_or_default(),
        transferred => judged.and_then(Judged::transferred_in_words).filter(|said| !story.explanation().contains(said)),
        transfers_not_read => judged.and_then(|judged| judged.transfers_not_read.clone()),
        resolved => story.resolved().last().map(|(at, resolved)| {
            values! { at => at.to_string(), by => resolved.by, because => resolved.because, outcome => resolved.outcome.in_words() }
        }),
        difference => difference::between(tools, &customer, judged, observed)?,
        others => others.iter().map(line).collect::<Vec<_>>(),
        timeline => timeline::of(tools, &places)?,
        is_cut,
    };
    let title = found.name.or(found.customer).unwrap_or_else(|| format!("Row {row}"));
    Ok(ShownPage::new("customer.html", title, values))
}

/// The row, told from these records and what happened to all rows at once.
fn told(
    tools: &Tools,
    run: Option<&RunStory>,
    row: u32,
    places: &[Seq],
) -> Result<CustomerStory, QueryError> {
    let mut story = match run {
        Some(run) => CustomerStory::of(run, row),
        // A newer program began it: which procedure it was is not known, and neither is what else there may be.
        None => CustomerStory::of_a_newer_run(row),
    };
    let marks = run.map(|run| &run.marks[..]).unwrap_or_default();
    let mut marks = marks.iter().peekable();
    for seq in places {
        while let Some((_, at, mark)) = marks.next_if(|(place, ..)| place < seq) {
            story.mark(*at, mark);
        }
        match tools.reader.stored(*seq)? {
            Some(StoredRecord { record: Some(record), .. }) => story.take(*seq, &record),
            Some(StoredRecord { newer: Some(_), .. }) => story.pass_over(),
            _ => {}
        }
    }
    marks.for_each(|(_, at, mark)| story.mark(*at, mark));
    Ok(story)
}

/// The cells of the list with their headers.
fn columns(run: Option<&RunStory>, story: &CustomerStory) -> Vec<Value> {
    let cells = story.listed().map_or(&[][..], |read| &read.cells);
    let named = cells.iter().enumerate().map(|(at, cell)| {
        let header = run.and_then(|run| run.opened.input.columns.get(at).cloned());
        let header = header.unwrap_or_else(|| format!("column {}", at + 1));
        values! { header, cell }
    });
    named.collect()
}

/// What was to be done first: orders to be cancelled.
fn preparations(judged: &Judged) -> Vec<String> {
    judged.to_do()
}

fn findings(judged: &Judged) -> Vec<Value> {
    let told = judged.findings.iter().map(|finding| {
        values! { reason => finding.reason.as_str(), text => finding.explanation() }
    });
    told.collect()
}
