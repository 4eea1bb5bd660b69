//! What was exported of a log into a folder of tables: a small text, signed as a head of the log is.
//!
//! ```text
//! offboard export v1
//! log 7b1d0f0e…                              its ID
//! size 1204                                  how many records it had
//! root q83vEjRWeJ…=                          the root of their tree
//! version 0.1.0                              of the program that wrote it
//! key dana@laptop+0a1b2c3d+AbC…              whose signature this is
//! run 20261120-091530-7b1d0f 57 sealed 6b0d… how many records of it, how far it was, and their digest
//! file 9f3c… 4711 partner=…/run=…/customers.parquet
//!                                            the SHA-256, the bytes and the place of each file
//!
//! — dana@laptop mtA9…
//! ```
//!
//! It is a C2SP signed note; its first line keeps it apart from a head. The head over the same records stands before it,
//! as it is in the log.

use super::{
    checkpoint::{self, claims},
    keys::{CannotSign, SigningKey, VerifyingKey},
};
use crate::{
    domain::{RunId, Sha256},
    record::RunState,
};
use signed_note::{Note, VerifierList};
use std::{fmt, str::FromStr};

const FIRST_LINE: &str = "offboard export v1";

/// What is in a folder of tables of one log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The log's ID.
    pub log: String,
    /// How many records it had.
    pub size: u64,
    /// The root of the tree over them, in base64.
    pub root: String,
    /// The version of the program that wrote it.
    pub version: String,
    /// The key that signs it, as text.
    pub key: String,
    /// The runs that were exported.
    pub runs: Vec<ExportedRun>,
    /// Every file.
    pub files: Vec<ExportedFile>,
}

/// A run that was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedRun {
    /// Its ID.
    pub run: RunId,
    /// How many records it had.
    pub records: u64,
    /// How far it was.
    pub state: RunState,
    /// See [`super::RunExtent::digest`].
    pub digest: Sha256,
}

/// A file that was exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedFile {
    /// The digest of its bytes.
    pub sha256: Sha256,
    /// How many bytes.
    pub bytes: u64,
    /// Its place in the folder, with `/` between the names.
    pub path: String,
}

/// A manifest whose signature is good, and the head before it.
#[derive(Clone, Debug)]
pub struct SignedManifest {
    /// What it says.
    pub manifest: Manifest,
    /// The head over the records, as a signed note. It covers as many as the manifest says.
    pub head: String,
    /// The key that both are signed with.
    pub key: VerifyingKey,
}

/// Why a text is no manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadManifest {
    /// It is something else, or was damaged.
    #[error("is not a manifest of this program, or was altered")]
    Malformed,
    /// The text is not the one that was signed.
    #[error("is not signed with the key that it names: it was altered")]
    Forged,
    /// It says other things than the head in it.
    #[error("does not go with the head that stands in it")]
    OtherHead,
}

impl fmt::Display for Manifest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { log, size, root, version, key, runs, files } = self;
        writeln!(f, "{FIRST_LINE}\nlog {log}\nsize {size}\nroot {root}\nversion {version}\nkey {key}")?;
        for ExportedRun { run, records, state, digest } in runs {
            writeln!(f, "run {run} {records} {} {digest}", state.as_str())?;
        }
        for ExportedFile { sha256, bytes, path } in files {
            writeln!(f, "file {sha256} {bytes} {path}")?;
        }
        Ok(())
    }
}

impl Manifest {
    /// Signs it. `head` is the head over the same records.
    pub(super) fn sign(&self, head: &str, key: &SigningKey) -> Result<String, CannotSign> {
        let note = key.sign(self.to_string().as_bytes(), "the manifest of an export")?;
        Ok(format!("{head}\n{note}"))
    }

    /// Whose heads the heads of the log are.
    pub fn origin(&self) -> String {
        checkpoint::origin(&self.log)
    }

    /// The run of this name.
    pub fn run(&self, run: &RunId) -> Option<&ExportedRun> {
        self.runs.iter().find(|exported| exported.run == *run)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().peekable();
        if lines.next()? != FIRST_LINE {
            return None;
        }
        let parsed = Self {
            log: field(lines.next(), "log")?,
            size: field(lines.next(), "size")?,
            root: field(lines.next(), "root")?,
            version: field(lines.next(), "version")?,
            key: field(lines.next(), "key")?,
            runs: std::iter::from_fn(|| lines.next_if(|line| line.starts_with("run ")))
                .map(run)
                .collect::<Option<_>>()?,
            files: std::iter::from_fn(|| lines.next_if(|line| line.starts_with("file ")))
                .map(file)
                .collect::<Option<_>>()?,
        };
        let is_named = !parsed.log.is_empty() && parsed.log.bytes().all(|byte| byte.is_ascii_alphanumeric());
        // Written in one way only, so that nothing else can hide in it.
        (is_named && parsed.to_string() == text).then_some(parsed)
    }
}

fn field<T: FromStr>(line: Option<&str>, name: &str) -> Option<T> {
    line?.strip_prefix(name)?.strip_prefix(' ')?.parse().ok()
}

fn run(line: &str) -> Option<ExportedRun> {
    let mut words = line.split(' ').skip(1);
    let (run, records) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let state = words.next()?;
    let states = [RunState::Open, RunState::Interrupted, RunState::Sealed];
    let state = states.into_iter().find(|known| known.as_str() == state)?;
    Some(ExportedRun { run, records, state, digest: words.next()?.parse().ok()? })
}

fn file(line: &str) -> Option<ExportedFile> {
    let mut words = line.split(' ').skip(1);
    let (sha256, bytes) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let path = words.next().filter(|path| stays_inside(path))?.to_owned();
    Some(ExportedFile { sha256, bytes, path })
}

/// Whether a path leads to something below the folders of tables, and to nothing that is hidden there, on every system.
fn stays_inside(path: &str) -> bool {
    let is_plain = |c: u8| c.is_ascii_alphanumeric() || b"=_.-".contains(&c);
    let is_of_tables =
        path.split_once('/').is_some_and(|(at, _)| at.starts_with("partner=") || at.starts_with("log="));
    is_of_tables
        && path
            .split('/')
            .all(|name| !name.is_empty() && !name.starts_with('.') && name.bytes().all(is_plain))
}

impl SignedManifest {
    /// What the file of a log's manifest is called.
    pub fn name(log: &str) -> String {
        format!("MANIFEST-{log}")
    }

    /// Reads one. That the key is a key of the log, is for the records to say.
    pub fn open(text: &str) -> Result<Self, BadManifest> {
        let (notes, rest) = checkpoint::notes(text);
        let [head, note] = notes.as_slice() else { return Err(BadManifest::Malformed) };
        if !rest.is_empty() || format!("{head}\n{note}") != text {
            return Err(BadManifest::Malformed);
        }
        let parsed = Note::from_bytes(note.as_bytes()).map_err(|_malformed| BadManifest::Malformed)?;
        let text = std::str::from_utf8(parsed.text()).map_err(|_not_text| BadManifest::Malformed)?;
        let manifest = Manifest::parse(text).ok_or(BadManifest::Malformed)?;
        let key: VerifyingKey = manifest.key.parse().map_err(|_no_key| BadManifest::Malformed)?;
        let verifiers = VerifierList::new(vec![Box::new(key.verifier().clone())]);
        parsed.verify(&verifiers).map_err(|_not_by_it| BadManifest::Forged)?;
        let (origin, size) = (manifest.origin(), manifest.size);
        let is_its = claims(head) == Some((origin.as_str(), size))
            && head.lines().nth(2) == Some(manifest.root.as_str());
        if !is_its {
            return Err(BadManifest::OtherHead);
        }
        Ok(Self { manifest, head: (*head).to_owned(), key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::test_key;
    use tlog_tiles::record_hash;

    fn manifest() -> Manifest {
        Manifest {
            log: "7b1d0f".to_owned(),
            size: 12,
            root: record_hash(b"x").to_string(),
            version: "0.1.0".to_owned(),
            key: test_key().public().as_str().to_owned(),
            runs: vec![ExportedRun {
                run: "20261120-091530-7b1d0f".parse().unwrap(),
                records: 9,
                state: RunState::Sealed,
                digest: Sha256::of(&[b"records"]),
            }],
            files: vec![ExportedFile {
                sha256: Sha256::of(&[b"file"]),
                bytes: 4,
                path: "partner=3d3d/run=20261120-091530-7b1d0f/runs.parquet".to_owned(),
            }],
        }
    }

    fn signed(manifest: &Manifest) -> String {
        let head = checkpoint::sign(&manifest.origin(), 12, record_hash(b"x"), &test_key()).unwrap();
        manifest.sign(&head, &test_key()).unwrap()
    }

    #[test]
    fn what_is_signed_is_read_again() {
        let opened = SignedManifest::open(&signed(&manifest())).unwrap();
        assert_eq!(opened.manifest, manifest());
        assert_eq!(opened.key.as_str(), test_key().public().as_str());
        assert_eq!(claims(&opened.head), Some(("offboard/7b1d0f", 12)));
    }

    #[test]
    fn whatever_bit_is_turned_after_the_head_it_is_not_good_any_more() {
        let text = signed(&manifest());
        let begin = text.find(FIRST_LINE).unwrap();
        for at in begin * 8..text.len() * 8 {
            let mut turned = text.clone().into_bytes();
            turned[at / 8] ^= 1 << (at % 8);
            let Ok(turned) = String::from_utf8(turned) else { continue };
            assert!(SignedManifest::open(&turned).is_err(), "{turned}");
        }
    }

    #[test]
    fn it_goes_with_its_head_alone() {
        let other = Manifest { size: 11, ..manifest() };
        assert_eq!(SignedManifest::open(&signed(&other)).unwrap_err(), BadManifest::OtherHead);
        let other = Manifest { root: record_hash(b"y").to_string(), ..manifest() };
        assert_eq!(SignedManifest::open(&signed(&other)).unwrap_err(), BadManifest::OtherHead);
    }

    #[test]
    fn no_file_of_it_lies_elsewhere() {
        let elsewhere =
            ["../x", "/x", "c:\\x", "a b", "", "MANIFEST-7b1d0f", "notes/x.parquet", "partner=3d3d"];
        let odd = ["log=a//b", "log=a/./b", "log=a/../b", "log=a/.hidden", "log=a/", "log=a/b\\c"];
        for path in elsewhere.into_iter().chain(odd) {
            let mut outside = manifest();
            outside.files[0].path = path.to_owned();
            let opened = SignedManifest::open(&signed(&outside));
            assert_eq!(opened.unwrap_err(), BadManifest::Malformed, "{path}");
        }
    }
}
