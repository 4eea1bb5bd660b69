//! Whether the file is the database that a log was made as.

use super::{
    super::format::{Definitions, LayoutMatch, known, opened},
    verdict::{Check, LogFault},
};
use rusqlite::Connection;

/// So many lines of `SQLite`'s own check are taken.
const LINES: u32 = 20;

/// Looks at pages, types and indexes, and compares the definitions of tables, indexes, triggers and views with what
/// the log's first record says of them. The second value is whether they are of a version that is not known here.
pub(super) fn check(connection: &Connection) -> rusqlite::Result<(Check, bool)> {
    let mut check = Check::new("structure");
    "an audit log; tables, indexes, triggers and views are as they were made".clone_into(&mut check.subject);
    let looked = pages(connection, &mut check).and_then(|()| definitions(connection, &mut check));
    match looked {
        Ok(is_newer) => Ok((check, is_newer)),
        Err(error) if super::is_unreadable(&error) => Err(error),
        Err(error) => {
            damaged(&mut check, &error);
            Ok((check, false))
        }
    }
}

fn damaged(check: &mut Check, what: &dyn std::fmt::Display) {
    check.fault(LogFault::of_all(format!("the file is damaged: {what}")));
}

/// The long form of the check compares the index with the table too: whoever reads the views of the file by other
/// means reads them through it.
fn pages(connection: &Connection, check: &mut Check) -> rusqlite::Result<()> {
    let mut query = connection.prepare(&format!("PRAGMA integrity_check({LINES})"))?;
    let mut lines = query.query([])?;
    while let Some(line) = lines.next()? {
        let line: String = line.get(0)?;
        if line != "ok" {
            damaged(check, &line);
        }
    }
    Ok(())
}

fn definitions(connection: &Connection, check: &mut Check) -> rusqlite::Result<bool> {
    let found = Definitions::of(connection)?;
    let format: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    // What else is wrong with the first record is found where the records are read.
    if let Some(opened) = opened(connection)? {
        if opened.schema_sha256 != found.recorded() {
            let text = "a table, a trigger or a view is not what it was when the log was made";
            check.fault(LogFault::of_record(0, text));
        }
        if opened.layout() != format {
            let text = format!("the log was made in format {}, and the file says {format}", opened.layout());
            check.fault(LogFault::of_record(0, text));
        }
    }
    match known(connection)? {
        LayoutMatch::Released => Ok(false),
        LayoutMatch::Newer(_) => Ok(true),
        LayoutMatch::Altered(difference) => {
            check.fault(LogFault::of_all(difference.to_string()));
            Ok(false)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::format,
        domain::Time,
        record::{Event, LogOpened, Record},
    };

    /// What is found in a log that was made with these definitions beside ours; `change` is what became of it.
    fn found(made_with: &str, change: &str) -> (Vec<String>, bool) {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(&format!("{}{made_with}", format::definitions())).unwrap();
        connection.pragma_update(None, "user_version", format::LATEST).unwrap();
        let opened = LogOpened {
            log_id: "07".repeat(16),
            version: "9.0.0".to_owned(),
            sqlite: "9.0.0".to_owned(),
            schema_sha256: Definitions::of(&connection).unwrap().recorded(),
            format: Some(format::LATEST),
        };
        let record = Record { at: Time::from_millis(0), run: None, event: Event::LogOpened(opened) };
        let bytes = record.to_bytes().unwrap();
        connection.execute("INSERT INTO record (seq, body) VALUES (0, ?1)", [bytes]).unwrap();
        connection.execute_batch(change).unwrap();
        let (check, is_newer) = check(&connection).unwrap();
        (check.faults.into_iter().map(|fault| fault.text).collect(), is_newer)
    }

    #[test]
    fn a_newer_version_is_not_called_altered() {
        assert_eq!(found("", ""), (vec![], false));
        let (view, index) = ("CREATE VIEW later AS SELECT 1;", "CREATE INDEX by_body ON record (body);");
        assert_eq!(found(view, ""), (vec![], true));
        assert_eq!(found(&format!("{view}{index}"), ""), (vec![], true));
        let (faults, _) = found(view, "DROP VIEW runs");
        assert_eq!(faults.len(), 2, "{faults:?}");
        let (faults, is_newer) = found("", view);
        assert!(!is_newer && faults.len() == 2, "{faults:?}");
        let (faults, is_newer) = found("", index);
        assert!(!is_newer && faults.len() == 1 && faults[0].contains("`by_body`"), "{faults:?}");
        let (faults, _) = found("", "PRAGMA user_version = 1");
        assert!(faults[0].contains("made in format 3, and the file says 1"), "{faults:?}");
        // A newer program's tables are read, and only those.
        let other = "DROP TABLE payload; CREATE VIEW payload AS SELECT 1 AS seq, 2 AS salt, 3 AS bytes;";
        assert!(!found(other, "").1);
    }
}
