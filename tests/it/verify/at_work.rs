//! A log that is not at rest: while it is written, after a crash, and without the file that belongs to it.

use crate::support::{
    evidence::{LOG_ID, Question, Sealed, beside, both_answer, entries},
    key,
};
use offboard::{
    audit::{Entry, Store, verify},
    domain::Time,
    record::{Event, Record},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

fn open(path: &Path) -> Store {
    Store::open(path, Time::from_millis(0), &LOG_ID, &key()).unwrap()
}

/// What may follow the end of a run.
fn one_more(log: &Path) -> Entry {
    let seal = entries(log).pop().unwrap().record;
    let report =
        offboard::record::ReportWritten { file: "x".into(), sha256: offboard::domain::Sha256::of(&[b"x"]) };
    Record { event: Event::ReportWritten(report), ..seal }.into()
}

/// Both files as they lie there, as if the power had failed now.
fn crashed(log: &Path, name: &str) -> PathBuf {
    let folder = log.with_file_name(name);
    fs::create_dir(&folder).unwrap();
    for suffix in ["", "-wal", ".checkpoints"] {
        fs::copy(format!("{}{suffix}", log.display()), folder.join(format!("audit.db{suffix}"))).unwrap();
    }
    folder.join("audit.db")
}

fn everything_in(folder: &Path) -> BTreeMap<PathBuf, (u64, SystemTime)> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    files
        .map(|file| {
            let found = file.metadata().unwrap();
            (file.path(), (found.len(), found.modified().unwrap()))
        })
        .collect()
}

#[test]
fn what_a_crash_leaves_is_read_whole_and_left_alone() {
    let sealed = Sealed::new(1);
    let mut store = open(&sealed.log());
    store.append(&[one_more(&sealed.log())]).unwrap();
    let without_a_head = crashed(&sealed.log(), "without-a-head");
    store.head().unwrap();
    let with_a_head = crashed(&sealed.log(), "with-a-head");
    let newest = beside(&with_a_head);

    let torn = crashed(&sealed.log(), "torn");
    let wal = torn.with_file_name("audit.db-wal");
    let mut bytes = fs::read(&wal).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&wal, bytes).unwrap();
    let missing = crashed(&sealed.log(), "missing");
    fs::remove_file(missing.with_file_name("audit.db-wal")).unwrap();
    let alone = crashed(&sealed.log(), "alone");
    fs::remove_file(alone.with_file_name("audit.db-wal")).unwrap();
    fs::remove_file(beside(&alone)).unwrap();

    let before: Vec<_> =
        [&with_a_head, &torn, &missing].map(|log| everything_in(log.parent().unwrap())).into();
    both_answer(&[
        ("one record has no head yet".into(), Question::new(&without_a_head).with(&sealed.kept), 8),
        ("all is there, in two files".into(), Question::new(&with_a_head).with(&sealed.kept), 0),
        ("and the newest head agrees".into(), Question::new(&with_a_head).with(&newest), 0),
        ("the second file is damaged".into(), Question::new(&torn), 7),
        ("the second file is missing".into(), Question::new(&missing), 7),
        ("and the copy of the heads too".into(), Question::new(&alone), 8),
        ("but somebody kept the newest head".into(), Question::new(&alone).with(&newest), 7),
        ("or only an older one".into(), Question::new(&alone).with(&sealed.kept), 0),
    ]);
    let after: Vec<_> =
        [&with_a_head, &torn, &missing].map(|log| everything_in(log.parent().unwrap())).into();
    assert_eq!(before, after, "nothing was written beside the evidence");
}

#[test]
fn a_log_at_rest_is_opened_where_it_lies_and_left_alone() {
    let sealed = Sealed::new(1);
    let folder = sealed.log().parent().unwrap().to_owned();
    let before = everything_in(&folder);
    assert_eq!(Question::new(sealed.log()).with(&sealed.kept).answer(), 0);
    assert_eq!(everything_in(&folder), before);
    // Whatever the folder is called.
    let strange = folder.join(if cfg!(windows) { "a b#c%20d&immutable=0" } else { "a ?b#c%20d&immutable=0" });
    fs::create_dir(&strange).unwrap();
    fs::copy(sealed.log(), strange.join("audit.db")).unwrap();
    assert_eq!(Question::new(strange.join("audit.db")).with(&sealed.kept).answer(), 0);
    assert_eq!(everything_in(&strange).len(), 1);
}

#[test]
fn a_log_that_is_being_written_says_so() {
    let sealed = Sealed::new(1);
    let mut store = open(&sealed.log());
    store.append(&[one_more(&sealed.log())]).unwrap();
    let found = verify::verify(&sealed.log(), &verify::Trust::default()).unwrap();
    assert!(found.is_being_written);
    assert_eq!(found.verdict, verify::Verdict::EndUnproved);
    assert_eq!(found.records, store.next());
    // Looking did not disturb the writer.
    store.append(&[one_more(&sealed.log())]).unwrap();
    store.close().unwrap();
    let found = verify::verify(&sealed.log(), &verify::Trust::default()).unwrap();
    assert!(!found.is_being_written);
}

/// Yesterday's copy in the place of today's log.
#[test]
fn a_log_that_was_put_back_is_found_by_any_newer_head() {
    let sealed = Sealed::new(1);
    let yesterday = sealed.copy("yesterday.db");
    let mut store = open(&sealed.log());
    store.append(&[one_more(&sealed.log())]).unwrap();
    store.close().unwrap();
    let newest = beside(&sealed.log());
    let put_back = Question::new(&yesterday);
    both_answer(&[
        ("today".into(), Question::new(sealed.log()).with(&newest), 0),
        ("put back, alone".into(), put_back.clone(), 8),
        ("put back, with today's head".into(), put_back.with(&newest), 7),
    ]);
    fs::copy(&yesterday, sealed.log()).unwrap();
    both_answer(&[("put back beside today's heads".into(), Question::new(sealed.log()), 7)]);
    // And nothing is added to it.
    assert!(Store::open(&sealed.log(), Time::from_millis(0), &LOG_ID, &key()).is_err());
}
