//! Records as they are stored: whose they are, and the requests that belong to no run.

use super::error::ExportError;
use crate::{
    audit::{QueryError, RecordBytes},
    domain::Seq,
    record::{Record, RecordError, RecordLabel, RequestStory, Requests},
};

pub(super) fn labelled(record: &RecordBytes<'_>) -> Result<RecordLabel, ExportError> {
    RecordLabel::read(record.body).map_err(|source| unreadable(record.seq, source))
}

pub(super) fn unreadable(seq: Seq, source: RecordError) -> ExportError {
    QueryError::Record { seq, source }.into()
}

/// The requests that belong to no run, from the records that belong to none, in their order.
#[derive(Default)]
pub(super) struct RequestsOutside(Requests);

impl RequestsOutside {
    /// Takes the next record, and gives the request that it ends. What a newer program recorded is passed over.
    pub(super) fn take(&mut self, record: &RecordBytes<'_>) -> Result<Option<RequestStory>, ExportError> {
        match Record::from_bytes(record.body) {
            Ok(read) => Ok(self.0.take_ended(record.seq, &read)),
            Err(RecordError::Newer(_)) => Ok(None),
            Err(source) => Err(unreadable(record.seq, source)),
        }
    }

    /// Those that no record ended.
    pub(super) fn open(&self) -> impl Iterator<Item = &RequestStory> {
        self.0.iter()
    }
}
