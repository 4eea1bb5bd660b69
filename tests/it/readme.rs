//! Every command of the README does what it says.

use crate::support::{
    Done, Folder, PARTNER, PARTNER_NAME, Reviewing, World,
    evidence::{Question, ask_python},
    id, list_of, typed,
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, path::Path};

/// The lines of the blocks that are marked as shell.
fn commands() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = Vec::new();
    let mut in_block = false;
    for line in text.lines().map(str::trim) {
        match line {
            "```sh" => in_block = true,
            "```" => in_block = false,
            line if in_block && !line.is_empty() => lines.push(line.to_owned()),
            _ => {}
        }
    }
    lines
}

#[test]
#[cfg_attr(windows, ignore = "it sits at a terminal")]
#[expect(clippy::too_many_lines, reason = "it is a list")]
fn every_command_of_the_readme() {
    let customers: Vec<Value> = (1..=6).map(|n| json!({ "id": id(n).to_string() })).collect();
    let world = World::of(&json!({
        "customers": customers, "generated": { "count": 20 }, "sign_in": { "interval": 1 }
    }));
    let folder = Folder::new();
    folder.watch(&world);
    folder.write("customers.csv", list_of((1..=4).map(id)));
    let mut environment: BTreeMap<String, String> = BTreeMap::new();
    let mut ran = 0;
    for line in commands() {
        if let Some(assignment) = line.strip_prefix("export ") {
            let (name, value) = assignment.split_once('=').unwrap();
            environment.insert(name.to_owned(), value.trim_matches('\'').to_owned());
            continue;
        }
        if line == "cargo test" {
            // This test is a part of it.
            continue;
        }
        if let Some(query) = line.strip_prefix("sqlite3 audit.db ") {
            let log = rusqlite::Connection::open(folder.path("audit.db")).unwrap();
            let removed: i64 = log.query_row(query.trim_matches('"'), [], |row| row.get(1)).unwrap();
            assert!(removed > 0);
            continue;
        }
        if line.contains("ticket.txt") {
            folder.write("ticket.txt", folder.report("checkpoint.txt"));
        }
        if line.starts_with("python3 docs/verify.py") {
            let question = Question::new(folder.path("audit.db")).with(folder.path("ticket.txt"));
            assert!(ask_python(&[question]).is_none_or(|codes| codes == [0]));
            continue;
        }
        let arguments = line
            .strip_prefix("cargo run --release -- ")
            .or_else(|| line.strip_prefix("offboard "))
            .unwrap_or_else(|| panic!("nobody knows how to try `{line}`"));
        let arguments = arguments.split(" #").next().unwrap_or_default();
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        if arguments[0] == "review" {
            let review = Reviewing::start(&folder, &arguments[1..]);
            assert!(review.verdict().contains("exit code 0"));
            review.end().exits(0);
            ran += 1;
            continue;
        }
        let mut command = folder.command(&arguments);
        let urls = [("OFFBOARD_API_URL", world.url()), ("OFFBOARD_LOGIN_URL", world.login_url())];
        command.envs(&environment).envs(urls);
        if arguments.contains(&"--require-approval") {
            folder.write("customers.csv", list_of((5..=6).map(id)));
        }
        let output = match arguments[0] {
            "run" if !arguments.contains(&"--yes") => typed(&mut command, &format!("{PARTNER_NAME} 4\n")),
            "approve" | "apply" => typed(&mut command, &format!("{PARTNER_NAME} 2\n")),
            _ => command.output().unwrap(),
        };
        let done = Done::of(&output);
        // What travels by mail, and what a company keeps.
        if arguments.contains(&"--new-key") {
            let approvers = format!("[approval]\napprovers = [\"{}\"]\n", done.out.trim());
            folder.write("offboard.toml", approvers);
        } else if arguments.contains(&"--require-approval") {
            folder.write("plan.json", folder.report("plan.json"));
        }
        // A rehearsal may skip some of the made-up customers.
        let fine = done.code == 0 || (done.code == 3 && arguments.contains(&"--rehearse"));
        assert!(fine, "`{line}` ended with {}\n{}{}", done.code, done.out, done.err);
        ran += 1;
    }
    assert!(ran >= 16, "{ran} commands were found");
    assert_eq!(world.removed().len(), 6);
    assert!(environment.contains_key("OFFBOARD_CLIENT_ID"));
    assert!(commands().iter().any(|line| line.contains(PARTNER)));
}

#[test]
fn the_table_of_exit_codes_is_the_programs_own() {
    use offboard::domain::Exit;
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(path).unwrap();
    for exit in [
        Exit::Done,
        Exit::Bug,
        Exit::Usage,
        Exit::Unfinished,
        Exit::Guard,
        Exit::SignIn,
        Exit::AuditLog,
        Exit::Altered,
        Exit::EndUnproved,
        Exit::Interrupted,
    ] {
        assert!(text.contains(&format!("\n| {} | ", exit.code())), "{exit:?}");
    }
}
