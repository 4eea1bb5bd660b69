//! The record of activity: what was done in the partner's account, by whom, and when.

use super::super::scenario::NextLink;
use super::Request;
use super::answers::DraftAnswer;
use super::products;
use super::route::parameter;
use super::service::Model;
use crate::domain::{Day, TenantId, Time};
use base64::prelude::*;
use serde_json::{Value, json};
use std::time::Duration;

/// What is older is gone.
const KEPT_DAYS: i32 = 90;
/// The longest time that one question may be about.
const WINDOW_DAYS: i32 = 30;

/// Something that ended: a reseller relationship, or one of delegated administration.
#[derive(Clone, Debug)]
pub(super) struct Happened {
    pub at: Time,
    pub customer: TenantId,
    pub correlation_id: Option<String>,
    pub operation: &'static str,
}

impl Model {
    pub(super) fn list_activity(&self, now: Time, request: &Request) -> DraftAnswer {
        let refused = |text: &str| DraftAnswer::fault(400, 2000, text);
        let day = |name: &str| parameter(request, name).map(|text| text.parse::<Day>().ok());
        let (Some(to), Some(from)) = (
            day("endDate").unwrap_or(Some(now.day())),
            day("startDate").unwrap_or(Some(now.day().plus_days(-WINDOW_DAYS))),
        ) else {
            return refused("The date is not valid.");
        };
        if from < now.day().plus_days(-KEPT_DAYS) || to < from || to > from.plus_days(WINDOW_DAYS) {
            return refused("The date range is not valid.");
        }
        let size = parameter(request, "size").and_then(|size| size.parse().ok()).filter(|size| *size > 0);
        let (mut size, mut begin) = (size.unwrap_or(self.paging.default_size as usize), 0);
        if let Some(token) = request.header("MS-ContinuationToken") {
            let Some(read) = read_token(token) else {
                return refused("The continuation token is not valid.");
            };
            (size, begin) = read;
        }
        size = size.min(self.paging.max_size as usize);
        let mut all = self.activity_of(now);
        all.retain(|(at, _)| (from..=to).contains(&at.day()));
        let is_more = all.len() > begin + size;
        let items = all.into_iter().skip(begin).take(size).map(|(_, item)| item).collect();
        let mut page = products::collection(items);
        let (true, Some(fields)) = (is_more, page.as_object_mut()) else { return DraftAnswer::ok(page) };
        let token = BASE64_URL_SAFE_NO_PAD.encode(format!("{size} {}", begin + size));
        let prefix = match self.paging.next_link {
            NextLink::Short => "",
            NextLink::WithV1 => "/v1",
        };
        let uri =
            format!("{prefix}/auditrecords?startDate={from}&endDate={to}&size={size}&seekOperation=Next");
        let header = json!([{ "key": "MS-ContinuationToken", "value": token }]);
        fields.insert(
            "links".to_owned(),
            json!({ "next": { "uri": uri, "method": "GET", "headers": header } }),
        );
        DraftAnswer::ok(page).with_header("MS-ContinuationToken", token)
    }

    /// All that is on record by now, in order.
    fn activity_of(&self, now: Time) -> Vec<(Time, Value)> {
        let lag = Duration::from_millis(self.activity.lag_ms);
        let is_there = |happened: &&Happened| {
            happened.at.plus(lag) <= now && !self.activity.leaves_out.contains(&happened.customer)
        };
        let own = self.happened.iter().filter(is_there).map(|happened| {
            let Happened { at, customer, correlation_id, operation } = happened;
            (*at, self.record(*at, *customer, operation, "succeeded", &self.user, correlation_id.as_deref()))
        });
        let also = self.activity.also.iter().map(|also| {
            let at = also.at.unwrap_or(now);
            let operation = also.operation.as_deref().unwrap_or("remove_partner_customer_relationship");
            let status = also.status.as_deref().unwrap_or("succeeded");
            (
                at,
                self.record(
                    at,
                    also.customer,
                    operation,
                    status,
                    also.user.as_deref().unwrap_or(&self.user),
                    None,
                ),
            )
        });
        let mut all: Vec<_> = own.chain(also).collect();
        all.sort_by_key(|(at, _)| *at);
        all
    }

    fn record(
        &self,
        at: Time,
        customer: TenantId,
        operation: &str,
        status: &str,
        user: &str,
        correlation: Option<&str>,
    ) -> Value {
        let name = self.customers.find(customer).map(|found| found.name());
        json!({
            "id": format!("{customer}_{}", at.as_millis()),
            "partnerId": self.partner.tenant_id,
            "customerId": customer,
            "customerName": name,
            "userPrincipalName": user,
            "applicationId": "offboard",
            "resourceType": "customer",
            "operationType": operation,
            "originalCorrelationId": correlation,
            "operationDate": at,
            "operationStatus": status,
            "customizedData": [{ "key": "CustomerId", "value": customer }],
            "attributes": { "objectType": "AuditRecord" }
        })
    }
}

fn read_token(token: &str) -> Option<(usize, usize)> {
    let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    let (size, begin) = text.split_once(' ')?;
    Some((size.parse().ok().filter(|size| *size > 0)?, begin.parse().ok()?))
}
