//! The real binary, killed at random moments while the service lives on, and started again.

use crate::support::{Done, Folder, Numbers, World, evidence::Question, id, list_of};
use offboard::domain::TenantId;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    process::{Child, Stdio},
};

const CUSTOMERS: u32 = 6;

/// Some answers are slow, some connections are cut after the change took effect, some before.
fn world(seed: u64) -> World {
    let customers: Vec<Value> = (1..=CUSTOMERS).map(|n| json!({ "id": id(n).to_string() })).collect();
    World::of(&json!({
        "customers": customers,
        "latency": { "min_ms": 1, "max_ms": 15 },
        "faults": [
            { "on": "remove", "skip": seed % 3, "do": { "kind": "cut_before_answer", "effect": true } },
            { "on": "remove", "skip": 1, "do": { "kind": "cut_before_answer", "effect": false } },
            { "on": "remove", "skip": 1, "do": { "kind": "slow", "delay_ms": 300, "effect": "at_end" } },
        ],
    }))
}

/// Kills the child once `requests` more have arrived; `false` if it ended before.
fn killed(child: &mut Child, world: &World, requests: usize) -> bool {
    let wanted = world.model().journal().counts().requests + requests as u64;
    while world.model().journal().counts().requests < wanted {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    true
}

/// One run, killed up to `kills` times. How often it was, and whom the service removed, in order.
fn run(seed: u64, kills: u32, settle: &str) -> (u32, Vec<TenantId>) {
    let mut numbers = Numbers(seed);
    let (folder, world) = (Folder::new(), world(seed));
    let list = folder.write("list.csv", list_of((1..=CUSTOMERS).map(id)));
    let start = |begun: bool| {
        // A run that was killed before its list was on record has nothing to go on with.
        let known = begun
            && folder.offboard(&["runs"]).code == 0
            && folder.reader().find("latest").is_ok_and(|line| {
                let run = folder.reader().fold(&line.run_id).unwrap();
                run.is_some_and(|run| run.rows.len() == CUSTOMERS as usize)
            });
        if known {
            folder.against(&world, &["resume", "--yes", "--rate", "600000"])
        } else {
            folder.run_command(&world, &list, &["--concurrency", "3", "--settle", settle])
        }
    };
    let mut done = 0;
    for life in 0..kills {
        let mut command = start(life > 0);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let requests = 1 + usize::try_from(numbers.below(if life == 0 { 30 } else { 6 })).unwrap();
        if !killed(&mut child, &world, requests) {
            break;
        }
        done += 1;
    }
    let mut ended = Done::of(&start(true).output().unwrap());
    if ended.code == 4 && ended.err.contains("network") {
        ended = Done::of(&start(true).output().unwrap());
    }
    ended.exits(0);

    assert_eq!(
        Question::new(folder.path("audit.db")).answer(),
        8,
        "seed {seed}: whole, but for a head from outside"
    );
    let removed = world.removed();
    let distinct: BTreeSet<_> = removed.iter().copied().collect();
    assert_eq!(distinct, (1..=CUSTOMERS).map(id).collect(), "seed {seed}");
    let on_record: BTreeSet<_> =
        folder.requests().into_iter().filter_map(|line| line.correlation_id).collect();
    for received in world.received() {
        assert!(
            on_record.contains(&received.correlation_id.unwrap()),
            "seed {seed}: a request that is not on record"
        );
    }
    assert_eq!(folder.ends(), vec!["removed"; CUSTOMERS as usize], "seed {seed}");
    (done, removed)
}

fn is_removed_twice(removed: &[TenantId]) -> bool {
    removed.iter().collect::<BTreeSet<_>>().len() < removed.len()
}

/// `OFFBOARD_TEST_KILLS=5000` kills as often.
#[test]
fn killed_at_random_moments() {
    let wanted = std::env::var("OFFBOARD_TEST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(20);
    let mut kills = 0;
    for seed in 0.. {
        let (times, removed) = run(seed, 4, "1");
        assert!(!is_removed_twice(&removed), "seed {seed}: somebody was removed twice: {removed:?}");
        kills += times;
        if kills >= wanted {
            break;
        }
    }
}

/// The test above proves itself: against a slow service and without the settle time, it would have failed.
#[test]
#[cfg_attr(windows, ignore = "a start takes longer than the moments that it needs")]
fn without_the_settle_time_somebody_is_removed_twice() {
    assert!((0..100).any(|seed| is_removed_twice(&run(seed, 4, "0").1)), "the kills show nothing");
}
