//! Progress, as the records tell it.

use super::printer::Printer;
use crate::{
    domain::{Outcome, Procedure},
    engine::Watch,
    partner_center::transport::Transport,
    record::{Run, Stage},
};
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;
use tokio::{task::JoinHandle, time::interval};

/// How often the bar looks at the records, and how often a line is said without one.
const LOOKS: Duration = Duration::from_millis(100);
const LOOKS_A_LINE: u32 = 100;

/// A progress bar on a terminal, else a plain line every ten seconds. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Progress {
    task: Option<JoinHandle<()>>,
    bar: ProgressBar,
}

impl Progress {
    pub(super) fn start<T: Transport>(printer: &Printer, watch: Watch<T>) -> Self {
        let with_bar = printer.is_interactive() && !printer.quiet && !printer.verbose;
        let bar = if with_bar { ProgressBar::new(0) } else { ProgressBar::hidden() };
        let style = "{prefix:>9} [{wide_bar}] {pos}/{len} {msg}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style.progress_chars("=> "));
        }
        if printer.quiet {
            return Self { task: None, bar };
        }
        let (shown, printer) = (bar.clone(), printer.clone());
        let task = tokio::spawn(async move {
            let mut ticks = interval(LOOKS);
            let mut looks = 0_u32;
            loop {
                ticks.tick().await;
                looks = looks.wrapping_add(1);
                let (stage, done, of, text) = watch.with_run(described);
                let pace = watch.pace();
                let waiting = match pace.held_for {
                    Some(wait) => format!(" · waiting {} s, as the service asks", wait.as_secs() + 1),
                    None => format!(" · at most {}/min", pace.per_minute),
                };
                let text = format!("{text}{waiting}");
                if with_bar {
                    shown.set_prefix(stage);
                    shown.set_length(of);
                    shown.set_position(done);
                    shown.set_message(text);
                } else if looks.is_multiple_of(LOOKS_A_LINE) {
                    printer.say(&format!("{stage} {done}/{of} {text}"));
                }
            }
        });
        Self { task: Some(task), bar }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
        self.bar.finish_and_clear();
    }
}

/// What is being done, how many rows are through with it, of how many, and the outcomes so far.
fn described(run: &Run) -> (&'static str, u64, u64, String) {
    let of = run.rows.len() as u64;
    let (stage, done) = match run.stage {
        Stage::Judging => ("reading", u64::from(run.judged)),
        Stage::Planned => ("planned", of),
        Stage::Confirmed => match run.opened.procedure {
            Procedure::RemoveRelationship => ("removing", u64::from(run.settled())),
            Procedure::DeleteSandboxCustomer => ("deleting", u64::from(run.settled())),
        },
        Stage::Sealed => ("done", of),
    };
    let counts = Outcome::ALL
        .iter()
        .filter_map(|outcome| run.counts.get(outcome).map(|n| format!("{n} {}", outcome.in_words())));
    (stage, done, of, counts.collect::<Vec<_>>().join(", "))
}
