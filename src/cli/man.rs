//! `offboard man`: the manual pages.

use super::{
    args::Cli,
    exit::{Exit, Failure},
    new_folder::{NewFolder, cannot_write},
    printer::Printer,
};
use std::path::Path;

pub(super) fn run(printer: &Printer, dir: &Path) -> Result<Exit, Failure> {
    let pages = NewFolder::begin(dir)?;
    clap_mangen::generate_to(Cli::shown(), pages.draft()).map_err(|error| cannot_write(dir, &error))?;
    pages.sync()?;
    pages.put()?;
    printer
        .say(&format!("The manual pages are in {}; `man -l {0}/offboard.1` shows the first.", dir.display()));
    Ok(Exit::Done)
}
