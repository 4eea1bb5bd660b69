//! What a log's file brings along beside its records is not believed.

use crate::support::{
    Done, Folder, Reviewing, World, blind_listing,
    evidence::{index_as_if, look, of_the_first_edition},
    id, list_of,
    system::USER,
};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::{fs, path::Path};

/// Two runs by two operators, with two tickets; a person has resolved an unknown outcome of the first one.
fn two_runs() -> (World, Folder, [String; 2]) {
    let world = World::of(&json!({ "customers": [
        { "id": id(1).to_string(), "faults": [
            { "on": "remove", "do": { "kind": "cut_before_answer", "effect": false } },
            { "on": "customer", "times": 0, "do": { "kind": "relationship", "relationship": "something_new" } },
        ] },
        { "id": id(2).to_string() },
        { "id": id(3).to_string() },
        { "id": id(4).to_string() },
    ], "faults": [blind_listing(2)] }));
    let folder = Folder::new();
    let run = |user: &str, list: &[u32], ticket: &str| {
        let list = folder.write("list.csv", list_of(list.iter().map(|n| id(*n))));
        let mut command = folder.run_command(&world, &list, &["--ticket", ticket]);
        let done = Done::of(&command.env(USER, user).output().unwrap());
        assert!([0, 3].contains(&done.code), "{}{}", done.out, done.err);
        folder.latest().to_string()
    };
    let first = run("dana", &[1, 2], "CHG-1");
    let customer = id(1).to_string();
    let resolved = ["resolve", "--customer", &customer, "--as", "not-removed", "--because", "seen"];
    folder.offboard(&resolved).exits(0);
    let second = run("robin", &[3], "CHG-2");
    (world, folder, [first, second])
}

/// What everybody who reads the log is told.
fn told(folder: &Folder, runs: &[String], customer: &str) -> Vec<(String, String)> {
    let mut told = Vec::new();
    let reports = runs.iter().map(|run| vec!["report", run, "--reports", "again"]);
    for arguments in [
        vec!["runs", "--output", "json"],
        vec!["runs"],
        vec!["log", "--output", "json"],
        vec!["log", "--run", &runs[0], "--output", "json"],
        vec!["log", "--customer", customer, "--output", "json"],
        vec!["log", "--customer", customer, "--timeline", "--output", "json"],
        vec!["prove", "--customer", customer, "--out", "proof"],
    ]
    .into_iter()
    .chain(reports)
    {
        let done = folder.offboard(&arguments).exits(0);
        told.push((arguments.join(" "), done.out));
    }
    for run in runs {
        for name in ["customers.csv", "summary.json", "report.html", "retry.csv"] {
            let text = fs::read_to_string(folder.path("again").join(run).join(name)).unwrap();
            told.push((name.to_owned(), text));
        }
    }
    let certificate = fs::read_to_string(folder.path("proof/certificate.json")).unwrap();
    told.push(("certificate".to_owned(), certificate));
    let review = Reviewing::start(folder, &[]);
    for page in std::iter::once("/".to_owned()).chain(runs.iter().map(|run| format!("/run/{run}"))) {
        let text = review.page(&page).replace(review.root.trim_start_matches('/'), "");
        // When it was looked at, and the verdict, are another matter.
        let main = text.split_once("<main").map(|(_, main)| main.to_owned()).unwrap();
        let main = main.split("</main>").next().unwrap();
        let lines: Vec<&str> = main.lines().filter(|line| !line.contains("class=\"sum\"")).collect();
        told.push((page, lines.join("\n")));
    }
    review.end();
    told
}

fn restore(folder: &Folder, log: &[u8]) {
    fs::write(folder.path("audit.db"), log).unwrap();
}

/// A log of the first edition has columns and an index that are worked out from its records. With only the pages of the
/// index changed, all definitions are those of the program.
#[test]
fn an_index_that_lies_is_heard_by_nobody() {
    let folder = of_the_first_edition("suspension");
    let log = folder.path("audit.db");
    let whole = fs::read(&log).unwrap();
    let runs = [folder.latest().to_string()];
    let customer = id(1).to_string();
    let truth = told(&folder, &runs, &customer);
    let said = |log: &Path| -> Vec<(String, String)> {
        let log = look(log).unwrap();
        let mut query = log.prepare("SELECT run_id, state FROM runs").unwrap();
        let found = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        found.collect::<Result<_, _>>().unwrap()
    };
    let honest = said(&log);
    assert_eq!(honest.len(), 1);
    for (from, to, deceives) in [
        ("'$.run')", "'$.run') || 'x'", true),
        ("WHEN 'run_opened' THEN kind", "WHEN 'run_opened' THEN NULL", true),
        ("WHEN 'run_sealed' THEN kind WHEN 'resolved' THEN kind", "", true),
        ("WHEN 'key_introduced' THEN kind", "WHEN 'key_introduced' THEN 'run_sealed'", false),
    ] {
        index_as_if(&log, from, to);
        assert_eq!(said(&log) != honest, deceives, "the views of the file: {from}");
        for ((what, was), (_, is)) in truth.iter().zip(told(&folder, &runs, &customer)) {
            assert_eq!(*was, is, "{what}, where the index takes {from} for {to}");
        }
        let verified = folder.offboard(&["verify"]).exits(7);
        assert!(verified.out.contains("record_milestone"), "{}", verified.out);
        restore(&folder, &whole);
    }
}

/// Whatever else somebody has defined in the file.
#[test]
fn a_file_with_definitions_of_its_own_is_not_read() {
    let (world, folder, runs) = two_runs();
    let list = folder.write("list.csv", list_of([id(4)])).display().to_string();
    let planned = folder.against(&world, &["plan", &list, "--rate", "600000"]).output().unwrap();
    Done::of(&planned).exits(0);
    let latest = folder.latest().to_string();
    let plan = folder.path("reports").join(latest).join("plan.json").display().to_string();
    let whole = fs::read(folder.path("audit.db")).unwrap();
    let customer = id(1).to_string();
    let commands: [&[&str]; 17] = [
        &["runs"],
        &["report", &runs[0]],
        &["log"],
        &["log", "--run", "latest"],
        &["log", "--customer", &customer],
        &["log", "--customer", &customer, "--timeline"],
        &["log", "--id", "abcd-1234"],
        &["log", "export", "pack"],
        &["review"],
        &["prove", "--customer", &customer],
        &["resume", "--yes"],
        &["resolve", "--customer", &customer, "--as", "removed", "--because", "x"],
        &["reconcile"],
        &["apply", &plan, "--yes"],
        &["run", &list, "--yes", "--no-identity-check"],
        &["plan", &list],
        &["doctor"],
    ];
    let outcomes = "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql,
        'json_extract(settled.json, ''$.outcome'')) AS outcome', '''removed'') AS outcome')
        WHERE name = 'customers'";
    for (sql, says) in [
        (
            "DROP VIEW customers; CREATE VIEW customers AS SELECT 'a' AS run_id",
            "the view `customers` in it is not",
        ),
        (outcomes, "the view `customers` in it is not as this program makes it"),
        ("CREATE INDEX mine ON record (body) WHERE seq > 9", "take it out again: DROP INDEX mine"),
        ("CREATE INDEX \"x`; rm\" ON record (body)", "the index `x`; rm` in it is none of this program's"),
        ("DROP TRIGGER payload_is_new", "the trigger `payload_is_new` is missing"),
        (
            "CREATE TRIGGER mine BEFORE INSERT ON record BEGIN SELECT RAISE(IGNORE); END",
            "the trigger `mine` in it",
        ),
        ("ANALYZE", "the table `sqlite_stat"),
    ] {
        Connection::open(folder.path("audit.db")).unwrap().execute_batch(sql).unwrap();
        let altered = fs::read(folder.path("audit.db")).unwrap();
        assert!(altered != whole, "{sql}");
        let received = world.received().len();
        for arguments in commands {
            let done = Done::of(&folder.against(&world, arguments).output().unwrap());
            let said = format!("{}{}", done.out, done.err);
            assert!(done.code == 6 && said.contains(says), "{arguments:?}, {sql}: {}: {said}", done.code);
            assert!(said.contains("offboard verify"), "{said}");
        }
        assert_eq!(world.received().len(), received, "{sql}: nothing was sent");
        assert!(fs::read(folder.path("audit.db")).unwrap() == altered, "{sql}: nothing was written");
        let done = folder.offboard(&["verify"]).exits(7);
        assert!(done.out.contains("✗ structure"), "{}", done.out);
        restore(&folder, &whole);
    }
    let done = folder.offboard(&["runs", "--output", "json"]).exits(0);
    let first: Value = serde_json::from_str(done.out.lines().next().unwrap()).unwrap();
    assert_eq!(first["ticket"], "CHG-1");
    // What it says is what helps.
    let log = folder.path("audit.db");
    Connection::open(&log).unwrap().execute_batch("CREATE INDEX mine ON record (body)").unwrap();
    folder.offboard(&["runs"]).exits(6);
    Connection::open(&log).unwrap().execute_batch("DROP INDEX mine").unwrap();
    folder.offboard(&["runs"]).exits(0);
    folder.offboard(&["verify"]).exits(8);
}
