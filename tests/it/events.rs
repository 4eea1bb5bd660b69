//! A log as events, one a line, as a second program reads them.

use crate::{
    review::hostile,
    support::{Folder, evidence::look, is_available},
};
use offboard::domain::{Outcome, Procedure};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fs, path::Path, process::Command};

const REMOVED: Outcome = Outcome::Done(Procedure::RemoveRelationship);

fn events(folder: &Folder, form: &str, file: &str, more: &[&str]) -> Vec<Value> {
    let all = [&["log", "export", "--format", form, file, "--output", "json"], more].concat();
    let done = folder.offboard(&all).exits(0).json();
    let text = fs::read_to_string(folder.path(file)).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(text.ends_with('\n') && text.matches('\n').count() == lines.len());
    assert_eq!((&done["events"], &done["bytes"]), (&json!(lines.len()), &json!(text.len())));
    // Nothing in it ends a line early, turns it, or moves a cursor.
    let moves = |c: char| c != '\n' && (c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{200b}'));
    assert!(!text.contains(moves), "{form}");
    lines
}

fn count(folder: &Folder, question: &str) -> usize {
    let log = look(&folder.path("audit.db")).unwrap();
    log.query_row(question, [], |row| row.get::<_, i64>(0)).unwrap().try_into().unwrap()
}

/// Whatever anybody can be called, and everything that can be done.
fn logs() -> Vec<(&'static str, Folder)> {
    let demo = Folder::new();
    demo.offboard(&["demo"]).exits(0);
    vec![("demo", demo), ("hostile", hostile())]
}

#[test]
fn each_record_is_a_line() {
    for (name, folder) in logs() {
        let records = count(&folder, "SELECT count(*) FROM record");
        let lines = events(&folder, "jsonl", "log.jsonl", &[]);
        assert_eq!(lines.len(), records, "{name}");
        let log = look(&folder.path("audit.db")).unwrap();
        let mut query = log.prepare("SELECT CAST(body AS TEXT) FROM record ORDER BY seq").unwrap();
        let stored = query.query_map([], |row| row.get::<_, String>(0)).unwrap();
        let mut payloads = 0;
        for (seq, (stored, line)) in stored.zip(&lines).enumerate() {
            let mut line = line.as_object().unwrap().clone();
            assert_eq!(line.remove("seq"), Some(json!(seq)));
            assert!(line.remove("log").unwrap().is_string());
            payloads += usize::from(line.remove("body_text").is_some());
            assert_eq!(Value::Object(line), serde_json::from_str::<Value>(&stored.unwrap()).unwrap());
        }
        assert_eq!(payloads, count(&folder, "SELECT count(*) FROM payload"), "{name}");
        // That it was exported is on record, with the digest of the file.
        let last = events(&folder, "jsonl", "again.jsonl", &[]).pop().unwrap();
        assert_eq!((&last["kind"], &last["format"]), (&json!("log_exported"), &json!("jsonl")));
        folder.no_secret_is_left();
    }
}

#[test]
fn one_run_goes_without_the_others() {
    let folder = Folder::new();
    folder.offboard(&["demo"]).exits(0);
    folder.offboard(&["demo"]).exits(0);
    let run = folder.latest();
    for form in ["jsonl", "ocsf"] {
        let lines = events(&folder, form, form, &["--run", "latest"]);
        let of = |line: &Value| match form {
            "jsonl" => line["run"].clone(),
            _ => line["metadata"]["correlation_uid"].clone(),
        };
        assert!(!lines.is_empty() && lines.iter().all(|line| of(line) == run.as_str()), "{form}");
    }
    let refused = folder.offboard(&["log", "export", "--format", "ocsf", "ocsf"]).exits(2);
    assert!(refused.err.contains("nothing is overwritten"), "{}", refused.err);
}

#[test]
fn events_say_what_the_log_says() {
    for (name, folder) in logs() {
        let lines =
            events(&folder, "ocsf", "events.jsonl", if name == "demo" { &["--run", "latest"] } else { &[] });
        let mut classes: BTreeMap<u64, Vec<&Value>> = BTreeMap::new();
        for line in &lines {
            classes.entry(line["class_uid"].as_u64().unwrap()).or_default().push(line);
        }
        let requests = folder.requests();
        let sign_ins = requests.iter().filter(|one| one.purpose.as_deref() == Some("sign_in")).count();
        let of = |class: u64| classes.get(&class).map(Vec::len).unwrap_or_default();
        assert_eq!((of(6003), of(3002)), (requests.len() - sign_ins, sign_ins), "{name}");
        // Each by its place in the log, once.
        let mut places: Vec<u64> =
            lines.iter().filter_map(|line| line["metadata"]["sequence"].as_u64()).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), requests.len(), "{name}");
        for event in classes.get(&6003).into_iter().flatten() {
            let seq = event["metadata"]["sequence"].as_u64().unwrap();
            let request = requests.iter().find(|one| one.seq == seq).unwrap();
            assert_eq!(event["api"]["operation"].as_str(), request.purpose.as_deref());
            assert_eq!(event["http_response"]["code"].as_u64(), request.status.map(u64::from));
            assert_eq!(event["http_request"]["url"]["url_string"].as_str(), request.url.as_deref());
            let is_read = request.method.as_deref() == Some("GET");
            assert_eq!(event["activity_id"] == 2, is_read, "{event}");
        }
        // Whoever was removed has an event that says so.
        let removed = folder.customers().into_iter().filter(|one| one.outcome == Some(REMOVED));
        for customer in removed {
            let id = customer.customer_tenant_id.clone().unwrap();
            let is_it = |event: &&&Value| event["entity"]["uid"] == *id && event["activity_id"] == 4;
            let done = classes[&3004].iter().find(is_it).unwrap_or_else(|| panic!("{name}: {id}"));
            assert_eq!(
                (&done["status"], &done["unmapped"]["outcome"]),
                (&json!("Success"), &json!("removed"))
            );
        }
        folder.no_secret_is_left();
    }
}

#[test]
fn events_are_those_of_the_published_schema() {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = project.join("target/readers/bin/python");
    let has = "import jsonschema";
    if !is_available(
        "Python’s jsonschema",
        &python,
        &format!("-c{has}"),
        "`.ci/run` installs it in target/readers",
    ) {
        return;
    }
    for (name, folder) in logs() {
        let more: &[&str] = if name == "demo" { &["--run", "latest"] } else { &[] };
        let count = events(&folder, "ocsf", "events.jsonl", more).len();
        let mut validate = Command::new(&python);
        validate.arg(project.join("tests/ocsf/validate.py")).arg(project.join("tests/ocsf/schema.json"));
        let said = validate.arg(folder.path("events.jsonl")).output().unwrap();
        assert!(said.status.success(), "{name}: {}", String::from_utf8_lossy(&said.stderr));
        let counts: BTreeMap<String, usize> = serde_json::from_slice(&said.stdout).unwrap();
        assert_eq!(counts.values().sum::<usize>(), count, "{name}: {counts:?}");
        assert!(counts.contains_key("6003") && counts.contains_key("3004"), "{name}: {counts:?}");
    }
}

#[test]
fn what_a_simulator_made_up_is_no_event_unless_it_is_named() {
    let folder = Folder::new();
    folder.offboard(&["demo"]).exits(0);
    let done = folder.offboard(&["log", "export", "--format", "ocsf", "none.jsonl"]).exits(0);
    assert!(done.err.contains("changed nothing real, and is left out"), "{}", done.err);
    assert_eq!(fs::read(folder.path("none.jsonl")).unwrap(), b"");
    let lines = events(&folder, "ocsf", "named.jsonl", &["--run", "latest"]);
    assert!(!lines.is_empty() && lines.iter().all(|line| line["unmapped"]["mode"] == "demo"));
}
