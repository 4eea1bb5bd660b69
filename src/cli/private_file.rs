//! A file that holds a secret: nobody but its owner may read or write it, and a write is whole or does
//! not happen.

use crate::{domain::is_taken_out, platform};
use secrecy::zeroize::Zeroizing;
use std::{
    fs,
    io::{self, Read as _, Write as _},
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
    /// Somebody else owns it, or may read or change it.
    #[error("`{path}` {why}")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Who, and what to do.
        why: String,
    },
    /// It was not encrypted for this user, where the system does that.
    #[error("`{path}` is of no use: {source}. Sign in again with `offboard login`")]
    NotSealed {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
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

/// Reads what [`write()`] has written, if there is such a file.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, GuardError> {
    let failed = |source: io::Error| GuardError::NotSealed { path: path.to_owned(), source };
    let held = read_as_it_is(path)?;
    held.map(|held| platform::unseal(&held).map(Zeroizing::new).map_err(failed)).transpose()
}

/// Reads a file that some other program has made, if there is one, after looking at whose it is and who may read it. A
/// link is not followed.
pub(super) fn read_as_it_is(path: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, GuardError> {
    let failed = |source: io::Error| GuardError::Read { path: path.to_owned(), source };
    let file = match platform::open_plain(path) {
        Ok(Some(file)) => file,
        Ok(None) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => {
            return Err(GuardError::NotPlain(path.to_owned()));
        }
        Err(error) => return Err(failed(error)),
    };
    // Asked of the file that is open, not of whatever has its name by now.
    require_own(path, &file.metadata().map_err(failed)?)?;
    let mut held = Zeroizing::new(Vec::new());
    file.take(LARGEST + 1).read_to_end(&mut held).map_err(failed)?;
    if held.len() as u64 > LARGEST {
        return Err(GuardError::TooLarge(path.to_owned()));
    }
    Ok(Some(held))
}

fn require_own(path: &Path, found: &fs::Metadata) -> Result<(), GuardError> {
    if !found.is_file() {
        return Err(GuardError::NotPlain(path.to_owned()));
    }
    match platform::exposure(path, found).filter(|_| !is_taken_out("a-sign-in-that-anybody-can-read")) {
        Some(why) => Err(GuardError::Exposed { path: path.to_owned(), why }),
        None => Ok(()),
    }
}

/// Writes the file. When this returns, the new bytes are on disk under its name; before that, and
/// whatever happens, the old ones are.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), GuardError> {
    let failed = |source: io::Error| GuardError::Write { path: path.to_owned(), source };
    let folder = platform::folder_of(path);
    platform::create_private_folder(folder).map_err(failed)?;
    // One writer at a time; the lock ends with this function, or with the process.
    let _locked = platform::lock_folder(folder).map_err(failed)?;
    let held = Zeroizing::new(platform::seal(bytes).map_err(failed)?);
    let new = beside(path);
    // What a crash has left there is nobody's any more; and a link that somebody put there is not
    // followed.
    remove(&new).map_err(failed)?;
    let mut file = platform::private().write(true).create_new(true).open(&new).map_err(failed)?;
    let written = file.write_all(&held).and_then(|()| file.sync_all());
    // A file that is open keeps its name on some systems.
    drop(file);
    if let Err(source) = written.and_then(|()| fs::rename(&new, path)) {
        // A half-written secret is not left behind; if it cannot be removed, the next write does it.
        drop(remove(&new));
        return Err(failed(source));
    }
    platform::sync_folder(folder).map_err(failed)
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

    #[test]
    fn what_is_written_is_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/secret");
        assert!(read(&path).unwrap().is_none());
        for bytes in [&b"one"[..], b"two"] {
            write(&path, bytes).unwrap();
            assert_eq!(*read(&path).unwrap().unwrap(), bytes);
        }
        assert!(!beside(&path).exists());
        // What a crash left is in nobody's way.
        fs::write(beside(&path), "half").unwrap();
        write(&path, b"three").unwrap();
        assert!(forget(&path).unwrap() && !forget(&path).unwrap());
        let left = fs::read_dir(path.parent().unwrap()).unwrap();
        assert!(left.into_iter().all(|entry| entry.unwrap().file_name() == ".lock"));
    }

    #[test]
    fn a_file_that_is_far_too_large_is_refused_and_not_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        // What a system encrypts becomes longer by some hundred bytes.
        write(&path, &vec![b'x'; usize::try_from(LARGEST).unwrap() - 1000]).unwrap();
        assert_eq!(read(&path).unwrap().unwrap().len() as u64, LARGEST - 1000);
        write(&path, &vec![b'x'; usize::try_from(LARGEST).unwrap() + 1]).unwrap();
        let refused = read(&path).unwrap_err();
        assert!(refused.to_string().contains("larger than 1 MiB"), "{refused}");
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_or_a_link_is_refused() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/secret");
        write(&path, b"x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
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
