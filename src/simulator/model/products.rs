//! Customers, subscriptions, entitlements and orders as JSON, from their short forms.

use super::super::scenario::{
    Customer, Direction, Entitlement, Order, Partner, Relationship, Reseller, Scheduled, Subscription,
    SubscriptionKind, Transfer, TransferLine,
};
use super::customers::CurrentCustomer;
use crate::domain::{Day, Sha256, TenantId};
use serde_json::{Map, Value, json};

const NEVER: &str = "9999-12-31T00:00:00Z";
const BEGAN: &str = "2019-03-04T05:06:07.1234567Z";

/// The profile of the partner.
pub(super) fn profile(partner: &Partner) -> Value {
    json!({
        "id": "simulated-profile", "companyName": partner.name, "tenantId": partner.tenant_id,
        "domain": partner.domain, "email": format!("agent@{}", partner.domain), "language": "en", "culture": "en-US",
        "defaultAddress": { "country": "NL", "city": "Utrecht", "addressLine1": "Street 1", "postalCode": "1000AA",
            "firstName": "Sim", "lastName": "Ulator", "phoneNumber": "" },
        "profileType": "OrganizationProfile",
        "links": { "self": { "uri": "/profiles/organization", "method": "GET", "headers": [] } },
        "attributes": { "etag": "-1234567890", "objectType": "OrganizationProfile" },
    })
}

/// The link by which a customer accepts a relationship with the partner.
pub(super) fn relationship_request(partner: &Partner) -> Value {
    let url = format!(
        "https://admin.microsoft.com/Adminportal/Home?invType=ResellerRelationship&partnerId={}&msppId=0&DAP=false\
         #/BillingAccounts/partner-invitation",
        partner.tenant_id
    );
    json!({ "url": url, "attributes": { "objectType": "RelationshipRequest" } })
}

/// A customer as the list shows it.
pub(super) fn list_item(customer: &CurrentCustomer<'_>, relationship: Relationship) -> Value {
    json!({
        "id": customer.id,
        "companyProfile": { "tenantId": customer.id, "domain": customer.domain(), "companyName": customer.name(),
            "attributes": { "objectType": "CustomerCompanyProfile" } },
        "relationshipToPartner": relationship.as_str(),
        "attributes": { "objectType": "Customer" },
    })
}

/// A customer as it is shown by itself.
pub(super) fn customer(customer: &CurrentCustomer<'_>, relationship: Relationship) -> Value {
    let mut value = list_item(customer, relationship);
    let more = json!({
        "commerceId": null,
        "billingProfile": { "id": derived(customer.id, "billing profile"), "firstName": "Pat", "lastName": "Example",
            "email": format!("billing@{}", customer.domain()), "culture": "en-US", "language": "en",
            "companyName": customer.name(),
            "defaultAddress": { "country": "NL", "city": "Utrecht", "addressLine1": "Street 1", "postalCode": "1000AA" },
            "attributes": { "etag": "-2036213223361063112", "objectType": "CustomerBillingProfile" } },
        "allowDelegatedAccess": false,
        "links": { "self": { "uri": format!("/customers/{}", customer.id), "method": "GET", "headers": [] } },
    });
    if let (Some(fields), Value::Object(more)) = (value.as_object_mut(), more) {
        fields.extend(more);
        let reseller = customer.details().reseller.clone();
        fields.extend(reseller.map(|mpn_id| ("associatedPartnerId".to_owned(), mpn_id.into())));
    }
    value
}

/// A collection that is not cut into pages.
pub(super) fn collection(items: Vec<Value>) -> Value {
    let count = items.len();
    json!({ "totalCount": count, "items": Value::Array(items), "attributes": { "objectType": "Collection" } })
}

/// The ID of a subscription.
pub(super) fn subscription_id(customer: TenantId, index: usize, subscription: &Subscription) -> String {
    let id = || derived(customer, &format!("subscription {index}"));
    let legacy = subscription.kind == SubscriptionKind::Legacy;
    subscription.id.clone().unwrap_or_else(|| if legacy { id().to_uppercase() } else { id() })
}

/// Whether it is set to renew itself.
pub(super) fn renews(short: &Subscription) -> bool {
    let plan = matches!(short.kind, SubscriptionKind::AzurePlan | SubscriptionKind::SavingsPlan);
    short.auto_renew.unwrap_or(!plan)
}

/// A subscription.
pub(super) fn subscription(customer: TenantId, index: usize, short: &Subscription) -> Value {
    let id = subscription_id(customer, index, short);
    let name = short.name.clone().unwrap_or_else(|| "Example product".to_owned());
    let renews = renews(short);
    let term = |usual: &str| short.term.clone().unwrap_or_else(|| usual.to_owned());
    let mut value = json!({
        "id": id, "offerId": derived(customer, &name), "offerName": name, "friendlyName": name,
        "quantity": short.quantity.unwrap_or(1), "unitType": "Licenses", "hasPurchasableAddons": false,
        "creationDate": BEGAN, "effectiveStartDate": "2019-03-04T00:00:00Z",
        "commitmentEndDate": short.ends.as_deref().map_or_else(|| "2045-03-04T00:00:00Z".to_owned(), moment),
        "status": short.status.as_deref().unwrap_or("active"), "autoRenewEnabled": renews, "isTrial": short.trial,
        "isMicrosoftProduct": true, "billingType": "license", "billingCycle": "monthly",
        "actions": ["edit", "cancel"], "contractType": "subscription", "termDuration": term(""),
        "orderId": short.order.clone().unwrap_or_else(|| derived(customer, &format!("order of {id}"))),
        "links": { "self": { "uri": format!("/customers/{customer}/subscriptions/{id}"), "method": "GET", "headers": [] } },
        "attributes": { "etag": "eyJ2ZXJzaW9uIjoxfQ==", "objectType": "Subscription" },
    });
    let until = short.cancellable_until.as_deref().map(moment);
    let product = |id: &str, sub: &str| json!({ "id": id, "displayName": id, "subType": { "id": sub, "displayName": sub } });
    let more = match short.kind {
        SubscriptionKind::Legacy => json!({}),
        SubscriptionKind::NewCommerce => json!({
            "offerId": "CFQ7TTCDEMO1:0001:CFQ7TTCDEMOA", "termDuration": term("P1Y"), "billingCycle": "annual",
            "productType": { "id": "OnlineServicesNCE", "displayName": "OnlineServicesNCE" },
            "cancellationAllowedUntilDate": until, "refundOptions": [],
        }),
        SubscriptionKind::AzurePlan => json!({
            "offerId": "DZH318Z0BPS6:0001:DZH318Z0DEMO", "billingType": "usage", "unitType": "none",
            "commitmentEndDate": NEVER, "termDuration": term("P1M"),
            "productType": product("Azure", "AzurePlan"), "cancellationAllowedUntilDate": until,
        }),
        SubscriptionKind::SavingsPlan => json!({
            "offerId": "DZH318Z08DEM:0002:DZH318Z09DEM", "billingType": "benefit", "unitType": "none", "termDuration": term("P3Y"),
            "productType": product("Azure", "SavingsPlan"), "cancellationAllowedUntilDate": until,
        }),
        SubscriptionKind::Marketplace => json!({
            "offerId": "DZH318DEMO02:0001:DZH318DEMO0B", "termDuration": term("P1Y"), "isMicrosoftProduct": false,
            "publisherName": "Contoso Backup", "productType": product("SaaS", "PerSeat"), "cancellationAllowedUntilDate": until,
        }),
    };
    if let (Some(fields), Value::Object(more)) = (value.as_object_mut(), more) {
        fields.extend(more);
    }
    if let (Some(fields), Some(scheduled)) = (value.as_object_mut(), &short.scheduled) {
        let actions = scheduled.iter().map(scheduled_action).collect();
        fields.insert("scheduledActions".to_owned(), Value::Array(actions));
    }
    finished(value, &short.with, short.raw.as_ref())
}

fn scheduled_action(short: &Scheduled) -> Value {
    let schedule = short.schedule.as_deref().unwrap_or("TermEnd");
    let mut action = json!({ "scheduleType": schedule, "actionType": short.action });
    if let (Some(fields), Some(on)) = (action.as_object_mut(), &short.on) {
        fields.insert("effectiveDate".to_owned(), moment(on).into());
    }
    action
}

/// The Azure subscriptions under a plan.
pub(super) fn azure_entitlements(customer: TenantId, short: &Subscription) -> Value {
    let given = short
        .azure
        .as_deref()
        .unwrap_or_default()
        .iter()
        .map(|azure| (azure.name.as_str(), azure.status.as_str()));
    let without = short.azure.is_none().then_some(("Azure subscription", "active"));
    let item = |(name, status): (&str, &str)| {
        json!({ "id": derived(customer, &format!("azure entitlement {name}")), "friendlyName": name, "status": status,
            "subscriptionId": derived(customer, &format!("azure subscription {name}")) })
    };
    collection(given.chain(without).map(item).collect())
}

/// An entitlement with all that is inside it, with the order that each is under.
pub(super) fn with_included<'a>(
    customer: TenantId,
    place: &str,
    outer_order: Option<&str>,
    entitlement: &'a Entitlement,
) -> Vec<(String, &'a Entitlement)> {
    let order = order_of(customer, place, outer_order, entitlement);
    let inner = entitlement.included.iter().enumerate();
    let below =
        inner.flat_map(|(i, inner)| with_included(customer, &format!("{place}.{i}"), Some(&order), inner));
    let below: Vec<_> = below.collect();
    std::iter::once((order, entitlement)).chain(below).collect()
}

/// An entitlement.
pub(super) fn entitlement(
    customer: TenantId,
    place: &str,
    outer_order: Option<&str>,
    short: &Entitlement,
    show_expiry: bool,
) -> Value {
    let order = order_of(customer, place, outer_order, short);
    let kind = type_on_the_wire(&short.kind);
    let artifact = short.id.clone().unwrap_or_else(|| derived(customer, &format!("artifact {place}")));
    let inner = short.included.iter().enumerate();
    let included: Vec<Value> = inner
        .map(|(i, inner)| entitlement(customer, &format!("{place}.{i}"), Some(&order), inner, show_expiry))
        .collect();
    let mut value = json!({
        "includedEntitlements": included,
        "referenceOrder": { "id": order, "lineItemId": "0", "alternateId": hex(customer, &format!("alternate {order}")) },
        "productId": "DZH318DEMO01", "skuId": "00DE", "quantity": short.quantity.unwrap_or(1),
        "entitledArtifacts": [{
            "link": { "uri": format!("/customers/{customer}/artifacts/{kind}/{artifact}"), "method": "GET", "headers": [] },
            "resourceId": artifact, "artifactType": kind,
        }],
        "entitlementType": kind,
    });
    if let (Some(fields), Some(expires), true) = (value.as_object_mut(), &short.expires, show_expiry) {
        fields.insert("expiryDate".to_owned(), moment(expires).into());
    }
    finished(value, &short.with, short.raw.as_ref())
}

/// An indirect reseller, as the partner's relationships show it.
pub(super) fn partner_relationship(reseller: &Reseller) -> Value {
    json!({
        "id": guid(&format!("reseller {}", reseller.mpn_id), &[]), "name": reseller.name, "mpnId": reseller.mpn_id,
        "relationshipType": "is_indirect_cloud_solution_provider_of", "state": "active", "location": "NL",
        "attributes": { "objectType": "PartnerRelationship" },
    })
}

/// A transfer.
pub(super) fn transfer(partner: &Partner, customer: TenantId, index: usize, short: &Transfer) -> Value {
    let name = short.partner.as_deref().unwrap_or("Another partner");
    let other = (guid(&format!("partner {name}"), &[]), name);
    let own = (partner.tenant_id.to_string(), partner.name.as_str());
    let (source, target) = match short.direction {
        Direction::Away => (own, other),
        Direction::Here => (other, own),
    };
    let made = short.created.as_deref().map_or_else(|| BEGAN.to_owned(), moment);
    let one = [TransferLine::default()];
    let lines = short.lines.as_deref().unwrap_or(&one).iter().enumerate().map(|(at, line)| {
        let place = format!("line {at} of transfer {index}");
        json!({
            "id": derived(customer, &place), "offerId": "CFQ7TTCDEMO1:0001:CFQ7TTCDEMOA", "billingCycle": "annual",
            "subscriptionId": line.subscription.clone().unwrap_or_else(|| derived(customer, &format!("subscription in {place}"))),
            "friendlyName": line.name.as_deref().unwrap_or("Example product"), "quantity": line.quantity.unwrap_or(1),
            "status": line.status, "transferError": null,
        })
    });
    let mut value = json!({
        "id": short.id.clone().unwrap_or_else(|| derived(customer, &format!("transfer {index}"))),
        "status": short.status.as_deref().unwrap_or("Active"), "createdTime": made, "lastModifiedTime": made,
        "customerTenantId": customer, "partnerTenantId": target.0, "transferType": "3",
        "sourcePartnerTenantId": source.0, "sourcePartnerName": source.1,
        "targetPartnerTenantId": target.0, "targetPartnerName": target.1,
        "lineItems": lines.collect::<Vec<_>>(), "attributes": { "objectType": "Transfer" },
    });
    if let Some(fields) = value.as_object_mut() {
        let dates = [("expirationTime", &short.expires), ("completedTime", &short.completed)];
        let given = dates
            .into_iter()
            .filter_map(|(name, date)| Some((name.to_owned(), moment(date.as_ref()?).into())));
        fields.extend(given);
    }
    finished(value, &short.with, short.raw.as_ref())
}

/// All orders of a customer in their short form: those that are written and those that its
/// entitlements name.
pub(super) fn orders(customer: &Customer) -> Vec<Order> {
    let mut orders = customer.orders.clone();
    for (index, entitlement) in customer.entitlements.iter().enumerate() {
        for (id, entitlement) in with_included(customer.id, &index.to_string(), None, entitlement) {
            if !orders.iter().any(|order| order.id == id) {
                let (status, name) = (entitlement.order_status.clone(), entitlement.name.clone());
                orders.push(Order { id, status, name, quantity: entitlement.quantity, ..Order::default() });
            }
        }
    }
    orders
}

/// An order.
pub(super) fn order(customer: TenantId, short: &Order, cancelled: bool) -> Value {
    let status = if cancelled { "cancelled" } else { short.status.as_deref().unwrap_or("completed") };
    let value = json!({
        "id": short.id, "alternateId": hex(customer, &format!("alternate {}", short.id)), "referenceCustomerId": customer,
        "billingCycle": "one_time", "currencyCode": "EUR", "currencySymbol": "€",
        "lineItems": [{ "lineItemNumber": 0, "offerId": "DZH318DEMO01:00DE:DZH318DEMO0A", "termDuration": "",
            "transactionType": "New", "friendlyName": short.name.as_deref().unwrap_or("Example product"),
            "quantity": short.quantity.unwrap_or(1), "links": {} }],
        "creationDate": short.created.as_deref().map_or_else(|| BEGAN.to_owned(), moment),
        "status": status, "transactionType": "UserPurchase", "attributes": { "objectType": "Order" },
    });
    let mut value = finished(value, &short.with, short.raw.as_ref());
    if let (Some(place), true) = (value.get_mut("status"), cancelled) {
        *place = "cancelled".into();
    }
    value
}

/// The entitlement type as the service writes it.
pub(super) fn type_on_the_wire(kind: &str) -> &str {
    if kind == "reserved_instance" { "reservedinstance" } else { kind }
}

fn order_of(customer: TenantId, place: &str, outer: Option<&str>, entitlement: &Entitlement) -> String {
    let own = entitlement.order.as_deref().or(outer).map(str::to_owned);
    own.unwrap_or_else(|| format!("Zx{}", hex(customer, &format!("order of entitlement {place}"))))
}

pub(super) fn finished(mut value: Value, with: &Map<String, Value>, raw: Option<&Value>) -> Value {
    if let Some(raw) = raw {
        return raw.clone();
    }
    if let Some(fields) = value.as_object_mut() {
        fields.extend(with.clone());
    }
    value
}

/// A day as the service writes it; any other text stays as it is.
fn moment(text: &str) -> String {
    if text.parse::<Day>().is_ok() && text.len() == 10 {
        format!("{text}T00:00:00Z")
    } else {
        text.to_owned()
    }
}

/// A GUID that depends only on the customer and on what it is for.
fn derived(customer: TenantId, purpose: &str) -> String {
    guid(purpose, customer.as_bytes())
}

fn guid(purpose: &str, of: &[u8]) -> String {
    let digest = Sha256::of(&[purpose.as_bytes(), of]);
    let bytes = digest.as_bytes().first_chunk::<16>().copied().unwrap_or_default();
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// Twelve digits that depend only on the customer and on what they are for.
fn hex(customer: TenantId, purpose: &str) -> String {
    derived(customer, purpose).chars().filter(|c| *c != '-').take(12).collect()
}
