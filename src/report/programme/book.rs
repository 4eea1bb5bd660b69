//! `status.xlsx`: the programme for whoever lives in a spreadsheet.

use super::{CustomerStanding, ProgrammeSums, ProgrammeView, table::COLUMNS};
use crate::{
    record::Value,
    report::{
        ReportError,
        workbook::{Cell, Sheet, SheetColumn, cell_text, made_at, writing},
    },
};
use rust_xlsxwriter::{Workbook, XlsxError};
use std::{
    io::Write,
    path::{Path, PathBuf},
};

const MONTHS: [SheetColumn<'_>; 4] = [("Month", 12.0), ("Gone", 10.0), ("May go", 10.0), ("Act by", 10.0)];
const CONTRADICTIONS: [SheetColumn<'_>; 3] =
    [("Customer tenant ID", 38.0), ("Customer", 36.0), ("What contradicts what", 110.0)];
const RUNS: [SheetColumn<'_>; 8] = [
    ("Run", 24.0),
    ("Began at (UTC)", 20.0),
    ("Procedure", 26.0),
    ("Only planned", 13.0),
    ("Ticket", 18.0),
    ("Confirmed by", 30.0),
    ("Approved by", 30.0),
    ("Log", 30.0),
];

/// The sheets, in their order.
const SUMS: usize = 0;
const BY_MONTH: usize = 1;
const CONTRADICTED: usize = 2;
const CUSTOMERS: usize = 3;
const ALL_RUNS: usize = 4;

/// The workbook while the customers are gone through; its long sheet is written row by row to the disk.
pub(super) struct StatusWorkbook {
    workbook: Workbook,
    path: PathBuf,
    customers: u32,
    contradictions: u32,
}

impl StatusWorkbook {
    pub(super) fn begin(folder: &Path, view: &ProgrammeView<'_>) -> Result<Self, ReportError> {
        let path = folder.join("status.xlsx");
        let mut workbook = Workbook::new();
        begin(&mut workbook, folder, view).map_err(writing(&path))?;
        Ok(Self { workbook, path, customers: 0, contradictions: 0 })
    }

    pub(super) fn add(&mut self, customer: &CustomerStanding<'_>) -> Result<(), ReportError> {
        let Self { workbook, path, customers, contradictions } = self;
        *customers += 1;
        let mut added =
            Sheet::of(workbook, CUSTOMERS).and_then(|mut sheet| row(&mut sheet, *customers, customer));
        for contradiction in &customer.contradictions {
            *contradictions += 1;
            let cells = (customer.tenant.to_string(), customer.called(), contradiction.in_words());
            let cells = [Cell::Text(&cells.0), Cell::Text(&cells.1), Cell::Wrapped(&cells.2)];
            added = added
                .and_then(|()| Sheet::of(workbook, CONTRADICTED))
                .and_then(|mut sheet| sheet.row(*contradictions, &cells));
        }
        added.map_err(writing(path))
    }

    pub(super) fn end(
        self,
        out: &mut (impl Write + Send),
        view: &ProgrammeView<'_>,
        sums: &ProgrammeSums,
    ) -> Result<(), ReportError> {
        let Self { mut workbook, path, customers, contradictions } = self;
        let finish = || -> Result<(), XlsxError> {
            whole(&mut Sheet::of(&mut workbook, SUMS)?, view, sums)?;
            months(&mut Sheet::of(&mut workbook, BY_MONTH)?, sums)?;
            runs(&mut Sheet::of(&mut workbook, ALL_RUNS)?, view)?;
            Sheet::of(&mut workbook, CUSTOMERS)?.filter(customers, COLUMNS.len())?;
            Sheet::of(&mut workbook, CONTRADICTED)?.filter(contradictions, CONTRADICTIONS.len())?;
            workbook.save_to_writer(out)
        };
        finish().map_err(writing(&path))
    }
}

fn begin(workbook: &mut Workbook, folder: &Path, view: &ProgrammeView<'_>) -> Result<(), XlsxError> {
    // Of that day and not of this moment, so that the same logs give the same bytes on the same day.
    made_at(workbook, folder, view.today().begins())?;
    for name in ["Status", "By month", "What contradicts what"] {
        workbook.add_worksheet().set_name(name)?;
    }
    workbook.add_worksheet_with_constant_memory()?.set_name("Customers")?;
    workbook.add_worksheet().set_name("Runs")?;
    let columns: Vec<SheetColumn<'_>> = COLUMNS.iter().map(|column| (column.heading, column.width)).collect();
    Sheet::of(workbook, CUSTOMERS)?.header(&columns)?;
    Sheet::of(workbook, CONTRADICTED)?.header(&CONTRADICTIONS)
}

fn row(sheet: &mut Sheet<'_>, number: u32, customer: &CustomerStanding<'_>) -> Result<(), XlsxError> {
    let values: Vec<(Value<'_>, String)> = COLUMNS
        .iter()
        .map(|column| {
            let value = (column.value)(customer);
            let text = cell_text(&value);
            (value, text)
        })
        .collect();
    let cells: Vec<_> = values.iter().map(|(value, text)| Cell::of(value, text)).collect();
    sheet.row(number, &cells)
}

fn whole(sheet: &mut Sheet<'_>, view: &ProgrammeView<'_>, sums: &ProgrammeSums) -> Result<(), XlsxError> {
    sheet.widths(&[30.0, 110.0])?;
    let (words, day) = (sums.in_words(), view.today().to_string());
    let list = view.list().map_or("all customers of the runs", |list| list.file.as_str());
    let (logs, left_out) = (view.programme().logs().join("\n"), view.programme().left_out().join("\n"));
    let mut lines = vec![
        ("In words", Cell::Wrapped(&words)),
        ("On (UTC)", Cell::Day(&day)),
        ("List", Cell::Text(list)),
        ("Logs", Cell::Wrapped(&logs)),
        ("Not counted", Cell::Wrapped(&left_out)),
        ("Customers", Cell::Number(sums.customers.into())),
    ];
    let states = sums.states.iter().map(|(state, count)| (state.in_words(), Cell::Number((*count).into())));
    lines.extend(states);
    (0..).zip(lines).try_for_each(|(number, (name, cell))| sheet.row(number, &[Cell::Strong(name), cell]))
}

fn months(sheet: &mut Sheet<'_>, sums: &ProgrammeSums) -> Result<(), XlsxError> {
    sheet.header(&MONTHS)?;
    (1..).zip(sums.months()).try_for_each(|(number, (month, sums))| {
        let [gone, may_go, act_by] =
            [sums.gone, sums.may_go, sums.act_by].map(|count| Cell::Number(count.into()));
        sheet.row(number, &[Cell::Text(&month), gone, may_go, act_by])
    })
}

fn runs(sheet: &mut Sheet<'_>, view: &ProgrammeView<'_>) -> Result<(), XlsxError> {
    sheet.header(&RUNS)?;
    let programme = view.programme();
    (1..).zip(programme.runs()).try_for_each(|(number, run)| {
        let (began, confirmed) = (run.started_at.to_string(), run.confirmed_by.join("; "));
        let cells = [
            Cell::Text(run.id.as_str()),
            Cell::Time(&began),
            Cell::Text(run.procedure.as_str()),
            Cell::Text(if run.is_plan { "yes" } else { "no" }),
            Cell::text(run.ticket.as_ref()),
            Cell::Text(&confirmed),
            Cell::text(run.approved_by.as_ref()),
            Cell::text(programme.logs().get(run.log)),
        ];
        sheet.row(number, &cells)
    })
}
