//! Reads a `plan.json`, and computes its digest again.

use super::{PlanEntry, PlanHead, SCHEMA_VERSION};
use crate::{
    domain::{Outcome, Sha256},
    record::{Judged, plan_digest},
};
use serde::Deserialize;

/// A plan whose digest is the one of its decisions.
#[derive(Clone, Debug, Deserialize)]
pub struct Plan {
    /// What it says as a whole.
    #[serde(flatten)]
    pub head: PlanHead,
    /// What it says of each customer, in the order of the list.
    pub decisions: Vec<PlanEntry<Judged>>,
}

/// Why a text is no plan that anybody should rely on.
#[derive(Debug, thiserror::Error)]
pub enum BadPlan {
    /// It is something else.
    #[error("it is not a plan.json of this program: {0}")]
    Unreadable(#[from] serde_json::Error),
    /// A later version of this program wrote it.
    #[error("it has the form {0}, which this version does not know; use the version that wrote it")]
    Version(u32),
    /// It does not say what was decided.
    #[error("{0}: it is not as it was written; have it sent again")]
    Altered(String),
}

impl Plan {
    /// Reads a plan and checks each digest in it.
    pub fn parse(text: &[u8]) -> Result<Self, BadPlan> {
        let plan: Self = serde_json::from_slice(text)?;
        let PlanHead { schema_version, run_id, procedure, partner, digest, ready, .. } = &plan.head;
        if *schema_version != SCHEMA_VERSION {
            return Err(BadPlan::Version(*schema_version));
        }
        let mut digests = Vec::with_capacity(plan.decisions.len());
        for entry in &plan.decisions {
            let row = entry.row;
            let altered = |what: &str| BadPlan::Altered(format!("row {row}: {what}"));
            let computed = entry.decision.digest().map_err(|error| altered(&error.to_string()))?;
            if computed != entry.digest || entry.decision.row != row {
                return Err(altered("the decision has another digest"));
            }
            let customer = entry.customer_tenant_id.ok_or_else(|| altered("the decision is about nobody"))?;
            digests.push((row, customer, computed));
        }
        if plan_digest(run_id, partner.tenant_id, *procedure, digests) != *digest {
            return Err(BadPlan::Altered("its digest is another".to_owned()));
        }
        if plan.ready().count() != *ready as usize {
            return Err(BadPlan::Altered("another number of customers is ready".to_owned()));
        }
        Ok(plan)
    }

    /// The digest of the text that it was read from.
    pub fn file_digest(text: &[u8]) -> Sha256 {
        Sha256::of(&[text])
    }

    /// The customers that would go.
    pub fn ready(&self) -> impl Iterator<Item = &PlanEntry<Judged>> {
        self.decisions.iter().filter(|entry| entry.decision.verdict == Outcome::Ready)
    }

    /// The others.
    pub fn others(&self) -> impl Iterator<Item = &PlanEntry<Judged>> {
        self.decisions.iter().filter(|entry| entry.decision.verdict != Outcome::Ready)
    }
}
