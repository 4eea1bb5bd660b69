//! The orders of a customer of the integration sandbox: which must be cancelled before it is deleted, and
//! which cannot be.

use super::{Facts, OrderState, entitlements, facts::Standing};
use crate::domain::{Cause, Finding, Reason, is_taken_out};

/// The sandbox does not cancel an order that is older than this.
const OLDEST_DAYS: u16 = 60;

/// The orders of entitlements, at every depth, that stand, with their names. Each once, whatever number of entitlements
/// come from it.
pub fn standing_orders(facts: &Facts) -> impl Iterator<Item = (String, Option<String>)> {
    facts.orders.iter().filter_map(|(id, state)| match state {
        OrderState::Stands(order) => Some((id.clone(), order.name.clone())),
        OrderState::Cancelled | OrderState::NotFound => None,
    })
}

/// An order cannot be cancelled, as far as that is known beforehand.
pub(super) fn not_cancellable(facts: &Facts) -> Option<Finding> {
    let of_orders = facts.orders.iter().filter_map(|(id, state)| {
        let (name, detail) = match state {
            OrderState::Cancelled => return None,
            OrderState::NotFound => (
                None,
                "Partner Center does not find it; an order is found up to a quarter of an hour late"
                    .to_owned(),
            ),
            OrderState::Stands(order) => (order.name.clone(), too_old(order, facts)?),
        };
        Some(Cause { what: "order".to_owned(), id: Some(id.clone()), name, detail })
    });
    let nameless = entitlements::flattened(&facts.entitlements)
        .filter(|entitlement| !entitlements::has_expired(entitlement, facts.today))
        .filter(|entitlement| entitlements::order_id(entitlement).is_none())
        .map(|entitlement| {
            let cause = entitlements::cause(entitlement, facts);
            let detail = format!("{}, without the ID of an order that could be cancelled", cause.detail);
            Cause { what: "entitlement".to_owned(), detail, ..cause }
        });
    let causes: Vec<Cause> = of_orders.chain(nameless).collect();
    (!causes.is_empty()).then(|| Finding::new(Reason::OrderNotCancelled, causes))
}

fn too_old(order: &Standing, facts: &Facts) -> Option<String> {
    let made = order
        .made
        .filter(|made| made.plus_days(OLDEST_DAYS) < facts.today && !is_taken_out("orders-of-any-age"))?;
    Some(format!(
        "{}, made on {made}; the sandbox does not cancel an order older than {OLDEST_DAYS} days",
        order.status
    ))
}

#[cfg(test)]
mod tests {
    use super::{super::CustomerFacts, *};
    use serde_json::json;

    fn facts(made: &str) -> Facts {
        let mut facts =
            Facts::new(crate::domain::Time::from_millis(1_795_166_130_000), CustomerFacts::default());
        let stands = |made: &str| {
            let made = Some(made.parse().unwrap());
            OrderState::Stands(Standing { status: "completed".into(), name: Some("SQL".into()), made })
        };
        facts.orders.insert("A".into(), stands(made));
        facts.orders.insert("B".into(), OrderState::Cancelled);
        facts
    }

    #[test]
    fn an_order_can_be_cancelled_for_sixty_days() {
        for (made, is_too_old) in [("2026-11-20", false), ("2026-09-21", false), ("2026-09-20", true)] {
            assert_eq!(not_cancellable(&facts(made)).is_some(), is_too_old, "{made}");
        }
        let finding = not_cancellable(&facts("2025-01-02")).unwrap();
        let text = finding.explanation();
        for part in ["order `SQL` (A)", "2025-01-02", "60 days"] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn what_stands_is_cancelled_once_and_what_is_not_known_stands_in_the_way() {
        let mut facts = facts("2026-11-20");
        assert_eq!(standing_orders(&facts).map(|(id, _)| id).collect::<Vec<_>>(), ["A"]);
        facts.orders.insert("C".into(), OrderState::NotFound);
        assert!(not_cancellable(&facts).unwrap().explanation().contains("does not find it"));
        facts.orders.remove("C");
        // An entitlement with an order, or one that is over, is none of those.
        facts.entitlements = serde_json::from_value(json!([{ "entitlementType": "software" },
            { "entitlementType": "software", "referenceOrder": { "id": "A" } },
            { "entitlementType": "software", "expiryDate": "2026-11-19" }]))
        .unwrap();
        let finding = not_cancellable(&facts).unwrap();
        let [cause] = &*finding.causes else { panic!("one cause") };
        let text = "entitlement: software, without the ID of an order that could be cancelled";
        assert_eq!(cause.to_string(), text);
    }
}
