//! What the guards look at while customers are changed.

use crate::domain::Outcome;

/// How many of the latest ends are remembered.
pub const REMEMBERED: u32 = 20;

/// What has become of the latest customers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Signs {
    /// How many customers, up to the latest, failed in a row.
    pub failures_in_a_row: u32,
    /// A row of an early wave that failed, or whose outcome is unknown.
    pub surprise_in_canary: Option<u32>,
    /// A row whose change had an answer that nobody understands.
    pub not_understood: Option<u32>,
    /// The latest ends, the newest in the lowest bit; a failure is 1.
    latest: u32,
}

impl Signs {
    /// How many of the latest [`REMEMBERED`] customers failed.
    pub const fn failures_of_latest(&self) -> u32 {
        self.latest.count_ones()
    }

    /// A customer could be read, so whatever failed before was no trouble of the service's.
    pub(super) const fn judged_ready(&mut self) {
        self.failures_in_a_row = 0;
    }

    pub(super) const fn settled(&mut self, outcome: Outcome) {
        let failed = match outcome {
            Outcome::NotAttempted => return,
            Outcome::Failed | Outcome::Unknown => true,
            _ => false,
        };
        self.failures_in_a_row = if failed { self.failures_in_a_row + 1 } else { 0 };
        self.latest = ((self.latest << 1) | failed as u32) & ((1 << REMEMBERED) - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_twenty_are_remembered() {
        let mut signs = Signs::default();
        for _ in 0..3 {
            signs.settled(Outcome::Failed);
        }
        assert_eq!((signs.failures_in_a_row, signs.failures_of_latest()), (3, 3));
        for _ in 0..18 {
            signs.settled(Outcome::Removed);
            signs.settled(Outcome::NotAttempted);
        }
        assert_eq!((signs.failures_in_a_row, signs.failures_of_latest()), (0, 2));
    }
}
