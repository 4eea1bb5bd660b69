//! What the answer to `ValidateMfa: true` says.

use super::super::{json, response::Incoming};
use serde_json::Value;

/// Whether the sign-in was done with MFA, if the answer says so. It is documented as a part of the
/// answer, but not as which: the header is looked at first, then the body.
pub fn is_mfa_compliant(answer: &Incoming) -> Option<bool> {
    let word = |text: &str| match text.trim().to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    };
    if let Some(found) = answer.header("ismfacompliant").and_then(word) {
        return Some(found);
    }
    let body = json::parse(&answer.body)?;
    let (_, value) = body.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case("isMfaCompliant"))?;
    match value {
        Value::Bool(found) => Some(*found),
        Value::String(text) => word(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_found_in_the_header_and_in_the_body() {
        for (header, body, expected) in [
            (Some("True"), "{}", Some(true)),
            (Some("false"), r#"{"isMfaCompliant":true}"#, Some(false)),
            (None, r#"{"IsMfaCompliant":false}"#, Some(false)),
            (None, r#"{"isMfaCompliant":"true"}"#, Some(true)),
            (Some("perhaps"), "{}", None),
            (None, "<html>", None),
        ] {
            let headers = header.map(|value| ("ismfacompliant".to_owned(), value.to_owned()));
            let answer = Incoming { status: 200, headers: headers.into_iter().collect(), body: body.into() };
            assert_eq!(is_mfa_compliant(&answer), expected, "{header:?} {body}");
        }
    }
}
