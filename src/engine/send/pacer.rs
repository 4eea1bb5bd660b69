//! One shared gate for everything that is sent.
//!
//! A governor limiter is the ceiling: it proves the promised maximum and is never replaced. In front
//! of it stands the [`Pace`], which slows down once for each wave of refusals, climbs back steadily,
//! and holds everyone until the service may be asked again. Slots are given one at a time, in the
//! order of asking, so nobody is overtaken and no herd wakes up.

use super::pace::{GRAIN, Pace, PaceNow, per_minute};
use governor::{
    Quota, RateLimiter,
    clock::Clock as GovernorClock,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed},
};
use std::{
    num::NonZeroU32,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until},
};

type Ceiling = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Nanos>>;

/// Tokio's clock, as governor wants it, so that a paused test moves both.
#[derive(Clone, Debug)]
struct TokioClock(Instant);

impl GovernorClock for TokioClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        self.0.elapsed().into()
    }
}

/// A permission to send one request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot {
    wave: u64,
}

/// The gate.
#[derive(Debug)]
pub(crate) struct Pacer {
    ceiling: Ceiling,
    clock: TokioClock,
    pace: Mutex<Pace>,
    /// The next slot comes sooner than whoever waits for it knows.
    sooner: Notify,
    /// Whoever holds this is next; tokio's mutex is fair.
    turn: tokio::sync::Mutex<()>,
}

impl Pacer {
    /// A gate that lets `per_minute` requests a minute pass, the first one after `held_for`: whoever is
    /// started again owes the service the patience that it was asked for before.
    pub(crate) fn new(per_minute: u32, held_for: Duration) -> Self {
        let now = Instant::now();
        let clock = TokioClock(now);
        let per_minute = NonZeroU32::new(per_minute).unwrap_or(NonZeroU32::MIN);
        let gap = Duration::from_mins(1) / per_minute.get();
        // One more than fall into a grain: a slot that was taken late must not make all after it late.
        let in_a_grain = u32::try_from(GRAIN.as_nanos().div_ceil(gap.as_nanos().max(1))).unwrap_or(u32::MAX);
        let burst = NonZeroU32::MIN.saturating_add(in_a_grain);
        let quota =
            Quota::with_period(gap).unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN)).allow_burst(burst);
        Self {
            ceiling: RateLimiter::direct_with_clock(quota, clock.clone()),
            clock,
            pace: Mutex::new(Pace::new(per_minute.get(), held_for, now)),
            sooner: Notify::new(),
            turn: tokio::sync::Mutex::new(()),
        }
    }

    /// Waits for a slot. Dropping the future gives the turn back.
    pub(crate) async fn slot(&self) -> Slot {
        let _turn = self.turn.lock().await;
        loop {
            let now = Instant::now();
            let at = self.pace().slot_at(now);
            if at > now {
                // Whoever is refused or answered meanwhile moves the slot, so look again after the sleep.
                tokio::select! {
                    () = sleep_until(at) => {}
                    () = self.sooner.notified() => {}
                }
                continue;
            }
            if let Err(not_until) = self.ceiling.check() {
                sleep(not_until.wait_time_from(self.clock.now())).await;
                continue;
            }
            let mut pace = self.pace();
            pace.take(at, now);
            return Slot { wave: pace.wave };
        }
    }

    /// The request of this slot was refused. Gives how long everybody waits, and the rate after it.
    pub(crate) fn refused(&self, slot: Slot, wait: Option<Duration>) -> PaceNow {
        let mut pace = self.pace();
        let held_for = pace.refused(slot.wave, wait, Instant::now());
        PaceNow { per_minute: per_minute(pace.rate), held_for: Some(held_for) }
    }

    /// The request of this slot was answered, and not with a refusal.
    pub(crate) fn answered(&self, slot: Slot) {
        if self.pace().answered(slot.wave, Instant::now()) {
            self.sooner.notify_one();
        }
    }

    /// The pace now.
    pub(crate) fn now(&self) -> PaceNow {
        let now = Instant::now();
        let pace = self.pace();
        let held = pace.held_until.map(|held| held.saturating_duration_since(now));
        PaceNow { per_minute: per_minute(pace.rate), held_for: held.filter(|held| !held.is_zero()) }
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        // The pace is plain numbers: a panic elsewhere cannot leave it half written.
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[tokio::test(start_paused = true)]
    async fn slots_come_at_the_ceiling_and_in_order() {
        let pacer = Arc::new(Pacer::new(300, Duration::ZERO));
        let began = Instant::now();
        for _ in 0..301 {
            pacer.slot().await;
        }
        let took = began.elapsed();
        assert!(took >= Duration::from_mins(1) && took < Duration::from_secs(61), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn at_high_rates_the_ceiling_holds_too() {
        let pacer = Pacer::new(600_000, Duration::ZERO);
        let began = Instant::now();
        for _ in 0..10_000 {
            pacer.slot().await;
        }
        let took = began.elapsed();
        assert!(took >= Duration::from_millis(990) && took < Duration::from_millis(1100), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn slots_between_two_ticks_of_the_clock_are_not_lost() {
        // Every 2.5 ms; a sleep ends with a whole one.
        let pacer = Pacer::new(24_000, Duration::ZERO);
        let began = Instant::now();
        for _ in 0..401 {
            pacer.slot().await;
        }
        let took = began.elapsed();
        assert!(took >= Duration::from_secs(1) && took < Duration::from_millis(1010), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_holds_everyone_until_the_service_may_be_asked() {
        let pacer = Pacer::new(60_000, Duration::ZERO);
        let first = pacer.slot().await;
        let second = pacer.slot().await;
        let began = Instant::now();
        assert_eq!(pacer.refused(first, Some(Duration::from_secs(30))).per_minute, 42_000);
        // Refusals of the same wave slow down only once.
        assert_eq!(pacer.refused(second, Some(Duration::from_secs(10))).per_minute, 42_000);
        pacer.slot().await;
        assert!(began.elapsed() >= Duration::from_secs(30));
    }

    #[tokio::test(start_paused = true)]
    async fn a_hold_outlives_the_process() {
        let pacer = Pacer::new(60_000, Duration::from_secs(40));
        let began = Instant::now();
        pacer.slot().await;
        assert!(began.elapsed() >= Duration::from_secs(40));
    }

    #[tokio::test(start_paused = true)]
    async fn the_rate_climbs_back_to_the_ceiling_and_no_further() {
        let pacer = Pacer::new(6000, Duration::ZERO);
        let slot = pacer.slot().await;
        pacer.refused(slot, Some(Duration::ZERO));
        sleep(Duration::from_secs(31)).await;
        pacer.slot().await;
        assert_eq!(pacer.now().per_minute, 6000);
        sleep(Duration::from_secs(310)).await;
        pacer.slot().await;
        assert_eq!(pacer.now().per_minute, 6000);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_word_from_the_service_the_hold_doubles() {
        let pacer = Pacer::new(6000, Duration::ZERO);
        let mut holds = Vec::new();
        for _ in 0..9 {
            let slot = pacer.slot().await;
            holds.push(pacer.refused(slot, None).held_for.unwrap().as_secs());
        }
        assert_eq!(holds, [2, 4, 8, 16, 32, 64, 120, 120, 120]);
        // An answer to what was sent before the refusal says nothing about after it.
        let old = pacer.slot().await;
        pacer.refused(old, None);
        pacer.answered(old);
        let slot = pacer.slot().await;
        assert_eq!(pacer.refused(slot, None).held_for.unwrap().as_secs(), 120);
        let slot = pacer.slot().await;
        pacer.answered(slot);
        assert_eq!(pacer.refused(slot, None).held_for.unwrap().as_secs(), 2);
    }
}
