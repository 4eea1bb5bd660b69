//! A log as lines, each an event: for a security team's tools, which read what happened and prove nothing.

use super::{
    error::ExportError,
    line::LineWriter,
    ocsf,
    outside::{RequestsOutside, labelled, unreadable},
};
use crate::{
    audit::{Reader, RecordBytes},
    domain::{RunId, Seq, Sha256},
};
use base64::{Engine as _, prelude::BASE64_STANDARD as STANDARD};
use serde_json::{Map, Value, json};
use std::{io::Write, str};

/// As which events a log is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventForm {
    /// Each record, as it is stored, with its place and the text that was sent or received.
    Records,
    /// Events of the Open Cybersecurity Schema Framework.
    Ocsf,
}

/// What was written.
#[derive(Clone, Debug)]
pub struct WrittenEvents {
    /// How many records the log had.
    pub records: u64,
    /// How many events were written.
    pub events: u64,
    /// How many bytes, and their digest.
    pub bytes: u64,
    /// The digest of those bytes.
    pub sha256: Sha256,
    /// Runs whose beginning a newer program wrote: of these there are no events but their records.
    pub not_understood: Vec<RunId>,
}

/// Writes the events of these runs; with `others`, those too that belong to no run.
pub fn write_events(
    reader: &Reader,
    form: EventForm,
    (runs, others): (&[RunId], bool),
    out: impl Write,
) -> Result<WrittenEvents, ExportError> {
    let (log, records) = (reader.log_id()?, reader.count()?);
    let mut out = LineWriter::new(out);
    let mut not_understood = Vec::new();
    match form {
        EventForm::Records => reader.each_record(0..records, |record| {
            let label = labelled(&record)?;
            let is_wanted = label.run.as_ref().map_or(others, |run| runs.contains(run));
            if is_wanted { out.line(&of_record(&log, &record)?) } else { Ok(()) }
        })?,
        EventForm::Ocsf => {
            for run in runs {
                if !ocsf::write_run(reader, (&log, run), &mut out)? {
                    not_understood.push(run.clone());
                }
            }
            if others {
                write_others(reader, (&log, records), &mut out)?;
            }
        }
    }
    let (events, bytes, sha256) = out.end()?;
    Ok(WrittenEvents { records, events, bytes, sha256, not_understood })
}

/// The requests that belong to no run.
fn write_others<W: Write>(
    reader: &Reader,
    (log, records): (&str, Seq),
    out: &mut LineWriter<W>,
) -> Result<(), ExportError> {
    let mut requests = RequestsOutside::default();
    reader.each_record(0..records, |record| {
        if labelled(&record)?.run.is_some() {
            return Ok(());
        }
        let ended = requests.take(&record)?;
        ended.map_or(Ok(()), |request| ocsf::write_request(log, &request, out))
    })?;
    requests.open().try_for_each(|request| ocsf::write_request(log, request, out))
}

/// A record as it is stored, with its log, its place, and what was sent or received: as text, or else as base64.
fn of_record(log: &str, record: &RecordBytes<'_>) -> Result<Value, ExportError> {
    let stored: Map<String, Value> =
        serde_json::from_slice(record.body).map_err(|error| unreadable(record.seq, error.into()))?;
    let mut event = Map::from_iter([("log".to_owned(), json!(log)), ("seq".to_owned(), json!(record.seq))]);
    event.extend(stored);
    if let Some((_, bytes)) = record.payload {
        let (name, text) = match str::from_utf8(bytes) {
            Ok(text) => ("body_text", text.to_owned()),
            Err(_) => ("body_base64", STANDARD.encode(bytes)),
        };
        event.insert(name.to_owned(), json!(text));
    }
    Ok(Value::Object(event))
}
