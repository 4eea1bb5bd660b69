//! A copy of the log, to be shown elsewhere.

use super::{Store, StoreError, checkpoint_file::copy_path};
use crate::{
    domain::{Digest, Sha256},
    platform,
};
use rusqlite::{
    Connection,
    backup::{Backup, StepResult},
};
use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// A copy that was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// How many records it has.
    pub records: u64,
    /// How many bytes.
    pub bytes: u64,
    /// Their digest.
    pub sha256: Sha256,
}

impl Store {
    /// Copies the log to `path`, where nothing may be, and its heads beside it. The copy is at rest: one file,
    /// with a head over all of it.
    pub fn copy_to(&mut self, path: &Path) -> Result<Copied, StoreError> {
        self.head()?;
        let failed = |source| StoreError::Copy { path: path.to_owned(), source };
        let other = |error: rusqlite::Error| failed(io::Error::other(error));
        drop(new_file(path).map_err(failed)?);
        let mut copy = Connection::open(path).map_err(other)?;
        // This process alone writes the log, so one step copies all of it.
        let step = Backup::new(self.connection(), &mut copy).and_then(|backup| backup.step(-1));
        if !matches!(step.map_err(other)?, StepResult::Done) {
            return Err(failed(io::Error::other("the log is busy")));
        }
        let mode: String =
            copy.pragma_update_and_check(None, "journal_mode", "DELETE", |row| row.get(0)).map_err(other)?;
        if mode != "delete" {
            return Err(failed(io::Error::other(format!("the copy stays in mode `{mode}`"))));
        }
        copy.close().map_err(|(_, error)| other(error))?;
        let (bytes, sha256) = digest_of(path).map_err(failed)?;
        let mut heads = new_file(&copy_path(path)).map_err(failed)?;
        let copied = File::open(copy_path(self.path())).and_then(|mut from| io::copy(&mut from, &mut heads));
        copied.and_then(|_bytes| heads.sync_all()).map_err(failed)?;
        Ok(Copied { records: self.next(), bytes, sha256 })
    }
}

/// A file that nobody else can read.
fn new_file(path: &Path) -> io::Result<File> {
    platform::private().write(true).create_new(true).open(path)
}

/// The size and the digest of a file, which is on disk afterwards.
fn digest_of(path: &Path) -> io::Result<(u64, Sha256)> {
    // What was opened for reading alone cannot be synced everywhere.
    let mut file = File::options().read(true).write(true).open(path)?;
    file.sync_all()?;
    let (mut digest, mut bytes, mut chunk) = (Digest::default(), 0, vec![0; 1 << 16]);
    loop {
        let count = file.read(&mut chunk)?;
        if count == 0 {
            return Ok((bytes, digest.done()));
        }
        digest.add(chunk.get(..count).unwrap_or_default());
        bytes += count as u64;
    }
}
