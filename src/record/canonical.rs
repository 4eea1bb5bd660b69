//! The bytes of a record: one JSON object in canonical form.
//!
//! UTF-8, keys sorted, no blanks, no floating-point numbers: the subset of RFC 8785 that needs no
//! number formatting. These bytes are stored and hashed as they are; nobody serialises a record
//! again to check it.

mod scan;
mod sorting;

use scan::Scanner;
use serde::Serialize;
pub use sorting::Pen;

/// Why something has no canonical bytes.
#[derive(Debug, thiserror::Error)]
pub enum CanonicalError {
    /// The value cannot be JSON.
    #[error("cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A number is not a whole number below 2^53.
    #[error("the number {0} is not a whole number below 2^53")]
    Number(serde_json::Number),
}

/// The canonical bytes of a value.
pub fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    Pen::default().write(value).map(<[u8]>::to_vec)
}

/// Whether these bytes are the canonical form of the JSON that they are.
///
/// It is what [`to_bytes`] would make of them, found out without making it: a log of a million records is
/// looked at in seconds.
pub fn is_canonical(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok() && Scanner { rest: bytes }.document().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn keys_are_sorted_and_blanks_are_left_out() {
        let value = json!({"b": [1, true, null], "a": {"d": "x\u{1f}\n\"", "c": -3}});
        let text = String::from_utf8(to_bytes(&value).unwrap()).unwrap();
        assert_eq!(text, "{\"a\":{\"c\":-3,\"d\":\"x\\u001f\\n\\\"\"},\"b\":[1,true,null]}");
    }

    #[test]
    fn floats_and_large_numbers_are_refused() {
        for value in [json!(1.5), json!(1_u64 << 53), json!(i64::MIN)] {
            assert!(matches!(to_bytes(&value), Err(CanonicalError::Number(_))), "{value}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (-(1_i64 << 52)..1 << 52).prop_map(Value::from),
            ".{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map(".{0,6}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// The definition, by way of a tree of values.
    fn by_definition(value: &Value) -> Result<Vec<u8>, CanonicalError> {
        let mut bytes = Vec::new();
        write(value, &mut bytes)?;
        Ok(bytes)
    }

    fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), CanonicalError> {
        match value {
            Value::Null | Value::Bool(_) | Value::String(_) => serde_json::to_writer(out, value)?,
            Value::Number(number) => {
                let whole = number.as_i64().is_some_and(|n| n.unsigned_abs() < 1 << 53);
                if !whole {
                    return Err(CanonicalError::Number(number.clone()));
                }
                serde_json::to_writer(out, number)?;
            }
            Value::Array(items) => {
                out.push(b'[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    write(item, out)?;
                }
                out.push(b']');
            }
            Value::Object(map) => {
                // Sorted here and not by trusting the map: whether it sorts depends on a feature of
                // `serde_json` that any other crate could turn on. By UTF-16 units, as RFC 8785 says.
                let mut entries: Vec<_> = map.iter().collect();
                entries.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
                out.push(b'{');
                for (i, (key, item)) in entries.into_iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    serde_json::to_writer(&mut *out, key)?;
                    out.push(b':');
                    write(item, out)?;
                }
                out.push(b'}');
            }
        }
        Ok(())
    }

    /// The definition: what comes out when they are read and written again.
    fn is_canonical_by_definition(bytes: &[u8]) -> bool {
        let value = serde_json::from_slice::<Value>(bytes).ok();
        value.and_then(|value| by_definition(&value).ok()).is_some_and(|again| again == bytes)
    }

    #[test]
    fn only_one_form_is_canonical() {
        for (text, expected) in [
            (r#"{"a":1,"b":[],"c":{},"d":null,"e":true,"f":false,"g":-7,"h":0}"#, true),
            (r#""x\"\\/\b\f\n\r\t\u0000\u001f""#, true),
            ("\"\u{7f}é😀\"", true),
            ("9007199254740991", true),
            ("-9007199254740991", true),
            ("9007199254740992", false),
            ("-0", false),
            ("01", false),
            ("1.0", false),
            ("1e3", false),
            ("-", false),
            ("99999999999999999999999", false),
            ("", false),
            (" 1", false),
            ("1 ", false),
            ("[1,2,]", false),
            ("[1 ,2]", false),
            ("[1,2", false),
            ("nul", false),
            (r#"{"b":1,"a":2}"#, false),
            (r#"{"a":1,"a":2}"#, false),
            (r#"{"a":1,}"#, false),
            (r#"{"a" :1}"#, false),
            (r#"{"a"}"#, false),
            (r#""\/""#, false),
            (r#""\u001F""#, false),
            (r#""\u000a""#, false),
            (r#""\u0041""#, false),
            (r#""\ud83d\ude00""#, false),
            ("\"\u{1}\"", false),
            ("\"", false),
            // By UTF-16 units: U+1F600 is written with D83D, which comes before FF61.
            ("{\"\u{1f600}\":1,\"\u{ff61}\":2}", true),
            ("{\"\u{ff61}\":1,\"\u{1f600}\":2}", false),
            // By what the keys say, and not by how they are written: a line feed comes before a blank.
            (r#"{"\n":1," ":2}"#, true),
            (r#"{" ":1,"\n":2}"#, false),
        ] {
            assert_eq!(is_canonical(text.as_bytes()), expected, "{text}");
            assert_eq!(is_canonical_by_definition(text.as_bytes()), expected, "{text}");
        }
        for depth in [100, 127, 128, 100_000] {
            let arrays = "[".repeat(depth) + &"]".repeat(depth);
            let objects = "{\"a\":".repeat(depth - 1) + "{}" + &"}".repeat(depth - 1);
            for text in [arrays, objects] {
                assert_eq!(is_canonical(text.as_bytes()), depth < 128, "{depth}");
                assert_eq!(is_canonical_by_definition(text.as_bytes()), depth < 128, "{depth}");
            }
        }
    }

    proptest! {
        #[test]
        fn canonical_bytes_say_the_same_and_are_stable(value in any_json()) {
            let bytes = to_bytes(&value).unwrap();
            prop_assert_eq!(&bytes, &by_definition(&value).unwrap());
            prop_assert_eq!(&serde_json::from_slice::<Value>(&bytes).unwrap(), &value);
            prop_assert!(is_canonical(&bytes));
        }

        #[test]
        fn whatever_is_done_to_canonical_bytes(
            value in any_json(),
            at in any::<prop::sample::Index>(),
            put in prop::sample::select(b"\"\\{}[],:0123456789-+.eEtrufalsn \n\x00\x7f\xc3\xa9".to_vec()),
            how in 0..3,
        ) {
            let mut bytes = to_bytes(&value).unwrap();
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = put,
                1 => bytes.insert(at, put),
                _ => drop(bytes.remove(at)),
            }
            prop_assert_eq!(is_canonical(&bytes), is_canonical_by_definition(&bytes));
        }
    }
}
