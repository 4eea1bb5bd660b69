//! What a simulated Partner Center is like, as JSON.
//!
//! Every field may be left out; a field that is not known is an error. `docs/scenario.md` has a
//! whole example.
//!
//! | field | meaning |
//! | --- | --- |
//! | `seed` | where all chance starts from |
//! | `partner` | the account that the token belongs to: `tenant_id`, `name`, `domain` |
//! | `calendar` | what time it is by the calendar of terms and cancellation windows when the first request comes; the clock's if not given |
//! | `sandbox` | whether this is an integration sandbox, where customers can be deleted |
//! | `resellers` | the partner's indirect resellers: `mpn_id`, `name` ([`Reseller`]) |
//! | `customers` | customers written out ([`Customer`]) |
//! | `made_up` | customers of which only `id`, and perhaps `name` and `domain`, are given; the rest is derived from the ID ([`ListedCustomer`]) |
//! | `generated` | `count` made-up customers whose IDs come from `seed`; with `clean`, nothing stands in the way of any of them ([`Generated`]) |
//! | `paging` | page sizes and the form of the link to the next page ([`Paging`]) |
//! | `quirks` | how answers look and when a removal shows ([`Quirks`]); a customer may have its own |
//! | `tokens` | which tokens are taken ([`Token`]); none: every one that is not empty |
//! | `sign_in` | the sign-in service, which gives tokens ([`SignIn`]) |
//! | `mfa` | whether the sign-in was done with MFA, and where that is shown ([`Mfa`]) |
//! | `throttling` | limits ([`Limit`]), all of which hold |
//! | `faults` | what goes wrong, in order ([`ScriptedFault`]); a customer may have its own |
//! | `chaos` | what goes wrong at random ([`Chaos`]) |
//! | `activity` | the record of what was done: how late it is, what it leaves out, what else is in it ([`Activity`]) |
//! | `latency` | `min_ms` and `max_ms` of every answer |
//! | `replay_request_ids` | whether a change with an `MS-RequestId` that was answered before gets the old answer again |

/// A word of the scenario: its variants are written in `snake_case`.
macro_rules! words {
    ($(#[$doc:meta])* pub enum $name:ident { $($(#[$variant_doc:meta])* $variant:ident,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }
    };
}

mod activity;
mod answering;
mod customer;
mod sign_in;
mod trouble;

pub use activity::{Activity, Also};
pub use answering::{
    AfterRemoval, Casing, CodeForm, Enforced, NextLink, Paging, Quirks, RemovalAnswer, Token, TotalCount,
    TransfersForm,
};
pub use customer::{
    AzureSubscription, Customer, DelegatedAdmin, Direction, Entitlement, Order, Relationship, Scheduled,
    Subscription, SubscriptionKind, Transfer, TransferLine,
};
pub use sign_in::{Mfa, MfaShown, NumberForm, PollAnswer, Rotation, SignIn};
pub use trouble::{
    Action, Chaos, ChaosKind, EffectTime, Latency, Limit, LimitKind, On, Per, RetryAfterForm, ScriptedFault,
};

use super::synthetic_customer::synthetic_resellers;
use crate::domain::{TenantId, Time};
use serde::{Deserialize, Serialize};

/// A simulated Partner Center before its first request; see the [module](self) for its fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Scenario {
    /// Where all chance starts from.
    pub seed: u64,
    /// The account that the token belongs to.
    pub partner: Partner,
    /// What time it is by the calendar of terms and windows when the first request comes.
    pub calendar: Option<Time>,
    /// Whether this is an integration sandbox.
    pub sandbox: bool,
    /// The partner's indirect resellers.
    pub resellers: Vec<Reseller>,
    /// Customers written out.
    pub customers: Vec<Customer>,
    /// Customers whose state is derived from their ID.
    pub made_up: Vec<ListedCustomer>,
    /// Customers whose ID is made up, too.
    pub generated: Option<Generated>,
    /// How the list of customers is cut into pages.
    pub paging: Paging,
    /// How answers look.
    pub quirks: Quirks,
    /// Which tokens are taken.
    pub tokens: Vec<Token>,
    /// The only token that Microsoft Graph takes, which Partner Center does not; any if not given.
    pub graph_token: Option<String>,
    /// How many relationships of delegated administration a page has.
    pub graph_page: Option<usize>,
    /// The sign-in service.
    pub sign_in: Option<SignIn>,
    /// How the MFA of the sign-in is judged.
    pub mfa: Mfa,
    /// Limits on the rate.
    pub throttling: Vec<Limit>,
    /// What goes wrong, in order.
    pub faults: Vec<ScriptedFault>,
    /// What goes wrong at random.
    pub chaos: Option<Chaos>,
    /// What the record of activity is like.
    pub activity: Activity,
    /// How long every answer takes.
    pub latency: Option<Latency>,
    /// Whether a repeated `MS-RequestId` gets the old answer again.
    pub replay_request_ids: bool,
}

/// The partner account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Partner {
    /// Its tenant.
    pub tenant_id: TenantId,
    /// The company's name.
    pub name: String,
    /// The primary domain.
    pub domain: String,
}

impl Default for Partner {
    fn default() -> Self {
        Self {
            tenant_id: TenantId::from_bytes([
                0x3d, 0x3d, 0x3d, 0x3d, 0x44, 0x44, 0x45, 0x55, 0x86, 0x66, 0x77, 0x77, 0x77, 0x77, 0x77,
                0x77,
            ]),
            name: "Fabrikam Demo".to_owned(),
            domain: "fabrikam-demo.onmicrosoft.com".to_owned(),
        }
    }
}

/// An indirect reseller, through whom the partner sells to customers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reseller {
    /// Its MPN ID.
    pub mpn_id: String,
    /// What it is called.
    pub name: String,
}

/// A customer of which only the list is known; its state is derived from its ID.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedCustomer {
    /// Its tenant.
    pub id: TenantId,
    /// Its name; made up if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Box<str>>,
    /// Its domain; made up if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<Box<str>>,
}

/// Made-up customers, [`generated_id`](super::generated_id)`(seed, 0..count)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generated {
    /// How many.
    pub count: u32,
    /// Where their IDs start from.
    #[serde(default)]
    pub seed: u64,
    /// Whether nothing stands in the way of any of them.
    #[serde(default)]
    pub clean: bool,
}

/// Why a text is not a scenario.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// It is not JSON, or has a field or a word that is not known.
    #[error("the scenario cannot be read: {0}")]
    Json(#[from] serde_json::Error),
    /// Two customers have the same ID.
    #[error("the customer `{0}` is there twice")]
    Twice(TenantId),
    /// A number is outside its range.
    #[error("`{field}` must be {range}")]
    Range {
        /// The field.
        field: &'static str,
        /// What it may be.
        range: &'static str,
    },
}

impl Scenario {
    /// Reads a scenario.
    pub fn from_json(text: &str) -> Result<Self, ScenarioError> {
        let scenario: Self = serde_json::from_str(text)?;
        scenario.check()?;
        Ok(scenario)
    }

    /// A Partner Center with this many customers in all kinds of states.
    pub fn generated(count: u32, seed: u64) -> Self {
        let resellers = synthetic_resellers();
        Self { seed, resellers, generated: Some(Generated { count, seed, clean: false }), ..Self::default() }
    }

    /// A Partner Center with this many customers, all of which can be removed.
    pub fn generated_clean(count: u32, seed: u64) -> Self {
        Self { seed, generated: Some(Generated { count, seed, clean: true }), ..Self::default() }
    }

    fn check(&self) -> Result<(), ScenarioError> {
        let mut ids: Vec<TenantId> = self.customers.iter().map(|customer| customer.id).collect();
        ids.sort_unstable();
        let twice = ids.windows(2).find_map(|pair| match pair {
            [a, b] if a == b => Some(*a),
            _ => None,
        });
        if let Some(id) = twice {
            return Err(ScenarioError::Twice(id));
        }
        let within = |fine: bool, field, range| {
            if fine { Ok(()) } else { Err(ScenarioError::Range { field, range }) }
        };
        let chaos = self.chaos.as_ref();
        let share = chaos.is_none_or(|chaos| (0.0..=1.0).contains(&chaos.share));
        within(share, "chaos.share", "from 0 to 1")?;
        let latency = self.latency.is_none_or(|latency| latency.min_ms <= latency.max_ms);
        within(latency, "latency.min_ms", "at most `max_ms`")?;
        let limits = self.throttling.iter().all(|limit| limit.requests > 0 && limit.window_ms > 0);
        within(limits, "throttling", "limits with `requests` and `window_ms` above 0")?;
        let pages = self.paging.default_size > 0 && self.paging.max_size > 0;
        within(pages, "paging", "sizes above 0")?;
        let own = self.customers.iter().flat_map(|customer| &customer.faults);
        let statuses = self.faults.iter().chain(own).filter_map(|fault| fault.action.status());
        within(statuses.into_iter().all(|s| (200..=999).contains(&s)), "status", "from 200 to 999")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_documentation_is_a_scenario() {
        let page = include_str!("../../../docs/scenario.md");
        let example = page.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
        let scenario = Scenario::from_json(example).unwrap();
        let again = serde_json::to_string(&scenario).unwrap();
        assert_eq!(Scenario::from_json(&again).unwrap(), scenario);
        assert!(!scenario.customers.is_empty() && !scenario.faults.is_empty());
    }

    #[test]
    fn nothing_is_a_scenario_and_a_misspelt_field_is_not() {
        assert_eq!(Scenario::from_json("{}").unwrap(), Scenario::default());
        for wrong in [
            r#"{"custmers":[]}"#,
            r#"{"quirks":{"bomb":true}}"#,
            r#"{"faults":[{"on":"remove","do":{"kind":"slow","delay_ms":1,"affect":"at_end"}}]}"#,
            r#"{"faults":[{"on":"remove","do":{"kind":"answer","status":42}}]}"#,
            r#"{"chaos":{"share":1.5}}"#,
            r#"{"latency":{"min_ms":2,"max_ms":1}}"#,
            r#"{"throttling":[{"requests":0,"window_ms":1000}]}"#,
            r#"{"customers":[{"id":"0a0b0c0d-1111-4222-8333-444444444444"},{"id":"0a0b0c0d-1111-4222-8333-444444444444"}]}"#,
        ] {
            assert!(Scenario::from_json(wrong).is_err(), "{wrong}");
        }
    }
}
