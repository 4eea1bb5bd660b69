//! The procedure that ends a reseller relationship, as a pure function over what a customer's records add
//! up to: nothing comes before its one change.

use super::{
    attempts::{self, End},
    sequence::{self, Preparing, Words},
    step::{Step, Verdict},
};
use crate::{
    domain::{Outcome, Preparation, Time},
    record::{Change, Policy, Row},
};

const WORDS: Words = Words {
    outcome: Outcome::Removed,
    change: "removal",
    thing: "the relationship",
    none_left: "knew no relationship",
};

/// What to do about a row that the confirmed plan calls ready.
pub(super) fn next(row: &Row, policy: &Policy, now: Time, may_send: bool) -> Step {
    let preparing = Preparing { patience: policy.settle(), failed };
    sequence::next(row, policy, now, may_send, preparing, WORDS)
}

fn failed(_: &Preparation, change: &Change, end: End) -> Verdict {
    match end {
        End::Refused(answer) => attempts::refused(answer, change),
        End::DidNotHappen => attempts::did_not_happen(change),
        End::NotCarriedOut => attempts::not_carried_out(change),
        End::Done { .. } | End::NotSeen { .. } | End::Unknown => attempts::unknown(change),
    }
}
