//! Linux and macOS.

use super::{Identity, NETWORK, fill, shell::Shell};
use etcetera::BaseStrategy as _;
use rustix::{
    fs::{FallocateFlags, Mode, OFlags, fallocate},
    process::{Resource, Rlimit, Signal as Number, getrlimit, setrlimit},
    time::{ClockId, clock_gettime},
};
use std::{
    env,
    fs::{self, DirBuilder, File, Metadata, OpenOptions},
    future::poll_fn,
    io,
    os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    task::Poll,
    time::Duration,
};
use tokio::{
    process::Command,
    signal::unix::{Signal, SignalKind, signal},
};

/// What has a file descriptor, and so may be a terminal.
pub(crate) use std::os::fd::AsFd as AsTerminal;

/// How a file that this program made is kept from others.
pub(crate) const PRIVACY_OF_FILES: &str = "yours alone";

/// Without these there is no place for a person's own files.
pub(crate) const DATA_FOLDER_NEEDS: &str = "set the environment variable HOME or XDG_DATA_HOME";

/// Options to open a file that, if it is made, nobody else can read for even a moment.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

/// Makes a folder that nobody else can look into, and those above it.
pub(crate) fn create_private_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

/// Opens what has this name for reading, unless it is a link. None if there is nothing; an error of the kind
/// `IsADirectory`, or whatever the system says, if it is no file.
pub(crate) fn open_plain(path: &Path) -> io::Result<Option<File>> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => Ok(Some(File::from(file))),
        Err(rustix::io::Errno::NOENT) => Ok(None),
        Err(rustix::io::Errno::LOOP) => Err(io::ErrorKind::InvalidInput.into()),
        Err(errno) => Err(errno.into()),
    }
}

/// Who else can get at this file, which is at `path`, and what to do: the rest of a sentence about it.
pub(crate) fn exposure(path: &Path, found: &Metadata) -> Option<String> {
    let mode = found.mode() & 0o777;
    if found.uid() != rustix::process::geteuid().as_raw() {
        let text = format!(
            "belongs to the user with the number {}, not to you; remove it, or take it over",
            found.uid()
        );
        Some(text)
    } else if mode & 0o077 != 0 {
        let shown = Shell::Posix.quoted(&path.to_string_lossy());
        Some(format!(
            "can be read or changed by others (mode {mode:03o}); make it yours alone: chmod 600 {shown}"
        ))
    } else {
        None
    }
}

/// A secret as its file holds it. The file's mode alone keeps it.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere the system encrypts it, and can refuse")]
pub(crate) fn seal(secret: &[u8]) -> io::Result<Vec<u8>> {
    Ok(secret.to_vec())
}

/// The secret that a file holds.
#[expect(clippy::unnecessary_wraps, reason = "elsewhere the system decrypts it, and can refuse")]
pub(crate) fn unseal(held: &[u8]) -> io::Result<Vec<u8>> {
    Ok(held.to_vec())
}

/// Which file has this name.
pub(crate) fn identity(path: &Path) -> io::Result<Identity> {
    let found = fs::metadata(path)?;
    Ok(Identity { number: (found.dev(), found.ino()), names: found.nlink(), length: found.len() })
}

/// Reads as much as `buffer` holds from this place on, and moves nothing. An error of the kind `UnexpectedEof` if there
/// is less.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], from: u64) -> io::Result<()> {
    file.read_exact_at(buffer, from)
}

/// The names in a folder are on disk when this returns.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Held by one process at a time, until it is dropped or the process ends.
pub(crate) fn lock_folder(folder: &Path) -> io::Result<File> {
    let folder = File::open(folder)?;
    folder.lock()?;
    Ok(folder)
}

/// Keeps so much room on the disk for this file, which is empty.
pub(crate) fn keep_free(file: &File, size: usize) -> io::Result<()> {
    match fallocate(file, FallocateFlags::empty(), 0, size as u64) {
        // A file system that cannot promise room is given something to keep.
        Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::NOSYS) => fill(file, size),
        kept => Ok(kept?),
    }
}

/// The largest size that a file may have for this process (`ulimit -f`).
pub(crate) fn largest_file() -> Option<u64> {
    getrlimit(Resource::Fsize).current
}

/// Whether a file could not be replaced because some program has it open. Here that keeps nobody.
pub(crate) fn is_held_open(_error: &io::Error) -> bool {
    false
}

/// What is wrong with a folder that is another machine's, or Windows's.
#[cfg(target_os = "linux")]
pub(super) fn remote(folder: &Path) -> io::Result<Option<&'static str>> {
    // `linux/magic.h`: NFS, SMB, CIFS, SMB2, AFS, Ceph, 9p.
    const KINDS: [u64; 7] = [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x5346_414f, 0x00c3_6400, 0x0102_1997];
    let release = rustix::system::uname().release().to_string_lossy().to_lowercase();
    if release.contains("microsoft") && is_windows_drive(folder) {
        return Ok(Some(
            "on a drive of Windows, which does not keep its locks for Linux; choose a folder of WSL's own, such as one in your \
             home directory, or use the program for Windows",
        ));
    }
    let kind = u64::try_from(rustix::fs::statfs(folder)?.f_type).unwrap_or_default() & 0xffff_ffff;
    Ok(KINDS.contains(&kind).then_some(NETWORK))
}

/// Whether WSL shows a drive of Windows below this path: `/mnt/c`.
#[cfg(target_os = "linux")]
fn is_windows_drive(folder: &Path) -> bool {
    let mut parts = folder.strip_prefix("/mnt").into_iter().flat_map(Path::components);
    let name = parts.next().map(|part| part.as_os_str().as_encoded_bytes());
    matches!(name, Some([letter]) if letter.is_ascii_alphabetic())
}

/// What is wrong with a folder that is another machine's.
#[cfg(not(target_os = "linux"))]
pub(super) fn remote(folder: &Path) -> io::Result<Option<&'static str>> {
    /// `sys/mount.h`: the file system is stored on this machine.
    const LOCAL: u64 = 0x1000;
    let flags = u64::from(rustix::fs::statfs(folder)?.f_flags);
    Ok((flags & LOCAL == 0).then_some(NETWORK))
}

/// Where a person's own files of this program are: `$XDG_DATA_HOME/offboard` or `~/.local/share/offboard`; on macOS
/// `~/Library/Application Support/offboard`.
pub(crate) fn data_folder() -> Option<PathBuf> {
    // Nothing is kept in a home directory that nobody named.
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    ["HOME", "XDG_DATA_HOME"].into_iter().find(is_set)?;
    let strategy = etcetera::base_strategy::choose_native_strategy().ok()?;
    Some(strategy.data_dir()).filter(|folder| folder.is_absolute()).map(|folder| folder.join("offboard"))
}

/// Why a file in a folder above is not trusted: it belongs neither to this user nor to the administrator. Asked of a
/// link as well as of what it leads to.
pub(crate) fn distrusted(path: &Path) -> io::Result<Option<String>> {
    let own = rustix::process::geteuid().as_raw();
    for status in [fs::symlink_metadata(path)?, fs::metadata(path)?] {
        if !is_trusted(status.uid(), own) {
            return Ok(Some(format!("belongs to another user (uid {})", status.uid())));
        }
    }
    Ok(None)
}

fn is_trusted(owner: u32, own: u32) -> bool {
    owner == own || owner == 0
}

/// The name of this person's account, for people.
pub(crate) fn user_name() -> Option<String> {
    ["USER", "LOGNAME"].iter().find_map(|name| env::var(name).ok().filter(|value| !value.is_empty()))
}

/// The account, by what cannot be changed with a variable.
pub(crate) fn account() -> String {
    format!("uid {}", rustix::process::getuid().as_raw())
}

/// This machine's name.
pub(crate) fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Time on a clock that nobody sets, which goes on while the machine sleeps.
pub(crate) fn since_boot() -> Duration {
    // On macOS this one goes on (clock_gettime(3)).
    #[cfg(target_vendor = "apple")]
    const CLOCK: ClockId = ClockId::Monotonic;
    #[cfg(not(target_vendor = "apple"))]
    const CLOCK: ClockId = ClockId::Boottime;
    let time = clock_gettime(CLOCK);
    let (seconds, nanos) = (u64::try_from(time.tv_sec), u32::try_from(time.tv_nsec));
    Duration::new(seconds.unwrap_or_default(), nanos.unwrap_or_default())
}

/// No core dump, by this process or by another that looks into it. Where the system refuses, the program is no worse
/// than any other.
pub(crate) fn harden() {
    let nothing = Rlimit { current: Some(0), maximum: Some(0) };
    let _limited = setrlimit(Resource::Core, nothing);
    #[cfg(target_os = "linux")]
    let _closed = rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable);
}

/// Whether so many more files and connections can be opened. A file that may not grow is an error from here on, as a
/// full disk is, and no longer the end of the program.
pub(crate) fn require_handles(count: usize) -> io::Result<()> {
    let spare: Vec<File> = (0..count).map(|_| File::open("/dev/null")).collect::<io::Result<_>>()?;
    drop(spare);
    // The handler stays for as long as the process lives. All it is for is to be there: the default is to
    // end the process.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let _inside = runtime.enter();
    if let Err(error) = signal(SignalKind::from_raw(Number::XFSZ.as_raw())) {
        tracing::warn!("a file that may not grow ends the program: {error}");
    }
    Ok(())
}

/// How many files and connections this process may have open.
pub(crate) fn most_handles() -> Option<u64> {
    getrlimit(Resource::Nofile).current
}

/// What asks the program to stop.
#[derive(Debug)]
pub(crate) struct Stops(Vec<Signal>);

impl Stops {
    /// From now on.
    pub(crate) fn listen() -> Self {
        // The last one comes when the time on the processor that somebody allowed (`ulimit -t`) is over, again each
        // second.
        let over_time = SignalKind::from_raw(Number::XCPU.as_raw());
        let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup(), over_time];
        Self(kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect())
    }

    /// Resolves when it is asked again. How long the system gives it, if it then ends the program.
    pub(crate) async fn next(&mut self) -> Option<Duration> {
        poll_fn(|context| {
            let arrived = self.0.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if arrived { Poll::Ready(None) } else { Poll::Pending }
        })
        .await
    }
}

/// A command line, for the system's shell.
pub(crate) fn shell_command(line: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(line);
    command
}

/// Whether a terminal obeys escape sequences here.
pub(crate) fn obeys_escapes() -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_from_above_are_ones_own_or_the_administrators() {
        assert!(is_trusted(1000, 1000) && is_trusted(0, 1000) && is_trusted(0, 0));
        assert!(!is_trusted(1001, 1000) && !is_trusted(1000, 0));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn drives_of_windows_are_known_by_name() {
        let is_one = |folder: &str| is_windows_drive(Path::new(folder));
        assert!(is_one("/mnt/c/Users/dana") && is_one("/mnt/d"));
        for folder in ["/mnt", "/mnt/data/c", "/mnt/1", "/srv/mnt/c", "/home/c"] {
            assert!(!is_one(folder), "{folder}");
        }
    }
}
