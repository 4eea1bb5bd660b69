//! A list on its way to a file: text that every spreadsheet reads, or a workbook.
//!
//! Somebody works on it, and then it is read again as the list of a run. So nothing in it acts as a formula, nothing that
//! the service says breaks a line or hides, and the names are still those with which they are compared.

use super::{
    CsvStyle,
    plain::in_one_line,
    tables::{csv_writer, finished, neutral},
    workbook::made_at,
};
use crate::domain::Time;
use rust_xlsxwriter::{Color, Format, Workbook, Worksheet, XlsxError};
use std::{
    borrow::Cow,
    fmt,
    io::{self, Write},
    path::Path,
};

/// The name of the only sheet.
const SHEET: &str = "List";
/// How wide a column is, in characters: an ID is seen as a whole.
const WIDTH: f64 = 38.0;

/// In which form a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListForm {
    /// Text: UTF-8 with a byte-order mark, commas, every cell quoted.
    Csv,
    /// A workbook of one sheet.
    Workbook,
}

impl ListForm {
    /// By the ending of a file's name; none if it is not one of these.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match &*ending {
            "csv" => Some(Self::Csv),
            "xlsx" => Some(Self::Workbook),
            _ => None,
        }
    }
}

/// What stands in a cell of a list.
#[derive(Clone, Copy, Debug)]
pub enum ListCell<'a> {
    /// What a list of somebody's had there already, to the letter.
    AsItWas(&'a str),
    /// Text of the service, or about it.
    Text(&'a str),
    /// A number.
    Number(u64),
}

impl<'a> ListCell<'a> {
    /// The text, if there is one.
    pub fn text(text: Option<&'a str>) -> Self {
        Self::Text(text.unwrap_or_default())
    }

    /// The cell in a workbook, where text is text whatever it begins with; and how it is written otherwise.
    fn shown(&self) -> Cow<'a, str> {
        match *self {
            Self::AsItWas(text) => Cow::Borrowed(text),
            Self::Text(text) => in_one_line(text),
            Self::Number(number) => Cow::Owned(number.to_string()),
        }
    }

    fn in_csv(&self) -> Cow<'a, str> {
        match (self, self.shown()) {
            (Self::Text(_), Cow::Borrowed(text)) => neutral(text),
            (Self::Text(_), Cow::Owned(text)) => Cow::Owned(neutral(&text).into_owned()),
            (_, shown) => shown,
        }
    }
}

/// A list that is being written, row by row.
pub struct ListTable<W: Write + Send> {
    out: TableOut<W>,
    rows: u32,
    columns: u16,
}

enum TableOut<W: Write + Send> {
    Csv(Box<csv::Writer<W>>),
    Workbook(Box<Workbook>, W),
}

impl<W: Write + Send> fmt::Debug for ListTable<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListTable").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl<W: Write + Send> ListTable<W> {
    /// Begins a list with these columns. `scratch` is a folder for what a workbook puts aside, and `at` the time that it
    /// says it was made.
    pub fn begin(out: W, form: ListForm, (scratch, at): (&Path, Time), columns: &[&str]) -> io::Result<Self> {
        let out = match form {
            ListForm::Csv => {
                let mut csv = csv_writer(out, CsvStyle::Safe)?;
                csv.write_record(columns)?;
                TableOut::Csv(Box::new(csv))
            }
            ListForm::Workbook => {
                TableOut::Workbook(Box::new(begun(scratch, at, columns).map_err(failed)?), out)
            }
        };
        Ok(Self { out, rows: 0, columns: u16::try_from(columns.len()).unwrap_or(u16::MAX) })
    }

    /// Adds a row.
    pub fn add(&mut self, cells: &[ListCell<'_>]) -> io::Result<()> {
        self.rows += 1;
        match &mut self.out {
            TableOut::Csv(csv) => {
                for cell in cells {
                    csv.write_field(cell.in_csv().as_bytes())?;
                }
                Ok(csv.write_record(None::<&[u8]>)?)
            }
            TableOut::Workbook(workbook, _) => {
                let sheet = workbook.worksheet_from_index(0).map_err(failed)?;
                row(sheet, self.rows, cells).map_err(failed)
            }
        }
    }

    /// The whole of it.
    pub fn end(self) -> io::Result<W> {
        let Self { out, rows, columns } = self;
        match out {
            TableOut::Csv(csv) => finished(*csv),
            TableOut::Workbook(mut workbook, mut out) => {
                let sheet = workbook.worksheet_from_index(0).map_err(failed)?;
                sheet.autofilter(0, 0, rows, columns.saturating_sub(1)).map_err(failed)?;
                workbook.save_to_writer(&mut out).map_err(failed)?;
                Ok(out)
            }
        }
    }
}

/// The workbook with its header, which stays in sight.
fn begun(scratch: &Path, at: Time, columns: &[&str]) -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    made_at(&mut workbook, scratch, at)?;
    let sheet = workbook.add_worksheet_with_constant_memory()?;
    sheet.set_name(SHEET)?;
    let format = Format::new().set_bold().set_background_color(Color::RGB(0x00e6_eaf0));
    for (column, name) in (0..).zip(columns) {
        sheet.set_column_width(column, WIDTH)?;
        sheet.write_string_with_format(0, column, *name, &format)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    Ok(workbook)
}

fn row(sheet: &mut Worksheet, number: u32, cells: &[ListCell<'_>]) -> Result<(), XlsxError> {
    for (column, cell) in (0..).zip(cells) {
        match cell {
            // Whole as far as a spreadsheet counts.
            ListCell::Number(count) if u32::try_from(*count).is_ok() => {
                sheet.write_number(number, column, u32::try_from(*count).unwrap_or_default())?;
            }
            cell => {
                let shown = cell.shown();
                if !shown.is_empty() {
                    sheet.write_string(number, column, shown)?;
                }
            }
        }
    }
    Ok(())
}

fn failed(error: XlsxError) -> io::Error {
    match error {
        XlsxError::IoError(error) => error,
        error => io::Error::other(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_is_told_by_the_ending() {
        for (name, form) in [
            ("list.csv", Some(ListForm::Csv)),
            ("a/b.c/LIST.XLSX", Some(ListForm::Workbook)),
            ("list.xls", None),
            ("list", None),
            (".csv", None),
        ] {
            assert_eq!(ListForm::of(Path::new(name)), form, "{name}");
        }
    }

    #[test]
    fn what_the_service_says_acts_as_nothing_and_what_was_there_stays() {
        let cells = [
            ListCell::AsItWas("=own\n"),
            ListCell::Text("=1\u{1b}[2J"),
            ListCell::Text("a\r\n-b"),
            ListCell::text(None),
            ListCell::Number(40),
        ];
        let mut table = ListTable::begin(
            Vec::new(),
            ListForm::Csv,
            (Path::new("."), Time::from_millis(0)),
            &["a", "b", "c", "d", "e"],
        )
        .unwrap();
        table.add(&cells).unwrap();
        let text = String::from_utf8(table.end().unwrap()).unwrap();
        assert_eq!(
            text,
            "\u{feff}\"a\",\"b\",\"c\",\"d\",\"e\"\r\n\"=own\n\",\"'=1 [2J\",\"a  -b\",\"\",\"40\"\r\n"
        );
    }
}
