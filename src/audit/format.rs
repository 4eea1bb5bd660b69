//! What makes a file an audit log of this program.

use crate::domain::{Digest, Sha256};
use rusqlite::{Connection, types::ValueRef};
use std::fmt;

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

/// A schema that a released version of this program makes, by the digests of its definitions.
struct Released {
    /// Of tables, triggers and views: what `log_opened` records.
    recorded: &'static str,
    /// Of indexes as well.
    whole: &'static str,
}

/// They never change: a log is never migrated.
const RELEASED: [Released; 1] = [Released {
    recorded: "027f1bd0e3d7cb127a6d6d8585b1d196284934dd4238bea38ac909766c25087f",
    whole: "070e22eaf81842c9c99a2526622bdf457c7a27f786cc0b00a43ffe1faf7b8dcc",
}];

/// What a file defines, in the order of type and name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Definitions(Vec<Object>);

/// A table, an index, a trigger or a view.
#[derive(Debug, PartialEq, Eq)]
struct Object {
    kind: String,
    name: String,
    table: String,
    /// Empty for an index that belongs to a constraint.
    sql: String,
}

/// What is not as this program makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    how: How,
    kind: String,
    name: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Added,
    Changed,
    Missing,
}

impl Definitions {
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let mut query =
            connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")?;
        let objects = query.query_map([], |row| {
            let part = |i| -> rusqlite::Result<String> {
                Ok(match row.get_ref(i)? {
                    ValueRef::Null => String::new(),
                    ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                    // It differs from what this program makes, whatever it is.
                    _ => "not a text".to_owned(),
                })
            };
            Ok(Object { kind: part(0)?, name: part(1)?, table: part(2)?, sql: part(3)? })
        })?;
        Ok(Self(objects.collect::<Result<_, _>>()?))
    }

    /// The digest that `log_opened` records. It leaves indexes out: the first version thought that they hold
    /// nothing that the tables do not.
    pub(super) fn recorded(&self) -> Sha256 {
        digest(self.0.iter().filter(|object| object.kind != "index"))
    }

    /// Whether a released version makes exactly these.
    pub(super) fn are_released(&self) -> bool {
        let whole = digest(&self.0).to_string();
        RELEASED.iter().any(|released| released.whole == whole)
    }

    /// The first object that is not as this version makes it.
    fn difference(&self) -> rusqlite::Result<Option<Difference>> {
        let ours = Connection::open_in_memory()?;
        ours.execute_batch(SCHEMA)?;
        let ours = Self::of(&ours)?;
        let same = |one: &Object, other: &Object| one.kind == other.kind && one.name == other.name;
        let found = self.0.iter().find_map(|object| match ours.0.iter().find(|own| same(own, object)) {
            None => Some((How::Added, object)),
            Some(own) if own != object => Some((How::Changed, object)),
            Some(_) => None,
        });
        let missing = || ours.0.iter().find(|own| !self.0.iter().any(|object| same(own, object)));
        let twice = || self.0.last().filter(|_| self.0.len() > ours.0.len());
        let found = found.or_else(|| missing().map(|own| (How::Missing, own)));
        let found = found.or_else(|| twice().map(|object| (How::Added, object)));
        Ok(found.map(|(how, Object { kind, name, .. })| Difference {
            how,
            kind: kind.clone(),
            name: name.clone(),
        }))
    }
}

/// For each object its type, its name, its table and its SQL, with a `|` between them and a line feed after.
fn digest<'a>(objects: impl IntoIterator<Item = &'a Object>) -> Sha256 {
    let mut digest = Digest::default();
    for Object { kind, name, table, sql } in objects {
        digest.add(format!("{kind}|{name}|{table}|{sql}\n"));
    }
    digest.done()
}

/// Whether a version of this program makes logs whose `log_opened` has this digest.
pub(super) fn is_known(recorded: Sha256) -> bool {
    let recorded = recorded.to_string();
    RELEASED.iter().any(|released| released.recorded == recorded)
}

/// What is not as this program makes it, if anything is. Nothing is read through a file that has such a thing: an
/// index, a view or a trigger of somebody else may show records that are not there, and hide those that are.
pub(super) fn difference(connection: &Connection) -> rusqlite::Result<Option<Difference>> {
    let definitions = Definitions::of(connection)?;
    if definitions.are_released() { Ok(None) } else { definitions.difference() }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { how, kind, name } = self;
        match how {
            How::Added => write!(f, "the {kind} `{name}` in it is none of this program's")?,
            How::Changed => write!(f, "the {kind} `{name}` in it is not as this program makes it")?,
            How::Missing => write!(f, "the {kind} `{name}` is missing in it")?,
        }
        // The name is whatever somebody chose; only a plain one is made a part of a command.
        let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if *how == How::Added && kind == "index" && is_plain && !name.starts_with("sqlite_") {
            write!(f, "; if somebody made it to be faster, take it out again: DROP INDEX {name}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sql: &str) -> Definitions {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        connection.execute_batch(sql).unwrap();
        Definitions::of(&connection).unwrap()
    }

    /// A schema that is changed is a new one: the constants of the earlier ones stay.
    #[test]
    fn the_schema_is_a_released_one() {
        let ours = of("");
        let last = RELEASED.last().unwrap();
        assert_eq!(
            (ours.recorded().to_string(), digest(&ours.0).to_string()),
            (last.recorded.into(), last.whole.into())
        );
        assert!(ours.are_released() && is_known(ours.recorded()));
        assert_eq!(ours.difference().unwrap(), None);
    }

    #[test]
    fn whatever_differs_is_named() {
        for (sql, says) in [
            (
                "CREATE INDEX by_row ON record (row)",
                "the index `by_row` in it is none of this program's; if somebody",
            ),
            ("CREATE INDEX \"a b\" ON record (row)", "the index `a b` in it is none of this program's"),
            ("CREATE TABLE t (x UNIQUE)", "the index `sqlite_autoindex_t_1` in it is none"),
            ("DROP INDEX record_milestone", "the index `record_milestone` is missing"),
            (
                "DROP INDEX record_milestone; CREATE INDEX record_milestone ON record (milestone)",
                "the index `record_milestone` in it is not as this program makes it",
            ),
            ("DROP VIEW runs; CREATE VIEW runs AS SELECT 1", "the view `runs` in it is not as"),
            ("DROP TRIGGER payload_is_new", "the trigger `payload_is_new` is missing"),
            ("CREATE TEMP TABLE t (x); ANALYZE", "the table `sqlite_stat"),
        ] {
            let definitions = of(sql);
            assert!(!definitions.are_released(), "{sql}");
            let found = definitions.difference().unwrap().unwrap().to_string();
            assert!(found.starts_with(says), "{sql}: {found}");
            assert_eq!(found.contains("DROP INDEX"), found.contains("by_row"), "{found}");
        }
    }
}
