//! `offboard verify`.

use super::{
    args::{Common, VerifyOptions},
    bounded, check_line, consent,
    exit::{Exit, Failure},
    keys,
    printer::Printer,
    session,
    settings::{Paths, Typed},
    verify_export,
};
use crate::{
    audit::{
        QueryError,
        verify::{Outside, Trust, Verdict, Verification, verify},
    },
    engine::Clock,
    platform,
    record::{Event, LogVerified, Record},
    report::visible,
};
use serde_json::json;
use std::path::{Path, PathBuf};

pub(super) fn run(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    options: &VerifyOptions,
) -> Result<Exit, Failure> {
    let paths = Paths::resolve(typed, common)?;
    let trust = trust(&options.checkpoint, &options.key)?;
    if !options.export.is_empty() {
        return verify_export::run(printer, &options.export, &trust, common.audit_log.as_deref());
    }
    let mut found = verify(&paths.audit_log, &trust)?;
    if let Some(run) = &options.run {
        found = found.of_run(run).map_err(QueryError::from)?;
    }
    let exit = Exit::from_code(found.verdict.exit_code());
    if options.print_key {
        found.keys.iter().try_for_each(|key| printer.data(&visible(key)))?;
        if exit == Exit::Altered {
            return Err(Failure::new(
                exit,
                "the log was altered, so these may be anybody's keys; `offboard verify` says how",
            ));
        }
        return Ok(Exit::Done);
    }
    if printer.json {
        printer.data(&as_json(&found, exit)?)?;
    } else {
        printer.show(&as_text(printer, &found))?;
    }
    if options.record {
        record(printer, &paths, &found, exit)?;
    }
    Ok(exit)
}

/// What the reviewer brings along.
pub(super) fn trust(checkpoints: &[PathBuf], trusted: &[String]) -> Result<Trust, Failure> {
    Ok(Trust {
        outside: checkpoints.iter().map(|path| outside(path)).collect::<Result<_, _>>()?,
        keys: trusted.iter().map(|key| keys::public("--key", key)).collect::<Result<_, _>>()?,
    })
}

fn outside(path: &Path) -> Result<Outside, Failure> {
    let shown = path.display();
    let text = bounded::read(path, bounded::LARGE)
        .map_err(|error| Failure::usage(format!("cannot read `{shown}`: {error}")))?;
    Outside::parse(shown.to_string(), &text).ok_or_else(|| {
        Failure::usage(format!("`{shown}` does not hold signed heads alone, as `checkpoint.txt` does"))
    })
}

/// Puts on record that the log was verified.
fn record(printer: &Printer, paths: &Paths, found: &Verification, exit: Exit) -> Result<(), Failure> {
    if found.verdict == Verdict::Altered {
        printer.warn("not recorded: nothing is added to a log that was altered");
        return Ok(());
    }
    let verified = LogVerified {
        by: consent::operator(),
        host: platform::host(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        exit_code: exit.code(),
        records: found.records,
        compared_with: found.compared_with.clone(),
    };
    let record = Record { at: Clock::System.now(), run: None, event: Event::LogVerified(verified) };
    let mut store = session::open_store(paths)?;
    store.append(&[record.into()])?;
    store.close()?;
    printer.say("That it was verified is on record.");
    Ok(())
}

fn as_json(found: &Verification, exit: Exit) -> Result<String, Failure> {
    let bug = |error: serde_json::Error| Failure::new(Exit::Bug, error.to_string());
    let mut value = serde_json::to_value(found).map_err(bug)?;
    if let Some(map) = value.as_object_mut() {
        map.insert("exit_code".to_owned(), json!(exit.code()));
    }
    serde_json::to_string_pretty(&value).map_err(bug)
}

fn as_text(printer: &Printer, found: &Verification) -> String {
    let mut lines: Vec<String> = found.checks.iter().map(|check| check_line::line(printer, check)).collect();
    if found.is_being_written {
        lines.push(
            "  A run is writing this log at this moment; what it adds from now on was not looked at.".into(),
        );
    }
    let proved = found.proved_runs();
    if found.run.is_none() && found.verdict == Verdict::EndUnproved && proved > 0 {
        let runs = found.runs.len();
        lines.push(format!(
            "  Of {runs} runs, {proved} can be proved with these heads all the same: `--run RUN` asks about one alone."
        ));
    }
    lines.push(String::new());
    lines.push(check_line::verdict_line(printer, found.verdict, &found.sentence()));
    lines.join("\n")
}
