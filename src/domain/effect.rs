//! What can be done to a customer, in words: the one table of them.

use super::{Act, Outcome, Procedure};

/// One thing that is done to a customer, or to something that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Effect {
    /// Ends the reseller relationship.
    RemoveRelationship,
    /// Deletes a customer of the integration sandbox.
    DeleteCustomer,
    /// Cancels an order of a customer of the integration sandbox.
    CancelOrder,
    /// Suspends a legacy subscription.
    SuspendSubscription,
    /// Makes a suspended subscription active again.
    ReactivateSubscription,
}

/// The words of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EffectWords {
    /// To what it is done: `the relationship`, `order`.
    pub thing: &'static str,
    /// `end`, `suspend`.
    pub verb: &'static str,
    /// What the thing is afterwards: `ended`, `suspended`.
    pub done: &'static str,
    /// `removal`, `suspension`.
    pub noun: &'static str,
}

impl Effect {
    /// Its words.
    pub const fn words(self) -> EffectWords {
        let (thing, verb, done, noun) = match self {
            Self::RemoveRelationship => ("the relationship", "end", "ended", "removal"),
            Self::DeleteCustomer => ("the customer", "delete", "deleted", "deletion"),
            Self::CancelOrder => ("order", "cancel", "cancelled", "cancellation"),
            Self::SuspendSubscription => ("subscription", "suspend", "suspended", "suspension"),
            Self::ReactivateSubscription => ("subscription", "reactivate", "reactivated", "reactivation"),
        };
        EffectWords { thing, verb, done, noun }
    }

    /// The one that this procedure is for.
    pub const fn last_of(procedure: Procedure) -> Self {
        match procedure {
            Procedure::RemoveRelationship => Self::RemoveRelationship,
            Procedure::DeleteSandboxCustomer => Self::DeleteCustomer,
        }
    }

    /// The one that this outcome is about, if it says that it was done or that nothing was left to do.
    pub const fn of_outcome(outcome: Outcome) -> Option<Self> {
        match outcome {
            Outcome::Removed | Outcome::AlreadyRemoved => Some(Self::RemoveRelationship),
            Outcome::Deleted | Outcome::AlreadyDeleted => Some(Self::DeleteCustomer),
            _ => None,
        }
    }
}

impl From<Act> for Effect {
    fn from(act: Act) -> Self {
        match act {
            Act::CancelOrder => Self::CancelOrder,
            Act::SuspendSubscription => Self::SuspendSubscription,
        }
    }
}
