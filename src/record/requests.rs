//! What is recorded of each request.

use super::{about::About, payload::Payload};
use crate::domain::{Act, Answer, CorrelationId, Headers, Procedure, RequestId, Seq, TenantId, Time};
use serde::{Deserialize, Serialize};

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// A token, or a step on the way to one.
    SignIn,
    /// Who the token belongs to.
    ReadPartner,
    /// A page of all customers.
    ListCustomers,
    /// One customer, to judge it.
    ReadCustomer,
    /// Its subscriptions.
    ReadSubscriptions,
    /// Its entitlements.
    ReadEntitlements,
    /// One order of it.
    ReadOrder,
    /// A change before the last one: cancel an order.
    CancelOrder,
    /// One order, after its cancellation was sent.
    PollOrder,
    /// One subscription, as it is just before it is changed, or after that.
    ReadSubscription,
    /// A change before the last one: suspend a legacy subscription.
    SuspendSubscription,
    /// The change that takes a suspension back.
    ReactivateSubscription,
    /// The change: end the relationship.
    RemoveRelationship,
    /// The change: delete a customer of the sandbox.
    DeleteCustomer,
    /// One customer, after a change was accepted.
    ConfirmRemoval,
    /// One customer, because a change is in doubt.
    SettleDoubt,
    /// A page of Partner Center's own record of activity.
    ReadActivity,
}

impl Purpose {
    /// What the request is for, in words.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::SignIn => "sign in",
            Self::ReadPartner => "read whose account it is",
            Self::ListCustomers => "list the partner’s customers",
            Self::ReadCustomer => "read the customer",
            Self::ReadSubscriptions => "read its subscriptions",
            Self::ReadEntitlements => "read its entitlements",
            Self::ReadOrder => "read an order",
            Self::CancelOrder => "CANCEL AN ORDER",
            Self::PollOrder => "read the order, to see whether it is cancelled",
            Self::ReadSubscription => "read a subscription",
            Self::SuspendSubscription => "SUSPEND A SUBSCRIPTION",
            Self::ReactivateSubscription => "REACTIVATE A SUBSCRIPTION",
            Self::RemoveRelationship => "END THE RELATIONSHIP",
            Self::DeleteCustomer => "DELETE THE CUSTOMER",
            Self::ConfirmRemoval => "read the customer again, to confirm",
            Self::SettleDoubt => "read the customer, because a change is in doubt",
            Self::ReadActivity => "read Partner Center’s own record of activity",
        }
    }

    /// Whether the request changes something.
    pub const fn is_change(self) -> bool {
        self.is_last()
            || matches!(self, Self::CancelOrder | Self::SuspendSubscription | Self::ReactivateSubscription)
    }

    /// Whether it is the change that a procedure is for, after which there is nothing more to do.
    pub const fn is_last(self) -> bool {
        matches!(self, Self::RemoveRelationship | Self::DeleteCustomer)
    }

    /// Whether what is asked for is one customer itself, and nothing that it has: if that is not found, there is no
    /// relationship.
    pub const fn is_customer_itself(self) -> bool {
        matches!(
            self,
            Self::ReadCustomer
                | Self::RemoveRelationship
                | Self::DeleteCustomer
                | Self::ConfirmRemoval
                | Self::SettleDoubt
        )
    }

    /// The purpose of this preparation's change.
    pub const fn of(act: Act) -> Self {
        match act {
            Act::CancelOrder => Self::CancelOrder,
            Act::SuspendSubscription => Self::SuspendSubscription,
        }
    }

    /// Whether this procedure sends such changes.
    pub const fn belongs_to(self, procedure: Procedure) -> bool {
        match procedure {
            Procedure::RemoveRelationship => matches!(
                self,
                Self::RemoveRelationship | Self::SuspendSubscription | Self::ReactivateSubscription
            ),
            Procedure::DeleteSandboxCustomer => matches!(self, Self::CancelOrder | Self::DeleteCustomer),
        }
    }
}

/// See [`super::Event::RequestIntended`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestIntended {
    /// The row it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// The customer it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<TenantId>,
    /// The order or the subscription that it changes, if it is not the customer itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// What it is for.
    pub purpose: Purpose,
    /// 1 for the first try.
    pub attempt: u32,
    /// The method.
    pub method: String,
    /// The whole address.
    pub url: String,
    /// `MS-RequestId`.
    pub request_id: RequestId,
    /// `MS-CorrelationId`.
    pub correlation_id: CorrelationId,
    /// The headers that may be stored; others by their length.
    pub headers: Headers,
    /// The body, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Payload>,
}

/// See [`super::Event::ResponseReceived`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResponseReceived {
    /// The intent that it answers.
    pub intent: Seq,
    /// The row it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// The status.
    pub status: u16,
    /// What it means.
    pub answer: Answer,
    /// The service's error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The service's text, shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Milliseconds between sending and the end of the answer.
    pub duration_ms: u64,
    /// The headers that may be stored; others by their length.
    pub headers: Headers,
    /// `MS-RequestId` of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// `MS-CorrelationId` of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The body, if there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Payload>,
}

/// See [`super::Event::RequestNotSent`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotSent {
    /// The intent.
    pub intent: Seq,
    /// The row it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// Why.
    pub error: String,
    /// Milliseconds until that was known.
    pub duration_ms: u64,
}

/// See [`super::Event::OutcomeUnknown`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeUnknown {
    /// The intent.
    pub intent: Seq,
    /// The row it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row: Option<u32>,
    /// What happened.
    pub error: String,
    /// Milliseconds until that was known.
    pub duration_ms: u64,
}

/// The identifiers and the answer of one request, as reports show them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// The status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The service's error code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The service's text, or what went wrong on the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// `MS-RequestId` of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// `MS-CorrelationId` of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
}

impl Exchange {
    /// The answer in words: `status 400, code 3000: the service's text`.
    pub fn described(&self) -> String {
        let status = self.status.map_or_else(|| "no answer".to_owned(), |status| format!("status {status}"));
        let code = self.code.as_ref().map(|code| format!(", code {code}")).unwrap_or_default();
        // It becomes a part of a sentence.
        let text =
            self.text.as_ref().map(|text| format!(": {}", text.trim_end_matches('.'))).unwrap_or_default();
        format!("{status}{code}{text}")
    }
}

/// See [`super::Event::Held`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Until when nothing is sent.
    pub until: Time,
    /// The rate from then on, in requests per minute.
    pub rate: u32,
    /// The intent whose answer asked for it.
    pub basis: Seq,
    /// Why, in words.
    pub why: String,
}

impl About for RequestIntended {
    fn row(&self) -> Option<u32> {
        self.row
    }

    fn customer(&self) -> Option<TenantId> {
        self.customer
    }

    fn body(&self) -> Option<&Payload> {
        self.body.as_ref()
    }

    fn names(&self) -> Vec<String> {
        self.customer.iter().map(TenantId::to_string).collect()
    }
}

impl About for ResponseReceived {
    fn row(&self) -> Option<u32> {
        self.row
    }

    fn intent(&self) -> Option<Seq> {
        Some(self.intent)
    }

    fn body(&self) -> Option<&Payload> {
        self.body.as_ref()
    }
}

impl About for NotSent {
    fn row(&self) -> Option<u32> {
        self.row
    }

    fn intent(&self) -> Option<Seq> {
        Some(self.intent)
    }
}

impl About for OutcomeUnknown {
    fn row(&self) -> Option<u32> {
        self.row
    }

    fn intent(&self) -> Option<Seq> {
        Some(self.intent)
    }
}

impl About for Held {
    fn intent(&self) -> Option<Seq> {
        Some(self.basis)
    }
}
