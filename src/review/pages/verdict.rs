//! Whether anybody has touched the log: the verdict of `verify`, in its own words.

use super::{ShownPage, Tools};
use crate::{
    audit::{
        QueryError,
        verify::{Check, LogFault, RunProof, Verdict, Verification},
    },
    domain::Time,
    record::Event,
};
use minijinja::Value;

const NOT_YET: Option<&str> = None;

pub(super) fn unread() -> Value {
    values! { name => "pending", words => "Not checked yet: the log is being read.", at => NOT_YET }
}

pub(super) fn pending() -> Value {
    values! { name => "pending", words => "Being checked… every record is hashed and compared with the signed heads.", at => NOT_YET }
}

/// What stands on top of each page.
pub(super) fn summary(at: Time, found: &Result<Verification, String>) -> Value {
    let at = at.to_string();
    match found {
        Ok(found) => {
            let code = found.verdict.exit_code();
            values! { name => name(found.verdict), words => found.sentence(), code, at }
        }
        Err(why) => values! { name => "failed", words => format!("It could not be checked: {why}"), at },
    }
}

const fn name(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Proved => "proved",
        Verdict::Altered => "altered",
        Verdict::EndUnproved => "unproved",
    }
}

/// Everything that was looked at.
pub(super) fn show(
    tools: &Tools,
    found: Option<&Result<Verification, String>>,
) -> Result<ShownPage, QueryError> {
    let found = found.and_then(|found| found.as_ref().ok());
    let checks: Vec<Value> = found.map(|found| found.checks.iter().map(check).collect()).unwrap_or_default();
    // Of a log that was altered nothing is proved, whatever a head covers.
    let sound = found.filter(|found| found.verdict != Verdict::Altered);
    let runs: Vec<Value> = sound.map(|found| found.runs.iter().rev().map(run).collect()).unwrap_or_default();
    let mut earlier = Vec::new();
    for seq in tools.index.of_log() {
        let record = tools.reader.stored(*seq)?.and_then(|stored| stored.record);
        if let Some((at, Event::LogVerified(verified))) = record.map(|record| (record.at, record.event)) {
            earlier.push(values! {
                at => at.to_string(), by => verified.by, host => verified.host, code => verified.exit_code,
                records => verified.records, compared => verified.compared_with.len(),
            });
        }
    }
    let values = values! {
        checks,
        runs,
        earlier,
        records => tools.index.records(),
        unreadable => tools.index.unreadable(),
        keys => found.map(|found| found.keys.clone()).unwrap_or_default(),
        origin => found.and_then(|found| found.origin.clone()),
        covered => found.map(|found| found.covered),
        is_done => found.is_some(),
    };
    Ok(ShownPage::new("verify.html", "Has anybody touched this file?", values))
}

fn run(run: &RunProof) -> Value {
    let why: Vec<&str> = run.missing.iter().chain(&run.not_judged).map(String::as_str).collect();
    values! {
        id => run.run_id.as_str(),
        sealed_at => run.sealed_at,
        proved_by => run.proved_by,
        later => run.not_covered,
        own => run.not_covered_of_run,
        why => why.join("; "),
    }
}

fn check(check: &Check) -> Value {
    values! {
        name => check.name,
        subject => check.subject,
        is_fine => check.is_fine(),
        faults => check.faults.iter().map(LogFault::described).collect::<Vec<_>>(),
        more => check.more_faults,
    }
}
