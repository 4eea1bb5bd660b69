//! Progress, as the records tell it.

use super::{
    printer::{Printer, terminal_size},
    progress_line::Glance,
};
use crate::{
    domain::is_taken_out,
    engine::{Clock, Meter, Watch},
    partner_center::transport::Transport,
};
use indicatif::{ProgressBar, ProgressStyle};
use std::{io, time::Duration};
use tokio::{
    task::{JoinHandle, spawn_blocking},
    time::{MissedTickBehavior, interval},
};

/// How often the bar looks at the records; how often it says anew how long it still takes; and how often a line
/// is said without a bar.
const LOOKS: Duration = Duration::from_millis(100);
const LOOKS_A_FORECAST: u32 = 20;
const LOOKS_A_LINE: u32 = 100;

/// A progress bar on a terminal, else a plain line every ten seconds and when a pause begins. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Progress {
    task: Option<JoinHandle<()>>,
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn start<T: Transport>(printer: &Printer, watch: Watch<T>) -> Self {
        let wants_bar = printer.is_interactive() && !printer.quiet && !printer.verbose;
        let bar = if wants_bar { ProgressBar::new(0) } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        if printer.quiet {
            return Self { task: None, bar };
        }
        let (shown, printer) = (bar.clone(), printer.clone());
        let task = tokio::spawn(async move {
            let mut ticks = interval(LOOKS);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            let (mut meter, mut left, mut looks) = (Meter::default(), None, 0_u32);
            let mut was_held = false;
            loop {
                ticks.tick().await;
                let (now, pace) = (Clock::System.now(), watch.pace());
                let glance = watch.with_run(|run| {
                    meter.look(run, now);
                    if looks.is_multiple_of(LOOKS_A_FORECAST) {
                        left = meter.time_left(run, now);
                    }
                    let left = left.filter(|_| pace.held_for.is_none());
                    Glance::of(run, pace, meter.per_minute(), left, now)
                });
                looks = looks.wrapping_add(1);
                let begins_to_wait = pace.held_for.is_some() && !was_held;
                was_held = pace.held_for.is_some();
                // A terminal that cannot draw one has none.
                let draws = !shown.is_hidden();
                if draws || looks.is_multiple_of(LOOKS_A_LINE) || begins_to_wait {
                    let (shown, printer) = (shown.clone(), printer.clone());
                    // A terminal may stand still (Ctrl-S, a lost connection). Nobody waits for it but this task.
                    let say = move || {
                        if draws {
                            shown.set_message(glance.in_columns(columns()));
                        } else {
                            printer.say(&glance.whole());
                        }
                    };
                    let is_here = is_taken_out("draw-where-requests-are-carried");
                    let said = if is_here { tokio::spawn(async move { say() }) } else { spawn_blocking(say) };
                    if said.await.is_err() {
                        return;
                    }
                }
            }
        });
        Self { task: Some(task), bar }
    }
}

/// How wide the terminal is now, but for its last column, where some terminals begin a new line.
fn columns() -> usize {
    let (_, columns) = terminal_size(io::stderr());
    columns.saturating_sub(1)
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
        self.bar.finish_and_clear();
    }
}
