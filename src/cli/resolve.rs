//! `offboard resolve`: a person says what the program could not find out.

use super::{
    args::{Common, ManualFinding, ResolveOptions},
    consent,
    exit::{Exit, Failure},
    printer::Printer,
    session,
    settings::{Paths, Typed, tenant},
};
use crate::{
    audit::{Entry, QueryError, Reader, Store},
    domain::{Outcome, Procedure, TenantId},
    engine::Clock,
    platform,
    record::{Event, Kind, Record, Resolved, RowState, Run},
    report::visible,
};

pub(super) fn run(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    options: &ResolveOptions,
) -> Result<Exit, Failure> {
    let paths = Paths::resolve(typed, common)?;
    let customer = tenant("customer", &options.customer)?;
    let because = options.because.trim();
    if because.is_empty() {
        return Err(Failure::usage("`--because`: say how you know; months later, nobody can ask you"));
    }
    // Whether there is anything to resolve is found out before the log is opened for writing.
    let (named, _) = find(&Reader::open(&paths.audit_log)?, options.run.as_deref(), customer)?;
    let mut store = session::open_store(&paths)?;
    let reader = Reader::open(&paths.audit_log)?;
    let (mut run, row) = find(&reader, Some(named.id.as_str()), customer)?;
    let resolved = Resolved {
        row,
        customer,
        outcome: outcome(run.opened.procedure, options.found),
        by: consent::operator(),
        host: platform::host(),
        because: because.to_owned(),
        advice: advice(&reader, &run, row)?,
    };
    if resolved.outcome.is_reached() && !may_be_done(&run, row) {
        return Err(Failure::usage(format!(
            "`--as`: what run {} is for was not sent for row {row}, since what comes before it is not known; so the run \
             cannot have done it. Settle it with `--as not-removed`, or `--as not-done`",
            run.id
        )));
    }
    drop(reader);
    record(&mut store, &mut run, resolved.clone())?;
    store.close()?;
    if printer.json {
        let line = serde_json::json!({ "run_id": run.id, "resolved": resolved });
        printer.data(&line.to_string())?;
    } else {
        printer.show(&format!(
            "Row {row} of run {}, customer {customer}: on record as {}.\n  The program had said: {}\n  You say: {because}",
            run.id,
            resolved.outcome.in_words(),
            visible(&resolved.advice),
        ))?;
    }
    let report = paths.again.reporting(&format!("report {}", run.id));
    printer.say(&format!("To have it in the reports: {report}"));
    Ok(Exit::Done)
}

/// The run that was named, or the latest in which nobody knows what became of the customer; and the
/// customer's row in it.
fn find(reader: &Reader, named: Option<&str>, customer: TenantId) -> Result<(Run, u32), Failure> {
    let id = match named {
        Some(name) => Some(reader.find(name)?.run_id),
        None => reader.latest_unknown(customer)?,
    };
    let run = id.map(|id| reader.fold(&id)).transpose()?.flatten();
    let run = run.ok_or_else(|| {
        Failure::usage(format!(
            "no run in the audit log ended with customer {customer} as unknown; \
             `offboard log --customer {customer}` shows what was sent"
        ))
    })?;
    unknown_row(&run, customer).map(|row| (run, row))
}

/// The row of the customer, if its outcome is unknown. A customer has at most one row that is worked on.
fn unknown_row(run: &Run, customer: TenantId) -> Result<u32, Failure> {
    let mut rows = run.rows.iter().filter(|row| row.customer == Some(customer)).peekable();
    let said = match rows.peek().map(|row| &row.state) {
        Some(RowState::Settled(outcome)) => format!("is {}", outcome.in_words()),
        Some(_) => "has no outcome yet; `offboard resume` goes on with the run".to_owned(),
        None => "is not in the list".to_owned(),
    };
    rows.find(|row| matches!(row.state, RowState::Settled(Outcome::Unknown)))
        .map(|row| row.number)
        .ok_or_else(|| {
            let text =
                format!("only an unknown outcome is resolved; in run {} customer {customer} {said}", run.id);
            Failure::usage(text)
        })
}

/// Whether what the run is for may have been done for this row.
fn may_be_done(run: &Run, row: u32) -> bool {
    run.opened.procedure.is_each_by_itself() || run.row(row).is_none_or(|row| row.last_was_sent)
}

const fn outcome(procedure: Procedure, found: ManualFinding) -> Outcome {
    match found {
        ManualFinding::Removed => Outcome::Done(procedure),
        ManualFinding::NotRemoved => Outcome::Failed,
    }
}

/// What the program itself had said of the row when it gave up.
fn advice(reader: &Reader, run: &Run, row: u32) -> Result<String, QueryError> {
    let ends = reader.events(&run.id, &[Kind::Settled])?;
    let explanation = ends.into_iter().find_map(|(_, record)| match record.event {
        Event::Settled(settled) if settled.row == row => Some(settled.explanation),
        _ => None,
    });
    Ok(explanation.unwrap_or_default())
}

/// Asks the fold whether the record is legal, and then has it on disk.
fn record(store: &mut Store, run: &mut Run, resolved: Resolved) -> Result<(), Failure> {
    let record = Record {
        at: Clock::System.now(),
        run: Some(run.id.clone()),
        event: Event::Resolved(Box::new(resolved)),
    };
    run.apply(store.next(), &record).map_err(|illegal| Failure::new(Exit::Bug, illegal.to_string()))?;
    store.append(&[Entry::from(record)])?;
    Ok(())
}
