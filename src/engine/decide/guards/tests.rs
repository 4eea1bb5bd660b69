use super::*;
use crate::{
    domain::{Outcome, Sha256},
    record::samples::ended_as,
};
use std::collections::BTreeSet;

fn policy() -> Policy {
    Policy {
        rate: 300,
        concurrency: 8,
        settle_seconds: 300,
        stop_after_failures: 3,
        canary: 1,
        max_removals: 500,
        max_share: 50,
        limit: None,
        approval_above: None,
        allow: vec![],
        protected: BTreeSet::new(),
        partner: None,
        sandbox: None,
        sandboxes: BTreeSet::new(),
        suspend_legacy: false,
        allowed: BTreeSet::new(),
        revoke_consent: BTreeSet::new(),
        order_timeout_seconds: None,
        only_reseller: BTreeSet::new(),
    }
}

#[test]
fn each_limit_is_the_last_that_is_allowed() {
    let beyond = |ready, counted| {
        let plan = PlanSealed { digest: Sha256::of(&[]), ready, counted, customers_of_partner: None };
        beyond_limits(Procedure::DEFAULT, &policy(), &plan)
    };
    assert!(beyond(500, 5000).is_none());
    assert!(beyond(501, 5000).is_some_and(|text| text.contains("--max-removals")));
    assert!(beyond(50, 100).is_none());
    assert!(beyond(51, 100).is_some_and(|text| text.contains("--max-share")));
    assert!(beyond(0, 0).is_none());
    let failures = |failures_in_a_row| {
        let mut failures = FailureHistory::default();
        failures.failures_in_a_row = failures_in_a_row;
        failures
    };
    assert!(surprise(&policy(), &failures(2)).is_none() && surprise(&policy(), &failures(3)).is_some());
    assert!(surprise(&Policy { stop_after_failures: 0, ..policy() }, &failures(99)).is_none());
    let gone = |gone_by_other_hands| {
        let mut failures = FailureHistory::default();
        failures.gone_by_other_hands = gone_by_other_hands;
        failures
    };
    assert!(surprise(&policy(), &gone(1)).is_none());
    assert!(surprise(&policy(), &gone(2)).is_some_and(|text| text.contains("another copy")));
}

#[test]
fn a_clock_may_differ_by_five_minutes_and_only_a_clear_no_is_no_mfa() {
    for is_ahead in [true, false] {
        assert!(clock_differs(Some((is_ahead, CLOCK_MAY_DIFFER))).is_none());
        let said = clock_differs(Some((is_ahead, Duration::from_secs(301)))).unwrap();
        assert_eq!(said.contains("ahead of"), is_ahead);
    }
    assert!(clock_differs(None).is_none() && without_mfa(None).is_none());
    assert!(without_mfa(Some(true)).is_none() && without_mfa(Some(false)).is_some());
}

#[test]
fn the_partner_must_be_the_one_that_was_named() {
    let id = TenantId::from_bytes([1; 16]);
    let partner = Partner { tenant_id: id, name: "P".into(), basis: 0 };
    assert!(wrong_partner(&policy(), None, &partner).is_none());
    let began = Partner { tenant_id: TenantId::from_bytes([9; 16]), ..partner.clone() };
    assert!(wrong_partner(&policy(), Some(&began), &partner).is_some());
    let other = Policy { partner: Some(TenantId::from_bytes([2; 16])), ..policy() };
    assert!(wrong_partner(&other, None, &partner).is_some());
    let same = Policy { partner: Some(id), ..policy() };
    assert!(wrong_partner(&same, Some(&partner), &partner).is_none());
    let protecting = Policy { protected: BTreeSet::from([TenantId::from_bytes([3; 16])]), ..policy() };
    let reason = |customer| untouchable(customer, &protecting, &partner).map(|finding| finding.reason);
    assert_eq!(reason(id), Some(Reason::OwnTenant));
    assert_eq!(reason(TenantId::from_bytes([3; 16])), Some(Reason::ProtectedCustomer));
    assert_eq!(reason(TenantId::from_bytes([4; 16])), None);
}

#[test]
fn a_relationship_ends_in_no_sandbox_and_a_customer_is_deleted_in_the_one_that_was_named() {
    let [sandbox, other] = [TenantId::from_bytes([1; 16]), TenantId::from_bytes([2; 16])];
    let place = |procedure, tenant_id, policy: Policy| {
        wrong_place(procedure, &policy, &Partner { tenant_id, name: "P".into(), basis: 0 })
    };
    let named = || Policy { sandbox: Some(sandbox), sandboxes: BTreeSet::from([sandbox]), ..policy() };
    let remove = |tenant_id, policy| place(Procedure::RemoveRelationship, tenant_id, policy);
    assert_eq!(remove(other, named()), None);
    assert_eq!(remove(sandbox, policy()), None, "nobody says that it is one");
    let said = remove(sandbox, named()).unwrap();
    assert!(said.contains("is an integration sandbox") && said.contains("delete-sandbox-customer"), "{said}");
    let delete = |tenant_id, policy| place(Procedure::DeleteSandboxCustomer, tenant_id, policy);
    assert_eq!(delete(sandbox, named()), None);
    assert!(delete(other, named()).is_some_and(|said| said.contains("not to the sandbox")));
    assert!(delete(sandbox, policy()).is_some_and(|said| said.contains("no sandbox is named")));
}

#[test]
fn a_plan_beyond_what_one_person_may_allow_needs_the_approval_of_another() {
    let plan = PlanSealed { digest: Sha256::of(&[]), ready: 7, counted: 70, customers_of_partner: None };
    for (above, is_approved, is_needed) in
        [(None, false, false), (Some(7), false, false), (Some(6), false, true), (Some(6), true, false)]
    {
        let said = not_approved(
            Procedure::DEFAULT,
            &Policy { approval_above: above, ..policy() },
            &plan,
            is_approved,
        );
        assert_eq!(said.is_some(), is_needed, "{above:?} {is_approved}");
        assert!(said.is_none_or(|said| said.contains("would remove 7 customers")));
    }
}

#[test]
fn four_failures_among_the_latest_are_too_many_and_a_surprise_is_at_once() {
    let done = Outcome::Done(Procedure::RemoveRelationship);
    let after = |failed: usize| ended_as([Outcome::Failed, done].repeat(failed));
    assert_eq!(surprise(&policy(), &after(3)), None);
    assert!(surprise(&policy(), &after(4)).is_some_and(|said| said.starts_with("4 of the latest 20 ")));
    assert_eq!(surprise(&Policy { stop_after_failures: 0, ..policy() }, &after(4)), None);
    for (canary, not_understood, text) in [
        (Some(7), None, "the customer of row 7 failed or is unknown"),
        (None, Some(8), "the change of row 8 was answered with success, in words"),
        (Some(7), Some(8), "the customer of row 7 failed or is unknown"),
    ] {
        let mut failures = FailureHistory::default();
        (failures.surprise_in_canary, failures.not_understood) = (canary, not_understood);
        // However many failures are allowed.
        let patient = Policy { stop_after_failures: 0, ..policy() };
        assert!(surprise(&patient, &failures).is_some_and(|said| said.starts_with(text)), "{text}");
    }
}
