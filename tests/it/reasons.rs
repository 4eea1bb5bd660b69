//! Each reason of `docs/contract.md`, through the real binary.

use crate::support::{Folder, PARTNER, World, blind_listing, id, list_of};
use serde_json::{Value, json};

/// Runs one customer in this state, and says how it ended.
fn end_of(customer: Value, more: &[&str]) -> (String, World, Folder) {
    let mut whole = json!({ "id": id(1).to_string(), "name": "Litware", "domain": "litware.example" });
    let (Value::Object(fields), Value::Object(state)) = (&mut whole, customer) else { panic!() };
    fields.extend(state);
    let world = World::of(&json!({ "customers": [whole] }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1)]), more);
    (folder.ends().remove(0), world, folder)
}

fn subscription(kind: &str, status: &str) -> Value {
    json!({ "subscriptions": [{ "kind": kind, "status": status }] })
}

#[test]
fn preconditions() {
    let entitlement = |kind: &str| json!({ "entitlements": [{ "kind": kind, "order_status": "completed" }] });
    for (customer, expected) in [
        (subscription("legacy", "active"), "skipped: active_subscription"),
        (subscription("new_commerce", "active"), "skipped: active_subscription"),
        (subscription("legacy", "pending"), "skipped: pending_subscription"),
        (subscription("new_commerce", "suspended"), "skipped: suspended_new_commerce_subscription"),
        (subscription("legacy", "disabled"), "skipped: disabled_subscription"),
        (subscription("legacy", "hibernating"), "skipped: unclear_subscription"),
        (subscription("azure_plan", "active"), "skipped: azure_plan"),
        (subscription("marketplace", "active"), "skipped: marketplace_subscription"),
        (subscription("savings_plan", "active"), "skipped: savings_plan"),
        (entitlement("reserved_instance"), "skipped: reserved_instance"),
        (entitlement("software"), "skipped: software_purchase"),
        (entitlement("teleporter"), "skipped: unknown_entitlement"),
        (json!({ "relationship": "advisor" }), "skipped: not_a_reseller_customer"),
    ] {
        let (end, world, _folder) = end_of(customer, &[]);
        assert_eq!(end, expected);
        assert!(world.changes().is_empty(), "{expected}");
    }
}

#[test]
fn what_is_over_does_not_block() {
    for customer in [
        json!({}),
        subscription("legacy", "suspended"),
        subscription("new_commerce", "deleted"),
        subscription("azure_plan", "deleted"),
        json!({ "subscriptions": [{ "kind": "new_commerce", "status": "disabled", "ends": "2020-01-01" }] }),
        json!({ "entitlements": [{ "kind": "reserved_instance", "expires": "2020-01-01" }] }),
        json!({ "entitlements": [{ "kind": "software", "order_status": "cancelled" }] }),
    ] {
        let (end, world, _folder) = end_of(customer.clone(), &[]);
        assert_eq!(end, "removed", "{customer}");
        assert_eq!(world.removed(), [id(1)]);
    }
}

#[test]
fn a_skipped_customer_has_all_its_reasons_with_their_causes() {
    let customer = json!({
        "subscriptions": [{ "kind": "legacy", "status": "active", "name": "Office 365 E3", "id": "SUB-1" }],
        "entitlements": [{ "kind": "reserved_instance", "expires": "2099-05-01", "order": "ORDER-1", "order_status": "completed" }],
    });
    let (end, _world, folder) = end_of(customer, &[]);
    assert_eq!(end, "skipped: active_subscription;reserved_instance");
    let line = folder.customers().remove(0);
    let explanation = line.explanation.unwrap();
    for part in ["Office 365 E3", "SUB-1", "ORDER-1", "2099-05-01", "Suspend the legacy subscription"] {
        assert!(explanation.contains(part), "{part}: {explanation}");
    }
    // The reservation ends by itself; the subscription does not.
    assert_eq!(line.removable_from, None);
}

#[test]
fn a_reason_can_be_left_to_the_service_only_where_the_contract_says_so() {
    let suspended = subscription("new_commerce", "suspended");
    let mut lenient = suspended.clone();
    lenient["quirks"] = json!({ "enforces": "nothing" });
    let (end, _, folder) = end_of(lenient, &["--allow", "suspended_new_commerce_subscription"]);
    assert_eq!(end, "removed");
    assert!(folder.report("plan.json").contains("suspended_new_commerce_subscription"));

    let (end, ..) = end_of(suspended, &["--allow", "suspended_new_commerce_subscription"]);
    assert_eq!(end, "failed: refused_by_service");

    let folder = Folder::new();
    let world = World::of(&json!({}));
    let done = folder.run(&world, &list_of([id(1)]), &["--allow", "active_subscription"]).exits(2);
    assert!(done.err.contains("never left to the service"), "{}", done.err);
}

#[test]
fn identity() {
    let world = World::of(&json!({ "customers": [
        { "id": id(1).to_string(), "name": "Contoso Ltd.", "domain": "contoso.example" },
        { "id": id(2).to_string(), "name": "Contoso Ltd.", "domain": "contoso.example" },
        { "id": id(3).to_string(), "name": "Contoso Ltd.", "domain": "contoso.example" },
        { "id": id(4).to_string(), "relationship": "none" },
        { "id": id(6).to_string() },
    ] }));
    let folder = Folder::new();
    folder.write("protected.txt", format!("# never\n{}\n", id(6)));
    let list = format!(
        "id,name,domain,owner\n{},CONTOSO LTD,Contoso.Example,a\n{},Fabrikam,contoso.example,b\n{},Contoso Ltd,fabrikam.example,c\n\
         {},,,d\n{},,,e\n{},,,f\n{PARTNER},,,g\n{},,,h\nnonsense,,,i\n,,,j\n",
        id(1),
        id(2),
        id(3),
        id(4),
        id(5),
        id(6),
        id(1)
    );
    folder.run(&world, &list, &["--skip-invalid", "--protected", "protected.txt"]).exits(3);
    assert_eq!(
        folder.ends(),
        [
            "removed",
            "skipped: name_mismatch",
            "skipped: domain_mismatch",
            "already_removed",
            "skipped: no_relationship",
            "skipped: protected_customer",
            "skipped: own_tenant",
            "skipped: duplicate_row",
            "rejected: invalid_tenant_id",
            "rejected: missing_tenant_id",
        ]
    );
    assert_eq!(world.removed(), [id(1)]);
    // A protected customer and the partner itself are not even read.
    for untouchable in [id(6).to_string(), PARTNER.to_owned()] {
        assert!(!world.received().iter().any(|received| received.target.contains(&untouchable)));
    }
}

#[test]
fn what_an_earlier_run_removed_is_already_removed() {
    let world =
        World::of(&json!({ "customers": [{ "id": id(1).to_string() }], "generated": { "count": 9 } }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1)]), &[]).exits(0);
    folder.run(&world, &list_of([id(1)]), &[]).exits(0);
    assert_eq!(folder.ends(), ["already_removed"]);
    assert_eq!(world.removed().len(), 1);

    // Another log knows nothing of it.
    let elsewhere = Folder::new();
    elsewhere.run(&world, &list_of([id(1)]), &[]).exits(3);
    assert_eq!(elsewhere.ends(), ["skipped: no_relationship"]);
}

#[test]
fn what_the_service_says() {
    let remove = |action: Value| json!({ "faults": [{ "on": "remove", "times": 0, "do": action }] });
    let read = |action: Value| json!({ "faults": [{ "on": "subscriptions", "times": 0, "do": action }] });
    let answer = |status: u16, code: u32| json!({ "kind": "answer", "status": status, "code": code });
    for (customer, expected) in [
        (remove(answer(400, 900_127)), "failed: refused_by_service"),
        (remove(answer(403, 900_150)), "failed: permission_denied"),
        (
            remove(json!({ "kind": "redirect", "status": 302, "location": "/v1/elsewhere" })),
            "failed: unexpected_answer",
        ),
        (read(answer(409, 800_014)), "failed: refused_by_service"),
        (read(answer(403, 900_150)), "failed: permission_denied"),
        (read(json!({ "kind": "garbage" })), "failed: unexpected_answer"),
        (read(answer(500, 800_003)), "failed: service_unavailable"),
    ] {
        let (end, world, _folder) = end_of(customer.clone(), &[]);
        assert_eq!(end, expected, "{customer}");
        assert!(world.removed().is_empty());
    }
}

#[test]
fn a_change_whose_outcome_cannot_be_found_out_is_unknown() {
    let customer = json!({ "id": id(1).to_string(), "faults": [
        { "on": "remove", "do": { "kind": "cut_before_answer", "effect": false } },
        { "on": "customer", "times": 0, "do": { "kind": "relationship", "relationship": "something_new" } },
    ] });
    let world = World::of(&json!({ "customers": [customer], "faults": [blind_listing(0)] }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1)]), &[]).exits(3);
    assert_eq!(folder.ends(), ["unknown: answer_lost"]);
    assert_eq!(world.changes().len(), 1, "it was not sent again");
    let line = folder.customers().remove(0);
    assert_eq!(line.attempts, Some(1));
    assert!(line.explanation.unwrap().contains("Look at the customer in Partner Center"));
}

#[test]
fn a_run_that_stops_leaves_the_rest_unattempted() {
    let customers: Vec<Value> = (1..=6).map(|n| json!({ "id": id(n).to_string() })).collect();
    let refuse =
        json!({ "on": "remove", "times": 0, "do": { "kind": "answer", "status": 400, "code": 900_127 } });
    let world = World::of(&json!({ "customers": customers, "faults": [refuse] }));
    let folder = Folder::new();
    let list = list_of((1..=6).map(id));
    folder.run(&world, &list, &["--stop-after-failures", "2", "--concurrency", "1"]).exits(4);
    assert_eq!(folder.ends()[..3], ["failed: refused_by_service", "failed: refused_by_service", "open"]);
    assert_eq!(world.changes().len(), 2);
    let summary: Value = serde_json::from_str(&folder.report("summary.json")).unwrap();
    assert_eq!(summary["counts"], json!({ "failed": 2, "not_attempted": 4 }));
    assert_eq!(summary["reasons"]["run_stopped"], 4);
    // The next run's input has them all, as they stood in the list.
    assert_eq!(folder.report("retry.csv").lines().count(), 7);
}
