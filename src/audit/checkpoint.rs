//! A head of the log as a C2SP checkpoint: a signed note of three lines.
//!
//! ```text
//! offboard/7b1d0f0e…          whose head this is
//! 1204                        over how many records
//! q83vEjRWeJ…=                the root of their tree
//!
//! — dana@laptop mtA9…         by whom
//! ```
//!
//! The origin is the log's own ID and nothing else: one log may serve several partner accounts, so none
//! of them can be a part of it.

use super::keys::{CannotSign, SigningKey, VerifyingKey};
use crate::domain::Seq;
use signed_note::{Note, NoteError, Verifier as _, VerifierList};
use std::collections::HashMap;
use tlog_tiles::{Checkpoint, Hash, MalformedCheckpointError};

/// Whose heads the heads of this log are.
pub(super) fn origin(log_id: &str) -> String {
    format!("offboard/{log_id}")
}

/// Signs the head over the first `size` records.
pub(super) fn sign(origin: &str, size: u64, root: Hash, key: &SigningKey) -> Result<String, CannotSign> {
    let what = "a head of the audit log";
    let body = Checkpoint::new(origin, size, root, "").map_err(|_malformed| CannotSign(what))?;
    key.sign(&body.to_bytes(), what)
}

/// What is wrong with a note.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadNote {
    #[error("is not a signed checkpoint")]
    Malformed,
    #[error("has no signature of a known key, but one that names `{0}`")]
    Unknown(String),
    #[error("has a signature that names `{0}`, but was not made with that key")]
    Forged(String),
}

impl From<MalformedCheckpointError> for BadNote {
    fn from(_: MalformedCheckpointError) -> Self {
        Self::Malformed
    }
}

/// The keys that heads may be signed with, and since when.
pub(super) struct Keyring {
    verifiers: VerifierList,
    /// By name and number; the place of the record that introduced the key.
    since: HashMap<(String, u32), Seq>,
}

impl Keyring {
    /// Of these keys, each with the record that introduced it.
    pub(super) fn new<'a>(keys: impl IntoIterator<Item = (&'a VerifyingKey, Seq)>) -> Self {
        let mut since = HashMap::new();
        let mut verifiers: Vec<Box<dyn signed_note::Verifier>> = Vec::new();
        let mut known: Vec<&str> = Vec::new();
        for (key, seq) in keys {
            // A key may be introduced again after another one; the list must not hold it twice.
            if known.contains(&key.as_str()) {
                continue;
            }
            known.push(key.as_str());
            let verifier = key.verifier();
            since.insert((verifier.name().to_owned(), verifier.key_id()), seq);
            verifiers.push(Box::new(verifier.clone()));
        }
        Self { verifiers: VerifierList::new(verifiers), since }
    }
}

/// What a note says whose signature is good.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) origin: String,
    pub(super) size: u64,
    pub(super) root: Hash,
    /// The record that introduced the key it is signed with; of several keys, the first.
    pub(super) since: Seq,
}

/// Reads a note that one of these keys has signed. A signature by an unknown key is passed over; one that
/// names a known key and is not good spoils the note.
pub(super) fn open(note: &str, keys: &Keyring) -> Result<Signed, BadNote> {
    let parsed = Note::from_bytes(note.as_bytes()).map_err(|_malformed| BadNote::Malformed)?;
    let (good, _unknown) = parsed.verify(&keys.verifiers).map_err(|error| match error {
        NoteError::UnverifiedNote => BadNote::Unknown(signer(note)),
        NoteError::InvalidSignature { name, .. } => BadNote::Forged(name),
        _ => BadNote::Malformed,
    })?;
    let since = good.iter().filter_map(|by| keys.since.get(&(by.name().to_owned(), by.id())));
    let since = since.min().copied().ok_or(BadNote::Malformed)?;
    let body = Checkpoint::from_bytes(parsed.text())?;
    Ok(Signed { origin: body.origin().to_owned(), size: body.size(), root: *body.hash(), since })
}

/// Whose head a note says that it is, and over how many records, whoever signed it.
pub(super) fn claims(note: &str) -> Option<(&str, u64)> {
    let mut lines = note.lines();
    Some((lines.next()?, lines.next()?.parse().ok()?))
}

/// Whom the last signature of a note names.
fn signer(note: &str) -> String {
    let line = note.lines().last().and_then(|line| line.strip_prefix(SIGNATURE)).unwrap_or_default();
    line.split(' ').next().unwrap_or_default().to_owned()
}

/// How the line of a signature begins: an em dash and a blank.
const SIGNATURE: &str = "\u{2014} ";

/// The notes that stand in a text one after another, and what stands after the last one. Empty lines
/// between them do not matter.
pub(super) fn notes(text: &str) -> (Vec<&str>, &str) {
    let mut notes = Vec::new();
    let mut rest = text;
    while let Some(note) = first_note(rest) {
        notes.push(note);
        rest = rest.get(note.len()..).unwrap_or_default().trim_start_matches('\n');
    }
    (notes, rest)
}

/// Up to the last of the lines of signatures that follow the first empty line.
fn first_note(text: &str) -> Option<&str> {
    let mut end = text.find("\n\n")? + 2;
    let begin = end;
    for line in text.get(begin..)?.split_inclusive('\n') {
        if !(line.starts_with(SIGNATURE) && line.ends_with('\n')) {
            break;
        }
        end += line.len();
    }
    if end > begin { text.get(..end) } else { None }
}

#[cfg(test)]
mod tests {
    use super::{super::keys::tests::key, *};
    use crate::domain::Secret;
    use tlog_tiles::record_hash;

    const OTHER: &str = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";

    fn note(size: u64) -> String {
        sign("offboard/ab", size, record_hash(b"x"), &key()).unwrap()
    }

    fn keyring() -> Keyring {
        Keyring::new([(key().public(), 1)])
    }

    #[test]
    fn a_head_is_a_note_of_five_lines() {
        let text = note(7);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..4], ["offboard/ab", "7", &record_hash(b"x").to_string(), ""]);
        assert!(lines[4].starts_with("— tester@host ") && lines.len() == 5, "{text}");
        let signed = open(&text, &keyring()).unwrap();
        assert_eq!((&*signed.origin, signed.size, signed.since), ("offboard/ab", 7, 1));
        assert!(signed.root == record_hash(b"x"));
        assert_eq!(note(7), text, "the same head is the same note");
    }

    #[test]
    fn whatever_bit_of_a_note_is_turned_it_is_not_good_any_more() {
        let whole = note(1204).into_bytes();
        let keyring = keyring();
        for at in 0..whole.len() * 8 {
            let mut turned = whole.clone();
            turned[at / 8] ^= 1 << (at % 8);
            let Ok(text) = String::from_utf8(turned) else { continue };
            assert!(open(&text, &keyring).is_err(), "bit {at}: {text}");
        }
    }

    #[test]
    fn whose_signature_it_is() {
        let other = SigningKey::from_text(&Secret::new(OTHER.to_owned())).unwrap();
        let foreign = sign("offboard/ab", 7, record_hash(b"x"), &other).unwrap();
        assert_eq!(open(&foreign, &keyring()).unwrap_err(), BadNote::Unknown("PeterNeumann".into()));
        // A signature by somebody else does not hurt beside a good one; a bad one of a known key does.
        let theirs = foreign.lines().last().unwrap();
        let ours = note(7);
        assert!(open(&format!("{ours}{theirs}\n"), &keyring()).is_ok());
        let mixed = note(8).replace("\n8\n", "\n7\n");
        assert_eq!(open(&mixed, &keyring()).unwrap_err(), BadNote::Forged("tester@host".into()));
        let mixed = format!("{foreign}{}\n", mixed.lines().last().unwrap());
        let both = Keyring::new([(key().public(), 1), (other.public(), 9), (key().public(), 12)]);
        assert_eq!(open(&mixed, &both).unwrap_err(), BadNote::Forged("tester@host".into()));
        assert_eq!(open(&foreign, &both).unwrap().since, 9);
        assert_eq!(open(&ours, &both).unwrap().since, 1, "a key counts from its first introduction");
    }

    #[test]
    fn notes_are_told_apart() {
        let (one, two) = (note(1), note(2));
        let text = format!("{one}{two}");
        assert_eq!(notes(&text), (vec![&*one, &*two], ""));
        let text = format!("{one}\n\n{two}\n");
        assert_eq!(notes(&text), (vec![&*one, &*two], ""));
        assert_eq!(notes(""), (vec![], ""));
        for torn in [1, 5, 20, one.len() - 1] {
            let torn = one.get(..torn).unwrap();
            assert_eq!(notes(&format!("{two}{torn}")), (vec![&*two], torn));
        }
    }
}
