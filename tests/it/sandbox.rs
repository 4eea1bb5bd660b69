//! Customers of the integration sandbox: their orders are cancelled, once each, and they are deleted when
//! every order is seen cancelled.

use crate::support::{Done, Folder, PARTNER, Reviewing, World, evidence::Question, id, list_of, typed};
use offboard::domain::{Outcome, Procedure};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, process::Command};

/// What makes a run one of this procedure.
const SANDBOX: [&str; 4] = ["--procedure", "delete-sandbox-customer", "--sandbox-tenant", PARTNER];

fn world(customers: Value, faults: Value) -> World {
    World::of(&json!({ "sandbox": true, "customers": customers, "faults": faults }))
}

fn customer(n: u32, entitlements: Value, orders: Value) -> Value {
    json!({ "id": id(n).to_string(), "entitlements": entitlements, "orders": orders })
}

fn entitlement(order: &str) -> Value {
    json!({ "kind": "software", "name": format!("Product of {order}"), "order": order })
}

/// A customer with one order, which is like this.
fn with_order(n: u32, like: Value) -> Value {
    let mut order = json!({ "id": format!("Zx{n}"), "name": format!("Server {n}") });
    order.as_object_mut().unwrap().extend(like.as_object().unwrap().clone());
    customer(n, json!([entitlement(&format!("Zx{n}"))]), json!([order]))
}

fn run(folder: &Folder, world: &World, count: u32, more: &[&str]) -> Done {
    let more: Vec<&str> = SANDBOX.iter().chain(more).copied().collect();
    folder.run(world, &list_of((1..=count).map(id)), &more)
}

fn cancelled(world: &World) -> Vec<String> {
    world.cancelled().into_iter().map(|(_, order)| order).collect()
}

/// Whatever became of the run, this holds of what the service saw: no order was cancelled twice, nobody was
/// deleted twice, and nobody was to be deleted while an order lived.
#[track_caller]
fn no_harm(world: &World) {
    let (orders, deleted) = (world.cancelled(), world.removed());
    assert_eq!(orders.iter().collect::<BTreeSet<_>>().len(), orders.len(), "{orders:?}");
    assert_eq!(deleted.iter().collect::<BTreeSet<_>>().len(), deleted.len(), "{deleted:?}");
    let too_early = |received: &offboard::simulator::Received| {
        received.method == "DELETE"
            && received.status == 400
            && received.cut == offboard::simulator::Cut::None
    };
    assert!(!world.received().iter().any(too_early), "deleted with a living order");
}

#[test]
fn each_order_is_cancelled_once_and_then_the_customer_is_deleted() {
    // One order of two entitlements, one of an entitlement inside another, one that is cancelled already; a
    // subscription that would stand in the way elsewhere; and a customer that has nothing.
    let nested =
        json!({ "kind": "reserved_instance", "order": "shared", "included": [entitlement("inner")] });
    let mut first = customer(
        1,
        json!([entitlement("shared"), nested, { "kind": "software", "order": "over", "order_status": "cancelled" }]),
        json!([]),
    );
    first["subscriptions"] = json!([{ "kind": "legacy", "status": "active" }]);
    let gone = json!({ "id": id(3).to_string(), "relationship": "none" });
    let world = world(json!([first, customer(2, json!([]), json!([])), gone]), json!([]));
    let folder = Folder::new();
    let done = run(&folder, &world, 3, &[]).exits(0);
    assert_eq!(folder.ends(), ["deleted", "deleted", "already_deleted"]);
    assert_eq!(cancelled(&world), ["inner", "shared"]);
    assert_eq!(world.removed(), [id(2), id(1)], "whoever has to wait holds up nobody");
    no_harm(&world);

    let explanations = folder.explanations();
    for part in ["the customer is gone", "order `Product of inner` (inner) was cancelled", "(shared)"] {
        assert!(explanations[0].contains(part), "{part}: {}", explanations[0]);
    }
    for part in ["2 of 3 rows are ready to be deleted", "2 orders are cancelled", "shared"] {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }
    // A cancellation says which order and nothing else of it; a deletion says nothing.
    let bodies: Vec<_> =
        world.changes().into_iter().map(|received| (received.method, received.body)).collect();
    assert!(
        bodies.contains(&("PATCH".into(), r#"{"id":"inner","status":"cancelled"}"#.into())),
        "{bodies:?}"
    );
    assert!(bodies.contains(&("DELETE".into(), String::new())));
    let plan: Value = serde_json::from_str(&folder.report("plan.json")).unwrap();
    let named = &plan["decisions"][0]["decision"]["first"];
    assert_eq!(named[0], json!({ "what": "cancel_order", "id": "inner", "name": "Product of inner" }));
    let summary: Value = serde_json::from_str(&folder.report("summary.json")).unwrap();
    assert_eq!(
        (&summary["procedure"], &summary["counts"]["deleted"]),
        (&json!("delete-sandbox-customer"), &json!(2))
    );
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8, "whole, but for a head from outside");
    assert_eq!(folder.report("retry.csv").lines().count(), 1, "nothing is worth another try");

    // The reviewer sees what was done first, and finds the order.
    let review = Reviewing::start(&folder, &[]);
    let customer = review.page(&format!("/run/{}/customer/2", folder.latest()));
    for part in ["To be done first", "CANCEL AN ORDER", "Seen: it is done", "DELETE THE CUSTOMER"] {
        assert!(customer.contains(part), "{part}: {customer}");
    }
    assert!(review.page("/search?id=shared").contains("customer/2#"));
    review.end().exits(0);

    // Once more: this log knows that they were deleted.
    run(&folder, &world, 3, &[]).exits(0);
    assert_eq!(folder.ends(), ["already_deleted"; 3]);
}

#[test]
fn slow_orders_are_waited_for_and_nobody_waits_with_them() {
    let slow = json!({ "cancels_after_ms": 2500 });
    let several = customer(
        1,
        json!([entitlement("A"), entitlement("B"), entitlement("C")]),
        json!([{ "id": "A", "cancels_after_ms": 2500 }, { "id": "B", "cancels_after_ms": 1500 }, { "id": "C" }]),
    );
    let world = world(json!([several, with_order(2, slow), with_order(3, json!({}))]), json!([]));
    let folder = Folder::new();
    run(&folder, &world, 3, &["--concurrency", "1"]).exits(0);
    assert_eq!(folder.ends(), ["deleted"; 3]);
    no_harm(&world);
    // All are cancelled before the first of them is waited for.
    let changes: Vec<_> = world.changes().into_iter().map(|received| received.method).collect();
    assert_eq!(changes, ["PATCH", "PATCH", "PATCH", "PATCH", "PATCH", "DELETE", "DELETE", "DELETE"]);
    assert_eq!(world.removed()[0], id(3));
    // It was looked at with longer and longer pauses, not all the time.
    let looks = world
        .received()
        .into_iter()
        .filter(|received| received.method == "GET" && received.target.ends_with("/orders/Zx2"));
    assert!((3..=6).contains(&looks.count()));
}

#[test]
fn an_order_that_is_never_cancelled_keeps_its_customer() {
    let world =
        world(json!([with_order(1, json!({ "never_cancels": true })), with_order(2, json!({}))]), json!([]));
    let folder = Folder::new();
    run(&folder, &world, 2, &["--order-timeout", "2s"]).exits(3);
    assert_eq!(folder.ends(), ["skipped: order_not_cancelled", "deleted"]);
    assert_eq!(world.removed(), [id(2)]);
    no_harm(&world);
    let said = &folder.explanations()[0];
    for part in ["`Server 1` (Zx1)", "agreed to cancel it", "not cancelled 2 s later", "was not deleted"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(folder.report("retry.csv").contains(&id(1).to_string()));
}

#[test]
fn what_the_service_does_not_cancel_stays() {
    let refusals = [800_061, 800_063, 800_077];
    let mut customers: Vec<Value> =
        (1..).zip(refusals).map(|(n, code)| with_order(n, json!({ "refuses": code }))).collect();
    // A second order that was cancelled before the refusal is named; what comes after it is not begun.
    customers[0]["entitlements"] = json!([entitlement("Aa"), entitlement("Zx1"), entitlement("Zz")]);
    let world = world(json!(customers), json!([]));
    let folder = Folder::new();
    run(&folder, &world, 3, &[]).exits(3);
    assert_eq!(folder.ends(), ["skipped: order_not_cancelled"; 3]);
    for (line, code) in folder.customers().into_iter().zip(refusals) {
        let said = line.explanation.unwrap();
        assert!(said.contains(&format!("code {code}")) && said.contains("was not deleted"), "{said}");
        assert_eq!(line.error_code.unwrap(), code.to_string());
    }
    assert!(folder.explanations()[0].contains("the service agreed to cancel order `Product of Aa` (Aa)"));
    assert_eq!(cancelled(&world), ["Aa"]);
    assert!(world.removed().is_empty() && world.changes().iter().all(|received| received.method == "PATCH"));
}

#[test]
fn an_order_that_is_too_old_is_known_beforehand() {
    let world = world(json!([with_order(1, json!({ "created": "2026-01-02" }))]), json!([]));
    let folder = Folder::new();
    run(&folder, &world, 1, &[]).exits(3);
    assert_eq!(folder.ends(), ["skipped: order_not_cancelled"]);
    let said = &folder.explanations()[0];
    for part in ["`Server 1` (Zx1)", "2026-01-02", "60 days"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(world.changes().is_empty());
}

#[test]
fn lost_answers_are_looked_into_and_never_repeated_blindly() {
    let customers: Vec<Value> = (1..=4).map(|n| with_order(n, json!({}))).collect();
    let lost = |on: &str, n: u32, effect: bool| json!({ "on": on, "customer": id(n).to_string(), "do": { "kind": "cut_before_answer", "effect": effect } });
    let faults = json!([
        lost("cancel_order", 1, true),
        lost("cancel_order", 2, false),
        lost("delete", 3, true),
        lost("delete", 4, false)
    ]);
    let world = world(json!(customers), faults);
    let folder = Folder::new();
    run(&folder, &world, 4, &[]).exits(0);
    assert_eq!(folder.ends(), ["deleted"; 4]);
    no_harm(&world);
    // What was repeated kept its request ID.
    let of = |n: u32, method: &str| -> Vec<String> {
        let changes = world.changes().into_iter();
        let of_customer = changes
            .filter(|received| received.method == method && received.target.contains(&id(n).to_string()));
        of_customer.map(|received| received.request_id.unwrap()).collect()
    };
    assert_eq!((of(1, "PATCH").len(), of(3, "DELETE").len()), (1, 1), "it had happened");
    for repeated in [of(2, "PATCH"), of(4, "DELETE")] {
        assert_eq!(repeated.len(), 2);
        assert_eq!(repeated[0], repeated[1]);
    }
}

#[test]
fn a_lost_cancellation_of_a_slow_order_is_not_accepted_twice() {
    // The settle time is over long before the order is cancelled, so the cancellation is repeated; the
    // service says that the order is in progress, and it is waited for.
    let lost = json!([{ "on": "cancel_order", "do": { "kind": "cut_before_answer", "effect": true } }]);
    let world = world(json!([with_order(1, json!({ "cancels_after_ms": 3000 }))]), lost);
    let folder = Folder::new();
    run(&folder, &world, 1, &[]).exits(0);
    assert_eq!(folder.ends(), ["deleted"]);
    assert!(world.changes().iter().any(|received| received.status == 409));
    no_harm(&world);
}

#[test]
fn a_deletion_whose_outcome_nobody_knows_is_resolved_by_a_person() {
    let faults = json!([
        { "on": "delete", "do": { "kind": "cut_before_answer", "effect": true } },
        { "on": "customer", "times": 0, "do": { "kind": "relationship", "relationship": "something_new" } },
    ]);
    let world = World::of(&json!({ "sandbox": true, "faults": faults, "quirks": { "after_removal": "none" },
        "customers": [with_order(1, json!({}))] }));
    let folder = Folder::new();
    run(&folder, &world, 1, &[]).exits(3);
    assert_eq!(folder.ends(), ["unknown: answer_lost"]);
    let customer = id(1).to_string();
    folder
        .offboard(&[
            "resolve",
            "--customer",
            &customer,
            "--as",
            "removed",
            "--because",
            "the portal shows nothing",
        ])
        .exits(0);
    assert_eq!(folder.customers()[0].outcome, Some(Outcome::Done(Procedure::DeleteSandboxCustomer)));
}

#[test]
fn a_plan_names_the_orders_and_only_those_are_cancelled() {
    let with = |orders: &[&str]| -> Value {
        let items: Vec<Value> = orders
            .iter()
            .map(|order| json!({ "referenceOrder": { "id": order }, "entitlementType": "software", "quantity": 1 }))
            .collect();
        json!({ "totalCount": items.len(), "items": items })
    };
    let answer = |n: u32, skip: u32, orders: &[&str]| {
        json!({ "on": "entitlements", "customer": id(n).to_string(), "skip": skip, "times": 1,
            "do": { "kind": "answer", "status": 200, "json": with(orders).to_string() } })
    };
    // The first customer gets an order more, the second one less, the third stays as it is.
    let all = json!([{ "id": "A" }, { "id": "B" }]);
    let customers: Vec<Value> = (1..=3).map(|n| customer(n, json!([]), all.clone())).collect();
    let faults = json!([
        answer(1, 0, &["A"]),
        answer(1, 0, &["A", "B"]),
        answer(2, 0, &["A", "B"]),
        answer(2, 0, &["A"]),
        answer(3, 0, &["A", "B"]),
        answer(3, 0, &["A", "B"]),
    ]);
    let world = world(json!(customers), faults);
    let folder = Folder::new();
    let list = folder.write("list.csv", list_of((1..=3).map(id))).display().to_string();
    let mut arguments =
        vec!["plan", &list, "--rate", "600000", "--settle", "1", "--max-share", "100", "--no-identity-check"];
    arguments.extend(SANDBOX);
    let done = Done::of(&folder.against(&world, &arguments).output().unwrap()).exits(0);
    assert!(done.err.contains("5 orders are cancelled"), "{}", done.err);
    assert_eq!(folder.ends(), ["ready"; 3]);
    assert!(folder.explanations()[0].contains("Before it goes: cancel order"));
    assert!(world.changes().is_empty());
    let plan = folder.path("reports").join(folder.latest().as_str()).join("plan.json");
    let text = fs::read_to_string(&plan).unwrap();
    let plan = plan.display().to_string();
    let apply = |file: &str, more: &[&str]| {
        let mut arguments = vec!["apply", file, "--yes", "--canary", "0"];
        arguments.extend(more);
        Done::of(&folder.against(&world, &arguments).output().unwrap())
    };

    // Whoever is to approve it sees them.
    let digest = serde_json::from_str::<Value>(&text).unwrap()["digest"].as_str().unwrap().to_owned();
    let key = |command: &mut Command| {
        Done::of(&command.env("OFFBOARD_APPROVAL_KEY", folder.path("approval.key")).output().unwrap())
            .exits(0)
    };
    key(&mut folder.command(&["approve", "--new-key"]));
    let briefing = key(&mut folder.command(&["approve", &plan, "--digest", &digest])).out;
    for part in ["deletes    3 customers", "would be deleted", "cancel order `Example product`  A"] {
        assert!(briefing.contains(part), "{part}: {briefing}");
    }

    // The orders are part of what is allowed.
    let edited =
        folder.write("edited.json", text.replace(r#""id":"B""#, r#""id":"C""#)).display().to_string();
    assert!(apply(&edited, &SANDBOX[2..]).exits(4).err.contains("not the one that was written"));
    // Nobody types the sandbox's tenant, so it must be named; another one is refused.
    assert!(apply(&plan, &[]).exits(2).err.contains("`--sandbox-tenant`"));
    let other = id(9).to_string();
    assert!(apply(&plan, &["--sandbox-tenant", &other]).exits(4).err.contains("`--sandbox-tenant`"));
    assert!(world.changes().is_empty());

    apply(&plan, &SANDBOX[2..]).exits(3);
    assert_eq!(
        folder.ends(),
        // The second has an order left that its entitlements do not show any more: the service says no.
        ["skipped: changed_since_plan", "failed: refused_by_service", "deleted"]
    );
    assert!(folder.explanations()[0].contains("order `Example product` (B): not in the plan"));
    assert!(folder.explanations()[1].contains("order `Example product` (A) was cancelled"));
    let of = |n: u32| -> Vec<String> {
        world.cancelled().into_iter().filter(|(of, _)| *of == id(n)).map(|(_, order)| order).collect()
    };
    assert_eq!((of(1), of(2), of(3)), (vec![], vec!["A".to_owned()], vec!["A".to_owned(), "B".to_owned()]));
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn the_sandboxes_tenant_is_typed_in_full() {
    for (text, code) in [
        (format!("{PARTNER} 2\n"), 0),
        ("Fabrikam Demo 2\n".to_owned(), 4),
        (format!("{} 2\n", &PARTNER[..8]), 4),
        (format!("{PARTNER}\n"), 4),
        ("yes\n".to_owned(), 4),
    ] {
        let customers: Vec<Value> = (1..=2).map(|n| with_order(n, json!({}))).collect();
        let (folder, world) = (Folder::new(), world(json!(customers), json!([])));
        let list = folder.write("list.csv", list_of((1..=2).map(id))).display().to_string();
        let mut arguments = vec!["run", &list, "--rate", "600000", "--max-share", "100", "--ticket", "T-1"];
        arguments.extend(SANDBOX);
        let done = Done::of(&typed(&mut folder.against(&world, &arguments), &text)).exits(code);
        for part in ["cancel the orders of, and delete, 2 customers", "tenant is destroyed", PARTNER, "Zx1"] {
            assert!(done.err.contains(part), "{part}: {}", done.err);
        }
        assert_eq!(world.removed().len(), if code == 0 { 2 } else { 0 }, "{text}");
        assert_eq!(world.changes().is_empty(), code != 0);
    }
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn an_approver_types_the_sandboxes_tenant_too() {
    for (text, code) in
        [("Fabrikam Demo 1\n".to_owned(), 4), ("1\n".to_owned(), 4), (format!("{PARTNER} 1\n"), 0)]
    {
        let (folder, world) = (Folder::new(), world(json!([with_order(1, json!({}))]), json!([])));
        folder.write("list.csv", list_of([id(1)]));
        let plan = ["plan", "list.csv", "--rate", "600000", "--max-share", "100"];
        let plan: Vec<&str> = plan.iter().chain(&SANDBOX).copied().collect();
        Done::of(&folder.against(&world, &plan).output().unwrap()).exits(0);
        let plan = folder.path("reports").join(folder.latest().as_str()).join("plan.json");
        folder.offboard(&["approve", "--new-key"]).exits(0);
        let mut approve = folder.command(&["approve", plan.to_str().unwrap()]);
        let done = Done::of(&typed(&mut approve, &text)).exits(code);
        assert!(done.err.contains(&format!("type the sandbox's tenant ID and the number, `{PARTNER} 1`")));
        assert!(done.out.contains("deleted") && !done.out.contains("removed"), "{}", done.out);
        assert_eq!(plan.with_file_name("approval.txt").exists(), code == 0, "{text}");
    }
}

#[track_caller]
fn refused(world: &World, done: Done, code: i32, says: &str) {
    let done = done.exits(code);
    assert!(done.err.contains(says), "{says}: {}", done.err);
    assert!(world.changes().is_empty());
}

#[test]
fn customers_are_deleted_in_the_sandbox_that_is_named_alone() {
    let (folder, world) = (Folder::new(), world(json!([with_order(1, json!({}))]), json!([])));
    let list = list_of([id(1)]);
    let procedure = ["--procedure", "delete-sandbox-customer"];
    refused(&world, folder.run(&world, &list, &procedure), 2, "needs `--sandbox-tenant`");
    let other = id(9).to_string();
    let elsewhere = [procedure[0], procedure[1], "--sandbox-tenant", &other];
    refused(&world, folder.run(&world, &list, &elsewhere), 4, "both must be the same");
    assert!(world.received().is_empty(), "nothing was sent at all");
    // The same without `--partner-tenant`: the profile says whose account it is.
    let file = folder.write("list.csv", &list).display().to_string();
    let mut arguments = vec!["plan", &file];
    arguments.extend(elsewhere);
    let mut plan = folder.against(&world, &arguments);
    plan.env_remove("OFFBOARD_PARTNER_TENANT");
    refused(&world, Done::of(&plan.output().unwrap()), 4, "customers are deleted nowhere else");
    assert_eq!(world.received().len(), 1, "nothing but the profile was read");
    // Without a prompt, both are named.
    let mut arguments = vec!["run", &file, "--yes"];
    arguments.extend(SANDBOX);
    let mut command = folder.against(&world, &arguments);
    command.env_remove("OFFBOARD_PARTNER_TENANT");
    refused(&world, Done::of(&command.output().unwrap()), 2, "`--partner-tenant`");

    for (option, value, says) in [
        ("--allow", "software_purchase", "means nothing"),
        ("--order-timeout", "soon", "no duration"),
        ("--order-timeout", "0s", "one second to one day"),
    ] {
        let mut more = SANDBOX.to_vec();
        more.extend([option, value]);
        refused(&world, folder.run(&world, &list, &more), 2, says);
    }
    refused(&world, folder.run(&world, &list, &["--order-timeout", "5m"]), 2, "means nothing");
}

#[test]
fn no_relationship_is_ended_in_a_sandbox() {
    let (folder, world) = (Folder::new(), world(json!([customer(1, json!([]), json!([]))]), json!([])));
    let list = list_of([id(1)]);
    let file = folder.write("list.csv", &list).display().to_string();
    // A plan that was made before the sandbox was known as one.
    let plan = ["plan", &file, "--rate", "600000", "--max-share", "100", "--no-identity-check"];
    Done::of(&folder.against(&world, &plan).output().unwrap()).exits(0);
    let plan = folder.path("reports").join(folder.latest().as_str()).join("plan.json").display().to_string();

    folder.write("offboard.toml", format!("sandbox_tenants = [\"{}\", \"{PARTNER}\"]\n", id(9)));
    refused(&world, folder.run(&world, &list, &[]), 4, "destroys the customer");
    let apply = ["apply", &plan, "--yes"];
    refused(&world, Done::of(&folder.against(&world, &apply).output().unwrap()), 4, "destroys the customer");
    fs::remove_file(folder.path("offboard.toml")).unwrap();
    // Whoever names it as the sandbox knows what it is.
    refused(&world, folder.run(&world, &list, &["--sandbox-tenant", PARTNER]), 4, "delete-sandbox-customer");
    folder.write("offboard.toml", "sandbox_tenants = [\"nonsense\"]\n");
    refused(&world, folder.run(&world, &list, &[]), 2, "`sandbox_tenants`");
}

#[test]
fn a_rehearsal_deletes_made_up_customers() {
    let folder = Folder::new();
    let list = folder.write("list.csv", list_of((1..=120).map(id))).display().to_string();
    let mut arguments = vec!["run", &list, "--rehearse", "--yes", "--rate", "600000", "--settle", "1"];
    arguments.extend(["--max-share", "100", "--canary", "0"]);
    arguments.extend(SANDBOX);
    let done = Done::of(&folder.command(&arguments).output().unwrap()).exits(3);
    assert!(done.out.contains("rehearsal: no real customer was touched"), "{}", done.out);
    let counts = folder.counts();
    assert!(counts["deleted"] > 80, "{counts:?}");
    let reasons: BTreeSet<_> = folder.customers().into_iter().filter_map(|line| line.reasons).collect();
    assert!(reasons.contains("order_not_cancelled"), "{reasons:?}");
}

#[test]
fn a_canary_that_cannot_be_deleted_stops_the_rest() {
    let customers: Vec<Value> = (1..=4).map(|n| with_order(n, json!({}))).collect();
    let denied = json!([{ "on": "delete", "do": { "kind": "answer", "status": 403 } }]);
    let (folder, world) = (Folder::new(), world(json!(customers), denied));
    let done = run(&folder, &world, 4, &["--canary", "1"]).exits(4);
    assert!(done.err.contains("goes ahead to find that out"), "{}", done.err);
    assert_eq!(cancelled(&world), ["Zx1"]);
    let resume = ["resume", "--yes", "--rate", "600000"];
    let resume = |more: &[&str]| {
        let arguments: Vec<&str> = resume.iter().chain(more).copied().collect();
        Done::of(&folder.against(&world, &arguments).output().unwrap())
    };
    assert!(resume(&[]).exits(2).err.contains("`--sandbox-tenant`"), "it is asked again");
    resume(&SANDBOX[2..]).exits(3);
    assert_eq!(folder.ends(), ["failed: permission_denied", "deleted", "deleted", "deleted"]);
    no_harm(&world);
}

/// Killed after each request in turn, whatever it was, and gone on with.
#[test]
fn killed_in_each_step() {
    let scenario = || {
        let several = customer(
            1,
            json!([entitlement("A"), entitlement("B")]),
            json!([{ "id": "A", "cancels_after_ms": 700 }, { "id": "B" }]),
        );
        world(json!([several, with_order(2, json!({}))]), json!([]))
    };
    let mut at = 0;
    loop {
        at += 1;
        let (folder, world) = (Folder::new(), scenario());
        let list = folder.write("list.csv", list_of((1..=2).map(id)));
        let more: Vec<&str> = SANDBOX.iter().chain(&["--concurrency", "1"]).copied().collect();
        if !world.kills_after(at, &mut folder.run_command(&world, &list, &more)) {
            break;
        }
        let mut arguments = vec!["resume", "--yes", "--rate", "600000"];
        arguments.extend(&SANDBOX[2..]);
        Done::of(&folder.against(&world, &arguments).output().unwrap()).exits(0);
        assert_eq!(folder.ends(), ["deleted"; 2], "killed after request {at}");
        no_harm(&world);
        assert_eq!(
            cancelled(&world).into_iter().collect::<BTreeSet<_>>(),
            ["A", "B", "Zx2"].map(str::to_owned).into()
        );
        assert_eq!(world.removed().into_iter().collect::<BTreeSet<_>>(), [id(1), id(2)].into());
        let on_record: BTreeSet<_> =
            folder.requests().into_iter().filter_map(|line| line.correlation_id).collect();
        assert!(
            world
                .received()
                .into_iter()
                .all(|received| on_record.contains(&received.correlation_id.unwrap()))
        );
        assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
    }
    assert!(at > 14, "only {at} requests");
}
