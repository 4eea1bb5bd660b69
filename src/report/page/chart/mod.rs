//! The pace over time, drawn: a bar a bucket, the ceiling as a line, waits as bands, stops as marks.
//!
//! Across, everything is in percent, so that the drawing is as wide as the page and its words stay as large
//! as they are. Whole numbers only: the same log gives the same drawing everywhere.

mod plane;

use super::super::{
    told::ReportedRun,
    traffic::{Pause, Strip, Traffic},
};
use super::in_words;
use crate::{
    domain::{Time, is_taken_out},
    record::Wait,
};
use plane::{Percent, Plane, length, millis, per_minute};
use serde::Serialize;
use std::time::Duration;

/// How high the drawing is, in pixels.
const HEIGHT: u64 = 150;
/// How wide the words under a strip are, as [`Percent`].
const WORDS: u64 = 16_000;
/// With more waits than this, their numbers would stand on each other.
const NUMBERED: usize = 20;
/// So many waits are told one by one; the log has them all.
const TOLD: usize = 200;

#[derive(Serialize)]
pub(super) struct Chart {
    height: u64,
    strips: Vec<Drawn>,
    bars: Vec<Bar>,
    bands: Vec<Band>,
    marks: Vec<ChartMark>,
    /// The top of the drawing, in requests a minute.
    top: u64,
    width: String,
    told: Vec<PaceEvent>,
    more_waits: usize,
    waited: Option<String>,
    wait_count: usize,
    busiest: Option<(String, u32)>,
    median: Option<u64>,
    outside: u64,
    worked: String,
    /// When the last strip ends, if there is room to say so.
    end: Option<String>,
}

#[derive(Serialize)]
struct Drawn {
    x: Percent,
    width: Percent,
    end: Percent,
    ceiling: u32,
    y: u64,
    from: String,
    /// How the strip began, if it is not the first.
    after: Option<&'static str>,
    /// Whether there is room for its words.
    is_labelled: bool,
    ceiling_is_new: bool,
}

#[derive(Serialize)]
struct Bar {
    x: Percent,
    width: Percent,
    y: u64,
    height: u64,
    at: String,
    count: u32,
    per_minute: u64,
}

#[derive(Serialize)]
struct Band {
    x: Percent,
    width: Percent,
    number: Option<usize>,
    end: Percent,
    /// The pace that was allowed afterwards.
    y: u64,
}

#[derive(Serialize)]
struct ChartMark {
    x: Percent,
}

/// A line of what happened to the pace.
#[derive(Serialize)]
struct PaceEvent {
    #[serde(skip)]
    time: Time,
    at: String,
    /// Of a wait.
    number: Option<usize>,
    until: Option<String>,
    lasted: Option<String>,
    rate: Option<u32>,
    more_answers: u32,
    /// Of what is no wait.
    what: Option<&'static str>,
    why: String,
}

impl Chart {
    /// None if nothing was sent.
    pub(super) fn of(reported: &ReportedRun) -> Option<Self> {
        let traffic = &reported.traffic;
        if traffic.sent.requests == 0 {
            return None;
        }
        let plane = Plane::of(traffic);
        let worked: u64 = traffic.strips.iter().map(|strip| millis(strip.to, strip.from)).sum();
        let wait_count = traffic.waits.len();
        let waited: Duration = traffic.waits.iter().map(Wait::lasted).sum();
        let strips = drawn(&plane);
        Some(Self {
            height: HEIGHT,
            end: end(traffic, &strips),
            strips,
            bars: plane.strips().flat_map(|(begins, strip)| bars(&plane, begins, strip)).collect(),
            bands: if is_taken_out("waits-that-nobody-sees") { Vec::new() } else { bands(&plane) },
            marks: marks(&plane, reported),
            top: plane.top,
            width: exactly(traffic.width),
            told: told(traffic, reported),
            more_waits: wait_count.saturating_sub(TOLD),
            waited: (wait_count > 0).then(|| lasting(u64::try_from(waited.as_millis()).unwrap_or(u64::MAX))),
            wait_count,
            busiest: traffic.busiest.map(|(minute, count)| (minute.to_string(), count)),
            median: traffic.median,
            outside: traffic.outside,
            worked: lasting(worked),
        })
    }
}

fn drawn(plane: &Plane<'_>) -> Vec<Drawn> {
    let mut all: Vec<Drawn> = Vec::new();
    // How far the last words reach.
    let mut said = None;
    for (begins, strip) in plane.strips() {
        let length = length(strip, plane.traffic.width);
        let x = plane.across(begins);
        let is_labelled = said.is_none_or(|said: Percent| x.0 >= said.0 + WORDS);
        if is_labelled {
            said = Some(x);
        }
        all.push(Drawn {
            x,
            width: plane.across(length),
            end: plane.across(begins + length),
            ceiling: strip.rate,
            y: plane.down(u64::from(strip.rate)),
            from: strip.from.to_string(),
            after: began(strip.after),
            is_labelled,
            ceiling_is_new: all.last().is_none_or(|last| last.ceiling != strip.rate),
        });
    }
    all
}

fn end(traffic: &Traffic, strips: &[Drawn]) -> Option<String> {
    let said = strips.iter().rev().find(|strip| strip.is_labelled)?;
    let has_room = 100_000 - said.x.0 >= 2 * WORDS;
    traffic.strips.last().filter(|_| has_room).map(|strip| strip.to.to_string())
}

fn bars(plane: &Plane<'_>, begins: u64, strip: &Strip) -> Vec<Bar> {
    let width = plane.traffic.width;
    let all = (0..).zip(&strip.buckets).filter(|(_, count)| **count > 0);
    all.map(|(number, count)| {
        let per_minute = per_minute(*count, width);
        let y = plane.down(per_minute);
        let later = std::time::Duration::from_millis(number * width);
        Bar {
            x: plane.across(begins + number * width),
            width: plane.across(width),
            y,
            height: HEIGHT - y,
            at: strip.from.plus(later).to_string(),
            count: *count,
            per_minute,
        }
    })
    .collect()
}

/// The waits, each where it was; those that would lie on each other are one.
fn bands(plane: &Plane<'_>) -> Vec<Band> {
    let is_numbered = plane.traffic.waits.len() <= NUMBERED;
    let mut bands: Vec<Band> = Vec::new();
    for (number, wait) in (1..).zip(&plane.traffic.waits) {
        let Some(begins) = plane.place(wait.from) else { continue };
        let strip_end = plane.strips().find(|(_, strip)| wait.from <= strip.to);
        let most = strip_end.map_or(0, |(begins, strip)| begins + length(strip, plane.traffic.width));
        let ends = (begins + millis(wait.until, wait.from)).min(most).max(begins);
        let (x, end) = (plane.across(begins), plane.across(ends));
        let y = plane.down(u64::from(wait.rate));
        match bands.last_mut() {
            Some(last) if !is_numbered && x.0 <= last.end.0 + 200 => {
                last.end = last.end.max(end);
                last.width = Percent(last.end.0 - last.x.0);
                last.y = y;
            }
            _ => bands.push(Band {
                x,
                width: Percent(end.0.saturating_sub(x.0).max(150)),
                number: is_numbered.then_some(number),
                end,
                y,
            }),
        }
    }
    bands
}

fn marks(plane: &Plane<'_>, reported: &ReportedRun) -> Vec<ChartMark> {
    let places = reported.run.stopped.iter().filter_map(|(at, _)| plane.place(*at));
    places.map(|place| ChartMark { x: plane.across(place) }).collect()
}

/// Waits, stops, and how the run went on, as they came.
fn told(traffic: &Traffic, reported: &ReportedRun) -> Vec<PaceEvent> {
    let other = |time: Time, what, why| PaceEvent {
        time,
        at: time.to_string(),
        number: None,
        until: None,
        lasted: None,
        rate: None,
        more_answers: 0,
        what: Some(what),
        why,
    };
    let waits = (1..).zip(traffic.waits.iter().take(TOLD)).map(|(number, wait)| PaceEvent {
        time: wait.from,
        at: wait.from.to_string(),
        number: Some(number),
        until: Some(wait.until.to_string()),
        lasted: Some(lasting(millis(wait.until, wait.from))),
        rate: Some(wait.rate),
        more_answers: wait.answers - 1,
        what: None,
        why: wait.why.clone(),
    });
    let stopped =
        reported.run.stopped.iter().map(|(at, stopped)| other(*at, "stopped", stopped.text.clone()));
    let went_on = traffic.strips.iter().filter_map(|strip| {
        let ceiling = format!("ceiling: {} a minute", strip.rate);
        Some(other(strip.since, began(strip.after)?, ceiling))
    });
    let mut told: Vec<PaceEvent> = waits.chain(stopped).chain(went_on).collect();
    told.sort_by_key(|told| told.time);
    told
}

const fn began(after: Pause) -> Option<&'static str> {
    match after {
        Pause::None => None,
        Pause::Question => Some("confirmed"),
        Pause::Stop => Some("resumed"),
    }
}

/// `40 ms`, `1.4 s`, `12 s`, `2 min 5 s`.
fn lasting(millis: u64) -> String {
    match millis {
        0..1000 => format!("{millis} ms"),
        1000..10_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        _ => in_words(millis / 1000),
    }
}

/// The width of a bucket, without what is nothing: `100 ms`, `5 s`, `2 min`, `6 h`.
fn exactly(millis: u64) -> String {
    match millis {
        0..1000 => format!("{millis} ms"),
        1000..60_000 => format!("{} s", millis / 1000),
        60_000..3_600_000 => format!("{} min", millis / 60_000),
        3_600_000..=86_400_000 => format!("{} h", millis / 3_600_000),
        _ => format!("{} days", millis / 86_400_000),
    }
}
