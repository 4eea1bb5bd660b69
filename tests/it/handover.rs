//! `handover.csv`: what whoever takes over, and the customers themselves, must be told, from the log alone.

use crate::support::{
    Done, Folder, PARTNER, World, id, list_of,
    subscriptions::{subscription, world},
};
use offboard::domain::{Day, Time};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs};

const GRAPH_TOKEN: &str = "cAnArY/of+Microsoft~Graph!-77aa19c2e4";

/// So many days from now.
fn day(days: i64) -> Day {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    Time::from_millis(i64::try_from(now).unwrap()).day().plus_days(days)
}

/// A licence with this number, whose term ends in so many days, and with these fields.
fn licence(n: u32, days: i64, more: Value) -> Value {
    let mut whole = json!({ "kind": "new_commerce", "id": subscription(n), "name": format!("M365 {n}"), "quantity": n,
        "ends": day(days).to_string() });
    whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    whole
}

/// One that is cancelled at its term's end.
fn ending(n: u32, days: i64) -> Value {
    licence(n, days, json!({ "auto_renew": false, "scheduled": [{ "action": "Cancel" }] }))
}

fn customer(n: u32, name: &str, subscriptions: &[Value]) -> Value {
    json!({ "id": id(n).to_string(), "name": name, "domain": format!("c{n}.example"), "subscriptions": subscriptions })
}

/// The lines of the latest run's hand-over list, by their columns.
fn handed_over(folder: &Folder) -> Vec<BTreeMap<String, String>> {
    let text = folder.report("handover.csv");
    let mut csv = csv::Reader::from_reader(text.strip_prefix('\u{feff}').unwrap().as_bytes());
    csv.deserialize().map(Result::unwrap).collect()
}

#[test]
fn each_customer_of_a_removal_has_a_line_with_what_is_still_to_tell() {
    let suspended = json!({ "kind": "legacy", "status": "suspended", "quantity": 7 });
    let customers = [
        customer(1, "Adatum", &[suspended]),
        customer(2, "Bellows", &[licence(20, 60, json!({}))]),
        customer(3, "Contoso", &[ending(30, 60), ending(31, 90)]),
        customer(4, "=cmd|' /C calc'!A0", &[]),
    ];
    let (folder, world) = (Folder::new(), world(&customers, json!([])));
    let list = format!("{}{},again\nnonsense,none\n", list_of((1..=4).map(id)), id(1));
    folder.run(&world, &list, &["--ticket", "CHG-7", "--skip-invalid"]).exits(3);
    let lines = handed_over(&folder);
    let column = |name: &str| lines.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    assert_eq!(column("customer_tenant_id"), [1, 2, 3, 4].map(|n| id(n).to_string()));
    assert_eq!(column("customer_name")[3], "'=cmd|' /C calc'!A0");
    assert_eq!(column("domain")[..2], ["c1.example", "c2.example"]);
    assert_eq!(column("outcome"), ["removed", "skipped", "skipped", "removed"]);
    assert_eq!(column("reasons")[1], "active_subscription");
    let run = folder.latest().to_string();
    for (name, value) in [
        ("run_id", &*run),
        ("ticket", "CHG-7"),
        ("mode", "run"),
        ("delegated_administration", "not looked at"),
    ] {
        assert_eq!(column(name), vec![value; 4], "{name}");
    }
    // The run may have gone on over midnight.
    let ended: Vec<_> = column("relationship_ended_on");
    assert!(ended[1].is_empty() && ended[2].is_empty(), "{ended:?}");
    assert!(
        [day(-1), day(0)].map(|day| day.to_string()).contains(&ended[0]) && ended[3] == ended[0],
        "{ended:?}"
    );
    assert_eq!(column("seats"), ["7", "20", "61", "0"]);
    assert_eq!(column("latest_end"), ["", "", &*day(90).to_string(), ""]);
    assert_eq!(column("removable_from"), ["", "", &*day(91).to_string(), ""]);
    let act_by = &lines[1]["act_by"];
    assert!(!act_by.is_empty() && lines[2]["act_by"].is_empty());
    let subscriptions = column("subscriptions");
    assert!(
        subscriptions[1].starts_with(&format!("M365 20 ({}): active, ", subscription(20))),
        "{subscriptions:?}"
    );
    assert_eq!(subscriptions[2].matches("M365 3").count(), 2);
    let told = column("still_to_tell");
    assert!(told[0].starts_with("This partner is no longer the reseller, and"), "{told:?}");
    assert_eq!(
        told[1],
        format!("Until {act_by}, whatever renews itself or would be extended can still be kept from that.")
    );
    assert!(told[2].starts_with(&format!("From {} it may go,", day(91))), "{told:?}");
    // It is made from the log alone, and is part of what a reviewer is given.
    let before = folder.report("handover.csv");
    folder.offboard(&["report", "--reports", "again"]).exits(0);
    assert_eq!(fs::read_to_string(folder.path("again").join(&run).join("handover.csv")).unwrap(), before);
    folder.offboard(&["log", "export", "evidence"]).exits(0);
    let packed = folder.all_files().into_iter().filter(|(path, _)| path.starts_with(folder.path("evidence")));
    let packed: Vec<_> = packed.filter(|(path, _)| path.ends_with("handover.csv")).collect();
    assert!(packed.len() == 1 && packed[0].1 == before.as_bytes(), "{}", packed.len());
    folder.offboard(&["report", "--reports", "raw", "--csv", "raw"]).exits(0);
    let raw = fs::read_to_string(folder.path("raw").join(&run).join("handover.csv")).unwrap();
    assert!(raw.starts_with("customer_tenant_id,") && raw.contains(",=cmd|"), "{raw}");
}

#[test]
fn what_was_scheduled_ends_on_its_days_and_what_was_not_is_no_promise() {
    let customers = [
        customer(1, "Adatum", &[licence(10, 200, json!({})), licence(11, 100, json!({}))]),
        customer(
            2,
            "Bellows",
            &[licence(21, 100, json!({})), licence(22, 150, json!({ "extends_instead": true }))],
        ),
        customer(3, "Contoso", &[ending(30, 80)]),
    ];
    let (folder, world) = (Folder::new(), world(&customers, json!([])));
    folder.run(&world, &list_of((1..=3).map(id)), &["--procedure", "cancel-at-term-end"]).exits(3);
    let lines = handed_over(&folder);
    let column = |name: &str| lines.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    assert_eq!(column("outcome"), ["scheduled", "failed", "already_scheduled"]);
    let (early, late) = (day(100).to_string(), day(200).to_string());
    assert_eq!(column("ends_with_term_on"), [format!("{early};{late}"), early.clone(), String::new()]);
    // What else they have, this procedure does not look at.
    assert_eq!(column("latest_end")[0], "");
    assert_eq!(column("relationship_ended_on"), ["", "", ""]);
    let told = column("still_to_tell");
    let done =
        |n: u32| format!("ubscription `M365 {n}` ({}) was scheduled to end with its term", subscription(n));
    assert!(
        told[0].starts_with("Each subscription that was scheduled ends for good with its term, and"),
        "{told:?}"
    );
    assert!(told[0].contains(&done(10)) && told[0].contains(&done(11)), "{told:?}");
    assert!(
        told[1].starts_with('S') && told[1].contains(&done(21)) && !told[1].contains(&done(22)),
        "{told:?}"
    );
    assert!(told[2].starts_with("No new-commerce licence goes on after its term"), "{told:?}");
}

#[test]
fn a_plan_promises_nothing_and_what_is_only_played_is_for_nobody() {
    let (folder, world) = (Folder::new(), world(&[customer(1, "Adatum", &[])], json!([])));
    let list = folder.write("list.csv", list_of([id(1)])).display().to_string();
    let pace = ["--rate", "600000", "--settle", "1", "--no-identity-check", "--max-share", "100"];
    let plan = [&["plan", &*list][..], &pace].concat();
    Done::of(&folder.against(&world, &plan).output().unwrap()).exits(0);
    let line = &handed_over(&folder)[0];
    assert_eq!((&*line["mode"], &*line["outcome"], &*line["relationship_ended_on"]), ("plan", "ready", ""));
    let told = "Nothing yet: this was only a plan. Once it is carried out, this is to be told: This partner is no longer";
    assert!(line["still_to_tell"].starts_with(told), "{line:?}");

    let rehearse = [&["run", &*list, "--rehearse", "--yes"][..], &pace].concat();
    let done = Done::of(&folder.against(&world, &rehearse).output().unwrap());
    assert!([0, 3].contains(&done.code), "{}", done.err);
    let line = &handed_over(&folder)[0];
    assert_eq!(line["mode"], "rehearsal");
    assert!(line["still_to_tell"].starts_with("Only simulated, and so for nobody: "), "{line:?}");
    // A sandbox has customers, and nobody behind them.
    let sandbox =
        [&rehearse[..], &["--procedure", "delete-sandbox-customer", "--sandbox-tenant", PARTNER]].concat();
    let done = Done::of(&folder.against(&world, &sandbox).output().unwrap());
    assert!([0, 3].contains(&done.code), "{}", done.err);
    let reports = folder.path("reports").join(folder.latest().as_str());
    assert!(reports.join("customers.csv").exists() && !reports.join("handover.csv").exists());
}

#[test]
fn delegated_administration_is_told_as_far_as_it_was_looked_at() {
    let grant = json!([{ "name": "Helpdesk", "status": "active", "ends": "2099-03-04" }]);
    let customers = [
        json!({ "id": id(1).to_string(), "name": "Adatum", "delegated_admin": grant }),
        json!({ "id": id(2).to_string(), "name": "Bellows" }),
    ];
    let told = |more: &[&str]| {
        let (folder, world) = (
            Folder::new(),
            World::of(
                &json!({ "customers": customers, "generated": { "count": 20 }, "graph_token": GRAPH_TOKEN }),
            ),
        );
        let list = folder.write("list.csv", list_of([id(1), id(2)]));
        let mut command = folder.run_command(&world, &list, more);
        Done::of(&command.env("OFFBOARD_GRAPH_ACCESS_TOKEN", GRAPH_TOKEN).output().unwrap()).exits(0);
        let lines = handed_over(&folder);
        let cells = |name: &str| [0, 1].map(|at: usize| lines[at][name].clone());
        (cells("delegated_administration"), cells("still_to_tell"))
    };
    let (left, _) = told(&[]);
    assert!(left[0].contains("`Helpdesk`") && left[1] == "none", "{left:?}");
    let (left, tell) = told(&["--procedure", "end-delegated-admin"]);
    assert!(
        left[0].starts_with("ended: ") && left[0].contains("`Helpdesk`") && left[1] == "none",
        "{left:?}"
    );
    assert!(tell[0].starts_with("This partner can no longer administer the tenant"), "{tell:?}");
    assert!(tell[1].starts_with("No relationship of delegated administration was left to end"), "{tell:?}");
}
