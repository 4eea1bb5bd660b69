//! Answers before and after they become bytes.

use super::super::random::Random;
use super::super::scenario::{Casing, CodeForm, Quirks};
use super::Request;
use crate::domain::Time;
use serde_json::{Map, Value, json};

/// An answer whose wording is not settled yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct DraftAnswer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Body,
}

/// A body whose wording is not settled yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    Empty,
    Json(Value),
    Fault { code: u32, description: String },
    Text { content_type: &'static str, text: String },
}

impl DraftAnswer {
    pub(super) const fn new(status: u16, body: Body) -> Self {
        Self { status, headers: Vec::new(), body }
    }

    pub(super) const fn ok(value: Value) -> Self {
        Self::new(200, Body::Json(value))
    }

    pub(super) fn fault(status: u16, code: u32, description: impl Into<String>) -> Self {
        Self::new(status, Body::Fault { code, description: description.into() })
    }

    /// What the gateway in front of the service says when there is too much.
    pub(super) fn throttled(seconds: u64) -> Self {
        let message = format!("Rate limit is exceeded. Try again in {seconds} seconds.");
        Self::ok(json!({ "statusCode": 429, "message": message })).with_status(429)
    }

    pub(super) const fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(super) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Names so many items of a collection, and nothing that leads to more.
    pub(super) fn cut_short(&mut self, items: usize, total: Option<u64>) {
        let Body::Json(Value::Object(fields)) = &mut self.body else { return };
        let Some(all) = fields.get_mut("items").and_then(Value::as_array_mut) else { return };
        all.truncate(items);
        fields.remove("links");
        if let Some(total) = total {
            fields.insert("totalCount".to_owned(), total.into());
        }
        self.headers.retain(|(name, _)| *name != "MS-ContinuationToken");
    }

    /// Names this relationship wherever a relationship is named.
    pub(super) fn name_relationship(&mut self, word: &str) {
        let Body::Json(value) = &mut self.body else { return };
        let items = value.get_mut("items").and_then(Value::as_array_mut);
        let customers: Vec<&mut Value> = match items {
            Some(items) => items.iter_mut().collect(),
            None => vec![value],
        };
        for customer in customers.into_iter().filter_map(Value::as_object_mut) {
            if let Some(place) = customer.get_mut("relationshipToPartner") {
                *place = word.into();
            }
        }
    }
}

/// The body as bytes, and its content type.
pub(super) fn bytes(body: Body, quirks: Quirks, casing: Option<Casing>) -> (Vec<u8>, &'static str) {
    let json_type = "application/json; charset=utf-8";
    let mark = if quirks.bom.unwrap_or_default() { "\u{feff}" } else { "" };
    let value = match body {
        Body::Empty => return (Vec::new(), json_type),
        Body::Text { content_type, text } => {
            let mark = if content_type.starts_with("application/json") { mark } else { "" };
            return ([mark, &text].concat().into_bytes(), content_type);
        }
        Body::Json(value) => value,
        Body::Fault { code, description } => {
            let code = match quirks.fault_codes.unwrap_or_default() {
                CodeForm::Text => Value::from(code.to_string()),
                CodeForm::Number => Value::from(code),
            };
            json!({ "code": code, "description": description, "data": [], "source": "PartnerApiServiceControllers" })
        }
    };
    let casing = casing.or(quirks.casing).unwrap_or_default();
    let text = recased(value, casing).to_string();
    ([mark, &text].concat().into_bytes(), json_type)
}

/// The headers that every answer carries.
pub(super) fn headers(
    now: Time,
    request: &Request,
    quirks: Quirks,
    content_type: &str,
    ids: &mut Random,
) -> Vec<(String, String)> {
    // Drawn in any case, so that what was sent does not shift what is drawn later.
    let (own, correlation) = (ids.guid().to_string(), ids.guid().to_string());
    let vector = ids.guid().simple().to_string();
    let sent = request.header("MS-RequestId").filter(|_| !quirks.own_request_id.unwrap_or_default());
    let pairs = [
        ("Content-Type", content_type.to_owned()),
        ("MS-RequestId", sent.map_or(own, str::to_owned)),
        ("MS-CorrelationId", request.header("MS-CorrelationId").map_or(correlation, str::to_owned)),
        ("MS-CV", format!("{}.0", vector.chars().take(16).collect::<String>())),
        ("MS-ServerId", "SIMULATOR01".to_owned()),
        ("X-Locale", "en-US".to_owned()),
        ("Date", http_date(now)),
    ];
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The headers that every answer of the sign-in service carries.
pub(super) fn sign_in_headers(now: Time, request: &Request, content_type: &str) -> Vec<(String, String)> {
    let pairs = [
        ("Content-Type", Some(content_type.to_owned())),
        ("Cache-Control", Some("no-store, no-cache".to_owned())),
        ("client-request-id", request.header("client-request-id").map(str::to_owned)),
        ("Date", Some(http_date(now))),
    ];
    pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// The headers that every answer of Microsoft Graph carries.
pub(super) fn graph_headers(
    now: Time,
    request: &Request,
    content_type: &str,
    ids: &mut Random,
) -> Vec<(String, String)> {
    let own = ids.guid().to_string();
    let pairs = [
        ("Content-Type", Some(content_type.to_owned())),
        ("request-id", Some(own)),
        ("client-request-id", request.header("client-request-id").map(str::to_owned)),
        ("Date", Some(http_date(now))),
    ];
    pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// `Fri, 20 Nov 2026 09:30:05 GMT`.
pub(super) fn http_date(time: Time) -> String {
    let timestamp = jiff::Timestamp::from_millisecond(time.as_millis()).unwrap_or_default();
    jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&timestamp)
        .unwrap_or_else(|_before_year_zero| String::new())
}

fn recased(value: Value, casing: Casing) -> Value {
    match value {
        value if casing == Casing::Camel => value,
        Value::Array(items) => items.into_iter().map(|item| recased(item, casing)).collect(),
        Value::Object(fields) => {
            let renamed =
                fields.into_iter().map(|(key, value)| (key_in(&key, casing), recased(value, casing)));
            Value::Object(renamed.collect::<Map<_, _>>())
        }
        other => other,
    }
}

fn key_in(key: &str, casing: Casing) -> String {
    match casing {
        Casing::Camel => key.to_owned(),
        Casing::Upper => key.to_uppercase(),
        Casing::Pascal => {
            let mut letters = key.chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase());
            first.into_iter().chain(letters).collect()
        }
    }
}
