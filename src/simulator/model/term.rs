//! What becomes of subscriptions as their terms end, by the rules of 2026. It is told in another way than the program's own
//! rules, so that a mistake in one of the two shows.
//!
//! A term's last day is its end. From 00:00 UTC after that day, the subscription is what was decided about it: cancelled, in
//! a new term, or in an extended one, month by month. In the two days before the end, nothing can be decided any more. An
//! end that lay in the past when the simulator began stays as it was written.

use super::super::scenario::{Scheduled, Subscription, SubscriptionKind};
use crate::domain::{Day, Time};
use std::time::Duration;

/// For how long before a term's end the settings are locked.
const LOCKED: Duration = Duration::from_hours(48);
/// After how long the service makes an extended service term of an auto-renew that is only turned off.
const BACKFILLED_AFTER: Duration = Duration::from_hours(24);
/// How long what was bought or renewed can be cancelled.
const WINDOW_DAYS: i64 = 7;
/// The name of an extended service term ends so.
const EXTENDED: &str = " (Extended Service Term)";
/// More terms than anybody waits for.
const MOST_TERMS: u32 = 400;

/// A subscription that is changed, with what only the service knows of that.
#[derive(Clone, Debug)]
pub(super) struct Became {
    pub short: Subscription,
    /// How often it was changed.
    pub version: u32,
    /// When it was changed last.
    pub at: Time,
}

/// What it is at this moment, and how often it changed by itself since `since`.
pub(super) fn lived(short: &Subscription, since: Time, now: Time) -> (Subscription, u32) {
    let mut one = short.clone();
    let mut turns = 0;
    while turns < MOST_TERMS {
        let Some(end) = end_of(&one).filter(|end| is_there(&one) && *end >= since.day() && one.raw.is_none())
        else {
            break;
        };
        if let Some(day) = cancelled_on(&one)
            && day < now.day()
            && day <= end
        {
            one.status = Some("deleted".to_owned());
            return (one, turns + 1);
        }
        if now.day() <= end {
            break;
        }
        if !turn(&mut one, end) {
            break;
        }
        turns += 1;
    }
    (one, turns)
}

/// What the service makes of an auto-renew that was turned off alone.
pub(super) fn backfilled(became: &Became, now: Time) -> Subscription {
    let mut short = became.short.clone();
    let is_alone = short.auto_renew == Some(false) && short.scheduled.as_ref().is_none_or(Vec::is_empty);
    if is_alone
        && now >= became.at.plus(BACKFILLED_AFTER)
        && end_of(&short).is_some_and(|end| can_be_extended(&short, end))
    {
        short.scheduled = Some(vec![action("RenewToExtendedServiceTerm")]);
    }
    short
}

/// Whether nothing can be decided about its end any more.
pub(super) fn is_locked(short: &Subscription, now: Time) -> bool {
    let end = short.ends.as_deref().and_then(Time::from_lenient);
    end.is_some_and(|end| now > end.less(LOCKED))
}

/// Whether it is an extended service term.
pub(super) fn is_extended(short: &Subscription) -> bool {
    short.name.as_deref().is_some_and(|name| name.ends_with(EXTENDED))
}

/// Whether it can be cancelled now, at once.
pub(super) fn is_in_window(short: &Subscription, now: Time) -> bool {
    let until = short.cancellable_until.as_deref().and_then(Time::from_lenient);
    is_extended(short) || short.trial || until.is_some_and(|until| now < until.plus(Duration::from_hours(24)))
}

pub(super) fn action(name: &str) -> Scheduled {
    Scheduled { action: name.to_owned(), schedule: None, on: None }
}

fn end_of(short: &Subscription) -> Option<Day> {
    let has_term = short.kind != SubscriptionKind::AzurePlan;
    let end = short.ends.as_deref().filter(|_| has_term).and_then(Day::from_lenient)?;
    (end.year() < 9000).then_some(end)
}

fn is_there(short: &Subscription) -> bool {
    matches!(short.status.as_deref().unwrap_or("active"), "active" | "suspended")
}

/// The day of a cancellation that is scheduled for one.
fn cancelled_on(short: &Subscription) -> Option<Day> {
    let scheduled = short.scheduled.as_ref()?.iter();
    let mut custom = scheduled.filter(|one| one.schedule.as_deref() == Some("CustomDate"));
    custom.find(|one| one.action == "Cancel").and_then(|one| Day::from_lenient(one.on.as_deref()?))
}

/// Whether a term that ends then is of those that are extended rather than ended.
fn can_be_extended(short: &Subscription, end: Day) -> bool {
    let is_software = short.with.get("productType").is_some_and(|it| it.to_string().contains("Software"));
    let began = end.less(term_of(short));
    short.kind == SubscriptionKind::NewCommerce
        && !is_software
        && !short.trial
        && end >= Day::new(2026, 5, 4)
        && began.is_some_and(|began| began >= Day::new(2025, 4, 1))
}

fn term_of(short: &Subscription) -> &str {
    match (short.term.as_deref(), short.kind) {
        (Some(term), _) if !term.is_empty() => term,
        (_, SubscriptionKind::SavingsPlan) => "P3Y",
        _ => "P1Y",
    }
}

/// The end of a term has come. False if nobody knows what comes now.
fn turn(one: &mut Subscription, end: Day) -> bool {
    let usually = one.kind != SubscriptionKind::SavingsPlan;
    let renews = one.auto_renew.unwrap_or(usually);
    let decided = one.scheduled.as_ref().and_then(|all| all.first()).map(|one| one.action.clone());
    let extends = match decided.as_deref() {
        Some("Cancel") => {
            one.status = Some("deleted".to_owned());
            return true;
        }
        Some("RenewToExtendedServiceTerm") => true,
        Some("RenewToNewTerm" | "Transition") => false,
        Some(_) => return false,
        None if is_extended(one) => true,
        None if renews => false,
        None if can_be_extended(one, end) => true,
        None => {
            one.status = Some("expired".to_owned());
            return true;
        }
    };
    if extends {
        if !is_extended(one) {
            one.name = Some(format!("{}{EXTENDED}", one.name.as_deref().unwrap_or("Example product")));
        }
        one.term = Some("P1M".to_owned());
    }
    let Some(next) = end.plus(term_of(one)) else { return false };
    one.ends = Some(next.to_string());
    one.scheduled = None;
    one.cancellable_until = (!extends).then(|| end.plus_days(WINDOW_DAYS).to_string());
    one.with.remove("scheduledActions");
    one.with.remove("scheduledNextTermInstructions");
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn licence(auto_renew: bool, scheduled: Option<&str>) -> Subscription {
        Subscription {
            kind: SubscriptionKind::NewCommerce,
            name: Some("M365".to_owned()),
            ends: Some("2027-03-04".to_owned()),
            auto_renew: Some(auto_renew),
            scheduled: scheduled.map(|name| vec![action(name)]),
            ..Subscription::default()
        }
    }

    fn at(short: &Subscription, now: &str) -> (String, String, String) {
        let (one, _) = lived(short, "2026-11-20T00:00:00Z".parse().unwrap(), now.parse().unwrap());
        (one.status.unwrap_or_else(|| "active".to_owned()), one.ends.unwrap(), one.name.unwrap())
    }

    #[test]
    fn a_term_ends_as_was_decided_and_not_before_the_day_after_its_last() {
        let is = |status: &str, ends: &str, name: &str| (status.to_owned(), ends.to_owned(), name.to_owned());
        let (cancel, extend) =
            (licence(false, Some("Cancel")), licence(true, Some("RenewToExtendedServiceTerm")));
        for (short, later) in [
            (&cancel, is("deleted", "2027-03-04", "M365")),
            (&licence(true, None), is("active", "2028-03-04", "M365")),
            (&licence(true, Some("RenewToNewTerm")), is("active", "2028-03-04", "M365")),
            (&extend, is("active", "2027-04-04", "M365 (Extended Service Term)")),
            (&licence(false, None), is("active", "2027-04-04", "M365 (Extended Service Term)")),
        ] {
            assert_eq!(at(short, "2027-03-04T23:59:59Z"), is("active", "2027-03-04", "M365"), "{short:?}");
            assert_eq!(at(short, "2027-03-05T00:00:00Z"), later, "{short:?}");
        }
        assert_eq!(at(&extend, "2027-06-20T00:00:00Z").1, "2027-07-04");
        let old = Subscription { term: Some("P3Y".to_owned()), ..licence(false, None) };
        assert_eq!(at(&old, "2027-03-05T00:00:00Z").0, "expired");
        // What was over when it began stays as it is.
        let past = Subscription { ends: Some("2026-01-01".to_owned()), ..licence(true, None) };
        assert_eq!(at(&past, "2028-01-01T00:00:00Z").1, "2026-01-01");
    }

    #[test]
    fn auto_renew_off_alone_becomes_an_extended_term_within_a_day() {
        let at: Time = "2026-12-01T00:00:00Z".parse().unwrap();
        let became = Became { short: licence(false, None), version: 2, at };
        let scheduled = |hours| {
            let scheduled = backfilled(&became, at.plus(Duration::from_hours(hours))).scheduled;
            scheduled.map(|all| all[0].action.clone())
        };
        assert_eq!(scheduled(23), None);
        assert_eq!(scheduled(24).as_deref(), Some("RenewToExtendedServiceTerm"));
    }
}
