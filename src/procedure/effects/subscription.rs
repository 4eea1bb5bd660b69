//! A subscription that is given another status: it is read just before, and sent back whole.

use super::unit::{Instead, Look, Prepare, Sight, Target};
use crate::{
    domain::{Lookup, Reason},
    partner_center::{
        model::{self, Subscription},
        request::{self, Request},
        resource::with_status,
        response::Incoming,
    },
    record::Observation,
};

/// The change, over what the subscription is at this moment.
pub(super) fn prepare(
    target: &Target<'_>,
    make: fn(&Incoming, &Target<'_>) -> Result<Request, Instead>,
) -> Prepare {
    let request = request::subscription(target.customer, target.id);
    Prepare::Fresh { lookup: Lookup::Subscription, request, understands: shows_one, make }
}

pub(super) fn look(target: &Target<'_>, see: fn(&Incoming, &Target<'_>) -> Option<Sight>) -> Look {
    let request = request::subscription(target.customer, target.id);
    Look { lookup: Lookup::Subscription, request, see }
}

/// Whether the body is a subscription. A change of its status that takes its time has an empty one.
pub(super) fn shows_one(answer: &Incoming) -> bool {
    model::read::<Subscription>(&answer.body).is_ok_and(|subscription| subscription.status.is_some())
}

/// The subscription, if it is the one that was asked for.
pub(super) fn found(answer: &Incoming, target: &Target<'_>) -> Result<Subscription, Instead> {
    let subscription: Subscription = model::read(&answer.body).map_err(|_unreadable| unexpected())?;
    if is_another(&subscription, target) {
        let why = "the answer is about another subscription".to_owned();
        return Err(Instead { reason: Reason::UnexpectedAnswer, why });
    }
    Ok(subscription)
}

/// The same with this status, as a request.
pub(super) fn changed(answer: &Incoming, target: &Target<'_>, status: &str) -> Result<Request, Instead> {
    let changed = with_status(answer.text(), status).ok_or_else(unexpected)?;
    Ok(request::change_subscription(target.customer, target.id, changed))
}

fn unexpected() -> Instead {
    let why = "the answer is no subscription that could be sent back".to_owned();
    Instead { reason: Reason::UnexpectedAnswer, why }
}

fn is_another(subscription: &Subscription, target: &Target<'_>) -> bool {
    subscription.id.as_deref().is_some_and(|id| !id.eq_ignore_ascii_case(target.id))
}

/// Whether its status shows that it is `done`, or still `before`.
pub(super) fn sight(answer: &Incoming, target: &Target<'_>, [done, before]: [&str; 2]) -> Option<Sight> {
    let found: Subscription = model::read(&answer.body).ok()?;
    if is_another(&found, target) {
        return Some(Sight::not_told("the answer is about another subscription"));
    }
    let status = found.status.unwrap_or_default();
    let is = |word: &str| status.trim().eq_ignore_ascii_case(word);
    let seen = if is(done) {
        Observation::Gone
    } else if is(before) {
        Observation::StillThere
    } else {
        Observation::NotTold
    };
    Some(Sight { seen, detail: format!("the subscription is `{status}`") })
}
