//! The words of the trade, as types.
//!
//! Everything that people, scripts and reviewers read by name — outcomes, reasons, procedures, exit codes,
//! identifiers, moments in time — is defined here once, with its exact spelling. Every other room
//! uses these types, so a word cannot mean two things.
//!
//! This room is pure: it has no clock, no network, no disk and no randomness, and it imports no
//! other room.

mod admin_access;
mod answer;
mod effect;
mod exit;
mod finding;
mod foreign;
mod headers;
mod ids;
mod number;
mod outcome;
mod preparation;
mod procedure;
mod promise;
mod purpose;
mod reading;
mod reason;
mod secret;
mod sha;
mod time;
mod word;

pub use admin_access::{AdminAccess, AdminLeft, AdminLeftCount};
pub use answer::Answer;
pub use effect::{Effect, EffectFacts, EffectWords, Thing};
pub use exit::Exit;
pub use finding::{
    AND_THEN, Cause, ENDS_THEN, Ends, Finding, awaits_an_act, in_one_text, outcome_of, removable_from,
};
pub(crate) use foreign::{capitalised, is_blank, shown, trimmed};
pub use headers::Headers;
pub use ids::{CorrelationId, IdError, RequestId, RunId, Seq, TenantId};
pub use number::{counted, grouped};
pub use outcome::{Evidence, Outcome};
pub use preparation::{Preparation, Term, TermEndSettings};
pub use procedure::{Account, Mode, OutcomeWords, Procedure, ProcedureFacts};
pub(crate) use promise::is_taken_out;
pub use purpose::{Lookup, LookupFacts, Purpose, Tells};
pub use reading::{EncodingFrom, Hidden, HiddenRows, ListReading, Uncomputed};
pub use reason::{Reason, ReasonKind, UnknownReason};
pub use secret::{Secret, TooLong};
pub use sha::{Digest, Sha256};
pub use time::{Day, Time};
