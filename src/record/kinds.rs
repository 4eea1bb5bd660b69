//! A record and its kinds.
//!
//! A kind is never changed once it has shipped, only added to: a field that is new is optional.

use super::{
    canonical::{self, CanonicalError, Pen},
    corroboration::{Corroborated, Reconciled},
    decisions::{Approved, Confirmed, Judged, Observed, PlanSealed},
    endings::{LogExported, LogVerified, ReportWritten, Resolved, RunSealed, Settled, Stopped, UndoDecided},
    opening::{
        CustomersProtected, KeyIntroduced, LogOpened, Partner, Policy, RowRead, RunOpened, TokenNamed,
    },
    requests::{Held, NotSent, OutcomeUnknown, RequestIntended, ResponseReceived},
};
use crate::domain::{RunId, Time};
use serde::{Deserialize, Serialize};

/// One record: when, of which run, and what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// When it was recorded, by this machine's clock.
    pub at: Time,
    /// The run it belongs to; none for what concerns the log as a whole.
    pub run: Option<RunId>,
    /// What happened.
    pub event: Event,
}

/// Why bytes are not a record.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The bytes are not JSON, or not of a known kind.
    #[error("is not a record of a known kind: {0}")]
    Json(#[from] serde_json::Error),
    /// The bytes are JSON, but no object.
    #[error("is not a JSON object")]
    NotAnObject,
}

impl Record {
    /// The bytes that are stored and hashed.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_bytes(&self.stored())
    }

    /// The same, written with a pen that writes others too.
    pub fn write<'a>(&self, pen: &'a mut Pen) -> Result<&'a [u8], CanonicalError> {
        pen.write(&self.stored())
    }

    const fn stored(&self) -> Stored<'_> {
        Stored { at: self.at, run: self.run.as_ref(), event: &self.event }
    }

    /// Reads a record from its bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordError> {
        // An array can be read as the fields of a struct in their order.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(RecordError::NotAnObject);
        }
        // Twice over the bytes is faster than once into a tree of values and from there.
        let Envelope { at, run } = serde_json::from_slice(bytes)?;
        Ok(Self { at, run, event: serde_json::from_slice(bytes)? })
    }
}

/// A record as one object.
#[derive(Serialize)]
struct Stored<'a> {
    at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a RunId>,
    #[serde(flatten)]
    event: &'a Event,
}

/// What every record has, whatever happened.
#[derive(Deserialize)]
struct Envelope {
    at: Time,
    #[serde(default)]
    run: Option<RunId>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// The log was made.
    LogOpened(LogOpened),
    /// Heads of the log are signed with this key from now on.
    KeyIntroduced(KeyIntroduced),
    /// A run began.
    RunOpened(Box<RunOpened>),
    /// These customers are never touched in the run.
    CustomersProtected(CustomersProtected),
    /// A row of the list was read.
    RowRead(RowRead),
    /// Which token is used, by what it says of itself.
    TokenNamed(TokenNamed),
    /// The organization profile was read.
    PartnerIdentified(Partner),
    /// A request is about to be sent.
    RequestIntended(Box<RequestIntended>),
    /// Its answer arrived.
    ResponseReceived(Box<ResponseReceived>),
    /// It is certain that nothing of it reached the server.
    RequestNotSent(NotSent),
    /// It may have reached the server.
    OutcomeUnknown(OutcomeUnknown),
    /// A customer's facts were judged.
    Judged(Box<Judged>),
    /// All customers are judged; this is what was decided.
    PlanSealed(PlanSealed),
    /// A second person approved the plan that is carried out.
    Approved(Box<Approved>),
    /// Somebody allowed the plan.
    Confirmed(Confirmed),
    /// A customer was looked at after a change was sent.
    Observed(Observed),
    /// Everything waits, because the service asked for it.
    Held(Held),
    /// The run stopped before its end.
    Stopped(Stopped),
    /// The run goes on after a stop or a crash.
    Resumed(Policy),
    /// A change failed for the sake of which something was suspended: how the row ends, once it is decided
    /// whether that is taken back.
    Fell(Box<Settled>),
    /// Somebody decided whether what was suspended for nothing is taken back.
    UndoDecided(UndoDecided),
    /// A row has its outcome.
    Settled(Box<Settled>),
    /// The run is over; nothing is added to it but reports, and what is found out later.
    RunSealed(RunSealed),
    /// A person settled an outcome that was unknown.
    Resolved(Box<Resolved>),
    /// Partner Center has the removal of a row on its own record.
    Corroborated(Box<Corroborated>),
    /// The run was compared with Partner Center's own record of activity.
    Reconciled(Box<Reconciled>),
    /// A report was written from the records.
    ReportWritten(ReportWritten),
    /// Somebody had the log verified.
    LogVerified(LogVerified),
    /// Somebody had the log copied, to show it elsewhere.
    LogExported(LogExported),
}

impl Event {
    /// The name of the kind, as it stands in the record.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::LogOpened(_) => "log_opened",
            Self::KeyIntroduced(_) => "key_introduced",
            Self::RunOpened(_) => "run_opened",
            Self::CustomersProtected(_) => "customers_protected",
            Self::RowRead(_) => "row_read",
            Self::TokenNamed(_) => "token_named",
            Self::PartnerIdentified(_) => "partner_identified",
            Self::RequestIntended(_) => "request_intended",
            Self::ResponseReceived(_) => "response_received",
            Self::RequestNotSent(_) => "request_not_sent",
            Self::OutcomeUnknown(_) => "outcome_unknown",
            Self::Judged(_) => "judged",
            Self::PlanSealed(_) => "plan_sealed",
            Self::Approved(_) => "approved",
            Self::Confirmed(_) => "confirmed",
            Self::Observed(_) => "observed",
            Self::Held(_) => "held",
            Self::Stopped(_) => "stopped",
            Self::Resumed(_) => "resumed",
            Self::Fell(_) => "fell",
            Self::UndoDecided(_) => "undo_decided",
            Self::Settled(_) => "settled",
            Self::RunSealed(_) => "run_sealed",
            Self::Resolved(_) => "resolved",
            Self::Corroborated(_) => "corroborated",
            Self::Reconciled(_) => "reconciled",
            Self::ReportWritten(_) => "report_written",
            Self::LogVerified(_) => "log_verified",
            Self::LogExported(_) => "log_exported",
        }
    }
}
