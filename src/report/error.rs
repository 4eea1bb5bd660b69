//! Why there is no report.

use crate::{audit::QueryError, domain::RunId, platform, record::canonical::CanonicalError};
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why there is no report. None of the files has changed then.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The log cannot be asked.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The record that began the run is not understood.
    #[error(
        "how run {0} began was written by a newer version of this program; make its reports with that one"
    )]
    Newer(RunId),
    /// A row is missing, has no outcome, or has two.
    #[error("the outcomes do not add up: the list has {rows} rows, {counted} of them have an outcome")]
    DoesNotAddUp {
        /// Rows of the list.
        rows: u32,
        /// Rows with an outcome.
        counted: u32,
    },
    /// The rows say something else than the record that ended the run.
    #[error("the outcomes of the rows are not those that the run was sealed with")]
    NotAsSealed,
    /// A request belongs to a row that the list does not have.
    #[error(
        "the requests do not add up: the run made {total}, {told} of them belong to it or to a row of its list"
    )]
    RequestsMissing {
        /// Requests of the run.
        total: u64,
        /// Those with a place in the report.
        told: u64,
    },
    /// A decision has no canonical form.
    #[error("a decision has no canonical form: {0}")]
    Canonical(#[from] CanonicalError),
    /// The template does not fit what it is given.
    #[error("the report cannot be laid out: {0:#}")]
    Template(#[from] minijinja::Error),
    /// A file or folder cannot be written.
    #[error("cannot write the report `{path}`: {source}")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What stands there cannot be replaced while a program shows it.
    #[error("the report `{0}` is open in another program; close it in Excel, or whatever shows it")]
    HeldOpen(PathBuf),
}

impl ReportError {
    /// Whether this program is to blame (exit 1), rather than the disk or the log.
    pub const fn is_a_bug(&self) -> bool {
        match self {
            Self::Query(_) | Self::Newer(_) | Self::Write { .. } | Self::HeldOpen(_) => false,
            Self::DoesNotAddUp { .. }
            | Self::NotAsSealed
            | Self::RequestsMissing { .. }
            | Self::Canonical(_)
            | Self::Template(_) => true,
        }
    }

    /// Turns what the system says about putting a file in the place of the one at `path` into this.
    pub(super) fn replacing(path: &Path) -> impl Fn(io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| {
            if platform::is_held_open(&source) && path.is_file() {
                Self::HeldOpen(path.clone())
            } else {
                Self::Write { path: path.clone(), source }
            }
        }
    }

    /// Turns what a library says about writing `path` into this.
    pub(super) fn writing<E: Into<io::Error>>(path: &Path) -> impl Fn(E) -> Self + use<E> {
        let path = path.to_owned();
        move |source| Self::Write { path: path.clone(), source: source.into() }
    }
}
