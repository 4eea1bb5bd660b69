//! What passes between the model and whoever calls it.

use crate::domain::{RequestId, TenantId, Time};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A request as it arrived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query as received.
    pub target: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// The value of the header of this name, whatever the case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body, whole even if it is cut.
    pub body: Vec<u8>,
    /// How long to wait before the first byte.
    pub delay: Duration,
    /// How much of it is sent.
    pub cut: Cut,
}

impl Reply {
    /// The value of the header of this name, whatever the case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// Where an answer ends before its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cut {
    /// It is sent whole.
    #[default]
    None,
    /// The connection closes without a byte.
    BeforeAnswer,
    /// The headers come and half of the body, then the connection closes.
    InBody,
}

/// A relationship that really ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// When.
    pub at: Time,
    /// Whose.
    pub customer: TenantId,
    /// By which `MS-RequestId`, if it was a GUID.
    pub request_id: Option<RequestId>,
    /// Whether the customer was deleted with it.
    pub deleted: bool,
}
