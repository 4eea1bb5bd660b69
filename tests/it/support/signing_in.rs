//! A Partner Center with a sign-in service, and a run with a refresh token.

use super::{Done, Folder, PARTNER, World, list_of};
use offboard::simulator::generated_id;
use serde_json::{Value, json};
use std::process::Command;

pub(crate) const APP: &str = "5d5d5d5d-1111-4222-8333-444444444444";
pub(crate) const SEED: u64 = 2;

/// A world of clean customers with a sign-in service.
pub(crate) fn world(customers: u32, sign_in: Value, more: Value) -> World {
    let mut whole =
        json!({ "generated": { "count": customers, "seed": SEED, "clean": true }, "sign_in": sign_in });
    let (Value::Object(fields), Value::Object(more)) = (&mut whole, more) else { panic!() };
    fields.extend(more);
    World::of(&whole)
}

/// A list of these customers.
pub(crate) fn list(customers: u32) -> String {
    list_of((0..customers).map(|n| generated_id(SEED, n)))
}

/// The command, with a refresh token instead of an access token.
pub(crate) fn with_refresh_token(command: &mut Command) -> &mut Command {
    command
        .env_remove("OFFBOARD_ACCESS_TOKEN")
        .env("OFFBOARD_REFRESH_TOKEN", "the-first-refresh-token")
        .env("OFFBOARD_TENANT_ID", PARTNER)
        .env("OFFBOARD_CLIENT_ID", APP)
}

/// Runs a list of these customers with that refresh token.
pub(crate) fn run(folder: &Folder, world: &World, customers: u32, more: &[&str]) -> Done {
    let list = folder.write("list.csv", list(customers));
    let mut command = folder.run_command(world, &list, more);
    Done::of(&with_refresh_token(&mut command).output().unwrap())
}

/// The refresh token that a scenario knows at the start.
pub(crate) fn first() -> Value {
    json!(["the-first-refresh-token"])
}
