//! Deletes a customer of the integration sandbox: `DELETE /v1/customers/{id}`.

use super::{
    customer,
    ending::{EndedChange, RowVerdict},
    unit::{EffectUnit, Look, Prepare, Target},
};
use crate::{
    domain::Effect,
    partner_center::{
        request::{self, Method},
        response::Incoming,
    },
};

pub(super) struct DeleteCustomer;

impl EffectUnit for DeleteCustomer {
    fn effect(&self) -> Effect {
        Effect::DeleteCustomer
    }

    fn prepare(&self, target: &Target<'_>) -> Prepare {
        Prepare::Ready(request::customer(target.customer).change(Method::Delete, None))
    }

    /// An empty answer, or at least JSON.
    fn understands(&self, answer: &Incoming) -> bool {
        answer.text().is_empty() || answer.is_json()
    }

    fn look(&self, target: &Target<'_>, in_doubt: bool) -> Option<Look> {
        Some(customer::look(target, in_doubt))
    }

    fn ended(&self, ending: &EndedChange<'_>) -> RowVerdict {
        ending.of_last("knew no such customer")
    }

    fn is_seen_in_listing(&self) -> bool {
        true
    }
}
