//! No secret is written anywhere, in any form. Every test looks for its own secrets when it ends; these
//! tests try to make one appear.

use crate::support::{
    Done, Folder, World,
    canary::{self, Canary},
    id, list_of,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use serde_json::json;
use std::{os::unix::fs::PermissionsExt as _, process::Stdio};

#[test]
fn the_token_is_nowhere() {
    let folder = Folder::new();
    let token = folder.token().to_owned();
    let echo = format!(
        "you sent {token}, or {} or {}",
        STANDARD.encode(format!("x{token}")),
        URL_SAFE.encode(&token)
    );
    let world = World::of(&json!({
        "customers": [{ "id": id(1).to_string() }, { "id": id(2).to_string() }, { "id": id(3).to_string() }],
        "faults": [
            { "on": "subscriptions", "do": { "kind": "answer", "status": 500, "text": echo } },
            { "on": "entitlements", "do": { "kind": "answer", "status": 500, "code": 800_003, "description": echo } },
            { "on": "remove", "do": { "kind": "answer", "status": 400, "code": 1, "description": echo } },
            { "on": "remove", "skip": 1, "do": { "kind": "cut_before_answer" } },
        ],
    }));
    let list = folder.write("list.csv", list_of((1..=3).map(id)));
    let mut command = folder.run_command(&world, &list, &["--verbose"]);
    command.env("RUST_LOG", "trace");
    Done::of(&command.output().unwrap()).exits(3);
    assert!(folder.path("logs").exists());
    // It was sent all the same, and what was echoed is on record but for the token.
    let bodies: String = folder.requests().into_iter().filter_map(|line| line.response_body).collect();
    assert!(bodies.contains("you sent [secret], or "), "{bodies}");
}

#[test]
fn a_long_token_is_not_cut_before_it_is_found() {
    let token = "eyJ0eXAiOiJKV1Qi".repeat(120);
    let echo = json!({ "code": "1", "description": format!("Bearer {token}") }).to_string();
    let named = json!({ "items": [{ "id": id(1).to_string(), "relationshipToPartner": "reseller",
        "companyProfile": { "companyName": format!("Contoso {token}"), "domain": "contoso.example" } }] })
    .to_string();
    let world = World::of(&json!({ "faults": [
        { "on": "list", "do": { "kind": "answer", "status": 200, "json": named } },
        { "on": "subscriptions", "times": 0, "do": { "kind": "answer", "status": 400, "json": echo } },
    ] }));
    let folder = Folder::new();
    let list = folder.write("list.csv", list_of([id(1)]));
    let mut command = folder.run_command(&world, &list, &[]);
    command.env("OFFBOARD_ACCESS_TOKEN", &token);
    let done = Done::of(&command.output().unwrap()).exits(3);
    let part = &token.as_bytes()[..48];
    let mut everything =
        vec![("output".into(), done.out.into_bytes()), ("error".into(), done.err.into_bytes())];
    everything.extend(folder.all_files());
    for (path, bytes) in everything {
        assert!(!bytes.windows(part.len()).any(|window| window == part), "{}", path.display());
    }
    assert_eq!(folder.customers()[0].customer_name.as_deref(), Some("Contoso [secret]"));
}

#[test]
fn help_shows_no_value_of_the_environment() {
    let folder = Folder::new();
    for arguments in [&["--help"][..], &["run", "--help"], &["resume", "--help"], &["--nonsense"]] {
        let mut command = folder.command(arguments);
        command.env("OFFBOARD_ACCESS_TOKEN", folder.token());
        let done = Done::of(&command.output().unwrap());
        assert!(!done.out.is_empty() || !done.err.is_empty());
    }
}

#[test]
fn a_secret_on_the_command_line_is_refused_and_not_repeated() {
    let folder = Folder::new();
    let token = folder.token().to_owned();
    let jwt = format!("eyJ0eXAiOiJKV1Qi{}.x.y", "A".repeat(80));
    folder.secret(&jwt);
    for arguments in [
        vec!["run".to_owned(), "list.csv".to_owned(), format!("--access-token={token}")],
        vec!["run".to_owned(), "list.csv".to_owned(), "--token".to_owned(), token.clone()],
        vec!["login".to_owned(), format!("--client-secret={token}")],
        vec!["login".to_owned(), jwt.clone()],
        vec!["run".to_owned(), format!("--ticket={jwt}")],
        vec!["run".to_owned(), "--nonsense".to_owned(), token.clone()],
    ] {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut command = folder.command(&arguments);
        command.env("OFFBOARD_ACCESS_TOKEN", &token);
        let done = Done::of(&command.output().unwrap()).exits(2);
        assert!(done.err.contains("every process of this machine can read it"), "{}", done.err);
    }
    let proxy = format!("http://me:{}@proxy.example:1", "pass-word-of-mine");
    folder.secret("pass-word-of-mine");
    let done = folder.offboard(&["doctor", "--proxy", &proxy]).exits(2);
    assert!(done.err.contains("OFFBOARD_PROXY_CREDENTIALS"), "{}", done.err);
    folder.write_secret("offboard.toml", format!("proxy = \"{proxy}\"\n"));
    folder.offboard(&["doctor"]).exits(2);
}

#[test]
fn the_process_leaves_no_core_dump() {
    let world = World::of(&json!({
        "customers": [{ "id": id(1).to_string() }],
        "faults": [{ "on": "profile", "do": { "kind": "slow", "delay_ms": 600_000 } }],
    }));
    let folder = Folder::new();
    let list = folder.write("list.csv", list_of([id(1)]));
    let mut command = folder.run_command(&world, &list, &[]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    while world.received().is_empty() {
        std::thread::yield_now();
    }
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child.id())).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    let figures: Vec<&str> = core.split_whitespace().skip(4).take(2).collect();
    assert_eq!(figures, ["0", "0"], "{core}");
}

#[test]
fn the_search_finds_what_it_looks_for() {
    let secret = "a/secret+with?everything=in&it~%";
    let canary = Canary::new(&[secret.to_owned()]);
    for form in canary::forms(secret) {
        let hay = [b"before ".as_slice(), &form, b" after"].concat();
        let found = std::panic::catch_unwind(|| canary.clean("x", &hay));
        assert!(found.is_err(), "{}", String::from_utf8_lossy(&form));
    }
    canary.clean("x", b"nothing of it");
}

#[test]
fn the_token_is_named_by_what_it_says_of_itself() {
    let claims =
        URL_SAFE.encode(r#"{"tid":"T-1","appid":"A-1","upn":"u@example","aud":"P-1","exp":1795166130}"#);
    let token = format!("header-of-it.{}.signature-of-it", claims.trim_end_matches('='));
    let world = World::of(&json!({ "customers": [{ "id": id(1).to_string() }] }));
    let folder = Folder::new();
    let list = folder.write("list.csv", list_of([id(1)]));
    let mut command = folder.run_command(&world, &list, &[]);
    command.env("OFFBOARD_ACCESS_TOKEN", &token);
    folder.secret(&token);
    Done::of(&command.output().unwrap()).exits(0);
    let log = rusqlite::Connection::open(folder.path("audit.db")).unwrap();
    let named: String = log
        .query_row("SELECT CAST(body AS TEXT) FROM record WHERE kind = 'token_named'", [], |row| row.get(0))
        .unwrap();
    for part in ["T-1", "A-1", "u@example", "P-1", "2026-11-20T09:15:30.000Z", "OFFBOARD_ACCESS_TOKEN"] {
        assert!(named.contains(part), "{part}: {named}");
    }
    assert!(!named.contains("signature"));
}

#[test]
fn the_signing_key_is_in_its_file_alone() {
    let world = World::of(&json!({ "customers": [{ "id": id(1).to_string() }] }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1)]), &["--verbose"]).exits(0);
    let file = folder.path("signing.key");
    let text = std::fs::read_to_string(&file).unwrap();
    // Base64 may hold a `+`, too.
    let secret = text.trim().splitn(5, '+').nth(4).unwrap();
    let key = STANDARD.decode(secret).unwrap();
    for (path, bytes) in folder.all_files() {
        let holds =
            |wanted: &[u8]| wanted.len() > 20 && bytes.windows(wanted.len()).any(|found| found == wanted);
        assert!(path == file || !holds(secret.as_bytes()) && !holds(&key), "{}", path.display());
    }
}

#[test]
fn without_a_place_for_the_signing_key_nothing_is_sent() {
    let world = World::of(&json!({ "customers": [{ "id": id(1).to_string() }] }));
    let folder = Folder::new();
    let list = folder.write("list.csv", list_of([id(1)]));
    let run = |environment: &[(&str, &str)]| {
        let mut command = folder.run_command(&world, &list, &[]);
        command
            .env_remove("OFFBOARD_SIGNING_KEY")
            .env_remove("XDG_DATA_HOME")
            .envs(environment.iter().copied());
        Done::of(&command.output().unwrap())
    };
    let done = run(&[]).exits(2);
    assert!(done.err.contains("OFFBOARD_SIGNING_KEY"), "{}", done.err);
    let open = folder.write("open.key", "anybody can read this");
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
    let done = run(&[("OFFBOARD_SIGNING_KEY", "open.key")]).exits(2);
    assert!(done.err.contains("chmod 600"), "{}", done.err);
    assert!(world.received().is_empty() && !folder.path("audit.db").exists());
    let (home, data) = (folder.path("home"), folder.path("data"));
    let (home, data) = (home.to_str().unwrap(), data.to_str().unwrap());
    run(&[("HOME", home)]).exits(0);
    assert!(folder.path("home/.local/share/offboard/signing.key").exists());
    run(&[("HOME", home), ("XDG_DATA_HOME", data)]).exits(0);
    assert!(folder.path("data/offboard/signing.key").exists());
}

/// The variable that makes the test below the program that panics.
const PANICS: &str = "OFFBOARD_TEST_PANICS_ABOUT";

#[test]
fn a_panic_says_where_it_was_and_not_what_it_was_about() {
    if let Ok(secret) = std::env::var(PANICS) {
        // A process of its own, with the program's own hook.
        offboard::cli::harden();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let about = secret.clone();
        let task = runtime.block_on(runtime.spawn(async move { panic!("what is {about}?") }));
        let halt = task.map_err(offboard::engine::Halt::panicked).unwrap_err();
        eprintln!("halted: {halt} {halt:?}");
        assert!(secret.is_empty(), "what is {secret}?");
    }
    let secret = format!("s3cr3t/{}+made~up", uuid::Uuid::new_v4());
    let here = std::env::current_exe().unwrap();
    let name = "secrets::a_panic_says_where_it_was_and_not_what_it_was_about";
    let mut command = std::process::Command::new(here);
    command.args(["--exact", name, "--nocapture"]).env(PANICS, &secret);
    let done = Done::of(&command.output().unwrap());
    assert_ne!(done.code, 0);
    let said = format!("{}{}", done.out, done.err);
    assert_eq!(said.matches("a fault of this program at tests/it/secrets.rs:").count(), 2, "{said}");
    assert!(said.contains("halted: a part of this program failed"), "{said}");
    let canary = Canary::new(&[secret]);
    canary.clean("what was said of a panic", said.as_bytes());
}
