//! The reports of a run, as the log has it.

use crate::{
    audit::{QueryError, Reader},
    domain::RunId,
    report::{CsvStyle, ReportError, Written, write_all, write_plan},
};
use std::path::{Path, PathBuf};

/// Why the reports were not written.
#[derive(Debug)]
pub enum NotWritten {
    /// The run was not found in the log.
    NotFound(QueryError),
    /// They could not be made, or not be put in their place.
    Report(ReportError),
}

/// Writes them into a folder of the run's own.
pub(super) fn write(log: &Path, run: &RunId, reports: &Path) -> Result<Written, NotWritten> {
    let reader = Reader::open(log).map_err(NotWritten::NotFound)?;
    let line = reader.find(run.as_str()).map_err(NotWritten::NotFound)?;
    write_all(&reader, &line, &reports.join(run.as_str()), CsvStyle::Safe).map_err(NotWritten::Report)
}

/// Writes what whoever confirms should read into that folder, and says where that is.
pub(super) fn before_asking(log: &Path, run: &RunId, reports: &Path) -> Result<PathBuf, NotWritten> {
    let reader = Reader::open(log).map_err(NotWritten::NotFound)?;
    let line = reader.find(run.as_str()).map_err(NotWritten::NotFound)?;
    let folder = reports.join(run.as_str());
    write_plan(&reader, &line, &folder).map_err(NotWritten::Report)?;
    Ok(folder)
}
