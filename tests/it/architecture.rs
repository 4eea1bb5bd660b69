//! The rooms and floors of `src/lib.rs`, held against the code's own imports.

use offboard::{
    domain::{Effect, Procedure},
    record::Kind,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// A room, the rooms that it may import, and the words that it never mentions.
const ROOMS: [(&str, &[&str], &[&str]); 15] = [
    ("domain", &[], &["tokio", "reqwest", "rusqlite", "SystemTime", "Timestamp::now"]),
    ("platform", &[], &["reqwest", "rusqlite"]),
    ("input", &["domain"], &["tokio", "reqwest", "rusqlite"]),
    ("partner_center", &["domain"], &["rusqlite"]),
    ("record", &["domain"], &["tokio", "reqwest", "rusqlite", "SystemTime", "Timestamp::now"]),
    ("simulator", &["domain"], &["crate::audit", "crate::engine"]),
    ("preconditions", &["domain", "partner_center"], &["tokio", "reqwest", "rusqlite"]),
    ("audit", &["domain", "platform", "record"], &["reqwest"]),
    (
        "procedure",
        &["domain", "partner_center", "record", "preconditions"],
        &["tokio", "reqwest", "rusqlite", "SystemTime", "Timestamp::now"],
    ),
    (
        "engine",
        &["domain", "platform", "input", "partner_center", "record", "preconditions", "audit", "procedure"],
        &["rusqlite", "clap", "println!", "eprintln!"],
    ),
    ("report", &["domain", "platform", "record", "audit"], &["tokio", "reqwest"]),
    (
        "export",
        &["domain", "platform", "record", "audit", "report"],
        &["tokio", "reqwest", "rusqlite", "clap", "println!", "eprintln!", "SystemTime", "Timestamp::now"],
    ),
    ("review", &["domain", "record", "audit", "report"], &["reqwest", "crate::engine"]),
    (
        "conduct",
        &["domain", "input", "partner_center", "record", "audit", "engine", "report"],
        &["rusqlite", "clap", "println!", "eprintln!", "stdin", "stderr"],
    ),
    (
        "cli",
        &[
            "domain",
            "platform",
            "input",
            "partner_center",
            "record",
            "simulator",
            "preconditions",
            "audit",
            "engine",
            "report",
            "review",
            "export",
            "conduct",
        ],
        &[],
    ),
];

pub(crate) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The code without its comments: a room may speak of what it does not use.
pub(crate) fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The rooms that this code names behind `crate::`, braces included.
fn imported(code: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for (at, found) in code.match_indices("crate::") {
        let rest = &code[at + found.len()..];
        if let Some(inside) = rest.strip_prefix('{') {
            let mut depth = 1;
            let mut name = String::new();
            for c in inside.chars() {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    ',' if depth == 1 => rooms.push(std::mem::take(&mut name)),
                    c if depth == 1 => name.push(c),
                    _ => {}
                }
                if depth == 0 {
                    break;
                }
            }
            rooms.push(name);
        } else {
            rooms.push(rest.to_owned());
        }
    }
    let first_word = |text: String| -> String {
        text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    rooms.into_iter().map(first_word).filter(|name| !name.is_empty()).collect()
}

#[test]
fn every_room_imports_only_from_floors_below() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let known: BTreeMap<_, _> = ROOMS.iter().map(|(room, may, never)| (*room, (*may, *never))).collect();
    let mut seen = 0;
    for entry in fs::read_dir(&source).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            continue;
        }
        let room = path.file_name().unwrap().to_str().unwrap().to_owned();
        let (may, never) =
            known.get(&*room).unwrap_or_else(|| panic!("the room `{room}` is not in the table"));
        for file in sources(&path) {
            let code = code(&file);
            for import in imported(&code) {
                let fine = import == room || may.contains(&&*import);
                assert!(fine, "{}: `{room}` may not import `{import}`", file.display());
                seen += 1;
            }
            for word in *never {
                assert!(!code.contains(word), "{}: `{room}` never mentions `{word}`", file.display());
            }
        }
    }
    assert!(seen > 100, "the imports were not found");
}

#[test]
fn only_the_transport_has_a_client_socket() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for file in sources(&source) {
        if !file.ends_with("partner_center/transport.rs") {
            assert!(!code(&file).contains("reqwest::"), "{}", file.display());
        }
        // A sample log for tests is also tampered with.
        if !file.starts_with(source.join("audit")) && !file.ends_with("report/sample/mod.rs") {
            assert!(!code(&file).contains("rusqlite::"), "{}", file.display());
        }
    }
}

/// A test of one system alone says so itself.
#[test]
fn what_systems_do_differently_stands_in_one_room() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let words = [
        "std::os::",
        "os::unix",
        "os::windows",
        "rustix",
        "signal::unix",
        "signal::windows",
        "winapi_util",
        "whoami",
    ];
    let differs = |code: &str| -> Option<String> {
        let asks = |line: &&str| {
            line.contains("cfg") && ["unix", "windows", "target_"].iter().any(|word| line.contains(word))
        };
        let line = code.lines().find(|line| asks(line) || words.iter().any(|word| line.contains(word)));
        line.map(str::to_owned)
    };
    let (room, others): (Vec<_>, Vec<_>) =
        sources(&source).into_iter().partition(|file| file.starts_with(source.join("platform")));
    assert!(room.iter().any(|file| differs(&code(file)).is_some()), "the words are not found");
    for file in others {
        let found = differs(&without_tests(&file));
        assert_eq!(found, None, "{}: this belongs into `platform`", file.display());
    }
    let is_one_set = |file: &str| -> BTreeSet<String> {
        let text = without_tests(&source.join("platform").join(file));
        let functions = text
            .lines()
            .filter_map(|line| line.strip_prefix("pub(crate) fn ").or(line.strip_prefix("pub(super) fn ")));
        functions.map(|line| line.split('(').next().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(is_one_set("unix.rs"), is_one_set("windows.rs"));
}

#[test]
fn imports_are_found_however_they_are_written() {
    let code = "use crate::{a::{b, c}, d};\nuse crate::e::f;\nfn x() { crate::g::h() }";
    assert_eq!(imported(code), ["a", "d", "e", "g"]);
}

/// The code of a file before its tests, which spell what a log must hold.
fn without_tests(path: &Path) -> String {
    if ["tests.rs", "samples.rs", "snapshots.rs"].iter().any(|name| path.ends_with(name))
        || path.components().any(|part| ["sample", "tests"].iter().any(|name| part.as_os_str() == *name))
    {
        return String::new();
    }
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    // Tests in a file of their own are named at the beginning; those in the file itself are its end.
    let begin = |two: &[&str]| two[0] == "#[cfg(test)]" && two[1].contains("mod ") && two[1].ends_with('{');
    let end = lines.windows(2).position(begin).unwrap_or(lines.len());
    lines[..end].join("\n")
}

/// A kind of record has its name from one table; whoever needs it as text takes it from there.
#[test]
fn nobody_spells_a_kind_of_record() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let schema = source.join("audit/schema.sql");
    for file in sources(&source).into_iter().chain([schema]) {
        if file.ends_with("record/kinds.rs") {
            continue;
        }
        let text = without_tests(&file);
        for (line, quote) in text.lines().flat_map(|line| ['"', '\''].map(|quote| (line, quote))) {
            for kind in Kind::ALL {
                let spelled = line.contains(&format!("{quote}{}{quote}", kind.label()));
                // Some are words of every day, and names of other things too.
                let is_word = !kind.label().contains('_') && !line.contains("kind");
                assert!(!spelled || is_word, "{}: {line}", file.display());
            }
        }
    }
}

/// Whether this code calls the function of this name, and no method or longer name that ends alike.
fn calls(code: &str, name: &str) -> bool {
    code.match_indices(&format!("{name}(")).any(|(at, _)| {
        let before = &code[..at];
        let is_part = before.ends_with(|c: char| c.is_alphanumeric() || "_.:".contains(c));
        !is_part && !before.ends_with("fn ")
    })
}

/// The name of the function in this code, which has one.
fn function_in(code: &str) -> Option<&str> {
    let mut lines = code.lines().map(|line| line.strip_prefix("pub(crate) ").unwrap_or(line));
    lines.find_map(|line| line.strip_prefix("fn "))?.split(['(', '<']).next()
}

/// There is no terminal to sit at in a test on Windows. One that does not say so fails there alone, and all tests are tried
/// there less often than here.
#[test]
fn a_test_at_a_terminal_is_left_out_on_windows() {
    // What is called, those that no other system than Unix has, and this file.
    const OTHERS: [&str; 4] = ["terminal.rs", "no_terminal.rs", "screens.rs", "architecture.rs"];
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let mut found = 0;
    for file in sources(&tests).iter().filter(|file| !OTHERS.iter().any(|name| file.ends_with(name))) {
        let text = fs::read_to_string(file).unwrap();
        let functions = text.split_inclusive("\n}\n");
        let (of_tests, helpers): (Vec<&str>, Vec<&str>) =
            functions.partition(|code| code.contains("#[test]"));
        // A helper that calls one of these is one of them.
        let mut sitting = vec!["typed", "sat_at"];
        let sits = |code: &str, sitting: &[&str]| sitting.iter().any(|name| calls(code, name));
        while let Some(name) = helpers
            .iter()
            .filter(|code| sits(code, &sitting))
            .filter_map(|code| function_in(code))
            .find(|name| !sitting.contains(name))
        {
            sitting.push(name);
        }
        for test in of_tests.iter().filter(|code| sits(code, &sitting)) {
            found += 1;
            let is_left_out = test.contains("#[cfg_attr(windows, ignore = \"");
            assert!(is_left_out, "{}: `{}`", file.display(), function_in(test).unwrap());
        }
    }
    assert!(found > 12, "{found} tests were found");
}

/// Names that more than one type has, and why they may.
const NAMED_ALIKE: [(&str, &[&str]); 4] = [
    ("the same thing, once for each system", &["Stops"]),
    ("the same small thing, in two rooms that share nothing", &["Doorkeeper", "Tell"]),
    (
        "a word of the trade, once as the program knows the service and once as the simulator plays it",
        &[
            "Activity",
            "Body",
            "Customer",
            "Entitlement",
            "Order",
            "Partner",
            "Request",
            "Subscription",
            "Transfer",
            "TransferLine",
        ],
    ),
    (
        "the unit of a procedure and that of what it does, each called as what it is the unit of",
        &["EndDelegatedAdmin", "RemoveRelationship"],
    ),
];

/// The type that this line defines. Those of a trait and of its implementations are indented, and are no names.
fn defined(line: &str) -> Option<&str> {
    let bare = line.trim_start();
    let bare = match bare.strip_prefix("pub(") {
        Some(rest) => rest.split_once(')')?.1.trim_start(),
        None => bare.strip_prefix("pub ").unwrap_or(bare),
    };
    let (kind, rest) = bare.split_once(' ')?;
    let is_type = matches!(kind, "struct" | "enum" | "trait") || (kind == "type" && !line.starts_with(' '));
    let name = rest.split(|c: char| !c.is_alphanumeric()).next()?;
    (is_type && name.starts_with(char::is_uppercase)).then_some(name)
}

/// Whoever reads the name of a type need not ask which of them it is here.
#[test]
fn each_name_of_a_type_stands_for_one_thing() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for file in sources(&source) {
        for name in without_tests(&file).lines().filter_map(defined) {
            files.entry(name.to_owned()).or_default().push(file.strip_prefix(&source).unwrap().to_owned());
        }
    }
    assert!(files.len() > 500, "the types were not found");
    files.retain(|_, files| files.len() > 1);
    for name in NAMED_ALIKE.iter().flat_map(|(_, names)| *names) {
        assert!(files.remove(*name).is_some(), "`{name}` stands for one thing now: take it off the list");
    }
    assert!(files.is_empty(), "name these for what they are: {files:#?}");
}

#[test]
fn types_are_found_however_they_are_written() {
    assert_eq!(defined("pub(in crate::review) struct Form<'a> {"), Some("Form"));
    assert_eq!(defined("        pub enum Event {"), Some("Event"));
    assert_eq!(defined("type Tell = Box<dyn Fn(&str)>;"), Some("Tell"));
    assert_eq!(defined("pub(crate) trait Rows {"), Some("Rows"));
    assert_eq!(defined("    type Item = Row;"), None);
    assert_eq!(defined("/// struct Comment"), None);
    assert_eq!(defined("struct $name;"), None);
}

/// What tells one procedure or one effect from another stands in its unit and in the tables of its words, and nowhere else.
#[test]
fn nobody_else_names_a_procedure_or_an_effect() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let procedures = Procedure::ALL.iter().flat_map(|one| [format!("{one:?}"), one.to_string()]);
    let effects = Effect::ALL.iter().flat_map(|one| [format!("{one:?}"), one.to_string()]);
    let names: Vec<String> = procedures.chain(effects).collect();
    let is_theirs = |file: &Path| {
        ["domain", "procedure", "simulator"].iter().any(|room| file.starts_with(source.join(room)))
    };
    let page = source.join("report/page/report.html");
    let (theirs, others): (Vec<PathBuf>, Vec<PathBuf>) =
        sources(&source).into_iter().chain([page]).partition(|file| is_theirs(file));
    let lines_of = |file: &PathBuf| {
        let text = without_tests(file);
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let found = code.filter(|line| names.iter().any(|name| line.contains(name.as_str())));
        found.map(|line| format!("{}: {line}", file.display())).collect::<Vec<_>>()
    };
    assert!(
        theirs.iter().map(lines_of).filter(|lines| !lines.is_empty()).count() > 8,
        "the names were not found"
    );
    let found: Vec<String> = others.iter().flat_map(lines_of).collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// A module by its path: `["record", "story", "run"]`.
type Module = Vec<String>;

/// Each path that this code uses, braces taken apart, and whether it is handed on to others.
fn used(code: &str) -> Vec<(Vec<String>, bool)> {
    fn expand(before: &[String], tree: &str, paths: &mut Vec<Vec<String>>) {
        let (mut depth, mut from) = (0, 0);
        for (at, c) in tree.char_indices().chain([(tree.len(), ',')]) {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    let part = tree[from..at].trim();
                    from = at + 1;
                    let (path, inner) = part.split_once('{').map_or((part, None), |(path, inner)| {
                        (path, Some(inner.trim_end().trim_end_matches('}')))
                    });
                    let names =
                        path.split("::").map(|name| name.split(" as ").next().unwrap().trim().to_owned());
                    let whole: Vec<String> =
                        before.iter().cloned().chain(names.filter(|name| !name.is_empty())).collect();
                    match inner {
                        Some(inner) => expand(&whole, inner, paths),
                        None if !part.is_empty() => paths.push(whole),
                        None => {}
                    }
                }
                _ => {}
            }
        }
    }
    let mut all = Vec::new();
    for statement in code.split(';') {
        let Some((before, tree)) = statement.rsplit_once("use ") else { continue };
        let last = before.rsplit('\n').next().unwrap_or_default().trim();
        if last.is_empty() || last.starts_with("pub") {
            let mut paths = Vec::new();
            expand(&[], tree, &mut paths);
            all.extend(paths.into_iter().map(|path| (path, last.starts_with("pub"))));
        }
    }
    all
}

/// Where a path leads that is used in this module, if that is in the program: the module, and the name in it.
fn resolved(
    module: &Module,
    path: &[String],
    known: &BTreeMap<Module, String>,
) -> Option<(Module, Option<String>)> {
    let ups = path.iter().take_while(|name| *name == "super").count();
    let whole: Vec<String> = match path.first()?.as_str() {
        "crate" => path[1..].to_vec(),
        "super" => [&module[..module.len().checked_sub(ups)?], &path[ups..]].concat(),
        "self" => [&module[..], &path[1..]].concat(),
        _ => [&module[..], path].concat(),
    };
    let length = (1..=whole.len()).rev().find(|length| known.contains_key(&whole[..*length]))?;
    (length > module.len() || path[0] != whole[0] || path[0] == "crate")
        .then(|| (whole[..length].to_vec(), whole.get(length).cloned()))
}

/// Inside of it everything hangs together: an endpoint is a part of the service, which sends requests to its endpoints.
const WITH_CIRCLES: &str = "simulator";

#[test]
fn no_circle_runs_inside_a_room() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let module = |path: &Path| -> Module {
        let path = path.strip_prefix(&source).unwrap().with_extension("");
        let names = path.iter().map(|name| name.to_str().unwrap().to_owned());
        names.filter(|name| name != "mod").collect()
    };
    let known: BTreeMap<Module, String> =
        sources(&source).iter().map(|path| (module(path), without_tests(path))).collect();
    // What a module hands on stands elsewhere.
    let mut elsewhere: BTreeMap<(Module, String), Module> = BTreeMap::new();
    for (module, code) in &known {
        for (path, is_handed_on) in used(code) {
            if let (true, Some((home, Some(name)))) = (is_handed_on, resolved(module, &path, &known)) {
                elsewhere.insert((module.clone(), name), home);
            }
        }
    }
    let needs = |module: &Module| -> Vec<Module> {
        let found = used(&known[module]).into_iter().filter_map(|(path, _)| resolved(module, &path, &known));
        let homes = found.map(|(mut home, name)| {
            let mut met = vec![home.clone()];
            while let Some(further) =
                name.as_ref().and_then(|name| elsewhere.get(&(home.clone(), name.clone())))
                && !met.contains(further)
            {
                met.push(further.clone());
                home.clone_from(further);
            }
            home
        });
        // A module names those inside of it to hand them on.
        homes.filter(|home| !home.starts_with(module)).collect()
    };
    let mut files: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    let mut folders: BTreeMap<Module, BTreeSet<Module>> = BTreeMap::new();
    for module in known.keys().filter(|module| module[0] != WITH_CIRCLES) {
        for needed in needs(module).into_iter().filter(|needed| needed[0] == module[0]) {
            let (from, to) = (&module[..module.len().min(2)], &needed[..needed.len().min(2)]);
            if from != to {
                folders.entry(from.to_vec()).or_default().insert(to.to_vec());
            }
            files.entry(module.clone()).or_default().insert(needed);
        }
    }
    assert!(files.len() > 200, "the imports were not found");
    for graph in [files, folders] {
        let needs = |module: &Module| graph.get(module).into_iter().flatten();
        for start in graph.keys() {
            let mut reached: Vec<&Module> = needs(start).collect();
            let mut at = 0;
            while let Some(here) = reached.get(at).copied() {
                assert!(here != start, "a circle runs through {}", start.join("/"));
                let further = needs(here).filter(|module| !reached.contains(module));
                reached.extend(further.collect::<Vec<_>>());
                at += 1;
            }
        }
    }
}

#[test]
fn what_is_used_is_found_however_it_is_written() {
    let code = "use super::{a::{self, B}, c};\npub use crate::d::E;\nfn x() { let y = 1; }\nuse f::G as H;";
    let found: Vec<String> = used(code).iter().map(|(path, _)| path.join("::")).collect();
    assert_eq!(found, ["super::a::self", "super::a::B", "super::c", "crate::d::E", "f::G"]);
}

/// Whoever carries on finds each file that a document names.
#[test]
fn documents_name_files_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let decisions = fs::read_dir(root.join("docs/decisions")).unwrap().map(|entry| entry.unwrap().path());
    let mut named = 0;
    for document in
        ["docs/architecture.md", "CONTRIBUTING.md"].map(|name| root.join(name)).into_iter().chain(decisions)
    {
        let text = fs::read_to_string(&document).unwrap();
        for name in text.split('`').skip(1).step_by(2) {
            let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
            let is_file = matches!(extension, Some("rs" | "sql" | "html"));
            if is_file && name.contains('/') && !name.contains(['*', '<', ' ', '…']) {
                let is_there =
                    [root.to_owned(), root.join("src")].iter().any(|from| from.join(name).exists());
                assert!(is_there, "{}: `{name}`", document.display());
                named += 1;
            }
        }
    }
    assert!(named > 50, "the files were not found");
}
