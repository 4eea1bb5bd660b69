//! `--procedure cancel-at-term-end`: each subscription that the plan names is scheduled to end with its term, whatever becomes
//! of the others; and the way back.

use crate::support::{
    Done, Folder, PARTNER_NAME, World,
    evidence::Question,
    id, list_of,
    subscriptions::{assert_goes_back_as_read, fault, refusal, subscription, world},
    typed,
};
use offboard::{
    domain::{Day, Reason, Time},
    record::{Event, Kind},
    simulator::{Received, Request, TermEndTruth},
};
use serde_json::{Value, json};

const CANCEL: [&str; 2] = ["--procedure", "cancel-at-term-end"];

/// So many days from now.
fn day(days: i64) -> Day {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    Time::from_millis(i64::try_from(now).unwrap()).day().plus_days(days)
}

/// A licence with this number, whose term ends in so many days, and with these fields.
fn licence(n: u32, days: i64, more: Value) -> Value {
    let mut whole = json!({ "kind": "new_commerce", "id": subscription(n), "name": format!("M365 {n}"), "quantity": n,
        "ends": day(days).to_string() });
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    whole
}

fn scheduled(action: &str) -> Value {
    json!([{ "action": action }])
}

fn customer(n: u32, subscriptions: &[Value]) -> Value {
    json!({ "id": id(n).to_string(), "name": format!("Customer {n}"), "subscriptions": subscriptions })
}

fn run(folder: &Folder, world: &World, count: u32, more: &[&str]) -> Done {
    let more: Vec<&str> = CANCEL.iter().chain(more).copied().collect();
    folder.run(world, &list_of((1..=count).map(id)), &more)
}

/// The bodies of the changes of this customer's subscriptions, with their requests.
fn updates(world: &World, n: u32) -> Vec<(Received, Value)> {
    let of = |received: &Received| received.target.contains(&id(n).to_string());
    let changes = world.changes().into_iter().filter(of);
    changes.map(|received| (received.clone(), serde_json::from_str(&received.body).unwrap())).collect()
}

/// What is really set to happen, by the number of the subscription.
fn set(world: &World, n: u32) -> Vec<TermEndTruth> {
    world.model().set_to_happen(day(0).begins(), id(n))
}

/// In a few words: whether auto-renew is on, and what is scheduled.
fn in_short(world: &World, n: u32) -> Vec<String> {
    let one = |set: TermEndTruth| format!("{} {}", set.auto_renew, set.scheduled.join(","));
    set(world, n).into_iter().map(one).collect()
}

#[test]
fn what_would_go_on_is_scheduled_to_end_and_nothing_else_is_sent() {
    let mixed = [
        licence(10, 200, json!({ "with": { "scheduledNextTermInstructions": { "quantity": 9 } } })),
        licence(11, 100, json!({ "scheduled": scheduled("RenewToExtendedServiceTerm") })),
        licence(12, 100, json!({ "auto_renew": false, "scheduled": scheduled("Cancel") })),
        licence(13, 100, json!({ "status": "deleted" })),
        json!({ "kind": "azure_plan" }),
        json!({ "kind": "legacy" }),
    ];
    let over = [licence(20, 100, json!({ "auto_renew": false, "scheduled": scheduled("Cancel") }))];
    let customers = [customer(1, &mixed), customer(2, &over), customer(3, &[])];
    let (folder, world) = (Folder::new(), world(&customers, json!([])));
    let done = run(&folder, &world, 3, &[]).exits(0);
    assert_eq!(folder.ends(), ["scheduled", "already_scheduled", "already_scheduled"]);
    let item = format!("10     {}  {}", day(200), subscription(10));
    for part in ["schedule the end of subscription", "M365 10", &item, &subscription(11)] {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }
    assert_eq!(
        in_short(&world, 1),
        ["false Cancel", "false Cancel", "false Cancel", "true ", "false ", "true "]
    );
    // The whole resource goes back as it was read, with its version, and nothing but the two fields is another.
    let updates = updates(&world, 1);
    assert_eq!(updates.len(), 2);
    for (received, body) in &updates {
        assert_goes_back_as_read(&world, received);
        let cancel = json!([{ "scheduleType": "TermEnd", "actionType": "Cancel" }]);
        assert_eq!((&body["autoRenewEnabled"], &body["scheduledActions"]), (&json!(false), &cancel));
        assert!(body.get("scheduledNextTermInstructions").is_none());
        assert!(body["offerName"].is_string() && body["links"].is_object() && body["status"] == "active");
    }
    let plan: Value = serde_json::from_str(&folder.report("plan.json")).unwrap();
    let named = &plan["decisions"][0]["decision"]["first"][0];
    assert_eq!(
        (&named["what"], &named["name"], &named["term"]["seats"], &named["term"]["last_day"]),
        (&json!("schedule_cancellation"), &json!("M365 10"), &json!(10), &json!(day(200).to_string()))
    );
    // Seen by a later read, each of them.
    assert!(folder.report("customers.csv").contains(r#","scheduled","observed","#));
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
}

#[test]
fn what_cannot_be_scheduled_keeps_nothing_else_from_being_scheduled() {
    let customers = [
        customer(1, &[licence(10, 100, json!({})), licence(11, 1, json!({}))]),
        customer(2, &[licence(20, 1, json!({}))]),
        customer(3, &[licence(30, 100, json!({})), licence(31, 100, json!({})), licence(32, 100, json!({}))]),
        customer(
            4,
            &[licence(40, 100, json!({ "scheduled": scheduled("Odd") })), licence(41, 100, json!({}))],
        ),
        customer(5, &[licence(50, 100, json!({}))]),
    ];
    let faults = json!([
        { "on": "update_subscription", "customer": id(3).to_string(), "skip": 1, "times": 1, "do": refusal(400, 900_279) },
        fault("update_subscription", 5, refusal(403, 900_150)),
    ]);
    let (folder, world) = (Folder::new(), world(&customers, faults));
    run(&folder, &world, 5, &["--canary", "0", "--stop-after-failures", "0"]).exits(3);
    assert_eq!(
        folder.ends(),
        [
            "failed: term_end_too_close",
            "skipped: term_end_too_close",
            "failed: refused_by_service",
            "failed: unclear_subscription",
            "failed: permission_denied",
        ]
    );
    assert_eq!(in_short(&world, 1), ["false Cancel", "true "]);
    assert_eq!(in_short(&world, 2), ["true "]);
    assert_eq!(in_short(&world, 3), ["false Cancel", "true ", "false Cancel"]);
    assert_eq!(in_short(&world, 4), ["true Odd", "false Cancel"]);
    let told = folder.explanations();
    assert!(told[0].contains("less than") || told[0].contains("term_end_too_close"), "{}", told[0]);
    for n in [30, 32] {
        let done = format!("ubscription `M365 {n}` ({}) was scheduled to end with its term", subscription(n));
        assert!(told[2].contains(&done), "{}", told[2]);
    }
    assert!(
        told[2].contains(&format!("Scheduling of subscription `M365 31` ({})", subscription(31))),
        "{}",
        told[2]
    );
    assert_eq!(updates(&world, 5).len(), 1);
}

#[test]
fn less_than_two_days_before_its_end_nothing_is_sent() {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let now = Time::from_millis(i64::try_from(now).unwrap());
    let hours = |n: u64| now.plus(std::time::Duration::from_secs(3600 * n)).to_string();
    let close = licence(10, 0, json!({ "ends": hours(47) }));
    let (folder, world) = (
        Folder::new(),
        world(
            &[customer(1, &[close]), customer(2, &[licence(20, 0, json!({ "ends": hours(49) }))])],
            json!([]),
        ),
    );
    run(&folder, &world, 2, &[]).exits(3);
    assert_eq!(folder.ends(), ["skipped: term_end_too_close", "scheduled"]);
    assert!(updates(&world, 1).is_empty());
}

#[test]
fn what_is_not_as_the_plan_has_it_is_left_alone() {
    let single = |more: Value| {
        let mut whole = json!({ "id": subscription(10), "offerId": "CFQ7:0001:A", "status": "active", "quantity": 10,
            "termDuration": "P1Y", "commitmentEndDate": format!("{}T00:00:00Z", day(100)), "autoRenewEnabled": true });
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "kind": "answer", "status": 200, "json": whole.to_string() })
    };
    let cancel = json!([{ "scheduleType": "TermEnd", "actionType": "Cancel" }]);
    let each = |n: u32| [licence(10, 100, json!({})), licence(10 * n + 1, 100, json!({}))];
    let customers: Vec<Value> = (1..=4).map(|n| customer(n, &each(n))).collect();
    let faults = json!([
        // More seats than were planned; somebody scheduled it; another version when it arrives; another term.
        fault("subscription", 1, single(json!({ "quantity": 500 }))),
        fault("subscription", 2, single(json!({ "autoRenewEnabled": false, "scheduledActions": cancel }))),
        fault("update_subscription", 3, refusal(412, 2055)),
        fault("subscription", 4, single(json!({ "commitmentEndDate": format!("{}", day(465)) }))),
    ]);
    let (folder, world) = (Folder::new(), world(&customers, faults));
    run(&folder, &world, 4, &["--canary", "0", "--stop-after-failures", "0"]).exits(3);
    assert_eq!(
        folder.ends(),
        [
            "failed: changed_since_plan",
            "scheduled",
            "failed: changed_since_plan",
            "failed: changed_since_plan",
        ]
    );
    for n in [1, 2, 4] {
        let sent = updates(&world, n);
        assert_eq!(sent.len(), 1, "{n}");
        assert!(sent[0].0.target.ends_with(&subscription(10 * n + 1)));
    }
    assert!(folder.explanations()[0].contains("now it has 500 seats"), "{}", folder.explanations()[0]);
    assert!(folder.explanations()[2].contains("somebody changed it meanwhile"));
}

#[test]
fn lost_answers_are_settled_by_reading_and_another_end_is_told() {
    let extended = json!({ "extends_instead": true });
    let lost = |effect: bool| json!({ "kind": "cut_before_answer", "effect": effect });
    let customers = [
        customer(1, &[licence(10, 100, json!({}))]),
        customer(2, &[licence(20, 100, json!({}))]),
        customer(3, &[licence(30, 100, extended.clone()), licence(31, 100, json!({}))]),
        customer(4, &[licence(40, 100, extended)]),
    ];
    let faults = json!([
        fault("update_subscription", 1, lost(true)),
        fault("update_subscription", 2, lost(false)),
        fault("update_subscription", 4, lost(true)),
    ]);
    let (folder, world) = (Folder::new(), world(&customers, faults));
    run(&folder, &world, 4, &["--canary", "0", "--stop-after-failures", "0"]).exits(3);
    assert_eq!(
        folder.ends(),
        ["scheduled", "scheduled", "failed: became_extended_term", "failed: became_extended_term"]
    );
    let ids = |n: u32| -> Vec<_> {
        updates(&world, n).into_iter().map(|(received, _)| received.request_id).collect()
    };
    assert_eq!((ids(1).len(), ids(4).len()), (1, 1));
    assert!(ids(2).len() == 2 && ids(2)[0] == ids(2)[1], "{:?}", ids(2));
    assert_eq!(in_short(&world, 3), ["false RenewToExtendedServiceTerm", "false Cancel"]);
    let told = &folder.explanations()[2];
    assert!(told.contains("shows an extended service term instead") && told.contains("Done: "), "{told}");
    let observed = folder.reader().events(&folder.latest(), &[Kind::Observed]).unwrap();
    let kept = observed.iter().any(|(_, record)| {
        matches!(&record.event, Event::Observed(observed)
            if observed.instead == Some(Reason::BecameExtendedTerm))
    });
    assert!(kept);
}

/// Killed after each request in turn, whatever it was, and gone on with.
#[test]
fn killed_in_each_step_of_a_scheduling() {
    let customers = [
        customer(1, &[licence(10, 100, json!({})), licence(11, 100, json!({}))]),
        customer(2, &[licence(20, 100, json!({}))]),
    ];
    let mut at = 0;
    loop {
        at += 1;
        let (folder, world) = (Folder::new(), world(&customers, json!([])));
        let list = folder.write("list.csv", list_of((1..=2).map(id)));
        let more = [CANCEL[0], CANCEL[1], "--concurrency", "1"];
        if !world.kills_after(at, &mut folder.run_command(&world, &list, &more)) {
            break;
        }
        let resume = ["resume", "--yes", "--rate", "600000"];
        let done = Done::of(&folder.against(&world, &resume).output().unwrap());
        let is_begun = !folder.ends().is_empty();
        if is_begun && done.code == 0 {
            assert_eq!(folder.ends(), ["scheduled", "scheduled"], "{at}");
            assert_eq!(in_short(&world, 1), ["false Cancel", "false Cancel"], "{at}");
            assert_eq!(updates(&world, 1).len() + updates(&world, 2).len(), 3, "{at}: none is sent twice");
        }
    }
    assert!(at > 8, "{at}");
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn the_confirmation_says_how_much_ends_and_when() {
    let customers = [
        customer(1, &[licence(10, 100, json!({})), licence(11, 300, json!({}))]),
        customer(2, &[licence(20, 200, json!({}))]),
    ];
    let (folder, world) = (Folder::new(), world(&customers, json!([])));
    let list = folder.write("list.csv", list_of((1..=2).map(id))).display().to_string();
    let mut arguments = vec!["run", &list, "--rate", "600000", "--settle", "1", "--ticket", "T-1"];
    arguments.extend(CANCEL);
    let done =
        Done::of(&typed(&mut folder.against(&world, &arguments), &format!("{PARTNER_NAME} 2\n"))).exits(0);
    let ends = format!("3 subscriptions with 41 seats, whose terms end from {} to {}", day(100), day(300));
    assert!(done.err.contains(&ends), "{}", done.err);
    assert_eq!(folder.ends(), ["scheduled", "scheduled"]);
}

#[test]
fn a_run_is_taken_back_where_nobody_has_changed_it_since() {
    let before = scheduled("RenewToNewTerm");
    let customers = [
        customer(1, &[licence(10, 100, json!({ "scheduled": before })), licence(11, 100, json!({}))]),
        customer(2, &[licence(20, 100, json!({ "auto_renew": false, "scheduled": scheduled("Cancel") }))]),
        customer(3, &[licence(30, 100, json!({}))]),
        customer(4, &[]),
    ];
    let (folder, world) = (Folder::new(), world(&customers, json!([])));
    run(&folder, &world, 3, &[]).exits(0);
    assert_eq!(folder.ends(), ["scheduled", "already_scheduled", "scheduled"]);
    let cancelled = folder.latest().to_string();
    // Somebody decides otherwise about one of them.
    let now = day(0).begins();
    let target = format!("/v1/customers/{}/subscriptions/{}", id(3), subscription(30));
    let request = |method: &str, body: Vec<u8>| Request {
        method: method.to_owned(),
        target: target.clone(),
        headers: vec![("authorization".to_owned(), "Bearer x".to_owned())],
        body,
    };
    let read = world.model().handle(now, &request("GET", Vec::new()));
    let mut body: Value = serde_json::from_slice(&read.body).unwrap();
    body["autoRenewEnabled"] = json!(true);
    body["scheduledActions"] = json!([{ "scheduleType": "TermEnd", "actionType": "RenewToNewTerm" }]);
    assert_eq!(world.model().handle(now, &request("PATCH", body.to_string().into_bytes())).status, 200);

    let undo = ["--procedure", "undo-cancel-at-term-end"];
    let list = list_of((1..=3).map(id));
    let needs = folder.run(&world, &list, &undo).exits(2);
    assert!(needs.err.contains("`--of RUN`"), "{}", needs.err);
    let (list_of_more, with_more) = (list_of((1..=4).map(id)), [undo[0], undo[1], "--of", &cancelled]);
    let done = folder.run(&world, &list_of_more, &with_more).exits(3);
    assert!(
        done.err.contains("restore the renewal of subscription") && done.err.contains("M365 10"),
        "{}",
        done.err
    );
    assert!(!done.err.contains("M365 30"), "the plan does not name it: {}", done.err);
    assert_eq!(
        folder.ends(),
        ["restored", "already_restored", "skipped: changed_since_plan", "skipped: not_in_that_run"]
    );
    // Whoever allows it and whoever reads of it sees which run it is about.
    for said in [
        &done.err,
        &folder.report("plan.html"),
        &folder.report("summary.json"),
        &folder.report("report.html"),
    ] {
        assert!(said.contains(&cancelled), "{said}");
    }
    assert_eq!(in_short(&world, 1), ["true RenewToNewTerm", "true "]);
    assert_eq!(in_short(&world, 2), ["false Cancel"], "what that run did not schedule stays as it is");
    assert_eq!(in_short(&world, 3), ["true RenewToNewTerm"]);
    // Over the version that the scheduling made, and the same twice has nothing left to do.
    let back = updates(&world, 1).pop().unwrap().0;
    let version = back.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("if-match")).unwrap();
    assert_eq!(version.1, "\"eyJ2ZXJzaW9uIjoyfQ==\"");
    let sent = world.changes().len();
    folder.run(&world, &list, &[undo[0], undo[1], "--of", &cancelled]).exits(3);
    assert_eq!(folder.ends()[0], "already_restored");
    assert_eq!(world.changes().len(), sent);
    let other = folder.run(&world, &list, &[undo[0], undo[1], "--of", "latest"]).exits(2);
    assert!(other.err.contains("takes back no other"), "{}", other.err);
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
}

#[test]
fn what_a_later_run_scheduled_again_is_not_taken_back_with_the_earlier_one() {
    let both = [licence(10, 100, json!({})), licence(11, 100, json!({}))];
    let (folder, world) = (Folder::new(), world(&[customer(1, &both)], json!([])));
    run(&folder, &world, 1, &[]).exits(0);
    let first = folder.latest().to_string();
    let undo = ["--procedure", "undo-cancel-at-term-end", "--of", &first];
    folder.run(&world, &list_of([id(1)]), &undo).exits(0);
    run(&folder, &world, 1, &[]).exits(0);
    let again = folder.latest().to_string();
    let sent = world.changes().len();
    let refused = folder.run(&world, &list_of([id(1)]), &undo).exits(3);
    assert_eq!(folder.ends(), ["skipped: changed_since_plan"]);
    assert_eq!(in_short(&world, 1), ["false Cancel", "false Cancel"]);
    assert_eq!(world.changes().len(), sent, "{}", refused.err);
    assert!(folder.report("customers.csv").contains(&format!("changed since that run, by run {again}")));
    // The latest of them is the one to take back.
    folder.run(&world, &list_of([id(1)]), &[undo[0], undo[1], "--of", &again]).exits(0);
    assert_eq!(in_short(&world, 1), ["true ", "true "]);
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
}

#[test]
fn what_is_changed_just_before_it_is_taken_back_is_left_alone() {
    let both = [licence(10, 100, json!({})), licence(11, 100, json!({}))];
    let renewed = json!({ "id": subscription(10), "offerId": "CFQ7:0001:A", "status": "active", "quantity": 10,
        "termDuration": "P1Y", "commitmentEndDate": format!("{}T00:00:00Z", day(100)), "autoRenewEnabled": true,
        "scheduledActions": [{ "scheduleType": "TermEnd", "actionType": "Transition" }] });
    // The first run reads each of them twice, to change it and to see it done.
    let faults = json!([{ "on": "subscription", "customer": id(1).to_string(), "skip": 4, "times": 1,
        "do": { "kind": "answer", "status": 200, "json": renewed.to_string() } }]);
    let (folder, world) = (Folder::new(), world(&[customer(1, &both)], faults));
    run(&folder, &world, 1, &[]).exits(0);
    let sent = updates(&world, 1).len();
    let undo = ["--procedure", "undo-cancel-at-term-end", "--of", "latest"];
    folder.run(&world, &list_of([id(1)]), &undo).exits(3);
    assert_eq!(folder.ends(), ["failed: changed_since_plan"]);
    assert_eq!(updates(&world, 1).len(), sent + 1, "the other is restored");
    assert_eq!(in_short(&world, 1), ["false Cancel", "true "]);
}

#[test]
fn nothing_but_a_real_run_of_the_same_partner_is_taken_back() {
    let customers = [customer(1, &[licence(10, 200, json!({}))])];
    let (folder, ours) = (Folder::new(), world(&customers, json!([])));
    let undo = |world: &World, of: &str| {
        folder.run(world, &list_of([id(1)]), &["--procedure", "undo-cancel-at-term-end", "--of", of])
    };
    let list = folder.write("list.csv", list_of([id(1)])).display().to_string();
    let plan =
        ["plan", &list, "--no-identity-check", "--procedure", "cancel-at-term-end", "--max-share", "100"];
    Done::of(&folder.against(&ours, &plan).output().unwrap()).exits(0);
    let planned = folder.latest();
    let refused = undo(&ours, planned.as_str()).exits(2);
    assert!(refused.err.contains("changed nothing of any real customer"), "{}", refused.err);
    run(&folder, &ours, 1, &[]).exits(0);
    let done = folder.latest();
    let before = ours.changes().len();
    // Another partner signs in, with the same log and the same customers.
    let other = World::of(&json!({ "customers": customers, "generated": { "count": 40 },
        "partner": { "tenant_id": "4d4d4d4d-4444-4555-8666-777777777777", "name": "Another" } }));
    let list = folder.write("list.csv", list_of([id(1)])).display().to_string();
    let another = [
        "run",
        &list,
        "--no-identity-check",
        "--procedure",
        "undo-cancel-at-term-end",
        "--of",
        done.as_str(),
        "--yes",
        "--max-share",
        "100",
        "--partner-tenant",
        "4d4d4d4d-4444-4555-8666-777777777777",
    ];
    let refused = Done::of(&folder.against(&other, &another).output().unwrap()).exits(4);
    assert!(refused.err.contains("was for the partner"), "{}", refused.err);
    assert!(other.changes().is_empty() && ours.changes().len() == before);
    let reconciled = ["reconcile", done.as_str()];
    let refused = Done::of(&folder.against(&ours, &reconciled).output().unwrap()).exits(2);
    assert!(refused.err.contains("ended no relationship"), "{}", refused.err);
}

#[test]
fn what_the_service_extended_instead_is_taken_back_too() {
    let customers = [customer(1, &[licence(10, 100, json!({ "extends_instead": true }))])];
    let (folder, world) = (Folder::new(), world(&customers, json!([])));
    run(&folder, &world, 1, &[]).exits(3);
    assert_eq!(folder.ends(), ["failed: became_extended_term"]);
    assert_eq!(in_short(&world, 1), ["false RenewToExtendedServiceTerm"]);
    let undo = ["--procedure", "undo-cancel-at-term-end", "--of", "latest"];
    folder.run(&world, &list_of([id(1)]), &undo).exits(0);
    assert_eq!(folder.ends(), ["restored"]);
    assert_eq!(in_short(&world, 1), ["true "]);
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
}
