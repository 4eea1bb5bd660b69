//! A record and its kinds.
//!
//! A kind of record is one row of the table below, and whatever differs by kind is a column of it; every list of kinds is
//! made from it. A kind is never changed once it has shipped, only added to: a field that is new is optional. What is
//! *legal* of a kind is [`Run::apply`](super::Run::apply)'s to say, and what it tells, [`CustomerStory`](super::CustomerStory)'s.

use super::{
    about::About,
    canonical::{self, CanonicalError, Pen},
    corroboration::{Corroborated, Reconciled},
    decisions::{Approved, Confirmed, Judged, Observed, PlanSealed},
    endings::{LogExported, LogVerified, ReportWritten, Resolved, RunSealed, Settled, Stopped, UndoDecided},
    lines::{self, Line},
    opening::{
        CustomersProtected, KeyIntroduced, LogOpened, Partner, Policy, RowRead, RunOpened, TokenNamed,
    },
    refresh::{CustomerRefreshed, ProgrammeRefreshed},
    requests::{Held, NotSent, OutcomeUnknown, RequestIntended, ResponseReceived},
};
use crate::domain::{RunId, Time};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::borrow::Cow;

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
    /// The bytes are no JSON, or lack what every record of the kind has.
    #[error("is not a record: {0}")]
    Json(#[from] serde_json::Error),
    /// The bytes are JSON, but no object.
    #[error("is not a JSON object")]
    NotAnObject,
    /// It is a record, and says what this program does not know.
    #[error("is of a newer program: this one does not know the {}", .0.what)]
    Newer(Box<Newer>),
}

/// A record of a newer program. It is kept as it is, and not judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newer {
    /// When it was recorded.
    pub at: Time,
    /// Its run.
    pub run: Option<RunId>,
    /// The row that it is about, if it says so.
    pub row: Option<u32>,
    /// The name of its kind.
    pub kind: String,
    /// What is not known: ``kind `x` ``, ``field `y` ``, ``word `z` ``.
    pub what: String,
}

/// What every record says of itself, whichever program wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordLabel {
    /// When it was recorded.
    pub at: Time,
    /// The name of its kind.
    pub kind: String,
    /// Its run.
    pub run: Option<RunId>,
    /// The row that it is about, if it says so.
    pub row: Option<u32>,
}

impl RecordLabel {
    /// Reads it from a record's bytes; the rest of them is passed over.
    pub fn read(bytes: &[u8]) -> Result<Self, RecordError> {
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(RecordError::NotAnObject);
        }
        let Envelope { at, kind, run } = serde_json::from_slice(bytes)?;
        let Place { row } = serde_json::from_slice(bytes).unwrap_or_default();
        Ok(Self { at, kind: kind.into_owned(), run, row })
    }
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

    const fn stored(&self) -> RecordObject<'_> {
        RecordObject { at: self.at, run: self.run.as_ref(), event: &self.event }
    }

    /// Reads a record from its bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordError> {
        // An array can be read as the fields of a struct in their order.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(RecordError::NotAnObject);
        }
        let Envelope { at, kind: label, run } = serde_json::from_slice(bytes)?;
        let read = match Kind::named(&label) {
            Some(kind) => kind.read(bytes),
            None => Err(NotUnderstood::Newer(format!("kind `{label}`"))),
        };
        match read {
            Ok(event) => Ok(Self { at, run, event }),
            Err(NotUnderstood::Broken(error)) => Err(error.into()),
            Err(NotUnderstood::Newer(what)) => {
                let Place { row } = serde_json::from_slice(bytes).unwrap_or_default();
                Err(RecordError::Newer(Box::new(Newer { at, run, row, kind: label.into_owned(), what })))
            }
        }
    }
}

/// A record as one object.
#[derive(Serialize)]
struct RecordObject<'a> {
    at: Time,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a RunId>,
    #[serde(flatten)]
    event: &'a Event,
}

/// What every record has, whatever happened.
#[derive(Deserialize)]
struct Envelope<'a> {
    at: Time,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    run: Option<RunId>,
}

/// What a record of a newer program may say of its place.
#[derive(Default, Deserialize)]
struct Place {
    #[serde(default)]
    row: Option<u32>,
}

/// Where a record may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// It concerns the log as a whole, and no run.
    Log,
    /// In a run, about all of it.
    Run,
    /// In a run, or outside of one.
    RunOrLog,
    /// In a run, about one row of its list.
    Row,
    /// With a request, in a run or outside of one.
    Request,
}

/// Whether it is told where a run is told step by step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    Step,
    Aside,
}

/// Whether it may follow the end of its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seal {
    Before,
    After,
}

/// What the certificate of one customer does with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InCertificate {
    /// It shows it, always: what the log and the run say of themselves.
    Frame,
    /// It shows it if it is about a row of the customer's.
    Own,
    /// It shows it with its request, if that is the customer's or something of the customer's rests upon it.
    Exchange,
    /// It shows it if a row of the customer's is named among others.
    IfNamed,
    /// It never shows it.
    Withheld,
}

macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident($payload:ty) = $label:literal:
        $scope:ident, $course:ident, $seal:ident, $shown:ident, $line:path;)+) => {
        /// A kind of record.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind { $($(#[doc = $doc])+ $kind,)+ }

        /// What happened.
        #[derive(Clone, Debug, PartialEq, Eq, Serialize)]
        #[serde(tag = "kind")]
        pub enum Event { $($(#[doc = $doc])+ #[serde(rename = $label)] $kind($payload),)+ }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];

            /// Its name, as it stands in the record.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$kind => $label,)+ }
            }

            /// What it says, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$kind => concat!($($doc),+),)+ }
            }

            /// Where it may stand.
            pub const fn scope(self) -> Scope {
                match self { $(Self::$kind => Scope::$scope,)+ }
            }

            /// Whether it is told where a run is told step by step.
            pub const fn is_step(self) -> bool {
                match self { $(Self::$kind => matches!(Course::$course, Course::Step),)+ }
            }

            /// Whether it may follow the end of its run.
            pub const fn may_follow_the_seal(self) -> bool {
                match self { $(Self::$kind => matches!(Seal::$seal, Seal::After),)+ }
            }

            /// What the certificate of one customer does with it.
            pub const fn in_certificate(self) -> InCertificate {
                match self { $(Self::$kind => InCertificate::$shown,)+ }
            }

            /// The kind with this name.
            pub fn named(label: &str) -> Option<Self> {
                match label { $($label => Some(Self::$kind),)+ _ => None }
            }

            fn read(self, bytes: &[u8]) -> Result<Event, NotUnderstood> {
                match self { $(Self::$kind => payload(bytes).map(Event::$kind),)+ }
            }
        }

        impl Event {
            /// Its kind.
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$kind(_) => Kind::$kind,)+ }
            }

            /// What it says of its place among the others.
            pub fn about(&self) -> &dyn About {
                match self { $(Self::$kind(payload) => payload,)+ }
            }

            /// What it says, for people.
            pub fn line(&self) -> Line {
                match self { $(Self::$kind(payload) => $line(payload),)+ }
            }
        }
    };
}

kinds! {
    /// The log was made.
    LogOpened(LogOpened) = "log_opened": Log, Step, Before, Frame, lines::log_opened;
    /// Heads of the log are signed with this key from now on.
    KeyIntroduced(KeyIntroduced) = "key_introduced": Log, Step, Before, Frame, lines::key_introduced;
    /// A run began.
    RunOpened(Box<RunOpened>) = "run_opened": Run, Step, Before, Frame, lines::run_opened;
    /// These customers are never touched in the run.
    CustomersProtected(CustomersProtected) = "customers_protected": Run, Aside, Before, Withheld, lines::customers_protected;
    /// A row of the list was read.
    RowRead(RowRead) = "row_read": Row, Aside, Before, Own, lines::row_read;
    /// Which token is used, by what it says of itself.
    TokenNamed(TokenNamed) = "token_named": RunOrLog, Step, Before, Frame, lines::token_named;
    /// The organization profile was read.
    PartnerIdentified(Partner) = "partner_identified": Run, Step, Before, Frame, lines::partner_identified;
    /// A request is about to be sent.
    RequestIntended(Box<RequestIntended>) = "request_intended": Request, Aside, Before, Exchange, lines::request_intended;
    /// Its answer arrived.
    ResponseReceived(Box<ResponseReceived>) = "response_received": Request, Aside, Before, Exchange, lines::response_received;
    /// It is certain that nothing of it reached the server.
    RequestNotSent(NotSent) = "request_not_sent": Request, Aside, Before, Exchange, lines::request_not_sent;
    /// It may have reached the server.
    OutcomeUnknown(OutcomeUnknown) = "outcome_unknown": Request, Aside, Before, Exchange, lines::outcome_unknown;
    /// A customer's facts were judged.
    Judged(Box<Judged>) = "judged": Row, Aside, Before, Own, lines::judged;
    /// All customers are judged; this is what was decided.
    PlanSealed(PlanSealed) = "plan_sealed": Run, Step, Before, Frame, lines::plan_sealed;
    /// A second person approved the plan that is carried out.
    Approved(Box<Approved>) = "approved": Run, Step, Before, Frame, lines::approved;
    /// Somebody allowed the plan.
    Confirmed(Confirmed) = "confirmed": Run, Step, Before, Frame, lines::confirmed;
    /// A customer was looked at after a change was sent.
    Observed(Observed) = "observed": Row, Aside, Before, Own, lines::observed;
    /// Everything waits, because the service asked for it.
    Held(Held) = "held": RunOrLog, Aside, Before, Exchange, lines::held;
    /// The run stopped before its end.
    Stopped(Stopped) = "stopped": Run, Step, Before, Frame, lines::stopped;
    /// The run goes on after a stop or a crash.
    Resumed(Box<Policy>) = "resumed": Run, Step, Before, Frame, lines::resumed;
    /// A change failed for the sake of which something was suspended: how the row ends, once it is decided
    /// whether that is taken back.
    FailedAfterPreparation(Box<Settled>) = "fell": Row, Step, Before, Own, lines::failed_after_preparation;
    /// Somebody decided whether what was suspended for nothing is taken back.
    UndoDecided(UndoDecided) = "undo_decided": Run, Step, Before, IfNamed, lines::undo_decided;
    /// A row has its outcome.
    Settled(Box<Settled>) = "settled": Row, Aside, Before, Own, lines::settled;
    /// The run is over; nothing is added to it but reports, and what is found out later.
    RunSealed(RunSealed) = "run_sealed": Run, Step, Before, Frame, lines::run_sealed;
    /// A person settled an outcome that was unknown.
    Resolved(Box<Resolved>) = "resolved": Row, Step, After, Own, lines::resolved;
    /// Partner Center has the removal of a row on its own record.
    Corroborated(Box<Corroborated>) = "corroborated": Row, Aside, After, Own, lines::corroborated;
    /// The run was compared with Partner Center's own record of activity.
    Reconciled(Box<Reconciled>) = "reconciled": Run, Step, After, Frame, lines::reconciled;
    /// A report was written from the records.
    ReportWritten(ReportWritten) = "report_written": Run, Step, After, Withheld, lines::report_written;
    /// Somebody had the log verified.
    LogVerified(LogVerified) = "log_verified": Log, Aside, Before, Withheld, lines::log_verified;
    /// Somebody had the log copied, to show it elsewhere.
    LogExported(LogExported) = "log_exported": Log, Aside, Before, Withheld, lines::log_exported;
    /// A customer of earlier runs, or of a list, was looked at again, outside of any run.
    CustomerRefreshed(CustomerRefreshed) = "customer_refreshed": Log, Aside, Before, Withheld, lines::customer_refreshed;
    /// All customers that were to be looked at again were.
    ProgrammeRefreshed(ProgrammeRefreshed) = "programme_refreshed": Log, Aside, Before, Withheld, lines::programme_refreshed;
}

/// `'run_opened', 'run_sealed'`: names of a table for SQL, which alone needs them as text.
pub fn sql_list(names: impl IntoIterator<Item = &'static str>) -> String {
    let quoted = names.into_iter().map(|name| format!("'{name}'"));
    quoted.collect::<Vec<_>>().join(", ")
}

/// Fields that belong to every record, and to no payload.
const ENVELOPE: [&str; 3] = ["at", "kind", "run"];

enum NotUnderstood {
    Newer(String),
    Broken(serde_json::Error),
}

/// Straight into the payload's own type: behind a tag, every field would be put aside until the tag is seen.
fn payload<P: DeserializeOwned>(bytes: &[u8]) -> Result<P, NotUnderstood> {
    let mut unknown = None;
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let read = serde_ignored::deserialize(&mut json, |path| {
        let path = path.to_string();
        if !ENVELOPE.contains(&path.as_str()) {
            unknown.get_or_insert(path);
        }
    });
    match (read, unknown) {
        (Ok(payload), None) => Ok(payload),
        (Ok(_), Some(field)) => Err(NotUnderstood::Newer(format!("field `{field}`"))),
        (Err(error), _) => Err(match unknown_word(&error) {
            Some(word) => NotUnderstood::Newer(format!("word `{word}`")),
            None => NotUnderstood::Broken(error),
        }),
    }
}

/// Reads the payload of a record of this kind, whatever else it says.
fn leniently<P: DeserializeOwned>(kind: Kind, bytes: &[u8]) -> Option<P> {
    let envelope: Envelope = serde_json::from_slice(bytes).ok()?;
    let payload = serde_json::from_slice(bytes).ok()?;
    (envelope.kind == kind.label()).then_some(payload)
}

impl LogOpened {
    /// Reads it from the bytes of its record, also if a newer program says more in it.
    pub fn read(record: &[u8]) -> Option<Self> {
        leniently(Kind::LogOpened, record)
    }
}

impl KeyIntroduced {
    /// Reads it from the bytes of its record, also if a newer program says more in it.
    pub fn read(record: &[u8]) -> Option<Self> {
        leniently(Kind::KeyIntroduced, record)
    }
}

/// The word that one of the tables of words does not have: an outcome, a reason, a purpose. Every such table is an
/// enumeration of serde's, whose error begins so.
fn unknown_word(error: &serde_json::Error) -> Option<String> {
    let text = error.to_string();
    let (word, _) = text.strip_prefix("unknown variant `")?.split_once('`')?;
    Some(word.to_owned())
}

#[cfg(test)]
mod tests;
