//! Whatever the simulator answers, in whatever order, and whenever the process dies, the promises
//! hold.

use crate::support::{
    evidence::entries,
    hold, id,
    in_process::{Death, InProcessRun, LifeEnded},
    key,
};
use offboard::{
    audit::{CustomerLine, Entry, QueryError, Store},
    domain::{Outcome, Procedure, Time},
    record::{Event, Record},
    simulator::Request,
};
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};

/// A scenario, how many customers it has, and a seed.
type Day = (Value, u32, u64);

/// What a customer can be like when a relationship is to be ended.
fn in_production() -> Vec<Value> {
    vec![
        json!({}),
        json!({}),
        json!({ "subscriptions": [{ "kind": "legacy", "status": "active" }] }),
        json!({ "subscriptions": [{ "kind": "new_commerce", "status": "suspended" }] }),
        json!({ "entitlements": [{ "kind": "software", "order_status": "cancelled" }] }),
        json!({ "relationship": "advisor" }),
        json!({ "relationship": "none" }),
    ]
}

/// What a customer can be like in the sandbox.
fn in_sandbox() -> Vec<Value> {
    let order = |id: &str, more: Value| {
        let mut order = json!({ "id": id });
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        order
    };
    let with = |orders: Vec<Value>| {
        let of = |order: &Value| json!({ "kind": "software", "order": order["id"] });
        let entitlements: Vec<Value> = orders.iter().chain(&orders).map(of).collect();
        json!({ "entitlements": entitlements, "orders": orders })
    };
    let (plain, slow) = (json!({}), json!({ "cancels_after_ms": 20_000 }));
    vec![
        json!({}),
        with(vec![order("A", plain.clone())]),
        with(vec![order("A", plain.clone()), order("B", slow.clone()), order("C", plain)]),
        with(vec![order("A", slow), order("B", json!({ "cancels_after_ms": 70_000 }))]),
        with(vec![order("A", json!({})), order("B", json!({ "never_cancels": true }))]),
        with(vec![order("A", json!({})), order("B", json!({ "refuses": 800_061 }))]),
        with(vec![order("A", json!({ "created": "2020-01-01" }))]),
        json!({ "relationship": "none" }),
    ]
}

/// What a customer can be like whose legacy subscriptions may be suspended.
fn with_legacy() -> Vec<Value> {
    let legacy = json!({ "kind": "legacy", "status": "active" });
    vec![
        json!({ "subscriptions": [legacy] }),
        json!({ "subscriptions": [legacy, legacy] }),
        json!({ "subscriptions": [legacy, { "kind": "new_commerce", "status": "active" }] }),
        json!({ "subscriptions": [legacy] }),
        json!({ "subscriptions": [legacy, legacy, legacy] }),
        json!({}),
        json!({}),
        json!({}),
        // The service knows something that the program does not.
        json!({ "subscriptions": [legacy],
            "faults": [{ "on": "remove", "times": 0, "do": { "kind": "answer", "status": 400, "code": 900_127 } }] }),
        json!({ "subscriptions": [legacy, legacy],
            "faults": [{ "on": "remove", "do": { "kind": "answer", "status": 403 } }] }),
        json!({}),
    ]
}

/// What a day is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Removal,
    RemovalAfterSuspension,
    Sandbox,
}

fn any_scenario(kind: Kind) -> impl Strategy<Value = Day> {
    let is_sandbox = kind == Kind::Sandbox;
    let states = prop::sample::select(match kind {
        Kind::Removal => in_production(),
        Kind::RemovalAfterSuspension => with_legacy(),
        Kind::Sandbox => in_sandbox(),
    });
    let quirks = (
        prop::sample::select(vec!["customer", "documented", "empty"]),
        prop::sample::select(vec!["not_found", "forbidden", "none"]),
        prop::sample::select(vec![0, 0, 5_000, 30_000]),
        any::<bool>(),
    );
    let throttling = prop::sample::select(vec![
        json!([]),
        json!([{ "requests": 20, "window_ms": 5000, "per": "partner", "retry_after": "seconds" }]),
        json!([{ "requests": 3, "window_ms": 9000, "per": "customer", "retry_after": "date" }]),
        json!([{ "kind": "bucket", "requests": 30, "window_ms": 5000, "per": "partner", "retry_after": "none" }]),
    ]);
    let share = prop::sample::select(vec![0.0, 0.05, 0.2, 0.4]);
    (prop::collection::vec(states, 1..8), quirks, throttling, share, any::<u32>()).prop_map(
        move |(states, (answer, after, visible, bom), throttling, share, seed)| {
            let count = u32::try_from(states.len()).unwrap();
            let customers: Vec<Value> = (1..)
                .zip(states)
                .map(|(n, mut state)| {
                    state["id"] = json!(id(n).to_string());
                    state
                })
                .collect();
            let kinds = json!([
                "server_error", "server_error_with_effect", "unavailable", "unavailable_with_effect", "html", "empty",
                "throttled", "throttled_with_effect", "gateway", "gateway_with_effect", "conflict_with_effect",
                "unauthorized", "cut", "cut_with_effect", "cut_in_body", "slow", "late", "garbage"
            ]);
            let scenario = json!({
                "sandbox": is_sandbox,
                "customers": customers,
                "throttling": throttling,
                "quirks": { "removal_answer": answer, "after_removal": after, "visible_for_ms": visible, "bom": bom },
                "chaos": { "seed": seed, "share": share, "kinds": kinds },
                "latency": { "min_ms": 1, "max_ms": 900 },
            });
            (scenario, count, u64::from(seed))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_service_answers((scenario, count, seed) in any_scenario(Kind::Removal)) {
        let mut run = InProcessRun::new(&scenario, count, seed);
        let ended = run.live(Death::Never);
        hold(&run, matches!(ended, LifeEnded::Sealed));
    }
}

/// In milliseconds.
const DAY: i64 = 86_400_000;

/// One seed is a whole bad day: faults, kills, stops and restarts. Whether the run came to its end.
fn bad_day(kind: Kind, seed: u64) -> bool {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    let (scenario, count, salt) = any_scenario(kind).new_tree(&mut runner).unwrap().current();
    let deaths = prop_oneof![
        (1_u32..25).prop_map(Death::Before),
        (1_u32..25).prop_map(Death::After),
        (1_u32..25).prop_map(Death::Asked),
    ];
    let deaths = prop::collection::vec(deaths, 0..5).new_tree(&mut runner).unwrap().current();
    // Somebody sets this machine's clock while the program is down.
    let skews = prop::collection::vec(prop::sample::select(vec![0, 0, DAY, -DAY, 400 * DAY, -400 * DAY]), 5);
    let skews = skews.new_tree(&mut runner).unwrap().current();
    let mut run = InProcessRun::new(&scenario, count, salt);
    if kind == Kind::Sandbox {
        run.procedure = Procedure::DeleteSandboxCustomer;
    }
    run.suspend_legacy = kind == Kind::RemovalAfterSuspension;
    for (death, skew) in deaths.into_iter().zip(skews) {
        run.skew = skew;
        let ended = run.live(death);
        hold(&run, matches!(ended, LifeEnded::Sealed));
        if matches!(ended, LifeEnded::Sealed) {
            return true;
        }
    }
    // Somebody sets it right again.
    run.skew = 0;
    let ended = run.live(Death::Never);
    hold(&run, matches!(ended, LifeEnded::Sealed));
    matches!(ended, LifeEnded::Sealed)
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

/// `OFFBOARD_TEST_SEEDS=2000` runs as many; `OFFBOARD_TEST_SEED=17` runs that one again.
fn bad_days(kind: Kind) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    if let Some(seed) = number("OFFBOARD_TEST_SEED") {
        bad_day(kind, seed);
        return;
    }
    let seeds = number("OFFBOARD_TEST_SEEDS").unwrap_or(150);
    let mut sealed = 0;
    for seed in 0..seeds {
        let survived = std::panic::catch_unwind(|| bad_day(kind, seed));
        let survived = survived.unwrap_or_else(|_| panic!("run it again with OFFBOARD_TEST_SEED={seed}"));
        sealed += u64::from(survived);
    }
    // A test in which no run ever ended would show nothing.
    assert!(sealed * 2 > seeds, "only {sealed} of {seeds} runs came to their end");
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
    let mut ends = Vec::new();
    let reader = run.reader();
    let id = reader.find("latest").unwrap().run_id;
    let keep = |line: CustomerLine, _| {
        ends.push(format!("{} {:?} {:?}", line.row, line.outcome, line.reasons));
        Ok::<(), QueryError>(())
    };
    reader.customers(&id, keep).unwrap();
    ends
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
        let body =
            if intent.method == "PATCH" { offboard::partner_center::request::REMOVAL_BODY } else { "" };
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
