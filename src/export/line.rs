//! Lines, each a value.

use super::error::ExportError;
use crate::{domain::Sha256, report::harmless_json};
use serde_json::Value;
use sha2::Digest as _;
use std::io::Write;

/// Writes values, each in one line in which nothing moves a cursor or ends a line early.
pub(super) struct LineWriter<W: Write> {
    out: W,
    events: u64,
    bytes: u64,
    hash: sha2::Sha256,
}

impl<W: Write> LineWriter<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out, events: 0, bytes: 0, hash: sha2::Sha256::new() }
    }

    /// How many lines there are, how many bytes, and their digest.
    pub(super) fn end(mut self) -> Result<(u64, u64, Sha256), ExportError> {
        self.out.flush().map_err(ExportError::Line)?;
        Ok((self.events, self.bytes, Sha256::from_bytes(self.hash.finalize().into())))
    }

    pub(super) fn line(&mut self, value: &Value) -> Result<(), ExportError> {
        let text = value.to_string();
        for part in [harmless_json(&text).as_bytes(), b"\n"] {
            self.out.write_all(part).map_err(ExportError::Line)?;
            self.hash.update(part);
            self.bytes += part.len() as u64;
        }
        self.events += 1;
        Ok(())
    }
}
