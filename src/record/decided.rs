//! The digest of a plan, while its rows are decided.

use crate::domain::{Digest, Procedure, RunId, Sha256, TenantId};
use std::collections::BTreeMap;

/// What was decided. The digest is over all decisions in the order of the list, and decisions come nearly in that
/// order: each is taken into the digest as soon as those before it are, and only the others are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Decided {
    /// Over what was decided about the rows before `next`; none until it is known whose customers they are.
    pub(super) digest: Option<Digest>,
    /// The place of the first row that is neither judged nor settled.
    pub(super) next: usize,
    /// What was decided about rows after that.
    pub(super) ahead: BTreeMap<u32, Sha256>,
}

/// The digest of a plan: the run that made it, the partner, the procedure, and each decision's row, customer
/// and own digest, in the order of the list.
pub fn plan_digest(
    planned_by: &RunId,
    partner: Option<TenantId>,
    procedure: Procedure,
    decisions: impl IntoIterator<Item = (u32, TenantId, Sha256)>,
) -> Sha256 {
    let mut digest = head(planned_by, partner, procedure);
    decisions.into_iter().for_each(|(row, customer, decision)| add(&mut digest, row, customer, decision));
    digest.done()
}

pub(super) fn head(planned_by: &RunId, partner: Option<TenantId>, procedure: Procedure) -> Digest {
    let partner = partner.map(|id| id.to_string()).unwrap_or_default();
    let mut digest = Digest::default();
    digest.add(format!("offboard plan v1\n{planned_by}\n{partner}\n{procedure}\n"));
    digest
}

pub(super) fn add(digest: &mut Digest, row: u32, customer: TenantId, decision: Sha256) {
    digest.add(format!("{row} {customer} {decision}\n"));
}
