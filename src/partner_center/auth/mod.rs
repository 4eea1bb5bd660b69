//! Sign-in as values: who may ask for a token and where, what is asked, what the answers mean.
//!
//! Tokens come from Microsoft Entra's token endpoint, version 2 (learn.microsoft.com,
//! `identity-platform/v2-oauth2-device-code`, `v2-oauth2-auth-code-flow`, `refresh-tokens`,
//! `reference-error-codes`); answers of version 1 are understood where they differ. [`Authority`] says
//! where, [`request`] what is sent, [`answer`] what came back, [`Refusal`] what an error means and what
//! a person can do about it, [`claims()`] what a token says of itself.
//!
//! The engine sends these requests through the transport like all others and keeps the tokens. This
//! folder never sends, waits, reads a file or the environment, and never shows a secret.

pub mod answer;
mod authority;
mod certificate;
mod claims;
mod entra;
mod mfa;
mod refusal;
pub mod request;
mod token;

pub use authority::{Authority, AuthorityError, MixedClouds, require_one_cloud};
pub use certificate::{AppCertificate, CertificateError};
pub use claims::{Claims, claims};
pub use entra::Remedy;
pub use mfa::is_mfa_compliant;
pub use refusal::{Poll, Refusal};
pub use request::{App, Proof};
pub use token::{ACCESS_TOKEN, AccessToken, TokenError};
