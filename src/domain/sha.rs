//! SHA-256 digests.

use serde_with::{DeserializeFromStr, SerializeDisplay};
use sha2::Digest as _;
use std::{fmt, str::FromStr};

/// A SHA-256 digest, written as 64 hexadecimal digits in lower case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, SerializeDisplay, DeserializeFromStr)]
pub struct Sha256([u8; 32]);

impl Sha256 {
    /// The digest of these parts, one after the other.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut digest = Digest::default();
        for part in parts {
            digest.add(part);
        }
        digest.done()
    }

    /// Wraps 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// A digest in the making.
#[derive(Clone, Debug, Default)]
pub struct Digest(sha2::Sha256);

impl Digest {
    /// Takes what comes next.
    pub fn add(&mut self, part: impl AsRef<[u8]>) {
        self.0.update(part);
    }

    /// The digest of all that was taken.
    pub fn done(self) -> Sha256 {
        Sha256(self.0.finalize().into())
    }
}

impl fmt::Display for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digit = |n: u8| if n < 10 { b'0' + n } else { b'a' + n - 10 };
        // In one piece: each request has several of these.
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_never| fmt::Error)?)
    }
}

impl fmt::Debug for Sha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Sha256 {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let refused = || format!("`{}` is not a SHA-256 digest", text.chars().take(80).collect::<String>());
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(refused());
        }
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            let pair = text.get(2 * i..2 * i + 2).ok_or_else(refused)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_not_hex| refused())?;
        }
        Ok(Self(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_digest_of_abc() {
        let digest = Sha256::of(&[b"a", b"bc"]);
        let text = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(digest.to_string(), text);
        assert_eq!(text.parse::<Sha256>().unwrap(), digest);
        // A sign is no digit, though it makes a number of one.
        for other in ["ba78", &format!("{text}00"), &text.replacen("ba", "+a", 1)] {
            assert!(other.parse::<Sha256>().is_err(), "{other}");
        }
    }
}
