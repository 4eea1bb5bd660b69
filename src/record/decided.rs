//! The digest of a plan, while its rows are decided.

use super::{
    row::{Row, RowState},
    state::Run,
};
use crate::domain::{Digest, Procedure, RunId, Sha256, TenantId, is_taken_out};
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
        let is_read = |row: &&Row| !matches!(row.state, RowState::Unread { .. });
        while let Some(row) =
            self.rows.get(*next).filter(|row| is_read(row) || is_taken_out("a-decision-is-passed-over"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{
        Event,
        samples::{opened, record},
    };
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn customer(row: u32) -> TenantId {
        TenantId::from_bytes([u8::try_from(row).unwrap(); 16])
    }

    fn judged(row: u32) -> Value {
        json!({ "kind": "judged", "row": row, "verdict": "ready", "facts_at": "2026-11-20T09:15:30.000Z" })
    }

    fn decision(row: u32) -> Sha256 {
        let Event::Judged(judged) = record(&judged(row)).event else { panic!("a judgement") };
        judged.digest().unwrap()
    }

    /// Rows in the order in which they are decided, and whether by a judgement, or by an end without one.
    fn happenings() -> impl Strategy<Value = Vec<(u32, bool)>> {
        prop::collection::vec(any::<bool>(), 1..12)
            .prop_map(|judged| (1..).zip(judged).collect::<Vec<_>>())
            .prop_shuffle()
    }

    proptest! {
        /// Whatever order the decisions come in, and whenever it is known whose customers they are, the digest is
        /// that of the decisions so far in the order of the list.
        #[test]
        fn the_digest_does_not_depend_on_the_order_of_decisions(happenings in happenings(), known_after in 0_usize..12) {
            let mut run = Run::begin(&record(&opened(happenings.len()))).unwrap();
            for row in (1..).take(happenings.len()) {
                let read = json!({ "kind": "row_read", "row": row, "customer": customer(row), "cells": [] });
                run.apply(u64::from(row), &record(&read)).unwrap();
            }
            let partner = TenantId::from_bytes([0xee; 16]);
            let mut decided = BTreeMap::new();
            for (seq, (before, (row, is_judged))) in (100..).step_by(2).zip(happenings.iter().enumerate()) {
                if before == known_after {
                    let identified =
                        json!({ "kind": "partner_identified", "tenant_id": partner, "name": "", "basis": 0 });
                    run.apply(seq, &record(&identified)).unwrap();
                }
                let happens = if *is_judged {
                    decided.insert(*row, (*row, customer(*row), decision(*row)));
                    judged(*row)
                } else {
                    json!({ "kind": "settled", "row": row, "outcome": "skipped", "attempts": 0,
                        "started_at": "2026-11-20T09:15:30.000Z" })
                };
                run.apply(seq + 1, &record(&happens)).unwrap();
                let of_whom = run.partner.as_ref().map(|partner| partner.tenant_id);
                let expected =
                    plan_digest(&run.id, of_whom, Procedure::RemoveRelationship, decided.values().copied());
                prop_assert_eq!(run.plan_digest(), expected, "after row {}", row);
            }
        }
    }
}
