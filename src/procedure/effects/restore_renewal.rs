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
