//! Ctrl-C and its relatives.
//!
//! The first one: nothing new is sent, and what is in flight is waited for and recorded. The second:
//! that wait ends soon. The third: at once; what was in flight is in doubt, and `resume` settles it.

use super::printer::Printer;
use crate::domain::is_taken_out;
use rustix::process::Signal as Number;
use std::{future::poll_fn, task::Poll, time::Duration};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    task::spawn_blocking,
    time::sleep,
};
use tokio_util::sync::CancellationToken;

/// How long answers are still waited for after the second signal.
const SHORT_WAIT: Duration = Duration::from_secs(5);

/// Cancels `stop` at the first signal; resolves when it is time to leave without waiting any longer.
pub(super) async fn time_to_leave(printer: &Printer, stop: &CancellationToken) {
    let mut signals = listen();
    any(&mut signals).await;
    stop.cancel();
    say(
        printer,
        "Stopping: nothing new is sent; waiting for the answers that are on their way. Again to wait 5 s at most.",
    );
    any(&mut signals).await;
    say(printer, "Leaving in 5 s, whatever is still on its way. Again to leave at once.");
    tokio::select! {
        () = any(&mut signals) => {}
        () = sleep(SHORT_WAIT) => {}
    }
}

/// Says it from a thread that may wait for a terminal that stands still: the answers that are on their way do not.
fn say(printer: &Printer, text: &'static str) {
    let printer = printer.clone();
    let say = move || printer.say(text);
    if is_taken_out("say-stop-where-answers-arrive") { say() } else { drop(spawn_blocking(say)) }
}

/// Resolves at the first signal, from this call on.
pub(super) fn first() -> impl Future<Output = ()> {
    let mut signals = listen();
    async move { any(&mut signals).await }
}

fn listen() -> Vec<Signal> {
    // The last one comes when the time on the processor that somebody allowed (`ulimit -t`) is over, again each second.
    let over_time = SignalKind::from_raw(Number::XCPU.as_raw());
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup(), over_time];
    kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect()
}

async fn any(signals: &mut [Signal]) {
    poll_fn(|context| {
        let arrived = signals.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
        if arrived { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
