//! Why there is no export.

use crate::{
    audit::{CannotLook, QueryError, StoreError},
    domain::RunId,
};
use parquet::errors::ParquetError;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why there is no export, or why none can be looked at.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The log cannot be read.
    #[error("{0}")]
    Query(#[from] QueryError),
    /// The log cannot be written.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The log cannot be looked at.
    #[error("{0}")]
    CannotLook(#[from] CannotLook),
    /// A file cannot be written.
    #[error("cannot write `{path}`: {source}")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A line cannot be written.
    #[error("cannot write: {0}")]
    Line(io::Error),
    /// A file cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What is in the folder was altered, so nothing is added to it.
    #[error("`{path}` {why}")]
    Altered {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Two logs of one name went on differently.
    #[error(
        "this log and the one that was exported into `{dir}` are copies of one log that went on differently: their first \
         {size} records are not the same. Find out which of them is the one to believe"
    )]
    Fork {
        /// The folder.
        dir: PathBuf,
        /// Up to which size they were compared.
        size: u64,
    },
    /// The run is there already.
    #[error(
        "run {run} is in `{dir}` already, from another log (`{log}`); a run is never exported twice into one folder"
    )]
    Twice {
        /// The folder.
        dir: PathBuf,
        /// The run.
        run: RunId,
        /// The ID of that log.
        log: String,
    },
    /// The folder holds something else.
    #[error("`{0}` is no folder of exports and not empty; name another, or a new one")]
    NotOurs(PathBuf),
    /// There is no export.
    #[error("there is no export in `{0}`: no `MANIFEST-…` is in it")]
    Nothing(PathBuf),
}

impl ExportError {
    pub(super) fn writing(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }

    pub(super) fn reading(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }

    /// The same, of what the writer of tables says.
    pub(super) fn writing_table(path: &Path) -> impl Fn(ParquetError) -> Self + use<> {
        let path = path.to_owned();
        move |error| Self::Write { path: path.clone(), source: io::Error::other(error) }
    }

    /// Whether evidence disagrees.
    pub const fn is_altered(&self) -> bool {
        matches!(self, Self::Altered { .. } | Self::Fork { .. } | Self::Twice { .. })
    }
}
