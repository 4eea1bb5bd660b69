//! `offboard status` where one run alone does not say how things are: what others ended, what later runs did, whose customers
//! they are, and which runs do not count.

use crate::{
    status::{cells, file, of, status},
    support::{Done, Folder, PARTNER, PARTNER_NAME, World, id, list_of},
};
use offboard::domain::TenantId;
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path};

const OTHER: &str = "4e4e4e4e-5555-4666-8777-888888888888";
const GRAPH_TOKEN: &str = "cAnArY/of+Microsoft~Graph!-55bb02e9d1";

fn customers(count: u32) -> Vec<Value> {
    (1..=count).map(|n| json!({ "id": id(n).to_string(), "name": format!("Customer No{n}") })).collect()
}

fn world(count: u32) -> World {
    World::of(&json!({ "customers": customers(count), "generated": { "count": 20 } }))
}

/// Another partner, with these customers.
fn other_world(count: u32) -> World {
    World::of(&json!({ "customers": customers(count), "generated": { "count": 20 },
        "partner": { "tenant_id": OTHER, "name": "Somebody Else" } }))
}

fn plan(folder: &Folder, world: &World, customers: impl IntoIterator<Item = TenantId>, more: &[&str]) {
    folder.write("planned.csv", list_of(customers));
    let plan = ["plan", "planned.csv", "--no-identity-check", "--rate", "600000", "--max-share", "100"];
    Done::of(&folder.against(world, &[&plan, more].concat()).output().unwrap()).exits(0);
}

/// The line of this customer in the programme's hand-over list, by its columns.
fn handed_over(folder: &Folder, n: u32) -> BTreeMap<String, String> {
    let mut table = cells(&file(folder, "handover.csv")).into_iter();
    let header = table.next().unwrap();
    let line = table.find(|line| line[0] == id(n).to_string()).unwrap();
    header.into_iter().zip(line).collect()
}

fn ids(path: &Path) -> Vec<String> {
    cells(&fs::read_to_string(path).unwrap())[1..].iter().map(|row| row[0].clone()).collect()
}

#[test]
fn what_somebody_else_ended_is_gone_for_whoever_saw_it_before() {
    let (ours, theirs, world) = (Folder::new(), Folder::new(), world(3));
    plan(&ours, &world, [id(1), id(2)], &[]);
    let seen = ours.latest();
    // Another machine, whose log we do not have.
    theirs.run(&world, &list_of([id(1), id(3)]), &[]).exits(0);
    plan(&ours, &world, [id(1), id(3)], &[]);
    let looked = ours.latest();
    let said = status(&ours, &[], 3);
    let gone = of(&said, 1);
    assert_eq!(
        (&gone["state"], &gone["prospect"], &gone["run_id"], &gone["evidence"]),
        (&json!("already_removed"), &json!("gone"), &json!(looked.to_string()), &Value::Null)
    );
    let told = gone["explanation"].as_str().unwrap();
    assert!(told.starts_with(&format!("It was gone already when run {looked} looked on ")), "{told}");
    assert!(told.contains(&format!("Run {seen} saw it last, on ")), "{told}");
    // Nobody here has ever seen the other one.
    let unknown = of(&said, 3);
    assert_eq!(
        (&unknown["state"], &unknown["prospect"], &unknown["reasons"]),
        (&json!("skipped"), &json!("stays"), &json!(["no_relationship"]))
    );
    assert_eq!(said["counts"], json!({ "already_removed": 1, "ready": 1, "skipped": 1 }));
    assert!(file(&ours, "status.html").contains("It was gone already when run"));
    let line = handed_over(&ours, 1);
    assert_eq!(
        (&*line["outcome"], &*line["run_id"], &*line["still_to_tell"]),
        ("already_removed", looked.as_str(), "The relationship was gone before.")
    );
    assert_eq!(
        (&*handed_over(&ours, 3)["outcome"], &*handed_over(&ours, 3)["still_to_tell"]),
        ("skipped", "Nothing yet.")
    );
    // A list of it alone is done.
    ours.write("one.csv", list_of([id(1)]));
    status(&ours, &["one.csv"], 0);
}

#[test]
fn a_list_is_for_the_partner_of_the_log() {
    let (ours, theirs) = (Folder::new(), Folder::new());
    let (world, other_world) = (world(2), other_world(4));
    plan(&ours, &world, [id(1), id(2)], &[]);
    plan(&theirs, &other_world, [id(3), id(4)], &["--partner-tenant", OTHER]);
    let other = theirs.path("audit.db").display().to_string();
    let done = ours.offboard(&["status", "--also", &other, "--ready", "next.csv"]).exits(3);
    assert_eq!(ids(&ours.path("next.csv")), [id(1).to_string(), id(2).to_string()]);
    let said = format!("2 customers of Somebody Else ({OTHER}) are due as well");
    assert!(done.err.contains(&said) && done.err.contains("offboard plan next.csv"), "{}", done.err);
    let command =
        format!("\n  offboard status --audit-log {other} --also audit.db --ready next-{OTHER}.csv\n");
    assert!(done.err.contains(&command), "{command}: {}", done.err);
    // That command does what it says.
    let theirs_first = format!("next-{OTHER}.csv");
    let again = ["--audit-log", &other, "--also", "audit.db", "--ready", &theirs_first];
    let said = status(&ours, &again, 3);
    assert_eq!(ids(&ours.path(&theirs_first)), [id(3).to_string(), id(4).to_string()]);
    let of_other = json!([{ "tenant_id": PARTNER, "name": PARTNER_NAME, "customers": 2 }]);
    assert_eq!((&said["ready"]["customers"], &said["ready"]["of_other_partners"]), (&json!(2), &of_other));
    // With the list of the first call, and what was said of it.
    ours.write("all.csv", format!("Ref\n{}\n{}\n", id(1), id(3)));
    let listed = ["status", "all.csv", "--column", "Ref", "--also", &other, "--ready", "listed.csv"];
    let done = ours.offboard(&listed).exits(3);
    let command = format!(
        "offboard status all.csv --audit-log {other} --also audit.db --ready listed-{OTHER}.csv --column Ref\n"
    );
    assert!(done.err.contains(&command), "{command}: {}", done.err);
    assert_eq!(ids(&ours.path("listed.csv")), [id(1).to_string()]);
    assert!(done.err.ends_with("\nNext:\n  offboard plan listed.csv --column Ref\n"), "{}", done.err);
}

#[test]
fn a_log_of_several_partners_does_not_say_whose_list_is_meant() {
    let folder = Folder::new();
    let (world, other_world) = (world(1), other_world(2));
    plan(&folder, &world, [id(1)], &[]);
    plan(&folder, &other_world, [id(2)], &["--partner-tenant", OTHER]);
    let reports = folder.path("reports");
    fs::remove_dir_all(&reports).unwrap();
    let refused = folder.offboard(&["status", "--ready", "next.csv"]).exits(2);
    for part in [
        "1 customer of Somebody Else",
        "1 customer of",
        PARTNER_NAME,
        PARTNER,
        OTHER,
        "`audit.db`",
        "Name a list",
    ] {
        assert!(refused.err.contains(part), "{part}: {}", refused.err);
    }
    assert!(!reports.exists() && !folder.path("next.csv").exists());
    folder.write("one.csv", list_of([id(2)]));
    status(&folder, &["one.csv", "--ready", "next.csv"], 3);
    assert_eq!(ids(&folder.path("next.csv")), [id(2).to_string()]);
}

#[test]
fn a_list_that_cannot_be_written_is_told_before_anything_is() {
    let (folder, world) = (Folder::new(), world(1));
    plan(&folder, &world, [id(1)], &[]);
    fs::remove_dir_all(folder.path("reports")).unwrap();
    let refused = folder.offboard(&["status", "--ready", "nowhere/next.csv"]).exits(2);
    assert!(
        refused.err.contains("cannot write the list") && refused.err.contains("next.csv"),
        "{}",
        refused.err
    );
    assert!(!folder.path("reports").exists());
}

#[test]
fn a_run_that_is_not_over_keeps_its_customers_from_the_next_list() {
    let held = json!([{ "on": "remove", "do": { "kind": "answer", "status": 429, "retry_after": "86400" } }]);
    let mut all = customers(3);
    all[1]["faults"] = held;
    let (folder, world) =
        (Folder::new(), World::of(&json!({ "customers": all, "generated": { "count": 20 } })));
    plan(&folder, &world, (1..=3).map(id), &[]);
    folder.run(&world, &list_of([id(1), id(2)]), &["--concurrency", "1"]).exits(4);
    let run = folder.latest();
    let open = of(&status(&folder, &[], 3), 2);
    assert_eq!((&open["is_provisional"], &open["run_id"]), (&json!(true), &json!(run.to_string())));
    let done = folder.offboard(&["status", "--ready", "next.csv"]).exits(3);
    assert!(
        done.out.contains(&format!("Run {run} is not over, and may end otherwise: `offboard resume {run}`.")),
        "{}",
        done.out
    );
    assert_eq!(ids(&folder.path("next.csv")), [id(3).to_string()]);
    assert!(file(&folder, "status.html").contains("provisional: that run is not over"));
}

#[test]
fn runs_in_a_sandbox_do_not_count() {
    let sandbox = World::of(&json!({ "sandbox": true, "customers": customers(1) }));
    let folder = Folder::new();
    let delete = ["--procedure", "delete-sandbox-customer", "--sandbox-tenant", PARTNER];
    folder.run(&sandbox, &list_of([id(1)]), &delete).exits(0);
    let nothing = folder.offboard(&["status"]).exits(2);
    assert!(nothing.err.contains("1 run was made in an integration sandbox"), "{}", nothing.err);
    folder.write("one.csv", list_of([id(1)]));
    let said = status(&folder, &["one.csv"], 3);
    assert_eq!(
        (&said["counts"], said["left_out"].as_array().unwrap().len()),
        (&json!({ "not_tried": 1 }), 1)
    );
}

/// What a removal saw of delegated administration, a later run has ended.
#[test]
fn delegated_administration_is_told_as_it_was_read_or_ended_last() {
    let grants = json!([{ "name": "Helpdesk", "status": "active" }, { "name": "Offer", "status": "approvalPending" },
        { "name": "Draft", "status": "created" }]);
    let customers = [json!({ "id": id(1).to_string(), "name": "Adatum", "delegated_admin": grants })];
    let world = World::of(
        &json!({ "customers": customers, "generated": { "count": 20 }, "graph_token": GRAPH_TOKEN }),
    );
    let folder = Folder::new();
    let run = |more: &[&str], code: i32| {
        let list = folder.write("list.csv", list_of([id(1)]));
        let mut command = folder.run_command(&world, &list, more);
        Done::of(&command.env("OFFBOARD_GRAPH_ACCESS_TOKEN", GRAPH_TOKEN).output().unwrap()).exits(code);
        folder.latest()
    };
    let removal = run(&[], 0);
    let not_approved = |name: &str, line: &BTreeMap<String, String>| {
        let told = line["still_to_tell"].split(". ").find(|part| part.contains(&format!("`{name}`")));
        told.is_some_and(|told| told.contains("was not approved yet when it was read: do not approve it"))
    };
    let of_run = folder.report("handover.csv");
    status(&folder, &[], 0);
    let line = handed_over(&folder, 1);
    assert!(of_run.contains(&*line["still_to_tell"]), "the run says the same: {of_run}");
    assert!(
        line["delegated_administration"].contains("`Helpdesk`")
            && !line["delegated_administration"].contains("run ")
    );
    assert_eq!(
        ["Helpdesk", "Offer", "Draft"].map(|name| not_approved(name, &line)),
        [false, true, true],
        "{line:?}"
    );
    assert!(line["still_to_tell"].starts_with("This partner is no longer the reseller"), "{line:?}");

    let end = run(&["--procedure", "end-delegated-admin"], 3);
    status(&folder, &[], 0);
    let line = handed_over(&folder, 1);
    assert_eq!((&*line["run_id"], &*line["outcome"]), (removal.as_str(), "removed"));
    let told = &line["delegated_administration"];
    assert!(told.starts_with(&format!("run {end} on ")), "{told}");
    for part in
        ["ended: delegated admin relationship `Helpdesk`", "not ended: delegated admin relationship `Offer`"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert_eq!(
        ["Helpdesk", "Offer", "Draft"].map(|name| not_approved(name, &line)),
        [false, true, false],
        "{line:?}"
    );
}

#[test]
fn its_help_says_where_its_files_go() {
    let help = Folder::new().offboard(&["status", "-h"]).exits(0).out;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(help.contains("those of `status` to DIR/status/"), "{help}");
}
