//! Lists that are workbooks.

use super::*;
use crate::domain::Reason;
use rust_xlsxwriter::{Format, Formula, Workbook};

fn save(mut workbook: Workbook) -> Vec<u8> {
    workbook.save_to_buffer().unwrap()
}

fn messages(bytes: &[u8]) -> Vec<String> {
    let rows = read(bytes).unwrap();
    rows.iter().filter_map(|row| row.customer.as_ref().err()).map(ToString::to_string).collect()
}

#[test]
fn the_first_visible_sheet_with_a_header_that_fits_is_used() {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_name("Notes").unwrap().write(0, 0, "read me").unwrap();
    let hidden = workbook.add_worksheet().set_name("Old").unwrap();
    hidden.write(0, 0, "Tenant ID").unwrap().write(1, 0, OTHER).unwrap();
    hidden.set_hidden(true);
    let sheet = workbook.add_worksheet().set_name("Customers").unwrap();
    sheet.write(2, 1, "Tenant ID").unwrap().write(4, 1, ID).unwrap();
    let bytes = save(workbook);

    let list = list(&bytes);
    assert_eq!(list.format().to_string(), "workbook, sheet `Customers`");
    assert_eq!(list.columns(), ["", "Tenant ID"]);
    let rows: Vec<Row> = list.rows().unwrap().map(Result::unwrap).collect();
    assert_eq!((rows.len(), rows[0].row, rows[0].cells[1].as_str()), (1, 5, ID));

    let rows = read_with(&bytes, &sheet_option("old")).unwrap();
    assert_eq!(rows[0].customer.as_ref().unwrap().to_string(), OTHER);
    let error = read_with(&bytes, &sheet_option("None")).unwrap_err().to_string();
    assert!(error.contains("`Notes`, `Old`, `Customers`"), "{error}");
}

#[test]
fn without_a_sheet_that_fits_the_sheets_are_listed() {
    let mut workbook = Workbook::new();
    for name in ["One", "Two"] {
        workbook.add_worksheet().set_name(name).unwrap().write(0, 0, "x").unwrap();
    }
    let error = read(&save(workbook)).unwrap_err().to_string();
    assert!(error.contains("--sheet") && error.contains("`One`, `Two`"), "{error}");
}

#[test]
fn only_text_can_be_an_id() {
    let mut workbook = Workbook::new();
    let date = Format::new().set_num_format("yyyy-mm-dd");
    let sheet = workbook.add_worksheet();
    sheet.write(0, 0, "id").unwrap().write(0, 1, "ends").unwrap();
    sheet.write(1, 0, 4.4).unwrap();
    sheet.write(2, 0, true).unwrap();
    sheet.write_with_format(3, 0, 46_346, &date).unwrap();
    sheet.write(4, 0, Formula::new("=NA()").set_result("#N/A")).unwrap();
    sheet.write(5, 1, 1.5).unwrap();
    sheet.write(6, 0, Formula::new("=B1").set_result(ID)).unwrap();
    sheet.write_with_format(6, 1, 46_346, &date).unwrap();
    let bytes = save(workbook);
    let messages = messages(&bytes);
    for (message, part) in messages.iter().zip([
        "row 2, column `id`: `4.4` is a number",
        "row 3, column `id`: `TRUE` is a truth value",
        "row 4, column `id`: `2026-11-20` is a date",
        "row 5, column `id`: `#N/A` is",
        "row 6, column `id`: the tenant ID is missing",
    ]) {
        assert!(message.starts_with(part), "{message}");
    }
    let rows = read(&bytes).unwrap();
    assert_eq!(rows[0].customer.as_ref().unwrap_err().reason, Reason::InvalidTenantId);
    assert_eq!(rows[4].customer.as_ref().unwrap_err().reason, Reason::MissingTenantId);
    assert_eq!(rows[5].cells, [ID, "2026-11-20"]);
}

#[test]
fn a_single_column_of_ids_needs_no_header_here_either() {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().write(0, 0, ID).unwrap().write(2, 0, OTHER).unwrap();
    let rows = read(&save(workbook)).unwrap();
    assert_eq!(rows.iter().map(|row| row.row).collect::<Vec<_>>(), [1, 3]);
}

#[test]
fn texts_may_be_rich_spoken_inline_or_escaped() {
    let rows = format!(
        "<row r='1'><c r='A1' t='str'><v>id</v></c><c r='B1' t='inlineStr'><is><t>name</t></is></c></row>\
         <row><c t='inlineStr'><is><t>{ID}</t></is></c><c t='inlineStr'><is><r><t>A &amp; </t></r>\
         <r><t>B_x0041_</t></r><rPh><t>aa</t></rPh><t><![CDATA[<c>]]></t></is></c></row>"
    );
    assert_eq!(read(&workbook(&rows)).unwrap()[0].name.as_deref(), Some("A & BA<c>"));
}

#[test]
fn a_lonely_cell_at_the_end_of_the_world_costs_nothing() {
    let head = "<row r='1'><c r='A1' t='str'><v>id</v></c></row>";
    let rows = format!("{head}<row r='1048576'><c r='A1048576' t='str'><v>{ID}</v></c></row>");
    assert_eq!(read(&workbook(&rows)).unwrap()[0].row, 1_048_576);
    let rows = format!("{head}<row r='1048576'><c r='XFD1048576' t='str'><v>{ID}</v></c></row>");
    let error = read(&workbook(&rows)).unwrap_err().to_string();
    assert!(error.starts_with("row 1048576: a list may have 256 columns"), "{error}");
}

#[test]
fn cells_and_rows_out_of_place_are_damage() {
    let head = "<row r='1'><c r='A1' t='str'><v>id</v></c></row>";
    for row in [
        "<row r='1'/>",
        "<row r='1048577'><c><v>1</v></c></row>",
        "<row r='-1'/>",
        "<row r='2'><c r='A3'><v>1</v></c></row>",
        "<row r='2'><c r='ZZZZZZZZZZZZ2'><v>1</v></c></row>",
        "<row r='2'><c r='B2'><v>1</v></c><c r='A2'><v>1</v></c></row>",
        "<row r='2'><c r='A2' t='s'><v>7</v></c></row>",
        "<row r='2'><c r='A2'><v>1</v>",
    ] {
        let result = read(&workbook(&format!("{head}{row}")));
        assert!(matches!(result, Err(Fault::Damaged { .. })), "{row}: {result:?}");
    }
}

#[test]
fn other_documents_are_named() {
    let old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on";
    assert!(read(old).unwrap_err().to_string().contains(".xls"));
    let open = Archive::default().add("mimetype", [vec![]]).add("content.xml", [vec![]]).finish();
    assert!(read(&open).unwrap_err().to_string().contains("OpenDocument"));
    let archive = Archive::default().add("list.csv", [b"id".to_vec()]).finish();
    assert!(matches!(read(&archive), Err(Fault::NotAWorkbook { .. })));
    assert!(matches!(read(b"PK\x03\x04"), Err(Fault::Damaged { .. })));
}

#[test]
fn the_wide_form_of_an_archive_is_read_too() {
    let rows = format!("<row><c t='str'><v>{ID}</v></c></row>");
    assert_eq!(read(&archive_of(&rows).finish_wide()).unwrap().len(), 1);
}

#[test]
fn a_part_whose_bytes_were_altered_is_damage() {
    let mut workbook =
        workbook(&format!("<row><c t='str'><v>id</v></c></row><row><c t='str'><v>{ID}</v></c></row>"));
    assert!(read(&workbook).is_ok());
    // The checksum of the sheet, in the last entry of the table of contents.
    let entry = workbook.windows(4).rposition(|window| window == b"PK\x01\x02").unwrap();
    workbook[entry + 16] ^= 1;
    let error = read(&workbook).unwrap_err().to_string();
    assert!(error.contains("checksum"), "{error}");
}

#[test]
fn a_workbook_that_is_replaced_while_it_is_read_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.xlsx");
    let rows = format!("<row><c t='str'><v>id</v></c></row><row><c t='str'><v>{ID}</v></c></row>");
    std::fs::write(&path, workbook(&rows)).unwrap();
    let list = List::open(&path, &Options::default()).unwrap();
    let rows = list.rows().unwrap();
    let mut other = std::fs::read(&path).unwrap();
    *other.last_mut().unwrap() = 1;
    std::fs::write(&path, other).unwrap();
    assert!(matches!(rows.last().unwrap().unwrap_err().fault, Fault::Changed));
}
