//! Whatever the simulator answers, in whatever order, the promises hold. In process, with a real
//! log, under a clock that stands still while nothing waits.

use crate::support::{PARTNER, id};
use offboard::{
    audit::{CustomerLine, QueryError, Reader, RequestFilter, Store},
    domain::{Mode, Outcome, Procedure, Secret, Sha256, TenantId, Time},
    engine::{Clock, Engine, Halt, Ids, Ports, Start},
    input,
    partner_center::{
        BaseUrl,
        redact::Scrubber,
        request::Outgoing,
        response::Incoming,
        transport::{SendError, Transport},
    },
    record::{Event, How, InputFile, Policy, Purpose, RunOpened, Seen, TokenNamed},
    simulator::{Cut, Model, Request, Scenario},
};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};
use tokio_util::sync::CancellationToken;

const BASE: &str = "http://127.0.0.1:9";

/// The simulator without a socket. It also looks each request up in the log, through a connection
/// of its own, at the moment when it arrives.
struct InProcess {
    model: Arc<Mutex<Model>>,
    clock: Clock,
    log: PathBuf,
}

impl Transport for InProcess {
    async fn send(&self, outgoing: &Outgoing) -> Result<Incoming, SendError> {
        let header = |name: &str| outgoing.headers.iter().find(|(key, _)| *key == name).unwrap().1.clone();
        let filter =
            RequestFilter { correlation_id: Some(header("ms-correlationid")), ..RequestFilter::default() };
        let mut found = 0;
        let count = |_| {
            found += 1;
            Ok::<(), QueryError>(())
        };
        Reader::open(&self.log).unwrap().requests(&filter, count).unwrap();
        assert_eq!(found, 1, "a request that is not on record");

        let mut headers = vec![("authorization".to_owned(), "Bearer any".to_owned())];
        headers.extend(outgoing.headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let request = Request {
            method: outgoing.method.as_str().to_owned(),
            target: outgoing.url.strip_prefix(BASE).unwrap().to_owned(),
            headers,
            body: outgoing.body.unwrap_or_default().as_bytes().to_vec(),
        };
        let reply = self.model.lock().unwrap().handle(self.clock.now(), &request);
        tokio::time::sleep(reply.delay).await;
        match reply.cut {
            Cut::None => Ok(Incoming { status: reply.status, headers: reply.headers, body: reply.body }),
            Cut::BeforeAnswer | Cut::InBody => Err(SendError::Unknown("the connection broke".to_owned())),
        }
    }
}

fn opened(rows: u32) -> RunOpened {
    RunOpened {
        version: "test".into(),
        procedure: Procedure::RemoveRelationship,
        mode: Mode::Run,
        changes: true,
        api_url: BASE.into(),
        operator: "tester".into(),
        host: "host".into(),
        input: InputFile {
            file: "list".into(),
            sha256: Sha256::of(&[b"x"]),
            rows,
            columns: vec!["id".into()],
        },
        continues: None,
        ticket: None,
        reason: None,
        policy: Policy {
            rate: 60_000,
            concurrency: 4,
            settle_seconds: 60,
            stop_after_failures: 0,
            max_removals: 1000,
            max_share: 100,
            allow: vec![],
            protected: vec![],
            partner: Some(PARTNER.parse().unwrap()),
        },
        settings: BTreeMap::new(),
    }
}

fn rows(count: u32) -> Vec<input::Row> {
    let row = |n| input::Row {
        row: n + 1,
        customer: Ok(id(n)),
        name: None,
        domain: None,
        duplicate_of: None,
        cells: vec![id(n).to_string()],
    };
    (1..=count).map(row).collect()
}

/// A whole run. `Err` is a run that had to stop.
async fn whole_run(engine: &Engine<InProcess>, count: u32) -> Result<(), Halt> {
    engine.take_rows(rows(count)).await?;
    engine.identify().await?;
    engine.plan(HashSet::new()).await?;
    engine.confirm("tester".into(), How::Yes).await?;
    engine.carry_out().await?;
    engine.seal(0).await?;
    Ok(())
}

fn simulate(scenario: &Value, count: u32, seed: u64) -> (Arc<Mutex<Model>>, tempfile::TempDir, bool) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("audit.db");
    let model = Arc::new(Mutex::new(Model::new(Scenario::from_json(&scenario.to_string()).unwrap())));
    let sealed = runtime.block_on(async {
        let clock = Clock::starting_at(Time::from_millis(1_795_166_130_000));
        let store = Store::open(&log, clock.now(), &[3; 16]).unwrap();
        let ports = Ports {
            transport: InProcess { model: Arc::clone(&model), clock, log: log.clone() },
            base: BaseUrl::parse(BASE).unwrap(),
            scrubber: Scrubber::new(&[Secret::new("any-secret-at-all".into())]),
            clock,
            ids: Ids::seeded(seed),
            stop: CancellationToken::new(),
        };
        let engine =
            Engine::begin(store, Start { opened: opened(count), token: TokenNamed::default() }, ports)
                .await
                .unwrap();
        let ended = whole_run(&engine, count).await;
        if let Err(Halt::Log(error)) = &ended {
            panic!("{error}");
        }
        engine.close().await.unwrap();
        ended.is_ok()
    });
    (model, folder, sealed)
}

/// The promises of the design that a finished log can show.
fn hold(model: &Model, log: &Path, count: u32, sealed: bool) {
    let reader = Reader::open(log).unwrap();
    let run = reader.find("latest").unwrap().run_id;
    // Every record follows from those before it: the fold is the only place that knows what is legal.
    let state = reader.fold(&run).unwrap().unwrap();

    // 1 is looked at by the transport. 3: a change only for a customer that the plan calls ready.
    let mut verdicts: HashMap<u32, Outcome> = HashMap::new();
    let mut last_change: HashMap<u32, (u64, String)> = HashMap::new();
    let mut gone: BTreeSet<u32> = BTreeSet::new();
    let mut in_doubt: BTreeSet<u32> = BTreeSet::new();
    let mut settled: BTreeMap<u32, Outcome> = BTreeMap::new();
    let mut changes = 0;
    reader
        .records(&run, |seq, record| {
            match record.event {
                Event::Judged(judged) => {
                    verdicts.insert(judged.row, judged.verdict);
                }
                Event::RequestIntended(intent) => {
                    if let Some(row) = intent.row {
                        // 5: nothing is sent to a customer that is known to be gone, or has its outcome.
                        assert!(!gone.contains(&row) && !settled.contains_key(&row), "row {row}");
                    }
                    if intent.purpose == Purpose::RemoveRelationship {
                        changes += 1;
                        let row = intent.row.unwrap();
                        assert_eq!(verdicts.get(&row), Some(&Outcome::Ready));
                        // 4: never again blindly.
                        assert!(!in_doubt.contains(&row), "row {row} was in doubt");
                        last_change.insert(row, (seq, intent.request_id.to_string()));
                    }
                }
                Event::OutcomeUnknown(unknown) => {
                    if let Some((row, _)) =
                        last_change.iter().find(|(_, (intent, _))| *intent == unknown.intent)
                    {
                        in_doubt.insert(*row);
                    }
                }
                Event::ResponseReceived(response) if matches!(response.status, 408 | 500..=599) => {
                    let throttled = response.answer == offboard::domain::Answer::Throttled;
                    let change = last_change.iter().find(|(_, (intent, _))| *intent == response.intent);
                    if let Some((row, _)) = change.filter(|_| !throttled) {
                        in_doubt.insert(*row);
                    }
                }
                Event::Observed(observed) => match observed.seen {
                    Seen::Gone => drop(gone.insert(observed.row)),
                    Seen::StillThere => drop(in_doubt.remove(&observed.row)),
                    Seen::NotTold => {}
                },
                Event::Settled(end) => {
                    // 6: one outcome a row.
                    assert_eq!(settled.insert(end.row, end.outcome), None);
                }
                _ => {}
            }
            Ok(())
        })
        .unwrap();

    // Nobody is removed twice, and nobody without a change on record.
    let removed: Vec<TenantId> = model.removals().iter().map(|removal| removal.customer).collect();
    let distinct: BTreeSet<TenantId> = removed.iter().copied().collect();
    assert_eq!(removed.len(), distinct.len());
    let arrived = model.journal().entries().iter().filter(|received| received.method == "PATCH").count();
    assert_eq!(arrived, changes);

    if !sealed {
        return;
    }
    assert_eq!(settled.len(), count as usize);
    assert!(state.sealed.is_some());
    let keep = |line: CustomerLine, _| {
        let customer: TenantId = line.customer_tenant_id.unwrap().parse().unwrap();
        let is_gone = distinct.contains(&customer);
        match line.outcome.unwrap() {
            // What is called removed is removed, and what is called untouched is untouched.
            Outcome::Removed => assert!(is_gone, "row {}", line.row),
            Outcome::Skipped | Outcome::Failed | Outcome::AlreadyRemoved => {
                assert!(!is_gone, "row {}", line.row);
            }
            _ => {}
        }
        Ok::<(), QueryError>(())
    };
    reader.customers(&run, keep).unwrap();
}

fn any_scenario() -> impl Strategy<Value = (Value, u32, u64)> {
    let states = prop::sample::select(vec![
        json!({}),
        json!({}),
        json!({ "subscriptions": [{ "kind": "legacy", "status": "active" }] }),
        json!({ "subscriptions": [{ "kind": "new_commerce", "status": "suspended" }] }),
        json!({ "entitlements": [{ "kind": "software", "order_status": "cancelled" }] }),
        json!({ "relationship": "advisor" }),
        json!({ "relationship": "none" }),
    ]);
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
        |(states, (answer, after, visible, bom), throttling, share, seed)| {
            let count = u32::try_from(states.len()).unwrap();
            let customers: Vec<Value> = (1..)
                .zip(states)
                .map(|(n, mut state)| {
                    state["id"] = json!(id(n).to_string());
                    state
                })
                .collect();
            // Late effects come within the settle time: how long the service may take is an assumption
            // that `--settle` states.
            let kinds = json!(["server_error", "server_error_with_effect", "unavailable", "html", "empty", "throttled",
                "cut", "cut_with_effect", "cut_in_body", "slow", "late", "garbage"]);
            let scenario = json!({
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
    fn whatever_the_service_answers((scenario, count, seed) in any_scenario()) {
        let (model, folder, sealed) = simulate(&scenario, count, seed);
        hold(&model.lock().unwrap(), &folder.path().join("audit.db"), count, sealed);
    }
}

#[test]
fn the_same_seed_gives_the_same_records() {
    let customers: Vec<Value> = (1..=5).map(|n| json!({ "id": id(n).to_string() })).collect();
    let scenario = json!({ "customers": customers, "chaos": { "seed": 4, "share": 0.3, "kinds": ["cut_with_effect", "cut"] },
        "latency": { "min_ms": 5, "max_ms": 50 } });
    let bodies = || {
        let (_model, folder, sealed) = simulate(&scenario, 5, 11);
        assert!(sealed);
        let log = rusqlite::Connection::open(folder.path().join("audit.db")).unwrap();
        let mut query = log.prepare("SELECT body FROM record ORDER BY seq").unwrap();
        let bodies: Vec<Vec<u8>> =
            query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        bodies
    };
    assert_eq!(bodies(), bodies());
}
