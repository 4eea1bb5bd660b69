//! `offboard status --refresh`: who came back, who is gone, and what no longer ends as it was scheduled, as it is now.

use crate::support::{
    Done, Folder, PARTNER_NAME, World, evidence::Question, id, list_of, subscriptions::subscription,
};
use offboard::{
    domain::{Day, Time},
    engine::Clock,
    simulator::Request,
};
use serde_json::{Value, json};
use std::fs;

fn now() -> Time {
    Clock::System.now()
}

fn day(days: i64) -> Day {
    now().day().plus_days(i32::try_from(days).unwrap())
}

/// Five customers: 1 and 2 may go; 3, 4 and 5 have a licence that renews itself.
fn five(more: Value) -> World {
    let licence = |n: u32| {
        let ends = day(40 + i64::from(n)).to_string();
        json!([{ "kind": "new_commerce", "id": subscription(n), "name": "M365", "ends": ends }])
    };
    let customers: Vec<Value> = (1..=5)
        .map(|n| {
            let subscriptions = if n > 2 { licence(n) } else { json!([]) };
            json!({ "id": id(n).to_string(), "name": format!("Customer {n}"), "subscriptions": subscriptions })
        })
        .collect();
    let mut scenario = json!({ "generated": { "count": 20 }, "customers": customers,
        "paging": { "default_size": 10, "max_size": 10 } });
    scenario.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    World::of(&scenario)
}

/// Somebody else changes something by hand.
fn by_hand(world: &World, path: &str, change: impl Fn(&mut Value)) {
    let request = |method: &str, body: Vec<u8>| Request {
        method: method.to_owned(),
        target: format!("/v1/customers/{path}"),
        headers: vec![("authorization".to_owned(), "Bearer x".to_owned())],
        body,
    };
    let mut model = world.model();
    let read = model.handle(now(), &request("GET", Vec::new()));
    let mut body: Value = serde_json::from_slice(&read.body).unwrap();
    change(&mut body);
    let status = model.handle(now(), &request("PATCH", body.to_string().into_bytes())).status;
    assert_eq!(status, 200, "{path}");
}

fn ends_by_hand(world: &World, n: u32) {
    by_hand(world, &id(n).to_string(), |customer| customer["relationshipToPartner"] = json!("none"));
}

fn renews_by_hand(world: &World, n: u32) {
    by_hand(world, &format!("{}/subscriptions/{}", id(n), subscription(n)), |subscription| {
        subscription["autoRenewEnabled"] = json!(true);
        subscription["scheduledActions"] =
            json!([{ "scheduleType": "TermEnd", "actionType": "RenewToNewTerm" }]);
    });
}

fn refresh(folder: &Folder, world: &World, more: &[&str]) -> Done {
    let all = [&["status", "--refresh", "--rate", "600000", "--output", "json"], more].concat();
    Done::of(&folder.against(world, &all).output().unwrap())
}

fn of(status: &Value, n: u32) -> Value {
    let all = status["customers"].as_array().unwrap();
    all.iter().find(|one| one["customer_tenant_id"] == id(n).to_string()).unwrap().clone()
}

fn kinds(customer: &Value) -> Vec<&str> {
    let all = customer["contradictions"].as_array().unwrap();
    all.iter().map(|one| one["kind"].as_str().unwrap()).collect()
}

/// What is recorded of customers outside of runs, without what differs each time.
fn recorded(folder: &Folder) -> Vec<Value> {
    let log = rusqlite::Connection::open(folder.path("audit.db")).unwrap();
    let bodies = "SELECT CAST(body AS TEXT) FROM record WHERE body LIKE '%_refreshed\"%' ORDER BY seq";
    let mut query = log.prepare(bodies).unwrap();
    let all = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
    all.map(|body| serde_json::from_str(&body.unwrap()).unwrap()).collect()
}

/// A removal of 1, a plan of 2, and licences of 3, 4 and 5 that were scheduled to end.
fn after_some_runs(more: Value) -> (Folder, World) {
    let (folder, world) = (Folder::new(), five(more));
    folder.run(&world, &list_of([id(1)]), &[]).exits(0);
    let schedule = ["--procedure", "cancel-at-term-end"];
    folder.run(&world, &list_of((3..=5).map(id)), &schedule).exits(0);
    folder.write("two.csv", list_of([id(2)]));
    let plan = ["plan", "two.csv", "--no-identity-check", "--rate", "600000"];
    Done::of(&folder.against(&world, &plan).output().unwrap()).exits(0);
    (folder, world)
}

#[test]
fn who_came_back_who_is_gone_and_what_goes_on_again_is_seen_and_stays_known() {
    let (folder, world) = after_some_runs(json!({}));
    assert!(world.model().accept(now(), id(1)), "it was removed");
    ends_by_hand(&world, 2);
    renews_by_hand(&world, 3);
    let before = world.received().len();
    let done = refresh(&folder, &world, &[]).exits(3);
    let said = done.json();

    let back = of(&said, 1);
    assert_eq!((&back["state"], &back["prospect"]), (&json!("came_back"), &json!("to_be_planned")));
    assert_eq!(kinds(&back), ["came_back"]);
    let text = back["contradictions"][0]["text"].as_str().unwrap();
    assert!(
        text.contains("removed by run")
            && text.contains("`status --refresh` found a reseller customer again"),
        "{text}"
    );
    let gone = of(&said, 2);
    assert_eq!((&gone["state"], &gone["prospect"]), (&json!("already_removed"), &json!("gone")), "{gone}");
    let text = gone["explanation"].as_str().unwrap();
    assert!(
        text.starts_with("It was gone already when `status --refresh` looked on ")
            && text.contains("saw it last"),
        "{text}"
    );
    let again = of(&said, 3);
    assert_eq!((&again["state"], &again["prospect"]), (&json!("scheduled"), &json!("awaits_an_act")));
    assert_eq!((kinds(&again), &again["next_from"]), (vec!["goes_on_again"], &Value::Null));
    let still = of(&said, 5);
    assert_eq!((&still["state"], kinds(&still)), (&json!("scheduled"), vec![]));
    assert!(still["next_from"].is_string() && still["refreshed_at"].is_string(), "{still}");

    // Nothing but reads: one list of three pages, those two of whom it says something new, and the subscriptions of those who are
    // scheduled and there.
    let asked: Vec<_> = world.received().split_off(before);
    assert!(asked.iter().all(|one| one.method == "GET"), "{asked:?}");
    let of_subscriptions = asked.iter().filter(|one| one.target.contains("/subscriptions")).count();
    assert_eq!((of_subscriptions, asked.len()), (3, 1 + 3 + 2 + 3), "{asked:?}");
    assert!(done.err.contains("Looking again at 5 customers"), "{}", done.err);
    assert!(
        done.err
            .contains(&format!("{PARTNER_NAME} has 4 of 5 customers that were looked for, and 24 in all.")),
        "{}",
        done.err
    );

    // It is on record, so that whoever asks later is told the same, and so is whoever verifies.
    let records = recorded(&folder);
    assert_eq!(records.len(), 6);
    let last = &records[5];
    assert_eq!(
        (
            &last["kind"],
            &last["listed"],
            &last["looked_for"],
            &last["absent"],
            &last["asked"],
            &last["not_read"]
        ),
        (&json!("programme_refreshed"), &json!(24), &json!(5), &json!(1), &json!(3), &json!(0))
    );
    let later = folder.offboard(&["status", "--output", "json"]).exits(3).json();
    assert_eq!(later["customers"], said["customers"]);
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);

    // The files say it too, and who was ended by hand has a line for the letters.
    let file = |name: &str| fs::read_to_string(folder.path("reports").join("status").join(name)).unwrap();
    assert!(file("status.html").contains("came back"));
    assert!(file("status.csv").contains("came_back"));
    let letters = file("handover.csv");
    assert!(letters.contains(&id(2).to_string()) && !letters.contains(&id(1).to_string()), "{letters}");

    // What a run finds out after that counts.
    folder.run(&world, &list_of([id(1)]), &[]).exits(0);
    let after = folder.offboard(&["status", "--output", "json"]).exits(3).json();
    let removed = of(&after, 1);
    assert_eq!((&removed["state"], kinds(&removed)), (&json!("removed"), vec!["came_back"]));
}

#[test]
fn whoever_no_longer_goes_when_planned_is_not_on_the_next_list() {
    let (folder, world) = after_some_runs(json!({}));
    renews_by_hand(&world, 3);
    ends_by_hand(&world, 2);
    refresh(&folder, &world, &["--ready", "next.csv"]).exits(3);
    assert!(!folder.path("next.csv").exists(), "2 is gone, and nobody else's day has come");
}

#[test]
fn what_cannot_be_read_is_said_and_nothing_is_made_of_it() {
    let refused = json!({ "kind": "answer", "status": 403, "code": 2032, "json": "{}" });
    let later = json!([{ "on": "subscriptions", "customer": id(3).to_string(), "times": 0, "do": refused }]);
    let (folder, _) = after_some_runs(json!({}));
    let world = five(json!({ "faults": later }));
    let done = refresh(&folder, &world, &[]).exits(3);
    let said = done.json();
    assert!(done.err.contains("Of 1 customer, not everything could be read"), "{}", done.err);
    let unread = of(&said, 3);
    assert_eq!((&unread["state"], kinds(&unread)), (&json!("scheduled"), vec![]), "{unread}");
    let records = recorded(&folder);
    let of_it = records.iter().find(|one| one["customer"] == id(3).to_string()).unwrap();
    assert!(of_it["not_read"].as_str().unwrap().contains("403") && of_it.get("go_on").is_none(), "{of_it}");
    // In this world nothing is scheduled: 4 and 5 go on again.
    assert_eq!(kinds(&of(&said, 4)), ["goes_on_again"]);
}

#[test]
fn a_list_that_is_not_whole_shows_nobody_to_be_gone() {
    let (folder, _) = after_some_runs(json!({}));
    let page = json!({ "totalCount": 23, "items": [{ "id": id(5).to_string(), "relationshipToPartner": "reseller" }] });
    let answer = json!({ "kind": "answer", "status": 200, "json": page.to_string() });
    let unreadable =
        json!({ "totalCount": 1, "items": [{ "id": "nobody", "relationshipToPartner": "reseller" }] });
    let no_id = json!({ "kind": "answer", "status": 200, "json": unreadable.to_string() });
    for (fault, said) in [(answer, "it is not whole"), (no_id, "without a valid ID")] {
        let world = five(json!({ "faults": [{ "on": "list", "times": 0, "do": fault }] }));
        let refused = refresh(&folder, &world, &[]);
        assert!(refused.code != 0 && refused.code != 3, "{}", refused.code);
        assert!(refused.err.contains(said), "{}", refused.err);
        assert_eq!(recorded(&folder), Vec::<Value>::new());
        let status = folder.offboard(&["status", "--output", "json"]).exits(3).json();
        assert_eq!(of(&status, 2)["state"], "ready");
    }
}

#[test]
fn a_customer_of_the_list_alone_is_said_not_to_be_there() {
    let (folder, world) = after_some_runs(json!({}));
    folder.write("all.csv", list_of([id(5), id(99), id(6)]));
    let said = refresh(&folder, &world, &["all.csv"]).exits(3).json();
    let stranger = of(&said, 99);
    assert_eq!(stranger["state"], "not_tried");
    let text = stranger["explanation"].as_str().unwrap();
    assert!(text.starts_with("The partner had no relationship with it when"), "{text}");
    assert_eq!(stranger["partner"], Value::Null);
    // Without the list, nobody asks about a customer whom no run has had.
    let all = folder.offboard(&["status", "--output", "json"]).exits(3).json();
    assert_eq!(all["total"], 5);
}

#[test]
fn only_the_account_whose_runs_they_are_and_only_with_the_option() {
    let (folder, _) = after_some_runs(json!({}));
    let other = "b0000000-0000-4000-8000-0000000000ff";
    let world = five(json!({ "partner": { "tenant_id": other, "name": "Somebody else" } }));
    let mut command = folder.against(&world, &["status", "--refresh"]);
    let refused = Done::of(&command.env("OFFBOARD_PARTNER_TENANT", other).output().unwrap()).exits(4);
    assert!(refused.err.contains("no run of these logs was made for it"), "{}", refused.err);
    assert_eq!(recorded(&folder), Vec::<Value>::new());
    let refused = folder.offboard(&["status", "--rate", "10"]).exits(2);
    assert!(refused.err.contains("`--rate`") && refused.err.contains("`--refresh`"), "{}", refused.err);
    folder.offboard(&["status"]).exits(3);
}

/// An answer to the list of customers, each time.
fn listing(answer: Value) -> Value {
    let answer = json!({ "kind": "answer", "status": 200, "json": answer.to_string() });
    json!({ "faults": [{ "on": "list", "times": 0, "do": answer }] })
}

fn reseller(n: u32) -> Value {
    json!({ "id": id(n).to_string(), "relationshipToPartner": "reseller" })
}

#[test]
fn a_list_that_lags_behind_or_names_nobody_changes_nothing_that_was_known() {
    let (folder, world) = after_some_runs(json!({}));
    // The same world, but for a list that still names whoever was removed.
    let all: Vec<Value> = (1..=5).map(reseller).collect();
    let lagging = five(listing(json!({ "totalCount": 5, "items": all })));
    ends_by_hand(&lagging, 1);
    let said = refresh(&folder, &lagging, &[]).exits(3).json();
    let removed = of(&said, 1);
    assert_eq!((&removed["state"], kinds(&removed)), (&json!("removed"), vec![]), "{removed}");
    assert!(removed["run_id"].is_string());
    // Once the list has caught up, it is still that run that ended it.
    let said = refresh(&folder, &world, &[]).exits(3).json();
    assert_eq!((&of(&said, 1)["state"], kinds(&of(&said, 1))), (&json!("removed"), vec![]));
    // Nobody is gone because a list is empty: each is asked for by its ID.
    for answer in [json!({ "totalCount": 0, "items": [] }), json!({ "items": [] })] {
        let empty = five(listing(answer));
        ends_by_hand(&empty, 1);
        let done = refresh(&folder, &empty, &[]).exits(3);
        assert_eq!(done.json()["prospects"]["gone"], 1, "{}", done.out);
        assert!(done.err.contains("has 4 of 5 customers that were looked for, and 0 in all"), "{}", done.err);
    }
}

#[test]
fn another_relationship_is_none_that_a_run_could_end() {
    let (folder, _) = after_some_runs(json!({}));
    let advised = json!([{ "id": id(2).to_string(), "name": "Customer 2", "relationship": "advisor" }]);
    let others: Vec<Value> = [3, 4, 5].map(|n| json!({ "id": id(n).to_string() })).to_vec();
    let customers: Vec<Value> = advised.as_array().unwrap().iter().cloned().chain(others).collect();
    let world = five(json!({ "customers": customers }));
    let said = refresh(&folder, &world, &["--ready", "next.csv"]).exits(3).json();
    let other = of(&said, 2);
    assert_eq!((&other["state"], &other["prospect"]), (&json!("ready"), &json!("stays")), "{other}");
    assert!(other["explanation"].as_str().unwrap().contains("its relationship was `advisor`"), "{other}");
    assert!(!folder.path("next.csv").exists());
}

#[test]
fn whoever_goes_by_hand_after_coming_back_has_a_line_for_the_letters() {
    let (folder, world) = after_some_runs(json!({}));
    assert!(world.model().accept(now(), id(1)));
    refresh(&folder, &world, &[]).exits(3);
    ends_by_hand(&world, 1);
    let said = refresh(&folder, &world, &[]).exits(3).json();
    let gone = of(&said, 1);
    assert_eq!((&gone["state"], kinds(&gone)), (&json!("already_removed"), vec!["came_back"]));
    let text = gone["contradictions"][0]["text"].as_str().unwrap();
    assert!(text.contains("removed by run") && text.ends_with("and gone again since"), "{text}");
    let letters = fs::read_to_string(folder.path("reports").join("status").join("handover.csv")).unwrap();
    assert!(letters.contains(&id(1).to_string()), "{letters}");
}

#[test]
fn what_several_runs_scheduled_ends_with_the_last_of_their_terms() {
    let licence = |n: u32, days: i64| json!({ "kind": "new_commerce", "id": subscription(n), "name": "M365", "ends": day(days).to_string() });
    let of_one =
        |all: Vec<Value>| json!({ "customers": [{ "id": id(1).to_string(), "subscriptions": all }] });
    let folder = Folder::new();
    let schedule = ["--procedure", "cancel-at-term-end"];
    folder.run(&five(of_one(vec![licence(1, 200)])), &list_of([id(1)]), &schedule).exits(0);
    folder.run(&five(of_one(vec![licence(2, 40)])), &list_of([id(1)]), &schedule).exits(0);
    let said = folder.offboard(&["status", "--output", "json"]).exits(3).json();
    assert_eq!(of(&said, 1)["next_from"], day(201).to_string());
    // The first goes on again, and something new was bought.
    let world = five(of_one(vec![licence(1, 200), licence(3, 90)]));
    let said = refresh(&folder, &world, &[]).exits(3).json();
    let again = of(&said, 1);
    assert_eq!((&again["prospect"], kinds(&again)), (&json!("awaits_an_act"), vec!["goes_on_again"]));
    assert!(
        again["explanation"].as_str().unwrap().contains("2 subscriptions go on after their terms"),
        "{again}"
    );
    assert_eq!(again["next_from"], Value::Null);
}

#[test]
fn a_run_that_did_not_get_so_far_is_not_forgotten() {
    let (folder, world) = (Folder::new(), five(json!({})));
    let refused = five(json!({ "faults": [{ "on": "profile", "times": 0,
        "do": { "kind": "answer", "status": 503 } }] }));
    let stopped = folder.run(&refused, &list_of([id(1), id(2)]), &[]);
    assert_ne!(stopped.code, 0);
    let before = folder.offboard(&["status", "--output", "json"]).exits(3).json();
    let after = refresh(&folder, &world, &[]).exits(3).json();
    for n in [1, 2] {
        assert_eq!(of(&after, n)["state"], of(&before, n)["state"]);
        assert_eq!(of(&after, n)["run_id"], of(&before, n)["run_id"]);
    }
}

#[test]
fn one_partner_that_does_not_have_a_customer_says_nothing_of_another() {
    let (folder, world) = after_some_runs(json!({}));
    let other = "b0000000-0000-4000-8000-0000000000ff";
    let theirs = five(json!({ "partner": { "tenant_id": other, "name": "Somebody else" }, "customers": [] }));
    folder.write("all.csv", list_of([id(5), id(6)]));
    let command = ["status", "all.csv", "--refresh", "--rate", "600000", "--output", "json"];
    let ask = |world: &World, partner: &str| {
        let mut command = folder.against(world, &command);
        Done::of(&command.env("OFFBOARD_PARTNER_TENANT", partner).output().unwrap())
    };
    // 5 is the first partner's, as a run has read; of 6 nobody knows.
    let done = ask(&theirs, other).exits(3);
    assert!(done.err.contains("Looking again at 1 customer of Somebody else"), "{}", done.err);
    assert_eq!(of(&done.json(), 6)["partner"], Value::Null);
    let done = ask(&world, crate::support::PARTNER).exits(3);
    assert!(done.err.contains("Looking again at 2 customers"), "{}", done.err);
    // A list of which none is this partner's.
    folder.write("all.csv", list_of([id(5)]));
    let refused = ask(&theirs, other).exits(4);
    assert!(refused.err.contains("none of the customers that are meant is its"), "{}", refused.err);
}
