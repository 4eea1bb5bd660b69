//! Words that people bring from other programs: options and commands that this one does not have, each with what it has
//! instead. They stay usage errors, since a word that is taken for another one ends the wrong relationships.

use clap::{
    Error,
    error::{ContextKind, ContextValue, ErrorKind},
};
use std::ffi::OsString;

const LOOK: &str = "`offboard plan FILE` reads and decides, and changes nothing; `--rehearse` does the whole job against \
the simulator";
const CHECK: &str = "`offboard check FILE` reads the list, offline, and says every problem with its row; `offboard plan \
FILE` looks at the customers too, and changes nothing";
const FORCE: &str = "no option overrides all guards; each limit has one of its own, such as `--max-removals`, and a reason \
that may be left to the service is named with `--allow REASON`";
const YES: &str = "`run` and `apply` ask before they change anything; `--yes` answers beforehand, and needs \
`--partner-tenant`";
const REMOVE: &str = "`offboard run FILE` plans, asks, and ends the relationships; or `offboard plan FILE` first, and then \
`offboard apply` with its plan.json";
const DELETE: &str = "`offboard run FILE` ends relationships, and no customer is deleted by that; customers of an \
integration sandbox are, with a `--procedure` of their own";
const LIST: &str = "`offboard customers` lists the partner's customers, `offboard runs` shows the runs of the audit log, and \
`offboard check FILE` what is in a list";

/// What is advised for an option, by its letters alone.
const OPTIONS: [(&str, &str); 9] = [
    ("dryrun", LOOK),
    ("whatif", LOOK),
    ("n", LOOK),
    ("simulate", LOOK),
    ("test", LOOK),
    ("force", FORCE),
    ("yestoall", YES),
    ("confirm", YES),
    ("delete", DELETE),
];

/// What is advised for a command.
const COMMANDS: [(&str, &str); 6] = [
    ("dryrun", LOOK),
    ("validate", CHECK),
    ("remove", REMOVE),
    ("offboard", REMOVE),
    ("delete", DELETE),
    ("list", LIST),
];

/// What is advised to somebody whose command line was not understood. Guesses that would only lead further astray are
/// taken from the error.
pub(super) fn advice(error: &mut Error, arguments: &[OsString]) -> Option<&'static str> {
    let (kind, table): (_, &[_]) = match error.kind() {
        ErrorKind::UnknownArgument => (ContextKind::InvalidArg, &OPTIONS),
        ErrorKind::InvalidSubcommand => (ContextKind::InvalidSubcommand, &COMMANDS),
        _ => return None,
    };
    let Some(ContextValue::String(named)) = error.get(kind) else { return None };
    let letters = letters_of(&whole(named, arguments));
    let (_, advice) = table.iter().find(|(word, _)| *word == letters)?;
    for guess in [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::Suggested] {
        drop(error.remove(guess));
    }
    Some(advice)
}

/// The argument as it was typed: of `-WhatIf`, the error names its first letter alone.
fn whole(named: &str, arguments: &[OsString]) -> String {
    let is_letter = named.starts_with('-') && !named.starts_with("--");
    let typed = arguments.iter().skip(1).map(|argument| argument.to_string_lossy());
    let mut typed = typed.filter(|argument| is_letter && argument.starts_with(named));
    typed.next().map_or_else(|| named.to_owned(), std::borrow::Cow::into_owned)
}

fn letters_of(argument: &str) -> String {
    let name = argument.split(['=', ':', ' ']).next().unwrap_or_default();
    name.chars().filter(|c| !matches!(c, '-' | '_')).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_letters_that_count() {
        for argument in
            ["--dry-run", "--dry_run", "--dryrun=true", "-DryRun", "--DRY-RUN", "dry-run", "--dry-run <X>"]
        {
            assert_eq!(letters_of(argument), "dryrun", "{argument}");
        }
        let arguments = ["offboard", "plan", "-WhatIf"].map(OsString::from);
        assert_eq!(letters_of(&whole("-W", &arguments)), "whatif");
        assert_eq!(letters_of(&whole("-n", &arguments)), "n");
    }

    #[test]
    fn no_word_is_in_a_table_twice() {
        for table in [&OPTIONS[..], &COMMANDS] {
            let mut words: Vec<_> = table.iter().map(|(word, _)| word).collect();
            words.sort_unstable();
            words.dedup();
            assert_eq!(words.len(), table.len());
        }
    }
}
