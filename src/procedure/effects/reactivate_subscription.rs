//! Makes a subscription active again that was suspended for a removal that then failed.

use super::{
    subscription::{self, Make, See, SubscriptionChange, Unseen},
    unit::{Instead, Target},
};
use crate::{
    domain::Effect,
    partner_center::{request::Request, response::Incoming},
};

pub(super) struct ReactivateSubscription;

impl SubscriptionChange for ReactivateSubscription {
    fn effect(&self) -> Effect {
        Effect::ReactivateSubscription
    }

    fn make(&self) -> Make {
        make
    }

    fn see(&self) -> See {
        |answer, target| subscription::sight(answer, target, "active", &["suspended"])
    }

    fn unseen(&self) -> Option<Unseen> {
        None
    }
}

fn make(answer: &Incoming, target: &Target<'_>) -> Result<Request, Instead> {
    subscription::found(answer, target)?;
    subscription::changed(answer, target, "active")
}
