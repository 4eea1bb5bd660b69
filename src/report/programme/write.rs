//! The files of the programme, all or none.

use super::{
    CustomerStanding, ProgrammeSums, ProgrammeView, Prospect, book::StatusWorkbook, handed_over, page,
    table::StatusCsv,
};
use crate::{
    audit::Reader,
    domain::{Day, Time},
    report::{
        CsvStyle, ReportError,
        deadlines::{self, Deadline, Deadlines},
        handover::{self, HandoverCsv},
        visible,
        write::{Draft, publish},
    },
};
use std::{fs, io, path::Path};

/// Writes `status.html`, `status.xlsx`, `status.csv`, `handover.csv`, and `deadlines.ics` if there is a day to come, into
/// `folder`, where they take the place of earlier ones. The logs are those that the programme was read from. Gives their
/// names.
pub fn write_programme(
    view: &ProgrammeView<'_>,
    logs: &[(String, &Reader)],
    sums: &ProgrammeSums,
    folder: &Path,
) -> Result<Vec<String>, ReportError> {
    fs::create_dir_all(folder).map_err(ReportError::writing(folder))?;
    let mut csv = StatusCsv::begin(Draft::begin(folder, "status.csv")?, folder.join("status.csv"))?;
    let mut book = StatusWorkbook::begin(folder, view)?;
    let mut calendar = Deadlines::in_folder(folder, |folder| Draft::begin(folder, deadlines::NAME));
    for customer in view.customers() {
        csv.add(&customer)?;
        book.add(&customer)?;
        if let Some(deadline) = Days::of(view, &customer) {
            calendar.put(&deadline.told())?;
        }
    }
    let (mut xlsx, mut html) = (Draft::begin(folder, "status.xlsx")?, Draft::begin(folder, "status.html")?);
    book.end(&mut xlsx, view, sums)?;
    page::render(&mut html, (folder, &folder.join("status.html")), view, sums)?;
    let path = folder.join(handover::NAME);
    let handover = HandoverCsv::begin(Draft::begin(folder, handover::NAME)?, &path, CsvStyle::Safe)?;
    let handover = handed_over::write(handover, view, logs)?;
    let mut finished = vec![html.end()?, xlsx.end()?, csv.end()?.end()?, handover.end()?];
    let calendar = calendar.end()?.map(Draft::end).transpose()?;
    let has_days = calendar.is_some();
    finished.extend(calendar);
    let files = publish(folder, finished)?;
    if !has_days {
        // Nobody shall wait for the days of an earlier call.
        let earlier = folder.join(deadlines::NAME);
        match fs::remove_file(&earlier) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(ReportError::replacing(&earlier)(error));
            }
            _ => {}
        }
    }
    Ok(files.into_iter().map(|(name, _)| name).collect())
}

/// The days that are still to come for a customer, with what its entries of the calendar say.
struct Days<'a> {
    customer: &'a CustomerStanding<'a>,
    at: Time,
    key: String,
    who: String,
    id: String,
    act_by: Option<Day>,
    goes_from: Option<Day>,
}

impl<'a> Days<'a> {
    fn of(view: &ProgrammeView<'_>, customer: &'a CustomerStanding<'a>) -> Option<Self> {
        let is_to_come = |day: &Day| *day >= view.today();
        let (act_by, goes_from) =
            (customer.act_by.filter(is_to_come), customer.removable_from.filter(is_to_come));
        let is_left = customer.prospect != Prospect::Gone && (act_by.is_some() || goes_from.is_some());
        let id = customer.tenant.to_string();
        let (key, who) = (format!("status-{id}"), customer.called());
        customer.since.filter(|_| is_left).map(|at| Self { customer, at, key, who, id, act_by, goes_from })
    }

    fn told(&self) -> Deadline<'_> {
        let why = || visible(&self.customer.explanation).into_owned();
        Deadline {
            key: &self.key,
            at: self.at,
            who: &self.who,
            id: &self.id,
            act_by: self.act_by.map(|day| (day, why())),
            goes_from: self.goes_from.map(|day| (day, why())),
        }
    }
}
