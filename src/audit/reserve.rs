//! Room on the disk that is kept for the end.
//!
//! When the disk fills up, the answers to what is in flight and the reason why the run stopped are
//! still to be recorded. A file beside the log keeps the room for them; it is given up when the disk is
//! full, and it is gone when the log is at rest.

use super::log_paths::beside;
use crate::platform;
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// Enough for some hundred answers and the log's last pages.
const SIZE: usize = 4 << 20;

/// The file that keeps the room. It is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
}

impl Reserve {
    /// Keeps the room beside the log at `log`. What a process that was killed left there is taken over.
    pub(super) fn keep(log: &Path) -> io::Result<Self> {
        let reserve = Self { path: beside(log, ".reserve") };
        let file = platform::private().write(true).create(true).truncate(true).open(&reserve.path)?;
        platform::keep_free(&file, SIZE)?;
        Ok(reserve)
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        // If it stays, it keeps some room for nothing until the log is opened again.
        drop(fs::remove_file(&self.path));
    }
}
