//! What the model received, in the order in which it received it.
//!
//! This is the other side's own account: a test compares it with what the
//! program wrote down, entry by entry. No
//! secret is in it; of the `Authorization` header only the length is kept.

use super::model::Cut;
use crate::domain::{TenantId, Time};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, io::Write};

/// One request that arrived, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// When it arrived.
    pub at: Time,
    /// 1, 2, 3 …
    pub number: u64,
    /// The method.
    pub method: String,
    /// Path and query as received.
    pub target: String,
    /// `MS-RequestId` as sent.
    pub request_id: Option<String>,
    /// `MS-CorrelationId` as sent.
    pub correlation_id: Option<String>,
    /// All headers; of those that hold a secret, the length.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
    /// The status of the answer, even if the answer was cut.
    pub status: u16,
    /// How much of the answer was sent.
    pub cut: Cut,
    /// Whether it changed something at once.
    pub took_effect: bool,
    /// When it changes something, if later.
    pub effect_due: Option<Time>,
    /// For a removal: whether the body was exactly the documented one, byte for byte.
    pub exact_body: Option<bool>,
}

/// How many requests arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Altogether.
    pub requests: u64,
    /// With each status, cut answers included.
    pub by_status: BTreeMap<u16, u64>,
    /// With each method.
    pub by_method: BTreeMap<String, u64>,
    /// Whose answer was cut.
    pub cut: u64,
    /// That changed something, at once or later.
    pub effects: u64,
}

/// What becomes of what was received. Counts are always kept.
#[derive(Default)]
pub enum Keep {
    /// All of it is kept in memory.
    #[default]
    All,
    /// Only the counts are kept.
    Counts,
    /// Each entry is written as one line of JSON when it comes.
    Lines(Box<dyn Write + Send>),
}

impl fmt::Debug for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::All => "All",
            Self::Counts => "Counts",
            Self::Lines(_) => "Lines(…)",
        })
    }
}

/// What the model received.
#[derive(Debug, Default)]
pub struct Journal {
    keep: Keep,
    entries: Vec<Received>,
    counts: Counts,
    unwritten: u64,
}

impl Journal {
    pub(super) fn keeping(keep: Keep) -> Self {
        Self { keep, ..Self::default() }
    }

    /// The entries, if all are kept.
    pub fn entries(&self) -> &[Received] {
        &self.entries
    }

    /// Whose removal or deletion was accepted, in order, whether it took effect at once or does so later. A
    /// customer that stands here twice was removed twice: had the first one been slower, both would have
    /// been carried out.
    pub fn accepted(&self) -> impl Iterator<Item = TenantId> {
        self.entries.iter().filter_map(|received| {
            let ends = matches!(received.method.as_str(), "PATCH" | "DELETE")
                && (received.took_effect || received.effect_due.is_some());
            let customer = received.target.strip_prefix("/v1/customers/").filter(|_| ends)?;
            customer.parse().ok()
        })
    }

    /// The orders whose cancellation was accepted, in order, whether it took effect at once or does so later.
    pub fn cancelled(&self) -> impl Iterator<Item = (TenantId, &str)> {
        self.entries.iter().filter_map(|received| {
            let is_accepted =
                received.method == "PATCH" && (received.took_effect || received.effect_due.is_some());
            let path = received.target.strip_prefix("/v1/customers/").filter(|_| is_accepted)?;
            let (customer, order) = path.split_once("/orders/")?;
            Some((customer.parse().ok()?, order))
        })
    }

    /// The counts.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// How many entries could not be written as lines.
    pub fn unwritten(&self) -> u64 {
        self.unwritten
    }

    pub(super) fn add(&mut self, received: Received) {
        let counts = &mut self.counts;
        counts.requests += 1;
        *counts.by_status.entry(received.status).or_default() += 1;
        if let Some(count) = counts.by_method.get_mut(&received.method) {
            *count += 1;
        } else {
            counts.by_method.insert(received.method.clone(), 1);
        }
        counts.cut += u64::from(received.cut != Cut::None);
        counts.effects += u64::from(received.took_effect || received.effect_due.is_some());
        match &mut self.keep {
            Keep::All => self.entries.push(received),
            Keep::Counts => {}
            Keep::Lines(write) => {
                let line = serde_json::to_string(&received);
                let written = line.is_ok_and(|line| writeln!(write, "{line}").is_ok());
                self.unwritten += u64::from(!written);
            }
        }
    }
}

/// The headers as they may be kept.
pub(super) fn without_secrets(headers: &[(String, String)]) -> Vec<(String, String)> {
    let keep = |(name, value): &(String, String)| {
        let secret = ["authorization", "proxy-authorization", "cookie"];
        let secret = secret.iter().any(|secret| name.eq_ignore_ascii_case(secret));
        (name.clone(), if secret { format!("({} characters)", value.len()) } else { value.clone() })
    };
    headers.iter().map(keep).collect()
}
