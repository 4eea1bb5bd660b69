//! What each endpoint answers when nothing goes wrong.

use super::super::scenario::{
    AfterRemoval, Casing, Enforced, NextLink, Quirks, Relationship, RemovalAnswer, Reseller,
    SubscriptionKind, TotalCount, TransfersForm,
};
use super::answers::{Body, DraftAnswer};
use super::customers::CurrentCustomer;
use super::route::{Route, parameter};
use super::service::{Model, Served, TruthChange, When};
use super::{Request, products, rules};
use crate::domain::{TenantId, Time};
use base64::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;

/// The one body that the documentation gives for a removal.
const DOCUMENTED_BODY: &[u8] = br#"{"relationshipToPartner":"none","attributes":{"objectType":"Customer"}}"#;

/// The one answer that the documentation gives for a removal.
const DOCUMENTED_ANSWER: &str = concat!(
    r#"{"Id":null,"CommerceId":null,"CompanyProfile":null,"BillingProfile":null,"#,
    r#""RelationshipToPartner":"none","AllowDelegatedAccess":null,"UserCredentials":null,"#,
    r#""CustomDomains":null,"AssociatedPartnerId":null,"Attributes":{"ObjectType":"Customer"}}"#,
);

/// Whether the body of a removal is the documented one, byte for byte.
pub(super) fn is_documented_body(body: &[u8]) -> bool {
    body == DOCUMENTED_BODY
}

impl Model {
    /// Answers a request as if nothing went wrong, with its change now, later or never.
    pub(super) fn serve(&mut self, now: Time, request: &Request, route: &Route, when: When) -> Served {
        if let Some(answer) = self.sign_in(now, request, route) {
            return answer.into();
        }
        match route {
            Route::Profile => self.profile(request).into(),
            Route::RelationshipRequest => {
                DraftAnswer::ok(products::relationship_request(&self.partner)).into()
            }
            Route::List => self.list(now, request).into(),
            Route::Activity => self.list_activity(now, request).into(),
            Route::Resellers => self.list_resellers(request).into(),
            Route::BadCustomer => DraftAnswer::fault(400, 900_118, "The customer ID is not valid.").into(),
            Route::Nothing => DraftAnswer::fault(404, 1000, "Not found.").into(),
            Route::Remove(id) => self.remove(now, request, *id, when),
            Route::Delete(id) => self.delete(now, request, *id, when),
            Route::CancelOrder(id, order) => self.cancel_order(now, request, *id, order, when),
            Route::Grants(customer) => self.list_grants(now, request, *customer).into(),
            Route::Terminate(id) => self.terminate(now, request, id, when),
            Route::DeleteGrant(id) => self.delete_grant(now, request, id, when),
            Route::RevokeConsent(id, application) => {
                self.revoke_consent(now, request, (*id, application), when)
            }
            Route::UpdateSubscription(id, wanted) => {
                self.update_subscription(now, request, *id, wanted, when)
            }
            read => self.read(now, request, read).unwrap_or_else(|refused| refused).into(),
        }
    }

    fn quirks_at(&self, customer: &CurrentCustomer<'_>) -> Quirks {
        customer.as_written().map_or(self.quirks, |customer| customer.quirks.over(self.quirks))
    }

    fn quirks_of(&self, id: TenantId) -> Quirks {
        self.customers.find(id).map_or(self.quirks, |customer| self.quirks_at(&customer))
    }

    /// The quirks of the answers to a request.
    pub(super) fn quirks_for(&self, route: &Route) -> Quirks {
        route.customer().map_or(self.quirks, |id| self.quirks_of(id))
    }

    fn shown(&self, now: Time, customer: &CurrentCustomer<'_>) -> Option<Relationship> {
        let quirks = self.quirks_at(customer);
        customer.shown(now, Duration::from_millis(quirks.visible_for_ms.unwrap_or(0)))
    }

    /// The customer as a read shows it, or what it says if there is none.
    pub(super) fn visible(
        &self,
        now: Time,
        id: TenantId,
    ) -> Result<(CurrentCustomer<'_>, Relationship), DraftAnswer> {
        let after = self.quirks_of(id).after_removal.unwrap_or_default();
        let gone = || match after {
            AfterRemoval::Forbidden => {
                DraftAnswer::fault(403, 20_002, "The partner has no relationship with the customer.")
            }
            AfterRemoval::NotFound | AfterRemoval::None => {
                DraftAnswer::fault(404, 60_003, "The tenant was not found.")
            }
        };
        let customer = self.customers.find(id).ok_or_else(gone)?;
        match self.shown(now, &customer) {
            Some(relationship) => Ok((customer, relationship)),
            None if after == AfterRemoval::None => Ok((customer, Relationship::None)),
            None => Err(gone()),
        }
    }

    fn list(&self, now: Time, request: &Request) -> DraftAnswer {
        let asked_for =
            parameter(request, "size").and_then(|size| size.parse().ok()).filter(|size| *size > 0);
        let mut size: usize =
            asked_for.unwrap_or(usize::try_from(self.paging.default_size).unwrap_or(usize::MAX));
        let mut after = None;
        if let Some(token) = request.header("MS-ContinuationToken") {
            // A page has the size of the first one, for who follows a link need not repeat it.
            let Some((of_first, last)) = read_token(token) else {
                return DraftAnswer::fault(400, 800_002, "The continuation token is not valid.");
            };
            (size, after) = (of_first, Some(last));
        }
        size = size.min(usize::try_from(self.paging.max_size).unwrap_or(usize::MAX));
        let visible = |customer: &CurrentCustomer| {
            self.shown(now, customer).filter(|shown| *shown != Relationship::None)
        };
        let mut rest = self.customers.after(after).filter_map(|e| visible(&e).map(|shown| (e, shown)));
        let page: Vec<_> = rest.by_ref().take(size).collect();
        let last = page.last().map(|(customer, _)| customer.id).filter(|_| rest.next().is_some());
        let items: Vec<Value> =
            page.iter().map(|(customer, shown)| products::list_item(customer, *shown)).collect();
        let mut value = products::collection(items);
        let Some(fields) = value.as_object_mut() else { return DraftAnswer::ok(value) };
        if self.paging.total_count == TotalCount::All {
            let total = self.customers.after(None).filter(|customer| visible(customer).is_some()).count();
            fields.insert("totalCount".to_owned(), total.into());
        }
        let Some(last) = last else { return DraftAnswer::ok(value) };
        let token = write_token(size, last);
        let prefix = match self.paging.next_link {
            NextLink::Short => "",
            NextLink::WithV1 => "/v1",
        };
        let link = |query: &str, headers: Value| json!({ "uri": format!("{prefix}/customers?{query}"), "method": "GET", "headers": headers });
        let header = json!([{ "key": "MS-ContinuationToken", "value": token }]);
        let next = link(&format!("size={size}&seekOperation=Next"), header);
        fields.insert(
            "links".to_owned(),
            json!({ "self": link(&format!("size={size}"), json!([])), "next": next }),
        );
        DraftAnswer::ok(value).with_header("MS-ContinuationToken", token)
    }

    /// The partner's indirect resellers, if it asks for those: it is an indirect provider, and nobody's reseller.
    fn list_resellers(&self, request: &Request) -> DraftAnswer {
        let asked = parameter(request, "relationship_type").unwrap_or_default();
        let all: &[Reseller] = if asked.eq_ignore_ascii_case("IsIndirectCloudSolutionProviderOf") {
            &self.resellers
        } else {
            &[]
        };
        DraftAnswer::ok(products::collection(all.iter().map(products::partner_relationship).collect()))
    }

    fn read(&self, now: Time, request: &Request, route: &Route) -> Result<DraftAnswer, DraftAnswer> {
        let Some(id) = route.customer() else { return Err(DraftAnswer::fault(404, 1000, "Not found.")) };
        let (customer, relationship) = self.visible(now, id)?;
        if let Route::Customer(_) = route {
            return Ok(DraftAnswer::ok(products::customer(&customer, relationship)));
        }
        if relationship == Relationship::None {
            return Err(DraftAnswer::fault(
                403,
                20_002,
                "The partner has no relationship with the customer.",
            ));
        }
        let details = self.details(now, &customer);
        let order = |order| products::order(id, order, self.is_cancelled(now, id, &order.id));
        let value = match route {
            Route::Subscription(_, wanted) => self.subscription(now, &customer, wanted)?,
            Route::Subscriptions(_) => {
                let each = details.subscriptions.iter().enumerate();
                products::collection(each.map(|(i, s)| products::subscription(id, i, s)).collect())
            }
            Route::AzureEntitlements(_, wanted) => {
                let each = details.subscriptions.iter().enumerate();
                let mut plans = each.filter(|(_, s)| s.kind == SubscriptionKind::AzurePlan);
                let named = |i: usize, s| products::subscription_id(id, i, s).eq_ignore_ascii_case(wanted);
                let plan = plans.find(|(i, s)| named(*i, s));
                let (_, plan) =
                    plan.ok_or_else(|| DraftAnswer::fault(404, 20_003, "The subscription was not found."))?;
                products::azure_entitlements(id, plan)
            }
            Route::Entitlements(_) => {
                let show =
                    parameter(request, "showExpiry").is_some_and(|show| show.eq_ignore_ascii_case("true"));
                let plain = |kind: &str| products::type_on_the_wire(kind).to_lowercase().replace('_', "");
                let wanted =
                    parameter(request, "entitlementType").map(|wanted| match plain(wanted).as_str() {
                        "virtualmachinereservedinstance" => "reservedinstance".to_owned(),
                        other => other.to_owned(),
                    });
                let each = details.entitlements.iter().enumerate();
                let fitting =
                    each.filter(|(_, e)| wanted.as_ref().is_none_or(|wanted| *wanted == plain(&e.kind)));
                let json = fitting.map(|(i, e)| products::entitlement(id, &i.to_string(), None, e, show));
                products::collection(json.collect())
            }
            Route::Transfers(_) => {
                let each = details.transfers.iter().enumerate();
                let all = each.map(|(i, one)| products::transfer(&self.partner, id, i, one)).collect();
                match self.quirks_at(&customer).transfers.unwrap_or_default() {
                    TransfersForm::List => Value::Array(all),
                    TransfersForm::Collection => products::collection(all),
                }
            }
            Route::Relationships(_) => {
                let is_of = |one: &&Reseller| details.reseller.as_ref() == Some(&one.mpn_id);
                let of = self.resellers.iter().filter(is_of);
                products::collection(of.map(products::partner_relationship).collect())
            }
            Route::Orders(_) => products::collection(self.orders(now, &customer).iter().map(order).collect()),
            Route::Order(_, wanted) => {
                let orders = self.orders(now, &customer);
                let found = orders.iter().find(|order| order.id == *wanted);
                order(found.ok_or_else(|| DraftAnswer::fault(404, 20_000, "The order was not found."))?)
            }
            _ => return Err(DraftAnswer::fault(404, 1000, "Not found.")),
        };
        Ok(DraftAnswer::ok(value))
    }

    fn remove(&mut self, now: Time, request: &Request, id: TenantId, when: When) -> Served {
        match removal_in(&request.body) {
            Some(true) => {}
            // Any other change of a customer is accepted and changes nothing that is modelled.
            Some(false) => return self.read(now, request, &Route::Customer(id)).unwrap_or_else(|a| a).into(),
            None => return DraftAnswer::fault(400, 800_002, "The input is not valid.").into(),
        }
        let none = || rules::invalid("The relationship between the partner and the customer does not exist.");
        let found = self.customers.find(id).filter(|customer| customer.relationship() != Relationship::None);
        let Some(customer) = found else { return none().into() };
        let quirks = self.quirks_of(id);
        let enforced: Enforced = quirks.enforces.unwrap_or_default();
        let is_cancelled = |order: &str| self.is_cancelled(now, id, order);
        if let Some(refused) =
            rules::refuse(&self.details(now, &customer), enforced, self.calendar(now).day(), is_cancelled)
        {
            return refused.into();
        }
        let answer = match quirks.removal_answer.unwrap_or_default() {
            RemovalAnswer::Customer => DraftAnswer::ok(products::customer(&customer, Relationship::None)),
            RemovalAnswer::Empty => DraftAnswer::new(200, Body::Empty),
            RemovalAnswer::Documented => {
                let text = DOCUMENTED_ANSWER.to_owned();
                DraftAnswer::new(200, Body::Text { content_type: "application/json", text })
            }
        };
        let casing: Option<Casing> = quirks.removal_casing;
        // In the sandbox, ending the relationship destroys the customer.
        let end = TruthChange::End { deleted: self.sandbox };
        let served = self.change(now, request, id, when, end, answer);
        Served { casing, ..served }
    }
}

/// Whether a body asks to end the relationship; nothing if it is no JSON object.
fn removal_in(body: &[u8]) -> Option<bool> {
    object(body)?;
    Some(field(body, "relationshipToPartner").is_some_and(|word| is_word(&word, "none")))
}

pub(super) fn object(body: &[u8]) -> Option<serde_json::Map<String, Value>> {
    let without_mark = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
    serde_json::from_slice(without_mark).ok()
}

pub(super) fn field(body: &[u8], name: &str) -> Option<Value> {
    object(body)?.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

pub(super) fn is_word(value: &Value, word: &str) -> bool {
    value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(word))
}

fn write_token(size: usize, last: TenantId) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{size} {last}"))
}

fn read_token(token: &str) -> Option<(usize, TenantId)> {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (size, last) = text.split_once(' ')?;
    Some((size.parse().ok().filter(|size| *size > 0)?, last.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_lengths_are_right() {
        assert_eq!(DOCUMENTED_BODY.len(), 71);
        assert_eq!(DOCUMENTED_ANSWER.len(), 242);
        assert!(serde_json::from_str::<Value>(DOCUMENTED_ANSWER).is_ok());
    }
}
