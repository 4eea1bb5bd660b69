//! What holds for every table and for any bytes.

use super::*;
use calamine::{Data, Reader, Xlsx};
use proptest::prelude::*;
use std::fmt::Write as _;

#[derive(Debug, Clone, Copy)]
enum Coding {
    Utf8,
    Utf8Bom,
    Utf16Le,
    Utf16Be,
    Windows1252,
}

fn encode(text: &str, coding: Coding) -> Vec<u8> {
    let utf16 = || std::iter::once(0xfeff).chain(text.encode_utf16());
    match coding {
        Coding::Utf8 => text.as_bytes().to_vec(),
        Coding::Utf8Bom => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
        Coding::Utf16Le => utf16().flat_map(u16::to_le_bytes).collect(),
        Coding::Utf16Be => utf16().flat_map(u16::to_be_bytes).collect(),
        Coding::Windows1252 => encoding_rs::WINDOWS_1252.encode(text).0.into_owned(),
    }
}

fn id(text: u128) -> String {
    uuid::Uuid::from_u128(text | 1).to_string()
}

/// Tables of an ID, a name and a remark. The letters are in every encoding, and the accented
/// ones alone do not make valid UTF-8 in Windows-1252.
fn tables() -> impl Strategy<Value = Vec<[String; 3]>> {
    let text = "[a-zA-Z0-9éü€,;\"'\t\n.=_-]{0,12}( [a-zé]{1,5})?";
    let ids = prop_oneof![4 => any::<u128>().prop_map(id), 1 => "[x ]{0,3}".prop_map(String::from)];
    proptest::collection::vec((ids, text, text).prop_map(|(id, name, remark)| [id, name, remark]), 1..20)
}

fn csv(table: &[[String; 3]], separator: char, end: &str, sep_line: bool) -> String {
    let mut text = if sep_line { format!("sep={separator}{end}") } else { String::new() };
    let header = ["Tenant ID", "Näme é", "Remark"].map(String::from);
    for row in std::iter::once(&header).chain(table) {
        let cells = row.each_ref().map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")));
        write!(text, "{}{end}", cells.join(&separator.to_string())).unwrap();
    }
    text
}

/// The rows, without their numbers.
fn essence(rows: Vec<ListRow>) -> Vec<(u32, Option<String>, Vec<String>)> {
    let id = |row: &ListRow| row.customer.as_ref().ok().map(ToString::to_string);
    rows.into_iter().map(|row| (row.row, id(&row), row.cells)).collect()
}

fn expected(table: &[[String; 3]]) -> Vec<(u32, Option<String>, Vec<String>)> {
    let filled = |(_, row): &(u32, &[String; 3])| row.iter().any(|cell| !cell.trim().is_empty());
    let id = |row: &[String; 3]| (row[0].len() == 36).then(|| row[0].clone());
    (2..).zip(table).filter(filled).map(|(at, row)| (at, id(row), row.to_vec())).collect()
}

fn essence_or_nothing(bytes: &[u8]) -> Vec<(u32, Option<String>, Vec<String>)> {
    essence_with(bytes, &Options::default())
}

fn essence_with(bytes: &[u8], options: &Options) -> Vec<(u32, Option<String>, Vec<String>)> {
    match read_with(bytes, options).map_err(|error| error.fault) {
        Ok(rows) => essence(rows),
        Err(ListFault::NoRows) => Vec::new(),
        Err(fault) => panic!("{fault}"),
    }
}

fn drain(bytes: &[u8]) {
    if let Ok(list) = List::from_bytes("list", bytes, &Options::default())
        && let Ok(rows) = list.rows()
    {
        let numbers: Vec<u32> = rows.flatten().map(|row| row.row).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_table_is_the_same_however_it_is_written(table in tables()) {
        for coding in [Coding::Utf8, Coding::Utf8Bom, Coding::Utf16Le, Coding::Utf16Be, Coding::Windows1252] {
            for separator in [',', ';', '\t'] {
                for end in ["\n", "\r\n"] {
                    for sep_line in [false, true] {
                        let bytes = encode(&csv(&table, separator, end, sep_line), coding);
                        // So few letters are no reason to guess it.
                        let encoding = matches!(coding, Coding::Windows1252).then(|| "windows-1252".to_owned());
                        let options = Options { encoding, ..Options::default() };
                        let read = essence_with(&bytes, &options);
                        prop_assert_eq!(read, expected(&table), "{:?} {:?}", coding, separator);
                    }
                }
            }
        }
    }

    #[test]
    fn a_workbook_is_the_same_table_and_calamine_agrees(table in tables()) {
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        sheet.write_row(0, 0, ["Tenant ID", "Remark 1", "Remark 2"]).unwrap();
        for (at, row) in (1..).zip(&table) {
            sheet.write_row(at, 0, row).unwrap();
        }
        let bytes = workbook.save_to_buffer().unwrap();
        prop_assert_eq!(essence_or_nothing(&bytes), expected(&table));

        let mut second: Xlsx<_> = calamine::open_workbook_from_rs(std::io::Cursor::new(bytes.clone())).unwrap();
        let range = second.worksheet_range("Sheet1").unwrap();
        for (number, _, cells) in essence_or_nothing(&bytes) {
            for (column, cell) in (0..).zip(cells) {
                let other = range.get_value((number - 1, column)).cloned().unwrap_or(Data::Empty).to_string();
                prop_assert_eq!(cell, other);
            }
        }
    }

    #[test]
    fn any_bytes_end_in_rows_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        drain(&bytes);
        drain(&[b"id\n", bytes.as_slice()].concat());
        drain(&[b"\xff\xfei\0d\0\n\0", bytes.as_slice()].concat());
        drain(&[b"PK\x03\x04", bytes.as_slice()].concat());
    }

    #[test]
    fn any_text_ends_in_rows_or_an_error(text in "(id[,;\t]x\r?\n)?([a-z\",;\t\r\n\u{a0}\u{0}]|[0-9a-f]{8}-){0,200}") {
        drain(text.as_bytes());
    }

    #[test]
    fn an_altered_workbook_ends_in_rows_or_an_error(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let row = format!("<row><c t='str'><v>id</v></c></row><row r='2'><c r='A2' t='str'><v>{ID}</v></c></row>");
        let mut bytes = workbook(&row);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        drain(&bytes);
    }

    #[test]
    fn any_sheet_ends_in_rows_or_an_error(xml in "(<row( r='[0-9]{1,8}')?/?>|</row>|<c( r='[A-Z]{1,4}[0-9]{1,2}')?( t='(s|str|b|e|d|n|inlineStr)')?>|</c>|<v>|</v>|<is>|</is>|<t>|</t>|id|[0-9.]{1,9}|&amp;|&#x0;|<!--x-->){0,40}") {
        drain(&workbook(&format!("<row><c t='str'><v>id</v></c></row>{xml}")));
    }

    #[test]
    fn every_row_of_the_list_comes_out_once(kinds in proptest::collection::vec(0..6_u8, 1..60)) {
        let mut text = String::from("id,x\n");
        let mut expected = Vec::new();
        for (row, kind) in (2..).zip(&kinds) {
            match kind {
                0 => text.push('\n'),
                1 => text.push_str("\r\n"),
                2 => text.push_str(" , \n"),
                3 => writeln!(text, "{ID},\"a\n\n\r\nb\"").unwrap(),
                4 => text.push_str(",no id\n"),
                _ => writeln!(text, "not an id,{row}").unwrap(),
            }
            if *kind > 2 {
                expected.push(row);
            }
        }
        let rows = essence_or_nothing(text.as_bytes());
        prop_assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<u32>>(), expected);
    }
}
