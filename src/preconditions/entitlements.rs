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
        let mut facts =
            Facts::new(crate::domain::Time::from_millis(1_795_166_130_000), CustomerFacts::default());
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
        let facts_expired = facts(json!([expired.clone()]));
        assert!(orders_needed(&facts_expired).is_empty());
        assert_eq!(orders_named(&facts_expired), ["A"], "in the sandbox, it may still stand in the way");
        assert_eq!(reserved_instance(&facts_expired), None);
        // Its last day is a day with it.
        expired["expiryDate"] = json!("2026-11-20T00:00:00Z");
        let last_day = facts(json!([expired]));
        assert_eq!(orders_needed(&last_day), ["A"]);
        assert_eq!(reserved_instance(&last_day).unwrap().ends, Ends::On("2026-11-21".parse().unwrap()));

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
    fn nothing_is_left_of_an_order_that_was_cancelled_in_part() {
        let in_force = |quantity: Value| {
            let mut none_left = entitlement("software", "A");
            none_left["quantity"] = quantity;
            let mut facts = facts(json!([none_left]));
            assert!(software(&facts).is_some(), "its order is not read");
            let standing = Standing { status: "completed".into(), ..Standing::default() };
            facts.orders.insert("A".into(), OrderState::Stands(standing));
            software(&facts).is_some()
        };
        assert!(!in_force(json!(0)) && !in_force(json!(0.0)));
        assert!(in_force(json!(1)) && in_force(json!("0")) && in_force(Value::Null));
    }

    #[test]
    fn an_order_without_an_id_is_none_to_read() {
        let facts = facts(json!([entitlement("software", " "), {"entitlementType": "software"}]));
        assert!(orders_needed(&facts).is_empty() && orders_named(&facts).is_empty());
        assert!(software(&facts).unwrap().causes.iter().all(|cause| cause.id.is_none()));
    }

    #[test]
    fn a_cause_says_how_long_it_counts_and_what_its_order_is() {
        let mut facts = facts(json!([entitlement("software", "A")]));
        facts.entitlements[0].product_id = Some("P".into());
        let said = |facts: &Facts| software(facts).unwrap().causes[0].to_string();
        let alone = "entitlement of order `P` (A): software, until 2027-05-01";
        assert_eq!(said(&facts), alone);
        let standing = Standing { status: "completed".into(), ..Standing::default() };
        facts.orders.insert("A".into(), OrderState::Stands(standing));
        assert_eq!(said(&facts), format!("{alone}, its order is completed"));
        facts.orders.insert("A".into(), OrderState::NotFound);
        assert_eq!(said(&facts), format!("{alone}, its order was not found"));
    }

    #[test]
    fn an_end_that_is_not_given_is_not_made_up() {
        let mut endless = entitlement("software", "B");
        for end in [Value::Null, json!("9999-12-31T00:00:00Z"), json!("soon")] {
            endless["expiryDate"] = end;
            let both = facts(json!([entitlement("software", "A"), endless.clone()]));
            assert_eq!(software(&both).unwrap().ends, Ends::NotKnown, "{endless}");
        }
    }
}
