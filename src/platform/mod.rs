//! Everything that one operating system does differently, and nothing else.
//!
//! `unix.rs` (Linux and macOS) and `windows.rs` offer one set of functions, which is the list below; the rest of the
//! program calls them and never asks where it runs. What is only a rule, and can be tried on any machine, stands beside
//! them: how a word is quoted for a shell ([`shell`]) and which folders somebody synchronises ([`synchronised`]).

#[cfg(unix)]
mod unix;
#[cfg(windows)]
mod windows;

mod shell;
mod synchronised;

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

// Files that are one person's own.
pub(crate) use system::{
    PRIVACY_OF_FILES, create_private_folder, exposure, open_plain, private, seal, unseal,
};
// Files and disks.
pub(crate) use system::{identity, is_held_open, keep_free, largest_file, lock_folder, read_at, sync_folder};
// Where things are, and whose.
pub(crate) use system::{DATA_FOLDER_NEEDS, data_folder, distrusted};
// Who and where.
pub(crate) use system::{account, host, user_name};
// The process and its terminal.
pub(crate) use system::{
    AsTerminal, Stops, harden, most_handles, obeys_escapes, require_handles, shell_command, since_boot,
};

use shell::Shell;
use std::{
    env,
    fs::File,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

/// Which file it is, whatever its name, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Device or volume, and number on it.
    pub(crate) number: (u64, u64),
    /// How many names it has.
    pub(crate) names: u64,
    /// Its bytes.
    pub(crate) length: u64,
}

/// Why a log may not lie in a folder: locks, shared memory or the bytes themselves cannot be trusted there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnsafePlace {
    /// It is another machine's, or another system's on this one. What it is, and what to do.
    #[error("{0}")]
    Remote(&'static str),
    /// Some service copies what is in it to other machines, and back.
    #[error(
        "in a folder that {0} synchronises, which can put an older copy in its place while it is written; choose a folder \
         that nothing synchronises"
    )]
    Synchronised(&'static str),
}

/// What is said of a folder of another machine.
const NETWORK: &str = "on a network file system, which does not keep its locks; choose a local folder";

/// Why a log may not be written into this folder. None if it may.
pub(crate) fn unsafe_place(folder: &Path) -> io::Result<Option<UnsafePlace>> {
    let folder = canonical(folder)?;
    if let Some(remote) = system::remote(&folder)? {
        return Ok(Some(UnsafePlace::Remote(remote)));
    }
    let service = synchronised::Services::of_this_user().synchronise(&folder);
    Ok(service.map(UnsafePlace::Synchronised))
}

/// The folder that a file is in, by its path as it was given: a name alone is in the one that is worked in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The whole path, with every link followed, in the form that people know.
pub(crate) fn canonical(path: &Path) -> io::Result<PathBuf> {
    dunce::canonicalize(path)
}

/// How many bytes may still be written below this folder.
pub(crate) fn free_space(folder: &Path) -> io::Result<u64> {
    fs4::available_space(folder)
}

/// Gives a file, which is empty, so many bytes on the disk.
fn fill(mut file: &File, size: usize) -> io::Result<()> {
    file.write_all(&vec![0x5a; size])?;
    file.sync_all()
}

/// The columns and lines of this terminal.
pub(crate) fn terminal_size(terminal: impl AsTerminal) -> Option<(u16, u16)> {
    terminal_size::terminal_size_of(terminal).map(|(width, height)| (width.0, height.0))
}

/// The shell that commands are copied into.
fn shell_in_use() -> Shell {
    Shell::in_use(cfg!(windows), |variable| env::var_os(variable).is_some())
}

/// A word for the shell that commands are copied into.
pub(crate) fn quoted(word: &str) -> String {
    shell_in_use().quoted(word)
}

/// What a line of a command ends with that goes on in the next one.
pub(crate) fn goes_on() -> &'static str {
    shell_in_use().goes_on()
}
