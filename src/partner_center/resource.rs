//! A resource that is sent back with a few fields changed, and otherwise byte for byte as it was read.

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
pub struct EditedResource {
    /// The whole of it.
    pub body: String,
    /// The version that was read.
    pub etag: Option<String>,
}

/// What becomes of a field.
#[derive(Clone, Debug)]
pub enum Edit {
    /// It is there, and gets this value.
    Replace(&'static str, Value),
    /// It gets this value, whether it is there or not.
    Put(&'static str, Value),
    /// It is left out.
    LeaveOut(&'static str),
}

impl Edit {
    const fn name(&self) -> &'static str {
        match self {
            Self::Replace(name, _) | Self::Put(name, _) | Self::LeaveOut(name) => name,
        }
    }
}

/// The resource with this status, or none if it is no object that has one. Nor is there one if something was taken
/// out of it that may have been a secret: what replaced it must not be sent back in its place.
pub fn with_status(body: &[u8], status: &str) -> Option<EditedResource> {
    edited(body, &[Edit::Replace("status", Value::from(status))])
}

/// The resource with these edits, under the same conditions as [`with_status`]. A field that stands there twice is none
/// that could be edited.
pub fn edited(body: &[u8], edits: &[Edit]) -> Option<EditedResource> {
    if is_scrubbed(body) {
        return None;
    }
    let Fields(fields) = serde_json::from_slice(without_bom(body)).ok()?;
    let mut found = vec![0_usize; edits.len()];
    let mut text = String::from("{");
    let mut write = |name: &str, value: &str| {
        let separator = if text.len() > 1 { "," } else { "" };
        text.push_str(&format!("{separator}{}:{value}", Value::from(name)));
    };
    for (name, value) in fields.iter().skip(usize::from(is_taken_out("send-back-less-than-was-read"))) {
        let edit = edits.iter().zip(&mut found).find(|(edit, _)| name.eq_ignore_ascii_case(edit.name()));
        let edit = edit.map(|(edit, found)| {
            *found += 1;
            edit
        });
        match edit {
            None => write(name, value.get()),
            Some(Edit::LeaveOut(_)) => {}
            Some(Edit::Replace(_, new) | Edit::Put(_, new)) => write(name, &new.to_string()),
        }
    }
    for (edit, found) in edits.iter().zip(&found) {
        match (edit, found) {
            (Edit::Put(name, value), 0) => write(name, &value.to_string()),
            (Edit::LeaveOut(_), 0) | (_, 1) => {}
            _ => return None,
        }
    }
    text.push('}');
    let named = |name: &str| fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    let attributes: Option<Value> =
        named("attributes").and_then(|(_, raw)| serde_json::from_str(raw.get()).ok());
    let etag = attributes.as_ref().and_then(Value::as_object).and_then(|attributes| {
        let found = attributes.iter().find(|(key, _)| key.eq_ignore_ascii_case("etag"));
        found.and_then(|(_, etag)| etag.as_str()).filter(|etag| !etag.is_empty()).map(str::to_owned)
    });
    Some(EditedResource { body: text, etag })
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
    fn a_field_is_put_where_it_was_or_at_the_end_or_left_out() {
        let edits = [
            Edit::Replace("autoRenewEnabled", Value::from(false)),
            Edit::Put("scheduledActions", serde_json::json!([1])),
            Edit::LeaveOut("scheduledNextTermInstructions"),
        ];
        for (read, sent) in [
            (
                r#"{"AutoRenewEnabled":true,"ScheduledNextTermInstructions":{"a":1},"id":"A"}"#,
                Some(r#"{"AutoRenewEnabled":false,"id":"A","scheduledActions":[1]}"#),
            ),
            (
                r#"{"scheduledActions":null,"autoRenewEnabled":true}"#,
                Some(r#"{"scheduledActions":[1],"autoRenewEnabled":false}"#),
            ),
            // What is not there is not replaced, and what is there twice is not understood.
            (r#"{"id":"A"}"#, None),
            (r#"{"autoRenewEnabled":true,"AutoRenewEnabled":true}"#, None),
            (r#"{"autoRenewEnabled":true,"scheduledActions":[],"ScheduledActions":[]}"#, None),
        ] {
            assert_eq!(
                edited(read.as_bytes(), &edits).map(|changed| changed.body).as_deref(),
                sent,
                "{read}"
            );
        }
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
