//! What slows requests down or breaks them: limits, faults, chance and latency.

use super::Casing;
use crate::domain::TenantId;
use serde::{Deserialize, Serialize};

words! {
    /// Which requests are meant.
    pub enum On {
        /// `PATCH /v1/customers/{id}`.
        Remove,
        /// `GET /v1/customers/{id}`.
        Customer,
        /// `GET …/subscriptions`.
        Subscriptions,
        /// `GET …/subscriptions/{id}`.
        Subscription,
        /// `PATCH …/subscriptions/{id}`.
        UpdateSubscription,
        /// `GET …/entitlements`.
        Entitlements,
        /// `GET …/orders` and `GET …/orders/{id}`.
        Orders,
        /// `GET …/subscriptions/{id}/azureEntitlements`.
        AzureEntitlements,
        /// `PATCH …/orders/{id}`.
        CancelOrder,
        /// `GET …/transfers`.
        Transfers,
        /// `GET …/relationships`: the indirect resellers of a customer.
        Relationships,
        /// `GET /v1/relationships`: all indirect resellers.
        Resellers,
        /// `DELETE /v1/customers/{id}`.
        Delete,
        /// `DELETE …/applicationconsents/{id}`.
        RevokeConsent,
        /// `GET /v1.0/tenantRelationships/delegatedAdminRelationships`.
        DelegatedAdmin,
        /// `POST …/delegatedAdminRelationships/{id}/requests` and `DELETE …/delegatedAdminRelationships/{id}`.
        EndDelegatedAdmin,
        /// `GET /v1/customers`.
        List,
        /// `GET /v1/customers/relationshiprequests`.
        RelationshipRequest,
        /// `GET /v1/auditrecords`.
        Activity,
        /// `GET /v1/profiles/organization`.
        Profile,
        /// `POST …/oauth2/v2.0/token`.
        Token,
        /// `POST …/oauth2/v2.0/devicecode`.
        DeviceCode,
        /// Every request.
        #[default]
        Any,
    }
}
words! {
    /// How a limit counts.
    pub enum LimitKind {
        /// At most `requests` in any `window_ms`; rejected requests count, too.
        #[default]
        Window,
        /// A bucket that holds `requests` and fills up again evenly in `window_ms`.
        Bucket,
    }
}
words! {
    /// For whom a limit counts.
    pub enum Per {
        /// Everybody together.
        #[default]
        Partner,
        /// Each customer.
        Customer,
    }
}
words! {
    /// The form of `Retry-After`.
    pub enum RetryAfterForm {
        /// Whole seconds.
        #[default]
        Seconds,
        /// An HTTP date.
        Date,
        /// No such header.
        None,
        /// A year.
        Absurd,
    }
}

/// A limit on the rate, for example
/// `{"requests":500,"window_ms":60000,"per":"partner","retry_after":"seconds"}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// `window` or `bucket`.
    #[serde(default)]
    pub kind: LimitKind,
    /// How many.
    pub requests: u32,
    /// In how many milliseconds.
    pub window_ms: u64,
    /// `partner` or `customer`; requests that concern no customer pass the latter.
    #[serde(default)]
    pub per: Per,
    /// `seconds`, `date`, `none` or `absurd`.
    #[serde(default)]
    pub retry_after: RetryAfterForm,
    /// Which requests count; all if empty.
    #[serde(default)]
    pub on: Vec<On>,
}

/// Something that goes wrong, for example
/// `{"on":"remove","skip":1,"times":1,"do":{"kind":"cut_before_answer","effect":true}}`.
///
/// A request gets the first fault that fires. A fault counts the requests that reach it: it lets
/// `skip` of them pass and fires for the next `times`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ScriptedFault {
    /// Only requests that concern this customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<TenantId>,
    /// Which requests; any if not given.
    #[serde(default)]
    pub on: On,
    /// How many pass first.
    #[serde(default)]
    pub skip: u64,
    /// How often it fires; 1 if not given, and 0 is without end.
    #[serde(default = "once")]
    pub times: u64,
    /// What happens.
    #[serde(rename = "do")]
    pub action: Action,
}

const fn once() -> u64 {
    1
}

words! {
    /// When a slow request has its effect.
    pub enum EffectTime {
        /// When it arrives.
        #[default]
        AtOnce,
        /// When it is answered.
        AtEnd,
    }
}

/// What happens to a request. `effect` says whether a change takes place in spite of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Another answer: with `code` a fault, with `html` a page, with `text` plain text, with `json`
    /// that text as JSON; else an empty body, or for status 429 the gateway's own.
    Answer {
        /// The status.
        status: u16,
        /// The fault's code.
        #[serde(default)]
        code: Option<u32>,
        /// The fault's text.
        #[serde(default)]
        description: Option<String>,
        /// A plain text.
        #[serde(default)]
        text: Option<String>,
        /// A page.
        #[serde(default)]
        html: Option<String>,
        /// A JSON text.
        #[serde(default)]
        json: Option<String>,
        /// The header `Retry-After`, as it is.
        #[serde(default)]
        retry_after: Option<String>,
        /// Whether the change takes place.
        #[serde(default)]
        effect: bool,
    },
    /// The connection closes before a byte of the answer.
    CutBeforeAnswer {
        /// Whether the change takes place.
        #[serde(default)]
        effect: bool,
    },
    /// The headers come and half of the body, then the connection closes. The change takes place.
    CutInBody {},
    /// The answer comes late.
    Slow {
        /// How late.
        delay_ms: u64,
        /// When the change takes place: `at_once` or `at_end`.
        #[serde(default)]
        effect: EffectTime,
    },
    /// The answer is lost, and the change takes place later.
    LateEffect {
        /// How much later.
        after_ms: u64,
        /// With this status and an empty body instead of a lost answer.
        #[serde(default)]
        status: Option<u16>,
    },
    /// 200 with a body that is no JSON. The change takes place.
    Garbage {},
    /// The keys of the body in another casing.
    Casing {
        /// Which.
        casing: Casing,
    },
    /// The answer names this relationship, whatever it is. The change takes place.
    Relationship {
        /// Any text.
        relationship: String,
    },
    /// The answer sends the client elsewhere.
    Redirect {
        /// 3xx.
        status: u16,
        /// Where to.
        location: String,
    },
    /// An error of the sign-in service.
    Entra {
        /// Its name, such as `invalid_grant`.
        error: String,
        /// Its number, such as 70008.
        code: u32,
    },
    /// A collection that names fewer than there are: its first `items`, and no link to more. The change takes place.
    Short {
        /// How many it names at most.
        items: usize,
        /// How many it says that there are; if not given, as many as there are.
        #[serde(default)]
        total: Option<u64>,
    },
    /// 200 with a body of this size. The change takes place.
    HugeBody {
        /// How large.
        bytes: usize,
    },
}

impl Action {
    /// The status that it sets.
    pub(super) const fn status(&self) -> Option<u16> {
        match self {
            Self::Answer { status, .. } | Self::Redirect { status, .. } => Some(*status),
            Self::LateEffect { status, .. } => *status,
            _ => None,
        }
    }
}

/// What goes wrong at random.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Chaos {
    /// Where its chance starts from.
    pub seed: u64,
    /// With how many requests something goes wrong, from 0 to 1.
    pub share: f64,
    /// What; everything if empty.
    pub kinds: Vec<ChaosKind>,
}

macro_rules! chaos_kinds {
    ($($(#[$doc:meta])* $kind:ident,)+) => {
        /// What can go wrong at random.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum ChaosKind { $($(#[$doc])* $kind,)+ }

        impl ChaosKind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)+];
        }
    };
}

chaos_kinds! {
    /// 500 with a fault, nothing happened.
    ServerError,
    /// 500 with a fault, although it took effect.
    ServerErrorWithEffect,
    /// 503 with `Retry-After`.
    Unavailable,
    /// 503 with `Retry-After`, although it took effect.
    UnavailableWithEffect,
    /// The gateway's own 404.
    Gateway,
    /// The gateway's own 404, although it took effect.
    GatewayWithEffect,
    /// 409 with a code that nobody knows, although it took effect.
    ConflictWithEffect,
    /// 503 with a page.
    Html,
    /// 502 with nothing.
    Empty,
    /// 429 with `Retry-After`.
    Throttled,
    /// 429 with `Retry-After`, although it took effect.
    ThrottledWithEffect,
    /// 401: the token has expired.
    Unauthorized,
    /// The connection closes, nothing happened.
    Cut,
    /// The connection closes, although it took effect.
    CutWithEffect,
    /// The connection closes in the body.
    CutInBody,
    /// Some seconds late.
    Slow,
    /// The answer is lost, and the change takes place up to a minute later.
    Late,
    /// A body that is no JSON.
    Garbage,
    /// A collection that names nobody, or one item, of as many as there are.
    Short,
}

/// How long every answer takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Latency {
    /// At least.
    pub min_ms: u64,
    /// At most.
    pub max_ms: u64,
}
