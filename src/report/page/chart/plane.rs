//! Where everything of the drawing is: time across, requests a minute up.

use super::{
    super::super::traffic::{Strip, Traffic},
    HEIGHT,
};
use crate::domain::Time;
use serde::Serialize;
use std::fmt;

/// How wide the gap between two strips is, in buckets of a hundred.
const GAP: u64 = 3;

/// A place across the drawing, in thousandths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Percent(pub(super) u64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}%", self.0 / 1000, self.0 % 1000)
    }
}

impl Serialize for Percent {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where everything is.
pub(super) struct Plane<'a> {
    pub(super) traffic: &'a Traffic,
    /// The width of a gap, and of everything, in milliseconds.
    gap: u64,
    whole: u64,
    pub(super) top: u64,
}

impl Plane<'_> {
    pub(super) fn of(traffic: &Traffic) -> Plane<'_> {
        let buckets: u64 = traffic.strips.iter().map(|strip| length(strip, 1)).sum();
        let gap = (buckets * traffic.width * GAP).div_ceil(100);
        let gaps = traffic.strips.len().saturating_sub(1) as u64;
        let ceilings = traffic.strips.iter().map(|strip| u64::from(strip.rate));
        let counts = traffic.strips.iter().flat_map(|strip| &strip.buckets);
        let top = counts.map(|count| per_minute(*count, traffic.width)).chain(ceilings).max().unwrap_or(1);
        Plane { traffic, gap, whole: (buckets * traffic.width + gaps * gap).max(1), top: top.max(1) }
    }

    pub(super) fn across(&self, millis: u64) -> Percent {
        let place = u128::from(millis) * 100_000 / u128::from(self.whole);
        Percent(u64::try_from(place).unwrap_or(100_000).min(100_000))
    }

    /// Down from the top; what is there can be seen.
    pub(super) fn down(&self, per_minute: u64) -> u64 {
        HEIGHT - (per_minute * HEIGHT).div_ceil(self.top).min(HEIGHT)
    }

    /// Each strip with the place where it begins, in milliseconds.
    pub(super) fn strips(&self) -> impl Iterator<Item = (u64, &Strip)> {
        let mut next = 0;
        self.traffic.strips.iter().map(move |strip| {
            let begins = next;
            next += length(strip, self.traffic.width) + self.gap;
            (begins, strip)
        })
    }

    /// Where a moment is, if the run was at work then; or when it next was.
    pub(super) fn place(&self, at: Time) -> Option<u64> {
        let (begins, strip) = self.strips().find(|(_, strip)| at <= strip.to)?;
        Some(begins + millis(at, strip.from))
    }
}

pub(super) const fn length(strip: &Strip, width: u64) -> u64 {
    strip.buckets.len() as u64 * width
}

pub(super) fn millis(later: Time, earlier: Time) -> u64 {
    u64::try_from(later.since(earlier).as_millis()).unwrap_or(u64::MAX)
}

pub(super) fn per_minute(count: u32, width: u64) -> u64 {
    (u64::from(count) * 60_000).div_ceil(width.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::traffic::Pause;

    fn strip(from: i64, to: i64, buckets: Vec<u32>) -> Strip {
        let (from, to) = (Time::from_millis(from), Time::from_millis(to));
        Strip { since: from, from, to, after: Pause::Stop, rate: 60, buckets }
    }

    #[test]
    fn time_in_which_nobody_worked_is_cut_out() {
        let strips = vec![strip(0, 9_999, vec![1; 10]), strip(86_400_000, 86_409_999, vec![2; 10])];
        let mut traffic = Traffic::default();
        (traffic.width, traffic.strips) = (1_000, strips);
        let plane = Plane::of(&traffic);
        assert_eq!(plane.top, 120, "what is above the ceiling has room");
        let at = |millis| plane.place(Time::from_millis(millis)).map(|place| plane.across(place).0);
        assert_eq!(at(0), Some(0));
        let (first_half, second) = (at(5_000).unwrap(), at(86_400_000).unwrap());
        assert!(first_half < 25_000 && second > 50_000 && second < 53_000, "{first_half} {second}");
        assert_eq!(at(40_000_000), None.or(at(86_400_000)), "a moment in between is where it went on");
        assert_eq!(at(90_000_000), None, "and one afterwards is nowhere");
        assert_eq!([0, 60, 120, 999].map(|rate| plane.down(rate)), [150, 75, 0, 0]);
    }
}
