//! Reading JSON as this service writes it: a byte-order mark in front, keys in either casing.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

/// The body without its byte-order mark (`EF BB BF`), which the service puts before JSON.
pub(super) fn without_bom(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

/// The body as JSON whose keys all begin in lower case.
pub(super) fn parse(body: &[u8]) -> Option<Value> {
    let mut value: Value = serde_json::from_slice(without_bom(body)).ok()?;
    lower_keys(&mut value);
    Some(value)
}

/// The body as a `T`.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    let body = without_bom(body);
    if !has_upper_keys(body)
        && let Ok(read) = serde_json::from_slice(body)
    {
        return Ok(read);
    }
    let mut value: Value = serde_json::from_slice(body)?;
    lower_keys(&mut value);
    serde_json::from_value(value)
}

/// Whether some key may begin in upper case. Most answers have none, and are read without a tree of values.
fn has_upper_keys(body: &[u8]) -> bool {
    memchr::memchr_iter(b':', body).any(|colon| {
        let before = body.get(..colon).unwrap_or_default().trim_ascii_end();
        let Some(key) = before.strip_suffix(b"\"") else { return false };
        let begin = memchr::memrchr(b'"', key).map_or(0, |quote| quote + 1);
        key.get(begin).is_some_and(u8::is_ascii_uppercase)
    })
}

/// `RelationshipToPartner` becomes `relationshipToPartner`, at every depth.
fn lower_keys(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(lower_keys),
        Value::Object(map) => {
            let entries = std::mem::take(map);
            let lowered: Map<_, _> = entries
                .into_iter()
                .map(|(key, mut item)| {
                    lower_keys(&mut item);
                    (lower_first(key), item)
                })
                .collect();
            *map = lowered;
        }
        _ => {}
    }
}

fn lower_first(key: String) -> String {
    let mut chars = key.chars();
    match chars.next() {
        Some(first) if first.is_ascii_uppercase() => {
            let mut lowered = String::with_capacity(key.len());
            lowered.push(first.to_ascii_lowercase());
            lowered.push_str(chars.as_str());
            lowered
        }
        _ => key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_mark_and_pascal_case_are_forgiven() {
        let body = b"\xef\xbb\xbf{\"Id\":1,\"Items\":[{\"CompanyProfile\":{\"Domain\":\"d\"}}]}";
        let expected = json!({"id": 1, "items": [{"companyProfile": {"domain": "d"}}]});
        assert_eq!(parse(body), Some(expected));
        assert_eq!(parse(b"<html>"), None);
    }

    #[test]
    fn keys_are_told_from_text() {
        for (body, has) in [
            (r#"{"id":"A: B","name":"Customer","list":[{"a":1}]}"#, false),
            (r#"{"id":1,"Name" : 2}"#, true),
            (r#"{"id":{"deep":{"Deeper":1}}}"#, true),
            (r#"{"":1,"time":"2026-11-20T10:00:00Z"}"#, false),
            (":", false),
        ] {
            assert_eq!(has_upper_keys(body.as_bytes()), has, "{body}");
        }
        // A key that is there twice is read as a tree reads it: the last one counts.
        let twice = br#"{"id":"one","id":"two"}"#;
        let read: crate::partner_center::model::Customer = read(twice).unwrap();
        assert_eq!(read.id.as_deref(), Some("two"));
    }
}
