//! The program: it hands its arguments to the library and ends as that says.

use offboard::cli::{self, Exit};

fn main() -> Exit {
    cli::main(std::env::args_os())
}
