//! Whatever bit of a sealed log is turned: a change of content is found, and nothing crashes.

use crate::support::evidence::{Question, Sealed, look};
use crate::support::system;
use rusqlite::{Connection, types::Value};
use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// Everything that the log says, with its types. None if it cannot be read.
fn content(path: &Path) -> Option<Vec<Vec<Value>>> {
    let log = look(path).ok()?;
    let mut all = Vec::new();
    for query in [
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE type <> 'index' ORDER BY type, name",
        "SELECT seq, body FROM record ORDER BY seq",
        "SELECT seq, salt, bytes FROM payload ORDER BY seq",
        "SELECT size, note FROM checkpoint ORDER BY size",
        "PRAGMA application_id",
        "PRAGMA user_version",
    ] {
        let mut query = log.prepare(query).ok()?;
        let columns = query.column_count();
        let mut rows = query.query([]).ok()?;
        while let Some(row) = rows.next().ok()? {
            all.push((0..columns).map(|i| row.get(i)).collect::<Result<_, _>>().ok()?);
        }
    }
    Some(all)
}

/// A sealed log in small pages, so that little of it is empty.
fn small_log(sealed: &Sealed) -> PathBuf {
    let path = sealed.copy("small.db");
    Connection::open(&path).unwrap().execute_batch("PRAGMA page_size = 512; VACUUM").unwrap();
    path
}

/// `OFFBOARD_TEST_FLIPS=all` turns every bit; without it, one bit of every fourth byte.
#[test]
fn every_turned_bit() {
    let sealed = Sealed::new(1);
    let small = small_log(&sealed);
    let untouched = content(&small).unwrap();
    assert_eq!(Question::new(&small).with(&sealed.kept).answer(), 0);
    let bytes = std::fs::read(&small).unwrap();
    let all = std::env::var("OFFBOARD_TEST_FLIPS").is_ok_and(|value| value == "all");
    let bits: Vec<usize> = if all {
        (0..bytes.len() * 8).collect()
    } else {
        (0..bytes.len()).step_by(4).map(|byte| byte * 8 + byte / 4 % 8).collect()
    };
    let (next, found, unseen) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for worker in 0..thread::available_parallelism().map_or(2, usize::from) {
            let path = sealed.copy(&format!("worker-{worker}.db"));
            std::fs::write(&path, &bytes).unwrap();
            let (bits, next, found, unseen, untouched, sealed) =
                (&bits, &next, &found, &unseen, &untouched, &sealed);
            let bytes = &bytes;
            scope.spawn(move || {
                let file: File = OpenOptions::new().write(true).open(&path).unwrap();
                let question = Question::new(&path).with(&sealed.kept);
                while let Some(bit) = bits.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (at, mask) = (bit / 8, 1 << (bit % 8));
                    system::overwrite(&file, &[bytes[at] ^ mask], at as u64);
                    match question.answer() {
                        6 | 7 => drop(found.fetch_add(1, Ordering::Relaxed)),
                        0 => {
                            assert!(
                                content(&path).as_ref() == Some(untouched),
                                "bit {bit} changes what the log says"
                            );
                            unseen.fetch_add(1, Ordering::Relaxed);
                        }
                        other => panic!("bit {bit}: {other}"),
                    }
                    system::overwrite(&file, &[bytes[at]], at as u64);
                }
            });
        }
    });
    let (found, unseen) = (found.into_inner(), unseen.into_inner());
    println!("{} bytes: {found} turned bits were found, {unseen} change nothing that is read", bytes.len());
    assert_eq!(found + unseen, bits.len());
    assert!(found > unseen * 4);
}
