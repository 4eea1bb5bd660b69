//! What of an exchange may be stored.
//!
//! Headers by an allow-list: the value of any other is replaced by its length. Everything that is
//! stored also passes the [`Scrubber`], which knows the secrets of this run and takes them out in
//! whatever form a server may have echoed them: as they are, and behind every escape and every
//! encoding that can be read in a fair share of work ([`search`]). An answer is [`Unread`] until
//! that is done, so that whatever is decoded from it, cut short or quoted has no secret in it. What
//! cannot be looked through is not stored.

mod finder;
mod search;
mod views;

use super::response::Incoming;
use crate::domain::{Headers, Secret, is_taken_out};
use finder::Finder;
use std::{
    borrow::Cow,
    collections::VecDeque,
    fmt,
    ops::Range,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

/// The headers whose values may be stored. None of them ever carries a secret.
const STORED: [&str; 26] = [
    "accept",
    "accept-encoding",
    "cache-control",
    "client-request-id",
    "content-encoding",
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

/// The name of another header is stored if it is no longer than this.
const LONGEST_NAME: usize = 40;

/// What stands where a secret stood.
const TAKEN_OUT: &str = "[secret]";

/// Secrets that are shorter than this are not looked for: they would be found everywhere.
const SHORTEST: usize = 8;

/// So many of each kind of secret that is replaced from time to time are looked for: an answer may be late, and
/// echo an older one.
const LATEST: usize = 8;

/// Whether something was taken out of these bytes.
pub(super) fn is_scrubbed(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, TAKEN_OUT.as_bytes()).is_some()
}

/// An answer as it came, which may hold secrets; [`Scrubber::answer`] takes them out.
pub struct Unread(Incoming);

impl Unread {
    /// Takes an answer in. A body that is compressed or otherwise encoded, although nobody asked for that, or that
    /// is no text, cannot be looked through: of it only the length is kept, and nobody understands it.
    pub fn new(mut answer: Incoming) -> Self {
        let length = answer.body.len();
        let coding = answer.header("content-encoding").map(str::trim).unwrap_or_default();
        let why = if !(coding.is_empty() || coding.eq_ignore_ascii_case("identity")) {
            let coding: String = coding.chars().take(40).collect();
            Some(format!("they came with `Content-Encoding: {coding}`, which nobody asked for"))
        } else if !is_text(&answer.body) {
            Some("they are no text".to_owned())
        } else {
            None
        };
        if let Some(why) = why.filter(|_| length > 0 && !is_taken_out("keep-what-is-compressed")) {
            answer.body = format!("[not stored, {length} bytes: {why}]").into_bytes();
        }
        Self(answer)
    }

    /// The status.
    pub const fn status(&self) -> u16 {
        self.0.status
    }

    /// The answer with the secrets that it holds, for whoever takes them out to use them.
    pub const fn with_secrets(&self) -> &Incoming {
        &self.0
    }

    /// The answer made into another one.
    #[must_use]
    pub fn map(self, make: impl FnOnce(Incoming) -> Incoming) -> Self {
        Self(make(self.0))
    }
}

impl fmt::Debug for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Unread(status {}, {} bytes)", self.0.status, self.0.body.len())
    }
}

/// Compressed bytes have control characters that no text has.
fn is_text(body: &[u8]) -> bool {
    body.iter().all(|byte| *byte >= b' ' || byte.is_ascii_whitespace())
}

/// Takes secrets out of whatever is about to be stored or shown. Clones share what they know.
#[derive(Clone, Default)]
pub struct Scrubber {
    known: Arc<RwLock<KnownSecrets>>,
}

/// The secrets, and what finds them.
#[derive(Default)]
struct KnownSecrets {
    /// Those that stay.
    lasting: Vec<Secret>,
    /// Those that are replaced, by what they are called; the latest of each is the last.
    replaced: Vec<(&'static str, VecDeque<Secret>)>,
    finder: Finder,
}

impl KnownSecrets {
    /// What is left of the bytes, if there is a secret in them.
    fn without(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        match search::search(&self.finder, bytes) {
            Ok(found) if found.is_empty() => None,
            Ok(found) => Some(taken_out(bytes, &found)),
            Err(search::TooMuch) => {
                let length = bytes.len();
                Some(format!("[not stored, {length} bytes: they cannot be looked through]").into_bytes())
            }
        }
    }

    fn text(&self, text: String) -> String {
        match self.without(text.as_bytes()) {
            None => text,
            Some(left) => String::from_utf8_lossy(&left).into_owned(),
        }
    }

    fn find_all(&mut self) {
        let replaced = self.replaced.iter().flat_map(|(_, latest)| latest);
        self.finder = Finder::new(self.lasting.iter().chain(replaced).map(Secret::expose));
    }
}

/// The bytes with a mark in the place of each range.
fn taken_out(bytes: &[u8], ranges: &[Range<usize>]) -> Vec<u8> {
    let mut left = Vec::with_capacity(bytes.len());
    let mut at = 0;
    for range in ranges {
        left.extend_from_slice(bytes.get(at..range.start).unwrap_or_default());
        left.extend_from_slice(TAKEN_OUT.as_bytes());
        at = range.end;
    }
    left.extend_from_slice(bytes.get(at..).unwrap_or_default());
    left
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
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        for secret in secrets.iter().filter(|secret| secret.expose().len() >= SHORTEST) {
            if !known.lasting.iter().any(|other| other.expose() == secret.expose()) {
                known.lasting.push(secret.clone());
            }
        }
        known.find_all();
    }

    /// Knows this secret as well, until so many others with this name have come that nobody echoes it any more.
    pub fn learn_latest(&self, name: &'static str, secret: &Secret) {
        if secret.expose().len() < SHORTEST {
            return;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let KnownSecrets { lasting, replaced, .. } = &mut *known;
        let is_it = |other: &Secret| other.expose() == secret.expose();
        if lasting.iter().any(is_it) {
            return;
        }
        let place = replaced.iter().position(|(other, _)| *other == name).unwrap_or(replaced.len());
        if place == replaced.len() {
            replaced.push((name, VecDeque::new()));
        }
        let Some((_, latest)) = replaced.get_mut(place) else { return };
        let was_known = latest.iter().any(is_it);
        latest.retain(|other| !is_it(other));
        latest.push_back(secret.clone());
        if latest.len() > LATEST && !is_taken_out("know-every-token-for-ever") {
            latest.pop_front();
        }
        if !was_known {
            known.find_all();
        }
    }

    fn known(&self) -> RwLockReadGuard<'_, KnownSecrets> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text without the secrets.
    pub fn text(&self, text: &str) -> String {
        self.known().text(text.to_owned())
    }

    /// The answer without the secrets. Done first of all, so that nothing that is read from it, cut
    /// short or quoted can hold a part of one.
    pub fn answer(&self, answer: Unread) -> Incoming {
        let known = self.known();
        let Unread(Incoming { status, headers, body }) = answer;
        let headers = headers.into_iter().map(|(name, value)| (known.text(name), known.text(value)));
        let headers = headers.collect();
        let body = known.without(&body).unwrap_or(body);
        Incoming { status, headers, body }
    }

    /// The headers as they may be stored.
    pub fn headers<'a>(&self, headers: impl IntoIterator<Item = (&'a str, &'a str)>) -> Headers {
        let known = self.known();
        let stored = |(name, value): (&str, &str)| {
            if let Some(name) = STORED.iter().find(|stored| stored.eq_ignore_ascii_case(name)) {
                (Cow::Borrowed(*name), known.text(value.to_owned()))
            } else {
                let hidden = |text: &str| format!("[not stored, {} bytes]", text.len());
                // A client loses the case of names, and with it what could be found in a long one.
                let name = if name.len() > LONGEST_NAME { hidden(name) } else { known.text(name.to_owned()) };
                (Cow::Owned(name.to_ascii_lowercase()), hidden(value))
            }
        };
        headers.into_iter().map(stored).collect()
    }
}

impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scrubber({} pieces)", self.known().finder.len())
    }
}

#[cfg(test)]
mod tests;
