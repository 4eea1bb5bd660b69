//! A bad day: a partner with customers, what goes wrong with them, and when the program dies. One seed is one day.

use super::{
    blind_listing, id,
    in_process::{Death, InProcessRun, LifeEnded},
};
use offboard::domain::{Effect, Procedure};
use proptest::{
    prelude::*,
    strategy::ValueTree as _,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A scenario, how many customers the list has, and a seed.
pub(crate) type Day = (Value, u32, u64);

/// What a day is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Removal,
    RemovalAfterSuspension,
    RemovalAfterCancellation,
    Sandbox,
    TermEnd,
    TermEndUndone,
    DelegatedAdmin,
}

/// What happens to some request: `times` 0 is without end.
fn fault(on: &str, skip: u32, times: u32, action: Value) -> Value {
    json!({ "on": on, "skip": skip, "times": times, "do": action })
}

/// The service's own no, with which nothing happens.
fn no(status: u16, code: u32) -> Value {
    json!({ "kind": "answer", "status": status, "code": code })
}

fn too_many(effect: bool) -> Value {
    json!({ "kind": "answer", "status": 429, "retry_after": "1", "effect": effect })
}

fn lost(effect: bool) -> Value {
    json!({ "kind": "cut_before_answer", "effect": effect })
}

/// What somebody on the way says, who knows nothing of customers.
fn gateway() -> Value {
    json!({ "kind": "answer", "status": 404, "json": r#"{"statusCode":404,"message":"Resource not found"}"# })
}

/// What a customer can be like when a relationship is to be ended.
fn in_production() -> Vec<Value> {
    let trouble = |faults: Vec<Value>| json!({ "faults": faults });
    vec![
        json!({}),
        json!({}),
        json!({}),
        json!({}),
        json!({ "subscriptions": [{ "kind": "legacy", "status": "active" }] }),
        json!({ "subscriptions": [{ "kind": "new_commerce", "status": "suspended" }] }),
        json!({ "entitlements": [{ "kind": "software", "order_status": "cancelled" }] }),
        json!({ "relationship": "advisor" }),
        json!({ "relationship": "none" }),
        // The answer is lost, and no look at the customer alone tells anything.
        trouble(vec![fault("remove", 0, 1, lost(true)), fault("customer", 0, 0, gateway())]),
        trouble(vec![fault("remove", 0, 1, lost(false)), fault("customer", 0, 0, gateway())]),
        // It is accepted, and for a while no look tells anything.
        trouble(vec![fault("customer", 0, 2, gateway())]),
        // A no after a try of which nobody knows what it did.
        trouble(vec![fault("remove", 0, 1, too_many(true)), fault("remove", 0, 1, no(400, 900_127))]),
        trouble(vec![fault("remove", 0, 1, too_many(false)), fault("remove", 0, 1, no(400, 900_127))]),
        trouble(vec![fault("remove", 0, 0, too_many(true))]),
        trouble(vec![fault("remove", 0, 0, too_many(false))]),
        // A no at first.
        trouble(vec![fault("remove", 0, 1, no(404, 60_003))]),
        trouble(vec![fault("remove", 0, 1, no(400, 900_127))]),
        trouble(vec![fault("remove", 0, 1, no(403, 900_150))]),
        // A no that nobody knows, of something that was done.
        trouble(vec![fault(
            "remove",
            0,
            1,
            json!({ "kind": "answer", "status": 409, "code": 409_409, "effect": true }),
        )]),
    ]
}

/// What a customer can be like in the sandbox.
fn in_sandbox() -> Vec<Value> {
    let order = |id: &str, more: Value| {
        let mut order = json!({ "id": id });
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        order
    };
    let with = |orders: Vec<Value>, faults: Vec<Value>| {
        let of = |order: &Value| json!({ "kind": "software", "order": order["id"] });
        let entitlements: Vec<Value> = orders.iter().chain(&orders).map(of).collect();
        json!({ "entitlements": entitlements, "orders": orders, "faults": faults })
    };
    let (plain, slow) = (json!({}), json!({ "cancels_after_ms": 20_000 }));
    let a_and_b = || vec![order("A", json!({})), order("B", json!({}))];
    vec![
        json!({}),
        with(vec![order("A", plain.clone())], vec![]),
        with(vec![order("A", plain.clone()), order("B", slow.clone()), order("C", plain.clone())], vec![]),
        with(vec![order("A", slow.clone()), order("B", json!({ "cancels_after_ms": 55_000 }))], vec![]),
        with(vec![order("A", json!({})), order("B", json!({ "never_cancels": true }))], vec![]),
        with(vec![order("A", json!({})), order("B", json!({ "refuses": 800_061 }))], vec![]),
        with(vec![order("A", slow.clone()), order("B", json!({ "refuses": 800_061 }))], vec![]),
        with(vec![order("A", json!({ "created": "2020-01-01" }))], vec![]),
        json!({ "relationship": "none" }),
        // A no after a try of which nobody knows what it did.
        with(a_and_b(), vec![fault("cancel_order", 1, 1, too_many(true))]),
        with(a_and_b(), vec![fault("cancel_order", 0, 0, too_many(true))]),
        with(
            a_and_b(),
            vec![fault("cancel_order", 1, 1, too_many(false)), fault("cancel_order", 0, 1, no(400, 800_061))],
        ),
        with(a_and_b(), vec![fault("cancel_order", 1, 1, lost(true)), fault("orders", 2, 0, gateway())]),
        with(vec![order("A", slow)], vec![fault("cancel_order", 0, 1, lost(true))]),
        // All orders are cancelled, and the customer stays.
        with(a_and_b(), vec![fault("delete", 0, 1, no(403, 900_150))]),
        with(a_and_b(), vec![fault("delete", 0, 1, lost(true)), fault("customer", 0, 0, gateway())]),
        with(a_and_b(), vec![fault("delete", 0, 1, too_many(true))]),
        with(a_and_b(), vec![fault("delete", 0, 1, no(404, 60_003))]),
    ]
}

/// What a customer can be like whose legacy subscriptions may be suspended.
fn with_legacy() -> Vec<Value> {
    let legacy = json!({ "kind": "legacy", "status": "active" });
    let one = |faults: Vec<Value>| json!({ "subscriptions": [legacy], "faults": faults });
    let two = |faults: Vec<Value>| json!({ "subscriptions": [legacy, legacy], "faults": faults });
    let refused = || fault("remove", 0, 0, no(400, 900_127));
    vec![
        one(vec![]),
        two(vec![]),
        json!({ "subscriptions": [legacy, { "kind": "new_commerce", "status": "active" }] }),
        json!({ "subscriptions": [legacy, legacy, legacy] }),
        json!({}),
        json!({}),
        json!({}),
        // The service knows something that the program does not.
        one(vec![refused()]),
        two(vec![fault("remove", 0, 1, json!({ "kind": "answer", "status": 403 }))]),
        two(vec![refused()]),
        // And what is to be taken back is not, or nobody knows.
        two(vec![refused(), fault("update_subscription", 2, 1, no(400, 900_127))]),
        two(vec![refused(), fault("update_subscription", 2, 1, lost(true))]),
        two(vec![
            refused(),
            fault("update_subscription", 2, 1, gateway()),
            fault("subscription", 6, 0, gateway()),
        ]),
        // The suspension itself.
        one(vec![fault("update_subscription", 0, 1, no(400, 800_096))]),
        two(vec![fault("update_subscription", 1, 1, no(400, 2055))]),
        two(vec![
            fault("update_subscription", 1, 1, too_many(true)),
            fault("update_subscription", 0, 1, no(400, 900_127)),
        ]),
        two(vec![
            fault("update_subscription", 1, 1, too_many(false)),
            fault("update_subscription", 0, 1, no(400, 900_127)),
        ]),
        two(vec![fault("update_subscription", 1, 1, lost(true)), fault("subscription", 3, 0, gateway())]),
        one(vec![fault("update_subscription", 0, 0, too_many(true))]),
    ]
}

/// What a customer can be like whose new-commerce subscriptions may be cancelled.
fn with_windows() -> Vec<Value> {
    let licence = |more: Value| {
        let mut whole = json!({ "kind": "new_commerce", "ends": "2028-03-04", "quantity": 7 });
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        whole
    };
    let open = || licence(json!({ "cancellable_until": "2026-11-24T12:00:00Z" }));
    let extended =
        || licence(json!({ "name": "Mail (Extended Service Term)", "ends": "2026-12-04", "term": "P1M" }));
    let with = |subscriptions: Vec<Value>, faults: Vec<Value>| json!({ "subscriptions": subscriptions, "faults": faults });
    let two = |faults: Vec<Value>| with(vec![open(), extended()], faults);
    let update = "update_subscription";
    vec![
        with(vec![open()], vec![]),
        with(vec![extended()], vec![]),
        two(vec![]),
        with(vec![open(), licence(json!({ "status": "deleted" })), extended()], vec![]),
        with(vec![licence(json!({ "status": "suspended", "cancellable_until": "2026-11-24" }))], vec![]),
        with(vec![licence(json!({ "trial": true }))], vec![]),
        json!({}),
        json!({}),
        // Something else stands in the way, so nothing is cancelled.
        with(vec![open(), licence(json!({}))], vec![]),
        with(vec![open(), licence(json!({ "cancellable_until": "2026-11-19T12:00:00Z" }))], vec![]),
        with(vec![extended(), json!({ "kind": "legacy" })], vec![]),
        json!({ "subscriptions": [open()], "entitlements": [{ "kind": "software" }] }),
        // The service says no, or nobody knows what it says.
        with(vec![open()], vec![fault(update, 0, 1, no(400, 900_214))]),
        two(vec![fault(update, 1, 1, no(400, 900_214))]),
        two(vec![fault(update, 1, 1, no(412, 2055))]),
        two(vec![fault(update, 0, 1, json!({ "kind": "answer", "status": 403 }))]),
        two(vec![fault(update, 1, 1, lost(true)), fault("subscription", 3, 0, gateway())]),
        two(vec![fault(update, 0, 1, lost(true))]),
        two(vec![fault(update, 0, 1, lost(false))]),
        two(vec![fault(update, 1, 1, too_many(true)), fault(update, 0, 1, no(400, 900_214))]),
        two(vec![fault(update, 0, 0, too_many(true))]),
        two(vec![fault(update, 0, 1, json!({ "kind": "late_effect", "after_ms": 30_000 }))]),
        // What is cancelled was for nothing.
        two(vec![fault("remove", 0, 0, no(400, 900_127))]),
        with(vec![open()], vec![fault("remove", 0, 1, json!({ "kind": "answer", "status": 403 }))]),
        two(vec![fault("remove", 0, 1, lost(true))]),
    ]
}

/// What a customer can be like whose subscriptions are to end with their terms.
fn with_terms() -> Vec<Value> {
    let licence = |more: Value| {
        let mut whole = json!({ "kind": "new_commerce", "ends": "2028-03-04", "quantity": 7 });
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        whole
    };
    let renews = || licence(json!({}));
    let action = |name: &str| json!([{ "action": name }]);
    let with = |subscriptions: Vec<Value>, faults: Vec<Value>| json!({ "subscriptions": subscriptions, "faults": faults });
    let two = |faults: Vec<Value>| with(vec![renews(), renews()], faults);
    let extends = |auto: bool| {
        licence(json!({ "auto_renew": auto, "scheduled": action("RenewToExtendedServiceTerm") }))
    };
    let update = "update_subscription";
    vec![
        with(vec![renews()], vec![]),
        two(vec![]),
        with(vec![renews(), renews(), renews()], vec![]),
        with(vec![extends(true), extends(false), licence(json!({ "auto_renew": false }))], vec![]),
        // Nothing is left to be done.
        json!({}),
        with(vec![licence(json!({ "auto_renew": false, "scheduled": action("Cancel") }))], vec![]),
        with(vec![licence(json!({ "status": "deleted" }))], vec![]),
        json!({ "relationship": "advisor" }),
        json!({ "relationship": "none" }),
        // Some of it cannot be done: too close to its end, and what nobody understands.
        with(vec![renews(), licence(json!({ "ends": "2026-11-21" }))], vec![]),
        with(vec![licence(json!({ "ends": "2026-11-21" }))], vec![]),
        with(vec![renews(), licence(json!({ "scheduled": action("Odd") })), renews()], vec![]),
        with(vec![licence(json!({ "status": "pending" })), renews()], vec![]),
        // The service makes something else of it.
        with(vec![licence(json!({ "extends_instead": true })), renews()], vec![]),
        with(vec![licence(json!({ "extends_instead": true }))], vec![fault(update, 0, 1, lost(true))]),
        // It says no, or nobody knows what it says.
        two(vec![fault(update, 0, 1, no(400, 900_279))]),
        two(vec![fault(update, 0, 0, no(400, 900_279))]),
        two(vec![fault(update, 1, 1, no(412, 2055))]),
        two(vec![fault(update, 0, 1, json!({ "kind": "answer", "status": 403 }))]),
        two(vec![fault(update, 1, 1, lost(true)), fault("subscription", 3, 0, gateway())]),
        two(vec![fault(update, 0, 1, lost(true))]),
        two(vec![fault(update, 0, 1, lost(false))]),
        two(vec![fault(update, 1, 1, too_many(true)), fault(update, 0, 1, no(400, 900_279))]),
        two(vec![fault(update, 0, 0, too_many(true))]),
        two(vec![fault(update, 0, 0, too_many(false))]),
        two(vec![fault("subscription", 0, 1, json!({ "kind": "answer", "status": 403 }))]),
        // It agrees, and for a while, or for ever, that is not seen.
        two(vec![fault("subscription", 1, 2, gateway())]),
        two(vec![fault(update, 0, 1, json!({ "kind": "late_effect", "after_ms": 30_000 }))]),
    ]
}

/// What goes wrong with the listings that come after the plan's.
fn listings() -> Vec<Value> {
    let short = |items: u32, total: Option<u32>| {
        let mut action = json!({ "kind": "short", "items": items });
        if let Some(total) = total {
            action["total"] = json!(total);
        }
        action
    };
    vec![
        json!([]),
        json!([]),
        json!([blind_listing(0)]),
        json!([fault("list", 1, 1, short(0, None))]),
        json!([fault("list", 1, 0, short(0, Some(0)))]),
        json!([fault("list", 1, 0, short(1, None))]),
        json!([fault("list", 0, 0, short(1, None))]),
        json!([fault("list", 1, 2, short(0, Some(0)))]),
    ]
}

pub(crate) fn any_scenario(kind: Kind) -> impl Strategy<Value = Day> {
    let is_sandbox = kind == Kind::Sandbox;
    let states = prop::sample::select(match kind {
        Kind::Removal => in_production(),
        Kind::RemovalAfterSuspension => with_legacy(),
        Kind::RemovalAfterCancellation => with_windows(),
        Kind::Sandbox => in_sandbox(),
        Kind::TermEnd => with_terms(),
        Kind::TermEndUndone => with_ends(),
        Kind::DelegatedAdmin => with_grants(),
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
    // Some days have many customers with whom all is well: they wait to be confirmed together.
    let easy = prop::sample::select(vec![0_usize, 0, 0, 10]);
    let around = (prop::sample::select(listings()), 0_u32..4, easy);
    (prop::collection::vec(states, 1..8), quirks, throttling, share, any::<u32>(), around).prop_map(
        move |(mut states, (answer, after, visible, bom), throttling, share, seed, (faults, others, easy))| {
            states.extend(std::iter::repeat_n(json!({}), easy));
            let count = u32::try_from(states.len()).unwrap();
            states.extend((0..others).map(|_| json!({})));
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
                "unauthorized", "cut", "cut_with_effect", "cut_in_body", "slow", "late", "garbage", "short"
            ]);
            let scenario = json!({
                "sandbox": is_sandbox,
                "customers": customers,
                "faults": faults,
                "throttling": throttling,
                "quirks": { "removal_answer": answer, "after_removal": after, "visible_for_ms": visible, "bom": bom },
                "chaos": { "seed": seed, "share": share, "kinds": kinds },
                "latency": { "min_ms": 1, "max_ms": 900 },
            });
            (scenario, count, u64::from(seed))
        },
    )
}

/// The customers of a scenario, with whom nothing goes wrong.
fn without_faults(scenario: &Value) -> Value {
    let mut customers = scenario["customers"].clone();
    for customer in customers.as_array_mut().unwrap() {
        customer.as_object_mut().unwrap().remove("faults");
    }
    customers
}

/// The run schedules what there is to schedule, and is taken back by the next one, in this scenario. Of some, somebody has
/// changed the first subscription meanwhile.
fn take_back(run: &mut InProcessRun, mut scenario: Value) {
    let now = run.now();
    let customers = scenario["customers"].as_array_mut().unwrap();
    let set = |run: &InProcessRun, customer: &Value| {
        run.model.lock().unwrap().set_to_happen(now, customer["id"].as_str().unwrap().parse().unwrap())
    };
    for customer in customers.iter() {
        for one in set(run, customer) {
            run.before.insert(one.id, (one.auto_renew, one.scheduled));
        }
    }
    assert!(matches!(run.live(Death::Never), LifeEnded::Sealed));
    for customer in customers {
        let became = set(run, customer);
        let is_changed = customer["name"] == CHANGED;
        let Some(all) = customer.get_mut("subscriptions").and_then(Value::as_array_mut) else { continue };
        for (place, (subscription, became)) in all.iter_mut().zip(became).enumerate() {
            let scheduled: Vec<Value> =
                became.scheduled.iter().map(|name| json!({ "action": name })).collect();
            (subscription["auto_renew"], subscription["scheduled"]) = if is_changed && place == 0 {
                (json!(true), json!([{ "action": "Transition" }]))
            } else {
                (json!(became.auto_renew), json!(scheduled))
            };
        }
    }
    (run.takes_back, run.procedure) = (Some(run.id()), Procedure::UndoCancelAtTermEnd);
    run.meet(&scenario);
}

/// The name of a customer of which somebody changes a subscription.
const CHANGED: &str = "changed meanwhile";

/// What a customer can be like of which a run has scheduled the ends of subscriptions.
fn with_ends() -> Vec<Value> {
    let licence = json!({ "kind": "new_commerce", "ends": "2028-03-04", "quantity": 7 });
    let renewing = json!({ "kind": "new_commerce", "ends": "2028-03-04", "scheduled": [{ "action": "RenewToNewTerm" }] });
    let extending = json!({ "kind": "new_commerce", "ends": "2028-03-04", "auto_renew": false,
        "scheduled": [{ "action": "RenewToExtendedServiceTerm" }] });
    let with = |subscriptions: Vec<&Value>, faults: Vec<Value>| json!({ "subscriptions": subscriptions, "faults": faults });
    let two = |faults: Vec<Value>| with(vec![&licence, &renewing], faults);
    let changed = |mut customer: Value| {
        customer["name"] = json!(CHANGED);
        customer
    };
    let update = "update_subscription";
    vec![
        with(vec![&licence], vec![]),
        two(vec![]),
        with(vec![&renewing, &extending, &licence], vec![]),
        json!({}),
        changed(with(vec![&licence], vec![])),
        changed(two(vec![])),
        changed(two(vec![fault(update, 0, 1, lost(true))])),
        two(vec![fault(update, 0, 1, no(400, 900_279))]),
        two(vec![fault(update, 1, 1, no(412, 2055))]),
        two(vec![fault(update, 0, 1, lost(true))]),
        two(vec![fault(update, 0, 1, lost(false))]),
        two(vec![fault(update, 1, 1, too_many(true)), fault(update, 0, 1, no(400, 900_279))]),
        two(vec![fault(update, 0, 0, too_many(true))]),
        two(vec![fault(update, 1, 1, lost(true)), fault("subscription", 3, 0, gateway())]),
        two(vec![fault("subscription", 1, 2, gateway())]),
    ]
}

/// What a customer can have granted the partner.
fn with_grants() -> Vec<Value> {
    let grant = |status: &str| json!({ "name": "Helpdesk", "status": status });
    let slow = json!({ "name": "Slow", "terminates_after_ms": 20_000 });
    let never = json!({ "name": "Never", "never_terminates": true });
    let with =
        |grants: Vec<Value>, faults: Vec<Value>| json!({ "delegated_admin": grants, "faults": faults });
    let two = |faults: Vec<Value>| with(vec![grant("active"), grant("created")], faults);
    let own = |status: u16, code: &str| {
        let body =
            format!(r#"{{"error":{{"code":"{code}","message":"No.","innerError":{{"request-id":"1"}}}}}}"#);
        json!({ "kind": "answer", "status": status, "json": body })
    };
    let end = "end_delegated_admin";
    vec![
        json!({}),
        with(vec![grant("active")], vec![]),
        two(vec![]),
        with(vec![grant("terminated"), grant("expired")], vec![]),
        with(vec![grant("approvalPending"), grant("active")], vec![]),
        with(vec![grant("approvalPending")], vec![]),
        with(vec![grant("oddState"), grant("expiring")], vec![]),
        with(vec![slow.clone(), grant("active"), slow], vec![]),
        with(vec![never, grant("approved")], vec![]),
        json!({ "relationship": "none", "delegated_admin": [{ "name": "Stays" }] }),
        two(vec![fault(end, 0, 1, lost(true))]),
        two(vec![fault(end, 0, 1, lost(false))]),
        two(vec![fault(end, 1, 1, lost(true)), fault("delegated_admin", 2, 3, gateway())]),
        two(vec![fault(end, 0, 1, own(403, "Forbidden"))]),
        two(vec![fault(end, 1, 1, own(412, "preconditionFailed"))]),
        two(vec![fault(end, 0, 1, too_many(true)), fault(end, 0, 1, own(400, "badRequest"))]),
        two(vec![fault(end, 0, 0, too_many(false))]),
        two(vec![fault(end, 0, 1, gateway())]),
        two(vec![fault("delegated_admin", 1, 2, gateway())]),
    ]
}

/// In milliseconds.
const DAY: i64 = 86_400_000;

/// Faults, kills, stops and restarts.
pub(crate) struct BadDay {
    pub(crate) run: InProcessRun,
    /// How each life but the last ends, if it does not end by itself, and by how much the clock is wrong in it.
    lives: Vec<(Death, i64)>,
}

impl BadDay {
    pub(crate) fn new(kind: Kind, seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
        let (scenario, count, salt) = any_scenario(kind).new_tree(&mut runner).unwrap().current();
        let deaths = prop_oneof![
            (1_u32..25).prop_map(Death::Before),
            (1_u32..25).prop_map(Death::After),
            (1_u32..25).prop_map(Death::Asked),
            (20_u32..60).prop_map(Death::Asked),
        ];
        let deaths = prop::collection::vec(deaths, 0..5).new_tree(&mut runner).unwrap().current();
        // Somebody sets this machine's clock while the program is down.
        let skews =
            prop::collection::vec(prop::sample::select(vec![0, 0, DAY, -DAY, 400 * DAY, -400 * DAY]), 5);
        let skews = skews.new_tree(&mut runner).unwrap().current();
        // What is taken back was done on a quiet day.
        let quiet = json!({ "customers": without_faults(&scenario) });
        let is_undo = kind == Kind::TermEndUndone;
        let mut run = InProcessRun::new(if is_undo { &quiet } else { &scenario }, count, salt);
        run.procedure = match kind {
            Kind::Sandbox => Procedure::DeleteSandboxCustomer,
            Kind::TermEnd | Kind::TermEndUndone => Procedure::CancelAtTermEnd,
            Kind::DelegatedAdmin => Procedure::EndDelegatedAdmin,
            Kind::Removal | Kind::RemovalAfterSuspension | Kind::RemovalAfterCancellation => {
                Procedure::RemoveRelationship
            }
        };
        if is_undo {
            take_back(&mut run, scenario);
        }
        run.allowed = match kind {
            Kind::RemovalAfterSuspension => BTreeSet::from([Effect::SuspendSubscription]),
            Kind::RemovalAfterCancellation => {
                BTreeSet::from([Effect::CancelInWindow, Effect::CancelExtended])
            }
            Kind::Removal | Kind::Sandbox | Kind::TermEnd | Kind::TermEndUndone | Kind::DelegatedAdmin => {
                BTreeSet::new()
            }
        };
        run.has_graph = kind == Kind::DelegatedAdmin;
        run.gives_up = seed.is_multiple_of(3);
        Self { run, lives: deaths.into_iter().zip(skews).collect() }
    }

    /// Lives the whole of it; `look` sees what each life has left.
    pub(crate) fn live(&mut self, mut look: impl FnMut(&mut InProcessRun, &LifeEnded)) {
        // In the last lives, somebody has set the clock right again, and goes on after whatever stopped the run.
        let at_last = [(Death::Never, 0); 4];
        for (death, skew) in std::mem::take(&mut self.lives).into_iter().chain(at_last) {
            self.run.skew = skew;
            let ended = self.run.live(death);
            look(&mut self.run, &ended);
            if matches!(ended, LifeEnded::Sealed) {
                return;
            }
        }
    }
}

/// Each seed in turn; says how many there were. `OFFBOARD_TEST_SEEDS=2000` has as many, `OFFBOARD_TEST_SEED=17` has that
/// one again.
pub(crate) fn each_seed(usually: u64, mut day: impl FnMut(u64)) -> u64 {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    if let Some(seed) = number("OFFBOARD_TEST_SEED") {
        day(seed);
        return 1;
    }
    let seeds = number("OFFBOARD_TEST_SEEDS").unwrap_or(usually);
    for seed in 0..seeds {
        let survived = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| day(seed)));
        survived.unwrap_or_else(|_| panic!("run it again with OFFBOARD_TEST_SEED={seed}"));
    }
    seeds
}
