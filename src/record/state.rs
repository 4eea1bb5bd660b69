//! What a run's records add up to.

use super::{
    change::{Change, ChangePhase},
    kinds::{
        Confirmed, Event, Judged, Partner, PlanSealed, Policy, Record, RequestIntended, RowRead, RunOpened,
        RunSealed, Settled, StopCause,
    },
};
use crate::domain::{Outcome, RunId, Seq, Sha256, TenantId, Time};
use std::collections::BTreeMap;

/// A record that does not follow from the records before it.
#[derive(Debug, thiserror::Error)]
#[error("record {seq} (`{record}`) is not legal here: {why}")]
pub struct Illegal {
    /// The record's place.
    pub seq: Seq,
    /// Its kind.
    pub record: &'static str,
    /// What it contradicts.
    pub why: String,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The list's rows are being read and judged.
    Judging,
    /// The plan is sealed; nobody has allowed it yet.
    Planned,
    /// The plan was allowed: changes may be sent.
    Confirmed,
    /// The run is over.
    Sealed,
}

/// One row of the list and what is known of it.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number in the list.
    pub number: u32,
    /// The customer, if the row names one.
    pub customer: Option<TenantId>,
    /// The customer's live name, once it was read.
    pub name: Option<Box<str>>,
    /// When the first record of its own was made, after it was read.
    pub started_at: Option<Time>,
    /// The digest of what was decided about it in the plan.
    pub decision: Option<Sha256>,
    /// How far it is.
    pub state: RowState,
}

/// How far a row is.
#[derive(Clone, Debug)]
pub enum RowState {
    /// Read from the list; what the list says of the customer's name and domain is kept until then.
    Unread(Box<(Option<String>, Option<String>)>),
    /// Judged; not yet changed or settled.
    Judged {
        /// `ready`, or how it ends without a change.
        verdict: Outcome,
        /// When the first of the facts was read.
        facts_at: Time,
    },
    /// A change was sent, or was about to be.
    Changing(Box<Change>),
    /// It has its outcome.
    Settled(Outcome),
}

/// A run: the fold over its records.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its name.
    pub id: RunId,
    /// When it began.
    pub started_at: Time,
    /// What it was opened with.
    pub opened: RunOpened,
    /// What the engine must obey now.
    pub policy: Policy,
    /// Whose customers these are.
    pub partner: Option<Partner>,
    /// What was decided.
    pub plan: Option<PlanSealed>,
    /// How far it is.
    pub stage: Stage,
    /// Its rows, in the order of the list.
    pub rows: Vec<Row>,
    /// Intents that have no end yet, with their row, whether they are changes, and when they were made.
    pub open: BTreeMap<Seq, (Option<u32>, bool, Time)>,
    /// Intents whose end nobody knows, because the program died first.
    pub never_closed: Vec<Seq>,
    /// How many rows are judged or settled.
    pub judged: u32,
    /// Until when the service asked for patience.
    pub held_until: Option<Time>,
    /// Rows by outcome.
    pub counts: BTreeMap<Outcome, u32>,
    /// How many customers, up to the latest, failed in a row.
    pub failures_in_a_row: u32,
    /// Why a guard stopped the changes, if one did: nothing new is sent any more.
    pub stopped_by_guard: Option<String>,
    /// The end, once there is one.
    pub sealed: Option<RunSealed>,
}

impl Run {
    /// Begins with the record that opened the run. None if the record is of another kind.
    pub fn begin(record: &Record) -> Option<Self> {
        let (Some(id), Event::RunOpened(opened)) = (&record.run, &record.event) else {
            return None;
        };
        Some(Self {
            id: id.clone(),
            started_at: record.at,
            policy: opened.policy.clone(),
            opened: (**opened).clone(),
            partner: None,
            plan: None,
            stage: Stage::Judging,
            rows: Vec::new(),
            open: BTreeMap::new(),
            never_closed: Vec::new(),
            judged: 0,
            held_until: None,
            counts: BTreeMap::new(),
            failures_in_a_row: 0,
            stopped_by_guard: None,
            sealed: None,
        })
    }

    /// The row with this number.
    pub fn row(&self, number: u32) -> Option<&Row> {
        self.rows.binary_search_by_key(&number, |row| row.number).ok().and_then(|i| self.rows.get(i))
    }

    /// How many rows have an outcome.
    pub fn settled(&self) -> u32 {
        self.counts.values().sum()
    }

    /// Takes the next record of this run. The only place where a transition is legal: a record that
    /// does not follow from those before it is an error and changes nothing that matters.
    pub fn apply(&mut self, seq: Seq, record: &Record) -> Result<(), Illegal> {
        if record.run.as_ref() != Some(&self.id) {
            return Ok(());
        }
        self.transition(seq, record).map_err(|why| Illegal { seq, record: label(&record.event), why })
    }

    fn transition(&mut self, seq: Seq, record: &Record) -> Result<(), String> {
        let at = record.at;
        if self.stage == Stage::Sealed && !matches!(record.event, Event::ReportWritten(_)) {
            return Err("the run is sealed".to_owned());
        }
        match &record.event {
            Event::LogOpened(_) | Event::RunOpened(_) => Err("the run is open already".to_owned()),
            Event::RowRead(row) => self.row_read(row),
            Event::PartnerIdentified(partner) => match &self.partner {
                Some(known) if known.tenant_id != partner.tenant_id => {
                    Err(format!("the run belongs to the partner account {}", known.tenant_id))
                }
                _ => {
                    self.partner = Some(partner.clone());
                    Ok(())
                }
            },
            Event::RequestIntended(intent) => self.intended(seq, at, intent),
            Event::ResponseReceived(response) => {
                let (row, is_change, _) = self.close(response.intent)?;
                if !is_change {
                    return Ok(());
                }
                let change = self.change(row)?;
                change.exchange.status = Some(response.status);
                change.exchange.code.clone_from(&response.code);
                change.exchange.text.clone_from(&response.text);
                change.answered(response.answer, at);
                Ok(())
            }
            Event::RequestNotSent(failure) => {
                let (row, is_change, _) = self.close(failure.intent)?;
                if is_change {
                    let change = self.change(row)?;
                    change.exchange.text = Some(failure.error.clone());
                    change.not_sent(at);
                }
                Ok(())
            }
            Event::OutcomeUnknown(failure) => {
                let (row, is_change, _) = self.close(failure.intent)?;
                if is_change {
                    let change = self.change(row)?;
                    change.exchange.text = Some(failure.error.clone());
                    change.lost(at);
                }
                Ok(())
            }
            Event::Judged(judged) => self.judged(at, judged),
            Event::PlanSealed(plan) => self.plan_sealed(plan),
            Event::Confirmed(confirmed) => self.confirmed(confirmed),
            Event::Observed(observed) => {
                let settle = self.policy.settle();
                self.change(Some(observed.row))?.observed(observed.seen, at, settle).map_err(str::to_owned)
            }
            Event::Held(held) => {
                self.held_until = self.held_until.max(Some(held.until));
                Ok(())
            }
            Event::Stopped(stopped) => {
                if stopped.cause == StopCause::Guard && self.stage == Stage::Confirmed {
                    self.stopped_by_guard = Some(stopped.text.clone());
                }
                Ok(())
            }
            Event::TokenNamed(_) | Event::ReportWritten(_) => Ok(()),
            Event::Resumed(policy) => {
                if !self.policy.differs_in_pace_only(policy) {
                    return Err("only the pace may change when a run goes on".to_owned());
                }
                self.policy = policy.clone();
                self.forget_answers(at);
                Ok(())
            }
            Event::Settled(settled) => self.row_settled(at, settled),
            Event::RunSealed(sealed) => self.run_sealed(sealed),
        }
    }

    fn row_read(&mut self, row: &RowRead) -> Result<(), String> {
        if self.stage != Stage::Judging {
            return Err("the plan is sealed".to_owned());
        }
        if self.rows.last().is_some_and(|last| last.number >= row.row) {
            return Err(format!("row {} was read already", row.row));
        }
        self.rows.push(Row {
            number: row.row,
            customer: row.customer,
            name: None,
            started_at: None,
            decision: None,
            state: RowState::Unread(Box::new((row.name.clone(), row.domain.clone()))),
        });
        Ok(())
    }

    fn intended(&mut self, seq: Seq, at: Time, intent: &RequestIntended) -> Result<(), String> {
        let is_change = intent.purpose.is_change();
        if is_change {
            self.may_change(intent)?;
        }
        if let Some(number) = intent.row {
            let row = self.row_mut(number)?;
            row.started_at.get_or_insert(at);
            match &mut row.state {
                RowState::Settled(outcome) => return Err(format!("row {number} is settled as {outcome}")),
                RowState::Changing(change) if is_change => {
                    change.may_send_again(intent.request_id)?;
                    change.send_again(intent.request_id, intent.correlation_id, seq, at);
                }
                // Once the relationship is known to be gone, nothing is sent to the customer.
                RowState::Changing(change) if matches!(change.phase, ChangePhase::Gone { .. }) => {
                    return Err(format!("the relationship of row {number} is known to be gone"));
                }
                state if is_change => {
                    let change = Change::first(intent.request_id, intent.correlation_id, seq, at);
                    *state = RowState::Changing(Box::new(change));
                }
                _ => {}
            }
        }
        self.open.insert(seq, (intent.row, is_change, at));
        Ok(())
    }

    fn may_change(&self, intent: &RequestIntended) -> Result<(), String> {
        if self.stopped_by_guard.is_some() {
            return Err("a guard stopped the changes".to_owned());
        }
        if self.stage != Stage::Confirmed || !self.opened.changes {
            return Err("nobody has allowed changes".to_owned());
        }
        let number = intent.row.ok_or("a change belongs to a row")?;
        let row = self.row(number).ok_or_else(|| format!("there is no row {number}"))?;
        if row.customer.is_none() || row.customer != intent.customer {
            return Err(format!("row {number} names another customer"));
        }
        match &row.state {
            RowState::Judged { verdict: Outcome::Ready, .. } | RowState::Changing(_) => Ok(()),
            _ => Err(format!("the plan does not call row {number} ready")),
        }
    }

    fn close(&mut self, intent: Seq) -> Result<(Option<u32>, bool, Time), String> {
        self.open.remove(&intent).ok_or_else(|| format!("the intent {intent} is not open"))
    }

    /// In the plan, once a row; after it was confirmed, only for a row that is ready: what is read
    /// then can take a customer out of the plan, and never put one in.
    fn judged(&mut self, at: Time, judged: &Judged) -> Result<(), String> {
        let again = match self.stage {
            Stage::Judging => false,
            Stage::Confirmed => true,
            Stage::Planned | Stage::Sealed => return Err("the plan is sealed".to_owned()),
        };
        let row = self.row_mut(judged.row)?;
        row.started_at.get_or_insert(at);
        match (&row.state, again) {
            (RowState::Unread(_), false) => {
                row.decision = Some(judged.digest().map_err(|error| error.to_string())?);
            }
            (RowState::Judged { verdict: Outcome::Ready, .. }, true) => {}
            _ => return Err(format!("row {} is judged already", judged.row)),
        }
        row.name = judged.name.as_deref().map(Box::from);
        row.state = RowState::Judged { verdict: judged.verdict, facts_at: judged.facts_at };
        self.judged += u32::from(!again);
        if judged.verdict == Outcome::Ready {
            self.failures_in_a_row = 0;
        }
        Ok(())
    }

    /// The digest over everything that was decided: the run, the partner, the procedure, and each
    /// row's customer and decision in the order of the list. `plan.json` says how to compute it again.
    pub fn plan_digest(&self) -> Sha256 {
        let partner = self.partner.as_ref().map(|partner| partner.tenant_id.to_string()).unwrap_or_default();
        let mut text = format!("offboard plan v1\n{}\n{partner}\n{}\n", self.id, self.opened.procedure);
        for row in &self.rows {
            if let (Some(customer), Some(decision)) = (row.customer, row.decision) {
                text.push_str(&format!("{} {customer} {decision}\n", row.number));
            }
        }
        Sha256::of(&[text.as_bytes()])
    }

    fn plan_sealed(&mut self, plan: &PlanSealed) -> Result<(), String> {
        if self.stage != Stage::Judging {
            return Err("the plan is sealed already".to_owned());
        }
        if let Some(row) = self.rows.iter().find(|row| matches!(row.state, RowState::Unread(_))) {
            return Err(format!("row {} is not judged", row.number));
        }
        if plan.ready != self.ready() {
            return Err(format!("{} rows are ready", self.ready()));
        }
        if plan.digest != self.plan_digest() {
            return Err("its digest is not the digest of what was decided".to_owned());
        }
        self.plan = Some(plan.clone());
        self.stage = Stage::Planned;
        Ok(())
    }

    /// Allows the plan, if it is the one on record and within its own limits.
    fn confirmed(&mut self, confirmed: &Confirmed) -> Result<(), String> {
        let Some(plan) = &self.plan else { return Err("no plan is sealed".to_owned()) };
        if self.stage != Stage::Planned {
            return Err("the plan was confirmed already".to_owned());
        }
        if plan.digest != confirmed.digest {
            return Err(format!("the plan on record has the digest {}", plan.digest));
        }
        if !plan.is_within(&self.policy) {
            return Err("the plan removes more than its limits allow".to_owned());
        }
        self.stage = Stage::Confirmed;
        Ok(())
    }

    /// How many rows are ready and not yet changed.
    pub fn ready(&self) -> u32 {
        let is_ready = |row: &&Row| matches!(row.state, RowState::Judged { verdict: Outcome::Ready, .. });
        u32::try_from(self.rows.iter().filter(is_ready).count()).unwrap_or(u32::MAX)
    }

    fn row_settled(&mut self, at: Time, settled: &Settled) -> Result<(), String> {
        let (changes, outcome) = (self.opened.changes, settled.outcome);
        let row = self.row_mut(settled.row)?;
        let may_end = match &row.state {
            RowState::Settled(outcome) => return Err(format!("row {} is settled as {outcome}", settled.row)),
            RowState::Unread(_) => {
                matches!(outcome, Outcome::Rejected | Outcome::Skipped | Outcome::NotAttempted)
            }
            RowState::Judged { verdict: Outcome::Ready, .. } => match outcome {
                Outcome::Ready => !changes,
                outcome => outcome == Outcome::NotAttempted,
            },
            RowState::Judged { verdict, .. } => outcome == *verdict,
            RowState::Changing(change) => change.may_end_as(outcome),
        };
        if !may_end {
            return Err(format!("row {} cannot end as {outcome} from where it is", settled.row));
        }
        let is_first_word = matches!(row.state, RowState::Unread(_));
        row.started_at.get_or_insert(at);
        row.state = RowState::Settled(outcome);
        self.judged += u32::from(is_first_word);
        *self.counts.entry(outcome).or_default() += 1;
        match outcome {
            Outcome::Failed | Outcome::Unknown => self.failures_in_a_row += 1,
            Outcome::NotAttempted => {}
            _ => self.failures_in_a_row = 0,
        }
        Ok(())
    }

    fn run_sealed(&mut self, sealed: &RunSealed) -> Result<(), String> {
        if sealed.counts != self.counts || self.settled() != self.opened.input.rows {
            return Err(format!(
                "{} rows are settled of the {} that the list has",
                self.settled(),
                self.opened.input.rows
            ));
        }
        if sealed.open_intents != self.open_intents() {
            return Err("it does not list the open intents".to_owned());
        }
        self.stage = Stage::Sealed;
        self.sealed = Some(sealed.clone());
        Ok(())
    }

    /// Every intent without an end.
    pub fn open_intents(&self) -> Vec<Seq> {
        let mut all: Vec<Seq> = self.never_closed.iter().chain(self.open.keys()).copied().collect();
        all.sort_unstable();
        all
    }

    /// The program died and was started again: whatever was on its way then counts as sent.
    fn forget_answers(&mut self, now: Time) {
        for (intent, (number, is_change, _)) in std::mem::take(&mut self.open) {
            self.never_closed.push(intent);
            if !is_change {
                continue;
            }
            if let Ok(change) = self.change(number)
                && matches!(change.phase, ChangePhase::Open { intent: open, .. } if open == intent)
            {
                change.exchange.text = Some("the program ended before the answer was recorded".to_owned());
                change.lost(now);
            }
        }
    }

    fn row_mut(&mut self, number: u32) -> Result<&mut Row, String> {
        let found = self.rows.binary_search_by_key(&number, |row| row.number).ok();
        found.and_then(|i| self.rows.get_mut(i)).ok_or_else(|| format!("there is no row {number}"))
    }

    fn change(&mut self, row: Option<u32>) -> Result<&mut Change, String> {
        let number = row.ok_or("a change belongs to a row")?;
        match &mut self.row_mut(number)?.state {
            RowState::Changing(change) => Ok(change),
            _ => Err(format!("no change of row {number} was sent")),
        }
    }
}

fn label(event: &Event) -> &'static str {
    match event {
        Event::LogOpened(_) => "log_opened",
        Event::RunOpened(_) => "run_opened",
        Event::RowRead(_) => "row_read",
        Event::TokenNamed(_) => "token_named",
        Event::PartnerIdentified(_) => "partner_identified",
        Event::RequestIntended(_) => "request_intended",
        Event::ResponseReceived(_) => "response_received",
        Event::RequestNotSent(_) => "request_not_sent",
        Event::OutcomeUnknown(_) => "outcome_unknown",
        Event::Judged(_) => "judged",
        Event::PlanSealed(_) => "plan_sealed",
        Event::Confirmed(_) => "confirmed",
        Event::Observed(_) => "observed",
        Event::Held(_) => "held",
        Event::Stopped(_) => "stopped",
        Event::Resumed(_) => "resumed",
        Event::Settled(_) => "settled",
        Event::RunSealed(_) => "run_sealed",
        Event::ReportWritten(_) => "report_written",
    }
}
