//! Where a person's own files of this program are: the signing key, and what `offboard login` keeps.

use std::{env, path::PathBuf};

/// `$XDG_DATA_HOME/offboard`, or `~/.local/share/offboard`; what is not absolute does not count.
pub(super) fn locate() -> Option<PathBuf> {
    let absolute = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")))?;
    Some(data.join("offboard"))
}
