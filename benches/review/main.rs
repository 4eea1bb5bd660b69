//! How long each page of `offboard review` takes on a large log: one run of many customers, and some small
//! ones before it.
//!
//! The program is the real one, and each page is asked for over its socket. The peak of memory is `VmHWM` of
//! the process, which the kernel keeps. `OFFBOARD_BENCH_RECORDS` makes the log another size;
//! `OFFBOARD_BENCH_LOG` names one that is there already, or where to leave it.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[expect(dead_code, reason = "the benchmark of proof needs more of it")]
#[path = "../proof/log.rs"]
mod log;
#[path = "../shared/mod.rs"]
mod shared;

use shared::{Section, peak_kib};

use offboard::{
    audit::{Reader, SigningKey, Store},
    domain::Time,
};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// How often each page is asked for.
const ROUNDS: usize = 31;
/// What no page may take, at the median.
const CEILING: Duration = Duration::from_millis(200);

type Failed = shared::Failed;

fn main() -> Result<(), Failed> {
    let records: u64 =
        std::env::var("OFFBOARD_BENCH_RECORDS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir()?;
    let kept = std::env::var_os("OFFBOARD_BENCH_LOG").map(PathBuf::from);
    let path = kept.unwrap_or_else(|| folder.path().join("long.db"));
    if !path.exists() {
        make(&path, folder.path(), records)?;
    }
    let reader = Reader::open(&path)?;
    let run = reader.find("latest")?;
    drop(reader);
    let rows = run.input_rows.unwrap_or(1);
    let mut section = Section::new(
        "review",
        &format!(
            "The pages of `offboard review` over a log of {} MiB with {rows} customers in its largest run; each is asked for \
             {ROUNDS} times over its socket.",
            fs::metadata(&path)?.len() >> 20
        ),
    );
    let began = Instant::now();
    let mut program = Program::start(&path)?;
    while program.get("/")?.status == 503 {}
    let first = began.elapsed().as_secs_f64();
    while program.get("/verdict")?.body.contains("data-pending") {}
    let verdict = began.elapsed().as_secs_f64();

    let mut too_slow = 0;
    section.head(&["page", "median", "slowest", "bytes"]);
    for (name, page) in pages(run.run_id.as_str(), rows) {
        let mut took = Vec::with_capacity(ROUNDS);
        let mut last = program.get(&page)?;
        for _ in 0..ROUNDS {
            let began = Instant::now();
            last = program.get(&page)?;
            took.push(began.elapsed());
        }
        took.sort_unstable();
        let median = took.get(ROUNDS / 2).copied().unwrap_or_default();
        let slowest = took.last().copied().unwrap_or_default();
        let millis = |time: Duration| format!("{:.1} ms", time.as_secs_f64() * 1e3);
        section.row(&[name.to_owned(), millis(median), millis(slowest), last.body.len().to_string()]);
        too_slow += u32::from(median > CEILING || last.status != 200);
    }
    let peak = peak_kib(program.child.id()).unwrap_or_default() >> 10;
    section.say("");
    section.say(format!(
        "The first page came {first:.1} s after the start, the verdict after {verdict:.1} s; the peak of memory was {peak} MiB."
    ));
    program.child.kill()?;
    program.child.wait()?;
    if too_slow > 0 {
        return Err(format!("{too_slow} pages failed or took more than {CEILING:?} at the median").into());
    }
    section.write()
}

fn make(path: &Path, folder: &Path, records: u64) -> Result<(), Failed> {
    let key = SigningKey::load_or_make(&folder.join("signing.key"), "bench@host")?;
    let mut store = Store::open(path, Time::from_millis(0), &[7; 16], &key)?;
    let began = Instant::now();
    for number in 0..8 {
        log::write_run(&mut store, number, 500)?;
    }
    let left = u32::try_from(records.saturating_sub(store.next()) / 12)?;
    log::write_run(&mut store, 8, left.max(1))?;
    println!("{} records written in {:.1} s", store.next(), began.elapsed().as_secs_f64());
    Ok(store.close()?)
}

/// Each kind of page, and the questions that leave the most to look through.
fn pages(run: &str, rows: u32) -> Vec<(&'static str, String)> {
    let of_run = |page: &str| format!("/run/{run}{page}");
    vec![
        ("runs", "/".to_owned()),
        ("a run", of_run("")),
        ("customers", of_run("/customers")),
        ("customers, in the middle", of_run(&format!("/customers?after={}", rows / 2))),
        ("customers by outcome", of_run("/customers?outcome=removed")),
        ("customers by outcome, none", of_run("/customers?outcome=failed")),
        ("customers by text, the last one", of_run(&format!("/customers?text=number+{rows}"))),
        ("customers by text, none", of_run("/customers?text=nobody+is+called+so")),
        ("customers by date, none", of_run("/customers?from=2099-01-01")),
        ("a customer", of_run(&format!("/customer/{}", rows / 2))),
        ("records of the run itself", of_run("/records")),
        ("a sample of 25", of_run("/sample?seed=2026&count=25")),
        ("search: a tenant", format!("/search?id=c0000000-0000-4000-8000-{:012x}", rows / 2)),
        ("search: a request", format!("/search?id=00000000-0000-0000-0000-{:012x}", rows / 2)),
        ("search: a beginning of many", "/search?id=c0000000".to_owned()),
        ("search: nothing", "/search?id=ffffffff-ffff".to_owned()),
        ("controls", "/controls".to_owned()),
        ("verify", "/verify".to_owned()),
        ("the verdict alone", "/verdict".to_owned()),
    ]
}

struct Program {
    child: Child,
    host: String,
    root: String,
}

struct Answer {
    status: u16,
    body: String,
}

impl Program {
    fn start(log: &Path) -> Result<Self, Failed> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_offboard"))
            .arg("review")
            .arg("--audit-log")
            .arg(log)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().ok_or("no output")?).read_line(&mut line)?;
        let address = line.trim().strip_prefix("http://").ok_or("no address")?;
        let (host, root) = address.split_once('/').ok_or("no token")?;
        Ok(Self { child, host: host.to_owned(), root: root.trim_end_matches('/').to_owned() })
    }

    fn get(&self, page: &str) -> Result<Answer, Failed> {
        let mut stream = TcpStream::connect(&self.host)?;
        let (root, host) = (&self.root, &self.host);
        write!(stream, "GET /{root}{page} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let (head, body) = text.split_once("\r\n\r\n").ok_or("no answer")?;
        let status = head.split(' ').nth(1).ok_or("no status")?.parse()?;
        Ok(Answer { status, body: body.to_owned() })
    }
}
