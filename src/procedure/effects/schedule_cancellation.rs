//! Schedules a new-commerce licence subscription to end with its term: `PATCH /v1/customers/{id}/subscriptions/{id}`.
//!
//! Since May 2026, auto-renew off alone does not do it: the service makes an extended service term of that within a day. So
//! the cancellation is scheduled as well. The resource is read just before and goes back whole, with its version: whatever is
//! left out of it is reset. The next term's instructions must be left out, because the two do not go together. The words of
//! `scheduledActions` are those of clients of the live service (`pliancy/microsoft-partnercenter-node`); Microsoft documents
//! that a later change of the subscription deletes what was scheduled
//! (`partner-center/developer/create-scheduled-changes`, learn.microsoft.com).

use super::{
    ending::{End, EndedChange, RowVerdict},
    subscription::{self, Make, See, SubscriptionChange, Unseen},
    unit::{Instead, Sight, Target},
};
use crate::{
    domain::{Effect, Reason, is_taken_out},
    partner_center::{request::Request, resource::Edit, response::Incoming},
    preconditions::{LicenceEnd, licence_end, set_to_happen},
    record::Observation,
};
use serde_json::{Value, json};

pub(super) struct ScheduleCancellation;

impl SubscriptionChange for ScheduleCancellation {
    fn effect(&self) -> Effect {
        Effect::ScheduleCancellation
    }

    fn make(&self) -> Make {
        make
    }

    fn see(&self) -> See {
        see
    }

    fn unseen(&self) -> Option<Unseen> {
        Some(Unseen { reason: Reason::AnswerLost, agreed: "schedule its end", seen: "scheduled" })
    }

    fn own_end(&self, thing: &str, ending: &EndedChange<'_>) -> Option<RowVerdict> {
        let End::Otherwise(reason) = ending.end else { return None };
        let text = format!(
            "{thing}: its end was to be scheduled, and the service shows an extended service term instead."
        );
        Some(RowVerdict::because(reason, text))
    }
}

/// Only what would still go on, and is what the plan says of it, is scheduled to end.
fn make(answer: &Incoming, target: &Target<'_>) -> Result<Request, Instead> {
    let found = subscription::found(answer, target)?;
    if target.is_first {
        let changed = |why: &str| Err(Instead::because(Reason::ChangedSincePlan, why));
        match licence_end(&found, target.now) {
            LicenceEnd::Ends if !is_taken_out("schedule-what-is-scheduled-already") => {
                return Err(Instead::IsDone);
            }
            LicenceEnd::Ends => {}
            LicenceEnd::GoesOn { term } => {
                let planned = target.planned.and_then(|planned| planned.term.as_deref());
                let is_as_planned = planned.is_none_or(|planned| term.is_as_planned(planned));
                if !is_as_planned && !is_taken_out("schedule-another-term-than-was-planned") {
                    return changed(&format!("now it has {}", term.in_words()));
                }
            }
            LicenceEnd::Blocked(Reason::TermEndTooClose) => {
                let why = "it is less than 48 h to the end of its term";
                return Err(Instead::because(Reason::TermEndTooClose, why));
            }
            LicenceEnd::Blocked(_) => {
                return changed("what happens at the end of its term is not known any more");
            }
        }
    }
    let cancel = json!([{ "scheduleType": "TermEnd", "actionType": "Cancel" }]);
    let next_term = "scheduledNextTermInstructions";
    let left_out = if is_taken_out("instructions-for-a-term-that-never-comes") {
        Edit::Put(next_term, json!({}))
    } else {
        Edit::LeaveOut(next_term)
    };
    let edits = [
        Edit::Replace("autoRenewEnabled", Value::from(false)),
        Edit::Put("scheduledActions", cancel),
        left_out,
    ];
    subscription::edited(answer, target, &edits)
}

/// It is done when both fields say so. An extended service term is another end, unless it was so planned before.
fn see(answer: &Incoming, target: &Target<'_>) -> Option<Sight> {
    let found = match subscription::seen(answer, target)? {
        Ok(found) => found,
        Err(another) => return Some(another),
    };
    let Some(set) = set_to_happen(&found, target.now) else {
        let status = found.status.unwrap_or_default();
        return Some(Sight::not_told(format!("the subscription is `{status}`")));
    };
    let detail = format!("its term's end: {}", set.settings.in_words());
    if set.is_cancelled {
        return Some(Sight { seen: Observation::Gone, instead: None, detail });
    }
    let before = target.planned.and_then(|planned| planned.term.as_ref()?.planned_over.as_ref());
    let is_as_before = !set.is_extended || before == Some(&set.settings);
    let instead = (!is_as_before).then_some(Reason::BecameExtendedTerm);
    Some(Sight { seen: Observation::StillThere, instead, detail })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Preparation, Term, Time};

    const CUSTOMER: &str = "0a0a0a0a-1111-4222-8333-444444444444";
    const NOW: Time = Time::from_millis(1_795_166_130_000);

    fn answer(more: &Value) -> Incoming {
        let mut whole = json!({ "id": "S", "offerId": "CFQ7TTC0LH16:0001:CFQ7TTC0K971", "status": "active",
            "quantity": 40, "termDuration": "P1Y", "commitmentEndDate": "2027-03-04T00:00:00Z",
            "creationDate": "2026-03-04T00:00:00Z", "autoRenewEnabled": true, "note": "kept",
            "scheduledNextTermInstructions": { "quantity": 41 },
            "attributes": { "etag": "eyJ2", "objectType": "Subscription" } });
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Incoming { status: 200, headers: Vec::new(), body: whole.to_string().into_bytes() }
    }

    fn planned() -> Preparation {
        let term = Term {
            seats: Some(40),
            last_day: "2027-03-04".parse().unwrap(),
            planned_over: None,
            restored: None,
        };
        Preparation {
            term: Some(Box::new(term)),
            ..Preparation::new(Effect::ScheduleCancellation, "S".to_owned(), None)
        }
    }

    fn made(more: &Value, now: Time) -> Result<Request, Instead> {
        let planned = planned();
        let customer = CUSTOMER.parse().unwrap();
        make(&answer(more), &Target { customer, id: "S", planned: Some(&planned), is_first: true, now })
    }

    #[test]
    fn the_whole_resource_goes_back_with_two_fields_changed() {
        let request = made(&json!({}), NOW).unwrap();
        assert_eq!(request.headers, [("if-match", "\"eyJ2\"".to_owned())]);
        let body: Value = serde_json::from_str(&request.body.unwrap().stored()).unwrap();
        assert_eq!(
            (&body["autoRenewEnabled"], &body["scheduledActions"], &body["note"], &body["quantity"]),
            (
                &json!(false),
                &json!([{ "scheduleType": "TermEnd", "actionType": "Cancel" }]),
                &json!("kept"),
                &json!(40)
            )
        );
        assert!(body.get("scheduledNextTermInstructions").is_none());
    }

    #[test]
    fn what_is_not_what_was_planned_is_not_sent() {
        let cancelled = json!({ "autoRenewEnabled": false, "scheduledNextTermInstructions": null,
            "scheduledActions": [{ "scheduleType": "TermEnd", "actionType": "Cancel" }] });
        assert!(matches!(made(&cancelled, NOW), Err(Instead::IsDone)));
        for (more, reason) in [
            (json!({ "quantity": 41 }), Reason::ChangedSincePlan),
            (json!({ "commitmentEndDate": "2028-03-04T00:00:00Z" }), Reason::ChangedSincePlan),
            (json!({ "autoRenewEnabled": "perhaps" }), Reason::ChangedSincePlan),
            (json!({ "offerId": "GUID", "termDuration": null }), Reason::ChangedSincePlan),
            (json!({ "id": "T" }), Reason::UnexpectedAnswer),
        ] {
            let Err(Instead::Because { reason: found, .. }) = made(&more, NOW) else { panic!("{more}") };
            assert_eq!(found, reason, "{more}");
        }
        let at = |text: &str| made(&json!({}), text.parse().unwrap());
        assert!(at("2027-03-02T00:00:00Z").is_ok());
        assert!(matches!(
            at("2027-03-02T00:00:01Z"),
            Err(Instead::Because { reason: Reason::TermEndTooClose, .. })
        ));
    }

    #[test]
    fn it_is_seen_done_by_both_fields_alone() {
        let look = |more: &Value| {
            let customer = CUSTOMER.parse().unwrap();
            let target = Target { customer, id: "S", planned: None, is_first: false, now: NOW };
            let mut without = json!({ "scheduledNextTermInstructions": null });
            without.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let sight = see(&answer(&without), &target).unwrap();
            (sight.seen, sight.instead)
        };
        let cancel = json!([{ "scheduleType": "TermEnd", "actionType": "Cancel" }]);
        let extend = json!([{ "scheduleType": "TermEnd", "actionType": "RenewToExtendedServiceTerm" }]);
        let (there, extended) = (Observation::StillThere, Some(Reason::BecameExtendedTerm));
        for (more, expected) in [
            (json!({ "autoRenewEnabled": false, "scheduledActions": cancel }), (Observation::Gone, None)),
            (json!({ "autoRenewEnabled": true, "scheduledActions": cancel }), (there, None)),
            (json!({}), (there, None)),
            // Auto-renew off alone becomes an extended service term, as does what the service has set so.
            (json!({ "autoRenewEnabled": false }), (there, extended)),
            (json!({ "autoRenewEnabled": false, "scheduledActions": extend }), (there, extended)),
            (json!({ "status": "deleted" }), (Observation::NotTold, None)),
            (json!({ "id": "T" }), (Observation::NotTold, None)),
        ] {
            assert_eq!(look(&more), expected, "{more}");
        }
    }
}
