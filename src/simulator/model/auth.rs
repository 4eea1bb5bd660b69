//! Which tokens are taken.

use super::super::scenario::{On, Token};
use super::{Request, answers::Answer};
use crate::domain::Time;
use std::time::Duration;

/// The tokens of the scenario and when each was first used.
#[derive(Debug)]
pub(super) struct Tokens(Vec<(Token, Option<Time>)>);

impl Tokens {
    pub(super) fn new(tokens: Vec<Token>) -> Self {
        Self(tokens.into_iter().map(|token| (token, None)).collect())
    }

    /// Why this request is refused, if it is.
    pub(super) fn refuse(&mut self, now: Time, request: &Request, on: On) -> Option<Answer> {
        let header = request.header("Authorization").unwrap_or_default();
        let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
        let token = token.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
            return Some(unauthorized(800_001, "The partner token is missing."));
        }
        if self.0.is_empty() {
            return None;
        }
        let Some((known, first_use)) = self.0.iter_mut().find(|(known, _)| known.token == token) else {
            return Some(unauthorized(400, "Access denied."));
        };
        let since = *first_use.get_or_insert(now);
        if let Some(code) = known.refused_with {
            let why = match code {
                900_420 => "The audience of the token is not accepted any more.",
                900_421 => "The token does not show multi-factor authentication.",
                _ => "Access denied.",
            };
            return Some(unauthorized(code, why));
        }
        let worn = known.expires_after_ms.map(|ms| since.plus(Duration::from_millis(ms)));
        if known.expires_at.into_iter().chain(worn).any(|end| now >= end) {
            return Some(unauthorized(400, "The token has expired."));
        }
        let for_users = matches!(on, On::Remove | On::Profile);
        let refused = known.app_only && for_users;
        refused.then(|| Answer::fault(403, 900_329, "The operation does not support app-only tokens."))
    }
}

pub(super) fn unauthorized(code: u32, description: &str) -> Answer {
    Answer::fault(401, code, description)
        .with_header("WWW-Authenticate", "OAuth realm=urn:cpsvc:cpid:simulator")
}
