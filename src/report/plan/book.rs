//! `plan.xlsx`: what is to be allowed, as a workbook.

use super::{
    PlanEntry, PlanHead,
    page::lines,
    surprises::{Surprise, left_to_the_service},
};
use crate::{
    domain::{ListReading, Outcome, Time, in_one_text},
    record::{CustomersOfResellers, Judged, TransfersNotRead},
    report::{
        ReportError,
        rows::Shown,
        workbook::{Cell, Sheet, SheetColumn, made_at, writing},
    },
};
use rust_xlsxwriter::{Workbook, XlsxError};
use std::{
    io::Write,
    path::{Path, PathBuf},
};

/// The columns of those for whom something would be done.
const fn customers(is_each: bool) -> [SheetColumn<'static>; 10] {
    let to_do = if is_each { "To be done" } else { "Before that" };
    [
        ("Row", 8.0),
        ("Customer tenant ID", 38.0),
        ("Customer", 36.0),
        ("Domain", 32.0),
        ("Seats", 9.0),
        (to_do, 60.0),
        ("Left to the service", 32.0),
        ("Transferred", 60.0),
        RESELLER[0],
        RESELLER[1],
    ]
}

const RESELLER: [SheetColumn<'_>; 2] = [("Reseller’s MPN ID", 18.0), ("Reseller", 32.0)];
const FIRST: [SheetColumn<'_>; 5] =
    [("What", 44.0), ("Row", 8.0), ("Customer tenant ID", 38.0), ("Customer", 36.0), ("Said", 36.0)];
const OTHERS: [SheetColumn<'_>; 7] = [
    ("Row", 8.0),
    ("Customer tenant ID", 38.0),
    ("Customer", 36.0),
    ("Outcome", 16.0),
    ("Why", 100.0),
    RESELLER[0],
    RESELLER[1],
];

/// The sheets, in their order.
const PLAN: usize = 0;
const POINTED: usize = 1;
const LEAVING: usize = 2;
const STAYING: usize = 3;

/// The workbook while a plan is gone through. Its long sheets are written row by row to the disk; the same plan gives the
/// same bytes.
pub(super) struct PlanWorkbook {
    workbook: Workbook,
    path: PathBuf,
    leaving: u32,
    staying: u32,
    not_read: TransfersNotRead,
    /// The resellers of those who would go.
    resellers: CustomersOfResellers,
}

impl PlanWorkbook {
    pub(super) fn begin(folder: &Path, head: &PlanHead) -> Result<Self, ReportError> {
        let path = folder.join("plan.xlsx");
        let mut workbook = Workbook::new();
        begin(&mut workbook, folder, head).map_err(writing(&path))?;
        let (not_read, resellers) = (TransfersNotRead::default(), CustomersOfResellers::default());
        Ok(Self { workbook, path, leaving: 0, staying: 0, not_read, resellers })
    }

    pub(super) fn add(&mut self, entry: &PlanEntry<&Judged>) -> Result<(), ReportError> {
        let Self { workbook, path, leaving, staying, not_read, resellers } = self;
        not_read.take(entry.decision);
        let added = if entry.decision.verdict == Outcome::Ready {
            *leaving += 1;
            resellers.take(entry.decision.reseller.as_ref());
            Sheet::of(workbook, LEAVING).and_then(|mut sheet| customer(&mut sheet, *leaving, entry))
        } else {
            *staying += 1;
            Sheet::of(workbook, STAYING).and_then(|mut sheet| other(&mut sheet, *staying, entry))
        };
        added.map_err(writing(path))
    }

    pub(super) fn end(
        self,
        out: &mut (impl Write + Send),
        head: &PlanHead,
        surprises: &[Surprise],
    ) -> Result<(), ReportError> {
        let Self { mut workbook, path, leaving, staying, not_read, resellers } = self;
        let said = [("Transfers", not_read.in_words()), ("Resellers", in_words(head, &resellers))];
        let finish = || -> Result<(), XlsxError> {
            whole(&mut Sheet::of(&mut workbook, PLAN)?, head, &said)?;
            first(&mut Sheet::of(&mut workbook, POINTED)?, surprises)?;
            Sheet::of(&mut workbook, LEAVING)?.filter(leaving, customers(false).len())?;
            Sheet::of(&mut workbook, STAYING)?.filter(staying, OTHERS.len())?;
            workbook.save_to_writer(out)
        };
        finish().map_err(writing(&path))
    }
}

fn begin(workbook: &mut Workbook, folder: &Path, head: &PlanHead) -> Result<(), XlsxError> {
    let planned_at = head.planned.as_ref().map_or(Time::from_millis(0), |planned| planned.planned_at);
    made_at(workbook, folder, planned_at)?;
    workbook.add_worksheet().set_name("Plan")?;
    workbook.add_worksheet().set_name("Look at these first")?;
    workbook.add_worksheet_with_constant_memory()?.set_name("Customers")?;
    workbook.add_worksheet_with_constant_memory()?.set_name("The others")?;
    Sheet::of(workbook, LEAVING)?.header(&customers(head.procedure.is_each_by_itself()))?;
    Sheet::of(workbook, STAYING)?.header(&OTHERS)
}

fn in_words(head: &PlanHead, resellers: &CustomersOfResellers) -> Option<String> {
    Some(format!("{}: {}", resellers.heading(head.procedure)?, resellers.lines().join("; ")))
}

fn whole(
    sheet: &mut Sheet<'_>,
    head: &PlanHead,
    besides: &[(&str, Option<String>)],
) -> Result<(), XlsxError> {
    sheet.widths(&[24.0, 100.0])?;
    let refused = head.cannot_be_applied.as_deref().map(|why| ("Cannot be carried out", why));
    let partner = head.partner.name.as_deref().map(|name| ("Partner", name));
    let said = head.list.as_ref().map(ListReading::warnings).unwrap_or_default();
    let lines = lines(head);
    let lines = refused
        .into_iter()
        .chain(partner)
        .chain(lines.iter().map(|line| (line.name, line.text.as_str())))
        .chain(said.iter().map(|said| ("How the list was read", said.as_str())))
        .chain(besides.iter().filter_map(|(name, said)| Some((*name, said.as_deref()?))));
    for (number, (name, text)) in (0..).zip(lines) {
        sheet.row(number, &[Cell::Strong(name), Cell::Wrapped(text)])?;
    }
    Ok(())
}

fn first(sheet: &mut Sheet<'_>, surprises: &[Surprise]) -> Result<(), XlsxError> {
    sheet.header(&FIRST)?;
    let all = surprises.iter().flat_map(|surprise| surprise.customers.iter().map(|one| (surprise.what, one)));
    let mut rows = 0;
    for (what, one) in all {
        rows += 1;
        let id = one.id.map(|id| id.to_string());
        let cells = [
            Cell::Text(what),
            Cell::Number(one.row.into()),
            Cell::text(id.as_ref()),
            Cell::text(one.name.as_ref()),
            Cell::Text(&one.said),
        ];
        sheet.row(rows, &cells)?;
    }
    sheet.filter(rows, FIRST.len())
}

/// The MPN ID and the name of its indirect reseller.
fn reseller_of(decision: &Judged) -> [Cell<'_>; 2] {
    let reseller = decision.reseller.as_ref();
    [
        Cell::text(reseller.map(|reseller| &reseller.mpn_id)),
        Cell::text(reseller.and_then(|reseller| reseller.name.as_ref())),
    ]
}

fn customer(sheet: &mut Sheet<'_>, number: u32, entry: &PlanEntry<&Judged>) -> Result<(), XlsxError> {
    let decision = entry.decision;
    let id = entry.customer_tenant_id.map(|id| id.to_string());
    let [mpn_id, reseller] = reseller_of(decision);
    let (before, transferred) = (decision.to_do(), decision.transferred_in_words());
    let cells = [
        Cell::Number(decision.row.into()),
        Cell::text(id.as_ref()),
        Cell::text(decision.name.as_ref()),
        Cell::text(decision.domain.as_ref()),
        Cell::number(decision.seats.and_then(|seats| u32::try_from(seats).ok())),
        Cell::Wrapped(&before.join("; ")),
        Cell::Text(&left_to_the_service(decision).join(", ")),
        transferred.as_deref().map_or(Cell::Nothing, Cell::Wrapped),
        mpn_id,
        reseller,
    ];
    sheet.row(number, &cells)
}

fn other(sheet: &mut Sheet<'_>, number: u32, entry: &PlanEntry<&Judged>) -> Result<(), XlsxError> {
    let decision = entry.decision;
    let id = entry.customer_tenant_id.map(|id| id.to_string());
    let [mpn_id, reseller] = reseller_of(decision);
    let why = decision.note.clone().unwrap_or_else(|| in_one_text(&decision.findings));
    let why = std::iter::once(why).chain(decision.transferred_in_words()).collect::<Vec<_>>().join(" ");
    let cells = [
        Cell::Number(decision.row.into()),
        Cell::text(id.as_ref()),
        Cell::text(decision.name.as_ref()),
        Cell::Shown(Shown::Outcome(decision.verdict)),
        Cell::Wrapped(&why),
        mpn_id,
        reseller,
    ];
    sheet.row(number, &cells)
}
