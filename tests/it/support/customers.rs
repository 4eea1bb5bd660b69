//! The views `customers` and `runs`, as anybody with `SQLite` reads them, compared with what the program itself tells.

use offboard::{
    audit::{QueryError, Reader},
    domain::{Outcome, RunId},
    record::{CUSTOMER_COLUMNS, CustomerStory},
};
use rusqlite::{Connection, OpenFlags, types::ValueRef};
use serde_json::{Map, Value, json};
use std::path::Path;

/// A line of the view.
#[derive(Clone, Debug)]
pub(crate) struct CustomerLine {
    pub(crate) row: u32,
    pub(crate) customer_tenant_id: Option<String>,
    pub(crate) customer_name: Option<String>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) evidence: Option<String>,
    pub(crate) reasons: Option<String>,
    pub(crate) explanation: Option<String>,
    pub(crate) removable_from: Option<String>,
    pub(crate) http_status: Option<u16>,
    pub(crate) error_code: Option<String>,
    pub(crate) attempts: Option<u32>,
}

/// The rows of a run by the view of the file. Each column of a row that is settled must be what the row's story says, and
/// each column of a run what its story says.
pub(crate) fn customers(log: &Path, run: &RunId) -> Vec<CustomerLine> {
    let told = stories(log, run);
    let connection = Connection::open_with_flags(log, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    compare_runs(log, &connection);
    let mut query = connection.prepare("SELECT * FROM customers WHERE run_id = ?1 ORDER BY row").unwrap();
    let mut rows = query.query([run.as_str()]).unwrap();
    let mut lines = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        let text = |name: &str| -> Option<String> {
            match row.get_ref(name).unwrap() {
                ValueRef::Null => None,
                ValueRef::Integer(number) => Some(number.to_string()),
                value => Some(value.as_str().unwrap().to_owned()),
            }
        };
        let number: u32 = row.get("row").unwrap();
        let story = told.iter().find(|story| story.row() == number);
        let story = story.unwrap_or_else(|| panic!("row {number} is not told"));
        let is_settled = story.settled().is_some();
        // The view of an older log has fewer columns.
        let has = |name: &str| row.as_ref().column_index(name).is_ok();
        for column in CUSTOMER_COLUMNS.iter().filter(|column| is_settled && has(column.name)) {
            let value = (column.value)(story);
            let (view, story) = (text(column.name).unwrap_or_default(), value.to_text());
            assert_eq!(view, story, "the column {} of row {number} in view and story", column.name);
        }
        assert_eq!(text("outcome").is_some(), is_settled, "row {number}");
        lines.push(CustomerLine {
            row: number,
            customer_tenant_id: text("customer_tenant_id"),
            customer_name: text("customer_name"),
            outcome: text("outcome").map(|name| Outcome::from_name(&name).unwrap()),
            evidence: text("evidence"),
            reasons: text("reasons"),
            explanation: text("explanation"),
            removable_from: text("removable_from"),
            http_status: row.get("http_status").unwrap(),
            error_code: text("error_code"),
            attempts: row.get("attempts").unwrap(),
        });
    }
    assert_eq!(lines.len(), told.len());
    lines
}

fn compare_runs(log: &Path, connection: &Connection) {
    let mut query = connection.prepare("SELECT * FROM runs ORDER BY started_at, run_id").unwrap();
    let names: Vec<String> = query.column_names().map(str::to_owned).collect();
    let in_view = query.query_map([], |row| {
        let value = |name: &String| {
            let value = match row.get_ref(&**name)? {
                ValueRef::Null => Value::Null,
                ValueRef::Integer(number) => Value::from(number),
                value => Value::from(value.as_str()?),
            };
            Ok((name.clone(), value))
        };
        names.iter().map(value).collect::<Result<Map<String, Value>, rusqlite::Error>>()
    });
    let in_view: Vec<Value> = in_view.unwrap().map(|line| Value::Object(line.unwrap())).collect();
    let mut told: Vec<Value> =
        Reader::open(log).unwrap().runs().unwrap().iter().map(|run| json!(run)).collect();
    // What a line has beside the columns of the view.
    for run in told.iter_mut().filter_map(Value::as_object_mut) {
        run.retain(|name, _| !["counts", "approved_by"].contains(&name.as_str()));
    }
    assert_eq!(in_view, told, "the runs in view and story");
}

fn stories(log: &Path, run: &RunId) -> Vec<CustomerStory> {
    let mut told = Vec::new();
    let keep = |story| {
        told.push(story);
        Ok::<(), QueryError>(())
    };
    Reader::open(log).unwrap().customers(run, keep).unwrap();
    told
}
