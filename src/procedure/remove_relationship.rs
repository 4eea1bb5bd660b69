//! Ends a reseller relationship. Nothing comes before its one change, unless the operator allowed that what stands in the way
//! is suspended or cancelled.

use super::unit::{Given, KnownSoFar, Need, ProcedureUnit, entitlements_and};
use crate::{
    domain::{Effect, Preparation, Procedure, Reason, Time, is_taken_out},
    partner_center::model::Subscription,
    preconditions::{
        Judgement, has_transferable, in_the_way, is_active_legacy, is_in_extended_term, is_in_window, judge,
        named, orders_needed, term_cut_short,
    },
    record::Policy,
};

pub(super) struct RemoveRelationship;

/// Whether a subscription is such a one at this moment.
type MayBe = fn(&Subscription, Time) -> bool;

/// In which order what comes before is done. What can be taken back comes first: if it is refused, nothing is done that
/// cannot. What may be cancelled on any day comes last.
const ORDER: [Effect; 4] = [
    Effect::SuspendSubscription,
    Effect::RevokeApplicationConsent,
    Effect::CancelInWindow,
    Effect::CancelExtended,
];

/// How a subscription is taken out of the way, and which may be.
const TAKEN_AWAY: [(Effect, MayBe); 3] = [
    (Effect::SuspendSubscription, |subscription, _now| {
        is_active_legacy(subscription) || is_taken_out("suspend-new-commerce")
    }),
    (Effect::CancelInWindow, is_in_window),
    (Effect::CancelExtended, is_in_extended_term),
];

/// The reasons that can be dealt with so.
const DEALT_WITH: [Reason; 2] = [Reason::ActiveSubscription, Reason::SuspendedNewCommerceSubscription];

impl ProcedureUnit for RemoveRelationship {
    fn procedure(&self) -> Procedure {
        Procedure::RemoveRelationship
    }

    fn needs(&self, known: KnownSoFar<'_>) -> Need {
        if !known.has_subscriptions {
            return Need::Subscriptions;
        }
        match entitlements_and(orders_needed, known) {
            Need::Nothing if !known.has_transfers && self.depends_on_transfers(&known.given) => {
                Need::Transfers
            }
            need => need,
        }
    }

    fn look_again_costs(&self) -> f64 {
        4.0
    }

    /// If nothing stands in the way but what may be taken out of it, that is what is to be done first. A customer with any
    /// other reason stays as it is.
    fn judge(&self, given: &Given<'_>) -> (Judgement, Vec<Preparation>) {
        let Given { facts, listed, policy, .. } = *given;
        let judgement = judge(facts, listed, &policy.allow);
        let reasons: Vec<Reason> = judgement.findings.iter().map(|finding| finding.reason).collect();
        let is_all = reasons.iter().all(|reason| DEALT_WITH.contains(reason));
        if reasons.is_empty() {
            return (judgement, consents(policy).collect());
        }
        if !(is_all || is_taken_out("suspend-for-whoever-may-not-go")) {
            return (judgement, Vec::new());
        }
        let each = in_the_way(facts, &reasons).into_iter().map(|one| taken_away(given, &judgement, one));
        match each.collect::<Option<Vec<_>>>() {
            Some(mut first) => {
                first.extend(consents(policy));
                first.sort_by_key(|one| ORDER.iter().position(|effect| *effect == one.what));
                (Judgement { findings: Vec::new(), ..judgement }, first)
            }
            None => (judgement, Vec::new()),
        }
    }
}

/// Each consent that is revoked: nothing shows whether a customer gave one before the service says that there was none.
fn consents(policy: &Policy) -> impl Iterator<Item = Preparation> {
    let revoked = policy.revoke_consent.iter().filter(|_| policy.allows(Effect::RevokeApplicationConsent));
    revoked.map(|application| Preparation::new(Effect::RevokeApplicationConsent, application.clone(), None))
}

impl RemoveRelationship {
    /// Transfers matter to who would go, and explain who stays because of something that could be transferred. For the
    /// others, they are not worth a request.
    fn depends_on_transfers(&self, given: &Given<'_>) -> bool {
        has_transferable(given.facts) || self.judge(given).0.findings.is_empty()
    }
}

/// What takes this subscription out of the way; none if nothing may. What was left to the service may still stand in the
/// way, so nothing is done then that nobody can take back.
fn taken_away(given: &Given<'_>, judgement: &Judgement, subscription: &Subscription) -> Option<Preparation> {
    let allows = |effect: Effect| {
        let is_sure = judgement.allowed.is_empty() || !effect.facts().stops_service;
        (given.policy.allows(effect) && is_sure) || is_taken_out("suspend-without-the-option")
    };
    let (effect, _) = TAKEN_AWAY
        .into_iter()
        .find(|(effect, may_be)| allows(*effect) && may_be(subscription, given.facts.now))?;
    let (id, name) = named(subscription)?;
    let term =
        if effect.facts().stops_service { Some(Box::new(term_cut_short(subscription)?)) } else { None };
    Some(Preparation { term, ..Preparation::new(effect, id, name) })
}
