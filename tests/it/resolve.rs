//! A person settles what the program could not find out.

use crate::support::{Folder, World, id, list_of};
use serde_json::{Value, json};

/// The first customer's removal is lost, and reading it never tells; the second one is removed.
fn unknown() -> (World, Folder) {
    let world = World::of(&json!({ "customers": [
        { "id": id(1).to_string(), "faults": [
            { "on": "remove", "do": { "kind": "cut_before_answer", "effect": false } },
            { "on": "customer", "times": 0, "do": { "kind": "relationship", "relationship": "something_new" } },
        ] },
        { "id": id(2).to_string() },
    ], "faults": [crate::support::blind_listing(2)] }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1), id(2)]), &[]).exits(3);
    assert_eq!(folder.ends(), ["unknown: answer_lost", "removed"]);
    (world, folder)
}

fn resolve(folder: &Folder, more: &[&str]) -> crate::support::Done {
    let customer = id(1).to_string();
    let mut arguments =
        vec!["resolve", "--customer", &customer, "--because", "Seen in Partner Center, screenshot 7"];
    arguments.extend(more);
    folder.offboard(&arguments)
}

#[test]
fn who_when_and_why_are_on_record_and_in_the_reports() {
    let (_world, folder) = unknown();
    let done = resolve(&folder, &["--as", "removed", "--output", "json"]).exits(0).json();
    let resolved = &done["resolved"];
    assert_eq!(resolved["outcome"], "removed");
    assert!(resolved["by"].as_str().unwrap().starts_with("tester"));
    // The program's own advice stays beside it.
    assert!(resolved["advice"].as_str().unwrap().contains("Look at the customer in Partner Center"));

    let line = folder.customers().remove(0);
    assert_eq!(line.outcome.unwrap().as_str(), "removed");
    assert_eq!(line.evidence, None, "nothing that the program saw");
    let explanation = line.explanation.unwrap();
    for part in ["Look at the customer", "Resolved as removed by tester", "screenshot 7"] {
        assert!(explanation.contains(part), "{explanation}");
    }
    folder.offboard(&["report"]).exits(0);
    let summary: Value = serde_json::from_str(&folder.report("summary.json")).unwrap();
    assert_eq!(summary["counts"], json!({ "removed": 2 }));
    assert_eq!(summary["exit_code"], 3, "how the run ended stays as it was");
    assert!(folder.report("report.html").contains("screenshot 7"));
}

#[test]
fn the_last_word_counts_and_the_next_run_knows_it() {
    let (_world, folder) = unknown();
    resolve(&folder, &["--as", "removed"]).exits(0);
    resolve(&folder, &["--as", "not-removed"]).exits(0);
    assert_eq!(folder.ends(), ["failed: answer_lost", "removed"]);
    folder.offboard(&["report"]).exits(0);
    assert!(folder.report("retry.csv").contains(&id(1).to_string()), "it is worth another try");
    assert!(!folder.report("retry.csv").contains(&id(2).to_string()));
    // Partner Center shows it no more, and a person had said that it was removed.
    resolve(&folder, &["--as", "removed"]).exits(0);
    let later = World::of(&json!({ "customers": [{ "id": id(2).to_string() }] }));
    folder.run(&later, &list_of([id(1)]), &[]).exits(0);
    assert_eq!(folder.ends(), ["already_removed"]);
}

#[test]
fn only_an_unknown_outcome_of_a_run_is_resolved() {
    let (_world, folder) = unknown();
    let before = std::fs::read(folder.path("audit.db")).unwrap();
    let of = |customer: u32, run: &str, because: &str| {
        let customer = id(customer).to_string();
        let arguments =
            ["resolve", "--customer", &customer, "--as", "removed", "--because", because, "--run", run];
        folder.offboard(&arguments).exits(2).err
    };
    assert!(of(2, "latest", "x").contains("is removed"));
    assert!(of(3, "latest", "x").contains("is not in the list"));
    assert!(of(1, "1999", "x").contains("offboard runs"));
    assert!(of(1, "latest", " ").contains("say how you know"));
    let nobody = id(3).to_string();
    let none =
        folder.offboard(&["resolve", "--customer", &nobody, "--as", "removed", "--because", "x"]).exits(2);
    assert!(none.err.contains("as unknown"), "{}", none.err);
    assert_eq!(std::fs::read(folder.path("audit.db")).unwrap(), before, "nothing was recorded");
}
