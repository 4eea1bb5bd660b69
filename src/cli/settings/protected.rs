//! The customers that are never touched.

use crate::{
    cli::{bounded, exit::Failure},
    domain::TenantId,
};
use std::{collections::BTreeSet, path::Path};

/// Reads the list of customers that are never touched. A line that is no ID is an error: a customer
/// that was meant to be protected must not lose that to a typing error.
pub(super) fn protected(path: &Path) -> Result<BTreeSet<TenantId>, Failure> {
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
