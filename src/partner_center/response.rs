//! What an answer means.
//!
//! Sources: `partner-center/developer/error-codes` and `api-throttling-guidance`
//! (learn.microsoft.com), and what clients of the live service were seen to meet.

use super::json;
use crate::domain::{Answer, Time, is_taken_out};
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

    /// Whether the body is JSON.
    pub fn is_json(&self) -> bool {
        json::parse(&self.body).is_some()
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
    /// Whether it has the form of Partner Center's own faults (`code`, `description`, `source`), or of Microsoft Graph's. What a gateway or a proxy
    /// on the way says has not, and says nothing about a customer or a change.
    pub is_own: bool,
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
        return Fault { code: None, text: shortened(&text), is_own: false };
    };
    let inner = value.get("error").filter(|error| error.is_object()).unwrap_or(&value);
    let text = field(inner, &["description", "message", "error_description"]);
    Fault {
        code: field(inner, &["code", "errorCode", "statusCode"]).and_then(|code| shortened(&code)),
        text: text.and_then(|text| shortened(&text)),
        is_own: ["code", "description", "source"].iter().all(|name| field(&value, &[name]).is_some())
            || is_of_graph(inner),
    }
}

/// Microsoft Graph's own faults have a code, and the identifier of the request inside (`graph/errors`, learn.microsoft.com).
fn is_of_graph(error: &Value) -> bool {
    let inner = error.get("innerError").or_else(|| error.get("innererror"));
    field(error, &["code"]).is_some() && inner.and_then(|inner| field(inner, &["request-id"])).is_some()
}

/// The text or number of the first field that has one of these names, whatever their case.
fn field(value: &Value, names: &[&str]) -> Option<String> {
    let mut fields = value.as_object()?.iter();
    let (_, found) = fields.find(|(key, _)| names.iter().any(|name| key.eq_ignore_ascii_case(name)))?;
    match found {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

pub(super) fn shortened(text: &str) -> Option<String> {
    // On one line: what the service says must not look like a line of ours.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then(|| text.chars().take(LONGEST_TEXT).collect())
}

/// The codes of an order that is being changed: in progress, or with an adjustment pending.
const IN_PROGRESS: [&str; 2] = ["800060", "800014"];

/// The codes by which the service itself says, with this status, that it did nothing (learn.microsoft.com,
/// `partner-center/developer/error-codes`; Microsoft Graph's are words, `graph/errors`). Whatever is not here may have been carried out.
const NOTHING_DONE: [(u16, &[&str]); 5] = [
    (
        400,
        &[
            "2000",
            "2001",
            "2002",
            "2006",
            "2011",
            "2012",
            "2054",
            "2055",
            "3000",
            "4018",
            "800002",
            "800011",
            "800012",
            "800013",
            "800018",
            "800021",
            "800030",
            "800040",
            "800041",
            "800042",
            "800061",
            "800063",
            "800071",
            "800072",
            "800077",
            "800081",
            "800082",
            "800085",
            "800090",
            "800091",
            "800092",
            "800093",
            "800095",
            "800096",
            "800097",
            "800098",
            "900116",
            "900117",
            "900118",
            "900126",
            "900127",
            "900141",
            "900154",
            "900213",
            "900214",
            "900257",
            "900279",
            "900311",
            "900316",
            "900419",
            "badRequest",
            "invalidRequest",
            "Request_BadRequest",
        ],
    ),
    (
        403,
        &[
            "1002",
            "2006",
            "2032",
            "90000",
            "800019",
            "800039",
            "800043",
            "800069",
            "800073",
            "800074",
            "800075",
            "800077",
            "900105",
            "900115",
            "900123",
            "900124",
            "900149",
            "900150",
            "900159",
            "900308",
            "900309",
            "900329",
            "900416",
            "accessDenied",
            "Authorization_RequestDenied",
            "Forbidden",
        ],
    ),
    (
        404,
        &[
            "20000",
            "20003",
            "800037",
            "800038",
            "900140",
            "notFound",
            "itemNotFound",
            "Request_ResourceNotFound",
        ],
    ),
    (412, &["preconditionFailed"]),
    (417, &["800036"]),
];

/// What was asked, as far as the meaning of the answer depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, whatever the others are")]
pub struct Asked {
    /// Whether it changes something.
    pub is_change: bool,
    /// Whether the path is that of one customer, and of nothing that it has: if that is not found, there is no
    /// relationship.
    pub is_customer: bool,
    /// Whether nothing but the answer tells if it is done: then "not found" means that there was nothing to take away.
    pub is_told_by_answer: bool,
    /// Whether everything else can be done without the answer: that this account may not ask for it says nothing about
    /// the sign-in.
    pub can_do_without: bool,
}

/// What an answer means. `understood` says whether the body of a 2xx was what was expected.
///
/// That a change was not carried out, and that there is no relationship, is only believed if the service itself says
/// so, by a code that is known: a gateway, a proxy or a wrong path answer with the same statuses.
pub fn classify(answer: &Incoming, fault: &Fault, understood: bool, asked: Asked) -> Answer {
    let code = fault.code.as_deref().unwrap_or_default();
    match answer.status {
        200..=299 if understood => Answer::Understood,
        200..=299 if answer.text().is_empty() => Answer::Empty,
        200..=299 => Answer::NotUnderstood,
        429 => Answer::Throttled,
        503 if !asked.is_change && answer.header("retry-after").is_some() => Answer::Throttled,
        401 if code == "1002" && asked.can_do_without => Answer::Denied,
        // Wrong audience, no MFA, not this partner's to ask: a new token of the same sign-in has the same fault.
        401 if matches!(code, "900420" | "900421" | "1002") => Answer::SignInRefused,
        401 => Answer::TokenExpired,
        404 if asked.is_told_by_answer && says_nothing_there(code, fault) => Answer::NothingThere,
        _ if asked.is_customer && says_no_relationship(answer.status, code, fault) => Answer::NoRelationship,
        403 if !asked.is_change || says_nothing_done(403, code, fault) => Answer::Denied,
        409 if fault.is_own && IN_PROGRESS.contains(&code) => Answer::InProgress,
        408 | 499 | 500..=599 => Answer::Unclear,
        status if says_nothing_done(status, code, fault) => Answer::Refused,
        _ => Answer::Inconclusive,
    }
}

fn says_nothing_done(status: u16, code: &str, fault: &Fault) -> bool {
    let is_it = |known: &&str| known.eq_ignore_ascii_case(code);
    let is_listed = |(of, codes): &(u16, &[&str])| *of == status && codes.iter().any(is_it);
    fault.is_own && NOTHING_DONE.iter().any(is_listed)
}

/// Codes of a 404 that are about something else: a wrong path, the customer, an order, a subscription.
const OF_SOMETHING_ELSE: [&str; 9] =
    ["404", "1000", "20000", "20002", "20003", "60003", "800037", "800038", "900140"];

/// Which code says that there was no consent is not documented. Partner Center itself must have said it, and it must not be
/// one that is known to say something else.
fn says_nothing_there(code: &str, fault: &Fault) -> bool {
    fault.is_own
        && !OF_SOMETHING_ELSE.contains(&code)
        && !code.is_empty()
        && code.bytes().all(|b| b.is_ascii_digit())
}

/// Code 3000 means an invalid property; the removal also answers it, with a text that says that the
/// relationship does not exist (microsoft/Partner-Center-PowerShell#51).
fn says_no_relationship(status: u16, code: &str, fault: &Fault) -> bool {
    let text = fault.text.as_deref().unwrap_or_default().to_ascii_lowercase();
    if status == 404 && is_taken_out("a-gateway-knows-who-is-missing") {
        return true;
    }
    fault.is_own
        && match (status, code) {
            (403, "20002") | (404, "1000" | "60003") => true,
            (400, "3000") => text.contains("relationship") && text.contains("not exist"),
            _ => false,
        }
}

/// How long the service asks to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RetryAfter {
    /// It does not say, or nothing that can be read.
    NotSaid,
    /// For this long.
    Wait(Duration),
    /// For longer than anybody would wait.
    Absurd(String),
}

/// The longest wait that is obeyed without asking a person.
pub const LONGEST_WAIT: Duration = Duration::from_hours(1);

/// Reads `Retry-After`: seconds, which may have a fraction, or an HTTP date, which is measured against the answer's own
/// `Date` and not against this machine's clock.
pub fn retry_after(answer: &Incoming, now: Time) -> RetryAfter {
    let Some(value) = answer.header("retry-after").map(str::trim) else { return RetryAfter::NotSaid };
    let wait = if let Ok(seconds) = value.parse::<f64>() {
        if !seconds.is_finite() {
            return RetryAfter::NotSaid;
        }
        let longest = LONGEST_WAIT + Duration::from_secs(1);
        Duration::try_from_secs_f64(seconds.max(0.0).ceil()).unwrap_or(longest)
    } else if let Some(until) = Time::from_http_date(value) {
        let server_now = answer.header("date").and_then(Time::from_http_date).unwrap_or(now);
        until.since(server_now)
    } else {
        return RetryAfter::NotSaid;
    };
    if wait > LONGEST_WAIT {
        RetryAfter::Absurd(value.chars().take(80).collect())
    } else {
        RetryAfter::Wait(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Incoming {
        Incoming { status, headers: vec![], body: body.as_bytes().to_vec() }
    }

    const READ: Asked =
        Asked { is_change: false, is_customer: true, is_told_by_answer: false, can_do_without: false };
    const CHANGE: Asked =
        Asked { is_change: true, is_customer: true, is_told_by_answer: false, can_do_without: false };

    fn meaning(asked: Asked, status: u16, body: &str) -> Answer {
        let answer = answer(status, body);
        classify(&answer, &fault(&answer), true, asked)
    }

    fn own(code: &str) -> String {
        format!(r#"{{"code":"{code}","description":"d","data":[],"source":"PartnerFD"}}"#)
    }

    #[test]
    fn whoever_is_on_the_way_shows_nothing() {
        let gateway = r#"{"statusCode":404,"message":"Resource not found"}"#;
        let graph = r#"{"error":{"code":"60003","message":"m"}}"#;
        let no_source = r#"{"code":"60003","description":"d"}"#;
        let foreign = own("77");
        for body in ["", "<html>no</html>", "no", gateway, graph, no_source, &foreign, "[]", "7"] {
            for status in (100..=199).chain(300..=1000).filter(|status| ![401, 429].contains(status)) {
                let answer = meaning(CHANGE, status, body);
                let expected = match status {
                    408 | 499 | 500..=599 => Answer::Unclear,
                    _ => Answer::Inconclusive,
                };
                assert_eq!(answer, expected, "{status} {body}");
                assert_ne!(meaning(READ, status, body), Answer::NoRelationship, "{status} {body}");
            }
        }
    }

    #[test]
    fn what_the_service_itself_says_counts() {
        let gone = own("3000").replace("\"d\"", "\"demo: the relationship does not exist\"");
        for asked in [READ, CHANGE] {
            for (status, body) in
                [(403, own("20002")), (404, own("1000")), (404, own("60003")), (400, gone.clone())]
            {
                assert_eq!(meaning(asked, status, &body), Answer::NoRelationship, "{status} {body}");
                let of_a_thing = Asked { is_customer: false, ..asked };
                assert_ne!(meaning(of_a_thing, status, &body), Answer::NoRelationship, "{status} {body}");
            }
            assert_eq!(meaning(asked, 400, &own("3000")), Answer::Refused);
            assert_eq!(meaning(asked, 404, &own("20000")), Answer::Refused);
            assert_eq!(meaning(asked, 409, &own("800060")), Answer::InProgress);
            assert_eq!(meaning(asked, 409, &own("27009")), Answer::Inconclusive);
            assert_eq!(meaning(asked, 403, &own("900150")), Answer::Denied);
        }
        // What nothing depends on stops nobody.
        let without = Asked { can_do_without: true, ..READ };
        assert_eq!(meaning(without, 401, &own("1002")), Answer::Denied);
        assert_eq!(meaning(READ, 401, &own("1002")), Answer::SignInRefused);
        assert_eq!(meaning(without, 401, &own("900421")), Answer::SignInRefused);
        // A code belongs to its status.
        assert_eq!(meaning(CHANGE, 404, &own("900150")), Answer::Inconclusive);
        assert_eq!(meaning(READ, 404, &own("20002")), Answer::Inconclusive);
        assert_eq!(meaning(READ, 403, "<html>"), Answer::Denied);
        for (status, code, answer) in [
            (401, "900421", Answer::SignInRefused),
            (401, "1002", Answer::SignInRefused),
            (401, "800001", Answer::TokenExpired),
            (429, "1", Answer::Throttled),
            (200, "1", Answer::Understood),
        ] {
            assert_eq!(meaning(CHANGE, status, &own(code)), answer, "{status}");
        }
    }

    #[test]
    fn a_change_that_is_answered_503_may_have_been_carried_out_whatever_its_headers() {
        let headers = vec![("retry-after".to_owned(), "5".to_owned())];
        let answer = Incoming { status: 503, headers, body: vec![] };
        assert_eq!(classify(&answer, &fault(&answer), false, CHANGE), Answer::Unclear);
        assert_eq!(classify(&answer, &fault(&answer), false, READ), Answer::Throttled);
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
    fn retry_after_is_seconds_or_a_date_by_the_servers_clock() {
        let now = Time::from_millis(0);
        let with = |headers: &[(&str, &str)]| {
            let headers = headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
            retry_after(&Incoming { status: 429, headers, body: vec![] }, now)
        };
        let seconds = |n| RetryAfter::Wait(Duration::from_secs(n));
        assert_eq!(with(&[]), RetryAfter::NotSaid);
        assert_eq!(with(&[("retry-after", "57")]), seconds(57));
        assert_eq!(with(&[("retry-after", "2.542")]), seconds(3));
        for nothing in ["-5", "0", "-0.5"] {
            assert_eq!(with(&[("retry-after", nothing)]), seconds(0));
        }
        for unreadable in ["soon", "", "NaN", "inf", "5 s", "5,5"] {
            assert_eq!(with(&[("retry-after", unreadable)]), RetryAfter::NotSaid, "{unreadable}");
        }
        assert!(matches!(with(&[("retry-after", "1e300")]), RetryAfter::Absurd(_)));
        let date = ("date", "Fri, 20 Nov 2026 09:15:30 GMT");
        assert_eq!(with(&[("retry-after", "Fri, 20 Nov 2026 09:16:00 GMT"), date]), seconds(30));
        assert!(matches!(with(&[("retry-after", "86400")]), RetryAfter::Absurd(_)));
    }
}
