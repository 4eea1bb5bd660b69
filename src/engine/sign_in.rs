//! Where tokens come from, and the one that is used now.

use super::token::{Bearer, Token};
use crate::{
    domain::{Secret, Time},
    partner_center::auth::{AccessToken, App, Proof, answer::Invitation},
    record::TokenNamed,
};
use std::{
    fmt::Debug,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Where tokens come from.
#[derive(Debug)]
pub enum Source {
    /// One is used as it is, for as long as it lives.
    Given(AccessToken),
    /// A program of the operator's prints them.
    Printed(Arc<dyn PrintToken>),
    /// The sign-in service gives them for a refresh token, or for a person who signs in.
    Renewed(Box<Renewed>),
}

impl Source {
    /// The secrets that are known before anything is sent.
    pub(super) fn secrets(&self) -> Vec<Secret> {
        match self {
            Self::Given(token) => vec![token.secret.clone()],
            Self::Printed(_) => Vec::new(),
            Self::Renewed(renewed) => {
                let proof = match &renewed.app.proof {
                    Proof::Secret(secret) => Some(secret.clone()),
                    Proof::None | Proof::Certificate(_) => None,
                };
                renewed.refresh().into_iter().chain(proof).collect()
            }
        }
    }
}

/// What is needed to ask the sign-in service.
#[derive(Debug)]
pub struct Renewed {
    /// The app, and where it signs in.
    pub app: App,
    /// The refresh token; without one, a person signs in first.
    pub refresh: Mutex<Option<Secret>>,
    /// Keeps the refresh token that replaces it.
    pub keeper: Arc<dyn KeepToken>,
    /// Asks a person to sign in, if one is there.
    pub inviter: Option<Arc<dyn Invite>>,
    /// What it is called on record.
    pub name: String,
}

/// Prints access tokens.
pub trait PrintToken: Debug + Send + Sync {
    /// Runs it. The error says what went wrong and what to do.
    fn print(&self) -> Pin<Box<dyn Future<Output = Result<AccessToken, String>> + Send + '_>>;
}

/// Keeps refresh tokens for the next start.
pub trait KeepToken: Debug + Send + Sync {
    /// When this returns, the token is on disk, or the old one still is. The error says what went
    /// wrong and what to do. It may block.
    fn keep(&self, token: &Secret) -> Result<(), String>;
}

/// Shows a person where to sign in.
pub trait Invite: Debug + Send + Sync {
    /// Shows it. `why` says what ended the sign-in before.
    fn invite(&self, invitation: &Invitation, why: Option<&str>);
}

/// The sign-in of a run: one token at a time, renewed by one at a time.
#[derive(Debug)]
pub(super) struct SignIn {
    pub(super) source: Source,
    token: Mutex<Token>,
    /// What is on record of it.
    named: Mutex<Option<TokenNamed>>,
    /// Whoever holds this renews.
    pub(super) turn: tokio::sync::Mutex<()>,
}

impl SignIn {
    pub(super) fn new(source: Source) -> Self {
        Self { source, token: Mutex::default(), named: Mutex::default(), turn: tokio::sync::Mutex::default() }
    }

    /// The token, unless it is to be renewed first.
    pub(super) fn current(&self, now: Time) -> Option<Bearer> {
        self.token().current(now).cloned()
    }

    /// Whether this is still the token to use.
    pub(super) fn is_current(&self, bearer: &Bearer, now: Time) -> bool {
        self.token().current(now).is_some_and(|current| current.is(bearer))
    }

    /// Whether there may be another token after this one.
    pub(super) const fn can_renew(&self) -> bool {
        !matches!(self.source, Source::Given(_))
    }

    pub(super) fn accepted(&self, bearer: &Bearer) {
        self.token().accepted(bearer);
    }

    pub(super) fn refused(&self, bearer: &Bearer, now: Time) {
        self.token().refused(bearer, now);
    }

    pub(super) fn is_hopeless(&self) -> bool {
        self.token().is_hopeless()
    }

    pub(super) fn token(&self) -> MutexGuard<'_, Token> {
        locked(&self.token)
    }

    /// What is on record of the token of the moment.
    pub(super) fn named(&self) -> MutexGuard<'_, Option<TokenNamed>> {
        locked(&self.named)
    }
}

impl Renewed {
    /// The refresh token of the moment.
    pub(super) fn refresh(&self) -> Option<Secret> {
        locked(&self.refresh).clone()
    }

    /// From now on it is this one.
    pub(super) fn replace(&self, token: Secret) {
        *locked(&self.refresh) = Some(token);
    }
}

/// Each change of what these guard is whole.
fn locked<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
