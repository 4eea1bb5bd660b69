//! What happens to a subscription at the end of its term.
//!
//! It does not simply end any more. A new-commerce licence that was bought or renewed since 1 April 2025 and
//! whose term ends since 4 May 2026 renews itself, is cancelled if that was scheduled, or else goes on as an
//! *extended service term*: paid month by month, until somebody cancels it. `autoRenewEnabled: false` alone
//! is no cancellation of such a one. Nobody documents the words of `scheduledActions` officially; they are
//! those that clients of the live service use, and whatever is not among them is not known
//! (`partner-center/customers/extended-service-terms`, learn.microsoft.com).

use super::family::{Family, family, is, is_software};
use crate::{
    domain::{Day, TermEndSettings, Time, is_taken_out},
    partner_center::model::Subscription,
};
use serde_json::Value;
use std::time::Duration;

/// What is bought or renewed from this day on can be extended.
const EXTENDED_IF_BOUGHT_SINCE: Day = Day::new(2025, 4, 1);
/// A term that ends before this day ends as it always did.
const EXTENDED_IF_ENDING_SINCE: Day = Day::new(2026, 5, 4);

/// What happens at the end of a term if nobody does anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum AtTermEnd {
    Ends,
    /// It is cancelled on this day already, and at its term's end nothing of it is left.
    EndsBefore(Day),
    Renews(Renewal),
    /// It becomes an extended service term, or stays one.
    Extends,
    /// It has no term, and is there until somebody cancels it.
    Stays,
    /// Why that cannot be said.
    NotKnown(String),
}

/// As what a subscription renews itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renewal {
    NewTerm,
    OtherProduct,
    /// It is set to renew itself, but so are some that are to be extended.
    OrExtends,
}

/// What was decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decided {
    Cancel,
    CancelBefore(Day),
    Renew,
    Extend,
    Move,
}

/// When the term ends, the later day if the service names two; none if it does not end, or if the service
/// does not say.
pub(super) fn term_end(subscription: &Subscription) -> Option<Day> {
    let dates = [&subscription.commitment_end_date_time, &subscription.commitment_end_date];
    let day = dates.into_iter().flatten().filter_map(|text| Day::from_lenient(text)).max()?;
    // 9999-12-31 means that there is no end.
    (day.year() < 9000).then_some(day)
}

/// How long before the end of a term the last moment is in which what happens then can be changed: renewals are worked off
/// from the end on, and the settings are locked around it (partners report it; Microsoft does not document it).
const LOCKED_BEFORE: Duration = Duration::from_hours(48);

/// From when on what happens at its term's end cannot be changed any more, by the sooner end if the service names two.
fn locked_from(subscription: &Subscription) -> Option<Time> {
    let dates = [&subscription.commitment_end_date_time, &subscription.commitment_end_date];
    let end = dates.into_iter().flatten().filter_map(|text| Time::from_lenient(text)).min()?;
    (end.day().year() < 9000).then(|| end.less(LOCKED_BEFORE))
}

/// Whether it is too late to change what happens at its term's end; also where the service does not say when that is.
pub(super) fn is_too_close(subscription: &Subscription, now: Time) -> bool {
    locked_from(subscription).is_none_or(|locked| now > locked) && !is_taken_out("schedule-at-any-moment")
}

/// The last whole day on which what happens at its term's end can be changed.
pub(super) fn last_day_to_act(subscription: &Subscription) -> Option<Day> {
    // 23:59:59 is the end of its day.
    Some(locked_from(subscription)?.plus(Duration::from_secs(1)).day().plus_days(-1))
}

/// Whether both fields say that it is cancelled at its term's end.
pub(super) fn is_set_to_end(subscription: &Subscription, today: Day) -> bool {
    let is_off = subscription.auto_renew_enabled == Some(false);
    (is_off || is_taken_out("seen-by-one-field-alone"))
        && decided(subscription, today) == Ok(Some(Decided::Cancel))
}

/// What is set to happen at the end of its term, as the service shows it; none if it does not say whether it renews itself.
pub(super) fn settings(subscription: &Subscription) -> Option<TermEndSettings> {
    // With its keys in order, whatever the order in which the service writes them.
    let said =
        |value: &Option<Value>| value.as_ref().filter(|value| is_said(Some(value))).map(ToString::to_string);
    Some(TermEndSettings {
        auto_renew: subscription.auto_renew_enabled?,
        scheduled: said(&subscription.scheduled_actions),
        next_term: said(&subscription.scheduled_next_term_instructions),
    })
}

/// What happens to a subscription that is there at the end of its term, by what the service shows of it today.
pub(super) fn at_its_end(subscription: &Subscription, today: Day) -> AtTermEnd {
    use AtTermEnd::{Ends, EndsBefore, Extends, Renews, Stays};
    if family(subscription) == Family::AzurePlan {
        return Stays;
    }
    let decided = match decided(subscription, today) {
        Ok(decided) => decided,
        Err(why) => return AtTermEnd::NotKnown(why),
    };
    match (decided, subscription.auto_renew_enabled) {
        (Some(Decided::Extend), _) => Extends,
        (_, None) => not_known("Partner Center does not say whether it renews itself"),
        (Some(Decided::Cancel), Some(false)) => Ends,
        (Some(Decided::CancelBefore(day)), Some(false)) => EndsBefore(day),
        (Some(Decided::Cancel | Decided::CancelBefore(_)), Some(true)) => {
            not_known("its cancellation is scheduled, and yet it is set to renew itself")
        }
        (Some(Decided::Move), Some(true)) => Renews(Renewal::OtherProduct),
        (Some(Decided::Renew | Decided::Move), Some(false)) => {
            not_known("its renewal is scheduled, and yet it is set not to renew itself")
        }
        (None, _) if is_extended(subscription) => Extends,
        (None, Some(true)) if can_be_extended(subscription) => Renews(Renewal::OrExtends),
        (Some(Decided::Renew) | None, Some(true)) => Renews(Renewal::NewTerm),
        (None, Some(false)) => without_renewal(subscription),
    }
}

/// Whether it is an extended service term now. Nothing tells but the name of what it is.
pub(super) fn is_extended(subscription: &Subscription) -> bool {
    let offer = subscription.offer_name.as_deref().unwrap_or_default();
    offer.to_ascii_lowercase().contains("extended service term")
}

fn not_known(why: &str) -> AtTermEnd {
    AtTermEnd::NotKnown(why.to_owned())
}

/// What happens if it does not renew itself and nothing is scheduled.
fn without_renewal(subscription: &Subscription) -> AtTermEnd {
    let is_marketplace = match family(subscription) {
        Family::Legacy | Family::SavingsPlan => return AtTermEnd::Ends,
        Family::AzurePlan => return AtTermEnd::Stays,
        Family::NewCommerce if is_software(subscription) => return AtTermEnd::Ends,
        Family::NewCommerce => false,
        Family::Marketplace => true,
    };
    match is_of_the_new_rule(subscription) {
        Ok(false) => AtTermEnd::Ends,
        Err(why) => not_known(why),
        Ok(true) if is_marketplace => {
            not_known("whether a product of a third party is extended is not documented")
        }
        Ok(true) if subscription.is_trial == Some(true) => {
            not_known("whether a trial is extended is not documented")
        }
        Ok(true) if is_taken_out("no-renewal-is-a-cancellation") => AtTermEnd::Ends,
        Ok(true) => AtTermEnd::Extends,
    }
}

/// Whether it is of those that may be extended, as far as that can be told.
fn can_be_extended(subscription: &Subscription) -> bool {
    family(subscription) == Family::NewCommerce
        && !is_software(subscription)
        && is_of_the_new_rule(subscription) != Ok(false)
}

/// Whether both of its days are so late that it is extended rather than ended.
fn is_of_the_new_rule(subscription: &Subscription) -> Result<bool, &'static str> {
    let Some(end) = term_end(subscription) else {
        return Err("Partner Center does not say when its term ends");
    };
    if end < EXTENDED_IF_ENDING_SINCE {
        return Ok(false);
    }
    let made = [&subscription.creation_date, &subscription.effective_start_date];
    let is_late = |text: &String| Day::from_lenient(text).is_some_and(|day| day >= EXTENDED_IF_BOUGHT_SINCE);
    if made.into_iter().flatten().any(is_late) {
        return Ok(true);
    }
    if is_said(subscription.custom_term_end_date.as_ref()) {
        return Err("the end of its term was chosen, which hides when the term began");
    }
    let duration = subscription.term_duration.as_deref().unwrap_or_default();
    // The service names the last day of the term, or the day after it.
    let (Some(earliest), Some(latest)) = (end.less(duration), end.next().less(duration)) else {
        return Err("Partner Center does not say when its term began");
    };
    if latest < EXTENDED_IF_BOUGHT_SINCE {
        Ok(false)
    } else if earliest >= EXTENDED_IF_BOUGHT_SINCE {
        Ok(true)
    } else {
        Err("its term began on one of the two days between which the rules changed")
    }
}

fn decided(subscription: &Subscription, today: Day) -> Result<Option<Decided>, String> {
    let actions: &[Value] = match subscription.scheduled_actions.as_ref() {
        None | Some(Value::Null) => &[],
        Some(Value::Array(actions)) => actions,
        Some(_) => return Err("what is scheduled for it is not understood".to_owned()),
    };
    let is_instructed = is_said(subscription.scheduled_next_term_instructions.as_ref());
    if actions.is_empty() {
        return Ok(is_instructed.then_some(Decided::Renew));
    }
    let end = term_end(subscription);
    let mut all =
        actions.iter().map(|action| decided_by(action, end, today)).collect::<Result<Vec<_>, _>>()?;
    all.dedup();
    match *all {
        [one] if !is_instructed => Ok(Some(one)),
        _ => Err("several things are scheduled for it, and they exclude each other".to_owned()),
    }
}

fn decided_by(action: &Value, end: Option<Day>, today: Day) -> Result<Decided, String> {
    let kind = word(action, "actionType")?;
    let decided = [
        ("Cancel", Decided::Cancel),
        ("RenewToNewTerm", Decided::Renew),
        ("RenewToExtendedServiceTerm", Decided::Extend),
        ("Transition", Decided::Move),
    ];
    let found = decided.iter().find(|(name, _)| is(Some(kind), name));
    let unknown = || format!("`{}` is scheduled for it, which is not understood", plain(kind));
    let (name, decided) = *found.ok_or_else(unknown)?;
    let schedule = word(action, "scheduleType")?;
    if is(Some(schedule), "TermEnd") {
        return Ok(decided);
    }
    if !is(Some(schedule), "CustomDate") {
        return Err(format!("`{name}` is scheduled for `{}`, which is not understood", plain(schedule)));
    }
    let day = field(action, "effectiveDate").and_then(Value::as_str).and_then(Day::from_lenient);
    let Some(day) = day else {
        return Err(format!("`{name}` is scheduled for a day that is not named"));
    };
    match end {
        _ if day < today => Err(format!("`{name}` was scheduled for {day}, and it is still there")),
        Some(end) if day == end => Ok(decided),
        Some(end) if day < end && decided == Decided::Cancel => Ok(Decided::CancelBefore(day)),
        Some(end) if day < end => Ok(decided),
        _ => Err(format!("`{name}` is scheduled for {day}, and not for its term's end")),
    }
}

fn word<'a>(action: &'a Value, name: &str) -> Result<&'a str, String> {
    let word = field(action, name).and_then(Value::as_str);
    word.ok_or_else(|| "what is scheduled for it is not understood".to_owned())
}

/// A field, whatever the case of its name; none if there are several.
fn field<'a>(action: &'a Value, name: &str) -> Option<&'a Value> {
    let mut named = action.as_object()?.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name));
    let (_, value) = named.next()?;
    named.next().is_none().then_some(value)
}

/// What is left of a foreign word in a sentence of ours.
fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric() || *c == '_').take(40).collect()
}

fn is_said(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Object(fields)) => !fields.is_empty(),
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TODAY: &str = "2026-01-15";

    /// A new-commerce licence with these fields.
    fn licence(fields: Value) -> Subscription {
        let mut whole = json!({
            "offerId": "CFQ7TTC0LH16:0001:CFQ7TTC0K971", "status": "active", "termDuration": "P1Y",
            "commitmentEndDate": "2027-03-04T00:00:00Z", "creationDate": "2019-01-01T00:00:00Z",
        });
        let (Value::Object(all), Value::Object(more)) = (&mut whole, fields) else { panic!() };
        all.extend(more);
        serde_json::from_value(whole).unwrap()
    }

    /// What happens to it, in a word.
    fn fate(subscription: &Subscription) -> String {
        match at_its_end(subscription, TODAY.parse().unwrap()) {
            AtTermEnd::Ends => "ends".to_owned(),
            AtTermEnd::EndsBefore(day) => format!("ends before: {day}"),
            AtTermEnd::Renews(Renewal::NewTerm) => "renews".to_owned(),
            AtTermEnd::Renews(Renewal::OtherProduct) => "moves".to_owned(),
            AtTermEnd::Renews(Renewal::OrExtends) => "renews or extends".to_owned(),
            AtTermEnd::Extends => "extends".to_owned(),
            AtTermEnd::Stays => "stays".to_owned(),
            AtTermEnd::NotKnown(why) => format!("not known: {why}"),
        }
    }

    fn scheduled(action: &str) -> Value {
        json!([{ "scheduleType": "TermEnd", "actionType": action }])
    }

    /// The fields of a term that began on either side of 1 April 2025 and ends on either side of 4 May 2026.
    fn terms() -> [(&'static str, bool, Value); 4] {
        let term = |end: &str, duration: &str| json!({ "commitmentEndDate": end, "termDuration": duration });
        [
            ("old, ends early", false, term("2026-03-01T00:00:00Z", "P1Y")),
            ("old, ends late", false, term("2027-03-01T00:00:00Z", "P3Y")),
            ("new, ends early", false, term("2026-05-03T00:00:00Z", "P1Y")),
            ("new, ends late", true, term("2026-05-04T00:00:00Z", "P1Y")),
        ]
    }

    fn with(fields: &Value, more: Value) -> Value {
        let (Value::Object(mut all), Value::Object(more)) = (fields.clone(), more) else { panic!() };
        all.extend(more);
        Value::Object(all)
    }

    #[test]
    fn each_decision_has_its_outcome_whenever_the_term_began_and_ends() {
        for (name, extended, term) in terms() {
            let of = |auto_renew: bool, actions: Value| {
                fate(&licence(with(
                    &term,
                    json!({ "autoRenewEnabled": auto_renew, "scheduledActions": actions }),
                )))
            };
            assert_eq!(of(true, scheduled("RenewToNewTerm")), "renews", "{name}");
            assert_eq!(of(true, scheduled("Transition")), "moves", "{name}");
            assert_eq!(of(false, scheduled("Cancel")), "ends", "{name}");
            for auto_renew in [true, false] {
                assert_eq!(of(auto_renew, scheduled("RenewToExtendedServiceTerm")), "extends", "{name}");
            }
            for nothing in [Value::Null, json!([])] {
                assert_eq!(of(true, nothing.clone()), if extended { "renews or extends" } else { "renews" });
                assert_eq!(of(false, nothing), if extended { "extends" } else { "ends" }, "{name}");
            }
            for (auto_renew, action) in
                [(true, "Cancel"), (false, "RenewToNewTerm"), (false, "Transition"), (false, "Hibernate")]
            {
                let fate = of(auto_renew, scheduled(action));
                assert!(fate.starts_with("not known"), "{name}, {action}: {fate}");
            }
        }
    }

    #[test]
    fn what_is_not_a_licence_of_new_commerce_is_not_extended() {
        let (_, _, late) = &terms()[3];
        let savings = json!({ "billingType": "benefit" });
        let software = |id: &str, sub: &str| json!({ "productType": { "id": id, "subType": { "id": sub } } });
        let legacy = json!({ "offerId": "91FD106F-4B2C-4938-95AC-F54F74E9A239", "termDuration": null });
        for product in [savings, software("Software", "x"), software("x", "softwaresubscriptions"), legacy] {
            let of = |auto_renew: bool| {
                fate(&licence(with(&with(late, product.clone()), json!({ "autoRenewEnabled": auto_renew }))))
            };
            assert_eq!((of(false).as_str(), of(true).as_str()), ("ends", "renews"), "{product}");
        }
        let plan = with(late, json!({ "offerId": "DZH318Z0BPS6:0001:X", "autoRenewEnabled": false }));
        assert_eq!(fate(&licence(plan)), "stays");
        // Nobody documents these.
        for product in [json!({ "isMicrosoftProduct": false }), json!({ "isTrial": true })] {
            let of = |more: Value| fate(&licence(with(&with(late, product.clone()), more)));
            assert!(of(json!({ "autoRenewEnabled": false })).contains("is not documented"), "{product}");
            let cancelled = json!({ "autoRenewEnabled": false, "scheduledActions": scheduled("Cancel") });
            assert_eq!(of(cancelled), "ends", "{product}");
        }
        let extended =
            json!({ "offerName": "Microsoft 365 E3 (EXTENDED Service Term)", "termDuration": "P1M" });
        for auto_renew in [true, false] {
            let now = with(&with(late, extended.clone()), json!({ "autoRenewEnabled": auto_renew }));
            assert_eq!(fate(&licence(now)), "extends");
        }
    }

    #[test]
    fn when_it_was_bought_is_told_by_the_term_or_not_at_all() {
        let of = |fields: Value| fate(&licence(with(&json!({ "autoRenewEnabled": false }), fields)));
        let term =
            |end: &str, duration: &str| of(json!({ "commitmentEndDate": end, "termDuration": duration }));
        assert_eq!(term("2028-03-30", "P3Y"), "ends");
        // It began on 31 March or on 1 April, as the end is the last day of the term or the day after it.
        assert!(term("2028-03-31", "P3Y").starts_with("not known"));
        assert_eq!(term("2028-04-01", "P3Y"), "extends");
        for duration in ["", "annual", "P0Y", "-P1Y"] {
            assert!(term("2028-03-30", duration).contains("when its term began"), "{duration}");
        }
        let old = json!({ "commitmentEndDate": "2027-03-01", "termDuration": "P3Y" });
        // A term that was cut to end with another one.
        assert_eq!(of(with(&old, json!({ "creationDate": "2025-04-01T00:00:00Z" }))), "extends");
        assert_eq!(of(with(&old, json!({ "effectiveStartDate": "2026-01-02" }))), "extends");
        assert!(of(with(&old, json!({ "customTermEndDate": "2027-03-01" }))).contains("was chosen"));
        assert!(of(json!({ "commitmentEndDate": "9999-12-31" })).contains("when its term ends"));
        // Of two ends, the later.
        assert_eq!(of(with(&old, json!({ "commitmentEndDateTime": "2029-01-01T00:00:00Z" }))), "extends");
    }

    #[test]
    fn what_is_scheduled_is_read_in_any_case_and_nothing_is_guessed() {
        let of = |auto_renew: Value, actions: Value| {
            fate(&licence(json!({ "autoRenewEnabled": auto_renew, "scheduledActions": actions })))
        };
        let action = |schedule: &str, action: &str| json!({ "ScheduleType": schedule, "ACTIONTYPE": action });
        assert_eq!(of(json!(false), json!([action("termend", "CANCEL")])), "ends");
        assert_eq!(of(json!("False"), json!([action(" TERMEND ", "cancel")])), "ends");
        let twice = json!([action("TermEnd", "Cancel"), action("termEnd", "cancel")]);
        assert_eq!(of(json!(false), twice), "ends");
        let on = |day: Value| {
            let action =
                json!({ "scheduleType": "customdate", "actionType": "Cancel", "effectiveDate": day });
            of(json!(false), json!([action]))
        };
        assert_eq!(on(json!("2027-03-04T00:00:00Z")), "ends");
        assert_eq!(on(json!("2026-12-31")), "ends before: 2026-12-31");
        assert_eq!(on(json!(TODAY)), format!("ends before: {TODAY}"), "today it may still be to come");
        for (kind, fate) in [("RenewToNewTerm", "renews"), ("Transition", "moves")] {
            let earlier =
                json!({ "scheduleType": "CustomDate", "actionType": kind, "effectiveDate": "2026-12-31" });
            assert_eq!(of(json!(true), json!([earlier])), fate);
        }
        for unknown in [json!("2027-03-05"), json!("2026-01-14"), json!("soon"), json!(7), Value::Null] {
            assert!(on(unknown.clone()).starts_with("not known"), "{unknown}");
        }
        for actions in [
            json!("Cancel"),
            json!({}),
            json!([null]),
            json!([{}]),
            json!(["Cancel"]),
            json!([{ "actionType": "Cancel" }]),
            json!([{ "scheduleType": "TermEnd" }]),
            json!([{ "scheduleType": "TermEnd", "actionType": ["Cancel"] }]),
            json!([{ "scheduleType": "TermEnd", "actionType": "Cancel", "ActionType": "RenewToNewTerm" }]),
            json!([action("Midterm", "Cancel")]),
            json!([action("TermEnd", "Cancel"), action("TermEnd", "RenewToNewTerm")]),
            json!([action("TermEnd", "Cancel"), { "scheduleType": "TermEnd", "actionType": "Odd" }]),
        ] {
            assert!(of(json!(false), actions.clone()).starts_with("not known"), "{actions}");
        }
        for said in [Value::Null, json!(0), json!("perhaps")] {
            assert!(of(said.clone(), scheduled("Cancel")).starts_with("not known"), "{said}");
            assert!(of(said, Value::Null).contains("whether it renews itself"));
        }
    }

    #[test]
    fn instructions_for_a_next_term_are_a_renewal() {
        let of = |auto_renew: bool, instructions: Value, actions: Value| {
            let fields = json!({ "autoRenewEnabled": auto_renew, "scheduledActions": actions,
                "scheduledNextTermInstructions": instructions });
            fate(&licence(fields))
        };
        let instructions = json!({ "quantity": 3 });
        assert_eq!(of(true, instructions.clone(), Value::Null), "renews");
        assert!(of(false, instructions.clone(), Value::Null).starts_with("not known"));
        assert!(of(false, instructions.clone(), scheduled("Cancel")).contains("exclude each other"));
        assert!(of(true, instructions, scheduled("RenewToNewTerm")).contains("exclude each other"));
        assert_eq!(of(false, json!({}), scheduled("Cancel")), "ends");
    }

    #[test]
    fn a_foreign_word_stands_in_a_sentence_of_ours_without_its_signs() {
        let odd = json!([{ "scheduleType": "TermEnd", "actionType": "Hi | azure_plan: \u{1b}[2J` x" }]);
        let fate = fate(&licence(json!({ "autoRenewEnabled": false, "scheduledActions": odd })));
        assert_eq!(fate, "not known: `Hiazure_plan2Jx` is scheduled for it, which is not understood");
    }
}
