//! `docs/log-format.md` says what the code says, and `docs/verify.py` knows what the document does.
//!
//! Whatever the document lists, it lists between two marks, and the test makes it again from the code. A test that fails
//! prints what must stand there; with `OFFBOARD_TEST_WRITE_DOCS=1` it puts it there.

use crate::support::{
    evidence::{layout, look, of_the_first_edition},
    is_available, key,
    payloads::{Code, Field, LeftOut, Made, inside},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use offboard::{
    audit::Store,
    domain::{Effect, Procedure, Sha256, Time},
    record::{InCertificate, Kind, Scope},
};
use rusqlite::Connection;
use std::{
    collections::{BTreeSet, VecDeque},
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
};

const DOCUMENT: &str = "docs/log-format.md";
const SCRIPT: &str = "docs/verify.py";

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn text(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap()
}

/// Asserts that this stands in the file between the two marks, or puts it there.
#[track_caller]
pub(crate) fn hold(file: &str, [begin, end]: [&str; 2], expected: &str) {
    // Whoever writes it is alone with it.
    static FILES: Mutex<()> = Mutex::new(());
    let _alone = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    let whole = text(file);
    let (before, rest) = whole.split_once(begin).unwrap_or_else(|| panic!("{file} has no `{begin}`"));
    let (found, after) = rest.split_once(end).unwrap_or_else(|| panic!("{file} has no `{end}`"));
    if found == expected {
        return;
    }
    assert!(
        std::env::var_os("OFFBOARD_TEST_WRITE_DOCS").is_some(),
        "{file} is not what the code says; it must be so:\n{begin}{expected}{end}"
    );
    fs::write(path(file), format!("{before}{begin}{expected}{end}{after}")).unwrap();
}

#[track_caller]
fn hold_section(name: &str, expected: &str) {
    let begin = format!("<!-- made from the code: {name} -->\n");
    hold(DOCUMENT, [&begin, &format!("<!-- end: {name} -->\n")], expected);
}

fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(head.iter().map(|cell| (*cell).to_owned()).collect());
    text.push_str(&line(head.iter().map(|_| "---".to_owned()).collect()));
    rows.into_iter().for_each(|row| text.push_str(&line(row)));
    text
}

fn code(word: &str) -> String {
    format!("`{word}`")
}

fn cell(comment: &str) -> String {
    assert!(
        !comment.is_empty() && !comment.contains("[`"),
        "what stands in the document is a sentence: {comment}"
    );
    comment.trim().replace('|', "\\|")
}

#[test]
fn the_kinds_are_those_of_the_code() {
    let row = |kind: &Kind| {
        let stands = match kind.scope() {
            Scope::Log => "outside of runs",
            Scope::Run => "in a run",
            Scope::RunOrLog => "in a run or outside",
            Scope::Row => "in a run, about a row",
            Scope::Request => "with a request, in a run or outside",
        };
        let shown = match kind.in_certificate() {
            InCertificate::Frame => "always",
            InCertificate::Own => "if the row is the customer's",
            InCertificate::Exchange => "with its request, if that is shown",
            InCertificate::IfNamed => "if it names a row of the customer's",
            InCertificate::Withheld => "never",
        };
        let seal = if kind.may_follow_the_seal() { "yes" } else { "no" };
        vec![code(kind.label()), cell(kind.meaning()), stands.into(), seal.into(), shown.into()]
    };
    let head = ["Kind", "Meaning", "Stands", "After the seal", "In a certificate"];
    hold_section("kinds", &table(&head, Kind::ALL.iter().map(row)));
}

/// The name that a type has in the document, for one and for many.
fn scalar(of: &str) -> Option<(&'static str, &'static str)> {
    Some(match of {
        "String" => ("text", "texts"),
        "bool" => ("`true` or `false`", ""),
        "u8" => ("number < 2^8", ""),
        "u16" => ("number < 2^16", ""),
        "i32" => ("number < 2^31", ""),
        "u32" | "Rules" => ("number < 2^32", "numbers < 2^32"),
        "u64" => ("number", "numbers"),
        "Sha256" => ("digest", "digests"),
        "Time" => ("time", "times"),
        "Day" => ("day", "days"),
        "RunId" => ("run ID", "run IDs"),
        "TenantId" => ("tenant ID", "tenant IDs"),
        "RequestId" | "CorrelationId" => ("GUID", "GUIDs"),
        "Seq" => ("place", "places"),
        "Headers" => ("object of texts", ""),
        _ => return None,
    })
}

fn link(name: &str) -> String {
    format!("[{name}](#{})", name.to_lowercase())
}

/// A type in words. `found` hears the structs and enumerations that it is made of.
fn shown(code: &Code, of: &str, found: &mut Vec<String>) -> String {
    if let Some((one, _)) = scalar(of) {
        return one.to_owned();
    }
    if let Some(of) = inside(of, "Vec").or_else(|| inside(of, "BTreeSet")) {
        return match scalar(of) {
            Some((_, many)) => format!("list of {many}"),
            None => format!("list of {}", shown(code, of, found).replace("word: ", "words: ")),
        };
    }
    if let Some((name, of)) = inside(of, "BTreeMap").and_then(|inside| inside.split_once(", ")) {
        return match scalar(of) {
            None => format!("object of {}", shown(code, of, found)),
            Some((_, many)) => format!("object of {many}, by {}", shown(code, name, found)),
        };
    }
    found.push(of.to_owned());
    match code.made(of) {
        Some(Made::Of(_)) => link(of),
        Some(Made::Word(_)) => format!("word: {}", link(of)),
        None => panic!("nobody knows what `{of}` is"),
    }
}

const fn left_out(field: &Field) -> &'static str {
    match field.left_out {
        LeftOut::Never => "never",
        LeftOut::IfNone => "if there is none",
        LeftOut::IfEmpty => "if it is empty",
        LeftOut::IfFalse => "if `false`",
        LeftOut::IfZero => "if 0",
        LeftOut::IfAllZero => "if all in it is 0",
        LeftOut::IfOne => "if 1",
        LeftOut::NotToday => "not today",
        LeftOut::Today => "today",
    }
}

fn field_table(code: &Code, fields: &[Field]) -> String {
    let row = |field: &Field| {
        let of = shown(code, &field.of, &mut Vec::new());
        vec![format!("`{}`", field.name), of, left_out(field).to_owned(), cell(&field.meaning)]
    };
    table(&["Field", "Type", "Left out", "Meaning"], fields.iter().map(row))
}

/// The structs and enumerations that stand directly in this one.
fn types_in(code: &Code, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(Made::Of(fields)) = code.made(name) {
        for field in &fields {
            shown(code, &field.of, &mut found);
        }
    }
    found
}

/// All of them, at any depth, in the order in which they are met.
fn all_types(code: &Code) -> Vec<String> {
    let payloads = code.payloads();
    let mut waiting: VecDeque<String> =
        Kind::ALL.iter().flat_map(|kind| types_in(code, &payloads[kind.label()])).collect();
    let mut all = Vec::new();
    while let Some(name) = waiting.pop_front() {
        if !all.contains(&name) {
            waiting.extend(types_in(code, &name));
            all.push(name);
        }
    }
    all
}

#[test]
fn the_fields_are_those_of_the_code() {
    let code = Code::read();
    let (payloads, types) = (code.payloads(), all_types(&code));
    assert_eq!(payloads.len(), Kind::ALL.len());
    let mut text = String::new();
    let own_name = |kind: &Kind, of: &str| of.eq_ignore_ascii_case(&kind.label().replace('_', ""));
    for kind in Kind::ALL {
        let of = &payloads[kind.label()];
        text.push_str(&format!("\n#### `{}`\n\n", kind.label()));
        let of_another = Kind::ALL.iter().find(|other| *other != kind && payloads[other.label()] == *of);
        if types.contains(of) {
            text.push_str(&format!("The fields are those of {}.\n", link(of)));
        } else if let Some(other) = of_another.filter(|other| own_name(other, of)) {
            text.push_str(&format!("The fields are those of [`{0}`](#{0}).\n", other.label()));
        } else if let Some(Made::Of(fields)) = code.made(of) {
            text.push_str(&field_table(&code, &fields));
        }
    }
    for name in &types {
        if let Some(Made::Of(fields)) = code.made(name) {
            text.push_str(&format!("\n#### {name}\n\n{}\n\n", cell(&code.comment(name))));
            text.push_str(&field_table(&code, &fields));
        }
    }
    hold_section("fields", &text[1..]);
}

#[test]
fn the_words_are_those_of_the_code() {
    let code = Code::read();
    let mut text = String::new();
    let mut names = all_types(&code);
    names.sort();
    for name in names {
        if let Some(Made::Word(words)) = code.made(&name) {
            let rows = words.iter().map(|(word, meaning)| vec![self::code(word), cell(meaning)]);
            text.push_str(&format!("\n#### {name}\n\n{}", table(&["Word", "Meaning"], rows)));
        }
    }
    hold_section("words", &text[1..]);
}

#[test]
fn the_changes_are_those_of_the_code() {
    let rows = Effect::ALL.iter().map(|effect| {
        let of = Procedure::ALL.iter().filter(|procedure| procedure.sends(*effect));
        let of = of.map(|procedure| code(procedure.as_str())).collect::<Vec<_>>().join(", ");
        vec![code(effect.as_str()), of, if effect.is_last() { "yes" } else { "no" }.to_owned()]
    });
    hold_section("changes", &table(&["Purpose", "Procedure", "The last one"], rows));
}

/// The second layout is the third without the column `act_by`.
fn make_second_layout(third: &Path, second: &Path) {
    let (from, to) = (Connection::open(third).unwrap(), Connection::open(second).unwrap());
    let mut definitions =
        from.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name").unwrap();
    for definition in definitions.query_map([], |row| row.get::<_, String>(0)).unwrap() {
        let act_by = "    json_extract(settled.json, '$.act_by') AS act_by,\n";
        to.execute_batch(&definition.unwrap().replace(act_by, "")).unwrap();
    }
    to.pragma_update(None, "user_version", 2).unwrap();
}

#[test]
fn the_layouts_are_those_of_the_code() {
    let first = of_the_first_edition("demo");
    let new = tempfile::tempdir().unwrap();
    let path = new.path().join("audit.db");
    drop(Store::open(&path, Time::from_millis(0), &[3; 16], &key()).unwrap());
    let second = new.path().join("second.db");
    make_second_layout(&path, &second);
    let layouts = [layout(&first.path("audit.db")), layout(&second), layout(&path)];
    let code = text("src/audit/format.rs");
    let recorded = code.split("recorded: \"").skip(1).map(|rest| rest.split('"').next().unwrap());
    assert_eq!(recorded.collect::<Vec<_>>(), layouts.each_ref().map(|[recorded, _]| recorded.as_str()));
    let numbered = || (1..).zip(&layouts);
    let rows = numbered().map(|(n, digests)| {
        [vec![n.to_string()], digests.iter().map(|text| self::code(text)).collect()].concat()
    });
    hold_section("layouts", &table(&["Format", "As the first record has it", "Of all definitions"], rows));
    let lines =
        numbered().map(|(n, [recorded, all])| format!("    {n}: (\"{recorded}\",\n        \"{all}\"),\n"));
    hold(SCRIPT, ["LAYOUTS = {\n", "}\n"], &lines.collect::<String>());
}

/// The worked example: a tree over three short records.
#[test]
fn the_example_of_a_tree_is_right() {
    let bodies = [r#"{"n":0}"#, r#"{"n":1}"#, r#"{"n":2}"#];
    let leaves = bodies.map(|body| Sha256::of(&[b"\0", body.as_bytes()]));
    let node = Sha256::of(&[b"\x01", leaves[0].as_bytes(), leaves[1].as_bytes()]);
    let root = Sha256::of(&[b"\x01", node.as_bytes(), leaves[2].as_bytes()]);
    let mut text = "```text\n".to_owned();
    for (n, (body, leaf)) in bodies.iter().zip(&leaves).enumerate() {
        text.push_str(&format!("leaf {n}   SHA-256(00 {body})       = {leaf}\n"));
    }
    text.push_str(&format!("node     SHA-256(01 leaf 0 leaf 1) = {node}\n"));
    text.push_str(&format!("root     SHA-256(01 node leaf 2)   = {root}\n"));
    text.push_str(&format!("base64   {}\n```\n", STANDARD.encode(root.as_bytes())));
    hold_section("tree", &text);
}

/// The head in the document is one that the first edition of the program made, with its key.
#[test]
fn the_example_of_a_head_is_right() {
    let folder = of_the_first_edition("demo");
    let head = fs::read_to_string(folder.path("checkpoint.txt")).unwrap();
    let log = look(&folder.path("audit.db")).unwrap();
    let key = "SELECT json_extract(CAST(body AS TEXT), '$.vkey') FROM record WHERE seq = 1";
    let key: String = log.query_row(key, [], |row| row.get(0)).unwrap();
    hold_section("head", &format!("```text\n{head}```\n\n```text\n{key}\n```\n"));
}

/// What the script knows of records, as Python has it.
#[test]
fn the_script_knows_the_kinds_and_their_fields() {
    let code = Code::read();
    let payloads = code.payloads();
    let mut text = "FIELDS = {\n".to_owned();
    for kind in Kind::ALL {
        let Some(Made::Of(fields)) = code.made(&payloads[kind.label()]) else { panic!("{kind:?}") };
        let name = |field: &Field| {
            let mark = if field.left_out == LeftOut::Never { "" } else { "?" };
            format!("{}{mark}", field.name)
        };
        let names: Vec<String> = fields.iter().map(name).collect();
        let mut line = format!("    \"{}\": \"", kind.label());
        for (n, name) in names.iter().enumerate() {
            if line.len() + name.len() > 106 {
                text.push_str(&format!("{line}\"\n"));
                "    \"".clone_into(&mut line);
            }
            line.push_str(name);
            line.push_str(if n + 1 < names.len() { " " } else { "\",\n" });
        }
        text.push_str(&line);
    }
    text.push_str("}\n");
    hold(SCRIPT, ["# fields: begin\n", "# fields: end\n"], &text);
    let after: Vec<String> = Kind::ALL
        .iter()
        .filter(|kind| kind.may_follow_the_seal())
        .map(|kind| format!("\"{}\"", kind.label()))
        .collect();
    hold(SCRIPT, ["AFTER_THE_SEAL = (", ")\n"], &after.join(", "));
    let latest = serde_json::to_value(offboard::record::Rules::LATEST).unwrap();
    hold(SCRIPT, ["LATEST_RULES = ", "\n"], &latest.to_string());
}

/// An auditor has the Python that the system came with.
#[test]
fn the_script_needs_no_newer_python_than_3_8() {
    let vermin = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/readers/bin/vermin");
    if !is_available("vermin", &vermin, "--version", "`.ci/run` installs it in target/readers") {
        return;
    }
    let found = Command::new(vermin).args(["--no-tips", "--violations", "-t=3.8-", SCRIPT]).output().unwrap();
    assert!(found.status.success(), "{}", String::from_utf8_lossy(&found.stdout));
}

/// Whoever is to trust the script reads it beside the document, on a screen.
#[test]
fn the_script_is_for_readers() {
    const LIBRARY: [&str; 12] = [
        "base64",
        "functools",
        "hashlib",
        "json",
        "os",
        "pathlib",
        "re",
        "shutil",
        "sqlite3",
        "subprocess",
        "sys",
        "tempfile",
    ];
    let script = text(SCRIPT);
    let lines: Vec<&str> = script.lines().collect();
    for line in &lines {
        assert!(line.chars().count() <= 110, "too long: {line}");
        let imports = line.trim_start().strip_prefix("import ").or(line.trim_start().strip_prefix("from "));
        assert!(imports.is_none_or(|name| LIBRARY.contains(&name)), "{line}");
    }
    // A function ends where something else begins at the margin.
    let is_inside = |line: &&&str| line.is_empty() || line.starts_with(' ') || line.starts_with(')');
    for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.starts_with("def ")) {
        let length = 1 + lines[at + 1..].iter().take_while(is_inside).count();
        assert!(length <= 60, "{length} lines: {line}");
    }
    let document = text(DOCUMENT);
    let steps: Vec<&str> =
        document.lines().filter_map(|line| line.strip_prefix("### 11.")?.split(' ').next()).collect();
    assert!(steps.len() >= 10, "{steps:?}");
    for step in steps {
        assert!(script.contains(&format!("\n# Section 11.{step}: ")), "no step of the script is 11.{step}");
    }
}

/// Each section that either of them names is there.
#[test]
fn each_section_that_is_named_is_there() {
    let (document, script) = (text(DOCUMENT), text(SCRIPT));
    let headings: BTreeSet<&str> = document
        .lines()
        .filter(|line| line.starts_with("## ") || line.starts_with("### "))
        .filter_map(|line| line.split(' ').nth(1).map(|number| number.trim_end_matches('.')))
        .collect();
    assert!(headings.len() > 40, "{headings:?}");
    let rules: BTreeSet<&str> =
        document.lines().filter_map(|line| line.strip_prefix("* **")?.split("**").next()).collect();
    for (whose, text) in [("document", &document), ("script", &script)] {
        for (at, _) in text.match_indices("ection ") {
            let number: String =
                text[at + 7..].chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            let number = number.trim_end_matches('.');
            // RFCs have sections too.
            let is_ours = !number.is_empty() && !text[..at].ends_with(", s");
            assert!(!is_ours || headings.contains(number), "the {whose} names section {number}");
        }
        for (at, _) in text.match_indices("ule ") {
            let number: String =
                text[at + 4..].chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
            let number = number.trim_end_matches('.');
            assert!(number.is_empty() || rules.contains(number), "the {whose} names rule {number}");
        }
    }
    for kind in Kind::ALL {
        assert!(document.contains(&format!("`{}`", kind.label())), "{kind:?}");
    }
}
