//! What the page says, and that it is harmless.

use crate::{
    domain::{Mode, Outcome, Procedure},
    report::{
        CsvStyle,
        sample::{Sample, Until, id},
        template, write_all,
    },
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use sha2::Digest as _;
use std::fs;

fn page(mode: Mode, procedure: Procedure, until: Until) -> String {
    let sample = Sample::make(mode, procedure, until);
    let (reader, run) = sample.reader();
    let folder = sample.folder.path().join("reports");
    write_all(&reader, &run, &folder, CsvStyle::Safe).unwrap();
    fs::read_to_string(folder.join("report.html")).unwrap()
}

#[test]
fn the_page_is_harmless_and_answers_the_four_questions() {
    let page = page(Mode::Run, Procedure::RemoveRelationship, Until::Sealed);
    assert_eq!(page.matches("<script").count(), 1, "the one that is embedded");
    assert!(!page.contains("<b>no</b>") && !page.contains(" style="));
    let is_handler = |rest: &str| {
        rest.split_once("=\"").is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_lowercase()))
    };
    assert!(!page.split(" on").skip(1).any(is_handler));
    assert!(!page.chars().any(|c| c == '\u{202e}' || (c.is_control() && c != '\n')));
    assert!(page.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;&#x2f;script&gt;\\u{202e}\\u{1b}[2J &amp;"));
    let digest = |name: &str| {
        let (_, rest) = page.split_once(&format!("<{name}>")).unwrap();
        let (text, _) = rest.split_once(&format!("</{name}>")).unwrap();
        BASE64_STANDARD.encode(sha2::Sha256::digest(text))
    };
    let policy = format!(
        "content=\"default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; \
         form-action 'none'\"",
        digest("script"),
        digest("style")
    );
    // The browser reads the attribute before it reads the policy.
    let read = page.replace("&#x27;", "'").replace("&#x2f;", "/");
    assert!(read.contains(&policy), "{policy}");
    for text in [
        "14 rows = 5 removed + 1 already removed + 4 skipped + 1 failed + 1 unknown + 1 not attempted + 1 rejected",
        "Who said yes?",
        "By typing the partner’s name and the number of customers, for 8 customers",
        "CHG-20417",
        "1 corroborated",
        "3 observed",
        "1 accepted",
        "Has anybody touched this file?",
        "ACTION NEEDED",
        "2027-08-15",
        "offboard report 20261120-093005-4be1c7",
    ] {
        assert!(page.contains(text), "{text}");
    }
    for text in ["REHEARSAL", "NOT OVER", "PLAN —", "http://", "src=", "url("] {
        assert!(!page.contains(text), "{text}");
    }
}

#[test]
fn the_page_says_whether_it_was_a_real_run() {
    let remove = Procedure::RemoveRelationship;
    assert!(
        page(Mode::Rehearsal, remove, Until::Sealed).contains("REHEARSAL — no real customer was touched")
    );
    assert!(page(Mode::Demo, remove, Until::Sealed).contains("DEMONSTRATION — no real customer was touched"));
    let plan = page(Mode::Plan, remove, Until::Plan);
    assert!(plan.contains("PLAN — nothing was changed") && plan.contains("Nobody yet"));
    assert!(plan.contains("8 ready"));
    let sandbox = page(Mode::Run, Procedure::DeleteSandboxCustomer, Until::Sealed);
    assert!(sandbox.contains("5 deleted + 1 already deleted"));
}

/// What stands between these two for the first time.
fn between<'a>(page: &'a str, begin: &str, end: &str) -> &'a str {
    page.split_once(begin).and_then(|(_, rest)| rest.split_once(end)).unwrap().0
}

#[test]
fn each_request_stands_with_its_row() {
    let page = page(Mode::Run, Procedure::RemoveRelationship, Until::Sealed);
    let mut requests = 0;
    for row in page.split("<tr role=\"row\"><td").skip(1) {
        let number: u32 = between(row, ">", "</td>").parse().unwrap();
        let (row, _) = row.split_once("</tr>").unwrap();
        for request in row.split("<li>").skip(1) {
            let path = between(request, " <bdi>&#x2f;v1&#x2f;", "</bdi>");
            assert!(path.starts_with(&format!("customers&#x2f;{}", id(number))), "row {number}: {path}");
            requests += 1;
        }
    }
    assert_eq!(requests, 32);
    assert_eq!(page.matches("profiles&#x2f;organization</bdi>").count(), 1, "and one is the run's");
    let refused = "<strong>END THE RELATIONSHIP</strong>: <b class=\"bad\">403</b> after 240 ms";
    assert_eq!(page.matches(refused).count(), 1);
    assert!(page.contains("read its subscriptions, try 2: <b>200</b>"));
    assert!(!page.contains("api.partnercenter.microsoft.com&#x2f;v1"), "no host");
}

#[test]
fn what_the_pacer_did_can_be_read() {
    let page = page(Mode::Run, Procedure::RemoveRelationship, Until::Resumed);
    let drawing = between(&page, "<figure", "</figure>");
    assert_eq!(
        drawing.matches("<rect class=\"g\"").count(),
        3,
        "before it was confirmed, until it stopped, afterwards"
    );
    assert_eq!(drawing.matches("<rect class=\"w\" x=").count(), 1, "a wait");
    assert_eq!(drawing.matches("<line class=\"m\" x1=\"7").count(), 1, "a stop");
    assert_eq!(drawing.matches("<line class=\"c\" x1=\"0.000%\"").count(), 1, "a ceiling");
    for text in [
        "Everything waited 1 time, 18 s together",
        "status 429, Retry-After 20 s",
        "<td class=\"n\">210</td>",
        "<td colspan=\"3\">resumed</td><td><bdi>ceiling: 120 a minute</bdi>",
        "<td colspan=\"3\">stopped</td><td><bdi>3 customers in a row ended in failure</bdi>",
    ] {
        assert!(drawing.contains(text), "{text}");
    }
    assert!(page.contains("Before that: <bdi>dana</bdi>, 2026-11-20 09:21:"), "who said yes at first");
    let drawn: u32 =
        drawing.split(" UTC: ").skip(1).map(|rest| between(rest, "", "<").parse::<u32>().unwrap()).sum();
    assert_eq!(drawn, 33, "every request is in a bar");
}

#[test]
fn each_outcome_has_its_colour() {
    for outcome in Outcome::ALL {
        let class = format!(".o-{}", outcome.as_str());
        let is_there = [" ", ","].iter().any(|end| template::STYLE.contains(&format!("{class}{end}")));
        assert!(is_there, "{class} has no colour");
    }
}
