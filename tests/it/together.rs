//! Many removals are seen in one listing of all customers, if it can be trusted; else each by itself.

use crate::support::{Done, Folder, Reviewing, World, id, list_of};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const COUNT: u32 = 30;

fn world(faults: &Value) -> World {
    let customers: Vec<Value> = (1..=COUNT).map(|n| json!({ "id": id(n).to_string() })).collect();
    World::of(
        &json!({ "customers": customers, "generated": { "count": 40, "clean": true }, "faults": faults }),
    )
}

/// Removes all; gives how many requests each purpose had.
fn purposes(folder: &Folder, world: &World) -> BTreeMap<String, usize> {
    folder.run(world, &list_of((1..=COUNT).map(id)), &["--concurrency", "1"]).exits(0);
    assert_eq!(world.removed().len(), COUNT as usize);
    assert!(folder.customers().iter().all(|line| line.evidence.as_deref() == Some("observed")));
    let mut purposes = BTreeMap::new();
    for line in folder.requests() {
        *purposes.entry(line.purpose.unwrap()).or_default() += 1;
    }
    purposes
}

/// After the plan, the listing answers this.
fn instead(status: u16, items: &Value) -> Value {
    let body = json!({ "totalCount": 1, "items": items }).to_string();
    json!([{ "on": "list", "skip": 1, "times": 0, "do": { "kind": "answer", "status": status, "json": body } }])
}

#[test]
fn removals_are_seen_in_a_listing() {
    let (folder, world) = (Folder::new(), world(&json!([])));
    let purposes = purposes(&folder, &world);
    assert_eq!(purposes.get("confirm_removal"), None);
    // One for the plan; twenty removals are worth a page, one after the other; and the last ten cost more than one.
    assert_eq!(purposes["list_customers"], 3);
    let (log, observed) = (rusqlite::Connection::open(folder.path("audit.db")).unwrap(), "kind = 'observed'");
    let sql = format!("SELECT count(*) FROM records AS o JOIN records AS page ON page.seq = json_extract(CAST(o.body AS TEXT),
        '$.basis') AND page.kind = 'request_intended' WHERE o.{observed}");
    let based: u32 = log.query_row(&sql, [], |row| row.get(0)).unwrap();
    assert_eq!(based, COUNT, "each names the request that showed it");
    folder.offboard(&["verify"]).exits(8);
    let review = Reviewing::start(&folder, &[]);
    let page = review.page(&format!("/run/{}/customer/2", folder.latest()));
    for part in ["<strong>it was not</strong>", "a page of all customers", "not among the partner"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    // The page that showed it is where the link leads.
    let link = page.split("records?after=").last().unwrap().split('"').next().unwrap();
    let records = review.page(&format!("/run/{}/records?after={link}", folder.latest()));
    assert!(records.contains("Body received"), "{records}");
}

#[test]
fn a_listing_that_misses_others_shows_nothing() {
    // Whole by its own count.
    let one = json!({ "id": offboard::simulator::generated_id(1, 0).to_string(), "relationshipToPartner": "reseller" });
    for faults in [instead(200, &json!([one])), instead(200, &json!([])), instead(403, &json!([]))] {
        let (folder, world) = (Folder::new(), world(&faults));
        assert_eq!(purposes(&folder, &world)["confirm_removal"], COUNT as usize);
    }
}

#[test]
fn whoever_is_still_listed_is_looked_at_alone() {
    let listed: Vec<Value> = (0..40)
        .map(|n| offboard::simulator::generated_id(1, n).to_string())
        .chain((1..=COUNT).map(|n| id(n).to_string()))
        .map(|id| json!({ "id": id, "relationshipToPartner": "reseller" }))
        .collect();
    let (folder, world) = (Folder::new(), world(&instead(200, &json!(listed))));
    assert_eq!(purposes(&folder, &world)["confirm_removal"], COUNT as usize);
}

#[test]
fn failures_between_removals_are_not_in_a_row() {
    // Every eighth is refused; they end at once, and the others only when they are seen.
    let refused: Vec<Value> = (1..=COUNT)
        .filter(|n| n % 8 == 0)
        .map(|n| {
            let answer =
                json!({ "kind": "answer", "status": 400, "json": "{\"code\":2000,\"description\":\"No.\",\"source\":\"PartnerFD\"}" });
            json!({ "on": "remove", "customer": id(n).to_string(), "times": 0, "do": answer })
        })
        .collect();
    let (folder, world) = (Folder::new(), world(&json!(refused)));
    let list = folder.write("list.csv", list_of((1..=COUNT).map(id)));
    let more = ["--stop-after-failures", "2", "--concurrency", "1"];
    Done::of(&folder.run_command(&world, &list, &more).output().unwrap()).exits(3);
    assert_eq!(world.removed().len(), 27);
}
