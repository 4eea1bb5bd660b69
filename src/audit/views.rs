//! The view through which this program reads a log: its own, whatever the file brings.
//!
//! It lies in the temporary schema of the connection that asks, hides the file's, and is made of `record` and nothing else: whoever can alter a log can alter a view, an index or a generated column of it alone, so that a run
//! which is there is not found, or one is shown with another operator.
//!
//! The few records that say what a run is, or what was seen of a customer outside of all runs, are found by reading the bytes of all records once. What is found lies in a
//! temporary table, and only what was added since is read the next time.

use super::format::definitions;
use crate::record::{Kind, sql_list};
use memchr::memmem::Finder;
use rusqlite::{Connection, params};

/// The kinds of the few records that say what a run is, or what was seen of a customer outside of all runs.
const MILESTONES: [Kind; 8] = [
    Kind::KeyIntroduced,
    Kind::RunOpened,
    Kind::PartnerIdentified,
    Kind::Approved,
    Kind::Stopped,
    Kind::Resumed,
    Kind::RunSealed,
    Kind::CustomerRefreshed,
];

const TABLES: &str = "
    CREATE TEMP TABLE milestone (seq INTEGER PRIMARY KEY, kind ANY, run ANY) STRICT;
    CREATE INDEX temp.milestone_kind ON milestone (kind, run);
    CREATE TEMP TABLE gathered (records INTEGER NOT NULL) STRICT;
    INSERT INTO temp.gathered VALUES (-9223372036854775808);
    CREATE TEMP VIEW milestones AS
        SELECT seq, milestone.kind AS kind, milestone.run AS run, records.at AS at, records.row AS row, records.body AS body
        FROM temp.milestone AS milestone CROSS JOIN temp.records AS records USING (seq);
";

/// Whether a record may be a milestone, by its bytes. In canonical JSON a quotation mark inside a text is escaped, so
/// what is found is the name of a field, of the record or of something in it.
struct Suspect(Finder<'static>);

impl Suspect {
    fn new() -> Self {
        Self(Finder::new(b"\"kind\":\""))
    }

    fn is_one(&self, body: &[u8]) -> bool {
        let mut has_any = false;
        for at in self.0.find_iter(body) {
            has_any = true;
            let value = body.get(at + self.0.needle().len()..).unwrap_or_default();
            let is = |kind: &Kind| {
                value.strip_prefix(kind.label().as_bytes()).is_some_and(|rest| rest.starts_with(b"\""))
            };
            if MILESTONES.iter().any(is) {
                return true;
            }
        }
        // Written in another way, by whoever altered it: SQLite decides.
        !has_any
    }
}

/// Makes them on this connection.
pub(super) fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    let records = view("records").replace("FROM record", "FROM main.record");
    connection.execute_batch(&format!("CREATE TEMP VIEW records AS {records}; {TABLES}"))
}

/// What this view of a new log's asks.
pub(super) fn view(name: &str) -> &'static str {
    let begin = format!("CREATE VIEW {name} AS");
    let view = definitions().split_once(&begin).and_then(|(_, rest)| rest.split_once(";\n"));
    view.map(|(view, _)| view.trim()).unwrap_or_default()
}

/// Reads what was added since this was last done on this connection.
pub(super) fn gather(connection: &Connection) -> rusqlite::Result<()> {
    let has_more = "SELECT coalesce(max(seq) >= (SELECT records FROM temp.gathered), FALSE) FROM main.record";
    if !connection.prepare_cached(has_more)?.query_row([], |row| row.get(0))? {
        return Ok(());
    }
    connection.pragma_update(None, "query_only", "OFF")?;
    let gathered = connection.execute_batch("SAVEPOINT gather").and_then(|()| {
        let gathered = gather_since(connection);
        let undo = if gathered.is_err() { "ROLLBACK TO gather;" } else { "" };
        connection.execute_batch(&format!("{undo} RELEASE gather"))?;
        gathered
    });
    connection.pragma_update(None, "query_only", "ON")?;
    gathered
}

fn gather_since(connection: &Connection) -> rusqlite::Result<()> {
    let from: i64 = connection.query_row("SELECT records FROM temp.gathered", [], |row| row.get(0))?;
    let mut query = connection.prepare("SELECT seq, body FROM main.record WHERE seq >= ?1 ORDER BY seq")?;
    let mut take = connection.prepare(&format!(
        "INSERT INTO temp.milestone SELECT seq, kind, run FROM temp.records
         WHERE seq = ?1 AND CASE WHEN json_valid(CAST(body AS TEXT)) THEN kind END IN ({})",
        sql_list(MILESTONES.map(Kind::label))
    ))?;
    let (suspect, mut next) = (Suspect::new(), from);
    let mut rows = query.query([from])?;
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        if suspect.is_one(row.get_ref(1)?.as_bytes().unwrap_or_default()) {
            take.execute([seq])?;
        }
        next = seq.saturating_add(1);
    }
    if next > from {
        connection.execute("UPDATE temp.gathered SET records = ?1", params![next])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::query::plan;

    fn log(bodies: &[&str]) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(definitions()).unwrap();
        add(&connection, bodies);
        connection
    }

    fn add(connection: &Connection, bodies: &[&str]) {
        for body in bodies {
            let sql = "INSERT INTO record (seq, body) SELECT coalesce(max(seq) + 1, 0), CAST(?1 AS BLOB) FROM record";
            connection.execute(sql, [body]).unwrap();
        }
    }

    fn found(connection: &Connection) -> Vec<(i64, String)> {
        gather(connection).unwrap();
        let mut query = connection.prepare("SELECT seq, kind FROM temp.milestones ORDER BY seq").unwrap();
        let found = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        found.collect::<Result<_, _>>().unwrap()
    }

    #[test]
    fn they_are_found_by_their_bytes_once() {
        let log = log(&[
            r#"{"kind":"log_opened"}"#,
            r#"{"kind":"row_read","run":"a","text":"\"kind\":\"run_sealed\""}"#,
            r#"{"kind":"run_opened","run":"a"}"#,
            r#"{"findings":[{"kind":"stopped"}],"kind":"judged","run":"a"}"#,
            r#"{"kind":"run_opened_otherwise","run":"a"}"#,
            r#"{"run":"a"}"#,
            r#"{ "kind" : "stopped", "run": "a" }"#,
        ]);
        prepare(&log).unwrap();
        let kinds = |found: Vec<(i64, String)>| -> Vec<String> {
            found.into_iter().map(|(seq, kind)| format!("{seq} {kind}")).collect()
        };
        assert_eq!(kinds(found(&log)), ["2 run_opened", "6 stopped"]);
        log.pragma_update(None, "query_only", "OFF").unwrap();
        add(&log, &[r#"{"kind":"run_sealed","run":"a"}"#]);
        // What is asked at one moment, and given up, is found again.
        log.execute_batch("BEGIN").unwrap();
        assert_eq!(found(&log).len(), 3);
        log.execute_batch("ROLLBACK").unwrap();
        assert_eq!(kinds(found(&log)).last().unwrap(), "7 run_sealed");
        assert!(log.execute("DELETE FROM temp.milestone", []).is_err(), "it cannot write any more");
    }

    /// Whatever else a file has, nobody hears it.
    #[test]
    fn our_view_hides_that_of_the_file() {
        let log = log(&[r#"{"kind":"run_opened","run":"a"}"#]);
        for name in ["records", "runs", "customers", "requests"] {
            log.execute_batch(&format!("DROP VIEW {name}")).unwrap();
        }
        log.execute_batch("CREATE VIEW records AS SELECT 1 AS x; CREATE INDEX i ON record (body)").unwrap();
        prepare(&log).unwrap();
        gather(&log).unwrap();
        let run: String = log.query_row("SELECT run FROM temp.milestones", [], |row| row.get(0)).unwrap();
        assert_eq!(run, "a");
        for view in ["records", "temp.milestones", "temp.milestones WHERE run = 'a'"] {
            let plan = plan(&log, &format!("SELECT * FROM {view}")).unwrap();
            assert!(!plan.iter().any(|step| step.contains("INDEX i")), "{plan:?}");
        }
    }
}
