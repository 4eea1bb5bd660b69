//! `offboard completions`.

use super::{
    args::Cli,
    exit::{Exit, Failure},
    printer::Printer,
};

pub(super) fn run(printer: &Printer, shell: clap_complete::Shell) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::shown(), "offboard", &mut script);
    printer.data(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Exit::Done)
}
