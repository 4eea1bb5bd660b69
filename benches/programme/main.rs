//! Where each of 20,000 customers stands after 60 runs in three logs: `offboard status`, the whole program.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[expect(dead_code, reason = "the benchmark of proof needs more of it")]
#[path = "../proof/log.rs"]
mod log;
#[path = "../shared/mod.rs"]
mod shared;

use offboard::{
    audit::{SigningKey, Store},
    domain::Time,
};
use shared::{Failed, Section, watched};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const LOGS: u32 = 3;
/// In each log; together they have each customer once.
const RUNS: u32 = 20;

fn main() -> Result<(), Failed> {
    let mut section = Section::new(
        "programme",
        "`status` over three logs of 20 runs each, every customer in one run of each log: one run of the program, with \
         the files that it writes.",
    );
    section.head(&["customers", "rows", "MiB of logs", "seconds", "peak MiB", "status.html", "status.xlsx"]);
    for customers in [1_200, 20_000] {
        let folder = tempfile::tempdir()?;
        let logs =
            (1..=LOGS).map(|n| make(folder.path(), n, customers / RUNS)).collect::<Result<Vec<_>, _>>()?;
        let size = logs.iter().map(|log| Ok(fs::metadata(log)?.len())).sum::<Result<u64, Failed>>()?;
        let (seconds, peak) = status(folder.path(), &logs)?;
        let mib = |name: &str| -> Result<String, Failed> {
            let bytes = fs::metadata(folder.path().join("reports/status").join(name))?.len();
            Ok(format!("{} KiB", bytes >> 10))
        };
        section.row(&[
            customers.to_string(),
            (customers * LOGS).to_string(),
            (size >> 20).to_string(),
            format!("{seconds:.2}"),
            (peak >> 10).to_string(),
            mib("status.html")?,
            mib("status.xlsx")?,
        ]);
    }
    section.write()
}

fn make(folder: &Path, number: u32, customers: u32) -> Result<PathBuf, Failed> {
    let path = folder.join(format!("{number}.db"));
    let key = SigningKey::load_or_make(&folder.join("signing.key"), "bench@host")?;
    let mut store = Store::open(&path, Time::from_millis(0), &[7; 16], &key)?;
    for run in 0..RUNS {
        log::write_run_of(&mut store, number * RUNS + run, customers, run * customers)?;
    }
    store.close()?;
    Ok(path)
}

/// Seconds, and the peak of memory in KiB.
fn status(folder: &Path, logs: &[PathBuf]) -> Result<(f64, u64), Failed> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_offboard"));
    command.arg("status").current_dir(folder).env_clear();
    for (option, log) in ["--audit-log"].iter().chain(&["--also"; LOGS as usize]).zip(logs) {
        command.arg(option).arg(log);
    }
    watched(&mut command)
}
