//! Which procedure says what: the one place that tells them apart.

use super::{
    delete_sandbox_customer, remove_relationship,
    step::{Step, Which},
};
use crate::{
    domain::{Act, Preparation, Procedure, TenantId, Time},
    partner_center::{
        request::{self, Call},
        response::{self, Incoming},
    },
    preconditions::{
        Facts, Judgement, Listed, judge, judge_sandbox, orders_named, orders_needed, orders_to_cancel,
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
    pub(super) understood: fn(&Incoming) -> bool,
}

/// How a change goes over the wire.
pub(super) fn wire(procedure: Procedure, which: &Which, customer: TenantId) -> Wire {
    let (purpose, call, understood): (_, _, fn(&Incoming) -> bool) = match (which, procedure) {
        (Which::First(Preparation { what: Act::CancelOrder, id, .. }), _) => {
            (Purpose::CancelOrder, request::cancel_order(customer, id), response::shows_order)
        }
        (Which::Last, Procedure::RemoveRelationship) => {
            (Purpose::RemoveRelationship, request::remove_relationship(customer), response::says_removed)
        }
        (Which::Last, Procedure::DeleteSandboxCustomer) => {
            (Purpose::DeleteCustomer, request::delete_customer(customer), response::says_deleted)
        }
    };
    Wire { purpose, call, understood }
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
        Procedure::RemoveRelationship => (judge(facts, listed, &policy.allow), Vec::new()),
        Procedure::DeleteSandboxCustomer => (judge_sandbox(facts, listed), orders_to_cancel(facts)),
    }
}
