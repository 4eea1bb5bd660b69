//! A log as it was at one moment, for looking at only. Nothing is ever written to it or beside it.

use super::{
    checkpoint_file::copy_path,
    error::CannotLook,
    format::APPLICATION_ID,
    query::{QueryError, Reader},
};
use crate::platform;
use rusqlite::{Connection, ErrorCode, OpenFlags};
use std::{
    env,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};
use tempfile::TempDir;

/// How often the log is copied again when it changed meanwhile.
const TRIES: usize = 20;
/// How often a folder of copies is removed again when there is something new in it.
const REMOVALS: usize = 1000;
/// What `SQLite` keeps beside a log that is not at rest.
const SIDECARS: [&str; 2] = ["-wal", "-journal"];
/// The name of a copied log.
const COPY: &str = "audit.db";

/// A log as it was at one moment. At rest it is one file, which is opened where it is. While it is written,
/// and after a crash, a second file belongs to it, and reading both would write a third: so they are copied.
#[derive(Debug)]
pub struct Snapshot {
    path: PathBuf,
    /// The heads in the file beside the log, if there is one.
    pub(super) beside: Option<Vec<u8>>,
    pub(super) is_being_written: bool,
    /// What the files looked like from outside.
    outside: Vec<Option<(u64, SystemTime)>>,
    /// Where the copy is, if one had to be made; removed when nobody reads it any more.
    copy: Option<Arc<TempDir>>,
}

impl Snapshot {
    /// Takes the log as it is now.
    pub fn take(path: &Path) -> Result<Self, CannotLook> {
        Self::take_into(path, &env::temp_dir())
    }

    /// Takes the log as it is now. If it must be copied, the copy lies in a folder of its own in `folder`.
    pub fn take_into(path: &Path, folder: &Path) -> Result<Self, CannotLook> {
        let failed = |source| CannotLook::Open { path: path.to_owned(), source };
        let path = platform::canonical(path).map_err(failed)?;
        if !fs::metadata(&path).map_err(failed)?.is_file() {
            return Err(CannotLook::Foreign(path));
        }
        let outside = seen_from_outside(&path);
        // Before the log: heads are copied once they are on disk, so the log has all that this file has.
        let beside = match fs::read(copy_path(&path)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(source) => return Err(CannotLook::Copy { path: copy_path(&path), source }),
            Ok(bytes) => Some(bytes),
        };
        let sidecars = SIDECARS.map(|suffix| with_suffix(&path, suffix));
        let copy = if sidecars.iter().all(|file| is_empty(file)) {
            None
        } else {
            let folder = copy(&path, &sidecars, folder).map_err(failed)?;
            Some(Arc::new(folder.ok_or_else(|| CannotLook::Unsteady(path.clone()))?))
        };
        let is_being_written = copy.is_some() && is_locked(&path);
        let snapshot = Self { path, beside, is_being_written, outside, copy };
        snapshot.identify(&snapshot.connect()?)?;
        Ok(snapshot)
    }

    /// A connection to it, which cannot change it. What is in it was not looked at.
    pub(super) fn connect(&self) -> Result<Connection, CannotLook> {
        let refused = |source| CannotLook::Open { path: self.path.clone(), source: io::Error::other(source) };
        let connection = match &self.copy {
            None => open_at_rest(&self.path).map_err(refused)?,
            Some(folder) => {
                let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                Connection::open_with_flags(folder.path().join(COPY), flags).map_err(refused)?
            }
        };
        for (name, value) in
            [("query_only", "ON"), ("trusted_schema", "OFF"), ("cell_size_check", "ON"), ("mmap_size", "0")]
        {
            connection.pragma_update(None, name, value).map_err(refused)?;
        }
        Ok(connection)
    }

    /// Reads all of it once: what a disk cannot give is no damage that somebody has done, and `SQLite` calls both the
    /// same.
    pub(super) fn require_readable(&self) -> Result<(), CannotLook> {
        let read = File::open(&self.path).and_then(|mut file| io::copy(&mut file, &mut io::sink()));
        read.map(drop).map_err(|source| CannotLook::Open { path: self.path.clone(), source })
    }

    /// It cannot be read.
    pub(super) fn unreadable(&self, source: rusqlite::Error) -> CannotLook {
        CannotLook::Open { path: self.path.clone(), source: io::Error::other(source) }
    }

    /// Questions to it.
    pub fn reader(&self) -> Result<Reader, QueryError> {
        Reader::over(self.connect()?, &self.path, self.copy.clone())
    }

    /// Whether the log is still what was taken, as far as its files' sizes and times tell.
    pub fn is_current(&self) -> bool {
        seen_from_outside(&self.path) == self.outside
    }

    /// Whether it stays what it is whatever becomes of the log.
    pub const fn is_a_copy(&self) -> bool {
        self.copy.is_some()
    }

    /// Whether a run was writing the log when this was taken.
    pub const fn is_being_written(&self) -> bool {
        self.is_being_written
    }

    /// Only what says of itself that it is an audit log is looked at; whatever is wrong with it then is
    /// wrong with an audit log.
    fn identify(&self, connection: &Connection) -> Result<(), CannotLook> {
        let path = || self.path.clone();
        let integer = |name: &str| -> rusqlite::Result<i32> {
            connection.pragma_query_value(None, name, |row| row.get(0))
        };
        match integer("application_id") {
            Ok(APPLICATION_ID) => {}
            Err(source) if source.sqlite_error_code() != Some(ErrorCode::NotADatabase) => {
                return Err(CannotLook::Open { path: path(), source: io::Error::other(source) });
            }
            _ => return Err(CannotLook::Foreign(path())),
        }
        match integer("user_version") {
            Ok(found) if found < 1 => Err(CannotLook::Version { path: path(), found }),
            _ => Ok(()),
        }
    }
}

/// Removes a folder into which logs were taken. What is open stays readable, and nothing else can be opened; on Windows, what
/// is open at this moment stays in the folder for temporary files.
pub fn discard_copies(folder: &Path) {
    // A log that is being copied or opened meanwhile puts a file back, which happens less often than this.
    for _ in 0..REMOVALS {
        if fs::remove_dir_all(folder).is_ok() || !folder.exists() {
            return;
        }
    }
}

/// The sizes and times of the log and of what belongs to it.
fn seen_from_outside(path: &Path) -> Vec<Option<(u64, SystemTime)>> {
    let files = std::iter::once(path.to_owned()).chain(SIDECARS.map(|suffix| with_suffix(path, suffix)));
    let seen = files.map(|file| {
        let found = fs::metadata(file).ok().filter(|found| found.len() > 0)?;
        Some((found.len(), found.modified().ok()?))
    });
    seen.collect()
}

/// `immutable` keeps `SQLite` from locking, and from looking for other files.
fn open_at_rest(path: &Path) -> rusqlite::Result<Connection> {
    // Every path is an address like this one, also a long one of Windows.
    let path = path.as_os_str().as_encoded_bytes().iter().map(|byte| format!("%{byte:02x}"));
    let address = format!("file:{}?mode=ro&immutable=1", path.collect::<String>());
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(address, flags)
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
struct FileStates {
    main: Option<(u64, SystemTime)>,
    begins: Vec<Vec<u8>>,
}

impl FileStates {
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
fn copy(path: &Path, sidecars: &[PathBuf], into: &Path) -> io::Result<Option<TempDir>> {
    for _ in 0..TRIES {
        let folder = tempfile::tempdir_in(into)?;
        let copied = folder.path().join(COPY);
        let before = FileStates::of(path, sidecars);
        copy_file(path, &copied)?;
        for (file, suffix) in sidecars.iter().zip(SIDECARS) {
            match copy_file(file, &with_suffix(&copied, suffix)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        if before == FileStates::of(path, sidecars) {
            return Ok(Some(folder));
        }
    }
    Ok(None)
}

/// The bytes alone: evidence may be read-only, and its copy must not be.
fn copy_file(from: &Path, to: &Path) -> io::Result<u64> {
    io::copy(&mut File::open(from)?, &mut File::create(to)?)
}
