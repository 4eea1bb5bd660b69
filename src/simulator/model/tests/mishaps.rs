use super::*;

/// A model in which this happens to the first removal.
fn failing(action: &Value) -> Model {
    model_with(json!({ "faults": [{ "on": "remove", "do": action }] }))
}

#[test]
fn an_answer_can_be_replaced_with_and_without_effect() {
    for effect in [false, true] {
        let mut model =
            failing(&json!({ "kind": "answer", "status": 500, "code": 800_003, "effect": effect }));
        assert_eq!(code_of(&remove(&mut model, A)), fault(500, "800003"));
        assert_eq!(model.removals().len(), usize::from(effect));
        assert_eq!(model.journal().entries()[0].took_effect, effect);
        let again = remove(&mut model, A).status;
        assert_eq!(again, if effect { 400 } else { 200 });
    }
}

#[test]
fn an_answer_can_be_anything_but_json() {
    for (action, kind, body) in [
        (
            json!({ "kind": "answer", "status": 503, "html": "<html>…</html>" }),
            "text/html; charset=utf-8",
            "<html>…</html>",
        ),
        (json!({ "kind": "answer", "status": 503, "text": "busy" }), "text/plain; charset=utf-8", "busy"),
        (json!({ "kind": "answer", "status": 400, "json": "{\"x\":1}" }), "application/json", "{\"x\":1}"),
        (json!({ "kind": "answer", "status": 502 }), "application/json; charset=utf-8", ""),
    ] {
        let reply = remove(&mut failing(&action), A);
        assert_eq!(reply.header("content-type"), Some(kind));
        assert_eq!(String::from_utf8(reply.body).unwrap(), body);
    }
    let reply = remove(&mut failing(&json!({ "kind": "answer", "status": 429, "retry_after": "17" })), A);
    assert_eq!((reply.status, reply.header("retry-after")), (429, Some("17")));
    assert_eq!(json_of(&reply)["statusCode"], 429);
}

#[test]
fn a_connection_can_be_cut() {
    for (action, cut, removals) in [
        (json!({ "kind": "cut_before_answer" }), Cut::BeforeAnswer, 0),
        (json!({ "kind": "cut_before_answer", "effect": true }), Cut::BeforeAnswer, 1),
        (json!({ "kind": "cut_in_body" }), Cut::InBody, 1),
    ] {
        let mut model = failing(&action);
        assert_eq!(remove(&mut model, A).cut, cut);
        assert_eq!(model.removals().len(), removals);
        assert_eq!((model.journal().entries()[0].cut, model.journal().counts().cut), (cut, 1));
    }
}

#[test]
fn a_slow_answer_has_its_effect_at_once_or_at_its_end() {
    for (effect, at) in [("at_once", NOW), ("at_end", after(5))] {
        let mut model = failing(&json!({ "kind": "slow", "delay_ms": 5000, "effect": effect }));
        let reply = remove(&mut model, A);
        assert_eq!((reply.status, reply.delay), (200, Duration::from_secs(5)));
        model.relationship(after(5), id(A));
        assert_eq!(model.removals()[0].at, at);
    }
}

#[test]
fn a_late_effect_takes_place_when_it_is_due_and_only_once() {
    let mut model = model_with(json!({ "faults": [
        { "on": "remove", "do": { "kind": "late_effect", "after_ms": 30000 } },
        { "on": "remove", "do": { "kind": "late_effect", "after_ms": 20000, "status": 504 } },
    ] }));
    assert_eq!(remove(&mut model, A).cut, Cut::BeforeAnswer);
    let second = remove(&mut model, A);
    assert_eq!((second.status, second.cut, second.body.len()), (504, Cut::None, 0));
    assert_eq!(model.journal().entries()[0].effect_due, Some(after(30)));
    let read = request("GET", &format!("/v1/customers/{A}"), "");
    assert_eq!(model.handle(after(19), &read).status, 200);
    assert!(model.removals().is_empty());
    assert_eq!(model.handle(after(40), &read).status, 404);
    assert_eq!(model.removals().iter().map(|removal| removal.at).collect::<Vec<_>>(), [after(20)]);
}

#[test]
fn a_body_can_be_garbage_huge_renamed_or_untrue() {
    let customer = format!("/v1/customers/{A}");
    let mut model = model_with(json!({ "faults": [
        { "on": "customer", "do": { "kind": "garbage" } },
        { "on": "customer", "do": { "kind": "huge_body", "bytes": 100_000 } },
        { "on": "customer", "do": { "kind": "casing", "casing": "upper" } },
        { "on": "any", "do": { "kind": "relationship", "relationship": "something_new" } },
        { "on": "list", "do": { "kind": "relationship", "relationship": "other" } },
        { "on": "customer", "do": { "kind": "redirect", "status": 302, "location": "http://elsewhere.example/" } },
    ] }));
    assert!(serde_json::from_slice::<Value>(&get(&mut model, &customer).body).is_err());
    let huge = get(&mut model, &customer);
    assert_eq!(huge.body.len(), 100_000);
    assert!(json_of(&huge)["padding"].is_string());
    assert_eq!(json_of(&get(&mut model, &customer))["RELATIONSHIPTOPARTNER"], "reseller");
    assert_eq!(json_of(&get(&mut model, &customer))["relationshipToPartner"], "something_new");
    assert_eq!(json_of(&get(&mut model, "/v1/customers"))["items"][0]["relationshipToPartner"], "other");
    let moved = get(&mut model, &customer);
    assert_eq!((moved.status, moved.header("location")), (302, Some("http://elsewhere.example/")));
    assert_eq!(get(&mut model, &customer).status, 200);
}

#[test]
fn a_listing_can_name_fewer_than_it_says() {
    let mut model = model(&json!({
        "customers": [{ "id": A }, { "id": B }, { "id": C }],
        "paging": { "max_size": 2 },
        "faults": [
            { "on": "list", "do": { "kind": "short", "items": 1 } },
            { "on": "list", "do": { "kind": "short", "items": 0, "total": 0 } },
        ],
    }));
    for (named, said, goes_on) in [(1, 3, false), (0, 0, false), (2, 3, true)] {
        let listing = get(&mut model, "/v1/customers");
        let body = json_of(&listing);
        assert_eq!((body["items"].as_array().unwrap().len(), &body["totalCount"]), (named, &json!(said)));
        assert_eq!(body.get("links").is_some(), goes_on);
        assert_eq!(listing.header("MS-ContinuationToken").is_some(), goes_on);
    }
}

#[test]
fn faults_come_in_order_and_a_customers_own_come_first() {
    let answer = |status: u16| json!({ "kind": "answer", "status": status });
    let mut model = model(&json!({
        "customers": [{ "id": A, "faults": [{ "on": "customer", "skip": 1, "times": 2, "do": answer(501) }] }, { "id": B }],
        "faults": [
            { "on": "customer", "do": answer(502) },
            { "on": "customer", "customer": B, "times": 0, "do": answer(503) },
        ],
    }));
    let mut statuses = |customer: &str, count: usize| -> Vec<u16> {
        (0..count).map(|_| get(&mut model, &format!("/v1/customers/{customer}")).status).collect()
    };
    assert_eq!(statuses(A, 5), [502, 501, 501, 200, 200]);
    assert_eq!(statuses(B, 4), [503, 503, 503, 503]);
}

#[test]
fn no_fault_makes_an_effect_out_of_a_refused_request() {
    let mut model = model_with(json!({ "tokens": [{ "token": "another" }], "faults": [
        { "on": "remove", "times": 0, "do": { "kind": "answer", "status": 500, "effect": true } },
    ] }));
    assert_eq!(remove(&mut model, A).status, 500);
    assert!(model.removals().is_empty());
    assert_eq!(model.journal().counts().effects, 0);
}
