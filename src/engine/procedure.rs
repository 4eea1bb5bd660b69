//! Which procedure says what: the one place that tells them apart.

use super::{
    delete_sandbox_customer, remove_relationship,
    step::{Step, Which},
};
use crate::{
    domain::{Act, Preparation, Procedure, TenantId, Time, is_taken_out},
    partner_center::{
        request::{self, Call},
        response::{self, Incoming},
    },
    preconditions::{
        Facts, Judgement, Listed, judge, judge_sandbox, judge_suspending, orders_named, orders_needed,
        orders_to_cancel,
    },
    record::{Policy, Purpose, Row, Run},
};

/// What to do about a row of this run.
pub(super) fn next(run: &Run, row: &Row, now: Time, may_send: bool) -> Step {
    let next = match run.opened.procedure {
        Procedure::RemoveRelationship => remove_relationship::next,
        Procedure::DeleteSandboxCustomer => delete_sandbox_customer::next,
    };
    next(row, &run.policy, now, may_send)
}

/// A change as a request.
#[derive(Clone, Debug)]
pub(super) struct Wire {
    pub(super) purpose: Purpose,
    pub(super) call: Call,
    /// Whether the body of a 2xx is what was expected.
    pub(super) understand: fn(&Incoming) -> Option<()>,
}

/// How a change goes over the wire, if that is known beforehand.
pub(super) fn wire(procedure: Procedure, which: &Which, customer: TenantId) -> Option<Wire> {
    let (purpose, call, understand): (_, _, fn(&Incoming) -> Option<()>) = match (which, procedure) {
        // What is sent depends on what is read just before.
        (Which::First(Preparation { what: Act::SuspendSubscription, .. }) | Which::Undo(_), _) => {
            return None;
        }
        (Which::First(Preparation { what: Act::CancelOrder, id, .. }), _) => {
            let call = request::cancel_order(customer, id);
            (Purpose::CancelOrder, call, |answer| response::shows_order(answer).then_some(()))
        }
        (Which::Last, Procedure::RemoveRelationship) => {
            let call = request::remove_relationship(customer);
            (Purpose::RemoveRelationship, call, |answer| response::says_removed(answer).then_some(()))
        }
        (Which::Last, Procedure::DeleteSandboxCustomer) => {
            let call = request::delete_customer(customer);
            (Purpose::DeleteCustomer, call, |answer| response::says_deleted(answer).then_some(()))
        }
    };
    Some(Wire { purpose, call, understand })
}

/// Whether the subscriptions stand in the way, and are read.
pub(super) const fn reads_subscriptions(procedure: Procedure) -> bool {
    matches!(procedure, Procedure::RemoveRelationship)
}

/// Which orders must be read.
pub(super) fn orders_to_read(procedure: Procedure) -> fn(&Facts) -> Vec<String> {
    match procedure {
        Procedure::RemoveRelationship => orders_needed,
        // What has expired may still stand in the way of a deletion.
        Procedure::DeleteSandboxCustomer => orders_named,
    }
}

/// What stands in the way, and what is to be done before the last change.
pub(super) fn judged(
    procedure: Procedure,
    facts: &Facts,
    listed: &Listed,
    policy: &Policy,
) -> (Judgement, Vec<Preparation>) {
    match procedure {
        Procedure::RemoveRelationship
            if policy.suspend_legacy || is_taken_out("suspend-without-the-option") =>
        {
            judge_suspending(facts, listed, &policy.allow)
        }
        Procedure::RemoveRelationship => (judge(facts, listed, &policy.allow), Vec::new()),
        Procedure::DeleteSandboxCustomer => (judge_sandbox(facts, listed), orders_to_cancel(facts)),
    }
}
