//! What a procedure has to say.

use crate::{
    domain::{Preparation, Procedure},
    preconditions::{Facts, Judgement, Listed},
    record::Policy,
};

/// What is known of a customer so far: facts, and of which kinds all were read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) has_subscriptions: bool,
    pub(crate) has_entitlements: bool,
}

/// What must be read next of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Customer,
    Subscriptions,
    Entitlements,
    Order(String),
    Nothing,
}

/// What the fold and the words do not say of a procedure.
pub(crate) trait ProcedureUnit: Sync {
    fn procedure(&self) -> Procedure;

    /// What must still be read of a customer that is the partner's.
    fn needs(&self, known: Known<'_>) -> Need;

    /// What stands in the way, and what the plan names to be done first.
    fn judge(&self, facts: &Facts, listed: &Listed, policy: &Policy) -> (Judgement, Vec<Preparation>);
}

/// Entitlements, and each of these orders.
pub(super) fn entitlements_and(orders: fn(&Facts) -> Vec<String>, known: Known<'_>) -> Need {
    if !known.has_entitlements {
        return Need::Entitlements;
    }
    orders(known.facts).into_iter().next().map_or(Need::Nothing, Need::Order)
}
