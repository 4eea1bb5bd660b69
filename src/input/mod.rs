//! The list: from a file that a person made to numbered rows, each a customer or a problem.
//!
//! ```text
//!  bytes ──source──▶ digest, kind ──decode──▶ text ──scanner, csv──┐
//!                         └─package──▶ xml ──▶ workbook ──xlsx──▶ table ──header──▶ rows ──▶ what was found
//! ```
//!
//! The planner and `offboard check` call it; the reports use the cells that it carries along.
//!
//! A list decides who is cut off, so this room guesses only where a wrong guess cannot pass: it
//! finds columns by their headers and stops when two could be meant. What a person sees in the list is what is read:
//! what is hidden, malformed, or can be read in two ways needs a decision ([`Options`]), and what was found and decided
//! is one value ([`List::reading`]) that every screen and report says. It never repairs an ID,
//! never drops a row in silence, and never numbers a row otherwise than the spreadsheet does. A
//! list is also foreign data: whatever its bytes are, reading it ends in rows or in an error, in
//! flat memory and without a panic. Both passes see the same bytes, or the second one says so.

mod csv;
mod decode;
mod encoding;
mod error;
mod found;
mod header;
mod headings;
mod hidden;
mod limits;
mod list;
mod lookalike;
mod package;
mod rows;
mod scanner;
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
pub use error::{Damage, ListError, ListFault, Quotation};
pub use list::{Format, List};
pub use rows::{ListRow, Problem, Rows};

use crate::domain::Hidden;

/// What the operator decided about a list. It is said with the command and nowhere else: what is right for one list is
/// wrong for the next.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `--column`: the header of the IDs.
    pub column: Option<String>,
    /// `--name-column`: the header of the names.
    pub name_column: Option<String>,
    /// `--sheet`: the worksheet.
    pub sheet: Option<String>,
    /// `--header-row`: the row of the header, as the spreadsheet numbers it.
    pub header_row: Option<u32>,
    /// `--hidden`: what becomes of rows that nobody sees.
    pub hidden: Option<Hidden>,
    /// `--encoding`: the encoding of a CSV file.
    pub encoding: Option<String>,
    /// The list has no IDs yet; they are looked for by its names and domains.
    pub without_ids: bool,
}
