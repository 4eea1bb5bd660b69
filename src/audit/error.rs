//! Why a log cannot be opened or written.

use super::{
    format::{Difference, Later},
    keys::CannotSign,
};
use crate::{platform::UnsafePlace, record::canonical::CanonicalError};
use rusqlite::ErrorCode;
use std::{
    io,
    path::{Path, PathBuf},
};

/// Why the log cannot be opened or written. Nothing more is sent after one of these.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process writes this log.
    #[error(
        "the audit log `{0}` is in use by another run; wait until it ends, or name another log with `--audit-log`"
    )]
    Locked(PathBuf),
    /// The file, its folder or its lock cannot be used.
    #[error("cannot open the audit log `{path}`: {source}")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The name is no file of its own.
    #[error(
        "the audit log `{0}` is not a plain file with one name; a second name would have a lock of its own"
    )]
    NotAlone(PathBuf),
    /// Somebody reads the log at this moment, and it is at rest.
    #[error(
        "the audit log `{0}` is open in another program; close it there (a database tool?) and try again"
    )]
    Busy(PathBuf),
    /// The file is something else.
    #[error("`{0}` is not an audit log of this program; name another file with `--audit-log`")]
    Foreign(PathBuf),
    /// The file was made by a newer version.
    #[error(
        "the audit log `{path}` was made by offboard {}, in the newer format {}: this version can read it and adds nothing \
         to it. Go on with version {} or a later one", .later.version, .later.format, .later.version
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// What made it.
        later: Later,
    },
    /// Something in the file is not as this program makes it.
    #[error(
        "the audit log `{path}` is not as this version of the program makes one: {difference}. Nothing is read through \
         it or added to it; `offboard verify` says whether it was altered"
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// What it is.
        difference: Difference,
    },
    /// The file lies where locks and shared memory cannot be trusted.
    #[error("the audit log `{path}` is {place}")]
    Unsafe {
        /// The file.
        path: PathBuf,
        /// What is wrong with its place, and what to do.
        place: UnsafePlace,
    },
    /// The `SQLite` that is built in is too old.
    #[error("SQLite {0} can lose committed records; 3.51.3 or newer is needed")]
    OldSqlite(&'static str),
    /// Somebody moved or replaced the file while it was written.
    #[error("the audit log `{0}` was moved, replaced or removed while it was being written")]
    Moved(PathBuf),
    /// The write-ahead file has no name any more.
    #[error(
        "`{file}`, which holds the latest records of the audit log `{log}`, was moved, replaced or removed while the log \
         was being written. Find out what does that (a clean-up, a synchronisation?); then let `offboard verify` say \
         what is left"
    )]
    Unlinked {
        /// The file.
        file: PathBuf,
        /// The log that it belongs to.
        log: PathBuf,
    },
    /// A file of the log is shorter than it was, or has a hole.
    #[error(
        "`{file}` was cut while the audit log `{log}` was being written, and records are missing in it. Find out what \
         does that (a clean-up, a synchronisation?), and keep it as it is; then let `offboard verify` say what is left"
    )]
    Cut {
        /// The file.
        file: PathBuf,
        /// The log that it belongs to.
        log: PathBuf,
    },
    /// The disk is full.
    #[error("the disk is full: the audit log `{0}` cannot be written")]
    Full(PathBuf),
    /// The log may not grow far enough for a run.
    #[error(
        "no file may grow beyond {largest} bytes here, and the audit log `{path}` would come near to that; raise the \
         limit (`ulimit -f unlimited`, or that of the service that starts this program)"
    )]
    Limited {
        /// The file.
        path: PathBuf,
        /// The limit.
        largest: u64,
    },
    /// `SQLite` reports an error.
    #[error("the audit log `{path}` cannot be written: {source}")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// What is in the log is not what was signed.
    #[error(
        "the audit log `{path}` was altered: {why}. Nothing is added to it; keep it as it is, and run `offboard verify`"
    )]
    Altered {
        /// The file.
        path: PathBuf,
        /// What does not agree.
        why: String,
    },
    /// The copy of the heads beside the log cannot be written.
    #[error("the heads of the audit log cannot be copied to `{path}`: {source}")]
    Copy {
        /// The copy.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The copy of the heads beside the log has heads of another log.
    #[error(
        "`{path}` holds heads of another audit log than `{log}`, one that is not there any more. If it was moved or \
         deleted by mistake, put it back as `{log}`. Otherwise move `{path}` away, and keep it: it is what shows that \
         there was such a log"
    )]
    ForeignCopy {
        /// The copy.
        path: PathBuf,
        /// The log.
        log: PathBuf,
    },
    /// A head cannot be signed; a bug of this program.
    #[error("{0}")]
    CannotSign(#[from] CannotSign),
    /// A record has no canonical form; a bug of this program.
    #[error("a record has no canonical form: {0}")]
    Canonical(#[from] CanonicalError),
}

impl StoreError {
    /// What `SQLite` says about the log at `path`.
    pub(super) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        match source.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(path.to_owned()),
            Some(ErrorCode::DiskFull) => Self::Full(path.to_owned()),
            _ => Self::Sqlite { path: path.to_owned(), source },
        }
    }
}

/// Why a log cannot be looked at at all.
#[derive(Debug, thiserror::Error)]
pub enum CannotLook {
    /// It cannot be read.
    #[error("cannot open the audit log `{path}`: {source}; name another with `--audit-log`")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The copy of its heads cannot be read.
    #[error(
        "the copy of the heads beside the audit log, `{path}`, cannot be read: {source}; if it is something else, move \
         it away, and keep it"
    )]
    Copy {
        /// The copy.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is something else.
    #[error("`{0}` is not an audit log of this program; name another with `--audit-log`")]
    Foreign(PathBuf),
    /// It says of itself that it has a format which no version has made.
    #[error("the audit log `{path}` says that it has format {found}, which there is not")]
    Version {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: i32,
    },
    /// Something in it is not as this program makes it.
    #[error(
        "the audit log `{path}` is not as this version of the program makes one: {difference}. Nothing is read through \
         it; `offboard verify` says whether it was altered"
    )]
    Schema {
        /// The file.
        path: PathBuf,
        /// What it is.
        difference: Difference,
    },
    /// It was changed faster than it could be copied.
    #[error("the audit log `{0}` changes all the time; try again when the run has ended")]
    Unsteady(PathBuf),
}
