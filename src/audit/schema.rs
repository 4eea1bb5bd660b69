//! What makes a file an audit log of this program.

use crate::domain::Sha256;
use rusqlite::Connection;

/// Bytes `offb`, in the file's header: this is an audit log of this program.
pub(super) const APPLICATION_ID: i32 = 0x6f66_6662;
/// The version of the schema.
pub(super) const SCHEMA_VERSION: i32 = 1;
/// Tables, triggers and views.
pub(super) const SCHEMA: &str = include_str!("schema.sql");

/// The digest over the definitions of all tables, triggers and views: for each, in the order of type and
/// name, its type, its name, its table and its SQL, with a `|` between them and a line feed after. Indexes
/// may come and go: they hold nothing that the tables do not.
pub(super) fn digest(connection: &Connection) -> rusqlite::Result<Sha256> {
    let text: Option<String> = connection.query_row(
        "SELECT group_concat(type || '|' || name || '|' || tbl_name || '|' || sql || char(10), '')
         FROM (SELECT * FROM sqlite_schema WHERE type <> 'index' ORDER BY type, name)",
        [],
        |row| row.get(0),
    )?;
    Ok(Sha256::of(&[text.unwrap_or_default().as_bytes()]))
}
