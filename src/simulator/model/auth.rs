//! Which tokens are taken, and what is told of them.

use super::super::scenario::{MfaShown, On, Token};
use super::graph;
use super::{
    Model, Request,
    answers::{Body, DraftAnswer},
    issuer::{Issuer, Worth},
    products,
    route::Route,
};
use crate::domain::Time;
use serde_json::Value;
use std::time::Duration;

/// The tokens of the scenario, each with when it was first used, and who gives others.
#[derive(Debug)]
pub(super) struct Tokens {
    known: Vec<(Token, Option<Time>)>,
    pub(super) issuer: Option<Issuer>,
}

impl Tokens {
    pub(super) fn new(tokens: Vec<Token>, issuer: Option<Issuer>) -> Self {
        Self { known: tokens.into_iter().map(|token| (token, None)).collect(), issuer }
    }

    /// Everything that nobody else may see.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        let known = self.known.iter().map(|(token, _)| token.token.as_str());
        known.chain(self.issuer.iter().flat_map(Issuer::secrets))
    }

    /// Why this request is refused, if it is.
    pub(super) fn refuse(&mut self, now: Time, request: &Request, on: On) -> Option<DraftAnswer> {
        let header = request.header("Authorization").unwrap_or_default();
        let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
        let token = token.trim();
        if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
            return Some(unauthorized(800_001, "The partner token is missing."));
        }
        match self.issuer.as_mut().map(|issuer| issuer.take(now, token)) {
            Some(Worth::Good) => return None,
            Some(Worth::GoodForApps) => return app_alone(on),
            Some(Worth::Expired) => return Some(unauthorized(400, "The token has expired.")),
            None if self.known.is_empty() => return None,
            Some(Worth::Unknown) | None => {}
        }
        let Some((known, first_use)) = self.known.iter_mut().find(|(known, _)| known.token == token) else {
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
        if known.app_only { app_alone(on) } else { None }
    }
}

/// What is refused to an app by itself.
fn app_alone(on: On) -> Option<DraftAnswer> {
    let is_for_users = matches!(on, On::Remove | On::Profile);
    is_for_users.then(|| DraftAnswer::fault(403, 900_329, "The operation does not support app-only tokens."))
}

impl Model {
    /// What the sign-in service answers, or why Partner Center does not take the token. Nothing if the
    /// request may go on.
    pub(super) fn sign_in(&mut self, now: Time, request: &Request, route: &Route) -> Option<DraftAnswer> {
        let issuer = self.tokens.issuer.as_mut();
        let answer = match route {
            Route::Token(tenant) => issuer.map(|issuer| issuer.token(now, tenant, request)),
            Route::DeviceCode(tenant) => issuer.map(|issuer| issuer.invite(now, tenant, request)),
            route if route.is_graph() => {
                let refused = !self.is_for_this(request, route)
                    || self.graph_token.is_none() && self.tokens.refuse(now, request, route.on()).is_some();
                return refused.then(|| graph::unauthorized(now, request));
            }
            route if !self.is_for_this(request, route) => {
                return Some(unauthorized(900_420, "The audience of the token is not accepted."));
            }
            _ => return self.tokens.refuse(now, request, route.on()),
        };
        Some(answer.unwrap_or_else(|| DraftAnswer::fault(404, 1000, "Not found.")))
    }

    /// The organization profile, with what was asked about the MFA of the sign-in.
    pub(super) fn profile(&self, request: &Request) -> DraftAnswer {
        let mut answer = DraftAnswer::ok(products::profile(&self.partner));
        let is_asked = request.header("ValidateMfa").is_some_and(|asks| asks.eq_ignore_ascii_case("true"));
        match (self.mfa.shown_in, &mut answer.body) {
            _ if !is_asked => answer,
            (MfaShown::Header, _) => answer.with_header("isMfaCompliant", self.mfa.compliant.to_string()),
            (MfaShown::Body, Body::Json(Value::Object(profile))) => {
                profile.insert("isMfaCompliant".to_owned(), self.mfa.compliant.into());
                answer
            }
            _ => answer,
        }
    }
}

pub(super) fn unauthorized(code: u32, description: &str) -> DraftAnswer {
    DraftAnswer::fault(401, code, description)
        .with_header("WWW-Authenticate", "OAuth realm=urn:cpsvc:cpid:simulator")
}
