//! `--suspend-legacy`: subscriptions that the plan names are suspended before a removal, and only those; and
//! if the removal then fails, somebody decides whether they are reactivated.

use crate::support::{
    Done, Folder, PARTNER, PARTNER_NAME, World,
    evidence::Question,
    id, list_of,
    subscriptions::{assert_goes_back_as_read, fault, refusal, statuses, subscription, world},
    typed,
};
use offboard::simulator::Received;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SUSPEND: [&str; 1] = ["--suspend-legacy"];

/// A customer with one active legacy subscription for each of these numbers.
fn customer(n: u32, subscriptions: &[u32]) -> Value {
    let each: Vec<Value> = subscriptions
        .iter()
        .map(|n| json!({ "id": subscription(*n), "name": format!("Office {n}"), "with": { "autoRenewEnabled": true } }))
        .collect();
    json!({ "id": id(n).to_string(), "name": format!("Customer {n}"), "subscriptions": each })
}

fn run(folder: &Folder, world: &World, count: u32, more: &[&str]) -> Done {
    let more: Vec<&str> = SUSPEND.iter().chain(more).copied().collect();
    folder.run(world, &list_of((1..=count).map(id)), &more)
}

/// The changes of subscriptions, with the status that each asked for.
fn updates(world: &World) -> Vec<(Received, String)> {
    let changes = world.changes().into_iter().filter(|received| received.target.contains("/subscriptions/"));
    changes
        .map(|received| {
            let body: Value = serde_json::from_str(&received.body).unwrap();
            let status = body["status"].as_str().unwrap().to_owned();
            (received, status)
        })
        .collect()
}

#[test]
fn exactly_what_the_plan_names_is_suspended_and_then_the_customer_goes() {
    let nce = json!({ "id": id(2).to_string(), "subscriptions": [
        { "kind": "new_commerce", "id": subscription(20) }, { "id": subscription(21) }] });
    let other = json!({ "id": id(3).to_string(), "subscriptions": [{ "id": subscription(30) }],
        "entitlements": [{ "kind": "software" }] });
    let over = json!({ "id": id(4).to_string(), "subscriptions": [{ "id": subscription(40), "status": "suspended" }] });
    let (folder, world) = (Folder::new(), world(&[customer(1, &[10, 11]), nce, other, over], json!([])));
    let done = run(&folder, &world, 4, &[]).exits(3);
    assert_eq!(
        folder.ends(),
        [
            "removed",
            "skipped: active_subscription",
            "skipped: active_subscription;software_purchase",
            "removed"
        ]
    );
    for part in ["2 subscriptions are suspended", "suspend subscription `Office 10`", &subscription(11)] {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }
    assert!(
        folder.explanations()[0]
            .contains(&format!("subscription `Office 10` ({}) was suspended", subscription(10)))
    );
    assert_eq!(statuses(&world, 1), ["suspended"; 2]);
    assert_eq!(
        (statuses(&world, 2), statuses(&world, 3)),
        (vec!["active".to_owned(); 2], vec!["active".to_owned()])
    );

    // The whole resource goes back as it was read, with its version, and nothing but its status is another.
    let updates = updates(&world);
    assert_eq!(updates.len(), 2);
    for (received, status) in &updates {
        assert_eq!(status, "suspended");
        assert_goes_back_as_read(&world, received);
        let body: Value = serde_json::from_str(&received.body).unwrap();
        assert_eq!(
            (&body["autoRenewEnabled"], &body["attributes"]["etag"]),
            (&json!(true), &json!("eyJ2ZXJzaW9uIjoxfQ=="))
        );
        assert!(body["offerName"].is_string() && body["links"].is_object());
    }
    let plan: Value = serde_json::from_str(&folder.report("plan.json")).unwrap();
    assert_eq!(
        plan["decisions"][0]["decision"]["first"][0],
        json!({ "what": "suspend_subscription", "id": subscription(10), "name": "Office 10" })
    );
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
}

#[test]
fn without_the_option_nothing_is_suspended() {
    let (folder, world) = (Folder::new(), world(&[customer(1, &[10])], json!([])));
    folder.run(&world, &list_of([id(1)]), &[]).exits(3);
    assert_eq!(folder.ends(), ["skipped: active_subscription"]);
    assert!(world.changes().is_empty());
    let sandbox = ["--procedure", "delete-sandbox-customer", "--sandbox-tenant", PARTNER];
    let done = run(&folder, &world, 1, &sandbox).exits(2);
    assert!(done.err.contains("`--suspend-legacy` means nothing"), "{}", done.err);
}

#[test]
fn what_somebody_changed_meanwhile_is_left_alone() {
    let customers: Vec<Value> = (1..=4).map(|n| customer(n, &[n * 10])).collect();
    let stale = json!([
        fault("update_subscription", 1, refusal(412, 2055)),
        fault("update_subscription", 2, refusal(409, 900_278)),
        fault("update_subscription", 3, refusal(400, 2055)),
        // Read just before: somebody made it another kind of subscription.
        fault(
            "subscription",
            4,
            json!({ "kind": "answer", "status": 200,
            "json": json!({ "id": subscription(40), "status": "active", "offerId": "A:0001:B" }).to_string() })
        ),
    ]);
    let (folder, world) = (Folder::new(), world(&customers, stale));
    run(&folder, &world, 4, &[]).exits(3);
    assert_eq!(folder.ends(), ["skipped: changed_since_plan"; 4]);
    assert_eq!(world.changes().len(), 3, "and nothing else is sent");
    assert!(folder.explanations()[0].contains("somebody changed it meanwhile"));
    assert!(folder.explanations()[3].contains("of another kind"));
    assert!(world.removed().is_empty());
}

#[test]
fn a_subscription_that_the_plan_does_not_name_is_not_suspended() {
    let page = |subscriptions: &[u32]| {
        let items: Vec<Value> = subscriptions
            .iter()
            .map(|n| json!({ "id": subscription(*n), "friendlyName": format!("Office {n}"), "status": "active" }))
            .collect();
        let json = json!({ "totalCount": items.len(), "items": items }).to_string();
        json!({ "kind": "answer", "status": 200, "json": json })
    };
    let faults = json!([fault("subscriptions", 1, page(&[10])), fault("subscriptions", 1, page(&[10, 11]))]);
    let (folder, world) = (Folder::new(), world(&[customer(1, &[10, 11]), customer(2, &[20])], faults));
    let list = folder.write("list.csv", list_of((1..=2).map(id))).display().to_string();
    let plan = ["plan", &list, "--rate", "600000", "--settle", "1", SUSPEND[0], "--no-identity-check"];
    Done::of(&folder.against(&world, &plan).output().unwrap()).exits(0);
    assert_eq!(folder.ends(), ["ready", "ready"]);
    assert!(world.changes().is_empty());
    let plan = folder.path("reports").join(folder.latest().as_str()).join("plan.json").display().to_string();
    let apply = ["apply", &plan, "--yes"];
    Done::of(&folder.against(&world, &apply).output().unwrap()).exits(3);
    assert_eq!(folder.ends(), ["skipped: changed_since_plan", "removed"]);
    assert!(folder.explanations()[0].contains("not in the plan"));
    assert_eq!(statuses(&world, 1), ["active"; 2]);
}

#[test]
fn lost_answers_of_suspensions_are_looked_into() {
    let customers: Vec<Value> = (1..=2).map(|n| customer(n, &[n * 10])).collect();
    let lost = |effect: bool| json!({ "kind": "cut_before_answer", "effect": effect });
    let faults =
        json!([fault("update_subscription", 1, lost(true)), fault("update_subscription", 2, lost(false))]);
    let (folder, world) = (Folder::new(), world(&customers, faults));
    run(&folder, &world, 2, &[]).exits(0);
    let of = |n: u32| -> Vec<Received> {
        let updates = updates(&world).into_iter().map(|(received, _)| received);
        updates.filter(|received| received.target.contains(&id(n).to_string())).collect()
    };
    assert_eq!((of(1).len(), of(2).len()), (1, 2));
    assert_eq!(of(2)[0].request_id, of(2)[1].request_id);
}

/// Two customers; the removal of the first fails after two of its subscriptions were suspended.
fn failing() -> World {
    world(&[customer(1, &[10, 11]), customer(2, &[20])], json!([fault("remove", 1, refusal(400, 900_127))]))
}

fn typed_run(folder: &Folder, world: &World, decision: &str) -> Done {
    let list = folder.write("list.csv", list_of((1..=2).map(id))).display().to_string();
    let arguments =
        ["run", &list, "--rate", "600000", "--settle", "1", "--canary", "0", "--ticket", "T-1", SUSPEND[0]];
    Done::of(&typed(&mut folder.against(world, &arguments), &format!("{PARTNER_NAME} 2\n{decision}\n")))
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn when_the_removal_fails_somebody_is_asked_and_exactly_those_are_reactivated() {
    let (folder, world) = (Folder::new(), failing());
    let done = typed_run(&folder, &world, "reactivate").exits(3);
    assert_eq!(folder.ends(), ["failed: refused_by_service", "removed"]);
    for part in ["Office 10", &subscription(11), "Type `reactivate`"] {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }
    assert_eq!(
        (statuses(&world, 1), statuses(&world, 2)),
        (vec!["active".to_owned(); 2], vec!["suspended".to_owned()])
    );
    let back: Vec<String> =
        updates(&world).into_iter().filter(|(_, status)| status == "active").map(|(r, _)| r.target).collect();
    assert_eq!(back.len(), 2);
    assert!(back.iter().all(|target| target.contains(&id(1).to_string())));
    // Over the version that the suspension made.
    let again = updates(&world).into_iter().find(|(_, status)| status == "active").unwrap().0;
    let version = again.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("if-match")).unwrap();
    assert_eq!(version.1, "\"eyJ2ZXJzaW9uIjoyfQ==\"");
    assert!(folder.explanations()[0].contains(&format!(
        "In the end, subscription `Office 10` ({}) was suspended, and was seen active again",
        subscription(10)
    )));
    assert!(!done.err.contains("were not seen reactivated"));
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn what_is_left_suspended_is_named() {
    let (folder, world) = (Folder::new(), failing());
    let done = typed_run(&folder, &world, "leave").exits(3);
    assert_eq!(folder.ends(), ["failed: refused_by_service", "removed"]);
    assert!(
        done.err.contains("were not seen reactivated") && done.err.contains(&subscription(10)),
        "{}",
        done.err
    );
    assert!(folder.explanations()[0].contains("stays suspended"));
    assert!(folder.report("customers.csv").contains("stays suspended"));
    assert_eq!(statuses(&world, 1), ["suspended"; 2]);
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn nobody_decides_by_pressing_a_key_and_resume_asks_again() {
    let (folder, world) = (Folder::new(), failing());
    let done = typed_run(&folder, &world, "").exits(3);
    assert!(done.err.contains("--after-failure"), "{}", done.err);
    assert_eq!(folder.ends(), ["open", "removed"]);
    let sent = world.changes().len();
    let resume = |more: &[&str], text: &str| {
        let mut arguments = vec!["resume", "--rate", "600000"];
        arguments.extend(more);
        Done::of(&typed(&mut folder.against(&world, &arguments), text))
    };
    // Nor by going on without a prompt.
    assert!(resume(&["--yes"], "").exits(3).err.contains("--after-failure"));
    assert_eq!(world.changes().len(), sent);
    let done = resume(&[], "reactivate\n").exits(3);
    assert!(done.err.contains("Type `reactivate`"), "{}", done.err);
    assert_eq!(
        (folder.ends(), statuses(&world, 1)),
        (vec!["failed: refused_by_service".to_owned(), "removed".to_owned()], vec!["active".to_owned(); 2])
    );
    assert_eq!(folder.reader().find("latest").unwrap().state.as_str(), "sealed");
}

#[test]
fn it_can_be_decided_beforehand() {
    for (decision, status) in [("reactivate", "active"), ("leave", "suspended")] {
        let (folder, world) = (Folder::new(), failing());
        run(&folder, &world, 2, &["--after-failure", decision]).exits(3);
        assert_eq!(folder.ends(), ["failed: refused_by_service", "removed"]);
        assert_eq!(statuses(&world, 1), [status; 2]);
    }
    // A guard that stopped the run does not keep them suspended.
    let (folder, world) = (Folder::new(), failing());
    run(&folder, &world, 2, &["--after-failure", "reactivate", "--canary", "1"]).exits(4);
    assert_eq!(folder.ends(), ["failed: refused_by_service", "open"]);
    assert_eq!(
        (statuses(&world, 1), statuses(&world, 2)),
        (vec!["active".to_owned(); 2], vec!["active".to_owned()])
    );
}

#[test]
fn what_cannot_be_reactivated_is_named() {
    let faults = json!([
        fault("remove", 1, refusal(400, 900_127)),
        { "on": "update_subscription", "customer": id(1).to_string(), "skip": 1, "times": 1, "do": refusal(400, 900_279) },
    ]);
    let (folder, world) = (Folder::new(), world(&[customer(1, &[10])], faults));
    let done = run(&folder, &world, 1, &["--after-failure", "reactivate"]).exits(3);
    assert!(
        done.err.contains("were not seen reactivated") && done.err.contains(&subscription(10)),
        "{}",
        done.err
    );
    assert!(folder.explanations()[0].contains("could not be reactivated"), "{}", folder.explanations()[0]);
}

/// Killed after each request in turn, whatever it was, and gone on with.
#[test]
fn killed_in_each_step_of_a_suspension() {
    let mut at = 0;
    loop {
        at += 1;
        let (folder, world) = (Folder::new(), failing());
        let list = folder.write("list.csv", list_of((1..=2).map(id)));
        let more = [SUSPEND[0], "--concurrency", "1", "--after-failure", "reactivate"];
        if !world.kills_after(at, &mut folder.run_command(&world, &list, &more)) {
            break;
        }
        let resume = ["resume", "--yes", "--rate", "600000", "--after-failure", "reactivate"];
        let done = Done::of(&folder.against(&world, &resume).output().unwrap());
        // The removal may have failed before the kill, or succeed after it, when the fault is spent.
        let ends = folder.ends();
        assert!(matches!(done.code, 0 | 3), "killed after request {at}: {}", done.err);
        assert_eq!(ends[1], "removed", "killed after request {at}");
        let expected = if ends[0] == "removed" { "suspended" } else { "active" };
        assert_eq!(statuses(&world, 1), [expected; 2], "killed after request {at}: {ends:?}");
        let removed = world.removed();
        assert_eq!(removed.iter().collect::<BTreeSet<_>>().len(), removed.len());
        assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
    }
    assert!(at > 20, "only {at} requests");
}
