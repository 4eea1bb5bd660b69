//! What a request is for: something to be known, or an effect.

use super::{Effect, word::word};

/// What is known of something that is read.
#[derive(Clone, Copy, Debug)]
pub struct LookupFacts {
    /// How it is stored: as the purpose of its request.
    pub label: &'static str,
    /// What it is, in a sentence.
    pub meaning: &'static str,
    /// What its request is for.
    pub words: &'static str,
    /// Of what the answer tells.
    pub tells: Tells,
}

/// Of what the answer to a reading request tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
    /// Of one customer itself: if that is not found, there is no relationship.
    Customer,
    /// Of something that a customer has, by its ID.
    Products,
    /// Of many customers.
    Customers,
    /// Of what many did, or was done for many.
    Activity,
    /// Of no customer.
    Nobody,
}

macro_rules! lookups {
    ($($(#[doc = $doc:literal])+ $lookup:ident = $label:literal: $tells:ident, $words:literal;)+) => {
        /// Something that is read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Lookup {
            $($(#[doc = $doc])+ $lookup,)+
        }

        impl Lookup {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$lookup,)+];

            /// What is known of it.
            pub const fn facts(self) -> LookupFacts {
                match self {
                    $(Self::$lookup => LookupFacts {
                        label: $label, meaning: concat!($($doc),+), words: $words, tells: Tells::$tells,
                    },)+
                }
            }
        }
    };
}

lookups! {
    /// A token, or a step on the way to one.
    SignIn = "sign_in": Nobody, "sign in";
    /// Who the token belongs to.
    Partner = "read_partner": Nobody, "read whose account it is";
    /// A page of all customers.
    Customers = "list_customers": Customers, "list the partner’s customers";
    /// All indirect resellers of the partner.
    Resellers = "list_resellers": Nobody, "list the partner’s indirect resellers";
    /// One customer, to judge it.
    Customer = "read_customer": Customer, "read the customer";
    /// Its subscriptions.
    Subscriptions = "read_subscriptions": Products, "read its subscriptions";
    /// Its entitlements.
    Entitlements = "read_entitlements": Products, "read its entitlements";
    /// Its transfers, to another partner and from one.
    Transfers = "read_transfers": Products, "read its transfers to other partners and from them";
    /// One order of it.
    Order = "read_order": Products, "read an order";
    /// One order, after its cancellation was sent.
    OrderAgain = "poll_order": Products, "read the order, to see whether it is cancelled";
    /// One subscription, as it is just before it is changed, or after that.
    Subscription = "read_subscription": Products, "read a subscription";
    /// One customer, after a change was accepted.
    CustomerAgain = "confirm_removal": Customer, "read the customer again, to confirm";
    /// One customer, because a change is in doubt.
    CustomerInDoubt = "settle_doubt": Customer, "read the customer, because a change is in doubt";
    /// A page of Partner Center's own record of activity.
    Activity = "read_activity": Activity, "read Partner Center’s own record of activity";
    /// The relationships of delegated administration that a customer has with the partner, to judge them.
    DelegatedAdmin = "read_delegated_admin": Products, "read its delegated administration";
    /// The same, just before one is ended, or to see whether it is.
    DelegatedAdminAgain = "poll_delegated_admin": Products, "read its delegated administration again";
    /// The link by which a customer accepts a relationship with the partner.
    RelationshipRequest = "read_relationship_request": Nobody, "read the link by which customers accept";
    /// Something of which it is not documented what the service has.
    Probe = "probe": Products, "read what is not documented";
}

/// What a request is for. Stored as one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// To know something.
    Read(Lookup),
    /// To change something.
    Change(Effect),
}

impl Purpose {
    /// How many there are.
    const COUNT: usize = Lookup::ALL.len() + Effect::ALL.len();

    /// All of them, those that read first.
    #[expect(clippy::indexing_slicing, reason = "in a constant, an index that is wrong does not compile")]
    pub const ALL: [Self; Self::COUNT] = {
        let mut all = [Self::Read(Lookup::SignIn); Self::COUNT];
        let mut n = 0;
        while n < Self::COUNT {
            all[n] = if n < Lookup::ALL.len() {
                Self::Read(Lookup::ALL[n])
            } else {
                Self::Change(Effect::ALL[n - Lookup::ALL.len()])
            };
            n += 1;
        }
        all
    };

    /// The public name, for example `read_customer`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read(lookup) => lookup.facts().label,
            Self::Change(effect) => effect.as_str(),
        }
    }

    /// What it is, in a sentence.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Read(lookup) => lookup.facts().meaning,
            Self::Change(effect) => effect.facts().meaning,
        }
    }

    /// What the request is for, in words.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Read(lookup) => lookup.facts().words,
            Self::Change(effect) => effect.words().request,
        }
    }

    /// The effect, if the request changes something.
    pub const fn effect(self) -> Option<Effect> {
        match self {
            Self::Read(_) => None,
            Self::Change(effect) => Some(effect),
        }
    }

    /// Whether the request changes something.
    pub const fn is_change(self) -> bool {
        matches!(self, Self::Change(_))
    }

    /// Whether everything else can be done without the answer.
    pub const fn can_do_without(self) -> bool {
        matches!(self, Self::Read(Lookup::Transfers | Lookup::Resellers))
    }

    /// Whether it takes back what was done before.
    pub fn is_reversal(self) -> bool {
        self.effect().is_some_and(Effect::is_reversal)
    }

    /// Of what the answer tells: a change's, of the thing that was changed.
    pub const fn tells(self) -> Tells {
        match self {
            Self::Read(lookup) => lookup.facts().tells,
            Self::Change(effect) if effect.is_to_customer() => Tells::Customer,
            Self::Change(_) => Tells::Products,
        }
    }
}

word!(Purpose, "purpose");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_purpose_is_there_once_with_its_own_words() {
        for (at, purpose) in Purpose::ALL.into_iter().enumerate() {
            assert_eq!(Purpose::from_name(purpose.as_str()), Some(purpose));
            assert_eq!(serde_json::to_value(purpose).unwrap(), purpose.as_str());
            for other in &Purpose::ALL[..at] {
                assert_ne!(purpose.meaning(), other.meaning());
                assert_ne!(purpose.in_words(), other.in_words());
            }
        }
        let all: Vec<_> = Purpose::ALL.iter().filter_map(|purpose| purpose.effect()).collect();
        assert_eq!((&*all, Purpose::ALL.len() - all.len()), (Effect::ALL, Lookup::ALL.len()));
    }

    #[test]
    fn what_an_answer_tells_of_is_what_was_read_or_changed() {
        for purpose in Purpose::ALL {
            let effect = purpose.effect();
            assert_eq!(purpose.is_change(), effect.is_some(), "{purpose}");
            assert_eq!(purpose.is_reversal(), effect == Some(Effect::ReactivateSubscription), "{purpose}");
        }
        for (purpose, tells) in [
            (Purpose::Read(Lookup::SignIn), Tells::Nobody),
            (Purpose::Read(Lookup::Customers), Tells::Customers),
            (Purpose::Read(Lookup::CustomerAgain), Tells::Customer),
            (Purpose::Read(Lookup::Order), Tells::Products),
            (Purpose::Read(Lookup::Activity), Tells::Activity),
            (Purpose::Change(Effect::RemoveRelationship), Tells::Customer),
            (Purpose::Change(Effect::DeleteCustomer), Tells::Customer),
            (Purpose::Change(Effect::CancelOrder), Tells::Products),
            (Purpose::Change(Effect::SuspendSubscription), Tells::Products),
        ] {
            assert_eq!(purpose.tells(), tells, "{purpose}");
        }
    }
}
