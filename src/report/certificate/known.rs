//! A record of a certificate.

use crate::{domain::Seq, record::Record};

/// A record that is shown, understood.
#[derive(Debug)]
pub(super) struct ParsedRecord {
    pub(super) seq: Seq,
    pub(super) record: Record,
    /// Its body, if that is shown.
    pub(super) body: Option<Vec<u8>>,
}
