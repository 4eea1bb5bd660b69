//! Processes that take turns: a server of its own for each client, and what the client took.

use crate::{
    clients::{self, Job},
    server::Scene,
    shared::{self, Failed, Section},
};
use serde::{Deserialize, Serialize};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
};

/// Which client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// The HTTP client, whose answers are read.
    Bare,
    /// The HTTP client alone.
    Unread,
    /// The program's engine, with everything on record.
    Audited,
    /// A script as somebody writes it instead.
    Script,
}

/// What a client meets.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setting {
    pub(crate) customers: usize,
    /// On average.
    pub(crate) latency_ms: u64,
    pub(crate) concurrency: u32,
    /// Requests a minute.
    pub(crate) rate: u32,
    /// How many callers share one transaction.
    pub(crate) batch: usize,
    /// How much longer each sync of the disk takes.
    pub(crate) slower_sync_ms: u64,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            customers: 1000,
            latency_ms: 0,
            concurrency: 32,
            rate: 6_000_000,
            batch: 256,
            slower_sync_ms: 0,
        }
    }
}

/// What a client took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    pub(crate) requests: f64,
    pub(crate) per_second: f64,
    pub(crate) cpu_micros: f64,
    /// The size of the log, in bytes.
    pub(crate) log: f64,
    /// The largest WAL that was seen, in bytes.
    pub(crate) wal: f64,
}

/// What a client says of itself.
#[derive(Debug, Serialize, Deserialize)]
struct Said {
    seconds: f64,
    cpu_seconds: f64,
    log: u64,
    wal: u64,
}

/// One client, from the first request to the last record. Prints what it took.
pub(crate) fn client(job: &Job) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let took = runtime.block_on(async {
        match job.kind {
            Kind::Bare => clients::bare(job, true).await,
            Kind::Unread => clients::bare(job, false).await,
            Kind::Audited => clients::audited(job, folder.path()).await,
            Kind::Script => Err("the script is a program of its own".into()),
        }
    })?;
    let size = |name: &str| fs::metadata(folder.path().join(name)).map_or(0, |found| found.len());
    let said =
        Said { seconds: took.seconds, cpu_seconds: cpu_seconds()?, log: size("audit.db"), wal: took.wal };
    println!("{}", serde_json::to_string(&said)?);
    Ok(())
}

/// User and system time of this process.
fn cpu_seconds() -> Result<f64, Failed> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or_default();
    Ok((ticks(11) + ticks(12)) / 100.0)
}

/// Pairs of clients that take turns, one after the other.
pub(crate) fn pairs(
    count: usize,
    first: (Kind, Setting),
    second: (Kind, Setting),
) -> Result<Vec<(Taken, Taken)>, Failed> {
    (0..count)
        .map(|round| {
            if round % 2 == 0 {
                let first = one(first.0, first.1)?;
                Ok((first, one(second.0, second.1)?))
            } else {
                let second = one(second.0, second.1)?;
                Ok((one(first.0, first.1)?, second))
            }
        })
        .collect()
}

/// One client against a server of its own.
pub(crate) fn one(kind: Kind, setting: Setting) -> Result<Taken, Failed> {
    let Setting { slower_sync_ms, .. } = setting;
    let delay = format!("inject=fsync,fdatasync:delay_exit={}", slower_sync_ms * 1000);
    let slowly =
        ["--seccomp-bpf", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync,fdatasync", "-e", &delay];
    under(if slower_sync_ms == 0 { &[] } else { &slowly }, kind, setting)
}

/// One client under `strace` with these options, or by itself if there are none.
fn under(strace: &[&str], kind: Kind, setting: Setting) -> Result<Taken, Failed> {
    let served = Served::start(Scene { customers: setting.customers, latency_ms: setting.latency_ms })?;
    let job = Job {
        kind,
        url: served.url.clone(),
        customers: setting.customers,
        concurrency: setting.concurrency,
        rate: setting.rate,
        batch: setting.batch,
    };
    let (this, folder) = (std::env::current_exe()?, tempfile::tempdir()?);
    let mut command = match kind {
        Kind::Script => {
            let mut command = Command::new("python3");
            command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/script.py"));
            command.args([&job.url, &job.customers.to_string(), &job.concurrency.to_string()]);
            command.arg(folder.path().join("script.db"));
            command
        }
        _ if strace.is_empty() => Command::new(this),
        _ => {
            let mut command = Command::new("strace");
            command.args(strace).arg(this);
            command
        }
    };
    if kind != Kind::Script {
        command.args(["client", &serde_json::to_string(&job)?]);
    }
    let output = command.stderr(Stdio::inherit()).output()?;
    let said: Said = serde_json::from_slice(&output.stdout)?;
    let requests = served.requests()?;
    #[expect(clippy::cast_precision_loss, reason = "sizes of files")]
    let (log, wal) = (said.log as f64, said.wal as f64);
    Ok(Taken {
        requests,
        per_second: requests / said.seconds,
        cpu_micros: said.cpu_seconds / requests * 1e6,
        log,
        wal,
    })
}

/// What the disk has to do with it: syncs, sizes, and a disk that is slow.
pub(crate) fn disk(section: &mut Section) -> Result<(), Failed> {
    let setting = Setting { customers: 3000, ..Setting::default() };
    let counts = tempfile::NamedTempFile::new()?;
    let to = counts.path().display().to_string();
    let counted = ["--seccomp-bpf", "-f", "-c", "-o", &to, "-e", "trace=fsync,fdatasync"];
    if Command::new("strace").arg("--version").output().is_err() {
        section.say("* Syncs of the disk, and a slow one: not measured, because there is no `strace`.");
        return Ok(());
    }
    let taken = under(&counted, Kind::Audited, setting)?;
    section
        .say(format!("* Syncs a request, 0 ms, 32 in flight: {:.3}", syncs(counts.path())? / taken.requests));
    #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
    let customers = setting.customers as f64;
    section.say(format!("* Requests a customer, {customers} clean ones: {:.3}", taken.requests / customers));
    section.say(format!(
        "* Log a customer: {:.1} KB; largest WAL: {:.1} MB",
        taken.log / customers / 1e3,
        taken.wal / 1e6
    ));
    let slow = Setting {
        customers: 2000,
        latency_ms: 50,
        concurrency: 64,
        rate: 24_000,
        slower_sync_ms: 10,
        ..setting
    };
    let pairs = pairs(3, (Kind::Bare, slow), (Kind::Audited, slow))?;
    let ratio = shared::median(pairs.iter().map(|(bare, audited)| audited.per_second / bare.per_second));
    section.say(format!(
        "* Audited ÷ bare, each sync 10 ms longer, 400 requests a second at most, 64 in flight: {ratio:.3}"
    ));
    Ok(())
}

/// How many syncs `strace -c` counted.
fn syncs(table: &Path) -> Result<f64, Failed> {
    let text = fs::read_to_string(table)?;
    let of = |line: &str| line.split_whitespace().nth(3).and_then(|calls| calls.parse::<f64>().ok());
    Ok(text.lines().filter(|line| line.trim_end().ends_with("sync")).filter_map(of).sum())
}

/// A server that is ended with this value.
struct Served {
    child: Child,
    url: String,
}

impl Served {
    fn start(scene: Scene) -> Result<Self, Failed> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", &serde_json::to_string(&scene)?])
            .stdout(Stdio::piped())
            .spawn()?;
        let mut url = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut url)?;
        Ok(Self { child, url: url.trim().to_owned() })
    }

    /// How many requests it got.
    fn requests(&self) -> Result<f64, Failed> {
        let mut stream = TcpStream::connect(self.url.trim_start_matches("http://"))?;
        stream.write_all(b"GET /count HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        Ok(text.rsplit("\r\n\r\n").next().unwrap_or_default().trim().parse()?)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
