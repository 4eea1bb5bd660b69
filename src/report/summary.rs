//! `summary.json`: a run in numbers.

use super::{
    ReportError,
    rows::{Shown, Tally},
    told::{ReportedRun, Sums, tell},
};
use crate::record::{Pending, RunStory, Sent};
use crate::{
    audit::{Reader, RunLine},
    domain::{ListReading, Mode, Outcome, Procedure, Reason, RunId, Sha256, TenantId, Time},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The version of the form of `summary.json`.
const SCHEMA_VERSION: u32 = 1;

/// A run in numbers: `summary.json`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the file")]
pub struct Summary {
    pub schema_version: u32,
    pub run_id: RunId,
    pub procedure: Procedure,
    /// The run that it takes back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub takes_back: Option<RunId>,
    pub mode: Mode,
    /// None until the organization profile was read.
    pub partner: Option<PartnerLine>,
    pub input: InputLine,
    #[serde(skip)]
    shown: BTreeMap<Shown, u32>,
    /// Rows by outcome; an outcome that did not occur is left out.
    pub counts: BTreeMap<Outcome, u32>,
    /// How far those rows are that have no outcome of their own yet, and that are counted all the same; only while the run
    /// is not over.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub provisional: BTreeMap<Pending, u32>,
    /// Rows by reason; a row with two reasons counts under both.
    pub reasons: BTreeMap<Reason, u32>,
    pub requests: RequestCounts,
    /// Rows of which something is not understood, because a newer program wrote it; then the counts are not all.
    #[serde(skip_serializing_if = "is_zero")]
    pub newer: u32,
    pub started_at: Time,
    /// None while the run is not over.
    pub finished_at: Option<Time>,
    pub duration_seconds: Option<f64>,
    pub operator: String,
    pub ticket: Option<String>,
    pub exit_code: Option<u8>,
    /// The signed head of the log at the end of the run; none while there is no end.
    pub checkpoint: Option<String>,
}

/// Whose customers these are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the file")]
pub struct PartnerLine {
    pub tenant_id: TenantId,
    pub name: String,
}

/// The list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are those of the file")]
pub struct InputLine {
    pub file: String,
    pub sha256: Sha256,
    pub rows: u32,
    /// None: an older program read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reading: Option<ListReading>,
}

/// What was sent, in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RequestCounts {
    /// All requests.
    pub total: u64,
    /// By the status of the answer; `not_sent`, `unknown` and `open` for those without one.
    pub by_status: BTreeMap<String, u64>,
    /// Answers that asked for patience.
    pub throttled: u64,
    /// Requests that repeated an earlier one.
    pub retried: u64,
}

impl RequestCounts {
    fn of(sent: &Sent) -> Self {
        let mut by_status = sent.by_status.clone();
        if sent.open() > 0 {
            by_status.insert("open".to_owned(), sent.open());
        }
        Self { total: sent.requests, by_status, throttled: sent.throttled, retried: sent.retried }
    }
}

impl Summary {
    /// Rows by what is shown of them.
    pub const fn shown(&self) -> &BTreeMap<Shown, u32> {
        &self.shown
    }

    pub(super) fn of(told: &ReportedRun, tally: &Tally) -> Self {
        let RunStory { opened, started_at, .. } = &told.run;
        let finished_at = told.run.finished_at();
        Self {
            schema_version: SCHEMA_VERSION,
            run_id: told.run.id.clone(),
            procedure: opened.procedure,
            takes_back: opened.takes_back.clone(),
            mode: opened.mode,
            partner: told
                .run
                .partner
                .as_ref()
                .map(|partner| PartnerLine { tenant_id: partner.tenant_id, name: partner.name.clone() }),
            input: InputLine {
                file: opened.input.file.clone(),
                sha256: opened.input.sha256,
                rows: opened.input.rows,
                reading: opened.input.reading.clone(),
            },
            shown: tally.shown.clone(),
            counts: tally.counts.clone(),
            provisional: tally.pending(),
            reasons: tally.reasons.clone(),
            requests: RequestCounts::of(&told.traffic.sent),
            newer: tally.newer,
            started_at: *started_at,
            finished_at,
            duration_seconds: finished_at.map(|end| end.since(*started_at).as_secs_f64()),
            operator: opened.operator.clone(),
            ticket: opened.ticket.clone(),
            exit_code: told.run.exit_code(),
            checkpoint: told.checkpoint.clone(),
        }
    }
}

/// The numbers of a run, without writing anything.
pub fn summary(reader: &Reader, run: &RunLine) -> Result<Summary, ReportError> {
    reader.at_one_moment(|| {
        let (told, tally, ()) = tell(reader, run, &Sums)?;
        Ok(Summary::of(&told, &tally))
    })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}
