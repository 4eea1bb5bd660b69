//! A text that must never be shown.

use secrecy::{ExposeSecret, SecretString};
use std::fmt;

/// A token or another secret: it has no `Display`, its `Debug` is blank, and its memory is wiped
/// when it is dropped.
#[derive(Clone)]
pub struct Secret(SecretString);

/// A secret that is longer than any.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has {0} bytes, and no token and no secret has more than {LONGEST}", LONGEST = Secret::LONGEST)]
pub struct TooLong(pub usize);

impl Secret {
    /// Of how many bytes a secret may be that comes from outside. A token with many claims has 10,000.
    pub const LONGEST: usize = 64 << 10;

    /// Takes a secret in that comes from outside.
    pub fn from_outside(text: &str) -> Result<Self, TooLong> {
        if text.len() > Self::LONGEST { Err(TooLong(text.len())) } else { Ok(Self::new(text.to_owned())) }
    }

    /// A secret, however long it is.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_from_outside_has_a_bound_and_is_not_shown() {
        let text = "x".repeat(64 << 10);
        assert_eq!(Secret::from_outside(&text).unwrap().expose(), text);
        assert_eq!(Secret::from_outside(&format!("{text}y")).unwrap_err(), TooLong((64 << 10) + 1));
        assert_eq!(format!("{:?}", Secret::new("hush".to_owned())), "Secret(…)");
    }
}
