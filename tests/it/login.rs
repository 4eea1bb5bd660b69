//! `login`, `logout`, profiles, and what is kept of them.

use crate::support::{Done, Folder, PARTNER, World, id, list_of, system, typed};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::PathBuf,
    process::{Command, Stdio},
};

const APP: &str = "5d5d5d5d-1111-4222-8333-444444444444";

fn world(sign_in: &Value) -> World {
    World::of(&json!({ "customers": [{ "id": id(1).to_string() }], "sign_in": sign_in }))
}

/// Without any token of the environment.
fn bare(folder: &Folder, world: &World, arguments: &[&str]) -> Command {
    let mut command = folder.against(world, arguments);
    command.env_remove("OFFBOARD_ACCESS_TOKEN");
    command
}

fn login(folder: &Folder, world: &World, more: &[&str]) -> Done {
    let mut command = bare(folder, world, &[&["login"], more].concat());
    Done::of(&command.env("OFFBOARD_CLIENT_ID", APP).output().unwrap())
}

fn plan(folder: &Folder, world: &World, more: &[&str]) -> Done {
    let list = folder.write("list.csv", list_of([id(1)])).display().to_string();
    let arguments = [&["plan", &list, "--rate", "600000", "--max-share", "100"], more].concat();
    Done::of(&bare(folder, world, &arguments).output().unwrap())
}

fn kept(folder: &Folder, profile: &str) -> PathBuf {
    folder.path("data/offboard/profiles").join(format!("{profile}.json"))
}

#[test]
fn a_person_signs_in_with_another_device() {
    let world = world(&json!({ "interval": 1, "polls": ["pending", "pending"], "rotation": "ends_old" }));
    let folder = Folder::new();
    let done = login(&folder, &world, &[]).exits(0);
    for part in ["https://login.example/device", "enter the code", "Signed in as agent@fabrikam-demo"] {
        assert!(done.err.contains(part), "{part}: {}", done.err);
    }
    assert!(done.out.is_empty());
    // An invitation and three polls, all on record, none of them in a run.
    let lines = folder.requests();
    assert_eq!(lines.len(), 4);
    assert_eq!(world.received().len(), 4);
    for line in &lines {
        assert_eq!((line.purpose.as_deref(), &line.run_id), (Some("sign_in"), &None));
    }
    let pending = lines[1].response_body.as_deref().unwrap();
    assert!(pending.contains("authorization_pending"), "{pending}");
    let file = kept(&folder, "default");
    assert!(file.exists());

    // It is used, and replaced each time, for as long as nobody forgets it.
    for _ in 0..2 {
        plan(&folder, &world, &[]).exits(0);
    }
    folder.offboard(&["logout"]).exits(0);
    assert!(!file.exists());
    let done = plan(&folder, &world, &[]).exits(5);
    assert!(done.err.contains("offboard login"), "{}", done.err);
    assert!(folder.offboard(&["logout"]).exits(0).err.contains("Nobody is signed in"));
}

#[test]
fn each_answer_to_a_poll() {
    for (polls, says) in [
        (json!(["declined"]), "declined in the browser"),
        (json!(["pending", "expired"]), "not entered in time"),
    ] {
        let (world, folder) = (world(&json!({ "interval": 1, "polls": polls })), Folder::new());
        let done = login(&folder, &world, &[]).exits(5);
        assert!(done.err.contains(says), "{says}: {}", done.err);
        assert!(!kept(&folder, "default").exists());
    }
    // A code whose time is over is not asked for any more, whatever the service says.
    let forever = json!(vec!["pending"; 50]);
    let (silent, folder) =
        (world(&json!({ "interval": 1, "code_lives": 2, "polls": forever })), Folder::new());
    let done = login(&folder, &silent, &[]).exits(5);
    assert!(done.err.contains("not entered in time"), "{}", done.err);
    assert!(silent.sign_ins().len() <= 3, "{}", silent.sign_ins().len());
    // The app is not one that may do this.
    let (refusing, folder) = (world(&json!({ "client_id": "another" })), Folder::new());
    let done = login(&folder, &refusing, &[]).exits(5);
    assert!(done.err.contains("OFFBOARD_CLIENT_ID"), "{}", done.err);
}

#[test]
#[cfg_attr(windows, ignore = "it presses Ctrl-C for another process")]
fn ctrl_c_ends_the_wait_and_keeps_nothing() {
    let (world, folder) = (world(&json!({ "interval": 600 })), Folder::new());
    let mut command = bare(&folder, &world, &["login"]);
    command.env("OFFBOARD_CLIENT_ID", APP).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // Once the code is shown, everything listens.
    let mut said = String::new();
    BufReader::new(child.stderr.take().unwrap()).read_line(&mut said).unwrap();
    assert!(said.contains("enter the code"), "{said}");
    system::interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!kept(&folder, "default").exists());
    assert!(folder.requests().iter().all(|line| line.completion.is_some()));
}

#[test]
fn several_partners_side_by_side() {
    let folder = Folder::new();
    let worlds = [world(&json!({ "interval": 1 })), world(&json!({ "interval": 1 }))];
    for (world, profile) in worlds.iter().zip(["one", "two"]) {
        login(&folder, world, &["--profile", profile]).exits(0);
        plan(&folder, world, &["--profile", profile]).exits(0);
    }
    assert!(kept(&folder, "one").exists() && kept(&folder, "two").exists());
    // The sign-in of one is not taken to the other's address.
    let done = plan(&folder, &worlds[1], &["--profile", "one"]).exits(2);
    assert!(done.err.contains("choose another with `--profile`"), "{}", done.err);
    assert_eq!(worlds[0].sign_ins().len(), 3);
    folder.offboard(&["logout", "--profile", "one"]).exits(0);
    assert!(!kept(&folder, "one").exists() && kept(&folder, "two").exists());
    let done = folder.offboard(&["login", "--profile", "../x"]).exits(2);
    assert!(done.err.contains("letters, digits"), "{}", done.err);
}

#[test]
#[cfg_attr(windows, ignore = "files have no mode, and links need a right")]
fn a_sign_in_that_others_can_read_is_not_used() {
    let (world, folder) = (world(&json!({ "interval": 1 })), Folder::new());
    login(&folder, &world, &[]).exits(0);
    let (file, before) = (kept(&folder, "default"), world.received().len());
    assert_eq!((system::mode(&file), system::mode(file.parent().unwrap())), (0o600, 0o700));
    system::set_mode(&file, 0o644);
    let done = plan(&folder, &world, &[]).exits(5);
    assert!(done.err.contains("chmod 600"), "{}", done.err);
    system::set_mode(&file, 0o600);
    fs::rename(&file, folder.path("data/elsewhere.json")).unwrap();
    system::link(folder.path("data/elsewhere.json"), &file);
    let done = plan(&folder, &world, &[]).exits(5);
    assert!(done.err.contains("not a plain file"), "{}", done.err);
    assert_eq!(world.received().len(), before);
    // The copy that this test made holds the token, too.
    fs::remove_file(&file).unwrap();
    fs::remove_file(folder.path("data/elsewhere.json")).unwrap();
}

#[test]
#[cfg_attr(windows, ignore = "it types at a terminal")]
fn who_is_not_known_is_asked_for_or_named() {
    let (world, folder) = (world(&json!({ "interval": 1 })), Folder::new());
    let mut command = bare(&folder, &world, &["login"]);
    let done = Done::of(&command.output().unwrap()).exits(2);
    assert!(done.err.contains("OFFBOARD_CLIENT_ID"), "{}", done.err);
    let mut command = bare(&folder, &world, &["login"]);
    command.env_remove("OFFBOARD_PARTNER_TENANT");
    Done::of(&typed(&mut command, &format!("{PARTNER}\n{APP}\n"))).exits(0);
    // The second time, both are known.
    let mut command = bare(&folder, &world, &["login"]);
    command.env_remove("OFFBOARD_PARTNER_TENANT");
    Done::of(&command.output().unwrap()).exits(0);
}

#[test]
fn a_refresh_token_that_cannot_be_kept_is_not_used() {
    let sign_in = json!({ "interval": 1, "rotation": "ends_old" });
    let (world, folder) = (world(&sign_in), Folder::new());
    login(&folder, &world, &[]).exits(0);
    // A folder where the new file would be written first.
    let in_the_way = folder.path("data/offboard/profiles/default.json.new");
    fs::create_dir(&in_the_way).unwrap();
    let done = plan(&folder, &world, &[]).exits(5);
    assert!(done.err.contains("cannot be kept, and was not used"), "{}", done.err);
    assert!(world.received().iter().all(|received| received.method == "POST"));
    fs::remove_dir(&in_the_way).unwrap();
    plan(&folder, &world, &[]).exits(0);
}

/// Killed around the moment when a new refresh token arrives: the next start can always sign in, although
/// the old token ends as soon as anything of the new answer is used.
#[test]
fn killed_between_a_new_refresh_token_and_its_use() {
    let sign_in = json!({ "interval": 1, "rotation": "ends_old" });
    let (world, folder) = (world(&sign_in), Folder::new());
    login(&folder, &world, &[]).exits(0);
    let list = folder.write("list.csv", list_of([id(1)])).display().to_string();
    let mut seen = 0;
    for round in 0..100_u32 {
        let posts = || world.model().journal().counts().by_method.get("POST").copied();
        let asked = posts();
        let mut child = bare(&folder, &world, &["plan", &list, "--rate", "600000", "--max-share", "100"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let is_killed = loop {
            if child.try_wait().unwrap().is_some() {
                break false;
            }
            if posts() > asked {
                // Somewhere between the answer and its use: a little later each time.
                for _ in 0..(round * 40) {
                    std::thread::yield_now();
                }
                child.kill().unwrap();
                break true;
            }
            std::thread::yield_now();
        };
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let signed_in = world.sign_ins();
        let status = signed_in.last().unwrap().status;
        assert!(status == 200, "round {round}: the start after a kill could not sign in: {said}");
        seen += u32::from(is_killed);
    }
    assert!(seen > 50, "only {seen} were killed in time");
    plan(&folder, &world, &[]).exits(0);
}
