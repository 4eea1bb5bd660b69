//! May this customer go?
//!
//! [`Facts`] is what must be known about a customer; [`judge`] applies one small pure function a
//! reason to them. What is not known blocks: a status, a type or a date that nobody has seen before
//! is never a reason to go on. The rules are those of the portal's documentation, not the older and
//! weaker ones of the sample code (`partner-center/remove-a-relationship`, learn.microsoft.com).
//!
//! The engine calls this room. It never asks the service anything itself and knows no clock: the
//! day comes in with the facts.

mod entitlements;
mod facts;
mod family;
mod identity;
mod orders;
mod subscriptions;
mod term;
mod transfer;
mod transfers;

pub use entitlements::{orders_named, orders_needed};
pub use facts::{CustomerFacts, Facts, OrderState, Standing};
pub use identity::{ListedIdentity, domain_key, name_key};
pub use orders::standing_orders;
pub use subscriptions::{
    Licence, LicenceEnd, SetToHappen, act_by, in_the_way, is_active_legacy, is_in_extended_term,
    is_in_window, licence_end, licences, named, set_to_happen, term_cut_short,
};
pub use transfer::TransferFacts;
pub use transfers::{has_transferable, transferred};

use crate::domain::{Finding, Reason};

/// What the rules say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judgement {
    /// What stands in the way.
    pub findings: Vec<Finding>,
    /// What would stand in the way, but was left to the service.
    pub allowed: Vec<Finding>,
    /// What cannot be done, and keeps nothing else from being done.
    pub left_out: Vec<Finding>,
}

/// Judges who it is, and nothing that the customer has.
pub fn judge_identity(facts: &Facts, listed: &ListedIdentity) -> Judgement {
    let mut judgement = Judgement::default();
    judgement.findings.extend(identity::not_a_reseller(facts));
    judgement.findings.extend(identity::name_mismatch(facts, listed));
    judgement.findings.extend(identity::domain_mismatch(facts, listed));
    judgement
}

/// The same, as far as anything is known of the customer: whoever is read at Microsoft Graph alone has a name, or nothing.
pub fn judge_known_identity(facts: &Facts, listed: &ListedIdentity) -> Judgement {
    let mut judgement = Judgement::default();
    let name = identity::name_mismatch(facts, listed).filter(|_| facts.customer.name.is_some());
    let domain = identity::domain_mismatch(facts, listed).filter(|_| facts.customer.domain.is_some());
    judgement.findings.extend(name.into_iter().chain(domain));
    judgement
}

type Rule = fn(&Facts) -> Option<Finding>;

/// The preconditions, one rule a reason, in the order of `docs/contract.md` (Reasons).
const RULES: [(Reason, Rule); 12] = [
    (Reason::ActiveSubscription, subscriptions::active),
    (Reason::PendingSubscription, subscriptions::pending),
    (Reason::SuspendedNewCommerceSubscription, subscriptions::suspended_new_commerce),
    (Reason::UnclearSubscription, subscriptions::unclear),
    (Reason::AzurePlan, subscriptions::azure_plan),
    (Reason::MarketplaceSubscription, subscriptions::marketplace),
    (Reason::DisabledSubscription, subscriptions::disabled),
    (Reason::PendingTransfer, transfers::pending),
    (Reason::ReservedInstance, entitlements::reserved_instance),
    (Reason::SavingsPlan, subscriptions::savings_plan),
    (Reason::SoftwarePurchase, entitlements::software),
    (Reason::UnknownEntitlement, entitlements::unknown),
];

/// Judges a customer that is to be deleted from the integration sandbox, where subscriptions do not stand
/// in the way, and orders only if they cannot be cancelled. Nothing of it is left to the service.
pub fn judge_sandbox(facts: &Facts, listed: &ListedIdentity) -> Judgement {
    let mut judgement = judge_identity(facts, listed);
    judgement.findings.extend(orders::not_cancellable(facts));
    judgement
}

/// Judges the facts. `listed` is what the list says of the customer; `allow` names the reasons that
/// are left to the service, of which only those that `docs/contract.md` (Reasons) marks are heeded.
pub fn judge(facts: &Facts, listed: &ListedIdentity, allow: &[Reason]) -> Judgement {
    let mut judgement = judge_identity(facts, listed);
    for (reason, rule) in RULES {
        let Some(finding) = rule(facts) else { continue };
        if reason.may_be_allowed() && allow.contains(&reason) {
            judgement.allowed.push(finding);
        } else {
            judgement.findings.push(finding);
        }
    }
    judgement
}

#[cfg(test)]
mod tests;
