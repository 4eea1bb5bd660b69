//! The headers of a message, as they are kept.

use serde::{Deserialize, Serialize};
use serde_with::{As, Map, Same};
use std::borrow::Cow;

/// The headers of a message by their names in lower case, in the order of the names: in JSON, an object of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Headers(#[serde(with = "As::<Map<Same, Same>>")] Vec<(Cow<'static, str>, String)>);

impl Headers {
    /// Whether there is a header of this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }
}

impl FromIterator<(Cow<'static, str>, String)> for Headers {
    /// A header that occurs more than once has its values joined, as RFC 9110 §5.3 allows.
    fn from_iter<I: IntoIterator<Item = (Cow<'static, str>, String)>>(headers: I) -> Self {
        let mut headers: Vec<_> = headers.into_iter().collect();
        // Stable, so that the values of one header stay in their order.
        headers.sort_by(|(a, _), (b, _)| a.cmp(b));
        headers.dedup_by(|(name, value), (kept, values)| {
            let is_same = name == kept;
            if is_same {
                values.push_str(", ");
                values.push_str(value);
            }
            is_same
        });
        Self(headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_in_order_and_the_values_of_one_are_joined() {
        let of = |name: &'static str, value: &str| (Cow::Borrowed(name), value.to_owned());
        let headers: Headers = [of("server", "z"), of("date", "b"), of("server", "a")].into_iter().collect();
        let text = r#"{"date":"b","server":"z, a"}"#;
        assert_eq!(serde_json::to_string(&headers).unwrap(), text);
        assert_eq!(serde_json::from_str::<Headers>(text).unwrap(), headers);
        assert!(headers.has("date") && !headers.has("dat"));
    }
}
