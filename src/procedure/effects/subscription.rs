//! A subscription that is changed, its status or what happens at its term's end: it is read just before, and sent back whole.

use super::{
    ending::RowVerdict,
    unit::{Instead, Look, Prepare, Sight, Target},
};
use crate::{
    domain::{Lookup, Reason, is_taken_out},
    partner_center::{
        model::{self, Subscription},
        request::{self, Request},
        resource::{self, Edit},
        response::Incoming,
    },
    record::{Change, Observation},
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
        return Err(Instead::because(Reason::UnexpectedAnswer, ANOTHER));
    }
    Ok(subscription)
}

/// The same with this status, as a request.
pub(super) fn changed(answer: &Incoming, target: &Target<'_>, status: &str) -> Result<Request, Instead> {
    edited(answer, target, &[Edit::Replace("status", status.into())])
}

/// The same with these edits, as a request.
pub(super) fn edited(answer: &Incoming, target: &Target<'_>, edits: &[Edit]) -> Result<Request, Instead> {
    let changed = resource::edited(answer.text(), edits).ok_or_else(unexpected)?;
    Ok(request::change_subscription(target.customer, target.id, changed))
}

fn unexpected() -> Instead {
    Instead::because(Reason::UnexpectedAnswer, "the answer is no subscription that could be sent back")
}

/// The code of a version that is not the latest.
const STALE: &str = "2055";

/// Whether the service refused the change because it is not what was read a moment ago.
pub(super) fn is_stale(change: &Change) -> bool {
    let is_stale = matches!(change.status, Some(409 | 412)) || change.code() == Some(STALE);
    is_stale && !is_taken_out("a-stale-version-is-any-refusal")
}

/// How the row ends because of that. `thing` begins the sentence.
pub(super) fn changed_meanwhile(thing: &str, change: &Change) -> RowVerdict {
    let said = change.exchange().described();
    RowVerdict::because(Reason::ChangedSincePlan, format!("{thing}: somebody changed it meanwhile ({said})."))
}

const ANOTHER: &str = "the answer is about another subscription";

/// The subscription that a look shows, or that it shows another; none if it shows none.
pub(super) fn seen(answer: &Incoming, target: &Target<'_>) -> Option<Result<Subscription, Sight>> {
    let found: Subscription = model::read(&answer.body).ok()?;
    Some(if is_another(&found, target) { Err(Sight::not_told(ANOTHER)) } else { Ok(found) })
}

fn is_another(subscription: &Subscription, target: &Target<'_>) -> bool {
    subscription.id.as_deref().is_some_and(|id| !id.eq_ignore_ascii_case(target.id))
}

/// Whether its status shows that it is `done`, or still what it was `before`.
pub(super) fn sight(answer: &Incoming, target: &Target<'_>, done: &str, before: &[&str]) -> Option<Sight> {
    let found = match seen(answer, target)? {
        Ok(found) => found,
        Err(another) => return Some(another),
    };
    let status = found.status.unwrap_or_default();
    let is = |word: &str| status.trim().eq_ignore_ascii_case(word);
    let seen = if is(done) {
        Observation::Gone
    } else if before.iter().any(|before| is(before)) {
        Observation::StillThere
    } else {
        Observation::NotTold
    };
    Some(Sight { seen, instead: None, detail: format!("the subscription is `{status}`") })
}
