//! Every kind of record.
//!
//! A kind is never changed once it has shipped, only added to: a field that is new is optional.

use super::canonical::{self, CanonicalError};
use crate::domain::{
    Answer, CorrelationId, Day, Evidence, Finding, Mode, Outcome, Procedure, Reason, RequestId, RunId, Seq,
    Sha256, TenantId, Time,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

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
        let mut value = serde_json::to_value(&self.event)?;
        if let Value::Object(map) = &mut value {
            map.insert("at".to_owned(), Value::from(self.at.to_string()));
            if let Some(run) = &self.run {
                map.insert("run".to_owned(), Value::from(run.as_str()));
            }
        }
        canonical::to_bytes(&value)
    }

    /// Reads a record from its bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordError> {
        let Value::Object(mut map) = serde_json::from_slice(bytes)? else {
            return Err(RecordError::NotAnObject);
        };
        let at = serde_json::from_value(map.remove("at").unwrap_or_default())?;
        let run = map.remove("run").map(serde_json::from_value).transpose()?;
        let event = serde_json::from_value(Value::Object(map))?;
        Ok(Self { at, run, event })
    }
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// The log was made.
    LogOpened(LogOpened),
    /// A run began.
    RunOpened(Box<RunOpened>),
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
    /// A row has its outcome.
    Settled(Box<Settled>),
    /// The run is over; nothing is added to it but reports.
    RunSealed(RunSealed),
    /// A report was written from the records.
    ReportWritten(ReportWritten),
}

/// See [`Event::LogOpened`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogOpened {
    /// Sixteen random bytes in hexadecimal, so that two logs are never taken for one.
    pub log_id: String,
    /// The version of this program.
    pub version: String,
    /// The version of `SQLite`.
    pub sqlite: String,
}

/// See [`Event::RunOpened`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOpened {
    /// The version of this program.
    pub version: String,
    /// What is done to each customer.
    pub procedure: Procedure,
    /// In what earnest.
    pub mode: Mode,
    /// Whether the run may send changes at all; a plan may not.
    pub changes: bool,
    /// Where Partner Center is.
    pub api_url: String,
    /// The person's name on this machine.
    pub operator: String,
    /// This machine's name.
    pub host: String,
    /// The list.
    pub input: InputFile,
    /// The change ticket, if one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Why, in the operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the engine must obey.
    pub policy: Policy,
    /// Every setting, with where its value came from.
    pub settings: BTreeMap<String, Setting>,
}

/// The list that a run reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// The file as it was named.
    pub file: String,
    /// The digest of its bytes.
    pub sha256: Sha256,
    /// How many rows it has.
    pub rows: u32,
    /// Its header.
    pub columns: Vec<String>,
}

/// A setting and its origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The value, as text.
    pub value: String,
    /// `option`, `environment`, `file` or `default`.
    pub origin: String,
}

/// What the engine must obey, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The ceiling, in requests per minute.
    pub rate: u32,
    /// The most requests in flight.
    pub concurrency: u32,
    /// How many seconds to wait before asking what became of a change.
    pub settle_seconds: u32,
    /// Stop when this many customers in a row fail; 0 never.
    pub stop_after_failures: u32,
    /// The most removals a plan may have.
    pub max_removals: u32,
    /// The largest share of all the partner's customers, in percent, that a plan may remove.
    pub max_share: u32,
    /// Reasons that the service may decide about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Reason>,
    /// Customers that are never touched.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub protected: BTreeSet<TenantId>,
    /// The partner account that this must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<TenantId>,
}

impl Policy {
    /// Whether `other` differs in its pace alone, which is all that may change when a run goes on.
    pub fn differs_in_pace_only(&self, other: &Self) -> bool {
        let same_pace = Self { rate: self.rate, concurrency: self.concurrency, ..other.clone() };
        *self == same_pace
    }

    /// How long to wait before asking what became of a change.
    pub fn settle(&self) -> Duration {
        Duration::from_secs(u64::from(self.settle_seconds))
    }
}

/// See [`Event::RowRead`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRead {
    /// The row's number in the list.
    pub row: u32,
    /// The customer, if the row names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<TenantId>,
    /// The name that the list gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The domain that the list gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Every cell as it stands in the list.
    pub cells: Vec<String>,
}

/// See [`Event::TokenNamed`]: what a token says of itself, never the token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenNamed {
    /// Where it came from, for example `OFFBOARD_ACCESS_TOKEN`.
    pub source: String,
    /// Claim `tid`: the tenant that issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Claim `appid` or `azp`: the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Claim `upn`, `preferred_username` or `oid`: the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Claim `aud`: what it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Claim `exp`: when it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
}

/// See [`Event::PartnerIdentified`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partner {
    /// The partner's tenant.
    pub tenant_id: TenantId,
    /// The partner's name.
    pub name: String,
    /// The intent of the request that said so.
    pub basis: Seq,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Who the token belongs to.
    ReadPartner,
    /// A page of all customers.
    ListCustomers,
    /// One customer, to judge it.
    ReadCustomer,
    /// Its subscriptions.
    ReadSubscriptions,
    /// Its entitlements.
    ReadEntitlements,
    /// One order of it.
    ReadOrder,
    /// The change: end the relationship.
    RemoveRelationship,
    /// One customer, after a change was accepted.
    ConfirmRemoval,
    /// One customer, because a change is in doubt.
    SettleDoubt,
}

impl Payload {
    /// The reference to bytes that are stored beside the record.
    pub fn of(salt: &[u8; 16], bytes: &[u8]) -> Self {
        Self { digest: Sha256::of(&[salt, bytes]), length: bytes.len() as u64 }
    }
}

impl Purpose {
    /// Whether the request changes something.
    pub const fn is_change(self) -> bool {
        matches!(self, Self::RemoveRelationship)
    }
}

/// Out-of-line bytes that belong to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payload {
    /// SHA-256 over the salt and the bytes.
    pub digest: Sha256,
    /// How many bytes.
    pub length: u64,
}

/// See [`Event::RequestIntended`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestIntended {
    /// The row it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// The customer it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<TenantId>,
    /// What it is for.
    pub purpose: Purpose,
    /// 1 for the first try.
    pub attempt: u32,
    /// The method.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// `MS-RequestId`.
    pub request_id: RequestId,
    /// `MS-CorrelationId`.
    pub correlation_id: CorrelationId,
    /// The headers that may be stored; others by their length.
    pub headers: Map<String, Value>,
    /// The body, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Payload>,
}

/// See [`Event::ResponseReceived`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseReceived {
    /// The intent that it answers.
    pub intent: Seq,
    /// The row it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// The status.
    pub status: u16,
    /// What it means.
    pub answer: Answer,
    /// The service's error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The service's text, shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Milliseconds between sending and the end of the answer.
    pub duration_ms: u64,
    /// The headers that may be stored; others by their length.
    pub headers: Map<String, Value>,
    /// `MS-RequestId` of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// `MS-CorrelationId` of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The body, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Payload>,
}

/// See [`Event::RequestNotSent`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotSent {
    /// The intent.
    pub intent: Seq,
    /// The row it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// Why.
    pub error: String,
    /// Milliseconds until that was known.
    pub duration_ms: u64,
}

/// See [`Event::OutcomeUnknown`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeUnknown {
    /// The intent.
    pub intent: Seq,
    /// The row it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// What happened.
    pub error: String,
    /// Milliseconds until that was known.
    pub duration_ms: u64,
}

/// See [`Event::Judged`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// The row.
    pub row: u32,
    /// `ready`, or how the row ends without a change.
    pub verdict: Outcome,
    /// The customer's live name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The customer's live domain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// The live relationship.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relationship: Option<String>,
    /// Everything that stands in the way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Findings that were left to the service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Finding>,
    /// What else the operator should know, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When the first request about this customer alone was made. Its name and relationship may come
    /// from a listing before that; should the relationship have ended since, the service says so.
    pub facts_at: Time,
    /// The intents of the requests that the facts come from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub basis: Vec<Seq>,
    /// The exchange that decided, if the service's answer did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<Exchange>,
}

impl Judged {
    /// The digest of the decision, over its canonical JSON: what is signed when a plan is approved.
    pub fn digest(&self) -> Result<Sha256, CanonicalError> {
        let bytes = canonical::to_bytes(&serde_json::to_value(self)?)?;
        Ok(Sha256::of(&[&bytes]))
    }
}

/// The identifiers and the answer of one request, as reports show them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The service's error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The service's text, or what went wrong on the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// `MS-RequestId` of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// `MS-CorrelationId` of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
}

/// See [`Event::PlanSealed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanSealed {
    /// The digest over everything that was decided.
    pub digest: Sha256,
    /// How many customers are ready.
    pub ready: u32,
    /// How many different customers of the partner the listing named; there may be more.
    pub counted: u32,
    /// How many customers the partner has, if the listing came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customers_of_partner: Option<u32>,
}

impl PlanSealed {
    /// Whether it removes no more than the policy allows, in number and as a share of the customers
    /// that were counted.
    pub fn is_within(&self, policy: &Policy) -> bool {
        let share = u64::from(self.ready) * 100 <= u64::from(policy.max_share) * u64::from(self.counted);
        self.ready <= policy.max_removals && (share || self.ready == 0)
    }
}

/// How a plan was confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// The partner's name and the number of removals were typed.
    Typed,
    /// With `--yes`, and the partner named beforehand.
    Yes,
}

/// See [`Event::Confirmed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmed {
    /// Who.
    pub by: String,
    /// How.
    pub how: How,
    /// Over which plan.
    pub digest: Sha256,
}

/// What a look at a customer after a change showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// The relationship is gone.
    Gone,
    /// The relationship is still there.
    StillThere,
    /// It could not be told.
    NotTold,
}

/// See [`Event::Observed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The row.
    pub row: u32,
    /// What was seen.
    pub seen: Seen,
    /// By what, in words.
    pub detail: String,
    /// The intent of the request that showed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Seq>,
}

/// See [`Event::Held`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Until when nothing is sent.
    pub until: Time,
    /// The rate from then on, in requests per minute.
    pub rate: u32,
    /// The intent whose answer asked for it.
    pub basis: Seq,
    /// Why, in words.
    pub why: String,
}

/// Why a run stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopCause {
    /// A signal.
    Interrupted,
    /// A guard.
    Guard,
    /// Nobody confirmed it.
    NotConfirmed,
    /// The token belongs to another partner account.
    WrongAccount,
    /// Sign-in or permission.
    SignIn,
    /// The service could not be reached, or cannot be understood.
    Service,
    /// A fault of this program.
    Bug,
}

/// See [`Event::Stopped`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Why.
    pub cause: StopCause,
    /// In words.
    pub text: String,
}

/// See [`Event::Settled`]: what the view `customers` shows of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    /// The row.
    pub row: u32,
    /// The customer, if the row names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<TenantId>,
    /// The live name, or the list's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How it ended.
    pub outcome: Outcome,
    /// How sure it is that the relationship is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
    /// Why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
    /// Why, in words, and what to do.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub explanation: String,
    /// The first day on which it may go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removable_from: Option<Day>,
    /// The exchange that decided.
    #[serde(default)]
    pub exchange: Exchange,
    /// How often the change was sent.
    pub attempts: u32,
    /// When the work on this row began.
    pub started_at: Time,
}

/// See [`Event::RunSealed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunSealed {
    /// Rows by outcome; they add up to the rows of the list.
    pub counts: BTreeMap<Outcome, u32>,
    /// Intents that were never closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open_intents: Vec<Seq>,
    /// The exit code.
    pub exit_code: u8,
}

/// See [`Event::ReportWritten`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportWritten {
    /// The file's name in the run's folder.
    pub file: String,
    /// The digest of its bytes.
    pub sha256: Sha256,
}
