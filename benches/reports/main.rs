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
    let mut small: Option<Round> = None;
    for customers in [most / 10, most] {
        let kept = env::var_os("OFFBOARD_BENCH_LOG").map(PathBuf::from).filter(|_| customers == most);
        let log = kept.unwrap_or_else(|| folder.path().join(format!("{customers}.db")));
        if !log.exists() {
            make(&log, folder.path(), customers)?;
        }
        let reports = folder.path().join(format!("reports-{customers}"));
        let rounds = (0..ROUNDS).map(|_| round(&log, &reports)).collect::<Result<Vec<_>, _>>()?;
        let middle = middle(&rounds)?;
        let Some(small) = &small else {
            small = Some(middle);
            continue;
        };
        tell(&mut section, small, &middle, customers);
        if middle.seconds() > MOST_SECONDS || middle.peak > MOST_MIB {
            let (seconds, peak) = (middle.seconds(), middle.peak);
            return Err(format!("{seconds:.1} s and {peak:.0} MiB are too much").into());
        }
    }
    section.write()
}

impl Round {
    fn seconds(&self) -> f64 {
        self.parts.iter().map(|(_, took)| took).sum()
    }
}

/// The median of each figure.
fn middle(rounds: &[Round]) -> Result<Round, Failed> {
    let first = rounds.first().ok_or("no round")?;
    let took = |at: usize| median(rounds.iter().filter_map(|round| Some(round.parts.get(at)?.1)));
    let parts = first.parts.iter().enumerate().map(|(at, (part, _))| (part.clone(), took(at)));
    Ok(Round {
        parts: parts.collect(),
        files: first.files.clone(),
        peak: median(rounds.iter().map(|round| round.peak)),
    })
}

fn tell(section: &mut Section, small: &Round, large: &Round, customers: u32) {
    let grown = |small: f64, large: f64| format!("{:.1} ×", large / small);
    let sizes = [(customers / 10).to_string(), customers.to_string()];
    let head = |what: &str| [what.to_owned(), sizes[0].clone(), sizes[1].clone(), "growth".to_owned()];
    let table = |section: &mut Section, what: &str| {
        section.head(&head(what).each_ref().map(String::as_str));
    };
    table(section, "seconds for");
    for ((part, before), (_, took)) in small.parts.iter().zip(&large.parts) {
        section.row(&[part.clone(), format!("{before:.2}"), format!("{took:.2}"), grown(*before, *took)]);
    }
    let (before, took) = (small.seconds(), large.seconds());
    let together = "**all together**".to_owned();
    section.row(&[together, format!("{before:.2}"), format!("**{took:.2}**"), grown(before, took)]);
    let peak = "**peak of memory, MiB**".to_owned();
    let (before, now) = (small.peak, large.peak);
    section.row(&[peak, format!("{before:.0}"), format!("**{now:.0}**"), grown(before, now)]);
    section.say("");
    table(section, "KiB of");
    for ((name, before), (_, bytes)) in small.files.iter().zip(&large.files) {
        let kib = |bytes: &u64| u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
        let (before, now) = (kib(before), kib(bytes));
        let growth = grown(f64::from(before), f64::from(now));
        section.row(&[name.clone(), before.to_string(), now.to_string(), growth]);
    }
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
