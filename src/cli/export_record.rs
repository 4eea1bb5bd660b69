//! That a log was exported, as it is recorded in the log itself.

use super::consent;
use crate::{
    domain::{RunId, Sha256},
    engine::Clock,
    platform,
    record::{Event, LogExported, Record},
};

/// What was made: its form, if it is no copy of the file, how many records the log had, the bytes and their digest.
pub(super) struct ExportMade<'a> {
    pub(super) of_run: RunId,
    pub(super) format: Option<&'a str>,
    pub(super) records: u64,
    pub(super) bytes: u64,
    pub(super) sha256: Sha256,
}

/// The record of it.
pub(super) fn exported(made: ExportMade<'_>) -> Record {
    let ExportMade { of_run, format, records, bytes, sha256 } = made;
    let exported = LogExported {
        by: consent::operator(),
        host: platform::host(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        of_run,
        records,
        bytes,
        sha256,
        format: format.map(str::to_owned),
    };
    Record { at: Clock::System.now(), run: None, event: Event::LogExported(exported) }
}
