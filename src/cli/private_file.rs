//! A file that holds a secret: nobody but its owner may read or write it, and a write is whole or does
//! not happen.

use crate::domain::is_taken_out;
use rustix::fs::{Mode, OFlags};
use secrecy::zeroize::Zeroizing;
use std::{
    fs::{self, DirBuilder, File},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

/// No secret of ours is a hundredth as large.
const LARGEST: u64 = 1 << 20;

/// Why a file with a secret is not used.
#[derive(Debug, thiserror::Error)]
pub(super) enum GuardError {
    /// It is a link, a folder or a device.
    #[error("`{0}` is not a plain file; remove it, or put a plain file there")]
    NotPlain(PathBuf),
    /// Somebody else owns it.
    #[error("`{path}` belongs to the user with the number {owner}, not to you; remove it, or take it over")]
    NotOwn {
        /// The file.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// Others may read or change it.
    #[error(
        "`{path}` can be read or changed by others (mode {mode:03o}); make it yours alone: chmod 600 {path}"
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is far larger than any secret.
    #[error("`{0}` is larger than {max} MiB, so it is another file than is meant here", max = LARGEST >> 20)]
    TooLarge(PathBuf),
    /// It cannot be read.
    #[error("cannot read `{path}`: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It cannot be written.
    #[error("cannot write `{path}`: {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Reads the file, if there is one, after looking at whose it is and who may read it. A link is not
/// followed.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, GuardError> {
    let failed = |source: io::Error| GuardError::Read { path: path.to_owned(), source };
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => File::from(file),
        Err(rustix::io::Errno::NOENT) => return Ok(None),
        Err(rustix::io::Errno::LOOP) => return Err(GuardError::NotPlain(path.to_owned())),
        Err(errno) => return Err(failed(errno.into())),
    };
    // Asked of the file that is open, not of whatever has its name by now.
    let status = file.metadata().map_err(failed)?;
    if !status.is_file() {
        return Err(GuardError::NotPlain(path.to_owned()));
    }
    if status.uid() != rustix::process::geteuid().as_raw() {
        return Err(GuardError::NotOwn { path: path.to_owned(), owner: status.uid() });
    }
    let mode = status.mode() & 0o777;
    if mode & 0o077 != 0 && !is_taken_out("a-sign-in-that-anybody-can-read") {
        return Err(GuardError::Open { path: path.to_owned(), mode });
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        return Err(GuardError::TooLarge(path.to_owned()));
    }
    Ok(Some(bytes))
}

/// Writes the file. When this returns, the new bytes are on disk under its name; before that, and
/// whatever happens, the old ones are.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), GuardError> {
    let failed = |source: io::Error| GuardError::Write { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let folder = File::open(folder).map_err(failed)?;
    // One writer at a time; the lock ends with this function, or with the process.
    folder.lock().map_err(failed)?;
    let new = beside(path);
    // What a crash has left there is nobody's any more; and a link that somebody put there is not
    // followed.
    remove(&new).map_err(failed)?;
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file =
        rustix::fs::open(&new, flags, Mode::RUSR | Mode::WUSR).map_err(|errno| failed(errno.into()))?;
    let mut file = File::from(file);
    let written = file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&new, path));
    if let Err(source) = written {
        // A half-written secret is not left behind; if it cannot be removed, the next write does it.
        drop(remove(&new));
        return Err(failed(source));
    }
    folder.sync_all().map_err(failed)
}

/// Removes the file, and what a crash may have left beside it. Whether there was one.
pub(super) fn forget(path: &Path) -> Result<bool, GuardError> {
    let failed = |source: io::Error| GuardError::Write { path: path.to_owned(), source };
    remove(&beside(path)).map_err(failed)?;
    remove(path).map_err(failed)
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    #[test]
    fn what_is_written_is_for_its_owner_alone_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/secret");
        assert!(read(&path).unwrap().is_none());
        for bytes in [&b"one"[..], b"two"] {
            write(&path, bytes).unwrap();
            assert_eq!(*read(&path).unwrap().unwrap(), bytes);
        }
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        assert!(!beside(&path).exists());
        // What a crash left is in nobody's way.
        fs::write(beside(&path), "half").unwrap();
        write(&path, b"three").unwrap();
        assert!(forget(&path).unwrap() && !forget(&path).unwrap());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_is_far_too_large_is_refused_and_not_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        write(&path, &vec![b'x'; usize::try_from(LARGEST).unwrap()]).unwrap();
        assert_eq!(read(&path).unwrap().unwrap().len() as u64, LARGEST);
        write(&path, &vec![b'x'; usize::try_from(LARGEST).unwrap() + 1]).unwrap();
        let refused = read(&path).unwrap_err();
        assert!(refused.to_string().contains("larger than 1 MiB"), "{refused}");
    }

    #[test]
    fn a_file_that_others_can_read_or_a_link_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        write(&path, b"x").unwrap();
        for mode in [0o640, 0o604, 0o660, 0o622] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refused = read(&path).unwrap_err().to_string();
            assert!(refused.contains(&format!("{mode:03o}")) && refused.contains("chmod 600"), "{refused}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(matches!(read(&link), Err(GuardError::NotPlain(_))));
        assert!(matches!(read(folder.path()), Err(GuardError::NotPlain(_))));
        // A write replaces a link, and does not go through it.
        write(&link, b"y").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"x");
        // Nor through one that lies where the new bytes go.
        symlink(&path, beside(&link)).unwrap();
        write(&link, b"z").unwrap();
        assert_eq!((fs::read(&path).unwrap(), fs::read(&link).unwrap()), (b"x".to_vec(), b"z".to_vec()));
    }
}
