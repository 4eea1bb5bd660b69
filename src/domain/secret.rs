//! A text that must never be shown.

use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// A token or another secret: it has no `Display`, its `Debug` is blank, and its memory is wiped
/// when it is dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a secret in.
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// The text itself; for the one place that puts it on the wire, and the one that looks for it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
