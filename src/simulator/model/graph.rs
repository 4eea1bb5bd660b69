//! Microsoft Graph, as far as delegated administration is there; and the consents of the partner's applications, which Partner
//! Center revokes.

use super::super::scenario::DelegatedAdmin;
use super::Request;
use super::answers::{Body, DraftAnswer, http_date};
use super::customers::CurrentCustomer;
use super::endpoints::{field, is_word};
use super::products::finished;
use super::service::{Model, Served, TruthChange, When};
use crate::domain::{TenantId, Time};
use serde_json::{Value, json};
use std::time::Duration;

/// How many a page has.
const PAGE_SIZE: usize = 300;

/// What has become of a relationship of delegated administration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AdminBecame {
    /// Its termination was asked for, and takes place then; none is never.
    Ends(Option<Time>),
    Deleted,
}

/// What a relationship of delegated administration really is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminTruth {
    /// Its ID.
    pub id: String,
    /// Its state.
    pub status: String,
}

impl Model {
    /// A customer's relationships, each with what it really is. What was deleted is none any more.
    pub fn delegated_admin(&mut self, now: Time, customer: TenantId) -> Vec<AdminTruth> {
        self.settle(now);
        let Some(entry) = self.customers.find(customer) else { return Vec::new() };
        let all = self.grants(now, &entry);
        all.into_iter().map(|(id, _, status)| AdminTruth { id, status }).collect()
    }

    /// Whether the consent that this customer gave the application is really there.
    pub fn has_consent(&mut self, now: Time, customer: TenantId, application: &str) -> bool {
        self.settle(now);
        self.customers.find(customer).is_some_and(|entry| self.is_consented(&entry, application))
    }

    /// Each relationship of a customer that was not deleted: its ID, what is written of it, its state.
    fn grants(&self, now: Time, entry: &CurrentCustomer<'_>) -> Vec<(String, DelegatedAdmin, String)> {
        let details = entry.details();
        let each = details.delegated_admin.iter().enumerate().filter_map(|(place, one)| {
            let id = grant_id(entry.id, place);
            let written = one.status.clone().unwrap_or_else(|| "active".to_owned());
            let status = match self.admin_became.get(&id) {
                None => written,
                Some(AdminBecame::Deleted) => return None,
                Some(AdminBecame::Ends(Some(due))) if *due <= now => "terminated".to_owned(),
                Some(AdminBecame::Ends(_)) => "terminating".to_owned(),
            };
            Some((id, one.clone(), status))
        });
        each.collect()
    }

    pub(super) fn list_grants(
        &self,
        now: Time,
        request: &Request,
        customer: Option<TenantId>,
    ) -> DraftAnswer {
        let entry = customer.and_then(|id| self.customers.find(id));
        let Some(entry) = entry else { return DraftAnswer::ok(json!({ "value": [] })) };
        let all = self.grants(now, &entry);
        let skip: usize = request
            .target
            .split_once("$skiptoken=")
            .and_then(|(_, rest)| rest.split('&').next()?.parse().ok())
            .unwrap_or_default();
        let size = self.graph_page.unwrap_or(PAGE_SIZE).max(1);
        let is_more = all.len() > skip + size;
        let page = all.into_iter().skip(skip).take(size);
        let items: Vec<Value> = page.map(|(id, one, status)| shown(&entry, &id, &one, &status)).collect();
        let mut value = json!({ "@odata.context": "simulated", "value": items });
        let host = request.header("host").unwrap_or("localhost");
        if let (true, Some(fields)) = (is_more, value.as_object_mut()) {
            let path = request.target.split('?').next().unwrap_or_default();
            let filter = format!("$filter=customer/tenantId%20eq%20%27{}%27", entry.id);
            let next = format!("http://{host}{path}?{filter}&$skiptoken={}", skip + size);
            fields.insert("@odata.nextLink".to_owned(), next.into());
        }
        DraftAnswer::ok(value)
    }

    fn grant(&self, now: Time, id: &str) -> Option<(TenantId, DelegatedAdmin, String)> {
        let customer = id.get(..36)?.parse().ok()?;
        let entry = self.customers.find(customer)?;
        let found = self.grants(now, &entry).into_iter().find(|(own, ..)| own.eq_ignore_ascii_case(id));
        found.map(|(_, one, status)| (customer, one, status))
    }

    pub(super) fn terminate(&mut self, now: Time, request: &Request, id: &str, when: When) -> Served {
        let Some((customer, one, status)) = self.grant(now, id) else {
            return fault(now, request, 404, "Request_ResourceNotFound", "The relationship does not exist.")
                .into();
        };
        let asks = field(&request.body, "action").is_some_and(|action| is_word(&action, "terminate"));
        if !asks || !matches!(status.as_str(), "active" | "approved" | "activating" | "expiring") {
            let text = format!("A relationship in the state {status} cannot be terminated.");
            return fault(now, request, 400, "badRequest", &text).into();
        }
        let takes = (!one.never_terminates).then(|| Duration::from_millis(one.terminates_after_ms));
        let answer = json!({ "id": "request-1", "action": "terminate", "status": "created" });
        let answer = DraftAnswer::ok(answer).with_status(201);
        self.change(now, request, customer, when, TruthChange::Terminate(id.to_lowercase(), takes), answer)
    }

    pub(super) fn delete_grant(&mut self, now: Time, request: &Request, id: &str, when: When) -> Served {
        let Some((customer, _, status)) = self.grant(now, id) else {
            return fault(now, request, 404, "Request_ResourceNotFound", "The relationship does not exist.")
                .into();
        };
        if status != "created" {
            let text = format!("A relationship in the state {status} cannot be deleted.");
            return fault(now, request, 400, "badRequest", &text).into();
        }
        if request.header("If-Match").is_some_and(|sent| sent != etag(id)) {
            return fault(now, request, 412, "preconditionFailed", "The relationship was changed meanwhile.")
                .into();
        }
        let answer = DraftAnswer::new(204, Body::Empty);
        self.change(now, request, customer, when, TruthChange::DeleteGrant(id.to_lowercase()), answer)
    }

    pub(super) fn revoke_consent(
        &mut self,
        now: Time,
        request: &Request,
        (id, application): (TenantId, &str),
        when: When,
    ) -> Served {
        let is_there = match self.visible(now, id) {
            Ok((entry, _)) => self.is_consented(&entry, application),
            Err(refused) => return refused.into(),
        };
        if !is_there {
            return DraftAnswer::fault(404, 600_054, "The application consent was not found.").into();
        }
        let change = TruthChange::RevokeConsent(application.to_lowercase());
        self.change(now, request, id, when, change, DraftAnswer::new(200, Body::Empty))
    }

    fn is_consented(&self, entry: &CurrentCustomer<'_>, application: &str) -> bool {
        let application = application.to_lowercase();
        entry.details().consents.iter().any(|own| own.eq_ignore_ascii_case(&application))
            && !self.revoked.contains(&(entry.id, application))
    }
}

/// Why Graph does not take a token, in its own form.
pub(super) fn unauthorized(now: Time, request: &Request) -> DraftAnswer {
    fault(
        now,
        request,
        401,
        "InvalidAuthenticationToken",
        "Access token is empty, expired or for another audience.",
    )
}

fn fault(now: Time, request: &Request, status: u16, code: &str, message: &str) -> DraftAnswer {
    let id = request.header("client-request-id").unwrap_or("none");
    let inner = json!({ "date": http_date(now), "request-id": id, "client-request-id": id });
    DraftAnswer::ok(json!({ "error": { "code": code, "message": message, "innerError": inner } }))
        .with_status(status)
}

fn grant_id(customer: TenantId, place: usize) -> String {
    format!("{customer}-00000000-0000-4000-8000-{place:012}")
}

fn etag(id: &str) -> String {
    format!("W/\"{}\"", id.chars().rev().take(8).collect::<String>())
}

fn shown(entry: &CurrentCustomer<'_>, id: &str, one: &DelegatedAdmin, status: &str) -> Value {
    let roles: Vec<Value> = one.roles.iter().map(|role| json!({ "roleDefinitionId": role })).collect();
    let value = json!({
        "@odata.etag": etag(id),
        "id": id,
        "displayName": one.name.as_deref().unwrap_or("Delegated administration"),
        "customer": { "tenantId": entry.id, "displayName": entry.name() },
        "accessDetails": { "unifiedRoles": roles },
        "status": status,
        "createdDateTime": "2025-03-01T10:00:00Z",
        "duration": "P730D",
        "endDateTime": one.ends.as_deref().map(|day| format!("{day}T10:00:00Z")),
        "autoExtendDuration": if one.extends { "P180D" } else { "PT0S" },
    });
    finished(value, &one.with, None)
}
