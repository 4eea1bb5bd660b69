//! How long the commands take that read, on logs of ten thousand, a hundred thousand and a million records, and
//! how long the program takes to start. The program is the real one; the peak of memory is the kernel's.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[expect(dead_code, reason = "the benchmark of proof needs more of it")]
#[path = "../proof/log.rs"]
mod log;
#[path = "../shared/mod.rs"]
mod shared;

use offboard::{
    audit::{QueryError, Reader, RequestFilter, SigningKey, Store},
    domain::Time,
};
use shared::{Failed, Section, median, peak_kib};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How often each command is run.
const ROUNDS: usize = 5;
/// How many records a customer has.
const A_CUSTOMER: u64 = 12;

fn main() -> Result<(), Failed> {
    let mut section = Section::new(
        "commands",
        "Seconds, the median of five, and the largest peak of memory, of the commands that read; one run a log.",
    );
    section.head(&["records", "verify", "report", "log, by request ID", "log, by customer", "runs"]);
    let folder = tempfile::tempdir()?;
    for records in [10_000, 100_000, 1_000_000] {
        let path = folder.path().join(format!("{records}.db"));
        make(&path, folder.path(), records)?;
        let (request, customer) = last(&path)?;
        let mut cells = vec![records.to_string()];
        for arguments in [
            vec!["verify"],
            vec!["report"],
            vec!["log", "--request-id", &request],
            vec!["log", "--customer", &customer],
            vec!["runs"],
        ] {
            let (seconds, peak) = command(&arguments, &path, folder.path())?;
            cells.push(format!("{seconds:.2} s, {} MiB", peak >> 10));
        }
        section.row(&cells);
        let size = fs::metadata(&path)?.len();
        section.say(format!("| | {} MiB in the log | | | | |", size >> 20));
    }
    section.say("");
    let (seconds, _) = command(&["--version"], &folder.path().join("none.db"), folder.path())?;
    let size = fs::metadata(env!("CARGO_BIN_EXE_offboard"))?.len();
    section.say(format!("* `offboard --version`: {:.0} ms; the binary: {} MiB", seconds * 1e3, size >> 20));
    section.write()
}

fn make(path: &Path, folder: &Path, records: u64) -> Result<(), Failed> {
    let key = SigningKey::load_or_make(&folder.join("signing.key"), "bench@host")?;
    let mut store = Store::open(path, Time::from_millis(0), &[7; 16], &key)?;
    log::write_run(&mut store, 1, u32::try_from(records / A_CUSTOMER)?)?;
    Ok(store.close()?)
}

/// The request ID and the customer of the last change.
fn last(path: &Path) -> Result<(String, String), Failed> {
    let mut found = None;
    Reader::open(path)?.requests::<QueryError>(&RequestFilter::default(), |line| {
        if line.purpose.as_deref() == Some("remove_relationship") {
            found = Some((line.request_id.unwrap_or_default(), line.customer_tenant_id));
        }
        Ok(())
    })?;
    let (request, customer) = found.ok_or("there is no change in the log")?;
    Ok((request, customer.ok_or("the change is about nobody")?))
}

/// Seconds, the median, and the largest peak in KiB.
fn command(arguments: &[&str], log: &Path, folder: &Path) -> Result<(f64, u64), Failed> {
    let (mut seconds, mut largest) = (Vec::new(), 0);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_offboard"))
            .args(arguments)
            .args(["--audit-log".as_ref(), log.as_os_str()])
            .current_dir(folder)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        while child.try_wait()?.is_none() {
            largest = peak_kib(child.id()).unwrap_or_default().max(largest);
            thread::sleep(Duration::from_millis(1));
        }
        seconds.push(began.elapsed().as_secs_f64());
    }
    Ok((median(seconds), largest))
}
