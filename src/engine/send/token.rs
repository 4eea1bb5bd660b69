//! The access token of the moment, as a state: when it is to be renewed, and when that is no use.

use crate::{
    domain::{Secret, Time},
    engine::source::Source,
    record::TokenNamed,
};
use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// How long before its end a token is renewed, if it lives long.
const BEFORE_ITS_END: Duration = Duration::from_mins(5);

/// How many tokens in a row may be refused that were never once accepted.
const MOST_DISAPPOINTMENTS: u32 = 2;

/// An access token, and which of them it is.
#[derive(Clone, Debug)]
pub(crate) struct Bearer {
    pub(crate) token: Secret,
    generation: u64,
}

impl Bearer {
    /// Whether the two are the same token.
    pub(crate) const fn is(&self, other: &Self) -> bool {
        self.generation == other.generation
    }
}

/// The access token of the moment.
#[derive(Debug, Default)]
pub(crate) struct CurrentToken {
    bearer: Option<Bearer>,
    generation: u64,
    /// From then on it is renewed before it is used.
    due: Option<Time>,
    /// When it ends.
    ends: Option<Time>,
    /// Whether the service refused it.
    is_spent: bool,
    was_accepted: bool,
    /// How many tokens in a row, up to this one, were refused and never accepted.
    disappointments: u32,
}

impl CurrentToken {
    /// The token, unless it is to be renewed first.
    pub(crate) fn current(&self, now: Time) -> Option<&Bearer> {
        let is_good = !self.is_spent && self.due.is_none_or(|due| now < due);
        self.bearer.as_ref().filter(|_| is_good)
    }

    /// A token was obtained that lives for `lifetime` from `asked_at` on; nobody may know how long.
    pub(crate) fn obtained(&mut self, token: Secret, asked_at: Time, lifetime: Option<Duration>) -> Bearer {
        self.generation += 1;
        let bearer = Bearer { token, generation: self.generation };
        self.bearer = Some(bearer.clone());
        self.ends = lifetime.map(|lifetime| asked_at.plus(lifetime));
        self.due = lifetime.map(|lifetime| asked_at.plus(lifetime.saturating_sub(margin(lifetime))));
        (self.is_spent, self.was_accepted) = (false, false);
        bearer
    }

    /// The service took this token.
    pub(crate) fn accepted(&mut self, bearer: &Bearer) {
        if bearer.generation == self.generation {
            self.was_accepted = true;
            self.disappointments = 0;
        }
    }

    /// The service did not take this token. Only the first to say so of a token counts: all that were
    /// in flight with it say the same.
    pub(crate) fn refused(&mut self, bearer: &Bearer, now: Time) {
        if bearer.generation != self.generation || self.is_spent {
            return;
        }
        let has_ended = self.ends.is_some_and(|ends| now >= ends);
        if !has_ended && !self.was_accepted {
            self.disappointments += 1;
        }
        self.is_spent = true;
    }

    /// Whether a further token is no use: those before it were refused although they should have been
    /// good, and none of them was ever accepted.
    pub(crate) const fn is_hopeless(&self) -> bool {
        self.disappointments >= MOST_DISAPPOINTMENTS
    }
}

/// A quarter of a short life, five minutes of a long one.
fn margin(lifetime: Duration) -> Duration {
    BEFORE_ITS_END.min(lifetime / 4)
}

/// The tokens of a run: where they come from, and the one that is used now, renewed by one at a time.
#[derive(Debug)]
pub(crate) struct RunTokens {
    pub(crate) source: Source,
    token: Mutex<CurrentToken>,
    /// What is on record of it.
    named: Mutex<Option<TokenNamed>>,
}

impl RunTokens {
    pub(crate) fn new(source: Source) -> Self {
        Self { source, token: Mutex::default(), named: Mutex::default() }
    }

    /// The token, unless it is to be renewed first.
    pub(crate) fn current(&self, now: Time) -> Option<Bearer> {
        self.token().current(now).cloned()
    }

    /// Whether this is still the token to use.
    pub(crate) fn is_current(&self, bearer: &Bearer, now: Time) -> bool {
        self.token().current(now).is_some_and(|current| current.is(bearer))
    }

    /// Whether there may be another token after this one.
    pub(crate) const fn can_renew(&self) -> bool {
        !matches!(self.source, Source::Given(_))
    }

    pub(crate) fn accepted(&self, bearer: &Bearer) {
        self.token().accepted(bearer);
    }

    pub(crate) fn refused(&self, bearer: &Bearer, now: Time) {
        self.token().refused(bearer, now);
    }

    pub(crate) fn is_hopeless(&self) -> bool {
        self.token().is_hopeless()
    }

    pub(crate) fn token(&self) -> MutexGuard<'_, CurrentToken> {
        locked(&self.token)
    }

    /// What is on record of the token of the moment.
    pub(crate) fn named(&self) -> MutexGuard<'_, Option<TokenNamed>> {
        locked(&self.named)
    }
}

/// Each change of what these guard is whole.
fn locked<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::from_millis(0).plus(Duration::from_secs(seconds))
    }

    fn new(token: &mut CurrentToken, now: u64, lifetime: Option<u64>) -> Bearer {
        token.obtained(Secret::new("t".to_owned()), at(now), lifetime.map(Duration::from_secs))
    }

    #[test]
    fn it_is_renewed_before_its_end_by_a_margin_that_fits_its_life() {
        for (lifetime, due) in [(3600, 3300), (900, 675), (2, 1), (86_400, 86_100)] {
            let mut token = CurrentToken::default();
            assert!(token.current(at(0)).is_none());
            new(&mut token, 100, Some(lifetime));
            assert!(token.current(at(100 + due - 1)).is_some(), "{lifetime}");
            assert!(token.current(at(100 + due + 1)).is_none(), "{lifetime}");
        }
        let mut token = CurrentToken::default();
        new(&mut token, 0, None);
        assert!(token.current(at(1_000_000)).is_some());
    }

    #[test]
    fn many_refusals_of_one_token_are_one() {
        let mut token = CurrentToken::default();
        let first = new(&mut token, 0, Some(3600));
        for _ in 0..32 {
            token.refused(&first, at(1));
        }
        assert!(token.current(at(1)).is_none() && !token.is_hopeless());
        let second = new(&mut token, 1, Some(3600));
        // A late answer to the first says nothing about the second.
        token.refused(&first, at(2));
        assert!(token.current(at(2)).is_some());
        token.refused(&second, at(2));
        assert!(token.is_hopeless());
    }

    #[test]
    fn a_token_that_was_accepted_or_has_ended_is_no_disappointment() {
        let mut token = CurrentToken::default();
        for round in 0..10 {
            let bearer = new(&mut token, round * 10, Some(5));
            if round % 2 == 0 {
                token.accepted(&bearer);
                token.refused(&bearer, at(round * 10 + 1));
            } else {
                token.refused(&bearer, at(round * 10 + 5));
            }
            assert!(!token.is_hopeless(), "{round}");
        }
    }
}
