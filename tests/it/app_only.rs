//! `--app-only`: an app signs in by itself, where the service allows it.

use crate::support::{Done, Folder, PARTNER, World, evidence::Question, id, list_of, signing_in::APP};
use serde_json::{Value, json};
use std::process::Command;

const SECRET: &str = "the+secret/of~the!app-91b7";

fn world() -> World {
    let licence = json!({ "kind": "new_commerce", "ends": "2099-03-04", "quantity": 3 });
    let customers = json!([
        { "id": id(1).to_string(), "subscriptions": [licence], "delegated_admin": [{ "name": "Helpdesk" }] },
        { "id": id(2).to_string() },
    ]);
    World::of(&json!({ "customers": customers, "generated": { "count": 20 },
        "sign_in": { "client_id": APP, "client_secret": SECRET } }))
}

/// The command, with an app's secret instead of any token.
fn alone(command: &mut Command) -> Done {
    command
        .env_remove("OFFBOARD_ACCESS_TOKEN")
        .env("OFFBOARD_TENANT_ID", PARTNER)
        .env("OFFBOARD_CLIENT_ID", APP)
        .env("OFFBOARD_CLIENT_SECRET", SECRET);
    Done::of(&command.output().unwrap())
}

fn run(folder: &Folder, world: &World, more: &[&str]) -> Done {
    let list = folder.write("list.csv", list_of([id(1), id(2)]));
    let more: Vec<&str> = more.iter().chain(&["--app-only"]).copied().collect();
    alone(&mut folder.run_command(world, &list, &more))
}

fn plan(folder: &Folder, world: &World, more: &[&str]) -> Done {
    folder.write("list.csv", list_of([id(1), id(2)]));
    let arguments = ["plan", "list.csv", "--app-only", "--rate", "600000", "--max-share", "100"];
    alone(&mut folder.against(world, &[&arguments[..], more].concat()))
}

#[test]
fn an_app_plans_schedules_and_ends_delegated_administration() {
    let (folder, world) = (Folder::new(), world());
    plan(&folder, &world, &[]).exits(0);
    assert_eq!(folder.ends(), ["skipped: active_subscription", "ready"]);
    run(&folder, &world, &["--procedure", "cancel-at-term-end"]).exits(0);
    assert_eq!(folder.ends(), ["scheduled", "already_scheduled"]);
    run(&folder, &world, &["--procedure", "end-delegated-admin"]).exits(0);
    assert_eq!(folder.ends(), ["ended", "already_ended"]);
    // No profile was read, which no app can, and each service got a token of its own.
    assert!(world.received().iter().all(|received| !received.target.contains("/profiles/")));
    let summary: Value = serde_json::from_str(&folder.report("summary.json")).unwrap();
    assert_eq!(
        (&summary["partner"]["tenant_id"], &summary["partner"]["name"]),
        (&json!(PARTNER), &json!(PARTNER))
    );
    let sources: Vec<_> = folder
        .requests()
        .into_iter()
        .filter(|line| line.purpose.as_deref() == Some("sign_in"))
        .filter_map(|line| line.request_body)
        .map(|body| String::from_utf8_lossy(body.as_ref()).into_owned())
        .collect();
    // Of a form only the names and the lengths are kept: one that asks for Graph has another scope.
    assert!(
        sources.iter().all(|body| body.contains("client_secret=") && !body.contains("refresh_token")),
        "{sources:?}"
    );
    assert!(sources.iter().any(|body| *body != sources[0]), "{sources:?}");
    assert_eq!(Question::new(folder.path("audit.db")).answer(), 8);
}

#[test]
fn a_removal_needs_a_user_and_an_account_must_be_named() {
    let (folder, world) = (Folder::new(), world());
    let refused = run(&folder, &world, &[]).exits(2);
    assert!(refused.err.contains("Partner Center lets only a user end a relationship"), "{}", refused.err);
    plan(&folder, &world, &[]).exits(0);
    let planned =
        folder.path("reports").join(folder.latest().as_str()).join("plan.json").display().to_string();
    let refused = alone(&mut folder.against(&world, &["apply", &planned, "--yes", "--app-only"])).exits(2);
    assert!(refused.err.contains("Partner Center lets only a user end a relationship"), "{}", refused.err);
    assert!(world.changes().is_empty());
    // Nobody can read whose account it is.
    let mut command = folder.against(&world, &["plan", "list.csv", "--app-only"]);
    let refused = alone(command.env_remove("OFFBOARD_PARTNER_TENANT")).exits(2);
    assert!(refused.err.contains("needs `--partner-tenant`"), "{}", refused.err);
    let mut command = folder.against(&world, &["plan", "list.csv", "--app-only"]);
    let other = "4d4d4d4d-4444-4555-8666-777777777777";
    let refused = alone(command.env("OFFBOARD_PARTNER_TENANT", other)).exits(4);
    assert!(refused.err.contains(other), "{}", refused.err);
    let mut command = folder.against(&world, &["plan", "list.csv", "--app-only"]);
    command.env("OFFBOARD_CLIENT_ID", APP).env_remove("OFFBOARD_ACCESS_TOKEN");
    let refused = Done::of(&command.output().unwrap()).exits(5);
    assert!(refused.err.contains("OFFBOARD_CLIENT_SECRET"), "{}", refused.err);
}
