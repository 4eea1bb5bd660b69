//! The program: it hands its arguments to the library and ends as that says.

use mimalloc::MiMalloc;
use offboard::cli::{self, Exit};

/// Whose job it is to free on one thread what another one made.
#[global_allocator]
static MEMORY: MiMalloc = MiMalloc;

fn main() -> Exit {
    cli::harden();
    // What went wrong was said when it did.
    std::panic::catch_unwind(|| cli::main(std::env::args_os())).unwrap_or(Exit::Bug)
}
