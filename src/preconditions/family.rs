//! What a subscription is, as far as ending it goes.

use crate::partner_center::model::Subscription;
use serde_json::Value;

/// Each family has its own idea of what it takes to be over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    /// Old commerce: suspended is enough.
    Legacy,
    /// New commerce: it must be cancelled.
    NewCommerce,
    AzurePlan,
    SavingsPlan,
    Marketplace,
}

/// The product of the Azure plan, as Microsoft's own samples name it.
const AZURE_PLAN_PRODUCT: &str = "DZH318Z0BPS6";

/// There is no official flag for any of these; the marks are those of documented samples.
pub(super) fn family(subscription: &Subscription) -> Family {
    let offer = subscription.offer_id.as_deref().unwrap_or_default().trim();
    let product = offer.split(':').next().unwrap_or_default();
    let product_type = product_type(subscription);
    let publisher = subscription.publisher_name.as_deref().unwrap_or_default().trim();
    let third_party = !publisher.is_empty() && !publisher.to_ascii_lowercase().starts_with("microsoft");
    if product.eq_ignore_ascii_case(AZURE_PLAN_PRODUCT) || is(product_type, "AzurePlan") {
        Family::AzurePlan
    } else if is(subscription.billing_type.as_deref(), "benefit")
        || is(subscription.unit_type.as_deref(), "benefit")
        || is(product_type, "SavingsPlan")
    {
        Family::SavingsPlan
    } else if subscription.is_microsoft_product == Some(false) || third_party {
        Family::Marketplace
    } else if offer.contains(':')
        || subscription.product_type.as_ref().is_some_and(|value| !value.is_null())
        || (has_text(subscription.term_duration.as_ref())
            && has_text(subscription.cancellation_allowed_until_date.as_ref()))
    {
        Family::NewCommerce
    } else {
        Family::Legacy
    }
}

/// Whether it is software, bought for ever or by subscription, and not an online service.
pub(super) fn is_software(subscription: &Subscription) -> bool {
    const NAMES: [&str; 6] = [
        "Software",
        "SoftwarePerpetual",
        "PerpetualSoftware",
        "SoftwareSubscription",
        "SoftwareSubscriptions",
        "SoftwareSUSELinux",
    ];
    let within = subscription.product_type.as_ref().and_then(|value| value.pointer("/subType/id"));
    let names = [product_type(subscription), within.and_then(Value::as_str)];
    names.into_iter().any(|name| NAMES.iter().any(|known| is(name, known)))
}

fn product_type(subscription: &Subscription) -> Option<&str> {
    subscription.product_type.as_ref().and_then(|value| match value {
        Value::String(text) => Some(text.as_str()),
        other => other.get("id").and_then(Value::as_str),
    })
}

/// Whether the service says this word, in whatever case.
pub(super) fn is(value: Option<&str>, expected: &str) -> bool {
    value.is_some_and(|value| value.trim().eq_ignore_ascii_case(expected))
}

fn has_text(value: Option<&String>) -> bool {
    value.is_some_and(|text| !text.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn of(fields: Value) -> Family {
        family(&serde_json::from_value(fields).unwrap())
    }

    #[test]
    fn each_family_is_known_by_any_of_its_marks() {
        for mark in [
            json!({ "offerId": " dzh318z0bps6:0001:X " }),
            json!({ "productType": "AzurePlan" }),
            json!({ "productType": { "id": "azureplan" }, "billingType": "benefit" }),
        ] {
            assert_eq!(of(mark.clone()), Family::AzurePlan, "{mark}");
        }
        for mark in [
            json!({ "billingType": "Benefit" }),
            json!({ "unitType": " benefit " }),
            json!({ "productType": { "id": "SavingsPlan" }, "isMicrosoftProduct": false }),
        ] {
            assert_eq!(of(mark.clone()), Family::SavingsPlan, "{mark}");
        }
        for mark in [
            json!({ "isMicrosoftProduct": false, "publisherName": "Microsoft" }),
            json!({ "publisherName": "Contoso", "offerId": "P:1:A" }),
        ] {
            assert_eq!(of(mark.clone()), Family::Marketplace, "{mark}");
        }
        for mark in [
            json!({ "offerId": "P:1" }),
            json!({ "productType": {} }),
            json!({ "productType": "OnlineServicesNCE", "isMicrosoftProduct": true }),
            json!({ "termDuration": "P1Y", "cancellationAllowedUntilDate": "2026-11-20" }),
        ] {
            assert_eq!(of(mark.clone()), Family::NewCommerce, "{mark}");
        }
    }

    #[test]
    fn what_has_no_mark_is_legacy() {
        for none in [
            json!({}),
            json!({ "offerId": "DZH318Z0BPS", "productType": null, "publisherName": " MICROSOFT Ltd" }),
            json!({ "publisherName": " ", "billingType": "license", "unitType": "seat" }),
            json!({ "termDuration": "P1Y", "cancellationAllowedUntilDate": " " }),
            json!({ "termDuration": "", "cancellationAllowedUntilDate": "2026-11-20" }),
            json!({ "termDuration": "P1Y" }),
        ] {
            assert_eq!(of(none.clone()), Family::Legacy, "{none}");
        }
    }

    #[test]
    fn software_is_named_by_its_product_or_by_what_that_is_a_kind_of() {
        let is_so =
            |product: Value| is_software(&serde_json::from_value(json!({ "productType": product })).unwrap());
        assert!(is_so(json!("softwareperpetual")) && is_so(json!({ "id": "SoftwareSUSELinux" })));
        assert!(is_so(json!({ "id": "x", "subType": { "id": "Software" } })));
        for other in
            [json!("Software2"), json!({ "id": "Azure", "subType": { "name": "Software" } }), Value::Null]
        {
            assert!(!is_so(other.clone()), "{other}");
        }
    }
}
