use super::super::*;
use crate::{
    domain::{Procedure, TenantId},
    record::{
        plan_digest,
        samples::{opened, record},
    },
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
