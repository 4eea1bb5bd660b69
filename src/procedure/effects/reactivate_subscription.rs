//! Makes a subscription active again that was suspended for a removal that then failed.

use super::{
    subscription,
    unit::{EffectUnit, Instead, Look, Prepare, Target},
};
use crate::{
    domain::Effect,
    partner_center::{request::Request, response::Incoming},
};

pub(super) struct ReactivateSubscription;

impl EffectUnit for ReactivateSubscription {
    fn effect(&self) -> Effect {
        Effect::ReactivateSubscription
    }

    fn prepare(&self, target: &Target<'_>) -> Prepare {
        subscription::prepare(target, make)
    }

    fn understands(&self, answer: &Incoming) -> bool {
        subscription::shows_one(answer)
    }

    fn look(&self, target: &Target<'_>, _in_doubt: bool) -> Look {
        subscription::look(target, |answer, target| {
            subscription::sight(answer, target, "active", &["suspended"])
        })
    }

    /// It is read just before it is changed.
    fn cost(&self) -> f64 {
        3.0
    }
}

fn make(answer: &Incoming, target: &Target<'_>) -> Result<Request, Instead> {
    subscription::found(answer, target)?;
    subscription::changed(answer, target, "active")
}
