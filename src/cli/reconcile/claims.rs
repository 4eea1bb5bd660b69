//! What the log says that a run removed, and who did it.

use crate::{
    audit::{QueryError, Reader, RunLine},
    domain::{Day, Outcome, Procedure, TenantId, Time},
    engine::{Claim, Ours},
    record::{CustomerStory, EffectStory, Event, Kind, Run},
};
use std::collections::{BTreeMap, HashMap};

/// What a run claims.
pub(super) struct RunClaims {
    pub(super) all: Vec<Claim>,
    pub(super) ours: Ours,
    /// When the run began and ended.
    pub(super) of_run: (Time, Time),
    /// What the customers are called, by row.
    pub(super) names: BTreeMap<u32, String>,
}

impl RunClaims {
    /// As far as it happened since `oldest`: what is older is on record nowhere else.
    pub(super) fn of(reader: &Reader, line: &RunLine, run: &Run, oldest: Day) -> Result<Self, QueryError> {
        let of_run = span(line);
        let mut claims = Self { all: Vec::new(), ours: ours(reader, run)?, of_run, names: BTreeMap::new() };
        let procedure = run.opened.procedure;
        let removed_before = done_by_others(reader, line, procedure)?;
        reader.customers::<QueryError>(&run.id, |story| {
            let (Some(id), Some(outcome)) = (story.customer(), story.outcome()) else { return Ok(()) };
            let ((from, to), lines) = match outcome {
                // If an earlier run of this log did it, that is what is on record there.
                Outcome::AlreadyDone(_) => match removed_before.get(&id) {
                    Some(DoneElsewhere { span, lines }) => (*span, *lines),
                    None => return Ok(()),
                },
                // What is done by itself is done, whatever becomes of the rest.
                Outcome::Done(_) | Outcome::Unknown | Outcome::Failed | Outcome::NotAttempted
                    if outcome.is_by_the_run()
                        || outcome == Outcome::Unknown
                        || procedure.is_each_by_itself() =>
                {
                    let span = (of_run.0, story.finished_at().unwrap_or(of_run.1));
                    (span, lines_elsewhere(&story, procedure))
                }
                _ => return Ok(()),
            };
            if lines == 0 {
                return Ok(());
            }
            let name = story.name().map_or_else(|| id.to_string(), str::to_owned);
            claims.names.insert(story.row(), name);
            claims.all.push(Claim {
                row: story.row(),
                customer: id,
                is_unknown: outcome == Outcome::Unknown,
                is_failed: !outcome.is_reached() && outcome != Outcome::Unknown,
                is_corroborated: story.last_word().is_corroborated,
                lines,
                from,
                to,
            });
            Ok(())
        })?;
        claims.ours.removed.extend(removed_before.into_keys());
        claims.all.retain(|claim| claim.to.day() >= oldest);
        Ok(claims)
    }

    /// The times about which Partner Center is asked.
    pub(super) fn spans(&self) -> Vec<(Time, Time)> {
        self.all.iter().map(|claim| (claim.from, claim.to)).chain([self.of_run]).collect()
    }
}

/// How many lines of Partner Center's record are about what was done to this customer: one for its last change, or one for
/// each thing that is done by itself. How the deletion of a draft is called there is not documented.
fn lines_elsewhere(story: &CustomerStory, procedure: Procedure) -> usize {
    let Some(effect) = procedure.on_record_elsewhere() else { return 0 };
    if !procedure.is_each_by_itself() {
        return 1;
    }
    let is_draft = |about: Option<&str>| {
        let planned = story.planned().iter().find(|one| Some(&*one.id) == about);
        planned.and_then(|one| one.access.as_ref()).is_some_and(|access| access.is_draft())
    };
    let is_told = |one: &&EffectStory<'_>| {
        one.effect == effect && !one.stands.is_without_effect() && !is_draft(one.about)
    };
    story.effects().all().filter(is_told).count()
}

fn span(line: &RunLine) -> (Time, Time) {
    (line.started_at, line.finished_at.unwrap_or(line.started_at))
}

/// When another run did the same for a customer, and how many lines of Partner Center's record are about it.
struct DoneElsewhere {
    span: (Time, Time),
    lines: usize,
}

/// Customers for whom other real runs of this log did the same for the same partner; the latest counts.
fn done_by_others(
    reader: &Reader,
    run: &RunLine,
    procedure: Procedure,
) -> Result<HashMap<TenantId, DoneElsewhere>, QueryError> {
    let mut removed = HashMap::new();
    for line in reader.runs()? {
        let is_of_partner = line.partner_tenant_id == run.partner_tenant_id;
        if line.run_id == run.run_id || !line.is_real() || !is_of_partner {
            continue;
        }
        let span = span(&line);
        reader.customers::<QueryError>(&line.run_id, |story| {
            let is_by_that_run = story.outcome() == Some(Outcome::Done(procedure));
            if let Some(id) = story.customer().filter(|_| is_by_that_run) {
                removed.insert(id, DoneElsewhere { span, lines: lines_elsewhere(&story, procedure) });
            }
            Ok(())
        })?;
    }
    Ok(removed)
}

/// By what we are known there.
fn ours(reader: &Reader, run: &Run) -> Result<Ours, QueryError> {
    let sent = reader.changes_sent()?;
    let sent = sent.into_iter().map(|(id, customer)| (id.to_ascii_lowercase(), customer)).collect();
    let mut ours = Ours { sent, ..Ours::default() };
    for (_, record) in reader.events(&run.id, &[Kind::TokenNamed])? {
        if let Event::TokenNamed(token) = record.event {
            ours.users.extend(token.user);
            ours.applications.extend(token.app);
        }
    }
    Ok(ours)
}
