//! One run is proved by the head that was kept of it, whatever was added to the log after it.

use crate::support::{
    Folder, Reviewing, World,
    evidence::{Question, both_answer, entries, forge, look, other_key, tamper},
    id, key, list_of,
};
use offboard::record::Kind;
use serde_json::json;
use std::{fs, path::Path};

/// A log with two runs, and the lines that each of them ended with.
fn two_runs() -> (Folder, [String; 2]) {
    let customers: Vec<_> = (1..=4).map(|n| json!({ "id": id(n).to_string() })).collect();
    let world = World::of(&json!({ "customers": customers }));
    let folder = Folder::new();
    let run = |list: [u32; 2], ticket: &str| {
        folder.run(&world, &list_of(list.map(id)), &[]).exits(0);
        folder.write(ticket, folder.report("checkpoint.txt"));
        folder.latest().to_string()
    };
    let runs = [run([1, 2], "first.txt"), run([3, 4], "second.txt")];
    (folder, runs)
}

/// A number that the log is asked for.
fn count(log: &Path, sql: &str) -> u64 {
    look(log).unwrap().query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap().unsigned_abs()
}

/// How many records the head in this file covers.
fn covered(ticket: &Path) -> u64 {
    fs::read_to_string(ticket).unwrap().lines().nth(1).unwrap().parse().unwrap()
}

/// The last head of a log, as it would have been kept.
fn last_head(log: &Path) -> String {
    let sql = "SELECT CAST(note AS TEXT) FROM checkpoint ORDER BY size DESC LIMIT 1";
    look(log).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn it_is_proved_when_later_runs_follow() {
    let (folder, [first, second]) = two_runs();
    let log = folder.path("audit.db");
    let size = covered(&folder.path("first.txt"));
    let later = count(&log, "SELECT count(*) FROM record") - size;
    let own = format!("SELECT count(*) FROM records WHERE run = '{first}' AND seq >= {size}");
    let own = count(&log, &own);
    assert!(later > own && own > 0, "its reports are recorded after its last head: {later} {own}");

    let whole = folder.offboard(&["verify", "--checkpoint", "first.txt"]).exits(8);
    assert!(whole.out.contains("Of 2 runs, 1 can be proved with these heads"), "{}", whole.out);
    let done = folder.offboard(&["verify", "--run", &first, "--checkpoint", "first.txt"]).exits(0);
    let says = format!(
        "Run {first} is proved by your head over {size} records, up to its seal; {later} later records are not \
         covered, {own} of them of this run."
    );
    assert_eq!(done.out.lines().last(), Some(&*says));
    for check in ["structure", "records", "bodies", "history", "heads", "copy", "checkpoint"] {
        assert!(done.out.contains(&format!("✓ {check}")), "{check}: {}", done.out);
    }
    let asked = ["verify", "--run", &first, "--checkpoint", "first.txt", "--output", "json"];
    let found = folder.offboard(&asked).exits(0).json();
    assert_eq!((&found["verdict"], &found["exit_code"]), (&json!("proved"), &json!(0)));
    assert_eq!((&found["missing"], &found["not_judged"]), (&json!([]), &json!([])));
    let seal = count(&log, &format!("SELECT seq FROM records WHERE run = '{first}' AND kind = 'run_sealed'"));
    assert_eq!(
        found["run"],
        json!({ "run_id": first, "sealed_at": seal, "proved_by": size, "not_covered": later, "not_covered_of_run": own })
    );

    let unproved = folder.offboard(&["verify", "--run", &first]).exits(8);
    assert!(
        unproved.out.contains("no head from outside was given; give the `checkpoint.txt`"),
        "{}",
        unproved.out
    );
    let unknown = folder.offboard(&["verify", "--run", "1999", "--checkpoint", "first.txt"]).exits(2);
    assert!(unknown.err.contains("no run in the audit log begins with `1999`"), "{}", unknown.err);
    folder.offboard(&["verify", "--run", "2", "--checkpoint", "first.txt"]).exits(2);
    folder.offboard(&["verify", "--run", &first, "--record"]).exits(2);
    folder.offboard(&["verify", "--run", &first, "--print-key"]).exits(2);

    let asked = |ticket: &str| Question::new(&log).with(folder.path(ticket));
    both_answer(&[
        ("the whole log by the first head".into(), asked("first.txt"), 8),
        ("the first run by its head".into(), asked("first.txt").of(&first), 0),
        ("the first run by a later head".into(), asked("second.txt").of(&first), 0),
        ("by both".into(), asked("second.txt").with(folder.path("first.txt")).of(&first), 0),
        ("by the beginning of its ID".into(), asked("first.txt").of(&first[..first.len() - 1]), 0),
        ("the first run by no head".into(), Question::new(&log).of(&first), 8),
        ("the second run by its head".into(), asked("second.txt").of(&second), 0),
        ("the second run is the latest".into(), asked("second.txt").of("latest"), 0),
        ("the second run by the first one's head".into(), asked("first.txt").of("latest"), 8),
        ("a run that is not there".into(), asked("first.txt").of("1999"), 2),
        ("a name of both".into(), asked("first.txt").of("2"), 2),
        ("with another key alone".into(), asked("first.txt").of(&first).trusting(&other_key()), 7),
    ]);
}

#[test]
fn a_head_that_ends_before_the_run_does_not_prove_it() {
    let (folder, [first, second]) = two_runs();
    let log = folder.path("audit.db");
    let seal = count(&log, &format!("SELECT seq FROM records WHERE run = '{first}' AND kind = 'run_sealed'"));
    let sql =
        format!("SELECT CAST(note AS TEXT) FROM checkpoint WHERE size <= {seal} ORDER BY size DESC LIMIT 1");
    let early: String = look(&log).unwrap().query_row(&sql, [], |row| row.get(0)).unwrap();
    let ticket = folder.write("early.txt", early);
    let done = folder.offboard(&["verify", "--run", &first, "--checkpoint", "early.txt"]).exits(8);
    let says = format!("cover {} records, and it was sealed by record {seal}", covered(&ticket));
    assert!(done.out.contains(&says), "{}", done.out);
    let of_second = folder.offboard(&["verify", "--run", &second, "--checkpoint", "first.txt"]).exits(8);
    assert!(of_second.out.contains("is not proved: the heads from outside cover"), "{}", of_second.out);
    both_answer(&[("a head before its end".into(), Question::new(&log).with(&ticket).of(&first), 8)]);
}

#[test]
fn whatever_was_altered_anywhere_is_found() {
    let (folder, [first, second]) = two_runs();
    let (other, _) = two_runs();
    fs::copy(other.path("first.txt"), folder.path("other.txt")).unwrap();
    let changed = |name: &str, run: &str| {
        let path = folder.path(name);
        fs::copy(folder.path("audit.db"), &path).unwrap();
        tamper(
            &path,
            &format!(
                "UPDATE record SET body = CAST(replace(CAST(body AS TEXT), 'list.csv', 'lost.csv') AS BLOB)
                 WHERE seq = (SELECT min(seq) FROM records WHERE run = '{run}')"
            ),
        );
        path
    };
    let (in_run, in_later) = (changed("in-run.db", &first), changed("in-later.db", &second));
    let ask = |log: &Path| Question::new(log).with(folder.path("first.txt")).of(&first);
    for log in ["in-run.db", "in-later.db"] {
        let asked = ["verify", "--audit-log", log, "--run", &first, "--checkpoint", "first.txt"];
        let done = folder.offboard(&asked).exits(7);
        assert!(done.out.contains("ALTERED OR CUT"), "{log}: {}", done.out);
    }
    let foreign = folder.offboard(&["verify", "--run", &first, "--checkpoint", "other.txt"]).exits(7);
    assert!(foreign.out.contains("✗ checkpoint"), "{}", foreign.out);
    let log = folder.path("audit.db");
    let foreign = Question::new(&log).with(folder.path("other.txt"));
    both_answer(&[
        ("a byte in the run".into(), ask(&in_run), 7),
        ("a byte in a later record".into(), ask(&in_later), 7),
        ("a head of another log".into(), foreign.clone().of(&first), 7),
        ("beside the one that proves it".into(), foreign.with(folder.path("first.txt")).of(&first), 7),
        // It may be gone because somebody took it out.
        ("a run that an altered log has not".into(), ask(&in_later).of("1999"), 7),
    ]);
}

#[test]
fn a_run_that_has_not_come_to_its_end_is_not_proved() {
    let (folder, [first, second]) = two_runs();
    let mut records = entries(&folder.path("audit.db"));
    let end = records.iter().rposition(|entry| entry.record.event.kind() == Kind::RunSealed).unwrap();
    records.truncate(end);
    let open = folder.path("open.db");
    forge(&open, &records, &key());
    let ticket = folder.write("open.txt", last_head(&open));
    let asked = ["verify", "--audit-log", "open.db", "--checkpoint", "open.txt", "--run", &second];
    let done = folder.offboard(&asked).exits(8);
    assert!(done.out.contains("is not proved: it is not sealed"), "{}", done.out);
    assert!(done.out.contains("offboard resume"), "{}", done.out);
    let all = Question::new(&open).with(&ticket);
    both_answer(&[
        ("a run without an end".into(), all.clone().of(&second), 8),
        ("the one before it".into(), all.clone().of(&first), 0),
        ("the whole log".into(), all, 8),
    ]);
}

#[test]
fn the_reviewers_page_says_which_runs_are_proved() {
    let (folder, [first, second]) = two_runs();
    let page_of = |arguments: &[&str]| {
        let review = Reviewing::start(&folder, arguments);
        review.verdict();
        let page = review.page("/verify");
        review.end().exits(0);
        page
    };
    let page = page_of(&["--checkpoint", "first.txt"]);
    let (newest, oldest) = page.split_once(&format!("{first}</a>")).unwrap();
    let newest = newest.split_once(&format!("{second}</a>")).unwrap().1;
    assert!(newest.contains("not proved: <bdi>the heads from outside cover"), "{newest}");
    assert!(
        oldest.contains("✓ proved</span> by the head over") && oldest.contains("are not covered"),
        "{oldest}"
    );
    assert_eq!(page_of(&["--checkpoint", "second.txt"]).matches("✓ proved").count(), 2);
    assert_eq!(page_of(&[]).matches("✓ proved").count(), 0);
    // A log that was altered proves nothing.
    tamper(&folder.path("audit.db"), "DELETE FROM payload WHERE seq = (SELECT max(seq) FROM payload)");
    let page = page_of(&["--checkpoint", "second.txt"]);
    assert!(page.contains("✗ disagrees") && !page.contains("✓ proved"), "{page}");
}
