//! The evidence pack: a log that can be carried away and checked there.

use crate::support::{
    Folder, World,
    evidence::{Question, both_answer},
    id, list_of, strace, system,
};
use offboard::domain::Sha256;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::{fs, path::Path};

fn with_a_run() -> Folder {
    let world =
        World::of(&json!({ "customers": [{ "id": id(1).to_string() }, { "id": id(2).to_string() }] }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1), id(2)]), &[]).exits(0);
    folder.write("ticket.txt", folder.report("checkpoint.txt"));
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_pack_is_whole_and_both_verifiers_say_so() {
    let folder = with_a_run();
    let run = folder.latest().to_string();
    let done = folder.offboard(&["log", "export", "--run", &run, "pack", "--output", "json"]).exits(0).json();
    let pack = folder.path("pack");
    assert_eq!(
        names(&pack),
        ["audit.db", "audit.db.checkpoints", "how-to-check.txt", "reports", "verify.py", "vkey"]
    );
    let ticket = folder.path("ticket.txt");
    let key: String = fs::read_to_string(pack.join("vkey")).unwrap();
    let mut trusting = Question::new(pack.join("audit.db")).with(&ticket);
    trusting.keys.push(key.trim().to_owned());
    both_answer(&[
        (
            "the copy, with a head from elsewhere".into(),
            Question::new(pack.join("audit.db")).with(&ticket),
            0,
        ),
        ("and with its key".into(), trusting, 0),
        ("the copy by itself".into(), Question::new(pack.join("audit.db")), 8),
        ("the log itself".into(), Question::new(folder.path("audit.db")).with(&ticket), 0),
    ]);
    assert_eq!(fs::read_to_string(pack.join("verify.py")).unwrap(), include_str!("../../docs/verify.py"));

    // It is one file at rest that nobody else can read, and it is the one that is on record.
    let copy = fs::read(pack.join("audit.db")).unwrap();
    assert_eq!((copy[18], copy[19]), (1, 1), "not in WAL mode");
    for name in ["audit.db", "audit.db.checkpoints"] {
        assert!(cfg!(windows) || system::mode(&pack.join(name)) == 0o600, "{name}");
    }
    assert_eq!(done["sha256"], Sha256::of(&[&copy]).to_string());
    let log = Connection::open(folder.path("audit.db")).unwrap();
    let last: String = log
        .query_row("SELECT CAST(body AS TEXT) FROM record ORDER BY seq DESC LIMIT 1", [], |row| row.get(0))
        .unwrap();
    let last: Value = serde_json::from_str(&last).unwrap();
    assert_eq!((&last["kind"], &last["of_run"]), (&json!("log_exported"), &json!(run)));
    assert_eq!((&last["sha256"], &last["records"]), (&done["sha256"], &done["records"]));
    assert!(last["by"].as_str().unwrap().starts_with("tester"));

    // Its reports are those of the run, and can be made again from the copy.
    let theirs = pack.join("reports").join(&run);
    for name in ["customers.csv", "summary.json", "report.html", "checkpoint.txt", "plan.json"] {
        assert_eq!(fs::read_to_string(theirs.join(name)).unwrap(), folder.report(name), "{name}");
    }
    let page = fs::read_to_string(pack.join("how-to-check.txt")).unwrap();
    assert!(page.contains(done["sha256"].as_str().unwrap()) && page.contains(&run) && !page.contains('{'));
    assert!(page.contains(&format!("--run {run} ticket.txt")), "{page}");
    assert!(page.contains(&format!("--run {run} --checkpoint ticket.txt")), "{page}");
}

#[test]
fn the_search_is_still_the_search() {
    let folder = with_a_run();
    let run = folder.latest().to_string();
    let lines = folder.offboard(&["log", "--run", &run, "--status", "200"]).exits(0).out;
    assert!(lines.contains("PATCH"), "{lines}");
    folder.offboard(&["log", "--status", "200", "export", "pack"]).exits(2);
}

#[test]
fn a_folder_with_anything_in_it_stays_as_it_is() {
    let folder = with_a_run();
    fs::create_dir(folder.path("mine")).unwrap();
    folder.write("mine/notes.txt", "mine");
    let before = fs::read(folder.path("audit.db")).unwrap();
    assert!(folder.offboard(&["log", "export", "mine"]).exits(2).err.contains("is not empty"));
    folder.offboard(&["log", "export", "mine/notes.txt"]).exits(2);
    folder.offboard(&["log", "export", "--run", "2020", "pack"]).exits(2);
    assert_eq!(names(&folder.path("mine")), ["notes.txt"]);
    assert!(!folder.path("pack").exists());
    assert_eq!(fs::read(folder.path("audit.db")).unwrap(), before, "nothing was recorded");
    fs::create_dir(folder.path("empty")).unwrap();
    folder.offboard(&["log", "export", "empty"]).exits(0);
    assert_eq!(names(&folder.path("empty")).len(), 6);
}

#[test]
fn a_reader_does_not_stand_in_the_way() {
    let folder = with_a_run();
    let colleague = Connection::open(folder.path("audit.db")).unwrap();
    let count = "SELECT count(*) FROM record";
    let before: i64 = colleague.query_row(count, [], |row| row.get(0)).unwrap();
    folder.offboard(&["log", "export", "pack"]).exits(0);
    let after: i64 = colleague.query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(after, before + 1);
    // While the log is in two files, what stands in the second one is in the copy too.
    let held = || colleague.execute_batch("BEGIN; SELECT count(*) FROM record").unwrap();
    colleague.pragma_update(None, "journal_mode", "WAL").unwrap();
    held();
    folder.offboard(&["log", "export", "again"]).exits(0);
    colleague.execute_batch("COMMIT").unwrap();
    let question = Question::new(folder.path("again").join("audit.db")).with(folder.path("ticket.txt"));
    assert_eq!(question.answer(), 0);
    // At rest, somebody who holds on to the log keeps it from being written; then there is no pack either.
    colleague.pragma_update(None, "journal_mode", "DELETE").unwrap();
    held();
    assert!(folder.offboard(&["log", "export", "never"]).exits(6).err.contains("open in another program"));
    assert!(!folder.path("never").exists());
}

/// Whatever kills it, the folder is whole or not there; and a whole one is on record.
#[test]
fn a_pack_that_was_not_finished_is_none() {
    let folder = with_a_run();
    if !strace::is_available() {
        return;
    }
    let command = folder.command(&["log", "export", "pack"]);
    let trace = folder.path("trace.txt");
    let killed_at = |call: &str, when: u32| {
        let options = format!("--inject={call}:signal=KILL:when={when}");
        let ended = strace::traced(&command, &[options], &trace).output().unwrap();
        assert!(!folder.path("pack").exists() || ended.status.success(), "killed at {call} {when}");
        !ended.status.success()
    };
    // Each of the reports gets its name with the one call, the pack with the other.
    assert!((1..=7).all(|when| killed_at("renameat", when)) && killed_at("rename", 1));
    assert!(!folder.path("pack").exists());
    folder.offboard(&["log", "export", "pack"]).exits(0);
    assert_eq!(names(&folder.path("pack")).len(), 6);
    let question = Question::new(folder.path("pack").join("audit.db")).with(folder.path("ticket.txt"));
    assert_eq!(question.answer(), 0);
    // A pack that nobody got is on record all the same; there is none that is not.
    let log = Connection::open(folder.path("audit.db")).unwrap();
    let count = "SELECT count(*) FROM records WHERE kind = 'log_exported'";
    let on_record: i64 = log.query_row(count, [], |row| row.get(0)).unwrap();
    assert_eq!(on_record, 2);
}
