//! Subscriptions that are given another status.

use super::super::scenario::{Customer, SubscriptionKind};
use super::answers::Answer;
use super::customers::Entry;
use super::endpoints::field;
use super::service::{Change, Model, Served, When};
use super::{Request, products};
use crate::domain::{TenantId, Time};
use base64::prelude::*;
use serde_json::{Value, json};
use std::borrow::Cow;

/// What a subscription has become: its status, and how often it was changed.
#[derive(Clone, Debug)]
pub(super) struct Became {
    status: String,
    version: u32,
}

impl Model {
    /// What a customer has now.
    pub(super) fn details<'a>(&self, entry: &Entry<'a>) -> Cow<'a, Customer> {
        let mut details = entry.details();
        if self.became.is_empty() {
            return details;
        }
        let ids: Vec<String> = details
            .subscriptions
            .iter()
            .enumerate()
            .map(|(i, s)| products::subscription_id(entry.id, i, s).to_lowercase())
            .collect();
        for (place, id) in ids.into_iter().enumerate() {
            let Some(became) = self.became.get(&(entry.id, id)) else { continue };
            if let Some(subscription) = details.to_mut().subscriptions.get_mut(place) {
                let etag = BASE64_STANDARD.encode(format!("{{\"version\":{}}}", became.version));
                let attributes = json!({ "etag": etag, "objectType": "Subscription" });
                subscription.status = Some(became.status.clone());
                subscription.with.insert("attributes".to_owned(), attributes);
                subscription.with.insert("status".to_owned(), became.status.clone().into());
            }
        }
        details
    }

    /// One subscription as JSON.
    pub(super) fn subscription(&self, entry: &Entry<'_>, wanted: &str) -> Result<Value, Answer> {
        let details = self.details(entry);
        let mut each = details.subscriptions.iter().enumerate();
        let is_wanted = |i, s| products::subscription_id(entry.id, i, s).eq_ignore_ascii_case(wanted);
        let found = each.find(|(i, s)| is_wanted(*i, s));
        let (place, found) =
            found.ok_or_else(|| Answer::fault(404, 20_003, "The subscription was not found."))?;
        Ok(products::subscription(entry.id, place, found))
    }

    pub(super) fn update_subscription(
        &mut self,
        now: Time,
        request: &Request,
        id: TenantId,
        wanted: &str,
        when: When,
    ) -> Served {
        let current = self.visible(now, id).and_then(|(entry, _)| self.subscription(&entry, wanted));
        let mut current = match current {
            Ok(current) => current,
            Err(refused) => return refused.into(),
        };
        let etag = current.pointer("/attributes/etag").and_then(Value::as_str).unwrap_or_default();
        let etag = format!("\"{etag}\"");
        if request.header("If-Match").is_some_and(|sent| sent != etag) {
            return Answer::fault(412, 2055, "The subscription was changed meanwhile.").into();
        }
        let status = field(&request.body, "status").and_then(|status| status.as_str().map(str::to_owned));
        let Some(status) = status.filter(|status| matches!(status.as_str(), "active" | "suspended")) else {
            return Answer::fault(400, 800_096, "The status cannot be changed to that.").into();
        };
        if let Some(place) = current.get_mut("status") {
            *place = status.clone().into();
        }
        let change = Change::SetStatus(wanted.to_lowercase(), status);
        self.change(now, request, id, when, change, Answer::ok(current))
    }

    pub(super) fn set_status(&mut self, customer: TenantId, subscription: String, status: String) {
        let became = self
            .became
            .entry((customer, subscription))
            .or_insert(Became { status: String::new(), version: 1 });
        (became.status, became.version) = (status, became.version + 1);
    }

    /// A customer's subscriptions: the ID of each, and what its status really is.
    pub fn subscriptions(&mut self, now: Time, id: TenantId) -> Vec<(String, String)> {
        let statuses = self.statuses(now, id);
        let Some(entry) = self.customers.find(id) else { return Vec::new() };
        let details = entry.details();
        let ids = details.subscriptions.iter().enumerate();
        let ids = ids.map(|(place, one)| products::subscription_id(id, place, one));
        ids.zip(statuses).map(|(id, (_, status))| (id, status)).collect()
    }

    /// The statuses of a customer's subscriptions, in order; what each really is.
    pub fn statuses(&mut self, now: Time, id: TenantId) -> Vec<(SubscriptionKind, String)> {
        self.settle(now);
        let Some(entry) = self.customers.find(id) else { return Vec::new() };
        let details = self.details(&entry);
        let status = |s: &super::super::scenario::Subscription| {
            s.status.clone().unwrap_or_else(|| "active".to_owned())
        };
        details.subscriptions.iter().map(|s| (s.kind, status(s))).collect()
    }
}
