//! The keys of the people who use this program: where they are, and how the public half of one is given.

use super::{bounded, consent, exit::Failure};
use crate::{
    audit::{SigningKey, VerifyingKey, key_name},
    platform::{self, DATA_FOLDER_NEEDS},
};
use std::{
    env,
    path::{Path, PathBuf},
};

/// A private key of this user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyFile {
    /// It signs heads of audit logs.
    Signing,
    /// It approves plans.
    Approval,
}

impl KeyFile {
    /// The variable that names the file.
    pub(super) const fn variable(self) -> &'static str {
        match self {
            Self::Signing => "OFFBOARD_SIGNING_KEY",
            Self::Approval => "OFFBOARD_APPROVAL_KEY",
        }
    }

    const fn file(self) -> &'static str {
        match self {
            Self::Signing => "signing.key",
            Self::Approval => "approval.key",
        }
    }

    /// Where it is.
    pub(super) fn path(self) -> Result<PathBuf, Failure> {
        let named = env::var_os(self.variable()).filter(|value| !value.is_empty()).map(PathBuf::from);
        let path = named.or_else(|| Some(platform::data_folder()?.join(self.file())));
        path.ok_or_else(|| {
            let text = format!(
                "there is no place for your key: set the environment variable {} to a file, or {DATA_FOLDER_NEEDS}. Nothing was \
                 sent.",
                self.variable()
            );
            Failure::usage(text)
        })
    }

    /// The key; made when there is none yet.
    pub(super) fn load_or_make(self) -> Result<SigningKey, Failure> {
        let path = self.path()?;
        let name = key_name(&consent::user(), &platform::host());
        SigningKey::load_or_make(&path, &name).map_err(|error| {
            Failure::usage(format!("{error}. `{}` names another. Nothing was sent.", self.variable()))
        })
    }
}

/// The public half of a key, or the first line of a file.
pub(super) fn public(option: &str, text: &str) -> Result<VerifyingKey, Failure> {
    let refused = |error: &dyn std::fmt::Display| Failure::usage(format!("`{option}`: {error}"));
    match text.parse::<VerifyingKey>() {
        Ok(key) => Ok(key),
        Err(error) if !Path::new(text).exists() => Err(refused(&error)),
        Err(_) => {
            let held = bounded::text(Path::new(text), bounded::SMALL)
                .map_err(|error| refused(&format!("`{text}`: {error}")))?;
            let first = held.trim_start_matches('\u{feff}').lines().next().unwrap_or_default();
            first.trim().parse().map_err(|error| refused(&error))
        }
    }
}
