//! `--revoke-consent APP-ID`: the consent of an application is revoked before a removal, and a refusal keeps the customer.

use crate::support::{Done, Folder, World, evidence::Question, id, list_of, subscriptions::world};
use offboard::domain::Time;
use serde_json::{Value, json};

const APP: &str = "0f0f0f0f-1111-4222-8333-444444444444";
const OTHER: &str = "1e1e1e1e-1111-4222-8333-444444444444";

fn customer(n: u32, consents: &[&str]) -> Value {
    json!({ "id": id(n).to_string(), "name": format!("Customer {n}"), "consents": consents })
}

fn run(folder: &Folder, world: &World, count: u32, more: &[&str]) -> Done {
    folder.run(world, &list_of((1..=count).map(id)), more)
}

fn has(world: &World, n: u32, application: &str) -> bool {
    world.model().has_consent(Time::from_millis(4_000_000_000_000), id(n), application)
}

/// What was sent for a customer: the method, and what follows its address.
fn sent(world: &World, n: u32) -> Vec<(String, String)> {
    let path = format!("/v1/customers/{}", id(n));
    let changes = world.changes().into_iter();
    changes.filter_map(|one| Some((one.method, one.target.strip_prefix(&path)?.to_owned()))).collect()
}

#[test]
fn exactly_the_consents_that_are_named_are_revoked_and_then_the_customer_goes() {
    let customers = [
        customer(1, &[APP, OTHER]),
        customer(2, &[]),
        json!({ "id": id(3).to_string(), "consents": [APP], "subscriptions": [{ "kind": "legacy" }] }),
    ];
    let (folder, world) = (Folder::new(), world(&customers, json!([])));
    let upper = format!("{{{}}}", APP.to_uppercase());
    let done = run(&folder, &world, 3, &["--revoke-consent", &upper]).exits(3);
    assert_eq!(folder.ends(), ["removed", "removed", "skipped: active_subscription"]);
    assert!(done.err.contains("2 consents of applications are revoked"), "{}", done.err);
    let consent = ("DELETE".to_owned(), format!("/applicationconsents/{APP}"));
    for n in [1, 2] {
        assert_eq!(sent(&world, n), [consent.clone(), ("PATCH".to_owned(), String::new())], "{n}");
    }
    assert!(sent(&world, 3).is_empty() && has(&world, 3, APP), "nothing for whoever stays");
    assert!(!has(&world, 1, APP) && has(&world, 1, OTHER));
    let told = folder.explanations();
    assert!(
        told[0].contains(&format!("Before that, consent of the application {APP} was revoked")),
        "{}",
        told[0]
    );
    assert!(
        told[1].contains(&format!("the service says that there is no consent of the application {APP}")),
        "{}",
        told[1]
    );
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
}

#[test]
fn a_no_keeps_the_customer_and_what_is_not_known_is_not_sent_again() {
    let on = |n: u32, action: Value| json!({ "on": "revoke_consent", "customer": id(n).to_string(), "times": 1, "do": action });
    let faults = json!([
        on(1, json!({ "kind": "answer", "status": 403, "code": 900_150 })),
        on(2, json!({ "kind": "cut_before_answer", "effect": true })),
        // Nobody knows whose "not found" that is.
        on(
            3,
            json!({ "kind": "answer", "status": 404, "json": r#"{"statusCode":404,"message":"Resource not found"}"# })
        ),
        on(4, json!({ "kind": "answer", "status": 429, "retry_after": "0.2" })),
    ]);
    let customers: Vec<Value> = (1..=4).map(|n| customer(n, &[APP])).collect();
    let (folder, world) = (Folder::new(), world(&customers, faults));
    let done = run(&folder, &world, 4, &["--revoke-consent", APP]).exits(3);
    assert_eq!(
        folder.ends(),
        ["failed: permission_denied", "unknown: answer_lost", "unknown: answer_lost", "removed"]
    );
    // Whoever reads on is told what was not sent, what to type, and is not invited to say that the customer went.
    let told = folder.explanations();
    assert!(
        told[1].contains("The removal was not sent. Running the list again sends it once more."),
        "{}",
        told[1]
    );
    let err = done.err.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(err.contains("--as not-removed") && !err.contains("--as removed"), "{}", done.err);
    assert!(
        err.contains("and the same for 1 other") && err.contains(&format!("--revoke-consent {APP}")),
        "{err}"
    );
    let customer = id(2).to_string();
    let resolve = |found: &str| {
        let arguments = ["resolve", "--customer", &customer, "--as", found, "--because", "it was looked at"];
        folder.offboard(&arguments)
    };
    let refused = resolve("removed").exits(2);
    assert!(refused.err.contains("was not sent for row 3"), "{}", refused.err);
    resolve("not-removed").exits(0);
    assert_eq!((sent(&world, 1).len(), sent(&world, 2).len(), sent(&world, 3).len()), (1, 1, 1));
    assert_eq!(sent(&world, 4).len(), 3);
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
}

/// Only a plain yes, or a "not found" that can be about the consent, tells.
#[test]
fn what_is_no_clear_answer_keeps_the_customer() {
    for (action, exit) in [
        (json!({ "kind": "answer", "status": 404, "code": 20_002 }), 3),
        (json!({ "kind": "answer", "status": 404, "code": 1000 }), 3),
        (json!({ "kind": "answer", "status": 202 }), 3),
        // A "yes" that is not understood stops the run.
        (json!({ "kind": "answer", "status": 200, "html": "<p>Welcome</p>" }), 4),
    ] {
        let fault = json!([{ "on": "revoke_consent", "times": 1, "do": action }]);
        let (folder, world) = (Folder::new(), world(&[customer(1, &[APP])], fault));
        run(&folder, &world, 1, &["--revoke-consent", APP]).exits(exit);
        assert_eq!(folder.ends(), ["unknown: answer_lost"], "{action}");
        assert!(world.removed().is_empty(), "{action}");
    }
}

/// Killed after each request in turn, whatever it was, and gone on with.
#[test]
fn killed_in_each_step_of_a_revocation() {
    let customers = [customer(1, &[APP, OTHER]), customer(2, &[APP])];
    let (mut at, mut ended) = (0, 0);
    loop {
        at += 1;
        let (folder, world) = (Folder::new(), world(&customers, json!([])));
        let list = folder.write("list.csv", list_of((1..=2).map(id)));
        let more = ["--revoke-consent", APP, "--revoke-consent", OTHER, "--concurrency", "1"];
        if !world.kills_after(at, &mut folder.run_command(&world, &list, &more)) {
            break;
        }
        let resume = ["resume", "--yes", "--rate", "600000"];
        let done = Done::of(&folder.against(&world, &resume).output().unwrap());
        // A revocation whose answer the program did not live to see is not known, and the customer stays.
        for (end, n) in folder.ends().iter().zip(1..) {
            assert!(["removed", "unknown: answer_lost"].contains(&&**end), "{at}: {end}");
            assert_eq!(end == "removed", world.removed().contains(&id(n)), "{at}");
        }
        for n in [1, 2] {
            let deletes = sent(&world, n).iter().filter(|(method, _)| method == "DELETE").count();
            assert!(deletes <= 2, "{at}: none is sent twice");
        }
        ended += u32::from(done.code == 0 && !folder.ends().is_empty());
    }
    assert!(at > 8 && ended > 3, "{at} {ended}");
}

#[test]
fn it_belongs_to_removals_and_names_an_application() {
    let (folder, world) = (Folder::new(), world(&[customer(1, &[APP])], json!([])));
    let refused = run(&folder, &world, 1, &["--revoke-consent", "my app"]).exits(2);
    assert!(refused.err.contains("an application's ID is a GUID"), "{}", refused.err);
    let more = ["--revoke-consent", APP, "--procedure", "cancel-at-term-end"];
    let refused = run(&folder, &world, 1, &more).exits(2);
    assert!(refused.err.contains("`--revoke-consent` means nothing"), "{}", refused.err);
}
