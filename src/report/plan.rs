//! `plan.json`: what was decided, and how to compute its digest again.

use super::{
    ReportError,
    facts::{Facts, Plan},
    rows::Tally,
};
use crate::{
    audit::Reader,
    domain::{Mode, Procedure, RunId, Sha256, TenantId},
    record::Judged,
};
use serde::Serialize;
use std::{
    io::{self, Write},
    path::Path,
};

/// The version of the form of `plan.json`.
const SCHEMA_VERSION: u32 = 1;

const HOW_TO_CHECK: &str = "For each entry of `decisions`: take `decision`, write it as canonical JSON (RFC 8785: \
UTF-8, keys sorted, no blanks) and compute its SHA-256; that is its `digest`. Then write these lines, each ended \
by one line feed: `offboard plan v1`, the run_id, the partner's tenant_id (an empty line if there is none), the \
procedure, and for each decision, in order, its row, its customer_tenant_id and its digest, with one blank \
between them. The SHA-256 of those lines is \
`digest`. Rows that are not among the decisions were settled when the list was read.";

#[derive(Serialize)]
struct Head<'a> {
    schema_version: u32,
    /// The run that made the plan, which is not the one that carries it out when that is another.
    run_id: &'a RunId,
    procedure: Procedure,
    mode: Mode,
    partner: Partner<'a>,
    digest: Sha256,
    how_to_check: &'a str,
    ready: u32,
    customers_of_partner: Option<u32>,
}

#[derive(Serialize)]
struct Partner<'a> {
    tenant_id: Option<TenantId>,
    name: Option<&'a str>,
}

/// The decision stands by itself, so that nothing has to be taken out of it to check its digest.
#[derive(Serialize)]
struct Entry<'a> {
    row: u32,
    customer_tenant_id: Option<TenantId>,
    digest: Sha256,
    decision: &'a Judged,
}

/// Writes the plan, one decision a line.
pub(super) fn write(
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
        run_id: facts.opened.applies.as_ref().map_or(&facts.id, |plan| &plan.run),
        procedure: facts.opened.procedure,
        mode: facts.opened.mode,
        partner: Partner {
            tenant_id: plan.partner,
            name: facts.partner.as_ref().map(|partner| partner.name.as_str()),
        },
        digest: plan.sealed.digest,
        how_to_check: HOW_TO_CHECK,
        ready: plan.sealed.ready,
        customers_of_partner: plan.sealed.customers_of_partner,
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
            customer_tenant_id: tally.customers.get(&decision.row).copied(),
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
