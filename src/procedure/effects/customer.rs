//! What a look at a customer says about its relationship.

use super::unit::{Look, Sight, Target};
use crate::{
    domain::{Lookup, TenantId},
    partner_center::{
        model::{self, Customer},
        request,
        response::Incoming,
    },
    preconditions::CustomerFacts,
    record::Observation,
};

pub(super) fn look(target: &Target<'_>, in_doubt: bool) -> Look {
    let lookup = if in_doubt { Lookup::CustomerInDoubt } else { Lookup::CustomerAgain };
    Look { lookup, request: request::customer(target.customer), see }
}

fn see(answer: &Incoming, target: &Target<'_>) -> Option<Sight> {
    let customer: Customer = model::read(&answer.body).ok()?;
    if is_another(&customer, target.customer) {
        return Some(Sight::not_told("the answer is about another customer"));
    }
    let (seen, detail) = relationship(&CustomerFacts::of(customer).relationship);
    Some(Sight { seen, instead: None, detail })
}

/// The service must answer about the customer that was asked for.
pub(crate) fn is_another(customer: &Customer, asked: TenantId) -> bool {
    customer.id.as_deref().is_some_and(|id| id.parse::<TenantId>() != Ok(asked))
}

/// What the word for a relationship says about whether it is gone, and that in words.
pub(crate) fn relationship(word: &str) -> (Observation, String) {
    let seen = match word {
        "none" => Observation::Gone,
        "reseller" => Observation::StillThere,
        _ => Observation::NotTold,
    };
    let shown = if word.is_empty() { "not given" } else { word };
    (seen, format!("the relationship is `{shown}`"))
}
