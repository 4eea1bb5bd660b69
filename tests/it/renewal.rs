//! Renewal under a clock that stands still while nothing waits: how many, how often at once, and what a
//! death in between leaves behind.

use crate::support::{
    PARTNER,
    customers::customers,
    hold, id,
    in_process::{Death, InProcessRun, LifeEnded},
};
use offboard::{
    audit::{QueryError, RequestFilter},
    domain::{Outcome, Secret, Time},
    engine::{Invite, KeepToken, Renewed, Source},
    partner_center::{
        BaseUrl, Cloud, Service,
        auth::{App, Authority, Proof, answer::Invitation},
    },
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const APP: &str = "5d5d5d5d-1111-4222-8333-444444444444";
const LIFETIME_MS: u64 = 2000;

/// What is on disk, as far as the next life can tell.
#[derive(Debug, Default)]
struct Disk(Mutex<Option<String>>);

impl KeepToken for Disk {
    fn keep(&self, token: &Secret) -> Result<(), String> {
        *self.0.lock().unwrap() = Some(token.expose().to_owned());
        Ok(())
    }
}

/// A person who is asked to sign in, and does what the scenario says.
#[derive(Debug, Default)]
struct Asked(Mutex<Vec<(String, Option<String>)>>);

impl Invite for Asked {
    fn invite(&self, invitation: &Invitation, why: Option<&str>) {
        self.0.lock().unwrap().push((invitation.address.clone(), why.map(str::to_owned)));
    }
}

/// A run whose tokens come from a refresh token that is kept from one life to the next.
fn run(scenario: &Value, customers: u32, seed: u64) -> InProcessRun {
    run_with(scenario, customers, seed, Some("the-first-refresh-token"), None)
}

fn run_with(
    scenario: &Value,
    customers: u32,
    seed: u64,
    first: Option<&str>,
    asked: Option<Arc<Asked>>,
) -> InProcessRun {
    let mut run = InProcessRun::new(scenario, customers, seed);
    let disk = Arc::new(Disk(Mutex::new(first.map(str::to_owned))));
    run.source = Box::new(move || {
        let login = BaseUrl::parse("http://127.0.0.1:9").unwrap();
        let kept = disk.0.lock().unwrap().clone();
        Source::Renewed(Box::new(Renewed {
            app: App {
                authority: Authority::new(login, PARTNER).unwrap(),
                client: APP.to_owned(),
                proof: Proof::None,
                scope: Cloud::Public.scope(Service::PartnerCenter),
            },
            refresh: Arc::new(Mutex::new(kept.map(Secret::new))),
            keeper: Arc::clone(&disk) as Arc<dyn KeepToken>,
            inviter: asked.clone().map(|asked| asked as Arc<dyn Invite>),
            is_app_only: false,
            name: "the test".to_owned(),
        }))
    });
    run
}

fn scenario(customers: u32, more: Value) -> Value {
    let customers: Vec<Value> = (1..=customers).map(|n| json!({ "id": id(n).to_string() })).collect();
    let mut whole = json!({
        "customers": customers,
        "sign_in": {
            "refresh_tokens": ["the-first-refresh-token"], "lifetime_ms": LIFETIME_MS, "rotation": "ends_old"
        },
        "latency": { "min_ms": 20, "max_ms": 900 },
    });
    let (Value::Object(fields), Value::Object(more)) = (&mut whole, more) else { panic!() };
    fields.extend(more);
    whole
}

/// When each sign-in request was intended and answered.
fn sign_ins(run: &InProcessRun) -> Vec<(Time, Time)> {
    let mut spans = Vec::new();
    let keep = |line: offboard::audit::RequestLine| {
        if line.purpose.as_deref() == Some("sign_in") {
            let time = |text: Option<String>| text.unwrap().parse::<Time>().unwrap();
            spans.push((time(line.intended_at), time(line.completed_at)));
        }
        Ok::<(), QueryError>(())
    };
    run.reader().requests(&RequestFilter::default(), keep).unwrap();
    spans
}

#[test]
fn with_thirty_two_in_flight_one_renews_at_a_time_and_as_seldom_as_can_be() {
    let mut run = run(&scenario(96, json!({})), 96, 3);
    run.concurrency = 32;
    assert!(matches!(run.live(Death::Never), LifeEnded::Sealed));
    hold(&run, true);
    assert_eq!(run.model.lock().unwrap().removals().len(), 96);
    let spans = sign_ins(&run);
    assert!(spans.len() > 4, "{}", spans.len());
    for pair in spans.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "two at a time");
        // Three quarters of a life, and not sooner.
        assert!(pair[1].0.as_millis() - pair[0].0.as_millis() >= 1500);
    }
    // Nobody was ever sent with a token that had ended.
    let model = run.model.lock().unwrap();
    let counts = model.journal().counts();
    let late = counts.by_status.get(&401).copied().unwrap_or_default();
    assert_eq!(late, 0, "{counts:?}");
    // Never later than needed either: the run had no more tokens than its length calls for.
    let entries = model.journal().entries();
    let length = entries.last().unwrap().at.since(entries[0].at);
    let most = length.as_millis() / 1500 + 1;
    assert!(spans.len() as u128 <= most, "{} renewals in {length:?}", spans.len());
}

#[test]
fn all_that_are_refused_at_once_renew_once() {
    // A fault for each request that is in flight when the token is revoked.
    let refused =
        json!({ "on": "subscriptions", "skip": 5, "times": 32, "do": { "kind": "answer", "status": 401 } });
    let mut scenario =
        scenario(64, json!({ "faults": [refused], "latency": { "min_ms": 200, "max_ms": 200 } }));
    scenario["sign_in"]["lifetime_ms"] = json!(3_600_000);
    let mut run = run(&scenario, 64, 4);
    run.concurrency = 32;
    assert!(matches!(run.live(Death::Never), LifeEnded::Sealed));
    hold(&run, true);
    assert_eq!(run.model.lock().unwrap().removals().len(), 64);
    let refusals = run.model.lock().unwrap().journal().counts().by_status[&401];
    let renewals = sign_ins(&run).len() as u64 - 1;
    assert_eq!(refusals, 32);
    // Each renewal answers for all that were in flight with the token before it.
    assert!((1..=3).contains(&renewals), "{renewals} renewals for {refusals} refusals");
}

#[test]
fn a_change_whose_token_was_refused_is_sent_again() {
    let refused = json!({ "on": "remove", "times": 2, "do": { "kind": "answer", "status": 401 } });
    let mut scenario = scenario(2, json!({ "faults": [refused] }));
    // The first that is refused was accepted before: nobody gives up because of one more.
    scenario["sign_in"]["lifetime_ms"] = json!(3_600_000);
    let mut run = run(&scenario, 2, 5);
    run.concurrency = 1;
    assert!(matches!(run.live(Death::Never), LifeEnded::Sealed));
    hold(&run, true);
    assert_eq!(run.model.lock().unwrap().removals().len(), 2);
}

#[test]
fn a_change_that_no_token_satisfies_stops_the_run_and_fails_no_row() {
    let refused = json!({ "on": "remove", "times": 0, "do": { "kind": "answer", "status": 401 } });
    let mut run = run(&scenario(2, json!({ "faults": [refused] })), 2, 6);
    run.concurrency = 1;
    for _ in 0..2 {
        assert!(matches!(run.live(Death::Never), LifeEnded::Stopped));
    }
    let changes = run.model.lock().unwrap().journal().counts().by_method["PATCH"];
    assert!((2..=10).contains(&changes), "{changes}");
    hold(&run, false);
}

/// Killed before and after every single sign-in request, and at every other: the next life can always
/// sign in, although the old token ends as soon as anything of the new answer is used.
#[test]
fn whenever_it_dies_the_next_life_can_sign_in() {
    let scenario = scenario(3, json!({ "latency": { "min_ms": 300, "max_ms": 900 } }));
    for at in 1..=10 {
        for death in [Death::Before(at), Death::After(at)] {
            let mut run = run(&scenario, 3, 7);
            for death in [death, death, Death::Never] {
                let ended = run.live(death);
                assert!(!matches!(ended, LifeEnded::Stopped), "{death:?}: the next life could not sign in");
                hold(&run, matches!(ended, LifeEnded::Sealed));
                if matches!(ended, LifeEnded::Sealed) {
                    break;
                }
            }
            assert_eq!(run.model.lock().unwrap().removals().len(), 3, "{death:?}");
        }
    }
}

/// The moments at which the sign-in service was asked.
fn gaps(run: &InProcessRun) -> Vec<i64> {
    let model = run.model.lock().unwrap();
    let entries = model.journal().entries().iter().filter(|received| received.method == "POST");
    let at: Vec<i64> = entries.map(|received| received.at.as_millis()).collect();
    at.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

#[test]
fn polls_keep_the_pace_that_the_service_wants() {
    let lost = json!({ "on": "token", "skip": 3, "do": { "kind": "cut_before_answer" } });
    let mut scenario = scenario(1, json!({ "faults": [lost], "latency": { "min_ms": 0, "max_ms": 0 } }));
    scenario["sign_in"]["lifetime_ms"] = json!(3_600_000);
    scenario["sign_in"]["interval"] = json!(7);
    scenario["sign_in"]["polls"] = json!(["pending", "slow_down", "pending", "pending"]);
    let asked = Arc::new(Asked::default());
    let mut run = run_with(&scenario, 1, 8, None, Some(Arc::clone(&asked)));
    assert!(matches!(run.live(Death::Never), LifeEnded::Sealed));
    let seconds: Vec<i64> = gaps(&run).iter().map(|gap| gap / 1000).collect();
    // RFC 8628 §3.5: five seconds more after `slow_down`, and twice as long after no answer.
    assert_eq!(seconds, [7, 7, 12, 12, 24]);
    assert_eq!(*asked.0.lock().unwrap(), [("https://login.example/device".to_owned(), None)]);
}

#[test]
fn everybody_waits_while_a_person_signs_in_and_then_goes_on() {
    let ended = json!({ "on": "token", "skip": 1, "do": { "kind": "entra", "error": "invalid_grant", "code": 70_043 } });
    let mut scenario = scenario(40, json!({ "faults": [ended] }));
    scenario["sign_in"]["lifetime_ms"] = json!(4000);
    scenario["sign_in"]["interval"] = json!(30);
    scenario["sign_in"]["polls"] = json!(["pending", "pending"]);
    let asked = Arc::new(Asked::default());
    let mut run = run_with(&scenario, 40, 9, Some("the-first-refresh-token"), Some(Arc::clone(&asked)));
    run.concurrency = 16;
    assert!(matches!(run.live(Death::Never), LifeEnded::Sealed));
    hold(&run, true);
    assert_eq!(run.model.lock().unwrap().removals().len(), 40);
    let asked = asked.0.lock().unwrap();
    assert_eq!(asked.len(), 1, "one invitation for all");
    assert!(asked[0].1.as_deref().unwrap().contains("how long a sign-in lasts"));
    // In the minute and a half of the sign-in, nothing else was sent.
    let model = run.model.lock().unwrap();
    let entries = model.journal().entries();
    let of = |at: usize| entries[at].at.as_millis();
    let invited = entries.iter().position(|received| received.target.ends_with("/devicecode")).unwrap();
    let alone = entries[invited..].iter().take_while(|received| received.method == "POST").count();
    assert_eq!(alone, 4);
    assert!(of(invited + 3) - of(invited) >= 90_000);
}

/// At random, tokens are refused, answers are lost, and the process dies: the promises hold, and no row
/// fails because of a token.
#[test]
fn refused_tokens_among_all_other_troubles_and_deaths() {
    let kinds = json!(["unauthorized", "unauthorized", "cut_with_effect", "server_error", "throttled"]);
    let mut sealed = 0;
    for seed in 0..12_u32 {
        let chaos = json!({ "seed": seed, "share": 0.15, "kinds": kinds });
        let mut run = run(&scenario(5, json!({ "chaos": chaos })), 5, u64::from(seed));
        for death in [Death::After(5 + seed), Death::Before(9 + seed), Death::Never, Death::Never] {
            let ended = run.live(death);
            hold(&run, matches!(ended, LifeEnded::Sealed));
            if matches!(ended, LifeEnded::Sealed) {
                sealed += 1;
                break;
            }
        }
        let reader = run.reader();
        let latest = reader.find("latest").unwrap().run_id;
        for line in customers(&run.log(), &latest) {
            assert_ne!(line.http_status, Some(401), "seed {seed}, row {}", line.row);
            assert_ne!(line.outcome, Some(Outcome::Failed), "seed {seed}: {:?}", line.explanation);
        }
    }
    assert!(sealed >= 8, "only {sealed} runs came to their end");
}
