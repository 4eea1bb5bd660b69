//! Writes `plan.json` while a run is told.

use super::{
    super::{ReportError, rows::ReportedRow, told::ReportedRun},
    HOW_TO_CHECK, PlanEntry, PlanHead, PlannedBy, PlannedFor, PlannedInput, SCHEMA_VERSION,
    book::PlanWorkbook,
    page::PlanPage,
    surprises::Surprises,
};
use crate::{
    domain::{Procedure, Seq, counted},
    record::{PlanSealed, PlanStory, Policy, RunOpened},
};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The settings that a plan must stay within.
const LIMITS: [&str; 4] = ["max_removals", "max_share", "limit", "only_reseller"];

fn cannot_be_applied(procedure: Procedure, policy: &Policy, plan: &PlanSealed) -> Option<String> {
    let (ready, would) = (plan.ready, procedure.facts().would);
    plan.needs(policy).map(|needed| {
        format!(
            "It would {would} {}, which is beyond its limits. If so many are meant, plan again with `{needed}`.",
            counted(ready, "customer")
        )
    })
}

fn planned_by(opened: &RunOpened, plan: &PlanStory) -> PlannedBy {
    let limits = LIMITS.into_iter().filter_map(|name| {
        let setting = opened.settings.get(name).filter(|setting| !setting.value.is_empty())?;
        Some((name.to_owned(), setting.clone()))
    });
    PlannedBy {
        planned_at: plan.at,
        operator: opened.operator.clone(),
        host: opened.host.clone(),
        ticket: opened.ticket.clone(),
        reason: opened.reason.clone(),
        input: PlannedInput {
            file: opened.input.file.clone(),
            sha256: opened.input.sha256,
            rows: opened.input.rows,
        },
        limits: limits.collect(),
    }
}

/// A plan that is being written, one decision a line. The list of decisions may be long; it is written as it is told, and
/// closed by hand.
pub(in crate::report) struct Writing<W: Write> {
    out: W,
    path: PathBuf,
    /// The record that sealed the plan: what was decided later is no part of it.
    sealed: Seq,
    separator: &'static str,
    head: PlanHead,
    page: PlanPage,
    book: PlanWorkbook,
    surprises: Surprises,
}

impl<W: Write> Writing<W> {
    pub(in crate::report) fn begin(
        mut out: W,
        path: PathBuf,
        told: &ReportedRun,
        plan: &PlanStory,
    ) -> Result<Self, ReportError> {
        let writing = ReportError::writing::<io::Error>(&path);
        let run = &told.run;
        let head = PlanHead {
            schema_version: SCHEMA_VERSION,
            run_id: run.opened.applies.as_ref().map_or(&run.id, |plan| &plan.run).clone(),
            procedure: run.opened.procedure,
            takes_back: run.opened.takes_back.clone(),
            mode: run.opened.mode,
            partner: PlannedFor {
                tenant_id: plan.partner,
                name: run.partner.as_ref().map(|partner| partner.name.clone()),
            },
            digest: plan.sealed.digest,
            how_to_check: HOW_TO_CHECK.to_owned(),
            ready: plan.sealed.ready,
            cannot_be_applied: cannot_be_applied(run.opened.procedure, &run.opened.policy, &plan.sealed),
            customers_of_partner: plan.sealed.customers_of_partner,
            planned: run.opened.applies.is_none().then(|| planned_by(&run.opened, plan)),
            list: run.opened.input.reading.clone(),
        };
        let mut text = serde_json::to_string_pretty(&head).map_err(|error| writing(error.into()))?;
        if text.ends_with("\n}") {
            text.truncate(text.len() - 2);
        }
        write!(out, "{text},\n  \"decisions\": [").map_err(&writing)?;
        let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        let (page, book) = (PlanPage::begin(&folder)?, PlanWorkbook::begin(&folder, &head)?);
        let (separator, surprises) = ("\n    ", Surprises::default());
        Ok(Self { out, path, sealed: plan.seq, separator, head, page, book, surprises })
    }

    /// Adds what was decided about the row, if it was not settled when the list was read.
    pub(in crate::report) fn add(&mut self, row: &ReportedRow) -> Result<(), ReportError> {
        let writing = ReportError::writing::<io::Error>(&self.path);
        for (_, _, decision) in row.story.judged().iter().filter(|(seq, ..)| *seq < self.sealed) {
            let entry = PlanEntry {
                row: decision.row,
                customer_tenant_id: row.story.customer(),
                digest: decision.digest()?,
                decision,
            };
            self.out.write_all(self.separator.as_bytes()).map_err(&writing)?;
            serde_json::to_writer(&mut self.out, &entry).map_err(|error| writing(error.into()))?;
            self.separator = ",\n    ";
            self.page.add(&entry)?;
            self.book.add(&entry)?;
            self.surprises.add(&entry);
        }
        Ok(())
    }

    /// Ends it, and writes what people read of it: `plan.html` and `plan.xlsx`.
    pub(in crate::report) fn end(
        mut self,
        page: &mut impl Write,
        book: &mut (impl Write + Send),
    ) -> Result<W, ReportError> {
        self.out.write_all(b"\n  ]\n}\n").map_err(ReportError::writing::<io::Error>(&self.path))?;
        let surprises = self.surprises.all();
        self.page.end(page, &self.head, &surprises)?;
        self.book.end(book, &self.head, &surprises)?;
        Ok(self.out)
    }
}
