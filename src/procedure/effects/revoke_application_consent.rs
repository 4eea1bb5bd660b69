//! Revokes the consent that an application of the partner's has for the customer: `DELETE
//! /v1/customers/{id}/applicationconsents/{application}` (learn.microsoft.com,
//! `partner-center/developer/control-panel-vendor-apis`). It can only be done while there is a relationship.

use super::unit::{EffectUnit, Look, Prepare, Target};
use crate::{
    domain::Effect,
    partner_center::{request, response::Incoming},
};

pub(super) struct RevokeApplicationConsent;

impl EffectUnit for RevokeApplicationConsent {
    fn effect(&self) -> Effect {
        Effect::RevokeApplicationConsent
    }

    fn prepare(&self, target: &Target<'_>) -> Prepare {
        Prepare::Ready(request::revoke_consent(target.customer, target.id))
    }

    /// It is done, and not only accepted, and the service itself says so.
    fn understands(&self, answer: &Incoming) -> bool {
        matches!(answer.status, 200 | 201 | 204) && (answer.text().is_empty() || answer.is_json())
    }

    /// No request is known that reads a consent.
    fn look(&self, _target: &Target<'_>, _in_doubt: bool) -> Option<Look> {
        None
    }

    fn cost(&self) -> f64 {
        1.0
    }
}
