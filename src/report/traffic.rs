//! What a run sent and how fast, in one pass: the totals, and the pace over time.
//!
//! The pace is kept in buckets whose number depends on nothing, so that a run of any length takes the same
//! memory. Time in which nobody worked is cut out: a run that was stopped and gone on with, or whose plan lay
//! before somebody, is drawn in strips.

use super::ReportError;
use crate::{
    audit::Reader,
    domain::{RunId, Seq, Time, is_taken_out},
    record::{Ended, RequestStory, RunStory, Sent, Wait},
};
use std::{collections::BTreeMap, time::Duration};

/// The most buckets that all strips have together, beyond one for each strip.
const BUCKETS: u64 = 100;
/// So many requests a bucket should have at the ceiling; with fewer, what is even looks uneven.
const AT_THE_CEILING: u64 = 10;
/// How long a bucket can be, in milliseconds: what people count time in.
const WIDTHS: [u64; 20] = [
    100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000,
    1_800_000, 3_600_000, 7_200_000, 21_600_000, 43_200_000, 86_400_000,
];
/// A shorter wait for somebody's answer is not cut out.
const WORTH_A_CUT: Duration = Duration::from_secs(30);

/// Where time may be cut, and why.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeCut {
    /// The record after the pause, and when that was.
    pub(super) seq: Seq,
    pub(super) at: Time,
    pub(super) after: Pause,
    /// The ceiling from then on, in requests a minute.
    pub(super) rate: u32,
}

/// What was between two strips.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// Nothing: the run began.
    None,
    /// Somebody was asked.
    Question,
    /// The run had stopped.
    Stop,
}

/// A piece of time in which the run was at work.
#[derive(Debug)]
pub(super) struct Strip {
    /// When the pause before it ended; somebody may have been asked first of all.
    pub(super) since: Time,
    pub(super) from: Time,
    pub(super) to: Time,
    pub(super) after: Pause,
    pub(super) rate: u32,
    /// Requests in each bucket.
    pub(super) buckets: Vec<u32>,
}

/// What was sent, and how fast.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// In numbers.
    pub(super) sent: Sent,
    /// How long a bucket is, in milliseconds.
    pub(super) width: u64,
    pub(super) strips: Vec<Strip>,
    pub(super) waits: Vec<Wait>,
    /// The minute of the clock in which most was sent.
    pub(super) busiest: Option<(Time, u32)>,
    /// After so many milliseconds half of the answers were there.
    pub(super) median: Option<u64>,
    /// Requests that were sent while the run was not at work: to compare it with Partner Center's own record.
    pub(super) outside: u64,
    /// Requests by the minute of the clock.
    minutes: BTreeMap<i64, u32>,
    /// Answers by their milliseconds.
    took: BTreeMap<u64, u64>,
}

impl Traffic {
    /// What was sent for no row, and when everything waited; the requests of each row are added later.
    pub(super) fn of(reader: &Reader, run: &RunStory) -> Result<Self, ReportError> {
        let mut traffic = Self::default();
        traffic.strips = strips(reader, &run.id, &cuts(run))?;
        traffic.width = width(&traffic.strips);
        for strip in &mut traffic.strips {
            let count = usize::try_from(buckets(strip, traffic.width)).unwrap_or_default();
            strip.buckets = vec![0; count];
        }
        traffic.waits = Wait::all(&run.held);
        run.requests.iter().for_each(|request| traffic.add(request));
        Ok(traffic)
    }

    /// Adds a request; they may come in any order.
    pub(super) fn add(&mut self, request: &RequestStory) {
        self.sent.add(request);
        if let Some(Ended::Responded(response)) = request.ended() {
            *self.took.entry(response.duration_ms).or_default() += 1;
        }
        let at = request.at;
        *self.minutes.entry(at.as_millis().div_euclid(60_000)).or_default() += 1;
        let last = self.strips.partition_point(|strip| strip.from <= at).checked_sub(1);
        let strip = last.and_then(|last| self.strips.get_mut(last)).filter(|strip| at <= strip.to);
        let bucket = strip.and_then(|strip| {
            let place = at.since(strip.from).as_millis() / u128::from(self.width);
            let end = strip.buckets.len().checked_sub(1)?;
            strip.buckets.get_mut(usize::try_from(place).unwrap_or(end).min(end))
        });
        match bucket {
            Some(bucket) => *bucket += 1,
            None => self.outside += 1,
        }
    }

    /// When all requests were added.
    pub(super) fn end(&mut self) {
        let busiest =
            self.minutes.iter().max_by_key(|(minute, count)| (**count, std::cmp::Reverse(**minute)));
        self.busiest = busiest.map(|(minute, count)| (Time::from_millis(minute * 60_000), *count));
        let half = self.took.values().sum::<u64>().div_ceil(2);
        let mut so_far = 0;
        self.median = self.took.iter().find_map(|(took, count)| {
            so_far += count;
            (so_far >= half).then_some(*took)
        });
    }
}

/// Where time may be cut: where somebody was asked, and where the run was resumed.
fn cuts(run: &RunStory) -> Vec<TimeCut> {
    let begun = TimeCut { seq: 0, at: run.started_at, after: Pause::None, rate: run.opened.policy.rate };
    let asked = run.confirmed.iter().map(|(seq, at, _)| (*seq, *at, None));
    let mut moments: Vec<_> =
        run.resumed().map(|(seq, at, policy)| (seq, at, Some(policy.rate))).chain(asked).collect();
    moments.sort_by_key(|(seq, ..)| *seq);
    let mut cuts = vec![begun];
    for (seq, at, rate) in moments {
        let after = if rate.is_some() { Pause::Stop } else { Pause::Question };
        let before = cuts.last().map_or(0, |cut| cut.rate);
        cuts.push(TimeCut { seq, at, after, rate: rate.unwrap_or(before) });
    }
    cuts
}

/// The strips, without their buckets.
fn strips(reader: &Reader, run: &RunId, cuts: &[TimeCut]) -> Result<Vec<Strip>, ReportError> {
    let mut strips: Vec<Strip> = Vec::new();
    for cut in cuts {
        let TimeCut { seq, at, after, rate } = *cut;
        if let Some(last) = strips.last_mut() {
            let done =
                reader.last_done_before(run, seq)?.filter(|_| !is_taken_out("days-without-work-are-drawn"));
            last.to = done.unwrap_or(at).clamp(last.from, at.max(last.from));
            if after == Pause::Question {
                if at.since(last.to) < WORTH_A_CUT {
                    continue;
                }
                if last.to == last.from {
                    last.from = at;
                    continue;
                }
            }
        }
        strips.push(Strip { since: at, from: at, to: at, after, rate, buckets: Vec::new() });
    }
    if let Some(last) = strips.last_mut() {
        last.to = reader.last_done_before(run, Seq::MAX)?.unwrap_or(last.from).max(last.from);
    }
    Ok(strips)
}

const fn millis(strip: &Strip) -> u64 {
    strip.to.as_millis().saturating_sub(strip.from.as_millis()).unsigned_abs()
}

fn buckets(strip: &Strip, width: u64) -> u64 {
    millis(strip) / width + 1
}

/// The shortest width that gives few enough buckets, each with room for some requests.
fn width(strips: &[Strip]) -> u64 {
    let most = BUCKETS + u64::try_from(strips.len()).unwrap_or_default();
    let slowest = strips.iter().map(|strip| u64::from(strip.rate)).min().unwrap_or_default();
    let fits = |width: u64| strips.iter().map(|strip| buckets(strip, width)).sum::<u64>() <= most;
    let is_even = |width: u64| slowest * width >= AT_THE_CEILING * 60_000 || width >= 60_000;
    let found = WIDTHS.into_iter().find(|width| fits(*width) && is_even(*width));
    found.unwrap_or_else(|| {
        // Longer than a hundred days of work.
        let all: u64 = strips.iter().map(millis).sum();
        (all / BUCKETS + 1).next_multiple_of(86_400_000)
    })
}
