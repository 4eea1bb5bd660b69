//! What a form asks, in a query.

use std::collections::BTreeMap;
use url::form_urlencoded;

/// What a form sends; an empty field is no answer.
pub(super) struct FormAnswers(BTreeMap<String, String>);

impl FormAnswers {
    pub(super) fn of(query: &str) -> Self {
        let fields = form_urlencoded::parse(query.as_bytes());
        let told = fields.map(|(name, value)| (name.into_owned(), value.trim().to_owned()));
        Self(told.filter(|(_, value)| !value.is_empty()).collect())
    }

    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    pub(super) fn number<T: std::str::FromStr>(&self, name: &str) -> Option<T> {
        self.0.get(name)?.parse().ok()
    }
}

/// A query from the fields that have a value.
pub(super) fn query(fields: &[(&str, Option<&str>)]) -> String {
    let mut text = form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        if let Some(value) = value {
            text.append_pair(name, value);
        }
    }
    text.finish()
}
