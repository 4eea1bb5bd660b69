//! Lists that are text.

use super::*;
use crate::domain::{Reason, Sha256};
use crate::input::limits::{COLUMNS, FIELD_BYTES, ROW_BYTES};

fn numbers(text: &str) -> Vec<u32> {
    read(text.as_bytes()).unwrap().iter().map(|row| row.row).collect()
}

fn fault(text: impl AsRef<[u8]>) -> String {
    read(text.as_ref()).unwrap_err().to_string()
}

#[test]
fn a_list_says_what_it_is() {
    let text = format!("\u{feff}Tenant ID;Company-Name;Primary Domain;Remark\r\n{ID}; Contoso ;;x\r\n");
    let list = list(text.as_bytes());
    assert_eq!(list.format().to_string(), "CSV, UTF-8, semicolon");
    assert_eq!(list.columns(), ["Tenant ID", "Company-Name", "Primary Domain", "Remark"]);
    assert_eq!(
        (list.id_column(), list.name_column(), list.domain_column()),
        ("Tenant ID", Some("Company-Name"), Some("Primary Domain"))
    );
    assert_eq!((list.name(), list.sha256()), ("list", Sha256::of(&[text.as_bytes()])));
    let row = list.rows().unwrap().next().unwrap().unwrap();
    assert_eq!((row.row, row.name.as_deref(), row.domain.as_deref()), (2, Some("Contoso"), None));
    assert_eq!(row.cells, [ID, " Contoso ", "", "x"]);
}

#[test]
fn a_list_can_be_read_more_than_once() {
    let list = list(format!("id\n{ID}\n").as_bytes());
    for _ in 0..2 {
        assert_eq!(list.rows().unwrap().count(), 1);
    }
}

#[test]
fn rows_are_numbered_as_excel_shows_them() {
    assert_eq!(numbers(&format!("id\n\n{ID}\n\r\n,,\n{OTHER}\n\n")), [3, 6]);
    // Line ends inside quotation marks are part of a cell.
    assert_eq!(numbers(&format!("id,x\n{ID},\"a\n\nb\r\nc\"\n\n{OTHER},\"\n\"\n")), [2, 4]);
    assert_eq!(numbers(&format!("\n\nid\n{ID}")), [4]);
}

#[test]
fn a_first_line_sep_sets_the_separator_and_is_no_row() {
    for (line, between) in [("sep=;\r\n", ';'), ("sep=,\n", ','), ("\"sep=\t\"\n", '\t')] {
        let text = format!("{line}id{between}remark\n{ID}{between}a\n");
        let rows = read(text.as_bytes()).unwrap();
        assert_eq!((rows[0].row, rows[0].cells[1].as_str()), (2, "a"), "{line}");
    }
    assert!(fault(format!("sep=|\nid|x\n{ID}|a\n")).contains("`|`"));
}

#[test]
fn the_separator_is_guessed_outside_quotation_marks() {
    let text = format!("\"a,b,c,d\";id\n1;{ID}\n");
    assert_eq!(list(text.as_bytes()).columns(), ["a,b,c,d", "id"]);
    // The header decides when the count misleads.
    let text = format!("Tenant ID;Remark, if any, please\n{ID};x\n");
    assert_eq!(list(text.as_bytes()).columns(), ["Tenant ID", "Remark, if any, please"]);
}

#[test]
fn a_list_of_ids_alone_begins_at_row_one() {
    let list = list(format!("{ID}\n{{{OTHER}}}\n{ID}\n").as_bytes());
    assert_eq!(list.columns(), ["customer_tenant_id"]);
    let rows: Vec<Row> = list.rows().unwrap().map(Result::unwrap).collect();
    assert_eq!(
        rows.iter().map(|row| (row.row, row.duplicate_of)).collect::<Vec<_>>(),
        [(1, None), (2, None), (3, Some(1))]
    );
}

#[test]
fn a_duplicate_names_the_first_row_with_its_id() {
    let text = format!("id\n{ID}\nx\nx\n{}\n {{{ID}}}\n", ID.to_uppercase());
    let duplicates: Vec<_> = read(text.as_bytes()).unwrap().iter().map(|row| row.duplicate_of).collect();
    assert_eq!(duplicates, [None, None, None, Some(2), Some(2)]);
}

#[test]
fn a_row_without_a_valid_id_says_where_and_what() {
    let rows = read(b"Tenant ID,Name\n,Contoso\nnot\x1b[31m one,Fabrikam\n").unwrap();
    let problem = |at: usize| rows[at].customer.clone().unwrap_err();
    assert_eq!(problem(0).reason, Reason::MissingTenantId);
    assert_eq!(problem(1).reason, Reason::InvalidTenantId);
    let message = problem(1).to_string();
    assert!(message.starts_with("row 3, column `Tenant ID`: `not\\u{1b}[31m one` is not"), "{message}");
}

#[test]
fn short_rows_are_filled_up_and_long_ones_are_an_error() {
    let rows = read(format!("id,a,b\n{ID}\n{OTHER},1,2,, \u{a0}\n").as_bytes()).unwrap();
    assert_eq!((rows[0].cells.len(), rows[1].cells.len()), (3, 3));
    let message = fault(format!("id,name\n{ID},Contoso, Ltd\n"));
    assert!(message.starts_with("row 2, column 3: ` Ltd` stands beyond"), "{message}");
}

#[test]
fn a_quotation_mark_that_is_never_closed_is_found() {
    for text in [
        format!("id,a\n{ID},\"x\n{OTHER},y\n"),
        format!("id,a\n\n{ID},\"x"),
        format!("id,a\n{OTHER},ok\n{ID},\"x\n{}", "some line\n".repeat(ROW_BYTES)),
    ] {
        let row = if text.contains("ok") || text.contains("\n\n") { "row 3" } else { "row 2" };
        let message = fault(&text);
        assert!(message.starts_with(row) && message.contains("never closed"), "{message}");
    }
    // One that is closed at the very end is fine.
    assert_eq!(numbers(&format!("id,a\n{ID},\"x\"")), [2]);
    assert_eq!(numbers(&format!("id,a\n{ID},\"x\n\"\n")), [2]);
}

#[test]
fn limits_name_the_row_and_the_column() {
    let long = "x".repeat(FIELD_BYTES + 1);
    assert!(fault(format!("id,a\n{ID},{long}\n")).starts_with("row 2, column 2: a cell may have 8192"));
    let full = "x".repeat(FIELD_BYTES);
    assert_eq!(numbers(&format!("id,a\n{ID},{full}\n")), [2]);
    let wide = ",".repeat(COLUMNS);
    assert!(fault(format!("id\n{ID}{wide}z\n")).contains("column 257"));
    assert_eq!(numbers(&format!("id\n{ID}{wide}\n")), [2]);
    let row = format!("{full},").repeat(9);
    assert!(fault(format!("id\n{ID},{row}\n")).starts_with("row 2: a row may have 65536"));
}

#[test]
fn damaged_text_names_its_row() {
    assert!(fault(format!("id\n{ID}\n{OTHER}\0\n")).starts_with("row 3: a NUL"));
    assert!(fault(b"\xef\xbb\xbfid\n\xff\n").starts_with("row 2: a character is damaged"));
    let mut utf16: Vec<u8> = vec![0xff, 0xfe];
    utf16.extend(format!("id\n{ID}\n").encode_utf16().flat_map(u16::to_le_bytes));
    assert_eq!(read(&utf16).unwrap().len(), 1);
    utf16.extend([0x00, 0xd8, b'a', 0]);
    assert!(fault(&utf16).starts_with("row 3: a character is damaged"));
    utf16.truncate(utf16.len() - 3);
    assert!(fault(&utf16).starts_with("row 3: a character is damaged"));
}

#[test]
fn what_has_no_rows_is_an_error() {
    assert!(matches!(read(b""), Err(Fault::Empty)));
    assert!(matches!(read(b"\xef\xbb\xbf"), Err(Fault::Empty)));
    assert!(matches!(read(b"\n , \n"), Err(Fault::Empty)));
    assert!(matches!(read(b"Tenant ID,Name\n"), Err(Fault::NoRows)));
    assert!(matches!(read(b"Tenant ID,Name\n\n,\n"), Err(Fault::NoRows)));
}

#[test]
fn a_list_that_is_edited_while_it_is_read_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.csv");
    std::fs::write(&path, format!("id\n{ID}\n")).unwrap();
    let list = List::open(&path, &Options::default()).unwrap();
    assert!(list.rows().unwrap().all(|row| row.is_ok()));
    std::fs::write(&path, format!("id\n{OTHER}\n")).unwrap();
    let error = list.rows().unwrap().last().unwrap().unwrap_err();
    assert!(matches!(error.fault, Fault::Changed));
    assert!(error.to_string().contains("list.csv"), "{error}");
}

#[test]
fn a_sheet_cannot_be_chosen_in_a_text() {
    let error = read_with(format!("id\n{ID}\n").as_bytes(), &sheet_option("S")).unwrap_err();
    assert!(matches!(error.fault, Fault::NoSheets));
}
