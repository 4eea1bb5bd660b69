//! What must be known about a customer before it may be judged.

use super::{TransferFacts, term::term_end};
use crate::{
    domain::{Day, Time},
    partner_center::{
        graph::AdminRelationship,
        model::{Customer, Entitlement, Order, Subscription},
    },
};
use serde_json::Value;
use std::collections::BTreeMap;

/// What the service says of the customer itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerFacts {
    /// What it is to the partner: `reseller`, `advisor`, `none` …; empty if the service does not say.
    pub relationship: String,
    /// Its name.
    pub name: Option<String>,
    /// Its primary domain.
    pub domain: Option<String>,
    /// The MPN ID of its indirect reseller, if it says one.
    pub reseller: Option<String>,
}

impl CustomerFacts {
    /// Takes them from a customer that was read.
    pub fn of(customer: Customer) -> Self {
        let profile = customer.company_profile.unwrap_or_default();
        Self {
            relationship: customer.relationship_to_partner.unwrap_or_default(),
            name: profile.company_name.filter(|name| !name.trim().is_empty()),
            domain: profile.domain.filter(|domain| !domain.trim().is_empty()),
            reseller: customer
                .associated_partner_id
                .map(|id| id.trim().to_owned())
                .filter(|id| !id.is_empty()),
        }
    }

    /// Whether this is a customer that the procedure is for.
    pub fn is_reseller(&self) -> bool {
        self.relationship == "reseller"
    }

    /// Whether the relationship is known to have ended.
    pub fn is_none(&self) -> bool {
        self.relationship == "none"
    }
}

/// What the order of an entitlement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderState {
    /// It was cancelled.
    Cancelled,
    /// It stands.
    Stands(Standing),
    /// The service does not find it, which says nothing: an order is found late.
    NotFound,
}

/// An order that stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Its status.
    pub status: String,
    /// What was ordered.
    pub name: Option<String>,
    /// When it was made.
    pub made: Option<Day>,
}

impl OrderState {
    /// Takes it from an order that was read.
    pub fn of(order: &Order) -> Self {
        let status = order.status.as_deref().unwrap_or("unknown").trim();
        let cancelled = status.eq_ignore_ascii_case("cancelled") || status.eq_ignore_ascii_case("canceled");
        if cancelled {
            return Self::Cancelled;
        }
        let names = order.line_items.iter().filter_map(|line| line.friendly_name.as_deref());
        Self::Stands(Standing {
            status: status.to_owned(),
            name: names.map(str::trim).find(|name| !name.is_empty()).map(str::to_owned),
            made: order.creation_date.as_deref().and_then(Day::from_lenient),
        })
    }
}

/// How many seats it has.
pub(super) fn seats(subscription: &Subscription) -> Option<u64> {
    match subscription.quantity.as_ref()? {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64(),
    }
}

/// Everything that the rules look at.
#[derive(Clone, Debug)]
pub struct Facts {
    /// When the first of them was read,
    pub now: Time,
    /// and on which day.
    pub today: Day,
    /// The customer.
    pub customer: CustomerFacts,
    /// Its subscriptions.
    pub subscriptions: Vec<Subscription>,
    /// Its entitlements, each with those inside it.
    pub entitlements: Vec<Entitlement>,
    /// The orders that were read, by their ID.
    pub orders: BTreeMap<String, OrderState>,
    /// The relationships of delegated administration that it has with the partner, if they were read.
    pub delegated_admin: Option<Vec<AdminRelationship>>,
    /// Its transfers, if they were read.
    pub transfers: Vec<TransferFacts>,
}

impl Facts {
    /// Begins with the customer alone.
    pub fn new(now: Time, customer: CustomerFacts) -> Self {
        Self {
            now,
            today: now.day(),
            customer,
            subscriptions: Vec::new(),
            entitlements: Vec::new(),
            orders: BTreeMap::new(),
            delegated_admin: None,
            transfers: Vec::new(),
        }
    }

    /// How many seats its subscriptions have, over or not: 0 where there is no subscription. None if none of them says how
    /// many.
    pub fn seats(&self) -> Option<u64> {
        if self.subscriptions.is_empty() {
            return Some(0);
        }
        let counted = self.subscriptions.iter().filter_map(seats);
        counted.fold(None, |sum: Option<u64>, more| Some(sum.unwrap_or_default().saturating_add(more)))
    }

    /// The latest day, not after today, on which one of its subscriptions was made, began or ended.
    pub fn active_until(&self) -> Option<Day> {
        let days = self.subscriptions.iter().flat_map(|subscription| {
            let began =
                [&subscription.creation_date, &subscription.effective_start_date].into_iter().flatten();
            began.filter_map(|text| Day::from_lenient(text)).chain(term_end(subscription))
        });
        days.filter(|day| *day <= self.today).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn facts(subscriptions: &Value) -> Facts {
        let mut facts = Facts::new(Time::from_millis(1_795_166_130_000), CustomerFacts::default());
        facts.subscriptions = serde_json::from_value(subscriptions.clone()).unwrap();
        facts
    }

    #[test]
    fn a_name_or_domain_of_blanks_is_none() {
        let of = |name: &str, domain: &str| {
            let profile = json!({ "companyName": name, "domain": domain });
            let customer = json!({ "companyProfile": profile, "relationshipToPartner": "reseller" });
            CustomerFacts::of(serde_json::from_value(customer).unwrap())
        };
        let named = of("Contoso", "contoso.com");
        assert_eq!((named.name.as_deref(), named.domain.as_deref()), (Some("Contoso"), Some("contoso.com")));
        assert!(named.is_reseller() && !named.is_none());
        let blank = of(" ", "\t");
        assert_eq!((blank.name, blank.domain), (None, None));
        let nothing = CustomerFacts::of(serde_json::from_value(json!({})).unwrap());
        assert_eq!(nothing, CustomerFacts::default());
        assert!(!nothing.is_reseller() && !nothing.is_none());
        let gone = CustomerFacts { relationship: "none".to_owned(), ..nothing };
        assert!(gone.is_none() && !gone.is_reseller());
    }

    #[test]
    fn an_order_stands_unless_it_is_said_to_be_cancelled() {
        let of = |order: &Value| OrderState::of(&serde_json::from_value(order.clone()).unwrap());
        for status in ["cancelled", "Canceled", " CANCELLED "] {
            assert_eq!(of(&json!({ "status": status })), OrderState::Cancelled, "{status}");
        }
        let made = "2026-11-01".parse().ok();
        let standing = Standing { status: "completed".to_owned(), name: Some("SQL Server".to_owned()), made };
        let lines =
            json!([{ "friendlyName": " " }, { "friendlyName": " SQL Server " }, { "friendlyName": "x" }]);
        let order =
            json!({ "status": "completed", "lineItems": lines, "creationDate": "2026-11-01T08:00:00Z" });
        assert_eq!(of(&order), OrderState::Stands(standing));
        let nothing = Standing { status: "unknown".to_owned(), ..Standing::default() };
        assert_eq!(of(&json!({})), OrderState::Stands(nothing));
    }

    #[test]
    fn seats_are_added_up_and_what_is_no_number_is_passed_over() {
        assert_eq!(facts(&json!([])).seats(), Some(0));
        assert_eq!(facts(&json!([{ "quantity": null }, { "quantity": "many" }])).seats(), None);
        assert_eq!(facts(&json!([{ "quantity": 3 }, { "quantity": "40" }, {}])).seats(), Some(43));
    }

    #[test]
    fn activity_is_the_latest_day_that_has_come() {
        let facts = facts(&json!([
            { "creationDate": "2024-01-01T08:00:00Z", "commitmentEndDate": "2027-05-01T00:00:00Z" },
            { "effectiveStartDate": "2026-02-03", "commitmentEndDate": "2026-11-20T00:00:00Z" },
            { "creationDate": "soon" },
        ]));
        assert_eq!(facts.active_until(), Some("2026-11-20".parse().unwrap()));
        assert_eq!(super::tests::facts(&json!([{}])).active_until(), None);
    }
}
