//! `handover.csv` of a programme: each customer once, as the run tells it that says where it stands.

use super::ProgrammeView;
use crate::{
    audit::{Listener, Reader},
    domain::{RunId, TenantId},
    record::{CustomerStory, RunStory},
    report::{
        ReportError,
        handover::{self, HandedOver, HandoverCsv},
        write::Draft,
    },
};
use std::collections::{BTreeMap, HashSet};

/// Writes the lines of all customers whom a run has had, run by run; the runs are told once more for that.
pub(super) fn write(
    mut csv: HandoverCsv<Draft>,
    view: &ProgrammeView<'_>,
    logs: &[(String, &Reader)],
) -> Result<Draft, ReportError> {
    let mut by_run: BTreeMap<(&RunId, &str), HashSet<TenantId>> = BTreeMap::new();
    for customer in view.customers() {
        if let Some((run, log)) = customer.run.zip(customer.log) {
            by_run.entry((&run.id, log)).or_default().insert(customer.tenant);
        }
    }
    for ((run, log), customers) in by_run {
        let Some((_, reader)) = logs.iter().find(|(name, _)| name == log) else { continue };
        let mut lines = HandoverLines { csv, customers, run: None };
        reader.tell(run, &mut lines)?;
        csv = lines.csv;
    }
    csv.end()
}

/// Whoever is told a run, and writes the lines of some of its customers.
struct HandoverLines {
    csv: HandoverCsv<Draft>,
    customers: HashSet<TenantId>,
    run: Option<RunStory>,
}

impl Listener<ReportError> for HandoverLines {
    fn run(&mut self, story: RunStory) -> Result<(), ReportError> {
        self.run = Some(story).filter(handover::is_for);
        Ok(())
    }

    fn customer(&mut self, story: CustomerStory) -> Result<(), ReportError> {
        let is_meant = story.customer().is_some_and(|id| self.customers.contains(&id));
        let line = self.run.as_ref().filter(|_| is_meant).and_then(|run| HandedOver::of(run, &story));
        line.map_or(Ok(()), |line| self.csv.add(line))
    }
}
