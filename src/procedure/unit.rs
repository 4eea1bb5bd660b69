//! What a procedure has to say.

use crate::{
    domain::{Preparation, Procedure, RunId, Time},
    preconditions::{Facts, Judgement, ListedIdentity},
    record::Policy,
};

/// What is known of a customer so far: what a judgement would depend on, and of which facts all were read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KnownSoFar<'a> {
    pub(crate) given: Given<'a>,
    pub(crate) has_subscriptions: bool,
    pub(crate) has_entitlements: bool,
    pub(crate) has_transfers: bool,
}

/// What must be read next of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Customer,
    Subscriptions,
    Entitlements,
    Order(String),
    /// The relationships of delegated administration, at Microsoft Graph.
    DelegatedAdmin,
    Transfers,
    Nothing,
}

/// What a judgement depends on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Given<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) listed: &'a ListedIdentity,
    pub(crate) policy: &'a Policy,
    /// What could be taken back of the run that is taken back; none if that run did not have the customer.
    pub(crate) taken_back: Option<&'a [ToTakeBack]>,
}

/// Something that another run did to a customer, and how it would be taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToTakeBack {
    /// How.
    pub by: Preparation,
    /// The latest run that changed it since, if one of this log did.
    pub changed_by: Option<RunId>,
}

/// What another run did to something of the customer's, or may have done.
#[derive(Clone, Copy, Debug)]
pub struct TakenBack<'a> {
    /// What its plan said of that.
    pub planned: &'a Preparation,
    /// What was read of it just before it was changed,
    pub read: &'a [u8],
    /// and when.
    pub read_at: Time,
    /// Whether the service made something else of it than was asked for.
    pub became_other: bool,
}

/// What the fold and the words do not say of a procedure.
pub(crate) trait ProcedureUnit: Sync {
    fn procedure(&self) -> Procedure;

    /// What must still be read of a customer that is the partner's.
    fn needs(&self, known: KnownSoFar<'_>) -> Need;

    /// How many requests it takes to look at a customer again, for the forecast.
    fn look_again_costs(&self) -> f64 {
        3.0
    }

    /// What stands in the way, and what the plan names to be done first, or at all.
    fn judge(&self, given: &Given<'_>) -> (Judgement, Vec<Preparation>);

    /// What is said of a customer for whom there is nothing to do.
    fn nothing_to_do(&self, _facts: &Facts) -> String {
        self.procedure().facts().gone_before.trim_end_matches('.').to_owned()
    }

    /// How what another run did is taken back, for a procedure that does so.
    fn takes_back(&self, _taken: &TakenBack<'_>) -> Option<Preparation> {
        None
    }
}

/// Entitlements, and each of these orders.
pub(super) fn entitlements_and(orders: fn(&Facts) -> Vec<String>, known: KnownSoFar<'_>) -> Need {
    if !known.has_entitlements {
        return Need::Entitlements;
    }
    orders(known.given.facts).into_iter().next().map_or(Need::Nothing, Need::Order)
}
