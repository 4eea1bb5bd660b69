//! How a run is come by: it is opened and its rows are taken in, or it is gone on with.

use super::{
    disk,
    log::{CannotConduct, Log},
    plan_import,
};
use crate::{
    engine::{Engine, Ports},
    input::List,
    partner_center::transport::Transport,
    record::{Approved, Policy, Run, RunOpened},
};
use tokio::sync::mpsc::Sender;

/// How many rows of the list are taken in together.
const CHUNK: usize = 500;

/// How a run is come by.
#[derive(Debug)]
pub enum Begin {
    /// It is opened.
    New {
        /// What with.
        opened: Box<RunOpened>,
        /// A second person's approval of the plan that it carries out.
        approved: Option<Approved>,
        /// Where its rows come from; if nowhere, from the plan that it carries out.
        list: Option<Box<List>>,
    },
    /// It is gone on with, perhaps at another pace.
    Again {
        /// What its records add up to.
        run: Box<Run>,
        /// What it must obey from now on.
        policy: Policy,
    },
}

/// Opens the run, with all its rows.
pub(super) async fn open<T: Transport>(
    log: Log,
    begin: Begin,
    ports: Ports<T>,
) -> Result<Engine<T>, CannotConduct> {
    let path = log.path().to_owned();
    let store = log.into_store();
    match begin {
        Begin::Again { run, policy } => Ok(Engine::resume(store, *run, policy, ports).await?),
        Begin::New { opened, approved, list } => {
            let engine = Engine::begin(store, *opened, approved, ports).await?;
            let taken = match list {
                Some(list) => take_list(&engine, *list).await,
                None => Ok(plan_import::rows(&engine, &path).await?),
            };
            if let Err(error) = taken {
                engine.close().await?;
                return Err(error);
            }
            Ok(engine)
        }
    }
}

/// Reads the list a second time, into the log.
async fn take_list<T: Transport>(engine: &Engine<T>, list: List) -> Result<(), CannotConduct> {
    let read = move |chunks: Sender<_>| -> Result<(), CannotConduct> {
        let mut rows = list.rows()?;
        loop {
            let chunk = rows.by_ref().take(CHUNK).collect::<Result<Vec<_>, _>>()?;
            if chunk.is_empty() || chunks.blocking_send(chunk).is_err() {
                return Ok(());
            }
        }
    };
    disk::in_chunks(read, async |chunk| Ok(engine.take_rows(chunk).await?)).await
}
