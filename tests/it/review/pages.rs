//! What each page says.

use super::{hostile, pages};
use crate::support::{Folder, Reviewing, id};
use offboard::domain::Sha256;

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
        "No throttling",
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
    // What stands on top of a page changes once.
    review.verdict();
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
    assert!(html.contains("4 of 6 removed"));
}
