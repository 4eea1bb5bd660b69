//! Stopping in the middle, and going on.

use crate::support::{
    Done, Folder, World, id, list_of,
    system::{interrupt, over_time, terminate},
    wait_for_changes, wait_until,
};
use offboard::domain::TenantId;
use offboard::record::Kind;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
};

/// A world of clean customers whose answers take their time.
fn slow_world(customers: u32) -> World {
    let customers: Vec<Value> = (1..=customers).map(|n| json!({ "id": id(n).to_string() })).collect();
    World::of(&json!({ "customers": customers, "latency": { "min_ms": 20, "max_ms": 40 } }))
}

fn start(folder: &Folder, world: &World, rows: u32) -> Child {
    let list = folder.write("list.csv", list_of((1..=rows).map(id)));
    let mut command = folder.run_command(world, &list, &["--concurrency", "4"]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// After everything: each customer removed once, each change on record before it arrived.
fn nothing_lost_and_nothing_twice(folder: &Folder, world: &World, rows: u32) {
    let removed = world.removed();
    let distinct: BTreeSet<TenantId> = removed.iter().copied().collect();
    assert_eq!(removed.len(), distinct.len(), "somebody was removed twice");
    assert_eq!(distinct, (1..=rows).map(id).collect());
    let on_record: BTreeSet<String> =
        folder.requests().into_iter().filter_map(|line| line.correlation_id).collect();
    for received in world.received() {
        assert!(on_record.contains(&received.correlation_id.unwrap()), "a request that is not on record");
    }
    assert_eq!(folder.counts().get("removed"), Some(&(rows as usize)));
}

#[test]
#[cfg_attr(windows, ignore = "it presses Ctrl-C for another process")]
fn ctrl_c_records_every_answer_and_resume_goes_on() {
    for ask in [interrupt, terminate, over_time] {
        let (folder, world) = (Folder::new(), slow_world(12));
        let mut child = start(&folder, &world, 12);
        wait_for_changes(&world, &mut child, 3);
        ask(&child);
        let done = Done::of(&child.wait_with_output().unwrap()).exits(130);
        assert!(done.err.contains("offboard resume"), "{}", done.err);
        assert_eq!(folder.reader().find("latest").unwrap().state.as_str(), "interrupted");
        // Every request that arrived has its answer on record.
        let open = folder.requests().into_iter().filter(|line| line.completion.is_none()).count();
        assert_eq!(open, 0);
        assert_eq!(folder.requests().len(), world.received().len());

        // The same list cannot be run meanwhile; the message names the command.
        let refused = folder.run(&world, &list_of((1..=12).map(id)), &[]).exits(4);
        assert!(refused.err.contains("offboard resume"), "{}", refused.err);

        // The list's file is not needed again.
        std::fs::remove_file(folder.path("list.csv")).unwrap();
        let resumed = folder.against(&world, &["resume", "--rate", "600000"]).output().unwrap();
        Done::of(&resumed).exits(0);
        nothing_lost_and_nothing_twice(&folder, &world, 12);
        assert_eq!(folder.reader().find("latest").unwrap().state.as_str(), "sealed");
        let again = folder.against(&world, &["resume"]).output().unwrap();
        assert!(Done::of(&again).exits(0).err.contains("complete"));
    }
}

#[test]
#[cfg_attr(windows, ignore = "it presses Ctrl-C for another process")]
fn ctrl_c_ends_what_only_reads_and_leaves_nothing_behind() {
    let customers: Vec<Value> = (1..=60).map(|n| json!({ "id": id(n).to_string() })).collect();
    let pages = json!({ "default_size": 1, "max_size": 1 });
    let latency = json!({ "min_ms": 20, "max_ms": 40 });
    for arguments in [&["customers", "--out", "all.csv"][..], &["match", "names.csv", "--out", "all.csv"]] {
        let scenario = json!({ "customers": customers, "paging": pages, "latency": latency });
        let (folder, world) = (Folder::new(), World::of(&scenario));
        folder.write("names.csv", "domain\ncontoso.example\n");
        let files = || -> BTreeSet<_> {
            fs::read_dir(folder.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect()
        };
        let before = files();
        let mut command = folder.against(&world, &[arguments, &["--rate", "600000"]].concat());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        wait_until(&mut child, || world.received().len() >= 4);
        interrupt(&child);
        let done = Done::of(&child.wait_with_output().unwrap()).exits(130);
        assert!(done.err.contains("nothing was written"), "{}", done.err);
        let left: Vec<_> =
            files().difference(&before).map(|name| name.to_string_lossy().into_owned()).collect();
        assert!(
            left.iter().all(|name| name.starts_with("audit.") || ["logs", "signing.key"].contains(&&**name)),
            "{left:?}"
        );
        // Every request that arrived has its answer on record.
        assert_eq!(folder.requests().len(), world.received().len());
        assert!(folder.requests().iter().all(|line| line.completion.is_some()));
    }
}

#[test]
fn killed_at_any_number_of_changes_it_goes_on_without_loss() {
    // Many more than are waited for, so that it is not over before it is killed.
    const ROWS: u32 = 24;
    for changes in [1, 2, 5] {
        let (folder, world) = (Folder::new(), slow_world(ROWS));
        let mut child = start(&folder, &world, ROWS);
        wait_for_changes(&world, &mut child, changes);
        child.kill().unwrap();
        child.wait().unwrap();
        // Another list, perhaps the same one saved again, must wait until the doubts are settled.
        let others = list_of((1..=ROWS).map(id)).replace("note", "remark");
        let refused = folder.run(&world, &others, &[]).exits(4);
        assert!(refused.err.contains("not settled"), "{}", refused.err);
        let resumed = folder.against(&world, &["resume", "--rate", "600000"]).output().unwrap();
        Done::of(&resumed).exits(0);
        nothing_lost_and_nothing_twice(&folder, &world, ROWS);
    }
}

#[test]
fn what_a_guard_stopped_stays_stopped() {
    let customers: Vec<Value> = (1..=4).map(|n| json!({ "id": id(n).to_string() })).collect();
    let cut = json!({ "on": "remove", "do": { "kind": "cut_before_answer", "effect": true } });
    let refused =
        json!({ "on": "remove", "times": 0, "do": { "kind": "answer", "status": 400, "code": 900_127 } });
    let world = World::of(&json!({ "customers": customers, "faults": [cut, refused] }));
    let folder = Folder::new();
    let list = folder.write("list.csv", list_of((1..=4).map(id)));
    // One change in doubt, two refused: the guard trips, and the doubt is still to be settled.
    let more = ["--concurrency", "1", "--stop-after-failures", "2", "--settle", "60"];
    let mut command = folder.run_command(&world, &list, &more);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_changes(&world, &mut child, 3);
    let stopped = || folder.reader().events(&folder.latest(), &[Kind::Stopped]).unwrap().len();
    while stopped() == 0 {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let reader = folder.reader();
    let run = reader.fold(&folder.latest()).unwrap().unwrap();
    assert!(run.stopped_by_guard.is_some());
    drop(reader);
    // It goes on settling the doubt, which takes a minute, and sends no change meanwhile.
    let mut command = folder.against(&world, &["resume", "--yes", "--rate", "600000"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let identified = || folder.reader().events(&folder.latest(), &[Kind::PartnerIdentified]).unwrap().len();
    while identified() < 2 {
        assert!(child.try_wait().unwrap().is_none(), "the program ended too soon");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(world.changes().len(), 3);
}

#[test]
fn killed_while_it_reads_it_asks_for_the_confirmation_that_it_never_had() {
    let (folder, world) = (Folder::new(), slow_world(6));
    let mut child = start(&folder, &world, 6);
    while world.received().len() < 5 {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let mut asking = folder.against(&world, &["resume"]);
    asking.env_remove("OFFBOARD_PARTNER_TENANT");
    let refused = Done::of(&asking.output().unwrap());
    refused.exits(4);
    assert!(world.changes().is_empty());
    let resumed = folder.against(&world, &["resume", "--yes", "--rate", "600000"]).output().unwrap();
    Done::of(&resumed).exits(0);
    nothing_lost_and_nothing_twice(&folder, &world, 6);
}

#[test]
fn an_expired_token_fails_no_row() {
    let customers: Vec<Value> = (1..=6).map(|n| json!({ "id": id(n).to_string() })).collect();
    let expired = json!({ "on": "remove", "skip": 2, "times": 0, "do": { "kind": "answer", "status": 401 } });
    let world = World::of(&json!({ "customers": customers, "faults": [expired] }));
    let folder = Folder::new();
    let done = folder.run(&world, &list_of((1..=6).map(id)), &["--concurrency", "2"]).exits(5);
    assert!(done.err.contains("offboard resume"), "{}", done.err);
    let counts = folder.counts();
    assert!(!counts.contains_key("failed"), "{counts:?}");
    assert_eq!(world.removed().len(), 2);
}

#[test]
#[cfg_attr(windows, ignore = "it presses Ctrl-C for another process")]
fn the_third_signal_leaves_at_once_and_what_was_in_flight_is_settled_later() {
    let customers: Vec<Value> = (1..=3).map(|n| json!({ "id": id(n).to_string() })).collect();
    let slow = json!({ "on": "remove", "times": 2, "do": { "kind": "slow", "delay_ms": 600_000 } });
    let world = World::of(&json!({ "customers": customers, "faults": [slow] }));
    let folder = Folder::new();
    let mut child = start(&folder, &world, 3);
    wait_for_changes(&world, &mut child, 2);
    // One after the other, as a person does: each is sent when the one before was understood.
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    for answer in ["Stopping", "Leaving in 5 s"] {
        interrupt(&child);
        let heard = said.by_ref().find(|line| line.starts_with(answer));
        assert!(heard.is_some(), "it ended without saying `{answer}`");
    }
    interrupt(&child);
    let last: Vec<String> = said.collect();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{last:?}");
    assert!(last.iter().any(|line| line.contains("in doubt")), "{last:?}");
    let resumed = folder.against(&world, &["resume", "--rate", "600000"]).output().unwrap();
    Done::of(&resumed).exits(0);
    nothing_lost_and_nothing_twice(&folder, &world, 3);
}

#[test]
fn a_dead_network_stops_the_run_and_fails_no_row() {
    let customers: Vec<Value> = (1..=20).map(|n| json!({ "id": id(n).to_string() })).collect();
    let dead = json!({ "on": "remove", "skip": 3, "times": 0, "do": { "kind": "cut_before_answer" } });
    let gone = json!({ "on": "customer", "skip": 3, "times": 30, "do": { "kind": "cut_before_answer" } });
    let world = World::of(&json!({ "customers": customers, "faults": [dead, gone] }));
    let folder = Folder::new();
    let done = folder.run(&world, &list_of((1..=20).map(id)), &["--concurrency", "4"]).exits(4);
    assert!(done.err.contains("the network or the service is gone"), "{}", done.err);
    let counts = folder.counts();
    assert!(!counts.contains_key("failed") && !counts.contains_key("unknown"), "{counts:?}");
    assert!(counts["open"] >= 16, "{counts:?}");
    assert_eq!(folder.reader().find("latest").unwrap().state.as_str(), "interrupted");
}

#[test]
fn the_second_process_on_a_log_is_told_so() {
    let (folder, world) = (Folder::new(), slow_world(6));
    let mut child = start(&folder, &world, 6);
    wait_for_changes(&world, &mut child, 1);
    let second = folder.write("other.csv", list_of([id(99)]));
    let done = Done::of(&folder.run_command(&world, &second, &[]).output().unwrap()).exits(6);
    assert!(done.err.contains("in use by another run"), "{}", done.err);
    Done::of(&child.wait_with_output().unwrap()).exits(0);
}

#[test]
fn progress_without_a_terminal_is_plain_lines() {
    let (folder, world) = (Folder::new(), slow_world(2));
    let child = start(&folder, &world, 2);
    let output = child.wait_with_output().unwrap();
    let lines = BufReader::new(&output.stderr[..]).lines().map(Result::unwrap);
    for line in lines {
        assert!(!line.contains('\u{1b}') && !line.contains('\r'), "{line:?}");
    }
}
