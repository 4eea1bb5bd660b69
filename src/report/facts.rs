//! What the log says of a run as a whole.

use super::{
    ReportError,
    traffic::{Cut, Pause, Traffic},
};
use crate::{
    audit::{Reader, RunLine},
    domain::{RunId, Seq, TenantId, Time},
    record::{
        Approved, Confirmed, Event, Kind, Partner, PlanSealed, Reconciled, Resolved, RunOpened, RunSealed,
        Stopped, TokenNamed,
    },
};
use std::collections::BTreeMap;

/// What the log says of a run as a whole; the rows are read one by one (`rows`).
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) id: RunId,
    /// `open`, `interrupted` or `sealed`.
    pub(super) state: String,
    pub(super) opened: RunOpened,
    pub(super) started_at: Time,
    pub(super) partner: Option<Partner>,
    pub(super) token: Option<TokenNamed>,
    pub(super) plan: Option<Plan>,
    pub(super) approved: Option<(Time, Approved)>,
    pub(super) confirmed: Option<(Time, Confirmed)>,
    /// Whoever goes on with a run that a guard stopped is asked again; what was said before.
    pub(super) confirmed_before: Vec<(Time, Confirmed)>,
    pub(super) stopped: Vec<(Time, Stopped)>,
    pub(super) resumed: Vec<Time>,
    pub(super) sealed: Option<(Time, RunSealed)>,
    /// What a person found out about rows that ended as unknown: the last word about each.
    pub(super) resolved: BTreeMap<u32, (Time, Resolved)>,
    /// Comparisons with Partner Center's own record, in order.
    pub(super) reconciled: Vec<(Time, Reconciled)>,
    /// What was sent, and how fast.
    pub(super) traffic: Traffic,
    /// The first signed head of the log that covers the end of the run.
    pub(super) checkpoint: Option<String>,
}

/// The plan, and what its digest covers beside the decisions.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) seq: Seq,
    pub(super) at: Time,
    pub(super) sealed: PlanSealed,
    pub(super) partner: Option<TenantId>,
}

impl Facts {
    pub(super) fn of(reader: &Reader, run: &RunLine) -> Result<Self, ReportError> {
        let id = run.run_id.clone();
        let missing = || ReportError::NoRun(id.clone());
        let kinds: Vec<Kind> = Kind::ALL
            .iter()
            .copied()
            .filter(|kind| kind.is_step() || *kind == Kind::CustomersProtected)
            .collect();
        let mut records = reader.events(&id, &kinds)?.into_iter();
        let (_, first) = records.next().ok_or_else(missing)?;
        let Event::RunOpened(opened) = first.event else { return Err(missing()) };
        let mut facts = Self {
            state: run.state.clone(),
            opened: *opened,
            started_at: first.at,
            partner: None,
            token: None,
            plan: None,
            approved: None,
            confirmed: None,
            confirmed_before: Vec::new(),
            stopped: Vec::new(),
            resumed: Vec::new(),
            sealed: None,
            resolved: BTreeMap::new(),
            reconciled: Vec::new(),
            traffic: Traffic::default(),
            checkpoint: None,
            id,
        };
        let mut cuts =
            vec![Cut { seq: 0, at: facts.started_at, after: Pause::None, rate: facts.opened.policy.rate }];
        for (seq, record) in records {
            let at = record.at;
            match record.event {
                Event::CustomersProtected(list) => facts.opened.policy.protected = list.customers,
                Event::TokenNamed(token) => facts.token = Some(token),
                Event::PartnerIdentified(partner) => facts.partner = Some(partner),
                Event::PlanSealed(sealed) => {
                    let partner = facts.partner.as_ref().map(|partner| partner.tenant_id);
                    facts.plan = Some(Plan { seq, at, sealed, partner });
                }
                Event::Approved(approved) => facts.approved = Some((at, *approved)),
                Event::Confirmed(confirmed) => {
                    cuts.push(Cut {
                        seq,
                        at,
                        after: Pause::Question,
                        rate: cuts.last().map_or(0, |cut| cut.rate),
                    });
                    facts.confirmed_before.extend(facts.confirmed.replace((at, confirmed)));
                }
                Event::Stopped(stopped) => facts.stopped.push((at, stopped)),
                Event::Resumed(policy) => {
                    cuts.push(Cut { seq, at, after: Pause::Stop, rate: policy.rate });
                    facts.resumed.push(at);
                }
                Event::RunSealed(sealed) => {
                    facts.sealed = Some((at, sealed));
                    facts.checkpoint = reader.head_over(seq)?;
                }
                Event::Reconciled(reconciled) => facts.reconciled.push((at, *reconciled)),
                Event::Resolved(resolved) => drop(facts.resolved.insert(resolved.row, (at, *resolved))),
                _ => {}
            }
        }
        facts.traffic = Traffic::of(reader, &facts.id, &cuts)?;
        Ok(facts)
    }

    pub(super) fn finished_at(&self) -> Option<Time> {
        self.sealed.as_ref().map(|(at, _)| *at)
    }

    pub(super) fn exit_code(&self) -> Option<u8> {
        self.sealed.as_ref().map(|(_, sealed)| sealed.exit_code)
    }
}
