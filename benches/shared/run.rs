//! The run that benchmarks carry out: a list of customers that may all go.

use offboard::{
    domain::{Mode, Procedure, Sha256, TenantId},
    input,
    record::{InputFile, Policy, Rules, RunOpened},
};
use std::collections::{BTreeMap, BTreeSet};

/// A run over so many customers of this partner, at this address and pace, in waves or not.
pub(crate) fn opened(
    url: &str,
    partner: &str,
    customers: usize,
    (rate, concurrency): (u32, u32),
    canary: u32,
) -> RunOpened {
    RunOpened {
        rules: Rules::LATEST,
        version: "bench".into(),
        procedure: Procedure::RemoveRelationship,
        mode: Mode::Run,
        changes: true,
        applies: None,
        api_url: url.to_owned(),
        operator: "bench".into(),
        host: "host".into(),
        input: InputFile {
            file: "list".into(),
            sha256: Sha256::of(&[b"x"]),
            rows: u32::try_from(customers).unwrap_or(u32::MAX),
            columns: vec!["id".into()],
            reading: None,
        },
        ticket: None,
        reason: None,
        policy: Policy {
            rate,
            concurrency,
            settle_seconds: 60,
            stop_after_failures: 0,
            canary,
            max_removals: u32::MAX,
            max_share: 100,
            approval_above: None,
            allow: vec![],
            protected: BTreeSet::new(),
            partner: partner.parse().ok(),
            sandbox: None,
            sandboxes: BTreeSet::new(),
            order_timeout_seconds: None,
            suspend_legacy: false,
            allowed: BTreeSet::new(),
        },
        settings: BTreeMap::new(),
    }
}

/// The `n`th customer.
pub(crate) fn id(n: usize) -> String {
    format!("d0000000-0000-4000-8000-{n:012x}")
}

/// The rows of the list.
pub(crate) fn rows(count: usize) -> Vec<input::Row> {
    let row = |n: usize| {
        let customer = id(n).parse::<TenantId>().ok()?;
        Some(input::Row {
            row: u32::try_from(n).ok()? + 2,
            customer: Ok(customer),
            name: None,
            domain: None,
            duplicate_of: None,
            cells: vec![customer.to_string()],
        })
    };
    (0..count).filter_map(row).collect()
}
