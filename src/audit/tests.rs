//! When heads are made, what they cover, and what happens to a log that is not what they say.

use super::{
    Entry, Salt, SigningKey, Store, StoreError, Writer, checkpoint, checkpoint_file::copy_path,
    keys::tests::key,
};
use crate::{
    domain::{Secret, Time},
    record::{Event, Record, TokenNamed},
};
use rusqlite::Connection;
use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

const LOG_ID: Salt = [7; 16];
const OTHER_KEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

fn entries(count: usize) -> Vec<Entry> {
    let event = || Event::TokenNamed(TokenNamed::default());
    (0..count).map(|_| Record { at: Time::from_millis(0), run: None, event: event() }.into()).collect()
}

fn try_open(path: &Path, log_id: &Salt, key: &SigningKey) -> Result<Store, StoreError> {
    Store::open(path, Time::from_millis(0), log_id, key)
}

fn open(path: &Path) -> Store {
    try_open(path, &LOG_ID, &key()).unwrap()
}

fn log(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("audit.db")
}

/// The sizes of the heads in the log; they are the same in its copy.
fn sizes(path: &Path) -> Vec<u64> {
    let connection = Connection::open(path).unwrap();
    let mut query = connection.prepare("SELECT note FROM checkpoint ORDER BY size").unwrap();
    let notes: Vec<String> =
        query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(fs::read_to_string(copy_path(path)).unwrap(), notes.concat());
    notes.iter().map(|note| checkpoint::claims(note).unwrap().1).collect()
}

#[test]
fn a_head_is_made_after_a_hundred_records_when_asked_and_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = log(&folder);
    let mut store = open(&path);
    // Two are there already: the log was opened, and the key introduced.
    store.append(&entries(97)).unwrap();
    store.append(&entries(1)).unwrap();
    assert!(sizes(&path).is_empty());
    store.append(&entries(500)).unwrap();
    assert_eq!(sizes(&path), [100], "only what was on disk before is covered");
    store.append(&entries(1)).unwrap();
    store.head().unwrap();
    store.head().unwrap();
    assert_eq!(sizes(&path), [100, 600, 601]);
    store.append(&entries(1)).unwrap();
    store.close().unwrap();
    open(&path).close().unwrap();
    assert_eq!(sizes(&path), [100, 600, 601, 602]);
}

#[tokio::test(start_paused = true)]
async fn records_do_not_wait_long_for_a_head() {
    let folder = tempfile::tempdir().unwrap();
    let path = log(&folder);
    let (writer, task) = Writer::start(open(&path), Box::new(|_, _| Ok(())));
    writer.append(entries(3)).await.unwrap();
    tokio::time::advance(Duration::from_secs(31)).await;
    writer.append(entries(1)).await.unwrap();
    assert!(sizes(&path).is_empty());
    writer.append(entries(1)).await.unwrap();
    assert_eq!(sizes(&path), [6]);
    tokio::time::advance(Duration::from_secs(29)).await;
    writer.append(entries(1)).await.unwrap();
    writer.append(entries(1)).await.unwrap();
    assert_eq!(sizes(&path), [6]);
    writer.head().await.unwrap();
    assert_eq!(sizes(&path), [6, 9]);
    drop(writer);
    task.await.unwrap().unwrap().close().unwrap();
    assert_eq!(sizes(&path), [6, 9]);
}

/// Does this to the log while its triggers are not there.
fn unguarded(path: &Path, change: &str) {
    let connection = Connection::open(path).unwrap();
    let triggers =
        "SELECT 'DROP TRIGGER ' || name || ';', sql || ';' FROM sqlite_schema WHERE type = 'trigger'";
    let mut query = connection.prepare(triggers).unwrap();
    let triggers = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)));
    let (drop_all, make_again): (String, String) = triggers.unwrap().map(Result::unwrap).unzip();
    connection.execute_batch(&format!("{drop_all} {change}; {make_again}")).unwrap();
}

#[test]
fn a_log_that_is_not_what_was_signed_is_not_opened() {
    for change in [
        "UPDATE record SET body = CAST(replace(CAST(body AS TEXT), 'token', 'Token') AS BLOB) WHERE seq = 5",
        "DELETE FROM record WHERE seq >= 8",
        "DELETE FROM record WHERE seq = 5",
        "DELETE FROM record",
        "UPDATE checkpoint SET note = replace(note, 'tester@host', 'taster@host')",
        "UPDATE checkpoint SET size = size - 1",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = log(&folder);
        let mut store = open(&path);
        store.append(&entries(10)).unwrap();
        store.close().unwrap();
        unguarded(&path, change);
        let error = try_open(&path, &LOG_ID, &key()).unwrap_err();
        assert!(matches!(error, StoreError::Altered { .. }), "{change}: {error}");
        assert!(error.to_string().contains("offboard verify"), "{error}");
    }
}

#[test]
fn nothing_is_added_to_what_another_program_wrote_to() {
    for (change, is_known) in [
        ("INSERT INTO record (seq, body) VALUES (12, x'7b7d')", false),
        ("INSERT INTO payload (seq, salt, bytes) VALUES (12, x'00', x'00')", false),
        ("DROP TRIGGER record_is_not_deleted; DELETE FROM record WHERE seq = 11", false),
        ("INSERT INTO checkpoint (size, note) VALUES (12, 'x')", false),
        ("CREATE TABLE notes (text)", true),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = log(&folder);
        let mut store = open(&path);
        store.append(&entries(10)).unwrap();
        let other = Connection::open(&path).unwrap();
        other.execute_batch(change).unwrap();
        let count =
            || -> i64 { other.query_row("SELECT count(*) FROM record", [], |row| row.get(0)).unwrap() };
        let before = count();
        let appended = store.append(&entries(1));
        assert_eq!(appended.is_ok(), is_known, "{change}: {appended:?}");
        assert!(is_known || matches!(appended, Err(StoreError::Altered { .. })), "{change}: {appended:?}");
        assert_eq!(count() - before, i64::from(is_known), "{change}");
    }
}

#[test]
fn a_log_with_definitions_of_its_own_is_not_opened() {
    for change in [
        "CREATE INDEX mine ON record (body)",
        "DROP TRIGGER payload_is_new",
        "DROP VIEW runs",
        "CREATE TRIGGER mine BEFORE INSERT ON payload BEGIN SELECT RAISE(IGNORE); END",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = log(&folder);
        open(&path).close().unwrap();
        Connection::open(&path).unwrap().execute_batch(change).unwrap();
        let before = fs::read(&path).unwrap();
        let error = try_open(&path, &LOG_ID, &key()).unwrap_err();
        assert!(matches!(error, StoreError::Schema { .. }), "{change}: {error}");
        assert!(fs::read(&path).unwrap() == before, "{change}");
    }
}

#[test]
fn a_lost_key_is_survived() {
    let folder = tempfile::tempdir().unwrap();
    let path = log(&folder);
    open(&path).close().unwrap();
    let other = SigningKey::from_text(&Secret::new(OTHER_KEY.to_owned())).unwrap();
    for key in [&other, &other, &key()] {
        try_open(&path, &LOG_ID, key).unwrap().close().unwrap();
    }
    let connection = Connection::open(&path).unwrap();
    let mut query = connection
        .prepare(
            "SELECT json_extract(CAST(body AS TEXT), '$.vkey') FROM records WHERE kind = 'key_introduced'",
        )
        .unwrap();
    let keys: Vec<String> = query.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
    let (ours, theirs) = (key().public().as_str().to_owned(), other.public().as_str().to_owned());
    assert_eq!(keys, [ours.clone(), theirs, ours]);
}

#[test]
fn the_copy_of_the_heads_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = log(&folder);
    let mut store = open(&path);
    for _ in 0..3 {
        store.append(&entries(1)).unwrap();
        store.head().unwrap();
    }
    store.close().unwrap();
    let whole = fs::read(copy_path(&path)).unwrap();
    for kept in [0, 1, 17, whole.len() / 3, whole.len() / 2, whole.len() - 1, whole.len()] {
        fs::write(copy_path(&path), &whole[..kept]).unwrap();
        open(&path).close().unwrap();
        assert_eq!(fs::read(copy_path(&path)).unwrap(), whole, "{kept}");
    }
    fs::remove_file(copy_path(&path)).unwrap();
    open(&path).close().unwrap();
    assert_eq!(fs::read(copy_path(&path)).unwrap(), whole);
    // What a power failure left of a note is no text any more.
    fs::write(copy_path(&path), [&whole, &[0xff; 9][..]].concat()).unwrap();
    open(&path).close().unwrap();
    assert_eq!(fs::read(copy_path(&path)).unwrap(), whole);
}

#[test]
fn a_log_that_is_shorter_than_the_copy_of_its_heads_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = log(&folder);
    open(&path).close().unwrap();
    let earlier = fs::read(&path).unwrap();
    let mut store = open(&path);
    store.append(&entries(1)).unwrap();
    store.close().unwrap();
    fs::write(&path, earlier).unwrap();
    let error = try_open(&path, &LOG_ID, &key()).unwrap_err();
    assert!(matches!(error, StoreError::Altered { .. }), "{error}");
    // Another log does not take its place either.
    fs::remove_file(&path).unwrap();
    let error = try_open(&path, &[8; 16], &key()).unwrap_err();
    assert!(matches!(error, StoreError::ForeignCopy { .. }), "{error}");
}

#[cfg(unix)] // elsewhere nothing that is open can be removed
#[test]
fn of_a_log_that_is_being_copied_and_opened_nothing_is_left_when_copies_are_discarded() {
    let folder = tempfile::tempdir().unwrap();
    let path = log(&folder);
    let mut store = open(&path);
    store.append(&entries(10)).unwrap();
    for _ in 0..100 {
        let copies = tempfile::tempdir_in(&folder).unwrap();
        let (begun, has_begun) = std::sync::mpsc::channel();
        let (of_log, into) = (path.clone(), copies.path().to_owned());
        let taking = std::thread::spawn(move || {
            for _ in 0..200 {
                let Ok(snapshot) = super::Snapshot::take_into(&of_log, &into) else { return };
                begun.send(()).unwrap();
                drop(snapshot.reader());
                std::mem::forget(snapshot);
            }
        });
        has_begun.recv().unwrap();
        super::discard_copies(copies.path());
        taking.join().unwrap();
        assert!(!copies.path().exists());
    }
    store.close().unwrap();
}
