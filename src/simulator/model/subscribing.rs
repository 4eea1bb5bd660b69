//! Subscriptions that are changed: their status, and what happens at the end of their terms.

use super::super::scenario::{Customer, Scheduled, Subscription, SubscriptionKind};
use super::answers::DraftAnswer;
use super::customers::CurrentCustomer;
use super::endpoints::object;
use super::service::{Model, Served, TruthChange, When};
use super::term::{self, Became};
use super::{Request, products};
use crate::domain::{TenantId, Time};
use base64::prelude::*;
use serde_json::{Map, Value, json};
use std::borrow::Cow;

/// What is really set to happen at the end of a subscription's term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermEndTruth {
    /// Its ID.
    pub id: String,
    /// Its status.
    pub status: String,
    /// Whether auto-renew is on.
    pub auto_renew: bool,
    /// What is scheduled.
    pub scheduled: Vec<String>,
    /// The end of its term.
    pub ends: Option<String>,
}

impl Model {
    /// The moment by the calendar of terms and windows.
    pub(super) fn calendar(&self, now: Time) -> Time {
        Time::from_millis(now.as_millis().saturating_add(self.calendar_ahead))
    }

    /// What a customer has now.
    pub(super) fn details<'a>(&self, now: Time, entry: &CurrentCustomer<'a>) -> Cow<'a, Customer> {
        let mut details = entry.details();
        let now = self.calendar(now);
        let began = self.began.map_or(now, |began| self.calendar(began));
        let each: Vec<(usize, Subscription)> = details
            .subscriptions
            .iter()
            .enumerate()
            .filter_map(|(place, short)| Some((place, self.became(entry.id, (place, short), (began, now))?)))
            .collect();
        for (place, now) in each {
            if let Some(subscription) = details.to_mut().subscriptions.get_mut(place) {
                *subscription = now;
            }
        }
        details
    }

    /// What has become of a subscription; none if it is as it was written.
    fn became(
        &self,
        customer: TenantId,
        (place, short): (usize, &Subscription),
        (began, now): (Time, Time),
    ) -> Option<Subscription> {
        let changed = if self.became.is_empty() {
            None
        } else {
            let id = products::subscription_id(customer, place, short).to_lowercase();
            self.became.get(&(customer, id))
        };
        let (version, current, since) = match changed {
            Some(became) => (became.version, Cow::Owned(term::backfilled(became, now)), became.at),
            None => (1, Cow::Borrowed(short), began),
        };
        let (mut lived, turns) = term::lived(&current, since.min(began), now);
        if changed.is_none() && turns == 0 {
            return None;
        }
        // Its ID is made of its place.
        let id = products::subscription_id(customer, place, short);
        let etag = BASE64_STANDARD.encode(format!("{{\"version\":{}}}", version + turns));
        lived.with.insert("attributes".to_owned(), json!({ "etag": etag, "objectType": "Subscription" }));
        lived.id = Some(id);
        Some(lived)
    }

    /// One subscription as JSON, and in its short form.
    fn found(
        &self,
        now: Time,
        entry: &CurrentCustomer<'_>,
        wanted: &str,
    ) -> Result<(Value, Subscription), DraftAnswer> {
        let details = self.details(now, entry);
        let mut each = details.subscriptions.iter().enumerate();
        let is_wanted = |i, s| products::subscription_id(entry.id, i, s).eq_ignore_ascii_case(wanted);
        let found = each.find(|(i, s)| is_wanted(*i, s));
        let (place, found) =
            found.ok_or_else(|| DraftAnswer::fault(404, 20_003, "The subscription was not found."))?;
        Ok((products::subscription(entry.id, place, found), found.clone()))
    }

    /// One subscription as JSON.
    pub(super) fn subscription(
        &self,
        now: Time,
        entry: &CurrentCustomer<'_>,
        wanted: &str,
    ) -> Result<Value, DraftAnswer> {
        self.found(now, entry, wanted).map(|(value, _)| value)
    }

    pub(super) fn update_subscription(
        &mut self,
        now: Time,
        request: &Request,
        id: TenantId,
        wanted: &str,
        when: When,
    ) -> Served {
        let found = self.visible(now, id).and_then(|(entry, _)| self.found(now, &entry, wanted));
        let (current, short) = match found {
            Ok(found) => found,
            Err(refused) => return refused.into(),
        };
        let etag = current.pointer("/attributes/etag").and_then(Value::as_str).unwrap_or_default();
        let etag = format!("\"{etag}\"");
        if request.header("If-Match").is_some_and(|sent| sent != etag) {
            return DraftAnswer::fault(412, 2055, "The subscription was changed meanwhile.").into();
        }
        let Some(body) = object(&request.body) else {
            return DraftAnswer::fault(400, 800_002, "The input is not valid.").into();
        };
        let (short, answer) = match asked(&current, short, &body, self.calendar(now)) {
            Ok(asked) => asked,
            Err(refused) => return refused.into(),
        };
        let change = TruthChange::Update(wanted.to_lowercase(), Box::new(short));
        self.change(now, request, id, when, change, DraftAnswer::ok(answer))
    }

    pub(super) fn update(&mut self, customer: TenantId, subscription: String, short: Subscription, at: Time) {
        let at = self.calendar(at);
        let became = self.became.entry((customer, subscription)).or_insert_with(|| Became {
            short: Subscription::default(),
            version: 1,
            at,
        });
        *became = Became { short, version: became.version + 1, at };
    }

    /// A customer's subscriptions: the ID of each, and what its status really is.
    pub fn subscriptions(&mut self, now: Time, id: TenantId) -> Vec<(String, String)> {
        self.set_to_happen(now, id).into_iter().map(|one| (one.id, one.status)).collect()
    }

    /// What is really set to happen with each of a customer's subscriptions.
    pub fn set_to_happen(&mut self, now: Time, id: TenantId) -> Vec<TermEndTruth> {
        self.settle(now);
        let Some(entry) = self.customers.find(id) else { return Vec::new() };
        let details = self.details(now, &entry);
        let each = details.subscriptions.iter().enumerate();
        let set = each.map(|(place, one)| TermEndTruth {
            id: products::subscription_id(id, place, one),
            status: one.status.clone().unwrap_or_else(|| "active".to_owned()),
            auto_renew: products::renews(one),
            scheduled: one.scheduled.iter().flatten().map(|one| one.action.clone()).collect(),
            ends: one.ends.clone(),
        });
        set.collect()
    }

    /// The statuses of a customer's subscriptions, in order; what each really is.
    pub fn statuses(&mut self, now: Time, id: TenantId) -> Vec<(SubscriptionKind, String)> {
        self.settle(now);
        let Some(entry) = self.customers.find(id) else { return Vec::new() };
        let details = self.details(now, &entry);
        let status = |s: &Subscription| s.status.clone().unwrap_or_else(|| "active".to_owned());
        details.subscriptions.iter().map(|s| (s.kind, status(s))).collect()
    }
}

/// What a body asks a subscription to be, with the answer; or the refusal.
fn asked(
    current: &Value,
    short: Subscription,
    body: &Map<String, Value>,
    now: Time,
) -> Result<(Subscription, Value), DraftAnswer> {
    let named =
        |name: &str| body.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let is = short.status.clone().unwrap_or_else(|| "active".to_owned());
    let status = named("status").and_then(Value::as_str);
    match status {
        Some(status) if status != is => to_status(current, short, status, now),
        Some(_) => to_happen(current, short, body, now),
        None => Err(DraftAnswer::fault(400, 800_096, "The status cannot be changed to that.")),
    }
}

/// Another status. Whatever was scheduled is deleted with it.
fn to_status(
    current: &Value,
    short: Subscription,
    status: &str,
    now: Time,
) -> Result<(Subscription, Value), DraftAnswer> {
    match status {
        "active" | "suspended" => {}
        "deleted" if short.kind == SubscriptionKind::Legacy => {
            return Err(DraftAnswer::fault(400, 800_096, "The status cannot be changed to that."));
        }
        "deleted" if term::is_in_window(&short, now) => {}
        "deleted" => return Err(DraftAnswer::fault(400, 900_214, "The cancellation window has passed.")),
        _ => return Err(DraftAnswer::fault(400, 800_096, "The status cannot be changed to that.")),
    }
    let mut answer = current.clone();
    if let Some(fields) = answer.as_object_mut() {
        fields.insert("status".to_owned(), status.into());
        fields.remove("scheduledActions");
    }
    let mut short = Subscription { status: Some(status.to_owned()), scheduled: None, ..short };
    for name in ["status", "scheduledActions"] {
        short.with.remove(name);
    }
    Ok((short, answer))
}

/// Another end of the term. The body replaces the whole of the subscription: what it leaves out is reset.
fn to_happen(
    current: &Value,
    mut short: Subscription,
    body: &Map<String, Value>,
    now: Time,
) -> Result<(Subscription, Value), DraftAnswer> {
    let invalid = |text: &str| Err(DraftAnswer::fault(400, 800_002, text));
    let named =
        |name: &str| body.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let settings = ["autoRenewEnabled", "scheduledActions", "scheduledNextTermInstructions"];
    let is_setting = |name: &str| settings.iter().any(|setting| name.eq_ignore_ascii_case(setting));
    let lacks = |(name, _): (&String, &Value)| !is_setting(name) && named(name).is_none();
    if current.as_object().is_some_and(|fields| fields.iter().any(lacks)) {
        return invalid("The input is not the whole subscription.");
    }
    if short.kind == SubscriptionKind::NewCommerce && term::is_locked(&short, now) {
        return Err(DraftAnswer::fault(400, 900_279, "No more updates for this subscription."));
    }
    let instructions = named("scheduledNextTermInstructions").filter(|value| !value.is_null());
    let scheduled = match named("scheduledActions") {
        None | Some(Value::Null) => None,
        Some(Value::Array(actions)) => {
            let Some(actions) = actions.iter().map(scheduled).collect::<Option<Vec<_>>>() else {
                return invalid("The scheduled actions are not valid.");
            };
            Some(actions).filter(|actions| !actions.is_empty())
        }
        Some(_) => return invalid("The scheduled actions are not valid."),
    };
    if scheduled.is_some() && instructions.is_some() {
        return invalid("Scheduled actions and instructions for the next term exclude each other.");
    }
    short.auto_renew = Some(named("autoRenewEnabled").and_then(Value::as_bool).unwrap_or(true));
    short.scheduled = scheduled;
    if short.extends_instead
        && short.scheduled.as_ref().is_some_and(|all| all.iter().any(|one| one.action == "Cancel"))
    {
        short.scheduled = Some(vec![term::action("RenewToExtendedServiceTerm")]);
    }
    for setting in settings {
        short.with.remove(setting);
    }
    if let Some(instructions) = instructions {
        short.with.insert("scheduledNextTermInstructions".to_owned(), instructions.clone());
    }
    Ok((short, Value::Object(body.clone())))
}

fn scheduled(action: &Value) -> Option<Scheduled> {
    let text = |name: &str| action.get(name).and_then(Value::as_str).map(str::to_owned);
    let schedule = text("scheduleType")?;
    let known = ["Cancel", "RenewToNewTerm", "RenewToExtendedServiceTerm", "Transition"];
    let action = text("actionType").filter(|action| known.contains(&action.as_str()))?;
    match schedule.as_str() {
        "TermEnd" => Some(Scheduled { action, schedule: None, on: None }),
        "CustomDate" => {
            Some(Scheduled { action, schedule: Some(schedule), on: Some(text("effectiveDate")?) })
        }
        _ => None,
    }
}
