//! `plan.json`: what was decided, and how to compute its digest again. It is written from the log, and read
//! where the log is not: on the machine of whoever approves the plan.

mod book;
mod page;
mod read;
mod surprises;
mod write;

pub use read::{BadPlan, Plan};
pub use surprises::{Pointed, Surprise};
pub(super) use write::Writing;

use crate::{
    domain::{ListReading, Mode, Procedure, RunId, Sha256, TenantId, Time},
    record::Setting,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the form of `plan.json`.
const SCHEMA_VERSION: u32 = 1;

const HOW_TO_CHECK: &str = "For each entry of `decisions`: take `decision`, write it as canonical JSON (RFC 8785: \
UTF-8, keys sorted, no blanks) and compute its SHA-256; that is its `digest`. Then write these lines, each ended \
by one line feed: `offboard plan v1`, the run_id, the partner's tenant_id (an empty line if there is none), the \
procedure, and for each decision, in order, its row, its customer_tenant_id and its digest, with one blank \
between them. The SHA-256 of those lines is \
`digest`. Rows that are not among the decisions were settled when the list was read.";

/// What is decided about all, before what is decided about each.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlanHead {
    schema_version: u32,
    /// The run that made the plan, which is not the one that carries it out when that is another.
    pub run_id: RunId,
    /// What is done to each customer.
    pub procedure: Procedure,
    /// The run that it takes back, if it takes one back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes_back: Option<RunId>,
    /// In what earnest the plan was made.
    pub mode: Mode,
    /// Whose customers these are.
    pub partner: PlannedFor,
    /// The digest over everything that was decided.
    pub digest: Sha256,
    how_to_check: String,
    /// How many customers are ready.
    pub ready: u32,
    /// Why it cannot be carried out, and what to do, if that is known already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cannot_be_applied: Option<String>,
    /// How many customers the partner has, if the listing came to its end.
    pub customers_of_partner: Option<u32>,
    /// Who planned it, when, from which list and within which limits; none: a run that carries out another's plan, or a
    /// program that did not say.
    #[serde(flatten)]
    pub planned: Option<PlannedBy>,
    /// How the list was read; none: by a program that did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<ListReading>,
}

/// Who planned, when, why, from what, and within which limits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlannedBy {
    /// When the plan was sealed.
    pub planned_at: Time,
    /// Who planned.
    pub operator: String,
    /// On which machine.
    pub host: String,
    /// The change ticket.
    pub ticket: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// The list.
    pub input: PlannedInput,
    /// What the plan must stay within, each with where that comes from: whoever carries it out obeys these.
    pub limits: BTreeMap<String, Setting>,
}

impl PlannedBy {
    /// The limits as options, each with where it comes from.
    pub fn limits_in_words(&self) -> String {
        let limits = self.limits.iter();
        let limits = limits
            .map(|(name, limit)| format!("--{} {} ({})", name.replace('_', "-"), limit.value, limit.origin));
        limits.collect::<Vec<_>>().join(", ")
    }
}

/// The list of a plan.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlannedInput {
    /// Its name.
    pub file: String,
    /// Over its bytes.
    pub sha256: Sha256,
    /// How many rows it has.
    pub rows: u32,
}

/// Whose customers a plan is about.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlannedFor {
    /// The partner's tenant.
    pub tenant_id: Option<TenantId>,
    /// The partner's name.
    pub name: Option<String>,
}

/// One decision. It stands by itself, so that nothing has to be taken out of it to check its digest.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlanEntry<D> {
    row: u32,
    /// The customer.
    pub customer_tenant_id: Option<TenantId>,
    digest: Sha256,
    /// What was decided.
    pub decision: D,
}
