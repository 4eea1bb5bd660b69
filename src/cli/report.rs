//! `offboard report`.

use super::{
    args::{Common, Csv, ReportOptions},
    ending,
    exit::{Exit, Failure},
    printer::Printer,
    settings::{Paths, Typed},
};
use crate::{
    audit::Reader,
    report::{CsvStyle, write_all},
};

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
    let folder = paths.reports.join(line.run_id.as_str());
    let written = write_all(&reader, &line, &folder, csv)
        .map_err(|error| ending::not_written(&line.run_id, line.is_sealed(), error))?;
    ending::show_end(printer, &paths, &written)?;
    Ok(Exit::Done)
}
