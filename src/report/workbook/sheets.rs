//! What stands in each sheet.

use super::cells::{Cell, Column, Sheet};
use crate::{
    audit::RequestLine,
    domain::{ListReading, Mode},
    report::{
        facts::Facts,
        rows::{Row, Shown, Tally},
        summary::Summary,
    },
};
use rust_xlsxwriter::XlsxError;
use std::cmp::Reverse;

/// A sheet holds 1,048,576 rows; what is beyond is in the audit log.
pub(super) const MOST_REQUESTS: u32 = 1_000_000;

pub(super) const REASON_COLUMNS: [Column<'_>; 3] = [("Reason", 36.0), ("Rows", 8.0), ("What to do", 90.0)];
pub(super) const DATE_COLUMNS: [Column<'_>; 3] =
    [("May go from", 18.0), ("Customers", 12.0), ("Some of them", 90.0)];
pub(super) const REQUEST_COLUMNS: [Column<'_>; 14] = [
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
pub(super) fn customer_columns(listed: &[String]) -> Vec<Column<'_>> {
    let mut columns = vec![
        ("Row", 7.0),
        ("Customer tenant ID", 38.0),
        ("Customer", 32.0),
        ("Outcome", 16.0),
        ("Evidence", 14.0),
        ("Reasons", 34.0),
        ("Explanation", 80.0),
        ("May go from", 13.0),
        ("Status", 8.0),
        ("Error code", 12.0),
        ("Request ID", 38.0),
        ("Correlation ID", 38.0),
        ("Attempts", 10.0),
        ("Started at (UTC)", 20.0),
        ("Finished at (UTC)", 20.0),
    ];
    columns.extend(listed.iter().map(|header| (header.as_str(), 24.0)));
    columns
}

pub(super) fn customer(sheet: &mut Sheet<'_>, number: u32, row: &Row) -> Result<(), XlsxError> {
    let line = &row.line;
    let reasons = row.reason_names().join("\u{20}");
    let mut cells = vec![
        Cell::Number(f64::from(line.row)),
        Cell::text(line.customer_tenant_id.as_ref()),
        Cell::text(line.customer_name.as_ref()),
        Cell::Shown(row.shown()),
        Cell::text(line.evidence.as_ref()),
        Cell::Wrapped(&reasons),
        line.explanation.as_ref().map_or(Cell::Nothing, |text| Cell::Wrapped(text)),
        line.removable_from.as_ref().map_or(Cell::Nothing, |day| Cell::Day(day)),
        Cell::number(line.http_status),
        Cell::text(line.error_code.as_ref()),
        Cell::text(line.request_id.as_ref()),
        Cell::text(line.correlation_id.as_ref()),
        Cell::number(line.attempts),
        Cell::time(line.started_at.as_ref()),
        Cell::time(line.finished_at.as_ref()),
    ];
    cells.extend(row.cells.iter().map(|cell| Cell::Text(cell)));
    sheet.row(number, &cells)
}

/// No bodies: those are in the audit log, and some are long.
pub(super) fn request(sheet: &mut Sheet<'_>, number: u32, line: &RequestLine) -> Result<(), XlsxError> {
    if number > MOST_REQUESTS {
        let text = "There are more; `offboard log` shows them all.";
        return if number == MOST_REQUESTS + 1 { sheet.row(number, &[Cell::Text(text)]) } else { Ok(()) };
    }
    let ended = line.completion.as_deref().unwrap_or("not known").replace('_', " ");
    sheet.row(
        number,
        &[
            Cell::Number(precise(line.seq)),
            Cell::text(line.purpose.as_ref()),
            Cell::text(line.customer_tenant_id.as_ref()),
            Cell::number(line.attempt),
            Cell::text(line.method.as_ref()),
            Cell::text(line.url.as_ref()),
            Cell::text(line.request_id.as_ref()),
            Cell::text(line.correlation_id.as_ref()),
            Cell::time(line.intended_at.as_ref()),
            Cell::Text(&ended),
            Cell::time(line.completed_at.as_ref()),
            Cell::number(line.duration_ms.map(precise)),
            Cell::number(line.status),
            Cell::text(line.error.as_ref()),
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
    let dated = tally.days.iter().map(|(date, day)| (Cell::Day(date), day));
    let undated = (tally.undated.count > 0).then_some((Cell::Text("somebody must act"), &tally.undated));
    (1..).zip(dated.chain(undated)).try_for_each(|(number, (from, day))| {
        let mut names = day.names.join(", ");
        if day.more() > 0 {
            names.push_str(&format!(" and {} more", day.more()));
        }
        sheet.row(number, &[from, Cell::Number(f64::from(day.count)), Cell::Wrapped(&names)])
    })
}

pub(super) fn summary(
    sheet: &mut Sheet<'_>,
    facts: &Facts,
    tally: &Tally,
    summary: &Summary,
) -> Result<(), XlsxError> {
    sheet.widths(&[30.0, 70.0])?;
    let opened = &facts.opened;
    let (started, finished) = (facts.started_at.to_string(), facts.finished_at().map(|at| at.to_string()));
    let (partner, tenant) = summary
        .partner
        .as_ref()
        .map_or_else(Default::default, |partner| (partner.name.clone(), partner.tenant_id.to_string()));
    let approved = facts.approved.as_ref().map(|(_, approved)| approved.approver.clone());
    let confirmed = facts.confirmed.as_ref();
    let confirmed = confirmed.map(|(at, yes)| format!("{} at {at}, over the digest {}", yes.by, yes.digest));
    let by_status: Vec<_> =
        summary.requests.by_status.iter().map(|(status, count)| format!("{status}: {count}")).collect();
    let (list, by_status) = (opened.input.sha256.to_string(), by_status.join(", "));
    let reading = opened.input.reading.as_ref();
    let compared = reading.map(ListReading::compared);
    let read = reading.map(|reading| reading.warnings().join("\n")).filter(|said| !said.is_empty());
    let mut lines = vec![
        ("Run", Cell::Strong(facts.id.as_str())),
        ("In earnest?", Cell::Text(in_earnest(opened.mode))),
        ("Procedure", Cell::Text(opened.procedure.as_str())),
        ("State", Cell::Text(&facts.state)),
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
    ];
    lines.extend(list.into_iter().filter_map(|(name, cell)| Some((name, cell?))));
    let counts = Shown::all().filter_map(|shown| Some((shown, *tally.shown.get(&shown)?)));
    lines.extend(counts.map(|(shown, count)| (shown.in_words(), Cell::Number(f64::from(count)))));
    let evidence =
        tally.evidence.iter().map(|(name, count)| (name.as_str(), Cell::Number(f64::from(*count))));
    lines.push(("Evidence of the removals", Cell::Nothing));
    lines.extend(evidence);
    (0..).zip(lines).try_for_each(|(number, (name, cell))| sheet.row(number, &[Cell::Strong(name), cell]))
}

const fn in_earnest(mode: Mode) -> &'static str {
    match mode {
        Mode::Run => "yes",
        Mode::Plan => "a plan: nothing was changed",
        Mode::Rehearsal => "a rehearsal: no real customer was touched",
        Mode::Demo => "a demo: no real customer was touched",
    }
}

/// Places and durations stay far below 2^53.
#[expect(clippy::cast_precision_loss, reason = "see above")]
const fn precise(number: u64) -> f64 {
    number as f64
}
