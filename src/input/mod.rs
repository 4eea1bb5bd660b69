//! The list: from a file that a person made to numbered rows, each a customer or a problem.
//!
//! ```text
//!  bytes ──source──▶ digest, kind ──decode──▶ text ──csv───┐
//!                         └─package──▶ xml ──▶ workbook ──xlsx──▶ table ──header──▶ rows
//! ```
//!
//! The planner and `offboard check` call it; the reports use the cells that it carries along.
//!
//! A list decides who is cut off, so this room guesses only where a wrong guess cannot pass: it
//! finds columns by their headers and stops when two could be meant. It never repairs an ID,
//! never drops a row in silence, and never numbers a row otherwise than the spreadsheet does. A
//! list is also foreign data: whatever its bytes are, reading it ends in rows or in an error, in
//! flat memory and without a panic. Both passes see the same bytes, or the second one says so.

mod csv;
mod decode;
mod error;
mod header;
mod limits;
mod list;
mod package;
mod rows;
mod source;
mod strings;
mod table;
#[cfg(test)]
mod tests;
mod text;
mod workbook;
mod xlsx;
mod xml;

pub use csv::Separator;
pub use error::{Damage, Fault, ListError};
pub use list::{Format, List};
pub use rows::{Problem, Row, Rows};

/// What the operator said about where things are.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `--column`: the header of the IDs.
    pub column: Option<String>,
    /// `--name-column`: the header of the names.
    pub name_column: Option<String>,
    /// `--sheet`: the worksheet.
    pub sheet: Option<String>,
}
