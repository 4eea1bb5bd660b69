//! `--procedure end-delegated-admin`: each relationship of delegated administration that is not over is ended over Microsoft
//! Graph, and what cannot be ended keeps nothing else from being ended.

use crate::support::{Done, Folder, World, evidence::Question, id, list_of, typed};
use offboard::{domain::Time, simulator::Received};
use serde_json::{Value, json};

const END: [&str; 2] = ["--procedure", "end-delegated-admin"];
const GRAPH_TOKEN: &str = "cAnArY/of+Microsoft~Graph!-3f0c6a51d4";
const READER: &str = "f2ef992c-3afb-46b9-b7cf-a126ee74c451";

fn grant(name: &str, status: &str, more: Value) -> Value {
    let mut whole = json!({ "name": name, "status": status, "roles": [READER], "ends": "2099-03-04" });
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    whole
}

fn customer(n: u32, grants: &[Value]) -> Value {
    json!({ "id": id(n).to_string(), "name": format!("Customer {n}"), "delegated_admin": grants })
}

/// A partner, and a Graph that takes a token of its own alone.
fn world(customers: &[Value], faults: Value) -> World {
    World::of(&json!({ "customers": customers, "generated": { "count": 40 }, "faults": faults,
        "graph_token": GRAPH_TOKEN }))
}

fn command(folder: &Folder, world: &World, list: &str, more: &[&str]) -> std::process::Command {
    let more: Vec<&str> = END.iter().chain(more).copied().collect();
    let list = folder.write("list.csv", list);
    let mut command = folder.run_command(world, &list, &more);
    command.env("OFFBOARD_GRAPH_ACCESS_TOKEN", GRAPH_TOKEN);
    command
}

fn run(folder: &Folder, world: &World, count: u32, more: &[&str]) -> Done {
    Done::of(&command(folder, world, &list_of((1..=count).map(id)), more).output().unwrap())
}

/// What each of a customer's relationships really is.
fn states(world: &World, n: u32) -> Vec<String> {
    let now = Time::from_millis(4_000_000_000_000);
    world.model().delegated_admin(now, id(n)).into_iter().map(|one| one.status).collect()
}

fn sent(world: &World, n: u32) -> Vec<Received> {
    world.changes().into_iter().filter(|received| received.target.contains(&id(n).to_string())).collect()
}

#[test]
fn each_that_is_not_over_is_ended_by_what_its_state_allows() {
    let customers = [
        customer(
            1,
            &[grant("Helpdesk", "active", json!({ "extends": true })), grant("Draft", "created", json!({}))],
        ),
        customer(2, &[grant("Old", "terminated", json!({})), grant("Older", "expired", json!({}))]),
        customer(3, &[]),
        customer(
            4,
            &[grant("Security", "approved", json!({})), grant("Pending", "approvalPending", json!({}))],
        ),
        customer(5, &[grant("Pending", "approvalPending", json!({}))]),
        customer(6, &[grant("Odd", "someFutureValue", json!({})), grant("Ending", "expiring", json!({}))]),
        customer(
            7,
            &[grant(
                "Other",
                "active",
                json!({ "with": { "partner":
            { "tenantId": "4d4d4d4d-4444-4555-8666-777777777777" } } }),
            )],
        ),
    ];
    let (folder, world) = (Folder::new(), world(&customers, json!([])));
    let done = run(&folder, &world, 7, &[]).exits(3);
    assert_eq!(
        folder.ends(),
        [
            "ended",
            "already_ended",
            "already_ended",
            "failed: delegated_admin_awaits_customer",
            "skipped: delegated_admin_awaits_customer",
            "failed: unexpected_answer",
            "already_ended",
        ]
    );
    assert_eq!(states(&world, 1), ["terminated"], "the draft was deleted");
    assert_eq!(states(&world, 4), ["terminated", "approvalPending"]);
    assert_eq!(states(&world, 6), ["someFutureValue", "terminated"]);
    assert_eq!(states(&world, 7), ["active"], "another partner's stays");
    let shapes: Vec<_> = sent(&world, 1).iter().map(|one| (one.method.clone(), one.body.clone())).collect();
    assert_eq!(
        shapes,
        [("POST".to_owned(), r#"{"action":"terminate"}"#.to_owned()), ("DELETE".to_owned(), String::new())]
    );
    let header = |received: &Received, name: &str| {
        received
            .headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.clone())
    };
    assert!(header(&sent(&world, 1)[1], "if-match").is_some(), "the version that was read");
    assert!(header(&sent(&world, 1)[0], "ms-requestid").is_none());
    // Whoever confirms it sees each by name, state, roles and end.
    for part in
        ["4 delegated admin relationships are ended", "active, Global Reader, until 2099-03-04, ext", "Draft"]
    {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }
    assert!(!done.err.contains("`Old`"), "{}", done.err);
    assert!(folder.explanations()[2].contains("not even one that is over"), "nothing may be the wrong ID");
    let told = folder.explanations();
    assert!(told[0].contains("elegated admin relationship `Helpdesk`"), "{}", told[0]);
    assert!(told[3].contains("Done: delegated admin relationship `Security`"), "{}", told[3]);
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
}

/// Whoever approves sees each relationship with all its roles, and what cannot be done.
#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn an_approver_sees_what_would_be_ended_and_what_cannot_be() {
    let roles = json!({ "roles": [READER, "729827e3-9c14-49f7-bb1b-9608f156bbb8", "fe930be7-5e62-47db-91af-98c3a49a38b1",
        "88d8e3e3-8f55-4a1e-953a-9b9898b8876b", "29232cdf-9323-42fd-ade2-1d097af3e4de"] });
    let grants =
        [grant("Helpdesk of all countries", "active", roles), grant("Offer", "approvalPending", json!({}))];
    let (folder, world) = (Folder::new(), world(&[customer(1, &grants)], json!([])));
    let list = folder.write("list.csv", list_of([id(1)])).display().to_string();
    let arguments = ["plan", &list, "--no-identity-check", "--rate", "600000", END[0], END[1]];
    let mut command = folder.against(&world, &arguments);
    Done::of(&command.env("OFFBOARD_GRAPH_ACCESS_TOKEN", GRAPH_TOKEN).output().unwrap()).exits(0);
    let plan = folder.path("reports").join(folder.latest().as_str()).join("plan.json").display().to_string();
    folder.offboard(&["approve", "--new-key"]).exits(0);
    let shown = Done::of(&typed(&mut folder.command(&["approve", &plan]), "no\n")).exits(4).out;
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "Helpdesk of all countries",
        "Helpdesk Administrator, User Administrator, Directory Readers and Exchange Administrator",
        "row 2, Customer 1: delegated_admin_awaits_customer: delegated admin relationship `Offer`",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
}

#[test]
fn each_request_to_graph_is_on_record_under_the_identifier_that_it_was_told() {
    let customers = [customer(1, &[grant("A", "active", json!({})), grant("B", "created", json!({}))])];
    let (folder, world) = (Folder::new(), world(&customers, json!([])));
    run(&folder, &world, 1, &[]).exits(0);
    let requests = folder.requests();
    let on_record = |received: &&Received| {
        requests.iter().any(|line| {
            line.url.as_ref().is_some_and(|url| url.ends_with(&received.target))
                && line.request_id == received.request_id
        })
    };
    let received = world.received();
    let of_graph: Vec<_> = received.iter().filter(|one| one.target.starts_with("/v1.0/")).collect();
    assert!(of_graph.len() > 5 && of_graph.iter().all(on_record));
}

#[test]
fn what_the_plan_says_cannot_be_done_is_no_surprise_in_the_first_wave() {
    let both = || [grant("Security", "active", json!({})), grant("Pending", "approvalPending", json!({}))];
    let customers: Vec<Value> = (1..=6).map(|n| customer(n, &both())).collect();
    let (folder, world) = (Folder::new(), world(&customers, json!([])));
    run(&folder, &world, 6, &["--canary", "1", "--stop-after-failures", "3"]).exits(3);
    assert_eq!(folder.ends(), ["failed: delegated_admin_awaits_customer"; 6]);
    assert!((1..=6).all(|n| states(&world, n) == ["terminated", "approvalPending"]));
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
}

#[test]
fn it_is_done_for_customers_who_are_gone_and_compares_the_name_that_graph_gives() {
    let mut gone = customer(1, &[grant("Helpdesk", "active", json!({}))]);
    gone["relationship"] = json!("none");
    let customers = [gone, customer(2, &[grant("Helpdesk", "active", json!({}))])];
    let (folder, world) = (Folder::new(), world(&customers, json!([])));
    let list = format!("Customer ID,Company Name\n{},Customer 1\n{},Somebody else\n", id(1), id(2));
    Done::of(&command(&folder, &world, &list, &[]).output().unwrap()).exits(3);
    assert_eq!(folder.ends(), ["ended", "skipped: name_mismatch"]);
    assert_eq!((states(&world, 1), states(&world, 2)), (vec!["terminated".into()], vec!["active".into()]));
}

/// The listing names nobody any more, and of nobody any number is more than a share of a hundred per cent.
#[test]
fn a_share_of_a_hundred_allows_it_when_all_customers_are_gone() {
    let gone = |n: u32| {
        let mut gone = customer(n, &[grant("Helpdesk", "active", json!({}))]);
        gone["relationship"] = json!("none");
        gone
    };
    let customers = json!({ "customers": [gone(1), gone(2)], "graph_token": GRAPH_TOKEN });
    let (folder, world) = (Folder::new(), World::of(&customers));
    let refused = run(&folder, &world, 2, &["--max-share", "99"]).exits(4);
    assert!(refused.err.contains("`--max-share 100`"), "{}", refused.err);
    assert!(world.changes().is_empty());
    run(&folder, &world, 2, &["--max-share", "100"]).exits(0);
    assert_eq!(folder.ends(), ["ended", "ended"]);
}

#[test]
fn what_takes_its_time_is_waited_for_until_the_deadline() {
    let customers = [
        customer(1, &[grant("Slow", "active", json!({ "terminates_after_ms": 300 }))]),
        customer(2, &[grant("Never", "active", json!({ "never_terminates": true }))]),
    ];
    let (folder, world) = (Folder::new(), world(&customers, json!([])));
    run(&folder, &world, 2, &["--settle", "3s"]).exits(3);
    assert_eq!(folder.ends(), ["ended", "unknown: answer_lost"]);
    let told = folder.explanations();
    assert!(told[1].contains("Microsoft Graph agreed to end it, but it is not seen ended"), "{}", told[1]);
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
}

#[test]
fn lost_answers_are_settled_by_reading_and_refusals_are_told() {
    let one = |n: u32| customer(n, &[grant("Helpdesk", "active", json!({}))]);
    let lost = |n: u32, effect: bool| {
        json!({ "on": "end_delegated_admin", "customer": id(n).to_string(), "times": 1,
            "do": { "kind": "cut_before_answer", "effect": effect } })
    };
    let forbidden =
        r#"{"error":{"code":"Forbidden","message":"Not for you.","innerError":{"request-id":"1"}}}"#;
    let gateway = r#"{"statusCode":403,"message":"Not here."}"#;
    let says = |n: u32, times: u32, body: &str| {
        json!({ "on": "end_delegated_admin", "customer": id(n).to_string(), "times": times,
            "do": { "kind": "answer", "status": 403, "json": body } })
    };
    let waits = json!({ "on": "end_delegated_admin", "customer": id(5).to_string(), "times": 1,
        "do": { "kind": "answer", "status": 429, "retry_after": "0.2" } });
    let faults = json!([lost(1, true), lost(2, false), says(3, 0, forbidden), says(4, 1, gateway), waits]);
    let (folder, world) = (Folder::new(), world(&[one(1), one(2), one(3), one(4), one(5)], faults));
    run(&folder, &world, 5, &["--concurrency", "1"]).exits(3);
    assert_eq!(
        folder.ends(),
        ["ended", "ended", "failed: permission_denied", "failed: permission_denied", "ended"]
    );
    let ids = |n: u32| sent(&world, n).into_iter().map(|one| one.request_id).collect::<Vec<_>>();
    assert_eq!(ids(1).len(), 1, "a look showed that it was done");
    for n in [2, 5] {
        let ids = ids(n);
        assert!(ids.len() == 2 && ids[0] == ids[1], "{n}: sent again under the same identifier: {ids:?}");
    }
    let told = folder.explanations();
    assert!(told[2].contains("code Forbidden"), "{}", told[2]);
    // Whoever that was who said no: a look showed that it did not happen, and it is not sent again.
    assert!(told[3].contains("Reading the customer shows that it did not happen"), "{}", told[3]);
    assert_eq!((ids(3).len(), ids(4).len()), (1, 1));
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
}

/// It is answered as if it was taken, and says itself that it was not: nobody else is changed before somebody has looked.
#[test]
fn a_yes_that_says_no_is_none() {
    let failed = json!([{ "on": "end_delegated_admin", "customer": id(1).to_string(), "times": 1,
        "do": { "kind": "answer", "status": 201, "json": r#"{"action":"terminate","status":"failed"}"# } }]);
    let customers = [1, 2].map(|n| customer(n, &[grant("Helpdesk", "active", json!({}))]));
    let (folder, world) = (Folder::new(), world(&customers, failed));
    let stopped = run(&folder, &world, 2, &["--concurrency", "1"]).exits(4);
    assert!(stopped.err.contains("in words that this program does not understand"), "{}", stopped.err);
    assert_eq!((sent(&world, 1).len(), sent(&world, 2).len()), (1, 0));
    assert_eq!(states(&world, 1), ["active"]);
}

/// Killed after each request in turn, whatever it was, and gone on with.
#[test]
fn killed_in_each_step_of_an_ending() {
    let customers = [
        customer(1, &[grant("A", "active", json!({})), grant("B", "created", json!({}))]),
        customer(2, &[grant("C", "active", json!({ "terminates_after_ms": 50 }))]),
    ];
    let mut at = 0;
    loop {
        at += 1;
        let (folder, world) = (Folder::new(), world(&customers, json!([])));
        let mut command = command(&folder, &world, &list_of((1..=2).map(id)), &["--concurrency", "1"]);
        if !world.kills_after(at, &mut command) {
            break;
        }
        let mut resume = folder.against(&world, &["resume", "--yes", "--rate", "600000"]);
        resume.env("OFFBOARD_GRAPH_ACCESS_TOKEN", GRAPH_TOKEN);
        let done = Done::of(&resume.output().unwrap());
        if !folder.ends().is_empty() && done.code == 0 {
            assert_eq!(folder.ends(), ["ended", "ended"], "{at}");
            assert_eq!((states(&world, 1).len(), states(&world, 2).len()), (1, 1), "{at}");
            assert_eq!(sent(&world, 1).len() + sent(&world, 2).len(), 3, "{at}: none is sent twice");
        }
    }
    assert!(at > 8, "{at}");
}

#[test]
fn each_page_is_read_and_a_link_elsewhere_is_not_followed() {
    let grants: Vec<Value> = (0..5).map(|n| grant(&format!("Grant {n}"), "terminated", json!({}))).collect();
    let mut all = grants.clone();
    all.push(grant("Last", "active", json!({})));
    let scenario = |customers: Value, faults: Value| {
        World::of(&json!({ "customers": customers, "generated": { "count": 40 }, "faults": faults,
            "graph_token": GRAPH_TOKEN, "graph_page": 2 }))
    };
    let (folder, world) = (Folder::new(), scenario(json!([customer(1, &all)]), json!([])));
    // The look just before and after needs all in one page, and says so.
    run(&folder, &world, 1, &[]).exits(3);
    assert_eq!(folder.ends(), ["failed: unexpected_answer"]);
    assert!(sent(&world, 1).is_empty());
    // Nobody can tell which of two lines about one relationship is to be believed.
    let one =
        |status: &str| json!({ "id": "A", "status": status, "customer": { "tenantId": id(1).to_string() } });
    let twice = json!({ "value": [one("terminated"), one("active")] });
    let fault = json!([{ "on": "delegated_admin", "customer": id(1).to_string(), "times": 0,
        "do": { "kind": "answer", "status": 200, "json": twice.to_string() } }]);
    let (folder, world) = (Folder::new(), scenario(json!([customer(1, &grants)]), fault));
    run(&folder, &world, 1, &[]).exits(3);
    assert_eq!((folder.ends(), world.changes().len()), (vec!["failed: unexpected_answer".to_owned()], 0));
    let elsewhere = r#"{"value":[],"@odata.nextLink":"http://127.0.0.1:9/v1.0/tenantRelationships/delegatedAdminRelationships"}"#;
    let fault = json!([{ "on": "delegated_admin", "customer": id(1).to_string(),
        "do": { "kind": "answer", "status": 200, "json": elsewhere } }]);
    let (folder, world) = (Folder::new(), scenario(json!([customer(1, &grants)]), fault));
    let refused = run(&folder, &world, 1, &[]);
    assert!(refused.err.contains("the link to the next page leads elsewhere"), "{}", refused.err);
    assert!(world.changes().is_empty());
}

#[test]
fn without_a_token_for_graph_nothing_is_read_of_any_customer() {
    let (folder, world) =
        (Folder::new(), world(&[customer(1, &[grant("A", "active", json!({}))])], json!([])));
    let list = folder.write("list.csv", list_of([id(1)]));
    let refused = Done::of(&folder.run_command(&world, &list, &END).output().unwrap()).exits(5);
    assert!(refused.err.contains("OFFBOARD_GRAPH_ACCESS_TOKEN"), "{}", refused.err);
    // And one that Graph does not take stops the run, and is no customer's failure.
    let folder = Folder::new();
    let list = folder.write("list.csv", list_of([id(1)]));
    let mut command = folder.run_command(&world, &list, &END);
    command.env("OFFBOARD_GRAPH_ACCESS_TOKEN", "another-token-of-nobody");
    let refused = Done::of(&command.output().unwrap()).exits(5);
    assert!(refused.err.contains("Microsoft Graph does not accept the token"), "{}", refused.err);
    assert!(world.changes().is_empty());
}

/// A removal by this list, with this token for Graph, if one is given.
fn removal(folder: &Folder, world: &World, count: u32, token: Option<&str>) -> Done {
    let list = folder.write("list.csv", list_of((1..=count).map(id)));
    let mut command = folder.run_command(world, &list, &["--concurrency", "1"]);
    if let Some(token) = token {
        command.env("OFFBOARD_GRAPH_ACCESS_TOKEN", token);
    }
    Done::of(&command.output().unwrap())
}

#[test]
fn a_removal_says_what_stays_and_never_fails_because_of_it() {
    let customers = [
        customer(1, &[grant("Helpdesk", "active", json!({})), grant("Old", "expired", json!({}))]),
        customer(2, &[grant("Ending", "terminating", json!({}))]),
        customer(3, &[grant("Security", "active", json!({}))]),
    ];
    let stays = "Delegated administration was read for 3 customers: 2 had some then (2 relationships), which a removal \
                 does not end; `--procedure end-delegated-admin` does.";
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (folder, seen) = (Folder::new(), world(&customers, json!([])));
    let done = removal(&folder, &seen, 3, Some(GRAPH_TOKEN)).exits(0);
    assert_eq!(folder.ends(), ["removed"; 3]);
    assert!(flat(&done.err).contains(stays), "{}", done.err);
    for page in ["plan.html", "report.html"] {
        let page = folder.report(page).replace("&#x27;", "'");
        assert!(
            page.contains("delegated admin relationship `Helpdesk`")
                && !page.contains("`Old`")
                && !page.contains("`Ending`"),
            "{page}"
        );
        assert!(page.contains("for 3 customers: 2 had some then"), "{page}");
    }
    assert_eq!(states(&seen, 1), ["active", "expired"], "it is only looked at");
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
    // Without a token it is not looked at, and with one that Graph does not take, it is asked once.
    let not_looked = "Delegated administration was not looked at: no token for Microsoft Graph.";
    let (folder, without) = (Folder::new(), world(&customers, json!([])));
    let done = removal(&folder, &without, 3, None).exits(0);
    assert!(flat(&done.err).contains(not_looked), "{}", done.err);
    assert!(folder.report("report.html").contains(not_looked));
    let (folder, refused) = (Folder::new(), world(&customers, json!([])));
    let done = removal(&folder, &refused, 3, Some("a-token-that-is-not-taken")).exits(0);
    assert_eq!(folder.ends(), ["removed"; 3]);
    assert!(flat(&done.err).contains("Delegated administration could not be read:"), "{}", done.err);
    assert_eq!(asked_of_graph(&refused), 1);
}

fn asked_of_graph(world: &World) -> usize {
    world.received().into_iter().filter(|one| one.target.starts_with("/v1.0/")).count()
}

#[test]
fn whatever_graph_does_a_removal_goes_on_without_it() {
    let elsewhere =
        json!({ "value": [], "@odata.nextLink": "https://elsewhere.example/v1.0/next" }).to_string();
    for (fault, most) in [
        (json!({ "kind": "answer", "status": 200, "json": elsewhere }), 1),
        (json!({ "kind": "answer", "status": 403 }), 1),
        (json!({ "kind": "answer", "status": 503 }), 5),
        (json!({ "kind": "cut_before_answer" }), 5),
    ] {
        let faults = json!([{ "on": "delegated_admin", "times": 0, "do": fault }]);
        let customers = [1, 2, 3].map(|n| customer(n, &[grant("Helpdesk", "active", json!({}))]));
        let (folder, world) = (Folder::new(), world(&customers, faults));
        let done = removal(&folder, &world, 3, Some(GRAPH_TOKEN)).exits(0);
        assert_eq!(folder.ends(), ["removed"; 3], "{fault}");
        assert!(done.err.contains("Delegated administration could not be read"), "{}", done.err);
        assert!(asked_of_graph(&world) <= most, "{fault}: {}", asked_of_graph(&world));
    }
}
