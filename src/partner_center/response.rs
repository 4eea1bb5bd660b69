//! What an answer means.
//!
//! Sources: `partner-center/developer/error-codes` and `api-throttling-guidance`
//! (learn.microsoft.com), and what clients of the live service were seen to meet.

use super::{json, model};
use crate::domain::{Answer, Time};
use serde_json::Value;
use std::time::Duration;

/// An answer as it came over the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incoming {
    /// The status.
    pub status: u16,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Incoming {
    /// The value of a header, by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body without a byte-order mark.
    pub fn text(&self) -> &[u8] {
        json::without_bom(&self.body)
    }

    /// Whether the status is 2xx.
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

/// What the service says went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fault {
    /// Its code, a text or a number on the wire.
    pub code: Option<String>,
    /// Its text, shortened; the start of the body if that is not JSON.
    pub text: Option<String>,
}

/// The longest text of the service that is carried outside the stored body, in characters.
const LONGEST_TEXT: usize = 500;

/// What the service says went wrong, in any of the forms that it is known to use: its own fault, the
/// gateway's, the Graph's, or no JSON at all.
pub fn fault(answer: &Incoming) -> Fault {
    if answer.is_success() {
        return Fault::default();
    }
    let Some(value) = json::parse(&answer.body) else {
        let text = String::from_utf8_lossy(answer.text());
        return Fault { code: None, text: shortened(&text) };
    };
    let inner = value.get("error").filter(|error| error.is_object()).unwrap_or(&value);
    let find = |names: &[&str]| {
        let map = inner.as_object()?;
        let (_, found) =
            map.iter().find(|(key, _)| names.iter().any(|name| key.eq_ignore_ascii_case(name)))?;
        match found {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    };
    let text = find(&["description", "message", "error_description"]);
    Fault {
        code: find(&["code", "errorCode", "statusCode"]).and_then(|code| shortened(&code)),
        text: text.and_then(|text| shortened(&text)),
    }
}

pub(super) fn shortened(text: &str) -> Option<String> {
    // On one line: what the service says must not look like a line of ours.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then(|| text.chars().take(LONGEST_TEXT).collect())
}

/// Whether the body of a removal's answer itself says that the relationship is gone. It proves
/// nothing, because it may be an echo; that it says something else is worth knowing.
pub fn says_removed(answer: &Incoming) -> bool {
    let read = model::read::<model::Customer>(&answer.body);
    read.is_ok_and(|customer| customer.relationship_to_partner.as_deref() == Some("none"))
}

/// Whether an answer to a deletion is what was expected: an empty one, or at least JSON.
pub fn says_deleted(answer: &Incoming) -> bool {
    answer.text().is_empty() || json::parse(&answer.body).is_some()
}

/// Whether the body is an order. It need not be cancelled yet: that takes its time.
pub fn shows_order(answer: &Incoming) -> bool {
    model::read::<model::Order>(&answer.body).is_ok_and(|order| order.status.is_some())
}

/// The codes of an order that is being changed: in progress, or with an adjustment pending.
const IN_PROGRESS: [&str; 2] = ["800060", "800014"];

/// What an answer means. `understood` says whether the body of a 2xx was what was expected;
/// `is_customer` whether the path begins with one customer, so that "not found" means that there is
/// no relationship.
pub fn classify(answer: &Incoming, fault: &Fault, understood: bool, is_customer: bool) -> Answer {
    let code = fault.code.as_deref().unwrap_or_default();
    match answer.status {
        200..=299 if understood => Answer::Understood,
        200..=299 if answer.text().is_empty() => Answer::Empty,
        200..=299 => Answer::NotUnderstood,
        429 => Answer::Throttled,
        503 if answer.header("retry-after").is_some() => Answer::Throttled,
        // Wrong audience, no MFA: a new token of the same sign-in has the same fault.
        401 if matches!(code, "900420" | "900421") => Answer::SignInRefused,
        401 => Answer::TokenExpired,
        403 if code == "20002" => Answer::NoRelationship,
        403 => Answer::Denied,
        // A page of some proxy says nothing about a customer; the service's own fault does.
        404 if is_customer && fault.code.is_some() => Answer::NoRelationship,
        400 if code == "3000" && is_customer && says_no_relationship(fault) => Answer::NoRelationship,
        409 if IN_PROGRESS.contains(&code) => Answer::InProgress,
        408 | 500..=599 => Answer::Unclear,
        _ => Answer::Refused,
    }
}

/// Code 3000 means an invalid property; the removal also answers it, with a text that says that the
/// relationship does not exist (microsoft/Partner-Center-PowerShell#51).
fn says_no_relationship(fault: &Fault) -> bool {
    let text = fault.text.as_deref().unwrap_or_default().to_ascii_lowercase();
    text.contains("relationship") && text.contains("not exist")
}

/// How long the service asks to be left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// It does not say.
    NotSaid,
    /// For this long.
    Wait(Duration),
    /// For longer than anybody would wait, or something that is no time at all.
    Absurd(String),
}

/// The longest wait that is obeyed without asking a person.
pub const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// Reads `Retry-After`: seconds, or an HTTP date, which is measured against the answer's own `Date`
/// and not against this machine's clock.
pub fn retry_after(answer: &Incoming, now: Time) -> RetryAfter {
    let Some(value) = answer.header("retry-after").map(str::trim) else { return RetryAfter::NotSaid };
    let absurd = || RetryAfter::Absurd(value.chars().take(80).collect());
    let wait = if let Ok(seconds) = value.parse::<i64>() {
        Duration::from_secs(seconds.max(0).unsigned_abs())
    } else if let Some(until) = Time::from_http_date(value) {
        let server_now = answer.header("date").and_then(Time::from_http_date).unwrap_or(now);
        until.since(server_now)
    } else {
        return absurd();
    };
    if wait > LONGEST_WAIT { absurd() } else { RetryAfter::Wait(wait) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Incoming {
        Incoming { status, headers: vec![], body: body.as_bytes().to_vec() }
    }

    fn meaning(status: u16, body: &str) -> Answer {
        let answer = answer(status, body);
        classify(&answer, &fault(&answer), true, true)
    }

    #[test]
    fn every_status_has_the_meaning_of_the_design() {
        let mut table: Vec<(Answer, Vec<u16>)> = Vec::new();
        for status in 100..=599 {
            let answer = meaning(status, "");
            match table.iter_mut().find(|(known, _)| *known == answer) {
                Some((_, statuses)) => statuses.push(status),
                None => table.push((answer, vec![status])),
            }
        }
        let of = |wanted: Answer| table.iter().find(|(answer, _)| *answer == wanted).map(|(_, s)| s.clone());
        assert_eq!(of(Answer::Understood), Some((200..=299).collect()));
        assert_eq!(of(Answer::Throttled), Some(vec![429]));
        assert_eq!(of(Answer::TokenExpired), Some(vec![401]));
        assert_eq!(of(Answer::Denied), Some(vec![403]));
        assert_eq!(of(Answer::NoRelationship), None);
        assert_eq!(of(Answer::Unclear), Some([408].into_iter().chain(500..=599).collect()));
    }

    #[test]
    fn codes_are_texts_or_numbers_and_may_stand_anywhere_that_is_known() {
        for (body, code, text) in [
            (r#"{"code":20002,"description":"d","data":[],"source":"s"}"#, Some("20002"), Some("d")),
            (r#"{"code":"900421","description":"d"}"#, Some("900421"), Some("d")),
            (r#"{ "statusCode": 429, "message": "17 seconds." }"#, Some("429"), Some("17 seconds.")),
            (r#"{"error":{"code":"x","message":"m"}}"#, Some("x"), Some("m")),
            (r#"{"Code":"3000","Description":"d"}"#, Some("3000"), Some("d")),
            ("\u{feff}{\"code\":1}", Some("1"), None),
            ("<html>no</html>", None, Some("<html>no</html>")),
            ("", None, None),
        ] {
            let fault = fault(&answer(400, body));
            assert_eq!((fault.code.as_deref(), fault.text.as_deref()), (code, text), "{body}");
        }
    }

    #[test]
    fn a_missing_relationship_is_told_from_an_invalid_property() {
        let gone = r#"{"code":"3000","description":"demo: the relationship does not exist"}"#;
        let other = r#"{"code":"3000","description":"active subscriptions stand in the way"}"#;
        assert_eq!(meaning(400, gone), Answer::NoRelationship);
        assert_eq!(meaning(400, other), Answer::Refused);
        assert_eq!(meaning(403, r#"{"code":20002}"#), Answer::NoRelationship);
        assert_eq!(meaning(404, r#"{"code":"60003","description":"d"}"#), Answer::NoRelationship);
        assert_eq!(meaning(404, "<html>not here</html>"), Answer::Refused);
        assert_eq!(meaning(401, r#"{"code":"900421"}"#), Answer::SignInRefused);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_by_the_servers_clock() {
        let now = Time::from_millis(0);
        let with = |headers: &[(&str, &str)]| {
            let headers = headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            retry_after(&Incoming { status: 429, headers, body: vec![] }, now)
        };
        let seconds = |n| RetryAfter::Wait(Duration::from_secs(n));
        assert_eq!(with(&[]), RetryAfter::NotSaid);
        assert_eq!(with(&[("retry-after", "57")]), seconds(57));
        assert_eq!(with(&[("retry-after", "-5")]), seconds(0));
        let date = ("date", "Fri, 20 Nov 2026 09:15:30 GMT");
        assert_eq!(with(&[("retry-after", "Fri, 20 Nov 2026 09:16:00 GMT"), date]), seconds(30));
        assert!(matches!(with(&[("retry-after", "86400")]), RetryAfter::Absurd(_)));
        assert!(matches!(with(&[("retry-after", "soon")]), RetryAfter::Absurd(_)));
    }

    #[test]
    fn the_removals_answer_is_read_in_either_casing() {
        for (body, expected) in [
            (r#"{"Id":null,"RelationshipToPartner":"None"}"#, true),
            ("\u{feff}{\"relationshipToPartner\":\"none\"}", true),
            (r#"{"relationshipToPartner":"reseller"}"#, false),
            ("", false),
        ] {
            assert_eq!(says_removed(&answer(200, body)), expected, "{body}");
        }
    }
}
