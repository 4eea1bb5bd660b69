//! One customer's certificate: it checks with the public key alone, and shows nobody else.

use crate::support::{Done, Folder, PARTNER, World, evidence::other_key, id, list_of, system};
use offboard::report::{Refused, Trusted, check};
use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

/// Names that people, terminals and browsers stumble over. No two of them share a word.
const NAMES: [&str; 8] = [
    "Adatum Bikes",
    "<script>alert(\"x\")</script> \u{202e}Oy & Søn",
    "株式会社ウッドグローブ",
    "\u{1b}[2JNorthwind\\Traders\"",
    "HP",
    "=cmd|'/c calc'!A0",
    "Wingtip",
    "Litware",
];

/// Everything that can become of a customer: removed, removed, skipped, gone before, unknown, protected, refused.
fn world() -> World {
    let mut customers: Vec<Value> = (1..)
        .zip(NAMES)
        .map(|(n, name)| json!({ "id": id(n).to_string(), "name": name, "domain": format!("domain{n}.example") }))
        .collect();
    customers[2]["subscriptions"] =
        json!([{ "kind": "legacy", "status": "active", "name": "Office 365 E3" }]);
    customers[3]["relationship"] = json!("none");
    customers[4]["faults"] = json!([
        { "on": "remove", "do": { "kind": "cut_before_answer", "effect": false } },
        { "on": "customer", "times": 0, "do": { "kind": "relationship", "relationship": "something_new" } },
    ]);
    customers[6]["faults"] =
        json!([{ "on": "remove", "times": 0, "do": { "kind": "answer", "status": 403, "code": 900_150 } }]);
    World::of(&json!({ "customers": customers, "faults": [crate::support::blind_listing(0)] }))
}

fn with_a_run() -> Folder {
    let folder = Folder::new();
    folder.write("protected.txt", format!("{}\n{}\n", id(6), id(99)));
    folder.run(&world(), &list_of((1..=7).map(id)), &["--protected", "protected.txt"]).exits(3);
    assert_eq!(
        folder.ends(),
        [
            "removed",
            "removed",
            "skipped: active_subscription",
            "already_removed",
            "unknown: answer_lost",
            "skipped: protected_customer",
            "failed: permission_denied"
        ]
    );
    folder
}

fn prove(folder: &Folder, n: u32) -> PathBuf {
    prove_with(folder, n, &[])
}

fn prove_with(folder: &Folder, n: u32, more: &[&str]) -> PathBuf {
    let (customer, out) = (id(n).to_string(), format!("certificate-{n}"));
    folder.offboard(&[&["prove", "--customer", &customer, "--out", &out], more].concat()).exits(0);
    folder.path(&out).join("certificate.json")
}

/// With the notes that the list has.
const WHOLE: &[&str] = &["--with-columns"];

fn check_file(folder: &Folder, file: &Path, more: &[&str]) -> Done {
    let file = file.display().to_string();
    let mut arguments = vec!["prove", "--check", &file];
    arguments.extend(more);
    folder.offboard(&arguments)
}

/// The key that the folder's log is signed with.
fn own_key(folder: &Folder) -> Trusted {
    let vkey = folder.offboard(&["verify", "--print-key"]).exits(0).out;
    Trusted { keys: vec![vkey.trim().parse().unwrap()], heads: vec![] }
}

fn certificate(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn it_checks_with_the_public_key_alone_and_says_what_became_of_the_customer() {
    let folder = with_a_run();
    let said = [
        (1, "A later read no longer showed"),
        (2, "A later read no longer showed"),
        (3, "was not ended: a precondition or a guard said no. Nothing was changed."),
        (4, "The relationship was gone before. Nothing was changed."),
        (5, "Whether the relationship was ended is not known. A person must look."),
        (6, "a precondition or a guard said no. Nothing was changed."),
        (7, "was not ended: the service said no. Nothing was changed."),
    ];
    let vkey = folder.offboard(&["verify", "--print-key"]).exits(0).out.trim().to_owned();
    let alone = Folder::new();
    for (n, words) in said {
        let path = prove(&folder, n);
        assert!(certificate(&path)["story"]["in_short"].as_str().unwrap().contains(words), "{n}");
        for name in ["certificate.json", "certificate.html"] {
            fs::copy(path.with_file_name(name), alone.path(name)).unwrap();
        }
        for name in ["certificate.json", "certificate.html"] {
            let file = alone.path(name);
            let done = check_file(&alone, &file, &["--key", &vkey, "--output", "json"]).exits(0).json();
            assert_eq!((&done["verdict"], &done["key_is_its_own_word"]), (&json!("good"), &json!(false)));
            let done = check_file(&alone, &file, &[]).exits(0);
            assert!(done.out.contains("only the certificate itself vouches for") && done.out.contains(&vkey));
        }
    }
    // What a person finds out later is in the next certificate.
    let (customer, because) = (id(5).to_string(), "Seen in Partner Center, screenshot 7");
    folder.offboard(&["resolve", "--customer", &customer, "--as", "removed", "--because", because]).exits(0);
    let path = prove(&folder, 5);
    let story = &certificate(&path)["story"];
    assert_eq!(story["outcome"], "removed");
    assert!(story["in_short"].as_str().unwrap().contains("looked, and says that it was ended"), "{story}");
    let page = fs::read_to_string(path.with_extension("html")).unwrap();
    assert!(page.contains("Resolved later") && page.contains("screenshot 7"), "{page}");
    check_file(&folder, &path, &["--key", &vkey]).exits(0);
}

#[test]
fn nobody_else_is_in_it() {
    let folder = with_a_run();
    for (n, more) in (1..=7).flat_map(|n| [(n, &[][..]), (n, WHOLE)]) {
        let path = prove_with(&folder, n, more);
        let value = certificate(&path);
        let texts = ["json", "html"].map(|form| fs::read_to_string(path.with_extension(form)).unwrap());
        for (other, name) in (1..).zip(NAMES).filter(|(other, _)| *other != n) {
            let escaped = Value::from(name).to_string();
            let domain = format!("domain{other}.example");
            for part in [&id(other).to_string(), name, escaped.trim_matches('"'), &domain] {
                for text in &texts {
                    let is_word = |(at, _): (usize, &str)| {
                        let next = text[at + part.len()..].chars().next();
                        let before = text[..at].chars().next_back();
                        // In base64, two letters are no name.
                        ![before, next]
                            .into_iter()
                            .flatten()
                            .any(|c| c.is_ascii_alphanumeric() || "+/".contains(c))
                    };
                    assert!(!text.match_indices(part).any(is_word), "{part} is in the certificate of {n}");
                }
            }
        }
        assert!(!texts[0].contains(&id(99).to_string()), "a customer of the protected list");
        let kinds: Vec<&str> = value["records"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|item| item["withheld"].is_null())
            .map(|item| item["record"].as_str().unwrap())
            .collect();
        for kind in ["log_opened", "key_introduced", "run_opened", "row_read", "settled", "run_sealed"] {
            assert_eq!(
                kinds.iter().any(|record| record.contains(&format!("\"kind\":\"{kind}\""))),
                kind != "row_read" || more == WHOLE,
                "{kind} of {n}"
            );
        }
    }
}

#[test]
fn what_names_another_customer_is_withheld_and_the_rest_still_checks() {
    let world = World::of(&json!({ "customers": [
        { "id": id(1).to_string(), "name": "Adatum" },
        { "id": id(2).to_string(), "name": "Woodgrove Bank" },
    ] }));
    let folder = Folder::new();
    let list = format!("Tenant ID,Note\n{},goes with WOODGROVE bank\n{},{}\n", id(1), id(2), id(1));
    let reason = format!("Offered to {}", id(2));
    folder.run(&world, &list, &["--reason", &reason]).exits(0);
    let path = prove(&folder, 1);
    let value = certificate(&path);
    let withheld: Vec<&Value> =
        value["records"].as_array().unwrap().iter().filter(|item| !item["withheld"].is_null()).collect();
    let kinds: Vec<&str> = withheld.iter().map(|item| item["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["run_opened", "row_read"]);
    assert!(withheld.iter().all(|item| item["withheld"] == "It names another customer."), "{withheld:?}");
    assert_eq!(value["story"]["withheld"], 2);
    assert_eq!(value["story"]["outcome"], "removed");
    check_file(&folder, &path, &[]).exits(0);
    let page = fs::read_to_string(path.with_extension("html")).unwrap();
    assert!(page.contains("The record that opened the run is withheld") && !page.contains("oodgrove"));
    // The other one's own row names the first.
    let other = certificate(&prove(&folder, 2));
    assert!(other["records"][3]["kind"] == "row_read" || other["story"]["withheld"] == 1);
    assert!(!other.to_string().contains(&id(1).to_string()));
}

/// What the partner noted of a customer is the partner's.
#[test]
fn other_columns_of_the_list_are_shown_on_demand_alone() {
    let customers: Vec<Value> = [(1, "Adatum Bikes"), (2, "Wingtip"), (3, "Litware")]
        .map(|(n, name)| json!({ "id": id(n).to_string(), "name": name }))
        .into();
    let world = World::of(&json!({ "customers": customers }));
    let (folder, secret) = (Folder::new(), "owes-us-4711-Euro");
    folder.write("protected.txt", id(2).to_string());
    let list = format!(
        "Tenant ID,Customer name,Note\n{},Adatum Bikes,{secret}\n{},Wingtip,{secret}\n{},Litware,\n",
        id(1),
        id(2),
        id(3)
    );
    folder.run(&world, &list, &["--protected", "protected.txt"]).exits(3);
    for (n, outcome) in [(1, "removed"), (2, "skipped"), (3, "removed")] {
        let path = prove(&folder, n);
        let page = fs::read_to_string(path.with_extension("html")).unwrap();
        for text in [&fs::read_to_string(&path).unwrap(), &page] {
            assert!(!text.contains(secret) && text.contains(&id(n).to_string()), "{text}");
        }
        // Its place is counted and proved, and nothing is less certain for it.
        let value = certificate(&path);
        let withheld: Vec<&Value> =
            value["records"].as_array().unwrap().iter().filter(|item| !item["withheld"].is_null()).collect();
        assert_eq!(withheld.len(), 1, "{withheld:?}");
        assert_eq!(withheld[0]["kind"], "row_read");
        assert!(
            withheld[0]["withheld"].as_str().unwrap().contains("`offboard prove --with-columns` shows it")
        );
        assert!(withheld[0]["leaf_hash"].is_string() && withheld[0]["proof"].is_array());
        let story = &value["story"];
        assert_eq!((&story["outcome"], &story["rows"][0]["in_list"]), (&json!(outcome), &json!([])));
        assert!(!story["in_short"].as_str().unwrap().contains("withheld"), "{story}");
        assert!(
            page.contains("how it stands in the list is withheld here")
                && !page.contains("because of other customers")
        );
        check_file(&folder, &path, &[]).exits(0);
        check_file(&folder, &path.with_extension("html"), &[]).exits(0);

        let path = prove_with(&folder, n, WHOLE);
        let page = fs::read_to_string(path.with_extension("html")).unwrap();
        for text in [&fs::read_to_string(&path).unwrap(), &page] {
            assert_eq!(text.contains(secret), n != 3, "{text}");
        }
        assert_eq!(certificate(&path)["story"]["withheld"], 0);
        check_file(&folder, &path, &[]).exits(0);
        check_file(&folder, &path.with_extension("html"), &[]).exits(0);
    }
    // A list of the three alone is shown as it stands there.
    let alone = Folder::new();
    alone.run(&world, &format!("Tenant ID,Customer name\n{},Adatum Bikes\n", id(1)), &[]).exits(3);
    let value = certificate(&prove(&alone, 1));
    assert_eq!(value["story"]["rows"][0]["in_list"], json!([id(1).to_string(), "Adatum Bikes"]));
    assert_eq!(value["story"]["withheld"], 0);
    // It is said when it is made, and nothing else is withheld for such a reason.
    let customer = id(1).to_string();
    let done = folder.offboard(&["prove", "--customer", &customer, "--out", "said"]).exits(0);
    assert!(
        done.out.contains("none are withheld because of other")
            && done.out.contains("`--with-columns` shows it")
    );
    let made = ["prove", "--customer", &customer, "--out", "said", "--output", "json"];
    assert_eq!(folder.offboard(&made).exits(0).json()["records"]["withheld_for_columns"], 1);
    let text = fs::read_to_string(folder.path("said/certificate.json")).unwrap();
    let forged = folder.write("forged.json", text.replace("\"kind\": \"row_read\"", "\"kind\": \"settled\""));
    assert!(check_file(&folder, &forged, &[]).exits(7).err.contains("for columns that it does not have"));
}

/// Of a customer whose turn has not come there is no other record.
#[test]
#[cfg_attr(windows, ignore = "it asks another process to end")]
fn where_the_row_is_all_that_there_is_somebody_has_to_decide() {
    let slow = json!({ "on": "profile", "do": { "kind": "slow", "delay_ms": 1000 } });
    let world = World::of(&json!({ "customers": [{ "id": id(1).to_string() }], "faults": [slow] }));
    let folder = Folder::new();
    let list = folder.write("list.csv", list_of([id(1)]));
    let mut command = folder.run_command(&world, &list, &[]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while world.received().is_empty() {
        thread::yield_now();
    }
    system::terminate(&child);
    Done::of(&child.wait_with_output().unwrap()).exits(130);
    let customer = id(1).to_string();
    let refused = folder.offboard(&["prove", "--customer", &customer, "--out", "never"]).exits(2);
    assert!(refused.err.contains("`--with-columns` shows them"), "{}", refused.err);
    assert!(!folder.path("never").exists());
    let path = prove_with(&folder, 1, WHOLE);
    assert!(fs::read_to_string(&path).unwrap().contains("note 0"));
    check_file(&folder, &path, &[]).exits(0);
}

/// `OFFBOARD_TEST_FLIPS=all` turns a bit of every byte; without it, of all in the first lines, which say what kind of
/// certificate it is, and of every 29th of the rest.
#[test]
fn a_byte_that_is_changed_anywhere_is_found() {
    let folder = with_a_run();
    let path = prove(&folder, 6);
    let text = fs::read(&path).unwrap();
    let trusted = own_key(&folder);
    check(&text, &trusted).unwrap();
    let all = std::env::var("OFFBOARD_TEST_FLIPS").is_ok_and(|value| value == "all");
    let places: Vec<usize> = (0..text.len()).filter(|at| all || *at < 256 || at % 29 == 0).collect();
    let (next, broken) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(at) = places.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut changed = text.clone();
                    changed[*at] ^= 1 << (at % 8);
                    match check(&changed, &trusted) {
                        Err(Refused::Altered(_)) => drop(broken.fetch_add(1, Ordering::Relaxed)),
                        // What does not say that it is a certificate is none.
                        Err(Refused::NotACertificate) => {}
                        Err(Refused::Newer(why)) => panic!("byte {at} was changed: {why}"),
                        Ok(_) => panic!("byte {at} was changed: {}", String::from_utf8_lossy(&changed)),
                    }
                }
            });
        }
    });
    println!("{} bytes, {} changed, one at a time", text.len(), places.len());
    assert!(broken.into_inner() + 40 > places.len());
    // Neither is anything added, taken away, or put elsewhere.
    for changed in [[&text[..], b"\n"].concat(), text[1..].to_vec(), text[..text.len() - 1].to_vec(), vec![]]
    {
        check(&changed, &trusted).unwrap_err();
    }
    let page = path.with_extension("html");
    let whole = fs::read_to_string(&page).unwrap();
    fs::write(&page, whole.replacen("skipped", "removed", 1)).unwrap();
    assert!(check_file(&folder, &page, &[]).exits(7).err.contains("the page is not the one"));
}

/// Whoever changes a certificate can compute its digest again; then the proofs and the story speak.
#[test]
fn a_story_that_its_records_do_not_tell_is_found() {
    let folder = with_a_run();
    let path = prove_with(&folder, 3, WHOLE);
    let text = fs::read_to_string(&path).unwrap();
    let trusted = own_key(&folder);
    let refused = |value: &Value| {
        let changed = serde_json::to_string_pretty(value).unwrap() + "\n";
        match check(changed.as_bytes(), &trusted).unwrap_err() {
            Refused::Altered(why) => why,
            Refused::NotACertificate | Refused::Newer(_) => panic!("{changed}"),
        }
    };
    let whole: Value = serde_json::from_str(&text).unwrap();
    let mut changed = whole.clone();
    changed["story"]["outcome"] = json!("removed");
    assert!(refused(&changed).contains("does not say what its own records say"));
    let count = whole["records"].as_array().unwrap().len();
    for at in 0..count {
        let mut changed = whole.clone();
        let record = changed["records"][at]["record"].as_str().unwrap();
        // The year alone: the same digits may stand in a digest, of a body for one.
        let record = record.replace(r#""at":"202"#, r#""at":"203"#);
        changed["records"][at]["record"] = json!(record);
        assert!(refused(&changed).contains("is not the one that the head covers there"), "{at}");
        let mut changed = whole.clone();
        changed["records"].as_array_mut().unwrap().remove(at);
        refused(&changed);
    }
    let mut changed = whole.clone();
    let body =
        changed["records"].as_array_mut().unwrap().iter_mut().find(|item| item["body"]["text"].is_string());
    body.unwrap()["body"]["text"] = json!("{}");
    assert!(refused(&changed).contains("a body is not the one that was recorded"));
    let mut changed = whole.clone();
    changed["customer"] = json!(id(2).to_string());
    refused(&changed);
}

#[test]
fn a_wrong_key_or_another_log_never_passes() {
    let folder = with_a_run();
    let path = prove(&folder, 1);
    let wrong = other_key().public().as_str().to_owned();
    let done = check_file(&folder, &path, &["--key", &wrong, "--output", "json"]).exits(7);
    assert_eq!(done.json()["verdict"], "altered");
    let own = folder.offboard(&["verify", "--print-key"]).exits(0).out.trim().to_owned();
    check_file(&folder, &path, &["--key", &wrong, "--key", &own]).exits(0);

    // A head that was kept elsewhere ties it to one log and one moment.
    folder.write("ticket.txt", folder.report("checkpoint.txt"));
    assert!(
        check_file(&folder, &path, &["--checkpoint", "ticket.txt"]).exits(7).err.contains("kept elsewhere")
    );
    let customer = id(1).to_string();
    let arguments = ["prove", "--customer", &customer, "--out", "then", "--checkpoint", "ticket.txt"];
    folder.offboard(&arguments).exits(0);
    let then = folder.path("then").join("certificate.json");
    check_file(&folder, &then, &["--checkpoint", "ticket.txt", "--key", &own]).exits(0);

    // The same key, another log: neither its heads nor its records are taken.
    let other = Folder::new();
    fs::copy(folder.path("signing.key"), other.path("signing.key")).unwrap();
    other
        .run(&World::of(&json!({ "customers": [{ "id": id(1).to_string() }] })), &list_of([id(1)]), &[])
        .exits(0);
    let theirs = certificate(&prove(&other, 1));
    other.write("ticket.txt", other.report("checkpoint.txt"));
    let foreign = other.path("ticket.txt").display().to_string();
    check_file(&folder, &then, &["--checkpoint", &foreign]).exits(7);
    let arguments = ["prove", "--customer", &customer, "--out", "never", "--checkpoint", &foreign];
    assert!(folder.offboard(&arguments).exits(2).err.contains("no head of this log"));
    assert!(!folder.path("never").exists());
    for part in ["checkpoint", "records", "log", "keys", "run_id"] {
        let mut mixed = certificate(&then);
        mixed[part] = theirs[part].clone();
        if mixed == certificate(&then) {
            continue;
        }
        let file = folder.write("mixed.json", serde_json::to_string_pretty(&mixed).unwrap() + "\n");
        check_file(&folder, &file, &["--key", &own]).exits(7);
    }
}

#[test]
fn what_is_no_certificate_is_told_from_one_that_was_changed() {
    let folder = with_a_run();
    for text in ["", "{}", "offboard", "{\"format\":\"another\"}", "\u{0}\u{1}"] {
        let file = folder.write("some.json", text);
        assert!(check_file(&folder, &file, &[]).exits(2).err.contains("is not a certificate"), "{text}");
    }
    check_file(&folder, &folder.path("none.json"), &[]).exits(2);
    let path = prove(&folder, 1);
    let page = folder.write("alone.html", fs::read(path.with_extension("html")).unwrap());
    assert!(check_file(&folder, &page, &[]).exits(2).err.contains("certificate.json"));
    let customer = id(50).to_string();
    assert!(folder.offboard(&["prove", "--customer", &customer]).exits(2).err.contains("no list of any run"));
    folder.offboard(&["prove", "--customer", PARTNER, "--run", "latest"]).exits(2);
    folder.offboard(&["prove"]).exits(2);
}

#[test]
fn a_run_that_is_not_sealed_says_so() {
    let world = World::of(&json!({ "customers": [
        { "id": id(1).to_string(), "faults": [{ "on": "remove", "times": 0, "do": { "kind": "answer", "status": 403 } }] },
        { "id": id(2).to_string() },
    ] }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1), id(2)]), &["--canary", "1"]).exits(4);
    for n in [1, 2] {
        let path = prove(&folder, n);
        let value = certificate(&path);
        assert!(value["story"]["in_short"].as_str().unwrap().contains("NOT SEALED YET"));
        assert!(fs::read_to_string(path.with_extension("html")).unwrap().contains("THE RUN IS NOT SEALED"));
        assert_eq!(check_file(&folder, &path, &["--output", "json"]).exits(0).json()["is_sealed"], false);
    }
    // A log that was altered gives no certificate.
    crate::support::evidence::tamper(
        &folder.path("audit.db"),
        "UPDATE record SET body = CAST(replace(CAST(body AS TEXT), 'tester', 'nobody') AS BLOB) WHERE seq = 2",
    );
    let customer = id(1).to_string();
    let done = folder.offboard(&["prove", "--customer", &customer, "--out", "never"]).exits(7);
    assert!(done.err.contains("was altered") && !folder.path("never").exists(), "{}", done.err);
}

/// What a customer was judged by may stand in the run that made the plan.
#[test]
fn a_plan_that_another_run_carried_out_is_told_whole() {
    let customers: Vec<Value> =
        (1..=3).map(|n| json!({ "id": id(n).to_string(), "name": format!("Customer {n}") })).collect();
    let paging = json!({ "default_size": 1, "max_size": 1, "next_link": "short", "total_count": "page" });
    let world = World::of(&json!({ "customers": customers, "paging": paging }));
    let folder = Folder::new();
    let list = folder.write("list.csv", list_of((1..=3).map(id))).display().to_string();
    let arguments =
        ["plan", &list, "--rate", "600000", "--max-share", "100", "--canary", "0", "--no-identity-check"];
    Done::of(&folder.against(&world, &arguments).output().unwrap()).exits(0);
    let made_by = folder.latest().to_string();
    let plan = folder.path("reports").join(&made_by).join("plan.json").display().to_string();
    Done::of(&folder.against(&world, &["apply", &plan, "--yes"]).output().unwrap()).exits(0);
    for n in 1..=3 {
        let path = prove_with(&folder, n, WHOLE);
        let value = certificate(&path);
        let story = &value["story"];
        assert_eq!((&story["outcome"], &story["run"]["plan_of_run"]), (&json!("removed"), &json!(made_by)));
        assert_eq!(
            story["rows"][0]["decisions"].as_array().unwrap().len(),
            2,
            "planned, and looked at again"
        );
        let own: Vec<&str> = value["records"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|item| item["record"].as_str())
            .filter(|record| record.contains("\"purpose\":\"read_subscriptions\""))
            .collect();
        assert_eq!(own.len(), 2, "of both runs");
        // A page of the listing is asked for by a mark that holds the last customer of the one before.
        let withheld: Vec<&Value> =
            value["records"].as_array().unwrap().iter().filter_map(|item| item.get("withheld")).collect();
        let is = |why: &&&Value, words: &str| why.as_str().unwrap().contains(words);
        assert!(withheld.iter().any(|why| is(&why, "made of a mark")), "{withheld:?}");
        assert!(
            withheld.iter().all(|why| is(&why, "a mark") || is(&why, "that is withheld")),
            "{withheld:?}"
        );
        check_file(&folder, &path, &[]).exits(0);
    }
}
