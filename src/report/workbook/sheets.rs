//! What stands in each sheet.

use super::cells::{Cell, Sheet, SheetColumn, cell_text, precise};
use crate::{
    domain::{ListReading, Mode},
    record::{Ended, RequestStory, Value, report_columns},
    report::{
        handover::{HANDOVER_COLUMNS, HandedOver},
        page::evidence,
        rows::{CustomersOfDay, ReportedRow, Shown, Tally},
        summary::Summary,
        told::ReportedRun,
    },
};
use rust_xlsxwriter::XlsxError;
use std::cmp::Reverse;

/// A sheet holds 1,048,576 rows; what is beyond is in the audit log.
pub(super) const MOST_REQUESTS: u32 = 1_000_000;

pub(super) const REASON_COLUMNS: [SheetColumn<'_>; 3] =
    [("Reason", 36.0), ("Rows", 8.0), ("What to do", 90.0)];
pub(super) const DATE_COLUMNS: [SheetColumn<'_>; 5] =
    [("May go from", 18.0), ("Act by", 18.0), ("Customers", 12.0), ("Seats", 12.0), ("Some of them", 90.0)];
pub(super) const REQUEST_COLUMNS: [SheetColumn<'_>; 14] = [
    ("Record", 10.0),
    ("Purpose", 22.0),
    ("Customer tenant ID", 38.0),
    ("Attempt", 9.0),
    ("Method", 9.0),
    ("Address", 70.0),
    ("Request ID", 38.0),
    ("Correlation ID", 38.0),
    ("Intended at (UTC)", 20.0),
    ("Ended", 12.0),
    ("Completed at (UTC)", 20.0),
    ("Milliseconds", 13.0),
    ("Status", 8.0),
    ("Error", 60.0),
];

/// The columns of the customers, and then the list's own.
pub(super) fn customer_columns(listed: &[String]) -> Vec<SheetColumn<'_>> {
    let own = report_columns().map(|column| (column.heading, column.width));
    own.chain(listed.iter().map(|header| (header.as_str(), 24.0))).collect()
}

pub(super) fn customer(sheet: &mut Sheet<'_>, number: u32, row: &ReportedRow) -> Result<(), XlsxError> {
    let values: Vec<_> = report_columns().map(|column| with_text((column.value)(&row.story))).collect();
    let own = values.iter().map(|value| typed(value, row));
    let cells: Vec<_> = own.chain(row.cells().iter().map(|cell| Cell::Text(cell))).collect();
    sheet.row(number, &cells)
}

pub(super) fn hand_over_columns() -> [SheetColumn<'static>; HANDOVER_COLUMNS.len()] {
    HANDOVER_COLUMNS.map(|column| (column.heading, column.width))
}

pub(super) fn handed_over(
    sheet: &mut Sheet<'_>,
    number: u32,
    one: HandedOver<'_>,
    row: &ReportedRow,
) -> Result<(), XlsxError> {
    let values = HANDOVER_COLUMNS.map(|column| with_text((column.value)(one)));
    sheet.row(number, &values.each_ref().map(|value| typed(value, row)))
}

fn with_text(value: Value<'_>) -> (Value<'_>, String) {
    let text = cell_text(&value);
    (value, text)
}

/// The cell for it; an outcome is that of the row.
fn typed<'a>((value, text): &'a (Value<'_>, String), row: &ReportedRow) -> Cell<'a> {
    match value {
        Value::Outcome(_) => Cell::Shown(row.shown()),
        value => Cell::of(value, text),
    }
}

/// No bodies: those are in the audit log, and some are long.
pub(super) fn request(sheet: &mut Sheet<'_>, number: u32, request: &RequestStory) -> Result<(), XlsxError> {
    if number > MOST_REQUESTS {
        let text = "There are more; `offboard log` shows them all.";
        return if number == MOST_REQUESTS + 1 { sheet.row(number, &[Cell::Text(text)]) } else { Ok(()) };
    }
    let intended = &request.intended;
    let ended = request.ended().map_or("not known", Ended::as_str).replace('_', " ");
    let purpose = serde_json::to_value(intended.purpose).unwrap_or_default();
    let customer = intended.customer.map(|id| id.to_string());
    let completed = request.end.as_ref().map(|(at, _)| at.to_string());
    sheet.row(
        number,
        &[
            Cell::Number(precise(request.seq)),
            Cell::Text(purpose.as_str().unwrap_or_default()),
            Cell::text(customer.as_ref()),
            Cell::Number(f64::from(intended.attempt)),
            Cell::Text(&intended.method),
            Cell::Text(&intended.url),
            Cell::Text(&intended.request_id.to_string()),
            Cell::Text(&intended.correlation_id.to_string()),
            Cell::Time(&request.at.to_string()),
            Cell::Text(&ended),
            Cell::time(completed.as_ref()),
            Cell::number(request.ended().map(|ended| precise(ended.duration_ms()))),
            Cell::number(request.status()),
            request.ended().and_then(Ended::text).map_or(Cell::Nothing, Cell::Text),
        ],
    )
}

pub(super) fn reasons(sheet: &mut Sheet<'_>, tally: &Tally) -> Result<(), XlsxError> {
    let mut reasons: Vec<_> = tally.reasons.iter().collect();
    reasons.sort_by_key(|(reason, count)| (Reverse(**count), **reason));
    (1..).zip(reasons).try_for_each(|(number, (reason, count))| {
        let cells =
            [Cell::Text(reason.as_str()), Cell::Number(f64::from(*count)), Cell::Wrapped(reason.advice())];
        sheet.row(number, &cells)
    })
}

pub(super) fn next_dates(sheet: &mut Sheet<'_>, tally: &Tally) -> Result<(), XlsxError> {
    let nothing = || Cell::Nothing;
    let dated = tally.days.iter().map(|(date, day)| (Cell::Day(date), nothing(), day));
    let acts = tally.acts.iter().map(|(date, day)| (nothing(), Cell::Day(date), day));
    let told = |day, from, act_by| {
        Some((from, act_by, day)).filter(|(.., day): &(_, _, &CustomersOfDay)| day.count > 0)
    };
    let too_late = told(&tally.too_late, nothing(), Cell::Text("it was too late"));
    let before = CustomersOfDay { count: tally.dated_before, ..CustomersOfDay::default() };
    let before = told(&before, Cell::Text("see the page: the first edition’s days"), nothing());
    let undated = told(&tally.undated, Cell::Text("somebody must act"), nothing());
    let all = dated.chain(acts).chain(too_late).chain(before).chain(undated);
    (1..).zip(all).try_for_each(|(number, (from, act_by, day))| {
        let mut names = day.names.join(", ");
        if day.more() > 0 {
            names.push_str(&format!(" and {} more", day.more()));
        }
        let (count, seats) = (Cell::Number(f64::from(day.count)), Cell::Number(precise(day.seats)));
        sheet.row(number, &[from, act_by, count, seats, Cell::Wrapped(&names)])
    })
}

pub(super) fn summary(
    sheet: &mut Sheet<'_>,
    told: &ReportedRun,
    tally: &Tally,
    summary: &Summary,
) -> Result<(), XlsxError> {
    sheet.widths(&[30.0, 70.0])?;
    let run = &told.run;
    let opened = &run.opened;
    let (started, finished) = (run.started_at.to_string(), run.finished_at().map(|at| at.to_string()));
    let (partner, tenant) = summary
        .partner
        .as_ref()
        .map_or_else(Default::default, |partner| (partner.name.clone(), partner.tenant_id.to_string()));
    let approved = run.approved.as_ref().map(|(_, approved)| approved.approver.clone());
    let confirmed = run.confirmed.last().map(|(_, at, yes)| (at, yes));
    let confirmed = confirmed.map(|(at, yes)| format!("{} at {at}, over the digest {}", yes.by, yes.digest));
    let by_status: Vec<_> =
        summary.requests.by_status.iter().map(|(status, count)| format!("{status}: {count}")).collect();
    let (list, by_status) = (opened.input.sha256.to_string(), by_status.join(", "));
    let reading = opened.input.reading.as_ref();
    let compared = reading.map(ListReading::compared);
    let read = reading.map(|reading| reading.warnings().join("\n")).filter(|said| !said.is_empty());
    let not_read = tally.transfers_not_read.in_words();
    let mut lines = vec![
        ("Run", Cell::Strong(run.id.as_str())),
        ("Real run?", Cell::Text(real_run(opened.mode))),
        ("Procedure", Cell::Text(opened.procedure.as_str())),
        ("State", Cell::Text(told.state.as_str())),
        ("Partner", Cell::Text(&partner)),
        ("Partner's tenant ID", Cell::Text(&tenant)),
        ("Operator", Cell::Text(&opened.operator)),
        ("Machine", Cell::Text(&opened.host)),
        ("Ticket", Cell::text(opened.ticket.as_ref())),
        ("Reason", Cell::text(opened.reason.as_ref())),
        ("List", Cell::Text(&opened.input.file)),
        ("SHA-256 of the list", Cell::Text(&list)),
        ("Started at (UTC)", Cell::Time(&started)),
        ("Finished at (UTC)", Cell::time(finished.as_ref())),
        ("Approved with the key", Cell::text(approved.as_ref())),
        ("Allowed by", Cell::text(confirmed.as_ref())),
        ("Exit code", Cell::number(summary.exit_code)),
        ("Requests", Cell::Number(precise(summary.requests.total))),
        ("Answers by status", Cell::Text(&by_status)),
        (
            "Signed head of the log",
            summary.checkpoint.as_ref().map_or(Cell::Nothing, |note| Cell::Wrapped(note)),
        ),
        ("", Cell::Nothing),
        ("Rows of the list", Cell::Number(f64::from(opened.input.rows))),
    ];
    let list = [
        ("Compared", compared.as_deref().map(Cell::Text)),
        ("How the list was read", read.as_deref().map(Cell::Wrapped)),
        ("Transfers", not_read.as_deref().map(Cell::Wrapped)),
    ];
    lines.extend(list.into_iter().filter_map(|(name, cell)| Some((name, cell?))));
    let counts = Shown::all().filter_map(|shown| Some((shown, *tally.shown.get(&shown)?)));
    lines.extend(counts.map(|(shown, count)| (shown.in_words(), Cell::Number(f64::from(count)))));
    let evidence = evidence(&tally.totals).into_iter();
    let evidence = evidence.map(|sure| (sure.words, Cell::Number(f64::from(sure.count))));
    lines.push(("Evidence", Cell::Nothing));
    lines.extend(evidence);
    (0..).zip(lines).try_for_each(|(number, (name, cell))| sheet.row(number, &[Cell::Strong(name), cell]))
}

const fn real_run(mode: Mode) -> &'static str {
    match mode {
        Mode::Run => "yes",
        Mode::Plan => "a plan: nothing was changed",
        Mode::Rehearsal => "a rehearsal: no real customer was touched",
        Mode::Demo => "a demo: no real customer was touched",
    }
}
