//! The digest of a plan.

use crate::domain::{Digest, Procedure, RunId, Sha256, TenantId};

/// The digest of a plan: the run that made it, the partner, the procedure, and each decision's row, customer
/// and own digest, in the order of the list.
pub fn plan_digest(
    planned_by: &RunId,
    partner: Option<TenantId>,
    procedure: Procedure,
    decisions: impl IntoIterator<Item = (u32, TenantId, Sha256)>,
) -> Sha256 {
    let partner = partner.map(|id| id.to_string()).unwrap_or_default();
    let mut digest = Digest::default();
    digest.add(format!("offboard plan v1\n{planned_by}\n{partner}\n{procedure}\n"));
    for (row, customer, decision) in decisions {
        digest.add(format!("{row} {customer} {decision}\n"));
    }
    digest.done()
}
