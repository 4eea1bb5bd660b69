//! What each effect asks for, what its answers say, and what its ends mean.

mod ends;

use super::*;
use crate::{
    domain::{Lookup, Reason, TenantId, Time},
    partner_center::{request::Request, response::Incoming},
    record::{Observation, samples::settling},
};
use std::time::Duration;

const CUSTOMER: &str = "0a0a0a0a-1111-4222-8333-444444444444";

fn target(id: &str, is_first: bool) -> Target<'_> {
    let customer = CUSTOMER.parse::<TenantId>().unwrap();
    Target { customer, id, planned: None, is_first, now: Time::from_millis(0) }
}

fn answer(body: &str) -> Incoming {
    Incoming { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

/// What a look shows whose answer is this.
fn seen(effect: Effect, body: &str) -> Option<(Observation, String)> {
    let target = target("A", false);
    let look = unit(effect).look(&target, false).unwrap();
    (look.see)(&answer(body), &target).map(|sight| (sight.seen, sight.detail))
}

fn assert_seen(effect: Effect, body: &str, expected: Observation, detail: &str) {
    assert_eq!(seen(effect, body), Some((expected, detail.to_owned())), "{effect}: {body}");
}

#[test]
fn each_is_looked_at_where_it_shows() {
    use Effect::{
        CancelOrder, DeleteCustomer, ReactivateSubscription, RemoveRelationship, SuspendSubscription,
    };
    let (order, subscription) = ("/orders/A", "/subscriptions/A");
    for (effect, in_doubt, lookup, path) in [
        (RemoveRelationship, false, Lookup::CustomerAgain, ""),
        (RemoveRelationship, true, Lookup::CustomerInDoubt, ""),
        (DeleteCustomer, false, Lookup::CustomerAgain, ""),
        (DeleteCustomer, true, Lookup::CustomerInDoubt, ""),
        (CancelOrder, false, Lookup::OrderAgain, order),
        (CancelOrder, true, Lookup::OrderAgain, order),
        (SuspendSubscription, false, Lookup::Subscription, subscription),
        (ReactivateSubscription, true, Lookup::Subscription, subscription),
    ] {
        let look = unit(effect).look(&target("A", false), in_doubt).unwrap();
        assert_eq!(look.lookup, lookup, "{effect}");
        assert_eq!(look.request.url, format!("/v1/customers/{CUSTOMER}{path}"), "{effect}");
        assert_eq!(look.request.method.as_str(), "GET", "{effect}");
        assert_eq!(seen(effect, "no JSON"), None, "{effect}");
    }
}

#[test]
fn only_the_word_for_an_end_shows_that_a_relationship_has_ended() {
    use Observation::{Gone, NotTold, StillThere};
    for effect in [Effect::RemoveRelationship, Effect::DeleteCustomer] {
        let of = |word: &str, id: &str| format!(r#"{{"id":{id},"relationshipToPartner":"{word}"}}"#);
        let upper = format!("\"{}\"", CUSTOMER.to_uppercase());
        for id in ["null", &upper] {
            assert_seen(effect, &of("none", id), Gone, "the relationship is `none`");
            assert_seen(effect, &of("reseller", id), StillThere, "the relationship is `reseller`");
            assert_seen(effect, &of("advisor", id), NotTold, "the relationship is `advisor`");
        }
        assert_seen(effect, "{}", NotTold, "the relationship is `not given`");
        for id in ["\"0b0b0b0b-1111-4222-8333-444444444444\"", "\"\""] {
            assert_seen(effect, &of("none", id), NotTold, "the answer is about another customer");
        }
    }
}

#[test]
fn only_the_status_shows_that_an_order_or_a_subscription_is_another() {
    use Effect::{CancelOrder, ReactivateSubscription, SuspendSubscription};
    use Observation::{Gone, NotTold, StillThere};
    let of = |id: &str, status: &str| format!(r#"{{"id":"{id}","status":"{status}"}}"#);
    assert_seen(CancelOrder, &of("A", "cancelled"), Gone, "the order is `cancelled`");
    assert_seen(CancelOrder, r#"{"status":"cancelled"}"#, Gone, "the order is `cancelled`");
    assert_seen(CancelOrder, &of("A", "completed"), StillThere, "the order is `completed`");
    assert_seen(CancelOrder, &of("B", "cancelled"), NotTold, "the answer is about another order");
    for (effect, done, before) in
        [(SuspendSubscription, "Suspended", "active"), (ReactivateSubscription, "Active", "suspended")]
    {
        assert_seen(effect, &of("a", done), Gone, &format!("the subscription is `{done}`"));
        assert_seen(effect, &of("A", before), StillThere, &format!("the subscription is `{before}`"));
        assert_seen(effect, &of("A", "disabled"), NotTold, "the subscription is `disabled`");
        assert_seen(effect, &of("B", done), NotTold, "the answer is about another subscription");
    }
}

#[test]
fn an_answer_is_understood_when_it_says_what_was_done() {
    use Effect::{CancelOrder, DeleteCustomer, ReactivateSubscription, SuspendSubscription};
    let status = r#"{"status":"active"}"#;
    for (effect, body, expected) in [
        (DeleteCustomer, "", true),
        (DeleteCustomer, "\u{feff}", true),
        (DeleteCustomer, "{}", true),
        (DeleteCustomer, "<html>", false),
        (CancelOrder, status, true),
        (CancelOrder, "{}", false),
        (CancelOrder, "", false),
        (SuspendSubscription, status, true),
        (SuspendSubscription, "{}", false),
        (SuspendSubscription, "", false),
        (ReactivateSubscription, status, true),
        (ReactivateSubscription, "{}", false),
        (ReactivateSubscription, "", false),
    ] {
        assert_eq!(unit(effect).understands(&answer(body)), expected, "{effect}: {body}");
    }
}

#[test]
fn a_customer_is_deleted_without_a_word_more() {
    let Prepare::Ready(request) = unit(Effect::DeleteCustomer).prepare(&target("", true)) else {
        panic!("nothing is read first")
    };
    assert_eq!((request.method.as_str(), request.url), ("DELETE", format!("/v1/customers/{CUSTOMER}")));
    assert!(request.body.is_none());
}

/// The request for this subscription, as it was read just before, or why there is none.
fn made(effect: Effect, is_first: bool, body: &str) -> Result<Request, Reason> {
    let target = target("A", is_first);
    let Prepare::Fresh { lookup, request, understands, make } = unit(effect).prepare(&target) else {
        panic!("it is read first")
    };
    assert_eq!(lookup, Lookup::Subscription);
    assert_eq!(request.url, format!("/v1/customers/{CUSTOMER}/subscriptions/A"));
    assert!(understands(&answer(r#"{"status":"active"}"#)) && !understands(&answer("{}")));
    make(&answer(body), &target).map_err(|instead| match instead {
        Instead::Because { reason, .. } => reason,
        Instead::IsDone => panic!("it is to be done"),
    })
}

#[test]
fn a_subscription_is_read_just_before_and_sent_back_whole() {
    for (effect, before, after) in [
        (Effect::SuspendSubscription, "active", "suspended"),
        (Effect::ReactivateSubscription, "suspended", "active"),
    ] {
        let of = |status: &str| format!(r#"{{"id":"A","offerId":"O","status":"{status}","quantity":1.50}}"#);
        for is_first in [true, false] {
            let request = made(effect, is_first, &of(before)).unwrap();
            assert_eq!(request.method.as_str(), "PATCH");
            assert_eq!(request.url, format!("/v1/customers/{CUSTOMER}/subscriptions/A"));
            assert_eq!(request.body.unwrap().stored(), of(after), "{effect}");
            for (body, reason) in [
                (r#"{"id":"B","status":"active"}"#, Reason::UnexpectedAnswer),
                ("no JSON", Reason::UnexpectedAnswer),
            ] {
                assert_eq!(made(effect, is_first, body).err(), Some(reason), "{effect}: {body}");
            }
        }
        let twice = r#"{"id":"A","status":"active","Status":"active"}"#;
        assert!(made(effect, false, twice).is_err(), "{effect}: which of them is meant?");
    }
}

#[test]
fn what_is_no_active_legacy_subscription_any_more_is_not_suspended() {
    for changed in [
        r#"{"id":"A","offerId":"O","status":"suspended"}"#,
        r#"{"id":"A","offerId":"P:1:A","status":"active"}"#,
    ] {
        assert_eq!(made(Effect::SuspendSubscription, true, changed).err(), Some(Reason::ChangedSincePlan));
        // What was sent before may have done it.
        assert!(made(Effect::SuspendSubscription, false, changed).is_ok());
    }
}

#[test]
fn each_has_its_time_its_cost_and_its_place_in_a_listing() {
    let mut policy = settling();
    policy.order_timeout_seconds = Some(1_000);
    for effect in Effect::ALL {
        let seconds = if *effect == Effect::CancelOrder { 1_000 } else { 300 };
        assert_eq!(unit(*effect).patience(&policy), Duration::from_secs(seconds), "{effect}");
        assert_eq!(unit(*effect).is_seen_in_listing(), effect.is_last(), "{effect}");
        // The change and the look; a subscription is read before as well.
        let expected = match effect {
            Effect::RevokeApplicationConsent => 1.0,
            Effect::CancelOrder => 2.0,
            effect if effect.is_last() => 2.0,
            _ => 3.0,
        };
        let cost = unit(*effect).cost() - expected;
        assert!(cost.abs() < f64::EPSILON, "{effect}");
    }
}
