//! One run: the reviewer's four questions, and what there is to ask further.

use super::{ShownPage, Tools, runs::counts};
use crate::{
    audit::{IndexedRun, QueryError, RunLine},
    domain::{Outcome, Procedure, RunId, Time},
    record::{
        Approved, Confirmed, How, Kind, Line, Record, RunOpened, RunSealed, RunStory, RunTotals, Sent, Wait,
    },
    report::{self, in_words, shares_of, signed_by},
};
use minijinja::{Value, value::Serde};
use std::{collections::BTreeMap, time::Duration};

/// So many pauses are listed.
const PAUSES: usize = 50;

/// Its steps, one after the other. The reports that were written stand elsewhere.
fn steps(tools: &Tools, indexed: &IndexedRun) -> Result<Vec<Value>, QueryError> {
    let mut steps = Vec::new();
    for seq in &indexed.steps {
        let record = tools.reader.stored(*seq)?.and_then(|stored| stored.record);
        if let Some(Record { at, event, .. }) =
            record.filter(|record| record.event.kind() != Kind::ReportWritten)
        {
            let Line { what, text, .. } = event.line();
            steps.push(values! { seq, at => at.to_string(), what, text });
        }
    }
    Ok(steps)
}

/// What a customer is for whom a run did what it is for: `removed`.
pub(super) fn done(run: &IndexedRun) -> &'static str {
    let procedure = run.story.as_ref().map_or(Procedure::DEFAULT, |story| story.opened.procedure);
    procedure.facts().done.words
}

pub(super) fn show(tools: &Tools, run: &RunId) -> Result<ShownPage, QueryError> {
    let line = tools.reader.runs()?.into_iter().find(|line| line.run_id == *run);
    let (Some(line), Some(indexed)) = (line, tools.index.run(run)) else {
        return Ok(ShownPage::nothing(&format!("The log has no run `{run}`.")));
    };
    let IndexedRun { story, totals, .. } = indexed;
    let told = story.as_ref();
    let opened = told.map(|story| &story.opened);
    let files = told.map(|story| &story.reports[..]).unwrap_or_default();
    let values = values! {
        line => Value::from(Serde(&line)),
        is_simulated => opened.is_some_and(|opened| opened.mode.is_simulated()),
        is_plan => opened.is_some_and(|opened| !opened.changes),
        took => took(&line),
        counts => counts(totals),
        shares => Value::from(Serde(&shares_of(&shown(totals), totals.counted()))),
        sum => sum(&line, totals, told.and_then(|story| story.sealed.as_ref()).map(|(.., sealed)| sealed)),
        approved => told.and_then(|story| story.approved.as_ref()).map(|approved| approval(approved, opened)).into_iter().collect::<Vec<_>>(),
        confirmed => told.map(|story| story.confirmed.iter().map(|(_, at, confirmed)| yes(*at, confirmed)).collect::<Vec<_>>()),
        plan => told.and_then(|story| story.plan.as_ref()).map(|plan| {
            let plan = &plan.sealed;
            values! { digest => plan.digest.to_string(), ready => plan.ready, counted => plan.counted }
        }),
        applies => opened.and_then(|opened| opened.applies.as_ref()).map(|plan| {
            values! { run => plan.run.as_str(), digest => plan.digest.to_string() }
        }),
        user => told.and_then(|story| story.tokens.last()).and_then(|token| token.user.as_ref()),
        by_the_run => totals.by_the_run(),
        done => done(indexed),
        is_in_doubt => totals.open > 0 || totals.outcomes.contains_key(&Outcome::Unknown),
        evidence => Value::from(Serde(&report::evidence(totals))),
        reasons => reasons(totals),
        requests => requests(&indexed.sent),
        throttling => throttling(&indexed.sent, told),
        events => steps(tools, indexed)?,
        settings => opened.map(|opened| Value::from(Serde(&opened.settings))),
        api_url => opened.map(|opened| opened.api_url.clone()),
        files => files.iter().map(|(_, file)| (&file.file, file.sha256.to_string())).collect::<Vec<_>>(),
        records => indexed.records,
        first => indexed.first,
        last => indexed.last,
        head => tools.reader.head_over(indexed.last)?,
    };
    Ok(ShownPage::new("run.html", format!("Run {run}"), values))
}

fn shown(totals: &RunTotals) -> BTreeMap<report::Shown, u32> {
    totals.outcomes.iter().map(|(outcome, n)| (report::Shown::Outcome(*outcome), *n)).collect()
}

/// Is this all of them: the arithmetic.
fn sum(line: &RunLine, totals: &RunTotals, sealed: Option<&RunSealed>) -> Value {
    let listed = line.input_rows.unwrap_or_default();
    let adds_up = listed == totals.rows && totals.rows == totals.counted();
    // What a person found out later changes the counts, and not the seal.
    let as_sealed = sealed.map(|sealed| sealed.counts == totals.settled);
    let open_intents = sealed.map(|sealed| sealed.open_intents.len());
    values! { listed, read => totals.rows, counted => totals.counted(), open => totals.open, adds_up, as_sealed, open_intents }
}

fn took(line: &RunLine) -> Option<String> {
    Some(in_words(line.finished_at?.since(line.started_at).as_secs()))
}

fn yes(at: Time, confirmed: &Confirmed) -> Value {
    let how = match confirmed.how {
        How::Typed => "by typing the partner’s name and the number of customers",
        How::Yes => "without a prompt (--yes), with the partner account named beforehand",
    };
    values! { by => confirmed.by, at => at.to_string(), how, digest => confirmed.digest.to_string() }
}

fn approval((at, approved): &(Time, Approved), opened: Option<&RunOpened>) -> Value {
    values! {
        who => signed_by(approved, opened),
        by => approved.approver, at => at.to_string(), digest => approved.digest.to_string(), note => approved.note,
    }
}

fn reasons(totals: &RunTotals) -> Vec<Value> {
    let mut reasons: Vec<_> = totals.reasons.iter().collect();
    reasons.sort_by_key(|(reason, count)| (std::cmp::Reverse(**count), reason.as_str()));
    let shown = reasons.into_iter().map(|(reason, count)| {
        values! { name => reason.as_str(), count, advice => reason.advice() }
    });
    shown.collect()
}

fn requests(sent: &Sent) -> Value {
    let mut answers: BTreeMap<String, u64> = sent.by_status.clone();
    if sent.open() > 0 {
        answers.insert("open".to_owned(), sent.open());
    }
    let words = |status: &str| match status {
        "not_sent" => "not sent: nothing of it left the machine".to_owned(),
        "unknown" => "unknown: no answer arrived".to_owned(),
        "open" => "open: the program ended before it knew".to_owned(),
        status => format!("HTTP {status}"),
    };
    let answers: Vec<_> =
        answers.iter().map(|(status, count)| values! { words => words(status), count }).collect();
    values! { total => sent.requests, changes => sent.changes, retried => sent.retried, answers }
}

fn throttling(sent: &Sent, story: Option<&RunStory>) -> Value {
    let waits = Wait::all(story.map_or(&[], |story| &story.held));
    let seconds = |duration: Duration| format!("{:.1} s", duration.as_secs_f64());
    let pauses = waits.iter().take(PAUSES).map(|wait| {
        let Wait { from, rate, why, .. } = wait;
        values! { at => from.to_string(), lasted => seconds(wait.lasted()), rate, why }
    });
    let (pauses, more): (Vec<_>, _) = (pauses.collect(), waits.len().saturating_sub(PAUSES));
    let waited = seconds(waits.iter().map(Wait::lasted).sum());
    values! { answers => sent.throttled, count => waits.len(), waited, pauses, more }
}

/// The name of an outcome as a form sends it.
pub(super) fn outcome_names() -> Vec<Value> {
    Outcome::ALL
        .into_iter()
        .map(|outcome| values! { name => outcome.as_str(), words => outcome.in_words() })
        .collect()
}
