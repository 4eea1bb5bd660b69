//! Room on the disk that is kept for the end.
//!
//! When the disk fills up, the answers to what is in flight and the reason why the run stopped are
//! still to be recorded. A file beside the log keeps the room for them; it is given up when the disk is
//! full, and it is gone when the log is at rest.

use super::log_paths::beside;
use rustix::fs::{FallocateFlags, fallocate};
use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
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
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        let file = options.open(&reserve.path)?;
        allocate(&file)?;
        Ok(reserve)
    }
}

impl Drop for Reserve {
    fn drop(&mut self) {
        // If it stays, it keeps some room for nothing until the log is opened again.
        drop(fs::remove_file(&self.path));
    }
}

fn allocate(mut file: &File) -> io::Result<()> {
    match fallocate(file, FallocateFlags::empty(), 0, SIZE as u64) {
        // A file system that cannot promise room is given something to keep.
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => {
            file.write_all(&vec![0x5a; SIZE])?;
            file.sync_all()
        }
        allocated => Ok(allocated?),
    }
}
