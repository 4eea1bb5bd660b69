//! The log of a run, and whether a run may use it now.

use crate::{
    audit::{QueryError, Reader, Store, stop_file},
    domain::{Mode, RunId, Sha256, is_taken_out},
    engine::Halt,
    input::ListError,
    record::{RowState, Run, Stage},
};
use std::path::{Path, PathBuf};

/// Why a run was not carried out, or not as far as to where its end is recorded.
#[derive(Debug)]
pub enum CannotConduct {
    /// This file beside the log says stop.
    StopFile(PathBuf),
    /// An older run has to be brought to its end first.
    Unfinished {
        /// Which one.
        run: RunId,
        /// It is of the same list; else it has changes whose outcome is not settled.
        is_of_this_list: bool,
    },
    /// The run has no first record.
    NotBegun(RunId),
    /// The run is over.
    Over(RunId),
    /// The list cannot be read.
    List(ListError),
    /// The log cannot be read.
    Log(QueryError),
    /// What was on its way was not waited for, and is in doubt.
    LeftAtOnce(RunId),
    /// The run stopped, and that could not be recorded as its end.
    Halt(Halt),
}

impl From<ListError> for CannotConduct {
    fn from(error: ListError) -> Self {
        Self::List(error)
    }
}

impl From<QueryError> for CannotConduct {
    fn from(error: QueryError) -> Self {
        Self::Log(error)
    }
}

impl From<Halt> for CannotConduct {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

/// A log that is locked for this process, and in which and beside which nothing speaks against the run.
#[derive(Debug)]
pub struct Log(Store);

impl Log {
    /// For a new run of this list. A demo is no work on anybody's customers, and has nothing to wait for.
    pub fn for_new(store: Store, mode: Mode, list: Sha256) -> Result<Self, CannotConduct> {
        if mode != Mode::Demo {
            refuse_stop_file(&store)?;
            refuse_unfinished(&store, list)?;
        }
        Ok(Self(store))
    }

    /// For a run that is gone on with, which is read now that no other process can write.
    pub fn to_resume(store: Store, run: &RunId) -> Result<(Self, Run), CannotConduct> {
        refuse_stop_file(&store)?;
        let found = Reader::open(store.path())?.fold(run)?;
        let found = found.ok_or_else(|| CannotConduct::NotBegun(run.clone()))?;
        if found.stage == Stage::Sealed {
            return Err(CannotConduct::Over(run.clone()));
        }
        Ok((Self(store), found))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(super) fn into_store(self) -> Store {
        self.0
    }
}

fn refuse_stop_file(store: &Store) -> Result<(), CannotConduct> {
    let file = stop_file(store.path());
    if file.exists() && !is_taken_out("go-on-beside-a-stop-file") {
        return Err(CannotConduct::StopFile(file));
    }
    Ok(())
}

/// Refuses a new run while an older one may still have changes in doubt, or is unfinished over the same
/// list: two runs would not know of each other.
fn refuse_unfinished(store: &Store, list: Sha256) -> Result<(), CannotConduct> {
    let reader = Reader::open(store.path())?;
    for line in reader.runs()? {
        if line.is_sealed() || !line.is_real() {
            continue;
        }
        let Some(run) = reader.fold(&line.run_id)? else { continue };
        // A run whose list was not read to its end never sent anything.
        let is_whole = run.rows.len() == run.opened.input.rows as usize;
        let is_of_this_list = is_whole && run.opened.input.sha256 == list;
        if is_of_this_list || run.rows.iter().any(|row| matches!(row.state, RowState::Changing(_))) {
            return Err(CannotConduct::Unfinished { run: run.id, is_of_this_list });
        }
    }
    Ok(())
}
