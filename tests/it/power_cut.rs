//! The power fails: whatever the disk may hold then, no request that was sent is missing from the log, and
//! the log is whole.

use crate::support::{
    Folder, Numbers, World,
    disk::{self, Happened},
    id, key, list_of, strace,
};
use offboard::{
    audit::{QueryError, Reader, RequestFilter, RequestLine, Store},
    domain::Time,
};
use serde_json::json;
use std::{collections::BTreeSet, fs};

const CUSTOMERS: u32 = 4;

/// What a whole run did to the files of its log, and sent.
fn run() -> (Vec<Happened>, Vec<String>) {
    let customers: Vec<_> = (1..=CUSTOMERS).map(|n| json!({ "id": id(n).to_string() })).collect();
    let (folder, world) = (Folder::new(), World::of(&json!({ "customers": customers })));
    let list = folder.write("list.csv", list_of((1..=CUSTOMERS).map(id)));
    let command = folder.run_command(&world, &list, &["--concurrency", "2"]);
    let trace = folder.path("trace");
    let ended = strace::traced(&command, &disk::options(), &trace).output().unwrap();
    assert!(ended.status.success());
    let log = folder.path("audit.db").display().to_string();
    let matters = |what: &Happened| match what {
        Happened::Made(file)
        | Happened::Written { file, .. }
        | Happened::Truncated { file, .. }
        | Happened::Removed(file) => [String::new(), "-wal".into(), "-journal".into()]
            .iter()
            .any(|ending| *file == format!("{log}{ending}")),
        Happened::Synced(_) | Happened::Sent(_) => true,
    };
    let happened = disk::read(&fs::read_to_string(trace).unwrap()).into_iter().filter(matters).collect();
    let sent = world.received().into_iter().filter_map(|received| received.correlation_id).collect();
    (happened, sent)
}

fn on_record(log: &std::path::Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let keep = |line: RequestLine| {
        found.extend(line.correlation_id);
        Ok::<(), QueryError>(())
    };
    Reader::open(log).unwrap().requests(&RequestFilter::default(), keep).unwrap();
    found
}

/// `OFFBOARD_TEST_CUTS=1500` cuts the power as often.
#[test]
fn the_power_fails_at_any_moment() {
    if !strace::is_available() {
        return;
    }
    let cuts = std::env::var("OFFBOARD_TEST_CUTS").ok().and_then(|text| text.parse().ok()).unwrap_or(150);
    let (happened, sent) = run();
    let mut lost_something = 0;
    for seed in 0..cuts {
        let mut numbers = Numbers(seed);
        let cut = usize::try_from(numbers.below(happened.len() as u64 + 1)).unwrap();
        let before = &happened[..cut];
        let folder = Folder::new();
        disk::image(before, &folder.path(""), |limit| numbers.below(limit));
        let log = folder.path("audit.db");
        let as_it_was = fs::read(&log).unwrap_or_default();

        let left = before.iter().filter_map(|what| match what {
            Happened::Sent(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        });
        let left = left.collect::<Vec<_>>().concat();
        let left: Vec<&String> = sent.iter().filter(|id| left.contains(*id)).collect();
        // Whoever looks first can read it, unless there was nothing worth reading yet.
        if let Err(error) = Reader::open(&log) {
            assert!(left.is_empty(), "{seed}: {error}");
        }
        // Opened as the program opens it, which is when SQLite mends what it can.
        let store = Store::open(&log, Time::from_millis(0), &[1; 16], &key())
            .unwrap_or_else(|error| panic!("{seed}: {error}"));
        let records = store.next();
        store.close().unwrap();
        let connection = rusqlite::Connection::open(&log).unwrap();
        let verdict: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(verdict, "ok", "{seed}");
        let counted: i64 = connection.query_row("SELECT count(*) FROM record", [], |row| row.get(0)).unwrap();
        assert_eq!(u64::try_from(counted).unwrap(), records, "{seed}");

        let known = on_record(&log);
        for id in left {
            assert!(
                known.contains(id),
                "{seed}: a request left, and is not on record after the power failed"
            );
        }
        lost_something += u32::from(fs::read(&log).unwrap() != as_it_was);
    }
    assert!(lost_something > 0, "no image was anything but whole");
}
