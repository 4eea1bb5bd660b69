//! What the service itself refuses a removal for. It is not told by the program's own rules, so
//! that a mistake in one of the two shows.

use super::super::scenario::{Customer, Enforced, Entitlement, SubscriptionKind};
use super::{answers::DraftAnswer, products};
use crate::domain::Day;

/// Why the service refuses to end this relationship, if it does.
pub(super) fn refuse(
    customer: &Customer,
    enforced: Enforced,
    today: Day,
    is_cancelled: impl Fn(&str) -> bool,
) -> Option<DraftAnswer> {
    if enforced == Enforced::Nothing {
        return None;
    }
    let all = enforced == Enforced::All;
    for subscription in &customer.subscriptions {
        let status = subscription.status.as_deref().unwrap_or("active");
        let must_be_cancelled = subscription.kind != SubscriptionKind::Legacy;
        let blocks = status == "active"
            || (all && matches!(status, "pending" | "none"))
            || (all && must_be_cancelled && status == "suspended");
        if blocks && all && subscription.kind == SubscriptionKind::AzurePlan {
            return Some(DraftAnswer::fault(403, 900_115, "The Azure plan has active Azure subscriptions."));
        }
        if blocks {
            return Some(invalid("The customer has subscriptions that are not suspended or cancelled."));
        }
    }
    let orders = products::orders(customer);
    let ended = |order: &str| {
        let status = orders.iter().find(|o| o.id == order).and_then(|o| o.status.as_deref());
        is_cancelled(order) || status.is_some_and(|status| status.eq_ignore_ascii_case("cancelled"))
    };
    let with_places = customer.entitlements.iter().enumerate();
    let each = with_places.flat_map(|(i, e)| products::with_included(customer.id, &i.to_string(), None, e));
    for (order, entitlement) in each {
        let counts = all || entitlement.kind == "reserved_instance";
        if counts && in_force(entitlement, today) && !ended(&order) {
            return Some(invalid(&format!(
                "The customer has an entitlement of type {} in force.",
                entitlement.kind
            )));
        }
    }
    None
}

/// A refusal. It has the code of "the relationship does not exist", as the real one may have.
pub(super) fn invalid(description: &str) -> DraftAnswer {
    DraftAnswer::fault(400, 3000, description)
}

fn in_force(entitlement: &Entitlement, today: Day) -> bool {
    let end = entitlement.expires.as_deref().and_then(Day::from_lenient);
    entitlement.quantity != Some(0)
        && end.is_none_or(|end| end >= today)
        && !entitlement.order_status.as_deref().is_some_and(|status| status.eq_ignore_ascii_case("cancelled"))
}
