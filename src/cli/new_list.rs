//! A list that a command writes: whole or not at all, and over nothing. In a file, or on standard output.

use super::{exit::Failure, printer};
use crate::{
    engine::Clock,
    platform,
    report::{ListCell, ListForm, ListTable},
};
use std::{
    env, fs,
    io::{self, BufWriter},
    path::{Path, PathBuf},
};
use tempfile::NamedTempFile;

/// Where a list goes.
#[derive(Debug)]
pub(super) enum ListTarget {
    File(PathBuf, ListForm),
    StandardOutput,
}

impl ListTarget {
    /// A file that this option names, in the form that its name says. It must not be there yet.
    pub(super) fn file(option: &str, out: &Path) -> Result<Self, Failure> {
        let shown = out.display();
        let Some(form) = ListForm::of(out) else {
            let text = format!(
                "`--{option} {shown}`: the list is written as CSV or as a workbook; give it a name with .csv or .xlsx"
            );
            return Err(Failure::usage(text));
        };
        if out.symlink_metadata().is_ok() {
            return Err(Failure::usage(format!(
                "`--{option} {shown}` is there already, and nothing is overwritten; name another"
            )));
        }
        Ok(Self::File(out.to_owned(), form))
    }

    const fn form(&self) -> ListForm {
        match self {
            Self::File(_, form) => *form,
            Self::StandardOutput => ListForm::Csv,
        }
    }

    /// The folder in which it is written under a name that does not count.
    fn folder(&self) -> PathBuf {
        match self {
            Self::File(path, _) => platform::folder_of(path).to_owned(),
            Self::StandardOutput => env::temp_dir(),
        }
    }

    fn cannot_write(&self, error: &io::Error) -> Failure {
        Failure::usage(match self {
            Self::File(path, _) => {
                format!("cannot write the list `{}`: {error}; nothing of it was written", path.display())
            }
            Self::StandardOutput => format!(
                "cannot put the list aside in `{}`: {error}; nothing was written. Name a file with `--out`",
                self.folder().display()
            ),
        })
    }
}

/// A list that does not have its name yet. Unless it is put there, nothing of it stays.
pub(super) struct NewList {
    target: ListTarget,
    table: ListTable<BufWriter<NamedTempFile>>,
}

impl NewList {
    /// Begins the list with these columns.
    pub(super) fn begin(target: ListTarget, columns: &[&str]) -> Result<Self, Failure> {
        let (folder, form) = (target.folder(), target.form());
        let begun = NamedTempFile::new_in(&folder).and_then(|file| {
            let at = Clock::System.now();
            ListTable::begin(BufWriter::new(file), form, (&folder, at), columns)
        });
        match begun {
            Ok(table) => Ok(Self { target, table }),
            Err(error) => Err(target.cannot_write(&error)),
        }
    }

    /// Adds a row.
    pub(super) fn add(&mut self, cells: &[ListCell<'_>]) -> Result<(), Failure> {
        self.table.add(cells).map_err(|error| self.target.cannot_write(&error))
    }

    /// Puts it where it belongs: nobody sees a part of it.
    pub(super) fn put(self) -> Result<(), Failure> {
        let Self { target, table } = self;
        let failed = |error: io::Error| target.cannot_write(&error);
        let file = table.end().map_err(failed)?.into_inner().map_err(|error| failed(error.into_error()))?;
        match &target {
            ListTarget::File(path, _) => {
                file.as_file().sync_all().map_err(failed)?;
                file.persist_noclobber(path).map(drop).map_err(|error| failed(error.error))
            }
            ListTarget::StandardOutput => printer::pass_on(&mut fs::File::open(file.path()).map_err(failed)?),
        }
    }
}
