//! What somebody who owns the file can do to it, and who finds it.

use crate::support::{
    evidence::{
        Question, Sealed, beside, both_answer, entries, forge, index_as_if, look, of_the_first_edition,
        other_key, tamper,
    },
    key,
};
use offboard::{audit::Entry, record::Event};
use std::{fs, path::PathBuf};

/// Renumbers everything after a record that was deleted.
const CLOSE_THE_GAP: &str =
    "UPDATE record SET seq = -seq WHERE seq > 20; UPDATE record SET seq = -seq - 1 WHERE seq < 0;
    UPDATE payload SET seq = -seq WHERE seq > 20; UPDATE payload SET seq = -seq - 1 WHERE seq < 0;";

/// A record that may follow the end of a run.
const ONE_MORE: &str = "INSERT INTO record (seq, body) SELECT max(seq) + 1, (SELECT CAST(json_object(
    'at', at, 'file', 'made-up.txt', 'kind', 'report_written', 'run', run, 'sha256', printf('%064d', 0)) AS BLOB)
    FROM records WHERE kind = 'run_sealed') FROM record";

fn cut(from: &str) -> String {
    format!("DELETE FROM record WHERE seq >= {from}; DELETE FROM payload WHERE seq >= {from}")
}

/// The same run, by somebody else.
fn rewritten(sealed: &Sealed) -> Vec<Entry> {
    let mut entries = entries(&sealed.log());
    for entry in &mut entries {
        if let Event::RunOpened(opened) = &mut entry.record.event {
            "somebody else".clone_into(&mut opened.operator);
        }
    }
    entries
}

/// What is found by the file and our key alone, and with a head from outside: the table of the README in detail.
#[test]
fn the_eleven_attacks() {
    let sealed = Sealed::new(3);
    let boundary = "(SELECT min(size) FROM checkpoint)";
    let kept_heads = format!("{}; DELETE FROM checkpoint WHERE size > {boundary}", cut(boundary));
    let by_sql: [(&str, String, i32, i32); 9] = [
        (
            "edit one body",
            "UPDATE record SET body = CAST(replace(CAST(body AS TEXT), 'tester', 'nobody') AS BLOB) WHERE seq = 2".into(),
            7,
            7,
        ),
        ("delete in the middle", "DELETE FROM record WHERE seq = 20; DELETE FROM payload WHERE seq = 20".into(), 7, 7),
        (
            "delete in the middle and renumber",
            format!("DELETE FROM record WHERE seq = 20; DELETE FROM payload WHERE seq = 20; {CLOSE_THE_GAP}"),
            7,
            7,
        ),
        (
            "swap two",
            "UPDATE record SET seq = -1 WHERE seq = 3; UPDATE record SET seq = 3 WHERE seq = 4;
             UPDATE record SET seq = 4 WHERE seq = -1"
                .into(),
            7,
            7,
        ),
        ("append after the seal", ONE_MORE.into(), 8, 8),
        ("cut the tail, keep the heads", cut("(SELECT max(seq) - 3 FROM record)"), 7, 7),
        ("cut the tail and the newer heads, at a head", kept_heads, 8, 7),
        ("cut the tail and all heads", format!("{}; DELETE FROM checkpoint", cut("15")), 8, 7),
        ("empty the file", "DELETE FROM record; DELETE FROM payload; DELETE FROM checkpoint".into(), 8, 7),
    ];
    let mut attacks: Vec<(String, PathBuf, i32, i32)> = Vec::new();
    for (n, (name, sql, alone, with_outside)) in by_sql.into_iter().enumerate() {
        let path = sealed.attacked(&format!("attack-{n}.db"), &sql);
        attacks.push((name.to_owned(), path, alone, with_outside));
    }
    for (name, key, alone) in
        [("forge all, with another key", other_key(), 7), ("forge all, with our key", key(), 8)]
    {
        let path = sealed.log().with_file_name(format!("{name}.db"));
        forge(&path, &rewritten(&sealed), &key);
        attacks.push((name.to_owned(), path, alone, 7));
    }
    assert_eq!(attacks.len(), 11);

    let mut questions = Vec::new();
    for (name, path, alone, with_outside) in attacks {
        let question = Question::new(path).trusting(&key());
        questions.push((format!("{name}, alone"), question.clone(), alone));
        questions.push((
            format!("{name}, with a head from outside"),
            question.with(&sealed.kept),
            with_outside,
        ));
    }
    let untouched = Question::new(sealed.log()).trusting(&key());
    questions.push(("untouched, alone".into(), untouched.clone(), 8));
    questions.push(("untouched, with a head from outside".into(), untouched.with(&sealed.kept), 0));
    both_answer(&questions);
}

#[test]
fn a_key_that_nobody_trusts_never_passes() {
    let sealed = Sealed::new(2);
    let forged = sealed.log().with_file_name("forged.db");
    forge(&forged, &rewritten(&sealed), &other_key());
    // It says that our key signed it.
    let posing = sealed.log().with_file_name("posing.db");
    fs::copy(&forged, &posing).unwrap();
    let (ours, theirs) = (key(), other_key());
    let (ours, theirs) = (ours.public().as_str(), theirs.public().as_str());
    tamper(
        &posing,
        &format!(
            "UPDATE record SET body = CAST(replace(CAST(body AS TEXT), '{theirs}', '{ours}') AS BLOB) WHERE seq = 1"
        ),
    );
    // Our heads over their records.
    let dressed = sealed.log().with_file_name("dressed.db");
    fs::copy(&posing, &dressed).unwrap();
    let heads = sealed.heads();
    let last = heads.rfind("offboard/").map(|at| heads.get(at..).unwrap()).unwrap();
    tamper(
        &dressed,
        &format!("UPDATE checkpoint SET note = '{last}' WHERE size = (SELECT max(size) FROM checkpoint)"),
    );
    both_answer(&[
        // Without a key from elsewhere, nobody can tell whose log it is.
        ("theirs, by itself".into(), Question::new(&forged), 8),
        ("theirs, and we know our key".into(), Question::new(&forged).trusting(&key()), 7),
        (
            "theirs, and we know both".into(),
            Question::new(&forged).trusting(&key()).trusting(&other_key()),
            8,
        ),
        ("theirs, and our head".into(), Question::new(&forged).with(&sealed.kept), 7),
        ("theirs, posing as ours".into(), Question::new(&posing), 7),
        ("theirs, with our head".into(), Question::new(&dressed), 7),
        ("ours, and we know another key".into(), Question::new(sealed.log()).trusting(&other_key()), 7),
        (
            "ours, another key, our head".into(),
            Question::new(sealed.log()).trusting(&other_key()).with(&sealed.kept),
            7,
        ),
    ]);
}

#[test]
fn heads_from_elsewhere_are_looked_at_closely() {
    let sealed = Sealed::new(2);
    let heads = sealed.heads();
    let file = |name: &str, text: &str| {
        let path = sealed.log().with_file_name(name);
        fs::write(&path, text).unwrap();
        path
    };
    let notes: Vec<String> =
        heads.split("offboard/").skip(1).map(|note| format!("offboard/{note}")).collect();
    let (first, last) = (notes.first().unwrap(), notes.last().unwrap());
    // A second log of the same operator.
    let other_log = sealed.log().with_file_name("other-log.db");
    let mut store =
        offboard::audit::Store::open(&other_log, offboard::domain::Time::from_millis(0), &[9; 16], &key())
            .unwrap();
    store.append(&entries(&sealed.log())).unwrap();
    store.close().unwrap();
    let of_the_other = fs::read_to_string(other_log.with_file_name("other-log.db.checkpoints")).unwrap();
    let ask = |name: &str, text: &str| Question::new(sealed.log()).with(file(name, text));
    both_answer(&[
        ("the last head".into(), ask("1", last), 0),
        (
            "as a mail brings it".into(),
            ask("2", &format!("\r\n{}", last.trim_end().replace('\n', "\r\n"))),
            0,
        ),
        ("with a mark, as an editor saves it".into(), ask("21", &format!("\u{feff}{last}")), 0),
        (
            "with both, and lines around it".into(),
            ask("22", &format!("\u{feff}\r\n \r\n{}\t\r\n\r\n", last.replace('\n', "\r\n"))),
            0,
        ),
        ("as an old editor saves it".into(), ask("23", &last.replace('\n', "\r")), 0),
        ("two files put together".into(), ask("24", &format!("\u{feff}{first}\u{feff}{last}")), 0),
        ("a separator in it".into(), ask("25", &last.replacen('/', "\u{1f}/", 1)), 2),
        ("a separator before it".into(), ask("26", &format!("\u{1f}{last}")), 2),
        ("a tabulator in it".into(), ask("27", &last.replacen('\n', "\t\n", 1)), 2),
        ("another kind of blank before it".into(), ask("28", &format!("\u{a0}{last}")), 0),
        ("another kind of line end".into(), ask("29", &last.replace('\n', "\u{2028}")), 2),
        ("all of them, with empty lines".into(), ask("3", &notes.join("\n\n")), 0),
        ("a head before the end".into(), ask("4", first), 8),
        ("a head of another log".into(), ask("5", &of_the_other), 7),
        ("one of them is of another log".into(), ask("6", &format!("{last}{of_the_other}")), 7),
        ("a changed size".into(), ask("7", &last.replacen('\n', "\n1", 1)), 7),
        ("a cut signature".into(), ask("8", last.get(..last.len() - 9).unwrap()), 7),
        ("no head".into(), ask("9", "see the ticket"), 2),
        ("nothing".into(), ask("10", ""), 2),
        ("a head and something else".into(), ask("11", &format!("{last}\nregards")), 2),
        ("half a head".into(), ask("12", first.get(..20).unwrap()), 2),
    ]);
}

/// What is beside the log is compared, but it proves nothing about the end.
#[test]
fn the_copy_beside_the_log_is_compared() {
    let sealed = Sealed::new(2);
    let heads = sealed.heads();
    let cut_off = format!("{}; DELETE FROM checkpoint", cut("15"));
    let with_copy = |name: &str, sql: &str, copy: &str| {
        let path = sealed.attacked(name, sql);
        fs::write(beside(&path), copy).unwrap();
        Question::new(path)
    };
    both_answer(&[
        ("a faithful copy".into(), with_copy("a.db", "", &heads), 8),
        ("and a head from outside".into(), with_copy("b.db", "", &heads).with(&sealed.kept), 0),
        ("torn by a power failure".into(), with_copy("c.db", "", heads.get(..heads.len() - 30).unwrap()), 8),
        ("the log was cut, its copy was not".into(), with_copy("d.db", &cut_off, &heads), 7),
        ("a size was changed".into(), with_copy("e.db", "", &heads.replacen('\n', "\n1", 1)), 7),
        ("of another log".into(), with_copy("f.db", "", &heads.replace("offboard/0", "offboard/1")), 7),
    ]);
    // What cannot be read proves nothing.
    let folder = sealed.copy("g.db");
    fs::create_dir(beside(&folder)).unwrap();
    both_answer(&[("a folder in its place".into(), Question::new(folder).with(&sealed.kept), 6)]);
}

/// The structure of the database is a part of what was made.
#[test]
fn guards_and_views_are_as_they_were_made() {
    let sealed = Sealed::new(1);
    let mut questions = Vec::new();
    for (n, sql) in [
        "DROP TRIGGER record_is_not_updated",
        "DROP VIEW customers",
        "CREATE TABLE notes (text)",
        "ANALYZE",
        // An index may hide what the tables have, and show what they have not.
        "CREATE INDEX by_body ON record (body)",
        "CREATE TRIGGER mine BEFORE INSERT ON record BEGIN SELECT RAISE(IGNORE); END",
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(sql, 'never changed', 'ever changed')",
    ]
    .into_iter()
    .enumerate()
    {
        let path = sealed.copy(&format!("schema-{n}.db"));
        rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        questions.push((sql.to_owned(), Question::new(path).with(&sealed.kept), 7));
    }
    both_answer(&questions);
}

/// A log of the first edition has an index. It is as it was made, and so are its pages.
#[test]
fn the_index_of_the_first_edition_is_looked_at() {
    let folder = of_the_first_edition("suspension");
    let kept = folder.path("checkpoint.txt");
    let copy = |name: &str| {
        let path = folder.path(name);
        fs::copy(folder.path("audit.db"), &path).unwrap();
        path
    };
    let (hides, renames) = (copy("hides.db"), copy("renames.db"));
    index_as_if(&hides, "WHEN 'run_opened' THEN kind", "WHEN 'run_opened' THEN NULL");
    index_as_if(&renames, "'$.run')", "'$.run') || 'x'");
    let runs = |path: &PathBuf| -> i64 {
        look(path).unwrap().query_row("SELECT count(*) FROM runs", [], |row| row.get(0)).unwrap()
    };
    assert_eq!(runs(&hides), 0, "the view of the file shows what its index says");
    let with = |name: &str, sql: &str| {
        let path = copy(name);
        rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        path
    };
    let other = "DROP INDEX record_milestone;
         CREATE INDEX record_milestone ON record (milestone, run) WHERE milestone IS NOT NULL AND seq > 9";
    let questions = [
        ("as it is", copy("same.db"), 0),
        ("a run is hidden", hides, 7),
        ("a run has another name", renames, 7),
        ("made again", with("reindexed.db", "REINDEX; VACUUM"), 0),
        ("taken out", with("without.db", "DROP INDEX record_milestone"), 7),
        ("another", with("other.db", other), 7),
        ("of another format", with("format.db", "PRAGMA user_version = 2"), 7),
    ];
    let asked =
        |(what, path, code): (&str, PathBuf, i32)| (what.to_owned(), Question::new(path).with(&kept), code);
    both_answer(&questions.map(asked));
}

/// A head says over how many records it is, once in the table and once under its signature.
#[test]
fn heads_are_of_a_size() {
    let sealed = Sealed::new(1);
    let mut questions = Vec::new();
    for size in ["0", "-97", "-1", "1 + size", "-size", "-9223372036854775808"] {
        let sql =
            format!("UPDATE checkpoint SET size = {size} WHERE size = (SELECT max(size) FROM checkpoint)");
        let path = sealed.attacked(&format!("size {size}.db"), &sql);
        questions.push((size.to_owned(), Question::new(path).with(&sealed.kept), 7));
    }
    for size in ["0", "-97", "+7", "07", "1_0", "\u{663}", "99999999999999999999"] {
        let heads = sealed.heads();
        let (origin, rest) = heads.split_once('\n').unwrap();
        let (_, rest) = rest.split_once('\n').unwrap();
        let note = format!("{origin}\n{size}\n{rest}");
        let file = sealed.log().with_file_name(format!("ticket {size}.txt"));
        fs::write(&file, &note).unwrap();
        questions.push((format!("a ticket: {size}"), Question::new(sealed.log()).with(file), 7));
        let path = sealed.copy(&format!("copied {size}.db"));
        fs::write(beside(&path), &note).unwrap();
        questions.push((format!("beside: {size}"), Question::new(path).with(&sealed.kept), 7));
    }
    both_answer(&questions);
}

/// Bodies lie beside the records, and are bound to them.
#[test]
fn bodies_are_those_that_were_recorded() {
    let sealed = Sealed::new(1);
    let mut questions = Vec::new();
    for (n, sql) in [
        "UPDATE payload SET bytes = CAST(replace(CAST(bytes AS TEXT), 'none', 'some') AS BLOB)",
        "UPDATE payload SET salt = zeroblob(16) WHERE seq = (SELECT min(seq) FROM payload)",
        "UPDATE payload SET bytes = CAST(bytes || ' ' AS BLOB) WHERE seq = (SELECT max(seq) FROM payload)",
        "DELETE FROM payload WHERE seq = (SELECT max(seq) FROM payload)",
        "INSERT INTO payload SELECT 1, salt, bytes FROM payload LIMIT 1",
        "INSERT INTO payload SELECT 100000, salt, bytes FROM payload LIMIT 1",
        "INSERT INTO payload SELECT -1, salt, bytes FROM payload LIMIT 1",
    ]
    .into_iter()
    .enumerate()
    {
        let path = sealed.attacked(&format!("body-{n}.db"), sql);
        questions.push((sql.to_owned(), Question::new(path).with(&sealed.kept), 7));
    }
    both_answer(&questions);
}
