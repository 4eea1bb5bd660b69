//! `offboard customers`: all the partner's customers as a list, which is read again as it was written.

use crate::support::{Done, Folder, PARTNER, PARTNER_NAME, World, id};
use calamine::{Reader as _, Xlsx, open_workbook};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, process::Command};

/// What customers can be called.
const NAMES: [&str; 9] = [
    "=cmd|' /C calc'!A0",
    "Say \"hi\"; or, not",
    "Two\nlines\tand a tab",
    "שלום \u{202e}fdp.exe",
    "\u{1b}[2J\u{1b}]0;owned\u{7}Cleared",
    "-2+3 = five",
    "_x000D_ Ltd",
    "Sørensen\u{200b} Åkeri\u{ad} AB",
    "@SUM(A1)",
];

const HEADINGS: [&str; 8] = [
    "Microsoft ID",
    "Company name",
    "Primary domain name",
    "relationship",
    "reseller_mpn_id",
    "reseller_name",
    "seats",
    "seats_read_at",
];

/// Customers with such names, one whose name is a whole row of a list, and two of another relationship.
fn world() -> World {
    let row = format!("Inside\n\"{}\",\"Somebody\",\"x.example\",\"reseller\",\"\",\"\",\"\",\"\"", id(99));
    let names = NAMES.iter().map(|name| (*name).to_owned()).chain([row]);
    let mut customers: Vec<Value> = (1..)
        .zip(names)
        .map(|(n, name)| {
            let quantity = json!([{ "kind": "legacy", "status": "suspended", "quantity": n * 10 }]);
            json!({ "id": id(n).to_string(), "name": name, "domain": format!("c-{n}.example"),
                "subscriptions": quantity, "reseller": if n == 2 { json!("5200011") } else { Value::Null } })
        })
        .collect();
    customers.push(json!({ "id": id(11).to_string(), "name": "Advised", "relationship": "advisor" }));
    customers.push(json!({ "id": id(12).to_string(), "name": "Advised too", "relationship": "advisor" }));
    World::of(&json!({ "customers": customers, "paging": { "default_size": 5, "max_size": 5 },
        "resellers": [{ "mpn_id": "5200011", "name": "=Blue Harbor" }] }))
}

fn command(folder: &Folder, world: &World, more: &[&str]) -> Command {
    folder.against(world, &[&["customers", "--rate", "600000"], more].concat())
}

fn customers(folder: &Folder, world: &World, more: &[&str]) -> Done {
    Done::of(&command(folder, world, more).output().unwrap())
}

fn cells(text: &str) -> Vec<Vec<String>> {
    let text = text.strip_prefix('\u{feff}').unwrap();
    let mut csv = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    csv.records().map(|record| record.unwrap().iter().map(String::from).collect()).collect()
}

fn in_workbook(folder: &Folder, name: &str) -> Vec<Vec<String>> {
    let mut book: Xlsx<_> = open_workbook(folder.path(name)).unwrap();
    let sheet = book.sheet_names().remove(0);
    assert!(book.worksheet_formula(&sheet).unwrap().used_cells().all(|(.., formula)| formula.is_empty()));
    let range = book.worksheet_range(&sheet).unwrap();
    range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

/// What becomes of this list, when it is checked and planned as it is.
fn planned(folder: &Folder, world: &World, list: &str) -> Vec<String> {
    let checked = folder.offboard(&["check", list]).exits(0);
    assert!(checked.out.contains("12 rows: 12 customers, 0 duplicates, 0 not valid"), "{}", checked.out);
    let arguments = ["plan", list, "--rate", "600000", "--settle", "1", "--max-share", "100"];
    Done::of(&folder.against(world, &arguments).output().unwrap()).exits(0);
    folder.ends()
}

#[test]
fn what_is_written_goes_straight_into_check_and_plan() {
    for name in ["all.csv", "all.xlsx"] {
        let (folder, world) = (Folder::new(), world());
        let done = customers(&folder, &world, &["--out", name]).exits(0);
        let said = format!("{name}: 12 customers of {PARTNER_NAME} ({PARTNER}): 2 advisor, 10 reseller\n");
        assert!(done.err.contains(&said) && done.err.contains("`--max-share`"), "{}", done.err);
        assert!(done.err.contains("The seats of 0 of them are known"), "{}", done.err);
        assert!(done.err.ends_with(&format!("\nNext:\n  offboard check {name}\n")), "{}", done.err);
        assert_eq!(done.out, "");
        let rows = if name.ends_with("csv") {
            cells(&fs::read_to_string(folder.path(name)).unwrap())
        } else {
            in_workbook(&folder, name)
        };
        assert_eq!((&rows[0][..], rows.len()), (&HEADINGS.map(String::from)[..], 13));
        let ids: BTreeSet<_> = rows[1..].iter().map(|row| row[0].clone()).collect();
        assert_eq!(ids, (1..=12).map(|n| id(n).to_string()).collect());
        let ends = planned(&folder, &world, name);
        let expected = rows[1..].iter().map(|row| match &*row[3] {
            "advisor" => "skipped: not_a_reseller_customer",
            _ => "ready",
        });
        assert_eq!(ends, expected.collect::<Vec<_>>());
        assert_eq!(world.changes().len(), 0);
    }
}

#[test]
fn nothing_in_a_list_acts_moves_or_hides() {
    let (folder, world) = (Folder::new(), world());
    for name in ["all.csv", "all.xlsx"] {
        customers(&folder, &world, &["--out", name]).exits(0);
    }
    let text = fs::read_to_string(folder.path("all.csv")).unwrap();
    let of_csv = cells(&text);
    let of_book = in_workbook(&folder, "all.xlsx");
    for (row, in_book) in of_csv.iter().zip(&of_book) {
        for (cell, in_book) in row.iter().zip(in_book) {
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
            assert_eq!(cell.replace('\'', ""), in_book.replace('\'', ""));
            let moves = |c: char| c.is_control() || matches!(c, '\u{202e}' | '\u{200b}' | '\u{ad}');
            assert!(!cell.contains(moves) && !in_book.contains(moves), "{cell:?} {in_book:?}");
        }
    }
    let names: Vec<_> = of_book[1..8].iter().map(|row| &*row[1]).collect();
    assert_eq!(names[..3], [NAMES[0], NAMES[1], "Two lines and a tab"]);
    assert_eq!(names[6], NAMES[6]);
    assert_eq!(text.lines().count(), 13, "no name breaks a line");
}

#[test]
fn seats_and_resellers_are_those_that_were_really_read_last() {
    let (folder, world) = (Folder::new(), world());
    let known = |name: &str| -> Vec<[String; 4]> {
        customers(&folder, &world, &["--out", name]).exits(0);
        let rows = cells(&fs::read_to_string(folder.path(name)).unwrap());
        rows[1..].iter().map(|row| [4, 5, 6, 7].map(|at| row[at].clone())).collect()
    };
    // What a rehearsal plays is no customer's.
    known("first.csv");
    let rehearse = [
        "run",
        "first.csv",
        "--rehearse",
        "--yes",
        "--rate",
        "600000",
        "--settle",
        "1",
        "--max-share",
        "100",
    ];
    let rehearsed = Done::of(&folder.against(&world, &rehearse).output().unwrap());
    assert!([0, 3].contains(&rehearsed.code), "{}", rehearsed.err);
    let nothing = ["", "", "", ""].map(String::from);
    assert!(known("second.csv").iter().all(|row| *row == nothing));
    planned(&folder, &world, "first.csv");
    let rows = known("third.csv");
    assert_eq!(rows[0][..3], ["", "", "10"]);
    assert_eq!(rows[1][..3], ["5200011", "'=Blue Harbor", "20"]);
    assert!(rows[..10].iter().all(|row| row[3].ends_with('Z') && row[3].len() == 24), "{rows:?}");
    assert!(rows[10..].iter().all(|row| *row == nothing), "nothing of them was read: {rows:?}");
    let told = customers(&folder, &world, &["--out", "fourth.xlsx", "--output", "json"]).exits(0);
    let relationships = json!({ "advisor": 2, "reseller": 10 });
    assert_eq!(
        told.json(),
        json!({ "type": "customers", "out": "fourth.xlsx", "customers": 12, "relationships": relationships,
            "with_seats": 10, "partner": { "tenant_id": PARTNER, "name": PARTNER_NAME } })
    );
    assert_eq!(in_workbook(&folder, "fourth.xlsx")[1][6], "10");
    // Another log knows nothing.
    let done = customers(&folder, &world, &["--out", "fifth.csv", "--audit-log", "other.db"]).exits(0);
    assert!(done.err.contains("The seats of 0 of them are known"), "{}", done.err);
}

#[test]
fn whoever_has_no_subscription_has_no_seat_as_soon_as_that_was_read() {
    let only = json!({ "id": id(1).to_string(), "name": "Bare" });
    let (folder, world) = (Folder::new(), World::of(&json!({ "customers": [only] })));
    let seats = |name: &str| {
        customers(&folder, &world, &["--out", name]).exits(0);
        cells(&fs::read_to_string(folder.path(name)).unwrap())[1][6].clone()
    };
    assert_eq!(seats("before.csv"), "");
    let plan = ["plan", "before.csv", "--rate", "600000", "--settle", "1", "--max-share", "100"];
    Done::of(&folder.against(&world, &plan).output().unwrap()).exits(0);
    assert_eq!(seats("after.csv"), "0");
    assert!(folder.report("handover.csv").contains(",\"0\","), "{}", folder.report("handover.csv"));
}

#[test]
fn standard_output_is_the_list_and_nothing_else() {
    let (folder, world) = (Folder::new(), world());
    customers(&folder, &world, &["--out", "all.csv"]).exits(0);
    let done = customers(&folder, &world, &[]).exits(0);
    assert_eq!(done.out, fs::read_to_string(folder.path("all.csv")).unwrap());
    assert!(done.err.starts_with("12 customers of ") && !done.err.contains("Next:"), "{}", done.err);
    assert_eq!(customers(&folder, &world, &["--quiet"]).exits(0).err, "");
    let done = customers(&folder, &world, &["--output", "json"]).exits(2);
    assert!(done.err.contains("`--out`") && done.out.is_empty(), "{}", done.err);
    // Each request is on record, of no run.
    let log = rusqlite::Connection::open(folder.path("audit.db")).unwrap();
    let count = |of: &str| -> i64 {
        log.query_row(&format!("SELECT count(*) FROM requests WHERE {of}"), [], |row| row.get(0)).unwrap()
    };
    assert_eq!(count("run_id IS NULL AND purpose = 'list_customers'"), 3 * 3);
    assert_eq!(count("run_id IS NOT NULL"), 0);
    folder.offboard(&["verify"]).exits(8);
}

#[test]
fn nothing_is_overwritten_and_what_cannot_be_written_is_said_first() {
    let (folder, world) = (Folder::new(), world());
    folder.write("mine.csv", "mine");
    for (out, said) in [
        ("mine.csv", "nothing is overwritten"),
        ("list.xls", "give it a name with .csv or .xlsx"),
        ("list", "give it a name with .csv or .xlsx"),
        ("no/such/folder.csv", "cannot write the list `no/such/folder.csv`"),
    ] {
        let done = customers(&folder, &world, &["--out", out]).exits(2);
        assert!(done.err.contains(said) && done.out.is_empty(), "{}", done.err);
    }
    assert_eq!(fs::read_to_string(folder.path("mine.csv")).unwrap(), "mine");
    assert!(world.received().is_empty() && !folder.path("audit.db").exists());
}

#[test]
fn half_a_list_is_none() {
    // The second page and those after it.
    let refused = json!({ "kind": "answer", "status": 403, "code": 1002 });
    let world =
        World::of(&json!({ "generated": { "count": 12 }, "paging": { "default_size": 5, "max_size": 5 },
        "faults": [{ "on": "list", "skip": 1, "times": 0, "do": refused }] }));
    let folder = Folder::new();
    let done = customers(&folder, &world, &[]);
    assert!(done.code == 5 && done.out.is_empty(), "{done:?}");
    // It is the page that was refused: the account was given the one before.
    let log = rusqlite::Connection::open(folder.path("audit.db")).unwrap();
    let of_page =
        "SELECT request_id FROM requests WHERE purpose = 'list_customers' ORDER BY seq DESC LIMIT 1";
    let id: String = log.query_row(of_page, [], |row| row.get(0)).unwrap();
    for part in ["page 2 of the list of customers was refused", "status 403, code 1002", &*id, "Try again"] {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }
    assert!(!done.err.contains("account itself") && !done.err.contains("indirect"), "{}", done.err);
    for out in ["half.csv", "half.xlsx"] {
        let done = customers(&folder, &world, &["--out", out]).exits(5);
        assert!(!done.err.contains("Next:"), "{}", done.err);
    }
    let other = PARTNER.replace('3', "4");
    let done = customers(&folder, &world, &["--out", "half.csv", "--partner-tenant", &other]).exits(4);
    assert!(done.err.contains("not the one that `--partner-tenant` names"), "{}", done.err);
    let left: Vec<_> = folder.all_files().into_iter().map(|(path, _)| path).collect();
    let is_of_a_list = |path: &std::path::PathBuf| {
        path.extension().is_some_and(|ending| ["csv", "xlsx", "tmp"].iter().any(|one| ending == *one))
            || path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".tmp"))
    };
    assert!(!left.iter().any(is_of_a_list), "{left:?}");
}
