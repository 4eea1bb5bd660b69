//! How long the reports of a large run take, and how much memory: each part of the work, and all together.
//!
//! The log is one run in which every customer is removed after four requests. The reports are written by a
//! process of its own, so that the peak of memory, `VmHWM`, is theirs alone. `OFFBOARD_BENCH_CUSTOMERS` makes
//! the run another size; `OFFBOARD_BENCH_LOG` names a log that is there already, or where to leave it.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[expect(dead_code, reason = "the benchmark of proof needs more of it")]
#[path = "../proof/log.rs"]
mod log;
#[path = "../shared/mod.rs"]
mod shared;

use offboard::{
    audit::{Reader, SigningKey, Store},
    domain::Time,
    report::{CsvStyle, write_all_watched},
};
use shared::{Failed, Section, median, peak_kib};
use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

/// How often the reports are written.
const ROUNDS: usize = 3;
/// What all reports of the largest run may take.
const MOST_SECONDS: f64 = 10.0;
const MOST_MIB: f64 = 256.0;

/// One round: each part with its seconds, each file with its bytes, and the peak in MiB.
#[derive(Default)]
struct Round {
    parts: Vec<(String, f64)>,
    files: Vec<(String, u64)>,
    peak: f64,
}

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = env::args().collect();
    if let [_, what, log, folder] = &*arguments
        && what == "write"
    {
        return write(Path::new(log), Path::new(folder));
    }
    let most: u32 = env::var("OFFBOARD_BENCH_CUSTOMERS").ok().and_then(|n| n.parse().ok()).unwrap_or(20_000);
    let folder = tempfile::tempdir()?;
    let mut section = Section::new(
        "reports",
        &format!(
            "All reports of a run in which every customer is removed after four requests, from its log; medians of \
             {ROUNDS} rounds, each in a process of its own. All together may take {MOST_SECONDS} s and {MOST_MIB} MiB."
        ),
    );
    let mut large = None;
    section.head(&["customers", "part", "seconds", "file", "KiB"]);
    for customers in [most / 10, most] {
        let kept = env::var_os("OFFBOARD_BENCH_LOG").map(PathBuf::from).filter(|_| customers == most);
        let log = kept.unwrap_or_else(|| folder.path().join(format!("{customers}.db")));
        if !log.exists() {
            make(&log, folder.path(), customers)?;
        }
        let reports = folder.path().join(format!("reports-{customers}"));
        let rounds = (0..ROUNDS).map(|_| round(&log, &reports)).collect::<Result<Vec<_>, _>>()?;
        large = Some(told(&mut section, customers, &rounds)?);
    }
    let (seconds, peak) = large.unwrap_or_default();
    if seconds > MOST_SECONDS || peak > MOST_MIB {
        return Err(format!("{seconds:.1} s and {peak:.0} MiB are too much").into());
    }
    section.write()
}

fn told(section: &mut Section, customers: u32, rounds: &[Round]) -> Result<(f64, f64), Failed> {
    let first = rounds.first().ok_or("no round")?;
    let all = |round: &Round| round.parts.iter().map(|(_, took)| took).sum::<f64>();
    let mut files = first.files.iter();
    for (at, (part, _)) in first.parts.iter().enumerate() {
        let took = median(rounds.iter().filter_map(|round| Some(round.parts.get(at)?.1)));
        let (name, bytes) = files.next().cloned().unwrap_or_default();
        let kib = if name.is_empty() { String::new() } else { (bytes / 1024).to_string() };
        section.row(&[customers.to_string(), part.clone(), format!("{took:.2}"), name, kib]);
    }
    for (name, bytes) in files {
        let empty = String::new;
        section.row(&[customers.to_string(), empty(), empty(), name.clone(), (bytes / 1024).to_string()]);
    }
    let (seconds, peak) = (median(rounds.iter().map(all)), median(rounds.iter().map(|round| round.peak)));
    let together = format!("**all together, {peak:.0} MiB at the peak**");
    section.row(&[
        customers.to_string(),
        together,
        format!("**{seconds:.2}**"),
        String::new(),
        String::new(),
    ]);
    Ok((seconds, peak))
}

/// Has the reports written by another process, which tells of it line by line.
fn round(log: &Path, folder: &Path) -> Result<Round, Failed> {
    let output = Command::new(env::current_exe()?).arg("write").args([log, folder]).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let mut round = Round::default();
    for line in String::from_utf8(output.stdout)?.lines() {
        match *line.split('\t').collect::<Vec<_>>() {
            ["part", name, took] => round.parts.push((name.to_owned(), took.parse()?)),
            ["file", name, bytes] => round.files.push((name.to_owned(), bytes.parse()?)),
            ["peak", mib] => round.peak = mib.parse()?,
            _ => return Err(format!("what is `{line}`?").into()),
        }
    }
    Ok(round)
}

fn write(log: &Path, folder: &Path) -> Result<(), Failed> {
    let mut began = Instant::now();
    let mut part = |name: &str| {
        println!("part\t{name}\t{}", began.elapsed().as_secs_f64());
        began = Instant::now();
    };
    let reader = Reader::open(log)?;
    let run = reader.find("latest")?;
    let written = write_all_watched(&reader, &run, folder, CsvStyle::Safe, &mut part)?;
    part("their names");
    for (name, _) in written.files {
        println!("file\t{name}\t{}", folder.join(&name).metadata()?.len());
    }
    let peak = peak_kib(std::process::id()).ok_or("no peak")?;
    println!("peak\t{}", peak >> 10);
    Ok(())
}

fn make(path: &Path, folder: &Path, customers: u32) -> Result<(), Failed> {
    let key = SigningKey::load_or_make(&folder.join("signing.key"), "bench@host")?;
    let mut store = Store::open(path, Time::from_millis(0), &[7; 16], &key)?;
    log::write_run(&mut store, 0, customers)?;
    Ok(store.close()?)
}
