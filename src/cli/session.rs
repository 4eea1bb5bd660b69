//! What a run, a plan, a demo and a resumed run have in common: from an open log to the reports.

use super::{
    check,
    exit::{Exit, Failure},
    printer::{Paint, Printer},
    progress::Progress,
    settings::Paths,
    show, signals,
};
use crate::{
    audit::{Reader, Store},
    domain::{Mode, Outcome, RunId, Secret},
    engine::{Clock, Ended, Engine, Halt, Ids, Ports, Start},
    input::List,
    partner_center::{
        BaseUrl,
        auth::{self, AccessToken},
        redact::Scrubber,
        transport::{Http, Timeouts},
    },
    record::{How, ReportWritten, Run, Stage, StopCause, TokenNamed},
    report::{self, CsvStyle, Written},
};
use std::{
    fs,
    io::{self, IsTerminal as _},
    path::Path,
    sync::Arc,
};
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

/// Runs to the end on a runtime of two threads, which are enough, because nothing on them ever waits
/// for a disk. Whoever still waits for somebody to type is left behind.
pub(super) fn block_on<R>(work: impl Future<Output = Result<R, Failure>>) -> Result<R, Failure> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ended = runtime.block_on(work);
    runtime.shutdown_background();
    ended
}

/// Who allows the plan, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Consent {
    /// A person types the partner's name and the number.
    Ask,
    /// It was given beforehand.
    Given,
}

/// What the engine needs to reach Partner Center.
#[derive(Debug)]
pub(super) struct Access {
    pub(super) base: BaseUrl,
    pub(super) token: AccessToken,
}

impl Access {
    /// Over a real socket, with identifiers that nobody can guess.
    pub(super) fn ports(&self, stop: CancellationToken) -> Result<Ports<Http>, Failure> {
        let transport = Http::new(&self.base, &self.token, Timeouts::default())
            .map_err(|error| Failure::usage(format!("cannot make a client: {error}")))?;
        Ok(Ports {
            transport,
            base: self.base.clone(),
            scrubber: Scrubber::new(std::slice::from_ref(&self.token.secret)),
            clock: Clock::System,
            ids: Ids::Random,
            stop,
        })
    }

    /// What is recorded of the token.
    pub(super) fn named(&self) -> TokenNamed {
        let claims = auth::claims(&self.token.secret);
        TokenNamed {
            source: self.token.source.clone(),
            tenant: claims.tenant,
            app: claims.app,
            user: claims.user,
            audience: claims.audience,
            expires: claims.expires,
        }
    }
}

/// The token from the environment.
pub(super) fn token_from_environment() -> Result<AccessToken, Failure> {
    let text = std::env::var(auth::ACCESS_TOKEN).unwrap_or_default();
    AccessToken::new(&text, auth::ACCESS_TOKEN).map_err(|error| Failure::new(Exit::SignIn, error.to_string()))
}

/// A token for the simulator, which takes any.
pub(super) fn simulated_token() -> AccessToken {
    AccessToken {
        secret: Secret::new("simulated-token".to_owned()),
        source: "the built-in simulator".to_owned(),
    }
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
    Ok(Store::open(&paths.audit_log, Clock::System.now(), &Ids::Random.bytes())?)
}

/// Reads the list a second time, into the log.
async fn take_list(engine: &Engine<Http>, list: Arc<List>) -> Result<(), Failure> {
    let (chunks, mut arriving) = tokio::sync::mpsc::channel(2);
    let reading = tokio::task::spawn_blocking(move || -> Result<(), Failure> {
        let mut rows = list.rows()?;
        loop {
            let chunk = rows.by_ref().take(500).collect::<Result<Vec<_>, _>>()?;
            if chunk.is_empty() || chunks.blocking_send(chunk).is_err() {
                return Ok(());
            }
        }
    });
    while let Some(chunk) = arriving.recv().await {
        engine.take_rows(chunk).await?;
    }
    reading.await.map_err(|panicked| Failure::new(Exit::Bug, panicked.to_string()))?
}

/// Begins a run and takes its list in.
pub(super) async fn begin(
    store: Store,
    start: Start,
    access: &Access,
    list: Arc<List>,
    stop: CancellationToken,
) -> Result<Engine<Http>, Failure> {
    let engine = Engine::begin(store, start, access.ports(stop)?).await?;
    take_list(&engine, list).await?;
    Ok(engine)
}

/// Carries a run on from wherever it is to its reports.
pub(super) async fn carry(
    printer: &Printer,
    paths: &Paths,
    engine: Engine<Http>,
    consent: Consent,
    stop: CancellationToken,
) -> Result<(Exit, Written), Failure> {
    let run = engine.id().clone();
    // A run that another process began is left as it was, whatever stops it now.
    let is_new = engine.with_run(|run| run.partner.is_none());
    tracing::info!(%run, is_new, "begun");
    let worked = tokio::select! {
        worked = work(printer, paths, &engine, consent, &stop) => worked,
        () = signals::time_to_leave(&stop) => {
            let text = "left at once; what was in flight is in doubt. `offboard resume` settles it";
            return Err(Failure::new(Exit::Interrupted, text));
        }
    };
    let (exit, said) = finish(&engine, worked, is_new).await?;
    tracing::info!(%run, exit = exit.code(), "ended");
    if let Some(text) = said {
        let exit = if exit == Exit::Done { Exit::Guard } else { exit };
        printer.failure(&Failure::new(exit, text));
    }
    let written = write_reports(paths, &run);
    match written {
        Ok(written) => {
            let sealed = engine.with_run(|run| run.stage == Stage::Sealed);
            if sealed {
                let reports = written
                    .files
                    .iter()
                    .map(|(file, sha256)| ReportWritten { file: file.clone(), sha256: *sha256 });
                engine.reported(reports.collect()).await?;
            }
            engine.close().await?;
            Ok((exit, written))
        }
        Err(failure) => {
            engine.close().await?;
            Err(failure)
        }
    }
}

/// Everything up to the outcome of each row.
async fn work(
    printer: &Printer,
    paths: &Paths,
    engine: &Engine<Http>,
    consent: Consent,
    stop: &CancellationToken,
) -> Result<Ended, Failure> {
    engine.identify().await?;
    if engine.with_run(|run| run.stage == Stage::Judging) {
        let partner = engine.with_run(|run| run.partner.clone()).map(|partner| partner.tenant_id);
        let gone = partner
            .map(|id| Reader::open(&paths.audit_log)?.gone_before(id))
            .transpose()?
            .unwrap_or_default();
        let _bar = Progress::start(printer, engine.watch());
        engine.plan(gone).await?;
    }
    printer.say(&engine.with_run(show::plan));
    if !engine.with_run(|run| run.opened.changes) {
        engine.settle_plan().await?;
        return Ok(Ended::Complete);
    }
    if engine.with_run(|run| run.stage == Stage::Planned) {
        let how = ask(printer, engine, &consent, stop).await?;
        engine.confirm(operator(), how).await?;
    }
    let _bar = Progress::start(printer, engine.watch());
    Ok(engine.carry_out().await?)
}

/// Records how the work ended. Gives the exit code, and what there is to say.
async fn finish(
    engine: &Engine<Http>,
    worked: Result<Ended, Failure>,
    is_new: bool,
) -> Result<(Exit, Option<String>), Failure> {
    let (exit, said) = match worked {
        Ok(Ended::Complete) => (engine.with_run(exit_of), None),
        Ok(Ended::StoppedByGuard(text)) => (Exit::Guard, Some(text)),
        Err(failure) if matches!(failure.exit, Exit::AuditLog | Exit::Bug) => return Err(failure),
        Err(failure) => {
            let before_changes = engine.with_run(|run| run.stage < Stage::Confirmed);
            if failure.exit == Exit::Guard && before_changes && is_new {
                engine.abandon(&failure.text).await?;
                engine.seal(failure.exit.code()).await?;
                return Ok((failure.exit, Some(format!("{}. Nothing was changed.", failure.text))));
            }
            let cause = match failure.exit {
                Exit::Interrupted => StopCause::Interrupted,
                Exit::SignIn => StopCause::SignIn,
                _ => StopCause::Service,
            };
            engine.leave(cause, &failure.text).await?;
            let text = format!("{}. Go on with: offboard resume {}", failure.text, engine.id());
            return Ok((failure.exit, Some(text)));
        }
    };
    engine.seal(exit.code()).await?;
    Ok((exit, said))
}

/// What a run that came to its end says of itself.
fn exit_of(run: &Run) -> Exit {
    let all_gone = run.counts.keys().all(|outcome| outcome.is_gone());
    if !run.opened.changes || all_gone { Exit::Done } else { Exit::Unfinished }
}

/// Asks the person, unless consent was given beforehand.
async fn ask(
    printer: &Printer,
    engine: &Engine<Http>,
    consent: &Consent,
    stop: &CancellationToken,
) -> Result<How, Failure> {
    let (name, tenant, ready, mode, api) = engine.with_run(|run| {
        let partner = run.partner.as_ref();
        (
            partner.map(|partner| partner.name.clone()).unwrap_or_default(),
            partner.map(|partner| partner.tenant_id.to_string()).unwrap_or_default(),
            run.plan.as_ref().map(|plan| plan.ready).unwrap_or_default(),
            run.opened.mode,
            run.opened.api_url.clone(),
        )
    });
    if *consent == Consent::Given || ready == 0 {
        return Ok(How::Yes);
    }
    let phrase = format!("{} {ready}", name.trim());
    let earnest = match mode {
        Mode::Rehearsal | Mode::Demo => "This is a rehearsal: no real customer is touched.",
        Mode::Plan | Mode::Run => "There is no undo: each customer would have to accept a new relationship.",
    };
    printer.warn(&format!(
        "about to end the reseller relationship with {ready} customers of {} ({tenant}) at {api}.\n{earnest}\nTo go on, type the partner's name and the number, `{}`:",
        printer.paint(Paint::Strong, &report::visible(&name)),
        report::visible(&phrase)
    ));
    let answer = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    });
    let answer = tokio::select! {
        answer = answer => answer.map_err(|panicked| Failure::new(Exit::Bug, panicked.to_string()))??,
        () = stop.cancelled() => return Err(Failure::new(Exit::Interrupted, "the run was asked to stop")),
    };
    if answer.trim() == phrase {
        Ok(How::Typed)
    } else {
        Err(Failure::new(
            Exit::Guard,
            "it was not confirmed: what was typed is not the partner's name and the number",
        ))
    }
}

/// Nobody can be asked where nobody types.
pub(super) fn require_consent(yes: bool, has_partner: bool) -> Result<Consent, Failure> {
    match (yes, has_partner) {
        (true, true) => Ok(Consent::Given),
        (true, false) => Err(Failure::usage(
            "`--yes` needs `--partner-tenant`: name the partner account whose customers these are",
        )),
        (false, _) if io::stdin().is_terminal() => Ok(Consent::Ask),
        (false, _) => Err(Failure::new(
            Exit::Guard,
            "nobody can confirm, because standard input is no terminal; give `--yes` and `--partner-tenant`, or run \
             it in a terminal. Nothing was sent",
        )),
    }
}

pub(super) fn write_reports(paths: &Paths, run: &RunId) -> Result<Written, Failure> {
    let reader = Reader::open(&paths.audit_log)?;
    let line = reader.find(run.as_str())?;
    write_reports_of(&reader, &line, &paths.reports, CsvStyle::Safe)
}

pub(super) fn write_reports_of(
    reader: &Reader,
    line: &crate::audit::RunLine,
    reports: &Path,
    csv: CsvStyle,
) -> Result<Written, Failure> {
    let folder = reports.join(line.run_id.as_str());
    report::write_all(reader, line, &folder, csv).map_err(|error| {
        let run = &line.run_id;
        let text = format!(
            "the reports of run {run} cannot be written: {error}. The audit log is complete; \
             `offboard report {run}` writes them again"
        );
        Failure::new(Exit::Bug, text)
    })
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
    let counts =
        Outcome::ALL.iter().filter_map(|outcome| summary.counts.get(outcome).map(|n| (*outcome, *n)));
    let reasons = summary.reasons.iter().map(|(reason, n)| (*reason, *n));
    let folder = paths.reports.join(summary.run_id.as_str());
    printer.data(&format!(
        "\nRun {}{mode}: {} rows\n{}\n\n  audit log  {}\n  reports    {}",
        summary.run_id,
        summary.input.rows,
        show::summary(counts, reasons),
        paths.audit_log.display(),
        folder.display()
    ))
}

/// The list in words, for the beginning of a run.
pub(super) fn show_list(printer: &Printer, list: &List, checked: &check::Checked) {
    printer.say(&check::described(list, checked));
}

/// The person's name on this machine.
pub(super) fn operator() -> String {
    ["USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

/// This machine's name.
pub(super) fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// A failure that stops before the engine exists.
impl From<crate::audit::WriteError> for Failure {
    fn from(error: crate::audit::WriteError) -> Self {
        Halt::from(error).into()
    }
}
