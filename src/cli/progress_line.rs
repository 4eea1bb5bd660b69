//! One line about a run that is at work: as much as there is room for, and what matters most in the least.

use crate::{
    domain::{Outcome, Time},
    engine::{PaceNow, TimeLeft},
    record::{ChangePhase, RowState, Run, Stage},
};
use std::time::Duration;

/// The narrowest and the widest bar.
const BAR: std::ops::RangeInclusive<usize> = 10..=40;

/// What is known of a run at a moment.
#[derive(Clone, Debug)]
pub(super) struct Glance {
    stage: &'static str,
    done: u64,
    of: u64,
    /// Rows by what became of them, those first that the run is for.
    counts: Vec<(&'static str, u32, Weight)>,
    /// The ceiling, in requests a minute.
    ceiling: u32,
    pace: PaceNow,
    /// What was sent lately, in requests a minute, if that is known.
    sent: Option<f64>,
    left: Option<TimeLeft>,
    now: Time,
}

/// How long a number is kept when there is little room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// Nobody has to do anything about it.
    Quiet,
    /// What the run is for.
    Wanted,
    /// Somebody has to look.
    Wrong,
}

/// Which parts the line has.
#[expect(clippy::struct_excessive_bools, reason = "each is a part of the line")]
#[derive(Clone, Copy, Debug)]
struct Fit {
    bar: bool,
    explains: bool,
    counts: Weight,
    pace: bool,
    left: bool,
}

const WHOLE: Fit = Fit { bar: true, explains: true, counts: Weight::Quiet, pace: true, left: true };

impl Glance {
    pub(super) fn of(run: &Run, pace: PaceNow, sent: Option<f64>, left: Option<TimeLeft>, now: Time) -> Self {
        let of = run.rows.len() as u64;
        let (stage, done) = match run.stage {
            Stage::Judging => ("reading", u64::from(run.judged)),
            Stage::Planned => ("planned", of),
            Stage::Confirmed => (run.opened.procedure.facts().going, u64::from(run.settled())),
            Stage::Sealed => ("done", of),
        };
        let ready = if run.stage == Stage::Judging { run.ready() } else { 0 };
        let ready = (ready > 0).then_some((Outcome::Ready.in_words(), ready, Weight::Wanted));
        let counts = run.counts.iter().map(|(outcome, n)| (outcome.in_words(), *n, weight(*outcome)));
        let counts = ready.into_iter().chain(counts).chain(on_their_way(run)).collect();
        Self { stage, done, of, counts, ceiling: run.policy.rate, pace, sent, left, now }
    }

    /// The line where there is room enough.
    pub(super) fn whole(&self) -> String {
        self.fitted(usize::MAX, Fit { bar: false, ..WHOLE }).unwrap_or_default()
    }

    /// The line in so many columns. The bar goes first, because the numbers say the same; what somebody has to
    /// look at goes last.
    pub(super) fn in_columns(&self, columns: usize) -> String {
        let brief = Fit { bar: false, explains: false, ..WHOLE };
        let steps = [
            WHOLE,
            Fit { bar: true, ..brief },
            brief,
            Fit { counts: Weight::Wanted, ..brief },
            Fit { counts: Weight::Wrong, ..brief },
            Fit { counts: Weight::Wrong, pace: false, ..brief },
            Fit { counts: Weight::Wrong, pace: false, left: false, ..brief },
        ];
        let fitting = steps.into_iter().find_map(|fit| self.fitted(columns, fit));
        fitting.unwrap_or_else(|| self.begin().chars().take(columns).collect())
    }

    fn begin(&self) -> String {
        format!("{} {}/{}", self.stage, self.done, self.of)
    }

    /// The line without what is left out; none if it is wider than that.
    fn fitted(&self, columns: usize, fit: Fit) -> Option<String> {
        let counts = self.counts.iter().filter(|(_, _, weight)| *weight >= fit.counts);
        let counts: Vec<_> = counts.map(|(what, n, _)| format!("{n} {what}")).collect();
        let parts = [
            (!counts.is_empty()).then(|| counts.join(", ")),
            self.hold(fit).or_else(|| fit.pace.then(|| self.pace(fit))),
            self.left.filter(|_| fit.left).map(|left| in_words(left, self.stage)),
        ];
        let mut text = self.begin();
        parts.into_iter().flatten().for_each(|part| text.push_str(&format!(" · {part}")));
        let room = columns.checked_sub(text.chars().count())?;
        if !fit.bar {
            return Some(text);
        }
        let width = room.checked_sub(3).filter(|width| width >= BAR.start())?.min(*BAR.end());
        Some(text.replacen(' ', &format!(" {} ", self.bar(width)), 1))
    }

    fn bar(&self, width: usize) -> String {
        let full = u64::try_from(width).unwrap_or_default().saturating_mul(self.done.min(self.of));
        let full = usize::try_from(full.checked_div(self.of).unwrap_or_default()).unwrap_or_default();
        let head = if full < width { ">" } else { "" };
        format!("[{:<width$}]", format!("{}{head}", "=".repeat(full)))
    }

    /// Until when everybody waits because the service asked for it.
    fn hold(&self, fit: Fit) -> Option<String> {
        let wait = self.pace.held_for?;
        let until = self.now.plus(wait).clock();
        let why = if fit.explains { ", as the service asks" } else { "" };
        Some(format!("waiting until {until} ({} s){why}", wait.as_secs() + 1))
    }

    /// What was sent lately, of what may be sent at most. Before that is known, what may be sent.
    fn pace(&self, fit: Fit) -> String {
        let ceiling = self.ceiling;
        let slower = self.pace.per_minute;
        let slower = if fit.explains && slower < ceiling {
            format!(", slowed down to {slower}")
        } else {
            String::new()
        };
        match self.sent {
            Some(sent) => format!("{sent:.0} of {ceiling}/min{slower}"),
            None => format!("at most {ceiling}/min{slower}"),
        }
    }
}

/// Rows that wait to be seen gone, and those of which nobody knows yet whether they are.
fn on_their_way(run: &Run) -> impl Iterator<Item = (&'static str, u32, Weight)> {
    let (mut accepted, mut in_doubt) = (0, 0);
    for row in &run.rows {
        let RowState::Changing(changing) = &row.state else { continue };
        match changing.decisive() {
            Some(change) if matches!(change.phase, ChangePhase::Accepted { .. }) => accepted += 1,
            Some(change) if change.is_in_doubt() => in_doubt += 1,
            _ => {}
        }
    }
    let both = [("to be confirmed", accepted, Weight::Wanted), ("in doubt", in_doubt, Weight::Wanted)];
    both.into_iter().filter(|(_, count, _)| *count > 0)
}

const fn weight(outcome: Outcome) -> Weight {
    match outcome {
        Outcome::Failed | Outcome::Unknown => Weight::Wrong,
        Outcome::Done(_) => Weight::Wanted,
        _ => Weight::Quiet,
    }
}

/// Roughly: nobody needs the seconds, and they would not be true. `stage` is what comes to its end then.
fn in_words(left: TimeLeft, stage: &str) -> String {
    let (about, took) = match left {
        TimeLeft::About(took) => ("about", took),
        TimeLeft::AtMost(took) => ("at most", took),
    };
    let time = match rounded(took) {
        0 => "less than a minute".to_owned(),
        minutes @ 1..60 => format!("{about} {minutes} min"),
        minutes if minutes % 60 == 0 => format!("{about} {} h", minutes / 60),
        minutes => format!("{about} {} h {} min", minutes / 60, minutes % 60),
    };
    // After reading comes the question, or the rest of the work.
    if stage == "reading" { format!("{time} to read") } else { format!("{time} left") }
}

/// Minutes, upwards: to whole ones, from twenty on to five, from two hours on to a quarter of an hour. 0 is less
/// than one.
fn rounded(took: Duration) -> u64 {
    let minutes = took.as_secs().div_ceil(60);
    match took.as_secs() {
        0..60 => 0,
        60..=1200 => minutes,
        1201..=7200 => minutes.next_multiple_of(5),
        _ => minutes.next_multiple_of(15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Time = Time::from_millis(1_795_166_130_000);

    fn glance() -> Glance {
        Glance {
            stage: "removing",
            done: 112,
            of: 300,
            counts: vec![
                ("removed", 97, Weight::Wanted),
                ("skipped", 14, Weight::Quiet),
                ("failed", 1, Weight::Wrong),
            ],
            ceiling: 300,
            pace: PaceNow { per_minute: 300, held_for: None },
            sent: Some(212.4),
            left: Some(TimeLeft::About(Duration::from_secs(11 * 60 + 5))),
            now: NOW,
        }
    }

    #[test]
    fn a_line_has_what_there_is_room_for() {
        let usual = glance();
        assert_eq!(
            usual.in_columns(119),
            "removing [==========>                 ] 112/300 · 97 removed, 14 skipped, 1 failed · 212 of 300/min · about 12 min left"
        );
        for (columns, line) in [
            (90, "removing 112/300 · 97 removed, 14 skipped, 1 failed · 212 of 300/min · about 12 min left"),
            (79, "removing 112/300 · 97 removed, 1 failed · 212 of 300/min · about 12 min left"),
            (70, "removing 112/300 · 1 failed · 212 of 300/min · about 12 min left"),
            (50, "removing 112/300 · 1 failed · about 12 min left"),
            (30, "removing 112/300 · 1 failed"),
            (20, "removing 112/300"),
            (8, "removing"),
        ] {
            assert_eq!(usual.in_columns(columns), line, "{columns}");
        }
        let held = Glance {
            pace: PaceNow { per_minute: 210, held_for: Some(Duration::from_millis(36_500)) },
            left: None,
            ..glance()
        };
        let line = held.in_columns(140);
        assert!(line.ends_with(" · waiting until 09:16:06 UTC (37 s), as the service asks"), "{line}");
        let line = held.in_columns(79);
        assert_eq!(line, "removing 112/300 · 97 removed, 1 failed · waiting until 09:16:06 UTC (37 s)");
        // Until when is said for as long as there is any room.
        assert_eq!(held.in_columns(65), "removing 112/300 · 1 failed · waiting until 09:16:06 UTC (37 s)");
        let slower = Glance { pace: PaceNow { per_minute: 210, held_for: None }, sent: None, ..glance() };
        assert!(slower.whole().contains(" · at most 300/min, slowed down to 210 · "), "{}", slower.whole());
    }

    #[test]
    fn no_line_is_wider_than_its_terminal() {
        let many = Glance { done: 20_000, of: 20_000, ..glance() };
        for columns in 1..200 {
            for glance in [&glance(), &many] {
                let line = glance.in_columns(columns);
                assert!(line.chars().count() <= columns, "{columns}: {line}");
            }
        }
        assert!(many.in_columns(119).contains("[=====") && !many.in_columns(119).contains('>'));
    }

    #[test]
    fn time_is_said_roughly_and_never_as_nothing() {
        for (seconds, said) in [
            (1, "less than a minute left"),
            (59, "less than a minute left"),
            (60, "about 1 min left"),
            (61, "about 2 min left"),
            (1201, "about 25 min left"),
            (3600, "about 1 h left"),
            (4000, "about 1 h 10 min left"),
            (7201, "about 2 h 15 min left"),
        ] {
            assert_eq!(in_words(TimeLeft::About(Duration::from_secs(seconds)), "removing"), said);
        }
        assert_eq!(in_words(TimeLeft::AtMost(Duration::from_mins(4)), "removing"), "at most 4 min left");
        assert_eq!(in_words(TimeLeft::About(Duration::from_mins(4)), "reading"), "about 4 min to read");
    }
}
