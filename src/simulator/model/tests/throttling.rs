use super::*;

fn ask(model: &mut Model, now: Time) -> Reply {
    model.handle(now, &request("GET", &format!("/v1/customers/{A}"), ""))
}

#[test]
fn a_window_refuses_what_is_too_much_and_counts_that_too() {
    let mut model = model_with(json!({ "throttling": [{ "requests": 2, "window_ms": 60000 }] }));
    assert_eq!(ask(&mut model, NOW).status, 200);
    assert_eq!(ask(&mut model, after(10)).status, 200);
    let refused = ask(&mut model, after(20));
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("50")));
    let body = json!({ "statusCode": 429, "message": "Rate limit is exceeded. Try again in 50 seconds." });
    assert_eq!(json_of(&refused), body);
    // Whoever waits as told is served; the refused request of second 20 still counts.
    assert_eq!(ask(&mut model, after(70)).status, 200);
    assert_eq!(ask(&mut model, after(71)).header("retry-after"), Some("59"));
    assert_eq!(ask(&mut model, after(200)).status, 200);
}

#[test]
fn retry_after_has_every_form() {
    let form = |form: &str| {
        let limit = json!([{ "requests": 1, "window_ms": 60000, "retry_after": form }]);
        let mut model = model_with(json!({ "throttling": limit }));
        ask(&mut model, NOW);
        ask(&mut model, NOW).header("Retry-After").map(str::to_owned)
    };
    assert_eq!(form("seconds").as_deref(), Some("60"));
    assert_eq!(form("date").as_deref(), Some("Fri, 20 Nov 2026 09:16:30 GMT"));
    assert_eq!(form("none"), None);
    assert_eq!(form("absurd").as_deref(), Some("31536000"));
}

#[test]
fn a_bucket_fills_up_again_evenly() {
    let mut model =
        model_with(json!({ "throttling": [{ "kind": "bucket", "requests": 2, "window_ms": 10000 }] }));
    let mut statuses = |seconds: &[u64]| -> Vec<u16> {
        seconds.iter().map(|second| ask(&mut model, after(*second)).status).collect()
    };
    assert_eq!(statuses(&[0, 0, 0, 4, 5, 5, 100, 100, 100]), [200, 200, 429, 429, 200, 429, 200, 200, 429]);
}

#[test]
fn a_limit_can_count_each_customer_and_only_some_requests() {
    let limit =
        json!([{ "requests": 1, "window_ms": 60000, "per": "customer", "on": ["remove", "customer"] }]);
    let mut model = model(&json!({ "customers": [{ "id": A }, { "id": B }], "throttling": limit }));
    assert_eq!(ask(&mut model, NOW).status, 200);
    assert_eq!(remove(&mut model, A).status, 429);
    assert!(model.removals().is_empty());
    assert_eq!(remove(&mut model, B).status, 200);
    assert_eq!(get(&mut model, &format!("/v1/customers/{A}/orders")).status, 200);
    assert_eq!(get(&mut model, "/v1/customers").status, 200);
    assert_eq!(model.journal().counts().by_status[&429], 1);
}
