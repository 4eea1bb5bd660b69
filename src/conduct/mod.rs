//! The conductor: it carries a run from its list to its reports.
//!
//! A [`Log`] is one that a run may use now. A run is come by in one of two ways ([`Begin`]), and from there
//! on [`conduct`] has everything done in its order: whose customers these are, the plan, somebody's consent,
//! the changes, what becomes of what was prepared for nothing, the seal, the reports. Here it is decided what
//! an answer means and what becomes of a run that something stopped ([`RunEnding`]). Whoever answers what a
//! person is asked is an [`Operator`]: a terminal, `--yes`, a test, a benchmark.
//!
//! Engine and reports stand side by side and do not know each other; this room brings them together. It
//! prints nothing and asks nobody: the operator does.

mod begin;
mod disk;
mod ending;
mod log;
mod operator;
mod plan_import;
mod reports;
mod seal;
mod work;

pub use begin::Begin;
pub use ending::{RunEnding, exit_of};
pub use log::{CannotConduct, Log};
pub use operator::{ConsentAnswer, Decision, LEAVE, News, Operator, Phrase, TAKE_BACK, TRIES};
pub use reports::NotWritten;

use crate::{
    domain::{Mode, RunId},
    engine::Ports,
    partner_center::transport::Transport,
    record::ReportWritten,
    report::Written,
};
use std::path::Path;
use work::RunAtWork;

/// A run that came to its end, or that can be gone on with.
#[derive(Debug)]
pub struct Conducted {
    /// The run.
    pub run: RunId,
    /// What kind of run it is.
    pub mode: Mode,
    /// How it ended.
    pub ending: RunEnding,
    /// Its reports, if they were asked for.
    pub written: Option<Result<Written, NotWritten>>,
}

/// From the list to the reports: the one way in which a run is carried out.
///
/// The run is asked to stop through its ports; what is on its way then is waited for. When `leave` resolves,
/// not even that. The reports go into a folder of the run's own in `reports`, if that is given.
pub async fn conduct<T: Transport>(
    log: Log,
    begin: Begin,
    ports: Ports<T>,
    operator: &mut impl Operator,
    leave: impl Future<Output = ()>,
    reports: Option<&Path>,
) -> Result<Conducted, CannotConduct> {
    let (path, stop) = (log.path().to_owned(), ports.stop.clone());
    let engine = begin::open(log, begin, ports).await?;
    let (run, mode) = (engine.id().clone(), engine.with_run(|run| run.opened.mode));
    // A run that another process began is left as it was, whatever stops it now.
    let is_new = engine.with_run(|run| run.partner.is_none());
    tracing::info!(%run, is_new, "begun");
    engine.with_run(|run| operator.tell(News::Begun, run));
    // On the heap: it is large, and every caller would carry it with it.
    let work = Box::pin(RunAtWork { engine: &engine, log: &path, reports, operator, stop: &stop }.all());
    let worked = tokio::select! {
        worked = work => worked,
        () = leave => return Err(CannotConduct::LeftAtOnce(run)),
    };
    let ending = seal::record(&engine, operator, worked, is_new).await?;
    tracing::info!(%run, exit = ending.exit().code(), "ended");
    engine.with_run(|run| operator.tell(News::Ended(&ending), run));
    engine.rest();
    let written = reports.map(|folder| reports::write(&path, &run, folder));
    if let Some(Ok(written)) = &written
        && ending.is_over()
    {
        let files = written.files.iter();
        let files = files.map(|(file, sha256)| ReportWritten { file: file.clone(), sha256: *sha256 });
        engine.reported(files.collect()).await?;
    }
    engine.close().await?;
    Ok(Conducted { run, mode, ending, written })
}
