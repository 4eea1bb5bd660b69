//! `offboard report`.

use super::{
    args::{Common, Csv, ReportOptions},
    ending,
    exit::{Exit, Failure},
    printer::Printer,
    settings::{Paths, Typed},
};
use crate::{audit::Reader, report::CsvStyle};

pub(super) fn run(
    printer: &Printer,
    typed: &Typed,
    common: &Common,
    options: &ReportOptions,
) -> Result<Exit, Failure> {
    let paths = Paths::resolve(typed, common)?;
    let reader = Reader::open(&paths.audit_log)?;
    let line = reader.find(&options.run)?;
    let csv = match options.csv {
        Csv::Safe => CsvStyle::Safe,
        Csv::Raw => CsvStyle::Raw,
    };
    let written = ending::write_reports_of(&reader, &line, &paths.reports, csv)?;
    ending::show_end(printer, &paths, &written)?;
    Ok(Exit::Done)
}
