//! What a certificate is about to be made of.

use super::form::WithheldBecause;
use crate::{
    audit::{Attached, QueryError, Reader},
    domain::{RunId, Seq, TenantId},
    record::{Record, RecordError},
};

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub enum CannotProve {
    /// The log cannot be asked.
    #[error(transparent)]
    Query(#[from] QueryError),
    /// The run's list does not name the customer.
    #[error("the list of run {run} does not name customer {customer}, as far as {size} records go")]
    NotNamed {
        /// The run.
        run: RunId,
        /// The customer.
        customer: TenantId,
        /// So many records were looked at.
        size: u64,
    },
    /// What is about the customer has other columns of the list in it, and nothing else names it.
    #[error(
        "all that is on record of customer {customer} in this run is its row of the list, which has other columns than ID, \
         name and domain; `--with-columns` shows them"
    )]
    RowAlone {
        /// The customer.
        customer: TenantId,
    },
    /// The log has no head yet.
    #[error("there is no signed head in the log yet; the next command that writes to it makes one")]
    NoHead,
    /// The head is too old.
    #[error(
        "the head covers {size} records, and record {last} is about this customer too; \
         give a later head, or none for the latest in the log"
    )]
    NotCovered {
        /// How many records it covers.
        size: u64,
        /// The last record about the customer.
        last: Seq,
    },
    /// The head that was given is no head of this log.
    #[error("{0}; it is no head of this log")]
    ForeignHead(String),
    /// The log is not what was signed.
    #[error("the audit log was altered: {0}; `offboard verify` says more")]
    Altered(String),
    /// Something in the run is not understood.
    #[error("{0}: make the certificate with that one")]
    Newer(String),
    /// The certificate cannot be written down.
    #[error("the certificate cannot be laid out: {0}")]
    Layout(String),
}

/// A record that is to be shown.
pub(super) struct DraftRecord {
    pub(super) seq: Seq,
    pub(super) text: String,
    pub(super) record: Record,
    pub(super) attached: Option<Attached>,
    pub(super) is_own_body: bool,
    pub(super) why: Option<WithheldBecause>,
    pub(super) why_body: Option<WithheldBecause>,
}

/// Each record of the log and its bytes; none for one that a newer program wrote in another run.
pub(super) fn each_record(
    reader: &Reader,
    run: &RunId,
    mut each: impl FnMut(Seq, Option<Record>, &[u8]) -> Result<(), CannotProve>,
) -> Result<(), CannotProve> {
    reader.bodies(|seq, body| match Record::from_bytes(body) {
        Ok(record) => each(seq, Some(record), body),
        Err(RecordError::Newer(newer)) if newer.run.as_ref().is_some_and(|of| of != run) => {
            each(seq, None, body)
        }
        Err(error @ RecordError::Newer(_)) => Err(CannotProve::Newer(format!("record {seq} {error}"))),
        Err(error) => Err(CannotProve::Altered(format!("record {seq} {error}"))),
    })
}
