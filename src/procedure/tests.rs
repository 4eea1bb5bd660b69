use super::*;
use crate::{
    domain::{Effect, Finding, Preparation, Reason, Term, TermEndSettings},
    preconditions::{CustomerFacts, Facts, Judgement, ListedIdentity, OrderState, Standing},
    record::{Policy, samples::settling},
};
use serde_json::{Value, json};

fn facts(subscriptions: &[Value], entitlements: &[Value]) -> Facts {
    let customer = CustomerFacts { relationship: "reseller".to_owned(), ..CustomerFacts::default() };
    let mut facts = Facts::new("2026-11-20T00:00:00Z".parse().unwrap(), customer);
    facts.subscriptions = serde_json::from_value(json!(subscriptions)).unwrap();
    facts.entitlements = serde_json::from_value(json!(entitlements)).unwrap();
    facts
}

fn legacy(id: &str, status: &str) -> Value {
    json!({ "id": id, "offerId": "91FD106F", "friendlyName": "Mail", "status": status })
}

fn licence(status: &str) -> Value {
    json!({ "id": "N", "offerId": "P:1:A", "status": status })
}

fn entitlement(order: &str, expiry: &str) -> Value {
    json!({ "entitlementType": "software", "referenceOrder": { "id": order }, "expiryDate": expiry })
}

fn judge(procedure: Procedure, facts: &Facts, policy: &Policy) -> (Vec<Reason>, Vec<Preparation>) {
    let given = Given { facts, listed: &ListedIdentity::default(), policy, taken_back: None };
    let (Judgement { findings, .. }, first) = unit(procedure).judge(&given);
    (findings.iter().map(|Finding { reason, .. }| *reason).collect(), first)
}

fn suspend(id: &str) -> Preparation {
    Preparation::new(Effect::SuspendSubscription, id.to_owned(), Some("Mail".to_owned()))
}

#[test]
fn each_has_its_unit() {
    for procedure in Procedure::ALL {
        assert_eq!(unit(*procedure).procedure(), *procedure);
    }
    for effect in Effect::ALL {
        assert_eq!(effects::unit(*effect).effect(), *effect);
    }
}

#[test]
fn everything_is_read_that_a_rule_looks_at() {
    let (listed, policy) = (ListedIdentity::default(), settling());
    let needs = |procedure, facts: &Facts, has_subscriptions, has_entitlements| {
        let given = Given { facts, listed: &listed, policy: &policy, taken_back: None };
        let has_transfers = true;
        unit(procedure).needs(KnownSoFar { given, has_subscriptions, has_entitlements, has_transfers })
    };
    let mut facts = facts(&[], &[entitlement("A", "2025-01-01"), entitlement("B", "2027-01-01")]);
    let (remove, delete) = (Procedure::RemoveRelationship, Procedure::DeleteSandboxCustomer);
    assert_eq!(needs(remove, &facts, false, false), Need::Subscriptions);
    assert_eq!(needs(remove, &facts, true, false), Need::Entitlements);
    assert_eq!(needs(remove, &facts, true, true), Need::Order("B".to_owned()), "the other has expired");
    assert_eq!(needs(delete, &facts, false, false), Need::Entitlements);
    assert_eq!(needs(delete, &facts, false, true), Need::Order("A".to_owned()));
    facts.orders.insert("B".to_owned(), OrderState::NotFound);
    assert_eq!(needs(remove, &facts, true, true), Need::Nothing);
    facts.orders.insert("A".to_owned(), OrderState::Cancelled);
    assert_eq!(needs(delete, &facts, false, true), Need::Nothing);
}

#[test]
fn transfers_are_read_of_who_would_go_and_of_who_has_something_to_transfer() {
    let suspends = Policy { suspend_legacy: true, ..settling() };
    let allows = Policy { allow: vec![Reason::SoftwarePurchase], ..settling() };
    let reserved = json!({ "entitlementType": "reservedinstance", "expiryDate": "2027-01-01" });
    let software = json!({ "entitlementType": "software", "expiryDate": "2027-01-01" });
    let over = json!({ "id": "N", "offerId": "P:1:A", "status": "deleted" });
    for (facts, policy, are_read) in [
        (facts(&[], &[]), &settling(), true),
        (facts(&[over], &[]), &settling(), true),
        (facts(&[licence("active")], &[]), &settling(), true),
        (facts(&[], &[reserved]), &settling(), true),
        (facts(&[], std::slice::from_ref(&software)), &settling(), false),
        (facts(&[], &[software]), &allows, true),
        (facts(&[legacy("S", "active")], &[]), &settling(), false),
        (facts(&[legacy("S", "active")], &[]), &suspends, true),
    ] {
        let listed = ListedIdentity::default();
        let given = Given { facts: &facts, listed: &listed, policy, taken_back: None };
        for procedure in Procedure::ALL {
            let needs = |has_transfers| {
                let (has_subscriptions, has_entitlements) = (true, true);
                unit(*procedure).needs(KnownSoFar {
                    given,
                    has_subscriptions,
                    has_entitlements,
                    has_transfers,
                })
            };
            let else_needed = match procedure {
                Procedure::EndDelegatedAdmin => Need::DelegatedAdmin,
                _ => Need::Nothing,
            };
            let is_removal = *procedure == Procedure::RemoveRelationship;
            let expected = if are_read && is_removal { Need::Transfers } else { else_needed.clone() };
            assert_eq!(needs(false), expected, "{procedure} {facts:?}");
            assert_eq!(needs(true), else_needed, "{procedure}");
        }
    }
}

#[test]
fn what_is_active_and_legacy_is_suspended_if_that_is_allowed_and_all_that_is_in_the_way() {
    let allows = Policy { suspend_legacy: true, ..settling() };
    let of = |facts: &Facts, policy: &Policy| judge(Procedure::RemoveRelationship, facts, policy);
    let active = facts(&[legacy("S", "active"), legacy("O", "suspended"), legacy("T", "active")], &[]);
    assert_eq!(of(&active, &settling()), (vec![Reason::ActiveSubscription], vec![]));
    assert_eq!(of(&active, &allows), (vec![], vec![suspend("S"), suspend("T")]));
    // New commerce is billed all the same, and what has no ID cannot be suspended.
    for other in [licence("active"), legacy(" ", "active")] {
        let mixed = facts(&[legacy("S", "active"), other], &[]);
        assert_eq!(of(&mixed, &allows), (vec![Reason::ActiveSubscription], vec![]));
    }
    // Whoever may not go for another reason keeps everything.
    let more = facts(&[legacy("S", "active"), licence("suspended")], &[]);
    let both = vec![Reason::ActiveSubscription, Reason::SuspendedNewCommerceSubscription];
    assert_eq!(of(&more, &allows), (both, vec![]));
    for nothing in [facts(&[], &[]), facts(&[legacy("S", "suspended")], &[])] {
        assert_eq!(of(&nothing, &allows), (vec![], vec![]));
    }
}

#[test]
fn beside_what_is_left_to_the_service_only_what_can_be_taken_back_is_done() {
    let allow = Policy { allow: vec![Reason::UnclearSubscription], suspend_legacy: true, ..settling() };
    let allow = Policy { allowed: [Effect::CancelInWindow].into(), ..allow };
    let of = |other: Value| {
        judge(Procedure::RemoveRelationship, &facts(&[legacy("U", "odd"), other], &[]), &allow)
    };
    assert_eq!(of(legacy("S", "active")), (vec![], vec![suspend("S")]));
    let window = bought("W", 7, &json!({ "cancellationAllowedUntilDate": "2026-11-24T12:00:00Z" }));
    assert_eq!(of(window), (vec![Reason::ActiveSubscription], vec![]));
}

/// A licence of this many seats, with what else it has.
fn bought(id: &str, seats: u64, more: &Value) -> Value {
    let mut one = json!({ "id": id, "offerId": "P:1:A", "status": "active", "quantity": seats,
        "commitmentEndDate": "2027-03-04T00:00:00Z" });
    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    one
}

#[test]
fn what_may_be_cancelled_is_after_what_can_be_taken_back_and_only_if_it_is_all() {
    use Effect::{CancelExtended, CancelInWindow, SuspendSubscription};
    let (window, extended) = (
        json!({ "cancellationAllowedUntilDate": "2026-11-24T12:00:00Z" }),
        json!({ "offerName": "Mail (Extended Service Term)" }),
    );
    let allows = |allowed: &[Effect]| Policy { allowed: allowed.iter().copied().collect(), ..settling() };
    let of = |facts: &Facts, allowed: &[Effect]| {
        let (reasons, first) = judge(Procedure::RemoveRelationship, facts, &allows(allowed));
        (reasons, first.into_iter().map(|one| (one.what, one.id.clone(), one.seats())).collect::<Vec<_>>())
    };
    let all = [bought("W", 7, &window), bought("E", 3, &extended), legacy("S", "active")];
    let every = facts(&all, &[]);
    let expected = vec![
        (SuspendSubscription, "S".to_owned(), None),
        (CancelInWindow, "W".to_owned(), Some(7)),
        (CancelExtended, "E".to_owned(), Some(3)),
    ];
    let kinds = [CancelExtended, CancelInWindow, SuspendSubscription];
    assert_eq!(of(&every, &kinds), (vec![], expected));
    // Each has to be allowed, and nothing is done if one is not.
    for left in 0..3 {
        let some: Vec<_> = kinds.into_iter().filter(|kind| *kind != kinds[left]).collect();
        assert_eq!(of(&every, &some), (vec![Reason::ActiveSubscription], vec![]), "{some:?}");
    }
    // Nor for whoever has another reason to stay, or something that can be cancelled no more.
    let over = bought("O", 1, &json!({ "cancellationAllowedUntilDate": "2026-11-19T12:00:00Z" }));
    let mixed = facts(&[bought("W", 7, &window), over], &[]);
    assert_eq!(of(&mixed, &kinds), (vec![Reason::ActiveSubscription], vec![]));
    let software = facts(&[bought("W", 7, &window)], &[entitlement("A", "2027-01-01")]);
    let (reasons, first) = of(&software, &kinds);
    assert!(reasons.len() == 2 && first.is_empty(), "{reasons:?}");
    // Suspended, it is billed all the same.
    let suspended = json!({ "status": "suspended", "cancellationAllowedUntilDate": "2026-11-24" });
    let cancelled = of(&facts(&[bought("W", 7, &suspended)], &[]), &[CancelInWindow]);
    assert_eq!(cancelled, (vec![], vec![(CancelInWindow, "W".to_owned(), Some(7))]));
    // Without the end of its term, nobody could say what is lost.
    let endless = json!({ "commitmentEndDate": null, "cancellationAllowedUntilDate": "2026-11-24" });
    let endless = facts(&[bought("W", 7, &endless)], &[]);
    assert_eq!(of(&endless, &kinds), (vec![Reason::ActiveSubscription], vec![]));
}

#[test]
fn every_order_that_stands_is_cancelled_before_a_sandbox_customer_is_deleted() {
    let mut facts = facts(&[legacy("S", "active")], &[entitlement("A", "2027-01-01")]);
    let stands = |name: &str| {
        let (status, name) = ("completed".to_owned(), Some(name.to_owned()));
        OrderState::Stands(Standing { status, name, made: "2026-11-01".parse().ok() })
    };
    facts.orders.insert("A".to_owned(), stands("SQL"));
    facts.orders.insert("B".to_owned(), OrderState::Cancelled);
    facts.orders.insert("C".to_owned(), stands("Windows"));
    let cancel = |id: &str, name: &str| {
        let (id, name) = (id.to_owned(), Some(name.to_owned()));
        Preparation::new(Effect::CancelOrder, id, name)
    };
    let (reasons, first) = judge(Procedure::DeleteSandboxCustomer, &facts, &settling());
    assert_eq!((reasons, first), (vec![], vec![cancel("A", "SQL"), cancel("C", "Windows")]));
    facts.orders.insert("D".to_owned(), OrderState::NotFound);
    let (reasons, _) = judge(Procedure::DeleteSandboxCustomer, &facts, &settling());
    assert_eq!(reasons, [Reason::OrderNotCancelled]);
}

/// A licence that renews itself, with what else it has.
fn renewing(id: &str, more: &Value) -> Value {
    let mut one = bought(
        id,
        40,
        &json!({ "termDuration": "P1Y", "creationDate": "2026-03-04",
        "friendlyName": "Mail", "autoRenewEnabled": true }),
    );
    one.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    one
}

fn cancelled() -> Value {
    json!({ "autoRenewEnabled": false,
        "scheduledActions": [{ "scheduleType": "TermEnd", "actionType": "Cancel" }] })
}

const RENEWS: TermEndSettings = TermEndSettings { auto_renew: true, scheduled: None, next_term: None };

fn term() -> Term {
    Term { seats: Some(40), last_day: "2027-03-04".parse().unwrap(), planned_over: None, restored: None }
}

fn of_term(what: Effect, id: &str, term: Term) -> Preparation {
    Preparation {
        term: Some(Box::new(term)),
        ..Preparation::new(what, id.to_owned(), Some("Mail".to_owned()))
    }
}

fn told(left_out: &[Finding]) -> Vec<(Reason, String)> {
    let all = left_out.iter().flat_map(|finding| finding.causes.iter().map(|cause| (finding.reason, cause)));
    all.map(|(reason, cause)| (reason, cause.to_string())).collect()
}

#[test]
fn each_licence_that_would_go_on_is_scheduled_to_end_whatever_cannot_be() {
    let procedure = Procedure::CancelAtTermEnd;
    let facts = facts(
        &[
            renewing("A", &json!({})),
            renewing("B", &cancelled()),
            legacy("L", "active"),
            renewing("C", &json!({ "commitmentEndDate": "2026-11-21T00:00:00Z" })),
            renewing("D", &json!({ "status": "pending" })),
            renewing("E", &json!({})),
        ],
        &[],
    );
    let given =
        Given { facts: &facts, listed: &ListedIdentity::default(), policy: &settling(), taken_back: None };
    let (judgement, first) = unit(procedure).judge(&given);
    let scheduled =
        |id: &str| of_term(Effect::ScheduleCancellation, id, Term { planned_over: Some(RENEWS), ..term() });
    assert_eq!((&*judgement.findings, &*first), (&[][..], &[scheduled("A"), scheduled("E")][..]));
    let [(pending, of_d), (close, of_c)] = &*told(&judgement.left_out) else { panic!("{judgement:?}") };
    assert_eq!((*pending, *close), (Reason::PendingSubscription, Reason::TermEndTooClose));
    assert!(of_d.contains("(D): pending") && of_c.contains("(C): active"), "{of_d} {of_c}");
    // Whoever is somebody else's is told so as ever.
    let other = CustomerFacts { relationship: "advisor".to_owned(), ..CustomerFacts::default() };
    let theirs = Facts { customer: other, ..facts };
    assert!(!judge(procedure, &theirs, &settling()).0.is_empty());
}

#[test]
fn what_is_taken_back_is_set_to_what_was_read_before_it_was_changed() {
    let unit = unit(Procedure::UndoCancelAtTermEnd);
    let planned = of_term(Effect::ScheduleCancellation, "A", Term { planned_over: Some(RENEWS), ..term() });
    let read = renewing("A", &json!({ "scheduledNextTermInstructions": { "quantity": 41 } })).to_string();
    let back = |planned: &Preparation, read: &str, became_other| {
        let read_at = "2026-11-20T00:00:00Z".parse().unwrap();
        unit.takes_back(&TakenBack { planned, read: read.as_bytes(), read_at, became_other })
    };
    let next_term = Some(r#"{"quantity":41}"#.to_owned());
    let restored = Some(TermEndSettings { next_term, ..RENEWS });
    let expected = Term { restored, ..term() };
    assert_eq!(back(&planned, &read, false), Some(of_term(Effect::RestoreRenewal, "A", expected.clone())));
    let expected = Term { planned_over: Some(TermEndSettings::extended()), ..expected };
    assert_eq!(back(&planned, &read, true), Some(of_term(Effect::RestoreRenewal, "A", expected)));
    // What was not read, or not planned about its term, cannot be taken back.
    assert_eq!(back(&planned, "", false), None);
    assert_eq!(back(&planned, &renewing("A", &json!({ "status": "deleted" })).to_string(), false), None);
    assert_eq!(back(&Preparation { term: None, ..planned }, &read, false), None);
}

#[test]
fn what_is_as_that_run_left_it_is_restored_and_nothing_that_somebody_changed() {
    let restores = |id: &str| of_term(Effect::RestoreRenewal, id, Term { restored: Some(RENEWS), ..term() });
    let judged = |subscriptions: &[Value], taken_back: Option<&[Preparation]>, now: &str| {
        let facts = Facts { now: now.parse().unwrap(), ..facts(subscriptions, &[]) };
        let taken_back: Option<Vec<ToTakeBack>> = taken_back
            .map(|all| all.iter().map(|by| ToTakeBack { by: by.clone(), changed_by: None }).collect());
        let (listed, policy, taken_back) = (ListedIdentity::default(), settling(), taken_back.as_deref());
        let given = Given { facts: &facts, listed: &listed, policy: &policy, taken_back };
        let (judgement, first) = unit(Procedure::UndoCancelAtTermEnd).judge(&given);
        let reasons: Vec<_> = judgement.findings.iter().map(|finding| finding.reason).collect();
        (reasons, told(&judgement.left_out), first)
    };
    let soon = "2026-11-20T00:00:00Z";
    let all = [
        renewing("a", &cancelled()),
        renewing("B", &json!({})),
        renewing("C", &json!({ "autoRenewEnabled": false })),
        renewing("D", &json!({ "status": "deleted" })),
        renewing("F", &cancelled()),
    ];
    let taken = ["A", "B", "C", "D", "E"].map(restores);
    // The IDs are the same in any case; what is set so already is restored; what is not in that run is not touched.
    let changed =
        |id: &str, what: &str| (Reason::ChangedSincePlan, format!("subscription `Mail` ({id}): {what}"));
    let gone = "over, or not there any more, since that run";
    let left_out = vec![
        changed("C", "changed since that run, now: auto-renew off"),
        changed("D", gone),
        changed("E", gone),
    ];
    assert_eq!(judged(&all, Some(&taken), soon), (vec![], left_out, vec![restores("A")]));
    let last = "2027-03-02T00:00:00Z";
    assert_eq!(judged(&all, Some(&taken[..1]), last).2, [restores("A")]);
    let (reasons, left_out, first) = judged(&all, Some(&taken[..1]), "2027-03-02T00:00:01Z");
    let close = (Reason::TermEndTooClose, "subscription `Mail` (A): last day 2027-03-04".to_owned());
    assert_eq!((reasons, left_out, first), (vec![], vec![close], vec![]));
    // A customer that was not in that run has nothing to be taken back; one in which it did nothing is not in its way.
    assert_eq!(judged(&all, None, soon), (vec![Reason::NotInThatRun], vec![], vec![]));
    assert_eq!(judged(&all, Some(&[]), soon), (vec![], vec![], vec![]));
}
