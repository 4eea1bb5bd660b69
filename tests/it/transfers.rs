//! Transfers to other partners and from them, through the real binary.

use crate::support::{Done, Folder, World, id, list_of};
use serde_json::{Value, json};

/// A customer that could go, with these transfers.
fn with(n: u32, transfers: Value) -> Value {
    json!({ "id": id(n).to_string(), "name": format!("Customer {n}"), "transfers": transfers })
}

fn open(status: &str, direction: &str) -> Value {
    json!([{ "id": "T-1", "status": status, "direction": direction, "partner": "Wingtip Cloud", "created": "2098-11-10",
        "lines": [{ "name": "Microsoft 365 E5", "quantity": 40 }, { "name": "Visio Plan 2" }] }])
}

fn completed(status: &str) -> Value {
    json!([{ "id": "T-2", "status": status, "partner": "Wingtip Cloud", "created": "2026-01-10", "completed": "2026-01-12",
        "lines": [{ "name": "Microsoft 365 E5", "quantity": 40 }] }])
}

/// How many requests for transfers there were.
fn asked_for_transfers(world: &World) -> usize {
    world.received().iter().filter(|received| received.target.ends_with("/transfers")).count()
}

fn plan(folder: &Folder, world: &World) {
    plan_ending(folder, world, &["ready"; 2]);
}

fn plan_ending(folder: &Folder, world: &World, ends: &[&str]) {
    let list = folder.write("list.csv", list_of([id(1), id(2)])).display().to_string();
    let arguments = [
        "plan",
        &list,
        "--rate",
        "600000",
        "--settle",
        "1",
        "--no-identity-check",
        "--concurrency",
        "1",
        "--canary",
        "0",
        "--stop-after-failures",
        "0",
        "--max-share",
        "100",
    ];
    Done::of(&folder.against(world, &arguments).output().unwrap()).exits(0);
    assert_eq!(folder.ends(), ends);
}

fn apply(folder: &Folder, world: &World) {
    let plan = folder.path("reports").join(folder.latest().as_str()).join("plan.json").display().to_string();
    Done::of(&folder.against(world, &["apply", &plan, "--yes"]).output().unwrap()).exits(3);
}

#[test]
fn whoever_has_an_open_transfer_stays_whichever_way_it_goes() {
    let statuses = ["Pending", "active", "InProgress", "Teleporting"];
    let mut customers = Vec::new();
    for (status, direction) in
        statuses.into_iter().flat_map(|status| ["away", "here"].map(|direction| (status, direction)))
    {
        let n = u32::try_from(customers.len()).unwrap() + 1;
        customers.push(with(n, open(status, direction)));
    }
    let count = u32::try_from(customers.len()).unwrap();
    let world = World::of(&json!({ "customers": customers, "generated": { "count": 20, "clean": true } }));
    let folder = Folder::new();
    folder.run(&world, &list_of((1..=count).map(id)), &[]).exits(3);
    assert_eq!(folder.ends(), vec!["skipped: pending_transfer"; count as usize]);
    assert!(world.changes().is_empty());
    let told = folder.explanations();
    for (n, way) in [(0, "to another partner, Pending"), (1, "from another partner, Pending")] {
        let transfer = format!(
            "transfer `Wingtip Cloud` (T-1): {way}, expires 2098-12-10, `Microsoft 365 E5` (40), `Visio Plan 2` (1)"
        );
        assert!(told[n].contains(&transfer), "{}", told[n]);
    }
    // If nobody accepts it, it expires; one that was accepted goes on, nobody knows how long.
    let days: Vec<_> = folder.customers().into_iter().map(|line| line.removable_from).collect();
    let day = Some("2098-12-11".to_owned());
    assert_eq!(days, [day.clone(), day.clone(), day.clone(), day, None, None, None, None]);
    assert!(folder.report("plan.html").contains("Wingtip Cloud"));
}

#[test]
fn a_completed_transfer_is_told_and_keeps_nobody() {
    let mut stays = with(3, completed("Complete"));
    stays["subscriptions"] = json!([{ "kind": "new_commerce", "name": "Power BI", "status": "active" }]);
    let world = World::of(&json!({
        "customers": [with(1, completed("Complete")), with(2, completed("PartiallyComplete")), stays,
            with(4, completed("Expired"))],
        "generated": { "count": 20, "clean": true },
        "quirks": { "transfers": "collection" },
    }));
    let folder = Folder::new();
    folder.run(&world, &list_of((1..=4).map(id)), &[]).exits(3);
    assert_eq!(folder.ends(), ["removed", "removed", "skipped: active_subscription", "removed"]);
    let said = |status: &str| {
        format!(
            "Transferred: transfer `Wingtip Cloud` (T-2): to another partner, {status}, completed 2026-01-12, \
             `Microsoft 365 E5` (40)."
        )
    };
    assert!(folder.explanations()[2].ends_with(&said("Complete")), "{}", folder.explanations()[2]);
    for file in ["plan.html", "report.html"] {
        let page = folder.report(file);
        for (status, times) in [("Complete", 2), ("PartiallyComplete", 1), ("Expired", 0)] {
            assert_eq!(page.matches(&said(status)).count(), times, "{file}: {status}");
        }
    }
}

#[test]
fn where_transfers_cannot_be_read_that_is_said_once_and_keeps_nobody() {
    for (status, code) in [(403, Some(900_150)), (403, Some(1002)), (401, Some(1002)), (404, None)] {
        let answer = json!({ "kind": "answer", "status": status, "code": code });
        let fault = json!({ "on": "transfers", "times": 0, "do": answer });
        let customers: Vec<_> = (1..=3).map(|n| with(n, open("Active", "away"))).collect();
        let world = World::of(&json!({ "customers": customers, "faults": [fault],
            "generated": { "count": 20, "clean": true } }));
        let folder = Folder::new();
        let done = folder.run(&world, &list_of((1..=3).map(id)), &[]).exits(0);
        assert_eq!(folder.ends(), ["removed"; 3]);
        let code = code.map(|code| format!(", code {code}")).unwrap_or_default();
        let said = format!("The transfers of 3 customers could not be read (status {status}{code})");
        let plain = done.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(plain.matches(&said).count(), 1, "{}", done.err);
        for file in ["plan.html", "report.html"] {
            assert_eq!(folder.report(file).matches(&said).count(), 1, "{file}");
        }
    }
}

#[test]
fn what_cannot_be_read_of_one_customer_alone_keeps_that_one() {
    for (fault, end) in [
        (json!({ "kind": "answer", "status": 404, "html": "<p>no</p>" }), "failed: unexpected_answer"),
        (json!({ "kind": "answer", "status": 403, "code": 900_150 }), "failed: permission_denied"),
        (json!({ "kind": "answer", "status": 500, "code": 800_003 }), "failed: service_unavailable"),
        (json!({ "kind": "garbage" }), "failed: unexpected_answer"),
        (json!({ "kind": "short", "items": 0, "total": 2 }), "failed: unexpected_answer"),
    ] {
        let mut second = with(2, open("Active", "away"));
        second["faults"] = json!([{ "on": "transfers", "times": 0, "do": fault }]);
        second["quirks"] = json!({ "transfers": "collection" });
        let world = World::of(&json!({ "customers": [with(1, json!([])), second],
            "generated": { "count": 20, "clean": true } }));
        let folder = Folder::new();
        folder.run(&world, &list_of([id(1), id(2)]), &["--concurrency", "1"]).exits(3);
        assert_eq!(folder.ends(), ["removed", end], "{fault}");
    }
}

/// The first that is asked for tells nothing yet: when those of the second are there, the first is asked again.
#[test]
fn what_cannot_be_read_of_the_first_customer_alone_keeps_that_one() {
    for apart in [false, true] {
        let mut first = with(1, open("Active", "away"));
        let denied = json!({ "kind": "answer", "status": 403, "code": 900_150 });
        first["faults"] = json!([{ "on": "transfers", "times": 0, "do": denied }]);
        let world = World::of(&json!({ "customers": [first, with(2, json!([]))],
            "generated": { "count": 20, "clean": true } }));
        let folder = Folder::new();
        if apart {
            plan(&folder, &world);
            let said = "though those of others could. They are asked for again before anything";
            assert!(folder.report("plan.html").contains(said));
            apply(&folder, &world);
        } else {
            folder.run(&world, &list_of([id(1), id(2)]), &["--concurrency", "1"]).exits(3);
        }
        assert_eq!(folder.ends(), ["failed: permission_denied", "removed"], "apart: {apart}");
    }
}

/// That another stays because of an open one shows that they could be read.
#[test]
fn what_is_read_of_who_stays_shows_that_it_can_be() {
    for apart in [false, true] {
        let mut first = with(1, json!([]));
        let denied = json!({ "kind": "answer", "status": 403, "code": 900_150 });
        first["faults"] = json!([{ "on": "transfers", "times": 0, "do": denied }]);
        let world = World::of(&json!({ "customers": [first, with(2, open("Active", "away"))],
            "generated": { "count": 20, "clean": true } }));
        let folder = Folder::new();
        if apart {
            plan_ending(&folder, &world, &["ready", "skipped: pending_transfer"]);
            apply(&folder, &world);
        } else {
            folder.run(&world, &list_of([id(1), id(2)]), &["--concurrency", "1"]).exits(3);
        }
        assert_eq!(
            folder.ends(),
            ["failed: permission_denied", "skipped: pending_transfer"],
            "apart: {apart}"
        );
        assert!(world.removed().is_empty());
    }
}

#[test]
fn an_open_transfer_can_be_left_to_the_service_and_transfers_are_not_read_for_nothing() {
    let mut stays = with(2, open("Active", "away"));
    stays["subscriptions"] = json!([{ "kind": "legacy", "status": "active" }]);
    let world = World::of(&json!({ "customers": [with(1, open("Active", "away")), stays],
        "generated": { "count": 20, "clean": true } }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1), id(2)]), &["--allow", "pending_transfer"]).exits(3);
    assert_eq!(folder.ends(), ["removed", "skipped: active_subscription"]);
    assert_eq!(asked_for_transfers(&world), 1, "an old subscription cannot be transferred");
    assert!(folder.report("plan.json").contains(r#""allowed":[{"reason":"pending_transfer""#));
}

#[test]
fn a_transfer_that_was_opened_since_the_plan_keeps_the_customer() {
    // When the plan is made, the first customer has none.
    let none = json!({ "on": "transfers", "do": { "kind": "answer", "status": 200, "json": "[]" } });
    let mut first = with(1, open("Pending", "away"));
    first["faults"] = json!([none]);
    let world = World::of(&json!({ "customers": [first, with(2, json!([]))],
        "generated": { "count": 20, "clean": true } }));
    let folder = Folder::new();
    plan(&folder, &world);
    apply(&folder, &world);
    assert_eq!(folder.ends(), ["skipped: changed_since_plan;pending_transfer", "removed"]);
    assert_eq!(world.removed(), [id(2)]);
}
