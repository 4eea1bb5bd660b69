//! Where the operator's signing key is.

use super::{consent, exit::Failure};
use crate::audit::{SigningKey, key_name};
use std::{env, path::PathBuf};

/// Names the key file.
const SIGNING_KEY: &str = "OFFBOARD_SIGNING_KEY";

/// The key that signs heads of audit logs; made when there is none yet.
pub(super) fn key() -> Result<SigningKey, Failure> {
    let path = path()?;
    let name = key_name(&consent::user(), &consent::host());
    SigningKey::load_or_make(&path, &name)
        .map_err(|error| Failure::usage(format!("{error}. `{SIGNING_KEY}` names another. Nothing was sent.")))
}

fn path() -> Result<PathBuf, Failure> {
    let named = |name: &str| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(path) = named(SIGNING_KEY) {
        return Ok(path);
    }
    // What is not absolute does not count (XDG base directory specification).
    let data = named("XDG_DATA_HOME").filter(|path| path.is_absolute());
    let data = data.or_else(|| Some(named("HOME")?.join(".local/share")));
    let data = data.ok_or_else(|| {
        Failure::usage(format!(
            "nobody knows where your signing key is: set `{SIGNING_KEY}` to a file, or `HOME`. Nothing was sent."
        ))
    })?;
    Ok(data.join("offboard/signing.key"))
}
