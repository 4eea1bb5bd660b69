//! Lists that were damaged at random, against second readers: no row is lost, and nothing panics.
//!
//! What is refused is no row lost. What is read must be what another reader finds: the `csv` crate for text,
//! `calamine` for workbooks. And whoever looks at the text sees a customer in each line that has as many cells as the
//! header and an ID in the right place; each of them must come out as a row. `OFFBOARD_TEST_LISTS=100000` damages as many.

use super::*;
use crate::{domain::TenantId, input::Format};
use calamine::{Data, Reader, Xlsx};
use std::{collections::BTreeMap, panic::catch_unwind, path::Path, process::Command};

const CHILD: &str = "OFFBOARD_TEST_LISTS_CHILD";

/// The same numbers each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap()
    }

    fn one<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

#[derive(Debug, Default)]
struct Counts {
    refused: u32,
    alike: u32,
    /// The same rows and customers, but another text in some cell.
    same_rows: u32,
    /// The second reader gave up, where this one did not.
    alone: u32,
}

/// The lists of people and of programs, as far as they are text.
fn texts() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lists");
    let mut paths: Vec<_> = ["people", "programs"]
        .iter()
        .flat_map(|name| std::fs::read_dir(folder.join(name)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "csv" || extension == "txt"))
        .collect();
    paths.sort();
    assert!(paths.len() > 20, "{}", paths.len());
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn mutated_text(numbers: &mut Numbers, text: &mut Vec<u8>) {
    const PIECES: &[&[u8]] = &[
        b"\"",
        b"\"\"",
        b",\"",
        b"\",",
        b"\"\n",
        b"\n\"",
        b"\r",
        b"\n",
        b"\r\r\n",
        b",",
        b";",
        b"\t",
        b"|",
        b"=\"",
        b"'",
        b"\xe9",
        b"\xfc\xe8",
        b"\0",
        b"\xe2\x80\x8b",
        b"#TYPE x\n",
        b"sep=;\n",
        b"hidden",
    ];
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(text.len());
        match numbers.below(6) {
            0..3 => drop(text.splice(at..at, numbers.one(PIECES).iter().copied())),
            3 => drop(text.drain(at..(at + numbers.below(40)).min(text.len()))),
            4 => {
                let piece = text[at..(at + numbers.below(80)).min(text.len())].to_vec();
                let to = numbers.below(text.len());
                text.splice(to..to, piece);
            }
            _ => text[at] = numbers.one(b"\",;\n\r\xffA0-=").to_owned(),
        }
        if text.is_empty() {
            text.push(b'x');
        }
    }
}

/// What this reader says, if it does not refuse.
fn accepted(bytes: &[u8], options: &Options) -> Option<(List, Vec<ListRow>)> {
    let list = List::from_bytes("list", bytes, options).ok()?;
    let rows = list.rows().unwrap().collect::<Result<Vec<ListRow>, _>>();
    Some((list, rows.expect("what was read once is read again")))
}

fn without_blanks(mut cells: Vec<String>) -> Vec<String> {
    while cells.last().is_some_and(|cell| crate::domain::trimmed(cell).is_empty()) {
        cells.pop();
    }
    cells
}

/// Lines, whatever ends them.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split("\r\n").flat_map(|part| part.split(['\r', '\n']))
}

fn compare_text(bytes: &[u8], counts: &mut Counts) {
    let Some((list, rows)) = accepted(bytes, &Options::default()) else {
        counts.refused += 1;
        return;
    };
    let reading = list.reading();
    let encoding = encoding_rs::Encoding::for_label(reading.encoding.as_deref().unwrap().as_bytes()).unwrap();
    let (text, _) = encoding.decode_with_bom_removal(bytes);
    let Format::Csv { separator, .. } = list.format() else { panic!("a text is no workbook") };
    let byte = separator.byte();
    let mut body = &*text;
    for preface in ["sep=", "\"sep=", "#type "] {
        if body.get(..preface.len()).is_some_and(|start| start.eq_ignore_ascii_case(preface)) {
            let line = lines(body).next().unwrap();
            let rest = body.get(line.len()..).unwrap_or_default();
            body = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix(['\r', '\n'])).unwrap_or(rest);
        }
    }

    // Line by line, as somebody sees it: the customers that stand there come out as rows.
    let mut seen: BTreeMap<TenantId, usize> = BTreeMap::new();
    let id_column = list.columns().iter().position(|column| column == list.id_column()).unwrap();
    for line in lines(body) {
        let fields: Vec<&str> = line.split(char::from(byte)).collect();
        let id = fields.get(id_column).map(|field| field.trim_matches(|c| c == '"' || c == '='));
        if let Some(Ok(id)) = id.map(str::parse)
            && fields.len() == list.columns().len()
        {
            *seen.entry(id).or_default() += 1;
        }
    }
    for (id, count) in seen {
        // One with a mark too many is a row that is rejected, and not lost either.
        let names_it = |row: &&ListRow| row.cells[id_column].to_lowercase().contains(&id.to_string());
        let read = rows.iter().filter(names_it).count();
        assert!(read >= count, "{id} stands there {count} times and is read {read} times: {body:?}");
    }

    let others: Vec<Vec<String>> = if reading.never_quoted {
        lines(body).map(|line| line.split('\t').map(String::from).collect()).collect()
    } else {
        let mut other = ::csv::ReaderBuilder::new();
        let mut other = other.has_headers(false).flexible(true).delimiter(byte).from_reader(body.as_bytes());
        other.records().map(|record| record.unwrap().iter().map(String::from).collect()).collect()
    };
    let header = usize::from(reading.header_row.is_some());
    let others: Vec<_> =
        others.into_iter().map(without_blanks).filter(|cells| !cells.is_empty()).skip(header).collect();
    let ours: Vec<_> = rows.into_iter().map(|row| without_blanks(row.cells)).collect();
    assert_eq!(ours, others, "{body:?}");
    counts.alike += 1;
}

/// A sheet with a header and six rows, one of them hidden.
fn sheet(numbers: &mut Numbers) -> String {
    let mut rows = String::from(
        "<row r='1'><c r='A1' t='str'><v>id</v></c><c r='B1' t='str'><v>name</v></c><c r='C1' t='inlineStr'><is><t>x</t></is></c></row>",
    );
    let hidden = numbers.below(8) + 2;
    for row in 2..8 {
        let state = if row == hidden { " hidden='1'" } else { "" };
        rows.push_str(&format!(
            "<row r='{row}'{state}><c r='A{row}' t='str'><v>0a0b0c0d-1111-4222-8333-{row:012}</v></c>\
             <c r='B{row}' t='str'><f>A{row}</f><v>Customer {row}</v></c><c r='C{row}'><v>{row}</v></c></row>"
        ));
    }
    rows
}

fn mutated_sheet(numbers: &mut Numbers, xml: &mut String) {
    const PIECES: &[&str] = &[
        "<row>",
        "</row>",
        "<row r='3'/>",
        "<row r='9' hidden='1'>",
        " hidden='true'",
        " ht='0'",
        " outlineLevel='1'",
        "<v/>",
        "<v></v>",
        "</c>",
        "<c r='D4' t='str'><v>beside</v></c>",
        "<f>1+1</f>",
        " t='s'",
        " t='e'",
        "<!-- -->",
        "<c r='A3' t='str'><v>id</v></c>",
        "<is><t>y</t></is>",
        "12",
    ];
    for _ in 0..=numbers.below(3) {
        let mut at = numbers.below(xml.len());
        // More often than not where a tag begins or ends.
        if numbers.below(4) > 0 {
            at = xml.get(at..).and_then(|rest| rest.find(['<', '>', ' '])).map_or(at, |found| at + found);
        }
        match numbers.below(4) {
            0..2 => xml.insert_str(at, numbers.one::<&str>(PIECES)),
            2 => drop(xml.drain(at..(at + numbers.below(24)).min(xml.len()))),
            _ => {
                let end = (at + numbers.below(120)).min(xml.len());
                let piece = xml.get(at..end).unwrap_or_default().to_owned();
                xml.insert_str(numbers.below(xml.len()), &piece);
            }
        }
        if xml.is_empty() {
            xml.push(' ');
        }
    }
}

fn compare_workbook(xml: &str, counts: &mut Counts) {
    let bytes = &workbook(xml)[..];
    let take = Options { hidden: Some(crate::domain::Hidden::Take), ..Options::default() };
    let Some((list, rows)) = accepted(bytes, &take) else {
        counts.refused += 1;
        assert!(accepted(bytes, &Options::default()).is_none(), "it is refused only with --hidden take");
        return;
    };
    // Without a decision, rows that nobody sees are never read.
    if let Some((_, undecided)) = accepted(bytes, &Options::default()) {
        assert!(list.reading().hidden_rows.is_none() && undecided.len() == rows.len(), "{xml}");
    }
    let other = catch_unwind(|| {
        let mut other: Xlsx<_> =
            calamine::open_workbook_from_rs(std::io::Cursor::new(bytes.to_vec())).ok()?;
        other.worksheet_range("S").ok()
    });
    let Ok(Some(range)) = other else {
        counts.alone += 1;
        return;
    };
    let header = list.reading().header_row.unwrap_or_default();
    let (first, left) = range.start().unwrap_or_default();
    let others: BTreeMap<u32, Vec<String>> = (first + 1..)
        .zip(range.rows())
        .map(|(row, cells)| {
            let blank = std::iter::repeat_n(String::new(), left as usize);
            (row, without_blanks(blank.chain(cells.iter().map(Data::to_string)).collect()))
        })
        .filter(|(row, cells)| *row > header && !cells.is_empty())
        .collect();
    // A formula without a value is blank for the other, and a row for this one.
    let ours: BTreeMap<u32, Vec<String>> = rows
        .into_iter()
        .map(|row| (row.row, without_blanks(row.cells)))
        .filter(|(_, cells)| !cells.is_empty())
        .collect();
    // No row is lost and none is made up, and a customer is one for both. What else is in a cell that is no cell by the
    // rules, each reader may take in its own way.
    assert!(ours.keys().eq(others.keys()), "{xml}\n{ours:?}\n{others:?}");
    let ids = |rows: &BTreeMap<u32, Vec<String>>| -> Vec<Option<TenantId>> {
        rows.values().map(|cells| cells.first().and_then(|cell| cell.parse().ok())).collect()
    };
    for (ours, others) in ids(&ours).into_iter().zip(ids(&others)) {
        assert!(ours.is_none() || others.is_none() || ours == others, "{xml}\n{ours:?} {others:?}");
    }
    if ours == others {
        counts.alike += 1;
    } else {
        counts.same_rows += 1;
    }
}

/// What the child does. Among the other tests nobody tells it a number, and it has nothing to do.
#[test]
fn child() {
    let Some(count) = std::env::var(CHILD).ok().and_then(|text| text.parse::<usize>().ok()) else { return };
    let (texts, mut numbers) = (texts(), Numbers(0x9e37_79b9_7f4a_7c15));
    let (mut of_text, mut of_sheets) = (Counts::default(), Counts::default());
    // What the second reader says when it panics is not of interest.
    std::panic::set_hook(Box::new(|info| println!("panic={info}")));
    for number in 0..count {
        if number % 3 < 2 {
            let mut text = numbers.one(&texts).clone();
            mutated_text(&mut numbers, &mut text);
            compare_text(&text, &mut of_text);
        } else {
            let mut xml = sheet(&mut numbers);
            mutated_sheet(&mut numbers, &mut xml);
            compare_workbook(&xml, &mut of_sheets);
        }
    }
    println!("texts={of_text:?}\nworkbooks={of_sheets:?}");
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("0 kB");
    println!("peak={}", peak.trim().trim_end_matches(" kB"));
    assert!(of_text.alike > 0 && of_sheets.alike > 0 && of_text.refused > 0 && of_sheets.refused > 0);
}

#[test]
fn damaged_lists_are_refused_or_read_as_others_read_them() {
    let count = std::env::var("OFFBOARD_TEST_LISTS").unwrap_or_else(|_| "3000".to_owned());
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "input::tests::mutated::child", "--nocapture", "--test-threads=1"])
        .env(CHILD, count)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let said: Vec<&str> = text.lines().filter(|line| !line.starts_with("panic=")).collect();
    assert!(output.status.success(), "{text}");
    println!("{}", said.join("\n"));
    let peak = said.iter().find_map(|line| line.strip_prefix("peak=")).unwrap();
    assert!(peak.parse::<usize>().unwrap() < 256 << 10, "{peak} KiB");
}
