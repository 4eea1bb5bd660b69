//! The recipes of docs/engines.md, run by the engines that they are for, over an export of several logs.

use crate::support::{Done, Folder, World, evidence::look, id, is_available, list_of};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path, process::Command};

/// Another partner, with a log of its own.
const OTHER: &str = "b0000000-0000-4000-8000-0000000000ff";

/// A world in which one stays, one is lost on the way, one is answered with a fault of the service, and the others go.
fn world(first: u32, partner: Option<&str>) -> World {
    let customers: Vec<Value> = (first..first + 6)
        .map(|n| {
            let active = if n == first { json!([{ "status": "active" }]) } else { json!([]) };
            json!({ "id": id(n).to_string(), "name": format!("Customer {n}"), "subscriptions": active })
        })
        .collect();
    let lost = json!({ "on": "remove", "customer": id(first + 1).to_string(), "do": { "kind": "cut_before_answer" } });
    let fault = json!({ "on": "subscriptions", "customer": id(first + 2).to_string(),
        "do": { "kind": "answer", "status": 503 } });
    let mut scenario = json!({ "customers": customers, "faults": [lost, fault] });
    if let Some(partner) = partner {
        scenario["partner"] = json!({ "tenant_id": partner, "name": "Another partner" });
    }
    World::of(&scenario)
}

fn run(folder: &Folder, world: &World, rows: std::ops::Range<u32>, more: &[&str]) {
    let list = folder.write("list.csv", list_of(rows.map(id)));
    let mut command = folder.run_command(world, &list, more);
    if more.contains(&"other.db") {
        command.env("OFFBOARD_PARTNER_TENANT", OTHER);
    }
    Done::of(&command.output().unwrap()).exits(3);
}

/// Two logs, of two partners, in one folder: three runs and a plan.
fn exported() -> Folder {
    let folder = Folder::new();
    let (one, other) = (world(1, None), world(11, Some(OTHER)));
    run(&folder, &one, 1..4, &["--ticket", "CHG-1"]);
    folder.write("plan.csv", list_of((1..7).map(id)));
    let plan = ["plan", "plan.csv", "--no-identity-check", "--rate", "600000", "--max-share", "100"];
    Done::of(&folder.against(&one, &plan).output().unwrap()).exits(0);
    run(&folder, &one, 1..7, &["--ticket", "CHG-2"]);
    run(&folder, &other, 11..17, &["--audit-log", "other.db"]);
    for log in ["audit.db", "other.db"] {
        folder.offboard(&["log", "export", "--format", "parquet", "exports", "--audit-log", log]).exits(0);
    }
    folder
}

/// What the views of both logs say to a question, row by row.
fn said(folder: &Folder, question: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for log in ["audit.db", "other.db"] {
        let log = look(&folder.path(log)).unwrap();
        let mut query = log.prepare(question).unwrap();
        let columns: Vec<String> = query.column_names().map(str::to_owned).collect();
        let mut rows = query.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cell = |(n, name): (usize, &String)| {
                let value: rusqlite::types::Value = row.get(n).unwrap();
                let value = match value {
                    rusqlite::types::Value::Integer(number) => json!(number),
                    rusqlite::types::Value::Text(text) => json!(text),
                    _ => Value::Null,
                };
                (name.clone(), value)
            };
            all.push(Value::Object(columns.iter().enumerate().map(cell).collect()));
        }
    }
    all
}

fn python(document: &Path, exports: &Path, sections: &[&str]) -> BTreeMap<String, Vec<Value>> {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(project.join("target/readers/bin/python"));
    command.arg(project.join("tests/engines/run.py")).arg(document).arg(exports).args(sections);
    let done = command.output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    serde_json::from_slice(&done.stdout).unwrap()
}

fn has(module: &str) -> bool {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/readers/bin/python");
    let import = format!("-cimport {module}");
    is_available(&format!("Python’s {module}"), &python, &import, "`.ci/run` installs it in target/readers")
}

fn sorted(mut rows: Vec<Value>) -> Vec<Value> {
    rows.sort_by_key(Value::to_string);
    rows
}

const GONE: &str = "SELECT runs.partner_tenant_id, substr(customers.finished_at, 1, 7) AS month,
    count(DISTINCT customers.customer_tenant_id) AS gone FROM customers JOIN runs USING (run_id)
    WHERE runs.mode = 'run' AND customers.outcome IN ('removed', 'already_removed') GROUP BY 1, 2";

#[test]
fn each_recipe_gives_what_the_logs_say() {
    if !has("duckdb") || !has("pyarrow.dataset, pandas") {
        return;
    }
    let folder = exported();
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/engines.md");
    let mut answers = python(&document, &folder.path("exports"), &[]);
    let mut answer = |heading: &str| answers.remove(heading).unwrap_or_else(|| panic!("{heading}"));

    let gone = sorted(answer("How many are gone, by month and partner"));
    assert_eq!(gone, sorted(said(&folder, GONE)));
    let all: u64 = gone.iter().map(|row| row["gone"].as_u64().unwrap()).sum();
    assert_eq!(all, 10, "of each partner all but one");

    let runs = answer("Who ran what, and who approved it");
    assert_eq!(runs.len(), 4);
    let question = "SELECT run_id, procedure, mode, operator, ticket, input_rows, state, exit_code FROM runs";
    for told in said(&folder, question) {
        let run = runs.iter().find(|run| run["run_id"] == told["run_id"]).unwrap();
        for (name, value) in told.as_object().unwrap() {
            assert_eq!(&run[name], value, "{name}");
        }
    }

    let doubt = answer("What was longest in doubt");
    let lost =
        "SELECT DISTINCT customer_tenant_id FROM requests WHERE completion = 'unknown' AND method <> 'GET'";
    let of = |rows: &[Value]| -> Vec<Value> {
        sorted(rows.iter().map(|row| row["customer_tenant_id"].clone()).collect())
    };
    assert_eq!(of(&doubt), of(&said(&folder, lost)));
    assert_eq!(doubt.len(), 2);
    assert!(doubt.iter().all(|row| row["in_doubt_ms"].as_i64().unwrap() > 0), "{doubt:?}");

    let support: Vec<Value> = answer("Which requests Microsoft’s support asks for");
    let question =
        "SELECT request_id, correlation_id FROM requests WHERE status >= 500 OR completion = 'unknown'";
    let ids = |row: &Value| json!([row["request_id"], row["correlation_id"]]);
    assert_eq!(
        sorted(support.iter().map(ids).collect()),
        sorted(said(&folder, question).iter().map(ids).collect())
    );
    assert!(support.len() >= 4 && support.iter().any(|row| row["status"] == 503), "{support:?}");

    assert_eq!(answer("Why customers stay"), [json!({ "reason": "active_subscription", "customers": 4 })]);

    let question = "SELECT run_id, outcome, count(*) AS customers FROM customers GROUP BY 1, 2";
    assert_eq!(sorted(answer("Outcomes by run")), sorted(said(&folder, question)));
    let question =
        "SELECT run_id, max(number) AS most_in_a_minute FROM (SELECT run_id, count(*) AS number FROM requests
        WHERE run_id IS NOT NULL GROUP BY run_id, substr(intended_at, 1, 16)) GROUP BY run_id";
    assert_eq!(sorted(answer("How many requests a minute")), sorted(said(&folder, question)));
    assert!(answers.is_empty(), "nobody looked at {:?}", answers.keys());
}

/// Spark needs Java, and 300 MB: `OFFBOARD_TEST_SPARK=1` asks for it.
#[test]
fn spark_gives_what_the_logs_say() {
    if std::env::var_os("OFFBOARD_TEST_SPARK").is_none() {
        println!("SKIPPED: Spark is tried with OFFBOARD_TEST_SPARK=1 alone");
        return;
    }
    let folder = exported();
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/engines.md");
    let answers = python(&document, &folder.path("exports"), &["Spark"]);
    assert_eq!(sorted(answers["Gone by month, in Spark"].clone()), sorted(said(&folder, GONE)));
}
