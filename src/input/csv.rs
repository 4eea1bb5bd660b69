//! Lists that are text: separated values.
//!
//! The `csv` crate does the parsing. What it would do in silence is done around it: empty lines
//! are counted, because Excel shows them as rows; a quotation mark that is never closed is an
//! error instead of one long cell; and no row can be longer than its limit, so memory stays flat.

use super::{
    decode::{Lines, Text, TextFault},
    error::Fault,
    limits::{COLUMNS, FIELD_BYTES, ROW_BYTES},
    source::{Input, Source},
    table::{Cell, Line, Table},
    text::shown,
};
use crate::domain::Sha256;
use csv::{ByteRecord, ErrorKind, ReaderBuilder, Terminator};
use encoding_rs::Encoding;
use std::{fmt, io::Read};

/// What stands between two cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Separator {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// The tab character.
    Tab,
}

impl Separator {
    const ALL: [Self; 3] = [Self::Comma, Self::Semicolon, Self::Tab];

    const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
        }
    }
}

impl fmt::Display for Separator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Comma => "comma",
            Self::Semicolon => "semicolon",
            Self::Tab => "tab",
        })
    }
}

/// How a text becomes rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub(super) encoding: &'static Encoding,
    pub(super) mark: usize,
    pub(super) separator: Separator,
    /// The length of a first line `sep=;` and its line end.
    preface: usize,
}

/// The ways in which this text may be meant, the likeliest first.
///
/// A first line `sep=;` settles it. Excel does not show that line, so it is no row and does not
/// count. Otherwise the separator is guessed from the first row that is not blank: the one that
/// stands there most often outside quotation marks. The others follow, so that a header like
/// `Tenant ID;Remark, if any, please` can still be understood.
pub(super) fn dialects(
    source: &Source,
    encoding: &'static Encoding,
    mark: usize,
) -> Result<Vec<Dialect>, Fault> {
    let head = Lines::new(Text::new(source.open()?, encoding, mark)?).head(2 * ROW_BYTES)?;
    let dialect = |separator, preface| Dialect { encoding, mark, separator, preface };
    let first = head.split_inclusive('\n').next().unwrap_or_default();
    if let Some(sign) = first.trim_end_matches(['\n', '\r']).trim_matches('"').strip_prefix("sep=") {
        let known = Separator::ALL.into_iter().find(|known| sign.as_bytes() == [known.byte()]);
        let separator = known.ok_or_else(|| Fault::Separator(shown(sign)))?;
        return Ok(vec![dialect(separator, first.len())]);
    }
    let mut counts = Separator::ALL.map(|separator| (separator, 0_u32));
    let mut quoted = false;
    let mut at_start = true;
    for byte in head.trim_start().bytes() {
        match byte {
            b'"' if at_start || quoted => quoted = !quoted,
            b'\n' if !quoted => break,
            _ if quoted => {}
            _ => {
                if let Some((_, count)) = counts.iter_mut().find(|(known, _)| known.byte() == byte) {
                    *count += 1;
                    at_start = true;
                    continue;
                }
            }
        }
        at_start = false;
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let likely = counts.iter().enumerate().filter(|(at, (_, count))| *at == 0 || *count > 0);
    Ok(likely.map(|(_, (separator, _))| dialect(*separator, 0)).collect())
}

/// The rows of a text.
pub(super) struct CsvTable {
    reader: csv::Reader<Lines<Input>>,
    record: ByteRecord,
    encoding: &'static Encoding,
    sha256: Sha256,
    row: u32,
}

impl CsvTable {
    /// `sha256` is what the bytes had when the list was recognised.
    pub(super) fn new(source: &Source, dialect: Dialect, sha256: Sha256) -> Result<Self, Fault> {
        let mut lines = Lines::new(Text::new(source.open()?, dialect.encoding, dialect.mark)?);
        lines.allow(dialect.preface);
        let preface = (&mut lines).take(dialect.preface as u64).read_to_end(&mut Vec::new());
        let reader = ReaderBuilder::new()
            .delimiter(dialect.separator.byte())
            .has_headers(false)
            .flexible(true)
            // A carriage return before it is taken off below. One that stands alone does not end
            // a row: in a list it is a stray character inside a cell.
            .terminator(Terminator::Any(b'\n'))
            .from_reader(lines);
        let mut table =
            Self { reader, record: ByteRecord::new(), encoding: dialect.encoding, sha256, row: 0 };
        preface.map_err(|error| table.text_fault(error))?;
        Ok(table)
    }

    fn text_fault(&mut self, error: std::io::Error) -> Fault {
        let row = self.row.saturating_add(1);
        match TextFault::inside(&error) {
            Some(TextFault::Malformed) => Fault::Malformed { row, encoding: self.encoding.name() },
            Some(TextFault::Nul) => Fault::Nul { row },
            Some(TextFault::TooLong) => Fault::RowTooLong { row },
            None => Fault::Io(error),
        }
    }
}

impl Table for CsvTable {
    fn next_line(&mut self) -> Result<Option<Line>, Fault> {
        let lines = self.reader.get_mut();
        lines.allow(ROW_BYTES);
        let (empty, more) = match lines.skip_empty_lines() {
            Ok(skipped) => skipped,
            Err(error) => return Err(self.text_fault(error)),
        };
        self.row = self.row.saturating_add(empty);
        if !more {
            let same = self.reader.get_ref().sha256() == Some(self.sha256);
            return if same { Ok(None) } else { Err(Fault::Changed) };
        }
        if let Err(error) = self.reader.read_byte_record(&mut self.record) {
            return Err(match error.into_kind() {
                ErrorKind::Io(error) => self.text_fault(error),
                // The other kinds are about headers, lengths and UTF-8, which are not asked for.
                _ => Fault::Malformed { row: self.row.saturating_add(1), encoding: self.encoding.name() },
            });
        }
        self.row = self.row.saturating_add(1);
        if self.reader.get_ref().was_read_past_its_end() {
            return Err(Fault::UnclosedQuote { row: self.row });
        }
        Ok(Some(Line { row: self.row, cells: cells(&self.record, self.row)? }))
    }
}

fn cells(record: &ByteRecord, row: u32) -> Result<Vec<Cell>, Fault> {
    let last = record.len().saturating_sub(1);
    let mut cells = Vec::with_capacity(record.len().min(COLUMNS));
    for (at, field) in record.iter().enumerate() {
        let field = if at == last { field.strip_suffix(b"\r").unwrap_or(field) } else { field };
        let column = at + 1;
        if field.len() > FIELD_BYTES {
            return Err(Fault::FieldTooLong { row, column });
        }
        let cell = Cell::Text(String::from_utf8_lossy(field).into_owned());
        if column <= COLUMNS {
            cells.push(cell);
        } else if !cell.is_blank() {
            return Err(Fault::TooManyColumns { row, column });
        }
    }
    Ok(cells)
}
