//! A folder of files that is written whole under another name, and then takes its own: so none is half there, and
//! nothing is ever written among other things.

use super::exit::Failure;
use crate::{domain::is_taken_out, platform};
use std::{
    fs, io,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// A folder that does not have its name yet. Unless it is put there, nothing of it stays.
#[derive(Debug)]
pub(super) struct NewFolder {
    at: PathBuf,
    draft: TempDir,
}

impl NewFolder {
    /// Begins a folder that is to be at `dir`, where there must be nothing, or an empty folder.
    pub(super) fn begin(dir: &Path) -> Result<Self, Failure> {
        let at = std::path::absolute(dir).map_err(|error| cannot_write(dir, &error))?;
        match fs::read_dir(&at) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(cannot_write(&at, &error)),
            Ok(mut entries) => {
                if entries.next().is_some() && !is_taken_out("export-over-what-is-there") {
                    let text =
                        format!("the folder `{}` is not empty; name another, or a new one", at.display());
                    return Err(Failure::usage(text));
                }
            }
        }
        let parent = parent(&at);
        fs::create_dir_all(parent).map_err(|error| cannot_write(parent, &error))?;
        let draft = tempfile::Builder::new()
            .prefix(".offboard-draft-")
            .tempdir_in(parent)
            .map_err(|error| cannot_write(parent, &error))?;
        Ok(Self { at, draft })
    }

    /// Where its files are written meanwhile.
    pub(super) fn draft(&self) -> &Path {
        self.draft.path()
    }

    /// Has what was written on disk. Its files must be there already.
    pub(super) fn sync(&self) -> Result<(), Failure> {
        platform::sync_folder(self.draft()).map_err(|error| cannot_write(self.draft(), &error))
    }

    /// Gives it its name. An empty folder that has it gives way; not every system replaces one.
    pub(super) fn put(self) -> Result<(), Failure> {
        let put = match fs::remove_dir(&self.at) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => fs::rename(self.draft.path(), &self.at),
        };
        put.map_err(|error| cannot_write(&self.at, &error))?;
        // It has another name now.
        drop(self.draft.keep());
        let parent = parent(&self.at);
        platform::sync_folder(parent).map_err(|error| cannot_write(parent, &error))
    }
}

fn parent(at: &Path) -> &Path {
    at.parent().unwrap_or(Path::new("."))
}

/// Why something cannot be written there.
pub(super) fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::usage(format!("cannot write `{}`: {error}; name another folder", path.display()))
}
