//! A row of the list as the page shows it, with what was sent for it.

use super::super::rows::Row;
use crate::{audit::RequestLine, domain::Reason, record::Purpose};
use serde::{Deserialize, Serialize};

/// A row as the page shows it.
#[derive(Serialize, Deserialize)]
pub(super) struct Line {
    row: u32,
    name: Option<String>,
    id: Option<String>,
    evidence: Option<String>,
    /// The reasons that no finding names.
    reasons: Vec<String>,
    findings: Vec<Finding>,
    removable_from: Option<String>,
    awaits_an_act: bool,
    status: Option<u16>,
    code: Option<String>,
    request_id: Option<String>,
    correlation_id: Option<String>,
    attempts: u32,
    started_at: Option<String>,
    finished_at: Option<String>,
    is_provisional: bool,
    cells: Vec<String>,
    requests: Vec<Request>,
}

/// One sentence or more of an explanation, with the reason that it begins with.
#[derive(Serialize, Deserialize)]
struct Finding {
    reason: Option<String>,
    text: String,
}

/// A request as the page shows it: no host, no headers, no bodies.
#[derive(Serialize, Deserialize)]
pub(super) struct Request {
    at: Option<String>,
    what: String,
    is_change: bool,
    attempt: u32,
    method: String,
    path: String,
    answer: String,
    is_good: bool,
    text: Option<String>,
    took: Option<u64>,
    id: Option<String>,
    correlation: Option<String>,
}

impl Finding {
    fn of(text: &str, reasons: &[Reason]) -> Self {
        let named = text.split_once(": ").filter(|(name, _)| reasons.iter().any(|r| r.as_str() == *name));
        match named {
            Some((name, text)) => Self { reason: Some(name.to_owned()), text: text.to_owned() },
            None => Self { reason: None, text: text.to_owned() },
        }
    }
}

impl Request {
    pub(super) fn of(line: &RequestLine) -> Self {
        let name = line.purpose.as_deref().unwrap_or_default();
        // A purpose that this version does not know is told as it stands.
        let purpose = serde_json::from_value::<Purpose>(name.into()).ok();
        let answer = match (line.status, line.completion.as_deref()) {
            (Some(status), _) => status.to_string(),
            (None, Some("not_sent")) => "not sent".to_owned(),
            (None, Some(_)) => "no answer".to_owned(),
            (None, None) => "not known".to_owned(),
        };
        Self {
            at: line.intended_at.clone(),
            what: purpose.map_or_else(|| name.to_owned(), |purpose| purpose.in_words().to_owned()),
            is_change: purpose.is_some_and(Purpose::is_change),
            attempt: line.attempt.unwrap_or(1),
            method: line.method.clone().unwrap_or_default(),
            path: path(line.url.as_deref().unwrap_or_default()),
            answer,
            is_good: line.status.is_some_and(|status| status < 300),
            text: line.error.clone(),
            took: line.duration_ms,
            id: line.request_id.clone(),
            correlation: line.correlation_id.clone(),
        }
    }
}

/// The address without its host.
fn path(url: &str) -> String {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest);
    host.find('/').and_then(|at| host.get(at..)).unwrap_or(url).to_owned()
}

impl Line {
    pub(super) fn of(row: &Row, requests: &[RequestLine]) -> Self {
        let line = &row.line;
        // Several findings are told one after the other, each with its reason.
        let explanation = line.explanation.as_deref().unwrap_or_default();
        let told = explanation.split(" | ").filter(|text| !text.is_empty());
        let findings: Vec<_> = told.map(|text| Finding::of(text, &row.reasons)).collect();
        let mut reasons: Vec<_> = row.reason_names().into_iter().map(str::to_owned).collect();
        reasons.retain(|name| !findings.iter().any(|finding| finding.reason.as_ref() == Some(name)));
        // What stood in the list is all that there is to recognise a rejected row by.
        let cells = if line.customer_tenant_id.is_none() { row.cells.clone() } else { Vec::new() };
        Self {
            row: line.row,
            name: line.customer_name.clone(),
            id: line.customer_tenant_id.clone(),
            evidence: line.evidence.clone(),
            reasons,
            findings,
            removable_from: line.removable_from.clone(),
            awaits_an_act: row.awaits_an_act(),
            status: line.http_status,
            code: line.error_code.clone(),
            request_id: line.request_id.clone(),
            correlation_id: line.correlation_id.clone(),
            attempts: line.attempts.unwrap_or_default(),
            started_at: line.started_at.clone(),
            finished_at: line.finished_at.clone(),
            is_provisional: row.pending.is_some(),
            cells,
            requests: requests.iter().map(Request::of).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn no_host_is_shown() {
        for (url, shown) in [
            ("https://api.example/v1/customers/x?a=b", "/v1/customers/x?a=b"),
            ("http://127.0.0.1:80/v1", "/v1"),
            ("https://api.example", "https://api.example"),
            ("/v1", "/v1"),
            ("", ""),
        ] {
            assert_eq!(path(url), shown);
        }
    }
}
