//! Both verifiers come to the same verdict, whatever was done to a log.

use crate::support::{
    Numbers,
    evidence::{Question, Sealed, ask_python, beside, try_to_tamper},
};
use rusqlite::Connection;
use std::{collections::BTreeMap, fs, path::Path};

/// A number below a limit, to point at something with.
fn below(numbers: &mut Numbers, limit: usize) -> usize {
    usize::try_from(numbers.below(limit as u64)).unwrap()
}

fn one_of<'a>(numbers: &mut Numbers, all: &[&'a str]) -> &'a str {
    all[below(numbers, all.len())]
}

/// Does one thing to the log at `path`, and says what.
#[expect(clippy::too_many_lines, reason = "it is a list")]
fn mutate(numbers: &mut Numbers, path: &Path, heads: &str) -> String {
    let (at, other) = (below(numbers, 40), below(numbers, 40));
    match below(numbers, 6) {
        0 => {
            let mut bytes = fs::read(path).unwrap();
            let bit = below(numbers, bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
            fs::write(path, bytes).unwrap();
            format!("turn bit {bit}")
        }
        1 => {
            let mut bytes = fs::read(path).unwrap();
            let (from, length) = (below(numbers, bytes.len()), 1 + below(numbers, 4096));
            if below(numbers, 2) == 0 {
                bytes.truncate(from);
            } else {
                bytes.iter_mut().skip(from).take(length).for_each(|byte| *byte = 0);
            }
            fs::write(path, bytes).unwrap();
            format!("cut or empty {length} bytes at {from}")
        }
        2 | 3 => {
            let sql = match below(numbers, 17) {
                0 => format!("DELETE FROM record WHERE seq = {at}"),
                1 => format!("DELETE FROM record WHERE seq >= {at}; DELETE FROM payload WHERE seq >= {at}"),
                2 => format!(
                    "DELETE FROM record WHERE seq >= {at}; DELETE FROM payload WHERE seq >= {at};
                     DELETE FROM checkpoint WHERE size > {at}"
                ),
                3 => format!(
                    "UPDATE record SET seq = -1 WHERE seq = {at}; UPDATE record SET seq = {at} WHERE seq = {other};
                     UPDATE record SET seq = {other} WHERE seq = -1"
                ),
                4 => {
                    let (from, to) = (one_of(numbers, &["e", "\"", ":", "0", "{"]), one_of(numbers, &["a", "'", " ", "1"]));
                    format!(
                        "UPDATE OR IGNORE record SET body = CAST(replace(CAST(body AS TEXT), '{from}', '{}') AS BLOB)
                         WHERE seq = {at}",
                        to.replace('\'', "''")
                    )
                }
                5 => format!("UPDATE record SET body = (SELECT body FROM record WHERE seq = {other}) WHERE seq = {at}"),
                6 => format!("UPDATE payload SET salt = zeroblob(16) WHERE seq % 5 = {}", at % 5),
                7 => format!("DELETE FROM payload WHERE seq % 7 = {}", at % 7),
                8 => format!("UPDATE checkpoint SET size = size + {}", 1 + at),
                9 => "UPDATE checkpoint SET note = replace(note, 'offboard/03', 'offboard/04')".to_owned(),
                10 => {
                    let part = one_of(numbers, &["a", "e", "+", "=", "t", "tester"]);
                    format!("UPDATE checkpoint SET note = replace(note, '{part}', 'A')")
                }
                11 => "DELETE FROM checkpoint WHERE size = (SELECT max(size) FROM checkpoint)".to_owned(),
                12 => format!(
                    "INSERT INTO record (seq, body) SELECT max(seq) + 1, (SELECT body FROM record WHERE seq = {at}) FROM record"
                ),
                13 => "INSERT INTO record (seq, body) SELECT max(seq) + 1, CAST('{}' AS BLOB) FROM record".to_owned(),
                14 => format!("UPDATE checkpoint SET size = {} - size WHERE size = (SELECT max(size) FROM checkpoint)", at / 20),
                15 => format!("UPDATE checkpoint SET note = note || '\u{2014} {} AAAAAAAA' || char(10)", one_of(numbers, &["a", "a+b", "a b", ""])),
                _ => format!("UPDATE checkpoint SET note = {} || note", one_of(numbers, &["char(10)", "char(31)", "char(65279)", "' '"])),
            };
            match try_to_tamper(path, &sql) {
                Ok(()) => sql,
                Err(refused) => format!("{sql}: {refused}"),
            }
        }
        4 => {
            let sql = match below(numbers, 8) {
                6 => "CREATE INDEX mine ON record (seq)".to_owned(),
                7 => "DROP VIEW records".to_owned(),
                0 => "DROP TRIGGER payload_is_not_deleted".to_owned(),
                1 => "CREATE VIEW mine AS SELECT 1".to_owned(),
                2 => format!("PRAGMA application_id = {at}"),
                3 => format!("PRAGMA user_version = {at}"),
                4 => "VACUUM".to_owned(),
                _ => {
                    "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema WHERE name = 'record'".to_owned()
                }
            };
            Connection::open(path).unwrap().execute_batch(&sql).unwrap();
            sql
        }
        _ => {
            let cut = below(numbers, heads.len());
            let mut bytes = heads.as_bytes().to_vec();
            let what = match below(numbers, 4) {
                0 => "whole",
                1 => {
                    bytes.truncate(cut);
                    "cut"
                }
                2 => {
                    bytes[cut] ^= 1 << numbers.below(8);
                    "turned"
                }
                _ => {
                    drop(bytes.splice(cut..cut, *b"\n\n"));
                    "torn apart"
                }
            };
            fs::write(beside(path), bytes).unwrap();
            format!("a copy of the heads, {what} at {cut}")
        }
    }
}

/// `OFFBOARD_TEST_MUTATIONS=1000` makes as many.
#[test]
fn on_mutated_logs() {
    let sealed = Sealed::new(2);
    // Small pages, so that most of what is turned means something.
    Connection::open(sealed.log()).unwrap().execute_batch("PRAGMA page_size = 1024; VACUUM").unwrap();
    let wanted =
        std::env::var("OFFBOARD_TEST_MUTATIONS").ok().and_then(|text| text.parse().ok()).unwrap_or(150);
    let mut asked: Vec<(String, Question)> = Vec::new();
    for seed in 0..wanted {
        let mut numbers = Numbers(seed);
        let path = sealed.copy(&format!("mutated-{seed}.db"));
        let mut what = mutate(&mut numbers, &path, &sealed.heads());
        let mut question = Question::new(path);
        if numbers.below(2) == 0 {
            question = question.with(&sealed.kept);
            what.push_str(", with a head from outside");
        }
        match numbers.below(4) {
            0 => (question, what) = (question.of("latest"), what + ", about its run"),
            1 => (question, what) = (question.of("zzz"), what + ", about a run that it never had"),
            _ => {}
        }
        asked.push((format!("seed {seed}: {what}"), question));
    }
    let questions: Vec<Question> = asked.iter().map(|(_, question)| question.clone()).collect();
    let Some(theirs) = ask_python(&questions) else { return };
    let mut verdicts: BTreeMap<i32, usize> = BTreeMap::new();
    let mut different = Vec::new();
    for ((what, question), theirs) in asked.iter().zip(theirs) {
        let ours = question.answer();
        *verdicts.entry(ours).or_default() += 1;
        if ours != theirs {
            different.push(format!("{what}: verify says {ours}, verify.py {theirs}"));
        }
    }
    println!("{wanted} mutated logs: {verdicts:?}");
    assert!(different.is_empty(), "{}", different.join("\n"));
    // A test in which all logs end the same way would show nothing.
    assert!([0, 2, 7, 8].iter().all(|code| verdicts.contains_key(code)), "{verdicts:?}");
}

/// Whatever a mail, an editor or a hand has done to a ticket.
#[test]
fn on_mutated_tickets() {
    const PARTS: [&[u8]; 18] = [
        b"\r",
        b"\r\n",
        b"\n",
        b"\n\n",
        b" ",
        b"\t",
        b"\x1f",
        b"\x0c",
        b"\0",
        b"\x7f",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\xc2\xa0",
        b"\xc2\x85",
        b"\xe2\x80\xa8",
        b"0",
        b"-",
        b"x",
    ];
    let sealed = Sealed::new(1);
    let heads = sealed.heads().into_bytes();
    let mut asked = Vec::new();
    for seed in 0..150 {
        let mut numbers = Numbers(seed);
        let mut text = heads.clone();
        if seed % 3 == 0 {
            text = String::from_utf8(text).unwrap().replace('\n', "\r\n").into_bytes();
        }
        for _ in 0..=below(&mut numbers, 2) {
            let part = PARTS[below(&mut numbers, PARTS.len())];
            // At an end of the text, at an end of a line, or anywhere.
            let ends: Vec<usize> = (0..text.len()).filter(|at| text[*at] == b'\n').collect();
            let at = match below(&mut numbers, 5) {
                0 => 0,
                1 => text.len(),
                2 => ends[below(&mut numbers, ends.len())],
                3 => ends[below(&mut numbers, ends.len())] + 1,
                _ => below(&mut numbers, text.len()),
            };
            drop(text.splice(at..at, part.iter().copied()));
        }
        let ticket = sealed.log().with_file_name(format!("ticket-{seed}.txt"));
        fs::write(&ticket, &text).unwrap();
        asked.push((
            format!("seed {seed}: {}", text.escape_ascii()),
            Question::new(sealed.log()).with(ticket),
        ));
    }
    let questions: Vec<Question> = asked.iter().map(|(_, question)| question.clone()).collect();
    let Some(theirs) = ask_python(&questions) else { return };
    let answers = asked.iter().map(|(what, question)| (what, question.answer())).zip(theirs);
    let mut codes: BTreeMap<i32, usize> = BTreeMap::new();
    let mut different = Vec::new();
    for ((what, ours), theirs) in answers {
        *codes.entry(ours).or_default() += 1;
        if ours != theirs {
            different.push(format!("{what}: verify says {ours}, verify.py {theirs}"));
        }
    }
    println!("mutated tickets: {codes:?}");
    assert!(different.is_empty(), "{}", different.join("\n"));
    assert!([0, 2, 7].iter().all(|code| codes.contains_key(code)), "{codes:?}");
}
