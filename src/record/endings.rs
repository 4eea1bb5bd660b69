//! What is recorded of ends: of rows, of runs, of reports.

use super::{about::About, decisions::How, requests::Exchange};
use crate::domain::{Day, Evidence, Outcome, Reason, RunId, Seq, Sha256, TenantId, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    /// The disk with the audit log is full; the end could still be recorded.
    DiskFull,
    /// Somebody put a file beside the log that says stop.
    StopFile,
    /// A fault of this program.
    Bug,
}

/// See [`super::Event::Stopped`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// Why.
    pub cause: StopCause,
    /// In words.
    pub text: String,
}

/// See [`super::Event::Settled`]: what the view `customers` shows of a row.
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
    /// The day until which somebody can act so that everything of it which renews itself or is extended ends with its
    /// term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act_by: Option<Day>,
    /// The exchange that decided.
    #[serde(default)]
    pub exchange: Exchange,
    /// How often the change was sent.
    pub attempts: u32,
    /// When the work on this row began.
    pub started_at: Time,
}

/// See [`super::Event::UndoDecided`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UndoDecided {
    /// Who.
    pub by: String,
    /// How.
    pub how: How,
    /// The rows that it was about.
    pub rows: Vec<u32>,
    /// Whether what was suspended for them is reactivated.
    pub reactivate: bool,
}

/// See [`super::Event::Resolved`]: what a person found out about an outcome that was unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// The row.
    pub row: u32,
    /// The customer.
    pub customer: TenantId,
    /// What became of it: gone, or `failed` when the last change did not happen.
    pub outcome: Outcome,
    /// Who says so: the person's name on this machine.
    pub by: String,
    /// This machine's name.
    pub host: String,
    /// Why, in the person's words.
    pub because: String,
    /// What the program itself had said of the row.
    pub advice: String,
}

/// See [`super::Event::RunSealed`].
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

/// See [`super::Event::ReportWritten`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportWritten {
    /// The file's name in the run's folder.
    pub file: String,
    /// The digest of its bytes.
    pub sha256: Sha256,
}

/// See [`super::Event::LogExported`]: the log was copied, and the copy is about to be given its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogExported {
    /// Who had it copied: the person's name on this machine.
    pub by: String,
    /// This machine's name.
    pub host: String,
    /// The version of this program.
    pub version: String,
    /// The run whose reports are beside the copy; of tables, the latest run in them.
    pub of_run: RunId,
    /// How many records the copy has: all those before this one.
    pub records: u64,
    /// How many bytes the copy has, or the file of events; of tables, their manifest.
    pub bytes: u64,
    /// The digest of those bytes.
    pub sha256: Sha256,
    /// What was made, if it is no copy of the file: `parquet`, tables with a signed manifest; `jsonl` or `ocsf`, a file of
    /// events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
}

/// See [`super::Event::LogVerified`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogVerified {
    /// Who had it verified: the person's name on this machine.
    pub by: String,
    /// This machine's name.
    pub host: String,
    /// The version of this program.
    pub version: String,
    /// What came of it, as the exit code.
    pub exit_code: u8,
    /// How many records there were.
    pub records: u64,
    /// The sizes of the heads from outside that the log was compared with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub compared_with: Vec<u64>,
}

impl About for Stopped {}
impl About for RunSealed {}
impl About for ReportWritten {}
impl About for LogExported {}
impl About for LogVerified {}

impl About for Settled {
    fn row(&self) -> Option<u32> {
        Some(self.row)
    }

    fn customer(&self) -> Option<TenantId> {
        self.customer
    }

    fn names(&self) -> Vec<String> {
        self.customer.as_ref().map(TenantId::to_string).into_iter().chain(self.name.clone()).collect()
    }
}

impl About for UndoDecided {
    fn rows(&self) -> &[u32] {
        &self.rows
    }
}

impl About for Resolved {
    fn row(&self) -> Option<u32> {
        Some(self.row)
    }

    fn customer(&self) -> Option<TenantId> {
        Some(self.customer)
    }

    fn names(&self) -> Vec<String> {
        vec![self.customer.to_string()]
    }
}
