//! What was asked about the customer, and answered, in words.

use super::story::Known;
use crate::{
    domain::Seq,
    record::{Event, NotSent, OutcomeUnknown, Purpose, RequestIntended, ResponseReceived},
};
use serde::Serialize;
use serde_json::Value;

#[derive(Clone, Debug, Serialize)]
pub(super) struct RequestStory {
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
pub(super) fn subscriptions(before: &[Known], basis: &[Seq]) -> Vec<String> {
    let asked = |seq: Seq| {
        before.iter().any(|known| {
        known.seq == seq
            && matches!(&known.record.event, Event::RequestIntended(intent) if intent.purpose == Purpose::ReadSubscriptions)
    })
    };
    let mut lines = Vec::new();
    for known in before {
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

pub(super) fn request(at: String, intent: &RequestIntended, end: Option<RequestEnd>) -> RequestStory {
    RequestStory {
        at,
        purpose: intent.purpose,
        what: intent.purpose.in_words(),
        is_change: intent.purpose.is_change(),
        attempt: intent.attempt,
        method: intent.method.clone(),
        url: intent.url.clone(),
        request_id: intent.request_id.to_string(),
        correlation_id: intent.correlation_id.to_string(),
        end,
    }
}

/// How the request ended whose intent has this place, if this record says so.
pub(super) fn end(known: &Known, asked: Seq) -> Option<RequestEnd> {
    let at = known.record.at.to_string();
    let without_answer =
        |text: String| RequestEnd { at: at.clone(), text, request_id: None, correlation_id: None };
    match &known.record.event {
        Event::ResponseReceived(response) if response.intent == asked => {
            let ResponseReceived { status, code, text, request_id, correlation_id, .. } = &**response;
            let code = code.as_ref().map(|code| format!(", code {code}")).unwrap_or_default();
            let said = text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
            let (request_id, correlation_id) = (request_id.clone(), correlation_id.clone());
            Some(RequestEnd { at, text: format!("status {status}{code}{said}"), request_id, correlation_id })
        }
        Event::RequestNotSent(NotSent { intent, error, .. }) if *intent == asked => {
            Some(without_answer(format!("not sent: {error}")))
        }
        Event::OutcomeUnknown(OutcomeUnknown { intent, error, .. }) if *intent == asked => {
            Some(without_answer(format!("no answer: {error}")))
        }
        _ => None,
    }
}
