//! Separated values, strictly: from text to records.
//!
//! What other readers pass over in silence is a fault here, with its column: text behind a closing quotation mark,
//! a mark in the middle of a cell, one that is never closed. Each of them moves the end of a cell, and with it the
//! end of a row. Every line end counts as Excel counts it: LF, CRLF, and CR alone.

use super::{decode::DecodedText, error::QuoteFault, limits::ROW_BYTES};
use std::io::{self, BufRead as _, BufReader, Read};

/// What quotation marks are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    /// They stand around cells.
    Quote,
    /// They are text, because this text was never quoted.
    Text,
}

/// Why a record cannot be read.
#[derive(Debug)]
pub(super) enum CsvFault {
    Io(io::Error),
    TooLong,
    /// In this column, counted from 1.
    Quote(QuoteFault, usize),
}

impl From<io::Error> for CsvFault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// One record: its cells in one piece of memory, which is used again and again.
#[derive(Debug, Default)]
pub(super) struct CsvRecord {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl CsvRecord {
    pub(super) fn cells(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| self.bytes.get(start..*end).unwrap_or_default())
    }

    /// What was read of the cell that is not yet at its end.
    pub(super) fn begun(&self) -> &[u8] {
        self.bytes.get(self.ends.last().copied().unwrap_or_default()..).unwrap_or_default()
    }

    fn end_cell(&mut self) {
        self.ends.push(self.bytes.len());
    }

    fn column(&self) -> usize {
        self.ends.len() + 1
    }
}

/// Reads records.
pub(super) struct CsvScanner<R> {
    text: BufReader<DecodedText<R>>,
    separator: u8,
    marks: Marks,
    /// How many bytes of this record may still come.
    left: usize,
}

/// What ended a cell.
enum CellEnd {
    Separator,
    Line,
}

impl<R: Read> CsvScanner<R> {
    pub(super) fn new(text: DecodedText<R>, separator: u8, marks: Marks) -> Self {
        Self { text: BufReader::with_capacity(32 << 10, text), separator, marks, left: 0 }
    }

    /// The text, once it was read to its end.
    pub(super) fn text(&self) -> &DecodedText<R> {
        self.text.get_ref()
    }

    /// Passes over a line, whatever is in it.
    pub(super) fn skip_line(&mut self) -> Result<(), CsvFault> {
        self.left = ROW_BYTES;
        while let Some(byte) = self.take()? {
            if self.is_line_end(byte)? {
                break;
            }
        }
        Ok(())
    }

    /// Reads a record; says whether there was one.
    pub(super) fn read(&mut self, record: &mut CsvRecord) -> Result<bool, CsvFault> {
        record.bytes.clear();
        record.ends.clear();
        self.left = ROW_BYTES;
        if self.peek()?.is_none() {
            return Ok(false);
        }
        loop {
            let end = match (self.marks, self.peek()?) {
                (Marks::Quote, Some(b'"')) => self.quoted(record)?,
                (Marks::Quote, Some(b'=')) => self.text_marker(record)?,
                _ => self.plain(record)?,
            };
            record.end_cell();
            if matches!(end, CellEnd::Line) {
                return Ok(true);
            }
        }
    }

    fn plain(&mut self, record: &mut CsvRecord) -> Result<CellEnd, CsvFault> {
        let (separator, marks) = (self.separator, self.marks);
        loop {
            self.copy_until(record, |byte| {
                byte == separator || matches!(byte, b'\n' | b'\r') || (byte == b'"' && marks == Marks::Quote)
            })?;
            match self.take()? {
                None => return Ok(CellEnd::Line),
                Some(byte) if byte == self.separator => return Ok(CellEnd::Separator),
                Some(byte @ (b'\n' | b'\r')) => {
                    self.is_line_end(byte)?;
                    return Ok(CellEnd::Line);
                }
                Some(b'"') if self.marks == Marks::Quote => {
                    return Err(CsvFault::Quote(QuoteFault::Inside, record.column()));
                }
                Some(byte) => record.bytes.push(byte),
            }
        }
    }

    /// A cell between marks.
    fn quoted(&mut self, record: &mut CsvRecord) -> Result<CellEnd, CsvFault> {
        let column = record.column();
        self.take()?;
        loop {
            self.copy_until(record, |byte| byte == b'"')?;
            let next = match self.take() {
                Err(CsvFault::TooLong) | Ok(None) => {
                    return Err(CsvFault::Quote(QuoteFault::NeverClosed, column));
                }
                other => other?,
            };
            match next {
                Some(b'"') if self.peek()? == Some(b'"') => {
                    self.take()?;
                    record.bytes.push(b'"');
                }
                Some(b'"') => break,
                other => record.bytes.extend(other),
            }
        }
        self.behind_mark(column)
    }

    /// `="…"`: how a text is marked so that Excel takes it for nothing else. The marks stay a part of the cell.
    fn text_marker(&mut self, record: &mut CsvRecord) -> Result<CellEnd, CsvFault> {
        let column = record.column();
        record.bytes.extend(self.take()?);
        if self.peek()? != Some(b'"') {
            return self.plain(record);
        }
        record.bytes.extend(self.take()?);
        loop {
            match self.take()? {
                Some(b'"') => break,
                None | Some(b'\n' | b'\r') => return Err(CsvFault::Quote(QuoteFault::NeverClosed, column)),
                Some(byte) if byte == self.separator => {
                    return Err(CsvFault::Quote(QuoteFault::Inside, column));
                }
                Some(byte) => record.bytes.push(byte),
            }
        }
        record.bytes.push(b'"');
        self.behind_mark(column)
    }

    fn behind_mark(&mut self, column: usize) -> Result<CellEnd, CsvFault> {
        match self.take()? {
            None => Ok(CellEnd::Line),
            Some(byte) if byte == self.separator => Ok(CellEnd::Separator),
            Some(byte) if self.is_line_end(byte)? => Ok(CellEnd::Line),
            Some(_) => Err(CsvFault::Quote(QuoteFault::TextBehind, column)),
        }
    }

    /// Whether this byte, which was taken, ends a line; takes the second half of CRLF as well.
    fn is_line_end(&mut self, byte: u8) -> Result<bool, CsvFault> {
        if byte == b'\r' && self.peek()? == Some(b'\n') {
            self.text.consume(1);
        }
        Ok(matches!(byte, b'\n' | b'\r'))
    }

    /// Takes what comes up to such a byte into the record; perhaps less, because the text comes in pieces.
    fn copy_until(&mut self, record: &mut CsvRecord, is_end: impl Fn(u8) -> bool) -> Result<(), CsvFault> {
        let buffer = self.text.fill_buf()?;
        let length = buffer.iter().position(|byte| is_end(*byte)).unwrap_or(buffer.len()).min(self.left);
        record.bytes.extend_from_slice(buffer.get(..length).unwrap_or_default());
        self.text.consume(length);
        self.left -= length;
        Ok(())
    }

    fn peek(&mut self) -> Result<Option<u8>, CsvFault> {
        Ok(self.text.fill_buf()?.first().copied())
    }

    fn take(&mut self) -> Result<Option<u8>, CsvFault> {
        let byte = self.peek()?;
        if byte.is_some() {
            self.left = self.left.checked_sub(1).ok_or(CsvFault::TooLong)?;
            self.text.consume(1);
        }
        Ok(byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::UTF_8;
    use proptest::prelude::*;

    fn scan(text: &str, marks: Marks) -> Result<Vec<Vec<String>>, CsvFault> {
        let text = DecodedText::new(text.as_bytes(), UTF_8, 0).unwrap();
        let mut scanner = CsvScanner::new(text, b',', marks);
        let (mut record, mut all) = (CsvRecord::default(), Vec::new());
        while scanner.read(&mut record)? {
            all.push(record.cells().map(|cell| String::from_utf8(cell.to_vec()).unwrap()).collect());
        }
        Ok(all)
    }

    fn fault(text: &str) -> (QuoteFault, usize) {
        match scan(text, Marks::Quote) {
            Err(CsvFault::Quote(fault, column)) => (fault, column),
            other => panic!("{text:?}: {other:?}"),
        }
    }

    #[test]
    fn a_mark_that_moves_the_end_of_a_cell_is_a_fault_with_its_column() {
        for (text, expected) in [
            ("a,\"19\" rack\n", (QuoteFault::TextBehind, 2)),
            ("a,\"b\" \n", (QuoteFault::TextBehind, 2)),
            ("a,b,19\" rack\n", (QuoteFault::Inside, 3)),
            ("a, \"b\"\n", (QuoteFault::Inside, 2)),
            ("\"a\n", (QuoteFault::NeverClosed, 1)),
            ("a,\"b\n\"\"", (QuoteFault::NeverClosed, 2)),
            ("a,=\"b\n", (QuoteFault::NeverClosed, 2)),
            ("=\"a,b\"\n", (QuoteFault::Inside, 1)),
            ("=\"a\"b\n", (QuoteFault::TextBehind, 1)),
        ] {
            assert_eq!(fault(text), expected, "{text:?}");
        }
        let long = format!("a,\"{}", "x\n".repeat(ROW_BYTES));
        assert_eq!(fault(&long), (QuoteFault::NeverClosed, 2));
    }

    #[test]
    fn a_text_marker_is_a_cell_and_stays_one() {
        let records = scan("=\"a\",=1+1,\"=\"\"b\"\"\",=\r\n", Marks::Quote).unwrap();
        assert_eq!(records, [["=\"a\"", "=1+1", "=\"b\"", "="]]);
    }

    #[test]
    fn every_line_end_is_one() {
        let records = scan("a\nb\r\nc\rd\r\r\ne\n\r\nf", Marks::Quote).unwrap();
        assert_eq!(records.concat(), ["a", "b", "c", "d", "", "e", "", "f"]);
    }

    #[test]
    fn text_that_was_never_quoted_keeps_its_marks() {
        assert_eq!(scan("\"a,b\"\"\n\"", Marks::Text).unwrap(), [vec!["\"a", "b\"\""], vec!["\""]]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// What is accepted is what the `csv` crate finds, empty lines aside, which that one does not count.
        #[test]
        fn what_is_accepted_is_what_another_reader_finds(text in "([a-c =\",]|\"\"|\r\n|\n|\",\"){0,40}") {
            // It is asked about text whose line ends it takes as they are taken here, and without text markers.
            prop_assume!(!text.contains("=\""));
            if let Ok(records) = scan(&text, Marks::Quote) {
                let records: Vec<_> = records.into_iter().filter(|record| *record != [""]).collect();
                let mut other = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
                let other: Vec<Vec<String>> =
                    other.records().map(|record| record.unwrap().iter().map(String::from).collect()).collect();
                let other: Vec<_> = other.into_iter().filter(|record| *record != [""]).collect();
                prop_assert_eq!(records, other);
            }
        }

        /// Whatever is written by the rules is read as it was.
        #[test]
        fn what_is_written_by_the_rules_is_accepted(table in proptest::collection::vec(
            proptest::collection::vec("[a-c=\",\r\n]{0,6}", 1..4), 1..6)) {
            let mut writer = csv::WriterBuilder::new().flexible(true).quote_style(csv::QuoteStyle::Always).from_writer(Vec::new());
            for record in &table {
                writer.write_record(record).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            prop_assert_eq!(scan(&text, Marks::Quote).unwrap(), table);
        }
    }
}
