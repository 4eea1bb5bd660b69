//! The report and the reviewer's page in a real browser: `tests/browser/check.mjs` looks, and what it saw is
//! left in `target/browser`.

use crate::{
    review::{SHOWN, hostile},
    support::{Folder, Reviewing},
};
use serde_json::{Value, json};
use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

const CHROMIUM: &str = "/usr/bin/chromium";

fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where the browser's libraries are, and what it saw.
fn scratch() -> PathBuf {
    project().join("target/browser")
}

/// Whether there is a browser and somebody to drive it; says so when there is not.
fn is_available() -> bool {
    let node = Command::new("node").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    let driver = scratch().join("node_modules/playwright-core/package.json");
    let missing = if !Path::new(CHROMIUM).exists() {
        format!("{CHROMIUM} (apt-get install chromium)")
    } else if !node.is_ok_and(|status| status.success()) {
        "node (apt-get install nodejs npm)".to_owned()
    } else if !driver.exists() {
        "playwright-core and axe-core in target/browser (`.ci/run` installs them)".to_owned()
    } else {
        return true;
    };
    let text = format!("SKIPPED: no look at the pages in a browser without {missing}");
    assert!(std::env::var_os("OFFBOARD_TESTS_SKIP_NOTHING").is_none(), "{text}");
    println!("{text}");
    false
}

/// Asks the browser; gives what it found wrong, and at how many pages it looked.
fn look(asked: &Value) -> (Vec<String>, u64) {
    let mut node = Command::new("node")
        .arg(project().join("tests/browser/check.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    node.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "the browser could not be asked");
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    let faults = said["faults"].as_array().unwrap().iter();
    (faults.map(|fault| fault.as_str().unwrap().to_owned()).collect(), said["looked"].as_u64().unwrap())
}

fn report(name: &str, folder: &Folder, shows: &[&str]) -> Value {
    let path = folder.path("reports").join(folder.latest().as_str()).join("report.html");
    json!({ "name": name, "url": format!("file://{}", path.display()), "shows": shows, "print": true })
}

#[test]
fn people_see_what_is_meant() {
    if !is_available() {
        return;
    }
    let strangers = hostile();
    let demo = Folder::new();
    demo.offboard(&["demo"]).exits(0);
    let run = strangers.latest().to_string();
    let of_strangers = Reviewing::start(&strangers, &[]);
    demo.write("kept.txt", demo.report("checkpoint.txt"));
    let of_demo = Reviewing::start(&demo, &["--checkpoint", "kept.txt"]);
    let mut pages =
        vec![report("report", &demo, &["24 rows ="]), report("hostile-report", &strangers, &SHOWN)];
    strangers.offboard(&["status"]).exits(3);
    let page = strangers.path("reports").join("status").join("status.html");
    pages.push(json!({ "name": "programme", "url": format!("file://{}", page.display()), "shows": SHOWN, "print": true }));
    pages.push(json!({ "name": "hostile-status", "url": of_strangers.url("/status"), "shows": SHOWN, "print": true }));
    let demonstrated = demo.latest().to_string();
    for (name, page) in [
        ("runs", "/".to_owned()),
        ("run", format!("/run/{demonstrated}")),
        ("customers", format!("/run/{demonstrated}/customers")),
        ("customer", format!("/run/{demonstrated}/customer/3")),
        ("in-doubt", format!("/run/{demonstrated}/customer/21")),
        ("records", format!("/run/{demonstrated}/records")),
        ("sample", format!("/run/{demonstrated}/sample?seed=2026&count=3")),
        ("search", "/search?id=d3300000".to_owned()),
        ("status", "/status".to_owned()),
        ("controls", "/controls".to_owned()),
        ("verify", "/verify".to_owned()),
    ] {
        let print = ["run", "customer", "sample"].contains(&name);
        pages.push(json!({ "name": name, "url": of_demo.url(&page), "print": print }));
    }
    pages.push(json!({ "name": "hostile-run", "url": of_strangers.url(&format!("/run/{run}")),
        "shows": ["<u>CHG-7</u>", "\"quoted\" & <more>"] }));
    pages.push(
        json!({ "name": "hostile-customers", "url": of_strangers.url(&format!("/run/{run}/customers")),
        "shows": SHOWN }),
    );
    for (row, shown) in (2..).zip(SHOWN) {
        let url = of_strangers.url(&format!("/run/{run}/customer/{row}"));
        pages.push(
            json!({ "name": format!("hostile-customer-{row}"), "url": url, "shows": [shown], "brief": true }),
        );
    }
    // Each in light and dark, but for those of which only the text matters.
    let brief = pages.iter().filter(|page| page["brief"] == true).count();
    let expected = pages.len() * 2 - brief;
    let (faults, looked) = look(&json!({
        "chromium": CHROMIUM,
        "modules": scratch(),
        "out": scratch().join("seen"),
        "pages": pages,
        "filter": {
            "url": of_demo.url(&format!("/run/{demonstrated}/customers")),
            "text": "CONTOSO", "expected": 1, "all": 24,
        },
        "report": {
            "url": pages[0]["url"], "all": 24, "hostile": pages[1]["url"], "shown": SHOWN,
        },
    }));
    assert_eq!(faults, [""; 0], "what was seen is in {}", scratch().display());
    assert_eq!(usize::try_from(looked).unwrap(), expected);
    of_demo.end().exits(0);
}
