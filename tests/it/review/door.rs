//! Who comes in, what is opened, and what is left behind.

use super::{digests, hostile, pages};
use crate::support::{Folder, PARTNER, Reviewing, key, limited};
use offboard::{
    audit::Store,
    domain::Time,
    record::{Event, KeyIntroduced, Record},
};
use std::{fs, net::TcpStream};

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
#[cfg_attr(windows, ignore = "it presses Ctrl-C for another process")]
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
#[cfg_attr(windows, ignore = "it presses Ctrl-C for another process")]
fn whoever_ends_it_at_once_leaves_nothing_behind() {
    let folder = hostile();
    let store = Store::open(&folder.path("audit.db"), Time::from_millis(0), &[7; 16], &key()).unwrap();
    assert!(folder.path("audit.db-wal").exists());
    let before = digests(&folder);
    for _ in 0..5 {
        Reviewing::start(&folder, &[]).end().exits(0);
        assert_eq!(digests(&folder), before);
    }
    drop(store);
}

#[test]
#[cfg_attr(windows, ignore = "it sets limits with `ulimit`")]
fn when_all_handles_are_taken_it_says_so_and_goes_on_when_there_are_some() {
    let folder = hostile();
    let mut review =
        Reviewing::of(limited(&folder.command(&["review", "--output", "json", "--quiet"]), "-n 80"));
    review.page("/");
    let taken: Vec<_> = (0..100).map(|_| TcpStream::connect(&review.host).unwrap()).collect();
    review.hears("warning: no browser can be let in now");
    drop(taken);
    review.page("/");
    let done = review.end().exits(0);
    assert!(!done.err.contains("no browser"), "{}", done.err);
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
        WHERE body ->> '$.kind' = 'settled' AND body ->> '$.row' = 2";
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
#[cfg_attr(windows, ignore = "nobody can move a file that is open")]
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
