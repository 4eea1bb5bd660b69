//! Why a list cannot be read at all. What is wrong with a single row is no error: see
//! [`Problem`](super::Problem).

use super::limits::{COLUMNS, FIELD_BYTES, ROW_BYTES, ROWS};
use crate::domain::HiddenRows;
use std::io;

/// What is wrong with a quotation mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QuoteFault {
    TextBehind,
    Inside,
    NeverClosed,
}

/// A list that cannot be used, and why.
#[derive(Debug, thiserror::Error)]
#[error("`{file}`: {fault}")]
pub struct ListError {
    /// The list, as it was named.
    pub file: String,
    /// What is wrong, and what to do next.
    pub fault: ListFault,
}

/// What is wrong with a list, and what to do next.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListFault {
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
    /// A quotation mark that would move the end of a cell.
    #[error("row {row}, column {column}: {fault}; the cell begins with {begins}; {}", fault.advice())]
    QuotationMark {
        /// Where the row begins.
        row: u32,
        /// The column: its number, counted from 1.
        column: usize,
        /// What is wrong.
        fault: Quotation,
        /// How the cell begins, shortened and escaped.
        begins: String,
    },
    /// A cell in which a whole row stands.
    #[error(
        "row {row}, column {column}: a whole row of the list stands inside one cell, {text}: a quotation mark is \
         opened above it and closed below it; take both marks out"
    )]
    SwallowedRow {
        /// Where the row begins that swallowed the other.
        row: u32,
        /// The column: its number, counted from 1.
        column: usize,
        /// The row that was swallowed, shortened and escaped.
        text: String,
    },
    /// A first line `sep=` that names something else.
    #[error("the first line sets the separator {0}; use a comma, a semicolon, a tab or `|`")]
    Separator(
        /// As it stands.
        String,
    ),

    /// A cell that is too long.
    #[error("{place}: a cell may have {FIELD_BYTES} bytes at most; shorten it")]
    FieldTooLong {
        /// Where.
        place: String,
    },
    /// A row that is too long.
    #[error("{place}: a row may have {ROW_BYTES} bytes at most; shorten it")]
    RowTooLong {
        /// Where the row begins.
        place: String,
    },
    /// A row that is too wide.
    #[error("{place}: a list may have {COLUMNS} columns at most, and this one is used; take some out")]
    TooManyColumns {
        /// Where.
        place: String,
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
    /// A tenant ID beside the table.
    #[error(
        "{place}: a tenant ID, {text}, stands beside the table, whose last heading is {last}; if it belongs to the \
         list, move it into the column of the IDs; if not, delete it or give its column a heading"
    )]
    IdBeside {
        /// Where.
        place: String,
        /// The last heading.
        last: String,
        /// What stands there, shortened and escaped.
        text: String,
    },
    /// Rows that nobody sees, and nobody said what becomes of them.
    #[error(
        "{}; whoever looks at the list does not see them: `--hidden skip` leaves them out, `--hidden take` reads \
         them like all others",
        hidden.in_words()
    )]
    HiddenRows {
        /// How many, the first, and who hid them.
        hidden: HiddenRows,
    },
    /// Every row is hidden and left out.
    #[error("every row below the header is hidden, and `--hidden skip` leaves them out")]
    OnlyHiddenRows,
    /// The header is hidden.
    #[error("row {row}, which looks like the header, is hidden; unhide it, or say `--header-row {row}`")]
    HiddenHeader {
        /// Where.
        row: u32,
    },
    /// A formula whose value nobody computed.
    #[error(
        "{place}: {what} is a formula without a stored value: the workbook was written by a program that does not \
         compute; open it in Excel and save it"
    )]
    Uncomputed {
        /// Where.
        place: String,
        /// What should stand there.
        what: &'static str,
    },
    /// The letters outside ASCII can be read in more than one way.
    #[error(
        "row {row}: the encoding is not certain, and a {what} depends on it; say which it is:{}\n\
         or save the list as CSV UTF-8",
        each(readings)
    )]
    UncertainEncoding {
        /// Where.
        row: u32,
        /// `name` or `domain`.
        what: &'static str,
        /// In each encoding, how it reads.
        readings: Vec<(&'static str, String)>,
    },
    /// `--encoding` names none that is known.
    #[error(
        "`--encoding {wanted}`: no such encoding; known are, for example, UTF-8, UTF-16LE, windows-1252, \
             windows-1250, Big5, GB18030, Shift_JIS, EUC-KR"
    )]
    UnknownEncoding {
        /// What the option says.
        wanted: String,
    },
    /// `--encoding` contradicts the file.
    #[error(
        "`--encoding {wanted}`: the file begins with the byte-order mark of {found}; leave the option out"
    )]
    OtherMark {
        /// What the option says.
        wanted: &'static str,
        /// What the file says.
        found: &'static str,
    },
    /// `--encoding`, but the list is a workbook.
    #[error("`--encoding` is for CSV files, and this is a workbook; leave the option out")]
    NoEncoding,

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
        "row {row} has no column headed `tenant id` or similar; name it with `--column`, or another row with \
         `--header-row`; the headings are {}",
        list(headers)
    )]
    NoIdColumn {
        /// The row that was taken for the header.
        row: u32,
        /// The headers.
        headers: Vec<String>,
    },
    /// The list is to be given IDs, and has some.
    #[error("the list has a column of IDs, {header}; there is nothing to match")]
    HasIds {
        /// Its heading.
        header: String,
    },
    /// The list is to be given IDs, and has nothing by which they could be found.
    #[error(
        "row {row} has no column headed `domain`, `company name` or similar; name the one with the names with \
         `--name-column`, or another row with `--header-row`; the headings are {}",
        list(headers)
    )]
    NothingToMatch {
        /// The row that was taken for the header.
        row: u32,
        /// The headers.
        headers: Vec<String>,
    },
    /// The first row is not the header, and another looks like it.
    #[error(
        "row {first} is not the header, but row {row} looks like it ({}): say `--header-row {row}`{}",
        list(headers),
        sheet.as_ref().map(|name| format!(" and `--sheet {name}`")).unwrap_or_default()
    )]
    HeaderBelow {
        /// The first row that is not blank.
        first: u32,
        /// The one that looks like the header.
        row: u32,
        /// What stands in it.
        headers: Vec<String>,
        /// Its sheet, where several are read.
        sheet: Option<String>,
    },
    /// `--header-row` names a row that is not there.
    #[error("`--header-row {row}`: that row is blank or not there")]
    NoHeaderRow {
        /// What the option says.
        row: u32,
    },
    /// `--header-row` names a row with an ID in it.
    #[error("`--header-row {row}`: a tenant ID stands in that row, so it is no header")]
    HeaderIsData {
        /// What the option says.
        row: u32,
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
    /// `--hidden`, but the list is text.
    #[error("`--hidden` is for workbooks, and in a CSV file nothing is hidden; leave the option out")]
    NothingHidden,
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
        /// The sheets; those that are hidden say so.
        sheets: Vec<String>,
    },
    /// More than one sheet could be the list.
    #[error("{} sheets have a column of IDs: {}; say which is the list with `--sheet NAME`", sheets.len(), list(sheets))]
    AmbiguousSheet {
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

impl ListFault {
    /// Whether it only says that the list is elsewhere.
    pub(super) const fn is_no_match(&self) -> bool {
        matches!(
            self,
            Self::Empty
                | Self::NoIdColumn { .. }
                | Self::NothingToMatch { .. }
                | Self::ColumnNotFound { .. }
                | Self::HeaderMissing { .. }
        )
    }
}

/// What is wrong with a quotation mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Quotation {
    /// `"19" rack`
    #[error("text stands behind the closing quotation mark")]
    TextBehind,
    /// `19" rack`
    #[error("a quotation mark stands in the middle of the cell")]
    Inside,
    /// `"19 inch`
    #[error("a quotation mark is opened and never closed")]
    NeverClosed,
}

impl Quotation {
    const fn advice(self) -> &'static str {
        match self {
            Self::TextBehind | Self::Inside => {
                "a mark that is part of the text is written twice, in a cell between marks; or take it out"
            }
            Self::NeverClosed => "close it or take it out",
        }
    }
}

impl From<QuoteFault> for Quotation {
    fn from(fault: QuoteFault) -> Self {
        match fault {
            QuoteFault::TextBehind => Self::TextBehind,
            QuoteFault::Inside => Self::Inside,
            QuoteFault::NeverClosed => Self::NeverClosed,
        }
    }
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
    /// A cell says two things, or in another order, and readers would choose differently.
    #[error("a cell is put together wrongly")]
    Cell,
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

fn each(readings: &[(&str, String)]) -> String {
    let line = |(name, text): &(&str, String)| format!("\n  --encoding {name:<13} {text}");
    readings.iter().map(line).collect::<Vec<_>>().concat()
}

fn clearer(option: Option<&'static str>) -> String {
    match option {
        Some(option) => format!("name it with `{option}`, and if two headers are the same, rename one"),
        None => "rename one of them".to_owned(),
    }
}
