//! `<audit log>.checkpoints`: a copy of every head, one after another.
//!
//! It lies beside the log, so whoever can change the one can change the other; it is there to be carried
//! away, and because a log that was put back to an earlier state by accident is shorter than it.

use super::{StoreError, checkpoint, log_paths::beside};
use crate::platform;
use rusqlite::Connection;
use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Where the heads of this log are copied to.
pub(super) fn copy_path(log: &Path) -> PathBuf {
    beside(log, ".checkpoints")
}

/// The file, open for appending.
#[derive(Debug)]
pub(super) struct CopyFile {
    path: PathBuf,
    file: File,
    /// How much of it is whole.
    length: u64,
}

impl CopyFile {
    /// Opens the file and brings it up to date: the program may have died after a head was on disk and
    /// before it was copied, or the power may have failed in the middle of it.
    pub(super) fn open(
        connection: &Connection,
        log: &Path,
        records: u64,
        origin: &str,
    ) -> Result<Self, StoreError> {
        let path = copy_path(log);
        let failed = |source| StoreError::Copy { path: path.clone(), source };
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            read => read.map_err(failed)?,
        };
        let text = bytes.utf8_chunks().next().map(|chunk| chunk.valid()).unwrap_or_default();
        let (notes, torn) = checkpoint::notes(text);
        let mut copied = 0;
        for note in notes {
            let Some((_, size)) = checkpoint::claims(note).filter(|(found, _)| *found == origin) else {
                return Err(StoreError::ForeignCopy { path, log: log.to_owned() });
            };
            copied = size.max(copied);
        }
        if copied > records {
            let why =
                format!("`{}` has a head over {copied} records, and there are {records}", path.display());
            return Err(StoreError::Altered { path: log.to_owned(), why });
        }
        let file = platform::private().append(true).create(true).open(&path).map_err(failed)?;
        let length = text.len().saturating_sub(torn.len()) as u64;
        if length < bytes.len() as u64 {
            file.set_len(length).map_err(failed)?;
        }
        let mut copy = Self { path, file, length };
        let error = |source| StoreError::sqlite(log, source);
        let mut query =
            connection.prepare("SELECT note FROM checkpoint WHERE size > ?1 ORDER BY size").map_err(error)?;
        let mut missing = query.query([i64::try_from(copied).unwrap_or(i64::MAX)]).map_err(error)?;
        while let Some(row) = missing.next().map_err(error)? {
            copy.append(&row.get::<_, String>(0).map_err(error)?)?;
        }
        Ok(copy)
    }

    /// Adds a head, whole or not at all.
    pub(super) fn append(&mut self, note: &str) -> Result<(), StoreError> {
        if let Err(source) = self.file.write_all(note.as_bytes()) {
            // If a part of it cannot be taken back either, it is passed over when the file is read.
            drop(self.file.set_len(self.length));
            return Err(match source.kind() {
                io::ErrorKind::StorageFull => StoreError::Full(self.path.clone()),
                _ => StoreError::Copy { path: self.path.clone(), source },
            });
        }
        self.length += note.len() as u64;
        Ok(())
    }
}
