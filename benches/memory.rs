//! Peak memory and time: how they grow with the list. Prints a table with the growth per line.
//!
//! The peak is `VmHWM` of the process, which the kernel keeps; it includes the simulator, which runs
//! in the same process during a rehearsal.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    println!("{:<34} {:>10} {:>10} {:>9} {:>9}", "what", "rows", "peak MiB", "seconds", "growth");
    let mut before = None;
    for rows in [10_000, 100_000, 1_000_000] {
        let list = list(folder.path(), rows)?;
        let figures = measure(folder.path(), &["check", &list])?;
        before = Some(line("check", rows, figures, before));
    }
    before = None;
    for rows in [1_000, 10_000, 20_000] {
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
        before = Some(line("rehearsal, simulator included", rows, figures, before));
        let size = fs::metadata(folder.path().join(&log))?.len();
        println!("{:<34} {rows:>10} {:>10.1} KiB a customer in the log", "", kib(size) / f64::from(rows));
    }
    Ok(())
}

fn line(what: &str, rows: u32, (peak, took): (u64, Duration), before: Option<u64>) -> u64 {
    let growth = before.map(|before| format!("{:.2} x", kib(peak) / kib(before))).unwrap_or_default();
    println!("{what:<34} {rows:>10} {:>10.1} {:>9.1} {growth:>9}", kib(peak) / 1024.0, took.as_secs_f64());
    peak
}

#[expect(clippy::cast_precision_loss, reason = "a size in a table")]
fn kib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0
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

/// Runs the program to its end; gives the peak of its memory in bytes, and how long it took.
fn measure(folder: &Path, arguments: &[&str]) -> Result<(u64, Duration), Box<dyn std::error::Error>> {
    let began = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_offboard"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    let ended = loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let now = text
            .lines()
            .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        peak = peak.max(now.unwrap_or_default() * 1024);
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        thread::sleep(Duration::from_millis(2));
    };
    match ended.code() {
        Some(0 | 3) => Ok((peak, began.elapsed())),
        _ => Err(format!("{arguments:?} ended with {ended}").into()),
    }
}
