//! The commands that a new user tries first, and those that read.

use crate::support::{Done, Folder, World, id, limited, list_of};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::Stdio,
};

#[test]
fn the_demo_ends_as_its_sample_says() {
    let folder = Folder::new();
    let done = folder.offboard(&["demo"]).exits(0);
    assert!(done.err.contains("The job ended as the sample list says that it must."), "{}", done.err);
    let reports = format!("reports    {}", Path::new("reports").join("").display());
    for part in ["audit log  audit.db", &reports, "not attempted    1"] {
        assert!(done.out.contains(part), "{part}: {}", done.out);
    }
    for outcome in ["removed", "already_removed", "skipped", "failed", "unknown", "not_attempted", "rejected"]
    {
        assert!(folder.counts().contains_key(outcome), "{outcome}");
    }
    for file in ["customers.csv", "retry.csv", "summary.json", "report.html", "plan.json"] {
        assert!(!folder.report(file).is_empty(), "{file}");
    }
    assert!(folder.report("report.html").contains("no real customer was touched"));
    // A second one in the same log is no surprise.
    folder.offboard(&["demo", "--output", "json"]).exits(0);
}

#[test]
fn the_demo_with_a_made_up_list() {
    let folder = Folder::new();
    let done = folder.offboard(&["demo", "--customers", "60", "--output", "json"]).exits(0);
    assert_eq!(done.json()["input"]["rows"], 60);
}

#[test]
fn a_rehearsal_ends_the_same_way_each_time_and_says_what_it_is() {
    let folder = Folder::new();
    let list = list_of((1..=30).map(id));
    folder.write("list.csv", list);
    let arguments = ["run", "list.csv", "--rehearse", "--yes", "--rate", "600000", "--settle", "1"];
    let first = folder.offboard(&arguments);
    assert!(first.code == 0 || first.code == 3, "{}", first.err);
    let ends = folder.ends();
    assert!(first.out.contains("rehearsal: no real customer was touched"), "{}", first.out);
    assert!(folder.report("report.html").contains("no real customer was touched"));
    folder.offboard(&arguments).exits(first.code);
    assert_eq!(folder.ends(), ends);
    // A rehearsal is no evidence that somebody was removed.
    assert!(!ends.contains(&"open".to_owned()));
    let done = folder.offboard(&["plan", "list.csv", "--rehearse", "--rate", "600000"]).exits(0);
    assert!(done.err.contains("ready to be removed"), "{}", done.err);
}

#[test]
fn reports_are_written_again_to_the_byte() {
    let folder = Folder::new();
    folder.offboard(&["demo"]).exits(0);
    let reports = folder.path("reports").join(folder.latest().as_str());
    let read = || {
        let mut files: Vec<_> = fs::read_dir(&reports).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect::<Vec<_>>()
    };
    let before = read();
    fs::remove_dir_all(&reports).unwrap();
    folder.offboard(&["report", "latest"]).exits(0);
    assert_eq!(read(), before);
    // What was recorded of the reports is what was written.
    let log = rusqlite::Connection::open(folder.path("audit.db")).unwrap();
    let recorded: i64 = log
        .query_row("SELECT count(*) FROM records WHERE kind = 'report_written'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(usize::try_from(recorded).unwrap(), before.len());
}

#[test]
fn the_log_is_searched() {
    let customers: Vec<Value> = (1..=3).map(|n| json!({ "id": id(n).to_string() })).collect();
    let world = World::of(&json!({ "customers": customers }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1), id(2)]), &[]).exits(0);
    let search = |more: &[&str]| -> Vec<Value> {
        let arguments = [&["log", "--output", "json"], more].concat();
        let done = folder.offboard(&arguments).exits(0);
        done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let all = search(&[]);
    assert_eq!(all.len(), world.received().len());
    let is_change = |line: &&Value| {
        line["purpose"] == "remove_relationship" && line["customer_tenant_id"] == id(1).to_string()
    };
    let change = all.iter().find(is_change).unwrap();
    assert_eq!(change["request_body"], crate::support::REMOVAL_BODY);
    let request_id = change["request_id"].as_str().unwrap().to_owned();
    assert_eq!(search(&["--request-id", &request_id.to_uppercase()]), std::slice::from_ref(change));
    let correlation_id = change["correlation_id"].as_str().unwrap();
    assert_eq!(search(&["--correlation-id", correlation_id]), std::slice::from_ref(change));
    assert_eq!(search(&["--customer", &id(1).to_string()]).len(), 4);
    assert_eq!(search(&["--status", "200"]).len(), all.len());
    assert_eq!(search(&["--status", "404"]).len(), 0);
    assert_eq!(search(&["--run", "latest"]).len(), all.len());
    assert_eq!(search(&["--since", "2099-01-01"]).len(), 0);
    assert_eq!(search(&["--since", "2020-01-01T00:00:00Z"]).len(), all.len());
    folder.offboard(&["log", "--since", "yesterday"]).exits(2);
    for nowhere in [["log", "--request-id", "nonsense"], ["log", "--id", "nonsense"]] {
        let nothing = folder.offboard(&nowhere).exits(0);
        assert!(
            nothing.out.is_empty() && nothing.err.contains("no matching requests in `audit.db`"),
            "{}",
            nothing.err
        );
    }
    let text = folder.offboard(&["log", "--customer", &id(1).to_string()]).exits(0);
    assert!(text.out.contains("PATCH") && text.out.contains(&request_id));
}

#[test]
fn runs_are_listed_and_told_apart() {
    let world = World::of(&json!({ "customers": [{ "id": id(1).to_string() }] }));
    let folder = Folder::new();
    folder.offboard(&["runs"]).exits(6);
    folder.run(&world, &list_of([id(1)]), &["--ticket", "CHG-7", "--reason", "merger"]).exits(0);
    folder.run(&world, &list_of([id(1)]), &[]).exits(0);
    let done = folder.offboard(&["runs", "--output", "json"]).exits(0);
    let runs: Vec<Value> = done.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(runs.len(), 2);
    assert_eq!((&runs[0]["ticket"], &runs[0]["reason"]), (&json!("CHG-7"), &json!("merger")));
    assert_eq!((&runs[0]["state"], &runs[0]["exit_code"]), (&json!("sealed"), &json!(0)));
    assert!(runs[0]["operator"].as_str().unwrap().starts_with("tester ("), "{}", runs[0]);
    let none = folder.offboard(&["report", "ffff"]).exits(2);
    assert!(none.err.contains("offboard runs"), "{}", none.err);
    let several = folder.offboard(&["report", "20"]).exits(2);
    assert!(several.err.contains("give more of the ID"), "{}", several.err);
    assert!(folder.offboard(&["runs"]).exits(0).out.contains("Fabrikam Demo"));
}

#[test]
fn the_simulator_prints_its_address_and_keeps_a_journal() {
    let folder = Folder::new();
    folder.write("scenario.json", json!({ "customers": [{ "id": id(1).to_string() }] }).to_string());
    let mut simulator = folder
        .command(&[
            "simulate",
            "--scenario",
            "scenario.json",
            "--listen",
            "127.0.0.1:0",
            "--journal",
            "journal.jsonl",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut url = String::new();
    BufReader::new(simulator.stdout.take().unwrap()).read_line(&mut url).unwrap();
    folder.write("list.csv", list_of([id(1)]));
    let partner = crate::support::PARTNER;
    let mut command = folder.command(&[
        "run",
        "list.csv",
        "--yes",
        "--no-identity-check",
        "--partner-tenant",
        partner,
        "--api-url",
        url.trim(),
        "--rate",
        "6000",
        "--max-share",
        "100",
    ]);
    command.env("OFFBOARD_ACCESS_TOKEN", folder.token());
    Done::of(&command.output().unwrap()).exits(0);
    simulator.kill().unwrap();
    simulator.wait().unwrap();
    let journal = fs::read_to_string(folder.path("journal.jsonl")).unwrap();
    assert_eq!(journal.lines().count(), folder.requests().len());
    folder.offboard(&["simulate", "--listen", "0.0.0.0:0"]).exits(2);
}

#[test]
#[cfg_attr(windows, ignore = "it sets limits with `ulimit`")]
fn a_simulator_whose_handles_are_all_taken_says_so_and_goes_on_when_there_are_some() {
    let folder = Folder::new();
    let command = folder.command(&["simulate", "--customers", "1", "--listen", "127.0.0.1:0", "--quiet"]);
    let mut simulator =
        limited(&command, "-n 80").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut url = String::new();
    BufReader::new(simulator.stdout.take().unwrap()).read_line(&mut url).unwrap();
    let host = url.trim().strip_prefix("http://").unwrap();
    let taken: Vec<_> = (0..100).map(|_| TcpStream::connect(host).unwrap()).collect();
    let mut said = String::new();
    BufReader::new(simulator.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert!(said.contains("no client can be let in now"), "{said}");
    drop(taken);
    let mut stream = TcpStream::connect(host).unwrap();
    stream.write_all(b"GET /v1/customers HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    simulator.kill().unwrap();
    simulator.wait().unwrap();
}

#[test]
fn a_file_that_is_far_too_large_is_not_read() {
    let (world, folder) = (World::of(&json!({ "customers": [{ "id": id(1).to_string() }] })), Folder::new());
    let list = folder.write("list.csv", list_of([id(1)]));
    let large = fs::File::create(folder.path("large")).unwrap();
    // A file of holes, which takes no room.
    large.set_len(1 << 30).unwrap();
    let refused = |mut command: std::process::Command, file: &str| {
        let done = Done::of(&command.output().unwrap()).exits(2);
        let said = done.err.contains(file) && done.err.contains("is larger than");
        assert!(said, "{file}: {}", done.err);
    };
    for option in ["--ca-file", "--protected"] {
        refused(folder.run_command(&world, &list, &[option, "large"]), "large");
    }
    for arguments in [
        &["simulate", "--scenario", "large"][..],
        &["approve", "large"],
        &["apply", "large", "--yes"],
        &["verify", "--checkpoint", "large"],
        &["verify", "--key", "large"],
        &["prove", "--check", "large"],
    ] {
        refused(folder.command(arguments), "large");
    }
    fs::rename(folder.path("large"), folder.path("offboard.toml")).unwrap();
    refused(folder.run_command(&world, &list, &[]), "offboard.toml");
    fs::remove_file(folder.path("offboard.toml")).unwrap();
    assert!(world.received().is_empty());
}

#[test]
fn a_scenario_that_cannot_be_read_says_where() {
    let folder = Folder::new();
    folder.write("scenario.json", "{\n  \"customers\": [],\n  \"fautls\": []\n}\n");
    let done = folder.offboard(&["simulate", "--scenario", "scenario.json"]).exits(2);
    for named in ["scenario.json", "fautls", "line 3 column"] {
        assert!(done.err.contains(named), "{named}: {}", done.err);
    }
}

#[test]
fn settings_come_from_option_environment_file_and_default_in_this_order() {
    let world = World::of(&json!({ "customers": [{ "id": id(1).to_string() }] }));
    let folder = Folder::new();
    folder.write("offboard.toml", "settle = 7\nmax_removals = 9\nconcurrency = 3\n");
    let list = folder.write("list.csv", list_of([id(1)]));
    let mut command = folder.against(
        &world,
        &[
            "run",
            list.to_str().unwrap(),
            "--yes",
            "--no-identity-check",
            "--rate",
            "6000",
            "--concurrency",
            "2",
            "--max-share",
            "100",
        ],
    );
    Done::of(&command.output().unwrap()).exits(0);
    let log = rusqlite::Connection::open(folder.path("audit.db")).unwrap();
    let opened: String = log
        .query_row("SELECT CAST(body AS TEXT) FROM records WHERE kind = 'run_opened'", [], |row| row.get(0))
        .unwrap();
    let opened: Value = serde_json::from_str(&opened).unwrap();
    for (name, value, origin) in [
        ("concurrency", "2", "option"),
        ("settle", "7", "file"),
        ("max_removals", "9", "file"),
        ("partner_tenant", crate::support::PARTNER, "environment"),
        ("api_url", world.url(), "environment"),
        ("stop_after_failures", "3", "default"),
    ] {
        assert_eq!(opened["settings"][name], json!({ "value": value, "origin": origin }), "{name}");
    }
    for (text, says) in [("nonsense = 1", "nonsense"), ("rate = 0", "rate"), ("cloud = \"moon\"", "usgov")] {
        folder.write("offboard.toml", text);
        let mut command = folder.against(&world, &["run", "list.csv", "--yes"]);
        let done = Done::of(&command.output().unwrap()).exits(2);
        assert!(done.err.contains(says), "{says}: {}", done.err);
    }
}

/// One form for all of them, with an option and in the file; a number alone is one of seconds.
#[test]
fn a_duration_is_written_in_one_form_everywhere() {
    let world = World::of(&json!({ "customers": [{ "id": id(1).to_string() }] }));
    let folder = Folder::new();
    let settled = |seconds: u64, value: &str, origin: &str| {
        let log = rusqlite::Connection::open(folder.path("audit.db")).unwrap();
        let sql =
            "SELECT CAST(body AS TEXT) FROM records WHERE kind = 'run_opened' ORDER BY seq DESC LIMIT 1";
        let opened: Value =
            serde_json::from_str(&log.query_row(sql, [], |row| row.get::<_, String>(0)).unwrap()).unwrap();
        assert_eq!(opened["policy"]["settle_seconds"], seconds, "{value}");
        assert_eq!(opened["settings"]["settle"], json!({ "value": value, "origin": origin }));
    };
    let list = list_of([id(1)]);
    for (text, seconds) in [("90", 90), ("90s", 90), ("5m", 300), ("2h", 7200), ("1h30m", 5400), ("0", 0)] {
        folder.run(&world, &list, &["--settle", text]).exits(0);
        settled(seconds, text, "option");
    }
    let plan = |toml: &str| {
        folder.write("offboard.toml", toml);
        let arguments = ["plan", "list.csv", "--max-share", "100", "--no-identity-check"];
        Done::of(&folder.against(&world, &arguments).output().unwrap())
    };
    for (toml, seconds, value) in [("settle = 7", 7, "7"), ("settle = \"1h30m\"", 5400, "1h30m")] {
        plan(toml).exits(0);
        settled(seconds, value, "file");
    }
    plan("").exits(0);
    settled(300, "5m", "default");
    for (toml, says) in [
        ("settle = \"5x\"", "`offboard.toml`: `settle = 5x`: it is no duration; write, for example, `90`"),
        ("settle = \"25h\"", "`settle = 25h`: it can be no time to one day"),
        (
            "settle = true",
            "line 1: invalid type: boolean `true`, expected a duration, for example 90, \"5m\"",
        ),
        ("order_timeout = 0", "`order_timeout = 0`: it can be one second to one day"),
        ("order_timeout = -5", "`order_timeout = -5`: it is no duration"),
    ] {
        let done = plan(toml).exits(2);
        assert!(done.err.contains(says), "{toml}: {}", done.err);
    }
    folder.write("offboard.toml", "");
    for (option, text, says) in [
        ("--settle", "5x", "`--settle 5x`: it is no duration; write, for example, `90`, `5m` or `2h`"),
        ("--settle", "86401", "`--settle 86401`: it can be no time to one day"),
        ("--settle", "500ms", "in whole seconds"),
        ("--order-timeout", "5 x", "`--order-timeout 5 x`: it is no duration"),
    ] {
        let done = folder.run(&world, &list, &[option, text]).exits(2);
        assert!(done.err.contains(says), "{text}: {}", done.err);
    }
    // A plan that is two seconds old may be ninety seconds old, and no second.
    plan("").exits(0);
    let made = folder.path("reports").join(folder.latest().as_str()).join("plan.json").display().to_string();
    let apply = |age: &str| {
        let arguments = ["apply", &made, "--yes", "--plan-max-age", age];
        Done::of(&folder.against(&world, &arguments).output().unwrap())
    };
    assert!(apply("1.5x").exits(2).err.contains("`--plan-max-age 1.5x`: it is no duration"));
    assert!(apply("0").exits(4).err.contains("longer ago"));
    apply("3600").exits(0);
}

#[test]
fn words_that_people_bring_from_elsewhere_are_refused_with_advice() {
    let folder = Folder::new();
    folder.write("list.csv", list_of([id(1)]));
    for (arguments, says) in [
        (
            &["plan", "--dry-run", "list.csv"][..],
            "advice: `offboard plan FILE` reads and decides, and changes nothing; `--rehearse`",
        ),
        (&["run", "list.csv", "--dry-run=true"], "`--rehearse` does the whole job against the simulator"),
        (&["--dry-run", "run", "list.csv"], "changes nothing"),
        (&["run", "list.csv", "--what-if"], "changes nothing"),
        (&["run", "list.csv", "--whatif"], "changes nothing"),
        (&["run", "list.csv", "-WhatIf"], "changes nothing"),
        (&["run", "list.csv", "-n"], "changes nothing"),
        (&["run", "list.csv", "--simulate"], "changes nothing"),
        (&["run", "list.csv", "--test"], "changes nothing"),
        (&["run", "list.csv", "--force"], "`--max-removals`"),
        (&["run", "list.csv", "--yes-to-all"], "`--partner-tenant`"),
        (&["run", "list.csv", "--confirm"], "`--yes`"),
        (&["run", "list.csv", "--delete"], "a `--procedure` of their own"),
        (&["remove", "list.csv"], "`offboard run FILE`"),
        (&["offboard", "list.csv"], "`offboard run FILE`"),
        (&["delete", "list.csv"], "a `--procedure` of their own"),
        (&["list"], "`offboard runs`"),
        (&["validate", "list.csv"], "`offboard check FILE`"),
        (&["dry-run", "list.csv"], "`offboard plan FILE`"),
    ] {
        let done = folder.offboard(arguments).exits(2);
        let last = done.err.trim_end().lines().last().unwrap();
        assert!(last.starts_with("advice: ") && last.contains(says), "{arguments:?}: {}", done.err);
        assert!(done.err.starts_with("error: un") && done.err.contains("Usage:"), "{}", done.err);
        assert!(!done.err.contains("tip:") && done.out.is_empty(), "{arguments:?}: {}", done.err);
    }
    // Whatever else is mistyped gets what clap can guess, and nothing is advised.
    for arguments in [&["run", "list.csv", "--retes", "5"][..], &["pln", "list.csv"], &["statsu"]] {
        let done = folder.offboard(arguments).exits(2);
        assert!(!done.err.contains("advice"), "{arguments:?}: {}", done.err);
    }
    assert!(!folder.path("audit.db").exists());
}

#[test]
fn a_secret_that_somebody_put_into_the_file_is_not_repeated() {
    let folder = Folder::new();
    folder.write("offboard.toml", "rate = 5\naccess_token = \"s3cr3t-value\"\n");
    let done = folder.offboard(&["runs"]).exits(2);
    assert!(done.err.contains("line 2") && done.err.contains("access_token"), "{}", done.err);
    assert!(!done.err.contains("s3cr3t-value"), "{}", done.err);
}

#[test]
fn a_protected_list_with_a_typing_error_is_refused() {
    let world = World::of(&json!({ "customers": [{ "id": id(1).to_string() }] }));
    let folder = Folder::new();
    folder.write("protected.txt", format!("{}\nc0ffee\n", id(1)));
    let done = folder.run(&world, &list_of([id(1)]), &["--protected", "protected.txt"]).exits(2);
    assert!(done.err.contains("line 2"), "{}", done.err);
    assert!(world.received().is_empty());
}

#[test]
fn an_address_that_is_not_encrypted_must_be_loopback() {
    let folder = Folder::new();
    folder.write("list.csv", list_of([id(1)]));
    let done = folder.offboard(&["plan", "list.csv", "--api-url", "http://partner.example"]).exits(2);
    assert!(done.err.contains("loopback"), "{}", done.err);
}

#[test]
fn help_and_completions() {
    let folder = Folder::new();
    let commands = folder.offboard(&["--help"]).exits(0).out;
    let names = commands.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = names.take_while(|line| !line.is_empty()).filter_map(|line| {
        line.strip_prefix("  ").filter(|line| !line.starts_with(' '))?.split_whitespace().next()
    });
    let names: Vec<&str> = names.filter(|name| *name != "help").collect();
    assert!(names.len() > 20, "{names:?}");
    for command in &names {
        let long = folder.offboard(&[command, "--help"]).exits(0);
        assert!(long.out.contains("Usage: offboard"), "{}", long.out);
        // Whoever asks for little gets a page of a small terminal at most; and no variable's value.
        let mut short = folder.command(&[command, "-h"]);
        short.env("COLUMNS", "80").env("OFFBOARD_PROFILE", "somebody-s-name");
        let short = Done::of(&short.output().unwrap()).exits(0).out;
        assert!(short.lines().count() <= 60, "{command}: {} lines", short.lines().count());
        assert!(!short.contains("somebody-s-name") && !long.out.contains("somebody-s-name"), "{short}");
    }
    let short = folder.offboard(&["run", "-h"]).exits(0).out;
    for (option, is_shown) in [("--yes", true), ("--rehearse", true), ("--ticket", true), ("--proxy", false)]
    {
        assert_eq!(short.contains(option), is_shown, "{option}: {short}");
    }
    for shell in ["bash", "zsh", "fish", "powershell"] {
        assert!(folder.offboard(&["completions", shell]).exits(0).out.contains("offboard"));
    }
    let program = concat!("offboard ", env!("CARGO_PKG_VERSION"));
    assert_eq!(folder.offboard(&["-V"]).exits(0).out.trim(), program);
    let version = folder.offboard(&["--version"]).exits(0).out;
    let lines: Vec<&str> = version.lines().collect();
    assert_eq!(lines[0], program);
    assert!(lines[1].starts_with("commit ") && lines[2].starts_with("SQLite    3."), "{version}");
    assert!(lines[3].contains(std::env::consts::ARCH), "{version}");
}

#[test]
fn whoever_types_nothing_sees_the_five_steps() {
    let folder = Folder::new();
    let shown = folder.offboard(&[]).exits(2).out;
    let steps: Vec<&str> =
        shown.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ")).collect();
    assert_eq!(steps.len(), 5, "{shown}");
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    // Each is a command that there is.
    for (n, step) in (1..).zip(steps) {
        let (number, command) = step.trim().split_once("  offboard ").unwrap();
        assert_eq!(number, n.to_string());
        folder.offboard(&[command.split(' ').next().unwrap(), "--help"]).exits(0);
    }
}

#[test]
fn each_command_has_a_manual_page() {
    let folder = Folder::new();
    folder.offboard(&["man", "pages"]).exits(0);
    let pages = fs::read_dir(folder.path("pages")).unwrap().count();
    assert!(pages > 20, "{pages}");
    let page = fs::read_to_string(folder.path("pages").join("offboard-run.1")).unwrap();
    assert!(page.contains("max\\-removals"), "{page}");
    folder.offboard(&["man", "pages"]).exits(2);
}
