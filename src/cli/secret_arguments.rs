//! Secrets on the command line, which every process of the machine can read: they are refused, with the
//! reason, before anything is parsed or shown.

use super::{credentials, exit::Failure};
use std::ffi::OsString;

/// Options that somebody who holds a secret may try.
const NAMES: [&str; 12] = [
    "token",
    "access-token",
    "bearer",
    "refresh-token",
    "client-secret",
    "secret",
    "password",
    "client-assertion",
    "client-certificate",
    "device-code",
    "proxy-user",
    "proxy-password",
];

/// The beginning of a JWT's header, `{"`, and of a refresh token of Entra; nothing else that is typed
/// here begins so and is that long.
const BEGINNINGS: [&str; 4] = ["eyJ", "0.A", "1.A", "Bearer "];
const LONG: usize = 60;

/// What is refused, if there is a secret among the arguments. It is not repeated.
pub(super) fn refuse_secrets(arguments: &[OsString]) -> Option<Failure> {
    let known = credentials::raw_secrets();
    let texts = || arguments.iter().skip(1).map(|argument| argument.to_string_lossy());
    let named = texts().find_map(|text| {
        let name = text.strip_prefix("--")?.split('=').next()?.to_ascii_lowercase();
        NAMES.contains(&name.as_str()).then(|| format!("`--{name}`"))
    });
    let looks_like_one = |text: &str| {
        let value = text.split_once('=').filter(|_| text.starts_with("--")).map_or(text, |(_, value)| value);
        value.len() >= LONG && BEGINNINGS.iter().any(|beginning| value.starts_with(beginning))
    };
    let is_known = |text: &str| known.iter().any(|secret| text.contains(secret.expose()));
    let found = named.or_else(|| {
        let mut numbered = (1..).zip(texts());
        let (number, _) = numbered.find(|(_, text)| looks_like_one(text) || is_known(text))?;
        Some(format!("argument {number}"))
    })?;
    Some(Failure::usage(format!(
        "{found}: a secret is never given on the command line, where every process of this machine can read it; \
         set the environment variable OFFBOARD_ACCESS_TOKEN instead, or sign in with `offboard login`"
    )))
}
