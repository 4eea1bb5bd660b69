//! `offboard log export --format parquet`: the log as tables, beside those of other logs and runs.
//!
//! As with the evidence pack, all of it is written under another name, then it is put on record that it was, and then it
//! gets its place.

use super::{
    exit::{Exit, Failure},
    export_record::{ExportMade, exported},
    printer::Printer,
    session,
    settings::Paths,
};
use crate::{
    domain::{counted, is_taken_out},
    export::{BegunExport, Export, ExportError, ExportSummary},
};
use serde_json::json;
use std::path::Path;

/// How the record calls what was made.
const FORMAT: &str = "parquet";

pub(super) fn run(printer: &Printer, paths: &Paths, dir: &Path, run: Option<&str>) -> Result<Exit, Failure> {
    let export = match Export::begin(&paths.audit_log, dir, run).map_err(refused)? {
        BegunExport::ToWrite(export) => *export,
        BegunExport::HasLater(records) => return has_later(printer, dir, records),
    };
    let mut store = session::open_store(paths)?;
    let written = export.write(&mut store).map_err(refused)?;
    let summary = written.summary.clone();
    let (bytes, sha256) = summary.manifest;
    let made = |of_run| ExportMade { of_run, format: Some(FORMAT), records: summary.records, bytes, sha256 };
    let record = summary.runs.last().cloned().map(|of_run| exported(made(of_run)));
    if !is_taken_out("tables-without-a-record") {
        store.append(&record.into_iter().map(Into::into).collect::<Vec<_>>())?;
    }
    store.close()?;
    written.put().map_err(refused)?;
    tell(printer, dir, &summary)?;
    Ok(Exit::Done)
}

/// Evidence that disagrees is 7; what a person can change is 2.
pub(super) fn refused(error: ExportError) -> Failure {
    match error {
        ExportError::Query(error) => error.into(),
        ExportError::Store(error) => error.into(),
        ExportError::CannotLook(error) => error.into(),
        error if error.is_altered() => Failure::new(Exit::Altered, format!("{error}. Nothing was added.")),
        error => Failure::usage(error.to_string()),
    }
}

fn has_later(printer: &Printer, dir: &Path, records: u64) -> Result<Exit, Failure> {
    if printer.json {
        let value = json!({ "folder": dir, "added": false, "records": records });
        printer.data(&value.to_string())?;
        return Ok(Exit::Done);
    }
    printer.show(&format!(
        "{} has a later state of this log already, as of {}: nothing was added.",
        dir.display(),
        counted(records, "record")
    ))?;
    Ok(Exit::Done)
}

fn tell(printer: &Printer, dir: &Path, summary: &ExportSummary) -> Result<(), Failure> {
    let ExportSummary { records, runs, kept, not_understood, manifest: (_, sha256) } = summary;
    for run in not_understood {
        printer.warn(&format!(
            "a newer program began run {run}: it is exported with its records alone, and without customers"
        ));
    }
    if printer.json {
        let value = json!({
            "folder": dir, "added": true, "records": records, "runs": runs, "kept": kept, "sha256": sha256
        });
        return printer.data(&value.to_string());
    }
    let unchanged = match kept {
        0 => String::new(),
        kept => format!(", {kept} of them as they were there before"),
    };
    printer.show(&format!(
        "Exported to {}\n  {} of this log{unchanged}, as of {}\n  SHA-256 of the manifest  {sha256}\n\
         That it was exported is on record. `offboard verify --export` checks it, with or without the log.",
        dir.display(),
        counted(runs.len(), "run"),
        counted(*records, "record"),
    ))
}
