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
    for (line, between) in [("sep=;\r\n", ';'), ("SEP=,\r", ','), ("\"sep=\t\"\n", '\t'), ("Sep=|\n", '|')] {
        let text = format!("{line}id{between}remark\n{ID}{between}a\n");
        let rows = read(text.as_bytes()).unwrap();
        assert_eq!((rows[0].row, rows[0].cells[1].as_str()), (2, "a"), "{line}");
    }
    assert!(fault(format!("sep=^\nid^x\n{ID}^a\n")).contains("`^`"));
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
    let rows: Vec<ListRow> = list.rows().unwrap().map(Result::unwrap).collect();
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
    assert!(matches!(read(b""), Err(ListFault::Empty)));
    assert!(matches!(read(b"\xef\xbb\xbf"), Err(ListFault::Empty)));
    assert!(matches!(read(b"\n , \n"), Err(ListFault::Empty)));
    assert!(matches!(read(b"Tenant ID,Name\n"), Err(ListFault::NoRows)));
    assert!(matches!(read(b"Tenant ID,Name\n\n,\n"), Err(ListFault::NoRows)));
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
    assert!(matches!(error.fault, ListFault::Changed));
    assert!(error.to_string().contains("list.csv"), "{error}");
}

#[test]
fn a_sheet_cannot_be_chosen_in_a_text() {
    let error = read_with(format!("id\n{ID}\n").as_bytes(), &sheet_option("S")).unwrap_err();
    assert!(matches!(error.fault, ListFault::NoSheets));
}

#[test]
fn a_type_line_of_powershell_is_a_row_and_no_header() {
    for preface in ["", "sep=,\n"] {
        assert_eq!(numbers(&format!("{preface}#TYPE Some.Type\r\nid,x\r\n{ID},1\r\n")), [3]);
    }
    assert!(fault(format!("#TYPED\nid,x\n{ID},1\n")).contains("row 2 looks like it"));
}

#[test]
fn a_quotation_mark_that_moves_a_cell_is_never_guessed_about() {
    for (text, says) in [
        (format!("id,a\n{ID},\"19\" rack\n"), "row 2, column 2: text stands behind"),
        (format!("id,a\n{ID},19\" rack\n"), "row 2, column 2: a quotation mark stands in the middle"),
        (format!("id,\"a\n{ID},\"x\n"), "row 1, column 2: text stands behind"),
    ] {
        assert!(fault(&text).starts_with(says), "{}", fault(&text));
    }
}

#[test]
fn a_row_inside_a_cell_is_found_and_an_id_in_a_remark_is_none() {
    for (text, place) in [
        (format!("id,a,b\n{ID},x,\"y\n{OTHER},z,z\"\n"), "row 2, column 3"),
        (format!("id,a,b\n{ID},x,\"y\r{OTHER},z,z\rw\"\n"), "row 2, column 3"),
        (format!("a,b,id\n\"x,x,{OTHER}\ny\",y,{ID}\n"), "row 2, column 1"),
        (format!("id,a\n{ID},\"x\n{OTHER},\",\n"), "row 2, column 2"),
        (format!("id,a,b\n{ID},\"x\n{OTHER},y\",z\n"), "row 2, column 2"),
        (format!("id,\"a\n{OTHER},x\"\n{ID},y\n"), "row 1, column 2"),
    ] {
        let message = fault(&text);
        assert!(message.starts_with(place) && message.contains("a whole row"), "{message}");
        assert!(message.contains(OTHER), "{message}");
    }
    for text in
        [format!("id,a\n{ID},\"see\n{OTHER}\nand more\"\n"), format!("a,id\n\"first\nsecond\",{ID}\n")]
    {
        assert_eq!(read(text.as_bytes()).unwrap().len(), 1, "{text}");
    }
}

#[test]
fn text_between_tabs_that_was_never_quoted_is_read_as_it_is() {
    let text = format!("id\tname\n{ID}\t\"Best\" Ltd\n{OTHER}\t19\" racks\n");
    let list = list(text.as_bytes());
    assert!(list.reading().never_quoted);
    let names: Vec<_> = list.rows().unwrap().map(|row| row.unwrap().name.unwrap()).collect();
    assert_eq!(names, ["\"Best\" Ltd", "19\" racks"]);
    // A line of another length, or another separator, and the marks are what they are elsewhere.
    assert!(fault(format!("id\tname\n{ID}\t\"Best\" Ltd\n{OTHER}\n")).contains("text stands behind"));
    assert!(fault(format!("id,name\n{ID},\"Best\" Ltd\n")).contains("text stands behind"));
}

#[test]
fn what_is_not_a_list_is_named() {
    for (text, what) in [
        ("<html><table><tr><th>Tenant ID</th></tr></table></html>", "a web page (HTML)"),
        ("\u{feff}\r\n<!DOCTYPE HTML>\n<p>", "a web page (HTML)"),
        (
            "<?xml version='1.0'?><Workbook xmlns='urn:schemas-microsoft-com:office:spreadsheet'/>",
            "an XML spreadsheet of 2003",
        ),
        ("<?xml version='1.0'?><list/>", "XML"),
        ("%PDF-1.7\n", "a PDF document"),
        ("MIME-Version: 1.0\r\n", "a web archive (MHTML)"),
    ] {
        assert!(fault(text).contains(&format!("is {what}, not a workbook")), "{}", fault(text));
    }
    assert_eq!(numbers(&format!("id,<x>\n{ID},<b>\n")), [2]);
}

#[test]
fn a_named_header_is_where_it_is_said_to_be() {
    let text = format!("Title\nTenant ID;Name\n{ID};A\n\nTenant ID;Name\n{OTHER};B\n");
    let with = |row| Options { header_row: Some(row), ..Options::default() };
    let numbers = |row| {
        let rows = read_with(text.as_bytes(), &with(row));
        rows.map(|rows| rows.iter().map(|row| row.row).collect::<Vec<_>>())
            .map_err(|error| error.fault.to_string())
    };
    assert_eq!(numbers(2).unwrap(), [3, 5, 6]);
    assert_eq!(numbers(5).unwrap(), [6]);
    assert!(numbers(4).unwrap_err().contains("blank or not there"));
    assert!(numbers(9).unwrap_err().contains("blank or not there"));
    assert!(numbers(3).unwrap_err().contains("a tenant ID stands in that row"));
    let reading = List::from_bytes("list", text.as_bytes(), &with(2)).unwrap().reading().clone();
    assert_eq!((reading.header_row, reading.header_row_named), (Some(2), true));
}

#[test]
fn an_encoding_that_is_said_is_the_one_that_is_taken() {
    let with = |name: &str| Options { encoding: Some(name.to_owned()), ..Options::default() };
    let bytes = [b"id,name\n", ID.as_bytes(), b",\xa3\xf3d\x9f\n"].concat();
    let name = |options: &Options| read_with(&bytes, options).map(|rows| rows[0].name.clone().unwrap());
    assert_eq!(name(&with("cp1250")).unwrap(), "Łódź");
    assert_eq!(name(&with("latin2")).unwrap(), "Łód\u{9f}");
    assert!(name(&with("utf-8")).unwrap_err().to_string().contains("row 2: a character is damaged"));
    assert!(name(&with("klingon")).unwrap_err().to_string().contains("no such encoding"));
    let marked = [b"\xef\xbb\xbfid\n", ID.as_bytes()].concat();
    assert!(read_with(&marked, &with("Big5")).unwrap_err().to_string().contains("byte-order mark of UTF-8"));
    assert!(read_with(&marked, &with("utf8")).is_ok());
    let wide: Vec<u8> = format!("id,name\n{ID},é\n").encode_utf16().flat_map(u16::to_be_bytes).collect();
    assert_eq!(read(&wide).unwrap()[0].name.as_deref(), Some("é"));
}
