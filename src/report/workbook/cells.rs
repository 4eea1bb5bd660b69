//! One sheet, and what a cell of it can be.

use crate::{
    domain::Outcome,
    record::Value,
    report::{rows::Shown, visible},
};
use rust_xlsxwriter::{Color, ExcelDateTime, Format, FormatAlign, Workbook, Worksheet, XlsxError};

/// The most characters that a cell of a workbook can hold are 32,767.
const LONGEST: usize = 32_000;

/// A column: its header, and its width in characters.
pub(in crate::report) type SheetColumn<'a> = (&'a str, f64);

/// A sheet of the workbook.
pub(in crate::report) struct Sheet<'a> {
    sheet: &'a mut Worksheet,
}

/// What stands in a cell.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) enum Cell<'a> {
    /// Text that somebody else may have written.
    Text(&'a str),
    /// Text that may be long.
    Wrapped(&'a str),
    /// Text that stands out.
    Strong(&'a str),
    Number(f64),
    /// RFC 3339, in UTC.
    Time(&'a str),
    /// `2027-01-31`.
    Day(&'a str),
    /// In words, and in its colour.
    Shown(Shown),
    Nothing,
}

/// What stands in the cell of this value.
pub(in crate::report) fn cell_text(value: &Value<'_>) -> String {
    match value {
        // Where a line of a cell may break.
        Value::Names(names) => names.join(" "),
        value => value.to_text().into_owned(),
    }
}

/// Places and durations stay far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "see above")]
pub(in crate::report) const fn precise(number: u64) -> f64 {
    number as f64
}

impl<'a> Cell<'a> {
    /// A value of which this is the text.
    pub(in crate::report) fn of(value: &Value<'_>, text: &'a str) -> Self {
        match value {
            Value::None => Self::Nothing,
            Value::Text(_) => Self::Text(text),
            Value::Long(_) | Value::Names(_) => Self::Wrapped(text),
            Value::Number(number) => Self::Number(precise(*number)),
            Value::Time(_) => Self::Time(text),
            Value::Day(_) => Self::Day(text),
            Value::Outcome(outcome) => Self::Shown(Shown::Outcome(*outcome)),
        }
    }

    pub(in crate::report) fn text(text: Option<&'a String>) -> Self {
        text.map_or(Self::Nothing, |text| Self::Text(text))
    }

    pub(in crate::report) fn time(text: Option<&'a String>) -> Self {
        text.map_or(Self::Nothing, |text| Self::Time(text))
    }

    pub(in crate::report) fn number(number: Option<impl Into<f64>>) -> Self {
        number.map_or(Self::Nothing, |number| Self::Number(number.into()))
    }
}

impl<'a> Sheet<'a> {
    pub(in crate::report) fn of(workbook: &'a mut Workbook, index: usize) -> Result<Self, XlsxError> {
        let sheet = workbook.worksheet_from_index(index)?;
        Ok(Self { sheet })
    }

    /// Names the columns in the first row, which stays in sight.
    pub(in crate::report) fn header(&mut self, columns: &[SheetColumn<'_>]) -> Result<(), XlsxError> {
        let format = Format::new().set_bold().set_background_color(Color::RGB(0x00e6_eaf0));
        for (at, (name, width)) in (0..).zip(columns) {
            self.sheet.set_column_width(at, *width)?;
            self.sheet.write_string_with_format(0, at, shown(name), &format)?;
        }
        self.sheet.set_freeze_panes(1, 0).map(drop)
    }

    /// The width of each column of a sheet without a header.
    pub(in crate::report) fn widths(&mut self, widths: &[f64]) -> Result<(), XlsxError> {
        (0..).zip(widths).try_for_each(|(at, width)| self.sheet.set_column_width(at, *width).map(drop))
    }

    /// Writes a row.
    pub(in crate::report) fn row(&mut self, number: u32, cells: &[Cell<'_>]) -> Result<(), XlsxError> {
        (0..).zip(cells).try_for_each(|(at, cell)| self.cell(number, at, *cell))
    }

    /// Lets people filter the rows below the header.
    pub(in crate::report) fn filter(&mut self, rows: u32, columns: usize) -> Result<(), XlsxError> {
        let last = u16::try_from(columns.saturating_sub(1)).unwrap_or(u16::MAX);
        self.sheet.autofilter(0, 0, rows, last).map(drop)
    }

    fn cell(&mut self, row: u32, column: u16, cell: Cell<'_>) -> Result<(), XlsxError> {
        let top = || Format::new().set_align(FormatAlign::Top);
        match cell {
            Cell::Text(text) => self.sheet.write_string_with_format(row, column, shown(text), &top()),
            Cell::Wrapped(text) => {
                self.sheet.write_string_with_format(row, column, shown(text), &top().set_text_wrap())
            }
            Cell::Strong(text) => {
                self.sheet.write_string_with_format(row, column, shown(text), &top().set_bold())
            }
            Cell::Number(number) => self.sheet.write_number_with_format(row, column, number, &top()),
            Cell::Time(text) => match time(text) {
                Some(time) => {
                    let format = top().set_num_format("yyyy-mm-dd hh:mm:ss");
                    self.sheet.write_datetime_with_format(row, column, &time, &format)
                }
                None => self.sheet.write_string_with_format(row, column, shown(text), &top()),
            },
            Cell::Day(text) => match ExcelDateTime::parse_from_str(text) {
                Ok(day) => {
                    let format = top().set_num_format("yyyy-mm-dd");
                    self.sheet.write_datetime_with_format(row, column, &day, &format)
                }
                Err(_) => self.sheet.write_string_with_format(row, column, shown(text), &top()),
            },
            Cell::Shown(what) => {
                let (ink, paper) = colours(what);
                let format = top().set_font_color(ink).set_background_color(paper);
                self.sheet.write_string_with_format(row, column, what.in_words(), &format)
            }
            Cell::Nothing => return Ok(()),
        }
        .map(drop)
    }
}

fn time(text: &str) -> Option<ExcelDateTime> {
    let time: crate::domain::Time = text.parse().ok()?;
    ExcelDateTime::from_timestamp(time.as_millis().div_euclid(1000)).ok()
}

/// Text as a cell can hold it, with nothing in it that is not seen.
fn shown(text: &str) -> String {
    let text = visible(text);
    if text.chars().count() <= LONGEST {
        return text.into_owned();
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

/// Ink and paper, dark enough on light for everybody's eyes.
const fn colours(shown: Shown) -> (Color, Color) {
    let outcome = match shown {
        Shown::Outcome(outcome) => outcome,
        Shown::Pending(pending) => pending.counts_as(),
    };
    let (ink, paper) = match outcome {
        Outcome::Done(_) => (0x0006_5f46, 0x00d1_fae5),
        Outcome::AlreadyDone(_) => (0x0015_5e75, 0x00cf_fafe),
        Outcome::Ready => (0x001e_40af, 0x00db_eafe),
        Outcome::Skipped | Outcome::NotAttempted => (0x0092_400e, 0x00fe_f3c7),
        Outcome::Failed | Outcome::Rejected => (0x0099_1b1b, 0x00fe_e2e2),
        Outcome::Unknown => (0x0086_198f, 0x00fa_e8ff),
    };
    (Color::RGB(ink), Color::RGB(paper))
}
