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
    let mut value: Value = serde_json::from_slice(without_bom(body))?;
    lower_keys(&mut value);
    serde_json::from_value(value)
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
}
