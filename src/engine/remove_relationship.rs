//! The procedure that ends a reseller relationship, as a pure function over what a customer's records add
//! up to: nothing comes before its one change, unless the plan names subscriptions to suspend.

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
    outcome: Outcome::Removed,
    already: Outcome::AlreadyRemoved,
    change: "removal",
    thing: "the relationship",
    none_left: "knew no relationship",
};

/// The code of a version that is not the latest.
const STALE: &str = "2055";

/// What to do about a row that the confirmed plan calls ready.
pub(super) fn next(row: &Row, policy: &Policy, now: Time, may_send: bool) -> Step {
    let preparing = Preparing { patience: policy.settle(), failed };
    sequence::next(row, policy, now, may_send, preparing, WORDS)
}

/// How a row ends because of a subscription that was not suspended.
fn failed(subscription: &Preparation, change: &Change, end: End) -> Verdict {
    let code = change.code().unwrap_or_default();
    let status = change.status.unwrap_or_default();
    let is_stale = matches!(status, 409 | 412) || code == STALE;
    match end {
        // It is not what was read a moment ago.
        End::Refused(_) if is_stale && !is_taken_out("a-stale-version-is-any-refusal") => {
            let said = change.exchange().described();
            let text = format!(
                "{}: somebody changed it meanwhile ({said}).",
                capitalised(&subscription.to_string())
            );
            Verdict::because(Reason::ChangedSincePlan, text)
        }
        End::NotSeen { waited, .. } => {
            let text = format!(
                "{}: the service agreed to suspend it, but it is not seen suspended {} s later.",
                capitalised(&subscription.to_string()),
                waited.as_secs()
            );
            Verdict::because(Reason::ActiveSubscription, text)
        }
        end => attempts::of_preparation(subscription, change, end),
    }
}
