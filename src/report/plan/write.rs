//! Writes `plan.json` from the log.

use super::{
    super::{
        ReportError,
        facts::{Facts, Plan},
        rows::Tally,
    },
    Entry, HOW_TO_CHECK, Head, PlannedFor, SCHEMA_VERSION,
};
use crate::audit::Reader;
use std::{
    io::{self, Write},
    path::Path,
};

/// Writes the plan, one decision a line.
pub(in crate::report) fn write(
    out: &mut impl Write,
    path: &Path,
    reader: &Reader,
    facts: &Facts,
    plan: &Plan,
    tally: &Tally,
) -> Result<(), ReportError> {
    let writing = ReportError::writing::<io::Error>(path);
    let head = Head {
        schema_version: SCHEMA_VERSION,
        run_id: facts.opened.applies.as_ref().map_or(&facts.id, |plan| &plan.run).clone(),
        procedure: facts.opened.procedure,
        mode: facts.opened.mode,
        partner: PlannedFor {
            tenant_id: plan.partner,
            name: facts.partner.as_ref().map(|partner| partner.name.clone()),
        },
        digest: plan.sealed.digest,
        how_to_check: HOW_TO_CHECK.to_owned(),
        ready: plan.sealed.ready,
        customers_of_partner: plan.sealed.customers_of_partner,
        list: facts.opened.input.reading.clone(),
    };
    let mut head = serde_json::to_string_pretty(&head).map_err(|error| writing(error.into()))?;
    // The list of decisions may be long; it is written as it is read, and closed by hand.
    if head.ends_with("\n}") {
        head.truncate(head.len() - 2);
    }
    write!(out, "{head},\n  \"decisions\": [").map_err(&writing)?;
    let mut separator = "\n    ";
    reader.decisions::<ReportError>(&facts.id, plan.seq, |decision| {
        let entry = Entry {
            row: decision.row,
            customer_tenant_id: tally.customer(decision.row),
            digest: decision.digest()?,
            decision: &decision,
        };
        out.write_all(separator.as_bytes()).map_err(&writing)?;
        serde_json::to_writer(&mut *out, &entry).map_err(|error| writing(error.into()))?;
        separator = ",\n    ";
        Ok(())
    })?;
    out.write_all(b"\n  ]\n}\n").map_err(&writing)
}
