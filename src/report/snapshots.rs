//! Each report of a fixed log, against what it was when somebody last looked at it (`snapshots/`).
//!
//! What changes a report changes a file here, and is seen in review. `.cargo/config.toml` says how to accept it.

use super::{
    CsvStyle, Written,
    sample::{Sample, Until},
    write_all,
};
use crate::domain::{Mode, Procedure};
use calamine::{Reader as _, Xlsx, open_workbook};
use std::{fs, path::Path};

struct Made {
    sample: Sample,
    written: Written,
}

fn made(mode: Mode, procedure: Procedure, until: Until) -> Made {
    let sample = Sample::make(mode, procedure, until);
    let (reader, run) = sample.reader();
    let written = write_all(&reader, &run, &sample.folder.path().join("reports"), CsvStyle::Safe).unwrap();
    Made { sample, written }
}

impl Made {
    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.sample.folder.path().join("reports").join(name)).unwrap()
    }

    /// A page without what stands in the source as it is, and without the digests of the workbooks, whose bytes
    /// are a library's.
    fn page(&self, name: &str) -> String {
        let mut page = self.read(name);
        for (begin, end) in
            [("<style>", "</style>"), ("<script>", "</script>"), ("Policy\" content=\"", "\"")]
        {
            let Some((before, rest)) = page.split_once(begin) else { continue };
            let (from, length) = (before.len() + begin.len(), rest.find(end).unwrap());
            page.replace_range(from..from + length, "…");
        }
        let books =
            self.written.files.iter().filter(|(name, _)| matches!(&**name, "report.xlsx" | "plan.xlsx"));
        books.fold(page, |page, (_, digest)| page.replace(&digest.to_string(), "[digest]"))
    }
}

/// Marks and ends of lines count too.
fn to_the_letter(text: &str) -> String {
    text.replace('\u{feff}', "\\u{feff}").replace('\r', "\\r")
}

/// Every sheet, a cell a line.
fn cells(path: &Path) -> String {
    let mut book: Xlsx<_> = open_workbook(path).unwrap();
    let mut text = String::new();
    for name in book.sheet_names() {
        for (row, column, cell) in book.worksheet_range(&name).unwrap().used_cells() {
            text.push_str(&format!("{name} {}:{} {cell:?}\n", row + 1, column + 1));
        }
    }
    text
}

fn same(name: &str, text: &str) {
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn every_report_of_a_whole_run() {
    let made = made(Mode::Run, Procedure::RemoveRelationship, Until::Sealed);
    for name in [
        "customers.csv",
        "retry.csv",
        "handover.csv",
        "summary.json",
        "plan.json",
        "checkpoint.txt",
        "deadlines.ics",
    ] {
        same(name, &to_the_letter(&made.read(name)));
    }
    same("report.xlsx", &cells(&made.sample.folder.path().join("reports/report.xlsx")));
    same("report.html", &made.page("report.html"));
    same("plan.html", &made.page("plan.html"));
    same("plan.xlsx", &cells(&made.sample.folder.path().join("reports/plan.xlsx")));
}

#[test]
fn the_page_of_every_other_kind_of_run() {
    let remove = Procedure::RemoveRelationship;
    same("report-of-a-plan.html", &made(Mode::Plan, remove, Until::Plan).page("report.html"));
    same(
        "report-of-an-interrupted-run.html",
        &made(Mode::Run, remove, Until::Interrupted).page("report.html"),
    );
    same("report-of-a-resumed-run.html", &made(Mode::Run, remove, Until::Resumed).page("report.html"));
    let sandbox = Procedure::DeleteSandboxCustomer;
    same("report-of-a-sandbox.html", &made(Mode::Rehearsal, sandbox, Until::Sealed).page("report.html"));
}
