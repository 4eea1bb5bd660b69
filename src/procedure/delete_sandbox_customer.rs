//! Deletes a customer of the integration sandbox: each order is cancelled, each is waited for, and only when all are seen
//! cancelled is the customer deleted.
//!
//! The published sample of this procedure waits without end once an order was slow, cancels an order once for each
//! entitlement, and passes over entitlements inside others. None of that is copied.

use super::unit::{Given, KnownSoFar, Need, ProcedureUnit, entitlements_and};
use crate::{
    domain::{Effect, Preparation, Procedure},
    preconditions::{Judgement, judge_sandbox, orders_named, standing_orders},
};

pub(super) struct DeleteSandboxCustomer;

impl ProcedureUnit for DeleteSandboxCustomer {
    fn procedure(&self) -> Procedure {
        Procedure::DeleteSandboxCustomer
    }

    /// Subscriptions do not stand in the way. What has expired may still stand in the way of a deletion.
    fn needs(&self, known: KnownSoFar<'_>) -> Need {
        entitlements_and(orders_named, known)
    }

    fn judge(&self, given: &Given<'_>) -> (Judgement, Vec<Preparation>) {
        let Given { facts, listed, .. } = *given;
        let cancel = |(id, name)| Preparation::new(Effect::CancelOrder, id, name);
        (judge_sandbox(facts, listed), standing_orders(facts).map(cancel).collect())
    }
}
