//! Who allows the changes.

use super::exit::{Exit, Failure};
use crate::{
    domain::{ListReading, is_taken_out},
    platform,
};
use std::io::{self, IsTerminal as _};

/// How the plan is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consent {
    /// A person types the partner's name and the number.
    Ask,
    /// It was given beforehand.
    Given,
}

/// Nobody can be asked where nobody types.
pub(super) fn require(yes: bool, has_partner: bool) -> Result<Consent, Failure> {
    match (yes, has_partner || is_taken_out("yes-whoever-the-partner-is")) {
        (true, true) => Ok(Consent::Given),
        (true, false) => Err(Failure::usage(
            "`--yes` needs `--partner-tenant`: name the partner account whose customers these are",
        )),
        (false, _) if io::stdin().is_terminal() => Ok(Consent::Ask),
        (false, _) => Err(Failure::new(
            Exit::Guard,
            "nobody can confirm, because standard input is no terminal; give `--yes` and `--partner-tenant`, or run \
             it in a terminal. Nothing was sent",
        )),
    }
}

/// With `--yes`, nobody reads that neither names nor domains are compared; so it must have been acknowledged. `how`
/// says in which way. Of lists that an older program read, it is not known.
pub(super) fn require_identity(reading: Option<&ListReading>, yes: bool, how: &str) -> Result<(), Failure> {
    let yes = yes && !is_taken_out("unread-that-nothing-is-compared");
    let gap = reading.filter(|reading| yes && !reading.no_identity_check).and_then(ListReading::identity_gap);
    gap.map_or(Ok(()), |gap| Err(Failure::usage(format!("{gap} With `--yes`: {how}. Nothing was sent"))))
}

/// The person's name on this machine, and the account, which cannot be changed with a variable.
pub(super) fn operator() -> String {
    let account = platform::account();
    platform::user_name().map_or_else(|| account.clone(), |name| format!("{name} ({account})"))
}

/// The person's name on this machine, or the account if it has none.
pub(super) fn user() -> String {
    platform::user_name().unwrap_or_else(platform::account)
}
