//! Everything that a run needs is looked at, and what is missing is said, before row 1.

use crate::support::{Done, Folder, World, id, key, list_of, system};
use offboard::{audit::Store, domain::Time};
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn world(more: Value) -> World {
    let mut whole = json!({ "customers": [{ "id": id(1).to_string() }] });
    let (Value::Object(fields), Value::Object(more)) = (&mut whole, more) else { panic!() };
    fields.extend(more);
    World::of(&whole)
}

fn doctor(folder: &Folder, world: &World, more: &[&str]) -> Done {
    let arguments = [&["doctor"], more].concat();
    Done::of(&folder.against(world, &arguments).output().unwrap())
}

/// The state of each check, and its text.
fn checks(folder: &Folder, world: &World, more: &[&str], code: i32) -> BTreeMap<String, (String, String)> {
    let done = doctor(folder, world, &[&["--output", "json"], more].concat()).exits(code);
    let report = done.json();
    let text = |check: &Value, field: &str| check[field].as_str().unwrap().to_owned();
    let each = report["checks"].as_array().unwrap().iter();
    each.map(|check| (text(check, "name"), (text(check, "state"), text(check, "text")))).collect()
}

#[test]
fn all_is_well() {
    let (folder, world) = (Folder::new(), world(json!({})));
    let found = checks(&folder, &world, &[], 0);
    for name in [
        "reports",
        "diagnostics",
        "audit_log",
        "space",
        "rate",
        "token",
        "partner",
        "mfa",
        "clock",
        "customers",
    ] {
        assert_eq!(found[name].0, "good", "{name}: {found:?}");
    }
    // This token says nothing of itself.
    assert_eq!(found["audience"].0, "care", "{found:?}");
    let done = doctor(&folder, &world, &["--rate", "900"]).exits(0);
    for part in
        ["✓ partner", "! rate", "throttles what is faster", "api_url", "environment", "stop_after_failures"]
    {
        assert!(done.out.contains(part), "{part}: {}", done.out);
    }
    // What it asks is on record, and of no run.
    let lines = folder.requests();
    assert_eq!(lines.len(), world.received().len());
    assert!(lines.iter().all(|line| line.run_id.is_none()));
    assert!(folder.reader().runs().unwrap().is_empty());
    assert!(!folder.path("reports").exists());
}

#[test]
fn a_token_is_shown_with_whose_it_is_and_what_is_left_of_it() {
    let sign_in = json!({ "refresh_tokens": ["the-first-refresh-token"] });
    let (folder, world) = (Folder::new(), world(json!({ "sign_in": sign_in })));
    let mut command = folder.against(&world, &["doctor"]);
    command
        .env_remove("OFFBOARD_ACCESS_TOKEN")
        .env("OFFBOARD_REFRESH_TOKEN", "the-first-refresh-token")
        .env("OFFBOARD_CLIENT_ID", "5d5d5d5d-1111-4222-8333-444444444444");
    let done = Done::of(&command.output().unwrap()).exits(0);
    for part in [
        "user agent@fabrikam-demo.onmicrosoft.com",
        "app 5d5d5d5d-1111-4222-8333-444444444444",
        crate::support::PARTNER,
        "left 59 min",
        "✓ audience     https://api.partnercenter.microsoft.com",
    ] {
        assert!(done.out.contains(part), "{part}: {}", done.out);
    }
}

#[test]
fn each_thing_that_is_missing_is_named_and_so_is_what_was_not_looked_at() {
    let other = "0a0a0a0a-1111-4222-8333-444444444444";
    let denied = json!({ "on": "list", "times": 0, "do": { "kind": "answer", "status": 403, "code": 1 } });
    let late =
        json!({ "on": "profile", "times": 0, "do": { "kind": "answer", "status": 401, "code": 900_421 } });
    for (scenario, more, code, name, says) in [
        (json!({ "mfa": { "compliant": false } }), &[][..], 5, "mfa", "without MFA"),
        (
            json!({ "mfa": { "compliant": false, "shown_in": "body" } }),
            &[],
            5,
            "mfa",
            "sign in again, with MFA",
        ),
        (json!({}), &["--partner-tenant", other], 4, "partner", "--partner-tenant"),
        (json!({ "faults": [denied] }), &[], 5, "customers", "403"),
        (json!({ "faults": [late] }), &[], 5, "partner", "900421"),
    ] {
        let (folder, world) = (Folder::new(), world(scenario));
        let found = checks(&folder, &world, more, code);
        let (state, text) = &found[name];
        assert_eq!(state, "bad", "{name}: {found:?}");
        assert!(text.contains(says), "{says}: {text}");
    }
    let (folder, silent) = (Folder::new(), world(json!({ "mfa": { "shown_in": "nowhere" } })));
    assert_eq!(checks(&folder, &silent, &[], 0)["mfa"].0, "care");
}

#[test]
fn a_refusal_of_the_account_itself_says_what_it_means_and_what_to_do() {
    for (on, status, code, parts) in [
        ("list", 403, json!(1002), &["code 1002", "must ask its indirect provider"][..]),
        ("profile", 401, json!(1002), &["code 1002", "must ask its indirect provider"]),
        ("profile", 403, json!(900_150), &["code 900150", "Admin agent", "global administrator"]),
        ("profile", 403, json!(900_309), &["Conditional Access"]),
        ("list", 403, json!(900_124), &["Microsoft Partner Agreement"]),
        ("list", 403, json!(20_002), &["status 403, code 20002", "Admin agent"]),
        ("list", 403, json!(null), &["status 403", "Admin agent"]),
        ("profile", 401, json!(900_420), &["code 900420", "audience is the Partner Center API"]),
    ] {
        let mut answer = json!({ "kind": "answer", "status": status });
        if !code.is_null() {
            answer["code"] = code;
        }
        let (folder, world) =
            (Folder::new(), world(json!({ "faults": [{ "on": on, "times": 0, "do": answer }] })));
        let done = folder.run(&world, &list_of([id(1)]), &[]).exits(5);
        for part in parts {
            assert!(done.err.contains(part), "{part}: {}", done.err);
        }
        assert!(!done.err.contains("without a text") && world.changes().is_empty(), "{}", done.err);
    }
}

#[test]
fn without_a_log_nothing_is_sent_and_without_a_token_nothing_is_asked() {
    let (folder, world) = (Folder::new(), world(json!({})));
    let held = Store::open(&folder.path("audit.db"), Time::from_millis(0), &[1; 16], &key()).unwrap();
    let found = checks(&folder, &world, &[], 6);
    assert_eq!((found["audit_log"].0.as_str(), found["token"].0.as_str()), ("bad", "not_checked"));
    drop(held);
    let mut command = folder.against(&world, &["doctor"]);
    let done = Done::of(&command.env_remove("OFFBOARD_ACCESS_TOKEN").output().unwrap()).exits(5);
    assert!(done.out.contains("✗ token") && done.out.contains("– partner"), "{}", done.out);
    assert!(world.received().is_empty());
}

#[test]
fn what_others_can_read_and_what_cannot_be_written_is_said() {
    let (folder, world) = (Folder::new(), world(json!({})));
    doctor(&folder, &world, &[]).exits(0);
    if cfg!(unix) {
        system::set_mode(&folder.path("audit.db"), 0o644);
        let found = checks(&folder, &world, &[], 0);
        assert!(found["audit_log"].0 == "care" && found["audit_log"].1.contains("chmod 600"), "{found:?}");
    }
    folder.write("a-file", "");
    let found = checks(&folder, &world, &["--reports", "a-file/below"], 2);
    assert!(found["reports"].0 == "bad" && found["reports"].1.contains("--reports"), "{found:?}");
}

#[test]
fn a_run_makes_the_same_checks_before_its_first_row() {
    for (scenario, code, says) in [
        (json!({ "mfa": { "compliant": false } }), 5, "without MFA"),
        (json!({ "mfa": { "compliant": false, "shown_in": "body" } }), 5, "without MFA"),
    ] {
        let (folder, world) = (Folder::new(), world(scenario));
        let done = folder.run(&world, &list_of([id(1)]), &[]).exits(code);
        assert!(done.err.contains(says), "{}", done.err);
        assert_eq!(world.received().len(), 1);
        assert_eq!(folder.ends(), ["open"]);
    }
}

#[test]
fn a_probe_tells_what_the_service_has_where_nothing_is_documented_and_changes_nothing() {
    let subscription = json!({ "kind": "new_commerce", "ends": "2098-03-04", "auto_renew": false,
        "scheduled": [{ "action": "Cancel" }], "cancellable_until": "2097-03-11" });
    let customers = json!([{ "id": id(1).to_string(), "name": "Contoso Confidential", "subscriptions": [subscription],
        "entitlements": [{ "kind": "software", "order": "A" }], "orders": [{ "id": "A" }] }]);
    let (folder, world) = (Folder::new(), world(json!({ "customers": customers })));
    let customer = id(1).to_string();
    let done = doctor(&folder, &world, &["--output", "json", "--probe", &customer]).exits(0);
    let report = done.json();
    let found = |read: &str, open: &str| {
        let all = report["probe"].as_array().unwrap();
        let one = all.iter().find(|one| one["read"] == read && one["open"].as_str().unwrap().contains(open));
        one.unwrap_or_else(|| panic!("{read}: {open}: {all:?}"))["found"].as_str().unwrap().to_owned()
    };
    assert_eq!(found("subscriptions", "What is scheduled"), "`TermEnd Cancel`");
    assert_eq!(found("customer", "How the relationship is written"), "`reseller`");
    assert_eq!(found("customer that nobody has", "no relationship"), "status 404, code 60003");
    assert_eq!(found("transfers", "Whether they come as a bare list"), "a bare list of 0");
    assert_eq!(found("order", "Its status"), "`completed`");
    // Words and forms of the service, and nothing of whose it is.
    assert!(!done.out.contains("Confidential"), "{}", done.out);
    assert!(world.changes().is_empty());
    // All of it is on record, and the log is proved as always.
    assert_eq!(folder.requests().len(), world.received().len());
    let done = doctor(&folder, &world, &["--probe", &customer]).exits(0);
    assert!(done.out.contains("What is scheduled for the ends of their terms"), "{}", done.out);
    let done = doctor(&folder, &world, &["--probe", "nobody"]).exits(2);
    assert!(done.err.contains("--probe"), "{}", done.err);
}
