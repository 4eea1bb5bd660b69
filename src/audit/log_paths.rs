//! The file's place: its one name, its one lock, and what kind of file system it lies on.

use super::StoreError;
use crate::platform;
use std::{
    fs::{File, TryLockError},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// The path with every link followed; the file itself need not exist yet.
pub(super) fn canonical(path: &Path) -> io::Result<PathBuf> {
    match platform::canonical(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let name = path.file_name().ok_or_else(|| io::Error::other("it has no file name"))?;
            let folder = platform::folder_of(path);
            Ok(platform::canonical(folder)?.join(name))
        }
        found => found,
    }
}

/// Whether this is the name of a file, and means nothing else to `SQLite`: a database in memory, one without a name,
/// an address (sqlite.org/c3ref/open.html). Such a name would be a file to one part of the program, and none to
/// another.
pub fn names_a_file(path: &Path) -> bool {
    let name = path.as_os_str().as_encoded_bytes();
    !(name.is_empty() || name.starts_with(b":") || name.starts_with(b"file:"))
}

/// Whether the file is empty, or begins as a database does (sqlite.org/fileformat2.html §1.3).
pub(super) fn looks_like_a_database(path: &Path) -> io::Result<bool> {
    const MAGIC: &[u8; 16] = b"SQLite format 3\0";
    let mut start = Vec::new();
    File::open(path)?.take(MAGIC.len() as u64).read_to_end(&mut start)?;
    Ok(start.is_empty() || start == MAGIC)
}

/// The file beside the log at `log` whose name has this ending as well.
pub(super) fn beside(log: &Path, ending: &str) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

pub(super) fn lock(path: &Path) -> Result<File, StoreError> {
    let opened = |source| StoreError::Open { path: path.to_owned(), source };
    let mut options = platform::private();
    let file = options.read(true).write(true).create(true).truncate(false);
    let file = file.open(beside(path, ".lock")).map_err(opened)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked(path.to_owned())),
        Err(TryLockError::Error(source)) => Err(opened(source)),
    }
}

/// WAL needs shared memory, a lock must hold against another machine, and nobody else may put another file in the
/// place of this one.
pub(super) fn refuse_unsafe(path: &Path) -> Result<(), StoreError> {
    let folder = platform::folder_of(path);
    match platform::unsafe_place(folder) {
        Ok(None) => Ok(()),
        Ok(Some(place)) => Err(StoreError::Unsafe { path: path.to_owned(), place }),
        Err(source) => Err(StoreError::Open { path: path.to_owned(), source }),
    }
}
