//! A resource that is sent back with another status, and otherwise byte for byte as it was read.

use super::{json::without_bom, redact::is_scrubbed};
use crate::domain::is_taken_out;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use serde_with::{As, Map, Same};

/// The fields of a JSON object in their order, their values as they were written.
#[derive(Deserialize)]
#[serde(transparent)]
struct Fields(#[serde(deserialize_with = "As::<Map<Same, Same>>::deserialize")] Vec<(String, Box<RawValue>)>);

/// A resource to be sent back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The whole of it.
    pub body: String,
    /// The version that was read.
    pub etag: Option<String>,
}

/// The resource with this status, or none if it is no object that has one. Nor is there one if something was taken
/// out of it that may have been a secret: what replaced it must not be sent back in its place.
pub fn with_status(body: &[u8], status: &str) -> Option<Changed> {
    if is_scrubbed(body) {
        return None;
    }
    let Fields(fields) = serde_json::from_slice(without_bom(body)).ok()?;
    let mut found = 0;
    let mut text = String::from("{");
    for (name, value) in fields.iter().skip(usize::from(is_taken_out("send-back-less-than-was-read"))) {
        let is_status = name.eq_ignore_ascii_case("status");
        found += u32::from(is_status);
        let separator = if text.len() > 1 { "," } else { "" };
        let value = if is_status { Value::from(status).to_string() } else { value.get().to_owned() };
        text.push_str(&format!("{separator}{}:{value}", Value::from(name.as_str())));
    }
    text.push('}');
    let named = |name: &str| fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    let attributes: Option<Value> =
        named("attributes").and_then(|(_, raw)| serde_json::from_str(raw.get()).ok());
    let etag = attributes.as_ref().and_then(Value::as_object).and_then(|attributes| {
        let found = attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case("etag"));
        found.and_then(|(_, etag)| etag.as_str()).filter(|etag| !etag.is_empty()).map(str::to_owned)
    });
    (found == 1).then_some(Changed { body: text, etag })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_status_is_changed() {
        let read = b"\xef\xbb\xbf{ \"Id\":\"A\",\"autoRenewEnabled\": true,\"Status\" : \"active\",\"quantity\":1.50,\
            \"links\":{\"b\":1, \"a\":[\"\xc3\xa9\"]},\"attributes\":{\"etag\":\"eyJ2\",\"objectType\":\"Subscription\"}}";
        let changed = with_status(read, "suspended").unwrap();
        assert_eq!(
            changed.body,
            "{\"Id\":\"A\",\"autoRenewEnabled\":true,\"Status\":\"suspended\",\"quantity\":1.50,\
             \"links\":{\"b\":1, \"a\":[\"é\"]},\"attributes\":{\"etag\":\"eyJ2\",\"objectType\":\"Subscription\"}}"
        );
        assert_eq!(changed.etag.as_deref(), Some("eyJ2"));
    }

    #[test]
    fn what_has_no_status_of_its_own_is_not_sent() {
        for body in [
            "{}",
            "[]",
            "",
            r#"{"status":"active","Status":"active"}"#,
            r#"{"status":"a","name":"[secret]"}"#,
        ] {
            assert_eq!(with_status(body.as_bytes(), "suspended"), None, "{body}");
        }
        assert_eq!(with_status(br#"{"status":"active","attributes":{"etag":""}}"#, "x").unwrap().etag, None);
    }
}
