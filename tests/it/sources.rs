//! Where tokens come from, and for whom they are.

use crate::support::{
    Done, Folder, World,
    signing_in::{SEED, first, list, with_refresh_token, world},
    system,
};
use serde_json::json;
use std::{fs, path::Path};

#[test]
fn a_token_of_one_cloud_is_not_sent_to_another() {
    let folder = Folder::new();
    folder.write("list.csv", list(1));
    for (cloud, api, login) in [
        ("public", "https://api.partnercenter.microsoft.com", "https://login.microsoftonline.us"),
        ("china", "https://api.partnercenter.microsoft.com", "https://login.partner.microsoftonline.cn"),
        ("usgov", "https://api.partnercenter.microsoft.com", "http://127.0.0.1:9"),
    ] {
        let arguments = ["plan", "list.csv", "--cloud", cloud, "--api-url", api, "--login-url", login];
        let mut command = folder.command(&arguments);
        let done = Done::of(&with_refresh_token(&mut command).output().unwrap()).exits(2);
        assert!(done.err.contains("--cloud") || done.err.contains("--login-url"), "{}", done.err);
        assert!(!folder.path("audit.db").exists());
    }
}

#[test]
fn a_refresh_token_of_the_environment_is_replaced_for_the_next_start_only_if_it_is_the_same() {
    let sign_in = json!({ "refresh_tokens": ["the-first-refresh-token", "another-refresh-token"], "rotation": "ends_old" });
    let (world, folder) = (world(2, sign_in, json!({})), Folder::new());
    let plan = |token: &str| {
        let list = folder.write("list.csv", list(2));
        let mut command = folder
            .against(&world, &["plan", list.to_str().unwrap(), "--rate", "600000", "--max-share", "100"]);
        Done::of(&with_refresh_token(&mut command).env("OFFBOARD_REFRESH_TOKEN", token).output().unwrap())
    };
    // The first one ends with its first use; that the others work shows that what replaced it is used.
    for _ in 0..3 {
        plan("the-first-refresh-token").exits(0);
    }
    plan("another-refresh-token").exits(0);
    plan("another-refresh-token").exits(0);
    // What replaced it belongs to the other one now, so this one is tried itself, and has ended.
    plan("the-first-refresh-token").exits(5);
}

#[test]
#[cfg_attr(windows, ignore = "its helper is a script for `sh`")]
fn a_token_command_is_run_again_when_its_token_ends() {
    let sign_in = json!({ "refresh_tokens": ["a-token-of-the-command"] });
    let tokens = json!([
        { "token": "the-commands-token-1", "expires_after_ms": 0 },
        { "token": "the-commands-token-2" },
    ]);
    let (world, folder) = (world(3, sign_in, json!({ "tokens": tokens })), Folder::new());
    let script = "n=$(cat count 2>/dev/null || echo 0); n=$((n+1)); echo $n > count; \
                  test -z \"$OFFBOARD_ACCESS_TOKEN$OFFBOARD_REFRESH_TOKEN\" && echo the-commands-token-$n";
    folder.write_secret("helper.sh", script);
    let list = folder.write("list.csv", list(3));
    let more = ["--token-command", "sh helper.sh --for me", "--max-share", "100"];
    let mut command = folder.run_command(&world, &list, &more);
    command.env_remove("OFFBOARD_ACCESS_TOKEN");
    Done::of(&command.output().unwrap()).exits(0);
    assert_eq!(fs::read_to_string(folder.path("count")).unwrap().trim(), "2");
    assert!(world.sign_ins().is_empty());
    // Of the command, only the program is on record.
    let opened = folder.reader().fold(&folder.latest()).unwrap().unwrap().opened;
    assert_eq!(opened.settings["token_command"].value, "sh …");

    let mut failing = folder.run_command(&world, &list, &["--token-command", "echo no >&2; exit 3"]);
    failing.env_remove("OFFBOARD_ACCESS_TOKEN");
    let done = Done::of(&failing.output().unwrap()).exits(5);
    assert!(done.err.contains("exit status: 3") && done.err.contains("\nno\n"), "{}", done.err);
}

#[test]
fn the_first_source_of_tokens_is_used_and_the_others_are_named() {
    let (world, folder) = (world(1, json!({ "refresh_tokens": first() }), json!({})), Folder::new());
    let world_of_any = World::of(&json!({ "generated": { "count": 1, "seed": SEED, "clean": true } }));
    let list = folder.write("list.csv", list(1));
    let more = ["--token-command", "false", "--profile", "other", "--max-share", "100"];
    let mut command = folder.run_command(&world_of_any, &list, &more);
    let done = Done::of(&command.output().unwrap()).exits(0);
    for part in ["`--token-command` is not used", "the profile `other` is not used", "OFFBOARD_ACCESS_TOKEN"]
    {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }
    let mut command = folder.run_command(&world, &list, &["--profile", "other"]);
    command.env_remove("OFFBOARD_ACCESS_TOKEN");
    let done = Done::of(&command.output().unwrap()).exits(5);
    assert!(done.err.contains("nobody is signed in as `other`"), "{}", done.err);
    let mut command = folder.run_command(&world, &list, &[]);
    command.env_remove("OFFBOARD_ACCESS_TOKEN").env("OFFBOARD_REFRESH_TOKEN", "the-first-refresh-token");
    let done = Done::of(&command.output().unwrap()).exits(5);
    assert!(done.err.contains("OFFBOARD_CLIENT_ID"), "{}", done.err);
}

#[test]
fn an_app_with_a_certificate_signs() {
    let (world, folder) = (
        world(1, json!({ "refresh_tokens": first(), "client_secret": "another-secret" }), json!({})),
        Folder::new(),
    );
    let list = folder.write("list.csv", list(1));
    let pem = folder.write_secret("app.pem", certificate());
    system::set_mode(&pem, 0o600);
    let run = |pem: &Path| {
        let mut command = folder.run_command(&world, &list, &["--max-share", "100"]);
        let command = with_refresh_token(&mut command).env("OFFBOARD_CLIENT_CERTIFICATE", pem);
        Done::of(&command.output().unwrap())
    };
    run(&pem).exits(0);
    let body = folder.requests()[0].request_body.clone().unwrap();
    assert!(body.contains("&client_assertion=[not stored, "), "{body}");
    if cfg!(unix) {
        system::set_mode(&pem, 0o644);
        let done = run(&pem).exits(5);
        assert!(done.err.contains("chmod 600"), "{}", done.err);
    }
    let done = run(&folder.path("none.pem")).exits(5);
    assert!(done.err.contains("there is no file"), "{}", done.err);
}

/// A key that was made for this run, and a certificate that is none: only its digest is used.
fn certificate() -> String {
    use aws_lc_rs::{encoding::AsDer as _, rsa::KeySize, signature::RsaKeyPair};
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let key = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
    let pem = |label: &str, der: &[u8]| {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
    };
    pem("CERTIFICATE", b"made up") + &pem("PRIVATE KEY", key.as_der().unwrap().as_ref())
}
