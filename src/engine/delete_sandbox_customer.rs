//! The procedure that deletes a customer of the integration sandbox, as a pure function over what its
//! records add up to: each order is cancelled, each is waited for, and only when all are seen cancelled is
//! the customer deleted.
//!
//! The published sample of this procedure waits without end once an order was slow, cancels an order once
//! for each entitlement, and passes over entitlements inside others. None of that is copied.

use super::{
    attempts::{self, End},
    sequence::{self, Preparing, Words},
    settle::capitalised,
    step::{Step, Verdict},
};
use crate::{
    domain::{Outcome, Preparation, Reason, Time, is_taken_out},
    record::{Change, Policy, Row},
};

const WORDS: Words = Words {
    outcome: Outcome::Deleted,
    already: Outcome::AlreadyDeleted,
    change: "deletion",
    thing: "the customer",
    none_left: "knew no such customer",
};

/// The codes by which the service says that this order is none to cancel.
const NOT_CANCELLABLE: [&str; 3] = ["800061", "800063", "800077"];

/// What to do about a row that the confirmed plan calls ready.
pub(super) fn next(row: &Row, policy: &Policy, now: Time, may_send: bool) -> Step {
    let patience =
        if is_taken_out("another-deadline-for-orders") { policy.settle() } else { policy.order_timeout() };
    let preparing = Preparing { patience, failed };
    sequence::next(row, policy, now, may_send, preparing, WORDS)
}

/// How a row ends because of an order that was not cancelled.
fn failed(order: &Preparation, change: &Change, end: End) -> Verdict {
    let not_cancelled = |why: String| {
        let text = format!("{}: {why}. The customer was not deleted.", capitalised(&order.to_string()));
        Verdict::because(Reason::OrderNotCancelled, text)
    };
    let code = change.code().unwrap_or_default();
    match end {
        End::Refused(_) if NOT_CANCELLABLE.contains(&code) => {
            not_cancelled(format!("the service does not cancel it ({})", change.exchange().described()))
        }
        End::NotSeen { still_there, waited, .. } => {
            let seen = if still_there { "it is not cancelled" } else { "it could not be seen" };
            let said = if change.was_accepted {
                "the service agreed to cancel it".to_owned()
            } else if change.is_only_under_way() {
                "the service said that it was being changed already".to_owned()
            } else {
                // A no, after an earlier try that might have done it: the first edition's runs wait then as well.
                format!("the service does not cancel it ({})", change.exchange().described())
            };
            not_cancelled(format!("{said}, but {seen} {} s later (`--order-timeout`)", waited.as_secs()))
        }
        end => attempts::of_preparation(order, change, end),
    }
}
