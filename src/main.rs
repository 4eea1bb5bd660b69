//! The program: it hands its arguments to the library and ends as that says.

use offboard::{cli, domain::Exit};

fn main() -> Exit {
    cli::harden();
    // What went wrong was said when it did.
    std::panic::catch_unwind(|| cli::main(std::env::args_os())).unwrap_or(Exit::Bug)
}
