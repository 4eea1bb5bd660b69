//! What was suspended for a removal that then failed: somebody decides whether it is reactivated.

use super::{
    args::{AfterFailure, UndoOptions},
    consent, next,
    printer::Printer,
    settings::Again,
    show::{Table, table},
};
use crate::{
    domain::{Preparation, is_taken_out},
    engine::{Engine, Halt},
    partner_center::transport::Http,
    record::{How, Row, Run, StopCause},
};
use std::io::{self, IsTerminal as _};
use tokio_util::sync::CancellationToken;

/// Who decides.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer {
    /// It was decided beforehand.
    decided: Option<AfterFailure>,
    /// There is somebody to ask.
    asks: bool,
}

impl Offer {
    /// By these options; `yes` means that nobody is asked.
    pub(super) fn of(options: UndoOptions, yes: bool) -> Self {
        Self { decided: options.after_failure, asks: !yes && io::stdin().is_terminal() }
    }
}

/// Has it decided what becomes of the subscriptions that wait for that, if any do and if somebody can. Says
/// whether it was.
pub(super) async fn offer(
    printer: &Printer,
    engine: &Engine<Http>,
    offer: Offer,
    stop: &CancellationToken,
) -> Result<bool, Halt> {
    let rows: Vec<u32> = engine.with_run(|run| run.undecided().iter().map(|(row, _)| row.number).collect());
    if rows.is_empty() {
        return Ok(false);
    }
    let is_simulated = engine.with_run(|run| run.opened.mode.is_simulated());
    let (after, how) = match offer.decided {
        Some(after) => (after, How::Yes),
        None if offer.asks => match ask(printer, engine, stop).await? {
            Some(after) => (after, How::Typed),
            None => return Ok(false),
        },
        // There is no later: the simulator forgets.
        None if is_simulated || is_taken_out("decide-for-whoever-is-not-asked") => {
            (AfterFailure::Leave, How::Yes)
        }
        None => return Ok(false),
    };
    engine.decide_undo(consent::operator(), how, rows, after == AfterFailure::Reactivate).await?;
    Ok(true)
}

async fn ask(
    printer: &Printer,
    engine: &Engine<Http>,
    stop: &CancellationToken,
) -> Result<Option<AfterFailure>, Halt> {
    let shown = engine.with_run(|run| {
        let undecided = run.undecided();
        listed(run, undecided.iter().flat_map(|(row, all)| all.iter().map(move |one| (*row, *one))))
    });
    printer.warn(&format!(
        "these subscriptions were suspended, and then the removal of their customers failed:\n{shown}\n\
         Type `reactivate` to have exactly these reactivated, or `leave` to leave them suspended:"
    ));
    let typed = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    });
    let stopped = |cause, text: String| Halt::Stop { cause, text };
    let typed = tokio::select! {
        typed = typed => typed,
        () = stop.cancelled() => {
            return Err(stopped(StopCause::Interrupted, "the run was asked to stop".to_owned()));
        }
    };
    match typed {
        Ok(Ok(line)) if line.trim() == "reactivate" => Ok(Some(AfterFailure::Reactivate)),
        Ok(Ok(line)) if line.trim() == "leave" => Ok(Some(AfterFailure::Leave)),
        Ok(_) => Ok(None),
        Err(panicked) => Err(Halt::panicked(panicked)),
    }
}

/// What is still to be decided, for whoever goes on with the run.
pub(super) fn still_open(run: &Run, again: &Again) -> Option<String> {
    let undecided = run.undecided();
    let subscriptions: usize = undecided.iter().map(|(_, all)| all.len()).sum();
    (subscriptions > 0).then(|| {
        format!(
            "{subscriptions} subscriptions of {} customers are suspended, and the removal of these customers failed:\n{}\n\
             Decide what becomes of them: `{asks}` asks; `{reactivates}` reactivates exactly these",
            undecided.len(),
            listed(run, undecided.iter().flat_map(|(row, all)| all.iter().map(move |one| (*row, *one)))),
            asks = next::resume(again, &run.id),
            reactivates = again.sending(&format!("resume {} --yes --after-failure reactivate", run.id)),
        )
    })
}

/// What stays suspended of customers that are not gone, for the end of the run.
pub(super) fn left(run: &Run) -> Option<String> {
    let rows = run.rows.iter().filter(|row| !row.left_prepared().is_empty());
    let all: Vec<_> = rows.flat_map(|row| row.left_prepared().iter().map(move |one| (row, one))).collect();
    (!all.is_empty()).then(|| {
        let shown = listed(run, all.into_iter());
        format!("these subscriptions were suspended by this run, and were not seen reactivated:\n{shown}")
    })
}

fn listed<'a>(run: &Run, all: impl Iterator<Item = (&'a Row, &'a Preparation)>) -> String {
    let mut shown = Table::new(&["row", "customer", "subscription", "ID"]);
    for (row, one) in all {
        shown.row([
            row.number.to_string(),
            run.name(row).unwrap_or("(no name)").to_owned(),
            one.name.clone().unwrap_or_else(|| "(no name)".to_owned()),
            one.id.clone(),
        ]);
    }
    table(&shown)
}
