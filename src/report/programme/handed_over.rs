//! `handover.csv` of a programme: each customer once, as the run tells it that says where it stands.

use super::ProgrammeView;
use crate::{
    audit::{Listener, Reader},
    domain::{RunId, TenantId},
    record::{CustomerStory, RunStory},
    report::{
        ReportError,
        handover::{self, BeyondTheRun, HandedOver, HandoverCsv},
        write::Draft,
    },
};
use std::collections::{BTreeMap, HashMap};

/// Writes the lines of all customers whom a run has had, run by run; the runs are told once more for that.
pub(super) fn write(
    mut csv: HandoverCsv<Draft>,
    view: &ProgrammeView<'_>,
    logs: &[(String, &Reader)],
) -> Result<Draft, ReportError> {
    let mut by_run: BTreeMap<(&RunId, &str), HashMap<TenantId, BeyondTheRun<'_>>> = BTreeMap::new();
    for customer in view.customers() {
        if let Some((run, log)) = customer.told_in {
            by_run.entry((&run.id, log)).or_default().insert(customer.tenant, customer.beyond);
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
struct HandoverLines<'a> {
    csv: HandoverCsv<Draft>,
    customers: HashMap<TenantId, BeyondTheRun<'a>>,
    run: Option<RunStory>,
}

impl Listener<ReportError> for HandoverLines<'_> {
    fn run(&mut self, story: RunStory) -> Result<(), ReportError> {
        self.run = Some(story).filter(handover::is_for);
        Ok(())
    }

    fn customer(&mut self, story: CustomerStory) -> Result<(), ReportError> {
        let beyond = story.customer().and_then(|id| self.customers.get(&id).copied());
        let line = self.run.as_ref().and_then(|run| HandedOver::of(run, &story));
        line.zip(beyond).map_or(Ok(()), |(line, beyond)| self.csv.add(line.with(beyond)))
    }
}
