use super::*;
use crate::simulator::scenario::{Generated, ListedCustomer};
use crate::simulator::{Keep, Received, generated_id};
use proptest::prelude::*;
use std::io::Write;
use std::sync::{Arc, Mutex};

fn chaotic(seed: u64) -> Model {
    let scenario = json!({
        "seed": seed, "generated": { "count": 20, "seed": 1 },
        "chaos": { "seed": seed, "share": 0.4 }, "latency": { "min_ms": 5, "max_ms": 50 },
        "throttling": [{ "requests": 30, "window_ms": 10000 }],
        "quirks": { "visible_for_ms": 2000 },
    });
    model(&scenario)
}

/// The `n`th kind of request, for one of the twenty customers.
fn nth(n: u8) -> Request {
    let customer = generated_id(1, u32::from(n) % 20);
    let base = format!("/v1/customers/{customer}");
    match n / 32 {
        0 | 1 => request("PATCH", &base, REMOVAL),
        2 => request("GET", &base, ""),
        3 => request("GET", &format!("{base}/subscriptions"), ""),
        4 => request("GET", &format!("{base}/entitlements?showExpiry=true"), ""),
        5 => request("GET", "/v1/customers?size=7", ""),
        6 => request("GET", &format!("{base}/orders"), ""),
        _ => request("GET", "/v1/profiles/organization", ""),
    }
}

proptest! {
    #[test]
    fn the_same_requests_get_the_same_replies(seed: u64, asked in prop::collection::vec((any::<u8>(), 0_u64..3000), 1..60)) {
        let run = || {
            let (mut model, mut now) = (chaotic(seed), NOW);
            let replies: Vec<Reply> = asked.iter().map(|(n, wait)| {
                now = now.plus(Duration::from_millis(*wait));
                model.handle(now, &nth(*n))
            }).collect();
            (replies, model.removals().to_vec(), model.journal().entries().to_vec())
        };
        let (first, second) = (run(), run());
        prop_assert_eq!(&first, &second);
        // No relationship ends twice, and each end was asked for.
        let (_, removals, entries) = first;
        for (i, removal) in removals.iter().enumerate() {
            prop_assert!(removals.iter().skip(i + 1).all(|other| other.customer != removal.customer));
            prop_assert!(entries.iter().any(|entry| entry.method == "PATCH" && entry.at <= removal.at
                && entry.target.ends_with(&removal.customer.to_string())));
        }
    }

    #[test]
    fn no_request_is_too_strange(method in "[A-Z]{0,7}", target in "\\PC{0,60}", body in "\\PC{0,60}") {
        let mut model = model_with(json!({}));
        let strange = request(&method, &target, &body);
        prop_assert!((200..600).contains(&model.handle(NOW, &strange).status));
        let under = request(&method, &format!("/v1/customers/{A}/{target}"), &body);
        prop_assert!((200..600).contains(&model.handle(NOW, &under).status));
    }
}

#[test]
fn chance_is_as_frequent_as_asked_and_every_kind_occurs() {
    let mut model = model_with(json!({ "chaos": { "seed": 5, "share": 0.25 } }));
    for _ in 0..2000 {
        get(&mut model, "/v1/customers");
    }
    let counts = model.journal().counts();
    // Of thirteen kinds, slow, late, cut and garbage answers keep the status 200.
    assert!((1500..1850).contains(&counts.by_status[&200]), "{counts:?}");
    assert!([401, 429, 500, 502, 503].iter().all(|status| counts.by_status[status] > 10), "{counts:?}");
    assert!(counts.cut > 50);
}

#[test]
fn latency_stays_between_its_bounds() {
    let mut model = model_with(json!({ "latency": { "min_ms": 20, "max_ms": 80 } }));
    let delays: Vec<Duration> = (0..200).map(|_| get(&mut model, "/v1/customers").delay).collect();
    assert!(delays.iter().all(|delay| (20..=80).contains(&delay.as_millis())));
    assert!(delays.iter().any(|delay| *delay != delays[0]));
}

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_journal_keeps_what_it_is_told_to_and_no_secret() {
    let written = Shared::default();
    let mut lines = model_with(json!({})).with_journal(Keep::Lines(Box::new(written.clone())));
    let mut all = model_with(json!({}));
    let mut counts = model_with(json!({})).with_journal(Keep::Counts);
    for model in [&mut lines, &mut all, &mut counts] {
        get(model, "/v1/customers");
        remove(model, A);
        assert_eq!((model.journal().counts().requests, model.journal().counts().effects), (2, 1));
    }
    let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
    let read: Vec<Received> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, all.journal().entries());
    assert!(counts.journal().entries().is_empty() && lines.journal().entries().is_empty());
    let patch = &read[1];
    assert_eq!((patch.number, patch.status, patch.body.as_str()), (2, 200, REMOVAL));
    assert_eq!((patch.request_id.as_deref(), patch.correlation_id.as_deref()), (Some(B), Some(C)));
    assert_eq!(patch.headers[0], ("authorization".to_owned(), "(14 characters)".to_owned()));
    assert!(!text.contains("made-up"));
}

#[test]
fn a_rehearsal_knows_the_customers_of_the_list() {
    let known =
        |(id, name): (_, Option<&str>)| ListedCustomer { id, name: name.map(Box::from), domain: None };
    let list = [(id(B), None), (id(A), Some("Litware")), (id(A), None)].map(known);
    let others = |known| Generated { count: u32::try_from(known).unwrap() + 1, seed: 3, clean: true };
    let mut model = Model::new(Scenario::default()).with_list(list, others);
    let all = json_of(&get(&mut model, "/v1/customers?size=99"));
    assert_eq!(all["items"].as_array().unwrap().len(), 5, "two of the list, and three others: {all}");
    let customer = json_of(&get(&mut model, &format!("/v1/customers/{A}")));
    assert_eq!(customer["companyProfile"]["companyName"], "Litware");
    assert_eq!(get(&mut model, &format!("/v1/customers/{B}")).status, 200);
    assert_eq!(get(&mut model, &format!("/v1/customers/{C}")).status, 404);
}

#[test]
fn every_clean_customer_can_be_removed_and_an_unclean_one_is_as_it_says() {
    let mut clean = Model::new(Scenario::generated_clean(200, 4));
    for n in 0..200 {
        assert_eq!(remove(&mut clean, &generated_id(4, n).to_string()).status, 200);
    }
    assert_eq!(clean.removals().len(), 200);
    let mut mixed = Model::new(Scenario::generated(400, 4));
    for n in 0..400 {
        remove(&mut mixed, &generated_id(4, n).to_string());
    }
    assert!((250..330).contains(&mixed.removals().len()), "{}", mixed.removals().len());
}
