//! What a look after a change says: at the customer about its relationship, at an order about its state.

use super::{look::is_another, reading::Read};
use crate::{
    domain::TenantId,
    partner_center::model::{Customer, Order, Subscription},
    preconditions::{CustomerFacts, OrderState},
    record::{Observed, Seen},
};

/// What a look at a customer says about its relationship.
pub(super) fn observed(row: u32, asked: TenantId, read: Read<Customer>) -> Observed {
    match read {
        Read::Done(customer, basis) if is_another(&customer, asked) => Observed {
            row,
            about: None,
            seen: Seen::NotTold,
            detail: "the answer is about another customer".to_owned(),
            basis: basis.first().copied(),
        },
        Read::Done(customer, basis) => {
            let facts = CustomerFacts::of(customer);
            let (seen, detail) = relationship(&facts.relationship);
            Observed { row, about: None, seen, detail, basis: basis.first().copied() }
        }
        Read::NoRelationship(failure) => {
            let text = failure.exchange.text.unwrap_or_else(|| "no relationship".to_owned());
            Observed { row, about: None, seen: Seen::Gone, detail: text, basis: Some(failure.intent) }
        }
        Read::Failed(reason, failure) => {
            let text = failure.exchange.described();
            Observed {
                row,
                about: None,
                seen: Seen::NotTold,
                detail: format!("{reason}: {text}"),
                basis: Some(failure.intent),
            }
        }
    }
}

/// What the word for a relationship says about whether it is gone, and that in words.
pub(super) fn relationship(word: &str) -> (Seen, String) {
    let seen = match word {
        "none" => Seen::Gone,
        "reseller" => Seen::StillThere,
        _ => Seen::NotTold,
    };
    let shown = if word.is_empty() { "not given" } else { word };
    (seen, format!("the relationship is `{shown}`"))
}

/// What a look at an order says about its cancellation.
pub(super) fn order_observed(row: u32, order: &str, read: Read<Order>) -> Observed {
    let (seen, detail, basis) = match read {
        Read::Done(found, basis) if found.id.as_deref().is_some_and(|id| id != order) => {
            (Seen::NotTold, "the answer is about another order".to_owned(), basis.first().copied())
        }
        Read::Done(found, basis) => {
            let (seen, status) = match OrderState::of(&found) {
                OrderState::Cancelled => (Seen::Gone, "cancelled".to_owned()),
                OrderState::Stands(standing) => (Seen::StillThere, standing.status),
                OrderState::NotFound => (Seen::NotTold, "not found".to_owned()),
            };
            (seen, format!("the order is `{status}`"), basis.first().copied())
        }
        Read::NoRelationship(failure) | Read::Failed(_, failure) => {
            (Seen::NotTold, failure.exchange.described(), Some(failure.intent))
        }
    };
    Observed { row, about: Some(order.to_owned()), seen, detail, basis }
}

/// What a look at a subscription says about its suspension, or about what takes that back.
pub(super) fn subscription_observed(row: u32, id: &str, is_undo: bool, read: Read<Subscription>) -> Observed {
    let (seen, detail, basis) = match read {
        Read::Done(found, basis)
            if found.id.as_deref().is_some_and(|other| !other.eq_ignore_ascii_case(id)) =>
        {
            (Seen::NotTold, "the answer is about another subscription".to_owned(), basis.first().copied())
        }
        Read::Done(found, basis) => {
            let status = found.status.unwrap_or_default();
            let is = |word: &str| status.trim().eq_ignore_ascii_case(word);
            let (done, not_done) = if is_undo { ("active", "suspended") } else { ("suspended", "active") };
            let seen = if is(done) {
                Seen::Gone
            } else if is(not_done) {
                Seen::StillThere
            } else {
                Seen::NotTold
            };
            (seen, format!("the subscription is `{status}`"), basis.first().copied())
        }
        Read::NoRelationship(failure) | Read::Failed(_, failure) => {
            (Seen::NotTold, failure.exchange.described(), Some(failure.intent))
        }
    };
    Observed { row, about: Some(id.to_owned()), seen, detail, basis }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Reason, engine::reading::Failure, record::Exchange};

    #[test]
    fn a_refusal_without_a_text_is_an_answer() {
        let exchange = Exchange { status: Some(403), ..Exchange::default() };
        let read = Read::Failed(Reason::PermissionDenied, Failure { intent: 7, exchange });
        let seen = observed(3, TenantId::from_bytes([1; 16]), read);
        assert_eq!((seen.seen, seen.detail.as_str()), (Seen::NotTold, "permission_denied: status 403"));
        let read =
            Read::Failed(Reason::ServiceUnavailable, Failure { intent: 7, exchange: Exchange::default() });
        assert_eq!(observed(3, TenantId::from_bytes([1; 16]), read).detail, "service_unavailable: no answer");
    }
}
