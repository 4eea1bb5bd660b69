//! How a run ended, in words: what is said, and what the program ends with.

use super::{
    exit::{Exit, Failure},
    next_steps,
    operator::TerminalOperator,
    printer::Printer,
    settings::{Again, Paths},
    tables,
};
use crate::{
    conduct::{CannotConduct, Conducted, NotWritten},
    domain::{Mode, RunId, counted},
    report::{ReportError, Written, visible},
};

/// A run that ended or was left, and its reports.
#[derive(Debug)]
pub(super) struct EndedRun {
    pub(super) run: RunId,
    pub(super) exit: Exit,
    pub(super) written: Option<Written>,
    /// What comes next.
    pub(super) next: Vec<String>,
}

/// What a run came to, of which all but its reports was said when it ended.
pub(super) fn end(
    printer: &Printer,
    operator: TerminalOperator<'_>,
    conducted: Conducted,
) -> Result<EndedRun, Failure> {
    let Conducted { run, mode, ending, written } = conducted;
    let exit = ending.exit();
    let written = written.transpose();
    let retry = written.iter().flatten().map(|written| written.retry).sum();
    let next = next_steps::in_words(operator.next, retry);
    match written {
        Ok(written) => Ok(EndedRun { run, exit, written, next }),
        Err(error) => {
            next_steps::tell(printer, &next, false);
            let failure = match error {
                NotWritten::NotFound(error) => error.into(),
                NotWritten::Report(error) => not_written(&run, ending.is_over(), error),
            };
            Err(Failure::new(without_reports(exit, failure.exit, mode), failure.text))
        }
    }
}

/// Why nothing was carried out, or not to where its end is recorded.
pub(super) fn failure(again: &Again, error: CannotConduct) -> Failure {
    match error {
        CannotConduct::StopFile(file) => {
            let text = format!(
                "the file `{}` says stop; find out who put it there and why, and remove it. Nothing was sent",
                file.display()
            );
            Failure::new(Exit::Guard, text)
        }
        CannotConduct::Unfinished { run, is_of_this_list } => {
            let why = if is_of_this_list {
                "an unfinished run of this list is in the audit log"
            } else {
                "an unfinished run in the audit log has changes whose outcome is not settled"
            };
            let text = format!(
                "{why}; go on with it first, or decline there to give it up: {}",
                next_steps::resume(again, &run)
            );
            Failure::new(Exit::Guard, text)
        }
        CannotConduct::NotBegun(run) => {
            Failure::new(Exit::AuditLog, format!("run {run} has no first record"))
        }
        CannotConduct::Over(run) => {
            Failure::usage(format!("run {run} was brought to its end by another process"))
        }
        CannotConduct::List(error) => error.into(),
        CannotConduct::Log(error) => error.into(),
        CannotConduct::LeftAtOnce(run) => {
            let resume = next_steps::resume(again, &run);
            let text =
                format!("left at once; what was in flight is in doubt. Settle it, and go on: {resume}");
            Failure::new(Exit::Interrupted, text)
        }
        CannotConduct::Halt(halt) => halt.into(),
    }
}

/// Why the reports of a run that is over or not were not written, and what to do.
pub(super) fn not_written(run: &RunId, is_over: bool, error: ReportError) -> Failure {
    if !is_over && matches!(error, ReportError::DoesNotAddUp { .. }) {
        let text = format!(
            "run {run} ended while its list was being read; nothing was sent for it, and there is nothing to report"
        );
        return Failure::usage(text);
    }
    let advice = match &error {
        ReportError::Write { .. } => {
            "Make room there, or choose another folder with `--reports`. The audit log is complete; "
        }
        ReportError::HeldOpen(_) => "What was written before is still there. The audit log is complete; ",
        ReportError::Query(_) => "",
        _ => "The audit log is complete; ",
    };
    let Failure { exit, text } = error.into();
    let again = format!("`offboard report {run}` writes them again");
    Failure::new(exit, format!("the reports of run {run} cannot be written: {text}. {advice}{again}"))
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
        "\nRun {}{mode}: {}\n{}\n\n  audit log  {}\n  reports    {}",
        summary.run_id,
        counted(summary.input.rows, "row"),
        tables::summary(summary.shown().iter().map(|(shown, count)| (*shown, *count)), reasons),
        paths.audit_log.display(),
        paths.reports.join(summary.run_id.as_str()).display()
    );
    if let Some(head) = &summary.checkpoint {
        let head = head.trim_end();
        let lines = counted(head.lines().count(), "line");
        let place = match &summary.ticket {
            Some(ticket) => format!(
                "Paste these {lines} into {} (or keep them outside this machine), where",
                visible(ticket)
            ),
            None => format!("Keep these {lines} outside this machine, where"),
        };
        text.push_str(&format!(
            "\n\n{place}\nnobody who can change the audit log can change them:\n\n{head}"
        ));
    }
    printer.show(&text)
}

/// The end of a run that did its work: that nobody could be told does not change how it ended.
pub(super) fn tell_end(printer: &Printer, paths: &Paths, end: &EndedRun) -> Exit {
    let written = end.written.as_ref();
    if let Some(Err(failure)) = written.map(|written| show_end(printer, paths, written)) {
        printer.warn(&failure.text);
    }
    next_steps::tell(
        printer,
        &end.next,
        written.is_some_and(|written| written.summary.finished_at.is_some()),
    );
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
}
