//! The lines of the lists of runs and of requests.

use super::approval::Approval;
use crate::{
    domain::{Mode, Outcome, RunId, Seq, Time},
    record::{RunState, RunStory},
};
use rusqlite::Row;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// A run in the list of runs: a line of the view `runs`, with what it came to and who approved it.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "most fields are the columns of the view")]
pub struct RunLine {
    pub run_id: RunId,
    pub procedure: Option<String>,
    pub mode: Option<String>,
    pub partner_tenant_id: Option<String>,
    pub partner_name: Option<String>,
    pub operator: Option<String>,
    pub host: Option<String>,
    pub version: Option<String>,
    pub input_file: Option<String>,
    pub input_sha256: Option<String>,
    pub input_rows: Option<u32>,
    pub ticket: Option<String>,
    pub reason: Option<String>,
    pub started_at: Time,
    pub finished_at: Option<Time>,
    pub state: RunState,
    pub exit_code: Option<u8>,
    /// Rows by outcome, once it is sealed.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<Outcome, u32>,
    /// Who approved the plan that it carries out, as the approval says; else by which key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<String>,
}

impl RunLine {
    /// The line of a run, in a log whose latest run was opened at this place.
    pub(super) fn of(run: RunStory, latest: Seq) -> Self {
        let (finished_at, exit_code) = (run.finished_at(), run.exit_code());
        let RunStory { id, started_at, course, opened, partner, sealed, approved, .. } = run;
        let approved_by = approved.as_ref().and_then(|(_, approved)| Approval::who(approved));
        Self {
            run_id: id,
            procedure: Some(opened.procedure.to_string()),
            mode: Some(opened.mode.to_string()),
            partner_tenant_id: partner.as_ref().map(|partner| partner.tenant_id.to_string()),
            partner_name: partner.map(|partner| partner.name),
            operator: Some(opened.operator),
            host: Some(opened.host),
            version: Some(opened.version),
            input_file: Some(opened.input.file),
            input_sha256: Some(opened.input.sha256.to_string()),
            input_rows: Some(opened.input.rows),
            ticket: opened.ticket,
            reason: opened.reason,
            started_at,
            finished_at,
            state: course.state(latest),
            exit_code,
            counts: sealed.map(|(_, _, sealed)| sealed.counts).unwrap_or_default(),
            approved_by,
        }
    }

    /// The line of a run whose beginning a newer program wrote: whatever of it is told as it was always told.
    pub(super) fn of_newer(run_id: RunId, started_at: Time, body: &[u8], state: RunState) -> Self {
        let opened: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |place: &str| opened.pointer(place).and_then(Value::as_str).map(str::to_owned);
        let rows = opened.pointer("/input/rows").and_then(Value::as_u64);
        Self {
            run_id,
            procedure: text("/procedure"),
            mode: text("/mode"),
            partner_tenant_id: None,
            partner_name: None,
            operator: text("/operator"),
            host: text("/host"),
            version: text("/version"),
            input_file: text("/input/file"),
            input_sha256: text("/input/sha256"),
            input_rows: rows.and_then(|rows| u32::try_from(rows).ok()),
            ticket: text("/ticket"),
            reason: text("/reason"),
            started_at,
            finished_at: None,
            state,
            exit_code: None,
            counts: BTreeMap::new(),
            approved_by: None,
        }
    }

    /// Whether it went to the real service and could change something there; no plan, no rehearsal, no demo.
    pub fn is_real(&self) -> bool {
        self.mode.as_deref() == Some(Mode::Run.as_str())
    }

    /// Whether what it says of customers is what the real service said: a run or a plan. What the simulator says is made
    /// up.
    pub fn has_seen_the_service(&self) -> bool {
        self.is_real() || self.mode.as_deref() == Some(Mode::Plan.as_str())
    }

    /// Whether it is over.
    pub fn is_sealed(&self) -> bool {
        self.state == RunState::Sealed
    }
}

/// A line of the view `requests`.
#[derive(Clone, Debug, Default, Serialize)]
#[expect(missing_docs, reason = "the fields are the columns of the view")]
pub struct RequestLine {
    pub run_id: Option<String>,
    pub seq: Seq,
    pub customer_tenant_id: Option<String>,
    pub purpose: Option<String>,
    pub attempt: Option<u32>,
    pub method: Option<String>,
    pub url: Option<String>,
    pub request_id: Option<String>,
    pub correlation_id: Option<String>,
    pub intended_at: Option<String>,
    pub request_headers: Option<Value>,
    pub request_body: Option<String>,
    pub completion: Option<String>,
    pub completed_at: Option<String>,
    pub duration_ms: Option<u64>,
    pub status: Option<u16>,
    pub response_headers: Option<Value>,
    pub response_body: Option<String>,
    pub response_request_id: Option<String>,
    pub response_correlation_id: Option<String>,
    pub error: Option<String>,
}

pub(super) fn request_line(row: &Row<'_>) -> rusqlite::Result<RequestLine> {
    let json = |name: &str| -> rusqlite::Result<Option<Value>> {
        let text: Option<String> = row.get(name)?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    };
    Ok(RequestLine {
        run_id: row.get("run_id")?,
        seq: row.get::<_, i64>("seq")?.unsigned_abs(),
        customer_tenant_id: row.get("customer_tenant_id")?,
        purpose: row.get("purpose")?,
        attempt: row.get("attempt")?,
        method: row.get("method")?,
        url: row.get("url")?,
        request_id: row.get("request_id")?,
        correlation_id: row.get("correlation_id")?,
        intended_at: row.get("intended_at")?,
        request_headers: json("request_headers")?,
        request_body: row.get("request_body")?,
        completion: row.get("completion")?,
        completed_at: row.get("completed_at")?,
        duration_ms: row.get::<_, Option<i64>>("duration_ms")?.map(i64::unsigned_abs),
        status: row.get("status")?,
        response_headers: json("response_headers")?,
        response_body: row.get("response_body")?,
        response_request_id: row.get("response_request_id")?,
        response_correlation_id: row.get("response_correlation_id")?,
        error: row.get("error")?,
    })
}
