//! Tokens that end in the middle, rotate, or are refused.

use crate::support::{
    Done, Folder, PARTNER,
    signing_in::{APP, first, list, run, with_refresh_token, world},
    typed,
};
use offboard::domain::Time;
use offboard::record::Kind;
use serde_json::{Value, json};

/// No token is asked for before the one before it has used up three quarters of its life.
fn renewals_are_as_few_as_they_can_be(folder: &Folder, lifetime_ms: i64) {
    let requests = folder.requests();
    let sign_ins = requests.iter().filter(|line| line.purpose.as_deref() == Some("sign_in"));
    let at: Vec<i64> = sign_ins
        .map(|line| line.intended_at.as_deref().unwrap().parse::<Time>().unwrap().as_millis())
        .collect();
    for pair in at.windows(2) {
        assert!(pair[1] - pair[0] >= lifetime_ms * 3 / 4, "renewed after {} ms", pair[1] - pair[0]);
    }
}

#[test]
fn three_hundred_customers_with_tokens_that_live_a_second() {
    let sign_in = json!({ "refresh_tokens": first(), "lifetime_ms": 1000, "rotation": "ends_old" });
    let world = world(300, sign_in, json!({ "latency": { "min_ms": 10, "max_ms": 30 } }));
    let folder = Folder::new();
    run(&folder, &world, 300, &["--concurrency", "8"]).exits(0);
    assert_eq!(folder.counts(), [("removed".to_owned(), 300)].into());
    assert_eq!(world.removed().len(), 300);
    let renewals = world.sign_ins().len();
    assert!(renewals >= 3, "only {renewals} tokens were needed");
    renewals_are_as_few_as_they_can_be(&folder, 1000);
    // Each is on record, and each token by name.
    let on_record = folder.requests();
    let sign_ins = on_record.iter().filter(|line| line.purpose.as_deref() == Some("sign_in"));
    assert_eq!(sign_ins.count(), renewals);
    let named = folder.reader().events(&folder.latest(), &[Kind::TokenNamed]).unwrap();
    assert_eq!(named.len(), renewals);
    // The last refresh token is kept, so that a later start can sign in although the first one ended.
    run(&folder, &world, 1, &["--max-share", "100"]).exits(0);
}

#[test]
fn a_sign_in_request_is_on_record_without_its_secrets() {
    let sign_in =
        json!({ "refresh_tokens": first(), "numbers": "text", "client_secret": "the-secret-of-the-app" });
    let (world, folder) = (world(1, sign_in, json!({})), Folder::new());
    let list = folder.write("list.csv", list(1));
    let mut command = folder.run_command(&world, &list, &["--max-share", "100"]);
    with_refresh_token(&mut command).env("OFFBOARD_CLIENT_SECRET", "the-secret-of-the-app");
    Done::of(&command.output().unwrap()).exits(0);
    let requests = folder.requests();
    let line = &requests[0];
    assert_eq!((line.purpose.as_deref(), line.method.as_deref()), (Some("sign_in"), Some("POST")));
    let url = format!("{}/{PARTNER}/oauth2/v2.0/token", world.login_url());
    assert_eq!((line.url.as_deref(), line.status), (Some(&*url), Some(200)));
    let body = line.request_body.as_deref().unwrap();
    assert!(
        body.starts_with("grant_type=[not stored, 13 bytes]&refresh_token=[not stored, 23 bytes]"),
        "{body}"
    );
    assert!(body.ends_with("&client_secret=[not stored, 21 bytes]"), "{body}");
    let answer: Value = serde_json::from_str(line.response_body.as_deref().unwrap()).unwrap();
    assert_eq!(answer["expires_in"], "3600");
    for field in ["access_token", "refresh_token"] {
        assert!(answer[field].as_str().unwrap().starts_with("[not stored, "), "{answer}");
    }
    // What the service calls it is what we call it.
    assert_eq!(line.request_id, line.correlation_id);
    assert_eq!(line.response_correlation_id, line.correlation_id);
    // The token is named by what it says of itself.
    let log = rusqlite::Connection::open(folder.path("audit.db")).unwrap();
    let named: String = log
        .query_row("SELECT CAST(body AS TEXT) FROM records WHERE kind = 'token_named'", [], |row| row.get(0))
        .unwrap();
    for part in [PARTNER, APP, "agent@fabrikam-demo.onmicrosoft.com", "OFFBOARD_REFRESH_TOKEN", "expires"] {
        assert!(named.contains(part), "{part}: {named}");
    }
    // And a request says by which of its lines it is found.
    let found = folder.offboard(&["log", "--output", "json"]).exits(0);
    assert!(found.out.lines().next().unwrap().contains("\"purpose\":\"sign_in\""));
}

#[test]
fn a_token_that_the_service_stops_taking_is_replaced_once_and_no_row_fails() {
    let refused =
        json!({ "on": "remove", "skip": 2, "do": { "kind": "answer", "status": 401, "code": 400 } });
    let reads = json!({ "on": "subscriptions", "skip": 3, "do": { "kind": "answer", "status": 401 } });
    let sign_in = json!({ "refresh_tokens": first() });
    let world = world(6, sign_in, json!({ "faults": [refused, reads] }));
    let folder = Folder::new();
    run(&folder, &world, 6, &["--concurrency", "1", "--max-share", "100"]).exits(0);
    assert_eq!(folder.counts(), [("removed".to_owned(), 6)].into());
    // One at the start, and one for each refusal.
    assert_eq!(world.sign_ins().len(), 3);
}

#[test]
fn a_service_that_takes_no_token_stops_the_run() {
    let refused =
        json!({ "times": 0, "on": "profile", "do": { "kind": "answer", "status": 401, "code": 400 } });
    let (world, folder) =
        (world(1, json!({ "refresh_tokens": first() }), json!({ "faults": [refused] })), Folder::new());
    let done = run(&folder, &world, 1, &[]).exits(5);
    assert!(done.err.contains("nor the one that replaced it") && done.err.contains("resume"), "{}", done.err);
    assert_eq!(world.sign_ins().len(), 2);
}

#[test]
fn what_a_new_token_does_not_mend_is_not_asked_for_again() {
    for (code, says) in [(900_420, "audience"), (900_421, "MFA")] {
        let refused = json!({ "on": "remove", "do": { "kind": "answer", "status": 401, "code": code } });
        let (world, folder) =
            (world(2, json!({ "refresh_tokens": first() }), json!({ "faults": [refused] })), Folder::new());
        let done = run(&folder, &world, 2, &["--concurrency", "1", "--max-share", "100"]).exits(5);
        assert!(done.err.contains(says) && done.err.contains("offboard resume"), "{}", done.err);
        assert_eq!(world.sign_ins().len(), 1, "{code}");
        assert_eq!(folder.counts(), [("open".to_owned(), 2)].into());
    }
}

#[test]
fn each_error_of_the_sign_in_service_stops_the_run_with_what_to_do() {
    for (error, code, says) in [
        ("invalid_grant", 70_008, "expired, because it was not used for too long"),
        ("invalid_grant", 50_173, "revoked"),
        ("interaction_required", 50_076, "MFA is required"),
        ("invalid_client", 7_000_222, "secret has expired"),
        ("unauthorized_client", 700_016, "OFFBOARD_CLIENT_ID"),
        ("invalid_resource", 500_011, "--cloud"),
        ("access_denied", 53_003, "Conditional Access"),
        ("invalid_request", 90_002, "OFFBOARD_TENANT_ID"),
    ] {
        let fault = json!({ "on": "token", "do": { "kind": "entra", "error": error, "code": code } });
        let (world, folder) =
            (world(2, json!({ "refresh_tokens": first() }), json!({ "faults": [fault] })), Folder::new());
        let done = run(&folder, &world, 2, &["--max-share", "100"]).exits(5);
        for part in [says, error, &format!("AADSTS{code}"), "offboard resume"] {
            assert!(done.err.contains(part), "{part}: {}", done.err);
        }
        assert_eq!(world.received().len(), 1, "nothing else was sent");
        // Once that is mended, it goes on.
        let mut resume = folder.against(&world, &["resume", "--yes", "--rate", "600000"]);
        Done::of(&with_refresh_token(&mut resume).output().unwrap()).exits(0);
        assert_eq!(folder.counts(), [("removed".to_owned(), 2)].into());
    }
}

#[test]
fn a_sign_in_service_that_is_out_of_order_is_asked_again() {
    let faults = json!([
        { "on": "token", "do": { "kind": "entra", "error": "temporarily_unavailable", "code": 90_033 } },
        { "on": "token", "do": { "kind": "answer", "status": 503, "html": "<html>busy</html>" } },
        { "on": "token", "do": { "kind": "cut_before_answer" } },
    ]);
    let (world, folder) =
        (world(1, json!({ "refresh_tokens": first() }), json!({ "faults": faults })), Folder::new());
    run(&folder, &world, 1, &["--max-share", "100"]).exits(0);
    let attempts: Vec<_> = folder
        .requests()
        .iter()
        .filter(|line| line.purpose.as_deref() == Some("sign_in"))
        .map(|line| (line.attempt.unwrap(), line.completion.clone().unwrap(), line.status))
        .collect();
    let responded = "responded".to_owned();
    assert_eq!(
        attempts,
        [
            (1, responded.clone(), Some(503)),
            (2, responded.clone(), Some(503)),
            (3, "unknown".to_owned(), None),
            (4, responded, Some(200))
        ]
    );
}

#[test]
fn a_redirect_is_not_followed_and_a_page_is_no_answer() {
    let elsewhere = "https://elsewhere.example/token";
    for (action, says) in [
        (json!({ "kind": "redirect", "status": 307, "location": elsewhere }), "redirect"),
        (json!({ "kind": "answer", "status": 404, "html": "<html>who?</html>" }), "--login-url"),
        (json!({ "kind": "garbage" }), "--login-url"),
    ] {
        let fault = json!({ "on": "token", "do": action });
        let (world, folder) =
            (world(1, json!({ "refresh_tokens": first() }), json!({ "faults": [fault] })), Folder::new());
        let done = run(&folder, &world, 1, &[]).exits(5);
        assert!(done.err.contains(says), "{says}: {}", done.err);
        assert_eq!(world.received().len(), 1);
    }
    let fault =
        json!({ "on": "profile", "do": { "kind": "redirect", "status": 308, "location": elsewhere } });
    let (world, folder) =
        (world(1, json!({ "refresh_tokens": first() }), json!({ "faults": [fault] })), Folder::new());
    let done = run(&folder, &world, 1, &[]).exits(4);
    assert!(done.err.contains("status 308"), "{}", done.err);
    assert_eq!(world.received().len(), 2);
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn a_person_who_is_there_signs_in_again_and_the_run_goes_on() {
    let ended = json!({ "on": "token", "skip": 1, "times": 1,
        "do": { "kind": "entra", "error": "invalid_grant", "code": 70_043 } });
    let expired = json!({ "on": "remove", "skip": 1, "do": { "kind": "answer", "status": 401 } });
    let sign_in = json!({ "refresh_tokens": first(), "interval": 1, "polls": ["pending"] });
    let (world, folder) = (world(4, sign_in, json!({ "faults": [ended, expired] })), Folder::new());
    let list = folder.write("list.csv", list(4));
    let mut command = folder.run_command(&world, &list, &["--concurrency", "2", "--max-share", "100"]);
    let done = Done::of(&typed(with_refresh_token(&mut command), "")).exits(0);
    for part in ["a policy limits how long a sign-in lasts", "https://login.example/device", "enter the code"]
    {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }
    assert_eq!(folder.counts(), [("removed".to_owned(), 4)].into());
    // A token, one that was refused, an invitation, two polls.
    assert_eq!(world.sign_ins().len(), 5);
    // Where nobody is, it stops instead, and goes on later.
    let stops = Folder::new();
    let list = stops.write("list.csv", self::list(4));
    let ended = json!({ "on": "token", "do": { "kind": "entra", "error": "invalid_grant", "code": 70_043 } });
    let other = self::world(4, json!({ "refresh_tokens": first() }), json!({ "faults": [ended] }));
    let mut command = stops.run_command(&other, &list, &["--max-share", "100"]);
    Done::of(&with_refresh_token(&mut command).output().unwrap()).exits(5);
}
