//! A plan that was sealed, found again from its `plan.json`.
//!
//! The file only says which plan is meant. What is carried out is what the audit log holds; the file must
//! be, byte for byte, the one that was written from it.

use super::{
    bounded,
    exit::{Exit, Failure},
};
use crate::{
    audit::{Reader, RunLine},
    domain::{Mode, RunId, Seq, Sha256, Time, is_taken_out},
    record::{Event, Kind, PlanSealed, Run},
};
use serde::Deserialize;
use std::{path::Path, time::Duration};

const PLAN_FILE: &str = "plan.json";

/// What a `plan.json` says of itself.
#[derive(Debug)]
pub(super) struct PlanFile {
    shown: String,
    head: PlanReference,
    sha256: Sha256,
}

#[derive(Debug, Deserialize)]
struct PlanReference {
    run_id: RunId,
    digest: Sha256,
}

/// The plan as the audit log holds it.
#[derive(Debug)]
pub(super) struct Planned {
    /// The run that made it.
    pub(super) run: Run,
    pub(super) plan: PlanSealed,
}

impl PlanFile {
    pub(super) fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display().to_string();
        let bytes = bounded::read(path, bounded::PLAN)
            .map_err(|error| Failure::usage(format!("cannot read the plan `{shown}`: {error}")))?;
        let head = serde_json::from_slice(&bytes).map_err(|error| {
            Failure::usage(format!("`{shown}` is not a {PLAN_FILE} of this program: {error}"))
        })?;
        Ok(Self { shown, head, sha256: Sha256::of(&[&bytes]) })
    }

    /// The digest of the file.
    pub(super) const fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// Finds the plan in the log, and refuses one that is not this file's, not sealed, too old, or was
    /// carried out before. To be asked while the log is locked.
    pub(super) fn find(&self, reader: &Reader, now: Time, max_age: Duration) -> Result<Planned, Failure> {
        let refused = |why: String| {
            Failure::new(
                Exit::Guard,
                format!("the plan `{}` is not carried out: {why}. Nothing was sent", self.shown),
            )
        };
        let runs = reader.runs()?;
        let Some(line) = runs.iter().find(|line| line.run_id == self.head.run_id) else {
            return Err(refused(format!("its run {} is not in this audit log", self.head.run_id)));
        };
        let run = reader.fold(&line.run_id)?;
        let Some((run, plan)) = run.and_then(|run| run.plan.clone().map(|plan| (run, plan))) else {
            return Err(refused("the audit log holds no sealed plan of that run".to_owned()));
        };
        if run.opened.mode != Mode::Plan && !is_taken_out("a-plan-that-was-rehearsed") || run.sealed.is_none()
        {
            let text =
                "it is not a finished plan of `offboard plan`; a run or a rehearsal carries out its own";
            return Err(refused(text.to_owned()));
        }
        if plan.digest != self.head.digest
            || !self.is_as_written(reader, line)? && !is_taken_out("a-plan-that-was-edited")
        {
            let text = "the file is not the one that was written; `offboard report` writes it again";
            return Err(refused(text.to_owned()));
        }
        let (seq, sealed_at) = sealed_at(reader, &run.id)?.unwrap_or((0, run.started_at));
        // Whoever sets the clock back does not make a plan younger than what was recorded since.
        let latest = reader.latest_time(seq)?.unwrap_or(now);
        if latest > now && latest > sealed_at.plus(max_age) {
            let text = "this machine's clock says {now}, but the audit log already has a record of {latest}; by that, it was \
                 sealed longer ago ({at}) than `--plan-max-age` allows. See that the clock is right, and make a new one";
            let text = text.replace("{now}", &now.to_string()).replace("{latest}", &latest.to_string());
            return Err(refused(text.replace("{at}", &sealed_at.to_string())));
        }
        if now > sealed_at.plus(max_age) && !is_taken_out("a-plan-of-any-age") {
            let text = "it was sealed at {at}, longer ago than `--plan-max-age` allows; make a new one";
            return Err(refused(text.replace("{at}", &sealed_at.to_string())));
        }
        for by in reader.runs_that_apply(&run.id)? {
            // What nobody allowed changed nothing.
            if !reader.events(&by, &[Kind::Confirmed])?.is_empty() && !is_taken_out("a-plan-more-than-once") {
                return Err(refused(format!("run {by} carried it out already")));
            }
        }
        Ok(Planned { run, plan })
    }

    fn is_as_written(&self, reader: &Reader, line: &RunLine) -> Result<bool, Failure> {
        let written = reader.events(&line.run_id, &[Kind::ReportWritten])?;
        Ok(written.iter().any(|(_, record)| {
            matches!(&record.event, Event::ReportWritten(report)
                if report.file == PLAN_FILE && report.sha256 == self.sha256)
        }))
    }
}

fn sealed_at(reader: &Reader, run: &RunId) -> Result<Option<(Seq, Time)>, Failure> {
    Ok(reader.events(run, &[Kind::PlanSealed])?.first().map(|(seq, record)| (*seq, record.at)))
}
