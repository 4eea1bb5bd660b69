//! A log to which a newer program has added what this one does not know: it is kept, counted, proved and shown, and never
//! called altered; and it is found like any other when somebody alters it.

use crate::{
    review::pages,
    support::{
        Done, Folder, Reviewing, World,
        evidence::{LOG_ID, Question, Sealed, ask_python, beside, entries, layout, look, tamper},
        id, key, list_of,
    },
};
use offboard::{
    audit::{Entry, Store},
    domain::{Sha256, Time},
    record::{Event, Kind, Record, ReportWritten, canonical},
};
use serde_json::{Value, json};
use std::{fs, path::Path};

const PROVED: i32 = 0;
const ALTERED: i32 = 7;
const NOT_PROVED: i32 = 8;

fn open(path: &Path) -> Store {
    Store::open(path, Time::from_millis(0), &LOG_ID, &key()).unwrap()
}

/// Writes each record of a log anew that is another once it was changed, and does this as well.
fn rewrite(path: &Path, change: impl Fn(&mut Value), and: &str) {
    let log = look(path).unwrap();
    let mut query = log.prepare("SELECT seq, body FROM record ORDER BY seq").unwrap();
    let mut rows = query.query([]).unwrap();
    let mut sql = String::new();
    while let Some(row) = rows.next().unwrap() {
        let record: Value = serde_json::from_slice(row.get_ref(1).unwrap().as_bytes().unwrap()).unwrap();
        let mut changed = record.clone();
        change(&mut changed);
        if changed != record {
            let seq: i64 = row.get(0).unwrap();
            let body = String::from_utf8(canonical::to_bytes(&changed).unwrap()).unwrap().replace('\'', "''");
            sql.push_str(&format!("UPDATE record SET body = CAST('{body}' AS BLOB) WHERE seq = {seq};"));
        }
    }
    assert!(!sql.is_empty(), "nothing was changed");
    tamper(path, &format!("{sql}{and}"));
}

/// A log with these records, and no head yet.
fn unsigned(entries: &[Entry]) -> Folder {
    let folder = Folder::new();
    let path = folder.path("audit.db");
    let mut store = open(&path);
    store.append(entries).unwrap();
    drop(store);
    assert_eq!(fs::read_to_string(beside(&path)).unwrap(), "");
    folder
}

/// Signs what there is, and keeps the heads elsewhere.
fn sign(folder: &Folder) {
    let path = folder.path("audit.db");
    open(&path).close().unwrap();
    fs::copy(beside(&path), folder.path("ticket.txt")).unwrap();
}

/// A log with these records, of which a newer program has written some otherwise before it signed them.
fn signed(entries: &[Entry], change: impl Fn(&mut Value)) -> Folder {
    let folder = unsigned(entries);
    rewrite(&folder.path("audit.db"), change, "");
    sign(&folder);
    folder
}

fn question(folder: &Folder) -> Question {
    Question::new(folder.path("audit.db")).with(folder.path("ticket.txt"))
}

/// Asserts what `offboard verify` says, and what `verify.py`, which does not look into fields.
#[track_caller]
fn answer(questions: &[(String, Question, [i32; 2])]) {
    for (what, question, [ours, _]) in questions {
        assert_eq!(question.answer(), *ours, "{what}");
    }
    let all: Vec<Question> = questions.iter().map(|(_, question, _)| question.clone()).collect();
    for ((what, _, [_, expected]), found) in questions.iter().zip(ask_python(&all).into_iter().flatten()) {
        assert_eq!(found, *expected, "verify.py: {what}");
    }
}

type Change = Box<dyn Fn(&mut Value)>;

/// Gives each record of this kind another value at this place.
fn with(kind: Kind, at: &'static str, value: Value) -> Change {
    Box::new(move |record| {
        if record["kind"] == kind.label() {
            let (parent, name) = at.rsplit_once('/').unwrap();
            record.pointer_mut(parent).unwrap()[name] = value.clone();
        }
    })
}

/// What a newer program may write, and what both verifiers say of it.
fn cases() -> Vec<(&'static str, Change, [i32; 2])> {
    let noticed = [NOT_PROVED, NOT_PROVED];
    let unseen = [NOT_PROVED, PROVED];
    vec![
        ("a kind in the middle of a run", with(Kind::Observed, "/kind", json!("zzz")), noticed),
        ("a kind with a body", with(Kind::ResponseReceived, "/kind", json!("zzz")), noticed),
        ("a field of an outcome", with(Kind::Settled, "/zzz", json!({ "north": 1 })), noticed),
        ("a field of a key", with(Kind::KeyIntroduced, "/zzz", json!(1)), noticed),
        ("a field of the first record", with(Kind::LogOpened, "/zzz", json!(1)), noticed),
        ("a field of the seal", with(Kind::RunSealed, "/zzz", json!(1)), noticed),
        ("a field inside of another", with(Kind::Settled, "/exchange/zzz", json!("fair")), unseen),
        ("a word", with(Kind::Settled, "/outcome", json!("zzz")), unseen),
        ("a word among others", with(Kind::Settled, "/reasons", json!(["zzz"])), unseen),
        ("other rules", with(Kind::RunOpened, "/rules", json!(99)), noticed),
    ]
}

#[test]
fn what_a_newer_program_wrote_is_proved_and_not_judged() {
    let entries = entries(&Sealed::new(1).log());
    let (mut folders, mut questions) = (Vec::new(), Vec::new());
    for (what, change, codes) in cases() {
        let folder = signed(&entries, change);
        questions.push((what.to_owned(), question(&folder), codes));
        // What is newer outside of the run does not concern it.
        let of_run = if ["a field of a key", "a field of the first record"].contains(&what) {
            [PROVED, PROVED]
        } else {
            codes
        };
        questions.push((format!("{what}, asked about the run"), question(&folder).of("latest"), of_run));
        let found = folder.offboard(&["verify", "--checkpoint", "ticket.txt", "--output", "json"]);
        let found = found.exits(NOT_PROVED).json();
        // It is all there, up to the seal.
        assert_eq!(found["missing"], json!([]), "{what}");
        assert!(found["newer"].as_u64().unwrap() > 0, "{what}");
        folders.push(folder);
    }
    answer(&questions);
}

/// It travels as all else does, and is not judged there either.
#[test]
fn what_a_newer_program_wrote_is_exported_and_not_judged() {
    let entries = entries(&Sealed::new(1).log());
    for (what, change, _) in cases() {
        let folder = signed(&entries, change);
        folder.offboard(&["log", "export", "--format", "parquet", "out"]).exits(0);
        let found = folder.offboard(&["verify", "--export", "out"]).exits(NOT_PROVED).out;
        assert!(found.contains("of a newer program"), "{what}: {found}");
    }
}

/// Each bit of such a record counts, as of any other, whether its run is judged or not.
#[test]
fn what_a_newer_program_wrote_is_found_when_it_was_altered() {
    let entries = entries(&Sealed::new(1).log());
    let (mut folders, mut questions) = (Vec::new(), Vec::new());
    for (what, change, _) in cases() {
        let folder = signed(&entries, change);
        let turn = |record: &mut Value| {
            if record.to_string().contains("zzz") || record["rules"] == 99 {
                let other = if record["at"] == "2020-01-01T00:00:00.000Z" { "2021" } else { "2020" };
                record["at"] = json!(format!("{other}-01-01T00:00:00.000Z"));
            }
        };
        rewrite(&folder.path("audit.db"), turn, "");
        questions.push((what.to_owned(), question(&folder), [ALTERED; 2]));
        folders.push(folder);
    }
    let answers = || signed(&entries, with(Kind::ResponseReceived, "/kind", json!("zzz")));
    for sql in ["UPDATE payload SET bytes = x'7b7d'", "DELETE FROM payload"] {
        let folder = answers();
        tamper(&folder.path("audit.db"), sql);
        questions.push((sql.to_owned(), question(&folder), [ALTERED; 2]));
        folders.push(folder);
    }
    answer(&questions);
}

/// The records of a run, with a report after its end.
fn with_a_report() -> Vec<Entry> {
    let mut entries = entries(&Sealed::new(1).log());
    let report = ReportWritten { file: "x".into(), sha256: Sha256::of(&[b"x"]) };
    let last = entries.last().unwrap().record.clone();
    entries.push(Record { event: Event::ReportWritten(report), ..last }.into());
    entries
}

#[test]
fn where_records_of_a_newer_program_stand() {
    let entries = with_a_report();
    let of_log: Change = Box::new(|record| {
        if record["kind"] == Kind::ReportWritten.label() {
            *record = json!({ "at": record["at"], "kind": "zzz", "row": 1 });
        }
    });
    let opened_again: Change = Box::new(|record| {
        if record["kind"] == Kind::ReportWritten.label() {
            *record = json!({ "at": record["at"], "kind": Kind::LogOpened.label(), "log_id": "", "version": "",
                "sqlite": "", "schema_sha256": "0".repeat(64), "zzz": 1 });
        }
    });
    let names_otherwise: Change = Box::new(|record| {
        let body = record.as_object_mut().unwrap().remove("body");
        record.as_object_mut().unwrap().extend(body.map(|body| ("bodies".to_owned(), json!([body]))));
    });
    let lacks: Change = Box::new(|record| {
        if record["kind"] == Kind::Observed.label() {
            let fields = record.as_object_mut().unwrap();
            fields.remove("seen");
            fields.insert("zzz".to_owned(), json!(1));
        }
    });
    let after_the_end = signed(&entries, with(Kind::ReportWritten, "/kind", json!("zzz")));
    let folders = [
        ("outside of runs", signed(&entries, of_log), NOT_PROVED),
        ("before a report", signed(&entries, with(Kind::Observed, "/kind", json!("zzz"))), NOT_PROVED),
        ("beside a body that it names otherwise", signed(&entries, names_otherwise), NOT_PROVED),
        ("in the place of a second first record", signed(&entries, opened_again), ALTERED),
        ("without what its kind always had", signed(&entries, lacks), ALTERED),
    ];
    let mut questions: Vec<_> = folders
        .iter()
        .map(|(what, folder, code)| ((*what).to_owned(), question(folder), [*code; 2]))
        .collect();
    questions.push(("after the end of a run".to_owned(), question(&after_the_end), [NOT_PROVED; 2]));
    // Nobody signs such a log; and without a head, nothing but its place speaks against it.
    let unopened = unsigned(&entries);
    rewrite(&unopened.path("audit.db"), with(Kind::LogOpened, "/kind", json!("zzz")), "");
    let alone = Question::new(unopened.path("audit.db"));
    questions.push(("in the place of the first record".to_owned(), alone, [ALTERED; 2]));
    answer(&questions);
    // Whatever follows the end of a run does not take it back.
    let found = after_the_end.offboard(&["verify", "--checkpoint", "ticket.txt"]).exits(NOT_PROVED);
    assert!(found.out.contains("runs: 1, sealed: 1"), "{}", found.out);
    assert!(found.out.contains("newer program") && !found.out.contains("not sealed"), "{}", found.out);
}

/// The run that carries a plan out is judged, though the one that made it is not.
#[test]
fn a_run_that_applies_the_plan_of_such_a_run() {
    let customers: Vec<Value> = (1..=2).map(|n| json!({ "id": id(n).to_string() })).collect();
    let (world, made) = (World::of(&json!({ "customers": customers })), Folder::new());
    made.write("list.csv", list_of((1..=2).map(id)));
    let run = |arguments: &[&str]| {
        Done::of(&made.against(&world, arguments).output().unwrap()).exits(0);
        made.latest().to_string()
    };
    let quickly = ["--rate", "600000", "--max-share", "100", "--settle", "1", "--no-identity-check"];
    let planned = run(&[&["plan", "list.csv"], &quickly[..]].concat());
    fs::copy(made.path(&format!("reports/{planned}/plan.json")), made.path("plan.json")).unwrap();
    let applied = run(&["apply", "plan.json", "--yes"]);
    let entries = entries(&made.path("audit.db"));
    let last = "SELECT max(seq) FROM record";
    let last: i64 = look(&made.path("audit.db")).unwrap().query_row(last, [], |row| row.get(0)).unwrap();
    assert_eq!(i64::try_from(entries.len()).unwrap() + 1, last, "each record keeps its place");

    let newer_plan = |record: &mut Value| {
        if record["run"] == *planned && record["kind"] == Kind::TokenNamed.label() {
            record["kind"] = json!("zzz");
        }
    };
    let good = signed(&entries, newer_plan);
    let illegal = signed(&entries, |record| {
        newer_plan(record);
        if record["run"] == *applied && record["kind"] == Kind::Settled.label() {
            record["outcome"] = json!("failed");
        }
    });
    answer(&[
        ("the run that made the plan".to_owned(), question(&good), [NOT_PROVED; 2]),
        ("asked about it alone".to_owned(), question(&good).of(&planned), [NOT_PROVED; 2]),
        ("the run that applies its plan".to_owned(), question(&good).of(&applied), [NOT_PROVED; 2]),
        ("and a lie of the one that applies it".to_owned(), question(&illegal), [ALTERED, NOT_PROVED]),
    ]);
}

/// The layout of a newer program is told from one that somebody altered by what the first record says.
#[test]
fn a_layout_of_a_newer_program() {
    let entries = entries(&Sealed::new(1).log());
    let made = |version: i64, more: &str| {
        let folder = unsigned(&entries);
        let path = folder.path("audit.db");
        tamper(&path, &format!("PRAGMA user_version = {version}; {more}"));
        let [recorded, _] = layout(&path);
        let change = move |record: &mut Value| {
            if record["kind"] == Kind::LogOpened.label() {
                record["schema_sha256"] = json!(recorded);
                record["format"] = json!(version);
            }
        };
        (folder, change)
    };
    let view = "CREATE VIEW zzz AS SELECT 1;";
    let (of_today, change) = made(2, view);
    rewrite(&of_today.path("audit.db"), change, "");
    sign(&of_today);
    let (of_later, change) = made(9, view);
    rewrite(&of_later.path("audit.db"), change, "");
    let (as_before, change) = made(9, "");
    rewrite(&as_before.path("audit.db"), change, "");
    let (renamed, change) = made(9, view);
    rewrite(&renamed.path("audit.db"), change, "PRAGMA user_version = 8");
    let (no_table, change) = made(9, "ALTER TABLE payload RENAME COLUMN salt TO pepper;");
    rewrite(&no_table.path("audit.db"), change, "");
    let alone = |folder: &Folder| Question::new(folder.path("audit.db"));
    answer(&[
        ("signed, with a view more".to_owned(), question(&of_today), [NOT_PROVED; 2]),
        ("asked about its run".to_owned(), question(&of_today).of("latest"), [NOT_PROVED; 2]),
        ("with another number".to_owned(), alone(&of_later), [NOT_PROVED; 2]),
        ("with another number alone".to_owned(), alone(&as_before), [ALTERED; 2]),
        ("with another number than it says".to_owned(), alone(&renamed), [ALTERED; 2]),
        ("without a column that is read".to_owned(), alone(&no_table), [ALTERED; 2]),
    ]);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verify.py");
    if ask_python(&[]).is_some() {
        let mut python = std::process::Command::new("python3");
        let done = Done::of(&python.args(["-B", script]).arg(of_later.path("audit.db")).output().unwrap());
        assert!(done.exits(NOT_PROVED).out.contains("a newer version of this script, for its format"));
    }
}

/// Whoever reads such a log is told what this program does not know.
#[test]
fn the_commands_that_read_such_a_log() {
    let entries = entries(&Sealed::new(2).log());
    let first = id(1).to_string();
    for (what, change, _) in cases() {
        let folder = signed(&entries, change);
        let newer = "SELECT count(*) FROM records WHERE instr(body, 'zzz') AND row = 2";
        let newer: i64 =
            look(&folder.path("audit.db")).unwrap().query_row(newer, [], |row| row.get(0)).unwrap();
        let newer = usize::try_from(newer).unwrap();
        folder.offboard(&["runs"]).exits(0);
        folder.offboard(&["log"]).exits(0);
        folder.offboard(&["log", "--customer", &first]).exits(0);
        let told = folder.offboard(&["log", "--timeline", "--customer", &first]).exits(0).out;
        let shown = "of a newer program; this one does not know the";
        assert_eq!(told.matches(shown).count(), newer, "{what}: {told}");
        let run = folder.latest().to_string();
        reported(&folder, what, newer > 0);
        // Nobody is given a certificate of what is not understood.
        let proved = folder.offboard(&["prove", "--customer", &first, "--out", "proof"]);
        assert!(proved.code == 8 && proved.err.contains("newer program"), "{what}: {}", proved.err);
        let review = Reviewing::start(&folder, &[]);
        for page in pages(&run).iter().filter(|page| !page.ends_with("/customer/8")) {
            review.page(page);
        }
        let page = review.page(&format!("/run/{run}/customer/2"));
        assert_eq!(page.matches("Of a newer program").count(), newer, "{what}: {page}");
        assert!(review.verdict().contains("newer program"), "{what}");
        review.end().exits(0);
    }
}

/// Reports say that there is more than they tell, and are not made where nothing can be told.
fn reported(folder: &Folder, what: &str, is_about_the_row: bool) {
    let done = folder.offboard(&["report", "latest"]);
    if done.code != 0 {
        assert!(done.code == 2 && done.err.contains("newer version of this program"), "{what}: {}", done.err);
        return;
    }
    let page = folder.report("report.html");
    let says = page.contains("records of a newer program are in it");
    assert!(says || !is_about_the_row, "{what}: {page}");
    let summary: Value = serde_json::from_str(&folder.report("summary.json")).unwrap();
    assert_eq!(summary["newer"].as_u64().unwrap_or_default() > 0, says, "{what}: {summary}");
    assert!(!is_about_the_row || !page.contains("Nothing was changed."), "{what}");
}

/// Nobody goes on with a run of which something is not known.
#[test]
fn a_run_of_which_something_is_not_known_is_not_resumed() {
    let mut entries = entries(&Sealed::new(2).log());
    let settled = entries.iter().position(|entry| matches!(entry.record.event, Event::Settled(_)));
    entries.truncate(settled.unwrap());
    let world = World::of(&json!({ "customers": [] }));
    for (what, change) in [
        ("a kind", with(Kind::Observed, "/kind", json!("zzz"))),
        ("a field", with(Kind::PlanSealed, "/zzz", json!(1))),
        ("a field inside of another", with(Kind::RunOpened, "/policy/zzz", json!(1))),
        ("a word", with(Kind::Judged, "/verdict", json!("zzz"))),
        ("other rules", with(Kind::RunOpened, "/rules", json!(99))),
    ] {
        let folder = unsigned(&entries);
        rewrite(&folder.path("audit.db"), &change, "");
        sign(&folder);
        let run = folder.latest().to_string();
        let before = fs::read(folder.path("audit.db")).unwrap();
        let refused = Done::of(&folder.against(&world, &["resume", &run, "--yes"]).output().unwrap());
        assert_eq!(refused.code, 6, "{what}: {}", refused.err);
        assert!(refused.err.contains("newer program"), "{what}: {}", refused.err);
        assert!(fs::read(folder.path("audit.db")).unwrap() == before, "{what}");
    }
    assert!(world.received().is_empty());
}
