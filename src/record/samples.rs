//! Records for tests, made from little JSON.

use super::Record;
use serde_json::{Value, json};

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
