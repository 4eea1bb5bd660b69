//! What makes a file an audit log, in each layout that a released version has written.
//!
//! A layout is the tables, triggers and views of the file. It is never migrated: its digest stands in the log's first
//! record, under every signed head, so a log keeps its layout for ever and is added to as it is. Every older layout is
//! read, and a newer one too: this program reads the tables `record`, `payload` and `checkpoint` alone, through views of
//! its own (`views.rs`), and never through what else a file brings.

use crate::{
    domain::{Digest, Outcome, Sha256},
    record::{CUSTOMER_COLUMNS, Column, Kind, LogOpened, sql_list},
};
use rusqlite::{Connection, OptionalExtension as _, types::ValueRef};
use std::{borrow::Cow, fmt, sync::LazyLock};

/// Bytes `offb`, in the file's header: this is an audit log of this program.
pub(super) const APPLICATION_ID: i32 = 0x6f66_6662;

/// The layout that this version gives to new logs, as `user_version` and `log_opened.format` count it.
pub(super) const LATEST: i32 = 3;

/// The layout of the first version, whose `log_opened` does not name one.
const FIRST: i32 = 1;

/// Tables, triggers and views of a new log.
pub(super) fn definitions() -> &'static str {
    static SQL: LazyLock<String> = LazyLock::new(|| sql(include_str!("schema.sql")));
    &SQL
}

/// A question in which `{RunOpened}` stands for the name of that kind of record as a text, `{not_reached}` for
/// the names of the outcomes in which what was asked for is not so, and `{customers}` for the columns of customers.
pub(super) fn sql(text: &str) -> String {
    let column = |column: &Column| format!("{} AS {}", column.sql, column.name);
    let columns = || CUSTOMER_COLUMNS.iter().map(column).collect::<Vec<_>>().join(",\n    ");
    let mut sql = text.replace("{customers}", &columns());
    if sql.contains("{not_reached}") {
        // Those never become more, so that a new procedure changes no layout.
        sql = sql.replace("{not_reached}", &outcomes(|outcome| !outcome.is_reached()));
    }
    for kind in Kind::ALL {
        sql = sql.replace(&format!("{{{kind:?}}}"), &format!("'{}'", kind.label()));
    }
    sql
}

/// The names of these outcomes, for a list in SQL.
pub(super) fn outcomes(are: fn(&Outcome) -> bool) -> String {
    sql_list(Outcome::ALL.iter().filter(|outcome| are(outcome)).map(|outcome| outcome.as_str()))
}

/// A layout that a released version writes. These never change.
struct Layout {
    format: i32,
    /// Of all definitions but indexes: what `log_opened` records.
    recorded: &'static str,
    /// Each definition with its type, its name and its digest, in that order.
    objects: &'static [(&'static str, &'static str, &'static str)],
}

const RELEASED: [Layout; 3] = [
    Layout {
        format: FIRST,
        recorded: "027f1bd0e3d7cb127a6d6d8585b1d196284934dd4238bea38ac909766c25087f",
        objects: &FIRST_OBJECTS,
    },
    Layout {
        format: 2,
        recorded: "51347024667364147d055d1a8f3671e24bdfd7e04a60f29c82ebe6ef884837e0",
        objects: &SECOND_OBJECTS,
    },
    Layout {
        format: 3,
        recorded: "593486eda49ebc93618388c3d9a25a33366fd852f3a1de18ee258f872aade514",
        objects: &THIRD_OBJECTS,
    },
];

#[rustfmt::skip]
const FIRST_OBJECTS: [(&str, &str, &str); 16] = [
    ("index", "record_milestone", "222d2816a47133510e12f04b2a8601d55199376f79b1ea3c6115d69cd51727cf"),
    ("table", "checkpoint", "d18c1cef264e8393ba90b9650d79f975c9e39114a829aa47188b1110d2912904"),
    ("table", "payload", "3770be1263608b328ae16abda365e950a91fad4bd1b19239dcf7ce1b342a67a2"),
    ("table", "record", "f426b97bde6ca8461dde15ae2fe0c6b37c6d87d40d6920bffdebb65734e488b2"),
    ("trigger", "checkpoint_is_larger", "80f3c452b0732ae1b8e314a74b23f5f889b849c132781aee4624ae7d25eb0f2e"),
    ("trigger", "checkpoint_is_not_deleted", "fb9150e16e4c404d309bc1af87f12785a2efa7745ae98eac5e1b1b8aa7ba3e50"),
    ("trigger", "checkpoint_is_not_updated", "9aca548531ca21f45b40c91f89f717d5c9964d00b648e723d027af780bddc83e"),
    ("trigger", "payload_is_new", "5f40cfbafa9787cfb304334ab7146a22fc02cb749e5cbd49cb864d9f02943f9f"),
    ("trigger", "payload_is_not_deleted", "13ee1b176d75ada9a2ea38a3a57fe7d53914be8fc8b013d7905635c4b72feb8d"),
    ("trigger", "payload_is_not_updated", "9ffe2c76a800a51621304e5ea4ab592b95d71d2c6756c2f3cf2070d1376b2b1f"),
    ("trigger", "record_is_contiguous", "bdb31837b76a16626c4087abf0ed7af0f6dc4cb88bd7e0587e445a4c6576b176"),
    ("trigger", "record_is_not_deleted", "ceb518ca083c01a3a7178a9ffacfeaf304dc9aff3b5e1b2b21480f43ec07ed6d"),
    ("trigger", "record_is_not_updated", "ed83b09cf688b148d1b5288938f9505a522bc3cedcb0606e0d24de32778ff42d"),
    ("view", "customers", "a5894de04fd1cf11537a7de31cfc895a05a9369808f9727fefe1d8a410571887"),
    ("view", "requests", "f80d126c6dc5431c0976ef696c0277ab03e441ff9709b09d2d366bfa498e11bb"),
    ("view", "runs", "fb556e57c1727cde78008997b7f679c561f260eff3e871f93816f0177f075239"),
];

#[rustfmt::skip]
const SECOND_OBJECTS: [(&str, &str, &str); 16] = [
    ("table", "checkpoint", "d18c1cef264e8393ba90b9650d79f975c9e39114a829aa47188b1110d2912904"),
    ("table", "payload", "3770be1263608b328ae16abda365e950a91fad4bd1b19239dcf7ce1b342a67a2"),
    ("table", "record", "169bc5dfe421e05fd6b4c166667c1ea68d5ffa9c35bcba2148fdd2fca7c3002e"),
    ("trigger", "checkpoint_is_larger", "80f3c452b0732ae1b8e314a74b23f5f889b849c132781aee4624ae7d25eb0f2e"),
    ("trigger", "checkpoint_is_not_deleted", "fb9150e16e4c404d309bc1af87f12785a2efa7745ae98eac5e1b1b8aa7ba3e50"),
    ("trigger", "checkpoint_is_not_updated", "9aca548531ca21f45b40c91f89f717d5c9964d00b648e723d027af780bddc83e"),
    ("trigger", "payload_is_new", "5f40cfbafa9787cfb304334ab7146a22fc02cb749e5cbd49cb864d9f02943f9f"),
    ("trigger", "payload_is_not_deleted", "13ee1b176d75ada9a2ea38a3a57fe7d53914be8fc8b013d7905635c4b72feb8d"),
    ("trigger", "payload_is_not_updated", "9ffe2c76a800a51621304e5ea4ab592b95d71d2c6756c2f3cf2070d1376b2b1f"),
    ("trigger", "record_is_contiguous", "bdb31837b76a16626c4087abf0ed7af0f6dc4cb88bd7e0587e445a4c6576b176"),
    ("trigger", "record_is_not_deleted", "ceb518ca083c01a3a7178a9ffacfeaf304dc9aff3b5e1b2b21480f43ec07ed6d"),
    ("trigger", "record_is_not_updated", "ed83b09cf688b148d1b5288938f9505a522bc3cedcb0606e0d24de32778ff42d"),
    ("view", "customers", "0aa8981439bae9cdc82e06dc7ad1ef2fb5853bb773942a54939a96268140ce21"),
    ("view", "records", "77f3524789b152b35c9fbb46d82d52a5fabcacdb5b3e5c799f2fae79e676897a"),
    ("view", "requests", "9629705bc7f99d6c175f9d5721fe5c53af27472a80b056c98821721543f322ce"),
    ("view", "runs", "9374c172c2794c3f568e307d2f0d9b1ff97f3cb89b1581370b68cf507faf291a"),
];

/// The view `customers` has the column `act_by`.
const THIRD_OBJECTS: [(&str, &str, &str); 16] = {
    let mut objects = SECOND_OBJECTS;
    objects[12] = ("view", "customers", "6117ab0dc7ef13fb8d32c75d1299a5c3e272de1b947bf92dec044976f95d5658");
    objects
};

/// What a file defines, in the order of type and name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Definitions(Vec<Object>);

/// A table, an index, a trigger or a view.
#[derive(Debug, PartialEq, Eq)]
struct Object {
    kind: String,
    name: String,
    /// Its type, its name, its table and its SQL, with a `|` between them and a line feed after.
    line: String,
}

/// What is not as this program makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    how: DifferenceKind,
    kind: Cow<'static, str>,
    name: Cow<'static, str>,
}

const NOT_AS_RECORDED: Difference = Difference {
    how: DifferenceKind::NotAsRecorded,
    kind: Cow::Borrowed("table"),
    name: Cow::Borrowed("record"),
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DifferenceKind {
    Added,
    Changed,
    Missing,
    /// In a layout that is not known: not as the log's own first record says.
    NotAsRecorded,
}

/// How far this program knows a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LayoutMatch {
    /// It is exactly what a released version makes.
    Released,
    /// A newer version made it, and it is what its first record says.
    Newer(Later),
    /// It is not as it was made.
    Altered(Difference),
}

/// A layout that this version does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Later {
    /// Its number.
    pub format: i32,
    /// The version of the program that made the log.
    pub version: String,
}

impl Definitions {
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        let mut query =
            connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name")?;
        let objects = query.query_map([], |row| {
            let part = |i| -> rusqlite::Result<String> {
                Ok(match row.get_ref(i)? {
                    // An index that belongs to a constraint has none.
                    ValueRef::Null => String::new(),
                    ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                    // It differs from what this program makes, whatever it is.
                    _ => "not a text".to_owned(),
                })
            };
            let (kind, name) = (part(0)?, part(1)?);
            let line = format!("{kind}|{name}|{}|{}\n", part(2)?, part(3)?);
            Ok(Object { kind, name, line })
        })?;
        Ok(Self(objects.collect::<Result<_, _>>()?))
    }

    /// The digest that `log_opened` records. It leaves indexes out: the first version thought that they hold nothing that
    /// the tables do not. Later layouts have none.
    pub(super) fn recorded(&self) -> Sha256 {
        let mut digest = Digest::default();
        self.0.iter().filter(|object| object.kind != "index").for_each(|object| digest.add(&object.line));
        digest.done()
    }

    /// The first definition that is not one of the layout's.
    fn difference(&self, layout: &Layout) -> Option<Difference> {
        let digest = |object: &Object| Sha256::of(&[object.line.as_bytes()]).to_string();
        let mut seen = Vec::new();
        for object in &self.0 {
            let own =
                layout.objects.iter().find(|(kind, name, _)| *kind == object.kind && *name == object.name);
            let how = match own {
                None => Some(DifferenceKind::Added),
                Some(own) if seen.contains(own) => Some(DifferenceKind::Added),
                Some((.., own)) if digest(object) != *own => Some(DifferenceKind::Changed),
                Some(_) => None,
            };
            if let Some(how) = how {
                return Some(Difference {
                    how,
                    kind: object.kind.clone().into(),
                    name: object.name.clone().into(),
                });
            }
            seen.extend(own);
        }
        let missing = layout.objects.iter().find(|own| !seen.contains(own));
        missing.map(|(kind, name, _)| Difference {
            how: DifferenceKind::Missing,
            kind: (*kind).into(),
            name: (*name).into(),
        })
    }
}

/// What the first record of a log says of its layout. It may be of a newer program.
pub(super) fn opened(connection: &Connection) -> rusqlite::Result<Option<LogOpened>> {
    let first: Option<Vec<u8>> = connection
        .query_row("SELECT CAST(body AS BLOB) FROM main.record WHERE seq = 0", [], |row| row.get(0))
        .optional()?;
    Ok(first.and_then(|body| LogOpened::read(&body)))
}

/// How far this program knows the file. Nothing is read through a file that is not as it was made: an index, a view or a
/// trigger of somebody else may show records that are not there, and hide those that are.
pub(super) fn known(connection: &Connection) -> rusqlite::Result<LayoutMatch> {
    let found = Definitions::of(connection)?;
    let format: i32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let layout = RELEASED.iter().find(|layout| layout.format == format);
    let difference = layout.map_or(Some(NOT_AS_RECORDED), |layout| found.difference(layout));
    let Some(difference) = difference else { return Ok(LayoutMatch::Released) };
    if RELEASED.iter().any(|layout| found.recorded().to_string() == layout.recorded)
        || !has_tables(connection)?
    {
        return Ok(LayoutMatch::Altered(difference));
    }
    match opened(connection)? {
        Some(opened) if opened.schema_sha256 == found.recorded() && opened.layout() == format => {
            Ok(LayoutMatch::Newer(Later { format, version: opened.version }))
        }
        _ => Ok(LayoutMatch::Altered(difference)),
    }
}

/// Whether the tables that this program reads are there, with plain columns: what a view or a generated column shows is
/// not what is stored.
fn has_tables(connection: &Connection) -> rusqlite::Result<bool> {
    let is_plain = "SELECT count(*) FROM pragma_table_list(?1) AS found, pragma_table_xinfo(?1) AS field
         WHERE found.schema = 'main' AND found.type = 'table' AND field.name = ?2 AND field.hidden = 0";
    for (table, columns) in [
        ("record", &["seq", "body"][..]),
        ("payload", &["seq", "salt", "bytes"]),
        ("checkpoint", &["size", "note"]),
    ] {
        for column in columns {
            let found: u32 = connection.query_row(is_plain, [table, column], |row| row.get(0))?;
            if found != 1 {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { how, kind, name } = self;
        match how {
            DifferenceKind::Added => write!(f, "the {kind} `{name}` in it is none of this program's")?,
            DifferenceKind::Changed => {
                write!(f, "the {kind} `{name}` in it is not as this program makes it")?;
            }
            DifferenceKind::Missing => write!(f, "the {kind} `{name}` is missing in it")?,
            DifferenceKind::NotAsRecorded => {
                write!(f, "its tables, triggers and views are not those that its first record names")?;
            }
        }
        // The name is whatever somebody chose; only a plain one is made a part of a command.
        let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if *how == DifferenceKind::Added && kind == "index" && is_plain && !name.starts_with("sqlite_") {
            write!(f, "; if somebody made it to be faster, take it out again: DROP INDEX {name}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sql: &str) -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(definitions()).unwrap();
        connection.pragma_update(None, "user_version", LATEST).unwrap();
        connection.execute_batch(sql).unwrap();
        connection
    }

    /// A layout that is changed is a new one: the constants of the earlier ones stay.
    #[test]
    fn new_logs_have_a_released_layout() {
        let ours = Definitions::of(&of("")).unwrap();
        let last = RELEASED.last().unwrap();
        let lines = ours.0.iter().map(|object| {
            let digest = Sha256::of(&[object.line.as_bytes()]);
            format!("    (\"{}\", \"{}\", \"{digest}\"),", object.kind, object.name)
        });
        let lines: Vec<String> = lines.collect();
        let released: Vec<String> = last
            .objects
            .iter()
            .map(|(kind, name, digest)| format!("    (\"{kind}\", \"{name}\", \"{digest}\"),"))
            .collect();
        assert_eq!(lines, released, "{}", lines.join("\n"));
        assert_eq!((last.format, ours.recorded().to_string().as_str()), (LATEST, last.recorded));
        assert_eq!(known(&of("")).unwrap(), LayoutMatch::Released);
    }

    #[test]
    fn whatever_differs_is_named() {
        for (sql, says) in [
            (
                "CREATE INDEX by_body ON record (body)",
                "the index `by_body` in it is none of this program's; if somebody",
            ),
            ("CREATE INDEX \"a b\" ON record (body)", "the index `a b` in it is none of this program's"),
            ("CREATE TABLE t (x UNIQUE)", "the index `sqlite_autoindex_t_1` in it is none"),
            ("DROP VIEW runs; CREATE VIEW runs AS SELECT 1", "the view `runs` in it is not as"),
            ("DROP TRIGGER payload_is_new", "the trigger `payload_is_new` is missing"),
            ("CREATE TEMP TABLE t (x); ANALYZE", "the table `sqlite_stat"),
            ("PRAGMA user_version = 9", "its tables, triggers and views are not those that its first record"),
        ] {
            let LayoutMatch::Altered(difference) = known(&of(sql)).unwrap() else { panic!("{sql}") };
            let found = difference.to_string();
            assert!(found.starts_with(says), "{sql}: {found}");
            assert_eq!(found.contains("DROP INDEX"), found.contains("by_body"), "{found}");
        }
    }

    #[test]
    fn kinds_stand_in_a_question_by_their_names() {
        assert_eq!(sql("kind = {RunOpened} AND x IN ({not_reached})").matches('{').count(), 0);
        assert!(!definitions().contains('{'), "{}", definitions());
    }
}
