use super::*;
use serde_json::json;

fn facts(relationship: &str) -> Facts {
    let customer = CustomerFacts {
        relationship: relationship.to_owned(),
        name: Some("Contoso Ltd.".to_owned()),
        domain: Some("contoso.com".to_owned()),
        reseller: None,
    };
    Facts::new("2026-11-20T00:00:00Z".parse().unwrap(), customer)
}

fn listed(name: Option<&str>, domain: Option<&str>) -> ListedIdentity {
    ListedIdentity { name: name.map(str::to_owned), domain: domain.map(str::to_owned) }
}

fn reasons(findings: &[Finding]) -> Vec<Reason> {
    findings.iter().map(|finding| finding.reason).collect()
}

/// A customer that has something for each of the rules.
fn everything() -> Facts {
    let legacy = |status: &str| json!({ "offerId": "91FD106F", "status": status });
    let licence = |more: &str, status: &str| json!({ "offerId": "P:1:A", more: "benefit", "status": status });
    let mut facts = facts("reseller");
    facts.subscriptions = serde_json::from_value(json!([
        legacy("active"),
        legacy("pending"),
        licence("", "suspended"),
        legacy("odd"),
        { "offerId": "DZH318Z0BPS6:0001:X", "status": "active" },
        { "offerId": "P:1:A", "isMicrosoftProduct": false, "status": "active" },
        legacy("disabled"),
        licence("billingType", "active"),
    ]))
    .unwrap();
    facts.entitlements = serde_json::from_value(json!([
        { "entitlementType": "reservedinstance" },
        { "entitlementType": "software" },
        { "entitlementType": "odd" },
    ]))
    .unwrap();
    let transfer = serde_json::from_value(json!({ "status": "Active" })).unwrap();
    let partner = "3d3d3d3d-4444-4555-8666-777777777777".parse().unwrap();
    facts.transfers = vec![TransferFacts::of(transfer, partner)];
    facts
}

#[test]
fn whoever_is_no_customer_or_another_than_the_list_means_may_not_go() {
    use Reason::{DomainMismatch, NameMismatch, NotAResellerCustomer};
    let right = listed(Some("CONTOSO, Ltd"), Some("Contoso.com"));
    let wrong = listed(Some("Fabrikam"), Some("fabrikam.com"));
    for judge in [judge_sandbox, |facts: &Facts, listed: &ListedIdentity| judge(facts, listed, &[])] {
        let of =
            |relationship, listed: &ListedIdentity| reasons(&judge(&facts(relationship), listed).findings);
        for listed in [&right, &listed(None, None)] {
            assert_eq!(of("reseller", listed), []);
            assert_eq!(of("none", listed), [], "there is nothing left to end");
            for other in ["advisor", "Reseller", ""] {
                assert_eq!(of(other, listed), [NotAResellerCustomer], "{other}");
            }
        }
        assert_eq!(of("reseller", &listed(Some("Fabrikam"), Some("contoso.com"))), [NameMismatch]);
        assert_eq!(of("reseller", &listed(None, Some("fabrikam.com"))), [DomainMismatch]);
        assert_eq!(of("advisor", &wrong), [NotAResellerCustomer, NameMismatch, DomainMismatch]);
        // What Partner Center does not name is not the same.
        let mut nameless = facts("reseller");
        (nameless.customer.name, nameless.customer.domain) = (None, None);
        assert_eq!(reasons(&judge(&nameless, &right).findings), [NameMismatch, DomainMismatch]);
        assert_eq!(reasons(&judge(&nameless, &listed(None, None)).findings), []);
    }
}

#[test]
fn each_rule_finds_its_own_reason_and_those_that_may_be_are_left_to_the_service() {
    let everything = everything();
    for (reason, rule) in RULES {
        assert_eq!(rule(&everything).map(|finding| finding.reason), Some(reason));
        assert_eq!(rule(&facts("reseller")), None, "{reason}");
    }
    let all: Vec<Reason> = RULES.iter().map(|(reason, _)| *reason).collect();
    let may_be: Vec<Reason> = all.iter().copied().filter(|reason| reason.may_be_allowed()).collect();
    let may_not_be: Vec<Reason> = all.iter().copied().filter(|reason| !reason.may_be_allowed()).collect();
    let judged = |allow: &[Reason]| {
        let judgement = judge(&everything, &ListedIdentity::default(), allow);
        (reasons(&judgement.findings), reasons(&judgement.allowed))
    };
    assert_eq!(judged(&[]), (all.clone(), vec![]));
    assert_eq!(judged(&all), (may_not_be, may_be.clone()));
    for reason in may_be {
        let others = all.iter().copied().filter(|other| *other != reason).collect();
        assert_eq!(judged(&[reason]), (others, vec![reason]));
    }
}

#[test]
fn in_the_sandbox_only_orders_that_cannot_be_cancelled_stand_in_the_way() {
    let mut facts = everything();
    facts.entitlements.clear();
    assert_eq!(judge_sandbox(&facts, &ListedIdentity::default()), Judgement::default());
    facts.orders.insert("A".to_owned(), OrderState::NotFound);
    let judgement = judge_sandbox(&facts, &ListedIdentity::default());
    assert_eq!(reasons(&judgement.findings), [Reason::OrderNotCancelled]);
    assert_eq!(judgement.allowed, []);
}
