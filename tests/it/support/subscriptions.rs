//! Customers with subscriptions that are changed, and what becomes of those.

use super::{World, id};
use offboard::{domain::Time, simulator::Received};
use serde_json::{Value, json};

/// The ID of the subscription with this number.
pub(crate) fn subscription(n: u32) -> String {
    format!("5d0c0a4b-0000-4000-8000-{n:012x}")
}

/// A partner with these customers, and with others, so that it is not about all of them.
pub(crate) fn world(customers: &[Value], faults: Value) -> World {
    World::of(&json!({ "customers": customers, "generated": { "count": 40 }, "faults": faults }))
}

/// What happens to one request about this customer.
pub(crate) fn fault(on: &str, n: u32, action: Value) -> Value {
    json!({ "on": on, "customer": id(n).to_string(), "do": action })
}

pub(crate) fn refusal(status: u16, code: u32) -> Value {
    json!({ "kind": "answer", "status": status, "code": code })
}

/// Asserts that the subscription was read before this change of it, and that the version that was read went back.
#[track_caller]
pub(crate) fn assert_goes_back_as_read(world: &World, received: &Received) {
    let read = world.received().into_iter().rfind(|earlier| {
        earlier.method == "GET" && earlier.number < received.number && earlier.target == received.target
    });
    assert!(read.is_some(), "it is read just before");
    let header = |name: &str| received.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    assert_eq!(header("if-match").unwrap().1, "\"eyJ2ZXJzaW9uIjoxfQ==\"");
}

/// What really is: the status of each subscription of a customer.
pub(crate) fn statuses(world: &World, n: u32) -> Vec<String> {
    let now = Time::from_millis(4_000_000_000_000);
    world.model().statuses(now, id(n)).into_iter().map(|(_, status)| status).collect()
}
