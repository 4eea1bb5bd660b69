//! `--cancel in-window|extended`: subscriptions that the plan names are cancelled before a removal, and only those.

use crate::support::{
    Done, Folder, World,
    evidence::Question,
    id, list_of,
    subscriptions::{assert_goes_back_as_read, statuses, subscription, world},
};
use offboard::simulator::Received;
use serde_json::{Value, json};

const BOTH: [&str; 4] = ["--cancel", "in-window", "--cancel", "extended"];

/// A licence that can be cancelled until a day that no test lives to see.
fn open(n: u32, seats: u32) -> Value {
    json!({ "kind": "new_commerce", "id": subscription(n), "name": format!("Licence {n}"), "quantity": seats,
        "ends": "2098-03-04", "cancellable_until": "2097-03-11" })
}

fn extended(n: u32, seats: u32) -> Value {
    json!({ "kind": "new_commerce", "id": subscription(n), "name": format!("Mail {n} (Extended Service Term)"),
        "quantity": seats, "ends": "2097-04-01", "term": "P1M" })
}

fn customer(n: u32, subscriptions: Value) -> Value {
    json!({ "id": id(n).to_string(), "name": format!("Customer {n}"), "subscriptions": subscriptions })
}

fn run(folder: &Folder, world: &World, count: u32, more: &[&str]) -> Done {
    folder.run(world, &list_of((1..=count).map(id)), more)
}

/// The changes of subscriptions.
fn updates(world: &World) -> Vec<Received> {
    let changes = world.changes().into_iter();
    changes.filter(|received| received.target.contains("/subscriptions/")).collect()
}

#[test]
fn exactly_what_the_plan_names_is_cancelled_and_then_the_customer_goes() {
    let over = json!({ "kind": "new_commerce", "id": subscription(21), "ends": "2098-03-04",
        "cancellable_until": "2020-01-01" });
    let mut software = customer(3, json!([open(30, 5)]));
    software["entitlements"] = json!([{ "kind": "software" }]);
    let customers = [
        customer(1, json!([open(10, 40), extended(11, 1)])),
        customer(2, json!([open(20, 7), over])),
        software,
        customer(4, json!([extended(40, 2)])),
    ];
    let (folder, world) = (Folder::new(), world(&customers, json!([])));
    let done = run(&folder, &world, 4, &BOTH).exits(3);
    assert_eq!(
        folder.ends(),
        [
            "removed",
            "skipped: active_subscription",
            "skipped: active_subscription;software_purchase",
            "removed"
        ]
    );
    for part in [
        "43 seats of 3 subscriptions lose the service at once, and nobody can undo that.",
        "Before they go, 3 subscriptions are cancelled:",
        "row  cancel subscription              seats  term until  ID",
        &subscription(11),
    ] {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }
    let explanation = &folder.explanations()[0];
    for n in [10, 11] {
        let told = format!("({}) was cancelled", subscription(n));
        assert!(explanation.contains(&told), "{told}: {explanation}");
    }
    assert_eq!(statuses(&world, 1), ["deleted"; 2]);
    assert_eq!((statuses(&world, 2), statuses(&world, 3)), (vec!["active".into(); 2], vec!["active".into()]));

    // The whole resource goes back as it was read, with its version, and nothing but its status is another.
    let updates = updates(&world);
    assert_eq!(updates.len(), 3);
    for received in &updates {
        assert_goes_back_as_read(&world, received);
        let body: Value = serde_json::from_str(&received.body).unwrap();
        assert_eq!(body["status"], "deleted");
        assert!(body["offerName"].is_string() && body["attributes"]["etag"].is_string());
    }
    let plan: Value = serde_json::from_str(&folder.report("plan.json")).unwrap();
    assert_eq!(
        plan["decisions"][0]["decision"]["first"],
        json!([
            { "what": "cancel_in_window", "id": subscription(10), "name": "Licence 10",
                "term": { "seats": 40, "last_day": "2098-03-04" } },
            { "what": "cancel_extended", "id": subscription(11), "name": "Mail 11 (Extended Service Term)",
                "term": { "seats": 1, "last_day": "2097-04-01" } },
        ])
    );
    assert!(folder.report("plan.html").contains("at once, 40 seats, term until 2098-03-04"));
    assert!(folder.report("plan.html").contains("The most seats that lose their service at once, for good"));
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
}

#[test]
fn each_kind_is_cancelled_only_if_it_is_named() {
    let customers = [customer(1, json!([open(10, 1)])), customer(2, json!([extended(20, 1)]))];
    for (options, ends) in [
        (&[][..], ["skipped: active_subscription"; 2]),
        (&BOTH[..2], ["removed", "skipped: active_subscription"]),
        (&BOTH[2..], ["skipped: active_subscription", "removed"]),
    ] {
        let (folder, world) = (Folder::new(), world(&customers, json!([])));
        run(&folder, &world, 2, options).exits(3);
        assert_eq!(folder.ends(), ends, "{options:?}");
    }
    let (folder, world) = (Folder::new(), world(&customers, json!([])));
    let scheduling = ["--procedure", "cancel-at-term-end", "--cancel", "extended"];
    let done = run(&folder, &world, 2, &scheduling).exits(2);
    assert!(done.err.contains("`--cancel` means nothing"), "{}", done.err);
    // There is no undo, so a file cannot say it once for all.
    folder.write("offboard.toml", "cancel = [\"extended\"]\n");
    let done = run(&folder, &world, 2, &[]).exits(2);
    assert!(done.err.contains("`cancel`"), "{}", done.err);
    assert!(world.changes().is_empty());
}

#[test]
fn a_refusal_keeps_the_customer_and_says_what_it_means() {
    let refused = |n: u32, skip: u32, code: u32| {
        json!({ "on": "update_subscription", "customer": id(n).to_string(), "skip": skip,
            "do": { "kind": "answer", "status": 400, "code": code } })
    };
    let two = |n: u32| customer(n, json!([open(10 * n, 1), extended(10 * n + 1, 1)]));
    let faults = json!([refused(1, 0, 900_214), refused(2, 1, 900_257), refused(3, 1, 2055)]);
    let (folder, world) = (Folder::new(), world(&[two(1), two(2), two(3)], faults));
    run(&folder, &world, 3, &[&BOTH[..], &["--canary", "0", "--stop-after-failures", "0"]].concat()).exits(3);
    assert_eq!(
        folder.ends(),
        ["failed: refused_by_service", "failed: refused_by_service", "failed: changed_since_plan"]
    );
    assert!(world.changes().iter().all(|change| change.target.contains("/subscriptions/")));
    let said = folder.explanations();
    assert!(said[0].contains("the hours in which it could be cancelled are over"), "{}", said[0]);
    assert!(said[1].contains("the service does not let it be cancelled, or not any more"), "{}", said[1]);
    // The next is not begun before it is seen what became of the one before.
    assert!(said[1].contains("Before that, subscription `Licence 20"), "{}", said[1]);
    assert!(said[1].contains(") was cancelled."), "{}", said[1]);
    assert!(said[2].contains("somebody changed it meanwhile"), "{}", said[2]);
    // What was cancelled stays so, and nobody is asked whether it is taken back.
    assert_eq!(statuses(&world, 1), ["active"; 2]);
    assert_eq!(
        (statuses(&world, 2), statuses(&world, 3)),
        (vec!["deleted".into(), "active".into()], vec!["deleted".into(), "active".into()])
    );
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
}

#[test]
fn a_lost_answer_is_settled_by_reading() {
    let lost = |effect: bool| {
        json!({ "on": "update_subscription", "customer": id(if effect { 1 } else { 2 }).to_string(),
            "do": { "kind": "cut_before_answer", "effect": effect } })
    };
    let customers = [customer(1, json!([open(10, 1)])), customer(2, json!([open(20, 1)]))];
    let (folder, world) = (Folder::new(), world(&customers, json!([lost(true), lost(false)])));
    run(&folder, &world, 2, &[&BOTH[..], &["--settle", "0s"]].concat()).exits(0);
    assert_eq!(folder.ends(), ["removed"; 2]);
    // What had no effect is sent again, and what had one is not.
    let sent = |n: u32| updates(&world).iter().filter(|one| one.target.contains(&id(n).to_string())).count();
    assert_eq!((sent(1), sent(2)), (1, 2));
}

#[test]
fn whoever_stays_after_a_cancellation_has_failed_and_stops_the_run() {
    let stale = |n: u32| {
        json!({ "on": "update_subscription", "customer": id(n).to_string(), "skip": 1,
        "do": { "kind": "answer", "status": 412, "code": 2055 } })
    };
    let unseen = json!({ "on": "update_subscription", "customer": id(4).to_string(),
        "do": { "kind": "answer", "status": 200, "json": "{\"status\":\"deleted\"}" } });
    let two = |n: u32| customer(n, json!([open(10 * n, 1), extended(10 * n + 1, 1)]));
    let faults = json!([stale(1), stale(2), stale(3), unseen]);
    let customers = [two(1), two(2), two(3), customer(4, json!([open(40, 1)]))];
    // The first of them stops it: somebody has to look before more is lost.
    let (folder, first) = (Folder::new(), world(&customers, faults.clone()));
    run(&folder, &first, 3, &[&BOTH[..], &["--canary", "1"]].concat()).exits(4);
    assert_eq!(folder.ends()[0], "failed: changed_since_plan");
    assert_eq!(updates(&first).len(), 2);
    let (folder, all) = (Folder::new(), world(&customers, faults));
    let more = ["--canary", "0", "--stop-after-failures", "0", "--settle", "1s"];
    run(&folder, &all, 4, &[&BOTH[..], &more].concat()).exits(3);
    assert_eq!(folder.ends()[2..], ["failed: changed_since_plan", "unknown: answer_lost"]);
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
}

#[test]
fn what_is_left_to_the_service_keeps_everything_from_being_cancelled() {
    let mut one = customer(1, json!([open(10, 1)]));
    one["entitlements"] = json!([{ "kind": "software" }]);
    let (folder, world) = (Folder::new(), world(&[one], json!([])));
    run(&folder, &world, 1, &[&BOTH[..], &["--allow", "software_purchase"]].concat()).exits(3);
    assert_eq!(folder.ends(), ["skipped: active_subscription"]);
    assert!(world.changes().is_empty());
}
