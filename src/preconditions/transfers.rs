//! Transfers of what a customer has: the usual way to another partner. What is open is decided about by two partners, and
//! is not to be cut off by a removal; what was completed explains where a subscription has gone.

use super::{Facts, TransferFacts, entitlements, subscriptions};
use crate::domain::{Cause, Ends, Finding, Reason, is_taken_out};

/// A transfer is open.
pub(super) fn pending(facts: &Facts) -> Option<Finding> {
    let open: Vec<_> = facts.transfers.iter().filter(|transfer| transfer.is_open()).collect();
    let ends = open.iter().map(|transfer| transfer.ends(facts.today)).reduce(Ends::and)?;
    let causes = open.into_iter().map(TransferFacts::cause).collect();
    (!is_taken_out("an-open-transfer-blocks-nobody")).then_some(Finding {
        reason: Reason::PendingTransfer,
        causes,
        ends,
    })
}

/// What was transferred: where something has gone that is not there any more, or has come from.
pub fn transferred(facts: &Facts) -> Vec<Cause> {
    let completed = facts.transfers.iter().filter(|transfer| transfer.was_completed());
    completed.map(TransferFacts::cause).collect()
}

/// Whether something stands in the way that could be transferred to another partner.
pub fn has_transferable(facts: &Facts) -> bool {
    subscriptions::has_transferable(facts) || entitlements::reserved_instance(facts).is_some()
}

#[cfg(test)]
mod tests {
    use super::{super::CustomerFacts, *};
    use crate::domain::Time;
    use serde_json::{Value, json};

    const OWN: &str = "3d3d3d3d-4444-4555-8666-777777777777";
    const OTHER: &str = "5d5d5d5d-4444-4555-8666-777777777777";

    fn transfer(more: &Value) -> Value {
        let mut one = json!({ "id": "T", "status": "Active", "createdTime": "2026-11-10T08:00:00Z",
            "sourcePartnerTenantId": OWN, "sourcePartnerName": "Us",
            "targetPartnerTenantId": OTHER, "targetPartnerName": "Wingtip",
            "lineItems": [{ "friendlyName": "Visio", "quantity": 3 }] });
        one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        one
    }

    /// With these transfers, on 2026-11-20.
    fn facts(all: &[Value]) -> Facts {
        let mut facts = Facts::new(Time::from_millis(1_795_166_130_000), CustomerFacts::default());
        let of = |one: &Value| {
            TransferFacts::of(serde_json::from_value(one.clone()).unwrap(), OWN.parse().unwrap())
        };
        facts.transfers = all.iter().map(of).collect();
        facts
    }

    #[test]
    fn each_status_either_way_blocks_unless_it_is_known_to_be_over() {
        let (away, here) = (
            json!({}),
            json!({ "sourcePartnerTenantId": OTHER, "sourcePartnerName": "Wingtip",
            "targetPartnerTenantId": OWN.to_uppercase(), "targetPartnerName": "Us" }),
        );
        for (status, is_open, is_completed) in [
            ("Pending", true, false),
            ("pending", true, false),
            ("Active", true, false),
            ("InTransferProgress", true, false),
            ("in_progress", true, false),
            ("Teleporting", true, false),
            ("", true, false),
            ("Complete", false, true),
            ("COMPLETED", false, true),
            ("PartiallyComplete", false, true),
            ("Reject", false, false),
            ("Failed", false, false),
            ("Expired", false, false),
        ] {
            for (way, direction) in [("to another partner", &away), ("from another partner", &here)] {
                let mut one = transfer(direction);
                one["status"] = json!(status);
                let facts = facts(&[one]);
                let (open, completed) = (pending(&facts), transferred(&facts));
                assert_eq!((open.is_some(), completed.len() == 1), (is_open, is_completed), "{status} {way}");
                for cause in open.into_iter().flat_map(|found| found.causes).chain(completed) {
                    assert!(
                        cause.to_string().starts_with(&format!("transfer `Wingtip` (T): {way}, ")),
                        "{cause}"
                    );
                    assert!(cause.detail.ends_with("`Visio` (3)"), "{cause}");
                }
            }
        }
    }

    #[test]
    fn it_expires_after_thirty_days_unless_it_says_when_and_is_over_only_if_it_says_so() {
        let on = |day: &str| Ends::On(day.parse().unwrap());
        for (more, ends, said) in [
            (json!({}), on("2026-12-11"), "expires 2026-12-10"),
            (json!({ "expirationTime": "2027-01-05T00:00:00Z" }), on("2027-01-06"), "expires 2027-01-05"),
            (json!({ "expiryDate": "2026-11-20" }), on("2026-11-21"), "expires 2026-11-20"),
            (json!({ "createdTime": "2026-09-01" }), Ends::NotKnown, "expires 2026-10-01"),
            (json!({ "createdTime": null }), Ends::NotKnown, "Active, `Visio`"),
            (json!({ "status": "InTransferProgress" }), Ends::NotKnown, "InTransferProgress, `Visio`"),
        ] {
            let found = pending(&facts(&[transfer(&more)])).unwrap();
            assert_eq!(found.ends, ends, "{more}");
            assert!(found.causes[0].detail.contains(said), "{}", found.causes[0].detail);
        }
        let both = [transfer(&json!({})), transfer(&json!({ "status": "InTransferProgress" }))];
        let found = pending(&facts(&both)).unwrap();
        assert_eq!((found.ends, found.causes.len()), (Ends::NotKnown, 2));
    }

    #[test]
    fn of_a_completed_transfer_only_what_was_transferred_is_told() {
        let lines = json!([
            { "friendlyName": "Visio", "quantity": "3", "status": "Complete" },
            { "friendlyName": "Project", "status": "Failed" },
            { "subscriptionId": "S-1", "friendlyName": " " },
            {},
        ]);
        let more = json!({ "status": "PartiallyComplete", "lineItems": lines, "completedTime": "2026-11-12T09:00:00Z" });
        let told = transferred(&facts(&[transfer(&more)])).remove(0).detail;
        assert_eq!(
            told,
            "to another partner, PartiallyComplete, completed 2026-11-12, `Visio` (3) Complete, `S-1`, `(no name)`"
        );
        let none = transferred(&facts(&[transfer(&json!({ "status": "Complete", "lineItems": null }))]));
        assert_eq!(none[0].detail, "to another partner, Complete");
    }

    #[test]
    fn no_more_lines_are_told_than_a_transfer_has() {
        let lines: Vec<_> = (0..27).map(|n| json!({ "friendlyName": format!("P{n}") })).collect();
        let detail =
            pending(&facts(&[transfer(&json!({ "lineItems": lines }))])).unwrap().causes.remove(0).detail;
        assert!(detail.ends_with("`P24`, and 2 lines more"), "{detail}");
    }

    #[test]
    fn whose_transfer_it_is_may_not_be_told() {
        let foreign = json!({ "sourcePartnerTenantId": null, "targetPartnerTenantId": OTHER });
        let cause = pending(&facts(&[transfer(&foreign)])).unwrap().causes.remove(0);
        assert!(cause.to_string().starts_with("transfer `Wingtip` (T): between partners, Active"), "{cause}");
        let nothing = pending(&facts(&[json!({})])).unwrap().causes.remove(0);
        assert_eq!(nothing.to_string(), "transfer: between partners, no status");
    }

    #[test]
    fn new_commerce_reservations_and_savings_plans_could_be_transferred() {
        for (subscription, expected) in [
            (json!({ "offerId": "P:1:A", "status": "active" }), true),
            (json!({ "offerId": "P:1:A", "status": "suspended" }), true),
            (json!({ "offerId": "P:1:A", "status": "deleted" }), false),
            (json!({ "productType": "AzurePlan", "status": "active" }), true),
            (json!({ "productType": "SavingsPlan", "status": "active" }), true),
            (json!({ "isMicrosoftProduct": false, "status": "active" }), false),
            (json!({ "status": "active" }), false),
        ] {
            let mut facts = facts(&[]);
            facts.subscriptions = serde_json::from_value(json!([subscription.clone()])).unwrap();
            assert_eq!(has_transferable(&facts), expected, "{subscription}");
        }
        for (kind, expected) in [("reservedinstance", true), ("software", false)] {
            let mut facts = facts(&[]);
            facts.entitlements = serde_json::from_value(json!([{ "entitlementType": kind }])).unwrap();
            assert_eq!(has_transferable(&facts), expected, "{kind}");
        }
    }
}
