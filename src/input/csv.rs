//! Lists that are text: separated values.
//!
//! The first lines say how the text is meant: `sep=;`, PowerShell's `#TYPE …`, and otherwise the separator that
//! stands most often in the header. The parsing itself is in [`scanner`](super::scanner).

use super::{
    decode::{DecodedText, TextFault, head},
    error::ListFault,
    limits::{COLUMNS, FIELD_BYTES, ROW_BYTES},
    scanner::{CsvFault, CsvRecord, CsvScanner, Marks},
    source::{Input, Reopenable},
    table::{TableCell, TableReader, TableRow},
    text::shown,
};
use crate::domain::Sha256;
use encoding_rs::Encoding;
use std::fmt;

/// What stands between two cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separator {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// The tab character.
    Tab,
    /// `|`
    Pipe,
}

impl Separator {
    const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Pipe];

    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Pipe => b'|',
        }
    }
}

impl fmt::Display for Separator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
            Self::Pipe => "pipe",
        })
    }
}

/// How a text becomes rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub(super) encoding: &'static Encoding,
    pub(super) mark: usize,
    pub(super) separator: Separator,
    pub(super) marks: Marks,
    /// How many lines stand above the rows, and how many of them are rows for Excel.
    pub(super) above: (u32, u32),
}

/// The ways in which this text may be meant, the likeliest first.
///
/// A first line `sep=;` settles it. Excel does not show that line, so it is no row and does not
/// count. Otherwise the separator is guessed from the header, which is the first row that is not blank
/// unless somebody says otherwise: the one that stands there most often outside quotation marks. The others
/// follow, so that a header like `Tenant ID;Remark, if any, please` can still be understood.
pub(super) fn dialects(
    source: &Reopenable,
    encoding: &'static Encoding,
    mark: usize,
    header_row: Option<u32>,
) -> Result<Vec<Dialect>, ListFault> {
    let head = head(DecodedText::new(source.open()?, encoding, mark)?, 2 * ROW_BYTES)?;
    if let Some(what) = other_document(&head) {
        return Err(ListFault::NotAWorkbook { what });
    }
    let mut lines = Lines(&head);
    let mut above = (0, 0);
    let mut first = lines.clone().next().unwrap_or_default();
    let mut chosen = None;
    let between_marks = first.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let sep = between_marks.unwrap_or(first);
    if let Some(sign) = sep.get(..4).filter(|start| start.eq_ignore_ascii_case("sep=")).and(sep.get(4..)) {
        let known = Separator::ALL.into_iter().find(|known| sign.as_bytes() == [known.byte()]);
        chosen = Some(known.ok_or_else(|| ListFault::Separator(shown(sign)))?);
        above = (1, 0);
        lines.next();
        first = lines.clone().next().unwrap_or_default();
    }
    if first.starts_with("#TYPE ") {
        above = (above.0 + 1, 1);
        lines.next();
    }
    let dialect = |separator| Dialect { encoding, mark, separator, marks: Marks::Quote, above };
    if let Some(separator) = chosen {
        return Ok(vec![dialect(separator)]);
    }
    for _ in above.1 + 1..header_row.unwrap_or_default() {
        lines.next();
    }
    let header = lines.0.trim_start_matches(['\n', '\r', ' ', '\u{a0}']);
    let mut counts = Separator::ALL.map(|separator| (separator, count(header, separator.byte())));
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    Ok(counts.map(|(separator, _)| dialect(separator)).to_vec())
}

/// Lines, whatever ends them.
#[derive(Clone)]
struct Lines<'a>(&'a str);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        if self.0.is_empty() {
            return None;
        }
        let (line, rest) = self.0.split_once(['\n', '\r']).unwrap_or((self.0, ""));
        let is_half = self.0.get(line.len()..).is_some_and(|end| end.starts_with("\r\n"));
        self.0 = if is_half { rest.strip_prefix('\n').unwrap_or(rest) } else { rest };
        Some(line)
    }
}

/// How often this byte stands in the first record, outside quotation marks.
fn count(text: &str, separator: u8) -> u32 {
    let (mut count, mut quoted, mut at_start) = (0, false, true);
    for byte in text.bytes() {
        match byte {
            b'"' if at_start || quoted => quoted = !quoted,
            b'\n' | b'\r' if !quoted => break,
            _ if !quoted && byte == separator => {
                count += 1;
                at_start = true;
                continue;
            }
            // Another separator may begin a cell as well.
            b',' | b';' | b'\t' | b'|' if !quoted => {
                at_start = true;
                continue;
            }
            _ => {}
        }
        at_start = false;
    }
    count
}

/// What this text is, if it is markup that only calls itself a list.
fn other_document(head: &str) -> Option<&'static str> {
    let start = head.trim_start();
    if start.starts_with("%PDF-") {
        return Some("a PDF document");
    }
    if start.get(..13).is_some_and(|start| start.eq_ignore_ascii_case("MIME-Version:")) {
        return Some("a web archive (MHTML)");
    }
    if !start.starts_with('<') {
        return None;
    }
    let lower = start.chars().take(4096).collect::<String>().to_ascii_lowercase();
    let has = |part: &str| lower.contains(part);
    if has("urn:schemas-microsoft-com:office:spreadsheet") {
        return Some("an XML spreadsheet of 2003");
    }
    if has("<html") || has("<!doctype html") || has("<table") {
        return Some("a web page (HTML)");
    }
    (has("<?xml") || has("</") || has("/>")).then_some("XML")
}

/// The rows of a text.
pub(super) struct CsvTable {
    scanner: CsvScanner<Input>,
    record: CsvRecord,
    encoding: &'static Encoding,
    sha256: Sha256,
    row: u32,
}

impl CsvTable {
    /// `sha256` is what the bytes had when the list was recognised.
    pub(super) fn new(source: &Reopenable, dialect: Dialect, sha256: Sha256) -> Result<Self, ListFault> {
        let text = DecodedText::new(source.open()?, dialect.encoding, dialect.mark)?;
        let scanner = CsvScanner::new(text, dialect.separator.byte(), dialect.marks);
        let mut table =
            Self { scanner, record: CsvRecord::default(), encoding: dialect.encoding, sha256, row: 0 };
        let (lines, rows) = dialect.above;
        for _ in 0..lines {
            table.scanner.skip_line().map_err(|stop| table.fault(stop))?;
        }
        table.row = rows;
        Ok(table)
    }

    fn fault(&self, stop: CsvFault) -> ListFault {
        let row = self.row.saturating_add(1);
        match stop {
            CsvFault::Io(error) => match TextFault::inside(&error) {
                Some(TextFault::Malformed) => ListFault::Malformed { row, encoding: self.encoding.name() },
                Some(TextFault::Nul) => ListFault::Nul { row },
                None => ListFault::Io(error),
            },
            CsvFault::TooLong => ListFault::RowTooLong { place: format!("row {row}") },
            CsvFault::Quote(fault, column) => {
                let begins = String::from_utf8_lossy(self.record.begun());
                let first = begins.split(['\n', '\r']).next().unwrap_or_default();
                let begins = shown(&first.chars().take(24).collect::<String>());
                ListFault::QuotationMark { row, column, fault: fault.into(), begins }
            }
        }
    }

    fn cells(&self) -> Result<Vec<TableCell>, ListFault> {
        let row = self.row;
        let mut cells = Vec::new();
        for (at, field) in self.record.cells().enumerate() {
            let place = || format!("row {row}, column {}", at + 1);
            if field.len() > FIELD_BYTES {
                return Err(ListFault::FieldTooLong { place: place() });
            }
            let cell = TableCell::Text(String::from_utf8_lossy(field).into_owned());
            if at < COLUMNS {
                cells.push(cell);
            } else if !cell.is_blank() {
                return Err(ListFault::TooManyColumns { place: place() });
            }
        }
        Ok(cells)
    }
}

impl TableReader for CsvTable {
    fn next_line(&mut self) -> Result<Option<TableRow>, ListFault> {
        match self.scanner.read(&mut self.record) {
            Err(stop) => Err(self.fault(stop)),
            Ok(false) if self.scanner.text().sha256() == Some(self.sha256) => Ok(None),
            Ok(false) => Err(ListFault::Changed),
            Ok(true) => {
                self.row = self.row.saturating_add(1);
                Ok(Some(TableRow { row: self.row, cells: self.cells()?, hidden: None }))
            }
        }
    }
}
