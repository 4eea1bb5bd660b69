//! When the audit log cannot be written, nothing is sent.

use crate::support::{Done, Folder, World, id, key, limited, list_of, system, wait_until};
use offboard::{audit::Store, domain::Time};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

fn world() -> World {
    let customers: Vec<Value> = (1..=200).map(|n| json!({ "id": id(n).to_string() })).collect();
    World::of(&json!({ "customers": customers }))
}

/// A file system of this size that is full soon; only the superuser can make one.
struct Small {
    folder: tempfile::TempDir,
}

impl Small {
    fn mounted(options: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", options, "none"]).arg(folder.path()).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self { folder }),
            _ => {
                let text = "SKIPPED: a small file system cannot be mounted here (it needs the superuser)";
                assert!(std::env::var_os("OFFBOARD_TESTS_SKIP_NOTHING").is_none(), "{text}");
                println!("{text}");
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn grows_to(&self, size: &str) {
        let options = format!("remount,size={size}");
        let grown = Command::new("mount").args(["-o", &options]).arg(self.path()).status();
        assert!(grown.is_ok_and(|status| status.success()));
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.folder.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

#[test]
fn a_log_that_is_locked() {
    let (folder, world) = (Folder::new(), world());
    let held = Store::open(&folder.path("audit.db"), Time::from_millis(0), &[1; 16], &key()).unwrap();
    let done = folder.run(&world, &list_of([id(1)]), &[]).exits(6);
    assert!(done.err.contains("in use by another run"), "{}", done.err);
    assert!(world.received().is_empty());
    drop(held);
    folder.run(&world, &list_of([id(1)]), &[]).exits(0);
}

#[test]
fn a_folder_that_cannot_be_written() {
    let (folder, world) = (Folder::new(), world());
    folder.write("file", "");
    let below = |folder: &str| Path::new(folder).join("audit.db").display().to_string();
    let mut places = vec![below("file"), below("missing")];
    let read_only = Small::mounted("size=1m,ro");
    places.extend(read_only.iter().map(|small| small.path().join("audit.db").display().to_string()));
    for place in places {
        let done = folder.run(&world, &list_of([id(1)]), &["--audit-log", &place]).exits(6);
        assert!(done.err.contains(&place) && done.err.contains("Nothing was sent"), "{}", done.err);
    }
    assert!(world.received().is_empty());
}

#[test]
fn a_file_that_is_something_else() {
    let (folder, world) = (Folder::new(), world());
    for (name, bytes) in
        [("text.db", "not a database, but a text that somebody keeps\n".repeat(40)), ("short.db", "x".into())]
    {
        let path = folder.write(name, bytes.clone());
        let done = folder.run(&world, &list_of([id(1)]), &["--audit-log", name]).exits(6);
        assert!(done.err.contains("is not an audit log of this program"), "{}", done.err);
        assert_eq!(std::fs::read_to_string(path).unwrap(), bytes, "it was not touched");
    }
    let other = rusqlite::Connection::open(folder.path("other.db")).unwrap();
    other.execute_batch("CREATE TABLE mine (x)").unwrap();
    drop(other);
    folder.run(&world, &list_of([id(1)]), &["--audit-log", "other.db"]).exits(6);
    assert!(world.received().is_empty());
}

#[test]
fn a_disk_without_room_for_the_log_and_its_reserve() {
    for size in ["40k", "400k", "4m"] {
        let Some(small) = Small::mounted(&format!("size={size}")) else { return };
        let (folder, world) = (Folder::new(), world());
        let log = small.path().join("audit.db").display().to_string();
        let done = folder.run(&world, &list_of((1..=200).map(id)), &["--audit-log", &log]).exits(6);
        assert!(done.err.contains("the disk is full"), "{size}: {}", done.err);
        assert!(world.received().is_empty(), "{size}");
    }
}

#[test]
fn a_disk_that_fills_up_still_takes_the_end() {
    // While customers are read, and while they are removed.
    for (size, removes) in [("5m", false), ("7600k", true)] {
        fills_up(size, removes);
    }
}

fn fills_up(size: &str, removes: bool) {
    let Some(small) = Small::mounted(&format!("size={size}")) else { return };
    let (folder, world) = (Folder::new(), world());
    let log = small.path().join("audit.db").display().to_string();
    let list = folder.write("list.csv", list_of((1..=60).map(id)));
    // One at a time, so that about the same room is needed each time.
    let mut command = folder.run_command(&world, &list, &["--audit-log", &log, "--concurrency", "1"]);
    let done = Done::of(&command.output().unwrap()).exits(6);
    assert!(done.err.contains("the disk is full") && done.err.contains("offboard resume"), "{}", done.err);
    assert_eq!(world.changes().is_empty(), !removes, "{size}");
    took_the_end(&folder, &world, &log);

    small.grows_to("64m");
    let mut command = folder.against(&world, &["resume", "--yes", "--audit-log", &log, "--rate", "600000"]);
    Done::of(&command.output().unwrap()).exits(0);
    assert_eq!(world.removed().len(), 60);
    let kept: Vec<_> =
        std::fs::read_dir(small.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(kept.len(), 3, "the log, its lock and its heads: {kept:?}");
}

/// What was in flight when the log could not grow any more is on record, and the end is.
fn took_the_end(folder: &Folder, world: &World, log: &str) {
    let requests = folder.offboard(&["log", "--audit-log", log, "--output", "json"]).exits(0).out;
    let requests: Vec<Value> = requests.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for received in world.received() {
        let id = received.correlation_id.unwrap();
        let of_it = requests.iter().find(|request| request["correlation_id"] == id.as_str());
        assert_eq!(of_it.unwrap()["completion"], "responded", "every answer was recorded");
    }
    let unsent = requests.iter().filter(|request| request["completion"] == "not_sent").count();
    assert!(unsent > 0 && requests.len() == unsent + world.received().len());
    let runs = folder.offboard(&["runs", "--audit-log", log, "--output", "json"]).exits(0).json();
    assert_eq!(runs["state"], "interrupted");
}

#[test]
#[cfg_attr(windows, ignore = "it sets limits with `ulimit`")]
fn a_log_that_may_not_grow_still_takes_the_end() {
    for (kibibytes, removes) in [(5 << 10, false), (7600, true)] {
        let (folder, world) = (Folder::new(), world());
        let list = folder.write("list.csv", list_of((1..=60).map(id)));
        let run = folder.run_command(&world, &list, &["--concurrency", "1"]);
        let done = Done::of(&limited(&run, &format!("-f {}", kibibytes * 2)).output().unwrap()).exits(6);
        for part in ["the largest size that a file may have", "ulimit -f", "offboard resume"] {
            assert!(done.err.contains(part), "{part}: {}", done.err);
        }
        assert_eq!(world.changes().is_empty(), !removes, "{kibibytes}");
        took_the_end(&folder, &world, "audit.db");
        let mut command = folder.against(&world, &["resume", "--yes", "--rate", "600000"]);
        Done::of(&command.output().unwrap()).exits(0);
        assert_eq!(world.removed().len(), 60);
    }
}

#[test]
#[cfg_attr(windows, ignore = "it sets limits with `ulimit`")]
fn files_that_may_not_grow_end_nothing_without_a_word() {
    let (folder, world) = (Folder::new(), world());
    let list = folder.write("list.csv", list_of((1..=60).map(id)));
    for blocks in ["1", "64", "8000"] {
        let run = folder.run_command(&world, &list, &[]);
        let done = Done::of(&limited(&run, &format!("-f {blocks}")).output().unwrap()).exits(6);
        for part in ["no file may grow beyond", "audit.db", "ulimit -f unlimited", "Nothing was sent"] {
            assert!(done.err.contains(part), "{part}: {}", done.err);
        }
    }
    assert!(world.received().is_empty());
    // Whatever else is written.
    let mut command = limited(&folder.command(&["completions", "bash"]), "-f 1");
    let out = std::fs::File::create(folder.path("completions")).unwrap();
    let done = Done::of(&command.stdout(out).output().unwrap()).exits(2);
    assert!(done.err.contains("cannot write to standard output"), "{}", done.err);
}

#[test]
#[cfg_attr(windows, ignore = "it sets limits with `ulimit`")]
fn a_process_that_may_open_few_files_is_told_before_anything_is_sent() {
    let (folder, world) = (Folder::new(), world());
    let list = folder.write("list.csv", list_of([id(1)]));
    for handles in 6..=40 {
        let run = folder.run_command(&world, &list, &[]);
        let done = Done::of(&limited(&run, &format!("-n {handles}")).output().unwrap()).exits(2);
        assert!(done.err.contains("ulimit -n") && done.err.contains("Nothing was sent"), "{}", done.err);
    }
    assert!(world.received().is_empty());
    let run = folder.run_command(&world, &list, &[]);
    Done::of(&limited(&run, "-n 80").output().unwrap()).exits(0);
}

#[test]
#[cfg_attr(windows, ignore = "links need a right that not everybody has")]
fn a_log_has_one_lock_whatever_it_is_called() {
    let (folder, world) = (Folder::new(), world());
    folder.run(&world, &list_of([id(1)]), &[]).exits(0);
    let before = world.received().len();
    system::link(folder.path("audit.db"), &folder.path("link.db"));
    let held = Store::open(&folder.path("audit.db"), Time::from_millis(0), &[1; 16], &key()).unwrap();
    let done = folder.run(&world, &list_of([id(2)]), &["--audit-log", "link.db"]).exits(6);
    assert!(done.err.contains("in use by another run"), "{}", done.err);
    drop(held);
    std::fs::hard_link(folder.path("audit.db"), folder.path("second.db")).unwrap();
    let done = folder.run(&world, &list_of([id(2)]), &["--audit-log", "second.db"]).exits(6);
    assert!(done.err.contains("with one name"), "{}", done.err);
    assert_eq!(world.received().len(), before);
}

#[test]
fn reports_that_cannot_be_written_are_no_bug() {
    let (folder, world) = (Folder::new(), world());
    folder.run(&world, &list_of([id(1)]), &[]).exits(0);
    folder.write("file", "");
    for place in ["file", "file/below"] {
        let done = folder.offboard(&["report", "--reports", place]).exits(2);
        for part in [place, "choose another folder with `--reports`", "offboard report"] {
            assert!(done.err.contains(part), "{part}: {}", done.err);
        }
        folder.run(&world, &list_of([id(2)]), &["--reports", place]).exits(2);
    }
    // Whoever only verifies writes no reports.
    folder.offboard(&["verify", "--record", "--reports", "file"]).exits(8);
}

#[test]
fn reports_that_fail_at_the_end_do_not_change_how_it_ended() {
    let customers: Vec<Value> = (1..=40).map(|n| json!({ "id": id(n).to_string() })).collect();
    let slowly = json!({ "customers": customers, "latency": { "min_ms": 10, "max_ms": 20 } });
    for (what, code) in [("run", 0), ("plan", 2)] {
        let (folder, world) = (Folder::new(), World::of(&slowly));
        let list = folder.write("list.csv", list_of((1..=20).map(id)));
        let mut command = match what {
            "run" => folder.run_command(&world, &list, &["--concurrency", "1"]),
            _ => folder.against(&world, &["plan", "list.csv", "--concurrency", "1", "--rate", "600000"]),
        };
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        let child = command.spawn().unwrap();
        while world.received().len() < 10 {
            std::thread::yield_now();
        }
        std::fs::rename(folder.path("reports"), folder.path("elsewhere")).unwrap();
        folder.write("reports", "");
        let done = Done::of(&child.wait_with_output().unwrap()).exits(code);
        for part in ["error: ", "cannot be written", "The audit log is complete", "offboard report"] {
            assert!(done.err.contains(part), "{part}: {}", done.err);
        }
        assert_eq!(world.removed().len(), if what == "run" { 20 } else { 0 });
        let runs = folder.offboard(&["runs", "--output", "json"]).exits(0).json();
        assert_eq!((&runs["state"], &runs["exit_code"]), (&json!("sealed"), &json!(0)));
        std::fs::remove_file(folder.path("reports")).unwrap();
        folder.offboard(&["report"]).exits(0);
        folder.report("customers.csv");
    }
}

#[test]
#[cfg_attr(windows, ignore = "nobody can move a file that is open")]
fn a_log_that_is_moved_while_it_is_written() {
    let customers: Vec<Value> = (1..=40).map(|n| json!({ "id": id(n).to_string() })).collect();
    let world = World::of(&json!({ "customers": customers, "latency": { "min_ms": 10, "max_ms": 20 } }));
    let folder = Folder::new();
    let list = folder.write("list.csv", list_of((1..=40).map(id)));
    let mut command = folder.run_command(&world, &list, &["--concurrency", "1"]);
    let child =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    while world.received().len() < 10 {
        std::thread::yield_now();
    }
    std::fs::rename(folder.path("audit.db"), folder.path("elsewhere.db")).unwrap();
    let done = Done::of(&child.wait_with_output().unwrap()).exits(6);
    assert!(done.err.contains("was moved, replaced or removed"), "{}", done.err);
    assert!(world.changes().is_empty());
}

/// What it is called, what it does to a log, and what is said of it.
type Fault<'a> = (&'a str, &'a dyn Fn(&Path), &'a str);

/// Its files are taken away, replaced or cut while it is written: before the first change, or between two.
#[test]
#[cfg_attr(windows, ignore = "nobody can take away or cut a file that is open")]
fn a_log_whose_files_do_not_stay() {
    let remove = |log: &Path| fs::remove_file(beside(log, "-wal")).unwrap();
    let replace = |log: &Path| {
        let other = beside(log, ".other");
        fs::copy(beside(log, "-wal"), &other).unwrap();
        fs::rename(other, beside(log, "-wal")).unwrap();
    };
    let empty = |log: &Path| cut(&beside(log, "-wal"), |_| 0);
    let halve = |log: &Path| cut(&beside(log, "-wal"), |length| length / 2);
    let shorten = |log: &Path| cut(&beside(log, "-wal"), |length| length - 100);
    let replace_all = |log: &Path| {
        let other = beside(log, ".other");
        fs::copy(log, &other).unwrap();
        fs::rename(other, log).unwrap();
    };
    let cut_all = |log: &Path| cut(log, |length| length - 100);
    let faults: [Fault<'_>; 7] = [
        ("remove -wal", &remove, "audit.db-wal`, which holds the latest records"),
        ("replace -wal", &replace, "audit.db-wal`, which holds the latest records"),
        ("empty -wal", &empty, "audit.db-wal` was cut"),
        ("halve -wal", &halve, "audit.db-wal` was cut"),
        ("shorten -wal", &shorten, "audit.db-wal` was cut"),
        ("replace the log", &replace_all, "was moved, replaced or removed"),
        ("cut the log", &cut_all, "audit.db` was cut"),
    ];
    for ((what, fault, says), changes) in faults.into_iter().flat_map(|fault| [(fault, 0), (fault, 5)]) {
        let customers: Vec<Value> = (1..=60).map(|n| json!({ "id": id(n).to_string() })).collect();
        let world = World::of(&json!({ "customers": customers, "latency": { "min_ms": 10, "max_ms": 20 } }));
        let folder = Folder::new();
        let list = folder.write("list.csv", list_of((1..=60).map(id)));
        let mut command = folder.run_command(&world, &list, &["--concurrency", "1"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_until(&mut child, || world.received().len() > 10 && world.changes().len() >= changes);
        fault(&folder.path("audit.db"));
        let done = Done::of(&child.wait_with_output().unwrap()).exits(6);
        for part in [says, "while", "Nothing more was sent"] {
            assert!(done.err.contains(part), "{what}: {part}: {}", done.err);
        }
        assert!(world.removed().len() < 60, "{what}, {changes}");
        if says.contains("latest records") {
            // What was written into the file without a name was brought into the log.
            let on_record: Vec<_> =
                folder.requests().into_iter().filter_map(|line| line.correlation_id).collect();
            for received in world.received() {
                let is_on_record = on_record.contains(&received.correlation_id.unwrap());
                assert!(is_on_record, "{what}: a request is not on record");
            }
            folder.offboard(&["verify"]).exits(8);
        } else if says.contains("-wal") {
            // What is left is what it was before, if it was anything.
            let verdict = folder.offboard(&["verify"]);
            let is_sound = matches!(verdict.code, 6..=8) && !verdict.out.contains("damaged");
            assert!(is_sound, "{what}: {}{}", verdict.out, verdict.err);
        }
    }
}

fn cut(path: &Path, to: impl Fn(u64) -> u64) {
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_len(to(file.metadata().unwrap().len())).unwrap();
}

fn beside(log: &Path, ending: &str) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

#[test]
fn records_can_only_be_added() {
    let (folder, world) = (Folder::new(), world());
    folder.run(&world, &list_of([id(1)]), &[]).exits(0);
    let log = rusqlite::Connection::open(folder.path("audit.db")).unwrap();
    for statement in [
        "UPDATE record SET body = body",
        "DELETE FROM record",
        "INSERT OR REPLACE INTO record (seq, body) VALUES (3, x'7b7d')",
        "INSERT INTO record (seq, body) VALUES (1000000, x'7b7d')",
        "UPDATE payload SET bytes = bytes",
        "DELETE FROM payload",
        "UPDATE checkpoint SET note = note",
        "DELETE FROM checkpoint",
        "INSERT OR REPLACE INTO checkpoint (size, note) SELECT size, note FROM checkpoint",
        "INSERT INTO checkpoint (size, note) VALUES (1000000, 'x')",
        "INSERT OR REPLACE INTO payload (seq, salt, bytes) SELECT seq, salt, bytes FROM payload LIMIT 1",
    ] {
        assert!(log.execute(statement, []).is_err(), "{statement}");
    }
    let mode: String = log.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!(mode, "delete", "at rest the evidence is one file");
    assert!(!folder.path("audit.db-wal").exists());
}

#[test]
#[cfg_attr(windows, ignore = "files have no mode")]
fn the_log_is_for_its_owner_alone() {
    let (folder, world) = (Folder::new(), world());
    folder.run(&world, &list_of([id(1)]), &[]).exits(0);
    for name in ["audit.db", "audit.db.checkpoints", "signing.key"] {
        assert_eq!(system::mode(&folder.path(name)), 0o600, "{name}");
    }
}

#[test]
fn heads_without_their_log_are_not_written_over() {
    let (folder, world) = (Folder::new(), world());
    folder.run(&world, &list_of([id(1)]), &[]).exits(0);
    let [log, heads, kept] =
        ["audit.db", "audit.db.checkpoints", "earlier.checkpoints"].map(|name| folder.path(name));
    let evidence = std::fs::read(&heads).unwrap();
    std::fs::remove_file(&log).unwrap();
    let before = world.received().len();
    for _ in 0..2 {
        let done = folder.run(&world, &list_of([id(2)]), &[]).exits(6);
        for part in ["audit.db.checkpoints`", "deleted by mistake", "move `", "keep it", "Nothing was sent"] {
            assert!(done.err.contains(part), "{part}: {}", done.err);
        }
    }
    assert_eq!((world.received().len(), std::fs::read(&heads).unwrap()), (before, evidence));
    // What it says is what helps.
    std::fs::rename(&heads, &kept).unwrap();
    folder.run(&world, &list_of([id(2)]), &[]).exits(0);
}

#[test]
fn bytes_of_records_are_canonical_and_payloads_have_their_digest() {
    let (folder, world) = (Folder::new(), world());
    folder.run(&world, &list_of((1..=5).map(id)), &[]).exits(0);
    let log = rusqlite::Connection::open(folder.path("audit.db")).unwrap();
    let mut query = log
        .prepare("SELECT record.seq, body, salt, bytes FROM record LEFT JOIN payload USING (seq)")
        .unwrap();
    let mut rows = query.query([]).unwrap();
    let mut next = 0;
    while let Some(row) = rows.next().unwrap() {
        let seq: i64 = row.get(0).unwrap();
        assert_eq!(seq, next);
        next += 1;
        let body: Vec<u8> = row.get(1).unwrap();
        assert!(offboard::record::canonical::is_canonical(&body));
        let value: Value = serde_json::from_slice(&body).unwrap();
        let salt: Option<Vec<u8>> = row.get(2).unwrap();
        if let Some(salt) = salt {
            let bytes: Vec<u8> = row.get(3).unwrap();
            let digest = offboard::domain::Sha256::of(&[&salt, &bytes]);
            assert_eq!(value["body"]["digest"], digest.to_string());
            assert_eq!(value["body"]["length"], bytes.len());
        } else {
            assert_eq!(value["body"], Value::Null);
        }
    }
    assert!(next > 20);
}
