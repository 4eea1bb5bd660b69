//! No secret is written anywhere, in any form.

use crate::support::{Done, Folder, World, id, list_of};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use serde_json::json;
use std::os::unix::fs::PermissionsExt as _;

/// A token with characters that every encoding treats in its own way.
const TOKEN: &str = "cAnArY/+~!token.with=many%kinds?of&characters-1234567890";

/// The token in the forms that a server or a program may write it.
fn forms() -> Vec<Vec<u8>> {
    let raw = TOKEN.as_bytes();
    let mut forms = vec![raw.to_vec()];
    let percent = |keep: &[u8]| -> Vec<u8> {
        let encoded = raw.iter().map(|byte| {
            if byte.is_ascii_alphanumeric() || keep.contains(byte) {
                char::from(*byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        });
        encoded.collect::<String>().into_bytes()
    };
    forms.push(percent(b"-._~"));
    forms.push(raw.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect());
    forms.push(raw.iter().flat_map(|byte| [*byte, 0]).collect());
    for before in ["", "x", "xx"] {
        let padded = format!("{before}{TOKEN}");
        for encoded in [STANDARD.encode(&padded), URL_SAFE.encode(&padded)] {
            // The characters at either end depend on what stands beside the token.
            forms.push(encoded.as_bytes()[4..encoded.len() - 4].to_vec());
        }
    }
    forms
}

#[track_caller]
fn clean(what: &str, bytes: &[u8]) {
    for form in forms() {
        let found = bytes.windows(form.len()).any(|window| window == form);
        assert!(!found, "{what} holds the token as {:?}", String::from_utf8_lossy(&form));
    }
}

#[test]
fn the_token_is_nowhere() {
    let echo = format!(
        "you sent {TOKEN}, or {} or {}",
        STANDARD.encode(format!("x{TOKEN}")),
        URL_SAFE.encode(TOKEN)
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
    let folder = Folder::new();
    let list = folder.write("list.csv", list_of((1..=3).map(id)));
    let mut command = folder.run_command(&world, &list, &["--verbose"]);
    command.env("OFFBOARD_ACCESS_TOKEN", TOKEN).env("RUST_LOG", "trace");
    let done = Done::of(&command.output().unwrap()).exits(3);
    clean("standard output", done.out.as_bytes());
    clean("standard error", done.err.as_bytes());
    assert!(folder.path("logs").exists());
    for (path, bytes) in folder.all_files() {
        clean(&path.display().to_string(), &bytes);
    }
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
        command.env("OFFBOARD_ACCESS_TOKEN", TOKEN);
        let done = Done::of(&command.output().unwrap());
        clean("help", done.out.as_bytes());
        clean("an error", done.err.as_bytes());
    }
}

#[test]
fn a_secret_on_the_command_line_is_refused_and_not_repeated() {
    let folder = Folder::new();
    for argument in
        [format!("--access-token={TOKEN}"), "--token".to_owned(), format!("--client-secret={TOKEN}")]
    {
        let done = folder.offboard(&["run", "list.csv", &argument, TOKEN]).exits(2);
        assert!(done.err.contains("every process of this machine can read it"), "{}", done.err);
        clean("the refusal", done.err.as_bytes());
    }
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
        command.env_remove("OFFBOARD_SIGNING_KEY").envs(environment.iter().copied());
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
