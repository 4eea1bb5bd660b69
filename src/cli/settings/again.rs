//! What is to be said again, so that a command that is shown works as it stands: the options of this one that
//! nothing else remembers.

use crate::{domain::is_taken_out, platform::quoted};
use clap::ArgMatches;
use std::collections::BTreeMap;

/// Where the log is.
const LOG: [&str; 1] = ["audit_log"];
/// Where the reports go.
const REPORTS: [&str; 1] = ["reports"];
/// How Partner Center is reached and signed in to.
const SIGN_IN: [&str; 7] =
    ["app_only", "log_dir", "login_url", "profile", "token_command", "ca_file", "proxy"];
/// Which sandbox is meant.
const SANDBOX: [&str; 1] = ["sandbox_tenant"];
/// What was said about the columns of the list. Whatever else was said about it is not so of a list that this program
/// writes.
const COLUMNS: [&str; 4] = ["column", "name_column", "no_identity_check", "skip_invalid"];

/// What was said about how the list itself is read.
const READING: [&str; 6] = ["column", "name_column", "sheet", "header_row", "hidden", "encoding"];

/// Those that have no value.
const FLAGS: [&str; 3] = ["app_only", "skip_invalid", "no_identity_check"];

/// Options as they were typed on the command line. What comes from the environment or a file is there again.
#[derive(Clone, Debug, Default)]
pub(in crate::cli) struct Again {
    typed: BTreeMap<String, Vec<String>>,
}

impl Again {
    /// Takes the typed options of this level of the command line.
    pub(super) fn take(&mut self, matches: &ArgMatches, id: &str) {
        let values = matches.get_raw(id).into_iter().flatten();
        self.typed.insert(id.to_owned(), values.map(|value| value.to_string_lossy().into_owned()).collect());
    }

    /// A command that reads the log.
    pub(in crate::cli) fn reading(&self, command: &str) -> String {
        self.with(command, &LOG)
    }

    /// A command that reads the log and writes reports.
    pub(in crate::cli) fn reporting(&self, command: &str) -> String {
        self.with(command, &[&LOG[..], &REPORTS].concat())
    }

    /// A command that sends requests, records them and writes reports.
    pub(in crate::cli) fn sending(&self, command: &str) -> String {
        let log = if is_taken_out("a-next-command-without-its-log") { &[] } else { &LOG[..] };
        self.with(command, &[log, &REPORTS, &SIGN_IN, &SANDBOX].concat())
    }

    /// A command that sends requests about a run that is over, and records them.
    pub(in crate::cli) fn visiting(&self, command: &str) -> String {
        self.with(command, &[&LOG[..], &SIGN_IN].concat())
    }

    /// A command that reads a list like the one of this.
    pub(in crate::cli) fn listing(&self, command: &str) -> String {
        self.with(command, &[&LOG[..], &REPORTS, &SIGN_IN, &COLUMNS].concat())
    }

    /// A command that tells from another log, and of the same list as this one.
    pub(in crate::cli) fn of_another_log(&self, command: &str) -> String {
        self.with(command, &[&REPORTS[..], &READING].concat())
    }

    fn with(&self, command: &str, names: &[&str]) -> String {
        let mut text = format!("offboard {command}");
        for name in names {
            for value in self.typed.get(*name).into_iter().flatten() {
                // What has no value is recorded as true.
                let is_flag = value == "true" && FLAGS.contains(name);
                text.push_str(&if is_flag { flag(name) } else { option(name, value) });
            }
        }
        text
    }
}

/// An option as it is typed.
pub(in crate::cli) fn option(name: &str, value: &str) -> String {
    format!(" --{} {}", name.replace('_', "-"), quoted(value))
}

/// One that has no value.
pub(in crate::cli) fn flag(name: &str) -> String {
    format!(" --{}", name.replace('_', "-"))
}
