//! Ctrl-C and its relatives.
//!
//! The first one: nothing new is sent, and what is in flight is waited for and recorded. The second:
//! that wait ends soon. The third: at once; what was in flight is in doubt, and `resume` settles it.
//! A system that ends the program by itself (a window is closed, somebody logs off) gives it some seconds, and the
//! second one has come with the first.

use super::printer::Printer;
use crate::{domain::is_taken_out, platform::Stops};
use std::time::Duration;
use tokio::{task::spawn_blocking, time::sleep};
use tokio_util::sync::CancellationToken;

/// How long answers are still waited for after the second signal.
const SHORT_WAIT: Duration = Duration::from_secs(5);
/// How long it takes to leave, at most.
const LEAVING: Duration = Duration::from_secs(1);

/// Cancels `stop` at the first signal; resolves when it is time to leave without waiting any longer.
pub(super) async fn time_to_leave(printer: &Printer, stop: &CancellationToken) {
    let mut stops = Stops::listen();
    let mut given = stops.next().await;
    stop.cancel();
    if given.is_none() {
        say(
            printer,
            "Stopping: nothing new is sent; waiting for the answers that are on their way. Again to wait 5 s at most.",
        );
        given = stops.next().await;
    }
    let wait = given.map_or(SHORT_WAIT, |given| given.saturating_sub(LEAVING));
    let again = if given.is_none() { " Again to leave at once." } else { "" };
    say(printer, format!("Leaving in {} s, whatever is still on its way.{again}", wait.as_secs()));
    tokio::select! {
        _again = stops.next() => {}
        () = sleep(wait) => {}
    }
}

/// Says it from a thread that may wait for a terminal that stands still: the answers that are on their way do not.
fn say(printer: &Printer, text: impl Into<String>) {
    let text = text.into();
    let printer = printer.clone();
    let say = move || printer.say(&text);
    if is_taken_out("say-stop-where-answers-arrive") { say() } else { drop(spawn_blocking(say)) }
}

/// Resolves at the first signal, from this call on.
pub(super) fn first() -> impl Future<Output = ()> {
    let mut stops = Stops::listen();
    async move {
        stops.next().await;
    }
}
