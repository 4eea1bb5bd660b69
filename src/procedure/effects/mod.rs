//! Each effect, in a file of its own.

mod cancel_order;
mod cancel_subscription;
mod customer;
mod delete_customer;
mod end_delegated_admin;
mod ending;
mod reactivate_subscription;
mod remove_relationship;
mod restore_renewal;
mod revoke_application_consent;
mod schedule_cancellation;
mod subscription;
mod suspend_subscription;
mod unit;

pub(crate) use customer::{is_another, relationship};
pub(crate) use ending::{End, EndedChange, RowVerdict, did_not_happen};
pub(crate) use unit::{EffectUnit, Instead, Look, Prepare, Sight, Target};

use crate::domain::Effect;

const UNITS: [&dyn EffectUnit; 11] = [
    &remove_relationship::RemoveRelationship,
    &delete_customer::DeleteCustomer,
    &cancel_order::CancelOrder,
    &suspend_subscription::SuspendSubscription,
    &reactivate_subscription::ReactivateSubscription,
    &cancel_subscription::IN_WINDOW,
    &cancel_subscription::EXTENDED,
    &schedule_cancellation::ScheduleCancellation,
    &restore_renewal::RestoreRenewal,
    &end_delegated_admin::EndDelegatedAdmin,
    &revoke_application_consent::RevokeApplicationConsent,
];

/// The unit of an effect.
pub(crate) fn unit(effect: Effect) -> &'static dyn EffectUnit {
    UNITS.into_iter().find(|unit| unit.effect() == effect).unwrap_or(&remove_relationship::RemoveRelationship)
}

#[cfg(test)]
mod tests;
