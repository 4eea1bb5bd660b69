//! `offboard reconcile`: a run against Partner Center's own record of activity, both ways.
//!
//! The requests belong to no run, like those of `doctor`: the run is over. What they show is recorded of the
//! run: each row that is found, once, and each comparison.

mod claims;
mod show;

use super::{
    access::Access,
    args::{Common, ReconcileOptions},
    consent, diagnostics,
    exit::{Exit, Failure},
    next_steps,
    printer::Printer,
    session,
    settings::{Paths, ServiceSettings, Typed},
};
use crate::{
    audit::{Reader, RunLine},
    domain::{Day, Procedure, Time, is_taken_out},
    engine::{Clock, Comparison, ListedRemoval, StandaloneSession, compare},
    partner_center::transport::Transport,
    platform,
    record::{Event, Reconciled, Run, Stage},
};
use claims::RunClaims;
use std::time::Duration;

/// What is older is no longer on record there; a day less, because days end elsewhere at another time.
const KEPT_DAYS: i32 = 89;
/// The most days that one question may be about.
const WINDOW_DAYS: i32 = 30;

pub(super) fn run(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    options: &ReconcileOptions,
) -> Result<Exit, Failure> {
    let paths = Paths::resolve(typed, common)?;
    let (line, run) = find(&paths, &options.run)?;
    let service = ServiceSettings::again(typed, &options.sign_in, &run.opened)?;
    let partner = run.partner.as_ref().map(|partner| partner.tenant_id);
    let access = Access::find(printer, &ServiceSettings { partner, ..service })?;
    diagnostics::start(&paths.log_dir, printer.verbose)?;
    session::block_on(async {
        let store = session::open_store(&paths)?;
        // Read again now that no other process can write.
        let reader = Reader::open(&paths.audit_log)?;
        let run = fold(&reader, &line)?;
        let now = Clock::System.now();
        let oldest = now.day().plus_days(-KEPT_DAYS);
        let claims = RunClaims::of(&reader, &line, &run, oldest)?;
        drop(reader);
        let windows = windows(&claims.spans(), oldest, now.day());
        let Some((first, last)) = ends(&windows) else {
            let text =
                format!("run {} is older than 90 days, and Partner Center's record ends there", run.id);
            return Err(Failure::usage(text));
        };
        let begin = |ports| StandaloneSession::after(store, run.clone(), options.rate, ports);
        let look = async |visit: &_| {
            let (listed, complete) = read(visit, &run, &windows).await?;
            let lag = Duration::from_hours(u64::from(options.lag));
            let found = compare(&claims.all, (&listed, complete), &claims.ours, claims.of_run, (now, lag));
            let reconciled = Reconciled {
                by: consent::operator(),
                host: platform::host(),
                from: first,
                to: last,
                lag_hours: options.lag,
                complete,
                listed: listed.len() as u64,
                corroborated: found.agreeing,
                missing: found.missing.clone(),
                not_yet: found.not_yet.clone(),
                unknown: found.unknown.iter().map(|(row, _)| *row).collect(),
                unclaimed: found.unclaimed.iter().map(|line| line.customer).collect(),
            };
            StandaloneSession::record(visit, Some(&run.id), events(&found, reconciled.clone())).await?;
            Ok((found, reconciled))
        };
        let (found, reconciled) =
            session::visit(printer, access.ports()?, begin, "nothing was compared", look).await?;
        show::show(printer, &paths.again, &run, &claims, &found, &reconciled)
    })
}

fn events(found: &Comparison, reconciled: Reconciled) -> Vec<Event> {
    let corroborated = found.corroborated.iter().cloned();
    let corroborated = corroborated.map(|corroborated| Event::Corroborated(Box::new(corroborated)));
    corroborated.chain([Event::Reconciled(Box::new(reconciled))]).collect()
}

/// The run that is meant. One that changed nothing, or not really, has nothing to be compared.
fn find(paths: &Paths, name: &str) -> Result<(RunLine, Run), Failure> {
    let reader = &Reader::open(&paths.audit_log)?;
    let mut line = reader.find(name)?;
    if name == "latest" {
        let is_compared = |line: &RunLine| line.is_real() && may_be_compared(line);
        line = reader.runs()?.into_iter().rfind(is_compared).unwrap_or(line);
    }
    let run = fold(reader, &line)?;
    let id = &run.id;
    let refused = |why: &str| Err(Failure::usage(format!("run {id} {why}")));
    if run.opened.mode.is_simulated() {
        return refused("was made against the built-in simulator, which has forgotten it");
    }
    if !run.opened.changes {
        return refused("only planned; there is nothing to compare");
    }
    if !may_be_compared(&line) {
        return refused(
            "ended no relationship; Partner Center's record of activity says nothing of what it did",
        );
    }
    if run.stage != Stage::Sealed {
        return refused(&format!(
            "is not over; go on with it first: {}",
            next_steps::resume(&paths.again, id)
        ));
    }
    Ok((line, run))
}

/// Whether Partner Center's record of activity has what it did.
fn may_be_compared(line: &RunLine) -> bool {
    let procedure = line.procedure.as_deref().and_then(Procedure::from_name);
    procedure.is_none_or(|procedure| procedure.on_record_elsewhere().is_some())
}

fn fold(reader: &Reader, line: &RunLine) -> Result<Run, Failure> {
    let run = reader.fold(&line.run_id)?;
    run.ok_or_else(|| Failure::new(Exit::AuditLog, format!("run {} has no first record", line.run_id)))
}

/// The days to ask for: each span with a day around it, as far as they are still on record, none twice, in
/// pieces that one question may be about.
fn windows(spans: &[(Time, Time)], oldest: Day, today: Day) -> Vec<(Day, Day)> {
    let around =
        |(from, to): &(Time, Time)| (from.day().plus_days(-1).max(oldest), to.day().plus_days(1).min(today));
    let mut days: Vec<(Day, Day)> = spans.iter().map(around).filter(|(from, to)| from <= to).collect();
    days.sort_unstable();
    let mut merged: Vec<(Day, Day)> = Vec::new();
    for (from, to) in days {
        match merged.last_mut() {
            Some((_, end)) if from <= end.next() => *end = to.max(*end),
            _ => merged.push((from, to)),
        }
    }
    let mut windows = Vec::new();
    for (mut from, to) in merged {
        while from <= to {
            let end = from.plus_days(WINDOW_DAYS - 1).min(to);
            windows.push((from, end));
            from = end.next();
        }
    }
    windows
}

/// The first day and the last, if there are any.
fn ends(windows: &[(Day, Day)]) -> Option<(Day, Day)> {
    windows.first().zip(windows.last()).map(|((from, _), (_, to))| (*from, *to))
}

/// What Partner Center has on record; only for the account whose run it is.
async fn read<T: Transport>(
    visit: &StandaloneSession<T>,
    run: &Run,
    windows: &[(Day, Day)],
) -> Result<(Vec<ListedRemoval>, bool), Failure> {
    let found = visit.identify().await?.partner;
    if let Some(partner) = &run.partner
        && partner.tenant_id != found.tenant_id
        && !is_taken_out("reconcile-with-any-account")
    {
        return Err(Failure::new(
            Exit::Guard,
            format!(
                "the token belongs to the partner account {} (`{}`), but the run was made with {} (`{}`); sign in to that",
                found.tenant_id, found.name, partner.tenant_id, partner.name
            ),
        ));
    }
    let (mut listed, mut complete) = (Vec::new(), true);
    let Some(effect) = run.opened.procedure.on_record_elsewhere() else { return Ok((listed, complete)) };
    for window in windows {
        complete &= visit.removals(*window, effect, |line| listed.push(line)).await?;
    }
    Ok((listed, complete))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn span(from: &str, to: &str) -> (Time, Time) {
        let time = |text: &str| format!("{text}T12:00:00.000Z").parse().unwrap();
        (time(from), time(to))
    }

    #[test]
    fn days_are_asked_for_once_and_only_those_that_are_still_there() {
        let (oldest, today) = (day("2026-08-24"), day("2026-11-21"));
        let spans = [
            span("2026-11-20", "2026-11-21"),
            span("2026-10-01", "2026-11-05"),
            span("2026-11-06", "2026-11-06"),
            span("2020-01-01", "2020-01-02"),
            span("2026-08-01", "2026-08-30"),
        ];
        assert_eq!(
            windows(&spans, oldest, today),
            [
                (day("2026-08-24"), day("2026-08-31")),
                (day("2026-09-30"), day("2026-10-29")),
                (day("2026-10-30"), day("2026-11-07")),
                (day("2026-11-19"), today),
            ]
        );
        assert_eq!(windows(&spans[3..4], oldest, today), []);
    }
}
