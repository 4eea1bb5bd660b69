//! What Partner Center's own record of activity is like.

use crate::domain::{TenantId, Time};
use serde::{Deserialize, Serialize};

/// The record of activity (`GET /v1/auditrecords`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Activity {
    /// How long after it was done a thing is on record.
    pub lag_ms: u64,
    /// Customers whose removal never gets there.
    pub leaves_out: Vec<TenantId>,
    /// What else is on record.
    pub also: Vec<Also>,
}

/// Something that was done by somebody else, or by other means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Also {
    /// To which customer.
    pub customer: TenantId,
    /// When; if not given, at the moment of the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
    /// By whom; if not given, by the user who signs in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What; if not given, the removal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// How it ended; if not given, `succeeded`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}
