//! Writes `plan.json` while a run is told.

use super::{
    super::{ReportError, rows::Row, told::ReportedRun},
    Entry, HOW_TO_CHECK, Head, PlannedFor, SCHEMA_VERSION,
};
use crate::{domain::Seq, record::PlanStory};
use std::{
    io::{self, Write},
    path::PathBuf,
};

/// A plan that is being written, one decision a line. The list of decisions may be long; it is written as it is told, and
/// closed by hand.
pub(in crate::report) struct Writing<W: Write> {
    out: W,
    path: PathBuf,
    /// The record that sealed the plan: what was decided later is no part of it.
    sealed: Seq,
    separator: &'static str,
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
        let head = Head {
            schema_version: SCHEMA_VERSION,
            run_id: run.opened.applies.as_ref().map_or(&run.id, |plan| &plan.run).clone(),
            procedure: run.opened.procedure,
            mode: run.opened.mode,
            partner: PlannedFor {
                tenant_id: plan.partner,
                name: run.partner.as_ref().map(|partner| partner.name.clone()),
            },
            digest: plan.sealed.digest,
            how_to_check: HOW_TO_CHECK.to_owned(),
            ready: plan.sealed.ready,
            customers_of_partner: plan.sealed.customers_of_partner,
            list: run.opened.input.reading.clone(),
        };
        let mut head = serde_json::to_string_pretty(&head).map_err(|error| writing(error.into()))?;
        if head.ends_with("\n}") {
            head.truncate(head.len() - 2);
        }
        write!(out, "{head},\n  \"decisions\": [").map_err(&writing)?;
        Ok(Self { out, path, sealed: plan.seq, separator: "\n    " })
    }

    /// Adds what was decided about the row, if it was not settled when the list was read.
    pub(in crate::report) fn add(&mut self, row: &Row) -> Result<(), ReportError> {
        let writing = ReportError::writing::<io::Error>(&self.path);
        for (_, _, decision) in row.story.judged().iter().filter(|(seq, ..)| *seq < self.sealed) {
            let entry = Entry {
                row: decision.row,
                customer_tenant_id: row.story.customer(),
                digest: decision.digest()?,
                decision,
            };
            self.out.write_all(self.separator.as_bytes()).map_err(&writing)?;
            serde_json::to_writer(&mut self.out, &entry).map_err(|error| writing(error.into()))?;
            self.separator = ",\n    ";
        }
        Ok(())
    }

    pub(in crate::report) fn end(mut self) -> Result<W, ReportError> {
        self.out.write_all(b"\n  ]\n}\n").map_err(ReportError::writing::<io::Error>(&self.path))?;
        Ok(self.out)
    }
}
