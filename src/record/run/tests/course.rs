//! A run whose records are made one after the other, each from little JSON.

use super::super::*;
use crate::{
    domain::{Effect, Procedure, TenantId},
    record::samples::{opened, record},
};
use serde_json::{Value, json};

/// When everything happens.
pub(super) const AT: &str = "2026-11-20T09:15:30.000Z";

pub(super) fn customer(row: u32) -> TenantId {
    TenantId::from_bytes([u8::try_from(row).unwrap(); 16])
}

/// A run with these fields of its policy, over so many rows.
pub(super) fn with_policy(rows: u32, policy: &Value) -> Value {
    let mut opened = opened(rows as usize);
    (opened["rules"], opened["policy"]["max_removals"]) = (json!(2), json!(1_000));
    let more = policy.as_object().unwrap().clone();
    opened["policy"].as_object_mut().unwrap().extend(more);
    opened
}

pub(super) fn read(row: u32) -> Value {
    json!({ "kind": "row_read", "row": row, "customer": customer(row), "name": "Listed", "cells": [] })
}

pub(super) fn judged(row: u32, verdict: &str) -> Value {
    json!({ "kind": "judged", "row": row, "verdict": verdict, "name": "Live", "facts_at": AT })
}

/// A row that is ready, once these subscriptions are suspended.
pub(super) fn ready_after(row: u32, suspended: &[&str]) -> Value {
    let one = |id: &&str| json!({ "what": Effect::SuspendSubscription, "id": id });
    let mut judged = judged(row, "ready");
    judged["first"] = suspended.iter().map(one).collect();
    judged
}

pub(super) fn settled(row: u32, outcome: &str) -> Value {
    json!({ "kind": "settled", "row": row, "outcome": outcome, "attempts": 0, "started_at": AT })
}

/// A row that failed, with what was suspended for it.
pub(super) fn fell(row: u32) -> Value {
    let mut failed = settled(row, "failed");
    failed["kind"] = json!("fell");
    failed
}

/// The intent of a request for this row.
pub(super) fn intent(row: Option<u32>, purpose: &str, about: Option<&str>) -> Value {
    let id = "5d0c0a4b-0000-4000-8000-000000000001";
    json!({ "kind": "request_intended", "row": row, "customer": row.map(customer), "about": about,
        "purpose": purpose, "attempt": 1, "method": "", "url": "", "request_id": id, "correlation_id": id,
        "headers": {} })
}

pub(super) fn removal(row: u32) -> Value {
    intent(Some(row), Effect::RemoveRelationship.as_str(), None)
}

pub(super) fn suspension(row: u32, id: &str) -> Value {
    intent(Some(row), Effect::SuspendSubscription.as_str(), Some(id))
}

pub(super) fn scheduling(id: &str) -> Value {
    intent(Some(1), Effect::ScheduleCancellation.as_str(), Some(id))
}

pub(super) fn answer(intent: Seq, row: u32, answer: &str) -> Value {
    json!({ "kind": "response_received", "intent": intent, "row": row, "status": 200, "answer": answer,
        "code": "C", "duration_ms": 1, "headers": {} })
}

pub(super) fn observed(row: u32, about: Option<&str>, seen: &str) -> Value {
    json!({ "kind": "observed", "row": row, "about": about, "seen": seen, "detail": "" })
}

pub(super) fn stopped(cause: &str) -> Value {
    json!({ "kind": "stopped", "cause": cause, "text": "Stop." })
}

/// The run so far.
pub(super) struct Course {
    pub(super) run: Run,
    next: Seq,
}

impl Course {
    pub(super) fn begun(opened: &Value) -> Self {
        Self { run: Run::begin(&record(opened)).unwrap(), next: 1 }
    }

    /// Every row is read, and the first of them are judged so; the rest is ready.
    pub(super) fn judged(opened: &Value, first: &[Value]) -> Self {
        let mut course = Self::begun(opened);
        let rows = course.run.opened.input.rows;
        (1..=rows).for_each(|row| _ = course.must(&read(row)));
        for (row, at) in (1..=rows).zip(0..) {
            course.must(&first.get(at).cloned().unwrap_or_else(|| judged(row, "ready")));
        }
        course
    }

    pub(super) fn planned(opened: &Value, first: &[Value]) -> Self {
        let mut course = Self::judged(opened, first);
        course.must(&course.plan());
        course
    }

    pub(super) fn confirmed(opened: &Value, first: &[Value]) -> Self {
        let mut course = Self::planned(opened, first);
        course.must(&course.confirmation());
        course
    }

    /// A run that schedules these subscriptions of one customer to end, each by itself.
    pub(super) fn scheduling(ids: &[&str]) -> Self {
        let mut opened = with_policy(1, &json!({}));
        opened["procedure"] = json!(Procedure::CancelAtTermEnd);
        let one = |id: &&str| json!({ "what": Effect::ScheduleCancellation, "id": id });
        let mut judged = judged(1, "ready");
        judged["first"] = ids.iter().map(one).collect();
        Self::confirmed(&opened, &[judged])
    }

    /// A run with these fields of its policy, over so many rows, in which row 1 failed after a suspension.
    pub(super) fn fallen(rows: u32, mut policy: Value) -> Self {
        policy["suspend_legacy"] = json!(true);
        let mut course = Self::confirmed(&with_policy(rows, &policy), &[ready_after(1, &["S"])]);
        course.sends(&suspension(1, "S"), "understood");
        course.must(&observed(1, Some("S"), "gone"));
        course.sends(&removal(1), "refused");
        course.must(&fell(1));
        course
    }

    /// The seal of the plan that was made.
    pub(super) fn plan(&self) -> Value {
        let (digest, ready) = (self.run.plan_digest(), self.run.ready());
        json!({ "kind": "plan_sealed", "digest": digest, "ready": ready, "counted": 1_000 })
    }

    pub(super) fn confirmation(&self) -> Value {
        json!({ "kind": "confirmed", "by": "", "how": "yes", "digest": self.run.plan_digest() })
    }

    fn take(&mut self, more: &Value) -> Result<Seq, String> {
        let seq = self.next;
        self.run.apply(seq, &record(more)).map_err(|illegal| illegal.why)?;
        self.next += 1;
        Ok(seq)
    }

    /// The next record, which is legal.
    pub(super) fn must(&mut self, more: &Value) -> Seq {
        self.take(more).unwrap_or_else(|why| panic!("{more}: {why}"))
    }

    /// What comes next is not legal, and why.
    pub(super) fn assert_illegal(&mut self, more: &Value, why: &str) {
        let said = self.clone_run().take(more).err();
        assert!(said.as_ref().is_some_and(|said| said.contains(why)), "{more}: {said:?}");
    }

    /// What comes next is legal if this holds; if it does not, why not.
    pub(super) fn must_if(&mut self, is_legal: bool, more: &Value, why: &str) {
        if is_legal {
            self.must(more);
        } else {
            self.assert_illegal(more, why);
        }
    }

    pub(super) fn clone_run(&self) -> Self {
        Self { run: self.run.clone(), next: self.next }
    }

    /// Sends what this asks for, and has it answered so.
    pub(super) fn sends(&mut self, intent: &Value, answered: &str) {
        let seq = self.must(intent);
        let row = u32::try_from(intent["row"].as_u64().unwrap()).unwrap();
        self.must(&answer(seq, row, answered));
    }

    /// The customer of this row is removed, and seen gone.
    pub(super) fn removes(&mut self, row: u32) {
        self.sends(&removal(row), "understood");
        self.must(&observed(row, None, "gone"));
        self.must(&settled(row, "removed"));
    }

    /// The customer of this row is refused.
    pub(super) fn fails(&mut self, row: u32) {
        self.sends(&removal(row), "refused");
        self.must(&settled(row, "failed"));
    }

    pub(super) fn changing(&self, row: u32) -> &Changing {
        match &self.run.row(row).unwrap().state {
            RowState::Changing(changing) => changing,
            state => panic!("{state:?}"),
        }
    }

    pub(super) fn last(&self, row: u32) -> &Change {
        self.changing(row).last().unwrap()
    }
}
