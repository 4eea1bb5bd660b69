//! The model, asked as a client would ask it.

mod chance;
mod endpoints;
mod mishaps;
mod quirks;
mod removals;
mod sign_in;
mod throttling;

use super::{Cut, Model, Reply, Request};
use crate::domain::{TenantId, Time};
use crate::simulator::Scenario;
use serde_json::{Value, json};
use std::time::Duration;

/// 2026-11-20T09:15:30Z.
const NOW: Time = Time::from_millis(1_795_166_130_000);

const A: &str = "0a0b0c0d-1111-4222-8333-444444444444";
const B: &str = "0a0b0c0d-1111-4222-8333-555555555555";
const C: &str = "0a0b0c0d-1111-4222-8333-666666666666";

const REMOVAL: &str = r#"{"relationshipToPartner":"none","attributes":{"objectType":"Customer"}}"#;

fn model(scenario: &Value) -> Model {
    Model::new(Scenario::from_json(&scenario.to_string()).unwrap())
}

/// A model with customer A, who has nothing, and these other fields.
fn model_with(more: Value) -> Model {
    let mut scenario = json!({ "customers": [{ "id": A, "name": "Litware", "domain": "litware.example" }] });
    let (Value::Object(fields), Value::Object(more)) = (&mut scenario, more) else { panic!() };
    fields.extend(more);
    model(&scenario)
}

fn request(method: &str, target: &str, body: &str) -> Request {
    let headers = [("authorization", "Bearer made-up"), ("ms-requestid", B), ("ms-correlationid", C)];
    Request {
        method: method.to_owned(),
        target: target.to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        body: body.as_bytes().to_vec(),
    }
}

fn get(model: &mut Model, target: &str) -> Reply {
    model.handle(NOW, &request("GET", target, ""))
}

fn remove(model: &mut Model, id: &str) -> Reply {
    remove_at(model, NOW, id)
}

fn remove_at(model: &mut Model, now: Time, id: &str) -> Reply {
    model.handle(now, &request("PATCH", &format!("/v1/customers/{id}"), REMOVAL))
}

fn json_of(reply: &Reply) -> Value {
    let text = std::str::from_utf8(&reply.body).unwrap();
    serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap()
}

fn code_of(reply: &Reply) -> (u16, String) {
    let code = &json_of(reply)["code"];
    (reply.status, code.as_str().map_or_else(|| code.to_string(), str::to_owned))
}

fn id(text: &str) -> TenantId {
    text.parse().unwrap()
}

fn after(seconds: u64) -> Time {
    NOW.plus(Duration::from_secs(seconds))
}

fn fault(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
