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
    assert!(
        confirmed.contains(r#""how":"typed""#) && confirmed.contains(r#""by":"tester (uid "#),
        "{confirmed}"
    );
}

#[test]
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
fn without_a_ticket_it_is_asked_for() {
    let (folder, world) = (Folder::new(), world());
    let list = folder.write("list.csv", list_of((1..=3).map(id)));
    let mut command = folder.against(&world, &["run", list.to_str().unwrap(), "--rate", "600000"]);
    Done::of(&typed(&mut command, &format!("CHG-42\n{PARTNER_NAME} 3\n"))).exits(0);
    assert_eq!(folder.reader().find("latest").unwrap().ticket.as_deref(), Some("CHG-42"));
}
