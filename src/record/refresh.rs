//! What is recorded when the customers of a programme are looked at again, outside of any run.

use super::about::About;
use crate::domain::{Seq, TenantId, Time};
use serde::{Deserialize, Serialize};

/// See [`super::Event::CustomerRefreshed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerRefreshed {
    /// For which partner it was looked at: its tenant,
    pub partner: TenantId,
    /// and its name.
    pub partner_name: String,
    /// The customer.
    pub customer: TenantId,
    /// Since when at least it is as it was seen: when the list of all the partner's customers was asked for, or this one.
    pub seen_at: Time,
    /// Its relationship, in the service's own word; none if the service knows no relationship, or if it was known to be gone
    /// and the list of all the partner's customers, read to its end, does not name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relationship: Option<String>,
    /// Which new-commerce subscriptions renew themselves, or are extended, at the end of their terms; none if nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub go_on: Option<Vec<String>>,
    /// Why its subscriptions, which were asked for, could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_read: Option<String>,
    /// The intents of the requests that showed it; where the list does not name a customer, that of its last page.
    pub basis: Vec<Seq>,
}

/// See [`super::Event::ProgrammeRefreshed`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgrammeRefreshed {
    /// Who had it done: the person's name on this machine.
    pub by: String,
    /// This machine's name.
    pub host: String,
    /// The version of this program.
    pub version: String,
    /// For which partner: its tenant.
    pub partner: TenantId,
    /// How many customers the list of all the partner's customers names.
    pub listed: u64,
    /// How many customers were looked for: each has its record before this one.
    pub looked_for: u32,
    /// How many of those have no relationship with the partner.
    pub absent: u32,
    /// How many were asked for by their IDs, because the list did not say what was known.
    pub asked_by_id: u32,
    /// Of how many the subscriptions were asked for.
    pub asked: u32,
    /// How many of those, or of those whose subscriptions were asked for, could not be read.
    pub not_read: u32,
}

impl About for CustomerRefreshed {
    fn customer(&self) -> Option<TenantId> {
        Some(self.customer)
    }

    fn basis(&self) -> &[Seq] {
        &self.basis
    }

    fn names(&self) -> Vec<String> {
        vec![self.customer.to_string()]
    }
}

impl About for ProgrammeRefreshed {}
