//! What benchmarks share: a place for their results, medians, and what the kernel says of a process.
#![allow(dead_code, reason = "no benchmark needs all of it")]

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Why a benchmark came to no result.
pub(crate) type Failed = Box<dyn std::error::Error>;

/// One section of `benches/results.md`, printed as it grows and written when it is whole.
#[derive(Debug)]
pub(crate) struct Section {
    name: &'static str,
    lines: Vec<String>,
}

impl Section {
    /// A section of this name, which says first what is measured.
    pub(crate) fn new(name: &'static str, about: &str) -> Self {
        let mut section = Self { name, lines: Vec::new() };
        section.say(about);
        section.say("");
        section
    }

    /// A line of text.
    pub(crate) fn say(&mut self, line: impl Into<String>) {
        let line = line.into();
        println!("{line}");
        self.lines.push(line);
    }

    /// The head of a table.
    pub(crate) fn head(&mut self, cells: &[&str]) {
        self.say(format!("| {} |", cells.join(" | ")));
        self.say(format!("| {} |", vec!["---"; cells.len()].join(" | ")));
    }

    /// A row of a table.
    pub(crate) fn row(&mut self, cells: &[String]) {
        self.say(format!("| {} |", cells.join(" | ")));
    }

    /// Puts the section into the file, in the place of an older one of its name.
    pub(crate) fn write(self) -> Result<(), Failed> {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/results.md");
        let old = fs::read_to_string(&path).unwrap_or_default();
        let mut sections: Vec<(String, String)> = old
            .split("\n## ")
            .skip(1)
            .filter_map(|section| section.split_once('\n'))
            .map(|(name, text)| (name.to_owned(), text.trim().to_owned()))
            .filter(|(name, _)| name != self.name)
            .collect();
        let text = format!("{}\n\nOn {}.", self.lines.join("\n").trim(), machine());
        sections.push((self.name.to_owned(), text));
        sections.sort();
        let mut file =
            "# What was measured\n\nWritten by `cargo bench`; each section is of one run of one benchmark. \
                        Ratios say more than figures: the speed of a machine drifts.\n"
                .to_owned();
        for (name, text) in sections {
            file.push_str(&format!("\n## {name}\n\n{text}\n"));
        }
        Ok(fs::write(path, file)?)
    }
}

/// The machine, in words.
fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let field = |text: &str, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        line.split(':').nth(1).unwrap_or_default().trim().to_owned()
    };
    let (cpu, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let cores = cpu.lines().filter(|line| line.starts_with("processor")).count();
    let kib: u64 = field(&memory, "MemTotal").trim_end_matches(" kB").parse().unwrap_or_default();
    let kernel = read("/proc/sys/kernel/osrelease");
    let rustc =
        Command::new("rustc").arg("--version").output().map(|output| output.stdout).unwrap_or_default();
    format!(
        "{cores} × {}, {} GiB, Linux {}, {}",
        field(&cpu, "model name"),
        kib >> 20,
        kernel.trim(),
        String::from_utf8_lossy(&rustc).split(" (").next().unwrap_or_default().trim()
    )
}

/// The one in the middle.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Runs the command to its end, whatever that is: seconds, and the peak of its memory in KiB.
pub(crate) fn watched(command: &mut Command) -> Result<(f64, u64), Failed> {
    let began = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn()?;
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        peak = peak_kib(child.id()).unwrap_or_default().max(peak);
        thread::sleep(Duration::from_millis(1));
    }
    Ok((began.elapsed().as_secs_f64(), peak))
}

/// The peak of a process's memory, in KiB, as the kernel keeps it.
pub(crate) fn peak_kib(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse().ok()
}
