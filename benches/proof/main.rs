//! What proof costs: appending to a short and to a long log, and verifying the long one.
//!
//! The peak of memory is `VmHWM` of the process, which the kernel keeps. `OFFBOARD_BENCH_RECORDS` makes
//! the long log another size.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod log;
#[path = "../shared/mod.rs"]
mod shared;

use offboard::{
    audit::{SigningKey, Store},
    domain::Time,
};
use shared::{Failed, Section, peak_kib};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// The size of a run in the long log.
const CUSTOMERS: u32 = 5_000;
/// How often each kind of append is measured.
const ROUNDS: usize = 400;

fn main() -> Result<(), Failed> {
    let records: u64 =
        std::env::var("OFFBOARD_BENCH_RECORDS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir()?;
    let long = folder.path().join("long.db");
    let began = Instant::now();
    let mut store = open(&long, folder.path())?;
    for run in 0.. {
        if store.next() >= records {
            break;
        }
        let left = u32::try_from((records - store.next()) / 12)?;
        log::write_run(&mut store, run, left.clamp(1, CUSTOMERS))?;
    }
    let count = store.next();
    store.close()?;
    let mut section = Section::new(
        "proof",
        "`verify`, the whole program, over a long log; and appending to it and to one of 1,000 records, by turns.",
    );
    section.say(format!("* {count} records written in {:.1} s", began.elapsed().as_secs_f64()));
    verify(&mut section, &long, count)?;
    append(&mut section, &long, folder.path())?;
    section.write()
}

fn open(path: &Path, folder: &Path) -> Result<Store, Failed> {
    let key = SigningKey::load_or_make(&folder.join("signing.key"), "bench@host")?;
    Ok(Store::open(path, Time::from_millis(0), &[7; 16], &key)?)
}

/// The real program, on the long log.
fn verify(section: &mut Section, log: &Path, count: u64) -> Result<(), Failed> {
    let mut name = log.as_os_str().to_owned();
    name.push(".checkpoints");
    for round in ["first", "second"] {
        let began = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_offboard"))
            .args(["verify", "--audit-log"])
            .arg(log)
            .arg("--checkpoint")
            .arg(&name)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            .spawn()?;
        let mut peak = 0;
        let ended = loop {
            peak = peak_kib(child.id()).unwrap_or_default().max(peak);
            if let Some(ended) = child.try_wait()? {
                break ended;
            }
            thread::sleep(Duration::from_millis(2));
        };
        if !ended.success() {
            return Err(format!("verify ended with {ended}").into());
        }
        let took = began.elapsed().as_secs_f64();
        #[expect(clippy::cast_precision_loss, reason = "millions")]
        let pace = count as f64 / took;
        section.say(format!(
            "* `verify`, {round}: {count} records, {} MiB, in {took:.2} s: {pace:.0} a second, peak {} MiB",
            fs::metadata(log)?.len() >> 20,
            peak >> 10
        ));
    }
    Ok(())
}

/// A short log and the long one by turns, so that both meet the same disk.
fn append(section: &mut Section, long: &Path, folder: &Path) -> Result<(), Failed> {
    let mut short = open(&folder.join("short.db"), folder)?;
    short.append(&log::some(1_000))?;
    let mut long = open(long, folder)?;
    for (what, records) in [("one record a transaction", 1), ("a hundred records a transaction", 100)] {
        let entries = log::some(records);
        let mut took = [Vec::new(), Vec::new()];
        for _ in 0..ROUNDS {
            for (store, took) in [&mut short, &mut long].into_iter().zip(&mut took) {
                let began = Instant::now();
                store.append(&entries)?;
                took.push(began.elapsed());
            }
        }
        let [short, long] = took.map(median);
        section.say(format!(
            "* Append, {what}: {:.0} µs in a short log, {:.0} µs in the long one, ratio {:.2}",
            micros(short),
            micros(long),
            micros(long) / micros(short)
        ));
    }
    Ok(())
}

fn median(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took.get(took.len() / 2).copied().unwrap_or_default()
}

fn micros(took: Duration) -> f64 {
    took.as_secs_f64() * 1e6
}
