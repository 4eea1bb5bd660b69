//! What auditing costs: the program's own engine against the same HTTP client making the same calls with
//! nothing beside it. Each client is a process of its own, and they take turns.
//!
//! `cargo bench --bench speed` measures; the other words on its command line are its own parts.
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod clients;
#[path = "../shared/run.rs"]
mod run;
mod server;
#[path = "../shared/mod.rs"]
mod shared;
mod turns;

use clients::Job;
use shared::{Failed, Section};
use std::process::Command;
use turns::{Kind, Setting, Taken};

/// How many pairs a ratio is the median of.
const PAIRS: usize = 5;

fn main() -> Result<(), Failed> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let argument = || words.get(1).ok_or("its argument is missing");
    match words.first().map(String::as_str) {
        Some("serve") => Ok(server::serve(serde_json::from_str(argument()?)?)?),
        Some("client") => turns::client(&serde_json::from_str::<Job>(argument()?)?),
        _ => measure(),
    }
}

fn measure() -> Result<(), Failed> {
    let mut section = Section::new(
        "speed",
        "The audited client ÷ the bare one: requests a second, and CPU a request. Medians of five pairs that take \
         turns; the server is a third process and answers after half to one and a half of the latency. The bare one \
         makes the same calls with the same HTTP client, listings before and after among them, and reads the answers \
         as whoever decides by them must; it keeps nothing, and has no pacer.",
    );
    section.head(&[
        "latency, in flight",
        "bare/s",
        "audited/s",
        "ratio",
        "bare µs CPU",
        "audited µs CPU",
        "CPU ratio",
    ]);
    for (latency_ms, concurrency, customers) in [
        (0, 8, 4000),
        (0, 32, 6000),
        (0, 128, 6000),
        (50, 8, 100),
        (50, 32, 400),
        (50, 128, 4800),
        (200, 8, 30),
        (200, 32, 100),
        (200, 128, 400),
    ] {
        let setting = Setting { customers, latency_ms, concurrency, ..Setting::default() };
        let pairs = turns::pairs(PAIRS, (Kind::Bare, setting), (Kind::Audited, setting))?;
        row(&mut section, &format!("{latency_ms} ms, {concurrency}"), &pairs);
    }
    section.say("");
    let setting = Setting { concurrency: 32, customers: 6000, ..Setting::default() };
    let pairs = turns::pairs(PAIRS, (Kind::Unread, setting), (Kind::Bare, setting))?;
    section.say(format!(
        "* CPU of the bare client that does not even read the answers, 0 ms, 32 in flight: {:.0} µs a request, \
         against {:.0}",
        shared::median(pairs.iter().map(|pair| pair.0.cpu_micros)),
        shared::median(pairs.iter().map(|pair| pair.1.cpu_micros))
    ));
    // So many that the start and the end of a run, which are the same for both, count for little.
    let setting = Setting { customers: 4000, ..setting };
    let alone = Setting { batch: 1, ..setting };
    let pairs = turns::pairs(PAIRS, (Kind::Audited, alone), (Kind::Audited, setting))?;
    let ratio = shared::median(pairs.iter().map(|(alone, shared)| shared.per_second / alone.per_second));
    section
        .say(format!("* Audited ÷ the same with one caller a transaction, 0 ms, 32 in flight: {ratio:.1}"));
    let has_aiohttp = Command::new("python3").args(["-c", "import aiohttp"]).output();
    if has_aiohttp.is_ok_and(|output| output.status.success()) {
        let pairs = turns::pairs(PAIRS, (Kind::Script, setting), (Kind::Audited, setting))?;
        let ratio = shared::median(pairs.iter().map(|(script, ours)| ours.per_second / script.per_second));
        section
            .say(format!("* Audited ÷ a Python script that commits each row (`benches/peers`): {ratio:.1}"));
    } else {
        section.say(
            "* Against a Python script: not measured, because there is no `aiohttp` (`pip install aiohttp`).",
        );
    }
    turns::disk(&mut section)?;
    section.write()
}

fn row(section: &mut Section, name: &str, pairs: &[(Taken, Taken)]) {
    let median = |of: fn(&(Taken, Taken)) -> f64| shared::median(pairs.iter().map(of));
    section.row(&[
        name.to_owned(),
        format!("{:.0}", median(|pair| pair.0.per_second)),
        format!("{:.0}", median(|pair| pair.1.per_second)),
        format!("{:.3}", median(|pair| pair.1.per_second / pair.0.per_second)),
        format!("{:.0}", median(|pair| pair.0.cpu_micros)),
        format!("{:.0}", median(|pair| pair.1.cpu_micros)),
        format!("{:.2}", median(|pair| pair.1.cpu_micros / pair.0.cpu_micros)),
    ]);
}
