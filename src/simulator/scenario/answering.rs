//! How answers look: paging, quirks and tokens.

use crate::domain::Time;
use serde::{Deserialize, Serialize};

/// How the list of customers is cut into pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Paging {
    /// When `size` is not given.
    pub default_size: u32,
    /// However large `size` is.
    pub max_size: u32,
    /// The form of `links.next.uri`.
    pub next_link: NextLink,
    /// What `totalCount` counts.
    pub total_count: TotalCount,
}

impl Default for Paging {
    fn default() -> Self {
        let (next_link, total_count) = (NextLink::default(), TotalCount::default());
        Self { default_size: 100, max_size: 500, next_link, total_count }
    }
}

words! {
    /// The form of `links.next.uri`.
    pub enum NextLink {
        /// `/customers?…`, to be joined with the base URL and its `/v1`.
        #[default]
        Short,
        /// `/v1/customers?…`.
        WithV1,
    }
}
words! {
    /// What `totalCount` counts.
    pub enum TotalCount {
        /// All customers.
        #[default]
        All,
        /// The items of this page.
        Page,
    }
}
words! {
    /// The casing of the keys of JSON bodies.
    pub enum Casing {
        /// `relationshipToPartner`.
        #[default]
        Camel,
        /// `RelationshipToPartner`.
        Pascal,
        /// `RELATIONSHIPTOPARTNER`.
        Upper,
    }
}
words! {
    /// How a fault's code is written.
    pub enum CodeForm {
        /// `"20002"`.
        #[default]
        Text,
        /// `20002`.
        Number,
    }
}
words! {
    /// What is in the body of the 200 that answers a removal.
    pub enum RemovalAnswer {
        /// The customer.
        #[default]
        Customer,
        /// The example of the documentation: `PascalCase`, and null but for the relationship.
        Documented,
        /// Nothing.
        Empty,
    }
}
words! {
    /// How a read of a customer answers when there is no relationship any more.
    pub enum AfterRemoval {
        /// 404, code 60003.
        #[default]
        NotFound,
        /// 403, code 20002.
        Forbidden,
        /// 200, with relationship `none`.
        None,
    }
}
words! {
    /// Which preconditions of a removal the service itself enforces.
    pub enum Enforced {
        /// All of them.
        #[default]
        All,
        /// Only the old ones: active subscriptions and reserved instances.
        Old,
        /// None: a removal of a customer that is not ready does harm.
        Nothing,
    }
}

words! {
    /// In which form transfers come.
    pub enum TransfersForm {
        /// As a bare list.
        #[default]
        List,
        /// As a collection with its items.
        Collection,
    }
}

/// How answers look and when a removal shows; what is not given here is as in the scenario, and
/// what is not given there either is the first of its words, `false` or 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Quirks {
    /// Whether a byte-order mark precedes every JSON body.
    pub bom: Option<bool>,
    /// The casing of all bodies: `camel`, `pascal` or `upper`.
    pub casing: Option<Casing>,
    /// The casing of the answer to a removal only.
    pub removal_casing: Option<Casing>,
    /// How fault codes are written: `text` or `number`.
    pub fault_codes: Option<CodeForm>,
    /// The answer to a removal: `customer`, `documented` or `empty`.
    pub removal_answer: Option<RemovalAnswer>,
    /// Reads after a removal: `not_found`, `forbidden` or `none`.
    pub after_removal: Option<AfterRemoval>,
    /// For how many milliseconds a removed customer is still shown as it was.
    pub visible_for_ms: Option<u64>,
    /// Preconditions: `all`, `old` or `nothing`.
    pub enforces: Option<Enforced>,
    /// Whether answers carry an `MS-RequestId` of their own instead of the one that was sent.
    pub own_request_id: Option<bool>,
    /// In which form transfers come: `list` or `collection`.
    pub transfers: Option<TransfersForm>,
}

impl Quirks {
    /// Nothing given.
    pub const NONE: Self = Self {
        bom: None,
        casing: None,
        removal_casing: None,
        fault_codes: None,
        removal_answer: None,
        after_removal: None,
        visible_for_ms: None,
        enforces: None,
        own_request_id: None,
        transfers: None,
    };

    /// These quirks, and `base` where they say nothing.
    #[must_use]
    pub fn over(self, base: Self) -> Self {
        Self {
            bom: self.bom.or(base.bom),
            casing: self.casing.or(base.casing),
            removal_casing: self.removal_casing.or(base.removal_casing),
            fault_codes: self.fault_codes.or(base.fault_codes),
            removal_answer: self.removal_answer.or(base.removal_answer),
            after_removal: self.after_removal.or(base.after_removal),
            visible_for_ms: self.visible_for_ms.or(base.visible_for_ms),
            enforces: self.enforces.or(base.enforces),
            own_request_id: self.own_request_id.or(base.own_request_id),
            transfers: self.transfers.or(base.transfers),
        }
    }
}

/// A token that is taken. It stands in the scenario in plain text, so it must never be a real one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Token {
    /// The token.
    pub token: String,
    /// From this moment on it is refused.
    pub expires_at: Option<Time>,
    /// So long after its first use it is refused.
    pub expires_after_ms: Option<u64>,
    /// The code with which it is always refused: 900420 (audience), 900421 (no MFA) or another.
    pub refused_with: Option<u32>,
    /// Whether it is an app-only token, which cannot end a relationship or read the profile.
    pub app_only: bool,
}
