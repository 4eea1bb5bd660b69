//! Answers that are late, lost, cut, throttled, or written oddly.

use crate::support::{Folder, World, id, list_of};
use serde_json::{Value, json};

fn world(scenario: Value) -> World {
    let mut whole = json!({ "customers": [{ "id": id(1).to_string(), "name": "Litware" }] });
    let (Value::Object(fields), Value::Object(more)) = (&mut whole, scenario) else { panic!() };
    fields.extend(more);
    World::of(&whole)
}

fn on_removal(action: Value) -> Value {
    json!({ "faults": [{ "on": "remove", "do": action }] })
}

#[test]
fn a_lost_answer_is_settled_by_reading_and_never_sent_again_blindly() {
    for action in [
        json!({ "kind": "cut_before_answer", "effect": true }),
        json!({ "kind": "cut_in_body" }),
        json!({ "kind": "answer", "status": 500, "code": 800_003, "effect": true }),
        json!({ "kind": "answer", "status": 503, "html": "<html>busy</html>", "effect": true }),
    ] {
        let (world, folder) = (world(on_removal(action.clone())), Folder::new());
        folder.run(&world, &list_of([id(1)]), &[]).exits(0);
        assert_eq!(world.changes().len(), 1, "{action}");
        assert_eq!(folder.customers()[0].evidence.as_deref(), Some("observed"));
    }
}

#[test]
fn a_change_that_did_not_happen_is_sent_again_under_the_same_request_id() {
    for action in [
        json!({ "kind": "cut_before_answer", "effect": false }),
        json!({ "kind": "answer", "status": 502, "text": "" }),
    ] {
        let (world, folder) = (world(on_removal(action.clone())), Folder::new());
        folder.run(&world, &list_of([id(1)]), &[]).exits(0);
        let changes = world.changes();
        assert_eq!(changes.len(), 2, "{action}");
        assert_eq!(changes[0].request_id, changes[1].request_id);
        assert_ne!(changes[0].correlation_id, changes[1].correlation_id);
        assert_eq!(folder.customers()[0].attempts, Some(2));
        // Between the two, a read showed that it had not happened.
        let between: Vec<_> = world
            .received()
            .iter()
            .skip_while(|received| received.method == "GET")
            .map(|r| r.method.clone())
            .collect();
        assert_eq!(between, ["PATCH", "GET", "PATCH", "GET"]);
    }
}

#[test]
fn a_change_is_repeated_at_most_twice() {
    let action = json!({ "kind": "cut_before_answer", "effect": false });
    let world = world(json!({ "faults": [{ "on": "remove", "times": 0, "do": action }] }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1)]), &[]).exits(3);
    assert_eq!(world.changes().len(), 3);
    assert_eq!(folder.ends(), ["failed: service_unavailable"]);
}

#[test]
fn a_late_effect_is_waited_for() {
    let world = world(on_removal(json!({ "kind": "late_effect", "after_ms": 700 })));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1)]), &["--settle", "2"]).exits(0);
    assert_eq!(world.removed().len(), 1);
    assert_eq!(world.changes().len(), 1);
}

#[test]
fn a_relationship_that_is_still_shown_for_a_while_is_looked_at_again() {
    let world = world(json!({ "quirks": { "visible_for_ms": 500 } }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1)]), &["--settle", "5"]).exits(0);
    assert_eq!(folder.customers()[0].evidence.as_deref(), Some("observed"));
    assert_eq!(world.changes().len(), 1);
}

#[test]
fn an_accepted_removal_that_never_shows_is_for_a_person() {
    let world = world(json!({ "quirks": { "visible_for_ms": 3_600_000 } }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1)]), &[]).exits(3);
    assert_eq!(folder.ends(), ["unknown: answer_lost"]);
    assert!(folder.customers()[0].explanation.as_deref().unwrap().contains("still shows the relationship"));
}

#[test]
fn an_answer_about_another_customer_proves_nothing() {
    let other = json!({ "id": id(2).to_string(), "relationshipToPartner": "none" }).to_string();
    let world = world(json!({ "faults": [
        { "on": "remove", "do": { "kind": "answer", "status": 200, "text": "" } },
        { "on": "customer", "times": 0, "do": { "kind": "answer", "status": 200, "json": other } },
    ] }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1)]), &[]).exits(3);
    assert_eq!(folder.ends(), ["unknown: answer_lost"]);
    assert!(world.removed().is_empty());
}

#[test]
fn what_the_service_says_cannot_pass_for_a_line_of_the_log() {
    let text = "no\r\n2026-11-20T00:00:00.000Z   200 PATCH https://forged.example";
    let world = world(on_removal(json!({ "kind": "answer", "status": 400, "code": 1, "description": text })));
    let folder = Folder::new();
    let done = folder.run(&world, &list_of([id(1)]), &[]).exits(3);
    let log = folder.offboard(&["log"]).exits(0).out;
    for line in log.lines().chain(done.out.lines()).chain(done.err.lines()) {
        assert!(!line.trim_start().starts_with("2026-11-20T00:00:00.000Z"), "{line}");
    }
}

#[test]
fn a_page_of_a_proxy_proves_nothing_and_a_listing_of_all_customers_does() {
    let page = json!({ "on": "customer", "times": 0,
        "do": { "kind": "answer", "status": 404, "html": "<html>not found</html>" } });
    let customers = json!([{ "id": id(1).to_string() }, { "id": id(2).to_string() }]);
    let world = World::of(&json!({ "customers": customers, "faults": [page] }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1)]), &["--settle", "5"]).exits(0);
    let of =
        |purpose: &str| folder.requests().iter().filter(|r| r.purpose.as_deref() == Some(purpose)).count();
    // The plan took the first listing.
    assert_eq!((of("confirm_removal"), of("list_customers")), (1, 2));
    assert_eq!((folder.ends(), world.removed().len()), (vec!["removed".to_owned()], 1));
}

#[test]
fn each_form_of_the_removals_answer_and_of_its_absence_is_understood() {
    for quirks in [
        json!({ "bom": true, "casing": "pascal" }),
        json!({ "removal_answer": "documented", "removal_casing": "pascal" }),
        json!({ "removal_answer": "empty" }),
        json!({ "after_removal": "forbidden", "fault_codes": "number" }),
        json!({ "after_removal": "none", "fault_codes": "text" }),
        json!({ "own_request_id": true }),
    ] {
        let (world, folder) = (world(json!({ "quirks": quirks })), Folder::new());
        folder.run(&world, &list_of([id(1)]), &[]).exits(0);
        assert_eq!(folder.ends(), ["removed"], "{quirks}");
        assert_eq!(folder.customers()[0].evidence.as_deref(), Some("observed"), "{quirks}");
    }
}

#[test]
fn pages_are_followed_in_either_form_of_link() {
    for form in ["short", "with_v1"] {
        let world = World::of(&json!({
            "generated": { "count": 25, "seed": 2, "clean": true },
            "paging": { "max_size": 4, "next_link": form, "total_count": "page" },
        }));
        let folder = Folder::new();
        let ids = (0..25).map(|n| offboard::simulator::generated_id(2, n));
        folder.run(&world, &list_of(ids), &[]).exits(0);
        assert_eq!(folder.counts()["removed"], 25, "{form}");
        let pages = world.received().iter().filter(|r| r.target.starts_with("/v1/customers?")).count();
        // Seven before; afterwards there is nobody left to list.
        assert_eq!(pages, 8);
    }
}

#[test]
fn throttling_holds_everyone_until_the_service_may_be_asked() {
    let world = World::of(&json!({
        "generated": { "count": 30, "seed": 2, "clean": true },
        "throttling": [{ "requests": 60, "window_ms": 1000, "per": "partner", "retry_after": "seconds" }],
    }));
    let folder = Folder::new();
    let ids = (0..30).map(|n| offboard::simulator::generated_id(2, n));
    folder.run(&world, &list_of(ids), &["--concurrency", "4"]).exits(0);
    assert_eq!(folder.counts()["removed"], 30);
    let rejected = world.received().iter().filter(|received| received.status == 429).count();
    // One wave has at most as many refusals as requests were in flight; a herd would have more.
    assert!(rejected > 0 && rejected <= 4 * 4, "{rejected} rejected");
    let summary: Value = serde_json::from_str(&folder.report("summary.json")).unwrap();
    assert_eq!(summary["requests"]["throttled"], rejected);
}

#[test]
fn an_absurd_retry_after_stops_the_run_so_that_it_can_go_on() {
    let action = json!({ "kind": "answer", "status": 429, "retry_after": "86400" });
    let (world, folder) = (world(on_removal(action)), Folder::new());
    let done = folder.run(&world, &list_of([id(1)]), &[]).exits(4);
    assert!(done.err.contains("offboard resume"), "{}", done.err);
    assert_eq!(folder.reader().find("latest").unwrap().state.as_str(), "interrupted");
    let mut resumed = folder.against(&world, &["resume", "--rate", "600000"]);
    crate::support::Done::of(&resumed.output().unwrap()).exits(0);
    assert_eq!(folder.ends(), ["removed"]);
}

#[test]
fn reads_are_tried_again() {
    let world = world(json!({ "faults": [
        { "on": "profile", "do": { "kind": "answer", "status": 503, "html": "<html>busy</html>" } },
        { "on": "subscriptions", "do": { "kind": "cut_before_answer" } },
        { "on": "entitlements", "do": { "kind": "cut_in_body" } },
    ] }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1)]), &[]).exits(0);
    let summary: Value = serde_json::from_str(&folder.report("summary.json")).unwrap();
    assert_eq!(summary["requests"]["retried"], 3);
}

#[test]
fn an_answer_that_is_too_large_is_not_swallowed() {
    let world = world(json!({ "faults": [
        { "on": "entitlements", "times": 0, "do": { "kind": "huge_body", "bytes": 20_000_000 } },
    ] }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1)]), &[]).exits(3);
    assert_eq!(folder.ends(), ["failed: service_unavailable"]);
    assert!(
        folder
            .requests()
            .iter()
            .any(|r| r.error.as_deref().is_some_and(|error| error.contains("larger than")))
    );
}
