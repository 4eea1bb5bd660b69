//! The program and the folder that it works in.

use super::{
    PARTNER, World,
    canary::{self, Canary},
    customers::{CustomerLine, customers},
    system,
};
use offboard::{
    audit::{QueryError, Reader, RequestFilter, RequestLine},
    domain::{Outcome, RunId},
    simulator::Model,
};
use serde_json::Value;
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{Arc, Mutex, PoisonError},
};
use tempfile::TempDir;

/// A folder of its own for one test. When the test is over, no secret may be left in it.
pub(crate) struct Folder {
    place: TempDir,
    token: String,
    /// What else nobody may see.
    secrets: RefCell<Vec<String>>,
    /// Whether they are looked for in everything that can be decoded.
    in_depth: Cell<bool>,
    /// Where the test itself put a secret.
    holding: RefCell<Vec<PathBuf>>,
    /// Who gave tokens.
    worlds: RefCell<Vec<Arc<Mutex<Model>>>>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Done {
    pub(crate) fn of(output: &Output) -> Self {
        canary::heard(&output.stdout);
        canary::heard(&output.stderr);
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Asserts the exit code, and shows everything if it is another.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "\nstdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

impl Folder {
    pub(crate) fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        fs::create_dir(place.path().join("tmp")).unwrap();
        // Characters that every encoding treats in its own way.
        let token = format!("cAnArY/+~!token.with=many%kinds?of&characters-{}", uuid::Uuid::new_v4());
        let (secrets, holding, worlds) = (RefCell::default(), RefCell::default(), RefCell::default());
        Self { place, token, secrets, in_depth: Cell::new(false), holding, worlds }
    }

    /// The access token of this test, which is like no other.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Nobody may see this either.
    pub(crate) fn secret(&self, secret: impl Into<String>) {
        self.secrets.borrow_mut().push(secret.into());
    }

    /// Secrets are looked for in everything that can be decoded from what is left, which takes its time.
    pub(crate) fn look_in_depth(&self) {
        self.in_depth.set(true);
    }

    /// Nor what this world gives out.
    pub(crate) fn watch(&self, world: &World) {
        self.worlds.borrow_mut().push(world.shared());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// A file in which a secret may stand.
    pub(crate) fn write_secret(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.write(name, text);
        self.holding.borrow_mut().push(path.clone());
        path
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// The program with these arguments, in this folder, with a clean environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offboard"));
        command.args(arguments).current_dir(self.place.path()).stdin(Stdio::null());
        system::only_what_is_needed(&mut command, &self.path("data"), &self.path("tmp"));
        command.env("OFFBOARD_SIGNING_KEY", self.path("signing.key"));
        // What is taken out of these tests is taken out of the program too (`.ci/mutants`).
        command.envs(std::env::var_os("FAILPOINTS").map(|points| ("FAILPOINTS", points)));
        // Whatever may be said of a secret is said, and found.
        command.env("RUST_LOG", "trace");
        command
    }

    /// The program against a simulator: everything a run needs but its list.
    pub(crate) fn against(&self, world: &World, arguments: &[&str]) -> Command {
        let mut command = self.command(arguments);
        command
            .env("OFFBOARD_API_URL", world.url())
            .env("OFFBOARD_GRAPH_URL", world.graph_url())
            .env("OFFBOARD_LOGIN_URL", world.login_url())
            .env("OFFBOARD_ACCESS_TOKEN", &self.token)
            .env("OFFBOARD_PARTNER_TENANT", PARTNER);
        self.watch(world);
        command
    }

    /// Runs `offboard …` to its end.
    pub(crate) fn offboard(&self, arguments: &[&str]) -> Done {
        Done::of(&self.command(arguments).output().unwrap())
    }

    /// Runs a list to its end, quickly: no prompt, a high rate, a short settle time.
    pub(crate) fn run(&self, world: &World, list: &str, more: &[&str]) -> Done {
        let list = self.write("list.csv", list);
        Done::of(&self.run_command(world, &list, more).output().unwrap())
    }

    pub(crate) fn run_command(&self, world: &World, list: &Path, more: &[&str]) -> Command {
        let list = list.display().to_string();
        let mut arguments = vec!["run", &list, "--yes"];
        for (option, value) in [
            ("--rate", "600000"),
            ("--settle", "1"),
            ("--max-share", "100"),
            ("--max-removals", "5000"),
            ("--stop-after-failures", "0"),
            ("--canary", "0"),
        ] {
            if !more.contains(&option) {
                arguments.extend([option, value]);
            }
        }
        // Most lists of tests have IDs alone.
        let text = fs::read_to_string(&list).unwrap_or_default().to_lowercase();
        let header = text.lines().next().unwrap_or_default();
        if !header.is_empty() && !header.contains("name") && !header.contains("domain") {
            arguments.push("--no-identity-check");
        }
        arguments.extend(more);
        self.against(world, &arguments)
    }

    /// What is said of each row of the latest run.
    pub(crate) fn explanations(&self) -> Vec<String> {
        self.customers().into_iter().map(|line| line.explanation.unwrap_or_default()).collect()
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::open(&self.path("audit.db")).unwrap()
    }

    pub(crate) fn latest(&self) -> RunId {
        self.reader().find("latest").unwrap().run_id
    }

    /// The latest run's rows.
    pub(crate) fn customers(&self) -> Vec<CustomerLine> {
        customers(&self.path("audit.db"), &self.latest())
    }

    /// How each row of the latest run ended: `outcome`, or `outcome: reasons`.
    pub(crate) fn ends(&self) -> Vec<String> {
        let shown = |line: CustomerLine| {
            let outcome = line.outcome.map_or("open", Outcome::as_str);
            match line.reasons {
                Some(reasons) if !reasons.is_empty() => format!("{outcome}: {reasons}"),
                _ => outcome.to_owned(),
            }
        };
        self.customers().into_iter().map(shown).collect()
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for line in self.customers() {
            *counts.entry(line.outcome.map_or("open", Outcome::as_str).to_owned()).or_default() += 1;
        }
        counts
    }

    /// All requests of the log.
    pub(crate) fn requests(&self) -> Vec<RequestLine> {
        let mut lines = Vec::new();
        let keep = |line| {
            lines.push(line);
            Ok::<(), QueryError>(())
        };
        self.reader().requests(&RequestFilter::default(), keep).unwrap();
        lines
    }

    /// A report of the latest run.
    pub(crate) fn report(&self, name: &str) -> String {
        let path = self.path("reports").join(self.latest().as_str()).join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// Every file below this folder, with its bytes.
    pub(crate) fn all_files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut files = Vec::new();
        let mut folders = vec![self.place.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push((path.clone(), fs::read(path).unwrap()));
                }
            }
        }
        files
    }

    /// Asserts that no secret of this test was written or said anywhere.
    pub(crate) fn no_secret_is_left(&self) {
        let mut secrets = vec![self.token.clone()];
        secrets.extend(self.secrets.borrow().clone());
        for world in self.worlds.borrow().iter() {
            secrets.extend(world.lock().unwrap_or_else(PoisonError::into_inner).secrets());
        }
        secrets.sort_unstable();
        secrets.dedup();
        let canary = Canary::new(&secrets);
        canary.clean("what was said", &canary::said());
        if self.in_depth.get() {
            canary.clean_in_depth("what was said", &canary::said());
        }
        // A sign-in is kept in the data folder, and nowhere else.
        let kept = self.path("data").join("offboard");
        for (path, bytes) in self.all_files() {
            if path.starts_with(&kept) || self.holding.borrow().contains(&path) {
                continue;
            }
            canary.clean(&path.display().to_string(), &bytes);
            let is_log = path.extension().is_some_and(|extension| extension == "db");
            if is_log {
                canary.clean_log(&path);
            }
            match (self.in_depth.get(), is_log) {
                (true, true) => canary.clean_log_in_depth(&path),
                (true, false) => canary.clean_in_depth(&path.display().to_string(), &bytes),
                (false, _) => {}
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.no_secret_is_left();
        }
    }
}

/// The same command in a shell that takes a limit upon itself first (`ulimit`).
pub(crate) fn limited(command: &Command, limit: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &format!("ulimit {limit} && exec \"$0\" \"$@\"")]);
    shell.arg(command.get_program()).args(command.get_args()).stdin(Stdio::null()).env_clear();
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(command.get_current_dir().unwrap());
    shell
}
