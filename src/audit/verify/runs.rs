//! What the records of each run add up to: every one must follow from those before it.

use super::{super::keys::VerifyingKey, approvals};
use crate::{
    domain::{Outcome, RunId, Seq, TenantId},
    record::{Event, Purpose, Record, Row, RowState, Run},
};
use std::collections::{HashMap, HashSet};

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
    /// Takes the next record; says why it is not legal there, once a run.
    pub(super) fn take(&mut self, seq: Seq, record: &Record) -> Result<(), String> {
        let Some(id) = record.run.as_ref().filter(|_| seq > 0) else { return self.take_of_log(seq, record) };
        if !matches!(record.event, Event::ReportWritten(_)) {
            self.last = Some(id.clone());
        }
        match &record.event {
            Event::RunOpened(_) => return self.open(id, record),
            Event::Approved(approved) => {
                let planned_by = self.all.get(id).and_then(|run| Some(&run.run.opened.applies.as_ref()?.run));
                let planned = planned_by.and_then(|id| self.all.get(id)).map(|planned| &planned.run);
                approvals::require_good(approved, planned, &self.keys)?;
            }
            _ => {}
        }
        let followed = self.all.get_mut(id).ok_or_else(|| format!("run {id} was never opened"))?;
        if followed.is_broken {
            return Ok(());
        }
        let mut taken = followed.take(seq, record);
        if let Event::Corroborated(corroborated) = &record.event
            && !self.activity.contains(&corroborated.basis)
        {
            taken = Err(format!("record {} did not ask for what it rests upon", corroborated.basis));
        }
        if let (Event::Confirmed(_), Some(plan)) = (&record.event, &followed.run.opened.applies) {
            let by = self.carried_out.entry(plan.run.clone()).or_insert_with(|| id.clone());
            if by != id {
                taken = Err(format!("run {by} carries out the plan of run {} already", plan.run));
            }
        }
        followed.is_broken = taken.is_err();
        taken
    }

    /// A log is opened once, by its first record. Of its own it has keys, verifications, copies, and the requests
    /// of a sign-in outside of a run, which change nothing.
    fn take_of_log(&mut self, seq: Seq, record: &Record) -> Result<(), String> {
        match (&record.event, seq) {
            (Event::LogOpened(_), 0) => Ok(()),
            (_, 0) => Err("a log begins with the record that opens it".to_owned()),
            (Event::LogOpened(_), _) => Err("the log was opened before".to_owned()),
            (Event::KeyIntroduced(introduced), _) => {
                self.keys.extend(introduced.vkey.parse::<VerifyingKey>());
                Ok(())
            }
            (Event::LogVerified(_) | Event::LogExported(_) | Event::TokenNamed(_) | Event::Held(_), _) => {
                Ok(())
            }
            (Event::RequestIntended(intent), _) if !intent.purpose.is_change() => {
                self.open.insert(seq);
                if intent.purpose == Purpose::ReadActivity {
                    self.activity.insert(seq);
                }
                Ok(())
            }
            (Event::ResponseReceived(response), _) => self.close(response.intent),
            (Event::RequestNotSent(failure), _) => self.close(failure.intent),
            (Event::OutcomeUnknown(failure), _) => self.close(failure.intent),
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
            if sealed.is_none_or(|sealed| sealed.digest != plan.digest) {
                return Err(format!("the plan that it carries out, of run {}, is not in the log", plan.run));
            }
        }
        let followed =
            Followed { run, shared: HashMap::new(), sealed_at: None, gone: Vec::new(), is_broken: false };
        match self.all.insert(id.clone(), followed) {
            None => Ok(()),
            Some(_) => Err(format!("run {id} was opened before")),
        }
    }

    /// How many there are, and how many of them came to their end.
    pub(super) fn counts(&self) -> (usize, usize) {
        let sealed = self.all.values().filter(|followed| followed.sealed_at.is_some()).count();
        (self.all.len(), sealed)
    }

    /// The run that the log ends with, and the record that sealed it.
    pub(super) fn last(&self) -> Option<(&RunId, Option<Seq>)> {
        let last = self.last.as_ref()?;
        Some((last, self.all.get(last).and_then(|followed| followed.sealed_at)))
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
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn record(run: Option<&str>, more: &Value) -> Record {
        let mut value = json!({ "at": "2026-11-20T09:15:30.000Z", "run": run });
        value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Record::from_bytes(value.to_string().as_bytes()).unwrap()
    }

    fn opened(run: &str, applies: Option<&str>) -> Record {
        let policy = json!({ "rate": 1, "concurrency": 1, "settle_seconds": 0, "stop_after_failures": 0,
            "max_removals": 9, "max_share": 100 });
        let mut value = json!({ "kind": "run_opened", "version": "", "procedure": "remove-relationship",
            "mode": "run", "changes": true, "api_url": "", "operator": "", "host": "", "policy": policy,
            "settings": {}, "input": { "file": "", "sha256": "0".repeat(64), "rows": 2, "columns": [] } });
        if let Some(plan) = applies {
            value["applies"] = json!({ "run": plan, "digest": "0".repeat(64) });
        }
        record(Some(run), &value)
    }

    const A: &str = "20261120-091530-aaaaaa";
    const B: &str = "20261120-091530-bbbbbb";

    fn log() -> (Runs, Seq) {
        let mut runs = Runs::default();
        let first = json!({ "kind": "log_opened", "log_id": "", "version": "", "sqlite": "",
            "schema_sha256": "0".repeat(64) });
        runs.take(0, &record(None, &first)).unwrap();
        runs.take(1, &opened(A, None)).unwrap();
        (runs, 2)
    }

    fn why(runs: &mut Runs, seq: Seq, record: &Record) -> String {
        runs.take(seq, record).unwrap_err()
    }

    #[test]
    fn runs_are_told_apart_and_opened_once() {
        let (mut runs, seq) = log();
        assert!(why(&mut runs, seq, &opened(A, None)).contains("was opened before"));
        let row = json!({ "kind": "row_read", "row": 1, "cells": [] });
        assert!(why(&mut runs, seq, &record(Some(B), &row)).contains("was never opened"));
        assert!(why(&mut runs, seq, &record(None, &row)).contains("belongs to no run"));
        assert!(
            why(
                &mut runs,
                seq,
                &record(
                    None,
                    &json!({ "kind": "log_opened", "log_id": "", "version": "",
            "sqlite": "", "schema_sha256": "0".repeat(64) })
                )
            )
            .contains("opened before")
        );
        assert!(why(&mut Runs::default(), 0, &opened(A, None)).contains("begins with"));
        assert_eq!(runs.counts(), (1, 0));
    }

    #[test]
    fn a_sign_in_belongs_to_no_run_and_changes_nothing() {
        let (mut runs, seq) = log();
        let id = "c0000000-0000-4000-8000-000000000001";
        let intent = |purpose: &str| {
            record(
                None,
                &json!({ "kind": "request_intended", "attempt": 1, "purpose": purpose, "method": "POST",
                "url": "", "headers": {}, "request_id": id, "correlation_id": id }),
            )
        };
        let lost =
            record(None, &json!({ "kind": "outcome_unknown", "intent": seq, "error": "", "duration_ms": 1 }));
        runs.take(seq, &intent("sign_in")).unwrap();
        runs.take(seq + 1, &lost).unwrap();
        assert!(why(&mut runs, seq + 2, &lost).contains("is not open"));
        assert!(why(&mut runs, seq + 2, &intent("remove_relationship")).contains("belongs to no run"));
    }

    #[test]
    fn what_corroborates_was_asked_for() {
        let (mut runs, seq) = log();
        let id = "c0000000-0000-4000-8000-000000000001";
        let corroborated = record(
            Some(A),
            &json!({ "kind": "corroborated", "row": 1, "customer": id, "is_our_request": true,
            "activity": { "operation": "" }, "basis": seq }),
        );
        assert!(why(&mut runs, seq + 1, &corroborated).contains("did not ask for what it rests upon"));
        let (mut runs, seq) = log();
        let asked = json!({ "kind": "request_intended", "attempt": 1, "purpose": "read_activity",
            "method": "GET", "url": "", "headers": {}, "request_id": id, "correlation_id": id });
        runs.take(seq, &record(None, &asked)).unwrap();
        assert!(why(&mut runs, seq + 1, &corroborated).contains("not sealed"));
    }

    #[test]
    fn only_the_first_fault_of_a_run_is_told() {
        let (mut runs, seq) = log();
        let sealed = json!({ "kind": "run_sealed", "counts": {}, "exit_code": 0 });
        assert!(runs.take(seq, &record(Some(A), &sealed)).is_err());
        assert!(runs.take(seq + 1, &record(Some(A), &sealed)).is_ok());
        assert_eq!(runs.last().unwrap().1, None, "and it is not sealed");
    }

    #[test]
    fn one_customer_is_changed_in_one_row() {
        let (mut runs, mut seq) = log();
        let customer = "c0000000-0000-4000-8000-000000000001";
        let mut take = |runs: &mut Runs, more: Value| {
            seq += 1;
            runs.take(seq, &record(Some(A), &more))
        };
        for row in [1, 2] {
            take(&mut runs, json!({ "kind": "row_read", "row": row, "customer": customer, "cells": [] }))
                .unwrap();
        }
        for row in [1, 2] {
            let judged = json!({ "kind": "judged", "row": row, "verdict": "ready",
                "facts_at": "2026-11-20T09:15:30.000Z" });
            take(&mut runs, judged).unwrap();
        }
        let digest = runs.all.values().next().unwrap().run.plan_digest();
        take(&mut runs, json!({ "kind": "plan_sealed", "digest": digest, "ready": 2, "counted": 2 }))
            .unwrap();
        take(&mut runs, json!({ "kind": "confirmed", "by": "", "how": "yes", "digest": digest })).unwrap();
        let change = |row: u32| {
            json!({ "kind": "request_intended", "row": row, "customer": customer, "attempt": 1,
                "purpose": "remove_relationship", "method": "PATCH", "url": "", "headers": {},
                "request_id": customer, "correlation_id": customer })
        };
        take(&mut runs, change(1)).unwrap();
        assert!(take(&mut runs, change(2)).unwrap_err().contains("was changed for row 1 already"));
    }

    #[test]
    fn a_plan_that_is_carried_out_is_in_the_log() {
        let (mut runs, seq) = log();
        assert!(why(&mut runs, seq, &opened(B, Some(A))).contains("is not in the log"));
    }
}
