//! What is said to come next, when a run has ended or was left: each command works as it stands.

use crate::support::{
    Done, Folder, World, id, list_of,
    system::{self, quoted},
};
use offboard::audit::Reader;
use serde_json::{Value, json};
use std::path::Path;

/// The commands that are said to come next.
fn next(done: &Done) -> Vec<String> {
    let after = done.err.rsplit_once("\nNext:\n").map(|(_, after)| after).unwrap_or_default();
    let lines = after.lines().map_while(|line| line.strip_prefix("  "));
    lines.map(|line| line.split("  (").next().unwrap_or_default().to_owned()).collect()
}

/// Has a shell carry the command out, as somebody would who copied it.
fn carried_out(folder: &Folder, world: &World, line: &str) -> Done {
    let own = folder.against(world, &[]);
    let mut shell = system::shell(&line.replacen("offboard", env!("CARGO_BIN_EXE_offboard"), 1));
    shell.current_dir(folder.path("")).env_clear();
    shell.envs(own.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Done::of(&shell.output().unwrap())
}

/// The log and the reports where nobody looks for them unless it is said.
const ELSEWHERE: [&str; 4] = ["--audit-log", "the log.db", "--reports", "all reports"];

fn world(more: Value) -> World {
    let customers: Vec<_> = (1..=3).map(|n| json!({ "id": id(n).to_string() })).collect();
    let mut scenario = json!({ "customers": customers });
    scenario.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    World::of(&scenario)
}

fn run(folder: &Folder, world: &World, more: &[&str]) -> Done {
    folder.run(world, &list_of((1..=3).map(id)), &[&ELSEWHERE, more].concat())
}

#[test]
fn a_run_that_removed_everybody_is_compared_later() {
    let (world, folder) = (world(json!({ "activity": {} })), Folder::new());
    let done = run(&folder, &world, &[]).exits(0);
    let [reconcile] = &next(&done)[..] else { panic!("{}", done.err) };
    assert!(reconcile.starts_with("offboard reconcile "), "{reconcile}");
    assert!(reconcile.ends_with(&format!("--audit-log {}", quoted("the log.db"))), "{reconcile}");
    carried_out(&folder, &world, reconcile).exits(0);
    // Standard output is data alone.
    assert!(!done.out.contains("Next:"), "{}", done.out);
    let quiet = Folder::new();
    assert_eq!(next(&run(&quiet, &world, &["--quiet"])), Vec::<String>::new());
}

#[test]
fn an_interrupted_run_is_resumed_where_it_is() {
    // A guard, a network that is gone, and somebody who says stop; also when quiet.
    let refused = json!({ "on": "remove", "times": 2, "do": { "kind": "answer", "status": 400, "code": 900_127, "description": "no" } });
    let lost = json!({ "on": "remove", "times": 0, "do": { "kind": "cut_before_answer" } });
    for (faults, more, code) in [
        (json!([refused]), vec!["--stop-after-failures", "1", "--concurrency", "1"], 4),
        (json!([refused]), vec!["--stop-after-failures", "1", "--concurrency", "1", "--quiet"], 4),
        (json!([lost]), vec!["--canary", "1"], 4),
    ] {
        let (world, folder) = (world(json!({ "faults": faults })), Folder::new());
        let done = run(&folder, &world, &more).exits(code);
        let [resume] = &next(&done)[..] else { panic!("{}", done.err) };
        assert!(resume.starts_with("offboard resume "), "{resume}");
        let places = format!("--audit-log {} --reports {}", quoted("the log.db"), quoted("all reports"));
        assert!(resume.ends_with(&places), "{resume}");
        // It finds the run, and asks; here, nobody can answer.
        let asked = carried_out(&folder, &world, resume).exits(4);
        assert!(asked.err.contains("nobody can confirm"), "{}", asked.err);
    }
}

#[test]
fn what_was_refused_before_it_began_leads_nowhere() {
    let (world, folder) = (world(json!({})), Folder::new());
    let done = run(&folder, &world, &["--max-removals", "1"]).exits(4);
    assert_eq!(next(&done), Vec::<String>::new());
    assert!(done.err.contains("--max-removals"), "{}", done.err);
}

#[test]
fn what_was_left_out_is_tried_again_with_the_same_options() {
    let stands = json!([{ "id": id(2).to_string(), "subscriptions": [{ "kind": "legacy", "status": "active" }] },
        { "id": id(1).to_string() }, { "id": id(3).to_string() }]);
    let (world, folder) = (world(json!({ "customers": stands })), Folder::new());
    let done = run(&folder, &world, &["--allow", "software_purchase", "--suspend-legacy", "--canary", "0"]);
    // With the option nothing stood in the way.
    done.exits(0);
    let folder = Folder::new();
    let world = self::world(json!({ "customers": stands }));
    let done =
        run(&folder, &world, &["--column", "Customer tenant ID", "--allow", "software_purchase"]).exits(3);
    let [retry, reconcile] = &next(&done)[..] else { panic!("{}", done.err) };
    assert!(reconcile.starts_with("offboard reconcile "), "{reconcile}");
    let column = format!(" --column {}", quoted("Customer tenant ID"));
    for part in ["retry.csv", &column, " --max-share 100", " --allow software_purchase"] {
        assert!(retry.contains(part), "{part}: {retry}");
    }
    assert!(!retry.contains("--yes"), "who confirms is asked: {retry}");
    let again = carried_out(&folder, &world, &format!("{retry} --yes")).exits(3);
    assert!(again.err.contains("1 row: 1 customer,"), "{}", again.err);
}

#[test]
fn an_unknown_outcome_is_for_a_person() {
    let lost = json!({ "on": "remove", "times": 0, "do": { "kind": "cut_before_answer" } });
    let blind = json!({ "on": "customer", "times": 0, "do": { "kind": "relationship", "relationship": "something_new" } });
    let customers = json!([{ "id": id(1).to_string(), "faults": [lost, blind] }]);
    let world = World::of(&json!({ "customers": customers, "faults": [crate::support::blind_listing(0)] }));
    let folder = Folder::new();
    let more = [&ELSEWHERE[..], &["--settle", "1"]].concat();
    let done = folder.run(&world, &list_of([id(1)]), &more).exits(3);
    let [resolve, ..] = &next(&done)[..] else { panic!("{}", done.err) };
    assert!(resolve.starts_with(&format!("offboard resolve --customer {}", id(1))), "{resolve}");
    let resolved = carried_out(&folder, &world, resolve).exits(0);
    let report =
        resolved.err.lines().find_map(|line| line.strip_prefix("To have it in the reports: ")).unwrap();
    carried_out(&folder, &world, report).exits(0);
}

#[test]
fn a_plan_is_applied_or_approved_first() {
    let (world, folder) = (world(json!({})), Folder::new());
    folder.write("list.csv", list_of((1..=3).map(id)));
    let plan = |more: &[&str]| {
        let arguments = [
            &["plan", "list.csv", "--max-share", "100", "--rate", "600000", "--no-identity-check"],
            &ELSEWHERE[..],
            more,
        ];
        Done::of(&folder.against(&world, &arguments.concat()).output().unwrap()).exits(0)
    };
    let done = plan(&["--require-approval"]);
    let [read, approve, apply] = &next(&done)[..] else { panic!("{}", done.err) };
    let log = Reader::open(&folder.path("the log.db")).unwrap();
    let run = Path::new("all reports").join(log.find("latest").unwrap().run_id.as_str());
    let file = |name: &str| quoted(&run.join(name).display().to_string());
    assert!(read.starts_with(&format!("read {}, or `plan.xlsx`", file("plan.html"))), "{read}");
    assert_eq!(*approve, format!("offboard approve {}", file("plan.json")));
    assert!(apply.contains(&file("plan.json")) && apply.ends_with(&file("approval.txt")), "{apply}");
    folder.offboard(&["approve", "--new-key"]).exits(0);
    assert!(carried_out(&folder, &world, approve).exits(4).err.contains("--digest"));
    let done = plan(&[]);
    let [_, apply] = &next(&done)[..] else { panic!("{}", done.err) };
    let applied = carried_out(&folder, &world, &format!("{apply} --yes --canary 0 --settle 1"));
    assert!(applied.code == 2, "{}", applied.err);
    let applied = carried_out(&folder, &world, &format!("{apply} --yes --canary 0")).exits(0);
    assert_eq!(world.removed().len(), 3, "{}", applied.err);
    // What is a plan of nothing leads nowhere.
    assert_eq!(next(&plan(&[])), Vec::<String>::new());
}

#[test]
fn what_was_played_is_not_gone_on_with() {
    let folder = Folder::new();
    folder.write("list.csv", list_of((1..=3).map(id)));
    let rehearsal =
        folder.offboard(&["run", "list.csv", "--rehearse", "--yes", "--rate", "600000", "--settle", "1"]);
    assert_eq!(next(&rehearsal), ["the same without `--rehearse`, when you have looked at the reports"]);
    let demo = folder.offboard(&["demo"]).exits(0);
    let [review, verify] = &next(&demo)[..] else { panic!("{}", demo.err) };
    assert_eq!(review, "offboard review");
    carried_out(&folder, &world(json!({})), verify).exits(0);
}
