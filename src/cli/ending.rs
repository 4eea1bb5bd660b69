//! How a run ends: what is recorded of it, what is said, and the exit code. All from one table.

use super::{
    exit::{self, Exit, Failure},
    next,
    printer::Printer,
    settings::{Again, Paths},
    show, undo,
};
use crate::{
    audit::{Reader, RunLine},
    domain::{Mode, RunId},
    engine::{Ended, Engine, Halt},
    partner_center::transport::Http,
    record::{Run, Stage, StopCause},
    report::{self, CsvStyle, ReportError, Written},
};
use std::path::Path;

/// What becomes of a run that a halt stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It is over: what was not begun is not attempted.
    Seal,
    /// It can be gone on with.
    Leave,
}

/// A run that is refused before anybody confirmed it is over. Everything else can be gone on with; and
/// so can a run that another process began, when only today's account is the wrong one.
fn fate(cause: StopCause, is_confirmed: bool, is_new: bool) -> Fate {
    match cause {
        StopCause::Guard if !is_confirmed => Fate::Seal,
        // Whoever declines gives the run up; that is also the way to be rid of one.
        StopCause::NotConfirmed => Fate::Seal,
        StopCause::WrongAccount if is_new => Fate::Seal,
        StopCause::Guard
        | StopCause::WrongAccount
        | StopCause::Interrupted
        | StopCause::SignIn
        | StopCause::Service
        | StopCause::DiskFull
        | StopCause::StopFile
        | StopCause::Bug => Fate::Leave,
    }
}

/// A run that ended or was left, and its reports.
#[derive(Debug)]
pub(super) struct End {
    pub(super) exit: Exit,
    pub(super) written: Written,
    /// What comes next.
    pub(super) next: Vec<String>,
}

/// Records how the work ended. Gives the exit code, and what there is to say.
pub(super) async fn finish(
    engine: &Engine<Http>,
    again: &Again,
    worked: Result<Ended, Halt>,
    is_new: bool,
) -> Result<(Exit, Option<String>), Failure> {
    let halt = match worked {
        Ok(Ended::Complete) => {
            if let Some(text) = engine.with_run(|run| undo::still_open(run, again)) {
                engine.leave(StopCause::NotConfirmed, &text).await?;
                return Ok((Exit::Unfinished, Some(text)));
            }
            let exit = engine.with_run(exit_of);
            engine.seal(exit.code()).await?;
            return Ok((exit, None));
        }
        Ok(Ended::StoppedByGuard(text)) => {
            // The stop is on record already. It can be gone on with once somebody has looked, unless nothing is
            // left, or the simulator forgets.
            let is_over = engine
                .with_run(|run| run.opened.mode.is_simulated() || run.settled() == run.opened.input.rows);
            if is_over {
                engine.give_up().await?;
                engine.seal(Exit::Guard.code()).await?;
                return Ok((Exit::Guard, Some(text)));
            }
            let open =
                engine.with_run(|run| undo::still_open(run, again)).map(|open| format!(". Besides, {open}"));
            let open = open.unwrap_or_default();
            return Ok((Exit::Guard, Some(format!("{text}{open}"))));
        }
        Err(halt) => halt,
    };
    let Halt::Stop { cause, text } = halt else { return Err(halt.into()) };
    let exit = exit::exit_of(cause);
    let is_confirmed = engine.with_run(|run| run.stage >= Stage::Confirmed);
    match fate(cause, is_confirmed, is_new) {
        Fate::Seal => {
            engine.leave(cause, &text).await?;
            engine.give_up().await?;
            engine.seal(exit.code()).await?;
            let more = if is_confirmed { "Nothing more was changed" } else { "Nothing was changed" };
            Ok((exit, Some(format!("{text}. {more}"))))
        }
        Fate::Leave => {
            engine.leave(cause, &text).await?;
            let forgets = engine.with_run(|run| run.opened.mode.is_simulated());
            let forgets = if forgets { ". The simulator forgets; run the list again" } else { "" };
            Ok((exit, Some(format!("{text}{forgets}"))))
        }
    }
}

/// What a run that came to its end says of itself.
fn exit_of(run: &Run) -> Exit {
    let all_gone = run.counts.keys().all(|outcome| outcome.is_reached());
    if !run.opened.changes || all_gone { Exit::Done } else { Exit::Unfinished }
}

pub(super) fn write_reports(paths: &Paths, run: &RunId) -> Result<Written, Failure> {
    let reader = Reader::open(&paths.audit_log)?;
    let line = reader.find(run.as_str())?;
    write_reports_of(&reader, &line, &paths.reports, CsvStyle::Safe)
}

pub(super) fn write_reports_of(
    reader: &Reader,
    line: &RunLine,
    reports: &Path,
    csv: CsvStyle,
) -> Result<Written, Failure> {
    let folder = reports.join(line.run_id.as_str());
    report::write_all(reader, line, &folder, csv).map_err(|error| {
        let run = &line.run_id;
        if !line.is_sealed() && matches!(error, ReportError::DoesNotAddUp { .. }) {
            let text = format!("run {run} ended while its list was being read; nothing was sent for it, and there is nothing to report");
            return Failure::usage(text);
        }
        let advice = match &error {
            ReportError::Write { .. } => {
                "Make room there, or choose another folder with `--reports`. The audit log is complete; "
            }
            ReportError::Query(_) => "",
            _ => "The audit log is complete; ",
        };
        let Failure { exit, text } = error.into();
        let again = format!("`offboard report {run}` writes them again");
        Failure::new(exit, format!("the reports of run {run} cannot be written: {text}. {advice}{again}"))
    })
}

/// How a run ends that ended so, and whose reports then failed: as the log has it, which is what counts for
/// whoever has changed something. Where nothing could be changed, the reports are what was asked for; and a
/// bug stays one.
pub(super) const fn without_reports(ended: Exit, failed: Exit, mode: Mode) -> Exit {
    match (ended, failed, mode) {
        (_, Exit::Bug, _) => Exit::Bug,
        (Exit::Done, failed, Mode::Plan | Mode::Rehearsal | Mode::Demo) => failed,
        (ended, ..) => ended,
    }
}

/// The end of a run, for standard output.
pub(super) fn show_end(printer: &Printer, paths: &Paths, written: &Written) -> Result<(), Failure> {
    let summary = &written.summary;
    if printer.json {
        let text = serde_json::to_string_pretty(summary);
        return printer.data(&text.map_err(|error| Failure::new(Exit::Bug, error.to_string()))?);
    }
    let mode = match summary.mode {
        Mode::Rehearsal => " (rehearsal: no real customer was touched)",
        Mode::Demo => " (demo: no real customer was touched)",
        Mode::Plan => " (plan: nothing was changed)",
        Mode::Run => "",
    };
    let reasons = summary.reasons.iter().map(|(reason, n)| (*reason, *n));
    let mut text = format!(
        "\nRun {}{mode}: {} rows\n{}\n\n  audit log  {}\n  reports    {}",
        summary.run_id,
        summary.input.rows,
        show::summary(summary.shown().iter().map(|(shown, count)| (*shown, *count)), reasons),
        paths.audit_log.display(),
        paths.reports.join(summary.run_id.as_str()).display()
    );
    if let Some(head) = &summary.checkpoint {
        text.push_str("\n\nKeep these lines where nobody who can change the audit log can change them:\n\n");
        text.push_str(head.trim_end());
    }
    printer.data(&text)
}

/// The end of a run that did its work: that nobody could be told does not change how it ended.
pub(super) fn tell_end(printer: &Printer, paths: &Paths, end: &End) -> Exit {
    if let Err(failure) = show_end(printer, paths, &end.written) {
        printer.warn(&failure.text);
    }
    next::tell(printer, &end.next, end.written.summary.finished_at.is_some());
    end.exit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_not_undone_by_reports_that_fail() {
        for failed in [Exit::Usage, Exit::AuditLog] {
            assert_eq!(without_reports(Exit::Done, failed, Mode::Run), Exit::Done);
            for mode in [Mode::Plan, Mode::Rehearsal, Mode::Demo] {
                assert_eq!(without_reports(Exit::Done, failed, mode), failed);
                assert_eq!(without_reports(Exit::Interrupted, failed, mode), Exit::Interrupted);
            }
            for ended in [Exit::Unfinished, Exit::Guard, Exit::AuditLog] {
                assert_eq!(without_reports(ended, failed, Mode::Run), ended);
            }
        }
        assert_eq!(without_reports(Exit::Done, Exit::Bug, Mode::Run), Exit::Bug);
    }

    #[test]
    fn only_a_refusal_before_the_confirmation_ends_a_run_for_good() {
        let all = [
            StopCause::Interrupted,
            StopCause::Guard,
            StopCause::NotConfirmed,
            StopCause::WrongAccount,
            StopCause::SignIn,
            StopCause::Service,
            StopCause::DiskFull,
            StopCause::StopFile,
            StopCause::Bug,
        ];
        for cause in all {
            for is_new in [true, false] {
                let refused = match cause {
                    StopCause::Guard | StopCause::NotConfirmed => true,
                    StopCause::WrongAccount => is_new,
                    _ => false,
                };
                let expected = if refused { Fate::Seal } else { Fate::Leave };
                assert_eq!(fate(cause, false, is_new), expected, "{cause:?} {is_new}");
            }
            let declined = cause == StopCause::NotConfirmed;
            assert!(declined || fate(cause, true, false) == Fate::Leave, "{cause:?}");
        }
    }
}
