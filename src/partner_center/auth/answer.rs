//! What the sign-in service answers, and what of it may be stored.

use super::super::{json, response::Incoming};
use super::{Refusal, entra};
use crate::domain::{Answer, Secret, TooLong, is_taken_out};
use serde_json::{Map, Value};
use std::time::Duration;

/// A token was given.
#[derive(Clone, Debug)]
pub struct Granted {
    /// The access token.
    pub access: Secret,
    /// The refresh token that replaces the one that was used.
    pub refresh: Option<Secret>,
    /// How long the access token lives from now on.
    pub lifetime: Option<Duration>,
}

/// Somebody is asked to sign in with another device.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Where to.
    pub address: String,
    /// What to type there.
    pub code: String,
    /// How long the code lives.
    pub lifetime: Duration,
    /// How long to wait between two questions.
    pub interval: Duration,
    /// What the program asks with.
    pub device_code: Secret,
}

/// The fields whose values may be stored; none of them ever holds a secret. The value of any other
/// field is replaced by its length.
const STORED: [&str; 18] = [
    "correlation_id",
    "error",
    "error_codes",
    "error_description",
    "error_uri",
    "expires_in",
    "expires_on",
    "ext_expires_in",
    "interval",
    "not_before",
    "resource",
    "scope",
    "suberror",
    "timestamp",
    "token_type",
    "trace_id",
    "verification_uri",
    "verification_url",
];

/// The fields whose values must be looked for in everything that is stored from then on, for as long as somebody
/// may echo them.
const SECRET: [&str; 5] = ["access_token", "refresh_token", "id_token", "device_code", "client_info"];

/// How long a code lives, and how long to wait between two questions, if the answer does not say
/// (RFC 8628 §3.2, and what the documentation of the service says).
const CODE_LIVES: Duration = Duration::from_mins(15);
const INTERVAL: Duration = Duration::from_secs(5);

/// Reads a token; none if the answer holds none that could be used.
pub fn granted(answer: &Incoming) -> Option<Granted> {
    let fields = fields(answer).filter(|_| answer.is_success() && too_long(answer).is_none())?;
    let token = |name: &str| {
        let text = fields.get(name)?.as_str()?.trim();
        let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        if is_plain { Secret::from_outside(text).ok() } else { None }
    };
    let is_bearer = |kind: &Value| kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
    if !fields.get("token_type").is_none_or(is_bearer) {
        return None;
    }
    Some(Granted {
        access: token("access_token")?,
        refresh: token("refresh_token"),
        lifetime: seconds(&fields, "expires_in").filter(|lifetime| !lifetime.is_zero()),
    })
}

/// Reads an invitation. The address is shown to a person, so it must be one that a browser may open.
pub fn invitation(answer: &Incoming) -> Option<Invitation> {
    let fields = fields(answer).filter(|_| answer.is_success())?;
    let text = |names: &[&str]| names.iter().find_map(|name| fields.get(*name)?.as_str());
    let address = text(&["verification_uri", "verification_url"])?;
    let (code, device_code) = (text(&["user_code"])?, text(&["device_code"])?);
    let device_code = Secret::from_outside(device_code).ok()?;
    if !(address.starts_with("https://") || address.starts_with("http://")) || device_code.expose().is_empty()
    {
        return None;
    }
    Some(Invitation {
        address: address.to_owned(),
        code: code.to_owned(),
        lifetime: seconds(&fields, "expires_in").unwrap_or(CODE_LIVES),
        interval: seconds(&fields, "interval").unwrap_or(INTERVAL).max(Duration::from_secs(1)),
        device_code,
    })
}

/// Reads an error; none if the answer is not this service's own.
pub fn refusal(answer: &Incoming) -> Option<Refusal> {
    let fields = fields(answer).filter(|_| !answer.is_success())?;
    let error = fields.get("error")?.as_str()?.to_owned();
    let codes = fields.get("error_codes").and_then(Value::as_array);
    let codes = codes.into_iter().flatten().filter_map(|code| u32::try_from(code.as_u64()?).ok());
    let text = fields.get("error_description").and_then(Value::as_str);
    Some(Refusal { error, codes: codes.collect(), text: text.and_then(super::super::response::shortened) })
}

/// What an answer means, for the record.
pub fn classify(answer: &Incoming) -> Answer {
    let refusal = refusal(answer);
    match (answer.status, refusal) {
        (200..=299, _) if granted(answer).is_some() || invitation(answer).is_some() => Answer::Understood,
        (200..=299, _) => Answer::NotUnderstood,
        (429, _) => Answer::Throttled,
        (_, Some(refusal)) if entra::is_waiting(&refusal.error) => Answer::Refused,
        (_, Some(refusal)) if refusal.remedy() == super::Remedy::Wait => Answer::Unclear,
        (_, Some(_)) => Answer::SignInRefused,
        (408 | 500..=599, None) => Answer::Unclear,
        (_, None) => Answer::Refused,
    }
}

/// The secrets that an answer brought, however long they are, by the names of their fields.
pub fn secrets(answer: &Incoming) -> Vec<(&'static str, Secret)> {
    let Some(fields) = fields(answer) else { return Vec::new() };
    let texts = SECRET.iter().filter_map(|name| Some((*name, fields.get(*name)?.as_str()?)));
    texts.map(|(name, text)| (name, Secret::new(text.to_owned()))).collect()
}

/// The secret among them that is longer than any, by the name of its field.
pub fn too_long(answer: &Incoming) -> Option<(&'static str, TooLong)> {
    let fields = fields(answer)?;
    let refused = |name: &&'static str| {
        let text = fields.get(*name)?.as_str()?;
        Some((*name, Secret::from_outside(text).err()?))
    };
    SECRET.iter().find_map(refused)
}

/// The answer as it may be stored. A body that is not what was expected could hold anything, and is
/// known by its length alone.
pub fn storable(answer: Incoming) -> Incoming {
    if answer.body.is_empty() || is_taken_out("store-what-the-sign-in-answers") {
        return answer;
    }
    let hidden = |length: usize| format!("[not stored, {length} bytes]");
    let body = match fields(&answer) {
        Some(fields) => {
            let kept = fields.into_iter().map(|(name, value)| {
                let is_kept = STORED.contains(&name.as_str()) && !value.is_object();
                let length = || value.as_str().map_or_else(|| value.to_string().len(), str::len);
                let value = if is_kept { value } else { Value::from(hidden(length())) };
                (name, value)
            });
            Value::from(kept.collect::<Map<_, _>>()).to_string()
        }
        None => hidden(answer.body.len()),
    };
    Incoming { body: body.into_bytes(), ..answer }
}

fn fields(answer: &Incoming) -> Option<Map<String, Value>> {
    match json::parse(&answer.body) {
        Some(Value::Object(fields)) => Some(fields),
        _ => None,
    }
}

/// Version 1 writes numbers as text.
fn seconds(fields: &Map<String, Value>, name: &str) -> Option<Duration> {
    let value = fields.get(name)?;
    let seconds = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Incoming {
        Incoming { status, headers: vec![], body: body.as_bytes().to_vec() }
    }

    #[test]
    fn both_versions_of_the_endpoint_are_understood() {
        let v1 =
            r#"{"token_type":"Bearer","expires_in":"3599","expires_on":"1893456000","access_token":"a"}"#;
        let v2 = r#"{"token_type":"Bearer","expires_in":3599,"access_token":"a","refresh_token":"r"}"#;
        for (body, refresh) in [(v1, None), (v2, Some("r"))] {
            let granted = granted(&answer(200, body)).unwrap();
            assert_eq!(granted.access.expose(), "a");
            assert_eq!(granted.refresh.as_ref().map(Secret::expose), refresh);
            assert_eq!(granted.lifetime, Some(Duration::from_secs(3599)));
        }
        for body in
            ["{}", "", "<html>", r#"{"access_token":"a b"}"#, r#"{"access_token":"a","token_type":"pop"}"#]
        {
            assert!(granted(&answer(200, body)).is_none(), "{body}");
            assert_eq!(classify(&answer(200, body)), Answer::NotUnderstood, "{body}");
        }
        assert!(granted(&answer(400, v2)).is_none());
        for name in ["access_token", "refresh_token", "id_token"] {
            let mut fields: Map<String, Value> = serde_json::from_str(v2).unwrap();
            fields.insert(name.to_owned(), Value::from("a".repeat(Secret::LONGEST + 1)));
            let answer = answer(200, &Value::from(fields).to_string());
            assert!(granted(&answer).is_none());
            assert_eq!(too_long(&answer), Some((name, TooLong(Secret::LONGEST + 1))));
        }
    }

    #[test]
    fn an_invitation_is_read_in_either_version_and_only_with_a_web_address() {
        let v1 = r#"{"user_code":"U","device_code":"D","verification_url":"https://x.example","expires_in":"900","interval":"7"}"#;
        let found = invitation(&answer(200, v1)).unwrap();
        assert_eq!((found.code.as_str(), found.address.as_str()), ("U", "https://x.example"));
        assert_eq!((found.lifetime, found.interval), (Duration::from_mins(15), Duration::from_secs(7)));
        let v2 = r#"{"user_code":"U","device_code":"D","verification_uri":"https://x.example","interval":0}"#;
        let found = invitation(&answer(200, v2)).unwrap();
        assert_eq!((found.lifetime, found.interval), (CODE_LIVES, Duration::from_secs(1)));
        let script = r#"{"user_code":"U","device_code":"D","verification_uri":"javascript:x"}"#;
        assert!(invitation(&answer(200, script)).is_none());
    }

    #[test]
    fn of_an_answer_only_what_is_on_the_list_is_stored() {
        let body = r#"{"access_token":"secret-a","refresh_token":"secret-r","id_token":"secret-i","new_field":"secret-n",
            "expires_in":3599,"scope":"x","claims":{"secret":1}}"#;
        let stored = String::from_utf8(storable(answer(200, body)).body).unwrap();
        assert!(!stored.contains("secret-"), "{stored}");
        assert!(
            stored.contains(r#""access_token":"[not stored, 8 bytes]""#) && stored.contains(r#""scope":"x""#)
        );
        let secrets = secrets(&answer(200, body));
        assert_eq!(
            secrets.iter().map(|(name, secret)| (*name, secret.expose())).collect::<Vec<_>>(),
            [("access_token", "secret-a"), ("refresh_token", "secret-r"), ("id_token", "secret-i")]
        );
        let cut = answer(200, body.split_at(30).0);
        assert_eq!(storable(cut).body, b"[not stored, 30 bytes]");
    }

    #[test]
    fn every_kind_of_answer_has_its_meaning() {
        for (status, body, meaning) in [
            (400, r#"{"error":"authorization_pending"}"#, Answer::Refused),
            (400, r#"{"error":"invalid_grant","error_codes":[70008]}"#, Answer::SignInRefused),
            (503, r#"{"error":"temporarily_unavailable"}"#, Answer::Unclear),
            (502, "<html>", Answer::Unclear),
            (429, "", Answer::Throttled),
            (302, "", Answer::Refused),
            (404, "<html>", Answer::Refused),
        ] {
            assert_eq!(classify(&answer(status, body)), meaning, "{status} {body}");
        }
    }
}
