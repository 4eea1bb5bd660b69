//! `offboard log export`: the evidence pack, for whoever looks at a run elsewhere.
//!
//! The pack is made whole under another name, then it is put on record that it was, and then it takes its
//! name: so no pack is without a record, and none is half there. The record is not in the copy, because it
//! holds the copy's digest.

use super::{
    args::{ExportFormat, ExportOptions},
    exit::{Exit, Failure},
    export_events,
    export_record::{ExportMade, exported},
    export_tables,
    new_folder::{NewFolder, cannot_write},
    printer::Printer,
    session,
    settings::Paths,
};
use crate::{
    audit::{Copied, Reader, Store},
    domain::{RunId, counted, is_taken_out},
    export::EventForm,
    report::{self, CsvStyle, ReportError},
};
use serde_json::json;
use std::{fs::File, io::Write as _, path::Path};

/// The other verifier goes with the log that it verifies.
const SCRIPT: &str = include_str!("../../docs/verify.py");
const HOW_TO_CHECK: &str = include_str!("how-to-check.txt");

pub(super) fn run(printer: &Printer, paths: &Paths, options: &ExportOptions) -> Result<Exit, Failure> {
    let run = options.run.as_deref();
    match options.format {
        None => pack(printer, paths, &options.dir, run.unwrap_or("latest")),
        Some(ExportFormat::Parquet) => export_tables::run(printer, paths, &options.dir, run),
        Some(ExportFormat::Jsonl) => {
            export_events::run(printer, paths, (EventForm::Records, &options.dir), run)
        }
        Some(ExportFormat::Ocsf) => export_events::run(printer, paths, (EventForm::Ocsf, &options.dir), run),
    }
}

fn pack(printer: &Printer, paths: &Paths, dir: &Path, run: &str) -> Result<Exit, Failure> {
    let pack = NewFolder::begin(dir)?;
    // Whether there is such a run is found out before the log is opened for writing.
    let run = Reader::open(&paths.audit_log)?.find(run)?.run_id;
    let mut store = session::open_store(paths)?;
    let copied = fill(&mut store, pack.draft(), &run)?;
    pack.sync()?;
    let Copied { records, bytes, sha256 } = copied;
    let record = exported(ExportMade { of_run: run.clone(), format: None, records, bytes, sha256 });
    if !is_taken_out("exported-without-a-record") {
        store.append(&[record.into()])?;
    }
    store.close()?;
    pack.put()?;
    tell(printer, dir, &run, &copied)?;
    Ok(Exit::Done)
}

fn tell(printer: &Printer, dir: &Path, run: &RunId, copied: &Copied) -> Result<(), Failure> {
    let Copied { records, bytes, sha256 } = copied;
    if printer.json {
        let value =
            json!({ "folder": dir, "run_id": run, "records": records, "bytes": bytes, "sha256": sha256 });
        return printer.data(&value.to_string());
    }
    printer.show(&format!(
        "Exported to {}\n  {}, with the reports of run {run}\n  SHA-256 of audit.db  {sha256}\n\
         That it was exported is on record. How to check it is in how-to-check.txt.",
        dir.display(),
        counted(*records, "record")
    ))
}

/// Everything that is in a pack; the reports are written from the copy.
fn fill(store: &mut Store, pack: &Path, run: &RunId) -> Result<Copied, Failure> {
    let log = pack.join("audit.db");
    let copied = store.copy_to(&log)?;
    let reader = Reader::open(&log)?;
    let line = reader.find(run.as_str())?;
    let reports = pack.join("reports").join(run.as_str());
    report::write_all(&reader, &line, &reports, CsvStyle::Safe).map_err(|error| match error {
        ReportError::DoesNotAddUp { .. } if !line.is_sealed() => {
            Failure::usage(format!("run {run} has no reports: it ended while its list was being read"))
        }
        error => error.into(),
    })?;
    let keys: Vec<String> = reader.keys()?;
    let write = |name: &str, text: &str| -> Result<(), Failure> {
        let path = pack.join(name);
        let written = File::create(&path).and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        });
        written.map_err(|error| cannot_write(&path, &error))
    };
    write("vkey", &(keys.join("\n") + "\n"))?;
    write("verify.py", SCRIPT)?;
    let digest = copied.sha256.to_string();
    let page = [("RUN", run.as_str()), ("DIGEST", &digest), ("RECORDS", &copied.records.to_string())]
        .iter()
        .fold(HOW_TO_CHECK.to_owned(), |page, (name, value)| page.replace(&format!("{{{name}}}"), value));
    write("how-to-check.txt", &page)?;
    Ok(copied)
}
