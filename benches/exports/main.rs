//! A log as tables and as events, and questions that another engine asks of the tables: the whole program.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[expect(dead_code, reason = "the benchmark of proof needs more of it")]
#[path = "../proof/log.rs"]
mod log;
#[path = "../shared/mod.rs"]
mod shared;

use offboard::{
    audit::{Reader, SigningKey, Store},
    domain::Time,
};
use shared::{Failed, Section, watched};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

/// How many customers a run has.
const CUSTOMERS: u32 = 1_000;
/// The engines' part is left out where this is not installed; `.ci/run` installs it.
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/readers/bin/python");

fn main() -> Result<(), Failed> {
    let mut section = Section::new(
        "exports",
        "One log, exported to each format and its tables verified, the whole program; then questions of \
         `docs/engines.md` over three logs of 20 runs each, 20,000 customers in each log.",
    );
    section.head(&["records", "what", "seconds", "records a second", "MiB", "bytes a record", "peak MiB"]);
    for runs in [8, 80] {
        let folder = tempfile::tempdir()?;
        let log = make(folder.path(), 1, runs)?;
        let records = Reader::open(&log)?.count()?;
        for what in ["--format parquet", "--format jsonl", "--format ocsf", "verify --export"] {
            let place = what.rsplit(' ').next().unwrap_or_default();
            let mut command = program(folder.path(), &log);
            if what.starts_with("verify") {
                command.args(["verify", "--export", "parquet"]);
            } else {
                command.args(["log", "export", "--format", place, place]);
            }
            let (seconds, peak) = watched(&mut command)?;
            let bytes = size(&folder.path().join(if place == "--export" { "parquet" } else { place }))?;
            section.row(&[
                records.to_string(),
                format!("`{what}`"),
                format!("{seconds:.2}"),
                format!("{:.0}", f64::from(u32::try_from(records)?) / seconds),
                (bytes >> 20).to_string(),
                (bytes / records).to_string(),
                (peak >> 10).to_string(),
            ]);
        }
    }
    if Path::new(PYTHON).exists() {
        ask(&mut section)?;
    } else {
        section.say("");
        section.say("No engine was asked: `target/readers` is not there.");
    }
    section.write()
}

/// What each question takes.
fn ask(section: &mut Section) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    for number in 1..=3 {
        let log = make(folder.path(), number, 20)?;
        watched(program(folder.path(), &log).args(["log", "export", "--format", "parquet", "exports"]))?;
    }
    section.say("");
    section.head(&["question", "seconds"]);
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(PYTHON);
    command.arg(project.join("tests/engines/run.py")).arg(project.join("docs/engines.md"));
    let began = Instant::now();
    let done = command.arg(folder.path().join("exports")).output()?;
    if !done.status.success() {
        return Err(String::from_utf8_lossy(&done.stderr).into());
    }
    for line in String::from_utf8(done.stderr)?.lines() {
        let Some((seconds, question)) = line.split_once(' ') else { continue };
        section.row(&[question.to_owned(), seconds.to_owned()]);
    }
    section.row(&[
        "all, with the engines’ beginning".to_owned(),
        format!("{:.2}", began.elapsed().as_secs_f64()),
    ]);
    Ok(())
}

fn program(folder: &Path, log: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offboard"));
    command.current_dir(folder).env_clear().env("OFFBOARD_SIGNING_KEY", folder.join("signing.key"));
    command.arg("--audit-log").arg(log);
    command
}

fn make(folder: &Path, number: u32, runs: u32) -> Result<PathBuf, Failed> {
    let path = folder.join(format!("{number}.db"));
    let key = SigningKey::load_or_make(&folder.join("signing.key"), "bench@host")?;
    let id = [u8::try_from(number)?; 16];
    let mut store = Store::open(&path, Time::from_millis(0), &id, &key)?;
    for run in 0..runs {
        log::write_run_of(&mut store, number * 100 + run, CUSTOMERS, run * CUSTOMERS)?;
    }
    store.close()?;
    Ok(path)
}

/// The bytes of a file, or of all that is in a folder.
fn size(path: &Path) -> Result<u64, Failed> {
    if path.is_file() {
        return Ok(fs::metadata(path)?.len());
    }
    fs::read_dir(path)?.map(|entry| size(&entry?.path())).sum()
}
