//! What of an exchange may be stored.
//!
//! Headers by an allow-list: the value of any other is replaced by its length. Everything that is
//! stored also passes the [`Scrubber`], which knows the secrets of this run and takes them out in
//! whatever form a server may have echoed them.

use super::response::Incoming;
use crate::domain::{Headers, Secret};
use aho_corasick::{AhoCorasick, MatchKind};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use serde_json::Value;
use std::{
    borrow::Cow,
    fmt,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

/// The headers whose values may be stored. None of them ever carries a secret.
const STORED: [&str; 24] = [
    "accept",
    "cache-control",
    "client-request-id",
    "content-length",
    "content-type",
    "date",
    "etag",
    "expires",
    "if-match",
    "ismfacompliant",
    "location",
    "ms-continuationtoken",
    "ms-correlationid",
    "ms-cv",
    "ms-partnercenter-application",
    "ms-requestid",
    "ms-serverid",
    "retry-after",
    "server",
    "transfer-encoding",
    "user-agent",
    "validatemfa",
    "x-locale",
    "x-ms-request-id",
];

/// What stands where a secret stood.
const TAKEN_OUT: &str = "[secret]";

/// Secrets that are shorter than this are not looked for: they would be found everywhere.
const SHORTEST: usize = 8;

/// Takes secrets out of whatever is about to be stored or shown. Clones share what they know.
#[derive(Clone, Default)]
pub struct Scrubber {
    known: Arc<RwLock<Known>>,
}

/// The secrets, in all their forms.
#[derive(Default)]
struct Known {
    forms: Vec<Vec<u8>>,
    /// Finds them, the longest of those that begin at one place; none if that is beyond its limits.
    finder: Option<AhoCorasick>,
}

impl Known {
    /// What is left of the bytes, if there is a secret in them.
    fn without(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        match &self.finder {
            None if self.forms.is_empty() => None,
            // What cannot be looked through is not stored.
            None => Some(TAKEN_OUT.as_bytes().to_owned()),
            Some(finder) if finder.is_match(bytes) => {
                let mut left = Vec::with_capacity(bytes.len());
                finder.replace_all_with_bytes(bytes, &mut left, |_, _, left| {
                    left.extend_from_slice(TAKEN_OUT.as_bytes());
                    true
                });
                Some(left)
            }
            Some(_) => None,
        }
    }

    fn text(&self, text: String) -> String {
        match self.without(text.as_bytes()) {
            None => text,
            Some(left) => String::from_utf8_lossy(&left).into_owned(),
        }
    }
}

impl Scrubber {
    /// Knows these secrets.
    pub fn new(secrets: &[Secret]) -> Self {
        let scrubber = Self::default();
        scrubber.learn(secrets);
        scrubber
    }

    /// Knows these secrets as well from now on.
    pub fn learn(&self, secrets: &[Secret]) {
        let secrets = secrets.iter().map(|secret| secret.expose().as_bytes());
        let new: Vec<Vec<u8>> = secrets.filter(|secret| secret.len() >= SHORTEST).flat_map(forms).collect();
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.forms.extend(new);
        known.forms.sort_unstable();
        known.forms.dedup();
        // The longest, so that a form within another is not left in pieces.
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&known.forms);
        known.finder = finder.ok();
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text without the secrets.
    pub fn text(&self, text: &str) -> String {
        self.known().text(text.to_owned())
    }

    /// The answer without the secrets. Done first of all, so that nothing that is read from it, cut
    /// short or quoted can hold a part of one.
    pub fn answer(&self, answer: Incoming) -> Incoming {
        let known = self.known();
        let headers = answer.headers.into_iter().map(|(name, value)| (known.text(name), known.text(value)));
        let headers = headers.collect();
        let body = known.without(&answer.body).unwrap_or(answer.body);
        Incoming { status: answer.status, headers, body }
    }

    /// The headers as they may be stored.
    pub fn headers<'a>(&self, headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Headers {
        let known = self.known();
        let stored = |(name, value): (&str, &str)| {
            if let Some(name) = STORED.iter().find(|stored| stored.eq_ignore_ascii_case(name)) {
                (Cow::Borrowed(*name), known.text(value.to_owned()))
            } else {
                let name = known.text(name.to_ascii_lowercase());
                (Cow::Owned(name), format!("[not stored, {} bytes]", value.len()))
            }
        };
        headers.into_iter().map(stored).collect()
    }
}

impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scrubber({} forms)", self.known().forms.len())
    }
}

/// A secret as it is, in JSON, percent-encoded, in hexadecimal, in UTF-16, and in Base64 of either
/// alphabet at each of the three alignments.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![
        secret.to_vec(),
        percent_encoded(secret, true),
        percent_encoded(secret, false),
        hexadecimal(secret, b"0123456789abcdef"),
        hexadecimal(secret, b"0123456789ABCDEF"),
        secret.iter().flat_map(|byte| [*byte, 0]).collect(),
        secret.iter().flat_map(|byte| [0, *byte]).collect(),
    ];
    let in_json = Value::from(String::from_utf8_lossy(secret)).to_string();
    let in_json = in_json.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default();
    forms.push(in_json.replace('/', "\\/").into_bytes());
    forms.push(in_json.to_owned().into_bytes());
    for shift in 0..3 {
        let standard = base64_at(secret, shift);
        forms.push(standard.replace('+', "-").replace('/', "_").into_bytes());
        forms.push(standard.into_bytes());
    }
    forms
}

fn percent_encoded(bytes: &[u8], upper: bool) -> Vec<u8> {
    let digits: &[u8; 16] = if upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    bytes
        .iter()
        .flat_map(|byte| {
            let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
            if plain { vec![*byte] } else { [vec![b'%'], hexadecimal(&[*byte], digits)].concat() }
        })
        .collect()
}

fn hexadecimal(bytes: &[u8], digits: &[u8; 16]) -> Vec<u8> {
    let digit = |n: u8| digits.get(usize::from(n)).copied().unwrap_or_default();
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// The characters of Base64 that depend on the secret alone when `shift` other bytes stand before it.
fn base64_at(secret: &[u8], shift: usize) -> String {
    let padded: Vec<u8> = std::iter::repeat_n(0, shift).chain(secret.iter().copied()).collect();
    let encoded = STANDARD_NO_PAD.encode(&padded);
    let first = (shift * 8).div_ceil(6);
    let whole = padded.len() * 8 / 6;
    encoded.chars().take(whole).skip(first).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE};
    use proptest::prelude::*;

    #[test]
    fn what_is_learnt_later_is_taken_out_by_every_clone() {
        let scrubber = Scrubber::default();
        let clone = scrubber.clone();
        scrubber.learn(&[Secret::new("a\"secret/of mine".to_owned())]);
        for form in ["a\"secret/of mine", r#"a\"secret/of mine"#, r#"a\"secret\/of mine"#] {
            assert_eq!(clone.text(&format!("<{form}>")), "<[secret]>");
        }
    }

    #[test]
    fn headers_that_are_not_on_the_list_are_known_by_their_length() {
        let scrubber = Scrubber::new(&[]);
        let stored = scrubber.headers([("Date", "today"), ("Set-Cookie", "abc"), ("X-New", "")]);
        assert_eq!(
            serde_json::to_string(&stored).unwrap(),
            r#"{"date":"today","set-cookie":"[not stored, 3 bytes]","x-new":"[not stored, 0 bytes]"}"#
        );
    }

    proptest! {
        #[test]
        fn no_form_of_a_secret_survives(
            secret in "[!-~]{8,60}",
            before in prop::collection::vec(any::<u8>(), 0..5),
            after in prop::collection::vec(any::<u8>(), 0..5),
        ) {
            let scrubber = Scrubber::new(&[Secret::new(secret.clone())]);
            let raw = [&before[..], secret.as_bytes(), &after[..]].concat();
            let hex = hexadecimal(&raw, b"0123456789abcdef");
            let percent: Vec<u8> = percent_encoded(&raw, true);
            for form in [raw.clone(), hex, percent, STANDARD.encode(&raw).into(), URL_SAFE.encode(&raw).into()] {
                let clean = scrubber.known().without(&form).unwrap();
                prop_assert!(clean.windows(TAKEN_OUT.len()).any(|window| window == TAKEN_OUT.as_bytes()));
                prop_assert!(forms(secret.as_bytes()).iter().all(|form| memchr::memmem::find(&clean, form).is_none()));
            }
        }
    }
}
