//! The reviewer's page, over real logs.

use crate::support::{Folder, PARTNER, Reviewing, World, id, key, list_of};
use offboard::{
    audit::Store,
    domain::{Sha256, Time},
    record::{Event, KeyIntroduced, Record},
};
use serde_json::json;
use std::{collections::BTreeMap, fs, path::PathBuf};

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
    let others = ["/", "/search?id=c0000000", "/controls", "/verify"];
    all.extend(others.into_iter().map(str::to_owned));
    all
}

#[test]
fn a_log_is_read_and_nothing_is_written() {
    let folder = hostile();
    let before = digests(&folder);
    let review = Reviewing::start(&folder, &[]);
    for page in pages(folder.latest().as_str()) {
        review.page(&page);
    }
    review.verdict();
    let done = review.end().exits(0);
    assert!(done.err.contains("Ctrl-C ends it"), "{}", done.err);
    assert_eq!(digests(&folder), before);
}

#[test]
fn a_log_that_is_being_written_is_read_and_nothing_is_written_beside_it() {
    let folder = hostile();
    let mut store = Store::open(&folder.path("audit.db"), Time::from_millis(0), &[7; 16], &key()).unwrap();
    let vkey = "somebody+00000000+AA".to_owned();
    let introduced = Event::KeyIntroduced(KeyIntroduced { vkey });
    let record = Record { at: Time::from_millis(0), run: None, event: introduced };
    store.append(&[record.into()]).unwrap();
    assert!(fs::metadata(folder.path("audit.db-wal")).unwrap().len() > 0);
    let run = folder.latest();
    let before = digests(&folder);
    let review = Reviewing::start(&folder, &[]);
    for page in pages(run.as_str()) {
        review.page(&page);
    }
    assert!(review.verdict().contains("This is the log as it was at"), "{}", review.verdict());
    review.end().exits(0);
    assert_eq!(digests(&folder), before);
}

#[test]
fn nobody_comes_in_without_the_whole_address() {
    let folder = hostile();
    let review = Reviewing::start(&folder, &[]);
    let (host, root) = (review.host.clone(), review.root.clone());
    let ask = |method: &str, path: &str, host: &str| {
        review.ask(&format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n")).status
    };
    assert_eq!(ask("GET", &format!("{root}/"), &host), 200);
    assert_eq!(ask("HEAD", &format!("{root}/"), &host), 200);
    for path in ["/", "/favicon.ico", "/0123456789abcdef0123456789abcdef/", "/style.css", "//"] {
        assert_eq!(ask("GET", path, &host), 404, "{path}");
    }
    // A name that somebody else controls may lead to a loopback address.
    let port = host.rsplit(':').next().unwrap();
    for other in
        ["attacker.example".to_owned(), format!("localhost:{port}"), format!("attacker.example:{port}")]
    {
        assert_eq!(ask("GET", &format!("{root}/"), &other), 403, "{other}");
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"] {
        assert_eq!(ask(method, &format!("{root}/"), &host), 405, "{method}");
    }
    for path in ["/".to_owned(), format!("{root}/"), format!("{root}/nothing"), format!("{root}/style.css")] {
        let answer = review.ask(&format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n"));
        let header = |name: &str| answer.headers.get(name).cloned().unwrap_or_default();
        assert!(header("content-security-policy").starts_with("default-src 'none'; style-src 'self'; "));
        assert!(!header("content-security-policy").contains("unsafe"), "{path}");
        assert_eq!(header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(header("cache-control"), "no-store", "{path}");
        assert_eq!(header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(header("x-frame-options"), "DENY", "{path}");
        assert!(path.starts_with(&root) || !answer.body.contains(&root[1..]), "the token is told");
    }
    // Another one has another token.
    assert_ne!(Reviewing::start(&folder, &[]).root, root);
}

#[test]
fn each_page_answers_its_question() {
    let folder = hostile();
    let run = folder.latest().to_string();
    let review = Reviewing::start(&folder, &[]);
    let runs = review.page("/");
    for part in ["6 removed", "1 skipped", "exit code 3", &run] {
        assert!(runs.contains(part), "{part}");
    }
    let summary = review.page(&format!("/run/{run}"));
    for part in [
        "7 rows = 6 removed + 1 skipped",
        "They add up",
        "sealed with these counts",
        "6 observed",
        "&lt;u&gt;CHG-7&lt;&#x2f;u&gt;",
        "active_<wbr>subscription",
        "Nobody asked for patience",
    ] {
        assert!(summary.contains(part), "{part}: {summary}");
    }
    let customer = review.page(&format!("/run/{run}/customer/2"));
    for part in [
        "END THE RELATIONSHIP",
        "<strong>it was not</strong>",
        "relationshipToPartner",
        "Settled: removed, observed",
    ] {
        assert!(customer.contains(part), "{part}: {customer}");
    }
    // The text on a page is data, wherever it comes from.
    for page in pages(&run) {
        let html = review.page(&page);
        assert_eq!(html.matches("<script").count(), 1, "{page}");
        assert!(!html.contains("<img") && !html.contains("<b>x</b>") && !html.contains("<i>E5"), "{page}");
        assert!(!html.contains(['\u{202e}', '\u{1b}']), "{page}");
    }
    let nothing = review.get("/run/20200101-000000-000000");
    assert_eq!(nothing.status, 404);
    assert!(nothing.body.contains("The log has no run"), "{}", nothing.body);
    assert_eq!(review.get("/elsewhere").status, 404);
}

#[test]
fn customers_are_filtered_and_paged() {
    let folder = Folder::new();
    folder.offboard(&["demo", "--customers", "130"]).exits(0);
    let run = folder.latest().to_string();
    let review = Reviewing::start(&folder, &[]);
    let rows = |query: &str| -> Vec<u32> {
        let html = review.page(&format!("/run/{run}/customers?{query}"));
        let beginning = format!("/run/{run}/customer/");
        let links = html.split(&beginning).skip(1);
        links.map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect()
    };
    // Page after page, each row once and in order.
    let mut all = Vec::new();
    while let page @ [_, ..] = &*rows(&format!("after={}", all.last().unwrap_or(&0))) {
        assert!(page.len() <= 50);
        all.extend(page);
    }
    assert_eq!(all.len(), 130);
    assert!(all.is_sorted());
    let counts = folder.counts();
    let line = folder.customers().into_iter().find(|line| line.row == all[7]).unwrap();
    let removed = rows("outcome=removed&after=0");
    assert_eq!(removed.len(), counts["removed"].min(50));
    let name = line.customer_name.unwrap();
    assert!(rows(&format!("text={}", name.to_uppercase().replace(' ', "+"))).contains(&line.row));
    assert_eq!(rows(&format!("text={}", line.customer_tenant_id.unwrap())), [line.row]);
    assert_eq!(rows("from=2020-01-01&until=2020-12-31"), [0; 0]);
    assert_eq!(rows("from=2020-01-01").len(), 50);
    for line in folder.customers() {
        let Some(reason) = line.reasons.as_deref().and_then(|reasons| reasons.split(';').next()) else {
            continue;
        };
        if !reason.is_empty() {
            assert!(rows(&format!("reason={reason}&after={}", line.row - 1)).contains(&line.row), "{reason}");
        }
    }
    assert_eq!(review.get(&format!("/run/{run}/customers?from=yesterday")).status, 400);
}

#[test]
fn any_id_is_found() {
    let folder = hostile();
    let run = folder.latest();
    let review = Reviewing::start(&folder, &[]);
    let mut asked = 0;
    for request in folder.requests() {
        let ids = [
            request.request_id,
            request.correlation_id,
            request.response_request_id,
            request.response_correlation_id,
        ];
        for id in ids.into_iter().flatten() {
            let html = review.page(&format!("/search?id={}", id.to_uppercase()));
            assert!(html.contains(&format!("record {}", request.seq)) || html.contains(&id), "{id}");
            assert!(!html.contains("No record mentions"), "{id}");
            asked += 1;
        }
    }
    assert!(asked > 50);
    // What blocks a customer, by the ID in the service's answer; a customer; how a run begins.
    let body = folder.requests().into_iter().find_map(|request| {
        let body =
            request.response_body.filter(|_| request.purpose.as_deref() == Some("read_subscriptions"))?;
        let page: serde_json::Value = serde_json::from_str(&body).ok()?;
        Some((page["items"][0]["id"].as_str()?.to_owned(), page["items"][0]["orderId"].as_str()?.to_owned()))
    });
    let (subscription, order) = body.unwrap();
    for (id, found) in [
        (subscription.as_str(), "customer/8#"),
        (order.as_str(), "customer/8#"),
        (&id(3).to_string(), "customer/4\""),
        (&format!("{{{}}}", id(3)).to_uppercase(), "customer/4\""),
        (&run.as_str()[..9], run.as_str()),
    ] {
        let html = review.page(&format!("/search?id={id}"));
        assert!(html.contains(found), "{id}: {html}");
    }
    assert!(review.page("/search?id=ffffffff").contains("No record mentions"));
    assert!(review.page("/search?id=ab").contains("Four characters"));
}

#[test]
fn a_sample_is_drawn_again_from_its_seed() {
    let folder = hostile();
    let run = folder.latest().to_string();
    let review = Reviewing::start(&folder, &[]);
    let draw = |seed: &str| review.page(&format!("/run/{run}/sample?seed={seed}&count=4"));
    assert_eq!(draw("one"), draw("one"));
    assert_ne!(draw("one"), draw("two"));
    // As the page says that anybody can do it.
    let mut lots: Vec<(String, u32)> = (2..=7)
        .map(|row| (Sha256::of(&[format!("one\n{run}\n{row}").as_bytes()]).to_string(), row))
        .collect();
    lots.sort();
    let html = draw("one");
    for (lot, row) in &lots[..4] {
        assert!(html.contains(lot) && html.contains(&format!("customer/{row}\"")), "{row}");
    }
    assert!(!html.contains(&lots[4].0));
    assert!(html.contains("4 of 6 removals"));
}

#[test]
fn the_verdict_is_that_of_verify() {
    let folder = hostile();
    let said = |arguments: &[&str], code: i32| -> String {
        let verify = folder.offboard(&[&["verify"], arguments].concat()).exits(code);
        let words = verify.out.lines().last().unwrap().to_owned();
        let review = Reviewing::start(&folder, arguments);
        let verdict = review.verdict();
        assert!(verdict.contains(&words.replace('/', "&#x2f;")), "{words}\n{verdict}");
        assert!(verdict.contains(&format!("exit code {code}")), "{verdict}");
        let page = review.page("/verify");
        for line in verify.out.lines().filter(|line| line.starts_with(['✓', '✗'])) {
            let name = line.split_whitespace().nth(1).unwrap();
            assert!(page.contains(&format!("<th scope=\"row\">{name}</th>")), "{name}");
        }
        verdict
    };
    let open = said(&[], 8);
    assert!(open.contains("v-unproved"));
    folder.write("kept.txt", folder.report("checkpoint.txt"));
    assert!(said(&["--checkpoint", "kept.txt"], 0).contains("v-proved"));
    // Somebody changes a customer's outcome, guard or no guard.
    let log = rusqlite::Connection::open(folder.path("audit.db")).unwrap();
    let guard: String = log
        .query_row("SELECT sql FROM sqlite_schema WHERE name = 'record_is_not_updated'", [], |row| row.get(0))
        .unwrap();
    log.execute_batch("DROP TRIGGER record_is_not_updated").unwrap();
    let changed = "UPDATE record SET body = CAST(replace(CAST(body AS TEXT), 'observed', 'accepted') AS BLOB)
        WHERE kind = 'settled' AND row = 2";
    assert_eq!(log.execute(changed, []).unwrap(), 1);
    log.execute_batch(&guard).unwrap();
    drop(log);
    assert!(said(&["--checkpoint", "kept.txt"], 7).contains("v-altered"));
}

#[test]
fn a_log_that_grows_is_read_again() {
    let folder = Folder::new();
    folder.offboard(&["demo", "--customers", "3"]).exits(0);
    let review = Reviewing::start(&folder, &[]);
    assert!(review.page("/").contains("1 run in"));
    review.verdict();
    folder.offboard(&["demo", "--customers", "3"]).exits(0);
    assert!(review.page("/").contains("2 runs in"));
    assert!(review.verdict().contains("exit code 8"));
}

#[test]
fn a_log_that_goes_away_says_so() {
    let folder = hostile();
    let review = Reviewing::start(&folder, &[]);
    review.page("/");
    fs::rename(folder.path("audit.db"), folder.path("moved.db")).unwrap();
    let gone = review.get("/");
    assert_eq!(gone.status, 500);
    assert!(gone.body.contains("cannot open the audit log") && gone.body.contains("Reload"), "{}", gone.body);
    fs::rename(folder.path("moved.db"), folder.path("audit.db")).unwrap();
    review.page("/");
}

#[test]
fn what_is_no_log_is_refused_at_once() {
    let folder = Folder::new();
    folder.offboard(&["review"]).exits(6);
    folder.write("audit.db", "Name,ID\n");
    let refused = folder.offboard(&["review"]).exits(6);
    assert!(refused.err.contains("is not an audit log"), "{}", refused.err);
    fs::remove_file(folder.path("audit.db")).unwrap();
    folder.offboard(&["demo", "--customers", "1"]).exits(0);
    folder.write("kept.txt", "no head");
    folder.offboard(&["review", "--checkpoint", "kept.txt"]).exits(2);
    folder.offboard(&["review", "--key", PARTNER]).exits(2);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refused = folder.offboard(&["review", "--port", &port]).exits(2);
    assert!(refused.err.contains("--port"), "{}", refused.err);
}
