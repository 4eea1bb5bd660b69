//! Where `offboard.toml` is: in the current folder, or in the nearest one above that has one.

use super::FILE;
use crate::{
    cli::{bounded, exit::Failure},
    domain::is_taken_out,
    platform,
};
use std::{
    env, fs,
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

/// The file that was found.
#[derive(Debug)]
pub(super) struct FoundSettings {
    /// The whole path.
    pub(super) path: PathBuf,
    /// The folder that it is in, if that is not the current one.
    pub(super) above: Option<PathBuf>,
    /// What it says.
    pub(super) text: String,
}

impl FoundSettings {
    /// The file, for messages.
    pub(super) fn shown(&self) -> String {
        if self.above.is_none() { FILE.to_owned() } else { self.path.display().to_string() }
    }
}

/// Looks for the file upwards, and stops at the first one. One that cannot be read is not passed over: what it protects
/// from would be lost in silence.
pub(super) fn find() -> Result<Option<FoundSettings>, Failure> {
    // A current folder that was removed has nothing above it.
    let current = env::current_dir().ok();
    if let Some(text) = text(Path::new(FILE))? {
        let path = current.unwrap_or_default().join(FILE);
        return Ok(Some(FoundSettings { path, above: None, text }));
    }
    for folder in current.iter().flat_map(|current| current.ancestors().skip(1)) {
        let path = folder.join(FILE);
        if let Some(text) = text(&path)? {
            require_own(&path)?;
            return Ok(Some(FoundSettings { path, above: Some(folder.to_owned()), text }));
        }
    }
    Ok(None)
}

/// The text of the file, if there is one. A link that leads nowhere is one.
fn text(path: &Path) -> Result<Option<String>, Failure> {
    match bounded::text(path, bounded::SMALL) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound && fs::symlink_metadata(path).is_err() => Ok(None),
        Err(error) => Err(unreadable(path, &error)),
    }
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("cannot read `{}`: {error}", path.display()))
}

/// Whoever goes into a folder knows what is in it. What is in one above, such as `/tmp`, anybody may have put there, and
/// the file can name commands that are carried out.
fn require_own(path: &Path) -> Result<(), Failure> {
    refuse(path, platform::distrusted(path).map_err(|error| unreadable(path, &error))?)
}

/// `why` is the rest of a sentence about the file; none if it is trusted.
fn refuse(path: &Path, why: Option<String>) -> Result<(), Failure> {
    match why {
        Some(why) if !is_taken_out("settings-of-anybody") => Err(Failure::usage(format!(
            "`{}` {why}, and may name commands; it is not used from a folder below. Go to its folder to use it, or put an \
             `{FILE}` of your own in this one. Nothing was sent",
            path.display()
        ))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_are_not_trusted_are_refused() {
        let path = Path::new("/tmp/offboard.toml");
        assert!(refuse(path, None).is_ok());
        let refused = refuse(path, Some("belongs to another user (uid 7)".to_owned())).unwrap_err();
        assert!(
            refused.text.starts_with("`/tmp/offboard.toml` belongs to another user (uid 7), and"),
            "{}",
            refused.text
        );
    }
}
