//! Why a question has no answer.

use crate::{audit::CannotLook, domain::Seq};
use std::path::PathBuf;

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// There is no such file.
    #[error("there is no audit log `{0}`; name another with `--audit-log`")]
    Missing(PathBuf),
    /// The file is something else, or of another version.
    #[error(
        "`{0}` is not an audit log of this program, or of a newer version; name another with `--audit-log`"
    )]
    Foreign(PathBuf),
    /// The run cannot be told.
    #[error("{0}")]
    Run(#[from] NoSuchRun),
    /// `SQLite` reports an error.
    #[error("the audit log cannot be read: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// It cannot be looked at.
    #[error("{0}")]
    CannotLook(#[from] CannotLook),
    /// A record cannot be understood.
    #[error("record {seq} of the audit log {source}")]
    Record {
        /// Its place.
        seq: Seq,
        /// Why.
        source: crate::record::RecordError,
    },
    /// A record does not follow from those before it.
    #[error("{0}")]
    Illegal(#[from] crate::record::Illegal),
}

/// Why a run cannot be told from the others.
#[derive(Debug, thiserror::Error)]
pub enum NoSuchRun {
    /// The log has no run.
    #[error("the audit log has no run yet")]
    Empty,
    /// No run's ID begins so.
    #[error("no run in the audit log begins with `{0}`; `offboard runs` lists them")]
    None(String),
    /// Several do.
    #[error("{count} runs in the audit log begin with `{prefix}`; give more of the ID")]
    Several {
        /// What was given.
        prefix: String,
        /// How many.
        count: usize,
    },
}
