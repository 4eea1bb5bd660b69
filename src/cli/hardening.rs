//! What is done before anything else, so that no secret leaves this process by accident, and no limit of the
//! system ends it without a word.

use super::exit::Failure;
use rustix::process::{
    DumpableBehavior, Resource, Rlimit, Signal, getrlimit, set_dumpable_behavior, setrlimit,
};
use std::{
    fs::File,
    io,
    panic::{self, Location},
};
use tokio::{
    runtime::Builder,
    signal::unix::{SignalKind, signal},
};

/// As many files and connections as a run has open at once, and some more.
const HANDLES: usize = 64;

/// No core dump, by this process or by another that looks into it, and no values in what a panic says.
pub fn harden() {
    let nothing = Rlimit { current: Some(0), maximum: Some(0) };
    // Where the system refuses, the program is no worse than any other.
    let _limited = setrlimit(Resource::Core, nothing);
    let _closed = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    panic::set_hook(Box::new(|info| {
        let text = fault(info.location());
        tracing::error!("{text}");
        super::printer::Printer::plain().ask(&format!("error: {text}"));
    }));
}

/// Refuses to begin where this process may not open the files and connections that it needs. A file that
/// may not grow is an error from here on, as a full disk is, and no longer the end of the program.
pub(super) fn require_room() -> Result<(), Failure> {
    let spare: io::Result<Vec<File>> = (0..HANDLES).map(|_| File::open("/dev/null")).collect();
    drop(spare.map_err(|error| too_few(&error))?);
    // The handler stays for as long as the process lives. All it is for is to be there: the default is to
    // end the process.
    let runtime = Builder::new_current_thread().enable_io().build().map_err(|error| too_few(&error))?;
    let _inside = runtime.enter();
    if let Err(error) = signal(SignalKind::from_raw(Signal::XFSZ.as_raw())) {
        tracing::warn!("a file that may not grow ends the program: {error}");
    }
    Ok(())
}

fn too_few(error: &io::Error) -> Failure {
    let may =
        getrlimit(Resource::Nofile).current.map_or_else(String::new, |may| format!(" of the {may} it may"));
    Failure::usage(format!(
        "this program cannot open {HANDLES} more files{may}: {error}. Raise the limit (`ulimit -n 1024`), or close what \
         holds them. Nothing was sent"
    ))
}

/// What is said of a panic: where it was, and not what it was about, for that may quote anything.
fn fault(place: Option<&Location<'_>>) -> String {
    let place = place.map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    format!(
        "a fault of this program at {place}; please report it. What was on its way counts as sent, and `offboard resume` settles it"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_says_where_it_was() {
        let here = Location::caller();
        assert!(fault(Some(here)).contains("hardening.rs") && fault(None).contains("please report"));
    }
}
