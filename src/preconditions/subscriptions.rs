//! The rules about subscriptions. Each subscription belongs to one family, and each family has its
//! own idea of what it takes to be over.

use super::{
    Facts,
    facts::seats,
    family::{Family, family, is},
    term::{
        AtTermEnd, Renewal, at_its_end, is_extended, is_set_to_end, is_too_close, last_day_to_act, settings,
        term_end,
    },
};
use crate::{
    domain::{AND_THEN, Cause, Day, ENDS_THEN, Ends, Finding, Reason, Term, TermEndSettings, Time},
    partner_center::model::Subscription,
};

/// How far a subscription is from being over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Active,
    Pending,
    Suspended,
    /// By the service: it is not billed, and cannot be reactivated.
    Disabled,
    /// Cancelled, or disabled or expired with its end behind it.
    Over,
    Unclear,
}

/// A subscription is active.
pub(super) fn active(facts: &Facts) -> Option<Finding> {
    of_families(facts, Reason::ActiveSubscription, &[Family::Legacy, Family::NewCommerce], State::Active)
}

/// The subscriptions of which these reasons say that they stand in the way.
pub fn in_the_way<'a>(facts: &'a Facts, reasons: &[Reason]) -> Vec<&'a Subscription> {
    let is_so = |subscription: &&Subscription| {
        let is_because = match (family(subscription), state(subscription, facts.today)) {
            (Family::Legacy | Family::NewCommerce, State::Active) => Reason::ActiveSubscription,
            (Family::NewCommerce, State::Suspended) => Reason::SuspendedNewCommerceSubscription,
            _ => return false,
        };
        reasons.contains(&is_because)
    };
    facts.subscriptions.iter().filter(is_so).collect()
}

/// The ID and the name of a subscription; none if it has no ID by which something could be done to it.
pub fn named(subscription: &Subscription) -> Option<(String, Option<String>)> {
    let id = subscription.id.clone().filter(|id| !id.trim().is_empty())?;
    Some((id, name(subscription)))
}

/// What whoever has a subscription cancelled at once must know of its term; none if the service does not say when it ends.
pub fn term_cut_short(subscription: &Subscription) -> Option<Term> {
    let last_day = term_end(subscription)?;
    Some(Term { seats: seats(subscription), last_day, planned_over: None, restored: None })
}

/// Whether a new-commerce subscription is within the time in which it may be cancelled: for a trial, that is any.
pub fn is_in_window(subscription: &Subscription, now: Time) -> bool {
    let until = subscription.cancellation_allowed_until_date.as_deref().and_then(Time::from_lenient);
    is_there(subscription, now)
        && (subscription.is_trial == Some(true) || until.is_some_and(|until| now < until))
}

/// Whether a new-commerce subscription goes on as an extended service term, which may be cancelled on any day.
pub fn is_in_extended_term(subscription: &Subscription, now: Time) -> bool {
    is_there(subscription, now) && is_extended(subscription)
}

fn is_there(subscription: &Subscription, now: Time) -> bool {
    family(subscription) == Family::NewCommerce
        && matches!(state(subscription, now.day()), State::Active | State::Suspended)
}

/// Whether this subscription is of the old kind, and active: only such a one is ever suspended, because new
/// commerce goes on being billed.
pub fn is_active_legacy(subscription: &Subscription) -> bool {
    family(subscription) == Family::Legacy && is(subscription.status.as_deref(), "active")
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

/// The service disabled a subscription, and its term is not over.
pub(super) fn disabled(facts: &Facts) -> Option<Finding> {
    of_families(facts, Reason::DisabledSubscription, &[Family::Legacy, Family::NewCommerce], State::Disabled)
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

/// What becomes of a new-commerce licence subscription at the end of its term, for whoever has it end then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LicenceEnd {
    /// It is over, ends by itself, or is set to end.
    Ends,
    /// It renews itself or is extended, and that can be changed.
    GoesOn {
        /// What whoever allows it must know.
        term: Term,
    },
    /// What happens then cannot be changed, or is not known: why.
    Blocked(Reason),
}

/// A new-commerce licence subscription.
#[derive(Clone, Debug)]
pub struct Licence {
    /// Its ID.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// What becomes of it at the end of its term.
    pub end: LicenceEnd,
    /// Its state and dates, in words.
    pub cause: Cause,
}

/// The customer's new-commerce licence subscriptions. What is no licence, as an Azure plan, has no term that could be
/// scheduled to end.
pub fn licences(facts: &Facts) -> impl Iterator<Item = Licence> {
    let all = facts.subscriptions.iter().filter(|subscription| family(subscription) == Family::NewCommerce);
    all.map(|subscription| Licence {
        id: subscription.id.clone().unwrap_or_default(),
        name: name(subscription),
        end: licence_end(subscription, facts.now),
        cause: cause(subscription, facts.today),
    })
}

/// What becomes of a new-commerce licence subscription at the end of its term.
pub fn licence_end(subscription: &Subscription, now: Time) -> LicenceEnd {
    let today = now.day();
    if family(subscription) != Family::NewCommerce {
        return LicenceEnd::Blocked(Reason::ChangedSincePlan);
    }
    match state(subscription, today) {
        State::Over | State::Disabled => return LicenceEnd::Ends,
        State::Pending => return LicenceEnd::Blocked(Reason::PendingSubscription),
        State::Unclear => return LicenceEnd::Blocked(Reason::UnclearSubscription),
        State::Active | State::Suspended => {}
    }
    match outlook(subscription, today) {
        AtTermEnd::Ends | AtTermEnd::EndsBefore(_) => return LicenceEnd::Ends,
        AtTermEnd::Renews(_) | AtTermEnd::Extends => {}
        AtTermEnd::Stays | AtTermEnd::NotKnown(_) => {
            return LicenceEnd::Blocked(Reason::UnclearSubscription);
        }
    }
    let has_id = subscription.id.as_deref().is_some_and(|id| !id.trim().is_empty());
    match term_end(subscription).filter(|_| has_id) {
        None => LicenceEnd::Blocked(Reason::UnclearSubscription),
        Some(_) if is_too_close(subscription, now) => LicenceEnd::Blocked(Reason::TermEndTooClose),
        Some(last_day) => LicenceEnd::GoesOn {
            term: Term {
                seats: seats(subscription),
                last_day,
                planned_over: settings(subscription),
                restored: None,
            },
        },
    }
}

/// What is set to happen at the end of a subscription's term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetToHappen {
    /// The two settings, and what there is beside them.
    pub settings: TermEndSettings,
    /// Whether both of them say that it is cancelled then.
    pub is_cancelled: bool,
    /// Whether it is extended then.
    pub is_extended: bool,
    /// The last day of the term.
    pub last_day: Option<Day>,
    /// How many seats it has.
    pub seats: Option<u64>,
    /// Whether it is too late to change it.
    pub is_too_close: bool,
}

impl SetToHappen {
    /// Whether it is as a run left it that scheduled its end, in this term: cancelled then, or extended, if the service made
    /// that of it.
    pub fn is_as_left(&self, term: &Term) -> bool {
        let is_set_so = match &term.planned_over {
            Some(left) => self.is_extended && self.settings.auto_renew == left.auto_renew,
            None => self.is_cancelled,
        };
        is_set_so && self.last_day == Some(term.last_day) && self.seats == term.seats
    }
}

/// What is set to happen at the end of the term of this subscription; none if it is over, or if the service does not say
/// whether it renews itself.
pub fn set_to_happen(subscription: &Subscription, now: Time) -> Option<SetToHappen> {
    let today = now.day();
    if !matches!(state(subscription, today), State::Active | State::Suspended) {
        return None;
    }
    Some(SetToHappen {
        settings: settings(subscription)?,
        is_cancelled: is_set_to_end(subscription, today),
        is_extended: outlook(subscription, today) == AtTermEnd::Extends,
        last_day: term_end(subscription),
        seats: seats(subscription),
        is_too_close: is_too_close(subscription, now),
    })
}

/// The day until which somebody can act so that everything which renews itself or is extended ends with its term. None if
/// nothing does, or if the service does not say when one of them ends.
pub fn act_by(facts: &Facts) -> Option<Day> {
    let goes_on = facts.subscriptions.iter().filter(|subscription| {
        // A legacy subscription that is suspended is over.
        let is_there = match state(subscription, facts.today) {
            State::Active => true,
            State::Suspended => family(subscription) != Family::Legacy,
            _ => false,
        };
        is_there && matches!(outlook(subscription, facts.today), AtTermEnd::Renews(_) | AtTermEnd::Extends)
    });
    let days = goes_on.map(last_day_to_act).collect::<Option<Vec<_>>>()?;
    days.into_iter().min()
}

/// Whether something stands in the way that partners transfer to each other: all of new commerce but the marketplace.
pub(super) fn has_transferable(facts: &Facts) -> bool {
    facts.subscriptions.iter().any(|subscription| {
        let is_transferable =
            matches!(family(subscription), Family::NewCommerce | Family::AzurePlan | Family::SavingsPlan);
        is_transferable && state(subscription, facts.today) != State::Over
    })
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
    let each_ends = causes.iter().map(|subscription| ends(subscription, facts.today));
    let ends = each_ends.reduce(Ends::and).unwrap_or(Ends::NotKnown);
    let causes = causes.into_iter().map(|subscription| cause(subscription, facts.today)).collect();
    Some(Finding { reason, causes, ends })
}

fn state(subscription: &Subscription, today: Day) -> State {
    let status = subscription.status.as_deref().unwrap_or_default().trim().to_ascii_lowercase();
    match status.as_str() {
        "active" => State::Active,
        "pending" => State::Pending,
        "suspended" => State::Suspended,
        "deleted" => State::Over,
        "disabled" if term_end(subscription).is_some_and(|end| end < today) => State::Over,
        "disabled" => State::Disabled,
        "expired" if term_end(subscription).is_none_or(|end| end < today) => State::Over,
        _ => State::Unclear,
    }
}

/// What becomes of it if nobody does anything.
fn outlook(subscription: &Subscription, today: Day) -> AtTermEnd {
    let state = state(subscription, today);
    let not_known = |why: &str| AtTermEnd::NotKnown(why.to_owned());
    match state {
        _ if family(subscription) == Family::AzurePlan => AtTermEnd::Stays,
        // Whatever it is set to, there is no way back from it.
        State::Disabled | State::Over => AtTermEnd::Ends,
        State::Pending => not_known("it is not provisioned yet"),
        State::Unclear => not_known("its status is not understood"),
        State::Active | State::Suspended if term_end(subscription).is_some_and(|end| end < today) => {
            not_known("it is still there")
        }
        State::Active | State::Suspended => at_its_end(subscription, today),
    }
}

fn ends(subscription: &Subscription, today: Day) -> Ends {
    match outlook(subscription, today) {
        // What is to be cancelled on a day in between is gone by its term's end, whatever came of that.
        AtTermEnd::Ends | AtTermEnd::EndsBefore(_) => {
            term_end(subscription).map_or(Ends::NotKnown, |end| Ends::On(end.next()))
        }
        AtTermEnd::Renews(_) | AtTermEnd::Extends | AtTermEnd::Stays => Ends::ByAction,
        AtTermEnd::NotKnown(_) => Ends::NotKnown,
    }
}

fn cause(subscription: &Subscription, today: Day) -> Cause {
    let status = subscription.status.clone().unwrap_or_else(|| "no status".to_owned());
    let mut parts = vec![status, in_words(subscription, today)];
    parts.extend(cancellable(subscription, today));
    Cause {
        what: "subscription".to_owned(),
        id: subscription.id.clone(),
        name: name(subscription),
        detail: parts.join(", "),
    }
}

fn name(subscription: &Subscription) -> Option<String> {
    let name = subscription.friendly_name.clone().filter(|name| !name.trim().is_empty());
    name.or_else(|| subscription.offer_name.clone())
}

/// When its term ends, and what happens then.
fn in_words(subscription: &Subscription, today: Day) -> String {
    let then = match outlook(subscription, today) {
        AtTermEnd::Stays => return "it does not end by itself".to_owned(),
        AtTermEnd::NotKnown(why) => {
            return match term_end(subscription) {
                Some(end) if end < today => {
                    format!("its term ended {end}; what happens next is not known: {why}")
                }
                Some(end) => format!("its term ends {end}; what happens then is not known: {why}"),
                None => format!("what happens at the end of its term is not known: {why}"),
            };
        }
        AtTermEnd::Ends => ENDS_THEN.to_owned(),
        AtTermEnd::EndsBefore(day) => {
            let end = term_end(subscription).map_or_else(String::new, |end| format!(" {end}"));
            return format!("its cancellation is scheduled for {day}, before its term ends{end}");
        }
        AtTermEnd::Renews(Renewal::NewTerm) => "renews itself".to_owned(),
        AtTermEnd::Renews(Renewal::OrExtends) => {
            "renews itself, or becomes an extended service term, month by month".to_owned()
        }
        AtTermEnd::Renews(Renewal::OtherProduct) => "becomes another product".to_owned(),
        AtTermEnd::Extends if is_extended(subscription) => {
            "goes on as an extended service term, month by month".to_owned()
        }
        AtTermEnd::Extends => "becomes an extended service term, month by month".to_owned(),
    };
    match term_end(subscription) {
        Some(end) => format!("its term ends {end} {AND_THEN} {then}"),
        None => format!("its term ends on a day that Partner Center does not name, {AND_THEN} {then}"),
    }
}

/// Until when it may be cancelled, where that is known and of use.
fn cancellable(subscription: &Subscription, today: Day) -> Option<String> {
    if !matches!(state(subscription, today), State::Active | State::Pending | State::Suspended) {
        return None;
    }
    let is_free = is_extended(subscription) || subscription.is_trial == Some(true);
    if family(subscription) == Family::NewCommerce && is_free {
        return Some("may be cancelled on any day".to_owned());
    }
    let last = subscription.cancellation_allowed_until_date.as_deref().and_then(Day::from_lenient)?;
    // The same words before and after that day: what is left to the service is approved by them.
    Some(format!("may be cancelled until {last}"))
}

#[cfg(test)]
mod tests {
    use super::{
        super::{CustomerFacts, ListedIdentity, judge},
        *,
    };
    use crate::domain::removable_from;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn facts(subscriptions: &[Value]) -> Facts {
        let mut facts = Facts::new(Time::from_millis(1_795_166_130_000), CustomerFacts::default());
        facts.subscriptions =
            subscriptions.iter().map(|value| serde_json::from_value(value.clone()).unwrap()).collect();
        facts
    }

    fn reasons(subscription: Value) -> Vec<Reason> {
        let facts = facts(&[subscription]);
        let rules = [
            active,
            pending,
            suspended_new_commerce,
            unclear,
            disabled,
            azure_plan,
            marketplace,
            savings_plan,
        ];
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
        for status in ["none", "hibernating", ""] {
            assert_eq!(reasons(legacy(status)), [Reason::UnclearSubscription], "{status}");
        }
        assert_eq!(reasons(json!({"id": "X"})), [Reason::UnclearSubscription]);
        let with_end = |end: &str| json!({"status": "expired", "commitmentEndDate": end});
        assert_eq!(reasons(with_end("2026-11-19T00:00:00Z")), []);
        for not_over in ["2026-11-20T00:00:00Z", "2027-01-01T00:00:00Z"] {
            assert_eq!(reasons(with_end(not_over)), [Reason::UnclearSubscription], "{not_over}");
        }
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
        // What the service disabled is there until somebody cancels it, all the same.
        assert_eq!(azure_plan(&facts(&[azure("disabled")])).unwrap().ends, Ends::ByAction);
        for over in [azure("deleted"), savings("deleted"), market("deleted")] {
            assert_eq!(reasons(over), []);
        }
        let published = json!({"offerId": "P:1:A", "publisherName": "Contoso Software", "status": "active"});
        assert_eq!(reasons(published), [Reason::MarketplaceSubscription]);
        let own = json!({"offerId": "P:1:A", "publisherName": "Microsoft Corporation", "status": "active"});
        assert_eq!(reasons(own), [Reason::ActiveSubscription]);
    }

    #[test]
    fn what_is_disabled_is_over_with_its_term_and_not_before() {
        let disabled = |mut subscription: Value, end: &str| {
            subscription["commitmentEndDate"] = json!(end);
            // It cannot be reactivated, and so it does not renew itself either.
            subscription["autoRenewEnabled"] = json!(true);
            facts(&[subscription])
        };
        for subscription in [legacy("Disabled"), new_commerce("disabled")] {
            let reason = |end: &str| {
                let found = super::disabled(&disabled(subscription.clone(), end))?;
                assert!(unclear(&disabled(subscription.clone(), end)).is_none());
                Some((found.ends, found.causes[0].detail.clone()))
            };
            assert_eq!(reason("2026-11-19"), None);
            let (ends, detail) = reason("2026-11-20").unwrap();
            assert_eq!(ends, Ends::On("2026-11-21".parse().unwrap()));
            assert!(detail.ends_with(", its term ends 2026-11-20 and it then ends"), "{detail}");
            let (ends, detail) = reason("9999-12-31").unwrap();
            assert_eq!(ends, Ends::NotKnown);
            assert!(detail.contains("on a day that Partner Center does not name"), "{detail}");
        }
    }

    #[test]
    fn each_cause_says_what_happens_at_the_end_of_its_term() {
        let licence = |fields: Value| {
            let mut whole = json!({ "offerId": "P:1:A", "status": "active", "termDuration": "P1Y",
                "commitmentEndDate": "2027-03-04T23:59:59Z" });
            whole.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            let finding = active(&facts(&[whole])).unwrap();
            (finding.ends, finding.causes[0].detail.clone())
        };
        let cancel = json!([{ "scheduleType": "TermEnd", "actionType": "Cancel" }]);
        let to_new = json!([{ "scheduleType": "TermEnd", "actionType": "RenewToNewTerm" }]);
        let on = Ends::On("2027-03-05".parse().unwrap());
        for (fields, ends, says) in [
            (
                json!({ "autoRenewEnabled": false, "scheduledActions": cancel }),
                on,
                "active, its term ends 2027-03-04 and it then ends",
            ),
            (
                json!({ "autoRenewEnabled": true, "scheduledActions": to_new }),
                Ends::ByAction,
                "active, its term ends 2027-03-04 and it then renews itself",
            ),
            (
                json!({ "autoRenewEnabled": false, "cancellationAllowedUntilDate": "2026-11-20T10:00:00Z" }),
                Ends::ByAction,
                "active, its term ends 2027-03-04 and it then becomes an extended service term, month by month, \
                 may be cancelled until 2026-11-20",
            ),
            (
                json!({ "cancellationAllowedUntilDate": "2026-11-19T10:00:00Z" }),
                Ends::NotKnown,
                "active, its term ends 2027-03-04; what happens then is not known: Partner Center does not say \
                 whether it renews itself, may be cancelled until 2026-11-19",
            ),
            (
                json!({ "autoRenewEnabled": true, "offerName": "E3 Extended Service Term" }),
                Ends::ByAction,
                "active, its term ends 2027-03-04 and it then goes on as an extended service term, month by month, \
                 may be cancelled on any day",
            ),
            (
                json!({ "autoRenewEnabled": false, "scheduledActions": cancel, "commitmentEndDate": "2026-11-19" }),
                Ends::NotKnown,
                "active, its term ended 2026-11-19; what happens next is not known: it is still there",
            ),
            // The last day of a term is a day of it.
            (
                json!({ "autoRenewEnabled": false, "scheduledActions": cancel, "commitmentEndDate": "2026-11-20" }),
                Ends::On("2026-11-21".parse().unwrap()),
                "active, its term ends 2026-11-20 and it then ends",
            ),
            (
                json!({ "commitmentEndDate": "2026-11-20" }),
                Ends::NotKnown,
                "active, its term ends 2026-11-20; what happens then is not known: Partner Center does not say \
                 whether it renews itself",
            ),
            (
                json!({ "autoRenewEnabled": true, "isTrial": true, "cancellationAllowedUntilDate": "2026-12-01" }),
                Ends::ByAction,
                "active, its term ends 2027-03-04 and it then renews itself, or becomes an extended service term, \
                 month by month, may be cancelled on any day",
            ),
            (
                json!({ "autoRenewEnabled": false, "scheduledActions": cancel, "commitmentEndDate": null }),
                Ends::NotKnown,
                "active, its term ends on a day that Partner Center does not name, and it then ends",
            ),
        ] {
            assert_eq!(licence(fields.clone()), (ends, says.to_owned()), "{fields}");
        }
    }

    #[test]
    fn until_when_it_may_be_cancelled_is_said_of_what_is_there() {
        let until = |status: &str, mut one: Value| {
            (one["status"], one["isTrial"]) = (json!(status), json!(true));
            one["cancellationAllowedUntilDate"] = json!("2026-12-01");
            cancellable(&serde_json::from_value(one).unwrap(), "2026-11-20".parse().unwrap())
        };
        for status in ["active", "pending", "suspended"] {
            let said = until(status, legacy(""));
            assert_eq!(said.as_deref(), Some("may be cancelled until 2026-12-01"), "{status}");
            let said = until(status, new_commerce(""));
            assert_eq!(said.as_deref(), Some("may be cancelled on any day"), "{status}");
        }
        for status in ["disabled", "deleted", "odd"] {
            assert_eq!(until(status, new_commerce("")), None, "{status}");
        }
    }

    #[test]
    fn one_that_somebody_must_end_leaves_no_date_to_the_others() {
        let ending = json!({ "offerId": "P:1:A", "status": "active", "commitmentEndDate": "2027-03-04",
            "autoRenewEnabled": false, "scheduledActions": [{ "scheduleType": "TermEnd", "actionType": "Cancel" }] });
        assert_eq!(
            active(&facts(std::slice::from_ref(&ending))).unwrap().ends,
            Ends::On("2027-03-05".parse().unwrap())
        );
        let mut renewing = ending.clone();
        (renewing["autoRenewEnabled"], renewing["scheduledActions"]) = (json!(true), Value::Null);
        assert_eq!(active(&facts(&[ending.clone(), renewing])).unwrap().ends, Ends::ByAction);
        assert_eq!(active(&facts(&[ending, new_commerce("active")])).unwrap().ends, Ends::NotKnown);
    }

    fn any_of(values: &[Value]) -> impl Strategy<Value = Value> + use<> {
        prop::sample::select(values.to_vec())
    }

    prop_compose! {
        /// A subscription with fields that the service has been seen to give, and some that it has not.
        fn some_subscription()(
            offer in any_of(&[json!("P:1:A"), json!("GUID"), json!("DZH318Z0BPS6:0001:X"), Value::Null]),
            status in any_of(&[json!("active"), json!("suspended"), json!("disabled"), json!("pending"),
                json!("expired"), json!("odd"), Value::Null]),
            renews in any_of(&[json!(true), json!(false), json!(false), json!("false"), json!(1), Value::Null]),
            kinds in prop::collection::vec(any_of(&[json!("Cancel"), json!("cancel"), json!("RenewToNewTerm"),
                json!("RenewToExtendedServiceTerm"), json!("Transition"), json!("Odd"), json!(3)]), 0..3),
            schedule in any_of(&[json!("TermEnd"), json!("TermEnd"), json!("CustomDate"), json!("Odd")]),
            on in any_of(&[json!("2026-10-01"), json!("2026-12-01"), json!("2028-06-01"), Value::Null]),
            instructions in any_of(&[Value::Null, Value::Null, json!({}), json!({ "quantity": 1 })]),
            end in any_of(&[json!("2026-11-01"), json!("2027-03-04T00:00:00Z"), json!("2028-03-31"),
                json!("9999-12-31"), json!("soon"), Value::Null]),
            duration in any_of(&[json!("P1M"), json!("P1Y"), json!("P3Y"), json!(""), json!(5), Value::Null]),
            made in any_of(&[json!("2019-01-01"), json!("2026-01-01"), Value::Null]),
            product in any_of(&[Value::Null, json!({ "id": "Software" }), json!({ "id": "OnlineServicesNCE" })]),
            more in any_of(&[json!({}), json!({ "isTrial": true }), json!({ "isMicrosoftProduct": false }),
                json!({ "billingType": "benefit" }), json!({ "offerName": "Extended Service Term" })]),
        ) -> Value {
            let action = |kind: &Value| json!({ "scheduleType": schedule, "actionType": kind, "effectiveDate": on });
            let mut whole = json!({
                "offerId": offer, "status": status, "autoRenewEnabled": renews, "commitmentEndDate": end,
                "scheduledActions": kinds.iter().map(action).collect::<Vec<_>>(), "termDuration": duration,
                "scheduledNextTermInstructions": instructions, "creationDate": made, "productType": product,
            });
            whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            whole
        }
    }

    /// Whether nothing is left of it on this day if nobody does anything, said in another way than the rules do:
    /// what must be so, at the least.
    fn is_gone_by(one: &Value, day: Day) -> bool {
        let text = |name: &str| one[name].as_str().unwrap_or_default();
        let Some(end) = Day::from_lenient(text("commitmentEndDate")) else { return false };
        if end >= day {
            return false;
        }
        if text("status") == "disabled" {
            return true;
        }
        let is_off = one["autoRenewEnabled"] == json!(false) || one["autoRenewEnabled"] == json!("false");
        let actions = one["scheduledActions"].as_array().unwrap();
        let is_instructed = one["scheduledNextTermInstructions"] == json!({ "quantity": 1 });
        let is_cancelled = actions.iter().all(|action| {
            let in_time = action["scheduleType"] == "TermEnd"
                || (action["scheduleType"] == "CustomDate"
                    && action["effectiveDate"].as_str().is_some_and(|on| on <= text("commitmentEndDate")));
            in_time && action["actionType"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("cancel"))
        });
        let is_licence = text("offerId").contains(':') || !one["productType"].is_null();
        let is_out_of_scope = one["productType"]["id"] == "Software" || one["billingType"] == "benefit";
        let began_before = text("termDuration") == "P3Y"
            && text("commitmentEndDate") < "2028-03-31"
            && text("creationDate") < "2025-04-01";
        let ends_alone = !is_licence || is_out_of_scope || began_before;
        is_off && !is_instructed && if actions.is_empty() { ends_alone } else { is_cancelled }
    }

    proptest! {
        #[test]
        fn a_date_is_given_only_if_everything_is_gone_by_then(
            subscriptions in prop::collection::vec(some_subscription(), 1..4),
        ) {
            let mut facts = facts(&subscriptions);
            facts.customer.relationship = "reseller".to_owned();
            let findings = judge(&facts, &ListedIdentity::default(), &[]).findings;
            if let Some(day) = removable_from(&findings) {
                prop_assert!(day > facts.today);
                for one in &subscriptions {
                    let read: Subscription = serde_json::from_value(one.clone()).unwrap();
                    let is_over = state(&read, facts.today) == State::Over
                        || (family(&read) == Family::Legacy && state(&read, facts.today) == State::Suspended);
                    prop_assert!(is_over || is_gone_by(one, day), "{one} on {day}");
                }
            }
        }

        #[test]
        fn what_is_said_of_a_term_is_what_is_promised(one in some_subscription()) {
            let facts = facts(&[one]);
            for rule in [active, suspended_new_commerce, disabled, marketplace, savings_plan] {
                let Some(finding) = rule(&facts) else { continue };
                let detail = &finding.causes[0].detail;
                let ends = detail.contains("and it then ends") || detail.contains("before its term ends");
                let is_dated = ends && !detail.contains("does not name");
                prop_assert_eq!(matches!(finding.ends, Ends::On(_)), is_dated, "{}", detail);
                let is_open = detail.contains("is not known") || (ends && !is_dated);
                prop_assert_eq!(finding.ends == Ends::NotKnown, is_open, "{}", detail);
            }
        }
    }

    fn read(one: &Value) -> Subscription {
        serde_json::from_value(one.clone()).unwrap()
    }

    #[test]
    fn what_stands_in_the_way_is_named_by_the_reason_for_which_it_does() {
        let facts = facts(&[
            legacy("active"),
            legacy("suspended"),
            new_commerce("Active"),
            new_commerce("suspended"),
            new_commerce("deleted"),
            new_commerce("pending"),
        ]);
        let of = |reasons: &[Reason]| in_the_way(&facts, reasons).len();
        assert_eq!(of(&[Reason::ActiveSubscription]), 2);
        assert_eq!(of(&[Reason::SuspendedNewCommerceSubscription]), 1);
        assert_eq!(of(&[Reason::ActiveSubscription, Reason::SuspendedNewCommerceSubscription]), 3);
        assert_eq!((of(&[]), of(&[Reason::PendingSubscription])), (0, 0));
        let is_so = |one: &Value| is_active_legacy(&read(one));
        assert!(is_so(&legacy("active")) && !is_so(&legacy("suspended")) && !is_so(&new_commerce("active")));
        let mut one = legacy("active");
        one["friendlyName"] = json!("Mail");
        assert_eq!(named(&read(&one)), Some(("L".to_owned(), Some("Mail".to_owned()))));
        for id in [json!(" "), Value::Null] {
            one["id"] = id;
            assert_eq!(named(&read(&one)), None);
        }
    }

    #[test]
    fn a_subscription_is_cancelled_in_its_window_or_as_an_extended_term_and_never_otherwise() {
        let now = Time::from_millis(1_795_166_130_000);
        let of = |mut one: Value, more: Value| {
            one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let one = read(&one);
            (is_in_window(&one, now), is_in_extended_term(&one, now))
        };
        let until = |text: &str| json!({ "cancellationAllowedUntilDate": text });
        let extended = json!({ "offerName": "Mail (Extended Service Term)" });
        for (one, more, expected) in [
            (new_commerce("active"), until("2026-11-20T09:15:31Z"), (true, false)),
            (new_commerce("suspended"), until("2026-11-20T09:15:31"), (true, false)),
            (new_commerce("active"), until("2026-11-20T09:15:30Z"), (false, false)),
            // Of a day alone, nobody knows at what hour.
            (new_commerce("active"), until("2026-11-20"), (false, false)),
            (new_commerce("active"), until("2026-11-21"), (true, false)),
            (new_commerce("active"), until("soon"), (false, false)),
            (new_commerce("active"), json!({}), (false, false)),
            (new_commerce("active"), json!({ "isTrial": true }), (true, false)),
            (new_commerce("active"), extended.clone(), (false, true)),
            (new_commerce("deleted"), extended.clone(), (false, false)),
            (new_commerce("pending"), until("2026-11-21"), (false, false)),
            (legacy("active"), extended, (false, false)),
        ] {
            assert_eq!(of(one.clone(), more.clone()), expected, "{one} {more}");
        }
    }

    #[test]
    fn a_subscription_has_the_name_that_the_partner_gave_it_or_that_of_its_offer() {
        let name = |friendly: &str| {
            let mut one = legacy("active");
            (one["friendlyName"], one["offerName"]) = (json!(friendly), json!("Exchange Online"));
            active(&facts(&[one])).unwrap().causes[0].name.clone()
        };
        assert_eq!(name("Mail").as_deref(), Some("Mail"));
        assert_eq!(name(" ").as_deref(), Some("Exchange Online"));
    }

    #[test]
    fn every_cause_is_named() {
        let finding = active(&facts(&[legacy("active"), new_commerce("active"), legacy("deleted")])).unwrap();
        let ids: Vec<_> = finding.causes.iter().map(|cause| cause.id.as_deref().unwrap()).collect();
        assert_eq!(ids, ["L", "N"]);
    }

    /// A licence that renews itself, with what else it has.
    fn renewing(more: &Value) -> Value {
        let mut one = json!({ "id": "N", "offerId": "P:1:A", "friendlyName": "Mail", "status": "active",
            "quantity": 40, "termDuration": "P1Y", "creationDate": "2026-03-04",
            "commitmentEndDate": "2027-03-04T00:00:00Z", "autoRenewEnabled": true });
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    }

    fn cancelled() -> Value {
        json!({ "autoRenewEnabled": false,
            "scheduledActions": [{ "scheduleType": "TermEnd", "actionType": "Cancel" }] })
    }

    fn extended() -> Value {
        json!({ "autoRenewEnabled": false,
            "scheduledActions": [{ "scheduleType": "TermEnd", "actionType": "RenewToExtendedServiceTerm" }] })
    }

    fn now() -> Time {
        Time::from_millis(1_795_166_130_000)
    }

    #[test]
    fn a_licence_that_would_go_on_can_be_set_to_end_while_there_is_time() {
        let end = |more: Value, now: Time| licence_end(&read(&renewing(&more)), now);
        let term = |auto_renew: bool| Term {
            seats: Some(40),
            last_day: "2027-03-04".parse().unwrap(),
            planned_over: Some(TermEndSettings { auto_renew, scheduled: None, next_term: None }),
            restored: None,
        };
        for (more, auto_renew) in [
            (json!({}), true),
            (json!({ "status": "suspended" }), true),
            // It would be extended.
            (json!({ "autoRenewEnabled": false }), false),
        ] {
            assert_eq!(end(more.clone(), now()), LicenceEnd::GoesOn { term: term(auto_renew) }, "{more}");
        }
        let before =
            json!([{ "scheduleType": "CustomDate", "actionType": "Cancel", "effectiveDate": "2027-01-01" }]);
        for more in [
            cancelled(),
            json!({ "autoRenewEnabled": false, "scheduledActions": before }),
            json!({ "status": "deleted" }),
            json!({ "status": "disabled" }),
        ] {
            assert_eq!(end(more.clone(), now()), LicenceEnd::Ends, "{more}");
        }
        for (more, reason) in [
            (json!({ "offerId": "91FD106F" , "termDuration": null }), Reason::ChangedSincePlan),
            (json!({ "status": "pending" }), Reason::PendingSubscription),
            (json!({ "status": "odd" }), Reason::UnclearSubscription),
            (json!({ "autoRenewEnabled": null }), Reason::UnclearSubscription),
            (json!({ "commitmentEndDate": null }), Reason::UnclearSubscription),
            (json!({ "id": null }), Reason::UnclearSubscription),
            (json!({ "id": " " }), Reason::UnclearSubscription),
        ] {
            assert_eq!(end(more.clone(), now()), LicenceEnd::Blocked(reason), "{more}");
        }
        // Two days before its end it is locked; of two ends, the sooner counts.
        let at = |more: Value, text: &str| end(more, text.parse().unwrap());
        let sooner = json!({ "commitmentEndDateTime": "2027-03-03T23:59:59Z" });
        for (more, last, late) in [
            (json!({}), "2027-03-02T00:00:00.000Z", "2027-03-02T00:00:00.001Z"),
            (sooner, "2027-03-01T23:59:59.000Z", "2027-03-01T23:59:59.001Z"),
        ] {
            assert_eq!(at(more.clone(), last), LicenceEnd::GoesOn { term: term(true) });
            assert_eq!(at(more, late), LicenceEnd::Blocked(Reason::TermEndTooClose));
        }
    }

    #[test]
    fn the_licences_of_a_customer_are_those_of_new_commerce() {
        let azure = json!({ "id": "P", "offerId": "DZH318Z0BPS6:0001:X", "status": "active" });
        let facts = facts(&[legacy("active"), renewing(&json!({})), azure, renewing(&cancelled())]);
        let found: Vec<_> = licences(&facts).collect();
        let named = found.iter().map(|one| (&*one.id, one.name.as_deref())).collect::<Vec<_>>();
        assert_eq!(named, [("N", Some("Mail")); 2]);
        assert!(matches!(found[0].end, LicenceEnd::GoesOn { .. }) && found[1].end == LicenceEnd::Ends);
        let told = "subscription `Mail` (N): active, its term ends 2027-03-04 and it then ends";
        assert_eq!(found[1].cause.to_string(), told);
    }

    #[test]
    fn what_is_set_to_happen_is_as_a_run_left_it_or_was_changed_since() {
        let set = |more: &Value| set_to_happen(&read(&renewing(more)), now());
        let found = set(&json!({ "scheduledNextTermInstructions": { "quantity": 41 } })).unwrap();
        let settings = TermEndSettings {
            auto_renew: true,
            scheduled: None,
            next_term: Some(r#"{"quantity":41}"#.to_owned()),
        };
        assert_eq!(found.settings, settings);
        assert_eq!(set(&extended()).unwrap().settings, TermEndSettings::extended());
        assert_eq!(set(&json!({ "scheduledActions": [] })).unwrap().settings.scheduled, None);
        assert_eq!((found.is_cancelled, found.is_extended, found.is_too_close), (false, false, false));
        assert_eq!((found.last_day, found.seats), (Some("2027-03-04".parse().unwrap()), Some(40)));
        for gone in [
            json!({ "status": "deleted" }),
            json!({ "status": "disabled" }),
            json!({ "status": "pending" }),
            json!({ "autoRenewEnabled": null }),
        ] {
            assert_eq!(set(&gone), None, "{gone}");
        }
        let kinds = |more: &Value| set(more).map(|set| (set.is_cancelled, set.is_extended));
        assert_eq!((kinds(&cancelled()), kinds(&extended())), (Some((true, false)), Some((false, true))));
        let mut contradiction = cancelled();
        contradiction["autoRenewEnabled"] = json!(true);
        assert_eq!(kinds(&contradiction), Some((false, false)), "by one field alone it is not cancelled");
        let term = |planned_over| Term {
            seats: Some(40),
            last_day: "2027-03-04".parse().unwrap(),
            planned_over,
            restored: None,
        };
        let [left, became_other] = [term(None), term(Some(TermEndSettings::extended()))];
        let mut auto_renewing = TermEndSettings::extended();
        auto_renewing.auto_renew = true;
        for (more, term, is_as_left) in [
            (cancelled(), &left, true),
            (extended(), &left, false),
            (json!({}), &left, false),
            (extended(), &became_other, true),
            (cancelled(), &became_other, false),
            (json!({}), &became_other, false),
            (extended(), &Term { planned_over: Some(auto_renewing), ..left.clone() }, false),
            (cancelled(), &Term { seats: Some(41), ..left.clone() }, false),
            (cancelled(), &Term { last_day: "2028-03-04".parse().unwrap(), ..left.clone() }, false),
        ] {
            assert_eq!(set(&more).unwrap().is_as_left(term), is_as_left, "{more} {term:?}");
        }
    }

    #[test]
    fn whoever_wants_all_of_it_to_end_acts_before_the_first_of_it_is_locked() {
        let by = |all: &[Value]| act_by(&facts(all)).map(|day| day.to_string());
        let ending = |end: &str| renewing(&json!({ "commitmentEndDate": end }));
        let later = ending("2027-06-30T23:59:59Z");
        assert_eq!(by(&[ending("2027-03-04T00:00:00Z"), later.clone()]).as_deref(), Some("2027-03-01"));
        assert_eq!(by(std::slice::from_ref(&later)).as_deref(), Some("2027-06-28"));
        let suspended = renewing(&json!({ "status": "suspended" }));
        assert_eq!(by(&[suspended, later.clone()]).as_deref(), Some("2027-03-01"));
        // What ends by itself needs nobody, and neither does what is over.
        let mut old = renewing(&json!({ "offerId": "91FD106F", "termDuration": null }));
        assert_eq!(by(&[old.clone(), later.clone()]).as_deref(), Some("2027-03-01"));
        old["status"] = json!("suspended");
        for other in [renewing(&cancelled()), renewing(&json!({ "status": "deleted" })), old] {
            assert_eq!(by(&[other.clone(), later.clone()]).as_deref(), Some("2027-06-28"), "{other}");
            assert_eq!(by(&[other]), None);
        }
        // Until when for all of it is not known where it is not for one.
        let extended = json!({ "commitmentEndDate": null, "offerName": "Extended Service Term" });
        assert_eq!(by(&[later, renewing(&extended)]), None);
    }

    #[test]
    fn what_is_cut_short_is_known_by_its_seats_and_its_last_day() {
        let of = |more: &Value| term_cut_short(&read(&renewing(more)));
        let last_day = "2027-03-04".parse().unwrap();
        let term = |seats| Some(Term { seats, last_day, planned_over: None, restored: None });
        assert_eq!(of(&json!({})), term(Some(40)));
        assert_eq!(of(&json!({ "quantity": null })), term(None));
        for end in [Value::Null, json!("9999-12-31")] {
            assert_eq!(of(&json!({ "commitmentEndDate": end })), None);
        }
    }
}
