//! What was asked about the customer, and answered, in words.

use super::known::ParsedRecord;
use crate::{
    domain::{Lookup, Purpose, Seq, Time},
    record::{Ended, Event, RequestStory, ResponseReceived},
};
use serde::Serialize;
use serde_json::Value;

#[derive(Clone, Debug, Serialize)]
pub(super) struct CertifiedRequest {
    at: String,
    purpose: Purpose,
    /// What it is for, in words.
    what: &'static str,
    is_change: bool,
    attempt: u32,
    method: String,
    url: String,
    request_id: String,
    correlation_id: String,
    end: Option<RequestEnd>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct RequestEnd {
    at: String,
    text: String,
    request_id: Option<String>,
    correlation_id: Option<String>,
}

/// The subscriptions in the bodies of the answers to these requests.
pub(super) fn subscriptions(known: &[ParsedRecord], basis: &[Seq]) -> Vec<String> {
    let asked = |seq: Seq| {
        known.iter().any(|known| {
        known.seq == seq
            && matches!(&known.record.event, Event::RequestIntended(intent) if intent.purpose == Purpose::Read(Lookup::Subscriptions))
    })
    };
    let mut lines = Vec::new();
    for known in known {
        let Event::ResponseReceived(response) = &known.record.event else { continue };
        let Some(body) =
            known.body.as_ref().filter(|_| basis.contains(&response.intent) && asked(response.intent))
        else {
            continue;
        };
        let text = String::from_utf8_lossy(body);
        let value: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default();
        let items = value.get("items").and_then(Value::as_array).cloned().unwrap_or_default();
        lines.extend(items.iter().map(|item| {
            let field = |name: &str| item.get(name).and_then(Value::as_str);
            let name = field("friendlyName").or(field("offerName")).unwrap_or("(no name)");
            format!("{name} ({}): {}", field("id").unwrap_or("no ID"), field("status").unwrap_or("no status"))
        }));
    }
    lines
}

pub(super) fn request(request: &RequestStory) -> CertifiedRequest {
    let intent = &request.intended;
    CertifiedRequest {
        at: request.at.to_string(),
        purpose: intent.purpose,
        what: intent.purpose.in_words(),
        is_change: intent.purpose.is_change(),
        attempt: intent.attempt,
        method: intent.method.clone(),
        url: intent.url.clone(),
        request_id: intent.request_id.to_string(),
        correlation_id: intent.correlation_id.to_string(),
        end: request.end.as_ref().map(|(at, ended)| end(*at, ended)),
    }
}

fn end(at: Time, ended: &Ended) -> RequestEnd {
    let at = at.to_string();
    match ended {
        Ended::Responded(response) => {
            let ResponseReceived { status, code, text, request_id, correlation_id, .. } = response;
            let code = code.as_ref().map(|code| format!(", code {code}")).unwrap_or_default();
            let said = text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
            let (request_id, correlation_id) = (request_id.clone(), correlation_id.clone());
            RequestEnd { at, text: format!("status {status}{code}{said}"), request_id, correlation_id }
        }
        Ended::NotSent(failure) => without_answer(at, format!("not sent: {}", failure.error)),
        Ended::Unknown(failure) => without_answer(at, format!("no answer: {}", failure.error)),
    }
}

fn without_answer(at: String, text: String) -> RequestEnd {
    RequestEnd { at, text, request_id: None, correlation_id: None }
}
