//! Customers and what they have, in short forms that a person can write.
//!
//! Wherever the short form is not enough, `with` lays fields over the JSON that is made from it,
//! and `raw` replaces that JSON. Whether something stands in the way of a removal is always judged
//! by the short form.

use super::{Quirks, ScriptedFault};
use crate::domain::TenantId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What the partner is to a customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relationship {
    /// Not said.
    Unknown,
    /// The partner sells to the customer.
    #[default]
    Reseller,
    /// The partner only advises.
    Advisor,
    /// An older kind of programme.
    Syndication,
    /// Microsoft's own support.
    MicrosoftSupport,
    /// There is none, or none any more.
    None,
}

impl Relationship {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Reseller => "reseller",
            Self::Advisor => "advisor",
            Self::Syndication => "syndication",
            Self::MicrosoftSupport => "microsoft_support",
            Self::None => "none",
        }
    }
}

/// One customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Customer {
    /// Its tenant.
    pub id: TenantId,
    /// Its name; made up if not given.
    #[serde(default)]
    pub name: Option<String>,
    /// Its domain; made up if not given.
    #[serde(default)]
    pub domain: Option<String>,
    /// `reseller` if not given.
    #[serde(default)]
    pub relationship: Relationship,
    /// What it subscribes to.
    #[serde(default)]
    pub subscriptions: Vec<Subscription>,
    /// What it is entitled to.
    #[serde(default)]
    pub entitlements: Vec<Entitlement>,
    /// Orders beside those that entitlements name, which are there by themselves.
    #[serde(default)]
    pub orders: Vec<Order>,
    /// The delegated administration that it has granted the partner.
    #[serde(default)]
    pub delegated_admin: Vec<DelegatedAdmin>,
    /// The IDs of the partner's applications that it has consented to.
    #[serde(default)]
    pub consents: Vec<String>,
    /// Transfers of what it has, to another partner or from one.
    #[serde(default)]
    pub transfers: Vec<Transfer>,
    /// The MPN ID of the indirect reseller that it belongs to, if there is one.
    #[serde(default)]
    pub reseller: Option<String>,
    /// Quirks of this customer's answers.
    #[serde(default)]
    pub quirks: Quirks,
    /// What goes wrong with this customer; comes before the scenario's own faults.
    #[serde(default)]
    pub faults: Vec<ScriptedFault>,
}

impl Customer {
    /// A reseller customer that has nothing.
    pub const fn new(id: TenantId) -> Self {
        Self {
            id,
            name: None,
            domain: None,
            relationship: Relationship::Reseller,
            subscriptions: Vec::new(),
            entitlements: Vec::new(),
            orders: Vec::new(),
            delegated_admin: Vec::new(),
            consents: Vec::new(),
            transfers: Vec::new(),
            reseller: None,
            quirks: Quirks::NONE,
            faults: Vec::new(),
        }
    }
}

/// What kind of subscription it is; it decides the fields that it shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionKind {
    /// A licence or Azure subscription of the old kind; enough if it is suspended.
    #[default]
    Legacy,
    /// New commerce; must be cancelled.
    NewCommerce,
    /// An Azure plan, with Azure subscriptions under it.
    AzurePlan,
    /// A savings plan.
    SavingsPlan,
    /// A third party's product.
    Marketplace,
}

/// One subscription, for example `{"kind":"legacy","status":"active","name":"Office 365 E3"}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Subscription {
    /// `legacy`, `new_commerce`, `azure_plan`, `savings_plan` or `marketplace`.
    pub kind: SubscriptionKind,
    /// The status on the wire; `active` if not given. Any text, for statuses that nobody knows.
    pub status: Option<String>,
    /// What it is called.
    pub name: Option<String>,
    /// Its ID; made up if not given.
    pub id: Option<String>,
    /// How many licences; 1 if not given.
    pub quantity: Option<u32>,
    /// When the commitment ends: a date, or a date and time, in any form.
    pub ends: Option<String>,
    /// How long its term is, as an ISO 8601 duration; a year if not given, and three for a savings plan.
    pub term: Option<String>,
    /// Whether it renews itself; if not given, it does, unless it is an Azure plan or a savings plan.
    pub auto_renew: Option<bool>,
    /// What is scheduled for the end of its term; not shown if not given.
    pub scheduled: Option<Vec<Scheduled>>,
    /// Whether the service makes an extended service term of a cancellation at the term's end that it agreed to.
    pub extends_instead: bool,
    /// Whether it is a trial.
    pub trial: bool,
    /// Until when it can be cancelled.
    pub cancellable_until: Option<String>,
    /// The order that it came with.
    pub order: Option<String>,
    /// Azure subscriptions under an Azure plan; one that is active if not given.
    pub azure: Option<Vec<AzureSubscription>>,
    /// Fields that are laid over the JSON.
    pub with: Map<String, Value>,
    /// The whole JSON instead.
    pub raw: Option<Value>,
}

/// What is scheduled for a subscription, for example `{"action":"Cancel"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheduled {
    /// `Cancel`, `RenewToNewTerm`, `RenewToExtendedServiceTerm`, `Transition`, or any other text, which goes
    /// over the wire as it is.
    pub action: String,
    /// `TermEnd` if not given, `CustomDate`, or any other text.
    #[serde(default)]
    pub schedule: Option<String>,
    /// The day of a `CustomDate`.
    #[serde(default)]
    pub on: Option<String>,
}

/// An Azure subscription under an Azure plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AzureSubscription {
    /// What it is called.
    pub name: String,
    /// Its status, for example `active`.
    pub status: String,
}

/// One entitlement, for example
/// `{"kind":"reserved_instance","expires":"2031-05-01","order":"Zx1","order_status":"completed"}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Entitlement {
    /// `reserved_instance`, `software`, or any other text, which goes over the wire as it is.
    pub kind: String,
    /// What it is called.
    pub name: Option<String>,
    /// The artifact's ID; made up if not given.
    pub id: Option<String>,
    /// How many; 1 if not given. 0 is not in force.
    pub quantity: Option<u32>,
    /// When it expires; shown only to who asks for it.
    pub expires: Option<String>,
    /// The order's ID; made up if not given.
    pub order: Option<String>,
    /// The order's status; `completed` if not given, and `cancelled` is not in force.
    pub order_status: Option<String>,
    /// Entitlements inside this one, under the same order if they name none.
    pub included: Vec<Entitlement>,
    /// Fields that are laid over the JSON.
    pub with: Map<String, Value>,
    /// The whole JSON instead.
    pub raw: Option<Value>,
}

/// A relationship of delegated administration, for example `{"name":"Helpdesk","status":"active"}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DelegatedAdmin {
    /// What it is called.
    pub name: Option<String>,
    /// Its state; `active` if not given. Any text, for states that nobody knows.
    pub status: Option<String>,
    /// The IDs of the templates of its roles.
    pub roles: Vec<String>,
    /// The day on which it ends.
    pub ends: Option<String>,
    /// Whether it extends itself then.
    pub extends: bool,
    /// How long its termination takes, in milliseconds, once that was accepted; 0 if not given.
    pub terminates_after_ms: u64,
    /// Whether its termination is accepted and never takes place.
    pub never_terminates: bool,
    /// Fields that are laid over the JSON.
    pub with: Map<String, Value>,
}

/// One order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Order {
    /// Its ID.
    pub id: String,
    /// `completed` if not given.
    pub status: Option<String>,
    /// When it was made.
    pub created: Option<String>,
    /// What was ordered.
    pub name: Option<String>,
    /// How many; 1 if not given.
    pub quantity: Option<u32>,
    /// How long it takes to be cancelled, in milliseconds, once that was accepted; 0 if not given.
    pub cancels_after_ms: u64,
    /// Whether its cancellation is accepted and never takes place.
    pub never_cancels: bool,
    /// The code with which its cancellation is refused.
    pub refuses: Option<u32>,
    /// Fields that are laid over the JSON.
    pub with: Map<String, Value>,
    /// The whole JSON instead.
    pub raw: Option<Value>,
}

words! {
    /// Which way a transfer goes.
    pub enum Direction {
        /// From this partner to another.
        #[default]
        Away,
        /// From another partner to this one.
        Here,
    }
}

/// One transfer, for example `{"status":"Active","direction":"away","partner":"Wingtip","created":"2026-11-10"}`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Transfer {
    /// Its ID; made up if not given.
    pub id: Option<String>,
    /// The status on the wire; `Active` if not given. Any text, for statuses that nobody knows.
    pub status: Option<String>,
    /// `away` or `here`.
    pub direction: Direction,
    /// What the other partner is called.
    pub partner: Option<String>,
    /// When it was made: a date, or a date and time.
    pub created: Option<String>,
    /// When it expires; shown only if given.
    pub expires: Option<String>,
    /// When it was completed; shown only if given.
    pub completed: Option<String>,
    /// What is transferred; one product if not given.
    pub lines: Option<Vec<TransferLine>>,
    /// Fields that are laid over the JSON.
    pub with: Map<String, Value>,
    /// The whole JSON instead.
    pub raw: Option<Value>,
}

/// A line of a transfer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TransferLine {
    /// What it is called.
    pub name: Option<String>,
    /// The subscription's ID; made up if not given.
    pub subscription: Option<String>,
    /// How many; 1 if not given.
    pub quantity: Option<u32>,
    /// Its own status, if it has one.
    pub status: Option<String>,
}
