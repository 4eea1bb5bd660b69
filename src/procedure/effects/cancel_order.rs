//! Cancels an order of a customer of the integration sandbox: `PATCH /v1/customers/{id}/orders/{id}`.

use super::{
    ending::{End, EndedChange, RowVerdict},
    unit::{EffectUnit, Look, Prepare, Sight, Target},
};
use crate::{
    domain::{Effect, Lookup, Reason, capitalised, is_taken_out},
    partner_center::{
        model::{self, Order},
        request::{self, Method},
        response::Incoming,
    },
    preconditions::OrderState,
    record::{Observation, Policy},
};
use std::{borrow::Cow, time::Duration};

/// The codes by which the service says that this order is none to cancel.
const NOT_CANCELLABLE: [&str; 3] = ["800061", "800063", "800077"];

pub(super) struct CancelOrder;

impl EffectUnit for CancelOrder {
    fn effect(&self) -> Effect {
        Effect::CancelOrder
    }

    /// With nothing of the order but its ID and the new status, so that nothing else of it is changed.
    fn prepare(&self, target: &Target<'_>) -> Prepare {
        let body = serde_json::json!({ "id": target.id, "status": "cancelled" }).to_string();
        let order = request::order(target.customer, target.id);
        Prepare::Ready(order.change(Method::Patch, Some(Cow::Owned(body))))
    }

    /// It need not be cancelled yet: that takes its time.
    fn understands(&self, answer: &Incoming) -> bool {
        model::read::<Order>(&answer.body).is_ok_and(|order| order.status.is_some())
    }

    fn look(&self, target: &Target<'_>, _in_doubt: bool) -> Option<Look> {
        Some(Look { lookup: Lookup::OrderAgain, request: request::order(target.customer, target.id), see })
    }

    fn patience(&self, policy: &Policy) -> Duration {
        if is_taken_out("another-deadline-for-orders") { policy.settle() } else { policy.order_timeout() }
    }

    fn ended(&self, ending: &EndedChange<'_>) -> RowVerdict {
        let EndedChange { thing, change, end, .. } = ending;
        let not_cancelled = |why: String| {
            let text = format!("{}: {why}. The customer was not deleted.", capitalised(thing));
            RowVerdict::because(Reason::OrderNotCancelled, text)
        };
        let refused = || format!("the service does not cancel it ({})", change.exchange().described());
        match end {
            End::Refused(_) if NOT_CANCELLABLE.contains(&change.code().unwrap_or_default()) => {
                not_cancelled(refused())
            }
            End::NotSeen { still_there, waited, .. } => {
                let seen = if *still_there { "it is not cancelled" } else { "it could not be seen" };
                let said = if change.was_accepted {
                    "the service agreed to cancel it".to_owned()
                } else if change.is_only_under_way() {
                    "the service said that it was being changed already".to_owned()
                } else {
                    // A no, after an earlier try that might have done it: the first edition's runs wait then as well.
                    refused()
                };
                let waited = waited.as_secs();
                not_cancelled(format!("{said}, but {seen} {waited} s later (`--order-timeout`)"))
            }
            _ => ending.of_preparation(),
        }
    }
}

fn see(answer: &Incoming, target: &Target<'_>) -> Option<Sight> {
    let found: Order = model::read(&answer.body).ok()?;
    if found.id.as_deref().is_some_and(|id| id != target.id) {
        return Some(Sight::not_told("the answer is about another order"));
    }
    let (seen, status) = match OrderState::of(&found) {
        OrderState::Cancelled => (Observation::Gone, "cancelled".to_owned()),
        OrderState::Stands(standing) => (Observation::StillThere, standing.status),
        OrderState::NotFound => (Observation::NotTold, "not found".to_owned()),
    };
    Some(Sight { seen, instead: None, detail: format!("the order is `{status}`") })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Time;

    #[test]
    fn it_says_which_order_and_nothing_else_of_it() {
        let customer = "0a0a0a0a-1111-4222-8333-444444444444".parse().unwrap();
        let target =
            Target { customer, id: "Zx\"1", planned: None, is_first: true, now: Time::from_millis(0) };
        let Prepare::Ready(request) = CancelOrder.prepare(&target) else { panic!("nothing is read first") };
        assert_eq!(request.url, "/v1/customers/0a0a0a0a-1111-4222-8333-444444444444/orders/Zx%221");
        assert_eq!(request.body.unwrap().stored(), r#"{"id":"Zx\"1","status":"cancelled"}"#);
    }
}
