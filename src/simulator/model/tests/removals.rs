use super::*;
use crate::domain::RequestId;
use crate::simulator::{Relationship, Removal};

#[test]
fn a_removal_ends_the_relationship_once_and_says_by_whom() {
    let mut model = model_with(json!({}));
    assert_eq!(model.relationship(NOW, id(A)), Some(Relationship::Reseller));
    let reply = remove(&mut model, A);
    assert_eq!((reply.status, &json_of(&reply)["relationshipToPartner"]), (200, &json!("none")));
    assert_eq!(model.relationship(NOW, id(A)), Some(Relationship::None));
    assert_eq!(model.relationship(NOW, id(C)), None);
    assert_eq!(code_of(&remove(&mut model, A)), fault(400, "3000"));
    let by = RequestId::new(B.parse().unwrap());
    let removal = Removal { at: NOW, customer: id(A), request_id: Some(by), deleted: false };
    assert_eq!(model.removals(), [removal]);
    assert_eq!(json_of(&get(&mut model, "/v1/customers"))["totalCount"], 0);
    assert_eq!(code_of(&get(&mut model, &format!("/v1/customers/{A}"))), fault(404, "60003"));
    assert_eq!(code_of(&get(&mut model, &format!("/v1/customers/{A}/subscriptions"))), fault(404, "60003"));
    assert_eq!(code_of(&remove(&mut model, C)), fault(400, "3000"));
}

#[test]
fn a_customer_who_accepts_is_a_customer_again_and_can_be_removed_again() {
    let made_up = json!({ "count": 3, "seed": 7, "clean": true });
    let mut model = model_with(json!({ "generated": made_up }));
    for customer in [id(A), crate::simulator::generated_id(7, 1)] {
        let text = customer.to_string();
        assert!(!model.accept(NOW, customer), "nothing has ended");
        remove(&mut model, &text);
        assert_eq!(model.relationship(NOW, customer), Some(Relationship::None));
        assert!(model.accept(NOW, customer));
        assert_eq!(model.relationship(NOW, customer), Some(Relationship::Reseller));
        assert_eq!(get(&mut model, &format!("/v1/customers/{text}")).status, 200);
        assert_eq!(remove(&mut model, &text).status, 200);
    }
    assert_eq!(model.removals().len(), 4);
    assert!(!model.accept(NOW, id(C)), "nobody knows it");
}

#[test]
fn the_body_must_mean_it_and_the_journal_says_whether_it_is_the_documented_one() {
    for (body, status, ends, exact) in [
        (REMOVAL, 200, true, true),
        ("\u{feff}{\"RelationshipToPartner\":\"None\"}", 200, true, false),
        (r#"{ "relationshipToPartner":"none","attributes":{"objectType":"Customer"}}"#, 200, true, false),
        (r#"{"allowDelegatedAccess":false,"attributes":{"objectType":"Customer"}}"#, 200, false, false),
        (r#"{"relationshipToPartner":"advisor"}"#, 200, false, false),
        ("", 400, false, false),
        ("none", 400, false, false),
    ] {
        let mut model = model_with(json!({}));
        let reply = model.handle(NOW, &request("PATCH", &format!("/v1/customers/{A}"), body));
        assert_eq!((reply.status, model.removals().len()), (status, usize::from(ends)), "{body}");
        let entry = &model.journal().entries()[0];
        assert_eq!((entry.exact_body, entry.took_effect), (Some(exact), ends), "{body}");
    }
}

#[test]
fn what_stands_in_the_way_is_refused() {
    let subscription =
        |kind: &str, status: &str| json!({ "subscriptions": [{ "kind": kind, "status": status }] });
    let entitlement = |short: Value| json!({ "entitlements": [short] });
    let ri = |expires: &str| json!({ "kind": "reserved_instance", "expires": expires });
    for (has, refused) in [
        (subscription("legacy", "active"), true),
        (subscription("legacy", "pending"), true),
        (subscription("legacy", "suspended"), false),
        (subscription("new_commerce", "suspended"), true),
        (subscription("new_commerce", "deleted"), false),
        (subscription("azure_plan", "active"), true),
        (subscription("savings_plan", "active"), true),
        (subscription("marketplace", "active"), true),
        (entitlement(ri("2031-05-01")), true),
        (entitlement(ri("2026-11-19")), false),
        (entitlement(json!({ "kind": "software" })), true),
        (entitlement(json!({ "kind": "software", "quantity": 0 })), false),
        (entitlement(json!({ "kind": "software", "order_status": "Cancelled" })), false),
        (entitlement(json!({ "kind": "new", "quantity": 0, "included": [{ "kind": "software" }] })), true),
    ] {
        let mut customer = has.clone();
        customer["id"] = json!(A);
        let mut model = model(&json!({ "customers": [customer] }));
        let reply = remove(&mut model, A);
        assert_eq!(reply.status >= 400, refused, "{has}");
        assert_eq!(model.removals().is_empty(), refused, "{has}");
    }
}

#[test]
fn a_lax_service_lets_harm_happen() {
    let customer = |enforces: &str| {
        json!({ "id": A, "quirks": { "enforces": enforces }, "subscriptions": [{ "kind": "new_commerce", "status": "suspended" }],
            "entitlements": [{ "kind": "software" }] })
    };
    for (enforces, refused) in [("all", true), ("old", false), ("nothing", false)] {
        let mut model = model(&json!({ "customers": [customer(enforces)] }));
        remove(&mut model, A);
        assert_eq!(model.removals().is_empty(), refused, "{enforces}");
    }
}

#[test]
fn a_repeated_request_id_gets_the_old_answer_where_the_scenario_says_so() {
    let lost = json!([{ "on": "remove", "do": { "kind": "cut_before_answer", "effect": true } }]);
    let mut model = model_with(json!({ "replay_request_ids": true, "faults": lost }));
    assert_eq!(remove(&mut model, A).cut, Cut::BeforeAnswer);
    assert_eq!(remove(&mut model, A).status, 200);
    assert_eq!(model.removals().len(), 1);
    let mut other = request("PATCH", &format!("/v1/customers/{A}"), REMOVAL);
    other.headers[1].1 = C.to_owned();
    assert_eq!(code_of(&model.handle(NOW, &other)), fault(400, "3000"));
}

#[test]
fn a_sandbox_customer_is_deleted_when_its_orders_are_cancelled() {
    let customer = json!({ "id": A, "entitlements": [{ "kind": "reserved_instance", "order": "Zx1" }] });
    let order = format!("/v1/customers/{A}/orders/Zx1");
    let cancel = request("PATCH", &order, r#"{"id":"Zx1","status":"Cancelled"}"#);
    let delete = request("DELETE", &format!("/v1/customers/{A}"), "");
    let mut production = model(&json!({ "customers": [customer] }));
    assert_eq!(code_of(&production.handle(NOW, &delete)), fault(400, "900127"));
    assert_eq!(code_of(&production.handle(NOW, &cancel)), fault(403, "800019"));
    let mut sandbox = model(&json!({ "sandbox": true, "customers": [customer] }));
    assert_eq!(code_of(&sandbox.handle(NOW, &delete)), fault(400, "800036"));
    assert_eq!(json_of(&sandbox.handle(NOW, &cancel))["status"], "cancelled");
    assert_eq!(json_of(&get(&mut sandbox, &order))["status"], "cancelled");
    let reply = sandbox.handle(NOW, &delete);
    assert_eq!((reply.status, reply.body.len()), (204, 0));
    assert!(sandbox.removals()[0].deleted);
    assert_eq!(code_of(&sandbox.handle(NOW, &delete)), fault(404, "60003"));
}

#[test]
fn an_order_of_the_sandbox_is_cancelled_in_its_time_or_never_or_not_at_all() {
    let orders = json!([
        { "id": "slow", "cancels_after_ms": 30_000 }, { "id": "never", "never_cancels": true },
        { "id": "seats", "refuses": 800_077 }, { "id": "old", "created": "2026-09-20" },
        { "id": "young", "created": "2026-09-21" }, { "id": "over", "status": "cancelled" },
    ]);
    let mut sandbox = model(&json!({ "sandbox": true, "customers": [{ "id": A, "orders": orders }] }));
    let at = |order: &str| format!("/v1/customers/{A}/orders/{order}");
    let cancel = |order: &str| request("PATCH", &at(order), r#"{"status":"cancelled"}"#);
    let mut send = |now: Time, order: &str| sandbox.handle(now, &cancel(order));
    for (order, refused) in [
        ("seats", fault(403, "800077")),
        ("old", fault(400, "800061")),
        ("over", fault(400, "800061")),
        ("no such order", fault(404, "20000")),
    ] {
        assert_eq!(code_of(&send(NOW, order)), refused, "{order}");
    }
    for (order, status) in [("slow", "completed"), ("never", "completed"), ("young", "cancelled")] {
        assert_eq!(json_of(&send(NOW, order))["status"], status, "{order}");
    }
    assert_eq!(code_of(&send(after(29), "slow")), fault(409, "800060"));
    assert_eq!(code_of(&send(after(30), "slow")), fault(400, "800061"));
    assert_eq!(code_of(&send(after(9_999), "never")), fault(409, "800060"));
    let accepted: Vec<_> = sandbox.journal().cancelled().map(|(_, order)| order.to_owned()).collect();
    assert_eq!(accepted, ["slow", "never", "young"]);
    let mut status = |now: Time, order: &str| {
        json_of(&sandbox.handle(now, &request("GET", &at(order), "")))["status"].clone()
    };
    assert_eq!([status(after(29), "slow"), status(after(30), "slow")], ["completed", "cancelled"]);
    let delete = request("DELETE", &format!("/v1/customers/{A}"), "");
    assert_eq!(code_of(&sandbox.handle(after(60), &delete)), fault(400, "800036"));
    assert!(sandbox.removals().is_empty());
}

#[test]
fn in_the_sandbox_the_end_of_a_relationship_is_the_end_of_the_customer() {
    for sandbox in [true, false] {
        let mut model = model_with(json!({ "sandbox": sandbox }));
        assert_eq!(remove(&mut model, A).status, 200);
        assert_eq!(model.removals()[0].deleted, sandbox);
    }
}

#[test]
fn a_subscription_is_given_another_status_over_its_latest_version() {
    let subscription = "/v1/customers/0a0b0c0d-1111-4222-8333-444444444444/subscriptions/5D";
    let mut model = model(&json!({ "customers": [{ "id": A, "subscriptions": [{ "id": "5d" }] }] }));
    assert_eq!(code_of(&remove(&mut model, A)), fault(400, "3000"));
    let etag = |model: &mut Model| {
        json_of(&get(model, subscription))["attributes"]["etag"].as_str().unwrap().to_owned()
    };
    let change = |model: &mut Model, etag: &str, status: &str| {
        let mut request = request("PATCH", subscription, &format!(r#"{{"id":"5d","status":"{status}"}}"#));
        request.headers.push(("If-Match".to_owned(), format!("\"{etag}\"")));
        model.handle(NOW, &request)
    };
    let first = etag(&mut model);
    assert_eq!(json_of(&change(&mut model, &first, "suspended"))["status"], "suspended");
    assert_eq!(code_of(&change(&mut model, &first, "active")), fault(412, "2055"));
    let second = etag(&mut model);
    assert_ne!(first, second);
    assert_eq!(code_of(&change(&mut model, &second, "anything")), fault(400, "800096"));
    assert_eq!(json_of(&get(&mut model, subscription))["status"], "suspended");
    assert_eq!(json_of(&change(&mut model, &second, "active"))["status"], "active");
    assert_eq!(code_of(&remove(&mut model, A)), fault(400, "3000"));
    let third = etag(&mut model);
    change(&mut model, &third, "suspended");
    assert_eq!(remove(&mut model, A).status, 200);
}
