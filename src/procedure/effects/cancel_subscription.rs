//! Cancels a new-commerce licence subscription at once, before a removal: `PATCH /v1/customers/{id}/subscriptions/{id}` with
//! `"status": "deleted"` and the version that was just read
//! (`partner-center/developer/cancel-an-azure-marketplace-subscription`, learn.microsoft.com). It cannot be taken back, and
//! its users lose the service at once.
//!
//! There are two kinds, because whoever allows one need not mean the other: within the days after a purchase or a renewal
//! in which Microsoft lets it be cancelled, and an extended service term, on any day.

use super::{
    ending::{End, EndedChange, RowVerdict},
    subscription::{self, Make, See, SubscriptionChange, Unseen},
    unit::{Instead, Target},
};
use crate::{
    domain::{Effect, Reason, Time, is_taken_out},
    partner_center::{model::Subscription, request::Request, response::Incoming},
    preconditions::{is_in_extended_term, is_in_window, term_cut_short},
};

pub(super) struct CancelSubscription {
    effect: Effect,
    make: Make,
}

pub(super) const IN_WINDOW: CancelSubscription = CancelSubscription {
    effect: Effect::CancelInWindow,
    make: |answer, target| {
        make(
            answer,
            target,
            is_in_window,
            "the time in which it may be cancelled is over, or it is over itself",
        )
    },
};

pub(super) const EXTENDED: CancelSubscription = CancelSubscription {
    effect: Effect::CancelExtended,
    make: |answer, target| {
        make(answer, target, is_in_extended_term, "it is no extended service term any more, or it is over")
    },
};

impl SubscriptionChange for CancelSubscription {
    fn effect(&self) -> Effect {
        self.effect
    }

    fn make(&self) -> Make {
        self.make
    }

    fn see(&self) -> See {
        |answer, target| subscription::sight(answer, target, "deleted", &["active", "suspended"])
    }

    fn unseen(&self) -> Option<Unseen> {
        Some(Unseen { reason: Reason::AnswerLost, agreed: "cancel it", seen: "cancelled" })
    }

    fn own_end(&self, thing: &str, ending: &EndedChange<'_>) -> Option<RowVerdict> {
        let End::Refused(_) = ending.end else { return None };
        let meaning = ending.change.code().and_then(refusal)?;
        let said = ending.change.exchange().described();
        Some(RowVerdict::because(Reason::RefusedByService, format!("{thing}: {meaning} ({said}).")))
    }
}

/// What the service means by refusing (learn.microsoft.com, `partner-center/developer/error-codes`).
fn refusal(code: &str) -> Option<&'static str> {
    match code {
        "900214" => Some("the hours in which it could be cancelled are over"),
        "900117" | "900213" | "900257" => Some("the service does not let it be cancelled, or not any more"),
        _ => None,
    }
}

/// Only what is still what the plan says of it, and may still be cancelled, is.
fn make(
    answer: &Incoming,
    target: &Target<'_>,
    may_be: fn(&Subscription, Time) -> bool,
    otherwise: &str,
) -> Result<Request, Instead> {
    let found = subscription::found(answer, target)?;
    let changed = |why: &str| Err(Instead::because(Reason::ChangedSincePlan, why));
    if target.is_first {
        if !may_be(&found, target.now) && !is_taken_out("cancel-what-may-not-be") {
            return changed(otherwise);
        }
        let term = term_cut_short(&found);
        let planned = target.planned.and_then(|planned| planned.term.as_deref());
        let is_as_planned =
            planned.is_none_or(|planned| term.as_ref().is_some_and(|term| term.is_as_planned(planned)));
        if !is_as_planned && !is_taken_out("cancel-more-seats-than-was-planned") {
            let now = term.map_or_else(|| "no term".to_owned(), |term| term.in_words());
            return changed(&format!("now it has {now}"));
        }
    }
    subscription::changed(answer, target, "deleted")
}

#[cfg(test)]
mod tests {
    use super::{
        super::unit::{EffectUnit as _, Prepare},
        *,
    };
    use crate::{
        domain::{Preparation, Term},
        record::Observation,
    };
    use serde_json::{Value, json};

    const CUSTOMER: &str = "0a0a0a0a-1111-4222-8333-444444444444";
    const NOW: Time = Time::from_millis(1_795_166_130_000);

    fn answer(more: &Value) -> Incoming {
        let mut whole = json!({ "id": "S", "offerId": "CFQ7TTC0LH16:0001:CFQ7TTC0K971", "status": "active",
            "quantity": 40, "commitmentEndDate": "2027-03-04T00:00:00Z", "note": "kept",
            "cancellationAllowedUntilDate": "2026-11-24T12:00:00Z",
            "attributes": { "etag": "eyJ2", "objectType": "Subscription" } });
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Incoming { status: 200, headers: Vec::new(), body: whole.to_string().into_bytes() }
    }

    fn asked(unit: &CancelSubscription, is_first: bool, more: &Value) -> Result<Request, Reason> {
        let term = Term {
            seats: Some(40),
            last_day: "2027-03-04".parse().unwrap(),
            planned_over: None,
            restored: None,
        };
        let planned =
            Preparation { term: Some(Box::new(term)), ..Preparation::new(unit.effect, "S".to_owned(), None) };
        let customer = CUSTOMER.parse().unwrap();
        let target = Target { customer, id: "S", planned: Some(&planned), is_first, now: NOW };
        let Prepare::Fresh { make, .. } = unit.prepare(&target) else { panic!("it is read just before") };
        make(&answer(more), &target).map_err(|instead| match instead {
            Instead::Because { reason, .. } => reason,
            Instead::IsDone => panic!("nobody else cancels it for us"),
        })
    }

    #[test]
    fn the_whole_resource_goes_back_with_another_status() {
        let request = asked(&IN_WINDOW, true, &json!({})).unwrap();
        assert_eq!(request.method.as_str(), "PATCH");
        assert_eq!(request.url, format!("/v1/customers/{CUSTOMER}/subscriptions/S"));
        assert_eq!(request.headers, [("if-match", "\"eyJ2\"".to_owned())]);
        let body: Value = serde_json::from_str(&request.body.unwrap().stored()).unwrap();
        assert_eq!(
            (&body["status"], &body["note"], &body["quantity"]),
            (&json!("deleted"), &json!("kept"), &json!(40))
        );
    }

    #[test]
    fn what_may_not_be_cancelled_any_more_or_is_not_what_was_planned_is_left_alone() {
        let extended = json!({ "offerName": "Mail (Extended Service Term)" });
        assert!(asked(&EXTENDED, true, &extended).is_ok());
        for (unit, more) in [
            (&IN_WINDOW, json!({ "cancellationAllowedUntilDate": "2026-11-20T00:00:00Z" })),
            (&IN_WINDOW, json!({ "status": "deleted" })),
            (&IN_WINDOW, json!({ "quantity": 41 })),
            (&IN_WINDOW, json!({ "commitmentEndDate": "2028-03-04T00:00:00Z" })),
            (&IN_WINDOW, json!({ "commitmentEndDate": null })),
            // That it is in its window is not what was allowed.
            (&EXTENDED, json!({})),
            (&EXTENDED, json!({ "offerName": "Mail (Extended Service Term)", "quantity": 41 })),
        ] {
            assert_eq!(asked(unit, true, &more).err(), Some(Reason::ChangedSincePlan), "{more}");
        }
        let another = asked(&IN_WINDOW, true, &json!({ "id": "T" }));
        assert_eq!(another.err(), Some(Reason::UnexpectedAnswer));
        // What was sent before may have done it.
        assert!(asked(&IN_WINDOW, false, &json!({ "status": "suspended", "quantity": 41 })).is_ok());
    }

    #[test]
    fn it_is_seen_done_by_its_status() {
        let seen = |status: &str| {
            let customer = CUSTOMER.parse().unwrap();
            let target = Target { customer, id: "S", planned: None, is_first: false, now: NOW };
            let look = IN_WINDOW.look(&target, true).unwrap();
            (look.see)(&answer(&json!({ "status": status })), &target).unwrap().seen
        };
        assert_eq!(seen("deleted"), Observation::Gone);
        assert_eq!((seen("active"), seen("suspended")), (Observation::StillThere, Observation::StillThere));
        assert_eq!((seen("disabled"), seen("odd")), (Observation::NotTold, Observation::NotTold));
    }
}
