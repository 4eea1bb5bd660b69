//! `offboard verify` as it is typed.

use crate::support::{
    Done, Folder, World,
    evidence::{Sealed, tamper},
    id, list_of, strace, system,
};
use serde_json::json;
use std::fs;

fn with_a_run() -> Folder {
    let world =
        World::of(&json!({ "customers": [{ "id": id(1).to_string() }, { "id": id(2).to_string() }] }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1), id(2)]), &[]).exits(0);
    let head = folder.report("checkpoint.txt");
    folder.write("ticket.txt", head);
    folder
}

#[test]
fn a_run_is_proved_by_the_lines_that_it_ends_with() {
    let folder = with_a_run();
    let alone = folder.offboard(&["verify"]).exits(8);
    assert!(alone.out.contains("no head from outside"), "{}", alone.out);
    let done = folder.offboard(&["verify", "--checkpoint", "ticket.txt"]).exits(0);
    for check in ["structure", "records", "bodies", "history", "heads", "copy", "checkpoint"] {
        assert!(done.out.contains(&format!("✓ {check}")), "{check}: {}", done.out);
    }
    assert!(done.out.contains("Complete and unaltered"), "{}", done.out);
    let proof =
        folder.offboard(&["verify", "--checkpoint", "ticket.txt", "--output", "json"]).exits(0).json();
    assert_eq!(proof["verdict"], "proved");
    assert_eq!(proof["exit_code"], 0);
    assert_eq!(proof["missing"], json!([]));
    let summary: serde_json::Value = serde_json::from_str(&folder.report("summary.json")).unwrap();
    assert_eq!(summary["checkpoint"], folder.report("checkpoint.txt"));
    let page = folder.report("report.html").replace("&#x2f;", "/");
    assert!(page.contains(folder.report("checkpoint.txt").lines().nth(2).unwrap()));
}

#[test]
fn what_disagrees_is_named_with_its_records_and_its_head() {
    let folder = with_a_run();
    tamper(
        &folder.path("audit.db"),
        "UPDATE record SET body = CAST(replace(CAST(body AS TEXT), 'list.csv', 'lost.csv') AS BLOB) WHERE seq = 2",
    );
    let done = folder.offboard(&["verify", "--checkpoint", "ticket.txt"]).exits(7);
    assert!(done.out.contains("✗ heads") && done.out.contains("records 0 to "), "{}", done.out);
    assert!(done.out.contains("✗ checkpoint") && done.out.contains("ALTERED OR CUT"), "{}", done.out);
    let proof = folder.offboard(&["verify", "--output", "json"]).exits(7).json();
    assert_eq!(proof["verdict"], "altered");
    let faults =
        proof["checks"].as_array().unwrap().iter().flat_map(|check| check["faults"].as_array().unwrap());
    let fault = faults.clone().next().unwrap();
    assert_eq!(fault["first_record"], 0);
    assert!(fault["head"].as_u64().unwrap() > 2 && fault["last_record"].as_u64().unwrap() >= 2);
    // A run does not go on in such a log.
    let world = World::of(&json!({ "customers": [{ "id": id(3).to_string() }] }));
    let refused = folder.run(&world, &list_of([id(3)]), &[]).exits(6);
    assert!(
        refused.err.contains("was altered") && refused.err.contains("offboard verify"),
        "{}",
        refused.err
    );
    assert!(world.received().is_empty());
    let warned = folder.offboard(&["verify", "--record"]).exits(7);
    assert!(warned.err.contains("not recorded"), "{}", warned.err);
}

#[test]
fn a_record_that_follows_from_nothing_is_named() {
    let folder = with_a_run();
    // Signed or not, a change cannot be recorded after the end.
    tamper(
        &folder.path("audit.db"),
        "INSERT INTO record (seq, body) SELECT max(seq) + 1,
            (SELECT body FROM records WHERE kind = 'request_intended' ORDER BY seq DESC LIMIT 1) FROM record",
    );
    let done = folder.offboard(&["verify"]).exits(7);
    assert!(done.out.contains("✗ history") && done.out.contains("the run is sealed"), "{}", done.out);
}

#[test]
fn the_verification_is_recorded_when_asked_for() {
    let folder = with_a_run();
    let before = fs::read(folder.path("audit.db")).unwrap();
    folder.offboard(&["verify", "--checkpoint", "ticket.txt"]).exits(0);
    assert!(fs::read(folder.path("audit.db")).unwrap() == before, "looking changes nothing");
    folder.offboard(&["verify", "--checkpoint", "ticket.txt", "--record"]).exits(0);
    let log = rusqlite::Connection::open(folder.path("audit.db")).unwrap();
    let body: String = log
        .query_row("SELECT CAST(body AS TEXT) FROM records WHERE kind = 'log_verified'", [], |row| row.get(0))
        .unwrap();
    let recorded: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(recorded["exit_code"], 0);
    assert_eq!(recorded["compared_with"].as_array().unwrap().len(), 1);
    assert!(recorded["by"].as_str().unwrap().starts_with("tester ("));
    drop(log);
    folder.offboard(&["verify", "--checkpoint", "ticket.txt"]).exits(0);
}

#[test]
fn keys_are_printed_and_asked_for() {
    let folder = with_a_run();
    let key = folder.offboard(&["verify", "--print-key"]).exits(0).out;
    assert!(key.starts_with("tester@") && key.lines().count() == 1, "{key}");
    folder.write("key.txt", &key);
    for named in [key.trim(), "key.txt"] {
        folder.offboard(&["verify", "--checkpoint", "ticket.txt", "--key", named]).exits(0);
    }
    // Another operator, or the same one after the key was lost.
    fs::remove_file(folder.path("signing.key")).unwrap();
    folder.offboard(&["verify", "--record"]).exits(8);
    let keys = folder.offboard(&["verify", "--print-key"]).exits(0).out;
    assert_eq!(keys.lines().count(), 2, "{keys}");
    folder.offboard(&["verify", "--checkpoint", "ticket.txt"]).exits(0);
    folder.offboard(&["verify", "--checkpoint", "ticket.txt", "--key", key.trim()]).exits(7);
    let second = keys.lines().last().unwrap();
    folder.offboard(&["verify", "--checkpoint", "ticket.txt", "--key", key.trim(), "--key", second]).exits(0);
    let refused = folder.offboard(&["verify", "--key", "nonsense"]).exits(2);
    assert!(refused.err.contains("`nonsense`"), "{}", refused.err);
}

#[test]
fn a_file_that_is_no_log_is_not_called_altered() {
    let folder = Folder::new();
    folder.offboard(&["verify"]).exits(6);
    folder.write("text.db", "not a database, but a text that somebody keeps\n".repeat(40));
    folder.write("empty.db", "");
    let other = rusqlite::Connection::open(folder.path("other.db")).unwrap();
    other.execute_batch("CREATE TABLE mine (x)").unwrap();
    drop(other);
    for name in ["text.db", "empty.db", "other.db", "."] {
        let done = folder.offboard(&["verify", "--audit-log", name]).exits(6);
        assert!(done.err.contains("is not an audit log"), "{name}: {}", done.err);
    }
    let sealed = Sealed::new(1);
    let renumbered = sealed.copy("newer.db");
    rusqlite::Connection::open(&renumbered).unwrap().execute_batch("PRAGMA user_version = 9").unwrap();
    let done = folder.offboard(&["verify", "--audit-log", renumbered.to_str().unwrap()]).exits(7);
    assert!(done.out.contains("made in format 3, and the file says 9"), "{}", done.out);
    let log = sealed.log();
    let log = log.to_str().unwrap();
    for file in ["text.db", "missing.txt"] {
        folder.offboard(&["verify", "--audit-log", log, "--checkpoint", file]).exits(2);
    }
}

/// The script by itself, as a reviewer starts it.
#[test]
fn the_script_is_started_by_hand() {
    let folder = with_a_run();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verify.py");
    let question = crate::support::evidence::Question::new(folder.path("audit.db"));
    if crate::support::evidence::ask_python(&[question]).is_none() {
        return;
    }
    let key = folder.offboard(&["verify", "--print-key"]).exits(0).out;
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new("python3");
        command.args(["-B", script]).args(arguments).current_dir(folder.path(""));
        Done::of(&command.output().unwrap())
    };
    let done = run(&["audit.db", "ticket.txt"]).exits(0);
    assert_eq!(done.out.trim(), "complete and unaltered");
    run(&["audit.db", "--key", key.trim(), "ticket.txt"]).exits(0);
    run(&["audit.db", "--key", crate::support::evidence::other_key().public().as_str(), "ticket.txt"])
        .exits(7);
    run(&["audit.db", "--key", "somebody@else+00000000+AAAA", "ticket.txt"]).exits(2);
    let of_run = run(&["audit.db", "--run", "latest", "ticket.txt"]).exits(0);
    let latest = folder.latest().to_string();
    assert!(of_run.out.starts_with(&format!("run {latest} is proved by the head over ")), "{}", of_run.out);
    let unknown = run(&["audit.db", "ticket.txt", "--run", "1999"]).exits(2);
    assert!(unknown.out.contains("there is no run `1999` in it"), "{}", unknown.out);
    run(&["audit.db", "--run"]).exits(2);
    run(&["audit.db"]).exits(8);
    run(&["missing.db"]).exits(6);
    run(&["audit.db", "missing.txt"]).exits(2);
    assert!(run(&[]).exits(2).out.contains("verify.py AUDIT.DB"));
}

/// A tool that cannot be used proves nothing.
#[test]
fn the_script_with_old_tools() {
    let folder = with_a_run();
    let question = crate::support::evidence::Question::new(folder.path("audit.db"));
    if crate::support::evidence::ask_python(&[question]).is_none() {
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verify.py");
    let path = std::env::var("PATH").unwrap();
    let run = |tools: &str, before: &str| {
        let code = format!(
            "import runpy, sqlite3, sys\n{before}\nsys.argv = ['verify.py', 'audit.db', 'ticket.txt']\n\
             runpy.run_path({script:?}, run_name='__main__')"
        );
        let mut command = std::process::Command::new("python3");
        command.args(["-B", "-c", &code]).current_dir(folder.path(""));
        Done::of(&command.env("PATH", tools).output().unwrap())
    };
    let with_openssl = |text: &str| {
        let tools = folder.path("tools");
        fs::create_dir_all(&tools).unwrap();
        let shim = folder.write("tools/openssl", format!("#!/bin/sh\nPATH={path:?}\n{text}\n"));
        system::set_mode(&shim, 0o755);
        format!("{}:{path}", tools.display())
    };
    run(&with_openssl("exec openssl \"$@\""), "").exits(0);
    for old in [
        "case \" $* \" in *' -rawin '*) echo 'unknown option -rawin' >&2; exit 1;; esac; exec openssl \"$@\"",
        "exit 0",
        "exit 1",
    ] {
        let done = run(&with_openssl(old), "").exits(2);
        assert!(done.out.contains("OpenSSL 3.0"), "{old}: {}", done.out);
    }
    let done = run(&path, "sqlite3.sqlite_version_info = (3, 31, 1)").exits(2);
    assert!(done.out.contains("SQLite"), "{}", done.out);
    // One that is old, and old enough: without `FULL JOIN`.
    run(&path, "sqlite3.sqlite_version_info = (3, 37, 0)").exits(0);
    assert!(!include_str!("../../../docs/verify.py").contains(" JOIN "));
}

/// A log that cannot be read was not proved to be altered.
#[test]
fn a_log_that_cannot_be_read() {
    let folder = with_a_run();
    fs::remove_file(folder.path("audit.db.checkpoints")).unwrap();
    fs::create_dir(folder.path("audit.db.checkpoints")).unwrap();
    let done = folder.offboard(&["verify", "--checkpoint", "ticket.txt"]).exits(6);
    assert!(done.err.contains("audit.db.checkpoints") && done.err.contains("move it away"), "{}", done.err);
    fs::remove_dir(folder.path("audit.db.checkpoints")).unwrap();
    if !strace::is_available() {
        return;
    }
    let log = folder.path("audit.db").display().to_string();
    let options = ["-P", &log, "-e", "trace=read", "-e", "inject=read:error=EIO:when=2+"];
    let command = folder.command(&["verify", "--checkpoint", "ticket.txt"]);
    let mut traced = strace::traced(&command, &options.map(str::to_owned), &folder.path("trace"));
    let done = Done::of(&traced.output().unwrap()).exits(6);
    assert!(fs::read_to_string(folder.path("trace")).unwrap().contains("(INJECTED)"));
    assert!(done.err.contains("cannot open the audit log") && !done.out.contains("ALTERED"), "{}", done.err);
}

/// An audit log is a file, whatever else `SQLite` takes a name for.
#[test]
fn names_that_are_no_files() {
    let folder = Folder::new();
    let world = World::of(&json!({ "customers": [{ "id": id(1).to_string() }] }));
    folder.write("list.csv", list_of([id(1)]));
    let before: Vec<_> = folder.all_files().into_iter().map(|(path, _)| path).collect();
    for name in [":memory:", ":other", "file:audit.db", "file::memory:", "file:audit.db?mode=memory", ""] {
        let customer = id(1).to_string();
        for arguments in [
            &["verify"][..],
            &["runs"],
            &["report"],
            &["log"],
            &["log", "--timeline", "--customer", &customer],
            &["log", "export", "pack"],
            &["review"],
            &["prove", "--customer", &customer],
            &["resume", "--yes"],
            &["resolve", "--customer", &customer, "--as", "removed", "--because", "x"],
            &["reconcile"],
            &["run", "list.csv", "--yes"],
            &["plan", "list.csv"],
            &["doctor"],
        ] {
            for by_option in [true, false] {
                let mut command = folder.against(&world, arguments);
                if by_option {
                    command.args(["--audit-log", name]);
                } else {
                    command.env("OFFBOARD_AUDIT_LOG", name);
                }
                let done = Done::of(&command.output().unwrap());
                // Of nothing at all the command line has a word of its own.
                let is_refused = done.code == 2 && (name.is_empty() || done.err.contains("must be a file"));
                assert!(is_refused, "{arguments:?} {name:?} {by_option}: {}{}", done.out, done.err);
            }
        }
    }
    let after: Vec<_> = folder.all_files().into_iter().map(|(path, _)| path).collect();
    assert_eq!(before, after, "nothing is left behind");
    assert!(world.received().is_empty());
    // What is only an odd name is one.
    let odd = ["a#b%41 c.db", "./:memory:", "a?mode=memory", "./file:x"];
    for name in &odd[..if cfg!(windows) { 1 } else { odd.len() }] {
        let world = World::of(&json!({ "customers": [{ "id": id(1).to_string() }] }));
        let list = folder.path("list.csv");
        Done::of(&folder.run_command(&world, &list, &["--audit-log", name]).output().unwrap()).exits(0);
        assert!(folder.path(name).is_file(), "{name}");
        folder.offboard(&["verify", "--audit-log", name]).exits(8);
        assert_eq!(
            folder.offboard(&["runs", "--audit-log", name, "--output", "json"]).exits(0).json()["state"],
            "sealed"
        );
    }
}
