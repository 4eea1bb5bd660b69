//! The reviewer's page, over real logs.

mod door;
mod pages;

use crate::support::{Folder, World, id, list_of};
use offboard::domain::Sha256;
use serde_json::json;
use std::{collections::BTreeMap, path::PathBuf};

/// Names that somebody else wrote.
pub(crate) const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(2)>",
    "'; DROP TABLE record; --",
    "evil\u{202e}gpj.exe",
    "clear\u{1b}[2Jscreen",
    "=cmd|' /C calc'!A0",
];
/// The same as they are shown.
pub(crate) const SHOWN: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(2)>",
    "'; DROP TABLE record; --",
    "evil\\u{202e}gpj.exe",
    "clear\\u{1b}[2Jscreen",
    "=cmd|' /C calc'!A0",
];

/// A folder with a log in which those customers were removed, and one that was not.
pub(crate) fn hostile() -> Folder {
    let mut customers: Vec<_> = (1..)
        .zip(HOSTILE)
        .map(|(n, name)| json!({ "id": id(n).to_string(), "name": name, "domain": "<b>x</b>.example" }))
        .collect();
    customers.push(json!({
        "id": id(7).to_string(), "name": "Contoso",
        "subscriptions": [{ "kind": "new_commerce", "status": "active", "name": "<i>E5</i>" }],
    }));
    let world = World::of(&json!({ "customers": customers, "generated": { "count": 20 } }));
    let folder = Folder::new();
    let ticket = ["--ticket", "<u>CHG-7</u>", "--reason", "\"quoted\" & <more>"];
    folder.run(&world, &list_of((1..=7).map(id)), &ticket).exits(3);
    folder
}

/// Every file below the folder, by its digest.
fn digests(folder: &Folder) -> BTreeMap<PathBuf, Sha256> {
    let files = folder.all_files().into_iter();
    files.map(|(path, bytes)| (path, Sha256::of(&[&bytes]))).collect()
}

/// Every kind of page of this run.
pub(crate) fn pages(run: &str) -> Vec<String> {
    let of_run = ["", "/customers", "/customer/2", "/customer/8", "/records", "/sample?seed=a&count=3"];
    let mut all: Vec<String> = of_run.into_iter().map(|page| format!("/run/{run}{page}")).collect();
    let others = ["/", "/status", "/search?id=c0000000", "/controls", "/verify"];
    all.extend(others.into_iter().map(str::to_owned));
    all
}
