//! What is decided about a list: said with the command and nowhere else, on record, and said wherever somebody looks.

use crate::support::{Done, Folder, PARTNER_NAME, World, id, system::quoted, typed};
use serde_json::{Value, json};
use std::path::PathBuf;

const GAP: &str = "IDENTITY IS NOT CHECKED";

fn world() -> World {
    let customers: Vec<Value> =
        (1..=6).map(|n| json!({ "id": id(n).to_string(), "name": format!("Customer {n}") })).collect();
    World::of(&json!({ "customers": customers, "generated": { "count": 20 } }))
}

/// Six customers, of which a filter hides the second and the fourth.
fn filtered(folder: &Folder) -> PathBuf {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.write_row(0, 0, ["Microsoft ID", "Company name", "Decision"]).unwrap();
    for n in 1..=6 {
        let decision = if n == 2 || n == 4 { "keep" } else { "go" };
        sheet.write_row(n, 0, [id(n).to_string(), format!("Customer {n}"), decision.to_owned()]).unwrap();
    }
    sheet.autofilter(0, 0, 6, 2).unwrap();
    let go = rust_xlsxwriter::FilterCondition::new().add_list_filter("go");
    sheet.filter_column(2, &go).unwrap();
    let path = folder.path("list.xlsx");
    book.save(&path).unwrap();
    path
}

/// What is said, whatever the width of the screen breaks.
fn said(text: &str) -> String {
    text.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

fn opened(folder: &Folder) -> Value {
    let log = rusqlite::Connection::open(folder.path("audit.db")).unwrap();
    let text: String = log
        .query_row(
            "SELECT CAST(body AS TEXT) FROM records WHERE kind = 'run_opened' ORDER BY seq DESC LIMIT 1",
            [],
            |row| row.get(0),
        )
        .unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn hidden_rows_are_left_out_or_taken_as_somebody_says_and_everything_says_so() {
    for (decision, removed, says) in [
        ("skip", 4, "left out, because of `--hidden skip`"),
        ("take", 6, "READ LIKE ALL OTHERS, because of `--hidden take`"),
    ] {
        let (folder, world) = (Folder::new(), world());
        let list = filtered(&folder);
        let list = list.to_str().unwrap();
        let refused =
            Done::of(&folder.against(&world, &["run", list, "--ticket", "T"]).output().unwrap()).exits(2);
        assert!(
            said(&refused.err).contains("2 rows are hidden (by a filter); the first is row 3"),
            "{}",
            refused.err
        );
        assert!(world.changes().is_empty());
        let arguments =
            ["run", list, "--ticket", "T", "--hidden", decision, "--rate", "600000", "--max-share", "100"];
        let done =
            Done::of(&typed(&mut folder.against(&world, &arguments), &format!("{PARTNER_NAME} {removed}\n")));
        let done = done.exits(0);
        assert_eq!(world.removed().len(), removed);
        // At the beginning, with the plan, and in the question.
        let part = format!("2 rows are hidden (by a filter); the first is row 3: {says}.");
        assert_eq!(said(&done.err).matches(&part).count(), 3, "{}", done.err);
        assert!(folder.report("report.html").contains(says), "{says}");
        let reading = &opened(&folder)["input"]["reading"];
        assert_eq!(
            reading["hidden_rows"],
            json!({ "rows": 2, "first": 3, "by_filter": 2, "decided": decision })
        );
        assert_eq!(reading["sheet"], "Sheet1");
        let summary: Value = serde_json::from_str(&folder.report("summary.json")).unwrap();
        assert_eq!(summary["input"]["reading"], *reading);
    }
}

#[test]
fn that_nothing_is_compared_must_be_acknowledged_where_nobody_reads_it() {
    let ids = format!("Customer tenant ID,Note\n{},x\n{},y\n", id(1), id(2));
    let (folder, world) = (Folder::new(), world());
    folder.write("list.csv", &ids);
    let run = |more: &[&str]| {
        let arguments =
            [&["run", "list.csv", "--rate", "600000", "--max-share", "100", "--settle", "1"], more].concat();
        Done::of(&folder.against(&world, &arguments).output().unwrap())
    };
    let refused = run(&["--yes"]).exits(2);
    assert!(
        said(&refused.err).contains(GAP) && refused.err.contains("`--no-identity-check`"),
        "{}",
        refused.err
    );
    assert!(!folder.path("audit.db").exists() && world.changes().is_empty());
    // A rehearsal touches nobody.
    let rehearsed = run(&["--yes", "--rehearse"]);
    assert!(rehearsed.code == 0 || rehearsed.code == 3, "{}", rehearsed.err);
    assert!(said(&rehearsed.err).contains(GAP));
    let done = run(&["--yes", "--no-identity-check"]).exits(0);
    assert!(said(&done.err).contains(GAP), "{}", done.err);
    assert_eq!(opened(&folder)["input"]["reading"]["no_identity_check"], true);
    assert!(folder.report("report.html").contains(GAP));
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
fn somebody_who_types_is_told_and_need_not_acknowledge_it() {
    let (folder, world) = (Folder::new(), world());
    folder.write("list.csv", format!("Customer tenant ID\n{}\n", id(1)));
    let mut command = folder.against(&world, &["run", "list.csv", "--ticket", "T", "--rate", "600000"]);
    let done = Done::of(&typed(&mut command, &format!("{PARTNER_NAME} 1\n"))).exits(0);
    assert_eq!(said(&done.err).matches(GAP).count(), 3, "{}", done.err);
}

#[test]
fn nothing_is_acknowledged_that_is_not_so() {
    let (folder, world) = (Folder::new(), world());
    folder.write("list.csv", format!("Customer tenant ID,Name\n{},Customer 1\n", id(1)));
    for command in ["check", "plan", "run"] {
        let arguments = [command, "list.csv", "--no-identity-check"];
        let done = Done::of(&folder.against(&world, &arguments).output().unwrap()).exits(2);
        assert!(done.err.contains("this list has what is compared (1 name)"), "{}", done.err);
    }
}

#[test]
fn a_plan_that_compares_nothing_is_not_applied_unread_unless_that_was_acknowledged() {
    let (folder, world) = (Folder::new(), world());
    folder.write("list.csv", format!("Customer tenant ID\n{}\n", id(1)));
    let with = |arguments: &[&str]| Done::of(&folder.against(&world, arguments).output().unwrap());
    let apply = |more: &[&str]| {
        let plan = folder.path("reports").join(folder.latest().as_str()).join("plan.json");
        let plan = plan.to_str().unwrap().to_owned();
        with(&[&["apply", &plan, "--yes", "--rate", "600000"], more].concat())
    };
    let planned = with(&["plan", "list.csv", "--rate", "600000"]).exits(0);
    assert!(said(&planned.err).contains(GAP), "{}", planned.err);
    let refused = apply(&[]).exits(2);
    assert!(refused.err.contains("make the plan again with `--no-identity-check`"), "{}", refused.err);
    assert!(world.changes().is_empty());
    with(&["plan", "list.csv", "--rate", "600000", "--no-identity-check"]).exits(0);
    apply(&[]).exits(0);
    assert_eq!(world.removed().len(), 1);
}

/// What is right for one list is wrong for the next.
#[test]
fn no_file_and_no_variable_decides_about_a_list() {
    let (folder, world) = (Folder::new(), world());
    let list = filtered(&folder);
    let list = list.to_str().unwrap();
    let decisions = [
        ("hidden", "skip"),
        ("header_row", "1"),
        ("encoding", "UTF-8"),
        ("no_identity_check", "true"),
        ("sheet", "Sheet1"),
        ("column", "Microsoft ID"),
        ("name_column", "Company name"),
        ("skip_invalid", "true"),
    ];
    for (name, value) in decisions {
        for value in [value.to_owned(), format!("\"{value}\"")] {
            folder.write("offboard.toml", format!("{name} = {value}\n"));
            let done = Done::of(&folder.against(&world, &["run", list]).output().unwrap()).exits(2);
            assert!(done.err.contains("`offboard.toml`, line 1"), "{name}: {}", done.err);
        }
    }
    std::fs::remove_file(folder.path("offboard.toml")).unwrap();
    let mut command = folder.command(&["check", list]);
    for (name, value) in decisions {
        command.env(format!("OFFBOARD_{}", name.to_uppercase()), value);
    }
    let done = Done::of(&command.output().unwrap()).exits(2);
    assert!(said(&done.err).contains("2 rows are hidden"), "{}", done.err);
}

#[test]
fn after_a_check_comes_the_plan_with_what_was_decided() {
    let folder = Folder::new();
    let text = format!("Customers that leave\n\nKey;Customer;x y\n{};A;\nnot one;B;\n", id(1));
    folder.write("my list.csv", text);
    let arguments = [
        "check",
        "my list.csv",
        "--header-row",
        "3",
        "--column",
        "Key",
        "--name-column",
        "x y",
        "--no-identity-check",
        "--skip-invalid",
        "--encoding",
        "UTF-8",
    ];
    let done = folder.offboard(&arguments).exits(0);
    let (list, name) = (quoted("my list.csv"), quoted("x y"));
    let next = format!(
        "\nNext:\n  offboard plan {list} --column Key --name-column {name} --header-row 3 --encoding UTF-8 \
         --no-identity-check --skip-invalid\n"
    );
    assert!(done.err.ends_with(&next), "{}", done.err);
    // With problems, they come first.
    assert!(!folder.offboard(&arguments[..9]).exits(2).err.contains("Next:"));
}

#[test]
fn what_looks_like_names_and_domains_is_named_where_none_are_compared() {
    let folder = Folder::new();
    let text =
        "Tenant ID,Kunde,Web,Art\n{1},Adatum,adatum.example,Reseller\n{2},Bellows,bellows.example,Reseller\n";
    folder.write("list.csv", text.replace("{1}", &id(1).to_string()).replace("{2}", &id(2).to_string()));
    let done = folder.offboard(&["check", "list.csv"]).exits(0);
    let says = format!(
        "{GAP}: neither names nor domains are compared, so an ID that belongs to somebody else is not \
                        noticed. Names seem to be in `Kunde`: `--name-column`. Domains seem to be in `Web`: head it `domain`."
    );
    assert!(said(&done.out).contains(&says), "{}", done.out);
    let done = folder.offboard(&["check", "list.csv", "--name-column", "Kunde"]).exits(0);
    assert!(!done.out.contains(GAP) && done.out.contains("compared: 2 names"), "{}", done.out);
}

#[test]
fn a_name_that_reads_in_two_ways_needs_its_encoding() {
    let folder = Folder::new();
    let list = |name: &str, encoding: &'static encoding_rs::Encoding| {
        encoding.encode(&format!("id,name\n{},{name}\n", id(1))).0.into_owned()
    };
    folder.write("list.csv", list("Győr Kft", encoding_rs::WINDOWS_1250));
    let done = folder.offboard(&["check", "list.csv"]).exits(2);
    for part in [
        "row 2: the encoding is not certain",
        "--encoding windows-1252",
        "`Gyõr Kft`",
        "--encoding windows-1250",
        "`Győr Kft`",
    ] {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }
    let done = folder.offboard(&["check", "list.csv", "--encoding", "windows-1250"]).exits(0);
    assert!(said(&done.out).contains("It is read as windows-1250 because of `--encoding`."), "{}", done.out);
    // In a remark it does not matter, and `Müller` is `Müller` in all of them.
    folder.write("list.csv", [&b"id,x\n"[..], id(1).to_string().as_bytes(), b",Gy\xf5r\n"].concat());
    folder.offboard(&["check", "list.csv"]).exits(0);
    folder.write("list.csv", list("Bäckerei Müller", encoding_rs::WINDOWS_1252));
    let done = folder.offboard(&["check", "list.csv"]).exits(0);
    assert!(done.out.contains("CSV, windows-1252, comma"), "{}", done.out);
}
