//! What the tests share: a folder to work in, the program, and a Partner Center that never was.

pub(crate) mod bad_day;
pub(crate) mod canary;
pub(crate) mod claims;
pub(crate) mod customers;
#[cfg(unix)]
pub(crate) mod disk;
pub(crate) mod evidence;
mod hostile;
pub(crate) mod in_process;
mod numbers;
pub(crate) mod other_service;
pub(crate) mod outputs;
pub(crate) mod payloads;
mod program;
mod promises;
mod reviewing;
pub(crate) mod signing_in;
pub(crate) mod strace;
pub(crate) mod subscriptions;
pub(crate) mod system;
#[cfg_attr(windows, path = "no_terminal.rs")]
mod terminal;
mod world;

pub(crate) use hostile::{Hostile, answer};
pub(crate) use numbers::Numbers;
pub(crate) use program::{Done, Folder, limited};
pub(crate) use promises::hold;
pub(crate) use reviewing::Reviewing;
#[cfg(unix)]
pub(crate) use terminal::{Screen, conversed, watched};
pub(crate) use terminal::{sat_at, typed};
pub(crate) use world::{World, wait_for_changes, wait_until};

use offboard::{
    audit::SigningKey,
    domain::{Secret, TenantId},
};
use serde_json::{Value, json};
use std::{
    path::Path,
    process::{Command, Stdio},
};

/// What ends a relationship: exactly these 71 bytes.
pub(crate) const REMOVAL_BODY: &str =
    r#"{"relationshipToPartner":"none","attributes":{"objectType":"Customer"}}"#;

/// The partner that every scenario has unless it says otherwise.
pub(crate) const PARTNER: &str = "3d3d3d3d-4444-4555-8666-777777777777";
/// The partner's name.
pub(crate) const PARTNER_NAME: &str = "Fabrikam Demo";

/// The `n`th customer of a test.
pub(crate) fn id(n: u32) -> TenantId {
    format!("c0000000-0000-4000-8000-{n:012x}").parse().unwrap()
}

/// A list with these IDs.
pub(crate) fn list_of(ids: impl IntoIterator<Item = TenantId>) -> String {
    let mut text = "Customer tenant ID,Note\n".to_owned();
    for (n, id) in ids.into_iter().enumerate() {
        text.push_str(&format!("{id},note {n}\n"));
    }
    text
}

/// After the plan's, so many listings of all customers are a page of some proxy, and tell nothing; 0 is without end.
pub(crate) fn blind_listing(times: u32) -> Value {
    let page = json!({ "kind": "answer", "status": 404, "html": "<html>not here</html>" });
    json!({ "on": "list", "skip": 1, "times": times, "do": page })
}

/// A signing key that is the same in every test, as its file holds it.
pub(crate) const KEY: &str = "PRIVATE+KEY+tester@host+a1488287+AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB";

/// That key.
pub(crate) fn key() -> SigningKey {
    SigningKey::from_text(&Secret::new(KEY.to_owned())).unwrap()
}

/// Whether this is there; says so when it is not.
pub(crate) fn is_available(what: &str, command: &Path, argument: &str, hint: &str) -> bool {
    let tried = Command::new(command).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let available = tried.is_ok_and(|status| status.success());
    if !available {
        let text = format!("SKIPPED: {what} is not there ({hint})");
        assert!(std::env::var_os("OFFBOARD_TESTS_SKIP_NOTHING").is_none(), "{text}");
        println!("{text}");
    }
    available
}
