//! The sign-in service, and the tokens that it gives.

use super::{Model, NOW, Reply, Request, after, code_of, get, json_of, model_with};
use crate::domain::Time;
use serde_json::{Value, json};

const PARTNER: &str = "3d3d3d3d-4444-4555-8666-777777777777";
const APP: &str = "5d5d5d5d-1111-4222-8333-444444444444";

fn signing_in(sign_in: &Value) -> Model {
    model_with(json!({ "sign_in": sign_in }))
}

fn post(model: &mut Model, now: Time, path: &str, form: &str) -> Reply {
    let request = Request {
        method: "POST".to_owned(),
        target: format!("/{PARTNER}/oauth2/v2.0/{path}"),
        headers: Vec::new(),
        body: form.as_bytes().to_vec(),
    };
    model.handle(now, &request)
}

fn renew(model: &mut Model, now: Time, token: &str) -> Reply {
    post(model, now, "token", &format!("grant_type=refresh_token&client_id={APP}&refresh_token={token}"))
}

fn text(reply: &Reply, name: &str) -> String {
    json_of(reply)[name].as_str().unwrap_or_default().to_owned()
}

fn error(reply: &Reply) -> (String, u64) {
    (text(reply, "error"), json_of(reply)["error_codes"][0].as_u64().unwrap_or_default())
}

fn call(model: &mut Model, now: Time, token: &str) -> Reply {
    let headers = vec![("authorization".to_owned(), format!("Bearer {token}"))];
    let target = "/v1/profiles/organization".to_owned();
    model.handle(now, &Request { method: "GET".to_owned(), target, headers, body: Vec::new() })
}

#[test]
fn a_token_is_taken_until_it_expires() {
    let mut model = signing_in(&json!({ "refresh_tokens": ["r1"], "lifetime_ms": 2000 }));
    let granted = renew(&mut model, NOW, "r1");
    assert_eq!((granted.status, &json_of(&granted)["expires_in"]), (200, &json!(2)));
    let token = text(&granted, "access_token");
    assert_eq!(call(&mut model, after(1), &token).status, 200);
    assert_eq!(call(&mut model, after(2), &token).status, 401);
    assert_eq!(call(&mut model, NOW, "another").status, 401);
    assert_eq!(get(&mut model, "/v1/customers").status, 401);
    assert!(model.secrets().contains(&token));
    let journal = &model.journal().entries()[0].body;
    assert_eq!(journal, "grant_type&client_id&refresh_token");
}

#[test]
fn refresh_tokens_rotate_as_the_scenario_says() {
    let used = |rotation: &str| {
        let mut model = signing_in(&json!({ "refresh_tokens": ["r1"], "rotation": rotation }));
        let first = renew(&mut model, NOW, "r1");
        let before_use = renew(&mut model, NOW, "r1").status;
        let token = text(&first, "access_token");
        call(&mut model, NOW, &token);
        (!text(&first, "refresh_token").is_empty(), before_use, renew(&mut model, NOW, "r1").status)
    };
    assert_eq!(used("keeps_old"), (true, 200, 200));
    assert_eq!(used("ends_old"), (true, 200, 400));
    assert_eq!(used("none"), (false, 200, 200));
}

#[test]
fn a_new_refresh_token_ends_the_old_one_when_it_is_used_itself() {
    let mut model = signing_in(&json!({ "refresh_tokens": ["r1"], "rotation": "ends_old" }));
    let second = text(&renew(&mut model, NOW, "r1"), "refresh_token");
    assert_eq!(renew(&mut model, NOW, &second).status, 200);
    assert_eq!(error(&renew(&mut model, NOW, "r1")), ("invalid_grant".to_owned(), 50_173));
}

#[test]
fn a_code_is_polled_for_until_it_is_entered() {
    let mut model = signing_in(&json!({ "polls": ["pending", "slow_down"], "numbers": "text" }));
    let start = post(&mut model, NOW, "devicecode", &format!("client_id={APP}&scope=x"));
    assert_eq!(text(&start, "expires_in"), "900");
    let code = text(&start, "device_code");
    let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
    let form = format!("grant_type={grant}&client_id={APP}&device_code={code}");
    let mut poll = |now| post(&mut model, now, "token", &form);
    assert_eq!(error(&poll(NOW)).0, "authorization_pending");
    assert_eq!(error(&poll(NOW)).0, "slow_down");
    let granted = poll(NOW);
    assert!(!text(&granted, "refresh_token").is_empty() && granted.status == 200);
    assert_eq!(error(&poll(after(900))), ("expired_token".to_owned(), 70_019));
}

#[test]
fn another_app_tenant_or_secret_is_refused() {
    let mut model = signing_in(&json!({ "client_secret": "s", "refresh_tokens": ["r1"] }));
    let grant = "grant_type=refresh_token&refresh_token=r1&client_id=";
    let mut asked = |form: String| error(&post(&mut model, NOW, "token", &form)).1;
    assert_eq!(asked(format!("{grant}other&client_secret=s")), 700_016);
    assert_eq!(asked(format!("{grant}{APP}")), 7_000_218);
    assert_eq!(asked(format!("{grant}{APP}&client_secret=x")), 7_000_215);
    assert_eq!(asked(format!("{grant}{APP}&client_secret=s")), 0);
    assert_eq!(asked(format!("{grant}{APP}&client_assertion=a.b.c")), 0);
    let mut public = signing_in(&json!({ "refresh_tokens": ["r1"] }));
    let refused = post(&mut public, NOW, "token", &format!("{grant}{APP}&client_secret=s"));
    assert_eq!((refused.status, error(&refused).1), (401, 700_025));
    let request = Request {
        method: "POST".to_owned(),
        target: "/elsewhere.example/oauth2/v2.0/token".to_owned(),
        ..Request::default()
    };
    assert_eq!(error(&public.handle(NOW, &request)).1, 90_002);
}

#[test]
fn without_a_sign_in_service_nobody_answers_and_any_token_is_taken() {
    let mut model = model_with(json!({}));
    assert_eq!(code_of(&renew(&mut model, NOW, "r1")), (404, "1000".to_owned()));
    assert_eq!(call(&mut model, NOW, "anything").status, 200);
}

#[test]
fn mfa_is_told_where_the_scenario_says_and_only_when_asked() {
    let asked = |mfa: &Value| {
        let mut model = model_with(json!({ "mfa": mfa }));
        let headers = [("authorization", "Bearer x"), ("validatemfa", "true")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let target = "/v1/profiles/organization".to_owned();
        model.handle(NOW, &Request { method: "GET".to_owned(), target, headers, body: Vec::new() })
    };
    assert_eq!(asked(&json!({})).header("ismfacompliant"), Some("true"));
    let body = asked(&json!({ "compliant": false, "shown_in": "body" }));
    assert_eq!((body.header("ismfacompliant"), &json_of(&body)["isMfaCompliant"]), (None, &json!(false)));
    let mut model = model_with(json!({}));
    assert_eq!(call(&mut model, NOW, "x").header("ismfacompliant"), None);
}
