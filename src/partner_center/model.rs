//! The resources that are read, in all the forms that the service is known to write
//! (learn.microsoft.com, `partner-center/developer/*-resources`).
//!
//! Every field may be missing; unknown fields and unknown values are kept or passed over, never an
//! error. Dates stay text until a rule needs a day.

use super::json;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

/// Reads a resource from a body; a byte-order mark and either casing are forgiven.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, serde_json::Error> {
    json::read(body)
}

/// A collection, or a page of one.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// How many there are. It is not documented whether of the page or of the whole; see
    /// [`Count`](super::Count).
    #[serde(default, deserialize_with = "number")]
    pub total_count: Option<u64>,
    /// Where the others are.
    #[serde(default)]
    pub links: Option<Links>,
}

/// A collection, or its items as a bare list: of some it is not documented in which form they come.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum ListOrPage<T> {
    /// The items alone.
    List(Vec<T>),
    /// A collection, or a page of one.
    Page(Page<T>),
}

/// The links of a collection.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Links {
    /// The next page.
    pub next: Option<Link>,
}

/// A link.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Link {
    /// Its address, usually relative.
    pub uri: Option<String>,
    /// Its method.
    pub method: Option<String>,
    /// Headers that the request must have.
    #[serde(deserialize_with = "null_is_empty")]
    pub headers: Vec<Header>,
}

/// A header of a link.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Header {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// The partner, as the organization profile shows it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OrganizationProfile {
    /// The partner's tenant.
    pub tenant_id: Option<String>,
    /// Its name.
    pub company_name: Option<String>,
    /// Its domain.
    pub domain: Option<String>,
}

/// A customer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Customer {
    /// Its tenant.
    pub id: Option<String>,
    /// Its names.
    pub company_profile: Option<CompanyProfile>,
    /// What it is to the partner.
    #[serde(deserialize_with = "relationship")]
    pub relationship_to_partner: Option<String>,
    /// The MPN ID of its indirect reseller. A list of customers does not say.
    #[serde(deserialize_with = "text")]
    pub associated_partner_id: Option<String>,
}

/// A relationship between the partner and another, as an indirect reseller.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PartnerRelationship {
    /// What the other partner is called.
    #[serde(deserialize_with = "text")]
    pub name: Option<String>,
    /// Its MPN ID.
    #[serde(deserialize_with = "text")]
    pub mpn_id: Option<String>,
}

/// A customer's names.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CompanyProfile {
    /// Its tenant, again.
    pub tenant_id: Option<String>,
    /// Its primary domain.
    pub domain: Option<String>,
    /// Its name.
    pub company_name: Option<String>,
}

/// The link by which a customer accepts a relationship with the partner.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct RelationshipRequest {
    /// Its address.
    #[serde(deserialize_with = "text")]
    pub url: Option<String>,
}

/// What was done in the partner's account: a line of its record of activity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AuditRecord {
    /// Its ID.
    pub id: Option<String>,
    /// To which customer.
    pub customer_id: Option<String>,
    /// By which user.
    pub user_principal_name: Option<String>,
    /// With which application.
    pub application_id: Option<String>,
    /// What.
    #[serde(deserialize_with = "text")]
    pub operation_type: Option<String>,
    /// When.
    pub operation_date: Option<String>,
    /// How it ended.
    #[serde(deserialize_with = "text")]
    pub operation_status: Option<String>,
    /// Under which correlation ID, presumably the one of the request.
    pub original_correlation_id: Option<String>,
}

/// A subscription. Whatever a field holds, it can be read: a text that is no text is kept as it is written,
/// and what should say yes or no and does neither says nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Subscription {
    /// Its ID.
    #[serde(deserialize_with = "text")]
    pub id: Option<String>,
    /// The offer; `product:sku:availability` in new commerce.
    #[serde(deserialize_with = "text")]
    pub offer_id: Option<String>,
    /// The offer's name.
    #[serde(deserialize_with = "text")]
    pub offer_name: Option<String>,
    /// The name that the partner gave it.
    #[serde(deserialize_with = "text")]
    pub friendly_name: Option<String>,
    /// How many.
    pub quantity: Option<Value>,
    /// Of what.
    #[serde(deserialize_with = "text")]
    pub unit_type: Option<String>,
    /// `active`, `suspended` …; a number is kept as text.
    #[serde(deserialize_with = "text")]
    pub status: Option<String>,
    /// Whether it renews itself.
    #[serde(deserialize_with = "yes_or_no")]
    pub auto_renew_enabled: Option<bool>,
    /// What was decided to happen, usually at the end of the term; in any form.
    pub scheduled_actions: Option<Value>,
    /// The older way to decide that it renews as something else; in any form.
    pub scheduled_next_term_instructions: Option<Value>,
    /// Whether it is a trial.
    #[serde(deserialize_with = "yes_or_no")]
    pub is_trial: Option<bool>,
    /// `license`, `usage`, `benefit` …
    #[serde(deserialize_with = "text")]
    pub billing_type: Option<String>,
    /// When it was made.
    #[serde(deserialize_with = "text")]
    pub creation_date: Option<String>,
    /// When it began.
    #[serde(deserialize_with = "text")]
    pub effective_start_date: Option<String>,
    /// When its term ends.
    #[serde(deserialize_with = "text")]
    pub commitment_end_date: Option<String>,
    /// When its term ends, in newer answers.
    #[serde(deserialize_with = "text")]
    pub commitment_end_date_time: Option<String>,
    /// The end that was chosen for its term, which then is not as long as `term_duration` says.
    pub custom_term_end_date: Option<Value>,
    /// Until when it may be cancelled.
    #[serde(deserialize_with = "text")]
    pub cancellation_allowed_until_date: Option<String>,
    /// What it is an instance of; new commerce and marketplace only.
    pub product_type: Option<Value>,
    /// `P1M`, `P1Y` …
    #[serde(deserialize_with = "text")]
    pub term_duration: Option<String>,
    /// Whether Microsoft sells it; marketplace products are not.
    #[serde(deserialize_with = "yes_or_no")]
    pub is_microsoft_product: Option<bool>,
    /// Who publishes it, if not Microsoft.
    #[serde(deserialize_with = "text")]
    pub publisher_name: Option<String>,
}

/// An entitlement.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Entitlement {
    /// The order that it comes from.
    pub reference_order: Option<ReferenceOrder>,
    /// The product.
    pub product_id: Option<String>,
    /// The SKU.
    pub sku_id: Option<String>,
    /// How many are left.
    pub quantity: Option<Value>,
    /// `software`, `reservedinstance`, the deprecated `VirtualMachineReservedInstance`, or another.
    #[serde(deserialize_with = "text")]
    pub entitlement_type: Option<String>,
    /// What is inside it.
    #[serde(deserialize_with = "null_is_empty")]
    pub included_entitlements: Vec<Entitlement>,
    /// When it ends; only with `showExpiry=true`.
    pub expiry_date: Option<String>,
}

/// The order that an entitlement comes from.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ReferenceOrder {
    /// The order's ID.
    pub id: Option<String>,
}

/// An order.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Order {
    /// Its ID.
    pub id: Option<String>,
    /// `completed`, `pending`, `cancelled` …
    #[serde(deserialize_with = "text")]
    pub status: Option<String>,
    /// When it was made.
    pub creation_date: Option<String>,
    /// What it consists of.
    #[serde(deserialize_with = "null_is_empty")]
    pub line_items: Vec<LineItem>,
}

/// A line of an order.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct LineItem {
    /// What it is called.
    pub friendly_name: Option<String>,
    /// How many.
    pub quantity: Option<Value>,
}

/// A transfer of what a customer has, from one partner to another.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Transfer {
    /// Its ID.
    #[serde(deserialize_with = "text")]
    pub id: Option<String>,
    /// `Pending`, `Active`, `Complete` …
    #[serde(deserialize_with = "text")]
    pub status: Option<String>,
    /// When it was made.
    #[serde(deserialize_with = "text")]
    pub created_time: Option<String>,
    /// When it was completed, in newer answers.
    #[serde(deserialize_with = "text")]
    pub completed_time: Option<String>,
    /// When it expires. Not documented; usually it does not say.
    #[serde(deserialize_with = "text", alias = "expirationDate", alias = "expiryDate")]
    pub expiration_time: Option<String>,
    /// The name of the partner that loses what is transferred,
    #[serde(deserialize_with = "text")]
    pub source_partner_name: Option<String>,
    /// and its tenant.
    #[serde(deserialize_with = "text")]
    pub source_partner_tenant_id: Option<String>,
    /// The name of the partner that gets it,
    #[serde(deserialize_with = "text")]
    pub target_partner_name: Option<String>,
    /// and its tenant.
    #[serde(deserialize_with = "text")]
    pub target_partner_tenant_id: Option<String>,
    /// What is transferred.
    #[serde(deserialize_with = "null_is_empty")]
    pub line_items: Vec<TransferLine>,
}

/// A line of a transfer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TransferLine {
    /// The subscription.
    #[serde(deserialize_with = "text")]
    pub subscription_id: Option<String>,
    /// What it is called.
    #[serde(deserialize_with = "text")]
    pub friendly_name: Option<String>,
    /// How many.
    pub quantity: Option<Value>,
    /// Its own status.
    #[serde(deserialize_with = "text")]
    pub status: Option<String>,
}

/// Swagger declares the relationship as a number, live answers have a text; both are read.
fn relationship<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    const NAMES: [&str; 6] = ["unknown", "reseller", "advisor", "syndication", "microsoft_support", "none"];
    let value = Option::<Value>::deserialize(deserializer)?;
    Ok(value.map(|value| match value {
        Value::String(text) => text.trim().to_ascii_lowercase(),
        Value::Number(number) => {
            let index = number.as_u64().and_then(|index| usize::try_from(index).ok());
            let name = index.and_then(|index| NAMES.get(index));
            name.map_or_else(|| number.to_string(), |name| (*name).to_owned())
        }
        other => other.to_string(),
    }))
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let value = Option::<Value>::deserialize(deserializer)?;
    Ok(value.and_then(|value| match value {
        Value::Null => None,
        Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }))
}

/// A number, or a text of one; nothing else is an error, and nothing else counts.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let value = Option::<Value>::deserialize(deserializer)?;
    Ok(value.and_then(|value| match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }))
}

/// Anything but a yes or a no says nothing.
fn yes_or_no<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    let value = Option::<Value>::deserialize(deserializer)?;
    Ok(value.and_then(|value| match value {
        Value::Bool(said) => Some(said),
        Value::String(text) => text.trim().to_ascii_lowercase().parse().ok(),
        _ => None,
    }))
}

fn null_is_empty<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relationship_is_a_text_or_a_number() {
        for (json, expected) in [
            (r#"{"relationshipToPartner":"reseller"}"#, Some("reseller")),
            (r#"{"RelationshipToPartner":"None"}"#, Some("none")),
            (r#"{"relationshipToPartner":1}"#, Some("reseller")),
            (r#"{"relationshipToPartner":77}"#, Some("77")),
            (r#"{"relationshipToPartner":null}"#, None),
            ("{}", None),
        ] {
            let customer: Customer = read(json.as_bytes()).unwrap();
            assert_eq!(customer.relationship_to_partner.as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn a_subscription_can_be_read_whatever_its_fields_hold() {
        let names = [
            "id",
            "offerId",
            "offerName",
            "friendlyName",
            "quantity",
            "unitType",
            "status",
            "autoRenewEnabled",
            "scheduledActions",
            "scheduledNextTermInstructions",
            "isTrial",
            "billingType",
            "creationDate",
            "effectiveStartDate",
            "commitmentEndDate",
            "commitmentEndDateTime",
            "customTermEndDate",
            "cancellationAllowedUntilDate",
            "productType",
            "termDuration",
            "isMicrosoftProduct",
            "publisherName",
        ];
        for name in names {
            for value in
                ["null", "true", "7", "-0.5", "\"\"", "\"text\"", "[]", "[1,null]", "{}", "{\"a\":[]}"]
            {
                let json = format!("{{\"{name}\":{value}}}");
                assert!(read::<Subscription>(json.as_bytes()).is_ok(), "{json}");
            }
        }
        for (value, said) in [("true", Some(true)), ("\"False\"", Some(false)), ("1", None), ("[true]", None)]
        {
            let json = format!("{{\"AutoRenewEnabled\":{value}}}");
            let subscription: Subscription = read(json.as_bytes()).unwrap();
            assert_eq!(subscription.auto_renew_enabled, said, "{json}");
        }
    }

    #[test]
    fn the_documented_entitlement_is_read_with_those_inside_it() {
        let body = br#"{"totalCount":1,"items":[{"includedEntitlements":[{"entitlementType":"software",
            "includedEntitlements":null,"referenceOrder":{"id":"B"}}],"referenceOrder":{"id":"A","lineItemId":"0"},
            "quantity":1,"entitlementType":"reservedinstance","expiryDate":"2031-01-01T00:00:00Z"}],
            "attributes":{"objectType":"Collection"}}"#;
        let page: Page<Entitlement> = read(body).unwrap();
        assert_eq!(page.items[0].included_entitlements[0].entitlement_type.as_deref(), Some("software"));
        assert!(page.links.is_none());
    }
}
