use super::*;
use crate::simulator::{generated_id, synthetic_domain, synthetic_name};
use std::collections::BTreeSet;

#[test]
fn the_profile_names_the_partner() {
    let reply = get(&mut model_with(json!({})), "/v1/profiles/organization");
    let profile = json_of(&reply);
    assert_eq!(reply.status, 200);
    assert_eq!(profile["tenantId"], "3d3d3d3d-4444-4555-8666-777777777777");
    assert_eq!(profile["companyName"], "Fabrikam Demo");
    assert_eq!(profile["attributes"]["objectType"], "OrganizationProfile");
}

#[test]
fn the_link_by_which_customers_accept_is_the_documented_one() {
    let reply = get(&mut model_with(json!({})), "/v1/customers/relationshiprequests");
    assert_eq!(reply.status, 200);
    let url = "https://admin.microsoft.com/Adminportal/Home?invType=ResellerRelationship\
               &partnerId=3d3d3d3d-4444-4555-8666-777777777777&msppId=0&DAP=false#/BillingAccounts/partner-invitation";
    assert_eq!(json_of(&reply), json!({ "url": url, "attributes": { "objectType": "RelationshipRequest" } }));
    let posted =
        model_with(json!({})).handle(NOW, &request("POST", "/v1/customers/relationshiprequests", ""));
    assert_eq!(code_of(&posted), fault(400, "900118"), "there is nothing to be sent there");
}

#[test]
fn every_answer_carries_its_headers() {
    let reply = get(&mut model_with(json!({})), "/v1/customers");
    assert_eq!(reply.header("ms-requestid"), Some(B));
    assert_eq!(reply.header("ms-correlationid"), Some(C));
    assert_eq!(reply.header("date"), Some("Fri, 20 Nov 2026 09:15:30 GMT"));
    assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
    assert!(reply.header("ms-cv").is_some() && reply.header("ms-serverid").is_some());
}

#[test]
fn a_customer_is_shown_in_full_alone_and_in_short_in_the_list() {
    let mut model = model_with(json!({}));
    let alone = json_of(&get(&mut model, &format!("/v1/Customers/{}/", A.to_uppercase())));
    assert_eq!(alone["id"], A);
    assert_eq!(alone["relationshipToPartner"], "reseller");
    assert_eq!(alone["companyProfile"]["companyName"], "Litware");
    assert_eq!(alone["companyProfile"]["domain"], "litware.example");
    assert!(alone["billingProfile"].is_object());
    let list = json_of(&get(&mut model, "/v1/customers"));
    assert_eq!(list["totalCount"], 1);
    let keys: Vec<&String> = list["items"][0].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["attributes", "companyProfile", "id", "relationshipToPartner"]);
}

#[test]
fn transfers_come_in_either_form_and_say_which_way_they_go() {
    let world = |form: &str| {
        model(&json!({ "quirks": { "transfers": form }, "customers": [{ "id": A, "transfers": [
            { "status": "Pending", "partner": "Wingtip", "created": "2026-11-10", "expires": "2026-12-10",
              "lines": [{ "name": "Visio", "quantity": 3, "status": "Active" }] },
            { "status": "Complete", "direction": "here", "completed": "2026-01-02" },
        ] }] }))
    };
    let path = format!("/v1/customers/{A}/transfers");
    let listed = json_of(&get(&mut world("list"), &path));
    let all = listed.as_array().unwrap();
    let own = "3d3d3d3d-4444-4555-8666-777777777777";
    assert_eq!(
        (&all[0]["sourcePartnerTenantId"], &all[0]["targetPartnerName"]),
        (&json!(own), &json!("Wingtip"))
    );
    assert_eq!(all[0]["createdTime"], "2026-11-10T00:00:00Z");
    assert_eq!(all[0]["expirationTime"], "2026-12-10T00:00:00Z");
    assert_eq!(all[0]["lineItems"][0]["friendlyName"], "Visio");
    assert_eq!((&all[1]["targetPartnerTenantId"], &all[1]["status"]), (&json!(own), &json!("Complete")));
    assert!(all[1].get("expirationTime").is_none());
    let collection = json_of(&get(&mut world("collection"), &path));
    assert_eq!((&collection["totalCount"], &collection["items"]), (&json!(2), &listed));
}

#[test]
fn a_reseller_is_named_by_its_customers_and_among_the_relationships() {
    let mut model = model(&json!({
        "resellers": [{ "mpn_id": "111", "name": "Blue Harbor" }, { "mpn_id": "222", "name": "Copperfield" }],
        "customers": [{ "id": A, "reseller": "222" }, { "id": B }],
    }));
    let mut got = |path: &str| json_of(&get(&mut model, path));
    assert_eq!(got(&format!("/v1/customers/{A}"))["associatedPartnerId"], "222");
    assert!(got(&format!("/v1/customers/{B}")).get("associatedPartnerId").is_none());
    let of = got(&format!("/v1/customers/{A}/relationships"));
    assert_eq!((&of["totalCount"], &of["items"][0]["name"]), (&json!(1), &json!("Copperfield")));
    let all = got("/v1/relationships?relationship_type=IsIndirectCloudSolutionProviderOf");
    assert_eq!((&all["totalCount"], &all["items"][1]), (&json!(2), &of["items"][0]));
    assert_eq!(got("/v1/relationships?relationship_type=IsIndirectResellerOf")["totalCount"], 0);
}

#[test]
fn what_is_not_there_is_not_found() {
    let mut model = model_with(json!({}));
    for target in
        ["/", "/v2/customers", "/customers", "/v1/customers/a/b/c/d", &format!("/v1/customers/{A}/pets")]
    {
        let reply = get(&mut model, target);
        assert!(matches!(code_of(&reply).1.as_str(), "1000" | "900118"), "{target}");
    }
    assert_eq!(code_of(&get(&mut model, "/v1/customers/contoso")), fault(400, "900118"));
    assert_eq!(code_of(&get(&mut model, &format!("/v1/customers/{C}"))), fault(404, "60003"));
    assert_eq!(code_of(&get(&mut model, &format!("/v1/customers/{A}/orders/x"))), fault(404, "20000"));
    assert_eq!(code_of(&model.handle(NOW, &request("POST", "/v1/customers", "{}"))), fault(404, "1000"));
}

#[test]
fn subscriptions_look_like_what_they_are() {
    let mut model = model(&json!({ "customers": [{ "id": A, "subscriptions": [
        { "kind": "legacy", "status": "active", "name": "Office 365 E3", "quantity": 5 },
        { "kind": "new_commerce", "status": "suspended", "ends": "2027-01-31" },
        { "kind": "azure_plan", "id": "PLAN", "azure": [{ "name": "Production", "status": "active" }] },
        { "kind": "savings_plan" },
        { "kind": "marketplace" },
        { "with": { "status": "weird", "extra": 1 } },
        { "raw": { "only": "this" } },
    ] }] }));
    let all = json_of(&get(&mut model, &format!("/v1/customers/{A}/subscriptions")));
    assert_eq!(all["totalCount"], 7);
    let items = all["items"].as_array().unwrap();
    assert_eq!((&items[0]["status"], &items[0]["quantity"]), (&json!("active"), &json!(5)));
    let legacy_id = items[0]["id"].as_str().unwrap();
    assert!(!items[0]["offerId"].as_str().unwrap().contains(':') && legacy_id == legacy_id.to_uppercase());
    assert!(items[1]["offerId"].as_str().unwrap().contains(':'));
    assert_eq!(items[1]["commitmentEndDate"], "2027-01-31T00:00:00Z");
    assert!(items[2]["offerId"].as_str().unwrap().starts_with("DZH318Z0BPS6:"));
    assert_eq!(items[3]["billingType"], "benefit");
    assert_eq!(items[4]["isMicrosoftProduct"], false);
    assert_eq!((&items[5]["status"], &items[5]["extra"]), (&json!("weird"), &json!(1)));
    assert_eq!(items[6], json!({ "only": "this" }));
    let azure = json_of(&get(&mut model, &format!("/v1/customers/{A}/subscriptions/plan/azureEntitlements")));
    assert_eq!(azure["items"][0]["status"], "active");
    let none = get(&mut model, &format!("/v1/customers/{A}/subscriptions/other/azureEntitlements"));
    assert_eq!(code_of(&none), fault(404, "20003"));
}

#[test]
fn entitlements_nest_show_their_end_on_request_and_name_their_orders() {
    let mut model = model(&json!({ "customers": [{ "id": A,
        "entitlements": [
            { "kind": "reserved_instance", "expires": "2031-05-01", "order": "Zx1", "order_status": "completed",
              "included": [{ "kind": "software", "quantity": 3 }] },
            { "kind": "software", "order_status": "cancelled" },
            { "kind": "something_new" },
        ],
        "orders": [{ "id": "Own", "status": "pending", "created": "2026-01-02" }] }] }));
    let base = format!("/v1/customers/{A}/entitlements");
    let items = json_of(&get(&mut model, &base))["items"].clone();
    assert_eq!(items[0]["entitlementType"], "reservedinstance");
    assert_eq!(items[0]["includedEntitlements"][0]["quantity"], 3);
    assert_eq!(items[0]["includedEntitlements"][0]["referenceOrder"]["id"], "Zx1");
    assert_eq!(items[2]["entitlementType"], "something_new");
    assert!(items[0].get("expiryDate").is_none());
    let shown =
        json_of(&get(&mut model, &format!("{base}?showexpiry=TRUE&entitlementtype=reservedInstance")));
    assert_eq!(shown["totalCount"], 1);
    assert_eq!(shown["items"][0]["expiryDate"], "2031-05-01T00:00:00Z");
    let orders = json_of(&get(&mut model, &format!("/v1/customers/{A}/orders")));
    assert_eq!(orders["totalCount"], 4);
    assert_eq!(orders["items"][0]["id"], "Own");
    assert_eq!(json_of(&get(&mut model, &format!("/v1/customers/{A}/orders/Zx1")))["status"], "completed");
    let software = items[1]["referenceOrder"]["id"].as_str().unwrap();
    let order = json_of(&get(&mut model, &format!("/v1/customers/{A}/orders/{software}")));
    assert_eq!(order["status"], "cancelled");
}

#[test]
fn the_pages_show_every_customer_once_even_while_some_vanish() {
    let mut scenario = Scenario::generated(250, 9);
    scenario.paging.max_size = 40;
    scenario.paging.next_link = crate::simulator::scenario::NextLink::WithV1;
    let mut model = Model::new(scenario);
    let (mut seen, mut pages) = (BTreeSet::new(), 0);
    let mut next = request("GET", "/v1/customers?size=1000", "");
    loop {
        let reply = model.handle(NOW, &next);
        let page = json_of(&reply);
        pages += 1;
        for item in page["items"].as_array().unwrap() {
            let customer = id(item["id"].as_str().unwrap());
            assert!(seen.insert(customer), "{customer} twice");
            assert_eq!(item["companyProfile"]["companyName"], synthetic_name(customer));
            assert_eq!(item["companyProfile"]["domain"], synthetic_domain(customer));
            remove(&mut model, &customer.to_string());
        }
        let Some(link) = page.get("links").map(|links| links["next"].clone()) else { break };
        assert_eq!(link["uri"], "/v1/customers?size=40&seekOperation=Next");
        let token = &link["headers"][0];
        assert_eq!(reply.header("ms-continuationtoken"), token["value"].as_str());
        next = request("GET", link["uri"].as_str().unwrap(), "");
        next.headers
            .push((token["key"].as_str().unwrap().to_owned(), token["value"].as_str().unwrap().to_owned()));
    }
    let mut others = (0..250).map(|n| generated_id(9, n)).filter(|customer| !seen.contains(customer));
    assert!(pages >= 6 && seen.len() > 230);
    // Only customers without a relationship are not in the list.
    assert!(others.all(|customer| {
        let reply = get(&mut model, &format!("/v1/customers/{customer}"));
        json_of(&reply)["relationshipToPartner"] == "none"
    }));
}

#[test]
fn page_sizes_and_tokens_are_checked() {
    let mut model = Model::new(Scenario {
        paging: super::super::super::scenario::Paging { default_size: 3, ..Default::default() },
        ..Scenario::generated_clean(5, 1)
    });
    let first = json_of(&get(&mut model, "/v1/customers?size=0"));
    assert_eq!(first["items"].as_array().unwrap().len(), 3);
    assert_eq!(first["totalCount"], 5);
    assert_eq!(first["links"]["next"]["uri"], "/customers?size=3&seekOperation=Next");
    let mut wrong = request("GET", "/v1/customers", "");
    wrong.headers.push(("MS-ContinuationToken".to_owned(), "made-up".to_owned()));
    assert_eq!(code_of(&model.handle(NOW, &wrong)), fault(400, "800002"));
}

#[test]
fn tokens_are_refused_for_their_own_reasons() {
    let mut model = model_with(json!({ "tokens": [
        { "token": "good", "expires_after_ms": 60000 },
        { "token": "dated", "expires_at": "2026-11-20T09:15:30Z" },
        { "token": "audience", "refused_with": 900_420 },
        { "token": "no-mfa", "refused_with": 900_421 },
        { "token": "app", "app_only": true },
    ] }));
    let mut ask = |now, authorization: &str, target: &str| {
        let headers = vec![("Authorization".to_owned(), authorization.to_owned())];
        let reply = model.handle(now, &Request { headers, ..request("GET", target, "") });
        if reply.status == 200 { fault(200, "") } else { code_of(&reply) }
    };
    let list = "/v1/customers";
    assert_eq!(ask(NOW, "", list), fault(401, "800001"));
    assert_eq!(ask(NOW, "Basic good", list), fault(401, "800001"));
    assert_eq!(ask(NOW, "Bearer other", list), fault(401, "400"));
    assert_eq!(ask(NOW, "Bearer dated", list), fault(401, "400"));
    assert_eq!(ask(NOW, "bearer good", list), fault(200, ""));
    assert_eq!(ask(after(59), "Bearer good", list), fault(200, ""));
    assert_eq!(ask(after(60), "Bearer good", list), fault(401, "400"));
    assert_eq!(ask(NOW, "Bearer audience", list), fault(401, "900420"));
    assert_eq!(ask(NOW, "Bearer no-mfa", list), fault(401, "900421"));
    assert_eq!(ask(NOW, "Bearer app", list), fault(200, ""));
    assert_eq!(ask(NOW, "Bearer app", "/v1/profiles/organization"), fault(403, "900329"));
}
