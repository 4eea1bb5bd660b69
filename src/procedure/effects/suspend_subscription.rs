//! Suspends a legacy subscription, so that it no longer stands in the way.

use super::{
    subscription::{self, Make, See, SubscriptionChange, Unseen},
    unit::{Instead, Target},
};
use crate::{
    domain::{Effect, Reason, is_taken_out},
    partner_center::{request::Request, response::Incoming},
    preconditions::is_active_legacy,
};

pub(super) struct SuspendSubscription;

impl SubscriptionChange for SuspendSubscription {
    fn effect(&self) -> Effect {
        Effect::SuspendSubscription
    }

    fn make(&self) -> Make {
        make
    }

    fn see(&self) -> See {
        |answer, target| subscription::sight(answer, target, "suspended", &["active"])
    }

    fn unseen(&self) -> Option<Unseen> {
        Some(Unseen { reason: Reason::ActiveSubscription, agreed: "suspend it", seen: "suspended" })
    }
}

/// Only what is still what the plan calls it is suspended.
fn make(answer: &Incoming, target: &Target<'_>) -> Result<Request, Instead> {
    let found = subscription::found(answer, target)?;
    let is_any = is_taken_out("suspend-what-became-something-else");
    if target.is_first && !is_active_legacy(&found) && !is_any {
        let status = found.status.unwrap_or_default();
        let why = format!("now it is `{status}`, or of another kind");
        return Err(Instead::because(Reason::ChangedSincePlan, why));
    }
    subscription::changed(answer, target, "suspended")
}
