//! What a run, a plan, a demo and a resumed run have in common: from an open log to the reports.

use super::{
    access::Access,
    adopted, check,
    consent::{self, Consent},
    ending::{self, End},
    exit::{Exit, Failure},
    health::{self, State},
    keys::KeyFile,
    next,
    printer::Printer,
    progress::Progress,
    settings::Paths,
    show, signals,
    undo::{self, Offer},
};
use crate::{
    audit::{QueryError, Reader, Store, stop_file},
    domain::{Sha256, is_taken_out},
    engine::{Clock, Ended, Engine, Halt, Ids},
    input::List,
    partner_center::transport::Http,
    record::{Approved, ReportWritten, RowState, Run, RunOpened, Stage},
};
use std::{fs, io, sync::Arc};
use tokio::{runtime::Builder, sync::mpsc::Sender};
use tokio_util::sync::CancellationToken;

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

/// Reads the list a second time, into the log.
pub(super) async fn take_list(engine: &Engine<Http>, list: Arc<List>) -> Result<(), Failure> {
    let read = move |chunks: Sender<_>| -> Result<(), Failure> {
        let mut rows = list.rows()?;
        loop {
            let chunk = rows.by_ref().take(500).collect::<Result<Vec<_>, _>>()?;
            if chunk.is_empty() || chunks.blocking_send(chunk).is_err() {
                return Ok(());
            }
        }
    };
    in_chunks(read, async |chunk| Ok(engine.take_rows(chunk).await?)).await
}

/// Has `read` read from a disk, but not on the runtime's own threads, while `take` takes what it hands on. If
/// nobody takes it any more, the run has stopped, and says why.
pub(super) async fn in_chunks<C: Send + 'static, E: From<Halt> + Send + 'static>(
    read: impl FnOnce(Sender<C>) -> Result<(), E> + Send + 'static,
    mut take: impl AsyncFnMut(C) -> Result<(), E>,
) -> Result<(), E> {
    let (chunks, mut arriving) = tokio::sync::mpsc::channel(2);
    let reading = tokio::task::spawn_blocking(move || read(chunks));
    while let Some(chunk) = arriving.recv().await {
        take(chunk).await?;
    }
    reading.await.map_err(Halt::panicked)?
}

/// Begins a run and has its rows taken in.
pub(super) async fn begin(
    store: Store,
    opened: RunOpened,
    approved: Option<Approved>,
    access: Access,
    stop: CancellationToken,
    take_rows: impl AsyncFnOnce(&Engine<Http>) -> Result<(), Failure>,
) -> Result<Engine<Http>, Failure> {
    let engine = Engine::begin(store, opened, approved, access.ports(stop)?).await?;
    match take_rows(&engine).await {
        Ok(()) => Ok(engine),
        Err(failure) => {
            engine.close().await?;
            Err(failure)
        }
    }
}

/// Refuses to begin or to go on while a file beside the log says stop.
pub(super) fn refuse_stop_file(store: &Store) -> Result<(), Failure> {
    let file = stop_file(store.path());
    if !file.exists() || is_taken_out("go-on-beside-a-stop-file") {
        return Ok(());
    }
    let text = format!(
        "the file `{}` says stop; find out who put it there and why, and remove it. Nothing was sent",
        file.display()
    );
    Err(Failure::new(Exit::Guard, text))
}

/// Refuses a new run while an older one may still have changes in doubt, or is unfinished over the same
/// list: two runs would not know of each other. To be asked while the log is locked.
pub(super) fn refuse_unfinished(paths: &Paths, list: Sha256) -> Result<(), Failure> {
    let reader = Reader::open(&paths.audit_log)?;
    for line in reader.runs()? {
        if line.is_sealed() || !line.is_real() {
            continue;
        }
        let Some(run) = reader.fold(&line.run_id)? else { continue };
        // A run whose list was not read to its end never sent anything.
        let is_whole = run.rows.len() == run.opened.input.rows as usize;
        let why = if is_whole && run.opened.input.sha256 == list {
            "an unfinished run of this list is in the audit log"
        } else if has_changes(&run) {
            "an unfinished run in the audit log has changes whose outcome is not settled"
        } else {
            continue;
        };
        return Err(Failure::new(
            Exit::Guard,
            format!(
                "{why}; go on with it first, or decline there to give it up: {}",
                next::resume(&paths.again, &line.run_id)
            ),
        ));
    }
    Ok(())
}

fn has_changes(run: &Run) -> bool {
    run.rows.iter().any(|row| matches!(row.state, RowState::Changing(_)))
}

/// Carries a run on from wherever it is to its reports.
pub(super) async fn carry(
    printer: &Printer,
    paths: &Paths,
    engine: Engine<Http>,
    (consent, offer): (Consent, Offer),
    stop: CancellationToken,
) -> Result<End, Failure> {
    let run = engine.id().clone();
    // A run that another process began is left as it was, whatever stops it now.
    let is_new = engine.with_run(|run| run.partner.is_none());
    tracing::info!(%run, is_new, "begun");
    let room = health::space(&paths.audit_log);
    if room.state != State::Good {
        printer.warn(&room.text);
    }
    let worked = tokio::select! {
        worked = work(printer, paths, &engine, (consent, offer), &stop) => worked,
        () = signals::time_to_leave(printer, &stop) => {
            let resume = next::resume(&paths.again, engine.id());
            let text = format!("left at once; what was in flight is in doubt. Settle it, and go on: {resume}");
            return Err(Failure::new(Exit::Interrupted, text));
        }
    };
    let (exit, said) = ending::finish(&engine, &paths.again, worked, is_new).await?;
    if let Some(left) = engine.with_run(undo::left) {
        printer.warn(&left);
    }
    tracing::info!(%run, exit = exit.code(), "ended");
    if let Some(text) = said {
        printer.failure(&Failure::new(exit, text));
    }
    let next = engine.with_run(|run| next::steps(paths, run));
    let mode = engine.with_run(|run| run.opened.mode);
    engine.rest();
    let written = ending::write_reports(paths, &run);
    if let Ok(written) = &written
        && engine.with_run(|run| run.stage == Stage::Sealed)
    {
        let reports =
            written.files.iter().map(|(file, sha256)| ReportWritten { file: file.clone(), sha256: *sha256 });
        engine.reported(reports.collect()).await?;
    }
    engine.close().await?;
    let next = next::in_words(next, written.as_ref().map_or(0, |written| written.retry));
    match written {
        Ok(written) => Ok(End { exit, written, next }),
        Err(failure) => {
            next::tell(printer, &next, false);
            let exit = ending::without_reports(exit, failure.exit, mode);
            Err(Failure::new(exit, failure.text))
        }
    }
}

/// Everything up to the outcome of each row.
async fn work(
    printer: &Printer,
    paths: &Paths,
    engine: &Engine<Http>,
    (consent, offer): (Consent, Offer),
    stop: &CancellationToken,
) -> Result<Ended, Halt> {
    let partner = engine.identify().await?.tenant_id;
    if engine.with_run(|run| run.stage == Stage::Judging && run.opened.applies.is_some()) {
        adopted::decisions(engine, &paths.audit_log).await?;
    }
    if engine.with_run(|run| run.stage == Stage::Judging) {
        let gone = Reader::open(&paths.audit_log)
            .and_then(|reader| reader.gone_before(partner))
            .map_err(unreadable)?;
        let _bar = Progress::start(printer, engine.watch());
        engine.plan(gone).await?;
    }
    if engine.with_run(|run| run.stage == Stage::Confirmed && run.awaits_consent()) {
        // A guard stopped it. What was sent before is seen through first, so that the question is about
        // what is really left.
        carry_out(printer, engine, offer, stop).await?;
    }
    match engine.with_run(|run| run.awaits_consent().then(|| show::plan(run))) {
        Some(plan) if consent == Consent::Ask => printer.ask(&plan),
        Some(plan) => printer.say(&plan),
        // What was confirmed was shown then.
        None => {}
    }
    if !engine.with_run(|run| run.opened.changes) {
        engine.settle_plan().await?;
        return Ok(Ended::Complete);
    }
    let to_change = engine.with_run(Run::to_change);
    if to_change == 0 && engine.with_run(|run| run.stage == Stage::Planned) {
        return Ok(Ended::Complete);
    }
    if to_change > 0 && engine.with_run(Run::awaits_consent) {
        engine.require_limits()?;
        let how = consent::ask(printer, engine, consent, stop).await?;
        engine.confirm(consent::operator(), how).await?;
    }
    carry_out(printer, engine, offer, stop).await
}

/// Changes what is to be changed; and if that leaves something suspended for nothing, has it decided what
/// becomes of that.
async fn carry_out(
    printer: &Printer,
    engine: &Engine<Http>,
    offer: Offer,
    stop: &CancellationToken,
) -> Result<Ended, Halt> {
    loop {
        let bar = Progress::start(printer, engine.watch());
        let ended = engine.carry_out().await?;
        drop(bar);
        if !undo::offer(printer, engine, offer, stop).await? {
            return Ok(ended);
        }
    }
}

/// What earlier runs did cannot be read: nothing is decided without it.
#[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
pub(super) fn unreadable(error: QueryError) -> Halt {
    Halt::Unread(error.to_string())
}

/// Waits for a disk, but not on the runtime's own threads.
pub(super) async fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, Halt> + Send + 'static,
) -> Result<R, Halt> {
    tokio::task::spawn_blocking(work).await.map_err(Halt::panicked)?
}

/// The list in words, for the beginning of a run.
pub(super) fn show_list(printer: &Printer, list: &List, checked: &check::Checked) {
    printer.say(&check::described(list, checked));
}

/// A failure that stops before the engine exists.
impl From<crate::audit::WriteError> for Failure {
    fn from(error: crate::audit::WriteError) -> Self {
        Halt::from(error).into()
    }
}
