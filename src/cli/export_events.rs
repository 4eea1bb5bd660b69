//! `offboard log export --format jsonl|ocsf`: the log as events, one a line.
//!
//! As with the evidence pack, the file is written under another name, then it is put on record that it was, and then it gets
//! its name.

use super::{
    exit::{Exit, Failure},
    export_record::{ExportMade, exported},
    export_tables::refused,
    printer::Printer,
    session,
    settings::Paths,
};
use crate::{
    audit::{Reader, RunLine},
    domain::{RunId, counted, is_taken_out},
    export::{EventForm, ExportError, WrittenEvents, write_events},
    platform,
};
use serde_json::json;
use std::{
    io::{self, BufWriter},
    path::Path,
};
use tempfile::NamedTempFile;

pub(super) fn run(
    printer: &Printer,
    paths: &Paths,
    (form, path): (EventForm, &Path),
    run: Option<&str>,
) -> Result<Exit, Failure> {
    let shown = path.display();
    if path.symlink_metadata().is_ok() {
        let text = format!("`{shown}` is there already, and nothing is overwritten; name another file");
        return Err(Failure::usage(text));
    }
    let reader = Reader::open(&paths.audit_log)?;
    // Whether there is such a run is found out before the log is opened for writing.
    let named = reader.find(run.unwrap_or("latest"))?.run_id;
    let others = run.is_none();
    let all = reader.runs()?;
    // Whoever watches for removals must not see those that a simulator made up.
    let counts = |line: &&RunLine| form == EventForm::Records || line.is_real();
    let runs: Vec<RunId> = if others {
        all.iter().filter(counts).map(|line| line.run_id.clone()).collect()
    } else {
        vec![named.clone()]
    };
    let left_out = if others { all.len() - runs.len() } else { 0 };
    let mut store = session::open_store(paths)?;
    let cannot = |error: io::Error| {
        Failure::usage(format!("cannot write `{shown}`: {error}; nothing of it was written"))
    };
    let folder = platform::folder_of(path);
    let mut file = NamedTempFile::new_in(folder).map_err(cannot)?;
    let written = write_events(&reader, form, (&runs, others), BufWriter::new(&mut file));
    let written = written.map_err(|error| match error {
        ExportError::Line(error) => cannot(error),
        error => refused(error),
    })?;
    file.as_file().sync_all().map_err(cannot)?;
    let WrittenEvents { records, bytes, sha256, .. } = written;
    let record = exported(ExportMade { of_run: named, format: Some(name(form)), records, bytes, sha256 });
    if !is_taken_out("events-without-a-record") {
        store.append(&[record.into()])?;
    }
    store.close()?;
    file.persist_noclobber(path).map_err(|error| cannot(error.error))?;
    if left_out > 0 {
        printer.warn(&format!(
            "{} against the built-in simulator changed nothing real, and {} left out; `--run` exports one by itself",
            counted(left_out, "run"),
            if left_out == 1 { "is" } else { "are" }
        ));
    }
    tell(printer, path, &written)?;
    Ok(Exit::Done)
}

const fn name(form: EventForm) -> &'static str {
    match form {
        EventForm::Records => "jsonl",
        EventForm::Ocsf => "ocsf",
    }
}

fn tell(printer: &Printer, path: &Path, written: &WrittenEvents) -> Result<(), Failure> {
    let WrittenEvents { records, events, bytes, sha256, not_understood } = written;
    for run in not_understood {
        printer.warn(&format!("a newer program began run {run}: there are no events of it"));
    }
    if printer.json {
        let value = json!({
            "file": path, "records": records, "events": events, "bytes": bytes, "sha256": sha256,
            "not_understood": not_understood
        });
        return printer.data(&value.to_string());
    }
    printer.show(&format!(
        "Exported to {}\n  {}, as of {}\n  SHA-256  {sha256}\nThat it was exported is on record.",
        path.display(),
        counted(*events, "event"),
        counted(*records, "record")
    ))
}
