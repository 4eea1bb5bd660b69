//! Files made to do harm: they end in an error, and memory stays flat.
//!
//! Each is read by a child of its own, which then says how much memory it ever had.

use super::*;
use crate::input::Damage;
use std::{fmt::Write as _, iter::repeat_n, process::Command};

const CHILD: &str = "OFFBOARD_TEST_BOMB";
const MIB: usize = 1 << 20;

/// `count` MiB of this text, again and again.
fn mebibytes(text: &str, count: usize) -> impl Iterator<Item = Vec<u8>> + use<> {
    let chunk = text.repeat(MIB / text.len());
    repeat_n(chunk.into_bytes(), count)
}

fn with_sheet(chunks: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut archive = bare_workbook();
    archive.add("xl/sharedStrings.xml", [NO_TEXTS.into()]);
    archive.add("xl/styles.xml", [NO_STYLES.into()]);
    archive.add("xl/worksheets/sheet1.xml", chunks);
    archive.finish()
}

fn with_texts(chunks: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut archive = bare_workbook();
    let sheet =
        format!("<worksheet><sheetData><row><c t='str'><v>{ID}</v></c></row></sheetData></worksheet>");
    archive.add("xl/sharedStrings.xml", chunks);
    archive.add("xl/styles.xml", [NO_STYLES.into()]);
    archive.add("xl/worksheets/sheet1.xml", [sheet.into_bytes()]);
    archive.finish()
}

fn between(start: &str, middle: impl Iterator<Item = Vec<u8>>, end: &str) -> impl Iterator<Item = Vec<u8>> {
    let [start, end] = [start, end].map(|text| [text.as_bytes().to_vec()]);
    start.into_iter().chain(middle).chain(end)
}

/// What the child does: reads the file that it is told, and says how it ended. Among the other tests
/// nobody tells it a file, and it has nothing to do.
#[test]
fn child() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let result = List::open(path.as_ref(), &Options::default())
        .and_then(|list| list.rows()?.try_fold(0, |count, row| row.map(|_| count + 1)));
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    println!("result={result:?}");
    println!("peak={}", peak.trim().trim_end_matches(" kB"));
}

/// Reads the bytes in a child; gives what came out, and holds the child to its memory.
fn explode(name: &str, bytes: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bomb");
    std::fs::write(&path, bytes).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "input::tests::bombs::child", "--nocapture", "--test-threads=1"])
        .env(CHILD, &path)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}");
    let value = |key: &str| text.split(key).nth(1).and_then(|rest| rest.lines().next()).unwrap().to_owned();
    let peak: usize = value("peak=").parse().unwrap();
    println!("{name}: {} KiB on disk, peak {} MiB", bytes.len() >> 10, peak >> 10);
    assert!(peak < 256 << 10, "{name}: peak {peak} KiB");
    value("result=")
}

#[test]
fn a_single_endless_tag_or_text_is_damage() {
    let zeros = repeat_n(vec![0; MIB], 600);
    assert!(explode("zeros", &with_sheet(zeros)).contains("TokenTooLong"));
    let tag = between("<worksheet a='", mebibytes("a", 300), "'/>");
    assert!(explode("one tag", &with_sheet(tag)).contains("TokenTooLong"));
    let text = between("<sst><si><t>", mebibytes("a", 300), "</t></si></sst>");
    assert!(explode("one text", &with_texts(text)).contains("TokenTooLong"));
    let text = between("<sst><si>", mebibytes("<t>a&amp;b</t>", 300), "</si></sst>");
    assert!(explode("one text of many runs", &with_texts(text)).contains("TokenTooLong"));
}

#[test]
fn tags_without_end_are_damage() {
    assert!(explode("nested tags", &with_sheet(mebibytes("<a>", 300))).contains("TooDeep"));
}

#[test]
fn shared_texts_without_end_are_damage() {
    let empty = between("<sst>", mebibytes("<si/>", 400), "</sst>");
    assert!(explode("empty texts", &with_texts(empty)).contains("TooLarge"));
    let text = format!("<si><t>{}</t></si>", "x".repeat(2000));
    let full = between("<sst uniqueCount='99999999999999'>", mebibytes(&text, 400), "</sst>");
    assert!(explode("full texts", &with_texts(full)).contains("TooLarge"));
}

#[test]
fn a_sheet_without_end_is_damage() {
    let head = format!("<worksheet><sheetData><row><c t='str'><v>{ID}</v></c></row>");
    let end = "</sheetData></worksheet>";
    let nothing = between(&head, mebibytes(&format!("<x{}/>", " ".repeat(1000)), 300), end);
    assert!(explode("nothing, often", &with_sheet(nothing)).contains("TooLarge"));
    let cells = between(&head, mebibytes("<c/>", 300), end);
    assert!(explode("cells outside rows", &with_sheet(cells)).contains("Place"));
    let head = format!("{head}<row>");
    let cells = between(&head, mebibytes("<c/>", 300), end);
    assert!(explode("empty cells", &with_sheet(cells)).contains("Place"));
    let cells = between(&head, mebibytes("<c><v>1</v></c>", 300), end);
    assert!(explode("full cells", &with_sheet(cells)).contains("TooManyC"));
}

#[test]
fn a_file_of_too_many_parts_is_refused_before_they_are_read() {
    let mut archive = Archive::default();
    for at in 0..60_000 {
        archive.add(&at.to_string(), []);
    }
    assert!(explode("60,000 parts", &archive.finish()).contains("TooManyParts"));
    let small = bare_workbook().finish_claiming(4_000);
    assert!(matches!(read(&small), Err(ListFault::Damaged { damage: Damage::Directory, .. })));
}

#[test]
fn a_million_rows_do_not_add_up_in_memory() {
    let ids =
        |kind: u128| (1..=1_000_000_u128).map(move |at| uuid::Uuid::from_u128(at << 64 | kind).to_string());
    let mut text = String::from("Tenant ID,Name\n");
    for id in ids(1) {
        text.push_str(&id);
        text.push_str(",A customer with a name of some length\n");
    }
    assert_eq!(explode("a million rows of CSV", text.as_bytes()), "Ok(1000000)");
    let quote = text.replacen(",A", ",\"A", 1);
    assert!(explode("an open quotation mark", quote.as_bytes()).contains("NeverClosed"));

    // The blanks bring the shared texts close to their limit.
    let mut shared = String::from("<sst>");
    let mut sheet = String::from("<worksheet><sheetData>");
    for (at, id) in ids(2).enumerate() {
        write!(shared, "<si><t>{id:95}</t></si>").unwrap();
        write!(sheet, "<row><c t='s'><v>{at}</v></c></row>").unwrap();
    }
    shared.push_str("</sst>");
    sheet.push_str("</sheetData></worksheet>");
    let mut archive = bare_workbook();
    archive.add("xl/sharedStrings.xml", [shared.into_bytes()]);
    archive.add("xl/styles.xml", [NO_STYLES.into()]);
    archive.add("xl/worksheets/sheet1.xml", [sheet.into_bytes()]);
    assert_eq!(explode("a million rows of a workbook", &archive.finish()), "Ok(1000000)");
}
