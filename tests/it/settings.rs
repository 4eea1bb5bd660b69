//! `offboard.toml`: where it is found, what its paths mean, and what is said of a name that is none.

use crate::support::{Done, Folder, World, id, list_of, system};
use serde_json::{Value, json};
use std::{fs, path::Path, process::Command};

fn world() -> World {
    World::of(&json!({ "customers": [{ "id": id(1).to_string() }, { "id": id(2).to_string() }] }))
}

/// A folder with two more inside it.
fn nested() -> Folder {
    let folder = Folder::new();
    fs::create_dir_all(folder.path("office/desk")).unwrap();
    folder
}

fn inside(mut command: Command, folder: &Path) -> Done {
    Done::of(&command.current_dir(folder).output().unwrap())
}

fn opened(log: &Path) -> Value {
    let log = rusqlite::Connection::open(log).unwrap();
    let sql = "SELECT CAST(body AS TEXT) FROM records WHERE kind = 'run_opened' ORDER BY seq DESC LIMIT 1";
    let opened: String = log.query_row(sql, [], |row| row.get(0)).unwrap();
    serde_json::from_str(&opened).unwrap()
}

#[test]
fn the_nearest_file_upwards_counts_and_its_paths_are_meant_from_where_it_is() {
    let (folder, world) = (nested(), world());
    let (office, desk) = (folder.path("office"), folder.path("office/desk"));
    folder.write("offboard.toml", "nonsense = 1\n");
    folder.write(
        "office/offboard.toml",
        "audit_log = \"the.db\"\nreports = \"out\"\nlog_dir = \"diagnostics\"\nprotected = \"never.txt\"\n\
         settle = \"1s\"\nmax_share = 100\ncanary = 0\n",
    );
    folder.write("office/never.txt", format!("{}\n", id(2)));
    folder.write("office/desk/list.csv", list_of([id(1), id(2)]));
    let run = ["run", "list.csv", "--yes", "--no-identity-check"];
    inside(folder.against(&world, &run), &desk).exits(3);
    assert_eq!(world.removed().len(), 1, "the other one is protected");
    let opened = opened(&office.join("the.db"));
    for (name, value) in [("audit_log", "the.db"), ("reports", "out"), ("protected", "never.txt")] {
        let path = dunce::canonicalize(&office).unwrap().join(value);
        let setting = json!({ "value": path.display().to_string(), "origin": "file" });
        assert_eq!(opened["settings"][name], setting, "{name}");
    }
    assert_eq!(opened["settings"]["settle"], json!({ "value": "1s", "origin": "file" }));
    assert!(
        office.join("diagnostics").exists()
            && office.join("out").join(opened["run"].as_str().unwrap()).exists()
    );
    let left: Vec<_> = fs::read_dir(&desk).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["list.csv"], "nothing else was written where it was started");

    // From its own folder the same is meant, and recorded as it stands there.
    inside(folder.command(&["runs"]), &office).exits(0);
    let arguments = ["run", "desk/list.csv", "--yes", "--no-identity-check"];
    inside(folder.against(&world, &arguments), &office).exits(3);
    let setting = json!({ "value": "the.db", "origin": "file" });
    assert_eq!(self::opened(&office.join("the.db"))["settings"]["audit_log"], setting);

    // The certificates that are trusted, and the name of no file.
    folder.write("office/offboard.toml", "ca_file = \"root.pem\"\n");
    let done = inside(folder.against(&world, &["doctor"]), &desk).exits(2);
    let path = dunce::canonicalize(&office).unwrap().join("root.pem");
    assert!(done.out.contains(path.to_str().unwrap()), "{}{}", done.out, done.err);
    folder.write("office/offboard.toml", "audit_log = \":memory:\"\n");
    assert!(inside(folder.command(&["runs"]), &desk).exits(2).err.contains("must be a file"));
}

#[test]
fn doctor_says_which_file_is_in_use_or_that_there_is_none() {
    let (folder, world) = (nested(), world());
    let desk = folder.path("office/desk");
    let settings = |at: &Path| {
        let report = inside(folder.against(&world, &["doctor", "--output", "json"]), at).exits(0).json();
        report["checks"][0].clone()
    };
    let none = json!({ "name": "settings", "state": "good", "text": "there is no `offboard.toml`, in this folder or above" });
    assert_eq!(settings(&desk), none);
    let path = dunce::canonicalize(folder.write("offboard.toml", "rate = 299\n")).unwrap();
    for at in [&desk, &folder.path("office"), &folder.path("")] {
        assert_eq!(settings(at)["text"], format!("`{}`", path.display()));
    }
    let done = inside(folder.against(&world, &["doctor"]), &desk).exits(0);
    let said = format!("✓ settings     `{}", path.display());
    assert!(done.out.starts_with(&said) && done.out.contains("299"), "{}", done.out);
    // Nothing of the other one counts.
    let nearer = dunce::canonicalize(folder.write("office/offboard.toml", "")).unwrap();
    assert_eq!(settings(&desk)["text"], format!("`{}`", nearer.display()));
}

#[test]
#[cfg_attr(windows, ignore = "links need a right that not everybody has")]
fn a_file_above_that_cannot_be_read_is_named_and_not_passed_over() {
    let folder = nested();
    let desk = folder.path("office/desk");
    let refused = |part: &str| {
        let done = inside(folder.command(&["runs"]), &desk).exits(2);
        let path = dunce::canonicalize(folder.path("office")).unwrap().join("offboard.toml");
        assert!(done.err.contains(&format!("`{}`", path.display())), "{}", done.err);
        assert!(done.err.contains(part), "{part}: {}", done.err);
    };
    folder.write("offboard.toml", "rate = 5\n");
    fs::create_dir(folder.path("office/offboard.toml")).unwrap();
    refused("cannot read");
    fs::remove_dir(folder.path("office/offboard.toml")).unwrap();
    system::link("nowhere", &folder.path("office/offboard.toml"));
    refused("cannot read");
    fs::remove_file(folder.path("office/offboard.toml")).unwrap();
    folder.write("office/offboard.toml", [0xff, 0xfe]);
    refused("no text in UTF-8");
    folder.write("office/offboard.toml", "\nrate = \"many\"\n");
    refused("line 2: invalid type");
}

#[test]
fn a_name_that_is_none_is_told_with_its_line_and_with_the_one_that_is_near() {
    let folder = Folder::new();
    for (toml, says) in [
        (
            "rate = 5\n\nmax_removal = 7\n",
            "line 3: there is no setting `max_removal`; did you mean `max_removals`?",
        ),
        ("max-share = 7\n", "line 1: there is no setting `max-share`; did you mean `max_share`?"),
        ("[aproval]\n", "line 1: there is no setting `aproval`; did you mean `approval`?"),
        ("[approval]\napprover = []\n", "line 2: there is no setting `approver`; did you mean `approvers`?"),
        (
            "approval.above = 5",
            "line 1: there is no setting `above`; there are `required_above`, `approvers` and `other_person`",
        ),
        ("yes = true\n", "line 1: there is no setting `yes`; settings have the names of options"),
        ("hidden = \"skip\"\n", "what is decided about one list is said with the command alone"),
    ] {
        folder.write("offboard.toml", toml);
        let done = folder.offboard(&["runs"]).exits(2);
        assert!(done.err.contains("`offboard.toml`, ") && done.err.contains(says), "{says}: {}", done.err);
    }
}
