//! What a run's records add up to.

use super::{
    change::Change,
    changing::Changing,
    decided::Decided,
    decisions::PlanSealed,
    endings::{RunSealed, StopCause},
    kinds::{Event, Record},
    opening::{Partner, Policy, RowRead, RunOpened},
    row::{Row, RowState},
    signs::Signs,
    waves::Waves,
};
use crate::domain::{Answer, Outcome, Place, RunId, Seq, Texts, Time, is_taken_out};
use std::collections::{BTreeMap, BTreeSet};

/// For how many rows room is made at most, whatever the record that opens a run says of the length of its list.
const ROWS_AT_ONCE: usize = 1 << 17;

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
    /// Whether a second person approved what is carried out.
    pub is_approved: bool,
    /// How far it is.
    pub stage: Stage,
    /// Its rows, in the order of the list.
    pub rows: Vec<Row>,
    /// What its customers are called.
    pub(super) texts: Texts,
    /// What was decided about the rows.
    pub(super) decided: Decided,
    /// Intents that have no end yet, with their row, whether they are changes, and when they were made.
    pub open: BTreeMap<Seq, (Option<u32>, bool, Time)>,
    /// Intents whose end nobody knows, because the program died first.
    pub never_closed: Vec<Seq>,
    /// How many requests were sent, or were about to be.
    pub requests: u64,
    /// How many rows are judged or settled.
    pub judged: u32,
    /// Until when the service asked for patience.
    pub held_until: Option<Time>,
    /// Rows by outcome.
    pub counts: BTreeMap<Outcome, u32>,
    /// What the guards look at.
    pub signs: Signs,
    /// How many rows of each wave are open.
    pub(super) waves: Waves,
    /// Why a guard stopped the changes, if one did: nothing new is sent any more.
    pub stopped_by_guard: Option<String>,
    /// Rows whose removal Partner Center has on its own record.
    pub corroborated: BTreeSet<u32>,
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
            is_approved: false,
            stage: Stage::Judging,
            rows: Vec::new(),
            texts: Texts::default(),
            decided: Decided::default(),
            open: BTreeMap::new(),
            never_closed: Vec::new(),
            requests: 0,
            judged: 0,
            held_until: None,
            counts: BTreeMap::new(),
            signs: Signs::default(),
            waves: Waves::default(),
            stopped_by_guard: None,
            corroborated: BTreeSet::new(),
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
        self.transition(seq, record).map_err(|why| Illegal { seq, record: record.event.kind().label(), why })
    }

    fn transition(&mut self, seq: Seq, record: &Record) -> Result<(), String> {
        let at = record.at;
        if self.stage == Stage::Sealed && !record.event.kind().may_follow_the_seal() {
            return Err("the run is sealed".to_owned());
        }
        match &record.event {
            Event::RunOpened(_) => Err("the run is open already".to_owned()),
            Event::LogOpened(_) | Event::KeyIntroduced(_) | Event::LogVerified(_) | Event::LogExported(_) => {
                Err("it concerns the log as a whole, and no run".to_owned())
            }
            Event::CustomersProtected(list) => self.protect(list),
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
                let rules = self.opened.rules;
                let change = self.open_change(row)?;
                change.heard(response);
                change.answered(response.answer, rules, at);
                if change.was_agreed_to() && !is_taken_out("successes-count-only-when-seen") {
                    self.signs.accepted();
                }
                if response.answer == Answer::NotUnderstood {
                    self.signs.not_understood = row;
                }
                Ok(())
            }
            Event::RequestNotSent(failure) => {
                let (row, is_change, _) = self.close(failure.intent)?;
                if is_change {
                    let change = self.open_change(row)?;
                    change.told(&failure.error);
                    change.not_sent(at);
                }
                Ok(())
            }
            Event::OutcomeUnknown(failure) => {
                let (row, is_change, _) = self.close(failure.intent)?;
                if is_change {
                    let change = self.open_change(row)?;
                    change.told(&failure.error);
                    change.lost(at);
                }
                Ok(())
            }
            Event::Judged(judged) => self.judged(at, judged),
            Event::PlanSealed(plan) => self.plan_sealed(plan),
            Event::Approved(approved) => self.approved(approved),
            Event::Confirmed(confirmed) => self.confirmed(confirmed),
            Event::Observed(observed) => {
                let settle = self.policy.settle();
                let about = observed.about.as_deref();
                let looked_at = self.changing(Some(observed.row))?.about(about);
                let change =
                    looked_at.ok_or_else(|| format!("no such change of row {} was sent", observed.row))?;
                change.may_be_seen(observed.seen, at, settle)?;
                change.seen(observed.seen, at);
                Ok(())
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
                let mut protected = std::mem::take(&mut self.policy.protected);
                if is_taken_out("protected-until-the-first-stop") {
                    protected.clear();
                }
                self.policy = Policy { protected, ..policy.clone() };
                self.restarted(at);
                Ok(())
            }
            Event::Fell(settled) => self.row_fell(settled),
            Event::UndoDecided(decided) => self.undo_decided(decided),
            Event::Settled(settled) => self.row_settled(settled),
            Event::RunSealed(sealed) => self.run_sealed(sealed),
            Event::Resolved(resolved) => self.resolved(resolved),
            Event::Corroborated(corroborated) => self.corroborate(corroborated),
            Event::Reconciled(_) => self.require_seal(),
        }
    }

    fn row_read(&mut self, row: &RowRead) -> Result<(), String> {
        if self.stage != Stage::Judging {
            return Err("the plan is sealed".to_owned());
        }
        if self.rows.last().is_some_and(|last| last.number >= row.row) {
            return Err(format!("row {} was read already", row.row));
        }
        let [name, domain] = [&row.name, &row.domain].map(|text| self.keep(text.as_deref()));
        let mut read = Row::new(row.row, row.customer);
        (read.name, read.state) = (name?, RowState::Unread { domain: domain? });
        // Room that grows by doubling is there twice for a moment, and too much of it for ever.
        if self.rows.len() == self.rows.capacity() {
            let left = (self.opened.input.rows as usize).saturating_sub(self.rows.len());
            self.rows.reserve_exact(left.clamp(64, ROWS_AT_ONCE));
        }
        self.rows.push(read);
        Ok(())
    }

    /// Keeps a text for as long as the run is in memory.
    pub(super) fn keep(&mut self, text: Option<&str>) -> Result<Option<Place>, String> {
        let Some(text) = text else { return Ok(None) };
        let kept = self.texts.put(text).map(Some);
        kept.ok_or_else(|| "the list has more text than there is room for".to_owned())
    }

    /// What the list says of a customer that is not judged yet: its name and its domain.
    pub fn in_list(&self, row: &Row) -> (Option<&str>, Option<&str>) {
        let RowState::Unread { domain } = row.state else { return (None, None) };
        let text = |place| self.texts.at(place);
        (row.name.and_then(text), domain.and_then(text))
    }

    /// The customer's live name, once it was read.
    pub fn name(&self, row: &Row) -> Option<&str> {
        let place = row.name.filter(|_| !matches!(row.state, RowState::Unread { .. }))?;
        self.texts.at(place)
    }

    /// Where a customer's live name is kept: mostly, it is what the list says.
    pub(super) fn called(&mut self, row: u32, name: Option<&str>) -> Result<Option<Place>, String> {
        let known = self.row(row).and_then(|row| row.name);
        if name.is_some() && known.and_then(|place| self.texts.at(place)) == name {
            return Ok(known);
        }
        self.keep(name)
    }

    pub(super) fn row_mut(&mut self, number: u32) -> Result<&mut Row, String> {
        let found = self.rows.binary_search_by_key(&number, |row| row.number).ok();
        found.and_then(|i| self.rows.get_mut(i)).ok_or_else(|| format!("there is no row {number}"))
    }

    pub(super) fn changing(&mut self, row: Option<u32>) -> Result<&mut Changing, String> {
        let number = row.ok_or("a change belongs to a row")?;
        match &mut self.row_mut(number)?.state {
            RowState::Changing(changing) => Ok(changing),
            _ => Err(format!("no change of row {number} was sent")),
        }
    }

    /// The change of this row whose answer is awaited.
    pub(super) fn open_change(&mut self, row: Option<u32>) -> Result<&mut Change, String> {
        let open = self.changing(row)?.open();
        open.ok_or_else(|| "no change of this row is open".to_owned())
    }
}
