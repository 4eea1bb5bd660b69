//! What makes a file an audit log of this program.

use crate::domain::Sha256;
use rusqlite::Connection;

/// Bytes `offb`, in the file's header: this is an audit log of this program.
pub(super) const APPLICATION_ID: i32 = 0x6f66_6662;
/// The version of the schema.
pub(super) const SCHEMA_VERSION: i32 = 1;
/// Tables, triggers and views.
pub(super) const SCHEMA: &str = include_str!("schema.sql");

/// What the view `requests` asks: the last thing of the schema.
pub(super) fn requests() -> &'static str {
    let view = SCHEMA.split_once("CREATE VIEW requests AS").map(|(_, view)| view.trim());
    view.unwrap_or_default().trim_end_matches(';')
}

/// The digest over the definitions of all tables, triggers and views: for each, in the order of type and
/// name, its type, its name, its table and its SQL, with a `|` between them and a line feed after. Indexes
/// may come and go: they hold nothing that the tables do not.
pub(super) fn digest(connection: &Connection) -> rusqlite::Result<Sha256> {
    let mut query = connection.prepare(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type <> 'index' ORDER BY type, name",
    )?;
    let mut rows = query.query([])?;
    let mut text = String::new();
    while let Some(row) = rows.next()? {
        let part = |i| -> rusqlite::Result<&str> { Ok(row.get_ref(i)?.as_str()?) };
        text.push_str(&format!("{}|{}|{}|{}\n", part(0)?, part(1)?, part(2)?, part(3)?));
    }
    Ok(Sha256::of(&[text.as_bytes()]))
}
