//! The customers that are never touched.

use super::{file::Toml, pick::Picker};
use crate::{
    cli::{bounded, exit::Failure},
    domain::TenantId,
};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// The customers of the file that was typed, or that the settings name.
pub(super) fn protected(
    picker: &mut Picker<'_>,
    typed: Option<&PathBuf>,
    file: &Toml,
) -> Result<BTreeSet<TenantId>, Failure> {
    let [typed, in_file] =
        [typed, file.protected.as_ref()].map(|path| path.map(|path| path.display().to_string()));
    let path = picker.optional("protected", typed, in_file);
    path.map(|path| read(Path::new(&path))).transpose().map(Option::unwrap_or_default)
}

/// Reads the list of customers that are never touched. A line that is no ID is an error: a customer
/// that was meant to be protected must not lose that to a typing error.
fn read(path: &Path) -> Result<BTreeSet<TenantId>, Failure> {
    let shown = path.display();
    let text = bounded::text(path, bounded::LARGE)
        .map_err(|error| Failure::usage(format!("cannot read `{shown}`: {error}")))?;
    let lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    lines
        .map(|(i, line)| (i + 1, line.split('#').next().unwrap_or_default().trim()))
        .filter(|(_, line)| !line.is_empty())
        .map(|(number, line)| {
            line.parse().map_err(|error| Failure::usage(format!("`{shown}`, line {number}: {error}")))
        })
        .collect()
}
