//! What was planned is what happens: exactly that plan, once, and only what is still so.

use crate::support::{Done, Folder, World, id, key, list_of};
use offboard::record::Kind;
use offboard::{audit::Store, domain::Time};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
};

fn world(faults: Value) -> World {
    let customers: Vec<Value> = (1..=8)
        .map(|n| json!({ "id": id(n).to_string(), "name": format!("Customer {n}"), "domain": format!("c{n}.example") }))
        .collect();
    World::of(&json!({ "customers": customers, "faults": faults }))
}

/// Plans the first five customers. Gives the plan's file.
fn planned(folder: &Folder, world: &World) -> PathBuf {
    let list = folder.write("list.csv", list_of((1..=5).map(id)));
    let list = list.display().to_string();
    let arguments = [
        "plan",
        &list,
        "--rate",
        "600000",
        "--max-share",
        "100",
        "--settle",
        "1",
        "--ticket",
        "CHG-7",
        "--no-identity-check",
    ];
    Done::of(&folder.against(world, &arguments).output().unwrap()).exits(0);
    assert_eq!(folder.ends(), ["ready"; 5]);
    folder.path("reports").join(folder.latest().as_str()).join("plan.json")
}

fn apply(folder: &Folder, world: &World, plan: &Path, more: &[&str]) -> Done {
    let plan = plan.display().to_string();
    let mut arguments = vec!["apply", &plan, "--yes"];
    arguments.extend(more);
    Done::of(&folder.against(world, &arguments).output().unwrap())
}

#[track_caller]
fn refused(world: &World, done: Done, code: i32, says: &str) {
    let done = done.exits(code);
    assert!(done.err.contains(says), "{says}: {}", done.err);
    assert!(world.changes().is_empty());
}

#[test]
fn a_plan_is_carried_out_once_and_each_customer_is_looked_at_again() {
    let (folder, world) = (Folder::new(), world(json!([])));
    let plan = planned(&folder, &world);
    let made_by = folder.latest();
    let before = world.received().len();
    let done = apply(&folder, &world, &plan, &[]).exits(0);
    assert!(!done.err.contains("is not used"), "nobody named a profile: {}", done.err);
    assert_eq!(folder.ends(), ["removed"; 5]);
    let mut removed = world.removed();
    removed.sort();
    assert_eq!(removed, (1..=5).map(id).collect::<Vec<_>>());
    // The profile, one customer of the listing, and then for each customer four reads and the change; one
    // read confirms the first wave, and a listing the second.
    assert_eq!(world.received().len() - before, 2 + 5 * 5 + 2);

    let summary: Value = serde_json::from_str(&folder.report("summary.json")).unwrap();
    assert_eq!((&summary["mode"], &summary["ticket"]), (&json!("run"), &json!("CHG-7")));
    assert!(folder.report("report.html").contains(&format!("carries out the plan of run {made_by}")));
    // It is the same plan, with the same digest.
    let of = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let (first, second) = (of(&fs::read_to_string(&plan).unwrap()), of(&folder.report("plan.json")));
    assert_eq!(first["digest"], second["digest"]);
    assert_eq!(first["decisions"], second["decisions"]);

    let changes = world.changes().len();
    let done = apply(&folder, &world, &plan, &[]).exits(4);
    assert!(done.err.contains("carried it out already"), "{}", done.err);
    assert_eq!(world.changes().len(), changes);
}

#[test]
fn a_plan_that_is_not_the_one_that_was_sealed_is_refused() {
    let (folder, world) = (Folder::new(), world(json!([])));
    let plan = planned(&folder, &world);
    let text = fs::read_to_string(&plan).unwrap();
    let before = world.received().len();

    // Edited by one byte, wherever it still says that it is a plan.
    for (from, to) in [("\"ready\": 5", "\"ready\": 6"), ("Customer 1", "Customer 9"), ("\n}\n", "\n} \n")] {
        assert!(text.contains(from), "{from}");
        let edited = folder.write("edited.json", text.replacen(from, to, 1));
        refused(&world, apply(&folder, &world, &edited, &[]), 4, "not the one that was written");
    }
    let digest = serde_json::from_str::<Value>(&text).unwrap()["digest"].as_str().unwrap().to_owned();
    let other = if digest.starts_with('0') { "1" } else { "0" };
    let edited = folder.write("edited.json", text.replace(&digest, &format!("{other}{}", &digest[1..])));
    refused(&world, apply(&folder, &world, &edited, &[]), 4, "not the one that was written");
    let rubbish = folder.write("rubbish.json", "{}");
    refused(&world, apply(&folder, &world, &rubbish, &[]), 2, "is not a plan.json");

    refused(&world, apply(&folder, &world, &plan, &["--plan-max-age", "0s"]), 4, "`--plan-max-age`");
    refused(&world, apply(&folder, &world, &plan, &["--plan-max-age", "soon"]), 2, "is no duration");
    let somebody = id(99).to_string();
    refused(
        &world,
        apply(&folder, &world, &plan, &["--partner-tenant", &somebody]),
        4,
        "another partner account",
    );

    // Another log, with a plan of its own.
    let elsewhere = Folder::new();
    planned(&elsewhere, &world);
    refused(&world, apply(&elsewhere, &world, &plan, &[]), 4, "is not in this audit log");
    // A plan that a rehearsal or a run made is none to carry out.
    let list = folder.path("list.csv").display().to_string();
    let rehearsed = ["plan", &list, "--rehearse", "--yes", "--rate", "600000", "--max-share", "100"];
    Done::of(&folder.against(&world, &rehearsed).output().unwrap()).exits(0);
    let rehearsed = folder.path("reports").join(folder.latest().as_str()).join("plan.json");
    refused(&world, apply(&folder, &world, &rehearsed, &[]), 4, "rehearsal");
    assert_eq!(world.received().iter().filter(|received| received.number > before as u64).count(), 3 + 3 * 5);
}

#[test]
fn a_plan_that_somebody_else_seems_to_carry_out_stops_at_the_second_customer_that_is_gone() {
    let (folder, world, elsewhere) = (Folder::new(), world(json!([])), Folder::new());
    let plan = planned(&folder, &world);
    // Somebody else, with a log of their own.
    elsewhere.run(&world, &list_of([id(1), id(2)]), &[]).exits(0);
    let stopped = apply(&folder, &world, &plan, &["--concurrency", "1"]).exits(4);
    for part in
        ["2 customers of the plan were gone already", "another copy of this audit log", "offboard resume"]
    {
        assert!(stopped.err.contains(part), "{part}: {}", stopped.err);
    }
    assert_eq!(folder.ends(), ["already_removed", "already_removed", "open", "open", "open"]);
    assert_eq!(world.removed().len(), 2, "nobody else was removed");
    let stops = folder.reader().events(&folder.latest(), &[Kind::Stopped]).unwrap();
    assert_eq!(stops.len(), 1);
    // Whoever has looked can go on; it is asked again, and one more that is gone is no second one.
    elsewhere.run(&world, &list_of([id(3)]), &[]).exits(0);
    Done::of(&folder.against(&world, &["resume"]).output().unwrap()).exits(4);
    Done::of(&folder.against(&world, &["resume", "--yes"]).output().unwrap()).exits(0);
    assert_eq!(folder.ends()[2..], ["already_removed", "removed", "removed"]);
    folder.offboard(&["verify"]).exits(8);
}

#[test]
fn what_this_log_removed_since_the_plan_is_nobody_elses_work() {
    let (folder, world) = (Folder::new(), world(json!([])));
    let plan = planned(&folder, &world);
    let others = folder.write("others.csv", list_of((1..=3).map(id)));
    Done::of(&folder.run_command(&world, &others, &[]).output().unwrap()).exits(0);
    apply(&folder, &world, &plan, &["--concurrency", "1"]).exits(0);
    assert_eq!(folder.ends()[..3], ["already_removed"; 3]);
    assert_eq!(world.removed().len(), 5);
}

#[test]
fn a_clock_that_was_set_back_makes_no_plan_younger() {
    let (folder, world) = (Folder::new(), world(json!([])));
    let plan = planned(&folder, &world);
    // Somebody used the log two days later, and the clock was set back since.
    let later = Time::from_millis(now_ms() + 48 * 3_600_000);
    let log = folder.path("audit.db");
    Store::open(&log, later, &[1; 16], &key()).unwrap().close().unwrap();
    for more in [&[][..], &["--plan-max-age", "47h"]] {
        refused(&world, apply(&folder, &world, &plan, more), 4, "See that the clock is right");
    }
    apply(&folder, &world, &plan, &["--plan-max-age", "49h"]).exits(0);
}

fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

#[test]
fn a_plan_of_another_partner_account_is_refused() {
    let profile = json!({ "companyName": "Somebody Else", "tenantId": id(77).to_string() }).to_string();
    let other = json!({ "on": "profile", "skip": 1, "times": 0, "do": { "kind": "answer", "status": 200, "json": profile } });
    let (folder, world) = (Folder::new(), world(json!([other])));
    let plan = planned(&folder, &world);
    refused(&world, apply(&folder, &world, &plan, &[]), 4, "the plan");
    assert_eq!(folder.reader().find("latest").unwrap().state.as_str(), "sealed");
}

#[test]
fn what_changed_since_the_plan_is_left_alone_and_the_others_go() {
    let subscription = json!({ "totalCount": 1, "items": [{
        "id": "5d0c0a4b-0000-4000-8000-000000000001", "offerName": "Office 365 E3", "friendlyName": "Office 365 E3",
        "status": "active", "quantity": 5, "billingType": "license", "commitmentEndDate": "2027-05-01T00:00:00Z"
    }] });
    let renamed = json!({ "id": id(2).to_string(), "relationshipToPartner": "reseller",
        "companyProfile": { "companyName": "Quite Another Company", "domain": "c2.example", "tenantId": id(2).to_string() } });
    let gone = json!({ "kind": "relationship", "relationship": "none" });
    let (folder, world) = (
        Folder::new(),
        world(json!([
            { "on": "subscriptions", "customer": id(1).to_string(), "skip": 1, "times": 0,
              "do": { "kind": "answer", "status": 200, "json": subscription.to_string() } },
            { "on": "customer", "customer": id(2).to_string(), "times": 0,
              "do": { "kind": "answer", "status": 200, "json": renamed.to_string() } },
            { "on": "customer", "customer": id(3).to_string(), "times": 0, "do": gone },
        ])),
    );
    let plan = planned(&folder, &world);
    apply(&folder, &world, &plan, &[]).exits(3);
    assert_eq!(
        folder.ends(),
        [
            "skipped: changed_since_plan;active_subscription",
            "skipped: changed_since_plan;name_mismatch",
            "already_removed",
            "removed",
            "removed",
        ]
    );
    let explanations: Vec<_> = folder.customers().into_iter().map(|line| line.explanation.unwrap()).collect();
    assert!(explanations[0].contains("Office 365 E3"), "{}", explanations[0]);
    assert!(explanations[1].contains("Quite Another Company") && explanations[1].contains("Customer 2"));
    assert_eq!(world.removed().len(), 2);
}

#[test]
fn whoever_may_not_list_customers_changes_none() {
    let denied = json!({ "on": "list", "skip": 1, "times": 0, "do": { "kind": "answer", "status": 403 } });
    let (folder, world) = (Folder::new(), world(json!([denied])));
    let plan = planned(&folder, &world);
    refused(&world, apply(&folder, &world, &plan, &[]), 5, "offboard resume");
}

#[test]
fn a_plan_that_was_begun_is_gone_on_with() {
    let held = json!({ "on": "profile", "skip": 1, "do": { "kind": "answer", "status": 429, "retry_after": "86400" } });
    let (folder, world) = (Folder::new(), world(json!([held])));
    let plan = planned(&folder, &world);
    let done = apply(&folder, &world, &plan, &[]).exits(4);
    assert!(done.err.contains("offboard resume"), "{}", done.err);
    // It has its rows, and not yet its decisions; it is neither applied a second time nor judged anew.
    refused(&world, apply(&folder, &world, &plan, &[]), 4, "an unfinished run of this list");
    let mut resume = folder.against(&world, &["resume", "--yes"]);
    Done::of(&resume.output().unwrap()).exits(0);
    assert_eq!(folder.ends(), ["removed"; 5]);
    assert!(folder.report("report.html").contains("carries out the plan of run"));
}

#[test]
fn what_is_left_to_the_service_must_have_been_in_the_plan() {
    let subscription = |id: &str| {
        json!({ "id": id, "offerName": "Office", "friendlyName": "Office", "status": "suspended",
        "quantity": 5, "billingType": "license", "productType": { "id": "OnlineServicesNCE" }, "isNewCommerce": true })
    };
    let page = |items: Value| json!({ "totalCount": 1, "items": items }).to_string();
    let one = page(json!([subscription("5d0c0a4b-0000-4000-8000-000000000001")]));
    let two = page(json!([
        subscription("5d0c0a4b-0000-4000-8000-000000000001"),
        subscription("5d0c0a4b-0000-4000-8000-000000000002")
    ]));
    let answer = |n: u32, skip: u32, json: &str| {
        json!({ "on": "subscriptions", "customer": id(n).to_string(), "skip": skip,
        "times": 1, "do": { "kind": "answer", "status": 200, "json": json } })
    };
    let world =
        world(json!([answer(1, 0, &one), answer(1, 0, &two), answer(2, 0, &one), answer(2, 0, &one)]));
    let folder = Folder::new();
    let list = folder.write("list.csv", list_of((1..=2).map(id))).display().to_string();
    let arguments = [
        "plan",
        &list,
        "--rate",
        "600000",
        "--no-identity-check",
        "--allow",
        "suspended_new_commerce_subscription",
    ];
    Done::of(&folder.against(&world, &arguments).output().unwrap()).exits(0);
    assert_eq!(folder.ends(), ["ready", "ready"]);
    let plan = folder.path("reports").join(folder.latest().as_str()).join("plan.json");
    apply(&folder, &world, &plan, &[]).exits(3);
    assert_eq!(folder.ends(), ["skipped: changed_since_plan", "removed"]);
}
