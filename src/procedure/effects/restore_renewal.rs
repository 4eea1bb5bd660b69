//! Gives a subscription back what was set to happen at the end of its term, if it is still as it was left: its end is
//! scheduled, by both fields, and nothing else is.

use super::{
    subscription::{self, Make, See, SubscriptionChange, Unseen},
    unit::{Instead, Sight, Target},
};
use crate::{
    domain::{Effect, Reason, TermEndSettings, is_taken_out},
    partner_center::{request::Request, resource::Edit, response::Incoming},
    preconditions::set_to_happen,
    record::Observation,
};
use serde_json::Value;

pub(super) struct RestoreRenewal;

impl SubscriptionChange for RestoreRenewal {
    fn effect(&self) -> Effect {
        Effect::RestoreRenewal
    }

    fn make(&self) -> Make {
        make
    }

    fn see(&self) -> See {
        see
    }

    fn unseen(&self) -> Option<Unseen> {
        Some(Unseen { reason: Reason::AnswerLost, agreed: "restore its renewal", seen: "set back" })
    }
}

/// What is to be set to happen once more.
fn restored<'a>(target: &Target<'a>) -> Option<&'a TermEndSettings> {
    target.planned?.term.as_ref()?.restored.as_ref()
}

fn make(answer: &Incoming, target: &Target<'_>) -> Result<Request, Instead> {
    let found = subscription::found(answer, target)?;
    let changed = |why: &str| Err(Instead::because(Reason::ChangedSincePlan, why));
    let Some(restored) = restored(target) else {
        return changed("the plan does not say what it is set back to");
    };
    if target.is_first {
        let Some(set) = set_to_happen(&found, target.now) else { return changed("it is over") };
        if set.settings == *restored {
            return Err(Instead::IsDone);
        }
        let planned = target.planned.and_then(|planned| planned.term.as_ref());
        let is_as_left = planned.is_some_and(|term| set.is_as_left(term));
        if !is_as_left && !is_taken_out("restore-over-what-somebody-changed") {
            return changed("somebody has changed it since that run");
        }
        if set.is_too_close {
            let why = "it is less than 48 h to the end of its term";
            return Err(Instead::because(Reason::TermEndTooClose, why));
        }
    }
    let put = |name, value: &Option<String>| match value.as_deref().map(serde_json::from_str) {
        Some(Ok(value)) => Edit::Put(name, value),
        _ => Edit::LeaveOut(name),
    };
    let edits = [
        Edit::Replace("autoRenewEnabled", Value::from(restored.auto_renew)),
        put("scheduledActions", &restored.scheduled),
        put("scheduledNextTermInstructions", &restored.next_term),
    ];
    subscription::edited(answer, target, &edits)
}

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
    let seen = if restored(target) == Some(&set.settings) {
        Observation::Gone
    } else if set.is_cancelled {
        Observation::StillThere
    } else {
        Observation::NotTold
    };
    Some(Sight { seen, instead: None, detail })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Preparation, Term, Time};
    use serde_json::json;

    const CUSTOMER: &str = "0a0a0a0a-1111-4222-8333-444444444444";
    const NOW: Time = Time::from_millis(1_795_166_130_000);

    fn scheduled(kind: &str) -> Value {
        json!([{ "scheduleType": "TermEnd", "actionType": kind }])
    }

    /// As that run left it, with what is other than that.
    fn answer(more: &Value) -> Incoming {
        let mut whole = json!({ "id": "S", "offerId": "CFQ7TTC0LH16:0001:CFQ7TTC0K971", "status": "active",
            "quantity": 40, "termDuration": "P1Y", "commitmentEndDate": "2027-03-04T00:00:00Z",
            "creationDate": "2026-03-04T00:00:00Z", "autoRenewEnabled": false, "note": "kept",
            "scheduledActions": scheduled("Cancel"),
            "attributes": { "etag": "eyJ2", "objectType": "Subscription" } });
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Incoming { status: 200, headers: Vec::new(), body: whole.to_string().into_bytes() }
    }

    /// It renewed itself, with one seat more.
    fn before() -> TermEndSettings {
        let next_term = Some(r#"{"quantity":41}"#.to_owned());
        TermEndSettings { auto_renew: true, scheduled: None, next_term }
    }

    fn planned(restored: Option<TermEndSettings>) -> Preparation {
        let last_day = "2027-03-04".parse().unwrap();
        let term = Term { seats: Some(40), last_day, planned_over: None, restored };
        Preparation {
            term: Some(Box::new(term)),
            ..Preparation::new(Effect::RestoreRenewal, "S".to_owned(), None)
        }
    }

    fn target(planned: &Preparation, is_first: bool, now: Time) -> Target<'_> {
        Target { customer: CUSTOMER.parse().unwrap(), id: "S", planned: Some(planned), is_first, now }
    }

    fn made(more: &Value, is_first: bool, now: Time) -> Result<Request, Instead> {
        make(&answer(more), &target(&planned(Some(before())), is_first, now))
    }

    /// What it was set to before, as the service shows it.
    fn restored_again() -> Value {
        json!({ "autoRenewEnabled": true, "scheduledActions": null,
            "scheduledNextTermInstructions": { "quantity": 41 } })
    }

    #[test]
    fn the_whole_resource_goes_back_with_what_was_set_before() {
        let body = |request: Request| -> Value {
            assert_eq!(request.headers, [("if-match", "\"eyJ2\"".to_owned())]);
            serde_json::from_str(&request.body.unwrap().stored()).unwrap()
        };
        let sent = body(made(&json!({}), true, NOW).unwrap());
        assert_eq!((&sent["autoRenewEnabled"], &sent["note"]), (&json!(true), &json!("kept")));
        assert_eq!(sent["scheduledNextTermInstructions"], json!({ "quantity": 41 }));
        assert!(sent.get("scheduledActions").is_none());
        // The other way round.
        let scheduled_before = Some(scheduled("RenewToNewTerm").to_string());
        let other = TermEndSettings { auto_renew: false, scheduled: scheduled_before, next_term: None };
        let instructed = json!({ "scheduledNextTermInstructions": {} });
        let sent = body(make(&answer(&instructed), &target(&planned(Some(other)), true, NOW)).unwrap());
        assert_eq!(
            (&sent["autoRenewEnabled"], &sent["scheduledActions"]),
            (&json!(false), &scheduled("RenewToNewTerm"))
        );
        assert!(sent.get("scheduledNextTermInstructions").is_none());
    }

    #[test]
    fn what_somebody_has_changed_since_or_nothing_can_change_any_more_is_left_alone() {
        assert!(matches!(made(&restored_again(), true, NOW), Err(Instead::IsDone)));
        let why = |instead: Result<Request, Instead>| match instead {
            Err(Instead::Because { reason, .. }) => reason,
            _ => panic!("there is a reason"),
        };
        for more in [
            json!({ "autoRenewEnabled": true, "scheduledActions": null }),
            json!({ "scheduledActions": scheduled("RenewToExtendedServiceTerm") }),
            json!({ "quantity": 41 }),
            json!({ "commitmentEndDate": "2028-03-04T00:00:00Z" }),
            json!({ "status": "deleted" }),
        ] {
            assert_eq!(why(made(&more, true, NOW)), Reason::ChangedSincePlan, "{more}");
            // What was sent before may have done it.
            assert!(made(&more, false, NOW).is_ok(), "{more}");
        }
        assert_eq!(why(made(&json!({ "id": "T" }), true, NOW)), Reason::UnexpectedAnswer);
        let unnamed = planned(None);
        assert_eq!(why(make(&answer(&json!({})), &target(&unnamed, true, NOW))), Reason::ChangedSincePlan);
        let at = |text: &str| made(&json!({}), true, text.parse().unwrap());
        assert!(at("2027-03-02T00:00:00Z").is_ok());
        assert_eq!(why(at("2027-03-02T00:00:01Z")), Reason::TermEndTooClose);
    }

    #[test]
    fn it_is_seen_done_when_it_is_set_as_before() {
        let seen =
            |more: &Value| see(&answer(more), &target(&planned(Some(before())), false, NOW)).unwrap().seen;
        for (more, expected) in [
            (restored_again(), Observation::Gone),
            (json!({}), Observation::StillThere),
            // It is neither what it was nor what that run left.
            (json!({ "autoRenewEnabled": true, "scheduledActions": null }), Observation::NotTold),
            (json!({ "autoRenewEnabled": true }), Observation::NotTold),
            (json!({ "status": "deleted" }), Observation::NotTold),
            (json!({ "id": "T" }), Observation::NotTold),
        ] {
            assert_eq!(seen(&more), expected, "{more}");
        }
    }
}
