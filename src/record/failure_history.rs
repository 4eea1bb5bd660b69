//! What the guards look at while customers are changed.

use crate::domain::Outcome;

/// How many of the latest ends are remembered.
pub const REMEMBERED: u32 = 20;

/// What has become of the latest customers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FailureHistory {
    /// How many customers, up to the latest, failed in a row.
    pub failures_in_a_row: u32,
    /// A row of an early wave that failed, or whose outcome is unknown.
    pub surprise_in_canary: Option<u32>,
    /// A row whose change had an answer that nobody understands.
    pub not_understood: Option<u32>,
    /// How many customers of a plan that another run made were gone already when it was their turn, although no
    /// run of this log had removed them.
    pub gone_by_other_hands: u32,
    /// The latest ends, the newest in the lowest bit; a failure is 1.
    latest: u32,
}

impl FailureHistory {
    /// How many of the latest [`REMEMBERED`] customers failed.
    pub const fn failures_of_latest(&self) -> u32 {
        self.latest.count_ones()
    }

    /// A customer could be read, so whatever failed before was no trouble of the service's.
    pub(super) const fn judged_ready(&mut self) {
        self.failures_in_a_row = 0;
    }

    /// The service agreed to a customer's last change. It may take long until that is seen done, and those
    /// that fail meanwhile did not fail in a row.
    pub(super) const fn accepted(&mut self) {
        self.ended(false);
    }

    /// A customer has its outcome. What went as the service had agreed is known since then.
    pub(super) const fn settled(&mut self, outcome: Outcome, was_accepted: bool) {
        let failed = match outcome {
            Outcome::NotAttempted => return,
            Outcome::Failed | Outcome::Unknown => true,
            _ if was_accepted => return,
            _ => false,
        };
        self.ended(failed);
    }

    const fn ended(&mut self, failed: bool) {
        self.failures_in_a_row = if failed { self.failures_in_a_row + 1 } else { 0 };
        self.latest = ((self.latest << 1) | failed as u32) & ((1 << REMEMBERED) - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Procedure;

    #[test]
    fn only_the_latest_twenty_are_remembered() {
        let mut failures = FailureHistory::default();
        for _ in 0..3 {
            failures.settled(Outcome::Failed, false);
        }
        assert_eq!((failures.failures_in_a_row, failures.failures_of_latest()), (3, 3));
        for _ in 0..18 {
            failures.settled(Outcome::Done(Procedure::RemoveRelationship), false);
            failures.settled(Outcome::NotAttempted, false);
        }
        assert_eq!((failures.failures_in_a_row, failures.failures_of_latest()), (0, 2));
    }

    #[test]
    fn what_was_accepted_counts_once_and_at_once() {
        let mut failures = FailureHistory::default();
        for _ in 0..3 {
            failures.settled(Outcome::Failed, false);
            failures.accepted();
        }
        assert_eq!((failures.failures_in_a_row, failures.failures_of_latest()), (0, 3));
        for _ in 0..30 {
            failures.settled(Outcome::Done(Procedure::RemoveRelationship), true);
        }
        assert_eq!(failures.failures_of_latest(), 3);
        failures.settled(Outcome::Unknown, true);
        assert_eq!((failures.failures_in_a_row, failures.failures_of_latest()), (1, 4));
    }
}
