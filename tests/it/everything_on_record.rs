//! Each request that arrived is on record, and the other way round.

use crate::support::{Folder, World};
use offboard::{
    domain::{Outcome, Procedure, TenantId},
    simulator::{Received, Scenario, generated_id, synthetic_domain, synthetic_name},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const SEED: u64 = 5;

fn generated_list(count: u32) -> String {
    let mut text = "Customer tenant ID;Customer name;Domain\r\n".to_owned();
    for n in 0..count {
        let id = generated_id(SEED, n);
        text.push_str(&format!(
            "{{{}}};\"{}\";{}\r\n",
            id.to_string().to_uppercase(),
            synthetic_name(id),
            synthetic_domain(id)
        ));
    }
    text
}

/// The journal's request and the log's line must be the same request.
fn compare(folder: &Folder, world: &World) {
    let received: HashMap<String, Received> = world
        .received()
        .into_iter()
        .map(|received| (received.request_id.clone().expect("every request has an ID"), received))
        .collect();
    let on_record = folder.requests();
    assert_eq!(received.len(), on_record.len());
    assert_eq!(world.received().len(), received.len(), "each read has an ID of its own");
    for line in on_record {
        let id = line.request_id.expect("every request has an ID");
        let arrived = received.get(&id).unwrap_or_else(|| panic!("{id} never arrived"));
        assert_eq!(line.method.as_deref(), Some(&*arrived.method));
        assert_eq!(line.url, Some(format!("{}{}", world.url(), arrived.target)));
        assert_eq!(line.request_body.unwrap_or_default(), arrived.body);
        assert_eq!(line.correlation_id, arrived.correlation_id);
        assert_eq!(line.status, Some(arrived.status));
        assert_eq!(line.completion.as_deref(), Some("responded"));
    }
}

#[test]
fn a_thousand_customers() {
    let world = World::new(Scenario::generated(2500, SEED));
    let folder = Folder::new();
    folder.run(&world, &generated_list(1000), &["--concurrency", "16"]).exits(3);
    compare(&folder, &world);

    let customers = folder.customers();
    assert_eq!(customers.len(), 1000);
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let mut removed = BTreeSet::new();
    for line in &customers {
        let outcome = line.outcome.expect("every row has an outcome");
        *counts.entry(outcome.as_str()).or_default() += 1;
        if outcome == Outcome::Done(Procedure::RemoveRelationship) {
            assert_eq!(line.evidence.as_deref(), Some("observed"));
            removed.insert(line.customer_tenant_id.clone().unwrap().parse::<TenantId>().unwrap());
        } else {
            assert!(line.reasons.as_deref().is_some_and(|reasons| !reasons.is_empty()) || outcome.is_gone());
        }
    }
    // Everybody whose relationship ended is reported so, once, and nobody else was asked for.
    assert_eq!(world.removed().into_iter().collect::<BTreeSet<_>>(), removed);
    assert_eq!(world.removed().len(), removed.len());
    let asked: BTreeSet<String> = world.changes().into_iter().map(|received| received.target).collect();
    let expected: BTreeSet<String> = removed.iter().map(|id| format!("/v1/customers/{id}")).collect();
    assert_eq!(asked, expected);
    assert!(world.changes().iter().all(|received| received.exact_body == Some(true)));
    assert!(removed.len() > 500 && removed.len() < 900, "{counts:?}");

    // The summary says the same, and adds up.
    let summary: serde_json::Value = serde_json::from_str(&folder.report("summary.json")).unwrap();
    for (outcome, n) in &counts {
        assert_eq!(summary["counts"][*outcome], *n);
    }
    assert_eq!(summary["input"]["rows"], 1000);
    assert_eq!(summary["requests"]["total"], world.received().len());
}

#[test]
fn few_calls_a_customer() {
    let world = World::new(Scenario::generated_clean(450, SEED));
    let folder = Folder::new();
    folder.run(&world, &generated_list(100), &[]).exits(0);
    let mut purposes: BTreeMap<String, usize> = BTreeMap::new();
    for line in folder.requests() {
        *purposes.entry(line.purpose.unwrap()).or_default() += 1;
    }
    for purpose in ["read_subscriptions", "read_entitlements", "read_transfers", "remove_relationship"] {
        assert_eq!(purposes.remove(purpose), Some(100), "{purpose}");
    }
    // Orders are only read where an entitlement needs it.
    assert!(purposes.remove("read_order").unwrap_or_default() < 30);
    assert_eq!(purposes.remove("read_partner"), Some(1));
    assert_eq!(purposes.remove("list_resellers"), Some(1));
    // The plan's, and one page at the end of each wave, which shows that they are gone.
    assert!(purposes.remove("list_customers").unwrap() <= 5 + 2);
    assert!(purposes.is_empty(), "{purposes:?}");
}

#[test]
fn every_request_has_the_documented_headers() {
    let world = World::new(Scenario::generated_clean(60, SEED));
    let folder = Folder::new();
    folder.run(&world, &generated_list(10), &[]).exits(0);
    for received in world.received() {
        let header = |name: &str| {
            let found = received.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str())
        };
        assert_eq!(header("accept"), Some("application/json"));
        assert_eq!(header("accept-encoding"), Some("identity"));
        assert_eq!(
            header("ms-partnercenter-application"),
            Some(concat!("offboard/", env!("CARGO_PKG_VERSION")))
        );
        assert!(header("ms-requestid").is_some() && header("ms-correlationid").is_some());
        assert!(header("authorization").is_some());
        assert!(header("cookie").is_none());
    }
}
