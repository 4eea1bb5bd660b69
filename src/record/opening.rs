//! What is recorded when a log or a run begins.

use super::about::About;
use crate::domain::{Effect, ListReading, Mode, Procedure, Reason, RunId, Seq, Sha256, TenantId, Time};
use serde::{Deserialize, Deserializer, Serialize, de};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

/// How long an order has to be cancelled, unless somebody says otherwise.
pub const ORDER_TIMEOUT: Duration = Duration::from_mins(15);

/// See [`super::Event::LogOpened`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogOpened {
    /// Sixteen random bytes in hexadecimal, so that two logs are never taken for one.
    pub log_id: String,
    /// The version of this program.
    pub version: String,
    /// The version of `SQLite`.
    pub sqlite: String,
    /// The digest over the definitions of the log's tables, triggers and views.
    pub schema_sha256: Sha256,
    /// Which layout of tables, triggers and views it has; none: the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<i32>,
}

impl LogOpened {
    /// Which layout of tables, triggers and views it has.
    pub fn layout(&self) -> i32 {
        self.format.unwrap_or(1)
    }
}

/// See [`super::Event::KeyIntroduced`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyIntroduced {
    /// The public half, as signed notes write it: `<name>+<id>+<base64>`.
    pub vkey: String,
}

/// By which rules the records of a run are judged: those under which it was opened. A rule that becomes stricter makes no
/// older run illegal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Rules(u32);

impl<'de> Deserialize<'de> for Rules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let rules = Self(u32::deserialize(deserializer)?);
        // By rules that are not known here, nothing can be judged: a word of a newer program.
        let newer = || de::Error::unknown_variant(&format!("rules {}", rules.0), &["1", "2"]);
        if rules <= Self::LATEST { Ok(rules) } else { Err(newer()) }
    }
}

impl Rules {
    /// Those of runs that do not say.
    pub const FIRST: Self = Self(1);
    /// Those of today. Since 2, a change is known not to have happened only if nothing of it left or the service itself
    /// says so, and each attempt of it has the same request ID.
    pub const LATEST: Self = Self(2);

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
    fn are_first(&self) -> bool {
        *self == Self::FIRST
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self::FIRST
    }
}

/// See [`super::Event::RunOpened`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunOpened {
    /// The version of this program.
    pub version: String,
    /// By which rules its records are judged.
    #[serde(default, skip_serializing_if = "Rules::are_first")]
    pub rules: Rules,
    /// What is done to each customer.
    pub procedure: Procedure,
    /// In what earnest.
    pub mode: Mode,
    /// Whether the run may send changes at all; a plan may not.
    pub changes: bool,
    /// The sealed plan that is carried out, when it was made by a run of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applies: Option<Applies>,
    /// The run whose changes are taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub takes_back: Option<RunId>,
    /// Where Partner Center is.
    pub api_url: String,
    /// The person's name on this machine.
    pub operator: String,
    /// This machine's name.
    pub host: String,
    /// The list.
    pub input: InputFile,
    /// The change ticket, if one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Why, in the operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the engine must obey.
    pub policy: Policy,
    /// Every setting, with where its value came from.
    pub settings: BTreeMap<String, Setting>,
}

/// A plan that another run made and sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applies {
    /// The run that made it.
    pub run: RunId,
    /// The plan's digest.
    pub digest: Sha256,
    /// The customers of the plan that runs of this log removed since it was made. Runs of earlier programs do not
    /// say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removed_since: Option<Vec<TenantId>>,
}

/// The list that a run reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputFile {
    /// The file as it was named.
    pub file: String,
    /// The digest of its bytes.
    pub sha256: Sha256,
    /// How many rows it has.
    pub rows: u32,
    /// Its header.
    pub columns: Vec<String>,
    /// How it was read; none: by a program that did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reading: Option<ListReading>,
}

/// A setting and its origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// The value, as text.
    pub value: String,
    /// `option`, `environment`, `file` or `default`.
    pub origin: String,
}

/// What the engine must obey, in numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The ceiling, in requests per minute.
    pub rate: u32,
    /// The most requests in flight.
    pub concurrency: u32,
    /// How many seconds to wait before asking what became of a change.
    pub settle_seconds: u32,
    /// Stop when this many customers in a row fail, or too many of the latest; 0 never.
    pub stop_after_failures: u32,
    /// How many customers the first wave has; the rest follows when it ended without surprise. 0: no waves.
    #[serde(default)]
    pub canary: u32,
    /// The most removals a plan may have.
    pub max_removals: u32,
    /// The largest share of all the partner's customers, in percent, that a plan may remove.
    pub max_share: u32,
    /// No more customers than this are ready, the first of the list; those after them are not read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    /// A plan that removes more than this needs the approval of a second person; none: no plan does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval_above: Option<u32>,
    /// Reasons that the service may decide about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow: Vec<Reason>,
    /// Only customers of these indirect resellers, by their MPN IDs; all customers if it is empty.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub only_reseller: BTreeSet<String>,
    /// Customers that are never touched. They have a record of their own, so that the one which opens a run
    /// can be shown to somebody who must not learn of other customers.
    #[serde(default, skip_serializing)]
    pub protected: BTreeSet<TenantId>,
    /// The partner account that this must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partner: Option<TenantId>,
    /// The integration sandbox whose customers may be deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sandbox: Option<TenantId>,
    /// Integration sandboxes, where ending a relationship would destroy the customer.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sandboxes: BTreeSet<TenantId>,
    /// Whether a plan may suspend legacy subscriptions before a removal.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub suspend_legacy: bool,
    /// What else a plan may name to be done first, because an option allowed it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub allowed: BTreeSet<Effect>,
    /// The applications whose consent a plan may name to be revoked before a removal.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub revoke_consent: BTreeSet<String>,
    /// How many seconds an order has to be cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_timeout_seconds: Option<u32>,
}

impl Policy {
    /// Whether `other` differs in its pace alone, which is all that may change when a run goes on.
    pub fn differs_in_pace_only(&self, other: &Self) -> bool {
        let same_pace = Self {
            rate: self.rate,
            concurrency: self.concurrency,
            protected: self.protected.clone(),
            ..other.clone()
        };
        *self == same_pace
    }

    /// Whether an option allowed that a plan names this effect.
    pub fn allows(&self, effect: Effect) -> bool {
        self.allowed.contains(&effect) || (self.suspend_legacy && effect == Effect::SUSPEND_LEGACY)
    }

    /// How long to wait before asking what became of a change.
    pub fn settle(&self) -> Duration {
        Duration::from_secs(u64::from(self.settle_seconds))
    }

    /// How long an order has to be cancelled, once that was accepted.
    pub fn order_timeout(&self) -> Duration {
        self.order_timeout_seconds.map_or(ORDER_TIMEOUT, |seconds| Duration::from_secs(u64::from(seconds)))
    }
}

/// See [`super::Event::CustomersProtected`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomersProtected {
    /// Their tenant IDs.
    pub customers: BTreeSet<TenantId>,
}

/// See [`super::Event::RowRead`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRead {
    /// The row's number in the list.
    pub row: u32,
    /// The customer, if the row names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<TenantId>,
    /// The name that the list gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The domain that the list gives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// Every cell as it stands in the list.
    pub cells: Vec<String>,
}

/// See [`super::Event::TokenNamed`]: what a token says of itself, never the token.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenNamed {
    /// Where it came from, for example `OFFBOARD_ACCESS_TOKEN`.
    pub source: String,
    /// Claim `tid`: the tenant that issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Claim `appid` or `azp`: the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Claim `upn`, `preferred_username` or `oid`: the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Claim `aud`: what it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Claim `exp`: when it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
}

/// See [`super::Event::PartnerIdentified`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partner {
    /// The partner's tenant.
    pub tenant_id: TenantId,
    /// The partner's name.
    pub name: String,
    /// The intent of the request that said so.
    pub basis: Seq,
}

impl About for LogOpened {}
impl About for KeyIntroduced {}
impl About for TokenNamed {}
impl About for Partner {}
impl About for Policy {}

impl About for RunOpened {
    fn names(&self) -> Vec<String> {
        self.policy.protected.iter().map(TenantId::to_string).collect()
    }
}

impl About for CustomersProtected {
    fn names(&self) -> Vec<String> {
        self.customers.iter().map(TenantId::to_string).collect()
    }
}

impl About for RowRead {
    fn row(&self) -> Option<u32> {
        Some(self.row)
    }

    fn customer(&self) -> Option<TenantId> {
        self.customer
    }

    fn names(&self) -> Vec<String> {
        let customer = self.customer.as_ref().map(TenantId::to_string);
        customer.into_iter().chain(self.name.clone()).chain(self.domain.clone()).collect()
    }
}
