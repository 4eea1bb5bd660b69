//! Where the operator's signing key is.

use super::{consent, data_folder, exit::Failure};
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
    let named = env::var_os(SIGNING_KEY).filter(|value| !value.is_empty()).map(PathBuf::from);
    let path = named.or_else(|| Some(data_folder::locate()?.join("signing.key")));
    path.ok_or_else(|| {
        let text = format!(
            "nobody knows where your signing key is: set `{SIGNING_KEY}` to a file, or `HOME`. Nothing was sent."
        );
        Failure::usage(text)
    })
}
