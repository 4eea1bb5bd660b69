//! The tables of a run, and those of a log as a whole, made from its records.

use super::{
    columns::{
        EffectRow, RUNS, RecordRow, RequestRow, cells, customer_cells, customer_fields, effects, fields,
        records, requests,
    },
    error::ExportError,
    outside::{RequestsOutside, labelled, unreadable},
    table::TableWriter,
};
use crate::{
    audit::{Leaf, Listener, Manifest, Reader, RecordBytes, RunExtent, RunLine},
    domain::{RunId, Seq},
    record::{CustomerStory, RecordLabel, RequestStory, RunStory},
};
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
    str,
};

/// What goes with each file: which log it is of, and as of which head.
#[derive(Clone, Debug)]
pub(super) struct Provenance {
    pub(super) origin: String,
    pub(super) size: u64,
    pub(super) root: String,
    pub(super) head: String,
    pub(super) version: String,
}

/// The names under which a file says so.
pub(super) const ORIGIN: &str = "offboard.origin";
pub(super) const SIZE: &str = "offboard.size";
pub(super) const ROOT: &str = "offboard.root";
pub(super) const HEAD: &str = "offboard.head";
pub(super) const VERSION: &str = "offboard.version";

impl Provenance {
    /// As of this head.
    pub(super) fn of(manifest: &Manifest, head: &str) -> Self {
        let Manifest { size, root, version, .. } = manifest.clone();
        Self { origin: manifest.origin(), size, root, head: head.to_owned(), version }
    }

    pub(super) fn facts(&self) -> [(&'static str, String); 5] {
        let Self { origin, size, root, head, version } = self.clone();
        [(ORIGIN, origin), (SIZE, size.to_string()), (ROOT, root), (HEAD, head), (VERSION, version)]
    }
}

fn file(folder: &Path, table: &str) -> PathBuf {
    folder.join(format!("{table}.parquet"))
}

/// Writes the tables of a run into this folder. Of a run whose beginning a newer program wrote there are its line and its
/// records alone, and this is false.
pub(super) fn write_run(
    reader: &Reader,
    (line, extent): (&RunLine, &RunExtent),
    folder: &Path,
    provenance: &Provenance,
) -> Result<bool, ExportError> {
    fs::create_dir_all(folder).map_err(ExportError::writing(folder))?;
    let facts = provenance.facts();
    let mut runs = TableWriter::begin(&file(folder, "runs"), &fields(&RUNS), &facts)?;
    runs.add(cells(&RUNS, line))?;
    runs.end()?;
    let run = &line.run_id;
    let tables = [file(folder, "customers"), file(folder, "effects"), file(folder, "requests")];
    let [customers, of_effects, of_requests] = &tables;
    let mut told = RunTables {
        reader,
        run,
        customers: TableWriter::begin(customers, &customer_fields(), &facts)?,
        effects: TableWriter::begin(of_effects, &fields(&effects()), &facts)?,
        requests: TableWriter::begin(of_requests, &fields(&requests()), &facts)?,
    };
    let is_told = reader.tell_within(run, extent, &mut told)?;
    let RunTables { customers, effects, requests, .. } = told;
    for table in [customers, effects, requests] {
        table.end()?;
    }
    if !is_told {
        for table in &tables {
            fs::remove_file(table).map_err(ExportError::writing(table))?;
        }
    }
    let mut writer = TableWriter::begin(&file(folder, "records"), &fields(&records()), &facts)?;
    reader.each_record(extent.first..extent.last.saturating_add(1), |record| {
        let label = labelled(&record)?;
        if label.run.as_ref() == Some(run) { add(&mut writer, &record, label) } else { Ok(()) }
    })?;
    writer.end()?;
    Ok(is_told)
}

/// The tables of a run that are made from its stories.
struct RunTables<'a> {
    reader: &'a Reader,
    run: &'a RunId,
    customers: TableWriter,
    effects: TableWriter,
    requests: TableWriter,
}

impl RunTables<'_> {
    fn add(&mut self, request: &RequestStory) -> Result<(), ExportError> {
        add_request(self.reader, &mut self.requests, Some(self.run), request)
    }
}

impl Listener<ExportError> for RunTables<'_> {
    fn run(&mut self, story: RunStory) -> Result<(), ExportError> {
        story.requests.iter().try_for_each(|request| self.add(request))
    }

    fn customer(&mut self, story: CustomerStory) -> Result<(), ExportError> {
        self.customers.add(customer_cells(self.run, &story))?;
        for effect in story.effects().all() {
            let row = EffectRow { run: self.run, customer: &story, effect: *effect };
            self.effects.add(cells(&effects(), &row))?;
        }
        story.requests().iter().try_for_each(|request| self.add(request))
    }
}

/// Adds a request with its bodies.
fn add_request(
    reader: &Reader,
    table: &mut TableWriter,
    run: Option<&RunId>,
    request: &RequestStory,
) -> Result<(), ExportError> {
    let sent = reader.body(request.seq)?;
    let received = request.ended_in.map(|seq| reader.body(seq)).transpose()?.flatten();
    table.add(cells(&requests(), &RequestRow { run, request, sent, received }))
}

/// Writes the tables of a log as a whole into this folder: what belongs to no run, and the leaf of each record of a run
/// that is not among these.
pub(super) fn write_log(
    reader: &Reader,
    (exported, size): (&BTreeSet<RunId>, Seq),
    folder: &Path,
    provenance: &Provenance,
) -> Result<(), ExportError> {
    fs::create_dir_all(folder).map_err(ExportError::writing(folder))?;
    let facts = provenance.facts();
    let mut all = TableWriter::begin(&file(folder, "records"), &fields(&records()), &facts)?;
    let mut sent = TableWriter::begin(&file(folder, "requests"), &fields(&requests()), &facts)?;
    let mut outside = RequestsOutside::default();
    reader.each_record(0..size, |record| {
        let label = labelled(&record)?;
        match &label.run {
            None => {
                if let Some(request) = outside.take(&record)? {
                    add_request(reader, &mut sent, None, &request)?;
                }
                add(&mut all, &record, label)
            }
            Some(run) if exported.contains(run) => Ok(()),
            Some(_) => {
                let leaf = Some(Leaf::of(record.body));
                let row = RecordRow { seq: record.seq, label: None, body: None, payload: None, leaf };
                all.add(cells(&records(), &row))
            }
        }
    })?;
    outside.open().try_for_each(|request| add_request(reader, &mut sent, None, request))?;
    sent.end()?;
    all.end().map(drop)
}

/// Adds a record with what lies beside it.
fn add(table: &mut TableWriter, record: &RecordBytes<'_>, label: RecordLabel) -> Result<(), ExportError> {
    let RecordBytes { seq, body, payload } = *record;
    let no_text = |error| unreadable(seq, serde_json::Error::io(io::Error::other(error)).into());
    let body = Some(str::from_utf8(body).map_err(no_text)?);
    table.add(cells(&records(), &RecordRow { seq, label: Some(label), body, payload, leaf: None }))
}
