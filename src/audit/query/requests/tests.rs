use super::*;
use crate::audit::{format, views};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::path::Path;

const RUNS: [&str; 2] = ["20261120-093005-0a0b0c", "20261121-093005-0d0e0f"];

fn customer(n: u64) -> String {
    format!("c0000000-0000-4000-8000-{n:012x}")
}

/// Two runs: requests whose ends come at once, late, far away and never, with the same or another ID.
fn log() -> Reader {
    let mut bodies: Vec<Value> = vec![json!({ "kind": "log_opened" })];
    for run in RUNS {
        bodies.push(json!({ "kind": "run_opened", "run": run, "at": "2026-11-20T09:30:05.000Z" }));
        let begun = bodies.len();
        for n in 0..12_u64 {
            bodies.push(
                json!({ "kind": "request_intended", "run": run, "at": format!("2026-11-20T09:31:{n:02}.000Z"),
                "row": n, "customer": customer(n % 5), "request_id": format!("aaaa-{n}"),
                "correlation_id": format!("bbbb-{}", n % 3), "headers": { "intent": 4 } }),
            );
            if n % 2 == 0 {
                let intent = bodies.len() - 1;
                bodies.push(json!({ "kind": "response_received", "run": run, "intent": intent, "row": n,
                    "at": "2026-11-20T09:31:30.000Z", "status": 200, "request_id": format!("AAAA-{n}") }));
            }
        }
        let open = |n: usize| begun + n + n.div_ceil(2);
        for n in [3, 5] {
            bodies.push(json!({ "kind": "outcome_unknown", "run": run, "intent": open(n), "error": "cut",
                "at": "2026-11-20T09:31:40.000Z" }));
        }
        bodies.extend((0..NEAR + 9).map(|n| json!({ "kind": "row_read", "run": run, "row": n })));
        bodies.push(json!({ "kind": "response_received", "run": run, "intent": open(7), "status": 404,
            "at": "2026-11-20T09:32:00.000Z", "correlation_id": "cccc-\"9\"" }));
        bodies.push(json!({ "kind": "run_sealed", "run": run, "at": "2026-11-20T09:33:00.000Z" }));
    }
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(format::definitions()).unwrap();
    connection.pragma_update(None, "user_version", format::LATEST).unwrap();
    for (seq, body) in (0_i64..).zip(bodies) {
        let sql = "INSERT INTO record (seq, body) VALUES (?1, ?2)";
        connection.execute(sql, params![seq, body.to_string().into_bytes()]).unwrap();
    }
    Reader::over(connection, Path::new("audit.db"), None).unwrap()
}

fn found(reader: &Reader, filter: &RequestFilter) -> Vec<Value> {
    let mut lines = Vec::new();
    let keep = |line| {
        lines.push(serde_json::to_value(line).unwrap());
        Ok::<(), QueryError>(())
    };
    reader.requests(filter, keep).unwrap();
    lines
}

/// All lines of the view.
fn view(reader: &Reader) -> Vec<Value> {
    let mut query = reader.prepare("SELECT * FROM requests ORDER BY seq").unwrap();
    let lines = query.query_map([], request_line).unwrap();
    lines.map(|line| serde_json::to_value(line.unwrap()).unwrap()).collect()
}

#[test]
fn what_is_found_is_what_the_view_shows() {
    let reader = log();
    let all = view(&reader);
    assert_eq!(all.len(), 24);
    assert_eq!(found(&reader, &RequestFilter::default()), all);
    let is = |line: &Value, names: [&str; 2], id: &str| {
        names.iter().any(|name| line[*name].as_str().is_some_and(|found| found.eq_ignore_ascii_case(id)))
    };
    let like = |test: &dyn Fn(&Value) -> bool| -> Vec<Value> {
        all.iter().filter(|line| test(line)).cloned().collect()
    };
    for run in [None, Some(RUNS[0]), Some(RUNS[1]), Some("20261122-093005-000000")] {
        let is_of_run = |line: &Value| run.is_none_or(|run| line["run_id"] == run);
        let run: Option<RunId> = run.map(|run| run.parse().unwrap());
        let base = RequestFilter { run, ..RequestFilter::default() };
        assert_eq!(found(&reader, &base), like(&is_of_run));
        for n in 0..13 {
            let id = format!("aAaA-{n}");
            let filter = RequestFilter { request_id: Some(id.clone()), ..base.clone() };
            let wanted =
                like(&|line| is_of_run(line) && is(line, ["request_id", "response_request_id"], &id));
            assert_eq!(found(&reader, &filter), wanted, "{id}");
        }
        for id in ["bbbb-0", "BBBB-2", "cccc-\"9\"", "bbbb", "", "\\"] {
            let filter = RequestFilter { correlation_id: Some(id.to_owned()), ..base.clone() };
            let names = ["correlation_id", "response_correlation_id"];
            assert_eq!(found(&reader, &filter), like(&|line| is_of_run(line) && is(line, names, id)), "{id}");
        }
        for n in 0..6 {
            let id = customer(n);
            let filter = RequestFilter { customer: id.parse().ok(), status: Some(200), ..base.clone() };
            let wanted = |line: &Value| {
                is_of_run(line) && line["customer_tenant_id"] == id.as_str() && line["status"] == 200
            };
            assert_eq!(found(&reader, &filter), like(&wanted), "{id}");
        }
        let (since, before) = ("2026-11-20T09:31:03.000Z", "2026-11-20T09:31:07.000Z");
        let filter = RequestFilter { since: Some(since.to_owned()), before: Some(before.to_owned()), ..base };
        let wanted = |line: &Value| {
            let at = line["intended_at"].as_str().unwrap();
            is_of_run(line) && at >= since && at < before
        };
        assert_eq!(found(&reader, &filter), like(&wanted));
    }
}

#[test]
fn one_request_is_asked_for_by_its_place() {
    let reader = log();
    let plan = reader.plan(&format!("{} WHERE intended.seq = ?1", by_place())).unwrap();
    assert!(plan.iter().all(|step| !step.contains("SCAN") && !step.contains("AUTOMATIC")), "{plan:#?}");
    // A run is looked for where it is.
    let between = views::view("requests").replace("WHERE kind", "WHERE seq BETWEEN 1 AND 9 AND kind");
    let plan = reader.plan(&between).unwrap();
    assert!(plan.iter().all(|step| !step.starts_with("SCAN record")), "{plan:#?}");
}
