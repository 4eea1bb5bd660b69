//! Whether the file is the database that a log was made as.

use super::{
    super::schema,
    records::Milestone,
    verdict::{Check, Fault},
};
use crate::record::{Event, Record};
use rusqlite::{Connection, OptionalExtension as _, params};
use std::collections::BTreeSet;

/// So many lines of `SQLite`'s own check are taken.
const LINES: u32 = 20;
/// The one index that every log has.
const INDEX: &str = "record_milestone";

/// Looks at pages and types, and compares the definitions of tables, triggers and views with what the
/// log's first record says of them.
pub(super) fn check(connection: &Connection) -> Check {
    let mut check = Check::new("structure");
    "an audit log; tables, triggers and views are as they were made".clone_into(&mut check.subject);
    let looked = pages(connection, &mut check).and_then(|()| definitions(connection, &mut check));
    if let Err(error) = looked {
        damaged(&mut check, &error);
    }
    check
}

/// Compares the index of milestones with the records that it must name.
pub(super) fn check_index(connection: &Connection, milestones: &BTreeSet<Milestone>, check: &mut Check) {
    match names_exactly(connection, milestones) {
        Ok(true) => {}
        Ok(false) => damaged(check, &format!("the index `{INDEX}` does not name the records that it should")),
        Err(error) => damaged(check, &error),
    }
}

fn damaged(check: &mut Check, what: &dyn std::fmt::Display) {
    check.fault(Fault::of_all(format!("the file is damaged: {what}")));
}

fn pages(connection: &Connection, check: &mut Check) -> rusqlite::Result<()> {
    let others: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name <> ?1)",
        [INDEX],
        |row| row.get(0),
    )?;
    // The long form compares all indexes with their tables, which takes as long as all the rest. The index
    // that every log has is compared where its records are read.
    let pragma = if others { "integrity_check" } else { "quick_check" };
    let mut query = connection.prepare(&format!("PRAGMA {pragma}({LINES})"))?;
    let mut lines = query.query([])?;
    while let Some(line) = lines.next()? {
        let line: String = line.get(0)?;
        if line != "ok" {
            damaged(check, &line);
        }
    }
    Ok(())
}

fn definitions(connection: &Connection, check: &mut Check) -> rusqlite::Result<()> {
    let first: Option<Vec<u8>> = connection
        .query_row("SELECT CAST(body AS BLOB) FROM record WHERE seq = 0", [], |row| row.get(0))
        .optional()?;
    // What else is wrong with the first record is found where the records are read.
    let Some(Ok(record)) = first.map(|body| Record::from_bytes(&body)) else { return Ok(()) };
    if let Event::LogOpened(opened) = record.event
        && opened.schema_sha256 != schema::digest(connection)?
    {
        let text = "a table, a trigger or a view is not what it was when the log was made";
        check.fault(Fault::of_record(0, text));
    }
    Ok(())
}

/// Whether each of these is found through the index, and nothing else is in it. An index that is not there
/// says nothing wrong.
fn names_exactly(connection: &Connection, milestones: &BTreeSet<Milestone>) -> rusqlite::Result<bool> {
    let exists = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = ?1)";
    if !connection.query_row(exists, [INDEX], |row| row.get(0))? {
        return Ok(true);
    }
    let count = format!("SELECT count(*) FROM record INDEXED BY {INDEX} WHERE milestone IS NOT NULL");
    let count: i64 = connection.query_row(&count, [], |row| row.get(0))?;
    let mut find = connection.prepare(&format!(
        "SELECT 1 FROM record INDEXED BY {INDEX} WHERE milestone = ?1 AND run IS ?2 AND seq = ?3"
    ))?;
    for (kind, run, place) in milestones {
        if !find.exists(params![kind, run, place])? {
            return Ok(false);
        }
    }
    Ok(usize::try_from(count) == Ok(milestones.len()))
}
