//! What the approver and the auditor see on their way, as text. `.cargo/config.toml` says how to accept a screen that is
//! meant to be another one.

use crate::support::{Done, Folder, PARTNER_NAME, World, id, sat_at};
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

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

struct Way {
    operator: Folder,
    approver: Folder,
    world: World,
    vkey: String,
}

impl Way {
    fn new() -> Self {
        let (operator, approver) = (Folder::new(), Folder::new());
        let done = Done::of(&approver.command(&["approve", "--new-key"]).output().unwrap()).exits(0);
        let list = (1..=12).map(|n| match n {
            4 => format!("{},CUSTOMER-4\n", id(4)),
            5 => format!("{},Somebody Else\n", id(5)),
            n => format!("{},Customer {n}\n", id(n)),
        });
        let list: String = list.collect();
        operator.write("list.csv", format!("Tenant ID,Customer name\n{list}"));
        let vkey = done.out.trim().to_owned();
        Self { operator, approver, world: world(), vkey }
    }

    fn operator(&self, arguments: &[&str]) -> Done {
        Done::of(&self.operator.against(&self.world, arguments).output().unwrap())
    }

    fn plan(&self) -> PathBuf {
        let plan = ["plan", "list.csv", "--rate", "600000", "--require-approval", "--ticket", "CHG-20417"];
        self.operator(&[&plan[..], &["--reason", "End of the contract"]].concat()).exits(0);
        self.operator.path("reports").join(self.operator.latest().as_str()).join("plan.json")
    }

    /// A screen without what is another one each time.
    fn seen(&self, shown: &str) -> String {
        let mut text = shown.replace('\r', "");
        for folder in [&self.operator, &self.approver] {
            text = text.replace(&folder.path("").display().to_string(), "DIR/");
        }
        if let Ok(runs) = fs::read_dir(self.operator.path("reports")) {
            for run in runs {
                text = text.replace(run.unwrap().file_name().to_str().unwrap(), "20261120-091530-7b1d0f");
            }
        }
        text.split_inclusive([' ', '\n', '`', '(', ')']).map(masked).collect()
    }
}

/// A word, or what stands for all of its kind.
fn masked(word: &str) -> String {
    let bare = word.trim_end_matches([' ', '\n', '`', '(', ')', ',', '.', ';', ':']);
    let rest = word.get(bare.len()..).unwrap_or_default();
    let is_time =
        bare.len() >= 10 && bare.starts_with("20") && bare.chars().filter(|c| *c == '-').count() == 2;
    let is_clock = bare.len() == 5 && bare.chars().nth(2) == Some(':') && bare.starts_with(char::is_numeric);
    let is_digest = bare.len() == 64 && bare.chars().all(|c| c.is_ascii_hexdigit());
    let shown = match bare {
        "20261120-091530-7b1d0f" => bare,
        _ if is_digest => "DIGEST",
        _ if bare.contains('+') && bare.contains('@') => "KEY",
        _ if is_time => "TIME",
        _ if is_clock => "CLOCK",
        _ => bare,
    };
    format!("{shown}{rest}")
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Held against the screen that somebody has looked at.
fn holds(name: &str, shown: &str) {
    // Whoever runs the tests is called otherwise on each machine.
    let user = format!("(uid {})", rustix::process::getuid().as_raw());
    let shown = shown.replace(&user, "(uid 1000)").replace(&format!(" on {}", host()), " on HOST");
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("screens");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, shown));
}

#[test]
fn what_the_approver_sees() {
    let way = Way::new();
    let plan = way.plan();
    let plan = plan.display().to_string();
    for columns in [80, 120] {
        let out = way.approver.path(&format!("approval-{columns}.txt")).display().to_string();
        let mut command = way.approver.command(&["approve", &plan, "--out", &out]);
        command.env("USER", "alex");
        let (code, shown) = sat_at(&mut command, columns, &format!("\n\n\n\n{PARTNER_NAME} 10\n"));
        assert_eq!(code, 0, "{shown}");
        holds(&format!("approver-{columns}"), &way.seen(&shown));
    }
    let approval = way.approver.path("approval-80.txt").display().to_string();
    let apply = ["apply", &plan, "--yes", "--approval", &approval, "--approver", &way.vkey];
    way.operator(&apply).exits(3);
}

#[test]
fn what_the_auditor_sees() {
    let way = Way::new();
    let plan = way.plan().display().to_string();
    let first = way.operator.latest().to_string();
    let approval = way.approver.path("approval.txt").display().to_string();
    let digest = serde_json::from_slice::<Value>(&fs::read(&plan).unwrap()).unwrap()["digest"].clone();
    let mut approve = way.approver.command(&["approve", &plan, "--digest", digest.as_str().unwrap()]);
    approve.args(["--out", &approval]).env("USER", "alex");
    Done::of(&approve.output().unwrap()).exits(0);
    way.operator(&["apply", &plan, "--yes", "--approval", &approval, "--approver", &way.vkey]).exits(3);

    holds("auditor-runs", &way.seen(&way.operator.offboard(&["runs"]).exits(0).out));
    let head = way.operator.path("reports").join(&first).join("checkpoint.txt").display().to_string();
    let verify = ["verify", "--run", &first, "--checkpoint", &head];
    let proved = way.operator.offboard(&verify).exits(0);
    assert!(proved.out.lines().all(|line| line.chars().count() < 160), "{}", proved.out);
    holds("auditor-verify", &way.seen(proved.out.lines().last().unwrap()));
}
