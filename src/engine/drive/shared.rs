//! What all that work on a run have in common.

use crate::{
    engine::{halt::Halt, send::client::RecordedClient},
    partner_center::transport::Transport,
    record::{Event, Run, StopCause, Stopped},
};
use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

/// The client, and what the records add up to.
#[derive(Debug)]
pub(crate) struct Shared<T> {
    pub(crate) client: Arc<RecordedClient<T>>,
    pub(crate) run: Arc<Mutex<Run>>,
    /// Whether transfers of some customer were read; asked for by [`Self::transfers_were_read`].
    transfers_were_read: Arc<AtomicBool>,
}

impl<T> Shared<T> {
    /// What work on the run `run` has in common.
    pub(crate) fn new(client: RecordedClient<T>, run: Arc<Mutex<Run>>) -> Self {
        Self { client: Arc::new(client), run, transfers_were_read: Arc::default() }
    }

    /// Whether transfers of some customer were read: since the program started, or before, as the plan tells.
    pub(crate) fn transfers_were_read(&self) -> &AtomicBool {
        if self.with_run(|run| run.transfers_not_read.others_were_read()) {
            self.transfers_were_read.store(true, Ordering::Relaxed);
        }
        &self.transfers_were_read
    }

    /// What the records add up to now.
    pub(crate) fn with_run<R>(&self, look: impl FnOnce(&Run) -> R) -> R {
        look(&self.locked())
    }

    pub(crate) fn locked(&self) -> MutexGuard<'_, Run> {
        locked(&self.run)
    }
}

impl<T: Transport> Shared<T> {
    /// Leaves a run that can be resumed, under a signed head.
    pub(crate) async fn leave(&self, cause: StopCause, text: String) -> Result<(), Halt> {
        self.client.record(vec![Event::Stopped(Stopped { cause, text })]).await?;
        Ok(self.client.writer.head().await?)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self {
            client: Arc::clone(&self.client),
            run: Arc::clone(&self.run),
            transfers_were_read: Arc::clone(&self.transfers_were_read),
        }
    }
}

/// The state is only written by `apply`, which leaves it whole or says so.
pub(crate) fn locked(run: &Mutex<Run>) -> MutexGuard<'_, Run> {
    run.lock().unwrap_or_else(PoisonError::into_inner)
}
