//! Customers of indirect resellers: shown wherever somebody decides or reads, and taken alone if that is asked for.

use crate::support::{Done, Folder, PARTNER_NAME, Reviewing, World, id, list_of, typed};
use offboard::record::Kind;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs};

/// Three of one reseller, one of another that has no name here, one of none; the last cannot go.
fn world(faults: Value) -> World {
    let of = [Some("5200011"), Some("5200011"), Some("5200011"), Some("5200099"), None];
    let customers: Vec<Value> = (1..=5)
        .zip(of)
        .map(|(n, reseller)| {
            let active = json!([{ "kind": "legacy", "status": "active" }]);
            json!({ "id": id(n).to_string(), "name": format!("Customer {n}"), "reseller": reseller,
                "subscriptions": if n == 3 { active } else { json!([]) } })
        })
        .collect();
    World::of(&json!({
        "resellers": [{ "mpn_id": "5200011", "name": "Blue Harbor" }, { "mpn_id": "5200022", "name": "Copperfield" }],
        "customers": customers, "faults": faults, "generated": { "count": 20, "clean": true },
    }))
}

fn plan(folder: &Folder, world: &World, more: &[&str]) -> Done {
    let list = folder.write("list.csv", list_of((1..=5).map(id))).display().to_string();
    let arguments =
        ["plan", &list, "--rate", "600000", "--settle", "1", "--no-identity-check", "--max-share", "100"];
    Done::of(&folder.against(world, &[&arguments, more].concat()).output().unwrap())
}

/// The cells of these columns of `customers.csv`, row by row.
fn cells(folder: &Folder, names: &[&str]) -> Vec<Vec<String>> {
    let text = folder.report("customers.csv");
    let mut table = csv::Reader::from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = table.headers().unwrap().clone();
    let places: Vec<_> =
        names.iter().map(|name| header.iter().position(|one| one == *name).unwrap()).collect();
    let row = |row: csv::StringRecord| places.iter().map(|place| row[*place].to_owned()).collect();
    table.records().map(|one| row(one.unwrap())).collect()
}

#[test]
fn a_reseller_is_on_every_surface() {
    let (folder, world) = (Folder::new(), world(json!([])));
    let done = plan(&folder, &world, &[]).exits(0);
    let (known, nameless) = ("Blue Harbor (MPN 5200011)", "MPN 5200099");
    let grouped =
        format!("2 resellers below lose customers:\n  {known}: 2 customers\n  {nameless}: 1 customer");
    assert!(done.err.contains(&grouped), "{}", done.err);
    let plan_json: Value = serde_json::from_str(&folder.report("plan.json")).unwrap();
    let resellers: Vec<_> = plan_json["decisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["decision"]["reseller"].clone())
        .collect();
    let blue = json!({ "mpn_id": "5200011", "name": "Blue Harbor" });
    assert_eq!(resellers, [blue.clone(), blue.clone(), blue, json!({ "mpn_id": "5200099" }), Value::Null]);
    let page = folder.report("plan.html");
    assert!(page.contains("<caption>2 resellers below lose customers</caption>"));
    assert_eq!(page.matches(&format!("reseller <bdi>{known}</bdi>")).count(), 3);
    let plan_path = folder.path("reports").join(folder.latest().as_str()).join("plan.json");

    // Whoever approves it.
    let approver = Folder::new();
    let file = approver.write("plan.json", fs::read(&plan_path).unwrap()).display().to_string();
    approver.offboard(&["approve", "--new-key"]).exits(0);
    let digest = plan_json["digest"].as_str().unwrap();
    let done = approver.offboard(&["approve", &file, "--digest", digest]).exits(0);
    assert!(done.out.contains(&grouped) || done.err.contains(&grouped), "{}{}", done.out, done.err);

    let plan_path = plan_path.display().to_string();
    Done::of(&folder.against(&world, &["apply", &plan_path, "--yes"]).output().unwrap()).exits(3);
    assert_eq!(
        cells(&folder, &["outcome", "reseller_mpn_id", "reseller_name"]),
        [
            ["removed", "5200011", "Blue Harbor"],
            ["removed", "5200011", "Blue Harbor"],
            ["skipped", "5200011", "Blue Harbor"],
            ["removed", "5200099", ""],
            ["removed", "", ""],
        ]
    );
    let report = folder.report("report.html");
    assert_eq!(report.matches(&format!("reseller <bdi>{known}</bdi>")).count(), 3);
    assert!(
        report.contains(&format!("<tr><th scope=\"row\"><bdi>{known}</bdi></th><td class=\"n\">2</td></tr>"))
    );
    let review = Reviewing::start(&folder, &[]);
    let customer = review.page(&format!("/run/{}/customer/2", folder.latest()));
    assert!(
        customer.contains(&format!("<dt>Indirect reseller</dt><dd><bdi>{known}</bdi></dd>")),
        "{customer}"
    );
    folder.offboard(&["verify"]).exits(8);
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn whoever_confirms_is_told_with_the_question() {
    let (folder, world) = (Folder::new(), world(json!([])));
    let list = folder.write("list.csv", list_of([id(1), id(2), id(4)])).display().to_string();
    let mut command =
        folder.against(&world, &["run", &list, "--rate", "600000", "--settle", "1", "--ticket", "T-1"]);
    let done = Done::of(&typed(&mut command, &format!("{PARTNER_NAME} 3\n"))).exits(0);
    let question = done.err.split("about to end the reseller relationship").nth(1).unwrap();
    for part in [
        "2 resellers below lose customers:",
        "Blue Harbor (MPN 5200011): 2 customers",
        "MPN 5200099: 1 customer",
    ] {
        assert_eq!(question.matches(part).count(), 1, "{part}: {}", done.err);
    }
}

#[test]
fn only_the_customers_of_a_reseller_that_is_named_are_touched() {
    let (folder, world) = (Folder::new(), world(json!([])));
    folder.run(&world, &list_of((1..=5).map(id)), &["--only-reseller", "5200011"]).exits(3);
    let other = "skipped: other_reseller";
    assert_eq!(folder.ends(), ["removed", "removed", "skipped: active_subscription", other, other]);
    let removed = |world: &World| world.removed().into_iter().collect::<BTreeSet<_>>();
    assert_eq!(removed(&world), BTreeSet::from([id(1), id(2)]));
    let told = folder.explanations();
    assert!(told[3].contains("reseller: MPN 5200099") && told[4].contains("reseller: none"), "{told:?}");
    // Nothing that the others have is read.
    for n in [4, 5] {
        let path = format!("/v1/customers/{}/", id(n));
        assert!(!world.received().iter().any(|received| received.target.starts_with(&path)));
    }
    let opened = folder.reader().events(&folder.latest(), &[Kind::RunOpened]).unwrap();
    let opened = serde_json::to_value(&opened[0].1.event).unwrap();
    assert_eq!(opened["policy"]["only_reseller"], json!(["5200011"]));
    let planned: Value = serde_json::from_str(&folder.report("plan.json")).unwrap();
    assert_eq!(planned["limits"]["only_reseller"], json!({ "value": "5200011", "origin": "option" }));
    folder.offboard(&["verify"]).exits(8);

    // Of two, and from a file.
    let folder = Folder::new();
    folder.write("offboard.toml", "only_reseller = [\"5200099\", \"5200011\"]\n");
    plan(&folder, &self::world(json!([])), &[]).exits(0);
    assert_eq!(folder.ends(), ["ready", "ready", "skipped: active_subscription", "ready", other]);
    let done =
        Folder::new().run(&self::world(json!([])), &list_of([id(1)]), &["--only-reseller", "Blue"]).exits(2);
    assert!(done.err.contains("an MPN ID is a number"), "{}", done.err);
}

#[test]
fn whoever_has_another_reseller_since_the_plan_stays() {
    // When the plan is made, the fourth customer is the first reseller's.
    let shown = json!({ "id": id(4).to_string(), "relationshipToPartner": "reseller", "associatedPartnerId": "5200011" });
    let fault = json!({ "on": "customer", "customer": id(4).to_string(),
        "do": { "kind": "answer", "status": 200, "json": shown.to_string() } });
    let (folder, world) = (Folder::new(), world(json!([fault])));
    plan(&folder, &world, &["--only-reseller", "5200011"]).exits(0);
    assert_eq!(folder.ends()[3], "ready");
    let plan = folder.path("reports").join(folder.latest().as_str()).join("plan.json").display().to_string();
    Done::of(&folder.against(&world, &["apply", &plan, "--yes"]).output().unwrap()).exits(3);
    assert_eq!(folder.ends()[3], "skipped: changed_since_plan;other_reseller");
    assert!(!world.removed().contains(&id(4)));
    assert_eq!(world.removed().len(), 2);
}

#[test]
fn a_partner_without_resellers_pays_one_request_a_run_for_it() {
    let refused = |status: u16, code: u32| json!([{ "on": "resellers", "times": 0, "do": { "kind": "answer", "status": status, "code": code } }]);
    for faults in [json!([]), refused(403, 1002), refused(401, 1002), refused(404, 1000)] {
        let customers: Vec<_> = (1..=3).map(|n| json!({ "id": id(n).to_string() })).collect();
        let world = World::of(&json!({ "customers": customers, "faults": faults,
            "generated": { "count": 20, "clean": true } }));
        let folder = Folder::new();
        folder.run(&world, &list_of((1..=3).map(id)), &[]).exits(0);
        assert_eq!(cells(&folder, &["reseller_mpn_id"]), vec![vec![String::new()]; 3]);
        let count = |path: &str| world.received().iter().filter(|one| one.target.starts_with(path)).count();
        assert_eq!(count("/v1/relationships"), 1);
    }
}
