use super::*;
use crate::simulator::Relationship;

#[test]
fn bodies_take_the_form_that_the_scenario_asks_for() {
    let mut model =
        model_with(json!({ "quirks": { "bom": true, "casing": "pascal", "fault_codes": "number" } }));
    let reply = get(&mut model, &format!("/v1/customers/{A}"));
    assert!(reply.body.starts_with("\u{feff}".as_bytes()));
    assert_eq!(json_of(&reply)["CompanyProfile"]["CompanyName"], "Litware");
    assert_eq!(json_of(&get(&mut model, "/v1/nothing"))["Code"], 1000);
}

#[test]
fn a_customer_may_have_quirks_of_its_own() {
    let mut model = model(&json!({
        "quirks": { "fault_codes": "number", "after_removal": "forbidden", "own_request_id": true },
        "customers": [{ "id": A, "quirks": { "removal_casing": "pascal" } }, { "id": B, "quirks": { "removal_answer": "empty" } },
            { "id": C, "quirks": { "removal_answer": "documented", "fault_codes": "text" } }],
    }));
    let reply = remove(&mut model, A);
    assert_eq!(json_of(&reply)["RelationshipToPartner"], "none");
    assert_ne!(reply.header("ms-requestid"), Some(B));
    assert_eq!(json_of(&get(&mut model, &format!("/v1/customers/{A}")))["code"], 20002);
    assert!(remove(&mut model, B).body.is_empty());
    assert_eq!(remove(&mut model, C).body.len(), 242);
    assert_eq!(json_of(&get(&mut model, &format!("/v1/customers/{C}")))["code"], "20002");
}

#[test]
fn a_read_after_the_removal_may_still_show_the_relationship_none() {
    let mut model = model_with(json!({ "quirks": { "after_removal": "none" } }));
    remove(&mut model, A);
    assert_eq!(json_of(&get(&mut model, &format!("/v1/customers/{A}")))["relationshipToPartner"], "none");
    assert_eq!(code_of(&get(&mut model, &format!("/v1/customers/{A}/orders"))), fault(403, "20002"));
    assert_eq!(json_of(&get(&mut model, "/v1/customers"))["items"], json!([]));
}

#[test]
fn a_removal_may_take_its_time_to_show() {
    let mut model = model_with(json!({ "quirks": { "visible_for_ms": 120_000 } }));
    remove(&mut model, A);
    let read = request("GET", &format!("/v1/customers/{A}"), "");
    let still = model.handle(after(119), &read);
    assert_eq!(json_of(&still)["relationshipToPartner"], "reseller");
    assert_eq!(json_of(&model.handle(after(119), &request("GET", "/v1/customers", "")))["totalCount"], 1);
    // The truth is older than what is shown.
    assert_eq!(model.relationship(after(119), id(A)), Some(Relationship::None));
    assert_eq!(code_of(&remove_at(&mut model, after(119), A)), fault(400, "3000"));
    assert_eq!(model.handle(after(120), &read).status, 404);
}

#[test]
fn a_customer_that_had_no_relationship_says_so() {
    let mut model = model(
        &json!({ "customers": [{ "id": A, "relationship": "none" }, { "id": B, "relationship": "advisor" }] }),
    );
    assert_eq!(json_of(&get(&mut model, &format!("/v1/customers/{A}")))["relationshipToPartner"], "none");
    let list = json_of(&get(&mut model, "/v1/customers"));
    assert_eq!(
        (&list["totalCount"], &list["items"][0]["relationshipToPartner"]),
        (&json!(1), &json!("advisor"))
    );
    assert_eq!(code_of(&remove(&mut model, A)), fault(400, "3000"));
}
