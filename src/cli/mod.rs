//! The command line: what was typed, what it means, and what people see.
//!
//! [`args`] is what was typed and [`settings`] what it means, with where each value came from; only
//! the second reaches the rest of the program. Each command has a file. Standard output carries data
//! only; everything else goes to standard error. Which exit code an error has is decided in one place, [`exit`];
//! which one a run has, where it is carried out, in [`crate::conduct`].
//!
//! This is the only room that prints, asks a person, reads the environment, or ends the program.

mod access;
mod account;
mod advice;
mod apply;
mod approval;
mod approval_view;
mod approve;
mod args;
mod bounded;
mod check;
mod check_line;
mod completions;
mod consent;
mod credentials;
mod customers;
mod demo;
mod diagnostics;
mod doctor;
mod ending;
mod exit;
mod export;
mod export_events;
mod export_record;
mod export_tables;
mod folding;
mod hardening;
mod health;
mod invitation;
mod keys;
mod log;
mod login;
mod man;
mod matching;
mod new_folder;
mod new_list;
mod next_steps;
mod operator;
mod pager;
mod plan_file;
mod printer;
mod private_file;
mod profiles;
mod progress;
mod progress_line;
mod prove;
mod ready_list;
mod reconcile;
mod refresh;
mod rehearsal;
mod reinvite;
mod report;
mod resolve;
mod resume;
mod review;
mod run;
mod runs;
mod secret_arguments;
mod session;
mod settings;
mod signals;
mod simulate;
mod status;
mod tables;
mod terminal_escape;
mod to_do;
mod token_command;
mod verify;
mod verify_export;

pub use exit::Failure;
pub use hardening::harden;

use args::{Cli, Command};
use clap::FromArgMatches as _;
use exit::Exit;
use printer::Printer;
use std::ffi::OsString;

/// What somebody sees who types nothing else.
const FIVE_STEPS: &str = include_str!("five-steps.txt");

/// Runs the program with these arguments; the first one is its own name.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> Exit {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    if let Some(failure) = secret_arguments::refuse_secrets(&arguments) {
        return Printer::plain().failure(&failure);
    }
    if arguments.len() <= 1 {
        let printer = Printer::plain();
        let shown = printer.data(FIVE_STEPS.trim_end());
        return shown.map_or_else(|failure| printer.failure(&failure), |()| Exit::Usage);
    }
    let matches = match Cli::shown().try_get_matches_from(&arguments) {
        Ok(matches) => matches,
        Err(mut error) => {
            let advice = advice::advice(&mut error, &arguments);
            return Printer::plain().usage(&error, advice);
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => return Printer::plain().usage(&error, None),
    };
    let printer = Printer::new(&cli.common);
    let typed = settings::Typed::new(&matches);
    if let Err(failure) = hardening::require_room() {
        return printer.failure(&failure);
    }
    let ended = match cli.command {
        Command::Demo(options) => demo::run(&printer, &typed, &cli.common, options),
        Command::Check(options) => check::run(&printer, &options),
        Command::Customers(options) => customers::run(&printer, &typed, &cli.common, &options),
        Command::Match(options) => matching::run(&printer, &typed, &cli.common, &options),
        Command::Plan(options) => run::plan(&printer, &typed, &cli.common, *options),
        Command::Run(options) => run::run(&printer, &typed, &cli.common, *options),
        Command::Approve(options) => approve::run(&printer, &options),
        Command::Apply(options) => apply::run(&printer, &typed, &cli.common, &options),
        Command::Resume(options) => resume::run(&printer, &typed, &cli.common, &options),
        Command::Resolve(options) => resolve::run(&printer, &typed, &cli.common, &options),
        Command::Login(options) => login::login(&printer, &typed, &cli.common, &options),
        Command::Logout(options) => login::logout(&printer, &typed, &options),
        Command::Doctor(options) => doctor::run(&printer, &typed, &cli.common, options),
        Command::Runs => runs::run(&printer, &typed, &cli.common),
        Command::Report(options) => report::run(&printer, &typed, &cli.common, &options),
        Command::Log(options) => log::run(&printer, &typed, &cli.common, *options),
        Command::Verify(options) => verify::run(&printer, &typed, &cli.common, &options),
        Command::Prove(options) => prove::run(&printer, &typed, &cli.common, &options),
        Command::Reconcile(options) => reconcile::run(&printer, &typed, &cli.common, &options),
        Command::Reinvite(options) => reinvite::run(&printer, &typed, &cli.common, &options),
        Command::Review(options) => review::run(&printer, &typed, &cli.common, &options),
        Command::Status(options) => status::run(&printer, &typed, &cli.common, &options),
        Command::Simulate(options) => simulate::run(&printer, &typed, &cli.common, &options),
        Command::Completions { shell } => completions::run(&printer, shell),
        Command::Man { dir } => man::run(&printer, &dir),
    };
    match ended {
        Ok(exit) => exit,
        Err(failure) => printer.failure(&failure),
    }
}
