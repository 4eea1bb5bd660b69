//! The digest of a plan, while its rows are decided.

use super::{row::RowState, state::Run};
use crate::domain::{Digest, Procedure, RunId, Sha256, TenantId};
use std::collections::BTreeMap;

/// What was decided. The digest is over all decisions in the order of the list, and decisions come nearly in that
/// order: each is taken into the digest as soon as those before it are, and only the others are kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Decided {
    /// Over what was decided about the rows before `next`; none until it is known whose customers they are.
    digest: Option<Digest>,
    /// The place of the first row that is neither judged nor settled.
    next: usize,
    /// What was decided about rows after that.
    ahead: BTreeMap<u32, Sha256>,
}

impl Run {
    /// The digest over everything that was decided. `plan.json` says how to compute it again.
    pub fn plan_digest(&self) -> Sha256 {
        let mut digest = self.decided.digest.clone().unwrap_or_else(|| self.plan_head());
        for (row, decision) in &self.decided.ahead {
            if let Some(customer) = self.row(*row).and_then(|row| row.customer) {
                add(&mut digest, *row, customer, *decision);
            }
        }
        digest.done()
    }

    /// A row is judged or settled for the first time; with what was decided about it, if anything was.
    pub(super) fn decided(&mut self, row: u32, decision: Option<Sha256>) {
        self.decided.ahead.extend(decision.map(|decision| (row, decision)));
        if self.partner.is_none() {
            return;
        }
        let head = self.decided.digest.take().unwrap_or_else(|| self.plan_head());
        let Decided { digest, next, ahead } = &mut self.decided;
        let digest = digest.insert(head);
        while let Some(row) = self.rows.get(*next).filter(|row| !matches!(row.state, RowState::Unread { .. }))
        {
            if let (Some(decision), Some(customer)) = (ahead.remove(&row.number), row.customer) {
                add(digest, row.number, customer, decision);
            }
            *next += 1;
        }
    }

    fn plan_head(&self) -> Digest {
        let planned_by = self.opened.applies.as_ref().map_or(&self.id, |plan| &plan.run);
        head(planned_by, self.partner.as_ref().map(|partner| partner.tenant_id), self.opened.procedure)
    }
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

fn head(planned_by: &RunId, partner: Option<TenantId>, procedure: Procedure) -> Digest {
    let partner = partner.map(|id| id.to_string()).unwrap_or_default();
    let mut digest = Digest::default();
    digest.add(format!("offboard plan v1\n{planned_by}\n{partner}\n{procedure}\n"));
    digest
}

fn add(digest: &mut Digest, row: u32, customer: TenantId, decision: Sha256) {
    digest.add(format!("{row} {customer} {decision}\n"));
}
