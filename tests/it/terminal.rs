//! What a person sees while a run is at work, and what nobody may make them see.

use crate::support::{
    Done, Folder, Screen, World, id, list_of, system, wait_for_changes, wait_until, watched,
};
use offboard::record::Kind;
use serde_json::{Value, json};
use std::thread;

/// What the program itself does to a terminal: the bar begins its line again.
const OWN: [&str; 5] = ["\r", "\n", "\u{1b}[2K", "\u{1b}[K", "\u{1b}[1A"];

/// Stops what a terminal shows, and has it go on.
const CTRL_S: u8 = 0x13;
const CTRL_Q: u8 = 0x11;

/// What the terminal got, line by line, as it was drawn.
fn lines(shown: &str) -> Vec<String> {
    let text = OWN.iter().fold(shown.to_owned(), |text, own| text.replace(own, "\n"));
    text.lines().map(str::trim_end).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// The lines of the bar.
fn drawn(shown: &str) -> Vec<String> {
    let is_bar = |line: &String| line.starts_with("reading ") || line.starts_with("removing ");
    lines(shown).into_iter().filter(is_bar).collect()
}

/// A service that asks for patience once while it is read and once while customers are removed, and one answer
/// that is lost.
fn patient() -> World {
    let customers: Vec<_> = (1..=12).map(|n| json!({ "id": id(n).to_string() })).collect();
    World::of(&json!({
        "customers": customers,
        "quirks": { "visible_for_ms": 500 },
        "faults": [
            { "on": "entitlements", "skip": 5, "do": { "kind": "answer", "status": 429, "retry_after": "2" } },
            { "on": "remove", "skip": 5, "do": { "kind": "answer", "status": 429, "retry_after": "2" } },
            { "on": "remove", "skip": 7, "do": { "kind": "cut_before_answer", "effect": true } },
        ],
    }))
}

#[test]
fn a_bar_says_what_the_records_say_and_never_more_than_fits() {
    let look = |columns: u16| {
        let (world, folder) = (patient(), Folder::new());
        let list = folder.write("list.csv", list_of((1..=12).map(id)));
        let mut run = folder.run_command(&world, &list, &["--settle", "4"]);
        run.env("TERM", "xterm");
        let (code, shown) = watched(&mut run, columns);
        assert_eq!(code, 0, "{shown}");
        let bar = drawn(&shown);
        let says = |part: &str| assert!(bar.iter().any(|line| line.contains(part)), "{part}: {bar:#?}");
        says("reading ");
        says("/12");
        if columns > 40 {
            for part in [" ready", " removed", "at most 600000/min", "waiting until ", " UTC (2 s)"] {
                says(part);
            }
            // An answer was lost: everything waits for the settle time, and that is known.
            says("1 in doubt");
            says("less than a minute left");
            says(" to be confirmed");
        }
        if columns == 120 {
            says("[=");
        }
        for line in &bar {
            assert!(line.chars().count() < usize::from(columns), "{columns}: {line}");
        }
        // Nothing of it stays on the screen.
        let end = shown.rfind("removing ").unwrap();
        assert!(shown.get(end..).unwrap().contains("\u{1b}[2K"), "{shown}");
    };
    thread::scope(|scope| {
        for columns in [120, 80, 40] {
            scope.spawn(move || look(columns));
        }
    });
}

#[test]
fn a_terminal_that_stands_still_stops_nobody() {
    let customers: Vec<_> = (1..=40).map(|n| json!({ "id": id(n).to_string() })).collect();
    let (world, folder) = (World::of(&json!({ "customers": customers })), Folder::new());
    let list = folder.write("list.csv", list_of((1..=40).map(id)));
    let mut run = folder.run_command(&world, &list, &["--rate", "3000", "--concurrency", "2"]);
    let mut screen = Screen::start(run.env("TERM", "xterm"), 80);
    wait_for_changes(&world, &mut screen.child, 1);
    screen.press(CTRL_S);
    wait_for_changes(&world, &mut screen.child, 40);
    screen.press(CTRL_Q);
    let (code, shown) = screen.end();
    assert_eq!(code, 0, "{shown}");
}

#[test]
fn what_is_said_of_a_stop_holds_no_answer_back() {
    let customers: Vec<_> = (1..=6).map(|n| json!({ "id": id(n).to_string() })).collect();
    let slow = json!({ "on": "remove", "skip": 2, "do": { "kind": "slow", "delay_ms": 2000 } });
    let (world, folder) = (World::of(&json!({ "customers": customers, "faults": [slow] })), Folder::new());
    let list = folder.write("list.csv", list_of((1..=6).map(id)));
    let mut run = folder.run_command(&world, &list, &["--rate", "600", "--concurrency", "1"]);
    let mut screen = Screen::start(run.env("TERM", "xterm"), 80);
    wait_for_changes(&world, &mut screen.child, 3);
    screen.press(CTRL_S);
    system::interrupt(&screen.child);
    let answered = || {
        let answers = folder.reader().events(&folder.latest(), &[Kind::ResponseReceived]).unwrap();
        let intents = folder.reader().events(&folder.latest(), &[Kind::RequestIntended]).unwrap();
        answers.len() == intents.len()
    };
    wait_until(&mut screen.child, answered);
    screen.press(CTRL_Q);
    let (code, shown) = screen.end();
    assert_eq!(code, 130, "{shown}");
    assert!(shown.contains("Stopping: nothing new is sent"), "{shown}");
}

#[test]
fn without_a_terminal_there_are_plain_lines() {
    let customers: Vec<_> = (1..=3).map(|n| json!({ "id": id(n).to_string() })).collect();
    let world = World::of(&json!({ "customers": customers,
        "faults": [{ "on": "subscriptions", "do": { "kind": "answer", "status": 429, "retry_after": "1" } }] }));
    let folder = Folder::new();
    let done = folder.run(&world, &list_of((1..=3).map(id)), &[]).exits(0);
    assert!(!done.err.contains(['\r', '\u{1b}']), "{:?}", done.err);
    let line = done.err.lines().find(|line| line.starts_with("reading ") && line.contains("/3 · ")).unwrap();
    assert!(line.contains("waiting until ") && line.ends_with(", as the service asks"), "{line}");
}

/// Text that would clear the screen, colour it, name the window and turn what stands around it.
const HOSTILE: &str = "Evil\u{1b}[2J\u{1b}[35m\u{1b}]0;owned\u{7}\u{9b}31m\r\n\u{202e}\u{8}\u{7f}";

fn hostile() -> Value {
    json!({
        "partner": { "name": format!("Fabrikam {HOSTILE}") },
        "customers": [
            { "id": id(1).to_string(), "name": format!("One {HOSTILE}") },
            { "id": id(2).to_string(), "name": format!("Two {HOSTILE}"), "subscriptions": [
                { "kind": "legacy", "status": "active", "name": format!("E3 {HOSTILE}") }] },
            { "id": id(3).to_string(), "name": format!("Three {HOSTILE}"), "faults": [
                { "on": "remove", "do": { "kind": "answer", "status": 400, "description": format!("No {HOSTILE}") } }] },
        ],
    })
}

/// The terminal got nothing that moves its cursor or colours anything, but for what the program does itself.
#[track_caller]
fn is_harmless(shown: &str) {
    let own = OWN.iter().fold(shown.to_owned(), |text, own| text.replace(own, " "));
    let bad: Vec<_> = own.char_indices().filter(|(_, c)| c.is_control() || *c == '\u{202e}').collect();
    assert!(bad.is_empty(), "{bad:?}: {shown:?}");
}

#[test]
fn what_the_service_says_moves_no_cursor() {
    let (world, folder) = (World::of(&hostile()), Folder::new());
    let list = folder.write("list.csv", list_of((1..=3).map(id)));
    for (command, code) in [
        (folder.run_command(&world, &list, &["--color", "never"]), 3),
        (folder.command(&["runs"]), 0),
        (folder.command(&["runs", "--output", "json"]), 0),
        (folder.command(&["log"]), 0),
        (folder.command(&["log", "--output", "json"]), 0),
        (folder.command(&["log", "--customer", &id(3).to_string(), "--timeline"]), 0),
        (folder.command(&["log", "--customer", &id(3).to_string(), "--timeline", "--output", "json"]), 0),
        (folder.command(&["report", "--output", "json"]), 0),
        (folder.command(&["prove", "--customer", &id(1).to_string()]), 0),
    ] {
        let mut command = command;
        let said = format!("{command:?}");
        let (ended, shown) = watched(command.env("TERM", "xterm"), 100);
        assert_eq!(ended, code, "{said}: {shown}");
        is_harmless(&shown);
        if said.contains("run_command") {
            assert!(shown.contains("One Evil\\u{1b}[2J"), "{shown}");
        }
    }
    // What is escaped in JSON is still the same text.
    let runs = Done::of(&folder.command(&["runs", "--output", "json"]).output().unwrap()).exits(0);
    assert_eq!(runs.json()["partner_name"], format!("Fabrikam {HOSTILE}"));
}

#[test]
fn the_account_that_says_no_moves_no_cursor() {
    let mut scenario = hostile();
    scenario["faults"] = json!([{ "on": "list", "times": 0,
        "do": { "kind": "answer", "status": 400, "description": format!("No {HOSTILE}") } }]);
    let (world, folder) = (World::of(&scenario), Folder::new());
    let list = folder.write("list.csv", list_of((1..=3).map(id)));
    let mut run = folder.run_command(&world, &list, &["--color", "never"]);
    let (code, shown) = watched(run.env("TERM", "xterm"), 100);
    assert_eq!(code, 4, "{shown}");
    is_harmless(&shown);
    // No line of its own, either.
    assert!(lines(&shown).iter().all(|line| !line.starts_with("\\u{202e}")), "{shown}");
}
