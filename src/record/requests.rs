//! What is recorded of each request.

use super::{about::About, payload::Payload};
use crate::domain::{Answer, CorrelationId, Headers, Purpose, RequestId, Seq, TenantId, Time};
use serde::{Deserialize, Serialize};

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
