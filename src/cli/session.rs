//! What a run, a plan, a demo and a resumed run have in common: from an open log to the reports.

use super::{
    access::Access,
    check,
    consent::Consent,
    ending::{self, EndedRun},
    exit::{Exit, Failure},
    keys::KeyFile,
    operator::{Offer, TerminalOperator},
    printer::Printer,
    settings::Paths,
    signals,
};
use crate::{
    audit::Store,
    conduct::{self, Begin, Log},
    engine::{Clock, Ids, Ports, StandaloneSession},
    input::List,
    partner_center::transport::Http,
};
use std::{fs, io, pin::pin};
use tokio::runtime::Builder;

/// Runs to the end on this one thread, which is enough: while requests are on their way, nothing on it waits for a
/// disk or a terminal, and no request has to be handed from one thread to another. Whoever still waits for
/// somebody to type is left behind.
pub(super) fn block_on<R>(work: impl Future<Output = Result<R, Failure>>) -> Result<R, Failure> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::usage(format!("cannot start: {error}. Nothing was sent")))?;
    let ended = runtime.block_on(work);
    runtime.shutdown_background();
    ended
}

/// Opens the log for writing; nothing was sent when this fails.
pub(super) fn open_log(paths: &Paths) -> Result<Store, Failure> {
    // Found out before anything is sent, and not when the work is done.
    let refused = |error: io::Error| {
        let folder = paths.reports.display();
        Failure::usage(format!(
            "cannot write into the reports folder `{folder}`: {error}; choose another with `--reports`"
        ))
    };
    fs::create_dir_all(&paths.reports).map_err(refused)?;
    tempfile::tempfile_in(&paths.reports).map_err(refused)?;
    open_store(paths)
}

/// The same for a command that writes no reports.
pub(super) fn open_store(paths: &Paths) -> Result<Store, Failure> {
    Ok(Store::open(
        &paths.audit_log,
        Clock::System.now(),
        &Ids::Random.bytes(),
        &KeyFile::Signing.load_or_make()?,
    )?)
}

/// Has a run carried out in this log, from wherever it is to its reports.
pub(super) async fn carry(
    printer: &Printer,
    paths: &Paths,
    log: Log,
    begin: Begin,
    access: Access,
    (consent, offer): (Consent, Offer),
) -> Result<EndedRun, Failure> {
    let ports = access.ports()?;
    let stop = ports.stop.clone();
    let mut operator = TerminalOperator::new(printer, paths, consent, offer);
    let leave = signals::time_to_leave(printer, &stop);
    let conducted = conduct::conduct(log, begin, ports, &mut operator, leave, Some(&paths.reports));
    // It has all that a run may do in it.
    let conducted = Box::pin(conducted).await;
    ending::end(printer, operator, conducted.map_err(|error| ending::failure(&paths.again, error))?)
}

/// What it means to stop where a list or the like would have been written.
pub(super) const NOTHING_WRITTEN: &str = "nothing was written";

/// Visits the services without a run; what is asked there is on record like everything else. Whoever stops it is told so,
/// and what that means, when the answers that were on their way have been waited for.
pub(super) async fn visit<R>(
    printer: &Printer,
    ports: Ports<Http>,
    begin: impl FnOnce(Ports<Http>) -> StandaloneSession<Http>,
    when_stopped: &str,
    work: impl AsyncFnOnce(&StandaloneSession<Http>) -> Result<R, Failure>,
) -> Result<R, Failure> {
    let stop = ports.stop.clone();
    let session = begin(ports);
    let done = {
        let work = pin!(work(&session));
        tokio::select! {
            done = work => Some(done),
            () = signals::time_to_leave(printer, &stop) => None,
        }
    };
    session.end().await?;
    let stopped = || Failure::new(Exit::Interrupted, format!("stopped, as it was asked to; {when_stopped}"));
    match done {
        Some(Err(failure)) if failure.exit == Exit::Interrupted => Err(stopped()),
        Some(done) => done,
        None => Err(stopped()),
    }
}

/// The list in words, for the beginning of a run.
pub(super) fn show_list(printer: &Printer, list: &List, checked: &check::ListContents) {
    printer.say(&check::described(list, checked));
}
