//! What is recorded when a run is compared with Partner Center's own record of activity, and the part of the
//! fold that is about it.

use super::about::About;
use crate::domain::{Day, Seq, TenantId};
use serde::{Deserialize, Serialize};

/// Something that Partner Center has on record, as it names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Its ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What was done.
    pub operation: String,
    /// When, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// By which user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// With which application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Under which correlation ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// See [`super::Event::Corroborated`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Corroborated {
    /// The row.
    pub row: u32,
    /// The customer.
    pub customer: TenantId,
    /// What Partner Center has on record.
    pub activity: Activity,
    /// Whether its correlation ID is that of a change of ours; otherwise customer and time agree.
    pub is_our_request: bool,
    /// The intent of the request that showed it.
    pub basis: Seq,
}

/// See [`super::Event::Reconciled`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    /// Who had it done: the person's name on this machine.
    pub by: String,
    /// This machine's name.
    pub host: String,
    /// The first day that was asked for.
    pub from: Day,
    /// The last one.
    pub to: Day,
    /// For how long a removal may be missing there.
    pub lag_hours: u32,
    /// Whether everything of those days was read.
    pub complete: bool,
    /// How many removals Partner Center has on record in those days.
    pub listed: u64,
    /// How many rows have theirs there, by now.
    pub corroborated: u32,
    /// Rows whose removal should be there, and is not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<u32>,
    /// Rows whose removal may still get there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_yet: Vec<u32>,
    /// Rows whose outcome is unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<u32>,
    /// Customers whose removal is there, and that the run does not claim.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unclaimed: Vec<TenantId>,
}

impl About for Corroborated {
    fn row(&self) -> Option<u32> {
        Some(self.row)
    }

    fn customer(&self) -> Option<TenantId> {
        Some(self.customer)
    }

    fn basis(&self) -> &[Seq] {
        std::slice::from_ref(&self.basis)
    }

    fn names(&self) -> Vec<String> {
        vec![self.customer.to_string()]
    }
}

impl About for Reconciled {
    fn names(&self) -> Vec<String> {
        self.unclaimed.iter().map(TenantId::to_string).collect()
    }
}
