//! Suspends a legacy subscription, so that it no longer stands in the way.

use super::{
    ending::{End, EndedChange, RowVerdict},
    subscription,
    unit::{EffectUnit, Instead, Look, Prepare, Target},
};
use crate::{
    domain::{Effect, Reason, capitalised, is_taken_out},
    partner_center::{request::Request, response::Incoming},
    preconditions::is_active_legacy,
};

pub(super) struct SuspendSubscription;

impl EffectUnit for SuspendSubscription {
    fn effect(&self) -> Effect {
        Effect::SuspendSubscription
    }

    fn prepare(&self, target: &Target<'_>) -> Prepare {
        subscription::prepare(target, make)
    }

    fn understands(&self, answer: &Incoming) -> bool {
        subscription::shows_one(answer)
    }

    fn look(&self, target: &Target<'_>, _in_doubt: bool) -> Look {
        subscription::look(target, |answer, target| {
            subscription::sight(answer, target, "suspended", &["active"])
        })
    }

    fn ended(&self, ending: &EndedChange<'_>) -> RowVerdict {
        let EndedChange { thing, change, end, .. } = ending;
        match end {
            // It is not what was read a moment ago.
            End::Refused(_) if subscription::is_stale(change) => {
                subscription::changed_meanwhile(&capitalised(thing), change)
            }
            End::NotSeen { waited, .. } => {
                let text = format!(
                    "{}: the service agreed to suspend it, but it is not seen suspended {} s later.",
                    capitalised(thing),
                    waited.as_secs()
                );
                RowVerdict::because(Reason::ActiveSubscription, text)
            }
            _ => ending.of_preparation(),
        }
    }

    /// It is read just before it is changed.
    fn cost(&self) -> f64 {
        3.0
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
