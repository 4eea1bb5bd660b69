//! One run: the reviewer's four questions, and what there is to ask further.

use super::{Shown, Tools, runs::counts};
use crate::{
    audit::{QueryError, RunLine, RunTally},
    domain::{Evidence, Outcome, RunId, Time},
    record::{
        Approved, Confirmed, Event, Held, How, Kind, Line, Record, RunOpened, RunSealed, RunStory, Sent,
    },
    report::{self, in_words, shares_of, signed_by},
};
use minijinja::{Value, value::Serde};
use std::collections::BTreeMap;

/// So many pauses are listed.
const PAUSES: usize = 50;

/// The run as a whole, from the records that say what it is. None if its beginning is not understood.
pub(super) fn run_story(tools: &Tools, run: &RunId) -> Result<Option<RunStory>, QueryError> {
    let mut story: Option<RunStory> = None;
    for seq in tools.index.tally(run).map_or(&[][..], |tally| &tally.milestones) {
        let Some(stored) = tools.reader.stored(*seq)? else { continue };
        match (&mut story, &stored.record) {
            (None, Some(record)) => story = RunStory::begin(record),
            (Some(story), Some(record)) => story.take(*seq, record),
            (Some(story), None) => story.pass_over(),
            (None, None) => {}
        }
    }
    Ok(story)
}

/// Its steps, one after the other. The reports that were written stand elsewhere.
fn steps(tools: &Tools, tally: &RunTally) -> Result<Vec<Value>, QueryError> {
    let mut steps = Vec::new();
    for seq in &tally.milestones {
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

pub(super) fn show(tools: &Tools, run: &RunId) -> Result<Shown, QueryError> {
    let line = tools.reader.runs()?.into_iter().find(|line| line.run_id == *run);
    let (Some(line), Some(tally)) = (line, tools.index.tally(run)) else {
        return Ok(Shown::nothing(&format!("The log has no run `{run}`.")));
    };
    let story = run_story(tools, run)?;
    let told = story.as_ref();
    let opened = told.map(|story| &story.opened);
    let files = told.map(|story| &story.reports[..]).unwrap_or_default();
    let values = values! {
        line => Value::from(Serde(&line)),
        is_simulated => opened.is_some_and(|opened| opened.mode.is_simulated()),
        is_plan => opened.is_some_and(|opened| !opened.changes),
        took => took(&line),
        counts => counts(tally),
        shares => Value::from(Serde(&shares_of(&shown(tally), tally.counted()))),
        sum => sum(&line, tally, told.and_then(|story| story.sealed.as_ref()).map(|(.., sealed)| sealed)),
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
        removed => tally.removed(),
        is_in_doubt => tally.open > 0 || tally.outcomes.contains_key(&Outcome::Unknown),
        evidence => evidence(tally),
        reasons => reasons(tally),
        requests => requests(&tally.sent),
        throttling => throttling(tools, tally)?,
        events => steps(tools, tally)?,
        settings => opened.map(|opened| Value::from(Serde(&opened.settings))),
        api_url => opened.map(|opened| opened.api_url.clone()),
        files => files.iter().map(|(_, file)| (&file.file, file.sha256.to_string())).collect::<Vec<_>>(),
        records => tally.records,
        first => tally.first,
        last => tally.last,
        head => tools.reader.head_over(tally.last)?,
    };
    Ok(Shown::new("run.html", format!("Run {run}"), values))
}

fn shown(tally: &RunTally) -> BTreeMap<report::Shown, u32> {
    tally.outcomes.iter().map(|(outcome, n)| (report::Shown::Outcome(*outcome), *n)).collect()
}

/// Is this all of them: the arithmetic.
fn sum(line: &RunLine, tally: &RunTally, sealed: Option<&RunSealed>) -> Value {
    let listed = line.input_rows.unwrap_or_default();
    let adds_up = listed == tally.rows && tally.rows == tally.counted();
    // What a person found out later changes the counts, and not the seal.
    let as_sealed = sealed.map(|sealed| sealed.counts == tally.settled);
    let open_intents = sealed.map(|sealed| sealed.open_intents.len());
    values! { listed, read => tally.rows, counted => tally.counted(), open => tally.open, adds_up, as_sealed, open_intents }
}

fn took(line: &RunLine) -> Option<String> {
    let time = |text: &Option<String>| text.as_ref()?.parse::<Time>().ok();
    Some(in_words(time(&line.finished_at)?.since(time(&line.started_at)?).as_secs()))
}

fn yes(at: Time, confirmed: &Confirmed) -> Value {
    let how = match confirmed.how {
        How::Typed => "by typing the partner’s name and the number of removals",
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

/// How many removals are how sure, the surest first.
fn evidence(tally: &RunTally) -> Vec<Value> {
    let kinds = [
        (Some(Evidence::Corroborated), "corroborated", "Partner Center’s own activity record says so too"),
        (Some(Evidence::Observed), "observed", "a later read no longer shows it"),
        (
            Some(Evidence::Accepted),
            "accepted",
            "the service answered so; no later read has shown that it is gone",
        ),
        (None, "by a person’s word", "the program could not tell; a person looked, and said so"),
    ];
    let found = kinds.into_iter().filter_map(|(evidence, words, meaning)| {
        let count = *tally.evidence.get(&evidence)?;
        Some(values! { words, meaning, count })
    });
    found.collect()
}

fn reasons(tally: &RunTally) -> Vec<Value> {
    let mut reasons: Vec<_> = tally.reasons.iter().collect();
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

fn throttling(tools: &Tools, tally: &RunTally) -> Result<Value, QueryError> {
    let mut pauses = Vec::new();
    for seq in tally.pauses_at.iter().take(PAUSES) {
        let record = tools.reader.stored(*seq)?.and_then(|stored| stored.record);
        if let Some(Record { at, event: Event::Held(Held { until, rate, why, .. }), .. }) = record {
            let lasted = format!("{:.1} s", until.since(at).as_secs_f64());
            pauses.push(values! { at => at.to_string(), lasted, rate, why });
        }
    }
    let waited = format!("{:.1} s", tally.paused.as_secs_f64());
    let more = tally.pauses.saturating_sub(u64::try_from(pauses.len()).unwrap_or(u64::MAX));
    Ok(values! { answers => tally.sent.throttled, count => tally.pauses, waited, pauses, more })
}

/// The name of an outcome as a form sends it.
pub(super) fn outcome_names() -> Vec<Value> {
    Outcome::ALL
        .into_iter()
        .map(|outcome| values! { name => outcome.as_str(), words => outcome.in_words() })
        .collect()
}
