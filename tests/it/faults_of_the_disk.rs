//! Each write, sync, truncation and removal of a run fails, one after the other, once and from then on:
//! never a request without its intent on disk, and what is left is gone on with.
//!
//! `OFFBOARD_TEST_SWEEP=N` fails each Nth of them, so that 1 is all; without it, each thirteenth.

use crate::support::{Done, Folder, World, id, list_of, strace};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, process::Command};

const CUSTOMERS: u32 = 6;

fn world() -> World {
    let mut customers: Vec<Value> = (1..=CUSTOMERS).map(|n| json!({ "id": id(n).to_string() })).collect();
    customers[2]["subscriptions"] = json!([{ "kind": "legacy", "status": "active" }]);
    World::of(&json!({ "customers": customers }))
}

fn expected() -> Vec<String> {
    let end = |n| if n == 3 { "skipped: active_subscription" } else { "removed" };
    (1..=CUSTOMERS).map(|n| end(n).to_owned()).collect()
}

/// Runs the list while the `nth` call of each thread to `call` fails. Gives the exit code; none if there
/// was no such call.
fn with_fault(folder: &Folder, command: &Command, call: &str, error: &str, nth: &str) -> Option<i32> {
    let log = folder.path("audit.db").display().to_string();
    let mut options = Vec::new();
    for ending in ["", "-wal", "-journal", ".reserve"] {
        options.extend(["-P".to_owned(), format!("{log}{ending}")]);
    }
    options.extend(["-e".to_owned(), format!("trace={call}")]);
    options.extend(["-e".to_owned(), format!("inject={call}:error={error}:when={nth}")]);
    let trace = folder.path("trace");
    let done = Done::of(&strace::traced(command, &options, &trace).output().unwrap());
    let failed = fs::read_to_string(trace).unwrap().contains("(INJECTED)");
    assert!(
        matches!(done.code, 3 | 6),
        "{call} {error} {nth}: exit {}\n{}\n{}",
        done.code,
        done.out,
        done.err
    );
    failed.then_some(done.code)
}

/// One fault, and what comes after it. How the run ended; none if there was no such call.
fn fault(call: &str, error: &str, nth: &str) -> Option<i32> {
    let (folder, world) = (Folder::new(), world());
    let list = folder.write("list.csv", list_of((1..=CUSTOMERS).map(id)));
    let run = folder.run_command(&world, &list, &["--concurrency", "2"]);
    let code = with_fault(&folder, &run, call, error, nth)?;
    let what = format!("{call} {error} {nth}");

    // Whatever arrived was on record first; and the file is whole.
    let begun = folder.path("audit.db").exists() && folder.offboard(&["runs"]).code == 0;
    let on_record: BTreeSet<_> = if begun {
        folder.requests().into_iter().filter_map(|line| line.correlation_id).collect()
    } else {
        BTreeSet::new()
    };
    for received in world.received() {
        assert!(
            on_record.contains(&received.correlation_id.unwrap()),
            "{what}: a request that is not on record"
        );
    }
    if begun {
        let log = rusqlite::Connection::open(folder.path("audit.db")).unwrap();
        let verdict: String = log.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok", "{what}");
    }
    // What could matter was exit 6; then what is left is gone on with, or begun again.
    if code == 6 {
        let whole = begun
            && folder.reader().find("latest").is_ok_and(|line| {
                folder.reader().fold(&line.run_id).unwrap().unwrap().rows.len() == CUSTOMERS as usize
            });
        let mut again = if whole {
            folder.against(&world, &["resume", "--yes", "--rate", "600000"])
        } else {
            folder.run_command(&world, &list, &["--concurrency", "2"])
        };
        Done::of(&again.output().unwrap()).exits(3);
    }
    assert_eq!(folder.ends(), expected(), "{what}");
    let removed = world.removed();
    let distinct: BTreeSet<_> = removed.iter().copied().collect();
    assert_eq!((removed.len(), distinct.len()), (5, 5), "{what}: somebody was removed twice, or not at all");
    Some(code)
}

#[test]
fn every_fault_of_the_disk() {
    if !strace::is_available() {
        return;
    }
    let each = std::env::var("OFFBOARD_TEST_SWEEP").map_or(13, |each| each.parse().unwrap());
    let (mut faults, mut stopped) = (0, 0);
    for call in ["pwrite64", "fsync", "ftruncate", "unlink", "fallocate"] {
        for error in ["ENOSPC", "EIO"] {
            for onwards in ["", "+"] {
                // The first of each kind is always among them.
                for nth in (1_u32..).step_by(each) {
                    let Some(code) = fault(call, error, &format!("{nth}{onwards}")) else { break };
                    faults += 1;
                    stopped += u32::from(code == 6);
                }
            }
        }
    }
    println!("{faults} faults, {stopped} of them stopped the run");
    assert!(stopped * 2 > faults, "the faults did not reach the log: {stopped} of {faults} stopped the run");
}
