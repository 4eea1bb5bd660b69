//! `plan.xlsx`: what is to be allowed, as a workbook.

use super::{Plan, page::lines};
use crate::{
    domain::{ListReading, Preparation, in_one_text},
    report::{
        ReportError,
        rows::Shown,
        workbook::{Cell, Column, Sheet, writing},
    },
};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};
use std::{io::Write, path::Path};

const CUSTOMERS: [Column<'_>; 7] = [
    ("Row", 8.0),
    ("Customer tenant ID", 38.0),
    ("Customer", 36.0),
    ("Domain", 32.0),
    ("Seats", 9.0),
    ("Before that", 60.0),
    ("Left to the service", 32.0),
];
const FIRST: [Column<'_>; 5] =
    [("What", 44.0), ("Row", 8.0), ("Customer tenant ID", 38.0), ("Customer", 36.0), ("Said", 36.0)];
const OTHERS: [Column<'_>; 5] =
    [("Row", 8.0), ("Customer tenant ID", 38.0), ("Customer", 36.0), ("Outcome", 16.0), ("Why", 100.0)];

/// Writes the workbook. The same plan gives the same bytes.
pub(in crate::report) fn write_book(
    out: &mut (impl Write + Send),
    path: &Path,
    plan: &Plan,
) -> Result<(), ReportError> {
    book(plan).and_then(|mut workbook| workbook.save_to_writer(out)).map_err(writing(path))
}

fn book(plan: &Plan) -> Result<Workbook, XlsxError> {
    let mut workbook = Workbook::new();
    let planned_at = plan.head.planned.as_ref().map_or(0, |planned| planned.planned_at.as_millis() / 1000);
    let made = ExcelDateTime::from_timestamp(planned_at)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&made));
    for name in ["Plan", "Look at these first", "Customers", "The others"] {
        workbook.add_worksheet().set_name(name)?;
    }
    whole(&mut Sheet::of(&mut workbook, 0)?, plan)?;
    first(&mut Sheet::of(&mut workbook, 1)?, plan)?;
    customers(&mut Sheet::of(&mut workbook, 2)?, plan)?;
    others(&mut Sheet::of(&mut workbook, 3)?, plan)?;
    Ok(workbook)
}

fn whole(sheet: &mut Sheet<'_>, plan: &Plan) -> Result<(), XlsxError> {
    sheet.widths(&[24.0, 100.0])?;
    let refused = plan.head.cannot_be_applied.as_deref().map(|why| ("Cannot be carried out", why));
    let partner = plan.head.partner.name.as_deref().map(|name| ("Partner", name));
    let said = plan.head.list.as_ref().map(ListReading::warnings).unwrap_or_default();
    let lines = lines(plan);
    let lines = refused
        .into_iter()
        .chain(partner)
        .chain(lines.iter().map(|line| (line.name, line.text.as_str())))
        .chain(said.iter().map(|said| ("How the list was read", said.as_str())));
    for (number, (name, text)) in (0..).zip(lines) {
        sheet.row(number, &[Cell::Strong(name), Cell::Wrapped(text)])?;
    }
    Ok(())
}

fn first(sheet: &mut Sheet<'_>, plan: &Plan) -> Result<(), XlsxError> {
    sheet.header(&FIRST)?;
    let surprises = plan.surprises();
    let all = surprises.iter().flat_map(|surprise| {
        surprise.customers.iter().map(|(entry, said)| (surprise.what, *entry, said.as_str()))
    });
    let mut rows = 0;
    for (what, entry, said) in all {
        rows += 1;
        let id = entry.customer_tenant_id.map(|id| id.to_string());
        let cells = [
            Cell::Text(what),
            Cell::Number(entry.decision.row.into()),
            Cell::text(id.as_ref()),
            Cell::text(entry.decision.name.as_ref()),
            Cell::Text(said),
        ];
        sheet.row(rows, &cells)?;
    }
    sheet.filter(rows, FIRST.len())
}

fn customers(sheet: &mut Sheet<'_>, plan: &Plan) -> Result<(), XlsxError> {
    sheet.header(&CUSTOMERS)?;
    let mut rows = 0;
    for entry in plan.ready() {
        rows += 1;
        let decision = &entry.decision;
        let id = entry.customer_tenant_id.map(|id| id.to_string());
        let before: Vec<_> = decision.first.iter().map(Preparation::in_words).collect();
        let cells = [
            Cell::Number(decision.row.into()),
            Cell::text(id.as_ref()),
            Cell::text(decision.name.as_ref()),
            Cell::text(decision.domain.as_ref()),
            Cell::number(decision.seats.and_then(|seats| u32::try_from(seats).ok())),
            Cell::Wrapped(&before.join("; ")),
            Cell::Text(&entry.left_to_the_service()),
        ];
        sheet.row(rows, &cells)?;
    }
    sheet.filter(rows, CUSTOMERS.len())
}

fn others(sheet: &mut Sheet<'_>, plan: &Plan) -> Result<(), XlsxError> {
    sheet.header(&OTHERS)?;
    let mut rows = 0;
    for entry in plan.others() {
        rows += 1;
        let decision = &entry.decision;
        let id = entry.customer_tenant_id.map(|id| id.to_string());
        let why = decision.note.clone().unwrap_or_else(|| in_one_text(&decision.findings));
        let cells = [
            Cell::Number(decision.row.into()),
            Cell::text(id.as_ref()),
            Cell::text(decision.name.as_ref()),
            Cell::Shown(Shown::Outcome(decision.verdict)),
            Cell::Wrapped(&why),
        ];
        sheet.row(rows, &cells)?;
    }
    sheet.filter(rows, OTHERS.len())
}
