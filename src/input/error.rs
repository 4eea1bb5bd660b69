//! Why a list cannot be read at all. What is wrong with a single row is no error: see
//! [`Problem`](super::Problem).

use super::limits::{COLUMNS, FIELD_BYTES, ROW_BYTES, ROWS};
use std::io;

/// A list that cannot be used, and why.
#[derive(Debug, thiserror::Error)]
#[error("`{file}`: {fault}")]
pub struct ListError {
    /// The list, as it was named.
    pub file: String,
    /// What is wrong, and what to do next.
    pub fault: Fault,
}

/// What is wrong with a list, and what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The operating system said no.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// A folder, a pipe or a device.
    #[error("is not a file; a list is read twice, so save it as a file first")]
    NotAFile,
    /// Too many bytes.
    #[error("{what} may have {} MiB at most; split the list", limit >> 20)]
    FileTooLarge {
        /// What it is.
        what: &'static str,
        /// How many bytes it may have.
        limit: u64,
    },
    /// The bytes of the second reading are not those of the first.
    #[error("the file changed while it was read; close it in other programs, then try again")]
    Changed,
    /// Nothing is in it.
    #[error("the list is empty")]
    Empty,
    /// A header and nothing below it.
    #[error("the list has a header but no rows below it")]
    NoRows,

    /// Bytes that are no character.
    #[error("row {row}: a character is damaged: the bytes are not {encoding}; save the list as CSV UTF-8")]
    Malformed {
        /// Where.
        row: u32,
        /// What the list began as.
        encoding: &'static str,
    },
    /// A character that no spreadsheet writes.
    #[error("row {row}: a NUL character, so this is not a text file; save the list as CSV UTF-8 or .xlsx")]
    Nul {
        /// Where.
        row: u32,
    },
    /// The file ends inside quotation marks.
    #[error("row {row}: a quotation mark is opened and never closed; close it or take it out")]
    UnclosedQuote {
        /// Where the row begins.
        row: u32,
    },
    /// A first line `sep=` that names something else.
    #[error("the first line sets the separator {0}; use a comma, a semicolon or a tab")]
    Separator(
        /// As it stands.
        String,
    ),

    /// A cell that is too long.
    #[error("row {row}, column {column}: a cell may have {FIELD_BYTES} bytes at most; shorten it")]
    FieldTooLong {
        /// Where.
        row: u32,
        /// The column: its number, counted from 1.
        column: usize,
    },
    /// A row that is too long.
    #[error(
        "row {row}: a row may have {ROW_BYTES} bytes at most; is a quotation mark opened and never closed?"
    )]
    RowTooLong {
        /// Where the row begins.
        row: u32,
    },
    /// A row that is too wide.
    #[error(
        "row {row}: a list may have {COLUMNS} columns at most, and column {column} is used; take some out"
    )]
    TooManyColumns {
        /// Where.
        row: u32,
        /// The column: its number, counted from 1.
        column: usize,
    },
    /// A list that is too long.
    #[error("row {row}: a list may have {ROWS} rows at most; split it")]
    TooManyRows {
        /// The first row too many.
        row: u32,
    },
    /// More cells than the header has names.
    #[error(
        "row {row}, column {column}: {text} stands beyond the last column of the header ({columns}); \
         is a separator inside a cell without quotation marks?"
    )]
    TooManyCells {
        /// Where.
        row: u32,
        /// The column: its number, counted from 1.
        column: usize,
        /// How many columns the header has.
        columns: usize,
        /// What stands there, shortened and escaped.
        text: String,
    },

    /// More than one column could be the one that is looked for.
    #[error("the {what} could be in {}; {}", list(headers), clearer(*option))]
    AmbiguousColumn {
        /// What is looked for.
        what: &'static str,
        /// The headers that could be it.
        headers: Vec<String>,
        /// The option that decides, if there is one.
        option: Option<&'static str>,
    },
    /// No header is one of those for the ID.
    #[error(
        "no column is headed `tenant id` or similar; name it with `--column`; the headers are {}",
        list(headers)
    )]
    NoIdColumn {
        /// The headers.
        headers: Vec<String>,
    },
    /// The column that an option names is not there.
    #[error("`{option} {wanted}`: there is no such column; the headers are {}", list(headers))]
    ColumnNotFound {
        /// The option.
        option: &'static str,
        /// What it says.
        wanted: String,
        /// The headers.
        headers: Vec<String>,
    },
    /// Two options name the same column.
    #[error("`--column` and `--name-column` both name {header}; name two columns")]
    SameColumn {
        /// The column.
        header: String,
    },
    /// The first row is data.
    #[error(
        "row {row}: the header row is missing: a tenant ID stands in the first row; put headers above it"
    )]
    HeaderMissing {
        /// The first row.
        row: u32,
    },

    /// `--sheet`, but the list is text.
    #[error("`--sheet` is for workbooks, and this is a CSV file; leave the option out")]
    NoSheets,
    /// The sheet that an option names is not there.
    #[error("`--sheet {wanted}`: there is no such sheet; the sheets are {}", list(sheets))]
    SheetNotFound {
        /// What the option says.
        wanted: String,
        /// The sheets.
        sheets: Vec<String>,
    },
    /// No visible sheet has a header that is recognised.
    #[error(
        "no visible sheet has a column headed `tenant id` or similar; name it with `--sheet` and `--column`; \
         the sheets are {}",
        list(sheets)
    )]
    NoMatchingSheet {
        /// The sheets.
        sheets: Vec<String>,
    },
    /// A workbook of before 2007, or one with a password.
    #[error(
        "is an old workbook (.xls) or has a password; save it as .xlsx without a password, or as CSV UTF-8"
    )]
    OldWorkbook,
    /// Another kind of document that comes as an archive.
    #[error("is {what}, not a workbook; save it as .xlsx or as CSV UTF-8")]
    NotAWorkbook {
        /// What it seems to be.
        what: &'static str,
    },
    /// The workbook is broken, or made to do harm.
    #[error("the workbook is damaged: {part}: {damage}; open it in Excel and save it again")]
    Damaged {
        /// The part inside the workbook, and the row if it is a sheet.
        part: String,
        /// What is wrong with it.
        damage: Damage,
    },
}

/// What is wrong with a part of a workbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Damage {
    /// The archive's table of contents does not hold together.
    #[error("the table of contents cannot be read")]
    Directory,
    /// More files than an honest workbook has.
    #[error("there are too many files")]
    TooManyParts,
    /// A part that must be there is not.
    #[error("it is missing")]
    Missing,
    /// The bytes cannot be unpacked.
    #[error("it cannot be unpacked")]
    Packing,
    /// The bytes are not those that were packed.
    #[error("its checksum is wrong")]
    Checksum,
    /// It unpacks to more than an honest part has.
    #[error("it is too large")]
    TooLarge,
    /// It is not XML, or uses what workbooks do not.
    #[error("it is not plain XML in UTF-8")]
    Xml,
    /// One tag or text is longer than Excel allows.
    #[error("a text is too long")]
    TokenTooLong,
    /// Tags inside tags without end.
    #[error("it is nested too deeply")]
    TooDeep,
    /// A cell or a row stands where it cannot, or points to nothing.
    #[error("a cell or row is out of place")]
    Place,
}

fn list(names: &[String]) -> String {
    let mut text = names.iter().take(12).map(String::as_str).collect::<Vec<_>>().join(", ");
    if names.len() > 12 {
        text.push_str(", …");
    }
    text
}

fn clearer(option: Option<&'static str>) -> String {
    match option {
        Some(option) => format!("name it with `{option}`, and if two headers are the same, rename one"),
        None => "rename one of them".to_owned(),
    }
}
