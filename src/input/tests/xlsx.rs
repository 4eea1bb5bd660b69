//! Lists that are workbooks.

use super::*;
use crate::domain::{Hidden, Reason};
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
    let rows: Vec<ListRow> = list.rows().unwrap().map(Result::unwrap).collect();
    assert_eq!((rows.len(), rows[0].row, rows[0].cells[1].as_str()), (1, 5, ID));

    let rows = read_with(&bytes, &sheet_option("old")).unwrap();
    assert_eq!(rows[0].customer.as_ref().unwrap().to_string(), OTHER);
    let error = read_with(&bytes, &sheet_option("None")).unwrap_err().to_string();
    assert!(error.contains("`Notes`, `Old` (hidden), `Customers`"), "{error}");
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
        "row 2, column `id` (cell A2): `4.4` is a number",
        "row 3, column `id` (cell A3): `TRUE` is a truth value",
        "row 4, column `id` (cell A4): `2026-11-20` is a date",
        "row 5, column `id` (cell A5): `#N/A` is",
        "row 6, column `id` (cell A6): the tenant ID is missing",
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
    assert!(error.starts_with("sheet `S`, cell XFD1048576: a list may have 256 columns"), "{error}");
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
        assert!(matches!(result, Err(ListFault::Damaged { .. })), "{row}: {result:?}");
    }
}

#[test]
fn other_documents_are_named() {
    let old = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on";
    assert!(read(old).unwrap_err().to_string().contains(".xls"));
    let open = Archive::default().add("mimetype", [vec![]]).add("content.xml", [vec![]]).finish();
    assert!(read(&open).unwrap_err().to_string().contains("OpenDocument"));
    let archive = Archive::default().add("list.csv", [b"id".to_vec()]).finish();
    assert!(matches!(read(&archive), Err(ListFault::NotAWorkbook { .. })));
    assert!(matches!(read(b"PK\x03\x04"), Err(ListFault::Damaged { .. })));
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
    assert!(matches!(rows.last().unwrap().unwrap_err().fault, ListFault::Changed));
}

/// A sheet with the header `id`, `name` and these rows.
fn with_rows(rows: &str) -> Vec<u8> {
    workbook(&format!(
        "<row r='1'><c r='A1' t='str'><v>id</v></c><c r='B1' t='str'><v>name</v></c></row>{rows}"
    ))
}

fn row(number: u32, state: &str, id: &str) -> String {
    format!("<row r='{number}' {state}><c r='A{number}' t='str'><v>{id}</v></c></row>")
}

#[test]
fn a_row_that_nobody_sees_is_never_read_unless_somebody_says_so() {
    for state in ["hidden='1'", "hidden='true'", "ht='0' customHeight='1'", "hidden='1' outlineLevel='2'"] {
        let bytes = with_rows(&format!("{}{}{}", row(2, "", ID), row(3, state, OTHER), row(5, state, "")));
        let message = read(&bytes).unwrap_err().to_string();
        let by = if state.contains("outline") { "in a collapsed group" } else { "by hand" };
        assert!(message.starts_with(&format!("1 row is hidden ({by}); the first is row 3;")), "{message}");
        let with = |hidden| Options { hidden: Some(hidden), ..Options::default() };
        assert_eq!(read_with(&bytes, &with(Hidden::Skip)).unwrap().len(), 1);
        assert_eq!(read_with(&bytes, &with(Hidden::Take)).unwrap().len(), 2);
    }
    // Nothing is lost by a row that is hidden and blank, or above the header.
    let rows = format!("<row r='2' hidden='1'/>{}", row(3, "ht='15' hidden='0'", ID));
    assert_eq!(read(&with_rows(&rows)).unwrap().len(), 1);
}

#[test]
fn a_hidden_header_is_no_header_until_somebody_says_so() {
    let header = "<row r='1' hidden='1'><c r='A1' t='str'><v>id</v></c></row>";
    let bytes = workbook(&format!("{header}{}", row(2, "", ID)));
    // What is seen is a list of IDs alone, and a row that is not.
    assert!(matches!(read(&bytes), Err(ListFault::HiddenRows { .. })));
    let skip = Options { hidden: Some(Hidden::Skip), ..Options::default() };
    assert_eq!(read_with(&bytes, &skip).unwrap().len(), 1);
    let header = "<row r='1' hidden='1'><c r='A1' t='str'><v>id</v></c><c r='B1' t='str'><v>x</v></c></row>";
    let data = format!("<row r='2'><c r='A2' t='str'><v>{ID}</v></c><c r='B2' t='str'><v>y</v></c></row>");
    let bytes = workbook(&format!("{header}{data}"));
    assert!(matches!(read(&bytes), Err(ListFault::HiddenHeader { row: 1 })));
    let options = Options { header_row: Some(1), ..Options::default() };
    assert_eq!(read_with(&bytes, &options).unwrap().len(), 1);
}

#[test]
fn formulas_without_a_value_are_not_blank() {
    let formula =
        |value: &str| format!("<row r='2'><c r='A2'><f>X!A1</f>{value}</c></row>{}", row(3, "", ID));
    for value in ["", "<v/>", "<v></v>"] {
        let message = read(&with_rows(&formula(value))).unwrap_err().to_string();
        assert!(message.starts_with("sheet `S`, cell A2: the tenant ID is a formula without"), "{message}");
    }
    // A text that is empty was computed.
    let bytes =
        with_rows(&format!("<row r='2'><c r='A2' t='str'><f>X!A1</f><v></v></c></row>{}", row(3, "", ID)));
    assert_eq!(read(&bytes).unwrap().len(), 1);
    let zero = read(&with_rows(&formula("<v>0</v>"))).unwrap();
    assert!(zero[0].customer.as_ref().unwrap_err().message.contains("was never computed"), "{zero:?}");
    let name = |value: &str| {
        let bytes = with_rows(&format!(
            "<row r='2'><c r='A2' t='str'><v>{ID}</v></c><c r='B2'><f>X!A1</f>{value}</c></row>"
        ));
        let list = list(&bytes);
        (
            list.rows().unwrap().next().unwrap().unwrap().name,
            list.reading().uncomputed.names,
            list.reading().checks_identity(),
        )
    };
    assert_eq!(name(""), (None, 1, false));
    assert_eq!(name("<v>0</v>"), (None, 1, false));
    assert_eq!(name("<v>7</v>"), (Some("7".to_owned()), 0, true));
}

#[test]
fn a_table_that_is_filtered_says_so() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    sheet.write_row(0, 0, ["id", "x"]).unwrap();
    sheet.write_row(1, 0, [ID, "go"]).unwrap();
    sheet.write_row(2, 0, [OTHER, "keep"]).unwrap();
    sheet.set_row_hidden(2).unwrap();
    let columns = ["id", "x"].map(|name| rust_xlsxwriter::TableColumn::new().set_header(name)).to_vec();
    sheet.add_table(0, 0, 2, 1, &rust_xlsxwriter::Table::new().set_columns(&columns)).unwrap();
    assert!(read(&save(workbook)).unwrap_err().to_string().contains("(by hand)"));
}

#[test]
fn a_table_beside_the_list_is_a_remark_only_if_it_has_no_ids() {
    let beside = |text: &str| {
        with_rows(&format!(
            "<row r='2'><c r='A2' t='str'><v>{ID}</v></c><c r='D2' t='str'><v>{text}</v></c></row>"
        ))
    };
    let list = list(&beside("call first"));
    assert_eq!(list.columns(), ["id", "name", "column C", "column D"]);
    assert_eq!(list.reading().beside, ["column C", "column D"]);
    assert_eq!(list.rows().unwrap().next().unwrap().unwrap().cells, [ID, "", "", "call first"]);
    let message = read(&beside(OTHER)).unwrap_err().to_string();
    assert!(message.starts_with("sheet `S`, cell D2: a tenant ID"), "{message}");
}
