//! `offboard match`: IDs for a list of domains or names.

use crate::support::{Done, Folder, PARTNER, World, id, key};
use calamine::{Reader as _, Xlsx, open_workbook};
use offboard::{audit::Store, domain::Time};
use serde_json::{Value, json};

fn world() -> World {
    let customer =
        |n: u32, name: &str, domain: &str| json!({ "id": id(n).to_string(), "name": name, "domain": domain });
    World::of(&json!({ "customers": [
        customer(1, "Adatum Ltd.", "adatum.example"),
        customer(2, "Bellows", "bellows.example"),
        customer(3, "Bellows", "bellows-2.example"),
        customer(4, "=cmd()", "contoso.example"),
    ] }))
}

fn matched(folder: &Folder, world: &World, more: &[&str]) -> Done {
    let arguments = [&["match", "list.csv", "--out", "new.csv", "--rate", "600000"], more].concat();
    Done::of(&folder.against(world, &arguments).output().unwrap())
}

fn new_list(folder: &Folder) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(folder.path("new.csv")).unwrap();
    let mut csv = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    csv.records().map(|record| record.unwrap().iter().map(String::from).collect()).collect()
}

const LIST: &str = "Note;Company name;Domain\r\n\
    first;ADATUM LTD;adatum.example\r\n;Bellows;\r\n;;bellows-2.example\r\n;Adatum;bellows.example\r\n;;contoso.example\r\n";

#[test]
fn rows_get_the_ids_of_those_whom_they_can_only_mean() {
    let (folder, world) = (Folder::new(), world());
    folder.write("list.csv", LIST);
    let done = matched(&folder, &world, &[]).exits(3);
    assert!(
        done.out.contains("3 of 5 rows matched (1 by domain and name, 2 by domain), 2 not"),
        "{}",
        done.out
    );
    assert!(done.err.ends_with("\nNext:\n  offboard check new.csv\n"), "{}", done.err);
    let rows = new_list(&folder);
    assert_eq!(
        rows[0],
        [
            "Note",
            "Company name",
            "Domain",
            "customer_tenant_id",
            "matched_by",
            "matched_name",
            "matched_domain",
            "match_remark"
        ]
    );
    let id = |n| id(n).to_string();
    assert_eq!(
        rows[1],
        [
            "first",
            "ADATUM LTD",
            "adatum.example",
            &id(1),
            "domain and name",
            "Adatum Ltd.",
            "adatum.example",
            ""
        ]
    );
    assert_eq!(rows[2][3..], ["", "nothing", "", "", "2 customers have this name"]);
    assert_eq!(rows[3][3..5], [id(3), "domain".to_owned()]);
    assert_eq!(rows[4][3..5], ["", "nothing"]);
    assert!(rows[4][7].starts_with("the domain is that of Bellows"), "{:?}", rows[4]);
    assert_eq!(rows[5][3..6], [id(4), "domain".to_owned(), "'=cmd()".to_owned()]);
    assert!(world.changes().is_empty());
    // The requests are on record, of no run.
    let log = rusqlite::Connection::open(folder.path("audit.db")).unwrap();
    let (requests, runs): (i64, i64) = log
        .query_row(
            "SELECT (SELECT count(*) FROM requests WHERE run_id IS NULL), (SELECT count(*) FROM runs)",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert!(requests >= 2 && runs == 0, "{requests} {runs}");
    folder.offboard(&["verify"]).exits(8);
    // What has no ID is said, and what has one is a list.
    let checked = folder.offboard(&["check", "new.csv"]).exits(2);
    assert!(checked.out.contains("5 rows: 3 customers, 0 duplicates, 2 not valid"), "{}", checked.out);
    let json: Value = serde_json::from_str(&{
        std::fs::remove_file(folder.path("new.csv")).unwrap();
        matched(&folder, &world, &["--output", "json"]).exits(3).out
    })
    .unwrap();
    assert_eq!((json["rows"].clone(), json["matched"].clone()), (json!(5), json!(3)));
}

#[test]
fn nothing_is_overwritten_and_nothing_is_written_by_half() {
    let (folder, world) = (Folder::new(), world());
    folder.write("list.csv", LIST);
    folder.write("new.csv", "mine");
    let done = matched(&folder, &world, &[]).exits(2);
    assert!(done.err.contains("nothing is overwritten"), "{}", done.err);
    assert_eq!(std::fs::read_to_string(folder.path("new.csv")).unwrap(), "mine");
    assert!(!folder.path("audit.db").exists());
    std::fs::remove_file(folder.path("new.csv")).unwrap();
    // Another account, and an account that cannot be read.
    let other = PARTNER.replace('3', "4");
    matched(&folder, &world, &["--partner-tenant", &other]).exits(4);
    folder.write("list.csv", format!("Tenant ID,Name\n{},A\n", id(1)));
    let done = matched(&folder, &world, &[]).exits(2);
    assert!(done.err.contains("the list has a column of IDs, `Tenant ID`"), "{}", done.err);
    folder.write("list.csv", "a,b\n1,2\n");
    let done = matched(&folder, &world, &[]).exits(2);
    assert!(done.err.contains("--name-column"), "{}", done.err);
    assert!(!folder.path("new.csv").exists());
}

#[test]
fn a_workbook_is_written_and_read_again() {
    let (folder, world) = (Folder::new(), world());
    folder.write(
        "list.csv",
        "Note;Company name;Domain\r\n=own note;;contoso.example\r\n\"two\nlines\";Adatum Ltd;\r\n",
    );
    Done::of(&folder.against(&world, &["match", "list.csv", "--out", "new.xlsx"]).output().unwrap()).exits(0);
    let checked = folder.offboard(&["check", "new.xlsx"]).exits(0);
    assert!(checked.out.contains("2 rows: 2 customers, 0 duplicates, 0 not valid"), "{}", checked.out);
    let mut book: Xlsx<_> = open_workbook(folder.path("new.xlsx")).unwrap();
    let sheet = book.worksheet_range_at(0).unwrap().unwrap();
    let column = |at: usize| sheet.rows().map(|row| row[at].to_string()).collect::<Vec<_>>();
    assert_eq!(column(0), ["Note", "=own note", "two\nlines"], "the list's own cells stay as they are");
    assert_eq!(column(5), ["matched_name", "=cmd()", "Adatum Ltd."]);
    let done =
        Done::of(&folder.against(&world, &["match", "list.csv", "--out", "new.ods"]).output().unwrap());
    assert!(done.exits(2).err.contains(".csv or .xlsx"));
}

#[test]
fn it_is_never_done_while_a_run_writes_the_log() {
    let (folder, world) = (Folder::new(), world());
    folder.write("list.csv", LIST);
    let held = Store::open(&folder.path("audit.db"), Time::from_millis(0), &[1; 16], &key()).unwrap();
    let done = matched(&folder, &world, &[]).exits(6);
    drop(held);
    assert!(!folder.path("new.csv").exists(), "{}", done.err);
    assert!(world.received().is_empty());
}
