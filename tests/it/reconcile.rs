//! A run against Partner Center's own record of activity.

use crate::support::{
    Done, Folder, PARTNER, PARTNER_NAME, World,
    evidence::{Question, both_answer},
    id, list_of,
};
use offboard::simulator::{Model, Scenario};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::fs;

fn customers(count: u32) -> Vec<Value> {
    (1..=count).map(|n| json!({ "id": id(n).to_string(), "name": format!("Customer No{n}") })).collect()
}

/// All of them removed, in a world whose record of activity is like this.
fn with_a_run(count: u32, activity: &Value) -> (World, Folder) {
    let world = World::of(&json!({ "customers": customers(count), "activity": activity }));
    let folder = Folder::new();
    folder.run(&world, &list_of((1..=count).map(id)), &[]).exits(0);
    folder.write("ticket.txt", folder.report("checkpoint.txt"));
    (world, folder)
}

fn reconcile(folder: &Folder, world: &World, more: &[&str]) -> Done {
    let mut arguments = vec!["reconcile"];
    arguments.extend(more);
    Done::of(&folder.against(world, &arguments).output().unwrap())
}

fn found(folder: &Folder, world: &World, more: &[&str], exit: i32) -> Value {
    let mut arguments = vec!["--output", "json"];
    arguments.extend(more);
    reconcile(folder, world, &arguments).exits(exit).json()
}

fn count(folder: &Folder, kind: &str) -> i64 {
    let log = Connection::open(folder.path("audit.db")).unwrap();
    log.query_row("SELECT count(*) FROM records WHERE kind = ?1", [kind], |row| row.get(0)).unwrap()
}

fn evidence(folder: &Folder) -> Vec<Option<String>> {
    folder.customers().into_iter().map(|line| line.evidence).collect()
}

#[test]
fn what_both_have_is_corroborated_once_and_the_reports_say_so() {
    let (world, folder) = with_a_run(3, &json!({}));
    assert_eq!(evidence(&folder), vec![Some("observed".to_owned()); 3]);
    let first = found(&folder, &world, &[], 0);
    assert_eq!(
        (&first["claimed"], &first["corroborated"], &first["newly_corroborated"]),
        (&json!(3), &json!(3), &json!(3))
    );
    assert_eq!((&first["complete"], &first["missing"]), (&json!(true), &json!([])));
    assert_eq!(evidence(&folder), vec![Some("corroborated".to_owned()); 3]);
    let log = Connection::open(folder.path("audit.db")).unwrap();
    let ours: i64 = log
        .query_row(
            "SELECT count(*) FROM records JOIN requests ON requests.correlation_id = body ->> '$.activity.correlation_id'
             WHERE records.kind = 'corroborated' AND body ->> '$.is_our_request' AND requests.purpose = 'remove_relationship'",
            [],
            |row| row.get(0),
        )
        .unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(ours, 3, "by the correlation ID of the change itself");
    drop(log);

    // Again: it is compared again, and nothing is corroborated twice.
    let again = found(&folder, &world, &[], 0);
    assert_eq!((&again["corroborated"], &again["newly_corroborated"]), (&json!(3), &json!(0)));
    assert_eq!((count(&folder, "corroborated"), count(&folder, "reconciled")), (3, 2));

    let before: Value = serde_json::from_str(&folder.report("summary.json")).unwrap();
    folder.offboard(&["report"]).exits(0);
    let after: Value = serde_json::from_str(&folder.report("summary.json")).unwrap();
    assert_eq!(before["counts"], after["counts"], "the seal's counts stay");
    let page = folder.report("report.html");
    assert!(page.contains("3 corroborated") && page.contains("own record of activity"), "{page}");
    assert!(folder.report("customers.csv").contains("\"corroborated\""));

    // The requests are on record like all others, and the log is still whole.
    let asked: Vec<_> = folder
        .requests()
        .into_iter()
        .filter(|line| line.purpose.as_deref() == Some("read_activity"))
        .collect();
    assert!(asked.len() == 2 && asked.iter().all(|line| line.run_id.is_none() && line.status == Some(200)));
    both_answer(&[(
        "after a comparison".into(),
        Question::new(folder.path("audit.db")).with(folder.path("ticket.txt")),
        0,
    )]);
}

#[test]
fn what_is_late_is_told_from_what_is_missing() {
    let (world, folder) = with_a_run(2, &json!({ "lag_ms": 3_600_000 }));
    let found_now = found(&folder, &world, &[], 3);
    assert_eq!(found_now["not_yet"].as_array().unwrap().len(), 2);
    assert_eq!((&found_now["missing"], &found_now["corroborated"]), (&json!([]), &json!(0)));
    let strict = found(&folder, &world, &["--lag", "0"], 3);
    assert_eq!((strict["missing"].as_array().unwrap().len(), &strict["not_yet"]), (2, &json!([])));
    let said = reconcile(&folder, &world, &[]).exits(3).out;
    assert!(said.contains("not there yet: row 2, Customer No1") && said.contains("48 h"), "{said}");
    assert_eq!(count(&folder, "corroborated"), 0);

    let (world, folder) = with_a_run(2, &json!({ "leaves_out": [id(2).to_string()] }));
    let strict = found(&folder, &world, &["--lag", "0"], 3);
    assert_eq!(strict["missing"][0]["customer"], id(2).to_string());
    assert_eq!(strict["corroborated"], 1);
    assert_eq!(evidence(&folder), [Some("corroborated".to_owned()), Some("observed".to_owned())]);
}

#[test]
fn what_they_have_and_nobody_claims_is_told() {
    let also = json!([
        { "customer": id(50).to_string(), "user": "\u{1b}[2Jmallory@partner.example" },
        { "customer": id(51).to_string(), "status": "failed" },
        { "customer": id(52).to_string(), "operation": "update_subscription" },
        { "customer": id(1).to_string() },
        { "customer": id(53).to_string(), "at": "2020-01-01T00:00:00.000Z" },
    ]);
    let (world, folder) = with_a_run(1, &json!({ "also": also }));
    let strange = found(&folder, &world, &[], 3);
    let unclaimed = strange["unclaimed"].as_array().unwrap();
    assert_eq!(unclaimed.len(), 1, "{strange}");
    assert_eq!(unclaimed[0]["customer"], id(50).to_string());
    let said = reconcile(&folder, &world, &[]).exits(3).out;
    assert!(said.contains("claimed by no run of this log") && said.contains("\\u{1b}[2Jmallory"), "{said}");
    // The certificate of the one does not name the other.
    folder.offboard(&["prove", "--customer", &id(1).to_string(), "--out", "proved"]).exits(0);
    let certificate = fs::read_to_string(folder.path("proved").join("certificate.json")).unwrap();
    let value: Value = serde_json::from_str(&certificate).unwrap();
    assert_eq!(value["story"]["evidence"], "corroborated");
    assert!(value["story"]["in_short"].as_str().unwrap().contains("own activity record says so too"));
    assert!(!certificate.contains(&id(50).to_string()) && !certificate.contains("mallory"));
    folder.offboard(&["prove", "--check", "proved/certificate.html"]).exits(0);
}

#[test]
fn it_helps_to_settle_what_is_unknown_and_a_person_decides() {
    let mut all = customers(2);
    for (n, effect) in [(0, true), (1, false)] {
        all[n]["quirks"] = json!({ "after_removal": "none" });
        all[n]["faults"] = json!([
            { "on": "remove", "do": { "kind": "cut_before_answer", "effect": effect } },
            { "on": "customer", "times": 0, "do": { "kind": "relationship", "relationship": "something_new" } },
        ]);
    }
    let world = World::of(&json!({ "customers": all, "faults": [crate::support::blind_listing(0)] }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1), id(2)]), &[]).exits(3);
    assert_eq!(folder.ends(), ["unknown: answer_lost", "unknown: answer_lost"]);
    let helped = found(&folder, &world, &["--lag", "0"], 3);
    let unknown = helped["unknown"].as_array().unwrap();
    assert!(unknown[0]["activity"].is_object() && unknown[1]["activity"].is_null(), "{helped}");
    assert_eq!(helped["missing"], json!([]), "nobody says that it was removed");
    let said = reconcile(&folder, &world, &["--lag", "0"]).exits(3).out;
    let command = format!("offboard resolve --customer {} --as removed --because", id(1));
    assert!(said.contains(&command) && said.contains("unknown, and not found there"), "{said}");
    // Nothing was decided.
    assert_eq!(folder.ends(), ["unknown: answer_lost", "unknown: answer_lost"]);
    assert_eq!(evidence(&folder), [None, None]);
    let customer = id(1).to_string();
    folder
        .offboard(&["resolve", "--customer", &customer, "--as", "removed", "--because", "Their record"])
        .exits(0);
    assert_eq!(evidence(&folder), [Some("corroborated".to_owned()), None]);
    assert_eq!(found(&folder, &world, &["--lag", "0"], 3)["corroborated"], 1);
    assert_eq!(count(&folder, "corroborated"), 1);
}

#[test]
fn pages_and_troubles_are_those_of_any_other_request() {
    let (world, folder) = {
        let world = World::of(&json!({
            "customers": customers(5),
            "paging": { "default_size": 100, "max_size": 2, "next_link": "short", "total_count": "page" },
            "faults": [
                { "on": "activity", "do": { "kind": "answer", "status": 503 } },
                { "on": "activity", "do": { "kind": "answer", "status": 429, "retry_after": "0" } },
                { "on": "activity", "do": { "kind": "cut_before_answer", "effect": false } },
            ],
        }));
        let folder = Folder::new();
        folder.run(&world, &list_of((1..=5).map(id)), &[]).exits(0);
        (world, folder)
    };
    assert_eq!(found(&folder, &world, &["--rate", "600000"], 0)["corroborated"], 5);
    let asked = world.received().iter().filter(|received| received.target.contains("auditrecords")).count();
    assert_eq!(asked, 3 + 3, "three pages, and three troubles");

    // What says no is said, and nothing is concluded from it.
    let world = World::of(&json!({
        "customers": customers(1),
        "faults": [{ "on": "activity", "times": 0, "do": { "kind": "answer", "status": 403 } }],
    }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1)]), &[]).exits(0);
    let refused = reconcile(&folder, &world, &[]).exits(5);
    for part in ["record of activity cannot be read", "status 403", "Admin agent"] {
        assert!(refused.err.contains(part), "{part}: {}", refused.err);
    }
    assert_eq!((count(&folder, "corroborated"), count(&folder, "reconciled")), (0, 0));
    let question = Question::new(folder.path("audit.db"));
    assert_eq!(question.answer(), 8);
}

#[test]
fn what_an_earlier_run_removed_is_found_in_its_time() {
    let (world, folder) = with_a_run(2, &json!({}));
    folder.run(&world, &list_of([id(1), id(2), id(3)]), &[]).exits(3);
    assert_eq!(folder.ends()[..2], ["already_removed", "already_removed"]);
    let later = found(&folder, &world, &[], 0);
    assert_eq!((&later["claimed"], &later["corroborated"]), (&json!(2), &json!(2)));
    assert_eq!(evidence(&folder)[..2], [Some("corroborated".to_owned()), Some("corroborated".to_owned())]);
    folder.offboard(&["report"]).exits(0);
}

#[test]
fn only_a_run_that_is_over_and_changed_something_is_compared_and_only_by_its_own_partner() {
    let (world, folder) = with_a_run(1, &json!({}));
    let list = folder.write("more.csv", list_of([id(1)])).display().to_string();
    Done::of(&folder.against(&world, &["plan", &list]).output().unwrap());
    let planned = folder.latest().to_string();
    assert!(reconcile(&folder, &world, &[&planned]).exits(2).err.contains("only planned"));
    folder.offboard(&["run", &list, "--rehearse", "--yes", "--partner-tenant", crate::support::PARTNER]);
    let rehearsed = folder.latest().to_string();
    assert!(reconcile(&folder, &world, &[&rehearsed]).exits(2).err.contains("simulator"));
    // `latest` passes both over.
    found(&folder, &world, &[], 0);

    let customers = json!([
        { "id": id(1).to_string(), "faults": [{ "on": "remove", "times": 0, "do": { "kind": "answer", "status": 403 } }] },
        { "id": id(2).to_string() },
    ]);
    let world = World::of(&json!({ "customers": customers }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1), id(2)]), &["--canary", "1"]).exits(4);
    assert!(reconcile(&folder, &world, &[]).exits(2).err.contains("offboard resume"));
}

#[test]
fn a_run_of_another_partner_is_not_compared() {
    let (world, folder) = with_a_run(1, &json!({}));
    let before = world.received().len();
    // The same address, and a token of somebody else's account.
    let other = "4e4e4e4e-5555-4666-8777-888888888888";
    let scenario = json!({ "customers": customers(1), "activity": {},
        "partner": { "tenant_id": other, "name": "Somebody Else" } });
    *world.model() = Model::new(Scenario::from_json(&scenario.to_string()).unwrap());
    let done = reconcile(&folder, &world, &[]).exits(4);
    for part in [other, "`Somebody Else`", PARTNER, PARTNER_NAME] {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }
    assert!(before > 0 && !world.received().iter().any(|received| received.target.contains("auditrecords")));
    assert_eq!((count(&folder, "reconciled"), count(&folder, "corroborated")), (0, 0));
}

#[test]
fn what_another_procedure_did_hides_no_removal_that_nobody_claims() {
    let also = json!([{ "customer": id(1).to_string() }]);
    let mut customers = customers(2);
    customers[0]["subscriptions"] = json!([{ "kind": "new_commerce", "ends": "2099-03-04" }]);
    let world = World::of(&json!({ "customers": customers, "activity": { "also": also },
        "generated": { "count": 20 } }));
    let folder = Folder::new();
    let list = list_of([id(1)]);
    folder.run(&world, &list, &["--procedure", "cancel-at-term-end"]).exits(0);
    assert_eq!(folder.ends(), ["scheduled"]);
    folder.run(&world, &list_of([id(2)]), &[]).exits(0);
    let told = found(&folder, &world, &[], 3);
    assert_eq!(told["unclaimed"].as_array().unwrap().len(), 1, "{told}");
}

#[test]
fn the_end_of_delegated_administration_is_compared_with_its_own_operations() {
    let grant = json!([{ "name": "Helpdesk" }]);
    let one = |n: u32, grants: &Value| json!({ "id": id(n).to_string(), "name": format!("Customer {n}"), "delegated_admin": grants });
    let world = World::of(&json!({ "customers": [one(1, &grant), one(2, &json!([]))],
        "generated": { "count": 20 } }));
    let folder = Folder::new();
    let list = folder.write("list.csv", list_of([id(1), id(2)]));
    let mut command = folder.run_command(&world, &list, &["--procedure", "end-delegated-admin"]);
    command.env("OFFBOARD_GRAPH_ACCESS_TOKEN", "a-token-for-graph");
    Done::of(&command.output().unwrap()).exits(0);
    assert_eq!(folder.ends(), ["ended", "already_ended"]);
    let told = found(&folder, &world, &[], 0);
    assert_eq!((&told["claimed"], &told["corroborated"]), (&json!(1), &json!(1)), "{told}");
    assert_eq!(evidence(&folder), [Some("corroborated".to_owned()), None]);
    assert!(reconcile(&folder, &world, &[]).exits(0).out.contains("1 of 1 ending in both"));
}

/// A row that failed has ended something all the same, and how the deletion of a draft is called there nobody knows.
#[test]
fn what_a_failed_row_ended_is_claimed_and_the_deletion_of_a_draft_is_not() {
    let grant = |name: &str, status: &str| json!({ "name": name, "status": status });
    let customers = [
        json!({ "id": id(1).to_string(), "name": "Both",
            "delegated_admin": [grant("Helpdesk", "active"), grant("Offer", "approvalPending")] }),
        json!({ "id": id(2).to_string(), "name": "Draft", "delegated_admin": [grant("Draft", "created")] }),
    ];
    let ends = |rows: &[u32], exit: i32| {
        let world = World::of(&json!({ "customers": customers, "generated": { "count": 20 } }));
        let folder = Folder::new();
        let list = folder.write("list.csv", list_of(rows.iter().map(|n| id(*n))));
        let mut command = folder.run_command(&world, &list, &["--procedure", "end-delegated-admin"]);
        command.env("OFFBOARD_GRAPH_ACCESS_TOKEN", "a-token-for-graph");
        Done::of(&command.output().unwrap()).exits(exit);
        (world, folder)
    };
    let (world, folder) = ends(&[1], 3);
    assert_eq!(folder.ends(), ["failed: delegated_admin_awaits_customer"]);
    let told = found(&folder, &world, &[], 0);
    assert_eq!((&told["claimed"], &told["corroborated"]), (&json!(1), &json!(1)), "{told}");
    // The row has failed, and stays so: that something of it is there is told, and not put on its record.
    assert_eq!(count(&folder, "corroborated"), 0);
    folder.offboard(&["verify"]).exits(8);
    let (world, folder) = ends(&[2], 0);
    assert_eq!(folder.ends(), ["ended"]);
    let told = found(&folder, &world, &[], 0);
    assert_eq!((&told["claimed"], &told["missing"]), (&json!(0), &json!([])), "{told}");
    assert_eq!(count(&folder, "corroborated"), 0);
}
