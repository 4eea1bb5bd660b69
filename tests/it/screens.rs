//! What the approver and the auditor see on their whole way, step by step, as a terminal of 80×24 and one of 120×40 show
//! it. `.cargo/config.toml` says how to accept a screen that is meant to be another one.
//!
//! At each question, a screen is what stands in the window; after the last one, it is all that follows.

use crate::support::{Done, Folder, PARTNER_NAME, World, conversed, id};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::{fs, process::Command};

const SIZES: [(u16, u16); 2] = [(80, 24), (120, 40)];
/// As other runs of the same list have it, so that nothing is in another order.
const PACE: [&str; 4] = ["--rate", "600000", "--concurrency", "1"];
/// What stands for the runs of a log, in order.
const RUNS: [&str; 4] =
    ["20261120-091530-7b1d0f", "20261120-094512-c4e2a8", "20261121-101500-19f3aa", "20261122-103000-55d01e"];

/// Twelve customers: one has a subscription, one is called otherwise, and one is somebody else.
fn world() -> World {
    let customers: Vec<Value> = (1..=12)
        .map(|n| {
            let status = if n == 3 { "active" } else { "suspended" };
            json!({ "id": id(n).to_string(), "name": format!("Customer {n}"), "domain": format!("c{n}.example"),
                "subscriptions": [{ "id": format!("5d5d5d5d-0000-4000-8000-{n:012}"), "name": "Office",
                    "kind": "legacy", "status": status, "quantity": n * 10 }] })
        })
        .collect();
    World::of(&json!({ "customers": customers, "generated": { "count": 20 } }))
}

/// The operator and the approver, each with a machine of their own, and what they sit at.
struct Way {
    operator: Folder,
    approver: Folder,
    world: World,
    size: (u16, u16),
}

impl Way {
    fn new(size: (u16, u16)) -> Self {
        let (operator, approver) = (Folder::new(), Folder::new());
        let list = (1..=12).map(|n| match n {
            4 => format!("{},CUSTOMER-4\n", id(4)),
            5 => format!("{},Somebody Else\n", id(5)),
            n => format!("{},Customer {n}\n", id(n)),
        });
        let list: String = list.collect();
        operator.write("list.csv", format!("Tenant ID,Customer name\n{list}"));
        Self { operator, approver, world: world(), size }
    }

    fn operator(&self, arguments: &[&str]) -> Command {
        self.operator.against(&self.world, arguments)
    }

    fn approver(&self, arguments: &[&str]) -> Command {
        let mut command = self.approver.command(arguments);
        command.env("USER", "alex").env("OFFBOARD_APPROVAL_KEY", "approval.key");
        command
    }

    fn plans(&self, more: &[&str]) -> Command {
        let plan = ["plan", "list.csv", "--ticket", "CHG-20417", "--reason", "End of the contract"];
        self.operator(&[&plan[..], &PACE, &["--require-approval"], more].concat())
    }

    /// The key that the approver made is named in the operator's settings.
    fn knows_the_approver(&self) {
        let said = Done::of(&self.approver(&["approve", "--new-key"]).output().unwrap());
        let key = format!("{} {}", said.out, said.err);
        let key = key
            .split_whitespace()
            .map(|word| word.trim_end_matches([';', '.', ',']))
            .find(|word| is_key(word));
        self.operator.write("offboard.toml", format!("[approval]\napprovers = [\"{}\"]\n", key.unwrap()));
    }

    /// Where the operator has the plan; the approver gets a copy.
    fn sends(&self) -> String {
        let plan = format!("reports/{}/plan.json", self.operator.latest());
        fs::copy(self.operator.path(&plan), self.approver.path("plan.json")).unwrap();
        plan
    }

    /// Sits at the terminal, turns pages with Enter, and types each of `typed` when asked.
    fn sees(&self, name: &str, command: &mut Command, typed: &[&str], code: i32) {
        self.screens(command, typed, code).holds(&format!("{name}-{}", self.size.0));
    }

    fn screens(&self, command: &mut Command, typed: &[&str], code: i32) -> Seen {
        let mut typed = typed.iter();
        let (ended, stages) = conversed(command, self.size, |shown| {
            let asks =
                ["To approve, type", "To go on, type", "That is not"].iter().any(|asks| shown.contains(asks));
            let turns = shown.ends_with("to the end --\r\n").then(|| "\n".to_owned());
            turns.or_else(|| {
                (asks && shown.ends_with(":\r\n")).then(|| format!("{}\n", typed.next().unwrap()))
            })
        });
        assert_eq!(ended, code, "{}", stages.last().unwrap());
        let lines: Vec<Vec<String>> = stages.iter().map(|shown| lines(shown)).collect();
        for line in lines.last().unwrap() {
            fits(line, self.size.0.into());
        }
        let mut screens: Vec<Vec<String>> = Vec::new();
        let mut before = 0;
        for (at, stage) in lines.iter().enumerate() {
            let is_end = at + 1 == lines.len();
            let height = usize::from(self.size.1);
            let from = if is_end { before } else { stage.len().saturating_sub(height) };
            before = stage.len().saturating_sub(1);
            screens.push(stage[from..].to_vec());
        }
        Seen { screens: screens.iter().map(|screen| self.masked(&screen.join("\n"))).collect() }
    }

    /// A screen without what is another one each time; what stands for it is as long.
    fn masked(&self, shown: &str) -> String {
        let mut text = shown.replace(self.world.url(), "http://127.0.0.1:50000");
        if self.operator.path("audit.db").exists() {
            for (run, name) in self.operator.reader().runs().unwrap().iter().zip(RUNS) {
                text = text.replace(run.run_id.as_str(), name);
            }
        }
        let user = format!("(uid {})", rustix::process::getuid().as_raw());
        let text = text.replace(&user, "(uid 1000)").replace(&format!(" on {}", host()), " on HOST");
        let text: String = text.split_inclusive([' ', '\n', '`', '(', ')']).map(word).collect();
        without_milliseconds(&text)
    }
}

/// What was in the window, at each question and at the end.
struct Seen {
    screens: Vec<String>,
}

impl Seen {
    fn last(self) -> Self {
        Self { screens: self.screens.into_iter().next_back().into_iter().collect() }
    }

    /// Held against the screens that somebody has looked at.
    fn holds(&self, name: &str) {
        let count = self.screens.len();
        let screens = self.screens.iter().enumerate().map(|(at, screen)| match count {
            1 => screen.trim_end().to_owned(),
            _ => format!("═══ screen {} of {count}\n{}", at + 1, screen.trim_end()),
        });
        let shown = screens.collect::<Vec<_>>().join("\n");
        let file = format!("{}/tests/it/screens/{name}.snap", env!("CARGO_MANIFEST_DIR"));
        let held = fs::read_to_string(file).unwrap_or_default();
        let held =
            held.split_once("---\n").and_then(|(_, rest)| rest.split_once("---\n")).map(|(_, held)| held);
        // Lines that name a user and a machine go on elsewhere if these have longer names.
        if names() != NAMES_THEN
            && held.is_some_and(|held| held.split_whitespace().eq(shown.split_whitespace()))
        {
            return;
        }
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path("screens");
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, shown));
    }
}

/// How long the number of the user and the machine's name were when the screens were accepted.
const NAMES_THEN: usize = 3;

fn names() -> usize {
    rustix::process::getuid().as_raw().to_string().len() + host().len()
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The lines on a terminal, before it breaks any; colours left out.
fn lines(shown: &str) -> Vec<String> {
    let mut text = shown.replace("\r\n", "\n").replace("\r\u{1b}[K", "").replace("\u{1b}[K", "");
    for color in ["0", "1", "31", "32", "33"] {
        text = text.replace(&format!("\u{1b}[{color}m"), "");
    }
    assert!(!text.contains(['\r', '\u{1b}']), "{text:?}");
    text.split('\n').map(str::to_owned).collect()
}

/// No line is wider than the terminal, but a word that no line could hold, and a signature, of which a copy must be one.
fn fits(line: &str, columns: usize) {
    let is_one = line.split_whitespace().count() <= 1 || line.starts_with("— ");
    assert!(line.chars().count() <= columns || is_one, "wider than {columns}: {line}");
    for (at, _) in line.match_indices("-4") {
        let is_id = line.get(at.saturating_sub(13)..at + 23).is_some_and(|id| id.matches('-').count() == 4);
        let from = line.get(..at).map_or(0, |before| before.chars().count()).saturating_sub(13);
        assert!(!is_id || from / columns == (from + 35) / columns, "an ID is broken: {line}");
    }
}

/// How long a request took is another number each time.
fn without_milliseconds(text: &str) -> String {
    let mut parts = text.split(" ms").map(|part| part.trim_end_matches(char::is_numeric)).collect::<Vec<_>>();
    let last = text.rsplit(" ms").next().unwrap_or_default();
    *parts.last_mut().unwrap() = last;
    parts.join("1 ms")
}

fn is_key(word: &str) -> bool {
    word.contains('@') && word.matches('+').count() >= 2
}

/// A word, or what stands for all of its kind.
fn word(word: &str) -> String {
    let bare = word.trim_end_matches([' ', '\n', '`', '(', ')', ',', '.', ';', ':']);
    let rest = word.get(bare.len()..).unwrap_or_default();
    let hex = |text: &str| text.chars().all(|c| c.is_ascii_hexdigit());
    let is_date = bare.len() >= 10 && bare.starts_with("20") && bare.matches('-').count() == 2;
    let is_clock = bare.len() == 5 && bare.chars().nth(2) == Some(':') && bare.starts_with(char::is_numeric);
    let is_random = bare.len() == 36
        && bare.matches('-').count() == 4
        && !KNOWN.iter().any(|known| bare.starts_with(known));
    let shown = match bare {
        _ if RUNS.contains(&bare) => bare.to_owned(),
        _ if bare.len() == 64 && hex(bare) => "0123456789abcdef".repeat(4),
        _ if bare.strip_prefix("offboard/").is_some_and(|name| name.len() == 32 && hex(name)) => {
            "offboard/NAME".into()
        }
        _ if bare.len() == 32 && hex(bare) => "0123456789abcdef".repeat(2),
        _ if is_key(bare) => "KEY".into(),
        _ if bare == format!("tester@{}", host()) => "tester@HOST".into(),
        _ if bare.len() >= 44 && bare.ends_with('=') => "BASE64=".into(),
        _ if bare.len() == 24 && is_date => "2026-11-20T09:15:30.000Z".into(),
        _ if is_date => "2026-11-20".into(),
        _ if is_clock => "09:15".into(),
        _ if is_random => "11111111-2222-4333-8444-555555555555".into(),
        _ => bare.to_owned(),
    };
    format!("{shown}{rest}")
}

/// How the IDs begin that are the same each time.
const KNOWN: [&str; 3] = ["c0000000-", "3d3d3d3d-", "5d5d5d5d-"];

#[test]
fn what_the_approver_sees() {
    for size in SIZES {
        let way = Way::new(size);
        way.sees("approver-1-new-key", &mut way.approver(&["approve", "--new-key"]), &[], 0);
        way.knows_the_approver();
        way.sees("approver-2-plan", &mut way.plans(&[]), &[], 0);
        let plan = way.sends();
        let apply = [&["apply", &plan][..], &PACE].concat();
        way.sees("approver-3-apply-without", &mut way.operator(&apply), &[], 4);

        let mut approve = way.approver(&["approve", "plan.json"]);
        let wrong = way.screens(&mut approve, &["fabrikam", "Fabrikam Demo 9", "no"], 4).last();
        wrong.holds(&format!("approver-4-three-times-wrong-{}", size.0));
        let declined = way.screens(&mut approve, &[""], 4).last();
        declined.holds(&format!("approver-5-declined-{}", size.0));
        assert!(!way.approver.path("approval.txt").exists());
        let right = format!("{PARTNER_NAME} 10");
        way.sees("approver-6-approve", &mut approve, &["fabrikam demo 10", &right], 0);

        fs::copy(way.approver.path("approval.txt"), way.operator.path("approval.txt")).unwrap();
        let apply = [&apply[..], &["--approval", "approval.txt"]].concat();
        way.sees("approver-7-apply", &mut way.operator(&apply), &[&right], 3);
        way.sees("approver-8-apply-again", &mut way.operator(&apply), &[], 4);
    }
}

#[test]
fn what_the_approver_sees_of_a_plan_that_cannot_be_applied() {
    for size in SIZES {
        let way = Way::new(size);
        way.knows_the_approver();
        way.sees("approver-9-plan-too-large", &mut way.plans(&["--max-removals", "5"]), &[], 4);
        way.sends();
        way.sees("approver-10-approve-too-large", &mut way.approver(&["approve", "plan.json"]), &[], 4);
    }
}

impl Way {
    /// A plan that was approved and carried out; gives the run, whose head is in the ticket.
    fn is_done(&self) -> String {
        self.knows_the_approver();
        Done::of(&self.plans(&[]).output().unwrap()).exits(0);
        let plan = self.sends();
        let text = fs::read(self.operator.path(&plan)).unwrap();
        let digest = serde_json::from_slice::<Value>(&text).unwrap()["digest"].as_str().unwrap().to_owned();
        let out = self.operator.path("approval.txt").display().to_string();
        let approve = ["approve", "plan.json", "--digest", &digest, "--out", &out];
        Done::of(&self.approver(&approve).output().unwrap()).exits(0);
        let apply = [&["apply", &plan, "--yes", "--approval", "approval.txt"][..], &PACE].concat();
        Done::of(&self.operator(&apply).output().unwrap()).exits(3);
        let run = self.operator.latest().to_string();
        let head = self.operator.path("reports").join(&run).join("checkpoint.txt");
        fs::copy(head, self.operator.path("ticket.txt")).unwrap();
        run
    }

    fn auditor(&self, name: &str, arguments: &[&str], code: i32) {
        self.sees(&format!("auditor-{name}"), &mut self.operator.command(arguments), &[], code);
    }

    /// A record in a copy of the log is changed by somebody who may write the file.
    fn alters(&self) {
        fs::copy(self.operator.path("audit.db"), self.operator.path("altered.db")).unwrap();
        let log = Connection::open(self.operator.path("altered.db")).unwrap();
        let name = "record_is_not_updated";
        let guard: String =
            log.query_row("SELECT sql FROM sqlite_schema WHERE name = ?1", [name], |row| row.get(0)).unwrap();
        let change = "UPDATE record SET body = CAST(replace(CAST(body AS TEXT), 'Customer 12', 'Customer 13') AS BLOB) \
                      WHERE seq = (SELECT max(seq) FROM record WHERE CAST(body AS TEXT) LIKE '%Customer 12%')";
        log.execute_batch(&format!("DROP TRIGGER {name}; {change}; {guard};")).unwrap();
    }
}

#[test]
fn what_the_auditor_sees() {
    let customer = id(12).to_string();
    for size in SIZES {
        let way = Way::new(size);
        let run = way.is_done();
        way.auditor("1-runs", &["runs"], 0);
        way.auditor("2-log", &["log", "--customer", &customer, "--run", "latest"], 0);
        way.auditor("3-timeline", &["log", "--customer", &customer, "--timeline", "--run", "latest"], 0);
        way.auditor("4-verify-without-head", &["verify"], 8);
        way.auditor("5-verify", &["verify", "--checkpoint", "ticket.txt"], 0);
        way.auditor("6-prove", &["prove", "--customer", &customer, "--out", "certificate"], 0);
        way.auditor("7-check", &["prove", "--check", "certificate/certificate.html"], 0);
        let key = way.operator.offboard(&["verify", "--print-key"]).exits(0).out;
        way.operator.write("vkey", key);
        way.auditor("8-check-key", &["prove", "--check", "certificate/certificate.json", "--key", "vkey"], 0);
        let certificate = fs::read_to_string(way.operator.path("certificate/certificate.json")).unwrap();
        way.operator.write("altered.json", certificate.replace("Customer 12", "Customer 13"));
        way.auditor("9-check-altered", &["prove", "--check", "altered.json"], 7);

        Done::of(&way.plans(&[]).output().unwrap()).exits(0);
        way.auditor("10-verify-later", &["verify", "--checkpoint", "ticket.txt"], 8);
        way.auditor("11-verify-run", &["verify", "--run", &run, "--checkpoint", "ticket.txt"], 0);
        way.auditor("12-report", &["report", &run], 0);
        way.alters();
        way.auditor("13-altered", &["verify", "--audit-log", "altered.db", "--checkpoint", "ticket.txt"], 7);
        way.auditor("14-export", &["log", "export", "--format", "parquet", "tables"], 0);
        way.auditor("15-verify-export", &["verify", "--export", "tables", "--checkpoint", "ticket.txt"], 0);
        way.auditor("16-another-log", &["verify", "--export", "tables", "--audit-log", "altered.db"], 7);
    }
}
