//! When a read is tried again. A change is never tried again from here: what becomes of it is a
//! matter of the records.

use std::time::Duration;

/// What went wrong with an attempt of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// 429, or 503 with `Retry-After`: the gate already holds everyone.
    Throttled,
    /// Nothing reached the server.
    NotSent,
    /// 5xx, a time-out, a cut answer.
    Lost,
}

/// How often a read is tried when the service cannot be made to answer.
const TRIES: u32 = 5;
/// How often a read is tried when the service keeps asking for patience.
const THROTTLED_TRIES: u32 = 20;

/// How often each kind of trouble was met.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Troubles {
    throttled: u32,
    unanswered: u32,
}

impl Troubles {
    /// One more of this kind. How long to wait before the next attempt; none if this was the last.
    /// `jitter` is between 0 and 1.
    pub(crate) fn next(&mut self, trouble: Trouble, jitter: f64) -> Option<Duration> {
        let count = match trouble {
            Trouble::Throttled => &mut self.throttled,
            Trouble::NotSent | Trouble::Lost => &mut self.unanswered,
        };
        *count += 1;
        wait(trouble, *count, jitter)
    }
}

/// How long to wait after the `attempt`th trouble of this kind.
fn wait(trouble: Trouble, attempt: u32, jitter: f64) -> Option<Duration> {
    match trouble {
        Trouble::Throttled => (attempt < THROTTLED_TRIES).then_some(Duration::ZERO),
        Trouble::NotSent | Trouble::Lost => {
            let longest = Duration::from_millis(500) * 2_u32.saturating_pow(attempt.min(6));
            let share = 0.5 + jitter.clamp(0.0, 1.0) / 2.0;
            (attempt < TRIES).then(|| longest.mul_f64(share))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_end() {
        let waits: Vec<_> = (1..9).map_while(|attempt| wait(Trouble::Lost, attempt, 1.0)).collect();
        assert_eq!(waits, [1, 2, 4, 8].map(Duration::from_secs));
        assert_eq!(wait(Trouble::Lost, 1, 0.0), Some(Duration::from_millis(500)));
    }

    #[test]
    fn patience_and_silence_are_counted_apart() {
        let mut troubles = Troubles::default();
        for _ in 0..19 {
            assert_eq!(troubles.next(Trouble::Throttled, 0.5), Some(Duration::ZERO));
        }
        assert!(troubles.next(Trouble::Lost, 0.5).is_some());
        assert_eq!(troubles.next(Trouble::Throttled, 0.5), None);
    }
}
