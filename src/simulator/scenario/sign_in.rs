//! The sign-in service beside Partner Center.

use serde::{Deserialize, Serialize};

words! {
    /// What becomes of refresh tokens.
    pub enum Rotation {
        /// Each answer has a new one, and the old one stays good, as with Entra.
        #[default]
        KeepsOld,
        /// Each answer has a new one; the old one ends when anything of that answer is first used.
        EndsOld,
        /// An answer has none; the old one stays good.
        None,
    }
}
words! {
    /// How numbers are written in answers.
    pub enum NumberForm {
        /// As numbers, as version 2 of the endpoint does.
        #[default]
        Number,
        /// As text, as version 1 does.
        Text,
    }
}
words! {
    /// An answer to the question whether the code was entered.
    pub enum PollAnswer {
        /// `authorization_pending`.
        #[default]
        Pending,
        /// `slow_down`.
        SlowDown,
        /// `authorization_declined`.
        Declined,
        /// `expired_token`.
        Expired,
    }
}
words! {
    /// Where the answer to `ValidateMfa: true` stands.
    pub enum MfaShown {
        /// In the header `isMfaCompliant`.
        #[default]
        Header,
        /// In the body.
        Body,
        /// Nowhere.
        Nowhere,
    }
}

/// The sign-in service. With it, Partner Center takes the tokens that it gave, until they expire, and
/// those of `tokens`; without it there is no such service. Its secrets stand in the scenario in plain
/// text, so they must never be real ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignIn {
    /// The app that may sign in.
    pub client_id: String,
    /// Its secret, if it is a confidential one.
    pub client_secret: Option<String>,
    /// Who signs in.
    pub user: String,
    /// The refresh tokens that are good at the start.
    pub refresh_tokens: Vec<String>,
    /// How long an access token lives.
    pub lifetime_ms: u64,
    /// What becomes of refresh tokens.
    pub rotation: Rotation,
    /// How numbers are written.
    pub numbers: NumberForm,
    /// How long a code lives, in seconds.
    pub code_lives: u64,
    /// How long to wait between two polls, in seconds.
    pub interval: u64,
    /// The answers to the polls, in order; after them comes a token.
    pub polls: Vec<PollAnswer>,
}

impl Default for SignIn {
    fn default() -> Self {
        Self {
            client_id: "5d5d5d5d-1111-4222-8333-444444444444".to_owned(),
            client_secret: None,
            user: "agent@fabrikam-demo.onmicrosoft.com".to_owned(),
            refresh_tokens: Vec::new(),
            lifetime_ms: 3_600_000,
            rotation: Rotation::default(),
            numbers: NumberForm::default(),
            code_lives: 900,
            interval: 5,
            polls: Vec::new(),
        }
    }
}

/// How Partner Center judges the MFA of a sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mfa {
    /// Whether it was done with MFA.
    pub compliant: bool,
    /// Where it says so.
    pub shown_in: MfaShown,
}

impl Default for Mfa {
    fn default() -> Self {
        Self { compliant: true, shown_in: MfaShown::default() }
    }
}
