//! How long a run still takes, as far as its records tell. Pure, and silent wherever they do not tell.
//!
//! What is still to be sent, at the pace at which requests were sent lately, gives the time; what has to be
//! waited for may make it longer. Nobody knows how long the service takes to show what it has accepted, so
//! that counts with its deadline, as a bound.

use super::{bulk, sequence};
use crate::{
    domain::{Outcome, Preparation, Time, is_taken_out},
    procedure::{self, effects::unit},
    record::{Change, ChangePhase, Changing, Row, RowState, Run, Stage},
};
use std::{collections::VecDeque, time::Duration};

/// Over how long the pace is measured, at most.
const WINDOW: Duration = Duration::from_mins(1);
/// Over how long, at least.
const KNOWN_AFTER: Duration = Duration::from_secs(10);
/// How far apart two measurements are, at least.
const APART: Duration = Duration::from_secs(1);
/// How many rows must have been judged before it is known what one costs.
const ENOUGH_ROWS: u32 = 10;

/// How long it still takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeLeft {
    /// About so long.
    About(Duration),
    /// So long at most: something is waited for that may be over sooner.
    AtMost(Duration),
}

/// What was sent lately, seen by looking at the run every now and then.
#[derive(Clone, Debug, Default)]
pub struct Meter {
    /// When it was looked at, and how many requests were on record then.
    seen: VecDeque<(Time, u64)>,
    /// What the run is doing: its stage, and whether customers wait for an earlier wave to end.
    doing: Option<(Stage, bool)>,
    /// The requests and the judged rows when the first row of this stage was judged.
    began: Option<(u64, u32)>,
    /// What one row cost to be judged.
    a_row: Option<f64>,
}

impl Meter {
    /// Looks at the run. A pause that the service asked for is not part of any pace.
    pub fn look(&mut self, run: &Run, now: Time) {
        let doing = Some((run.stage, run.has_later_waves()));
        if self.doing != doing || is_held(run, now) {
            self.seen.clear();
        }
        if self.doing != doing {
            self.doing = doing;
            self.began = None;
        }
        if self.seen.back().is_none_or(|(at, _)| now.since(*at) >= APART) {
            self.seen.push_back((now, run.requests));
        }
        while self.seen.get(1).is_some_and(|(at, _)| now.since(*at) >= WINDOW) {
            self.seen.pop_front();
        }
        match self.began {
            // The listing of all customers comes first, and belongs to no row.
            None => self.began = Some((run.requests, run.judged)),
            Some((_, judged)) if run.judged == judged => self.began = Some((run.requests, judged)),
            Some((requests, judged)) if run.judged >= judged + ENOUGH_ROWS => {
                let sent = run.requests.saturating_sub(requests);
                self.a_row = Some(as_number(sent) / f64::from(run.judged - judged));
            }
            Some(_) => {}
        }
    }

    /// Requests a minute, as they were sent over the last minute, or for as long as this run has sent without
    /// a pause, if that is known long enough.
    pub fn per_minute(&self) -> Option<f64> {
        let (first, last) = self.seen.front().zip(self.seen.back())?;
        let span = last.0.since(first.0);
        let sent = as_number(last.1.saturating_sub(first.1));
        (span >= KNOWN_AFTER).then(|| sent * 60.0 / span.as_secs_f64())
    }

    /// How long the run still takes to the end of what it is doing: reading, or changing.
    pub fn time_left(&self, run: &Run, now: Time) -> Option<TimeLeft> {
        time_left(run, self.per_minute().filter(|pace| *pace > 0.0), self.a_row, now)
    }
}

fn is_held(run: &Run, now: Time) -> bool {
    run.held_until.is_some_and(|until| until > now)
}

/// At this pace, in requests a minute, if it is known; and if a row costs so many requests to be judged.
fn time_left(run: &Run, pace: Option<f64>, a_row: Option<f64>, now: Time) -> Option<TimeLeft> {
    if is_held(run, now) && !is_taken_out("time-left-during-a-pause") {
        return None;
    }
    match run.stage {
        Stage::Judging => {
            let is_unread =
                |row: &&Row| matches!(row.state, RowState::Unread { .. }) && row.customer.is_some();
            let unread = as_number(run.rows.iter().filter(is_unread).count() as u64);
            let took = seconds(unread * a_row? * 60.0 / pace?)?;
            (!took.is_zero()).then_some(TimeLeft::About(took))
        }
        // How long a wave takes to be seen gone says nothing about the customers after it.
        Stage::Confirmed if !run.has_later_waves() => WorkLeft::of(run, pace, now).time_left(run, pace, now),
        Stage::Confirmed | Stage::Planned | Stage::Sealed => None,
    }
}

/// What is still to be done.
#[derive(Debug)]
struct WorkLeft {
    /// Requests to be sent, but for the looks at what was changed last.
    requests: f64,
    /// How many customers are to be looked at when their last change was sent.
    looks: f64,
    /// Nothing is sent for some row before this, however quick the rest is.
    not_before: Time,
    /// Some row may take until this, if the service shows no sooner what it has accepted.
    at_most: Time,
}

impl WorkLeft {
    fn of(run: &Run, pace: Option<f64>, now: Time) -> Self {
        let mut work = Self { requests: 0.0, looks: 0.0, not_before: now, at_most: now };
        for row in &run.rows {
            match &row.state {
                // A guard stopped the changes: what was sent is seen through, and no more.
                RowState::Judged { verdict: Outcome::Ready, facts_at } if run.stopped_by_guard.is_none() => {
                    let turn = pace.and_then(|pace| seconds(work.requests * 60.0 / pace));
                    let turn = now.plus(turn.unwrap_or_default());
                    if turn.since(*facts_at) > sequence::may_be_old(&run.policy) {
                        work.requests += procedure::unit(run.opened.procedure).look_again_costs();
                    }
                    work.requests += row.first.iter().map(cost).sum::<f64>() + 1.0;
                    work.looks += 1.0;
                }
                RowState::Changing(changing) => work.see_through(run, row, changing),
                _ => {}
            }
        }
        work
    }

    fn see_through(&mut self, run: &Run, row: &Row, changing: &Changing) {
        if changing.failed_after.is_some() {
            if changing.undo == Some(true) {
                self.requests += changing.can_be_taken_back(&row.first).map(cost).sum::<f64>();
            }
            return;
        }
        let may_send = run.stopped_by_guard.is_none();
        for one in &row.first {
            match changing.of(one) {
                None if may_send => self.requests += cost(one),
                None => {}
                Some(change) => {
                    self.requests += self.one(run, change, unit(one.what).patience(&run.policy));
                }
            }
        }
        match changing.last() {
            None if may_send => {
                self.requests += 1.0;
                self.looks += 1.0;
            }
            None => {}
            Some(change) => {
                let requests = self.one(run, change, run.policy.settle());
                // The last of them is the look.
                self.requests += (requests - 1.0).max(0.0);
                self.looks += requests.min(1.0);
            }
        }
    }

    /// What is still to be sent for a change, the look at it included.
    fn one(&mut self, run: &Run, change: &Change, patience: Duration) -> f64 {
        match change.phase {
            ChangePhase::Open { .. } => 1.0,
            ChangePhase::ToSend { .. } | ChangePhase::DidNotHappen if run.stopped_by_guard.is_none() => 2.0,
            ChangePhase::ToSend { since, .. } if change.is_unproven => {
                self.not_before = self.not_before.max(since.plus(run.policy.settle()));
                1.0
            }
            ChangePhase::Accepted { since, looks, .. } => {
                if looks.count() > 0 && !is_taken_out("no-bound-for-what-is-accepted") {
                    self.at_most = self.at_most.max(since.plus(patience));
                }
                1.0
            }
            ChangePhase::InDoubt { since, .. } => {
                self.not_before = self.not_before.max(since.plus(run.policy.settle()));
                1.0
            }
            ChangePhase::ToSend { .. }
            | ChangePhase::DidNotHappen
            | ChangePhase::Refused { .. }
            | ChangePhase::Otherwise { .. }
            | ChangePhase::Gone { .. } => 0.0,
        }
    }

    fn time_left(self, run: &Run, pace: Option<f64>, now: Time) -> Option<TimeLeft> {
        // Many are seen in one listing of all customers, where that costs less.
        let looks = bulk::pages(run).map_or(self.looks, |pages| {
            let turns = f64::from(pages + 1) * f64::from(run.policy.concurrency);
            let listings = 1.0 + self.looks / (f64::from(bulk::WORTH) * turns);
            self.looks.min(f64::from(pages) * listings)
        });
        let waits = self.not_before.max(self.at_most);
        let sending = match pace {
            Some(pace) => seconds((self.requests + looks) * 60.0 / pace)?,
            // While nothing is sent because everything waits, the wait is what is known.
            None if self.requests == 0.0 && waits > now => Duration::ZERO,
            None => return None,
        };
        let sent = now.plus(sending);
        if self.at_most > sent && self.at_most > self.not_before {
            return Some(TimeLeft::AtMost(self.at_most.since(now)));
        }
        let left = sent.max(self.not_before).since(now);
        (!left.is_zero()).then_some(TimeLeft::About(left))
    }
}

/// What a preparation costs.
fn cost(one: &Preparation) -> f64 {
    unit(one.what).cost()
}

/// None for what nobody waits for.
fn seconds(seconds: f64) -> Option<Duration> {
    Duration::try_from_secs_f64(seconds).ok()
}

#[expect(clippy::cast_precision_loss, reason = "nobody sends 2^52 requests")]
const fn as_number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
