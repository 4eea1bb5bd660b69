//! The key that signs heads: its file, and its public half.
//!
//! Both halves are written as signed notes have them (C2SP signed-note): the private one as
//! `PRIVATE+KEY+<name>+<id>+<base64>` in a file that only its owner can read, outside of the log, sealed where the
//! system can do that; the public one, the `vkey`, as `<name>+<id>+<base64>`, which goes into the log and may be shown to anyone.

use crate::{domain::Secret, platform};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rand_core::OsRng;
use secrecy::zeroize::Zeroizing;
use signed_note::{Note, StandardSigner, StandardVerifier, generate_key, new_ed25519_verifier_key};
use std::{
    fmt,
    fs::File,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    str::FromStr,
};

/// A key file is one line.
const LONGEST: u64 = 4096;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// There is no such file.
    #[error("there is no key file `{0}`")]
    Missing(PathBuf),
    /// It is a folder or a device.
    #[error("the key file `{0}` is not a plain file; name another")]
    NotPlain(PathBuf),
    /// Others can read or replace it.
    #[error("a key that others may know proves nothing: the key file `{path}` {why}")]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Who else can, and what to do.
        why: String,
    },
    /// It cannot be read or made.
    #[error("the key file `{path}` cannot be used: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It was not encrypted for this user, where the system does that.
    #[error(
        "the key file `{path}` is of no use: {source}. Name another, or move it away and a new key is made"
    )]
    NotSealed {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It holds something else.
    #[error("the file `{0}` holds no signing key; name another, or move it away and a new key is made")]
    Malformed(PathBuf),
}

/// Text that is no public key.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not the public half of a key; one looks like `name+0a1b2c3d+AbC…`")]
pub struct NotAKey(String);

/// Something cannot be signed: a bug of this program.
#[derive(Debug, thiserror::Error)]
#[error("{0} cannot be signed")]
pub struct CannotSign(pub(super) &'static str);

/// The public half of a key.
#[derive(Clone)]
pub struct VerifyingKey {
    text: String,
    verifier: StandardVerifier,
}

impl VerifyingKey {
    /// The key as text: `<name>+<id>+<base64>`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is the same key, whatever name it goes by.
    pub fn is_same_as(&self, other: &Self) -> bool {
        fn bytes(key: &VerifyingKey) -> Option<&str> {
            key.text.splitn(3, '+').nth(2)
        }
        bytes(self) == bytes(other)
    }

    pub(super) fn verifier(&self) -> &StandardVerifier {
        &self.verifier
    }
}

impl FromStr for VerifyingKey {
    type Err = NotAKey;

    fn from_str(text: &str) -> Result<Self, NotAKey> {
        match StandardVerifier::new(text) {
            Ok(verifier) => Ok(Self { text: text.to_owned(), verifier }),
            Err(_) => Err(NotAKey(text.chars().take(200).collect())),
        }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.text)
    }
}

/// A key that can sign. It is never shown.
#[derive(Clone)]
pub struct SigningKey {
    signer: StandardSigner,
    public: VerifyingKey,
}

impl SigningKey {
    /// Reads the key in the file `path`.
    pub fn load(path: &Path) -> Result<Self, KeyError> {
        let failed = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => KeyError::Missing(path.to_owned()),
            _ => KeyError::Io { path: path.to_owned(), source },
        };
        let file = File::open(path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?;
        if !found.is_file() {
            return Err(KeyError::NotPlain(path.to_owned()));
        }
        if let Some(why) = platform::exposure(path, &found) {
            return Err(KeyError::Exposed { path: path.to_owned(), why });
        }
        let mut held = Zeroizing::new(Vec::new());
        file.take(LONGEST).read_to_end(&mut held).map_err(failed)?;
        let text = platform::unseal(&held).map(Zeroizing::new);
        let text = text.map_err(|source| KeyError::NotSealed { path: path.to_owned(), source })?;
        let text = std::str::from_utf8(&text).ok().map(|text| Secret::new(text.to_owned()));
        text.and_then(|text| Self::from_text(&text)).ok_or_else(|| KeyError::Malformed(path.to_owned()))
    }

    /// Reads the key in the file `path`; if there is none yet, makes one with this name, and its folder
    /// with it. Of several processes that do so at once, one makes the key and all use it.
    pub fn load_or_make(path: &Path, name: &str) -> Result<Self, KeyError> {
        match Self::load(path) {
            Err(KeyError::Missing(_)) => {}
            found => return found,
        }
        make(path, name).map_err(|source| KeyError::Io { path: path.to_owned(), source })?;
        Self::load(path)
    }

    /// Reads a key from its text. None if it is another text.
    pub fn from_text(text: &Secret) -> Option<Self> {
        let text = text.expose().trim_end();
        let signer = StandardSigner::new(text).ok()?;
        // What the signer has accepted has five parts; base64 may hold a `+`, so they count from the left.
        let mut parts = text.splitn(5, '+').skip(2);
        let (name, bytes) = (parts.next()?, STANDARD.decode(parts.nth(1)?).ok()?);
        let key = ed25519_dalek::SigningKey::try_from(bytes.get(1..)?).ok()?;
        let public = new_ed25519_verifier_key(name, &key.verifying_key()).parse().ok()?;
        Some(Self { signer, public })
    }

    /// The half that anyone may know.
    pub const fn public(&self) -> &VerifyingKey {
        &self.public
    }

    /// Signs a text. `what` it is stands in the error.
    pub(super) fn sign(&self, text: &[u8], what: &'static str) -> Result<String, CannotSign> {
        let mut note = Note::new(text, &[]).map_err(|_malformed| CannotSign(what))?;
        note.add_sigs(&[&self.signer]).map_err(|_bad_name| CannotSign(what))?;
        String::from_utf8(note.to_bytes()).map_err(|_not_text| CannotSign(what))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, …)", self.public.text)
    }
}

/// `<user>@<host>` as the name of a key, in which a note allows neither blanks nor `+`.
pub fn key_name(user: &str, host: &str) -> String {
    let name = format!("{user}@{host}");
    name.chars().map(|c| if c.is_ascii_graphic() && c != '+' { c } else { '-' }).collect()
}

/// Puts a new key there, whole or not at all, unless somebody else has put one there meanwhile.
fn make(path: &Path, name: &str) -> io::Result<()> {
    let folder = platform::folder_of(path);
    platform::create_private_folder(folder)?;
    let (secret, _) = generate_key(&mut OsRng, name);
    let secret = Secret::new(secret);
    // A temporary file has the mode 0600 from the start.
    let mut file = tempfile::Builder::new().prefix(".key-").tempfile_in(folder)?;
    file.write_all(&platform::seal(format!("{}\n", secret.expose()).as_bytes())?)?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error),
        Ok(_) => platform::sync_folder(folder),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::{fs, thread};

    /// A key that is the same in every test.
    pub(crate) fn key() -> SigningKey {
        let secret = format!("PRIVATE+KEY+tester@host+{}+{}", "a1488287", STANDARD.encode(seed(1)));
        SigningKey::from_text(&Secret::new(secret)).unwrap()
    }

    fn seed(n: u8) -> Vec<u8> {
        let mut bytes = vec![1];
        bytes.extend([n; 32]);
        bytes
    }

    #[test]
    fn a_key_is_made_once_and_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/offboard/signing.key");
        assert!(matches!(SigningKey::load(&path), Err(KeyError::Missing(_))));
        let made = SigningKey::load_or_make(&path, "dana@laptop").unwrap();
        assert!(made.public().as_str().starts_with("dana@laptop+"));
        let again = SigningKey::load_or_make(&path, "somebody@else").unwrap();
        assert_eq!(again.public().as_str(), made.public().as_str());
        let beside: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
        assert_eq!(beside.len(), 1, "nothing is left beside it");
    }

    #[test]
    fn whoever_comes_at_once_gets_the_same_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing.key");
        let keys: Vec<String> = thread::scope(|scope| {
            let make = || SigningKey::load_or_make(&path, "a@b").unwrap().public().as_str().to_owned();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(make)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing.key");
        SigningKey::load_or_make(&path, "a@b").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        for mode in [0o640, 0o604, 0o620] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = SigningKey::load(&path).unwrap_err();
            assert!(matches!(error, KeyError::Exposed { .. }), "{error}");
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
        assert!(matches!(SigningKey::load(folder.path()), Err(KeyError::NotPlain(_))));
    }

    #[test]
    fn a_file_without_a_key_is_not_overwritten_and_not_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("signing.key");
        let whole = key();
        for text in ["", "PRIVATE+KEY+a@b+00000000+AQEB", "something private", &"x".repeat(9000)] {
            let held = platform::seal(text.as_bytes()).unwrap_or_default();
            drop(fs::remove_file(&path));
            platform::private().write(true).create(true).open(&path).unwrap().write_all(&held).unwrap();
            let error = SigningKey::load_or_make(&path, "a@b").unwrap_err();
            assert!(matches!(error, KeyError::Malformed(_) | KeyError::NotSealed { .. }), "{error}");
            assert!(text.is_empty() || !error.to_string().contains(text));
            assert_eq!(fs::read(&path).unwrap(), held);
        }
        assert!(!format!("{whole:?}").contains("PRIVATE"));
    }

    #[test]
    fn names_are_made_safe() {
        assert_eq!(key_name("dana", "ops-laptop-7"), "dana@ops-laptop-7");
        assert_eq!(key_name("d a+n\ta", "søn\u{a0}x"), "d-a-n-a@s-n-x");
    }

    #[test]
    fn a_public_key_must_be_whole() {
        let whole = key().public().as_str().to_owned();
        assert_eq!(whole.parse::<VerifyingKey>().unwrap().as_str(), whole);
        for (from, to) in [("tester", "taster"), ("a1488287", "a1488288"), ("@host+", "@host ")] {
            assert!(whole.replace(from, to).parse::<VerifyingKey>().is_err());
        }
    }
}
