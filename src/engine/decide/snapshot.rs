//! A row as it is at one moment, for whoever works on it while the run goes on.

use crate::record::{Row, Run};
use std::ops::Deref;

/// A row, taken out of its run with its name, which the run keeps.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    row: Row,
    /// The customer's live name, once it was read.
    pub(crate) name: Option<String>,
}

impl Snapshot {
    pub(crate) fn take(run: &Run, row: u32) -> Option<Self> {
        let row = run.row(row)?;
        Some(Self { row: row.clone(), name: run.name(row).map(str::to_owned) })
    }
}

impl Deref for Snapshot {
    type Target = Row;

    fn deref(&self) -> &Row {
        &self.row
    }
}
