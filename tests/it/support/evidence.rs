//! Sealed logs to look at, to attack, and to show to both verifiers.

use super::{
    Folder, id,
    in_process::{Death, InProcessRun, LifeEnded},
};
use offboard::{
    audit::{
        Entry, SigningKey, Store,
        verify::{Outside, Trust, Verdict, verify},
    },
    domain::{Secret, Sha256, Time},
    record::Record,
};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};
use tempfile::TempDir;

/// The log ID of every run in process.
pub(crate) const LOG_ID: [u8; 16] = [3; 16];
/// A key that is not ours.
const OTHER_KEY: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

pub(crate) fn other_key() -> SigningKey {
    SigningKey::from_text(&Secret::new(OTHER_KEY.to_owned())).unwrap()
}

/// A log that a real run of some customers has left, with what was kept elsewhere.
pub(crate) struct Sealed {
    folder: TempDir,
    /// All heads that were made, as they would stand in a ticket.
    pub(crate) kept: PathBuf,
}

impl Sealed {
    pub(crate) fn new(customers: u32) -> Self {
        let list: Vec<Value> = (1..=customers).map(|n| json!({ "id": id(n).to_string() })).collect();
        let mut run = InProcessRun::new(&json!({ "customers": list }), customers, 1);
        assert!(matches!(run.live(Death::Never), LifeEnded::Sealed));
        let folder = tempfile::tempdir().unwrap();
        let sealed = Self { kept: folder.path().join("ticket.txt"), folder };
        fs::copy(run.log(), sealed.log()).unwrap();
        fs::copy(beside(&run.log()), &sealed.kept).unwrap();
        sealed
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder.path().join("audit.db")
    }

    /// A copy of the log, and of nothing else, under another name.
    pub(crate) fn copy(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::copy(self.log(), &path).unwrap();
        path
    }

    /// A copy that its owner has done this to.
    pub(crate) fn attacked(&self, name: &str, sql: &str) -> PathBuf {
        let path = self.copy(name);
        tamper(&path, sql);
        path
    }

    pub(crate) fn heads(&self) -> String {
        fs::read_to_string(&self.kept).unwrap()
    }
}

/// What the owner of the file can do once the guards are gone.
pub(crate) fn tamper(path: &Path, sql: &str) {
    try_to_tamper(path, sql).unwrap();
}

/// The same; the database may refuse it.
pub(crate) fn try_to_tamper(path: &Path, sql: &str) -> rusqlite::Result<()> {
    let log = Connection::open(path).unwrap();
    let triggers =
        "SELECT 'DROP TRIGGER ' || name || ';', sql || ';' FROM sqlite_schema WHERE type = 'trigger'";
    let mut query = log.prepare(triggers).unwrap();
    let triggers: Vec<(String, String)> =
        query.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().collect::<Result<_, _>>().unwrap();
    drop(query);
    let (drop_all, make_again): (String, String) = triggers.into_iter().unzip();
    log.execute_batch(&format!("BEGIN; {drop_all} {sql}; {make_again} COMMIT"))
}

/// Where it is kept what the first edition of the program left under this name.
pub(crate) fn first_edition(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/first-edition").join(name)
}

/// A folder with a copy of it.
pub(crate) fn of_the_first_edition(name: &str) -> Folder {
    let (folder, kept) = (Folder::new(), first_edition(name));
    for file in files_below(&kept) {
        let copy = folder.path(file.strip_prefix(&kept).unwrap().to_str().unwrap());
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(&file, &copy).unwrap();
    }
    folder
}

/// Every file in this folder and in those within it, in order.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect();
    files.sort();
    files
}

/// Makes the pages of the index that a log of the first edition has what they would be if its table were defined otherwise: `from` replaced by `to`,
/// until the index was made. What is defined is as it was.
pub(crate) fn index_as_if(path: &Path, from: &str, to: &str) {
    let define = |sql: &str| {
        let log = Connection::open(path).unwrap();
        log.execute_batch("PRAGMA writable_schema = ON").unwrap();
        let changed = log.execute("UPDATE sqlite_schema SET sql = ?1 WHERE name = 'record'", [sql]).unwrap();
        assert_eq!(changed, 1);
    };
    let log = Connection::open(path).unwrap();
    let sql = "SELECT sql FROM sqlite_schema WHERE name = 'record'";
    let was: String = log.query_row(sql, [], |row| row.get(0)).unwrap();
    drop(log);
    assert!(was.contains(from), "{was}");
    define(&was.replace(from, to));
    Connection::open(path).unwrap().execute_batch("REINDEX record_milestone").unwrap();
    define(&was);
}

/// The file beside a log.
pub(crate) fn beside(log: &Path) -> PathBuf {
    let mut name = log.as_os_str().to_owned();
    name.push(".checkpoints");
    PathBuf::from(name)
}

/// A connection that leaves no trace.
pub(crate) fn look(path: &Path) -> rusqlite::Result<Connection> {
    let root = if cfg!(windows) { "/" } else { "" };
    let address = format!("file://{root}{}?mode=ro&immutable=1", path.display());
    Connection::open_with_flags(address, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI)
}

/// The digest that the first record of a log has, and that of all definitions, computed as `docs/log-format.md` says.
pub(crate) fn layout(path: &Path) -> [String; 2] {
    let log = look(path).unwrap();
    let mut query = log
        .prepare("SELECT type, name, tbl_name, coalesce(sql, '') FROM sqlite_schema ORDER BY type, name")
        .unwrap();
    let line = |row: &rusqlite::Row<'_>| {
        let parts: rusqlite::Result<Vec<String>> = (0..4).map(|at| row.get(at)).collect();
        Ok(parts?.join("|") + "\n")
    };
    let lines: Vec<String> = query.query_map([], line).unwrap().collect::<Result<_, _>>().unwrap();
    let of = |lines: String| Sha256::of(&[lines.as_bytes()]).to_string();
    [of(lines.iter().filter(|line| !line.starts_with("index|")).cloned().collect()), of(lines.concat())]
}

/// The records of a log after those that belong to the log itself, each with its body.
pub(crate) fn entries(path: &Path) -> Vec<Entry> {
    let log = look(path).unwrap();
    let mut query = log
        .prepare("SELECT body, salt, bytes FROM records LEFT JOIN payload USING (seq) WHERE run NOT NULL ORDER BY seq")
        .unwrap();
    let entry = |row: &rusqlite::Row<'_>| {
        let record = Record::from_bytes(row.get_ref(0)?.as_bytes().unwrap()).unwrap();
        let payload = row.get::<_, Option<[u8; 16]>>(1)?.zip(row.get(2)?);
        Ok(Entry { record, payload })
    };
    query.query_map([], entry).unwrap().collect::<Result<_, _>>().unwrap()
}

/// A whole new log with these records, made with the program's own code.
pub(crate) fn forge(path: &Path, entries: &[Entry], key: &SigningKey) {
    let mut store = Store::open(path, Time::from_millis(0), &LOG_ID, key).unwrap();
    store.append(entries).unwrap();
    store.close().unwrap();
    fs::remove_file(beside(path)).unwrap();
}

/// What is to be verified, and with what.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) log: PathBuf,
    pub(crate) checkpoints: Vec<PathBuf>,
    pub(crate) keys: Vec<String>,
    /// The run that is asked about alone.
    pub(crate) run: Option<String>,
}

impl Question {
    pub(crate) fn new(log: impl Into<PathBuf>) -> Self {
        Self { log: log.into(), checkpoints: Vec::new(), keys: Vec::new(), run: None }
    }

    pub(crate) fn with(mut self, checkpoint: impl Into<PathBuf>) -> Self {
        self.checkpoints.push(checkpoint.into());
        self
    }

    pub(crate) fn trusting(mut self, key: &SigningKey) -> Self {
        self.keys.push(key.public().as_str().to_owned());
        self
    }

    /// About this run alone.
    pub(crate) fn of(mut self, run: impl Into<String>) -> Self {
        self.run = Some(run.into());
        self
    }

    /// The exit code of `offboard verify`, found out in process.
    pub(crate) fn answer(&self) -> i32 {
        let read = |path: &PathBuf| {
            let text = fs::read(path).unwrap();
            Outside::parse(path.display().to_string(), &text)
        };
        let Some(outside) = self.checkpoints.iter().map(read).collect() else { return 2 };
        let trust = Trust { outside, keys: self.keys.iter().map(|key| key.parse().unwrap()).collect() };
        let Ok(found) = verify(&self.log, &trust) else { return 6 };
        let found = match &self.run {
            Some(run) => found.of_run(run),
            None => Ok(found),
        };
        match found.map(|found| found.verdict) {
            Ok(Verdict::Proved) => 0,
            Ok(Verdict::Altered) => 7,
            Ok(Verdict::EndUnproved) => 8,
            Err(_) => 2,
        }
    }
}

/// The exit codes of `docs/verify.py`, all from one interpreter. None where it cannot run.
pub(crate) fn ask_python(questions: &[Question]) -> Option<Vec<i32>> {
    const DRIVER: &str = "
import json, sys
sys.path.insert(0, sys.argv[1])
import verify
known, is_signed = {}, verify.is_signed
def remembered(folder, *parts):
    if parts not in known: known[parts] = is_signed(folder, *parts)
    return known[parts]
verify.is_signed = remembered
for line in sys.stdin:
    question = json.loads(line)
    print(verify.verify(question['log'], question['files'], question['keys'], question['run']))
";
    let can_run = "import sqlite3, sys; sys.exit(sqlite3.sqlite_version_info < (3, 37))";
    let has = |program: &str, arguments: &[&str]| {
        let ran = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        ran.is_ok_and(|status| status.success())
    };
    if !(has("python3", &["-c", can_run]) && has("openssl", &["version"])) {
        let text = "SKIPPED: docs/verify.py needs `openssl` and a `python3` with SQLite 3.37 or newer";
        assert!(std::env::var_os("OFFBOARD_TESTS_SKIP_NOTHING").is_none(), "{text}");
        println!("{text}");
        return None;
    }
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/docs");
    let mut python = Command::new("python3")
        .args(["-B", "-c", DRIVER, docs])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = String::new();
    for question in questions {
        let (log, files) = (&question.log, &question.checkpoints);
        let line = json!({ "log": log, "files": files, "keys": question.keys, "run": question.run });
        lines.push_str(&format!("{line}\n"));
    }
    let mut input = python.stdin.take().unwrap();
    let writing = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = python.wait_with_output().unwrap();
    writing.join().unwrap().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let code_of =
        |line: &str| line.trim_start_matches('(').split(',').next().and_then(|code| code.parse().ok());
    let codes: Vec<i32> =
        text.lines().map(|line| code_of(line).unwrap_or_else(|| panic!("{line}"))).collect();
    assert_eq!(codes.len(), questions.len(), "{text}");
    Some(codes)
}

/// Asserts that both verifiers give these exit codes.
#[track_caller]
pub(crate) fn both_answer(questions: &[(String, Question, i32)]) {
    let all: Vec<Question> = questions.iter().map(|(_, question, _)| question.clone()).collect();
    for (what, question, expected) in questions {
        assert_eq!(question.answer(), *expected, "{what}");
    }
    if let Some(answers) = ask_python(&all) {
        for ((what, _, expected), answer) in questions.iter().zip(answers) {
            assert_eq!(answer, *expected, "verify.py: {what}");
        }
    }
}
