//! Ends a reseller relationship. Nothing comes before its one change, unless the operator allowed legacy subscriptions to be
//! suspended.

use super::unit::{Given, Known, Need, ProcedureUnit, entitlements_and};
use crate::{
    domain::{Effect, Finding, Preparation, Procedure, Reason, is_taken_out},
    preconditions::{Judgement, judge, orders_needed, suspendable},
};

pub(super) struct RemoveRelationship;

impl ProcedureUnit for RemoveRelationship {
    fn procedure(&self) -> Procedure {
        Procedure::RemoveRelationship
    }

    fn needs(&self, known: Known<'_>) -> Need {
        if known.has_subscriptions { entitlements_and(orders_needed, known) } else { Need::Subscriptions }
    }

    /// If nothing but active legacy subscriptions stands in the way, and they may be suspended, they are what is to be done
    /// first. A customer with any other reason stays as it is.
    fn judge(&self, given: &Given<'_>) -> (Judgement, Vec<Preparation>) {
        let Given { facts, listed, policy, .. } = *given;
        let judgement = judge(facts, listed, &policy.allow);
        let may_suspend =
            policy.allows(Effect::SuspendSubscription) || is_taken_out("suspend-without-the-option");
        let only_active =
            matches!(&*judgement.findings, [Finding { reason: Reason::ActiveSubscription, .. }]);
        let may_go = only_active || is_taken_out("suspend-for-whoever-may-not-go");
        match suspendable(facts).filter(|_| may_suspend && may_go) {
            Some(found) => {
                let suspend = |(id, name)| Preparation::new(Effect::SuspendSubscription, id, name);
                let first = found.into_iter().map(suspend).collect();
                (Judgement { findings: Vec::new(), ..judgement }, first)
            }
            None => (judgement, Vec::new()),
        }
    }
}
