//! Ctrl-C and its relatives.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Cancels `stop` at the first signal, so that nothing new is sent and what is in flight is
/// recorded; resolves at the second, to leave at once.
pub(super) async fn second_signal(stop: CancellationToken) {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let mut signals: Vec<_> = kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect();
    any(&mut signals).await;
    stop.cancel();
    any(&mut signals).await;
}

async fn any(signals: &mut [tokio::signal::unix::Signal]) {
    std::future::poll_fn(|context| {
        let arrived = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
        if arrived { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
}
