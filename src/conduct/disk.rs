//! Waiting for a disk, but not on the runtime's own threads.

use crate::{audit::QueryError, engine::Halt};
use tokio::{
    sync::mpsc::{Sender, channel},
    task::spawn_blocking,
};

/// Has `read` read while `take` takes what it hands on. If nobody takes it any more, the run has stopped, and
/// says why.
pub(super) async fn in_chunks<C: Send + 'static, E: From<Halt> + Send + 'static>(
    read: impl FnOnce(Sender<C>) -> Result<(), E> + Send + 'static,
    mut take: impl AsyncFnMut(C) -> Result<(), E>,
) -> Result<(), E> {
    let (chunks, mut arriving) = channel(2);
    let reading = spawn_blocking(move || read(chunks));
    while let Some(chunk) = arriving.recv().await {
        take(chunk).await?;
    }
    reading.await.map_err(Halt::panicked)?
}

pub(super) async fn blocking<R: Send + 'static>(
    work: impl FnOnce() -> Result<R, Halt> + Send + 'static,
) -> Result<R, Halt> {
    spawn_blocking(work).await.map_err(Halt::panicked)?
}

/// What earlier runs did cannot be read: nothing is decided without it.
#[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
pub(super) fn unreadable(error: QueryError) -> Halt {
    Halt::Unread(error.to_string())
}
