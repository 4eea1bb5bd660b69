//! The rows of a worksheet, as a stream of cells.
//!
//! Nothing is ever laid out as a rectangle: a sheet with two cells costs two cells, wherever they
//! stand. A formula counts as the value that was last computed for it.
//!
//! The format is read here, on `quick-xml`, because no published reader bounds what a hostile
//! workbook makes it do: `calamine` reserves as many shared texts as the file claims to have,
//! which ends the process, and overflows on places such as `B2:A1`. The tests hold this reader to
//! the same cells that `calamine` finds in honest workbooks.

use super::{
    error::{Damage, ListFault},
    hidden::{filters, hidden, hidden_columns, is_true},
    limits::{COLUMNS, FIELD_BYTES, PART_BYTES, ROW_BYTES, SHEET_COLUMNS, SHEET_ROWS, TOKEN_BYTES},
    source::{Reopenable, survey},
    strings::{SharedTexts, rich_text, unescaped},
    table::{CellKind, TableCell, TableProperties, TableReader, TableRow},
    text::{letters, shown},
    workbook::{Workbook, WorkbookSheet},
    xml::{Tag, Xml, XmlReader},
};
use crate::domain::Sha256;
use std::sync::Arc;

/// What cells refer to.
#[derive(Debug)]
pub(super) struct TextsAndFormats {
    pub(super) texts: SharedTexts,
    pub(super) dates: Vec<bool>,
    pub(super) days_from_1904: bool,
}

impl TextsAndFormats {
    pub(super) fn of(workbook: &Workbook) -> Result<Self, ListFault> {
        Ok(Self {
            texts: workbook.shared_texts()?,
            dates: workbook.date_formats()?,
            days_from_1904: workbook.days_from_1904,
        })
    }
}

/// The rows of a worksheet.
pub(super) struct SheetTable {
    xml: XmlReader,
    name: String,
    about: TableProperties,
    context: Arc<TextsAndFormats>,
    source: Reopenable,
    sha256: Sha256,
    /// The last row that was begun.
    row: u32,
}

/// A cell before it is known what it holds.
struct Raw {
    column: usize,
    kind: Option<String>,
    style: Option<usize>,
}

impl SheetTable {
    /// `sha256` is what the bytes had when the list was recognised.
    pub(super) fn new(
        source: &Reopenable,
        workbook: &Workbook,
        sheet: &WorkbookSheet,
        context: Arc<TextsAndFormats>,
        sha256: Sha256,
    ) -> Result<Self, ListFault> {
        let part = workbook.package.part(&sheet.part)?;
        let xml = XmlReader::new(&sheet.part, part, PART_BYTES);
        let about = TableProperties::default();
        Ok(Self { xml, name: sheet.name.clone(), about, context, source: source.clone(), sha256, row: 0 })
    }

    fn damaged(&self, damage: Damage) -> ListFault {
        match self.xml.damaged(damage) {
            ListFault::Damaged { part, damage } if self.row > 0 => {
                ListFault::Damaged { part: format!("{part}, row {}", self.row), damage }
            }
            other => other,
        }
    }

    /// What is left of the part is read too: it says where filters are at work, and its checksum is compared; then
    /// the file.
    fn finish(&mut self) -> Result<Option<TableRow>, ListFault> {
        let filtered = filters(&mut self.xml)?;
        self.about.filtered.extend(filtered);
        let same = survey(&self.source)?.sha256 == self.sha256;
        if same { Ok(None) } else { Err(ListFault::Changed) }
    }

    /// The cells of a row, up to its end.
    fn cells(&mut self) -> Result<Vec<TableCell>, ListFault> {
        let mut cells: Vec<TableCell> = Vec::new();
        let mut next_column = 0;
        let mut bytes = 0;
        loop {
            let (raw, closed) = match self.xml.next()? {
                Xml::Start(tag, closed) if tag.is("c") => (raw(&tag, self.row, next_column), closed),
                Xml::End(tag) if tag.is("row") => return Ok(cells),
                Xml::Eof => return Err(self.damaged(Damage::Xml)),
                _ => continue,
            };
            let raw = raw.map_err(|damage| self.damaged(damage))?;
            next_column = raw.column + 1;
            let cell = if closed { TableCell::Text(String::new()) } else { self.cell(&raw)? };
            let (row, column) = (self.row, raw.column + 1);
            let is_empty = cell.shown().is_empty() && !cell.is(CellKind::Uncomputed);
            if is_empty || (column > COLUMNS && cell.is_blank()) {
                continue;
            }
            let place = || place(&self.name, row, raw.column);
            if column > COLUMNS {
                return Err(ListFault::TooManyColumns { place: place() });
            }
            if cell.shown().len() > FIELD_BYTES {
                return Err(ListFault::FieldTooLong { place: place() });
            }
            bytes += cell.shown().len();
            if bytes > ROW_BYTES {
                return Err(ListFault::RowTooLong { place: place() });
            }
            cells.resize(raw.column, TableCell::Text(String::new()));
            cells.push(cell);
        }
    }

    /// The value of a cell, up to its end.
    fn cell(&mut self, raw: &Raw) -> Result<TableCell, ListFault> {
        let mut value = String::new();
        let mut inline = None;
        let mut in_value = false;
        let (mut has_formula, mut has_value) = (false, false);
        let mut bytes = 0_u64;
        loop {
            let mut is_inline = false;
            match self.xml.next()? {
                Xml::Start(tag, _)
                    if (["v", "is", "f"].iter().any(|name| tag.is(name)))
                        && (has_value || inline.is_some()) =>
                {
                    return Err(self.damaged(Damage::Cell));
                }
                Xml::Start(tag, closed) if tag.is("v") => (in_value, has_value) = (!closed, true),
                Xml::Start(tag, _) if tag.is("f") => has_formula = true,
                Xml::Start(tag, closed) if tag.is("is") => is_inline = !closed,
                Xml::End(tag) if tag.is("v") => in_value = false,
                Xml::End(tag) if tag.is("c") => break,
                Xml::Text(part) => {
                    bytes += part.len() as u64;
                    if in_value && value.len() <= FIELD_BYTES {
                        value.push_str(&part);
                    }
                }
                Xml::Eof => return Err(self.damaged(Damage::Xml)),
                _ => bytes += 8,
            }
            if is_inline {
                inline = Some(rich_text(&mut self.xml, "is")?);
            }
            if bytes > TOKEN_BYTES {
                return Err(self.damaged(Damage::TokenTooLong));
            }
        }
        // An empty text that was computed says that it is a text.
        let is_text = raw.kind.as_deref() == Some("str") && has_value;
        match inline {
            Some(text) => Ok(TableCell::Text(text)),
            None if has_formula && value.is_empty() && !is_text => {
                Ok(TableCell::Other { kind: CellKind::Uncomputed, shown: value })
            }
            None if has_formula
                && raw.kind.as_deref().is_none_or(|kind| kind == "n")
                && value.trim() == "0" =>
            {
                Ok(TableCell::Other { kind: CellKind::ZeroOfFormula, shown: value })
            }
            None => value_of(raw, value, &self.context).map_err(|damage| self.damaged(damage)),
        }
    }
}

impl TableReader for SheetTable {
    fn into_properties(self: Box<Self>) -> TableProperties {
        self.about
    }

    fn next_line(&mut self) -> Result<Option<TableRow>, ListFault> {
        loop {
            let (number, hidden, closed) = match self.xml.next()? {
                Xml::Start(tag, closed) if tag.is("row") => (tag.attribute("r"), hidden(&tag), closed),
                Xml::Start(tag, _) if tag.is("col") => {
                    if let Ok(Some(columns)) = hidden_columns(&tag) {
                        self.about.hidden_columns.push(columns);
                    }
                    continue;
                }
                Xml::Start(tag, _) if tag.is("sheetPr") => {
                    self.about.is_filtered = is_true(&tag, "filterMode").unwrap_or(false);
                    continue;
                }
                Xml::Start(tag, true) if tag.is("sheetData") => return self.finish(),
                Xml::End(tag) if tag.is("sheetData") => return self.finish(),
                Xml::Start(tag, _) if tag.is("c") => return Err(self.damaged(Damage::Place)),
                Xml::Eof => return Err(self.damaged(Damage::Xml)),
                _ => continue,
            };
            let row = match number {
                Ok(None) => self.row + 1,
                Ok(Some(number)) => number.parse().map_err(|_no_number| self.damaged(Damage::Place))?,
                Err(damage) => return Err(self.damaged(damage)),
            };
            // Rows that stand twice or out of order could hide one customer behind another.
            if row <= self.row || row > SHEET_ROWS {
                return Err(self.damaged(Damage::Place));
            }
            self.row = row;
            let hidden = hidden.map_err(|damage| self.damaged(damage))?;
            if !closed {
                return Ok(Some(TableRow { row, cells: self.cells()?, hidden }));
            }
        }
    }
}

/// A cell by its sheet and its place, as Excel shows it.
pub(super) fn place(sheet: &str, row: u32, column: usize) -> String {
    format!("sheet {}, cell {}{row}", shown(sheet), letters(column))
}

/// Reads where a cell stands and what kind it is.
fn raw(tag: &Tag<'_>, row: u32, next_column: usize) -> Result<Raw, Damage> {
    let column = match tag.attribute("r")? {
        None => next_column,
        Some(place) => column_of(&place, row).ok_or(Damage::Place)?,
    };
    if !(next_column..SHEET_COLUMNS).contains(&column) {
        return Err(Damage::Place);
    }
    let style = tag.attribute("s")?.and_then(|style| style.parse().ok());
    Ok(Raw { column, kind: tag.attribute("t")?, style })
}

/// The column of a place such as `AB12`, counted from 0, if the row is this one.
fn column_of(place: &str, row: u32) -> Option<usize> {
    let letters = place.find(|c: char| !c.is_ascii_alphabetic())?;
    let (letters, digits) = place.split_at_checked(letters)?;
    if !(1..=3).contains(&letters.len()) || digits.parse() != Ok(row) {
        return None;
    }
    let number =
        letters.bytes().fold(0, |sum, letter| sum * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1);
    number.checked_sub(1)
}

fn value_of(raw: &Raw, value: String, context: &TextsAndFormats) -> Result<TableCell, Damage> {
    let other = |kind, shown| Ok(TableCell::Other { kind, shown });
    if value.is_empty() {
        return Ok(TableCell::Text(value));
    }
    match raw.kind.as_deref() {
        Some("s") => {
            let at = value.trim().parse().ok();
            let text = at.and_then(|at| context.texts.get(at)).ok_or(Damage::Place)?;
            Ok(TableCell::Text(text.to_owned()))
        }
        Some("str" | "inlineStr") => Ok(TableCell::Text(unescaped(&value))),
        Some("b") => other(CellKind::Boolean, if value.trim() == "1" { "TRUE" } else { "FALSE" }.to_owned()),
        Some("e") => other(CellKind::Error, value),
        Some("d") => other(CellKind::Date, value),
        _ => match value.trim().parse::<f64>() {
            Ok(number) => {
                let is_date = raw.style.and_then(|style| context.dates.get(style)).copied().unwrap_or(false);
                match date(number, context.days_from_1904).filter(|_| is_date) {
                    Some(date) => other(CellKind::Date, date),
                    None => other(CellKind::Number, number.to_string()),
                }
            }
            // Without a kind it should be a number; what is none is taken as it stands.
            Err(_no_number) => Ok(TableCell::Text(value)),
        },
    }
}

/// A day number of Excel as a date, a date with a time, or a time alone.
fn date(number: f64, days_from_1904: bool) -> Option<String> {
    if !(0.0..2_958_466.0).contains(&number) {
        return None;
    }
    let seconds = (number * 86_400.0).round();
    let days = (seconds / 86_400.0).floor();
    #[expect(clippy::cast_possible_truncation, reason = "both are whole and below 3 million")]
    let (days, seconds) = (days as i64, (seconds - days * 86_400.0) as i64);
    let time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if days == 0 {
        return Some(time);
    }
    // Excel believes that 1900 was a leap year, so the days before its 29 February are one off.
    let first = match (days_from_1904, days) {
        (true, _) => jiff::civil::date(1904, 1, 1),
        (false, ..60) => jiff::civil::date(1899, 12, 31),
        (false, _) => jiff::civil::date(1899, 12, 30),
    };
    let day = first.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?;
    Some(if seconds == 0 { day.to_string() } else { format!("{day} {time}") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_and_must_fit_their_row() {
        assert_eq!(column_of("A1", 1), Some(0));
        assert_eq!(column_of("xfd12", 12), Some(16_383));
        for place in ["", "A", "1", "A2", "AAAA1", "A1B", "Ä1", "A99999999999"] {
            assert_eq!(column_of(place, 1), None, "{place}");
        }
    }

    #[test]
    fn day_numbers_become_dates() {
        assert_eq!(date(46_346.0, false).unwrap(), "2026-11-20");
        assert_eq!(date(46_346.5, false).unwrap(), "2026-11-20 12:00:00");
        assert_eq!(date(1.0, false).unwrap(), "1900-01-01");
        assert_eq!(date(61.0, false).unwrap(), "1900-03-01");
        assert_eq!(date(1.0, true).unwrap(), "1904-01-02");
        assert_eq!(date(0.25, false).unwrap(), "06:00:00");
        assert_eq!(date(f64::NAN, false), None);
    }
}
