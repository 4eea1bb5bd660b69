//! The rules about entitlements: reservations, software, and whatever else there may be.

use super::{Facts, OrderState};
use crate::{
    domain::{Cause, Day, Ends, Finding, Reason, is_taken_out},
    partner_center::model::Entitlement,
};
use serde_json::Value;

/// A reserved instance is in force.
pub(super) fn reserved_instance(facts: &Facts) -> Option<Finding> {
    finding(facts, Reason::ReservedInstance)
}

/// A software purchase is in force.
pub(super) fn software(facts: &Facts) -> Option<Finding> {
    finding(facts, Reason::SoftwarePurchase)
}

/// An entitlement of a type that is not known is in force.
pub(super) fn unknown(facts: &Facts) -> Option<Finding> {
    finding(facts, Reason::UnknownEntitlement)
}

/// The entitlements and those inside them, at every depth.
pub(super) fn flattened(entitlements: &[Entitlement]) -> impl Iterator<Item = &Entitlement> {
    let mut waiting: Vec<&Entitlement> = entitlements.iter().rev().collect();
    std::iter::from_fn(move || {
        let next = waiting.pop()?;
        let inside = next.included_entitlements.iter().rev();
        waiting.extend(inside.filter(|_| !is_taken_out("entitlements-inside-others-do-not-count")));
        Some(next)
    })
}

/// The order that an entitlement comes from.
pub(super) fn order_id(entitlement: &Entitlement) -> Option<&str> {
    let id = entitlement.reference_order.as_ref()?.id.as_deref()?.trim();
    (!id.is_empty()).then_some(id)
}

/// Whether its last day is over.
pub(super) fn has_expired(entitlement: &Entitlement, today: Day) -> bool {
    expiry(entitlement).is_some_and(|last| last < today)
}

fn expiry(entitlement: &Entitlement) -> Option<Day> {
    let day = entitlement.expiry_date.as_deref().and_then(Day::from_lenient)?;
    (day.year() < 9000).then_some(day)
}

/// The type as a reason. The string that live answers have and the deprecated enumeration of the
/// older samples both mean a reserved instance; a type that nobody has seen blocks.
fn reason(entitlement: &Entitlement) -> Reason {
    let kind: String = entitlement
        .entitlement_type
        .as_deref()
        .unwrap_or_default()
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    match kind.as_str() {
        "reservedinstance" | "virtualmachinereservedinstance" => Reason::ReservedInstance,
        "software" => Reason::SoftwarePurchase,
        _ => Reason::UnknownEntitlement,
    }
}

/// Whether it still counts. It has no flag that says so: it is over when it has expired, when its
/// order was cancelled, or when nothing is left of it although the order stands (a line of an order
/// that was cancelled in part).
fn is_in_force(entitlement: &Entitlement, facts: &Facts) -> bool {
    if has_expired(entitlement, facts.today) {
        return false;
    }
    match order_id(entitlement).and_then(|order| facts.orders.get(order)) {
        Some(OrderState::Cancelled) => false,
        Some(OrderState::Stands(_)) => entitlement.quantity.as_ref().and_then(Value::as_f64) != Some(0.0),
        Some(OrderState::NotFound) | None => true,
    }
}

fn finding(facts: &Facts, wanted: Reason) -> Option<Finding> {
    let in_force: Vec<&Entitlement> = flattened(&facts.entitlements)
        .filter(|entitlement| reason(entitlement) == wanted && is_in_force(entitlement, facts))
        .collect();
    if in_force.is_empty() {
        return None;
    }
    let ends = in_force
        .iter()
        .map(|entitlement| expiry(entitlement).map_or(Ends::NotKnown, |last| Ends::On(last.next())))
        .reduce(Ends::and);
    let causes = in_force.into_iter().map(|entitlement| cause(entitlement, facts)).collect();
    Some(Finding { reason: wanted, causes, ends: ends.unwrap_or(Ends::NotKnown) })
}

pub(super) fn cause(entitlement: &Entitlement, facts: &Facts) -> Cause {
    let mut detail = entitlement.entitlement_type.clone().unwrap_or_else(|| "no type".to_owned());
    if let Some(last) = expiry(entitlement) {
        detail.push_str(&format!(", until {last}"));
    }
    match order_id(entitlement).and_then(|order| facts.orders.get(order)) {
        Some(OrderState::Stands(order)) => detail.push_str(&format!(", its order is {}", order.status)),
        Some(OrderState::NotFound) => detail.push_str(", its order was not found"),
        Some(OrderState::Cancelled) | None => {}
    }
    Cause {
        what: "entitlement of order".to_owned(),
        id: order_id(entitlement).map(str::to_owned),
        name: entitlement.product_id.clone(),
        detail,
    }
}

/// All orders that entitlements come from and that are not read yet, at every depth. Each once.
pub fn orders_named(facts: &Facts) -> Vec<String> {
    not_read(facts, |_| true)
}

/// The orders that must be read before the entitlements can be judged: those of entitlements that
/// have not expired and may have been cancelled. Each once.
pub fn orders_needed(facts: &Facts) -> Vec<String> {
    not_read(facts, |entitlement| !has_expired(entitlement, facts.today))
}

fn not_read(facts: &Facts, counts: impl Fn(&Entitlement) -> bool) -> Vec<String> {
    let mut needed: Vec<String> = flattened(&facts.entitlements)
        .filter(|entitlement| counts(entitlement))
        .filter_map(order_id)
        .filter(|order| !facts.orders.contains_key(*order))
        .map(str::to_owned)
        .collect();
    needed.sort_unstable();
    needed.dedup();
    needed
}

#[cfg(test)]
mod tests {
    use super::{
        super::{CustomerFacts, facts::Standing},
        *,
    };
    use serde_json::json;

    fn facts(entitlements: Value) -> Facts {
        let mut facts = Facts::new("2026-11-20".parse().unwrap(), CustomerFacts::default());
        facts.entitlements = serde_json::from_value(entitlements).unwrap();
        facts
    }

    fn entitlement(kind: &str, order: &str) -> Value {
        json!({"entitlementType": kind, "referenceOrder": {"id": order}, "quantity": 1, "expiryDate": "2027-05-01"})
    }

    #[test]
    fn both_names_of_a_reserved_instance_are_known() {
        for kind in ["reservedinstance", "VirtualMachineReservedInstance", "reserved_Instance"] {
            let finding = reserved_instance(&facts(json!([entitlement(kind, "A")]))).unwrap();
            assert_eq!(finding.ends, Ends::On("2027-05-02".parse().unwrap()), "{kind}");
        }
        assert!(software(&facts(json!([entitlement("Software", "A")]))).is_some());
        assert!(unknown(&facts(json!([entitlement("teleporter", "A")]))).is_some());
        assert!(unknown(&facts(json!([{}]))).is_some());
    }

    #[test]
    fn an_entitlement_inside_another_counts() {
        let mut outer = entitlement("software", "A");
        outer["includedEntitlements"] =
            json!([{"includedEntitlements": [entitlement("reservedinstance", "B")]}]);
        let facts = facts(json!([outer]));
        assert!(reserved_instance(&facts).is_some());
        assert_eq!(orders_needed(&facts), ["A", "B"]);
    }

    #[test]
    fn what_has_expired_or_was_cancelled_does_not_count() {
        let mut expired = entitlement("reservedinstance", "A");
        expired["expiryDate"] = json!("2026-11-19T00:00:00Z");
        let facts_expired = facts(json!([expired]));
        assert!(orders_needed(&facts_expired).is_empty());
        assert_eq!(reserved_instance(&facts_expired), None);

        let mut facts =
            facts(json!([entitlement("reservedinstance", "A"), entitlement("reservedinstance", "A")]));
        assert_eq!(orders_needed(&facts), ["A"]);
        for (state, in_force) in [
            (OrderState::Cancelled, false),
            (OrderState::Stands(Standing { status: "completed".into(), ..Standing::default() }), true),
            (OrderState::NotFound, true),
        ] {
            facts.orders.insert("A".into(), state);
            assert_eq!(reserved_instance(&facts).is_some(), in_force);
        }
    }

    #[test]
    fn an_end_that_is_not_given_is_not_made_up() {
        let endless = json!([entitlement("software", "A"), {"entitlementType": "software"}]);
        assert_eq!(software(&facts(endless)).unwrap().ends, Ends::NotKnown);
    }
}
