//! A form, which is what the sign-in service is sent.

use crate::domain::Secret;
use std::fmt;
use url::form_urlencoded;

/// The fields whose values are secrets; the others are the same for everybody, or no secrets.
const SECRET: [&str; 4] = ["refresh_token", "device_code", "client_secret", "client_assertion"];

/// A form. Every value is taken for a secret, so nobody has to decide which of them is one.
#[derive(Clone)]
pub struct Form(Vec<(&'static str, Secret)>);

impl Form {
    pub(super) fn of<const N: usize>(fields: [(&'static str, &str); N]) -> Self {
        Self(fields.into_iter().map(|(name, value)| (name, Secret::new(value.to_owned()))).collect())
    }

    pub(super) fn push(&mut self, name: &'static str, value: Secret) {
        self.0.push((name, value));
    }

    /// As it goes over the wire.
    pub fn encoded(&self) -> Secret {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(self.0.iter().map(|(name, value)| (*name, value.expose())));
        Secret::new(form.finish())
    }

    /// The secrets in it, by the names of their fields.
    pub fn secrets(&self) -> impl Iterator<Item = (&'static str, &Secret)> {
        self.0.iter().filter(|(name, _)| SECRET.contains(name)).map(|(name, secret)| (*name, secret))
    }

    /// As it may be stored: each field by its name, and the length of its value.
    pub fn stored(&self) -> String {
        let field =
            |(name, value): &(&str, Secret)| format!("{name}=[not stored, {} bytes]", value.expose().len());
        self.0.iter().map(field).collect::<Vec<_>>().join("&")
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.stored())
    }
}
