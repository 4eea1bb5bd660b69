//! What a CSV file and a worksheet have in common: numbered rows of cells.

use super::{error::ListFault, text::trimmed};
use std::ops::RangeInclusive;

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TableCell {
    /// Text, or nothing.
    Text(String),
    /// Something of a worksheet that is not text; `shown` is how it reads.
    Other { kind: CellKind, shown: String },
}

/// What a cell of a worksheet can hold beside text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CellKind {
    Number,
    Date,
    Boolean,
    Error,
    /// A formula whose value is not stored.
    Uncomputed,
    /// A formula whose value is 0, which is also what programs store that do not compute.
    ZeroOfFormula,
}

impl CellKind {
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Date => "a date",
            Self::Boolean => "a truth value",
            Self::Error => "an error",
            Self::Uncomputed => "a formula without a stored value",
            Self::ZeroOfFormula => {
                "the value of a formula that was never computed, or that refers to an empty cell"
            }
        }
    }
}

impl TableCell {
    pub(super) fn shown(&self) -> &str {
        match self {
            Self::Text(text) | Self::Other { shown: text, .. } => text,
        }
    }

    pub(super) fn into_shown(self) -> String {
        match self {
            Self::Text(text) | Self::Other { shown: text, .. } => text,
        }
    }

    /// A formula that nobody computed may be anything, and so it is not blank.
    pub(super) fn is_blank(&self) -> bool {
        !self.is(CellKind::Uncomputed) && trimmed(self.shown()).is_empty()
    }

    pub(super) fn is(&self, wanted: CellKind) -> bool {
        matches!(self, Self::Other { kind, .. } if *kind == wanted)
    }
}

/// Who hides a row, as far as the row itself says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HiddenBy {
    /// Somebody, or a filter.
    Hand,
    /// The group that it is in.
    Group,
}

/// What is known of a table once it was read to its end.
#[derive(Debug, Default)]
pub(super) struct TableProperties {
    /// The columns that are hidden, counted from 0.
    pub(super) hidden_columns: Vec<RangeInclusive<usize>>,
    /// The rows among which a filter is at work.
    pub(super) filtered: Vec<RangeInclusive<u32>>,
    /// A filter is at work, and leaves no trace of where.
    pub(super) is_filtered: bool,
}

/// One row, with the number under which the spreadsheet shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableRow {
    pub(super) row: u32,
    pub(super) cells: Vec<TableCell>,
    /// Nobody sees it.
    pub(super) hidden: Option<HiddenBy>,
}

impl TableRow {
    pub(super) fn is_blank(&self) -> bool {
        self.cells.iter().all(TableCell::is_blank)
    }
}

/// A source of rows. Blank rows may be left out, but they count.
pub(super) trait TableReader {
    /// The next row; `None` after the last. Nothing more is asked for after an error.
    fn next_line(&mut self) -> Result<Option<TableRow>, ListFault>;

    /// What was found out beside the rows.
    fn into_properties(self: Box<Self>) -> TableProperties {
        TableProperties::default()
    }

    /// The next row that is not blank.
    fn next_filled(&mut self) -> Result<Option<TableRow>, ListFault> {
        loop {
            match self.next_line()? {
                Some(line) if line.is_blank() => {}
                other => return Ok(other),
            }
        }
    }
}
