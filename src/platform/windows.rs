//! Windows.

use super::{Identity, NETWORK, fill};
use etcetera::BaseStrategy as _;
use std::{
    env,
    fs::{self, File, Metadata, OpenOptions},
    io,
    os::windows::fs::FileExt as _,
    path::{Component, Path, PathBuf, Prefix},
    sync::OnceLock,
    time::{Duration, Instant},
};
use tokio::{
    process::Command,
    signal::windows::{CtrlBreak, CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown},
    signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown},
};
use winapi_util::{
    Handle,
    console::Console,
    sysinfo::{ComputerNameKind, get_computer_name},
};
use windows_dpapi::{Scope, decrypt_data, encrypt_data};

/// What has a handle, and so may be a console.
pub(crate) use std::os::windows::io::AsHandle as AsTerminal;

/// How a file that this program made is kept from others.
pub(crate) const PRIVACY_OF_FILES: &str = "open to those whom the permissions of its folder let in";

/// What is said of a folder of Linux inside of Windows.
const WSL: &str = "in WSL's own file system, which does not keep its locks for Windows; choose a folder on a drive of this \
                   machine, or use the program for Linux there";

/// Without these there is no place for a person's own files.
pub(crate) const DATA_FOLDER_NEEDS: &str = "set the environment variable LOCALAPPDATA";

/// Options to open a file. Who may read one that is made here, its folder says.
pub(crate) fn private() -> OpenOptions {
    OpenOptions::new()
}

/// Makes a folder, and those above it. Below `%LOCALAPPDATA%` it is for this user, the administrators and the system.
pub(crate) fn create_private_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

/// Opens what has this name for reading, unless it is a link. None if there is nothing; an error if it is no file.
pub(crate) fn open_plain(path: &Path) -> io::Result<Option<File>> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
        Ok(found) if !found.is_file() => Err(io::ErrorKind::InvalidInput.into()),
        Ok(_) => File::open(path).map(Some),
    }
}

/// Who else can get at this file. Its bytes are sealed for this user ([`seal`]), so nobody who reads them can use them.
pub(crate) fn exposure(_path: &Path, _found: &Metadata) -> Option<String> {
    None
}

/// A secret as its file holds it: encrypted by the data protection of Windows (DPAPI) for this user on this machine.
pub(crate) fn seal(secret: &[u8]) -> io::Result<Vec<u8>> {
    encrypt_data(secret, Scope::User, None).map_err(|error| io::Error::other(format!("{error:#}")))
}

/// The secret that a file holds. What another user, another machine or nobody has sealed is an error.
pub(crate) fn unseal(held: &[u8]) -> io::Result<Vec<u8>> {
    decrypt_data(held, Scope::User, None).map_err(|_why| {
        io::Error::new(
            io::ErrorKind::InvalidData,
            "Windows did not encrypt it for this user on this machine, so it is of no use here, or others may know it",
        )
    })
}

/// Which file has this name.
pub(crate) fn identity(path: &Path) -> io::Result<Identity> {
    let found = winapi_util::file::information(Handle::from_path_any(path)?)?;
    let number = (found.volume_serial_number(), found.file_index());
    // While a file is open for writing, what a name says of its length may be of before; the file itself knows.
    Ok(Identity { number, names: found.number_of_links(), length: found.file_size() })
}

/// Reads as much as `buffer` holds from this place on. An error of the kind `UnexpectedEof` if there is less.
pub(crate) fn read_at(file: &File, mut buffer: &mut [u8], mut from: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match file.seek_read(buffer, from) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                buffer = buffer.get_mut(count..).unwrap_or_default();
                from += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The names in a folder are on disk when this returns: NTFS writes them ahead by itself, and a folder cannot be synced.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(crate) fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Held by one process at a time, until it is dropped or the process ends. A folder has no lock, so a file in it does.
pub(crate) fn lock_folder(folder: &Path) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(folder.join(".lock"))?;
    file.lock()?;
    Ok(file)
}

/// Keeps so much room on the disk for this file, which is empty.
pub(crate) fn keep_free(file: &File, size: usize) -> io::Result<()> {
    fill(file, size)
}

/// The largest size that a file may have for this process. Nobody sets one here.
pub(crate) fn largest_file() -> Option<u64> {
    None
}

/// Whether a file could not be replaced because some program has it open, as Excel has what it shows.
pub(crate) fn is_held_open(error: &io::Error) -> bool {
    /// `winerror.h`: access denied, sharing violation, lock violation, the file is mapped.
    const HELD: [i32; 4] = [5, 32, 33, 1224];
    error.raw_os_error().is_some_and(|code| HELD.contains(&code))
}

/// What is wrong with a folder that is another machine's, or WSL's. A drive that stands for one is known by where it leads.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(super) fn remote(folder: &Path) -> io::Result<Option<&'static str>> {
    let Some(Component::Prefix(prefix)) = folder.components().next() else { return Ok(None) };
    let (Prefix::UNC(server, _) | Prefix::VerbatimUNC(server, _)) = prefix.kind() else { return Ok(None) };
    let server = server.to_string_lossy().to_lowercase();
    Ok(Some(if server == "wsl$" || server == "wsl.localhost" { WSL } else { NETWORK }))
}

/// Where a person's own files of this program are: `%LOCALAPPDATA%\offboard`, which no profile carries to another
/// machine.
pub(crate) fn data_folder() -> Option<PathBuf> {
    let local = etcetera::base_strategy::Windows::new().ok()?.cache_dir();
    Some(local).filter(|folder| folder.is_absolute()).map(|folder| folder.join("offboard"))
}

/// Why a file in a folder above is not trusted: it lies outside of this user's profile, where others may put one.
pub(crate) fn distrusted(path: &Path) -> io::Result<Option<String>> {
    let profile = env::home_dir().map(|home| super::canonical(&home)).transpose()?;
    let is_own =
        profile.is_some_and(|profile| super::canonical(path).is_ok_and(|path| path.starts_with(profile)));
    Ok((!is_own).then(|| "lies outside of your profile".to_owned()))
}

/// The name of this person's account, for people.
pub(crate) fn user_name() -> Option<String> {
    env::var("USERNAME").ok().filter(|name| !name.is_empty())
}

/// The account, by what cannot be changed with a variable.
pub(crate) fn account() -> String {
    format!("account {}", whoami::username().unwrap_or_else(|_unknown| "unknown".to_owned()))
}

/// This machine's name.
pub(crate) fn host() -> String {
    let name = get_computer_name(ComputerNameKind::PhysicalDnsHostname);
    name.map_or_else(|_unknown| "unknown".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Time on a clock that nobody sets, which goes on while the machine sleeps: the performance counter.
pub(crate) fn since_boot() -> Duration {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    BEGAN.get_or_init(Instant::now).elapsed()
}

/// Whether a dump of a program that crashed is written, the machine's settings say here (Windows Error Reporting), and it
/// cannot be prevented without calls of the system's own; the README says so.
pub(crate) fn harden() {}

/// Whether so many more files and connections can be opened; here there is no limit that a run comes near to.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
pub(crate) fn require_handles(_count: usize) -> io::Result<()> {
    Ok(())
}

/// How many files and connections this process may have open.
pub(crate) fn most_handles() -> Option<u64> {
    None
}

/// What the system gives a program before it ends it.
const GIVEN: Duration = Duration::from_secs(5);

/// What asks the program to stop.
#[derive(Debug)]
pub(crate) struct Stops {
    c: Option<CtrlC>,
    pause: Option<CtrlBreak>,
    close: Option<CtrlClose>,
    logoff: Option<CtrlLogoff>,
    shutdown: Option<CtrlShutdown>,
}

impl Stops {
    /// From now on.
    pub(crate) fn listen() -> Self {
        Self {
            c: ctrl_c().ok(),
            pause: ctrl_break().ok(),
            close: ctrl_close().ok(),
            logoff: ctrl_logoff().ok(),
            shutdown: ctrl_shutdown().ok(),
        }
    }

    /// Resolves when it is asked again. How long the system gives it, if it then ends the program: a window that was
    /// closed 5 s, a log-off and a shutdown no less (learn.microsoft.com/windows/console/handlerroutine).
    pub(crate) async fn next(&mut self) -> Option<Duration> {
        macro_rules! asked {
            ($signal:expr) => {
                async {
                    match &mut $signal {
                        Some(signal) => drop(signal.recv().await),
                        None => std::future::pending().await,
                    }
                }
            };
        }
        tokio::select! {
            () = asked!(self.c) => None,
            () = asked!(self.pause) => None,
            () = asked!(self.close) => Some(GIVEN),
            () = asked!(self.logoff) => Some(GIVEN),
            () = asked!(self.shutdown) => Some(GIVEN),
        }
    }
}

/// A command line, for the system's shell.
pub(crate) fn shell_command(line: &str) -> Command {
    let mut command = Command::new(env::var_os("ComSpec").unwrap_or_else(|| "cmd.exe".into()));
    // Between the outer quotation marks, `/S` leaves everything as it is.
    command.raw_arg("/D /S /C").raw_arg(format!("\"{line}\""));
    command
}

/// Whether the console of standard error obeys escape sequences, once it is asked to.
pub(crate) fn obeys_escapes() -> bool {
    let asked = |console: io::Result<Console>| {
        console.and_then(|mut console| console.set_virtual_terminal_processing(true)).is_ok()
    };
    // Data may be at a console while messages go into a file.
    let _data = asked(Console::stdout());
    asked(Console::stderr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_sealed_and_unsealed() {
        let sealed = seal(b"a secret").unwrap();
        assert!(!sealed.windows(8).any(|part| part == b"a secret"));
        assert_eq!(unseal(&sealed).unwrap(), b"a secret");
        assert_eq!(unseal(b"a secret").unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn folders_of_other_machines_are_known_by_name() {
        let kind = |folder: &str| remote(Path::new(folder)).unwrap();
        assert_eq!(kind(r"\\server\share\logs"), Some(NETWORK));
        assert_eq!(kind(r"\\?\UNC\server\share\logs"), Some(NETWORK));
        assert_eq!(kind(r"\\wsl$\Debian\home"), Some(WSL));
        assert_eq!(kind(r"\\wsl.localhost\Debian\home"), Some(WSL));
        assert_eq!((kind(r"C:\logs"), kind(r"\\?\C:\logs")), (None, None));
    }
}
