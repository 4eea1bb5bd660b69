//! The lines of the views `runs` and `requests`, as types.

use crate::domain::{RunId, Seq};
use rusqlite::Row;
use serde::Serialize;
use serde_json::Value;

/// A line of the view `runs`.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are the columns of the view")]
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
    pub started_at: Option<String>,
    pub finished_at: Option<String>,
    pub state: String,
    pub exit_code: Option<u8>,
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

pub(super) fn run_line(row: &Row<'_>) -> rusqlite::Result<RunLine> {
    let id: String = row.get("run_id")?;
    let run_id = id.parse().map_err(|error: crate::domain::IdError| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })?;
    Ok(RunLine {
        run_id,
        procedure: row.get("procedure")?,
        mode: row.get("mode")?,
        partner_tenant_id: row.get("partner_tenant_id")?,
        partner_name: row.get("partner_name")?,
        operator: row.get("operator")?,
        host: row.get("host")?,
        version: row.get("version")?,
        input_file: row.get("input_file")?,
        input_sha256: row.get("input_sha256")?,
        input_rows: row.get("input_rows")?,
        ticket: row.get("ticket")?,
        reason: row.get("reason")?,
        started_at: row.get("started_at")?,
        finished_at: row.get("finished_at")?,
        state: row.get("state")?,
        exit_code: row.get("exit_code")?,
    })
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
