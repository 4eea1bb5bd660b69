//! The gateway's limits.

use super::super::scenario::{Limit, LimitKind, On, Per, RetryAfterForm};
use super::answers::{DraftAnswer, http_date};
use crate::domain::{TenantId, Time};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// The limits of a scenario and what counts against them.
#[derive(Debug)]
pub(super) struct Throttle(Vec<Gate>);

#[derive(Debug)]
struct Gate {
    limit: Limit,
    meters: BTreeMap<Option<TenantId>, LimitUsage>,
    sweep_at: usize,
}

/// What counts against one limit for one customer, or for everybody.
#[derive(Debug)]
enum LimitUsage {
    /// The last arrivals, oldest first; never more than the limit, for older ones cannot matter.
    Window(VecDeque<Time>),
    /// How full the bucket was at that time, in requests times the window's milliseconds.
    Bucket(u128, Time),
}

impl Throttle {
    pub(super) fn new(limits: Vec<Limit>) -> Self {
        let gate = |limit| Gate { limit, meters: BTreeMap::new(), sweep_at: 1024 };
        Self(limits.into_iter().map(gate).collect())
    }

    /// Counts a request, and refuses it if one of the limits is reached.
    pub(super) fn refuse(&mut self, now: Time, on: On, customer: Option<TenantId>) -> Option<DraftAnswer> {
        // Every limit counts the request, whichever of them refuses it.
        let waits = self
            .0
            .iter_mut()
            .filter_map(|gate| Some((gate.count(now, on, customer)?, gate.limit.retry_after)));
        let (wait, form) = waits.collect::<Vec<_>>().into_iter().max_by_key(|(wait, _)| *wait)?;
        let seconds = match form {
            RetryAfterForm::Absurd => 365 * 24 * 3600,
            _ => u64::try_from(wait.as_millis().div_ceil(1000)).unwrap_or(u64::MAX).max(1),
        };
        let answer = DraftAnswer::throttled(seconds);
        Some(match form {
            RetryAfterForm::None => answer,
            RetryAfterForm::Seconds | RetryAfterForm::Absurd => {
                answer.with_header("Retry-After", seconds.to_string())
            }
            RetryAfterForm::Date => {
                // A date has whole seconds, so it is rounded up.
                let until = now.plus(Duration::from_secs(seconds)).as_millis();
                let rounded = Time::from_millis(until.saturating_add(999) / 1000 * 1000);
                answer.with_header("Retry-After", http_date(rounded))
            }
        })
    }
}

impl Gate {
    /// How long to wait, if the limit is reached.
    fn count(&mut self, now: Time, on: On, customer: Option<TenantId>) -> Option<Duration> {
        let limit = &self.limit;
        if !limit.on.is_empty() && !limit.on.iter().any(|word| word.covers(on)) {
            return None;
        }
        let whose = match limit.per {
            Per::Partner => None,
            Per::Customer => Some(customer?),
        };
        let window = Duration::from_millis(limit.window_ms);
        if self.meters.len() >= self.sweep_at {
            self.meters.retain(|_, meter| !meter.is_idle(now, window));
            self.sweep_at = self.meters.len().saturating_mul(2).max(1024);
        }
        let meter = self.meters.entry(whose).or_insert_with(|| LimitUsage::new(limit, now));
        meter.count(now, limit)
    }
}

impl LimitUsage {
    fn new(limit: &Limit, now: Time) -> Self {
        match limit.kind {
            LimitKind::Window => Self::Window(VecDeque::new()),
            LimitKind::Bucket => Self::Bucket(u128::from(limit.requests) * u128::from(limit.window_ms), now),
        }
    }

    fn is_idle(&self, now: Time, window: Duration) -> bool {
        match self {
            Self::Window(arrivals) => arrivals.back().is_none_or(|last| now.since(*last) >= window),
            // A bucket that nobody used for a whole window is full again.
            Self::Bucket(_, at) => now.since(*at) >= window,
        }
    }

    fn count(&mut self, now: Time, limit: &Limit) -> Option<Duration> {
        let requests = usize::try_from(limit.requests).unwrap_or(usize::MAX);
        let window = Duration::from_millis(limit.window_ms);
        match self {
            Self::Window(arrivals) => {
                while arrivals.front().is_some_and(|first| now.since(*first) >= window) {
                    arrivals.pop_front();
                }
                let full = arrivals.len() >= requests;
                arrivals.push_back(now);
                if !full {
                    return None;
                }
                arrivals.pop_front();
                let next = arrivals.front().map(|first| first.plus(window).since(now));
                Some(next.unwrap_or(window))
            }
            Self::Bucket(level, at) => {
                let one = u128::from(limit.window_ms);
                let rate = u128::from(limit.requests);
                let filled = level.saturating_add(rate.saturating_mul(now.since(*at).as_millis()));
                *level = filled.min(rate.saturating_mul(one));
                *at = now;
                if let Some(rest) = level.checked_sub(one) {
                    *level = rest;
                    return None;
                }
                let missing = (one - *level).div_ceil(rate.max(1));
                Some(Duration::from_millis(u64::try_from(missing).unwrap_or(u64::MAX)))
            }
        }
    }
}
