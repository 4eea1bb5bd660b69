//! Where a log and its reports may lie, and who else has them open.

use crate::support::{Done, Folder, World, evidence::Question, id, list_of};
use serde_json::json;
use std::{fs, path::PathBuf};

fn world() -> World {
    let customers: Vec<_> = (1..=3).map(|n| json!({ "id": id(n).to_string() })).collect();
    World::of(&json!({ "customers": customers }))
}

/// A run whose log and reports are in this folder.
fn run_in(folder: &Folder, world: &World, place: &str, environment: &[(&str, PathBuf)]) -> Done {
    fs::create_dir_all(folder.path(place)).unwrap();
    let list = folder.write("list.csv", list_of((1..=3).map(id)));
    let log = folder.path(place).join("audit.db").display().to_string();
    let reports = folder.path(place).join("reports").display().to_string();
    let mut command = folder.run_command(world, &list, &["--audit-log", &log, "--reports", &reports]);
    Done::of(&command.envs(environment.iter().cloned()).output().unwrap())
}

#[test]
fn a_folder_that_somebody_synchronises_is_refused_by_name() {
    let (folder, world) = (Folder::new(), world());
    let home = [("HOME", folder.path("")), ("USERPROFILE", folder.path(""))];
    for (place, service) in
        [("Dropbox/logs", "Dropbox"), ("OneDrive - Contoso", "OneDrive"), ("iCloudDrive/a", "iCloud")]
    {
        let done = run_in(&folder, &world, place, &home).exits(6);
        let says = format!("in a folder that {service} synchronises");
        assert!(done.err.contains(&says) && done.err.contains("choose a folder"), "{}", done.err);
    }
    // Wherever it is, `OneDrive` says so itself.
    let elsewhere = [("OneDriveCommercial", folder.path("team"))];
    let done = run_in(&folder, &world, "team/logs", &elsewhere).exits(6);
    assert!(done.err.contains("OneDrive synchronises"), "{}", done.err);
    assert!(world.received().is_empty() && !folder.path("team/logs/audit.db").exists());
    // What lies beside it is not meant.
    run_in(&folder, &world, "teams", &elsewhere).exits(0);
}

#[test]
fn names_with_spaces_of_any_alphabet_and_of_any_length_are_folders_as_well() {
    let deep = format!("{0}/{0}/{0}/{0}/{0}/{0}", "a folder with a name of fifty characters, or nearly");
    // Wine itself does not know the whole name of a path that is much longer than 260 characters.
    let deep = if std::env::var_os("WINEPREFIX").is_some() { &deep[..200] } else { &deep };
    for place in ["Müller & Söhne (2026)", "契約 終了 100%", deep] {
        let (folder, world) = (Folder::new(), world());
        let done = run_in(&folder, &world, place, &[]).exits(0);
        assert!(!done.err.contains(r"\\?\") && !done.out.contains(r"\\?\"), "{}{}", done.out, done.err);
        let log = folder.path(place).join("audit.db");
        assert_eq!(Question::new(&log).answer(), 8, "{place}");
        let shown = log.display().to_string();
        let runs = folder.offboard(&["runs", "--audit-log", &shown]).exits(0);
        assert!(runs.out.contains("3 removed"), "{}", runs.out);
        let again = folder.path(place).join("again").display().to_string();
        folder.offboard(&["report", "latest", "--audit-log", &shown, "--reports", &again]).exits(0);
        let pack = folder.path(place).join("pack").display().to_string();
        folder.offboard(&["log", "export", "--run", "latest", &pack, "--audit-log", &shown]).exits(0);
    }
}

/// Excel opens what it shows so that nobody can put another file in its place.
#[test]
#[cfg_attr(not(windows), ignore = "only Windows keeps a file that is open from being replaced")]
fn a_report_that_a_program_shows_is_named_and_nothing_is_lost() {
    let (folder, world) = (Folder::new(), world());
    run_in(&folder, &world, "here", &[]).exits(0);
    let reports = folder.path("here/reports");
    let shown = fs::read_dir(&reports).unwrap().next().unwrap().unwrap().path().join("report.xlsx");
    let before = folder.all_files();
    let held = held_open(&shown);
    let log = folder.path("here/audit.db").display().to_string();
    let arguments = ["report", "latest", "--audit-log", &log, "--reports", &reports.display().to_string()];
    let done = folder.offboard(&arguments).exits(2);
    assert!(done.err.contains("report.xlsx` is open in another program; close it in Excel"), "{}", done.err);
    let names = |files: &[(PathBuf, Vec<u8>)]| -> Vec<PathBuf> {
        let files = files.iter().filter(|(path, _)| path.starts_with(&reports));
        files.map(|(path, _)| path.clone()).collect()
    };
    assert_eq!(
        names(&folder.all_files()),
        names(&before),
        "nothing temporary is left, and nothing is missing"
    );
    drop(held);
    folder.offboard(&arguments).exits(0);
}

/// Opens it for reading, and lets others read it but neither change nor replace it.
fn held_open(path: &std::path::Path) -> fs::File {
    let mut options = fs::OpenOptions::new();
    #[cfg(windows)]
    std::os::windows::fs::OpenOptionsExt::share_mode(&mut options, 1);
    options.read(true).open(path).unwrap()
}
