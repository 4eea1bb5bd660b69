//! What the records of each run add up to: every one must follow from those before it.

use super::{super::keys::VerifyingKey, approvals};
use crate::{
    domain::{Lookup, Outcome, Purpose, RunId, Seq, TenantId, Time, is_taken_out},
    record::{Event, Kind, Newer, Record, Row, RowState, Run, Scope},
};
use std::collections::{HashMap, HashSet, hash_map::Entry};

const NOT_OPENED: &str = "a log begins with the record that opens it";
const OPENED_BEFORE: &str = "the log was opened before";

/// All runs of a log, up to some record.
#[derive(Debug, Default)]
pub(super) struct Runs {
    all: HashMap<RunId, Followed>,
    /// The run that the latest record belongs to, reports aside.
    last: Option<RunId>,
    /// Intents of requests that belong to no run, and have no end yet.
    open: HashSet<Seq>,
    /// The keys that sign heads: those of operators.
    keys: Vec<VerifyingKey>,
    /// Requests for Partner Center's own record of activity.
    activity: HashSet<Seq>,
    /// Sealed plans, and the runs that were allowed to carry them out.
    carried_out: HashMap<RunId, RunId>,
    /// Runs with a record of a newer program, each with its end: from there on, nothing of them is judged.
    unjudged: HashMap<RunId, Option<Seq>>,
    /// When each run began, and how many of its records no head from outside covers.
    extents: HashMap<RunId, (Time, u64)>,
    /// Over how many records the largest head from outside says that it is.
    largest: u64,
}

/// What there is to say of a run once all records were read.
#[derive(Debug)]
pub(super) struct RunFacts {
    pub(super) id: RunId,
    /// The record that sealed it.
    pub(super) sealed_at: Option<Seq>,
    /// How many of its records no head from outside covers.
    pub(super) not_covered: u64,
    /// Why it was not judged up to its end, in words.
    pub(super) not_judged: Option<String>,
}

/// A row, its customer, and how it ended. Of a million rows, this is what fits into memory.
type Gone = (u32, TenantId, Outcome);

#[derive(Debug)]
struct Followed {
    run: Run,
    /// The customers that several rows of the sealed plan call ready, and for which of these rows a change was
    /// sent. A list that names a customer twice is worked on once, so there should be none.
    shared: HashMap<TenantId, Option<u32>>,
    sealed_at: Option<Seq>,
    /// After the seal: the rows whose relationship is gone, in the order of the list.
    gone: Vec<Gone>,
    /// After a record that does not follow, others do not follow either.
    is_broken: bool,
}

impl Runs {
    /// No run yet. The largest head from outside says that it is over `largest` records.
    pub(super) fn under(largest: u64) -> Self {
        Self { largest, ..Self::default() }
    }

    /// Takes the next record; says why it is not legal there, once a run.
    pub(super) fn take(&mut self, seq: Seq, record: &Record) -> Result<(), String> {
        let Some(id) = record.run.as_ref().filter(|_| seq > 0) else { return self.take_of_log(seq, record) };
        self.count(id, seq, record.at);
        if !matches!(record.event, Event::ReportWritten(_)) {
            self.last = Some(id.clone());
        }
        if let Some(sealed_at) = self.unjudged.get_mut(id) {
            if record.event.kind() == Kind::RunSealed {
                *sealed_at = Some(seq);
            }
            return Ok(());
        }
        if self.all.get(id).is_some_and(|followed| followed.is_broken) {
            return Ok(());
        }
        let taken = match &record.event {
            Event::RunOpened(_) => self.open(id, record),
            _ => self.take_of_run(id, seq, record),
        };
        if let (Err(_), Some(followed)) = (&taken, self.all.get_mut(id)) {
            followed.is_broken = true;
        }
        taken
    }

    fn take_of_run(&mut self, id: &RunId, seq: Seq, record: &Record) -> Result<(), String> {
        match &record.event {
            Event::Approved(approved) => {
                let planned_by = self.all.get(id).and_then(|run| Some(&run.run.opened.applies.as_ref()?.run));
                if planned_by.is_none_or(|id| !self.unjudged.contains_key(id)) {
                    let planned = planned_by.and_then(|id| self.all.get(id)).map(|planned| &planned.run);
                    approvals::require_good(approved, planned, &self.keys)?;
                }
            }
            Event::Corroborated(corroborated)
                if !self.activity.contains(&corroborated.basis)
                    && !is_taken_out("corroborated-by-nothing") =>
            {
                return Err(format!("record {} did not ask for what it rests upon", corroborated.basis));
            }
            _ => {}
        }
        let followed = self.all.get_mut(id).ok_or_else(|| format!("run {id} was never opened"))?;
        followed.take(seq, record)?;
        if let (Event::Confirmed(_), Some(plan)) = (&record.event, &followed.run.opened.applies) {
            let by = self.carried_out.entry(plan.run.clone()).or_insert_with(|| id.clone());
            if by != id {
                return Err(format!("run {by} carries out the plan of run {} already", plan.run));
            }
        }
        Ok(())
    }

    /// Takes note of a record of a newer program. Of what it says, only its place can be wrong: whichever program wrote
    /// it, a log is opened once, by its first record.
    pub(super) fn pass_over(&mut self, seq: Seq, newer: &Newer) -> Result<(), String> {
        let kind = Kind::named(&newer.kind);
        match (kind == Some(Kind::LogOpened), seq) {
            (false, 0) => return Err(NOT_OPENED.to_owned()),
            (true, 1..) => return Err(OPENED_BEFORE.to_owned()),
            _ => {}
        }
        match &newer.run {
            Some(run) => {
                self.count(run, seq, newer.at);
                if kind != Some(Kind::ReportWritten) {
                    self.last = Some(run.clone());
                }
                // What follows the end of a run does not take it back.
                let sealed_at = self.all.remove(run).and_then(|followed| followed.sealed_at);
                let sealed_at = self.unjudged.entry(run.clone()).or_insert(sealed_at);
                if kind == Some(Kind::RunSealed) {
                    *sealed_at = Some(seq);
                }
            }
            // Whatever it asked for, an answer may follow, and something may rest upon it.
            None if kind == Some(Kind::RequestIntended) => {
                self.open.insert(seq);
                self.activity.insert(seq);
            }
            None => {}
        }
        Ok(())
    }

    /// A log is opened once, by its first record. Of its own it has keys, verifications, copies, and the requests
    /// of a sign-in outside of a run, which change nothing.
    fn take_of_log(&mut self, seq: Seq, record: &Record) -> Result<(), String> {
        match (&record.event, seq) {
            (Event::LogOpened(_), 0) => Ok(()),
            (_, 0) => Err(NOT_OPENED.to_owned()),
            (Event::LogOpened(_), _) => Err(OPENED_BEFORE.to_owned()),
            (Event::KeyIntroduced(introduced), _) => {
                self.keys.extend(introduced.vkey.parse::<VerifyingKey>());
                Ok(())
            }
            (Event::RequestIntended(intent), _) if !intent.purpose.is_change() => {
                self.open.insert(seq);
                if intent.purpose == Purpose::Read(Lookup::Activity) {
                    self.activity.insert(seq);
                }
                Ok(())
            }
            (Event::ResponseReceived(response), _) => self.close(response.intent),
            (Event::RequestNotSent(failure), _) => self.close(failure.intent),
            (Event::OutcomeUnknown(failure), _) => self.close(failure.intent),
            (event, _) if matches!(event.kind().scope(), Scope::Log | Scope::RunOrLog) => Ok(()),
            _ => Err("it belongs to no run".to_owned()),
        }
    }

    fn close(&mut self, intent: Seq) -> Result<(), String> {
        if self.open.remove(&intent) { Ok(()) } else { Err(format!("the intent {intent} is not open")) }
    }

    fn open(&mut self, id: &RunId, record: &Record) -> Result<(), String> {
        let Some(run) = Run::begin(record) else { return Ok(()) };
        if let Some(plan) = &run.opened.applies {
            let sealed = self.all.get(&plan.run).and_then(|planned| planned.run.plan.as_ref());
            let is_judged = !self.unjudged.contains_key(&plan.run);
            if is_judged && sealed.is_none_or(|sealed| sealed.digest != plan.digest) {
                return Err(format!("the plan that it carries out, of run {}, is not in the log", plan.run));
            }
        }
        let followed =
            Followed { run, shared: HashMap::new(), sealed_at: None, gone: Vec::new(), is_broken: false };
        match self.all.entry(id.clone()) {
            Entry::Vacant(entry) => drop(entry.insert(followed)),
            Entry::Occupied(_) => return Err(format!("run {id} was opened before")),
        }
        Ok(())
    }

    /// How many there are, and how many of them came to their end.
    pub(super) fn counts(&self) -> (usize, usize) {
        let sealed = self.all.values().filter(|followed| followed.sealed_at.is_some()).count();
        let unjudged = self.unjudged.values().filter(|sealed_at| sealed_at.is_some()).count();
        (self.all.len() + self.unjudged.len(), sealed + unjudged)
    }

    /// The run that the log ends with, and the record that sealed it.
    pub(super) fn last(&self) -> Option<(&RunId, Option<Seq>)> {
        let last = self.last.as_ref()?;
        Some((last, self.sealed_at(last)))
    }

    /// Every run, oldest first: the last one is what is called the latest everywhere else.
    pub(super) fn facts(&self) -> Vec<RunFacts> {
        let mut runs: Vec<_> = self.extents.iter().collect();
        runs.sort_by_key(|(id, (began, _))| (*began, *id));
        let facts = runs.into_iter().map(|(id, (_, not_covered))| RunFacts {
            id: id.clone(),
            sealed_at: self.sealed_at(id),
            not_covered: *not_covered,
            not_judged: self.not_judged(id),
        });
        facts.collect()
    }

    /// Takes note of a record of this run, whatever it says.
    fn count(&mut self, id: &RunId, seq: Seq, at: Time) {
        let not_covered = u64::from(seq >= self.largest);
        match self.extents.get_mut(id) {
            Some((_, count)) => *count += not_covered,
            None => drop(self.extents.insert(id.clone(), (at, not_covered))),
        }
    }

    fn sealed_at(&self, id: &RunId) -> Option<Seq> {
        let judged = self.all.get(id).map(|followed| followed.sealed_at);
        judged.or_else(|| self.unjudged.get(id).copied()).flatten()
    }

    /// What of this run was not judged, if it was not all of it. A plan that was not judged leaves open whether it is
    /// the one that the run carries out.
    fn not_judged(&self, id: &RunId) -> Option<String> {
        if self.unjudged.contains_key(id) {
            return Some("a newer program wrote records of it".to_owned());
        }
        let plan = &self.all.get(id)?.run.opened.applies.as_ref()?.run;
        let is_judged = !self.unjudged.contains_key(plan);
        (!is_judged)
            .then(|| format!("a newer program wrote records of run {plan}, whose plan it carries out"))
    }
}

impl Followed {
    fn take(&mut self, seq: Seq, record: &Record) -> Result<(), String> {
        let restored = self.restore(&record.event);
        let applied = self.run.apply(seq, record);
        if let Some(place) = restored {
            self.run.rows.remove(place);
        }
        applied.map_err(|illegal| illegal.why)?;
        match &record.event {
            Event::RequestIntended(intent) if intent.purpose.is_change() => {
                if let (Some(customer), Some(row)) = (intent.customer, intent.row)
                    && let Some(changed) = self.shared.get_mut(&customer)
                {
                    let known = *changed.get_or_insert(row);
                    if known != row {
                        return Err(format!("customer {customer} was changed for row {known} already"));
                    }
                }
            }
            // Nothing else can be changed from now on.
            Event::PlanSealed(_) => self.shared = shared(&self.run),
            Event::RunSealed(_) => {
                self.sealed_at = Some(seq);
                // All that may still come is what is found out of those that are gone, or may be.
                self.shared = HashMap::new();
                let rows = &mut self.run.rows;
                self.gone = rows.iter().filter_map(gone).collect();
                self.gone.shrink_to_fit();
                rows.retain(|row| matches!(row.state, RowState::Settled(Outcome::Unknown)));
                rows.shrink_to_fit();
            }
            _ => {}
        }
        Ok(())
    }

    /// A row that is gone comes back for as long as a record about it is taken. Gives where it stands.
    fn restore(&mut self, event: &Event) -> Option<usize> {
        let Event::Corroborated(about) = event else { return None };
        let found = self.gone.binary_search_by_key(&about.row, |(row, ..)| *row).ok()?;
        let (number, customer, outcome) = *self.gone.get(found)?;
        let place = self.run.rows.partition_point(|row| row.number < number);
        let mut row = Row::new(number, Some(customer));
        row.state = RowState::Settled(outcome);
        self.run.rows.insert(place, row);
        Some(place)
    }
}

/// The customers that several ready rows name.
fn shared(run: &Run) -> HashMap<TenantId, Option<u32>> {
    let is_ready = |row: &&Row| matches!(row.state, RowState::Judged { verdict: Outcome::Ready, .. });
    let mut ready: Vec<TenantId> = run.rows.iter().filter(is_ready).filter_map(|row| row.customer).collect();
    ready.sort_unstable();
    let twice = ready.windows(2).filter_map(|pair| match pair {
        [one, other] if one == other => Some((*one, None)),
        _ => None,
    });
    twice.collect()
}

/// What is kept of a row that is gone, once its run is sealed.
fn gone(row: &Row) -> Option<Gone> {
    match row.state {
        RowState::Settled(outcome) if outcome.is_gone() => Some((row.number, row.customer?, outcome)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
