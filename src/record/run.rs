//! What a run's records add up to.

use super::{
    canonical::CanonicalError,
    change::{Change, ChangePhase},
    changing::{Changing, shrunk},
    corroboration::Corroborated,
    decided::plan_digest,
    decisions::{Approved, Confirmed, Judged, Observed, PlanSealed, TransfersNotRead},
    endings::{Resolved, RunSealed, Settled, StopCause, UndoDecided},
    failure_history::FailureHistory,
    kinds::{Event, Record},
    opening::{CustomersProtected, Partner, Policy, RowRead, RunOpened},
    requests::{NotSent, OutcomeUnknown, RequestIntended, ResponseReceived},
    row::{Row, RowState},
    waves::{LAST, SECOND, Waves},
};
use crate::domain::{AdminLeftCount, Answer, Outcome, Preparation, RunId, Seq, Sha256, Time, is_taken_out};
use std::collections::{BTreeMap, BTreeSet};

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
    /// Intents that have no end yet, with their row, whether they are changes, and when they were made.
    pub open: BTreeMap<Seq, (Option<u32>, bool, Time)>,
    /// Intents whose end nobody knows, because the program died first.
    pub never_closed: Vec<Seq>,
    /// The customers whose transfers could not be read for the plan.
    pub transfers_not_read: TransfersNotRead,
    /// How many requests were sent, or were about to be.
    pub requests: u64,
    /// How many rows are judged or settled.
    pub judged: u32,
    /// Until when the service asked for patience.
    pub held_until: Option<Time>,
    /// Rows by outcome.
    pub counts: BTreeMap<Outcome, u32>,
    /// What the guards look at.
    pub failures: FailureHistory,
    /// How many rows of each wave are open.
    waves: Waves,
    /// Why a guard stopped the changes, if one did: nothing new is sent any more.
    pub stopped_by_guard: Option<String>,
    /// What the plan knows of the delegated administration that stays.
    pub admin_left: AdminLeftCount,
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
            open: BTreeMap::new(),
            never_closed: Vec::new(),
            transfers_not_read: TransfersNotRead::default(),
            requests: 0,
            judged: 0,
            held_until: None,
            counts: BTreeMap::new(),
            failures: FailureHistory::default(),
            waves: Waves::default(),
            stopped_by_guard: None,
            admin_left: AdminLeftCount::default(),
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
            Event::LogOpened(_)
            | Event::KeyIntroduced(_)
            | Event::LogVerified(_)
            | Event::LogExported(_)
            | Event::CustomerRefreshed(_)
            | Event::ProgrammeRefreshed(_) => Err("it concerns the log as a whole, and no run".to_owned()),
            Event::CustomersProtected(list) => self.protect(list),
            Event::RowRead(row) => self.row_read(row),
            Event::PartnerIdentified(partner) => self.partner_identified(partner),
            Event::RequestIntended(intent) => self.intended(seq, at, intent),
            Event::ResponseReceived(response) => self.answered(at, response),
            Event::RequestNotSent(NotSent { intent, error, .. }) => {
                self.unanswered(*intent, error, |change| change.not_sent(at))
            }
            Event::OutcomeUnknown(OutcomeUnknown { intent, error, .. }) => {
                self.unanswered(*intent, error, |change| change.lost(at))
            }
            Event::Judged(judged) => self.judged(at, judged),
            Event::PlanSealed(plan) => self.plan_sealed(plan),
            Event::Approved(approved) => self.approved(approved),
            Event::Confirmed(confirmed) => self.confirmed(confirmed),
            Event::Observed(observed) => self.observed(at, observed),
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
            Event::Resumed(policy) => self.resumed(at, policy),
            Event::FailedAfterPreparation(settled) => self.row_failed_after_preparation(settled),
            Event::UndoDecided(decided) => self.undo_decided(decided),
            Event::Settled(settled) => self.row_settled(settled),
            Event::RunSealed(sealed) => self.run_sealed(sealed),
            Event::Resolved(resolved) => self.resolved(resolved),
            Event::Corroborated(corroborated) => self.corroborate(corroborated),
            Event::Reconciled(_) => self.require_seal(),
        }
    }

    fn partner_identified(&mut self, partner: &Partner) -> Result<(), String> {
        match &self.partner {
            Some(known) if known.tenant_id != partner.tenant_id => {
                Err(format!("the run belongs to the partner account {}", known.tenant_id))
            }
            _ => {
                self.partner = Some(partner.clone());
                Ok(())
            }
        }
    }

    fn answered(&mut self, at: Time, response: &ResponseReceived) -> Result<(), String> {
        let (row, is_change, _) = self.close(response.intent)?;
        if !is_change {
            return Ok(());
        }
        let rules = self.opened.rules;
        let change = self.open_change(row)?;
        change.heard(response);
        change.answered(response.answer, rules, at);
        if change.was_agreed_to() && !is_taken_out("successes-count-only-when-seen") {
            self.failures.accepted();
        }
        if response.answer == Answer::NotUnderstood {
            self.failures.not_understood = row;
        }
        Ok(())
    }

    fn unanswered(&mut self, intent: Seq, error: &str, end: impl FnOnce(&mut Change)) -> Result<(), String> {
        let (row, is_change, _) = self.close(intent)?;
        if is_change {
            let change = self.open_change(row)?;
            change.told(error);
            end(change);
        }
        Ok(())
    }

    fn observed(&mut self, at: Time, observed: &Observed) -> Result<(), String> {
        let settle = self.policy.settle();
        let looked_at = self.changing(Some(observed.row))?.about(observed.about.as_deref());
        let change = looked_at.ok_or_else(|| format!("no such change of row {} was sent", observed.row))?;
        change.may_be_seen(observed.seen, at, settle)?;
        change.looked_at(observed.seen, observed.instead, at);
        Ok(())
    }

    fn resumed(&mut self, at: Time, policy: &Policy) -> Result<(), String> {
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

    fn row_read(&mut self, row: &RowRead) -> Result<(), String> {
        if self.stage != Stage::Judging {
            return Err("the plan is sealed".to_owned());
        }
        if self.rows.last().is_some_and(|last| last.number >= row.row) {
            return Err(format!("row {} was read already", row.row));
        }
        let boxed = |text: &Option<String>| text.as_deref().map(Into::into);
        let mut read = Row::new(row.row, row.customer);
        (read.name, read.state) = (boxed(&row.name), RowState::Unread { domain: boxed(&row.domain) });
        self.rows.push(read);
        Ok(())
    }

    fn row_mut(&mut self, number: u32) -> Result<&mut Row, String> {
        let found = self.rows.binary_search_by_key(&number, |row| row.number).ok();
        found.and_then(|i| self.rows.get_mut(i)).ok_or_else(|| format!("there is no row {number}"))
    }

    fn changing(&mut self, row: Option<u32>) -> Result<&mut Changing, String> {
        let number = row.ok_or("a change belongs to a row")?;
        match &mut self.row_mut(number)?.state {
            RowState::Changing(changing) => Ok(changing),
            _ => Err(format!("no change of row {number} was sent")),
        }
    }

    /// The change of this row whose answer is awaited.
    fn open_change(&mut self, row: Option<u32>) -> Result<&mut Change, String> {
        let open = self.changing(row)?.open();
        open.ok_or_else(|| "no change of this row is open".to_owned())
    }

    // What is decided, and who allowed it.

    /// Which customers are never touched is known before any is.
    fn protect(&mut self, list: &CustomersProtected) -> Result<(), String> {
        if self.stage != Stage::Judging || !self.rows.is_empty() || !self.policy.protected.is_empty() {
            return Err("which customers are protected is said once, before the list".to_owned());
        }
        self.policy.protected.clone_from(&list.customers);
        self.opened.policy.protected.clone_from(&list.customers);
        Ok(())
    }

    /// In the plan, once a row; after it was confirmed, only for a row that is ready: what is read
    /// then can take a customer out of the plan, and never put one in.
    fn judged(&mut self, at: Time, judged: &Judged) -> Result<(), String> {
        let again = match self.stage {
            Stage::Judging => false,
            Stage::Confirmed => true,
            Stage::Planned | Stage::Sealed => return Err("the plan is sealed".to_owned()),
        };
        let facts = self.opened.procedure.facts();
        let is_foreign =
            |one: &&Preparation| !facts.first.contains(&one.what) && !facts.optional.contains(&one.what);
        if let Some(one) = judged.first.iter().find(is_foreign) {
            return Err(format!("the procedure {} does not begin with: {}", facts.name, one.in_words()));
        }
        let procedure = self.opened.procedure;
        if !judged.left_out.is_empty() && !procedure.is_each_by_itself() {
            return Err(format!("the procedure {procedure} leaves nothing out"));
        }
        let row = self.row_mut(judged.row)?;
        row.started_at.get_or_insert(at);
        match (&row.state, again) {
            (RowState::Unread { .. }, false) => {
                let unwritable = |error: CanonicalError| error.to_string();
                row.decision = Some(judged.digest().map_err(unwritable)?);
                row.left_to_service = judged.left_to_service().map_err(unwritable)?;
                row.first = judged.first.clone().into();
                row.planned_failure = judged.left_out.clone().into();
                row.without_transfers = judged.transfers_not_read.is_some();
            }
            (RowState::Judged { verdict: Outcome::Ready, .. }, true) => {
                if judged.verdict == Outcome::Ready {
                    row.first = shrunk(&row.first, &judged.first, |_| false)?;
                }
            }
            (RowState::Changing(_), true) => {
                let again =
                    row.changing().map(|(changing, first)| changing.judged_again(judged, (procedure, first)));
                if let Some(first) = again.transpose()?.flatten() {
                    row.first = first;
                }
            }
            _ => return Err(format!("row {} is judged already", judged.row)),
        }
        if judged.verdict == Outcome::Ready {
            row.left_out = judged.left_out.clone().into();
        }
        row.name = judged.name.as_deref().map(Into::into);
        row.reseller = judged.reseller.clone().map(Box::new);
        if !matches!(row.state, RowState::Changing(_)) {
            row.state = RowState::Judged { verdict: judged.verdict, facts_at: judged.facts_at };
        }
        if !again {
            self.judged += 1;
            judged.admin_left.iter().for_each(|left| self.admin_left.add(left));
            self.transfers_not_read.take(judged);
        }
        if judged.verdict == Outcome::Ready {
            self.failures.judged_ready();
        }
        Ok(())
    }

    /// A second person approved the plan of another run, which this one carries out.
    fn approved(&mut self, approved: &Approved) -> Result<(), String> {
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

    fn plan_sealed(&mut self, plan: &PlanSealed) -> Result<(), String> {
        if self.stage != Stage::Judging {
            return Err("the plan is sealed already".to_owned());
        }
        if let Some(row) = self.rows.iter().find(|row| matches!(row.state, RowState::Unread { .. })) {
            return Err(format!("row {} is not judged", row.number));
        }
        if plan.ready != self.ready() {
            return Err(format!("{} rows are ready", self.ready()));
        }
        if self.policy.limit.is_some_and(|limit| plan.ready > limit) {
            return Err("more are ready than were asked for".to_owned());
        }
        if plan.digest != self.plan_digest() {
            return Err("its digest is not the digest of what was decided".to_owned());
        }
        if let Some(applies) = &self.opened.applies
            && plan.digest != applies.digest
        {
            return Err(format!("the plan to carry out has the digest {}", applies.digest));
        }
        let is_carried_out = self.opened.applies.is_some() && !is_taken_out("facts-as-old-as-the-plan");
        let were_read =
            self.transfers_not_read.others_were_read() && !is_taken_out("transfers-that-one-hides");
        for row in &mut self.rows {
            // Whatever was read for a plan is read again before anything is changed. So is whoever's transfers could not be
            // read, if those of another could after all: then it is for want of no right.
            if let RowState::Judged { facts_at, .. } = &mut row.state
                && (is_carried_out || row.without_transfers && were_read)
            {
                *facts_at = Time::from_millis(0);
            }
        }
        self.plan = Some(plan.clone());
        self.stage = Stage::Planned;
        Ok(())
    }

    /// Allows the plan, if it is the one on record and within its own limits.
    fn confirmed(&mut self, confirmed: &Confirmed) -> Result<(), String> {
        let Some(plan) = &self.plan else { return Err("no plan is sealed".to_owned()) };
        if !self.awaits_consent() {
            return Err("the plan was confirmed already".to_owned());
        }
        if self.opened.procedure.is_for_sandbox()
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
        self.failures = FailureHistory::default();
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

    // Requests.

    fn intended(&mut self, seq: Seq, at: Time, intent: &RequestIntended) -> Result<(), String> {
        let is_change = intent.purpose.is_change();
        if is_change {
            self.may_change(intent)?;
        }
        let (rules, procedure) = (self.opened.rules, self.opened.procedure);
        if let Some(number) = intent.row {
            let row = self.row_mut(number)?;
            row.started_at.get_or_insert(at);
            match &row.state {
                RowState::Settled(outcome) => return Err(format!("row {number} is settled as {outcome}")),
                // Once the relationship is known to be gone, nothing is sent to the customer.
                RowState::Changing(changing) if changing.is_gone() => {
                    return Err(format!("the relationship of row {number} is known to be gone"));
                }
                RowState::Changing(_) if is_change => {
                    if let Some((changing, first)) = row.changing() {
                        changing.send(intent, (procedure, first), rules, (seq, at))?;
                    }
                }
                RowState::Judged { verdict, facts_at } if is_change => {
                    let (verdict, facts_at) = (*verdict, *facts_at);
                    let mut changing = Changing::new(verdict, facts_at);
                    changing.send(intent, (procedure, &row.first), rules, (seq, at))?;
                    row.state = RowState::Changing(Box::new(changing));
                }
                _ => {}
            }
        }
        self.requests += 1;
        self.open.insert(seq, (intent.row, is_change, at));
        Ok(())
    }

    fn may_change(&self, intent: &RequestIntended) -> Result<(), String> {
        let takes_back = intent.purpose.is_reversal();
        if self.stopped_by_guard.is_some() && !takes_back {
            return Err("a guard stopped the changes".to_owned());
        }
        if self.stage != Stage::Confirmed || !self.opened.changes {
            return Err("nobody has allowed changes".to_owned());
        }
        let procedure = self.opened.procedure;
        if !intent.purpose.effect().is_some_and(|effect| procedure.sends(effect)) {
            return Err(format!("the procedure {procedure} sends no such change"));
        }
        let number = intent.row.ok_or("a change belongs to a row")?;
        let row = self.row(number).ok_or_else(|| format!("there is no row {number}"))?;
        if row.customer.is_none() || row.customer != intent.customer {
            return Err(format!("row {number} names another customer"));
        }
        if !takes_back && !self.is_its_turn(row) {
            return Err(format!("row {number} is not of the current wave"));
        }
        match &row.state {
            RowState::Judged { verdict: Outcome::Ready, .. } | RowState::Changing(_) => Ok(()),
            _ => Err(format!("the plan does not call row {number} ready")),
        }
    }

    fn close(&mut self, intent: Seq) -> Result<(Option<u32>, bool, Time), String> {
        self.open.remove(&intent).ok_or_else(|| format!("the intent {intent} is not open"))
    }

    // Ends.

    /// Lets go of the rows: the records say what became of each, and the counts what they add up to. For when
    /// nothing more is decided or sent, and whatever comes next needs the room.
    pub fn let_go_of_rows(&mut self) {
        self.rows = Vec::new();
    }

    fn row_settled(&mut self, settled: &Settled) -> Result<(), String> {
        let (changes, outcome, procedure) = (self.opened.changes, settled.outcome, self.opened.procedure);
        let row = self.row_mut(settled.row)?;
        let may_end = match &row.state {
            RowState::Settled(outcome) => return Err(format!("row {} is settled as {outcome}", settled.row)),
            RowState::Unread { .. } => {
                matches!(outcome, Outcome::Rejected | Outcome::Skipped | Outcome::NotAttempted)
            }
            RowState::Judged { verdict: Outcome::Ready, .. } => match outcome {
                Outcome::Ready => !changes,
                outcome => outcome == Outcome::NotAttempted,
            },
            RowState::Judged { verdict, .. } => outcome == *verdict,
            RowState::Changing(changing) if procedure.is_each_by_itself() => {
                let is_its_own = !matches!(outcome, Outcome::Done(other) if other != procedure);
                is_its_own && changing.may_end_each_as(outcome, &row.first, row.left_out.is_empty())
            }
            RowState::Changing(changing) => changing.may_end_as(outcome),
        };
        if !may_end {
            return Err(format!("row {} cannot end as {outcome} from where it is", settled.row));
        }
        let was_accepted = matches!(&row.state, RowState::Changing(changing) if changing.was_accepted());
        let is_first_word = matches!(row.state, RowState::Unread { .. });
        // What failed after a preparation was counted when it did.
        let failed_after =
            matches!(&row.state, RowState::Changing(changing) if changing.failed_after.is_some());
        let is_planned = row.fails_as_planned(settled);
        row.end(outcome);
        let wave = row.wave;
        if is_first_word {
            self.judged += 1;
        }
        *self.counts.entry(outcome).or_default() += 1;
        if is_planned {
            self.leave_wave(wave);
        } else if !failed_after {
            self.take_as_sign(settled.row, wave, outcome, was_accepted);
        }
        Ok(())
    }

    fn take_as_sign(&mut self, row: u32, wave: u8, outcome: Outcome, was_accepted: bool) {
        self.failures.settled(outcome, was_accepted);
        if self.stage == Stage::Confirmed {
            let is_early = self.leave_wave(wave);
            if self.is_gone_by_other_hands(row, outcome) {
                self.failures.gone_by_other_hands += 1;
            }
            if is_early && matches!(outcome, Outcome::Failed | Outcome::Unknown) {
                self.failures.surprise_in_canary = Some(row);
            }
        }
    }

    /// Whether a customer that was there when the plan was made went without any run of this log.
    fn is_gone_by_other_hands(&self, row: u32, outcome: Outcome) -> bool {
        let Some(ours) = self.opened.applies.as_ref().and_then(|plan| plan.removed_since.as_ref()) else {
            return false;
        };
        let customer = self.row(row).and_then(|row| row.customer);
        matches!(outcome, Outcome::AlreadyDone(_))
            && outcome.is_gone()
            && customer.is_some_and(|customer| !ours.contains(&customer))
    }

    /// The row has its end, but for what was suspended for it.
    fn row_failed_after_preparation(&mut self, settled: &Settled) -> Result<(), String> {
        let row = self.row_mut(settled.row)?;
        let wave = row.wave;
        let Some((changing, first)) = row.changing() else {
            return Err(format!("no change of row {} was sent", settled.row));
        };
        changing.fall(settled, first)?;
        let was_accepted = changing.was_accepted();
        self.take_as_sign(settled.row, wave, settled.outcome, was_accepted);
        Ok(())
    }

    fn undo_decided(&mut self, decided: &UndoDecided) -> Result<(), String> {
        for number in &decided.rows {
            let changing = self.changing(Some(*number))?;
            if !changing.is_undecided() {
                return Err(format!("there is nothing to decide about row {number}"));
            }
            changing.undo = Some(decided.reactivate);
        }
        Ok(())
    }

    /// The rows for which something was done that may be taken back, and that wait for somebody to decide, with that.
    pub fn undecided(&self) -> Vec<(&Row, Vec<&Preparation>)> {
        let mut undecided = Vec::new();
        for row in &self.rows {
            if let RowState::Changing(changing) = &row.state
                && changing.is_undecided()
            {
                undecided.push((row, changing.can_be_taken_back(&row.first).collect()));
            }
        }
        undecided
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

    /// A person may say what the program could not find out, and may correct it later; nothing else.
    fn resolved(&mut self, resolved: &Resolved) -> Result<(), String> {
        let row = self.row_mut(resolved.row)?;
        if row.customer != Some(resolved.customer) {
            return Err(format!("row {} names another customer", resolved.row));
        }
        match &row.state {
            RowState::Settled(Outcome::Unknown) => {}
            RowState::Settled(outcome) => {
                return Err(format!("row {} is settled as {outcome}", resolved.row));
            }
            _ => return Err(format!("row {} has no outcome yet", resolved.row)),
        }
        match resolved.outcome {
            Outcome::Done(_) | Outcome::Failed => Ok(()),
            outcome => Err(format!("an unknown outcome is not resolved as {outcome}")),
        }
    }

    /// Every intent without an end.
    pub fn open_intents(&self) -> Vec<Seq> {
        let mut all: Vec<Seq> = self.never_closed.iter().chain(self.open.keys()).copied().collect();
        all.sort_unstable();
        all
    }

    /// The program was started again. Whatever was on its way when it ended counts as sent. How much time
    /// has passed since then is not known: the machine's clock may have been set meanwhile, in either
    /// direction. So every wait begins again, and facts that seem to be from the future are old.
    fn restarted(&mut self, now: Time) {
        self.forget_answers(now);
        for row in &mut self.rows {
            match &mut row.state {
                RowState::Changing(_) if is_taken_out("trust-the-clock-across-a-restart") => {}
                RowState::Changing(changing) => changing.restarted(now),
                RowState::Judged { facts_at, .. } if *facts_at > now => *facts_at = Time::from_millis(0),
                _ => {}
            }
        }
    }

    fn forget_answers(&mut self, now: Time) {
        for (intent, (number, is_change, _)) in std::mem::take(&mut self.open) {
            self.never_closed.push(intent);
            if !is_change {
                continue;
            }
            if let Ok(change) = self.open_change(number)
                && matches!(change.phase, ChangePhase::Open { intent: open, .. } if open == intent)
            {
                change.told("the program ended before the answer was recorded");
                change.lost(now);
            }
        }
    }

    // Waves: a few go ahead, to find out.

    /// Deals the ready rows out, in the order of the list, when the plan is confirmed, and again when it
    /// is confirmed once more after a stop. What is being changed already is to be seen through first.
    fn deal_waves(&mut self) {
        let canary = self.policy.canary;
        let second = canary.saturating_mul(1 + SECOND);
        let (mut turn, mut waves) = (0, Waves::default());
        for row in &mut self.rows {
            match row.state {
                RowState::Judged { verdict: Outcome::Ready, .. } => {
                    row.wave = match turn {
                        _ if canary == 0 => LAST,
                        turn if turn < canary => 0,
                        turn if turn < second => 1,
                        _ => LAST,
                    };
                    turn += 1;
                }
                // What failed after a preparation is not changed any more.
                RowState::Changing(ref changing) if changing.failed_after.is_some() => continue,
                RowState::Changing(_) => row.wave = if canary == 0 { LAST } else { 0 },
                _ => continue,
            }
            waves.count(row.wave).into_iter().for_each(|open| *open += 1);
        }
        self.waves = waves;
    }

    /// A row that was dealt a wave has its outcome. Says whether the wave was one of the early ones.
    fn leave_wave(&mut self, wave: u8) -> bool {
        self.waves.count(wave).into_iter().for_each(|open| *open = open.saturating_sub(1));
        wave < LAST
    }

    /// Whether the waves before this row's have ended.
    fn is_its_turn(&self, row: &Row) -> bool {
        row.wave <= self.waves.current()
    }

    /// The rows that may be worked on now: those that are being changed, and those of the current wave.
    pub fn due(&self) -> Vec<u32> {
        let current = self.waves.current();
        let is_due = |row: &&Row| match row.state {
            RowState::Changing(ref changing) => !changing.is_undecided(),
            RowState::Judged { verdict: Outcome::Ready, .. } => {
                row.wave == current || is_taken_out("all-waves-at-once")
            }
            _ => false,
        };
        self.rows.iter().filter(is_due).map(|row| row.number).collect()
    }

    /// Whether customers wait for an earlier wave to end.
    pub fn has_later_waves(&self) -> bool {
        let current = self.waves.current();
        let waits = |row: &Row| {
            matches!(row.state, RowState::Judged { verdict: Outcome::Ready, .. }) && row.wave > current
        };
        self.rows.iter().any(waits)
    }

    /// How many customers are still to be changed.
    pub fn to_change(&self) -> u32 {
        let waits =
            |change: &Change| matches!(change.phase, ChangePhase::ToSend { .. } | ChangePhase::DidNotHappen);
        let is_each = self.opened.procedure.is_each_by_itself();
        let is_to_change = |row: &&Row| match &row.state {
            RowState::Judged { verdict: Outcome::Ready, .. } => true,
            RowState::Changing(changing) if is_each => {
                row.first.iter().any(|one| changing.of(one).is_none_or(waits))
            }
            RowState::Changing(changing) => {
                changing.failed_after.is_none() && changing.last().is_none_or(waits)
            }
            _ => false,
        };
        u32::try_from(self.rows.iter().filter(is_to_change).count()).unwrap_or(u32::MAX)
    }

    // Partner Center's own record.

    /// Partner Center has it on record too. That is a fact of its own: the outcome of a row stays what it is.
    fn corroborate(&mut self, corroborated: &Corroborated) -> Result<(), String> {
        if !is_taken_out("corroborated-before-the-end") {
            self.require_seal()?;
        }
        let number = corroborated.row;
        let row = self.row(number).ok_or_else(|| format!("there is no row {number}"))?;
        if row.customer != Some(corroborated.customer) {
            return Err(format!("row {number} names another customer"));
        }
        match row.state {
            RowState::Settled(outcome) if outcome.is_reached() || outcome == Outcome::Unknown => {}
            RowState::Settled(outcome) => return Err(format!("row {number} is settled as {outcome}")),
            _ => return Err(format!("row {number} has no outcome")),
        }
        if self.corroborated.insert(number) {
            Ok(())
        } else {
            Err(format!("row {number} was corroborated before"))
        }
    }

    /// Only what has come to its end is compared.
    fn require_seal(&self) -> Result<(), String> {
        if self.stage == Stage::Sealed { Ok(()) } else { Err("the run is not sealed".to_owned()) }
    }

    // The digest of the plan.

    /// The digest over everything that was decided. `plan.json` says how to compute it again.
    pub fn plan_digest(&self) -> Sha256 {
        let planned_by = self.opened.applies.as_ref().map_or(&self.id, |plan| &plan.run);
        let partner = self.partner.as_ref().map(|partner| partner.tenant_id);
        let decisions = self.rows.iter().filter_map(|row| Some((row.number, row.customer?, row.decision?)));
        let passed_over = usize::from(is_taken_out("a-decision-is-passed-over"));
        plan_digest(planned_by, partner, self.opened.procedure, decisions.skip(passed_over))
    }
}

#[cfg(test)]
mod tests;
