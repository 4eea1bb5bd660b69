//! The part of the fold that is about the plan.

use super::{
    canonical::CanonicalError,
    changing::shrunk,
    decisions::{Approved, Confirmed, Judged, PlanSealed},
    opening::CustomersProtected,
    row::{Row, RowState},
    signs::Signs,
    state::{Run, Stage},
};
use crate::domain::{Outcome, Procedure, Time, is_taken_out};

impl Run {
    /// Which customers are never touched is known before any is.
    pub(super) fn protect(&mut self, list: &CustomersProtected) -> Result<(), String> {
        if self.stage != Stage::Judging || !self.rows.is_empty() || !self.policy.protected.is_empty() {
            return Err("which customers are protected is said once, before the list".to_owned());
        }
        self.policy.protected.clone_from(&list.customers);
        self.opened.policy.protected.clone_from(&list.customers);
        Ok(())
    }

    /// In the plan, once a row; after it was confirmed, only for a row that is ready: what is read
    /// then can take a customer out of the plan, and never put one in.
    pub(super) fn judged(&mut self, at: Time, judged: &Judged) -> Result<(), String> {
        let again = match self.stage {
            Stage::Judging => false,
            Stage::Confirmed => true,
            Stage::Planned | Stage::Sealed => return Err("the plan is sealed".to_owned()),
        };
        let name = self.called(judged.row, judged.name.as_deref())?;
        let row = self.row_mut(judged.row)?;
        row.begin(at);
        let mut decision = None;
        match (&row.state, again) {
            (RowState::Unread { .. }, false) => {
                let unwritable = |error: CanonicalError| error.to_string();
                decision = Some(judged.digest().map_err(unwritable)?);
                row.leave_to_service(judged.left_to_service().map_err(unwritable)?);
                row.set_first(judged.first.clone().into_boxed_slice());
            }
            (RowState::Judged { verdict: Outcome::Ready, .. }, true) => {
                if judged.verdict == Outcome::Ready {
                    row.set_first(shrunk(row.first(), &judged.first, |_| false)?);
                }
            }
            (RowState::Changing(_), true) => {
                let again = row.changing().map(|(changing, first)| changing.judged_again(judged, first));
                if let Some(first) = again.transpose()?.flatten() {
                    row.set_first(first);
                }
            }
            _ => return Err(format!("row {} is judged already", judged.row)),
        }
        row.name = name;
        if !matches!(row.state, RowState::Changing(_)) {
            row.state = RowState::Judged { verdict: judged.verdict, facts_at: judged.facts_at };
        }
        if !again {
            self.judged += 1;
            self.decided(judged.row, decision);
        }
        if judged.verdict == Outcome::Ready {
            self.signs.judged_ready();
        }
        Ok(())
    }

    /// A second person approved the plan of another run, which this one carries out.
    pub(super) fn approved(&mut self, approved: &Approved) -> Result<(), String> {
        if self.stage != Stage::Judging {
            return Err("the plan is sealed already".to_owned());
        }
        match &self.opened.applies {
            Some(applies) if applies.digest == approved.digest => {}
            Some(applies) => return Err(format!("the plan to carry out has the digest {}", applies.digest)),
            None => return Err("the run carries out no plan of another".to_owned()),
        }
        self.is_approved = true;
        Ok(())
    }

    pub(super) fn plan_sealed(&mut self, plan: &PlanSealed) -> Result<(), String> {
        if self.stage != Stage::Judging {
            return Err("the plan is sealed already".to_owned());
        }
        if let Some(row) = self.rows.iter().find(|row| matches!(row.state, RowState::Unread { .. })) {
            return Err(format!("row {} is not judged", row.number));
        }
        if plan.ready != self.ready() {
            return Err(format!("{} rows are ready", self.ready()));
        }
        if plan.digest != self.plan_digest() {
            return Err("its digest is not the digest of what was decided".to_owned());
        }
        if let Some(applies) = &self.opened.applies {
            if plan.digest != applies.digest {
                return Err(format!("the plan to carry out has the digest {}", applies.digest));
            }
            // Whatever was read for a plan is read again before anything is changed.
            for row in &mut self.rows {
                if let RowState::Judged { facts_at, .. } = &mut row.state
                    && !is_taken_out("facts-as-old-as-the-plan")
                {
                    *facts_at = Time::from_millis(0);
                }
            }
        }
        self.plan = Some(plan.clone());
        self.stage = Stage::Planned;
        Ok(())
    }

    /// Allows the plan, if it is the one on record and within its own limits.
    pub(super) fn confirmed(&mut self, confirmed: &Confirmed) -> Result<(), String> {
        let Some(plan) = &self.plan else { return Err("no plan is sealed".to_owned()) };
        if !self.awaits_consent() {
            return Err("the plan was confirmed already".to_owned());
        }
        if self.opened.procedure == Procedure::DeleteSandboxCustomer
            && (self.policy.sandbox.is_none()
                || self.policy.sandbox != self.partner.as_ref().map(|partner| partner.tenant_id))
        {
            return Err("the partner account is not the sandbox that was named".to_owned());
        }
        if plan.digest != confirmed.digest {
            return Err(format!("the plan on record has the digest {}", plan.digest));
        }
        if !plan.is_within(&self.policy) {
            return Err("the plan removes more than its limits allow".to_owned());
        }
        if plan.needs_approval(&self.policy)
            && !self.is_approved
            && !is_taken_out("confirmed-without-approval")
        {
            return Err("the plan needs the approval of a second person".to_owned());
        }
        self.stage = Stage::Confirmed;
        self.stopped_by_guard = None;
        self.signs = Signs::default();
        self.deal_waves();
        Ok(())
    }

    /// Whether somebody has to allow changes before any is sent: nobody has yet, or a guard stopped them
    /// since.
    pub fn awaits_consent(&self) -> bool {
        match self.stage {
            Stage::Planned => true,
            Stage::Confirmed => self.stopped_by_guard.is_some(),
            Stage::Judging | Stage::Sealed => false,
        }
    }

    /// How many rows are ready and not yet changed.
    pub fn ready(&self) -> u32 {
        let is_ready = |row: &&Row| matches!(row.state, RowState::Judged { verdict: Outcome::Ready, .. });
        u32::try_from(self.rows.iter().filter(is_ready).count()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{Sha256, TenantId},
        record::{
            Event, Record, plan_digest,
            samples::{opened, policy, record},
        },
    };
    use serde_json::json;

    const PLANNED_BY: &str = "20261120-091530-bbbbbb";

    /// A run that carries out a plan with one customer, up to the seal of the plan.
    fn up_to_the_plan(approval_above: u32, is_approved: bool) -> (Run, Sha256) {
        let customer: TenantId = "c0000000-0000-4000-8000-000000000001".parse().unwrap();
        let judged =
            json!({ "kind": "judged", "row": 1, "verdict": "ready", "facts_at": "2026-11-20T09:15:30.000Z" });
        let Event::Judged(decision) = record(&judged).event else { panic!("a judgement") };
        let decisions = [(1, customer, decision.digest().unwrap())];
        let digest =
            plan_digest(&PLANNED_BY.parse().unwrap(), None, Procedure::RemoveRelationship, decisions);
        let mut opened = opened(1);
        opened["policy"]["approval_above"] = json!(approval_above);
        opened["applies"] = json!({ "run": PLANNED_BY, "digest": digest });
        let mut run = Run::begin(&record(&opened)).unwrap();
        if is_approved {
            run.apply(
                1,
                &record(&json!({ "kind": "approved", "approver": "", "digest": digest, "note": "" })),
            )
            .unwrap();
        }
        run.apply(2, &record(&json!({ "kind": "row_read", "row": 1, "customer": customer, "cells": [] })))
            .unwrap();
        run.apply(3, &record(&judged)).unwrap();
        run.apply(4, &record(&json!({ "kind": "plan_sealed", "digest": digest, "ready": 1, "counted": 1 })))
            .unwrap();
        (run, digest)
    }

    #[test]
    fn a_plan_that_needs_an_approval_is_not_confirmed_without() {
        for (above, is_approved, is_legal) in [(0, false, false), (0, true, true), (1, false, true)] {
            let (mut run, digest) = up_to_the_plan(above, is_approved);
            let confirmed = record(&json!({ "kind": "confirmed", "by": "", "how": "yes", "digest": digest }));
            assert_eq!(run.apply(5, &confirmed).is_ok(), is_legal, "{above} {is_approved}");
        }
    }

    #[test]
    fn an_approval_is_of_the_plan_that_is_carried_out_and_comes_before_it() {
        let (mut run, digest) = up_to_the_plan(0, false);
        let late = record(&json!({ "kind": "approved", "approver": "", "digest": digest, "note": "" }));
        assert!(run.apply(5, &late).unwrap_err().why.contains("sealed already"));
        run.stage = Stage::Judging;
        let other =
            record(&json!({ "kind": "approved", "approver": "", "digest": "0".repeat(64), "note": "" }));
        assert!(run.apply(5, &other).unwrap_err().why.contains("has the digest"));
        run.opened.applies = None;
        assert!(run.apply(5, &late).unwrap_err().why.contains("carries out no plan"));
    }

    #[test]
    fn who_is_protected_stays_so_when_the_run_goes_on_and_stands_in_no_other_record() {
        let mut run = Run::begin(&record(&opened(1))).unwrap();
        let customer = "c0000000-0000-4000-8000-000000000001";
        let list = record(&json!({ "kind": "customers_protected", "customers": [customer] }));
        run.apply(1, &list).unwrap();
        assert!(run.apply(2, &list).unwrap_err().why.contains("is said once"));
        let mut faster = policy();
        (faster["rate"], faster["kind"]) = (json!(7), json!("resumed"));
        run.apply(3, &record(&faster)).unwrap();
        assert_eq!((run.policy.rate, run.policy.protected.len()), (7, 1));
        let event = crate::record::Event::Resumed(run.policy.clone());
        let bytes = Record { event, ..record(&faster) }.to_bytes().unwrap();
        assert!(!String::from_utf8(bytes).unwrap().contains(customer));
    }
}
