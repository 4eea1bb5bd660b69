//! What a look at a customer after a change says about its relationship.

use super::{look::is_another, reading::Read};
use crate::{
    domain::TenantId,
    partner_center::model::Customer,
    preconditions::CustomerFacts,
    record::{Observed, Seen},
};

/// What a look at a customer says about its relationship.
pub(super) fn observed(row: u32, asked: TenantId, read: Read<Customer>) -> Observed {
    match read {
        Read::Done(customer, basis) if is_another(&customer, asked) => Observed {
            row,
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
                seen,
                detail: format!("the relationship is `{shown}`"),
                basis: basis.first().copied(),
            }
        }
        Read::NoRelationship(failure) => {
            let text = failure.exchange.text.unwrap_or_else(|| "no relationship".to_owned());
            Observed { row, seen: Seen::Gone, detail: text, basis: Some(failure.intent) }
        }
        Read::Failed(reason, failure) => {
            let text = failure.exchange.text.unwrap_or_else(|| "no answer".to_owned());
            Observed {
                row,
                seen: Seen::NotTold,
                detail: format!("{reason}: {text}"),
                basis: Some(failure.intent),
            }
        }
    }
}
