//! What a look after a change says: at the customer about its relationship, at an order about its state.

use super::{look::is_another, reading::Read};
use crate::{
    domain::TenantId,
    partner_center::model::{Customer, Order},
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
            let seen = match facts.relationship.as_str() {
                "none" => Seen::Gone,
                "reseller" => Seen::StillThere,
                _ => Seen::NotTold,
            };
            let shown = if facts.relationship.is_empty() { "not given" } else { &facts.relationship };
            Observed {
                row,
                about: None,
                seen,
                detail: format!("the relationship is `{shown}`"),
                basis: basis.first().copied(),
            }
        }
        Read::NoRelationship(failure) => {
            let text = failure.exchange.text.unwrap_or_else(|| "no relationship".to_owned());
            Observed { row, about: None, seen: Seen::Gone, detail: text, basis: Some(failure.intent) }
        }
        Read::Failed(reason, failure) => {
            let text = failure.exchange.text.unwrap_or_else(|| "no answer".to_owned());
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
