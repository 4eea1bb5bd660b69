//! What is done to a customer, and when: each procedure a unit, each effect a unit.
//!
//! ```text
//!  facts ──▶ ProcedureUnit::judge ──▶ findings, and what the plan names
//!                                          │ each an effect
//!                                          ▼
//!            EffectUnit: prepare ──▶ request ──▶ answer ──▶ look ──▶ how it ended
//! ```
//!
//! Their words, and the few facts that the fold of the records needs, are rows of the tables in
//! [`crate::domain`]. Everything else that tells one from another is here: [`ProcedureUnit`] says what must
//! be known of a customer and what follows from it, [`EffectUnit`](effects::EffectUnit) how a change is
//! requested, what its answers mean, how it is seen done, and what its other ends mean for the customer.
//! Nothing here sends anything or knows what time it is; the engine asks, and carries out.

mod cancel_at_term_end;
mod delete_sandbox_customer;
pub(crate) mod effects;
mod end_delegated_admin;
mod remove_relationship;
mod undo_cancel_at_term_end;
mod unit;

use crate::domain::Procedure;
pub(crate) use end_delegated_admin::admin_cause;
pub(crate) use unit::{Given, KnownSoFar, Need, ProcedureUnit};
pub use unit::{TakenBack, ToTakeBack};

const UNITS: [&dyn ProcedureUnit; 5] = [
    &remove_relationship::RemoveRelationship,
    &delete_sandbox_customer::DeleteSandboxCustomer,
    &cancel_at_term_end::CancelAtTermEnd,
    &undo_cancel_at_term_end::UndoCancelAtTermEnd,
    &end_delegated_admin::EndDelegatedAdmin,
];

/// The unit of a procedure.
pub(crate) fn unit(procedure: Procedure) -> &'static dyn ProcedureUnit {
    let found = UNITS.into_iter().find(|unit| unit.procedure() == procedure);
    found.unwrap_or(&remove_relationship::RemoveRelationship)
}

#[cfg(test)]
mod tests;
