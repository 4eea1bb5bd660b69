//! `offboard demo`: the whole job, over real HTTP, against the built-in simulator.

use super::{
    args::{Common, DemoOptions, ListOptions, ListPlace, PaceOptions, RunOptions, UndoOptions},
    check,
    consent::Consent,
    diagnostics, ending,
    exit::{Exit, Failure},
    operator::Offer,
    printer::{Paint, Printer},
    rehearsal::Rehearsal,
    run, session,
    settings::{RunSettings, Typed},
    tables::{Table, table},
};
use crate::{
    audit::{QueryError, Reader},
    conduct::{Begin, Log},
    domain::{Mode, Outcome, Procedure, RunId, counted},
    input::{List, Options},
    report::Written,
    simulator::{Model, Scenario, generated_id, synthetic_domain, synthetic_name},
};
use std::path::PathBuf;

const LIST_NAME: &str = "input/customers.csv";
const LIST: &str = include_str!("../../input/customers.csv");
const SCENARIO: &str = include_str!("../../input/demo.json");
/// The sample list's column that says how each row must end.
const EXPECTED: &str = "Expected";
const SEED: u64 = 24;

pub(super) fn run(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    demo: DemoOptions,
) -> Result<Exit, Failure> {
    let (list, scenario, options) = match demo.customers {
        None => sample()?,
        Some(count) => synthetic_list(count)?,
    };
    let settings = RunSettings::resolve(typed, common, &options)?;
    let checked = check::read(&list, |_| Ok(()))?;
    session::show_list(printer, &list, &checked);
    diagnostics::start(&settings.paths.log_dir, printer.verbose)?;
    session::block_on(async {
        let log = Log::for_new(session::open_log(&settings.paths)?, Mode::Demo, list.sha256())
            .map_err(|error| ending::failure(&settings.paths.again, error))?;
        let (rehearsal, access) = Rehearsal::open(Model::new(scenario)).await?;
        printer.say(&format!("The simulator plays Partner Center at {}.", access.base));
        let opened = run::opened(
            &settings,
            &options,
            (&list, list.reading().clone()),
            checked.rows,
            Mode::Demo,
            true,
            &access,
        );
        let begin = Begin::New { opened: Box::new(opened), approved: None, list: Some(Box::new(list)) };
        let answers = (Consent::Given, Offer::of(UndoOptions::default(), true));
        let ended = session::carry(printer, &settings.paths, log, begin, access, answers).await;
        rehearsal.close().await;
        let mut end = ended?;
        let reader = Reader::open(&settings.paths.audit_log)?;
        end.exit = match demo.customers {
            None => as_expected(printer, &reader, &end.run)?,
            // Skipped customers are part of the picture; a stop or a failure is not.
            Some(_) if end.exit == Exit::Unfinished && !has_failures(end.written.as_ref()) => Exit::Done,
            Some(_) => end.exit,
        };
        Ok(ending::tell_end(printer, &settings.paths, &end))
    })
}

fn has_failures(written: Option<&Written>) -> bool {
    let counts = written.map(|written| &written.summary.counts);
    [Outcome::Failed, Outcome::Unknown, Outcome::NotAttempted]
        .iter()
        .any(|outcome| counts.is_some_and(|counts| counts.contains_key(outcome)))
}

/// The sample list: one request at a time, so that it ends the same way each time.
fn sample() -> Result<(List, Scenario, RunOptions), Failure> {
    let list = List::from_bytes(LIST_NAME, LIST.as_bytes().to_vec(), &Options::default())?;
    let scenario =
        Scenario::from_json(SCENARIO).map_err(|error| Failure::new(Exit::Bug, error.to_string()))?;
    // Its few customers are to show every ending, so nothing goes ahead to find out whether all is well.
    Ok((list, scenario, RunOptions { canary: Some(0), ..options(1, 3000, 500) }))
}

/// A list of made-up customers, at the speed of the simulator.
fn synthetic_list(count: u32) -> Result<(List, Scenario, RunOptions), Failure> {
    let mut text = String::from("Customer tenant ID,Company name,Primary domain\n");
    for n in 0..count {
        let id = generated_id(SEED, n);
        text.push_str(&format!("{id},\"{}\",{}\n", synthetic_name(id), synthetic_domain(id)));
    }
    let list = List::from_bytes("made-up customers", text.into_bytes(), &Options::default())?;
    // Twice as many as the list has, so that the list is not too large a share of them.
    let scenario = Scenario::generated(count.saturating_mul(2), SEED);
    Ok((list, scenario, options(16, 600_000, count)))
}

fn options(concurrency: u32, rate: u32, max_removals: u32) -> RunOptions {
    RunOptions {
        list: ListOptions {
            place: ListPlace { file: PathBuf::from(LIST_NAME), ..ListPlace::default() },
            skip_invalid: true,
            ..ListOptions::default()
        },
        pace: PaceOptions { rate: Some(rate), concurrency: Some(concurrency) },
        max_removals: Some(max_removals),
        max_share: Some(100),
        stop_after_failures: Some(2),
        procedure: Some(Procedure::DEFAULT),
        ticket: Some("DEMO-1".to_owned()),
        reason: Some("to show what the program does".to_owned()),
        yes: true,
        settle: Some("2s".to_owned()),
        rehearse: true,
        ..RunOptions::default()
    }
}

/// Compares how each row ended with what the sample list says.
fn as_expected(printer: &Printer, reader: &Reader, run: &RunId) -> Result<Exit, Failure> {
    let mut shown = Table::new(&["row", "customer", "outcome", "reasons", ""]);
    let mut wrong = 0;
    let expected_at =
        LIST.lines().next().and_then(|header| header.split(',').position(|name| name == EXPECTED));
    reader.customers(run, |story| {
        let cells = story.listed().map_or(&[][..], |read| &read.cells);
        let names: Vec<&str> = story.reasons().iter().map(|reason| reason.as_str()).collect();
        let reasons = names.join(";");
        let outcome = story.outcome().map(Outcome::as_str).unwrap_or_default();
        let ended = if reasons.is_empty() { outcome.to_owned() } else { format!("{outcome}: {reasons}") };
        let expected = expected_at.and_then(|at| cells.get(at)).cloned().unwrap_or_default();
        let mark = if ended == expected { String::new() } else { format!("expected {expected}") };
        wrong += u32::from(!mark.is_empty());
        shown.row([
            story.row().to_string(),
            story.name().unwrap_or_default().to_owned(),
            outcome.to_owned(),
            reasons,
            mark,
        ]);
        Ok::<(), QueryError>(())
    })?;
    printer.say(&format!("\n{}", table(&shown)));
    if wrong == 0 {
        let text = "The job ended as the sample list says that it must.";
        printer.say(&printer.paint(Paint::Good, text));
        return Ok(Exit::Done);
    }
    printer.warn(&format!("{} ended otherwise than the sample list says", counted(wrong, "row")));
    Ok(Exit::Bug)
}
