//! What another program reads from the workbook.

use crate::{
    domain::{Mode, Procedure},
    report::{
        CsvStyle,
        sample::{HOSTILE, Sample, Until},
        write_all,
    },
};
use calamine::{Data, Range, Reader as _, Xlsx, open_workbook};
use std::path::PathBuf;

struct Written {
    _sample: Sample,
    folder: PathBuf,
    book: Xlsx<std::io::BufReader<std::fs::File>>,
}

fn written() -> Written {
    let sample = Sample::make(Mode::Run, Procedure::RemoveRelationship, Until::Sealed);
    let (reader, run) = sample.reader();
    let folder = sample.folder.path().join("reports");
    write_all(&reader, &run, &folder, CsvStyle::Raw).unwrap();
    let book = open_workbook(folder.join("report.xlsx")).unwrap();
    Written { _sample: sample, folder, book }
}

fn cells(range: &Range<Data>, column: usize) -> Vec<String> {
    range.rows().map(|row| row[column].to_string()).collect()
}

#[test]
fn the_customers_are_those_of_the_table() {
    let mut written = written();
    let sheet = written.book.worksheet_range("Customers").unwrap();
    let mut csv = csv::Reader::from_path(written.folder.join("customers.csv")).unwrap();
    let lines: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    assert_eq!(sheet.rows().count(), lines.len() + 1, "the header, and each row of the list");
    for (row, line) in sheet.rows().skip(1).zip(&lines) {
        // Numbers are numbers, and days and times are what a spreadsheet calculates with.
        assert_eq!(row[0], Data::Float(line[0].parse().unwrap()));
        assert_eq!(row[1].to_string(), line[1]);
        assert_eq!(row[2].to_string(), crate::report::visible(&line[2]));
        assert_eq!(row[3].to_string(), line[3].replace('_', " "));
        assert_eq!(row[5].to_string(), line[5].replace(';', " "));
        assert_eq!(row[6].to_string(), crate::report::visible(&line[6]));
        for (at, is_typed) in [7, 8, 14].map(|at| (at, matches!(row[at], Data::DateTime(_)))) {
            assert_eq!(is_typed, !line[at].is_empty(), "{line:?}");
        }
        for (cell, listed) in row.iter().skip(16).zip(line.iter().skip(16)) {
            assert_eq!(cell.to_string(), crate::report::visible(listed));
        }
    }
}

#[test]
fn what_somebody_else_wrote_is_text() {
    let mut written = written();
    let mut hostile = 0;
    for name in written.book.sheet_names() {
        let formulas = written.book.worksheet_formula(&name).unwrap();
        assert!(formulas.used_cells().all(|(_, _, formula)| formula.is_empty()), "{name}");
        let sheet = written.book.worksheet_range(&name).unwrap();
        for (_, _, cell) in sheet.used_cells() {
            let text = cell.to_string();
            assert!(!text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{name}: {text:?}");
            hostile += usize::from(
                text.contains(&*crate::report::visible(HOSTILE)) && matches!(cell, Data::String(_)),
            );
        }
    }
    assert!(hostile > 0, "the hostile name stands somewhere");
    let bytes = std::fs::read(written.folder.join("report.xlsx")).unwrap();
    assert!(!bytes.windows(10).any(|window| window == b"hyperlinks"));
}

#[test]
fn each_sheet_says_what_it_is_about() {
    let mut written = written();
    assert_eq!(
        written.book.sheet_names(),
        ["Summary", "Customers", "Reasons", "Requests", "Next dates", "Hand-over"]
    );
    let mut column = |name: &str, column| cells(&written.book.worksheet_range(name).unwrap(), column);
    assert!(column("Summary", 0).contains(&"Rows of the list".to_owned()));
    let summary: serde_json::Value =
        serde_json::from_slice(&std::fs::read(written.folder.join("summary.json")).unwrap()).unwrap();
    let mut reasons = column("Reasons", 0);
    reasons.remove(0);
    reasons.sort();
    let expected: Vec<_> = summary["reasons"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(reasons, expected);
    assert_eq!(column("Requests", 0).len() as u64, 1 + summary["requests"]["total"].as_u64().unwrap());
}
