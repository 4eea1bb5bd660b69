//! The largest size that a file may have for this process (`ulimit -f`).
//!
//! Nothing can be kept free below it, as the reserve keeps room on a disk; so the log stops growing a while
//! before it, and what was in flight and the end of the run still find room.

use super::log_paths::beside;
use crate::platform;
use std::{fs, path::Path};

/// As much as the reserve keeps.
const ROOM: u64 = 4 << 20;

/// The largest size that a file may have, if the log at `log` has come near to it. What is in its write-ahead
/// file moves into the log itself, so the two count together.
pub(super) fn is_near(log: &Path) -> Option<u64> {
    let largest = platform::largest_file()?;
    let size = |path: &Path| fs::metadata(path).map_or(0, |file| file.len());
    let used = size(log).saturating_add(size(&beside(log, "-wal")));
    (used.saturating_add(ROOM) > largest).then_some(largest)
}
