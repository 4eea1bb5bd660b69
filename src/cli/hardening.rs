//! What is done before anything else, so that no secret leaves this process by accident.

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};
use std::panic::{self, Location};

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
