//! Has each new-commerce licence subscription that would renew itself or be extended end with its term. Nothing else is done
//! to the customer, and what cannot be scheduled keeps nothing else from being scheduled.

use super::unit::{Given, KnownSoFar, Need, ProcedureUnit};
use crate::{
    domain::{Effect, Finding, Preparation, Procedure, Reason},
    preconditions::{Judgement, LicenceEnd, judge_identity, licences},
};
use std::collections::BTreeMap;

pub(super) struct CancelAtTermEnd;

impl ProcedureUnit for CancelAtTermEnd {
    fn procedure(&self) -> Procedure {
        Procedure::CancelAtTermEnd
    }

    fn needs(&self, known: KnownSoFar<'_>) -> Need {
        if known.has_subscriptions { Need::Nothing } else { Need::Subscriptions }
    }

    fn judge(&self, given: &Given<'_>) -> (Judgement, Vec<Preparation>) {
        let judgement = judge_identity(given.facts, given.listed);
        let mut blocked: BTreeMap<Reason, Vec<_>> = BTreeMap::new();
        let mut all = Vec::new();
        for licence in licences(given.facts) {
            match licence.end {
                LicenceEnd::Ends => {}
                LicenceEnd::GoesOn { term } => all.push(Preparation {
                    term: Some(Box::new(term)),
                    ..Preparation::new(Effect::ScheduleCancellation, licence.id, licence.name)
                }),
                LicenceEnd::Blocked(reason) => blocked.entry(reason).or_default().push(licence.cause),
            }
        }
        let left_out = blocked.into_iter().map(|(reason, causes)| Finding::new(reason, causes)).collect();
        (Judgement { left_out, ..judgement }, all)
    }
}
