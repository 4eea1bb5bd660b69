//! Where tokens come from.

use crate::{
    domain::Secret,
    partner_center::auth::{AccessToken, App, Proof, answer::Invitation},
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
    /// Whether its tokens are an app's own, and no user's.
    pub(crate) fn is_app_only(&self) -> bool {
        matches!(self, Self::Renewed(renewed) if renewed.is_app_only)
    }

    /// The secrets that are known before anything is sent.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
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
    /// The refresh token, for all services; without one, a person signs in first.
    pub refresh: Arc<Mutex<Option<Secret>>>,
    /// Keeps the refresh token that replaces it.
    pub keeper: Arc<dyn KeepToken>,
    /// Asks a person to sign in, if one is there.
    pub inviter: Option<Arc<dyn Invite>>,
    /// Whether the app asks by itself, without any user: then there is no refresh token.
    pub is_app_only: bool,
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

impl Renewed {
    /// The same sign-in, for tokens of another service. Nobody is asked to sign in for it.
    #[must_use]
    pub fn with_scope(&self, scope: String) -> Self {
        Self {
            app: App { scope, ..self.app.clone() },
            refresh: Arc::clone(&self.refresh),
            keeper: Arc::clone(&self.keeper),
            inviter: None,
            is_app_only: self.is_app_only,
            name: self.name.clone(),
        }
    }

    /// The refresh token of the moment.
    pub(crate) fn refresh(&self) -> Option<Secret> {
        self.locked().clone()
    }

    /// From now on it is this one.
    pub(crate) fn replace(&self, token: Secret) {
        *self.locked() = Some(token);
    }

    fn locked(&self) -> MutexGuard<'_, Option<Secret>> {
        // A token is replaced whole.
        self.refresh.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
