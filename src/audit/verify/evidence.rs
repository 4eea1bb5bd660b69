//! The file as it was found. Nothing is ever written to it or beside it.

use super::super::{
    beside::copy_path,
    schema::{APPLICATION_ID, SCHEMA_VERSION},
};
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    time::SystemTime,
};
use tempfile::TempDir;
use url::Url;

/// How often the log is copied again when it changed meanwhile.
const TRIES: usize = 20;
/// What `SQLite` keeps beside a log that is not at rest.
const SIDECARS: [&str; 2] = ["-wal", "-journal"];
/// The name of a copied log.
const COPY: &str = "audit.db";

/// Why a log cannot be looked at at all.
#[derive(Debug, thiserror::Error)]
pub enum CannotVerify {
    /// It cannot be read.
    #[error("cannot open the audit log `{path}`: {source}; name another with `--audit-log`")]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is something else.
    #[error("`{0}` is not an audit log of this program; name another with `--audit-log`")]
    Foreign(PathBuf),
    /// It was made by another version.
    #[error("the audit log `{path}` has schema {found}; this version of the program knows schema {known}")]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i32,
        /// Ours.
        known: i32,
    },
    /// It was changed faster than it could be copied.
    #[error("the audit log `{0}` changes all the time; try again when the run has ended")]
    Unsteady(PathBuf),
}

/// A log that is open for looking.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) connection: Connection,
    /// The file with the copies of the heads, if there is one.
    pub(super) beside: io::Result<Option<Vec<u8>>>,
    path: PathBuf,
    pub(super) is_being_written: bool,
    /// Where the copy is, if one had to be made; removed in the end.
    _copy: Option<TempDir>,
}

impl Evidence {
    /// Opens the log. At rest it is one file, which is opened where it is. While it is written, and after a
    /// crash, a second file belongs to it, and reading both would write a third: so they are copied.
    pub(super) fn open(path: &Path) -> Result<Self, CannotVerify> {
        let failed = |source| CannotVerify::Open { path: path.to_owned(), source };
        let path = path.canonicalize().map_err(failed)?;
        if !fs::metadata(&path).map_err(failed)?.is_file() {
            return Err(CannotVerify::Foreign(path));
        }
        // Before the log: heads are copied once they are on disk, so the log has all that this file has.
        let beside = match fs::read(copy_path(&path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            read => read.map(Some),
        };
        let refused = |source| failed(io::Error::other(source));
        let sidecars = SIDECARS.map(|suffix| with_suffix(&path, suffix));
        let (connection, copy) = if sidecars.iter().all(|file| is_empty(file)) {
            (open_at_rest(&path)?.map_err(refused)?, None)
        } else {
            let folder = copy(&path, &sidecars).map_err(failed)?;
            let folder = folder.ok_or_else(|| CannotVerify::Unsteady(path.clone()))?;
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = Connection::open_with_flags(folder.path().join(COPY), flags);
            (connection.map_err(refused)?, Some(folder))
        };
        for (name, value) in
            [("query_only", "ON"), ("trusted_schema", "OFF"), ("cell_size_check", "ON"), ("mmap_size", "0")]
        {
            connection.pragma_update(None, name, value).map_err(refused)?;
        }
        let is_being_written = copy.is_some() && is_locked(&path);
        let evidence = Self { connection, beside, path, is_being_written, _copy: copy };
        evidence.identify()?;
        Ok(evidence)
    }

    /// Only what says of itself that it is an audit log is looked at; whatever is wrong with it then is
    /// wrong with an audit log.
    fn identify(&self) -> Result<(), CannotVerify> {
        let path = || self.path.clone();
        let integer = |name: &str| -> rusqlite::Result<i32> {
            self.connection.pragma_query_value(None, name, |row| row.get(0))
        };
        match integer("application_id") {
            Ok(APPLICATION_ID) => {}
            Err(source) if source.sqlite_error_code() != Some(ErrorCode::NotADatabase) => {
                return Err(CannotVerify::Open { path: path(), source: io::Error::other(source) });
            }
            _ => return Err(CannotVerify::Foreign(path())),
        }
        match integer("user_version") {
            Ok(found) if found != SCHEMA_VERSION => {
                Err(CannotVerify::Version { path: path(), found, known: SCHEMA_VERSION })
            }
            _ => Ok(()),
        }
    }
}

/// `immutable` keeps `SQLite` from locking, and from looking for other files.
fn open_at_rest(path: &Path) -> Result<rusqlite::Result<Connection>, CannotVerify> {
    let mut address = Url::from_file_path(path).map_err(|()| CannotVerify::Foreign(path.to_owned()))?;
    address.set_query(Some("mode=ro&immutable=1"));
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(address.as_str(), flags))
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn is_empty(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |found| found.len() == 0)
}

/// Whether a writer holds the lock of this log.
fn is_locked(path: &Path) -> bool {
    File::open(with_suffix(path, ".lock")).is_ok_and(|lock| lock.try_lock_shared().is_err())
}

/// What shows that, while they were copied, the main file was not touched and the second one not begun
/// again: then the copy is a state in which the log has been, however much came after it.
#[derive(PartialEq, Eq)]
struct Moment {
    main: Option<(u64, SystemTime)>,
    begins: Vec<Vec<u8>>,
}

impl Moment {
    fn of(path: &Path, sidecars: &[PathBuf]) -> Self {
        let main = fs::metadata(path).ok().and_then(|found| Some((found.len(), found.modified().ok()?)));
        let begins = sidecars.iter().map(|file| {
            let mut bytes = Vec::new();
            let read = File::open(file).and_then(|file| file.take(32).read_to_end(&mut bytes));
            if read.is_ok() { bytes } else { Vec::new() }
        });
        Self { main, begins: begins.collect() }
    }
}

/// Copies the log and what belongs to it into a folder that nobody else can read. None if it changed each
/// time.
fn copy(path: &Path, sidecars: &[PathBuf]) -> io::Result<Option<TempDir>> {
    for _ in 0..TRIES {
        let folder = tempfile::tempdir()?;
        let copied = folder.path().join(COPY);
        let before = Moment::of(path, sidecars);
        copy_file(path, &copied)?;
        for (file, suffix) in sidecars.iter().zip(SIDECARS) {
            match copy_file(file, &with_suffix(&copied, suffix)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if before == Moment::of(path, sidecars) {
            return Ok(Some(folder));
        }
    }
    Ok(None)
}

/// The bytes alone: evidence may be read-only, and its copy must not be.
fn copy_file(from: &Path, to: &Path) -> io::Result<u64> {
    io::copy(&mut File::open(from)?, &mut File::create(to)?)
}
