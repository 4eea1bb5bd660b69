//! What a CSV file and a worksheet have in common: numbered rows of cells.

use super::{error::Fault, text::trimmed};

/// One cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cell {
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
}

impl CellKind {
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Date => "a date",
            Self::Boolean => "a truth value",
            Self::Error => "an error",
        }
    }
}

impl Cell {
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

    pub(super) fn is_blank(&self) -> bool {
        trimmed(self.shown()).is_empty()
    }
}

/// One row, with the number under which the spreadsheet shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) row: u32,
    pub(super) cells: Vec<Cell>,
}

impl Line {
    pub(super) fn is_blank(&self) -> bool {
        self.cells.iter().all(Cell::is_blank)
    }
}

/// A source of rows. Blank rows may be left out, but they count.
pub(super) trait Table {
    /// The next row; `None` after the last. Nothing more is asked for after an error.
    fn next_line(&mut self) -> Result<Option<Line>, Fault>;

    /// The next row that is not blank.
    fn next_filled(&mut self) -> Result<Option<Line>, Fault> {
        loop {
            match self.next_line()? {
                Some(line) if line.is_blank() => {}
                other => return Ok(other),
            }
        }
    }
}
