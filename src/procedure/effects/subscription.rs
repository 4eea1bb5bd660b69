//! A subscription that is changed, its status or what happens at its term's end: it is read just before, and sent back whole.

use super::{
    ending::{End, EndedChange, RowVerdict},
    unit::{EffectUnit, Instead, Look, Prepare, Sight, Target},
};
use crate::{
    domain::{Effect, Lookup, Reason, capitalised, is_taken_out},
    partner_center::{
        model::{self, Subscription},
        request::{self, Request},
        resource::{self, Edit},
        response::Incoming,
    },
    record::{Change, Observation},
};

/// The request, over what the subscription is at this moment.
pub(super) type Make = fn(&Incoming, &Target<'_>) -> Result<Request, Instead>;
/// What a look at the subscription shows; none if the answer is not what was asked for.
pub(super) type See = fn(&Incoming, &Target<'_>) -> Option<Sight>;

/// How a row ends when the service agreed, and nothing showed that it is done.
pub(super) struct Unseen {
    pub(super) reason: Reason,
    /// To do what: `suspend it`.
    pub(super) agreed: &'static str,
    /// As what it is not seen: `suspended`.
    pub(super) seen: &'static str,
}

/// A change of a subscription.
pub(super) trait SubscriptionChange: Sync {
    fn effect(&self) -> Effect;

    fn make(&self) -> Make;

    fn see(&self) -> See;

    /// None if no row ends because of it.
    fn unseen(&self) -> Option<Unseen>;

    /// How a row ends where this change has an end of its own. `thing` begins the sentence.
    fn own_end(&self, _thing: &str, _ending: &EndedChange<'_>) -> Option<RowVerdict> {
        None
    }
}

impl<T: SubscriptionChange> EffectUnit for T {
    fn effect(&self) -> Effect {
        SubscriptionChange::effect(self)
    }

    fn prepare(&self, target: &Target<'_>) -> Prepare {
        let request = request::subscription(target.customer, target.id);
        Prepare::Fresh { lookup: Lookup::Subscription, request, understands: shows_one, make: self.make() }
    }

    fn understands(&self, answer: &Incoming) -> bool {
        shows_one(answer)
    }

    fn look(&self, target: &Target<'_>, _in_doubt: bool) -> Option<Look> {
        let request = request::subscription(target.customer, target.id);
        Some(Look { lookup: Lookup::Subscription, request, see: self.see() })
    }

    fn ended(&self, ending: &EndedChange<'_>) -> RowVerdict {
        let EndedChange { thing, change, end, .. } = *ending;
        let thing = capitalised(thing);
        let Some(Unseen { reason, agreed, seen }) = self.unseen() else { return ending.of_preparation() };
        match end {
            // It is not what was read a moment ago.
            End::Refused(_) if is_stale(change) => {
                let said = change.exchange().described();
                let text = format!("{thing}: somebody changed it meanwhile ({said}).");
                RowVerdict::because(Reason::ChangedSincePlan, text)
            }
            End::NotSeen { waited, .. } => {
                let waited = waited.as_secs();
                let text = format!(
                    "{thing}: the service agreed to {agreed}, but it is not seen {seen} {waited} s later."
                );
                RowVerdict::because(reason, text)
            }
            _ => self.own_end(&thing, ending).unwrap_or_else(|| ending.of_preparation()),
        }
    }

    /// It is read just before it is changed.
    fn cost(&self) -> f64 {
        3.0
    }
}

/// Whether the body is a subscription. A change of its status that takes its time has an empty one.
fn shows_one(answer: &Incoming) -> bool {
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
fn is_stale(change: &Change) -> bool {
    let is_stale = matches!(change.status, Some(409 | 412)) || change.code() == Some(STALE);
    is_stale && !is_taken_out("a-stale-version-is-any-refusal")
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
