//! What a run does to each customer, and in what earnest.

use super::Outcome;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What is done to each customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Procedure {
    /// End the reseller relationship: `PATCH /v1/customers/{id}`, `relationshipToPartner: none`.
    RemoveRelationship,
    /// Delete a customer of the integration sandbox.
    DeleteSandboxCustomer,
}

impl Procedure {
    /// The public name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RemoveRelationship => "remove-relationship",
            Self::DeleteSandboxCustomer => "delete-sandbox-customer",
        }
    }

    /// The outcome of a customer for whom it was done.
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::RemoveRelationship => Outcome::Removed,
            Self::DeleteSandboxCustomer => Outcome::Deleted,
        }
    }

    /// The outcome of a customer for whom there was nothing left to do.
    pub const fn gone_before(self) -> Outcome {
        match self {
            Self::RemoveRelationship => Outcome::AlreadyRemoved,
            Self::DeleteSandboxCustomer => Outcome::AlreadyDeleted,
        }
    }
}

impl fmt::Display for Procedure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Procedure {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::RemoveRelationship, Self::DeleteSandboxCustomer];
        all.into_iter()
            .find(|known| known.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no procedure"))
    }
}

/// In what earnest a run was made. Said on every screen and report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Reads and decides; changes nothing.
    Plan,
    /// The real thing.
    Run,
    /// Against the built-in simulator, with the operator's own list.
    Rehearsal,
    /// Against the built-in simulator, with the sample list.
    Demo,
}

impl Mode {
    /// The public name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Run => "run",
            Self::Rehearsal => "rehearsal",
            Self::Demo => "demo",
        }
    }

    /// Whether no real Partner Center was involved.
    pub const fn is_simulated(self) -> bool {
        matches!(self, Self::Rehearsal | Self::Demo)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
