//! Peak memory and time: how they grow with the list.
//!
//! The peak is `VmHWM` of the process, which the kernel keeps; it includes the simulator, which runs
//! in the same process during a rehearsal. `OFFBOARD_BENCH_CUSTOMERS` names the longest list of the rehearsal.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "../shared/mod.rs"]
mod shared;

use shared::{Failed, Section, peak_kib};
use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

fn main() -> Result<(), Failed> {
    let most: u32 =
        std::env::var("OFFBOARD_BENCH_CUSTOMERS").ok().and_then(|n| n.parse().ok()).unwrap_or(100_000);
    let folder = tempfile::tempdir()?;
    let mut section = Section::new(
        "memory",
        "The peak of memory of `check`, and of a whole rehearsal with its reports, the simulator in the same process.",
    );
    section.head(&[
        "what",
        "rows",
        "peak MiB",
        "seconds",
        "growth of the peak",
        "of that, a doubling",
        "log, KiB a row",
    ]);
    let mut before = None;
    for rows in [10_000, 100_000, 1_000_000] {
        let list = list(folder.path(), rows)?;
        let figures = measure(folder.path(), &["check", &list])?;
        before = Some(row(&mut section, "check", rows, figures, before, String::new()));
    }
    before = None;
    for rows in [1_000, 10_000, 100_000].into_iter().filter(|rows| *rows <= most) {
        let list = list(folder.path(), rows)?;
        let log = format!("rehearsal-{rows}.db");
        let arguments = [
            "run",
            &list,
            "--rehearse",
            "--yes",
            "--quiet",
            "--rate",
            "6000000",
            "--concurrency",
            "32",
            "--settle",
            "1",
            "--max-removals",
            "1000000",
            "--stop-after-failures",
            "0",
            "--audit-log",
            &log,
        ];
        let figures = measure(folder.path(), &arguments)?;
        let size = fs::metadata(folder.path().join(&log))?.len() / 1024;
        let a_row = format!("{:.1}", mib(size * 1024) / f64::from(rows));
        before = Some(row(&mut section, "rehearsal", rows, figures, before, a_row));
    }
    section.write()
}

fn row(
    section: &mut Section,
    what: &str,
    rows: u32,
    (peak, took): (u64, Duration),
    before: Option<(u32, u64)>,
    log: String,
) -> (u32, u64) {
    let grown = before.map(|(fewer, before)| {
        let growth = mib(peak) / mib(before);
        let doublings = (f64::from(rows) / f64::from(fewer)).log2();
        [growth, growth.powf(doublings.recip())].map(|times| format!("{times:.2} ×"))
    });
    let [growth, doubling] = grown.unwrap_or_default();
    let cells = [
        what.to_owned(),
        rows.to_string(),
        format!("{:.1}", mib(peak)),
        format!("{:.1}", took.as_secs_f64()),
        growth,
        doubling,
        log,
    ];
    section.row(&cells);
    (rows, peak)
}

/// Of KiB.
#[expect(clippy::cast_precision_loss, reason = "a size in a table")]
fn mib(kib: u64) -> f64 {
    kib as f64 / 1024.0
}

fn list(folder: &Path, rows: u32) -> std::io::Result<String> {
    let mut text = String::from("Customer tenant ID,Company name,Owner\n");
    for n in 0..rows {
        // Writing to a String cannot fail.
        let _infallible = writeln!(text, "d0000000-0000-4000-8000-{n:012x},Customer number {n},somebody");
    }
    let path = folder.join(format!("list-{rows}.csv"));
    fs::write(&path, text)?;
    Ok(path.display().to_string())
}

/// Runs the program to its end; gives the peak of its memory in KiB, and how long it took.
fn measure(folder: &Path, arguments: &[&str]) -> Result<(u64, Duration), Failed> {
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_offboard"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("OFFBOARD_SIGNING_KEY", folder.join("signing.key"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let mut peak = 0;
    let ended = loop {
        peak = peak_kib(child.id()).unwrap_or_default().max(peak);
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        thread::sleep(Duration::from_millis(2));
    };
    match ended.code() {
        Some(0 | 3) => Ok((peak, began.elapsed())),
        _ => Err(format!("`{}` ended with {ended}", arguments.join(" ")).into()),
    }
}
