//! The pace, as a pure state: when the next request may pass, and what a refusal does to it.

use std::time::Duration;
use tokio::time::Instant;

/// Sleeping is exact to about a millisecond; at rates above a thousand a second, the slots that fell
/// into such a sleep are given together.
pub(crate) const GRAIN: Duration = Duration::from_millis(2);
/// What the rate becomes at the first refusal of a wave.
const SLOWER: f64 = 0.7;
/// How much of the ceiling comes back in a second without refusals.
const CLIMB: f64 = 0.01;
/// The slowest rate, as a share of the ceiling.
const FLOOR: f64 = 0.02;
/// After a refusal, requests are so far apart until one of them is answered.
const PROBE: Duration = Duration::from_secs(1);
/// The longest hold that is chosen when the service does not name one.
const LONGEST_OWN_HOLD: Duration = Duration::from_mins(2);

/// The pace, as a pure state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// The ceiling, in requests a second.
    ceiling: f64,
    /// The rate now.
    pub(crate) rate: f64,
    /// When the rate was last computed.
    as_of: Instant,
    /// The earliest moment of the next slot.
    next: Instant,
    /// Nobody passes before this.
    pub(crate) held_until: Option<Instant>,
    /// Counts the waves of refusals.
    pub(crate) wave: u64,
    /// Refusals since the last answer that was none.
    refusals: u32,
}

/// What the pace is at a moment, for people.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PaceNow {
    /// Requests a minute.
    pub per_minute: u32,
    /// How long everybody still waits.
    pub held_for: Option<Duration>,
}

impl Pace {
    /// Begins at the ceiling, `per_minute` requests a minute, once `held_for` is over.
    pub(crate) fn new(per_minute: u32, held_for: Duration, now: Instant) -> Self {
        let ceiling = f64::from(per_minute.max(1)) / 60.0;
        Self {
            ceiling,
            rate: ceiling,
            as_of: now,
            next: now,
            held_until: Some(now + held_for),
            wave: 0,
            refusals: 0,
        }
    }

    /// When the next slot may be taken.
    pub(crate) fn slot_at(&self, now: Instant) -> Instant {
        let earliest = self.next.max(now.checked_sub(GRAIN).unwrap_or(now));
        self.held_until.map_or(earliest, |held| held.max(earliest))
    }

    /// Takes the slot that `slot_at` gave.
    pub(crate) fn take(&mut self, slot: Instant, now: Instant) {
        self.climb(now);
        let gap = Duration::from_secs_f64(1.0 / self.rate);
        // After a refusal, the first one tries whether it is over, and the others wait for what it hears.
        self.next = slot + if self.refusals > 0 { gap.max(PROBE) } else { gap };
        if self.held_until.is_some_and(|held| held <= now) {
            self.held_until = None;
        }
    }

    fn climb(&mut self, now: Instant) {
        let clean_from = self.held_until.map_or(self.as_of, |held| held.max(self.as_of));
        let clean = now.saturating_duration_since(clean_from);
        self.rate = CLIMB.mul_add(self.ceiling * clean.as_secs_f64(), self.rate).min(self.ceiling);
        self.as_of = now.max(self.as_of);
    }

    /// A request of the wave `wave` was answered, and not with a refusal. Says whether that ends the trial.
    pub(crate) fn answered(&mut self, wave: u64, now: Instant) -> bool {
        let was_trial = wave == self.wave && self.refusals > 0;
        if was_trial {
            self.refusals = 0;
            self.next = self.next.min(now + Duration::from_secs_f64(1.0 / self.rate));
        }
        was_trial
    }

    /// A request of the wave `wave` was refused; the service asks to be left alone for `wait`, or
    /// does not say. Gives how long everybody waits from now.
    pub(crate) fn refused(&mut self, wave: u64, wait: Option<Duration>, now: Instant) -> Duration {
        self.climb(now);
        if wave == self.wave {
            self.wave += 1;
            self.refusals += 1;
            self.rate = (self.rate * SLOWER).max(self.ceiling * FLOOR);
        }
        let own = Duration::from_secs(1 << self.refusals.min(7)).min(LONGEST_OWN_HOLD);
        let until = now + wait.unwrap_or(own);
        let held = self.held_until.map_or(until, |held| held.max(until));
        self.held_until = Some(held);
        held.saturating_duration_since(now)
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is between 0 and 2^32")]
pub(crate) fn per_minute(per_second: f64) -> u32 {
    (per_second * 60.0).round() as u32
}
