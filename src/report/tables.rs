//! `customers.csv` and `retry.csv`. The columns of the first are those of customers, and then the list's own.

use super::{ReportError, rows::ReportedRow};
use crate::record::report_columns;
use std::{
    borrow::Cow,
    collections::HashSet,
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Whom the tables are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum CsvStyle {
    /// For people with a spreadsheet: a byte-order mark so that it is read as UTF-8, CRLF, every
    /// cell quoted, and no cell of `customers.csv` can act as a formula.
    #[default]
    Safe,
    /// For programs: every cell as it is, no byte-order mark, LF. Never open it in a spreadsheet.
    Raw,
}

/// `customers.csv`: one line a row of the list, in its order.
pub(super) struct CustomersCsv<W: Write> {
    csv: csv::Writer<W>,
    path: PathBuf,
    style: CsvStyle,
}

impl<W: Write> CustomersCsv<W> {
    /// All columns of the list are carried, the one with the ID too: the cell of a row that was
    /// rejected is seen nowhere else.
    pub(super) fn begin(
        out: W,
        path: PathBuf,
        style: CsvStyle,
        listed: &[String],
    ) -> Result<Self, ReportError> {
        let mut this = Self { csv: writer(out, &path, style)?, path, style };
        let columns: Vec<_> = report_columns().map(|column| column.name).collect();
        let mut taken: HashSet<String> = columns.iter().map(|&column| column.to_owned()).collect();
        let carried = listed.iter().map(|header| unlike(header, &mut taken)).collect::<Vec<_>>();
        this.write(columns.iter().copied().chain(carried.iter().map(String::as_str)))?;
        Ok(this)
    }

    pub(super) fn add(&mut self, row: &ReportedRow) -> Result<(), ReportError> {
        let cells: Vec<_> =
            report_columns().map(|column| (column.value)(&row.story).to_text().into_owned()).collect();
        self.write(cells.iter().chain(row.cells()).map(String::as_str))
    }

    fn write<'a>(&mut self, cells: impl Iterator<Item = &'a str>) -> Result<(), ReportError> {
        for cell in cells {
            let cell = match self.style {
                CsvStyle::Safe => neutral(cell),
                CsvStyle::Raw => Cow::Borrowed(cell),
            };
            self.csv.write_field(cell.as_bytes()).map_err(ReportError::writing(&self.path))?;
        }
        self.csv.write_record(None::<&[u8]>).map_err(ReportError::writing(&self.path))
    }

    pub(super) fn end(self) -> Result<W, ReportError> {
        end(self.csv, self.path)
    }
}

/// `retry.csv`: the list again, without the rows for which there is nothing more to do.
///
/// Its cells are the list's own to the letter in both styles, because it is the next run's input:
/// what the operator's list said of a customer must reach that run unchanged.
pub(super) struct RetryCsv<W: Write> {
    csv: csv::Writer<W>,
    path: PathBuf,
}

impl<W: Write> RetryCsv<W> {
    pub(super) fn begin(
        out: W,
        path: PathBuf,
        style: CsvStyle,
        listed: &[String],
    ) -> Result<Self, ReportError> {
        let mut csv = writer(out, &path, style)?;
        csv.write_record(listed).map_err(ReportError::writing(&path))?;
        Ok(Self { csv, path })
    }

    pub(super) fn add(&mut self, row: &ReportedRow) -> Result<(), ReportError> {
        if row.is_worth_another_try() {
            self.csv.write_record(row.cells()).map_err(ReportError::writing(&self.path))?;
        }
        Ok(())
    }

    pub(super) fn end(self) -> Result<W, ReportError> {
        end(self.csv, self.path)
    }
}

pub(super) fn writer<W: Write>(out: W, path: &Path, style: CsvStyle) -> Result<csv::Writer<W>, ReportError> {
    csv_writer(out, style).map_err(ReportError::writing(path))
}

/// Begins a table in this style.
pub(super) fn csv_writer<W: Write>(mut out: W, style: CsvStyle) -> io::Result<csv::Writer<W>> {
    let mut builder = csv::WriterBuilder::new();
    builder.flexible(true);
    if style == CsvStyle::Safe {
        out.write_all("\u{feff}".as_bytes())?;
        builder.terminator(csv::Terminator::CRLF).quote_style(csv::QuoteStyle::Always);
    } else {
        builder.terminator(csv::Terminator::Any(b'\n'));
    }
    Ok(builder.from_writer(out))
}

pub(super) fn end<W: Write>(csv: csv::Writer<W>, path: PathBuf) -> Result<W, ReportError> {
    finished(csv).map_err(|source| ReportError::Write { path, source })
}

/// What was written, to its last byte.
pub(super) fn finished<W: Write>(csv: csv::Writer<W>) -> io::Result<W> {
    csv.into_inner().map_err(|error| io::Error::new(error.error().kind(), error.error().to_string()))
}

/// A header that no column has yet, whatever the case: scripts that read columns by name often
/// refuse a second one.
fn unlike(header: &str, taken: &mut HashSet<String>) -> String {
    let mut name = header.to_owned();
    if taken.contains(&name.to_lowercase()) {
        name = format!("list_{header}");
    }
    let mut number = 2;
    while !taken.insert(name.to_lowercase()) {
        name = format!("list_{header}_{number}");
        number += 1;
    }
    name
}

/// The cell, unable to act as a formula: an apostrophe stands before whatever a spreadsheet could
/// take for the beginning of one.
///
/// That is the beginning of the cell, and every place inside it that becomes the beginning of a
/// cell when a program splits the line elsewhere than we do: after `,` `;` `|`, a tab, a line end or
/// a quote. Excel with a semicolon as its list separator does so in spite of the quotes. Blanks and
/// characters that are not seen do not help the attacker. Nothing is taken away, and doing it twice
/// is the same as once.
pub(super) fn neutral(cell: &str) -> Cow<'_, str> {
    let mut safe = String::new();
    let mut copied = 0;
    // Where a cell may begin, until something harmless has stood there.
    let mut beginning = Some(0);
    for (at, c) in cell.char_indices() {
        let begins = at == 0 && matches!(c, '\t' | '\r' | '\n');
        if let Some(start) = beginning
            && (begins || matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠'))
        {
            safe.push_str(cell.get(copied..start).unwrap_or_default());
            safe.push('\'');
            copied = start;
            beginning = None;
        }
        if matches!(c, ',' | ';' | '|' | '\t' | '\r' | '\n' | '"') {
            beginning = Some(at + c.len_utf8());
        } else if !c.is_whitespace() && !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{feff}')
        {
            beginning = None;
        }
    }
    if copied == 0 && safe.is_empty() {
        return Cow::Borrowed(cell);
    }
    safe.push_str(cell.get(copied..).unwrap_or_default());
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_can_act_as_a_formula() {
        for (attack, safe) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t'=1"),
            ("\r=1", "'\r'=1"),
            ("\n=1", "'\n'=1"),
            ("\tx", "'\tx"),
            ("  =1", "'  =1"),
            ("\u{a0}\u{200b}=1", "'\u{a0}\u{200b}=1"),
            ("\u{0}=1", "'\u{0}=1"),
            ("\"=1\"", "\"'=1\""),
            ("\" =1", "\"' =1"),
            ("＝1", "'＝1"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠x", "'＠x"),
            ("a,=1", "a,'=1"),
            ("a;=cmd|'/c calc'!A0", "a;'=cmd|'/c calc'!A0"),
            ("a\t@x", "a\t'@x"),
            ("a\r\n=1", "a\r\n'=1"),
            ("a|-1", "a|'-1"),
            ("=1;=2", "'=1;'=2"),
            (";;=1", ";;'=1"),
        ] {
            assert_eq!(neutral(attack), safe);
            assert_eq!(neutral(safe), safe, "twice is the same as once");
        }
    }

    #[test]
    fn ordinary_cells_stay_as_they_are() {
        for cell in ["", "Contoso", "a-b", "A + B", "x=y", "me@example.com", "'=1", "1;2", "Nord-Süd, GmbH"]
        {
            assert!(matches!(neutral(cell), Cow::Borrowed(text) if text == cell), "{cell}");
        }
    }

    #[test]
    fn a_header_of_the_list_never_takes_the_place_of_ours() {
        let mut taken = HashSet::from(["row".to_owned()]);
        let headers = ["Row", "Note", "note", "row", "list_note"];
        let named = headers.map(|header| unlike(header, &mut taken));
        assert_eq!(named, ["list_Row", "Note", "list_note", "list_row_2", "list_list_note"]);
    }
}
