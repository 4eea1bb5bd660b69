//! Records for tests, made from little JSON.

use super::{Change, FailureHistory, Policy, Record, RequestIntended, ResponseReceived, Row, Rules};
use crate::domain::{Answer, CorrelationId, Effect, Headers, Outcome, Purpose, RequestId, Time};
use serde_json::{Value, json};
use uuid::Uuid;

/// The run that most of them belong to.
const RUN: &str = "20261120-091530-aaaaaa";

/// A record of [`RUN`].
pub(crate) fn record(more: &Value) -> Record {
    record_of(Some(RUN), more)
}

/// A record of a run, or of the log as a whole.
pub(crate) fn record_of(run: Option<&str>, more: &Value) -> Record {
    let mut value = json!({ "at": "2026-11-20T09:15:30.000Z", "run": run });
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Record::from_bytes(value.to_string().as_bytes()).unwrap()
}

/// A policy that stops nothing.
pub(crate) fn policy() -> Value {
    json!({ "rate": 1, "concurrency": 1, "settle_seconds": 0, "stop_after_failures": 0, "max_removals": 9,
        "max_share": 100 })
}

/// The opening of a run that may change something, over a list with so many rows.
pub(crate) fn opened(rows: usize) -> Value {
    json!({ "kind": "run_opened", "version": "", "procedure": "remove-relationship", "mode": "run",
        "changes": true, "api_url": "", "operator": "", "host": "", "policy": policy(), "settings": {},
        "input": { "file": "", "sha256": "0".repeat(64), "rows": rows, "columns": [] } })
}

/// A policy by which nothing is told before five minutes are over.
pub(crate) fn settling() -> Policy {
    let mut policy = policy();
    policy["settle_seconds"] = json!(300);
    serde_json::from_value(policy).unwrap()
}

/// A request for row 1, about the customer or about something that it has.
pub(crate) fn intended(purpose: Purpose, about: Option<&str>) -> RequestIntended {
    RequestIntended {
        row: Some(1),
        customer: None,
        about: about.map(str::to_owned),
        purpose,
        attempt: 1,
        method: String::new(),
        url: String::new(),
        request_id: RequestId::new(Uuid::from_u128(1)),
        correlation_id: CorrelationId::new(Uuid::from_u128(2)),
        headers: Headers::default(),
        body: None,
    }
}

/// The first try of a change of the customer, or of something that it has.
pub(crate) fn first_try(effect: Effect, about: Option<&str>, at: Time) -> Change {
    Change::first(effect, &intended(Purpose::Change(effect), about), 0, at)
}

/// The same, answered with this status and this error code.
pub(crate) fn answered_with(mut change: Change, answer: Answer, status: u16, code: Option<&str>) -> Change {
    let at = Time::from_millis(0);
    change.heard(&ResponseReceived {
        intent: 0,
        row: Some(1),
        status,
        answer,
        code: code.map(str::to_owned),
        text: code.map(|code| format!("Text of {code}.")),
        duration_ms: 1,
        headers: Headers::default(),
        request_id: None,
        correlation_id: None,
        body: None,
    });
    change.answered(answer, Rules::LATEST, at);
    change
}

/// What is remembered after these ends.
pub(crate) fn ended_as(outcomes: impl IntoIterator<Item = Outcome>) -> FailureHistory {
    let mut failures = FailureHistory::default();
    outcomes.into_iter().for_each(|outcome| failures.settled(outcome, false));
    failures
}

/// The same row, of a customer that the service calls so.
pub(crate) fn called(mut row: Row, name: &str) -> Row {
    row.name = Some(name.into());
    row
}
