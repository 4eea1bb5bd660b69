//! Whatever the simulator answers, in whatever order, and whenever the process dies, the promises
//! hold.

use crate::support::{
    REMOVAL_BODY,
    bad_day::{BadDay, Kind, any_scenario, each_seed},
    customers::customers,
    evidence::entries,
    hold, id,
    in_process::{Death, InProcessRun, LifeEnded},
    key,
};
use offboard::{
    audit::{Entry, Store},
    domain::{Outcome, Time},
    record::{Event, Record},
    simulator::Request,
};
use proptest::prelude::*;
use serde_json::{Value, json};

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_service_answers((scenario, count, seed) in any_scenario(Kind::Removal)) {
        let mut run = InProcessRun::new(&scenario, count, seed);
        let ended = run.live(Death::Never);
        hold(&run, matches!(ended, LifeEnded::Sealed));
    }
}

/// One seed is a whole bad day. Whether the run came to its end.
fn bad_day(kind: Kind, seed: u64) -> bool {
    let mut is_sealed = false;
    BadDay::new(kind, seed).live(|run, ended| {
        is_sealed = matches!(ended, LifeEnded::Sealed);
        hold(run, is_sealed);
    });
    is_sealed
}

#[test]
fn killed_and_started_again_at_any_moment() {
    bad_days(Kind::Removal);
}

#[test]
fn killed_and_started_again_at_any_moment_in_the_sandbox() {
    bad_days(Kind::Sandbox);
}

#[test]
fn killed_and_started_again_at_any_moment_of_a_suspension() {
    bad_days(Kind::RemovalAfterSuspension);
}

#[test]
fn killed_and_started_again_at_any_moment_of_a_cancellation() {
    bad_days(Kind::RemovalAfterCancellation);
}

#[test]
fn killed_and_started_again_while_ends_are_scheduled() {
    bad_days(Kind::TermEnd);
}

#[test]
fn killed_and_started_again_while_ends_are_taken_back() {
    bad_days(Kind::TermEndUndone);
}

#[test]
fn killed_and_started_again_while_delegated_administration_is_ended() {
    bad_days(Kind::DelegatedAdmin);
}

fn bad_days(kind: Kind) {
    let mut sealed = 0;
    let seeds = each_seed(150, |seed| sealed += u64::from(bad_day(kind, seed)));
    // A test in which no run ever ended would show nothing.
    assert!(seeds == 1 || sealed * 2 > seeds, "only {sealed} of {seeds} runs came to their end");
}

#[test]
fn whoever_goes_on_sets_the_pace() {
    let scenario = json!({ "customers": (1..=12).map(|n| json!({ "id": id(n) })).collect::<Vec<_>>() });
    let mut run = InProcessRun::new(&scenario, 12, 1);
    assert!(matches!(run.live(Death::Before(10)), LifeEnded::Killed));
    let arrived = |run: &InProcessRun| -> Vec<i64> {
        run.model.lock().unwrap().journal().entries().iter().map(|entry| entry.at.as_millis()).collect()
    };
    let before = arrived(&run).len();
    run.rate_again = 60;
    assert!(matches!(run.live(Death::Never), LifeEnded::Sealed));
    let after = arrived(&run);
    for pair in after[before..].windows(2) {
        assert!(pair[1] - pair[0] >= 990, "{} ms", pair[1] - pair[0]);
    }
}

#[test]
fn the_same_seed_gives_the_same_records() {
    let customers: Vec<Value> = (1..=5).map(|n| json!({ "id": id(n).to_string() })).collect();
    let scenario = json!({ "customers": customers, "chaos": { "seed": 4, "share": 0.3, "kinds": ["cut_with_effect", "cut"] },
        "latency": { "min_ms": 5, "max_ms": 50 } });
    let bodies = || {
        let mut run = InProcessRun::new(&scenario, 5, 11);
        assert!(matches!(run.live(Death::Never), LifeEnded::Sealed));
        let log = rusqlite::Connection::open(run.log()).unwrap();
        let mut query = log.prepare("SELECT body FROM record ORDER BY seq").unwrap();
        let bodies: Vec<Vec<u8>> =
            query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        bodies
    };
    assert_eq!(bodies(), bodies());
}

fn ends(run: &InProcessRun) -> Vec<String> {
    let id = run.reader().find("latest").unwrap().run_id;
    let lines = customers(&run.log(), &id).into_iter();
    lines.map(|line| format!("{} {:?} {:?}", line.row, line.outcome, line.reasons)).collect()
}

/// The records of a finished run, cut at every place: what is left is gone on with, and ends the same.
#[test]
fn every_stump_grows_back() {
    let customers = json!([
        { "id": id(1).to_string() },
        { "id": id(2).to_string(), "subscriptions": [{ "kind": "legacy", "status": "active" }] },
        { "id": id(3).to_string(), "entitlements": [{ "kind": "software", "order_status": "cancelled" }] },
        { "id": id(4).to_string(), "relationship": "none" },
        { "id": id(5).to_string() },
    ]);
    let scenario = json!({ "customers": customers });
    let mut whole = InProcessRun::new(&scenario, 5, 1);
    whole.concurrency = 1;
    assert!(matches!(whole.live(Death::Never), LifeEnded::Sealed));
    let expected = ends(&whole);
    let records: Vec<Record> = entries(&whole.log()).into_iter().map(|entry| entry.record).collect();
    let first_request =
        records.iter().position(|record| matches!(record.event, Event::RequestIntended(_))).unwrap();
    for cut in first_request..records.len() {
        // A judgement that ends a row is written together with that end, in one transaction.
        let together =
            matches!(&records[cut - 1].event, Event::Judged(judged) if judged.verdict != Outcome::Ready);
        if together {
            continue;
        }
        // The service saw every request that is on record; of the last one, nobody can know.
        for saw_the_last in [true, false] {
            let mut stump = InProcessRun::new(&scenario, 5, 2);
            stump.concurrency = 1;
            let mut kept = entries(&whole.log());
            kept.truncate(cut);
            plant(&mut stump, &kept, saw_the_last);
            let ended = stump.live(Death::Never);
            assert!(matches!(ended, LifeEnded::Sealed), "cut at {cut}: {ended:?}");
            assert_eq!(ends(&stump), expected, "cut at {cut}");
            hold(&stump, true);
        }
    }
}

/// Puts these records into a log, and the service into the state that they left it in.
fn plant(stump: &mut InProcessRun, kept: &[Entry], saw_the_last: bool) {
    let mut store = Store::open(&stump.log(), Time::from_millis(0), &[3; 16], &key()).unwrap();
    store.append(kept).unwrap();
    store.close().unwrap();
    let records: Vec<&Record> = kept.iter().map(|entry| &entry.record).collect();
    let last_is_open = matches!(records.last().unwrap().event, Event::RequestIntended(_));
    for (at, record) in records.iter().enumerate() {
        let Event::RequestIntended(intent) = &record.event else { continue };
        if at + 1 == records.len() && last_is_open && !saw_the_last {
            continue;
        }
        let body = if intent.method == "PATCH" { REMOVAL_BODY } else { "" };
        let request = Request {
            method: intent.method.clone(),
            target: intent.url.strip_prefix("http://127.0.0.1:9").unwrap().to_owned(),
            headers: vec![
                ("authorization".into(), "Bearer any".into()),
                ("ms-requestid".into(), intent.request_id.to_string()),
            ],
            body: body.as_bytes().to_vec(),
        };
        stump.model.lock().unwrap().handle(record.at, &request);
    }
    stump.set_now(records.last().unwrap().at);
}
