//! Why nothing new may be sent although the log can still be written.

use super::log_paths::beside;
use std::path::{Path, PathBuf};

/// Why nothing new may be sent. What was in flight and the end of the run are still recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendStop {
    /// The disk was full: what is appended now lives on the reserve.
    DiskFull,
    /// The log has come near to the largest size that a file may have for this process.
    FileLimit,
    /// Somebody put a file beside the log that says stop.
    StopFile,
}

/// The file beside the log at `log` that stops whatever writes it, whoever puts it there.
pub fn stop_file(log: &Path) -> PathBuf {
    beside(log, ".stop")
}
