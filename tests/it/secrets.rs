//! No secret is written anywhere, in any form. Every test looks for its own secrets when it ends; these
//! tests try to make one appear.

use crate::support::{
    Done, Folder, Hostile, PARTNER, World, answer,
    canary::{self, Canary},
    id, list_of,
    signing_in::{self, first, with_refresh_token},
    system,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use flate2::{
    Compression,
    write::{GzEncoder, ZlibEncoder},
};
use offboard::record::Kind;
use serde_json::{Value, json};
use std::{io::Write as _, process::Stdio};

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
#[cfg_attr(windows, ignore = "it reads what Linux says of a process")]
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
        .query_row("SELECT CAST(body AS TEXT) FROM records WHERE kind = 'token_named'", [], |row| row.get(0))
        .unwrap();
    for part in ["T-1", "A-1", "u@example", "P-1", "2026-11-20T09:15:30.000Z", "OFFBOARD_ACCESS_TOKEN"] {
        assert!(named.contains(part), "{part}: {named}");
    }
    assert!(!named.contains("signature"));
}

#[test]
#[cfg_attr(windows, ignore = "the key is encrypted in its file")]
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
#[cfg_attr(windows, ignore = "the place is known without variables, and files have no mode")]
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
    system::set_mode(&open, 0o644);
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

/// The secret as a server may write it into a JSON text, by the way it does that.
fn disguises(secret: &str) -> Vec<(&'static str, String)> {
    let in_json = |text: &str| {
        let json = Value::from(text).to_string();
        json[1..json.len() - 1].to_owned()
    };
    let each = |write: fn(u8) -> String| secret.bytes().map(write).collect::<String>();
    let first = secret.chars().next().unwrap();
    let utf16: Vec<u8> = secret.bytes().flat_map(|byte| [byte, 0]).collect();
    let percent = each(|byte| format!("%{byte:02x}"));
    let bits = format!("xy{secret}z").bytes().map(|byte| format!("{byte:08b}")).collect::<Vec<_>>().concat();
    let base32 = bits.as_bytes().chunks_exact(5).map(|digit| {
        let digit = u8::from_str_radix(std::str::from_utf8(digit).unwrap(), 2).unwrap();
        char::from(if digit < 26 { b'A' + digit } else { b'2' + digit - 26 })
    });
    let twice = STANDARD.encode(STANDARD.encode(format!("x{secret}")));
    let encoded = [
        ("as it is", secret.to_owned()),
        ("in upper case", secret.to_ascii_uppercase()),
        ("escaped twice", in_json(&each(|byte| format!("\\u{byte:04x}")))),
        ("percent-encoded", percent.clone()),
        ("percent-encoded twice", percent.replace('%', "%25")),
        ("as entities", each(|byte| format!("&#x{byte:x};"))),
        ("as decimal entities", each(|byte| format!("&#{byte};"))),
        ("in Base64", STANDARD.encode(format!("Bearer {secret}, or so"))),
        ("in Base64 twice", twice),
        ("in Base64 of UTF-16", STANDARD.encode(&utf16)),
        ("in Base64 of percent-encoding", URL_SAFE.encode(&percent)),
        ("in Base32", base32.collect()),
        ("in hexadecimal", each(|byte| format!("{byte:02x}"))),
        ("in hexadecimal with separators", each(|byte| format!("{byte:02X}:"))),
        ("in hexadecimal as of a dump", each(|byte| format!("0x{byte:02x}, "))),
    ];
    let mut all: Vec<_> = encoded.into_iter().map(|(name, text)| (name, in_json(&text))).collect();
    let rest = in_json(&secret[first.len_utf8()..]);
    all.push(("with one character as \\u", format!("\\u{:04x}{rest}", u32::from(first))));
    all.push(("with each character as \\u", each(|byte| format!("\\u{byte:04X}"))));
    all
}

#[test]
fn no_disguise_of_the_token_is_kept() {
    let folder = Folder::new();
    folder.look_in_depth();
    let disguises = disguises(folder.token());
    let count = u32::try_from(disguises.len()).unwrap();
    let customers: Vec<Value> = (1..=count).map(|n| json!({ "id": id(n).to_string() })).collect();
    let world = World::of(&json!({ "customers": customers }));
    let all = disguises.clone();
    // Half of the customers are on each page, and the way to the second one is a disguise as well.
    let named = move |n: usize| {
        let (id, (_, form)) = (id(u32::try_from(n).unwrap() + 1), &all[n]);
        format!(
            r#"{{"id":"{id}","relationshipToPartner":"reseller","companyProfile":{{"companyName":"Contoso {form}","domain":"{form}"}}}}"#
        )
    };
    let all = disguises.clone();
    let hostile = Hostile::before(world.url(), move |line| {
        let path = line.split(' ').nth(1).unwrap();
        let found = (0..all.len()).find(|n| path.contains(&id(u32::try_from(*n).unwrap() + 1).to_string()));
        match found {
            None if path.starts_with("/v1/customers?") => {
                let is_first = !path.contains("seek");
                let (from, to) = if is_first { (0, all.len() / 2) } else { (all.len() / 2, all.len()) };
                let (_, form) = &all[if is_first { 7 } else { 8 }];
                let next = format!(
                    r#"{{"next":{{"uri":"/customers?size=500&seek={form}","method":"GET","headers":[{{"key":"MS-ContinuationToken","value":"{form}"}}]}}}}"#
                );
                let links = if is_first { next } else { "{}".to_owned() };
                let items: Vec<String> = (from..to).map(&named).collect();
                let body = format!(r#"{{"items":[{}],"links":{links}}}"#, items.join(","));
                Some(answer(200, &[("Content-Type", "application/json")], body.as_bytes()))
            }
            Some(n) if path.ends_with("/subscriptions") => {
                let (_, form) = &all[n];
                let plain: String = serde_json::from_str(&format!("\"{form}\"")).unwrap();
                let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.%~!&+".contains(c);
                let name: String = plain.chars().filter(|c| is_name(*c)).collect();
                let headers =
                    [("MS-ServerId", &*plain), ("X-Echo", &*plain), (&*name, "x"), ("Location", &*plain)];
                let fault =
                    format!(r#"{{"code":"{form}","description":"you sent {form}","{form}":["{form}"]}}"#);
                let page = format!("<html><p title='{plain}'>{plain}</p><!-- {form} --></html>");
                let body = if n % 4 == 3 { page } else { fault };
                Some(answer(400, &headers, body.as_bytes()))
            }
            _ => None,
        }
    });
    let list = folder.write("list.csv", list_of((1..=count).map(id)));
    let mut command = folder.run_command(&world, &list, &["--verbose"]);
    Done::of(&command.env("OFFBOARD_API_URL", hostile.url()).output().unwrap()).exits(3);
    assert_eq!(folder.counts(), [("failed".to_owned(), disguises.len())].into());
    // Each of them was seen, and all that was kept is that it was there.
    let ends = folder.customers();
    let is_known = |name: Option<&str>| name.is_some_and(|name| name.contains("[secret]"));
    assert!(ends.iter().all(|line| is_known(line.customer_name.as_deref())), "{ends:?}");
    let said: Vec<_> = folder.requests().into_iter().filter(|line| line.status == Some(400)).collect();
    assert_eq!(said.len(), disguises.len());
    for line in said {
        assert!(line.response_body.as_deref().is_some_and(|body| body.contains("[secret]")), "{line:?}");
    }
    folder.offboard(&["report", "latest"]).exits(0);
    folder.offboard(&["log"]).exits(0);
}

#[test]
fn a_body_that_nobody_asked_to_be_compressed_is_not_kept() {
    let folder = Folder::new();
    folder.look_in_depth();
    let world = World::of(
        &json!({ "customers": (1..=5).map(|n| json!({ "id": id(n).to_string() })).collect::<Vec<_>>() }),
    );
    let body = format!(r#"{{"totalCount":0,"items":[],"you":"{}"}}"#, folder.token());
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(body.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
    zlib.write_all(body.as_bytes()).unwrap();
    let zlib = zlib.finish().unwrap();
    let hostile = Hostile::before(world.url(), move |line| {
        let path = line.split(' ').nth(1).unwrap();
        let n = (1..=5).find(|n| path.ends_with(&format!("{}/subscriptions", id(*n))))?;
        Some(match n {
            1 => answer(200, &[("Content-Encoding", "gzip")], &gzip),
            2 => answer(200, &[("Content-Encoding", "deflate")], &zlib),
            3 => answer(400, &[("Content-Encoding", "br")], b"\x0b\x02\x80not really\x03"),
            // It does not say so.
            4 => answer(200, &[("Content-Type", "application/json")], &gzip),
            _ => answer(200, &[("Content-Encoding", "identity")], br#"{"items":[]}"#),
        })
    });
    let list = folder.write("list.csv", list_of((1..=5).map(id)));
    let mut command = folder.run_command(&world, &list, &[]);
    Done::of(&command.env("OFFBOARD_API_URL", hostile.url()).output().unwrap()).exits(3);
    let ends = folder.ends();
    assert_eq!(
        ends[..4],
        [
            "failed: unexpected_answer",
            "failed: unexpected_answer",
            "failed: unexpected_answer",
            "failed: unexpected_answer"
        ]
    );
    assert_eq!(ends[4], "removed");
    let requests = folder.requests();
    let bodies: Vec<&str> = requests.iter().filter_map(|line| line.response_body.as_deref()).collect();
    for part in [
        "they came with `Content-Encoding: gzip`, which nobody asked for",
        "`Content-Encoding: br`",
        "they are no text",
    ] {
        assert!(
            bodies.iter().any(|body| body.starts_with("[not stored, ") && body.contains(part)),
            "{part}: {bodies:?}"
        );
    }
}

#[test]
fn what_a_sign_in_echoes_is_not_kept() {
    let secret = "the/secret+of~the=app&of=ours?and-no-other";
    for (name, form) in disguises(secret) {
        let folder = Folder::new();
        folder.look_in_depth();
        folder.secret(secret);
        folder.secret("the-first-refresh-token");
        let world = signing_in::world(1, json!({ "refresh_tokens": first() }), json!({}));
        let body = format!(
            r#"{{"error":"invalid_client","error_description":"{} {form}","error_codes":[7000215],"suberror":"{form}","{form}":1}}"#,
            // The text is cut after 500 characters.
            "-".repeat(480)
        );
        let hostile = Hostile::before(world.login_url(), move |_| {
            Some(answer(401, &[("x-ms-request-id", &form)], body.as_bytes()))
        });
        let list = folder.write("list.csv", signing_in::list(1));
        let mut command = folder.run_command(&world, &list, &["--verbose"]);
        with_refresh_token(&mut command)
            .env("OFFBOARD_CLIENT_SECRET", secret)
            .env("OFFBOARD_LOGIN_URL", hostile.url());
        Done::of(&command.output().unwrap()).exits(5);
        let body = folder.requests().remove(0).response_body.unwrap();
        assert!(body.contains("----") && body.contains("[secret]"), "{name}: {body}");
    }
}

#[test]
fn what_a_token_says_of_itself_is_looked_through() {
    let secret = "the-secret-of-the-app-of-ours-and-no-other";
    let folder = Folder::new();
    folder.look_in_depth();
    folder.secret(secret);
    let world = signing_in::world(1, json!({ "refresh_tokens": first() }), json!({}));
    let claims =
        json!({ "tid": PARTNER, "upn": format!("me@{secret}"), "aud": STANDARD.encode(secret) }).to_string();
    let token = format!("header-of-it.{}.signature-of-it", URL_SAFE.encode(claims).trim_end_matches('='));
    folder.secret(&token);
    let body = json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": token }).to_string();
    let hostile = Hostile::before(world.login_url(), move |_| Some(answer(200, &[], body.as_bytes())));
    let list = folder.write("list.csv", signing_in::list(1));
    let mut command = folder.run_command(&world, &list, &[]);
    with_refresh_token(&mut command)
        .env("OFFBOARD_CLIENT_SECRET", secret)
        .env("OFFBOARD_LOGIN_URL", hostile.url());
    // The simulator does not know this token.
    Done::of(&command.output().unwrap()).exits(5);
    let named = folder.reader().events(&folder.latest(), &[Kind::TokenNamed]).unwrap();
    assert!(format!("{named:?}").contains("me@[secret]"), "{named:?}");
}

#[test]
#[cfg_attr(windows, ignore = "no variable is as long")]
fn a_token_that_is_longer_than_any_is_refused() {
    let long = "a".repeat((64 << 10) + 1);
    let folder = Folder::new();
    let world = World::of(&json!({ "customers": [{ "id": id(1).to_string() }] }));
    let list = folder.write("list.csv", list_of([id(1)]));
    for name in [
        "OFFBOARD_ACCESS_TOKEN",
        "OFFBOARD_REFRESH_TOKEN",
        "OFFBOARD_CLIENT_SECRET",
        "OFFBOARD_PROXY_CREDENTIALS",
    ] {
        let mut command = folder.run_command(&world, &list, &[]);
        let done = Done::of(&command.env(name, &long).output().unwrap()).exits(5);
        assert!(done.err.contains(name) && done.err.contains("65537 bytes"), "{}", done.err);
    }
    folder.write_secret("long.txt", &long);
    let mut command = folder.run_command(&world, &list, &["--token-command", "cat long.txt"]);
    let done = Done::of(&command.env_remove("OFFBOARD_ACCESS_TOKEN").output().unwrap()).exits(5);
    assert!(done.err.contains("more than 64 KiB, which is no token"), "{}", done.err);
    assert!(world.received().is_empty());
    for field in ["access_token", "refresh_token", "id_token"] {
        let folder = Folder::new();
        let world = signing_in::world(1, json!({ "refresh_tokens": first() }), json!({}));
        let mut body = json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": "a-token-of-it" });
        body[field] = Value::from(long.clone());
        let hostile =
            Hostile::before(world.login_url(), move |_| Some(answer(200, &[], body.to_string().as_bytes())));
        let list = folder.write("list.csv", signing_in::list(1));
        let mut command = folder.run_command(&world, &list, &[]);
        with_refresh_token(&mut command).env("OFFBOARD_LOGIN_URL", hostile.url());
        let done = Done::of(&command.output().unwrap()).exits(5);
        assert!(done.err.contains(&format!("`{field}`")) && done.err.contains("65537 bytes"), "{}", done.err);
        assert!(world.received().is_empty());
    }
}

#[test]
fn a_token_of_equal_characters_is_one_like_any_other() {
    let folder = Folder::new();
    let token = "a".repeat(8000);
    let echo = json!({ "code": "1", "description": format!("Bearer {token}") }).to_string();
    let world = World::of(&json!({ "customers": [{ "id": id(1).to_string() }],
        "faults": [{ "on": "subscriptions", "times": 0, "do": { "kind": "answer", "status": 400, "json": echo } }] }));
    let list = folder.write("list.csv", list_of([id(1)]));
    let mut command = folder.run_command(&world, &list, &[]);
    folder.secret(&token);
    Done::of(&command.env("OFFBOARD_ACCESS_TOKEN", &token).output().unwrap()).exits(3);
    assert!(folder.explanations()[0].contains("Bearer [secret]"), "{:?}", folder.explanations());
}

#[test]
fn the_thorough_search_finds_what_it_looks_for() {
    let secret = "a/secret+with?everything=in&it~%and-more-of-it";
    let canary = Canary::new(&[secret.to_owned()]);
    for (name, form) in disguises(secret) {
        for hay in [format!(r#"{{"a":["x {form} y"]}}"#), format!("<p>\"{form}\"</p>")] {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
            gzip.write_all(hay.as_bytes()).unwrap();
            for hay in [hay.into_bytes(), gzip.finish().unwrap()] {
                let found = std::panic::catch_unwind(|| canary.clean_in_depth("x", &hay));
                assert!(found.is_err(), "{name}: {}", String::from_utf8_lossy(&hay));
            }
        }
    }
    canary.clean_in_depth("x", br#"{"a":"nothing of it","b":"bm90aGluZyBvZiBpdA=="}"#);
}
