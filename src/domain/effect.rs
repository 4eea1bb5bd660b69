//! What can be done to a customer: the one table of it, with the words of each and the facts that follow from what it is.
//! How it is requested, answered and seen is [`crate::procedure`]'s to say.

use super::word::word;

/// To what something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// The customer itself.
    Customer,
    /// An order.
    Order,
    /// A subscription.
    Subscription,
    /// A relationship by which the customer has delegated administration to the partner.
    DelegatedAdmin,
    /// The consent that an application of the partner's has for the customer.
    Consent,
}

/// What is known of an effect, whatever customer it is for.
#[derive(Clone, Copy, Debug)]
pub struct EffectFacts {
    /// How it is stored: as the purpose of its request, and in a plan.
    pub label: &'static str,
    /// What it is, in a sentence.
    pub meaning: &'static str,
    /// To what it is done.
    pub thing: Thing,
    /// Whether nothing is sent to the customer any more once it is done: it is the last one then, whatever the procedure.
    pub ends_relationship: bool,
    /// Whether people lose at once, and for good, what they work with.
    pub stops_service: bool,
    /// Whether its answer is all that shows that it is done, because there is nothing that could be read.
    pub answer_tells: bool,
    /// The effect that it takes back.
    pub takes_back: Option<Effect>,
    /// What Partner Center's own record of activity calls it, after a while.
    pub elsewhere: &'static [&'static str],
    /// Its words.
    pub words: EffectWords,
}

/// The words of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EffectWords {
    /// To what it is done: `the relationship`, `order`.
    pub thing: &'static str,
    /// To what it is done where there are several: `orders`.
    pub things: &'static str,
    /// `end`, `suspend`.
    pub verb: &'static str,
    /// What the thing is afterwards: `ended`, `suspended`.
    pub done: &'static str,
    /// As what the thing is seen when it is done: `suspended`, `active again`.
    pub seen: &'static str,
    /// `removal`, `suspension`.
    pub noun: &'static str,
    /// What its request is for, among others that only read: `END THE RELATIONSHIP`.
    pub request: &'static str,
}

macro_rules! effects {
    ($($(#[doc = $doc:literal])+ $effect:ident = $label:literal { words: $words:tt, $($field:ident: $value:expr,)+ })+) => {
        /// One thing that is done to a customer, or to something that it has.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Effect {
            $($(#[doc = $doc])+ $effect,)+
        }

        impl Effect {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$effect,)+];

            /// What is known of it.
            pub const fn facts(self) -> EffectFacts {
                match self {
                    $(Self::$effect => EffectFacts {
                        label: $label,
                        meaning: concat!($($doc),+),
                        words: EffectWords $words,
                        $($field: $value,)+
                    },)+
                }
            }
        }
    };
}

effects! {
    /// Ends the reseller relationship.
    RemoveRelationship = "remove_relationship" {
        words: {
            thing: "the relationship", things: "relationships", verb: "end", done: "ended", seen: "gone",
            noun: "removal", request: "END THE RELATIONSHIP",
        },
        thing: Thing::Customer,
        ends_relationship: true,
        stops_service: false,
        answer_tells: false,
        takes_back: None,
        elsewhere: &["remove_partner_customer_relationship"],
    }
    /// Deletes a customer of the integration sandbox.
    DeleteCustomer = "delete_customer" {
        words: {
            thing: "the customer", things: "customers", verb: "delete", done: "deleted", seen: "gone",
            noun: "deletion", request: "DELETE THE CUSTOMER",
        },
        thing: Thing::Customer,
        ends_relationship: true,
        stops_service: false,
        answer_tells: false,
        takes_back: None,
        elsewhere: &["delete_customer", "delete_tip_customer"],
    }
    /// Cancels an order of a customer of the integration sandbox.
    CancelOrder = "cancel_order" {
        words: {
            thing: "order", things: "orders", verb: "cancel", done: "cancelled", seen: "cancelled",
            noun: "cancellation", request: "CANCEL AN ORDER",
        },
        thing: Thing::Order,
        ends_relationship: false,
        stops_service: false,
        answer_tells: false,
        takes_back: None,
        elsewhere: &[],
    }
    /// Suspends a legacy subscription.
    SuspendSubscription = "suspend_subscription" {
        words: {
            thing: "subscription", things: "subscriptions", verb: "suspend", done: "suspended", seen: "suspended",
            noun: "suspension", request: "SUSPEND A SUBSCRIPTION",
        },
        thing: Thing::Subscription,
        ends_relationship: false,
        stops_service: false,
        answer_tells: false,
        takes_back: None,
        elsewhere: &[],
    }
    /// Makes a suspended subscription active again.
    ReactivateSubscription = "reactivate_subscription" {
        words: {
            thing: "subscription", things: "subscriptions", verb: "reactivate", done: "reactivated",
            seen: "active again", noun: "reactivation", request: "REACTIVATE A SUBSCRIPTION",
        },
        thing: Thing::Subscription,
        ends_relationship: false,
        stops_service: false,
        answer_tells: false,
        takes_back: Some(Effect::SuspendSubscription),
        elsewhere: &[],
    }
    /// Cancels a new-commerce subscription within the time in which it may be.
    CancelInWindow = "cancel_in_window" {
        words: {
            thing: "subscription", things: "subscriptions", verb: "cancel", done: "cancelled", seen: "cancelled",
            noun: "cancellation", request: "CANCEL A SUBSCRIPTION",
        },
        thing: Thing::Subscription,
        ends_relationship: false,
        stops_service: true,
        answer_tells: false,
        takes_back: None,
        elsewhere: &[],
    }
    /// Cancels an extended service term, as it may be on any day.
    CancelExtended = "cancel_extended" {
        words: {
            thing: "subscription", things: "subscriptions", verb: "cancel", done: "cancelled", seen: "cancelled",
            noun: "cancellation", request: "CANCEL AN EXTENDED SUBSCRIPTION",
        },
        thing: Thing::Subscription,
        ends_relationship: false,
        stops_service: true,
        answer_tells: false,
        takes_back: None,
        elsewhere: &[],
    }
    /// Schedules a new-commerce subscription to end with its term, instead of renewing itself or being extended.
    ScheduleCancellation = "schedule_cancellation" {
        words: {
            thing: "subscription", things: "subscriptions", verb: "schedule the end of",
            done: "scheduled to end with its term", seen: "scheduled to end with its term", noun: "scheduling",
            request: "SCHEDULE THE END OF A SUBSCRIPTION",
        },
        thing: Thing::Subscription,
        ends_relationship: false,
        stops_service: false,
        answer_tells: false,
        takes_back: None,
        elsewhere: &[],
    }
    /// Gives a subscription back what was set to happen at the end of its term.
    RestoreRenewal = "restore_renewal" {
        words: {
            thing: "subscription", things: "subscriptions", verb: "restore the renewal of",
            done: "set back to what it was to do at its term's end", seen: "set back", noun: "restoration",
            request: "RESTORE THE RENEWAL OF A SUBSCRIPTION",
        },
        thing: Thing::Subscription,
        ends_relationship: false,
        stops_service: false,
        answer_tells: false,
        takes_back: None,
        elsewhere: &[],
    }
    /// Ends a relationship of delegated administration.
    EndDelegatedAdmin = "end_delegated_admin" {
        words: {
            thing: "delegated admin relationship", things: "delegated admin relationships", verb: "end",
            done: "ended", seen: "ended", noun: "ending", request: "END DELEGATED ADMINISTRATION",
        },
        thing: Thing::DelegatedAdmin,
        ends_relationship: false,
        stops_service: false,
        answer_tells: false,
        takes_back: None,
        elsewhere: &[
            "granular_admin_relationship_terminated",
        ],
    }
    /// Revokes the consent that an application of the partner's has for the customer.
    RevokeApplicationConsent = "revoke_application_consent" {
        words: {
            thing: "consent of the application", things: "consents of applications", verb: "revoke the",
            done: "revoked", seen: "revoked", noun: "revocation", request: "REVOKE AN APPLICATION'S CONSENT",
        },
        thing: Thing::Consent,
        ends_relationship: false,
        stops_service: false,
        answer_tells: true,
        takes_back: None,
        elsewhere: &[],
    }
}

impl Effect {
    /// What the policy's `suspend_legacy` allows.
    pub const SUSPEND_LEGACY: Self = Self::SuspendSubscription;

    /// What `--revoke-consent` allows.
    pub const BY_REVOKE_CONSENT: Self = Self::RevokeApplicationConsent;

    /// What `--cancel` can name, for whom that is, and what it allows.
    pub const BY_CANCEL: [(&'static str, &'static str, Self); 2] = [
        (
            "in-window",
            "Subscriptions bought or renewed so recently that Microsoft still lets them be cancelled; trials",
            Self::CancelInWindow,
        ),
        (
            "extended",
            "Subscriptions that go on as extended service terms, month by month",
            Self::CancelExtended,
        ),
    ];

    /// The public name.
    pub const fn as_str(self) -> &'static str {
        self.facts().label
    }

    /// Its words.
    pub const fn words(self) -> EffectWords {
        self.facts().words
    }

    /// Whether it is done to the customer itself, and to nothing that it has.
    pub const fn is_to_customer(self) -> bool {
        matches!(self.facts().thing, Thing::Customer)
    }

    /// Whether it ends the customer's relationship, and comes after everything else.
    pub const fn is_last(self) -> bool {
        self.facts().ends_relationship
    }

    /// The effect by which it is taken back, where it can be.
    pub fn reversal(self) -> Option<Self> {
        Self::ALL.iter().copied().find(|other| other.facts().takes_back == Some(self))
    }

    /// Whether it takes another back.
    pub const fn is_reversal(self) -> bool {
        self.facts().takes_back.is_some()
    }
}

word!(Effect, "effect");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_effect_ends_the_relationship_or_comes_before_and_one_takes_another_back() {
        use Effect::{ReactivateSubscription, SuspendSubscription};
        for effect in Effect::ALL {
            assert_eq!(effect.is_last(), effect.is_to_customer(), "{effect}");
            assert_eq!(effect.is_reversal(), *effect == ReactivateSubscription, "{effect}");
            let reversal = (*effect == SuspendSubscription).then_some(ReactivateSubscription);
            assert_eq!(effect.reversal(), reversal, "{effect}");
        }
        assert!(Effect::RemoveRelationship.is_last() && !SuspendSubscription.is_last());
    }
}
