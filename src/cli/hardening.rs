//! What is done before anything else, so that no secret leaves this process by accident, and no limit of the
//! system ends it without a word.

use super::exit::Failure;
use crate::{export::is_decoding, platform};
use std::{
    io,
    panic::{self, Location},
};

/// As many files and connections as a run has open at once, and some more.
const HANDLES: usize = 64;

/// No core dump, by this process or by another that looks into it, where a program can ask for that; and no values in what
/// a panic says. One over a table that somebody made is no fault of this program, and is said where it is caught.
pub fn harden() {
    platform::harden();
    panic::set_hook(Box::new(|info| {
        if is_decoding() {
            return;
        }
        let text = fault(info.location());
        tracing::error!("{text}");
        super::printer::Printer::plain().ask(&format!("error: {text}"));
    }));
}

/// Refuses to begin where this process may not open the files and connections that it needs.
pub(super) fn require_room() -> Result<(), Failure> {
    platform::require_handles(HANDLES).map_err(|error| too_few(&error))
}

fn too_few(error: &io::Error) -> Failure {
    let may = platform::most_handles().map_or_else(String::new, |may| format!(" of the {may} it may"));
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
