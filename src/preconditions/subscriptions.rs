//! The rules about subscriptions. Each subscription belongs to one family, and each family has its
//! own idea of what it takes to be over.

use super::Facts;
use crate::{
    domain::{Cause, Day, Ends, Finding, Reason},
    partner_center::model::Subscription,
};
use serde_json::Value;

/// What a subscription is, as far as ending it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    /// Old commerce: suspended is enough.
    Legacy,
    /// New commerce: it must be cancelled.
    NewCommerce,
    AzurePlan,
    SavingsPlan,
    Marketplace,
}

/// How far a subscription is from being over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Active,
    Pending,
    Suspended,
    /// Cancelled, or expired with its end behind it.
    Over,
    Unclear,
}

/// The product of the Azure plan, as Microsoft's own samples name it.
const AZURE_PLAN_PRODUCT: &str = "DZH318Z0BPS6";

/// A subscription is active.
pub(super) fn active(facts: &Facts) -> Option<Finding> {
    of_families(facts, Reason::ActiveSubscription, &[Family::Legacy, Family::NewCommerce], State::Active)
}

/// A subscription is pending.
pub(super) fn pending(facts: &Facts) -> Option<Finding> {
    of_families(facts, Reason::PendingSubscription, &[Family::Legacy, Family::NewCommerce], State::Pending)
}

/// A new-commerce subscription is suspended, which is not enough.
pub(super) fn suspended_new_commerce(facts: &Facts) -> Option<Finding> {
    of_families(facts, Reason::SuspendedNewCommerceSubscription, &[Family::NewCommerce], State::Suspended)
}

/// It cannot be told whether a subscription is over.
pub(super) fn unclear(facts: &Facts) -> Option<Finding> {
    of_families(facts, Reason::UnclearSubscription, &[Family::Legacy, Family::NewCommerce], State::Unclear)
}

/// An Azure plan is not cancelled.
pub(super) fn azure_plan(facts: &Facts) -> Option<Finding> {
    not_over(facts, Reason::AzurePlan, Family::AzurePlan)
}

/// A third-party product is not cancelled.
pub(super) fn marketplace(facts: &Facts) -> Option<Finding> {
    not_over(facts, Reason::MarketplaceSubscription, Family::Marketplace)
}

/// A savings plan is in force.
pub(super) fn savings_plan(facts: &Facts) -> Option<Finding> {
    not_over(facts, Reason::SavingsPlan, Family::SavingsPlan)
}

fn of_families(facts: &Facts, reason: Reason, families: &[Family], state: State) -> Option<Finding> {
    finding(facts, reason, |family, found| families.contains(&family) && found == state)
}

fn not_over(facts: &Facts, reason: Reason, family: Family) -> Option<Finding> {
    finding(facts, reason, |found, state| found == family && state != State::Over)
}

fn finding(facts: &Facts, reason: Reason, is_cause: impl Fn(Family, State) -> bool) -> Option<Finding> {
    let causes: Vec<&Subscription> =
        facts.subscriptions.iter().filter(|s| is_cause(family(s), state(s, facts.today))).collect();
    if causes.is_empty() {
        return None;
    }
    let ends = causes.iter().map(|subscription| ends(subscription, facts.today)).reduce(later);
    let causes = causes.into_iter().map(cause).collect();
    Some(Finding { reason, causes, ends: ends.unwrap_or(Ends::NotKnown) })
}

/// The later of two ends.
pub(super) fn later(a: Ends, b: Ends) -> Ends {
    match (a, b) {
        (Ends::NotKnown, _) | (_, Ends::NotKnown) => Ends::NotKnown,
        (Ends::On(a), Ends::On(b)) => Ends::On(a.max(b)),
        (Ends::On(day), Ends::ByAction) | (Ends::ByAction, Ends::On(day)) => Ends::On(day),
        (Ends::ByAction, Ends::ByAction) => Ends::ByAction,
    }
}

fn is(value: Option<&str>, expected: &str) -> bool {
    value.is_some_and(|value| value.trim().eq_ignore_ascii_case(expected))
}

/// There is no official flag for any of these; the marks are those of documented samples.
fn family(subscription: &Subscription) -> Family {
    let offer = subscription.offer_id.as_deref().unwrap_or_default().trim();
    let product = offer.split(':').next().unwrap_or_default();
    let product_type = subscription.product_type.as_ref().and_then(|value| match value {
        Value::String(text) => Some(text.as_str()),
        other => other.get("id").and_then(Value::as_str),
    });
    let publisher = subscription.publisher_name.as_deref().unwrap_or_default().trim();
    let third_party = !publisher.is_empty() && !publisher.to_ascii_lowercase().starts_with("microsoft");
    if product.eq_ignore_ascii_case(AZURE_PLAN_PRODUCT) || is(product_type, "AzurePlan") {
        Family::AzurePlan
    } else if is(subscription.billing_type.as_deref(), "benefit")
        || is(subscription.unit_type.as_deref(), "benefit")
        || is(product_type, "SavingsPlan")
    {
        Family::SavingsPlan
    } else if subscription.is_microsoft_product == Some(false) || third_party {
        Family::Marketplace
    } else if offer.contains(':')
        || subscription.product_type.as_ref().is_some_and(|value| !value.is_null())
        || (has_text(subscription.term_duration.as_ref())
            && has_text(subscription.cancellation_allowed_until_date.as_ref()))
    {
        Family::NewCommerce
    } else {
        Family::Legacy
    }
}

fn has_text(value: Option<&String>) -> bool {
    value.is_some_and(|text| !text.trim().is_empty())
}

fn state(subscription: &Subscription, today: Day) -> State {
    let status = subscription.status.as_deref().unwrap_or_default().trim().to_ascii_lowercase();
    match status.as_str() {
        "active" => State::Active,
        "pending" => State::Pending,
        "suspended" => State::Suspended,
        "deleted" => State::Over,
        "expired" if term_end(subscription).is_none_or(|end| end < today) => State::Over,
        _ => State::Unclear,
    }
}

/// When the term ends; none if it does not, or if the service does not say.
pub(super) fn term_end(subscription: &Subscription) -> Option<Day> {
    let dates = [&subscription.commitment_end_date_time, &subscription.commitment_end_date];
    let day = dates.into_iter().flatten().find_map(|text| Day::from_lenient(text))?;
    // 9999-12-31 means that there is no end.
    (day.year() < 9000).then_some(day)
}

fn ends(subscription: &Subscription, today: Day) -> Ends {
    let at_term_end = || term_end(subscription).map_or(Ends::NotKnown, |end| Ends::On(end.next()));
    match (family(subscription), state(subscription, today)) {
        // Suspending, or cancelling what stands under the plan, is possible on any day.
        (Family::Legacy, State::Active | State::Pending | State::Suspended) | (Family::AzurePlan, _) => {
            Ends::ByAction
        }
        (Family::NewCommerce | Family::Marketplace, State::Active | State::Pending | State::Suspended) => {
            let window = subscription.cancellation_allowed_until_date.as_deref().and_then(Day::from_lenient);
            if window.is_some_and(|last| last >= today) { Ends::ByAction } else { at_term_end() }
        }
        _ => at_term_end(),
    }
}

fn cause(subscription: &Subscription) -> Cause {
    let mut detail = subscription.status.clone().unwrap_or_else(|| "no status".to_owned());
    if let Some(end) = term_end(subscription) {
        detail.push_str(&format!(", term ends {end}"));
        if subscription.auto_renew_enabled == Some(true) {
            detail.push_str(" and then renews itself");
        }
    }
    if let Some(last) = subscription.cancellation_allowed_until_date.as_deref().and_then(Day::from_lenient) {
        detail.push_str(&format!(", may be cancelled until {last}"));
    }
    let name = subscription.friendly_name.clone().filter(|name| !name.trim().is_empty());
    Cause {
        what: "subscription".to_owned(),
        id: subscription.id.clone(),
        name: name.or_else(|| subscription.offer_name.clone()),
        detail,
    }
}

#[cfg(test)]
mod tests {
    use super::{super::CustomerFacts, *};
    use serde_json::json;

    fn facts(subscriptions: &[Value]) -> Facts {
        let mut facts = Facts::new("2026-11-20".parse().unwrap(), CustomerFacts::default());
        facts.subscriptions =
            subscriptions.iter().map(|value| serde_json::from_value(value.clone()).unwrap()).collect();
        facts
    }

    fn reasons(subscription: Value) -> Vec<Reason> {
        let facts = facts(&[subscription]);
        let rules = [active, pending, suspended_new_commerce, unclear, azure_plan, marketplace, savings_plan];
        rules.iter().filter_map(|rule| rule(&facts)).map(|finding| finding.reason).collect()
    }

    fn legacy(status: &str) -> Value {
        json!({"id": "L", "offerId": "91FD106F-4B2C-4938-95AC-F54F74E9A239", "status": status})
    }

    fn new_commerce(status: &str) -> Value {
        json!({"id": "N", "offerId": "CFQ7TTC0LH16:0001:CFQ7TTC0K971", "status": status})
    }

    #[test]
    fn legacy_and_new_commerce_differ_when_suspended() {
        assert_eq!(reasons(legacy("active")), [Reason::ActiveSubscription]);
        assert_eq!(reasons(new_commerce("active")), [Reason::ActiveSubscription]);
        assert_eq!(reasons(legacy("suspended")), []);
        assert_eq!(reasons(new_commerce("suspended")), [Reason::SuspendedNewCommerceSubscription]);
        for over in [legacy("deleted"), new_commerce("deleted"), legacy("Expired")] {
            assert_eq!(reasons(over), []);
        }
        assert_eq!(reasons(new_commerce("pending")), [Reason::PendingSubscription]);
    }

    #[test]
    fn a_status_that_says_nothing_certain_blocks() {
        for status in ["disabled", "none", "hibernating", ""] {
            assert_eq!(reasons(legacy(status)), [Reason::UnclearSubscription], "{status}");
        }
        assert_eq!(reasons(json!({"id": "X"})), [Reason::UnclearSubscription]);
        let with_end = |end: &str| json!({"status": "expired", "commitmentEndDate": end});
        assert_eq!(reasons(with_end("2026-11-19T00:00:00Z")), []);
        assert_eq!(reasons(with_end("2027-01-01T00:00:00Z")), [Reason::UnclearSubscription]);
    }

    #[test]
    fn plans_and_third_party_products_have_their_own_reason_until_they_are_cancelled() {
        let azure = |status: &str| json!({"offerId": "DZH318Z0BPS6:0001:DZH318Z0BMG8", "status": status});
        let savings = |status: &str| json!({"offerId": "DZH318Z08B8X:0002:X", "billingType": "benefit", "status": status});
        let market =
            |status: &str| json!({"offerId": "P:1:A", "isMicrosoftProduct": false, "status": status});
        for status in ["active", "suspended", "pending", "disabled", "odd"] {
            assert_eq!(reasons(azure(status)), [Reason::AzurePlan]);
            assert_eq!(reasons(savings(status)), [Reason::SavingsPlan]);
            assert_eq!(reasons(market(status)), [Reason::MarketplaceSubscription]);
        }
        for over in [azure("deleted"), savings("deleted"), market("deleted")] {
            assert_eq!(reasons(over), []);
        }
        let published = json!({"offerId": "P:1:A", "publisherName": "Contoso Software", "status": "active"});
        assert_eq!(reasons(published), [Reason::MarketplaceSubscription]);
        let own = json!({"offerId": "P:1:A", "publisherName": "Microsoft Corporation", "status": "active"});
        assert_eq!(reasons(own), [Reason::ActiveSubscription]);
    }

    #[test]
    fn a_closed_cancellation_window_leaves_the_end_of_the_term() {
        let licence = |window: &str| {
            json!({"offerId": "P:1:A", "status": "active", "cancellationAllowedUntilDate": window,
                "commitmentEndDate": "2027-03-04T23:59:59Z"})
        };
        let ends_of = |subscription: Value| active(&facts(&[subscription])).unwrap().ends;
        assert_eq!(ends_of(licence("2026-11-20T10:00:00Z")), Ends::ByAction);
        assert_eq!(ends_of(licence("2026-11-19T10:00:00Z")), Ends::On("2027-03-05".parse().unwrap()));
        assert_eq!(ends_of(legacy("active")), Ends::ByAction);
        let endless =
            json!({"offerId": "P:1:A", "status": "active", "commitmentEndDate": "9999-12-31T00:00:00Z"});
        assert_eq!(ends_of(endless), Ends::NotKnown);
    }

    #[test]
    fn every_cause_is_named() {
        let finding = active(&facts(&[legacy("active"), new_commerce("active"), legacy("deleted")])).unwrap();
        let ids: Vec<_> = finding.causes.iter().map(|cause| cause.id.as_deref().unwrap()).collect();
        assert_eq!(ids, ["L", "N"]);
    }
}
