//! What stops a run before anything is changed, with its exit code.

use crate::support::{Done, Folder, PARTNER_NAME, World, id, list_of};
use offboard::simulator::Scenario;
use serde_json::json;
use std::process::Stdio;

fn world() -> World {
    let customers: Vec<_> = (1..=4).map(|n| json!({ "id": id(n).to_string() })).collect();
    World::of(&json!({ "customers": customers }))
}

#[track_caller]
fn refused(folder: &Folder, world: &World, done: Done, code: i32, says: &str) {
    let done = done.exits(code);
    assert!(done.err.contains(says), "{says}: {}", done.err);
    assert!(world.changes().is_empty());
    if folder.path("audit.db").exists() {
        assert!(folder.counts().keys().all(|outcome| outcome == "not_attempted" || outcome == "open"));
    }
}

#[test]
fn another_partner_account() {
    let (folder, world) = (Folder::new(), world());
    let done = folder.run(&world, &list_of([id(1)]), &["--partner-tenant", &id(9).to_string()]);
    refused(&folder, &world, done, 4, "sign in to the right account");
    assert_eq!(folder.reader().find("latest").unwrap().state.as_str(), "sealed");
    assert_eq!(world.received().len(), 1, "nothing but the profile was read");
}

#[test]
fn too_many_removals() {
    let (folder, world) = (Folder::new(), world());
    let done = folder.run(&world, &list_of((1..=4).map(id)), &["--max-removals", "3"]);
    refused(&folder, &world, done, 4, "`--max-removals`");
}

#[test]
fn a_plan_beyond_its_limits_is_refused_however_often_it_is_gone_on_with() {
    let (folder, world) = (Folder::new(), world());
    // Stopped while it reads, and gone on with: the limits are those of the beginning.
    let held = json!({ "faults": [{ "on": "subscriptions", "skip": 1, "do": { "kind": "answer", "status": 429, "retry_after": "86400" } }] });
    let customers: Vec<_> = (1..=4).map(|n| json!({ "id": id(n).to_string() })).collect();
    let stopping = World::of(&json!({ "customers": customers, "faults": held["faults"] }));
    folder.run(&stopping, &list_of((1..=4).map(id)), &["--max-removals", "3"]).exits(4);
    assert_eq!(folder.reader().find("latest").unwrap().state.as_str(), "interrupted");
    for _ in 0..2 {
        let mut resume = folder.against(&stopping, &["resume", "--yes", "--rate", "600000"]);
        let done = Done::of(&resume.output().unwrap());
        refused(&folder, &stopping, done, 4, "");
    }
    assert_eq!(folder.reader().find("latest").unwrap().state.as_str(), "sealed");
    drop(world);
}

#[test]
fn trouble_of_the_service_before_the_confirmation_can_be_gone_on_with() {
    let refuse = json!([{ "on": "list", "do": { "kind": "answer", "status": 429, "retry_after": "86400" } }]);
    let customers: Vec<_> = (1..=2).map(|n| json!({ "id": id(n).to_string() })).collect();
    let world = World::of(&json!({ "customers": customers, "faults": refuse }));
    let folder = Folder::new();
    let done = folder.run(&world, &list_of((1..=2).map(id)), &[]).exits(4);
    assert!(done.err.contains("offboard resume"), "{}", done.err);
    let mut resume = folder.against(&world, &["resume", "--yes", "--rate", "600000"]);
    Done::of(&resume.output().unwrap()).exits(0);
    assert_eq!(world.removed().len(), 2);
}

#[test]
fn a_listing_that_never_ends_is_not_followed_for_ever() {
    let next = json!({ "uri": "/v1/customers?size=500&seekOperation=Next", "method": "GET",
        "headers": [{ "key": "MS-ContinuationToken", "value": "AAAA" }] });
    for items in [json!([]), json!([{ "id": id(1).to_string(), "relationshipToPartner": "reseller" }])] {
        let page = json!({ "items": items, "links": { "next": next } }).to_string();
        let world = World::of(
            &json!({ "faults": [{ "on": "list", "times": 0, "do": { "kind": "answer", "status": 200, "json": page } }] }),
        );
        let folder = Folder::new();
        let done = folder.run(&world, &list_of([id(1), id(2)]), &[]).exits(4);
        assert!(done.err.contains("without naming anybody new"), "{}", done.err);
        assert!(world.received().len() < 5);
    }
}

#[test]
fn too_large_a_share() {
    let (folder, world) = (Folder::new(), world());
    let done = folder.run(&world, &list_of((1..=3).map(id)), &["--max-share", "50"]);
    refused(&folder, &world, done, 4, "`--max-share`");
}

#[test]
fn a_file_that_says_stop() {
    let customers: Vec<_> = (1..=30).map(|n| json!({ "id": id(n).to_string() })).collect();
    let world = World::of(&json!({ "customers": customers, "latency": { "min_ms": 5, "max_ms": 10 } }));
    let folder = Folder::new();
    let list = folder.write("list.csv", list_of((1..=30).map(id)));
    folder.write("audit.db.stop", "");
    let run = || folder.run_command(&world, &list, &["--concurrency", "2"]);
    let done = Done::of(&run().output().unwrap()).exits(4);
    assert!(done.err.contains("audit.db.stop") && done.err.contains("Nothing was sent"), "{}", done.err);
    assert!(world.received().is_empty());

    // Put there while customers are being removed.
    std::fs::remove_file(folder.path("audit.db.stop")).unwrap();
    let child = run().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while world.changes().len() < 3 {
        std::thread::yield_now();
    }
    folder.write("audit.db.stop", "");
    let done = Done::of(&child.wait_with_output().unwrap()).exits(4);
    assert!(done.err.contains("says stop") && done.err.contains("offboard resume"), "{}", done.err);
    let sent = world.changes().len();
    assert!(sent < 30);
    // Of what left, every answer is on record; what was about to leave did not.
    let requests = folder.requests();
    let of = |completion: &str| {
        requests.iter().filter(|line| line.completion.as_deref() == Some(completion)).count()
    };
    assert_eq!(of("responded"), world.received().len());
    assert_eq!(of("responded") + of("not_sent"), requests.len());

    let resume = || Done::of(&folder.against(&world, &["resume", "--rate", "600000"]).output().unwrap());
    assert!(resume().exits(4).err.contains("audit.db.stop"));
    assert_eq!(world.changes().len(), sent);
    std::fs::remove_file(folder.path("audit.db.stop")).unwrap();
    resume().exits(0);
    assert_eq!(world.removed().len(), 30);
}

#[test]
fn no_prompt_without_the_partners_tenant() {
    let (folder, world) = (Folder::new(), world());
    let list = folder.write("list.csv", list_of([id(1)]));
    let mut command = folder.run_command(&world, &list, &[]);
    command.env_remove("OFFBOARD_PARTNER_TENANT");
    let done = Done::of(&command.output().unwrap());
    refused(&folder, &world, done, 2, "`--partner-tenant`");
    assert!(world.received().is_empty());
}

#[test]
fn nobody_to_ask() {
    let (folder, world) = (Folder::new(), world());
    let list = folder.write("list.csv", list_of([id(1)]));
    let done = Done::of(&folder.against(&world, &["run", list.to_str().unwrap()]).output().unwrap());
    refused(&folder, &world, done, 4, "no terminal");
    assert!(world.received().is_empty());
}

#[test]
fn rows_that_are_not_valid() {
    let (folder, world) = (Folder::new(), world());
    let done = folder.run(&world, &format!("{}nonsense,x\n", list_of([id(1)])), &[]);
    refused(&folder, &world, done, 2, "row 3");
    assert!(world.received().is_empty());
}

#[test]
fn no_token() {
    let (folder, world) = (Folder::new(), world());
    let list = folder.write("list.csv", list_of([id(1)]));
    let mut command = folder.run_command(&world, &list, &[]);
    command.env_remove("OFFBOARD_ACCESS_TOKEN");
    let done = Done::of(&command.output().unwrap());
    refused(&folder, &world, done, 5, "OFFBOARD_ACCESS_TOKEN");
    assert!(world.received().is_empty());
}

#[test]
fn a_token_that_the_service_does_not_accept() {
    for (code, says) in [(900_420, "audience"), (900_421, "MFA")] {
        let folder = Folder::new();
        let world = World::of(&json!({ "tokens": [{ "token": folder.token(), "refused_with": code }] }));
        let done = folder.run(&world, &list_of([id(1)]), &[]);
        refused(&folder, &world, done, 5, says);
        assert_eq!(world.received().len(), 1, "it is not tried again");
    }
}

#[test]
fn a_plan_changes_nothing() {
    let (folder, world) = (Folder::new(), World::new(Scenario::generated(40, 3)));
    let list = folder.write("list.csv", list_of((0..20).map(|n| offboard::simulator::generated_id(3, n))));
    let command = &mut folder.against(&world, &["plan", list.to_str().unwrap(), "--rate", "600000"]);
    let done = Done::of(&command.output().unwrap()).exits(0);
    assert!(done.err.contains("rows are ready to be removed"), "{}", done.err);
    assert!(world.changes().is_empty());
    let counts = folder.counts();
    assert!(counts.contains_key("ready") && !counts.contains_key("open"), "{counts:?}");
    let plan: serde_json::Value = serde_json::from_str(&folder.report("plan.json")).unwrap();
    assert_eq!(plan["partner"]["name"], PARTNER_NAME);
    assert_eq!(plan["ready"], counts["ready"]);
}

#[test]
fn a_link_that_leads_elsewhere_stops_the_run() {
    let page = json!({ "items": [], "links": { "next": { "uri": "https://elsewhere.example/v1/customers", "method": "GET" } } });
    let world = World::of(
        &json!({ "faults": [{ "on": "list", "do": { "kind": "answer", "status": 200, "json": page.to_string() } }] }),
    );
    let folder = Folder::new();
    let done = folder.run(&world, &list_of([id(1)]), &[]).exits(4);
    assert!(done.err.contains("leads elsewhere"), "{}", done.err);
    assert_eq!(world.received().len(), 2);
}

/// A plan of four customers, made with these options; its folder of reports.
fn planned(folder: &Folder, world: &World, more: &[&str], code: i32) -> (Done, std::path::PathBuf) {
    let list = folder.write("list.csv", list_of((1..=4).map(id))).display().to_string();
    let mut arguments = vec!["plan", &list, "--rate", "600000", "--max-share", "100", "--no-identity-check"];
    arguments.extend(more);
    let done = Done::of(&folder.against(world, &arguments).output().unwrap()).exits(code);
    (done, folder.path("reports").join(folder.latest().as_str()))
}

#[test]
fn a_plan_that_could_not_be_carried_out_says_so_when_it_is_made() {
    let (folder, world) = (Folder::new(), world());
    let (done, reports) = planned(&folder, &world, &["--max-removals", "3"], 4);
    for part in ["`--max-removals 4`", "`--limit 3`"] {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }
    assert!(!done.err.contains("offboard apply"), "{}", done.err);
    assert_eq!(folder.counts()["ready"], 4, "what was read can be read");
    let plan = reports.join("plan.json").display().to_string();
    let approve = Done::of(&folder.command(&["approve", &plan]).output().unwrap()).exits(4);
    assert!(approve.err.contains("--max-removals 4"), "{}", approve.err);
    let apply = Done::of(&folder.against(&world, &["apply", &plan, "--yes"]).output().unwrap()).exits(4);
    assert!(apply.err.contains("--max-removals"), "{}", apply.err);
    assert!(world.changes().is_empty());

    // What allows it is a part of the plan, and of what is signed; and that is obeyed.
    let (_, reports) = planned(&folder, &world, &["--max-removals", "4"], 0);
    let plan = reports.join("plan.json");
    let written: serde_json::Value = serde_json::from_slice(&std::fs::read(&plan).unwrap()).unwrap();
    assert_eq!(written["limits"]["max_removals"], json!({ "value": "4", "origin": "option" }));
    assert!(written["cannot_be_applied"].is_null());
    let plan = plan.display().to_string();
    Done::of(&folder.against(&world, &["apply", &plan, "--yes"]).output().unwrap()).exits(0);
    assert_eq!(world.removed().len(), 4);
}

#[test]
fn a_share_that_is_too_large_says_which_would_do() {
    let (folder, world) = (Folder::new(), world());
    let list = folder.write("list.csv", list_of((1..=4).map(id))).display().to_string();
    let plan = ["plan", &list, "--rate", "600000", "--max-share", "50"];
    let done = Done::of(&folder.against(&world, &plan).output().unwrap()).exits(4);
    assert!(done.err.contains("`--max-share 100`"), "{}", done.err);
    let rehearsal = ["run", &list, "--rehearse", "--yes", "--rate", "600000", "--max-share", "1"];
    let done = Done::of(&folder.against(&world, &rehearsal).output().unwrap()).exits(4);
    assert!(done.err.trim_end().lines().last().unwrap().contains("--max-share "), "{}", done.err);
}

#[test]
fn a_limit_takes_the_first_that_are_ready_and_reads_nobody_after_them() {
    let blocked = json!({ "id": id(1).to_string(),
        "subscriptions": [{ "kind": "legacy", "status": "active", "quantity": 1 }] });
    let others = (2..=5).map(|n| json!({ "id": id(n).to_string() }));
    let customers: Vec<_> = std::iter::once(blocked).chain(others).collect();
    for is_planned_first in [false, true] {
        let world = World::of(&json!({ "customers": customers }));
        let folder = Folder::new();
        let list = folder.write("list.csv", list_of((1..=5).map(id))).display().to_string();
        let common =
            [list.as_str(), "--rate", "600000", "--max-share", "100", "--limit", "2", "--no-identity-check"];
        let run = |command: &[&str]| {
            Done::of(&folder.against(&world, &[command, &common].concat()).output().unwrap())
        };
        if is_planned_first {
            run(&["plan"]).exits(0);
            let plan = folder.path("reports").join(folder.latest().as_str()).join("plan.json");
            let plan = plan.display().to_string();
            Done::of(&folder.against(&world, &["apply", &plan, "--yes"]).output().unwrap()).exits(3);
        } else {
            run(&["run", "--yes"]).exits(3);
        }
        let ends = [
            "skipped: active_subscription",
            "removed",
            "removed",
            "not_attempted: beyond_limit",
            "not_attempted: beyond_limit",
        ];
        assert_eq!(folder.ends(), ends);
        let asked = |n: u32| world.received().iter().any(|one| one.target.contains(&format!("{}/", id(n))));
        assert!(asked(3) && !asked(4) && !asked(5), "nobody is read after the second that is ready");
        let retry = folder.path("reports").join(folder.latest().as_str()).join("retry.csv");
        assert_eq!(std::fs::read_to_string(retry).unwrap().lines().count(), 4);
    }
}
