//! `offboard reinvite`: the way back.

use crate::support::{
    Done, Folder, Hostile, PARTNER, PARTNER_NAME, World, answer,
    evidence::{Question, both_answer},
    id, list_of,
};
use offboard::engine::Clock;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

const LINK: &str = "https://admin.microsoft.com/Adminportal/Home?invType=ResellerRelationship\
                    &partnerId=3d3d3d3d-4444-4555-8666-777777777777&msppId=0&DAP=false#/BillingAccounts/partner-invitation";

fn customer(n: u32, name: &str) -> Value {
    json!({ "id": id(n).to_string(), "name": name, "domain": format!("customer-{n}.example") })
}

/// Two customers, both removed.
fn with_a_run() -> (World, Folder) {
    let world = World::of(&json!({ "customers": [customer(1, "Contoso Ltd."), customer(2, "Fabrikam")] }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1), id(2)]), &["--ticket", "CHG-7"]).exits(0);
    (world, folder)
}

fn reinvite(folder: &Folder, world: &World, more: &[&str]) -> Done {
    let arguments = [&["reinvite", "--rate", "600000"], more].concat();
    Done::of(&folder.against(world, &arguments).output().unwrap())
}

/// The same, where this answers when the link is asked for.
fn reinvite_with(folder: &Folder, world: &World, body: &'static str, more: &[&str]) -> Done {
    let hostile = Hostile::before(world.url(), move |line| {
        let json = [("Content-Type", "application/json")];
        line.contains("relationshiprequests").then(|| answer(200, &json, body.as_bytes()))
    });
    let arguments = [&["reinvite", "--rate", "600000"], more].concat();
    let mut command = folder.against(world, &arguments);
    Done::of(&command.env("OFFBOARD_API_URL", hostile.url()).output().unwrap())
}

fn files(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The letter in one line, and as it is.
fn letter(folder: &Path, n: u32) -> (String, String) {
    let text = fs::read_to_string(folder.join(format!("{}.txt", id(n)))).unwrap();
    (text.split_whitespace().collect::<Vec<_>>().join(" "), text)
}

fn table(folder: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(folder.join("invitations.csv")).unwrap();
    let text = text.strip_prefix('\u{feff}').unwrap();
    let mut csv = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    csv.records().map(|record| record.unwrap().iter().map(String::from).collect()).collect()
}

#[test]
fn each_customer_gets_a_letter_and_a_line_of_the_table() {
    let (world, folder) = with_a_run();
    folder.look_in_depth();
    let run = folder.latest();
    let done = reinvite(&folder, &world, &["--run", "latest"]).exits(0);
    let place = folder.path("reports").join(run.as_str()).join("reinvite");
    assert_eq!(
        files(&place),
        BTreeSet::from(["invitations.csv".to_owned(), format!("{}.txt", id(1)), format!("{}.txt", id(2))])
    );
    for part in
        ["Contoso Ltd.", &id(2).to_string(), LINK, "letters  2, in ", "invitations.csv, for a mail merge"]
    {
        assert!(done.out.contains(part), "{part}: {}", done.out);
    }

    let rows = table(&place);
    let columns = "customer_tenant_id,customer_name,domain,partner_name,partner_tenant_id,link,removed_at,removed_by_run,ticket";
    assert_eq!(rows[0].join(","), columns);
    let log = Connection::open(folder.path("audit.db")).unwrap();
    let finished = "SELECT finished_at FROM customers WHERE row = (SELECT min(row) FROM customers)";
    let removed_at: String = log.query_row(finished, [], |row| row.get(0)).unwrap();
    drop(log);
    assert_eq!(
        rows[1],
        [
            &*id(1).to_string(),
            "Contoso Ltd.",
            "customer-1.example",
            PARTNER_NAME,
            PARTNER,
            LINK,
            &*removed_at,
            run.as_str(),
            "CHG-7"
        ]
    );
    assert_eq!(rows.len(), 3);

    let (said, text) = letter(&place, 1);
    for part in [
        "To: Contoso Ltd. Domain: customer-1.example",
        &format!("Tenant ID: {}", id(1)),
        &format!("From: {PARTNER_NAME} (tenant {PARTNER})"),
        "was ended. We cannot restore it from our side.",
        "a Global Administrator or a Billing Administrator",
        "Microsoft 365 admin center",
        "Granular delegated admin privileges (GDAP)",
        "Consent to our applications",
        "Subscriptions are bought anew, or transferred to us",
        "indirect provider",
    ] {
        assert!(said.contains(part), "{part}: {text}");
    }
    assert!(text.lines().any(|line| line.trim() == LINK), "the link is whole: {text}");
    assert!(text.lines().all(|line| line.chars().count() <= 72 || line.trim() == LINK), "{text}");
    assert!(
        !text.contains("CHG-7") && !text.contains(&id(2).to_string()),
        "what is nobody else's business: {text}"
    );
}

#[test]
fn the_link_is_asked_for_on_record_and_nothing_is_changed() {
    let (world, folder) = with_a_run();
    let changes = world.changes().len();
    reinvite(&folder, &world, &["--run", "latest"]).exits(0);
    let asked: Vec<_> = folder
        .requests()
        .into_iter()
        .filter(|line| line.purpose.as_deref() == Some("read_relationship_request"))
        .collect();
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].run_id.as_deref(), asked[0].customer_tenant_id.as_deref()), (None, None));
    assert_eq!((asked[0].method.as_deref(), asked[0].status), (Some("GET"), Some(200)));
    assert!(asked[0].url.as_deref().unwrap().ends_with("/v1/customers/relationshiprequests"));
    let log = Connection::open(folder.path("audit.db")).unwrap();
    let (before, after): (String, String) = log
        .query_row(
            "SELECT (SELECT kind FROM records WHERE seq = ?1), (SELECT kind FROM records WHERE body ->> '$.intent' = ?1)",
            [i64::try_from(asked[0].seq).unwrap()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .unwrap();
    assert_eq!((&*before, &*after), ("request_intended", "response_received"));
    drop(log);
    assert_eq!(world.changes().len(), changes, "nothing is changed");
    both_answer(&[("after an invitation".into(), Question::new(folder.path("audit.db")), 8)]);
}

#[test]
fn nothing_is_overwritten_and_another_folder_can_be_named() {
    let (world, folder) = with_a_run();
    reinvite(&folder, &world, &["--run", "latest"]).exits(0);
    let place = folder.path("reports").join(folder.latest().as_str()).join("reinvite");
    let (before, asked) = (letter(&place, 1), world.received().len());
    let refused = reinvite(&folder, &world, &["--run", "latest"]).exits(2);
    assert!(refused.err.contains("is not empty; name another"), "{}", refused.err);
    assert_eq!((letter(&place, 1), world.received().len()), (before, asked));
    reinvite(&folder, &world, &["--run", "latest", "--out", "letters/second"]).exits(0);
    assert_eq!(files(&folder.path("letters/second")).len(), 3);
    assert_eq!(files(&folder.path("letters")), BTreeSet::from(["second".to_owned()]), "nothing else is left");
}

#[test]
fn a_customer_may_be_named_whether_or_not_the_log_knows_it() {
    let (world, folder) = with_a_run();
    let customers = [id(2).to_string(), id(9).to_string()];
    let named = ["--customer", &customers[0], "--customer", &customers[1], "--customer", &customers[1]];
    let done = reinvite(&folder, &world, &[&named[..], &["--output", "json"]].concat()).exits(0).json();
    let place = folder.path("reports/reinvite");
    assert_eq!(files(&place).len(), 3);
    let [known, unknown] = [0, 1].map(|n| &done["customers"][n]);
    assert_eq!((&done["link"], &done["link_needs_a_look"]), (&json!(LINK), &json!(null)));
    assert_eq!(done["partner"], json!({ "tenant_id": PARTNER, "name": PARTNER_NAME }));
    assert_eq!(
        (&known["customer_name"], &known["removed_by_run"], &known["ticket"]),
        (&json!("Fabrikam"), &json!(folder.latest().as_str()), &json!("CHG-7"))
    );
    assert!(known["removed_at"].is_string(), "{known}");
    for name in ["customer_name", "domain", "removed_at", "removed_by_run", "ticket"] {
        assert_eq!(unknown[name], json!(null), "{name}");
    }
    assert!(folder.path("").join(unknown["letter"].as_str().unwrap()).is_file(), "{unknown}");
    let (said, text) = letter(&place, 9);
    assert!(text.starts_with(&format!("Tenant ID:  {}\n", id(9))), "{text}");
    assert!(!said.contains("was ended"), "nobody knows that: {text}");
    let row = &table(&place)[2];
    assert_eq!(
        (&*row[0], &row[1..3], &row[6..]),
        (
            &*id(9).to_string(),
            &[String::new(), String::new()][..],
            &[String::new(), String::new(), String::new()][..]
        )
    );

    // A log is made where there is none.
    let empty = Folder::new();
    let done = reinvite(&empty, &world, &["--customer", &id(9).to_string()]).exits(0);
    assert!(done.out.contains("(name not known)") && done.out.contains("not on record"), "{}", done.out);
    assert_eq!(empty.requests().iter().filter(|line| line.run_id.is_none()).count(), empty.requests().len());
    assert!(!empty.requests().is_empty());
}

#[test]
fn hostile_names_are_harmless_and_become_no_file_names() {
    let hostile = "=cmd|'/c calc'!A0\r\n../../etc/passwd\u{1b}[2J\u{202e}";
    let world = World::of(&json!({
        "partner": { "tenant_id": PARTNER, "name": "@evil\n\u{1b}]0;x\u{7}", "domain": "partner.example" },
        "customers": [customer(1, hostile)],
    }));
    let folder = Folder::new();
    folder.run(&world, &list_of([id(1)]), &["--ticket", "+1;=2"]).exits(0);
    let done = reinvite(&folder, &world, &["--run", "latest", "--out", "letters"]).exits(0);
    let place = folder.path("letters");
    assert_eq!(files(&place), BTreeSet::from(["invitations.csv".to_owned(), format!("{}.txt", id(1))]));
    let (_, text) = letter(&place, 1);
    for said in [&done.out, &done.err, &text] {
        assert!(!said.contains(['\u{1b}', '\u{7}', '\u{202e}', '\r']), "{said:?}");
    }
    assert!(text.contains("\\r\\n../../etc/passwd\\u{1b}[2J"), "{text}");
    let row = &table(&place)[1];
    assert!(row[1].starts_with("'=cmd|"), "{row:?}");
    assert!(row[3].starts_with("'@evil") && row[8] == "'+1;'=2", "{row:?}");
    let json = reinvite(&folder, &world, &["--run", "latest", "--out", "more", "--output", "json"]).exits(0);
    assert_eq!(json.json()["customers"][0]["customer_name"], hostile);
    assert!(!json.out.contains('\u{1b}'), "{:?}", json.out);
}

#[test]
fn a_link_to_another_place_is_shown_and_said_to_need_a_look() {
    let (world, folder) = with_a_run();
    let evil = r#"{"url":"https://admin.microsoft.com.evil.example/?x=\u001b[2J"}"#;
    let done = reinvite_with(&folder, &world, evil, &["--run", "latest", "--out", "one"]).exits(0);
    assert!(done.err.contains("warning: the link has characters that no link has"), "{}", done.err);
    let evil = r#"{"url":"https://admin.microsoft.com.evil.example/accept"}"#;
    let done = reinvite_with(&folder, &world, evil, &["--run", "latest", "--out", "two", "--output", "json"])
        .exits(0);
    let why =
        "leads to `admin.microsoft.com.evil.example`, which is not known as a Microsoft 365 admin center";
    assert!(done.err.contains(why), "{}", done.err);
    assert!(done.json()["link_needs_a_look"].as_str().unwrap().starts_with(why), "{}", done.out);
    let (said, text) = letter(&folder.path("two"), 1);
    assert!(said.starts_with("DO NOT SEND THIS YET: the link below leads to"), "{text}");
    assert!(text.contains("https://admin.microsoft.com.evil.example/accept"), "{text}");
    assert_eq!(table(&folder.path("two"))[1][5], "https://admin.microsoft.com.evil.example/accept");
    // What is no link at all cannot be sent.
    for (n, body) in [r#"{"url":" "}"#, r#"{"url":null}"#, "{}", "[]", "none"].into_iter().enumerate() {
        let out = format!("none-{n}");
        let done = reinvite_with(&folder, &world, body, &["--run", "latest", "--out", &out]).exits(4);
        assert!(done.err.contains("the link by which customers accept cannot be read"), "{}", done.err);
        assert!(!folder.path(&out).exists());
    }
}

#[test]
fn a_run_that_removed_nobody_has_nobody_to_invite_back() {
    let subscription = json!([{ "kind": "new_commerce", "status": "active", "ends": "2099-01-31" }]);
    let mut blocked = customer(1, "Contoso");
    blocked["subscriptions"] = subscription;
    let world = World::of(&json!({ "customers": [blocked] }));
    let folder = Folder::new();
    folder.write("list.csv", list_of([id(1)]));
    let refused = |run: &str, why: &str| {
        let asked = world.received().len();
        let done = reinvite(&folder, &world, &["--run", run, "--out", "letters"]).exits(2);
        assert!(done.err.contains(why), "{why}: {}", done.err);
        assert!(!folder.path("letters").exists());
        assert_eq!(world.received().len(), asked, "nothing is sent");
    };
    let none = reinvite(&folder, &world, &["--run", "latest"]).exits(6);
    assert!(none.err.contains("audit.db") && !folder.path("audit.db").exists(), "{}", none.err);
    let rehearse = [
        "run",
        "list.csv",
        "--rehearse",
        "--yes",
        "--rate",
        "600000",
        "--settle",
        "1",
        "--no-identity-check",
    ];
    assert!([0, 3].contains(&folder.offboard(&rehearse).code));
    refused("latest", "was made against the built-in simulator, and removed nobody");
    folder.offboard(&["demo"]).exits(0);
    refused("latest", "was made against the built-in simulator, and removed nobody");
    let plan = ["plan", "list.csv", "--rate", "600000", "--no-identity-check"];
    Done::of(&folder.against(&world, &plan).output().unwrap()).exits(0);
    refused("latest", "only planned, and removed nobody");
    folder.run(&world, &list_of([id(1)]), &["--procedure", "cancel-at-term-end"]).exits(0);
    refused("latest", "ended no relationship that could begin again");
    folder.run(&world, &list_of([id(1)]), &[]).exits(3);
    assert_eq!(folder.ends(), ["skipped: active_subscription"]);
    refused("latest", "removed nobody, so there is nobody to invite back");
    refused("ffff", "offboard runs");
    for wrong in [
        &["reinvite"][..],
        &["reinvite", "--run", "latest", "--customer", &id(1).to_string()],
        &["reinvite", "--customer", "x"],
    ] {
        let said = folder.offboard(wrong).exits(2).err;
        assert!(wrong.len() > 1 || said.contains("<--customer <GUID>|--run <RUN>>"), "{said}");
    }
}

#[test]
fn of_a_run_that_is_not_over_those_are_invited_whom_it_has_removed() {
    let mut refused = customer(2, "Refused");
    refused["faults"] =
        json!([{ "on": "remove", "do": { "kind": "answer", "status": 400, "code": 800_002 } }]);
    let world = World::of(&json!({ "customers": [customer(1, "Contoso"), refused, customer(3, "Waiting")] }));
    let folder = Folder::new();
    let slowly = ["--stop-after-failures", "1", "--concurrency", "1"];
    folder.run(&world, &list_of([id(1), id(2), id(3)]), &slowly).exits(4);
    assert_eq!(folder.ends()[0], "removed");
    let done = reinvite(&folder, &world, &["--run", "latest", "--out", "letters"]).exits(0);
    assert!(
        done.err.contains("is not over; the letters are to those whom it has removed so far"),
        "{}",
        done.err
    );
    let letters = ["invitations.csv".to_owned(), format!("{}.txt", id(1))];
    assert_eq!(files(&folder.path("letters")), BTreeSet::from(letters));
}

#[test]
fn whose_end_nobody_knows_gets_no_letter() {
    let faults = json!([
        { "on": "remove", "do": { "kind": "cut_before_answer", "effect": true } },
        { "on": "customer", "times": 0, "do": { "kind": "relationship", "relationship": "something_new" } },
    ]);
    let mut doubtful = customer(2, "Doubtful");
    doubtful["faults"] = faults;
    doubtful["quirks"] = json!({ "after_removal": "none" });
    let scenario = json!({ "customers": [customer(1, "Contoso"), doubtful], "faults": [crate::support::blind_listing(0)] });
    let (world, folder) = (World::of(&scenario), Folder::new());
    folder.run(&world, &list_of([id(1), id(2)]), &[]).exits(3);
    assert_eq!(folder.ends(), ["removed", "unknown: answer_lost"]);
    let done = reinvite(&folder, &world, &["--run", "latest", "--out", "one"]).exits(0);
    assert!(
        done.err.contains("of 1 customer of run ") && done.err.contains("offboard resolve"),
        "{}",
        done.err
    );
    assert_eq!(
        files(&folder.path("one")),
        BTreeSet::from(["invitations.csv".to_owned(), format!("{}.txt", id(1))])
    );
    // A person who finds it out later does not know when it happened, and the letter does not either.
    let who = id(2).to_string();
    folder.offboard(&["resolve", "--customer", &who, "--as", "removed", "--because", "I looked"]).exits(0);
    reinvite(&folder, &world, &["--run", "latest", "--out", "two"]).exits(0);
    let row = &table(&folder.path("two"))[2];
    assert_eq!((&*row[0], &*row[6], &*row[7]), (&*who, "", folder.latest().as_str()));
    let (said, _) = letter(&folder.path("two"), 2);
    assert!(said.contains("your organization was ended.") && !said.contains(" On 2"), "{said}");
}

#[test]
fn a_refusal_is_told_as_everywhere_and_nothing_is_written() {
    for (status, code, parts) in [
        (403, None, &["the link by which customers accept cannot be read", "status 403", "Admin agent"][..]),
        (403, Some(900_329), &["an app by itself may not do that", "offboard login"]),
        (401, None, &["status 401"]),
    ] {
        let action = json!({ "kind": "answer", "status": status, "code": code });
        let world = World::of(&json!({
            "customers": [customer(1, "Contoso")],
            "faults": [{ "on": "relationship_request", "times": 0, "do": action }],
        }));
        let folder = Folder::new();
        folder.run(&world, &list_of([id(1)]), &[]).exits(0);
        let refused = reinvite(&folder, &world, &["--run", "latest", "--out", "letters"]).exits(5);
        for part in parts {
            assert!(refused.err.contains(part), "{part}: {}", refused.err);
        }
        assert!(!folder.path("letters").exists());
        let asked = folder
            .requests()
            .into_iter()
            .rfind(|line| line.purpose.as_deref() == Some("read_relationship_request"));
        assert_eq!(asked.unwrap().status, Some(status), "the refusal is on record");
    }
    // What passes is asked again, as with every read.
    let world = World::of(&json!({
        "customers": [customer(1, "Contoso")],
        "faults": [{ "on": "relationship_request", "do": { "kind": "answer", "status": 429, "retry_after": "0" } }],
    }));
    let folder = Folder::new();
    reinvite(&folder, &world, &["--customer", &id(1).to_string()]).exits(0);
    let asked =
        world.received().into_iter().filter(|received| received.target.contains("relationshiprequests"));
    assert_eq!(asked.map(|received| received.status).collect::<Vec<_>>(), [429, 200]);
}

#[test]
fn nobody_is_invited_back_by_another_partner() {
    let (world, folder) = with_a_run();
    let other = PARTNER.replace('3', "4");
    let scenario = json!({
        "partner": { "tenant_id": other, "name": "Tailspin", "domain": "tailspin.example" },
        "customers": [],
    });
    let another = World::of(&scenario);
    let refused =
        reinvite(&folder, &world, &["--run", "latest", "--out", "letters", "--partner-tenant", &other])
            .exits(4);
    assert!(refused.err.contains("not to the one that `--partner-tenant` names"), "{}", refused.err);
    let refused =
        reinvite(&folder, &another, &["--run", "latest", "--out", "letters", "--partner-tenant", &other])
            .exits(4);
    assert!(refused.err.contains(&format!("was made with {PARTNER}; sign in to that")), "{}", refused.err);
    assert!(!folder.path("letters").exists());
    // What the log knows from the work for one partner is not told in the name of another.
    let customer = id(1).to_string();
    reinvite(&folder, &another, &["--customer", &customer, "--out", "letters", "--partner-tenant", &other])
        .exits(0);
    let (_, text) = letter(&folder.path("letters"), 1);
    assert!(!text.contains("Contoso") && !text.contains("was ended") && text.contains("Tailspin"), "{text}");
}

#[test]
fn whoever_accepts_is_judged_by_the_next_plan_like_any_other() {
    let with = |after: &str| {
        let mut all = [1, 2].map(|n| customer(n, &format!("Customer No{n}")));
        for one in &mut all {
            one["quirks"] = json!({ "after_removal": after });
        }
        World::of(&json!({ "customers": all }))
    };
    for after in ["none", "not_found", "forbidden"] {
        let (world, folder) = (with(after), Folder::new());
        let list = list_of([id(1), id(2)]);
        folder.run(&world, &list, &[]).exits(0);
        let first = folder.latest();
        let plan = |world: &World| {
            let arguments =
                ["plan", "list.csv", "--rate", "600000", "--max-share", "100", "--no-identity-check"];
            Done::of(&folder.against(world, &arguments).output().unwrap()).exits(0);
            folder.ends()
        };
        assert_eq!(plan(&world), ["already_removed", "already_removed"], "{after}");
        assert!(world.model().accept(Clock::System.now(), id(1)));
        assert_eq!(plan(&world), ["ready", "already_removed"], "{after}");
        // It may be that something stands in the way by now.
        let mut again = customer(1, "Customer No1");
        again["subscriptions"] = json!([{ "kind": "legacy", "status": "active" }]);
        let later = World::of(&json!({ "customers": [again] }));
        assert_eq!(plan(&later)[0], "skipped: active_subscription", "{after}");
        // And it can be removed again, by a run of its own.
        folder.run(&world, &list, &[]).exits(0);
        assert_eq!(folder.ends(), ["removed", "already_removed"], "{after}");
        let both = [id(1), id(2)].map(|id| id.to_string());
        let named = ["--customer", &both[0], "--customer", &both[1], "--output", "json"];
        let told = reinvite(&folder, &world, &named).exits(0).json();
        let by = |n: usize| told["customers"][n]["removed_by_run"].clone();
        assert_eq!((by(0), by(1)), (json!(folder.latest().as_str()), json!(first.as_str())), "{after}");
    }
}
