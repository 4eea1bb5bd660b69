//! `report.xlsx`: the report for whoever lives in a spreadsheet.
//!
//! Numbers, days and times are typed; everything that somebody else wrote is text, never a formula and
//! never a link, and has no character in it that is not seen. The long sheets are written row by row to
//! the disk, so their length does not matter for memory.

mod cells;
mod sheets;
#[cfg(test)]
mod tests;

use super::{
    ReportError,
    handover::{self, HandedOver},
    rows::{ReportedRow, Tally},
    summary::Summary,
    told::ReportedRun,
};
use crate::{domain::Time, record::Requests};
pub(super) use cells::{Cell, Sheet, SheetColumn, cell_text};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};
use std::{
    io::{self, Write},
    path::{Path, PathBuf},
};

/// The sheets, in their order.
const SUMMARY: usize = 0;
const CUSTOMERS: usize = 1;
const REASONS: usize = 2;
const REQUESTS: usize = 3;
const NEXT_DATES: usize = 4;
/// Not there if there is nobody to hand over.
const HAND_OVER: usize = 5;

/// A workbook that is being written.
pub(super) struct RunWorkbook {
    workbook: Workbook,
    path: PathBuf,
    customers: u32,
    requests: u32,
    handed_over: u32,
}

impl RunWorkbook {
    /// Begins the workbook; its scratch files lie in `folder`.
    pub(super) fn begin(folder: &Path, told: &ReportedRun) -> Result<Self, ReportError> {
        let path = folder.join("report.xlsx");
        let mut workbook = Workbook::new();
        let begun = begin(&mut workbook, folder, told);
        begun.map_err(writing(&path))?;
        Ok(Self { workbook, path, customers: 0, requests: 0, handed_over: 0 })
    }

    /// Adds a row of the list.
    pub(super) fn add(&mut self, row: &ReportedRow) -> Result<(), ReportError> {
        self.customers += 1;
        let Self { workbook, path, customers, .. } = self;
        Sheet::of(workbook, CUSTOMERS)
            .and_then(|mut sheet| sheets::customer(&mut sheet, *customers, row))
            .map_err(writing(path))
    }

    /// Adds a customer that is handed over, by its row of the list.
    pub(super) fn add_handed_over(
        &mut self,
        one: HandedOver<'_>,
        row: &ReportedRow,
    ) -> Result<(), ReportError> {
        self.handed_over += 1;
        let Self { workbook, path, handed_over, .. } = self;
        Sheet::of(workbook, HAND_OVER)
            .and_then(|mut sheet| sheets::handed_over(&mut sheet, *handed_over, one, row))
            .map_err(writing(path))
    }

    /// Adds what the rows add up to.
    pub(super) fn end(
        self,
        out: &mut (impl Write + Send),
        told: &ReportedRun,
        tally: &Tally,
        summary: &Summary,
    ) -> Result<(), ReportError> {
        let Self { mut workbook, path, customers, requests, handed_over } = self;
        let finish = || -> Result<(), XlsxError> {
            sheets::summary(&mut Sheet::of(&mut workbook, SUMMARY)?, told, tally, summary)?;
            sheets::reasons(&mut Sheet::of(&mut workbook, REASONS)?, tally)?;
            sheets::next_dates(&mut Sheet::of(&mut workbook, NEXT_DATES)?, tally)?;
            let columns = sheets::customer_columns(&told.run.opened.input.columns).len();
            Sheet::of(&mut workbook, CUSTOMERS)?.filter(customers, columns)?;
            let shown = requests.min(sheets::MOST_REQUESTS);
            Sheet::of(&mut workbook, REQUESTS)?.filter(shown, sheets::REQUEST_COLUMNS.len())?;
            if handover::is_for(&told.run) {
                let columns = sheets::hand_over_columns().len();
                Sheet::of(&mut workbook, HAND_OVER)?.filter(handed_over, columns)?;
            }
            workbook.save_to_writer(out)
        };
        finish().map_err(writing(&path))
    }

    /// Adds requests, those of no row first and then those of each row.
    pub(super) fn add_requests(&mut self, lines: &Requests) -> Result<(), ReportError> {
        let Self { workbook, path, requests, .. } = self;
        let mut sheet = Sheet::of(workbook, REQUESTS).map_err(writing(path))?;
        for request in lines.iter() {
            *requests += 1;
            sheets::request(&mut sheet, *requests, request).map_err(writing(path))?;
        }
        Ok(())
    }
}

/// Has its scratch files in `folder`, and says when it was made: then and not today, so that the same log gives the same
/// bytes.
pub(super) fn made_at(workbook: &mut Workbook, folder: &Path, at: Time) -> Result<(), XlsxError> {
    workbook.set_tempdir(folder)?;
    let made = ExcelDateTime::from_timestamp(at.as_millis() / 1000)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    Ok(())
}

fn begin(workbook: &mut Workbook, folder: &Path, told: &ReportedRun) -> Result<(), XlsxError> {
    made_at(workbook, folder, told.run.started_at)?;
    let has_handover = handover::is_for(&told.run);
    let last = has_handover.then_some("Hand-over");
    for name in ["Summary", "Customers", "Reasons", "Requests", "Next dates"].into_iter().chain(last) {
        let is_long = matches!(name, "Customers" | "Requests" | "Hand-over");
        let sheet =
            if is_long { workbook.add_worksheet_with_constant_memory()? } else { workbook.add_worksheet() };
        sheet.set_name(name)?;
    }
    Sheet::of(workbook, CUSTOMERS)?.header(&sheets::customer_columns(&told.run.opened.input.columns))?;
    Sheet::of(workbook, REASONS)?.header(&sheets::REASON_COLUMNS)?;
    Sheet::of(workbook, REQUESTS)?.header(&sheets::REQUEST_COLUMNS)?;
    Sheet::of(workbook, NEXT_DATES)?.header(&sheets::DATE_COLUMNS)?;
    if has_handover { Sheet::of(workbook, HAND_OVER)?.header(&sheets::hand_over_columns()) } else { Ok(()) }
}

pub(super) fn writing(path: &Path) -> impl Fn(XlsxError) -> ReportError + use<> {
    let path = path.to_owned();
    move |error| ReportError::Write {
        path: path.clone(),
        source: match error {
            XlsxError::IoError(error) => error,
            error => io::Error::other(error),
        },
    }
}
