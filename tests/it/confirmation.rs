//! The typed confirmation, at a real terminal.

use crate::support::{Done, Folder, PARTNER_NAME, World, id, list_of, typed};
use serde_json::{Value, json};

fn world() -> World {
    let customers: Vec<Value> = (1..=3).map(|n| json!({ "id": id(n).to_string() })).collect();
    World::of(&json!({ "customers": customers, "generated": { "count": 20 } }))
}

fn run(folder: &Folder, world: &World, text: &str) -> Done {
    let list = folder.write("list.csv", list_of((1..=3).map(id)));
    let mut command =
        folder.against(world, &["run", list.to_str().unwrap(), "--rate", "600000", "--ticket", "T-1"]);
    Done::of(&typed(&mut command, text))
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn the_partners_name_and_the_number_let_it_go_on() {
    let (folder, world) = (Folder::new(), world());
    let done = run(&folder, &world, &format!("{PARTNER_NAME} 3\n")).exits(0);
    for part in ["3 of 3 rows are ready", &format!("`{PARTNER_NAME} 3`"), "There is no undo", world.url()] {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }
    assert_eq!(world.removed().len(), 3);
    let log = rusqlite::Connection::open(folder.path("audit.db")).unwrap();
    let confirmed: String = log
        .query_row("SELECT CAST(body AS TEXT) FROM records WHERE kind = 'confirmed'", [], |row| row.get(0))
        .unwrap();
    assert!(confirmed.contains(r#""how":"typed""#) && confirmed.contains(r#""by":"tester ("#), "{confirmed}");
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn anything_else_does_not() {
    for text in ["y\n", "yes\n", "\n", "Fabrikam Demo\n", "Fabrikam Demo 4\n", "3\n"] {
        let (folder, world) = (Folder::new(), world());
        let done = run(&folder, &world, text).exits(4);
        assert!(done.err.contains("it was not confirmed"), "{}", done.err);
        assert!(world.changes().is_empty());
        assert_eq!(folder.ends(), ["not_attempted: run_stopped"; 3]);
    }
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn without_a_ticket_it_is_asked_for() {
    let (folder, world) = (Folder::new(), world());
    let list = folder.write("list.csv", list_of((1..=3).map(id)));
    let mut command = folder.against(&world, &["run", list.to_str().unwrap(), "--rate", "600000"]);
    Done::of(&typed(&mut command, &format!("CHG-42\n{PARTNER_NAME} 3\n"))).exits(0);
    assert_eq!(folder.reader().find("latest").unwrap().ticket.as_deref(), Some("CHG-42"));
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn whoever_mistypes_may_try_again_twice() {
    let right = format!("{PARTNER_NAME} 3\n");
    for (text, is_allowed) in [
        (format!("Fabrikam Dmeo 3\n{right}"), true),
        (format!("3\nFabrikam 3\n{right}"), true),
        (format!("1\n2\n4\n{right}"), false),
        // Whoever types nothing declines.
        (format!("\n{right}"), false),
    ] {
        let (folder, world) = (Folder::new(), world());
        let done = run(&folder, &world, &text).exits(if is_allowed { 0 } else { 4 });
        assert_eq!(world.removed().len(), if is_allowed { 3 } else { 0 }, "{text}: {}", done.err);
        // What was read was read once.
        let profiles = world.received().iter().filter(|one| one.target.contains("organization")).count();
        assert_eq!(profiles, 1);
    }
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn what_is_to_be_confirmed_can_be_read_before_it_is() {
    let (folder, world) = (Folder::new(), world());
    let done = run(&folder, &world, "\n").exits(4);
    let reports = folder.path("reports").join(folder.latest().as_str());
    let (told, asked) = (done.err.find("plan.html").unwrap(), done.err.find("To go on, type").unwrap());
    assert!(told < asked, "{}", done.err);
    let page = std::fs::read_to_string(reports.join("plan.html")).unwrap();
    for part in
        ["T-1", "tester", "list.csv", PARTNER_NAME, &id(3).to_string(), "--max-removals 500 (default)"]
    {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("<script") && !page.contains("<details"), "every name can be searched for");
    let mut book: calamine::Xlsx<_> = calamine::open_workbook(reports.join("plan.xlsx")).unwrap();
    let sheet = calamine::Reader::worksheet_range(&mut book, "Customers").unwrap();
    assert_eq!(sheet.height(), 4);
}
