//! `offboard check`, and lists as people write them.

use crate::support::{Folder, id};
use serde_json::Value;

#[test]
fn a_list_is_described_with_each_problem_and_its_row() {
    let folder = Folder::new();
    let text = format!(
        "Tenant-ID;Company Name\r\n{{{}}};A\r\n{};B\r\nx@y;C\r\n;D\r\n",
        id(1).to_string().to_uppercase(),
        id(1)
    );
    folder.write("list.csv", text);
    let done = folder.offboard(&["check", "list.csv"]).exits(2);
    for part in [
        "row 3: the same ID stands in row 2",
        "row 4",
        "`x@y`",
        "row 5",
        "4 rows: 1 customer, 1 duplicate, 2 not valid",
    ] {
        assert!(done.out.contains(part), "{part}: {}", done.out);
    }
    folder.offboard(&["check", "list.csv", "--skip-invalid"]).exits(0);

    let json = folder.offboard(&["check", "list.csv", "--output", "json"]).exits(2);
    let lines: Vec<Value> = json.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[1]["reason"], "invalid_tenant_id");
    assert_eq!(lines[3]["customers"], 1);
}

#[test]
fn a_workbook_is_read_like_a_text() {
    let folder = Folder::new();
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_string(0, 0, "Customer ID").unwrap().write_string(0, 1, "Customer Name").unwrap();
    for n in 1..=3 {
        sheet
            .write_string(n, 0, id(n).to_string())
            .unwrap()
            .write_string(n, 1, format!("Customer {n}"))
            .unwrap();
    }
    book.save(folder.path("list.xlsx")).unwrap();
    let done = folder.offboard(&["check", "list.xlsx"]).exits(0);
    assert!(done.out.contains("3 rows: 3 customers"), "{}", done.out);
    assert!(done.out.contains("Sheet1"), "{}", done.out);
}

#[test]
fn a_list_that_cannot_be_read_says_what_to_do() {
    let folder = Folder::new();
    folder.write("two.csv", format!("id,tenant id\n{},{}\n", id(1), id(2)));
    folder.write("none.csv", "a,b\n1,2\n");
    folder.write("empty.csv", "");
    folder.write("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest");
    for (file, says) in [
        ("two.csv", "--column"),
        ("none.csv", "--column"),
        ("empty.csv", "empty.csv"),
        ("old.xls", ".xlsx"),
        ("missing.csv", "missing.csv"),
    ] {
        let done = folder.offboard(&["check", file]).exits(2);
        assert!(done.err.contains(says), "{says}: {}", done.err);
    }
    folder.offboard(&["check", "two.csv", "--column", "Tenant ID"]).exits(0);
}

#[test]
fn hostile_text_of_a_list_cannot_drive_a_terminal() {
    let folder = Folder::new();
    folder.write("list.csv", "id\n\u{1b}[2J\u{202e}evil\n");
    let done = folder.offboard(&["check", "list.csv"]).exits(2);
    assert!(!done.out.contains('\u{1b}') && !done.out.contains('\u{202e}'), "{:?}", done.out);
}
