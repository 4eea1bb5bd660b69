//! What was looked at, what disagrees, and what follows from it.

use super::{
    super::query::{NoSuchRun, named},
    run_proof::RunProof,
};
use crate::domain::Seq;
use serde::Serialize;

/// So many faults of a check are listed; the others are counted.
const LISTED: usize = 20;

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogFault {
    /// The first record that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_record: Option<Seq>,
    /// The last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_record: Option<Seq>,
    /// How many records the head covers that shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<u64>,
    /// What is wrong, in words; it may quote the log.
    pub text: String,
}

impl LogFault {
    /// About the log as a whole.
    pub fn of_all(text: impl Into<String>) -> Self {
        Self { first_record: None, last_record: None, head: None, text: text.into() }
    }

    /// About one record.
    pub(super) fn of_record(seq: Seq, text: impl Into<String>) -> Self {
        Self::of_records(seq, seq, text)
    }

    /// About records that follow each other.
    pub(super) fn of_records(first: Seq, last: Seq, text: impl Into<String>) -> Self {
        Self { first_record: Some(first), last_record: Some(last), head: None, text: text.into() }
    }

    /// Which records, what about them, and which head shows it.
    pub fn described(&self) -> String {
        let records = match (self.first_record, self.last_record) {
            (Some(first), Some(last)) if first == last => format!("record {first}: "),
            (Some(first), Some(last)) => format!("records {first} to {last}: "),
            _ => String::new(),
        };
        let head = self.head.map(|size| format!(" [head over {size}]")).unwrap_or_default();
        format!("{records}{}{head}", self.text)
    }

    /// Shown by the head over this many records.
    pub(super) fn by_head(self, size: u64) -> Self {
        Self { head: Some(size), ..self }
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Its name, for programs.
    pub name: &'static str,
    /// What was looked at, in words; it may quote the log.
    pub subject: String,
    /// What is not as it must be; the first ones, if there are many.
    pub faults: Vec<LogFault>,
    /// How many more there are.
    pub more_faults: u64,
}

impl Check {
    /// Nothing is wrong yet.
    pub const fn new(name: &'static str) -> Self {
        Self { name, subject: String::new(), faults: Vec::new(), more_faults: 0 }
    }

    /// Takes note of what is wrong.
    pub fn fault(&mut self, fault: LogFault) {
        if self.faults.len() < LISTED {
            self.faults.push(fault);
        } else {
            self.more_faults += 1;
        }
    }

    /// Whether nothing is wrong.
    pub const fn is_fine(&self) -> bool {
        self.faults.is_empty()
    }
}

/// What can be said about a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is complete and unaltered up to its end.
    Proved,
    /// It is not what it was.
    Altered,
    /// Nothing disagrees, but records at its end may be missing, or a newer program wrote what was not judged.
    EndUnproved,
}

impl Verdict {
    /// Of something of which nothing disagrees, or something does; and which is proved completely, or is not.
    pub(super) const fn of(is_fine: bool, is_complete: bool) -> Self {
        match (is_fine, is_complete) {
            (false, _) => Self::Altered,
            (true, false) => Self::EndUnproved,
            (true, true) => Self::Proved,
        }
    }

    /// How `offboard verify` ends with it.
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Proved => 0,
            Self::Altered => 7,
            Self::EndUnproved => 8,
        }
    }
}

/// What came of a verification.
#[derive(Clone, Debug, Serialize)]
pub struct Verification {
    /// In one word.
    pub verdict: Verdict,
    /// Whose heads the heads of this log are; none if its first record does not say so.
    pub origin: Option<String>,
    /// The keys that the log introduces, in order.
    pub keys: Vec<String>,
    /// How many records there are.
    pub records: u64,
    /// How many of them the largest good head in the log covers.
    pub covered: u64,
    /// The sizes of the heads from outside that agree with the log.
    pub compared_with: Vec<u64>,
    /// Why the end is not proved, in words.
    pub missing: Vec<String>,
    /// How many records a newer program wrote. Their bytes are proved, and what they say was not judged.
    pub newer: u64,
    /// What was not judged, in words: a newer program made it.
    pub not_judged: Vec<String>,
    /// Whether a run was writing the log at the same time; what it added since was not looked at.
    pub is_being_written: bool,
    /// Everything that was looked at.
    pub checks: Vec<Check>,
    /// Each run, oldest first. Of a log that was altered they prove nothing.
    #[serde(skip)]
    pub runs: Vec<RunProof>,
    /// The run that was asked about, if one was: then the verdict, and what is missing or was not judged, are about it
    /// alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunProof>,
}

impl Verification {
    /// The same, with the verdict about one run alone: an ID, a unique prefix of one, or `latest`. A log that was altered
    /// anywhere proves no run, and may lack the one that is meant.
    pub fn of_run(self, name: &str) -> Result<Self, NoSuchRun> {
        if self.verdict == Verdict::Altered {
            return Ok(self);
        }
        let run = named(&self.runs, name, |run| &run.run_id)?.clone();
        Ok(Self {
            verdict: Verdict::of(true, run.proved_by.is_some()),
            missing: run.missing.clone(),
            not_judged: run.not_judged.clone(),
            run: Some(run),
            ..self
        })
    }

    /// How many runs are proved, whatever the verdict about the whole log lacks.
    pub fn proved_runs(&self) -> usize {
        self.runs.iter().filter(|run| run.proved_by.is_some()).count()
    }

    /// The verdict in words; they may quote the log.
    pub fn sentence(&self) -> String {
        if let Some(run) = &self.run {
            return run.sentence();
        }
        match self.verdict {
            Verdict::Proved => {
                format!("Complete and unaltered: all {} records, up to the sealed end.", self.records)
            }
            Verdict::Altered => "ALTERED OR CUT: keep the file as it is, and see what disagrees.".to_owned(),
            Verdict::EndUnproved => {
                let end = (!self.missing.is_empty()).then(|| {
                    let missing = self.missing.join("; ");
                    format!("records at the end may be missing or made up: {missing}.")
                });
                let newer = (!self.not_judged.is_empty()).then(|| {
                    let not_judged = self.not_judged.join("; ");
                    format!("not all of it was judged: {not_judged}. Verify it with the newer program.")
                });
                let parts: Vec<String> = end.into_iter().chain(newer).collect();
                format!("Nothing disagrees, but {}", parts.join(" And "))
            }
        }
    }
}
