//! Where the bytes of a list come from: a file, or the program itself.
//!
//! A list is read twice: once to know what it is and what its digest is, once for its rows. So
//! it must be something that can be opened twice and gives the same bytes.

use super::{
    encoding::{Guess, utf_16},
    error::ListFault,
    limits::{CSV_BYTES, WORKBOOK_BYTES},
};
use crate::domain::{Digest, EncodingFrom, Sha256};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use std::{
    fs::File,
    io::{self, Cursor, Read, Seek, SeekFrom},
    path::PathBuf,
    sync::Arc,
};

/// What can be opened again and again.
#[derive(Debug, Clone)]
pub(super) enum Reopenable {
    Path(PathBuf),
    Bytes(Arc<[u8]>),
}

/// An opened source.
#[derive(Debug)]
pub(super) enum Input {
    File(File),
    Bytes(Cursor<Arc<[u8]>>),
}

impl Reopenable {
    pub(super) fn open(&self) -> Result<Input, ListFault> {
        match self {
            Self::Path(path) => {
                // Asked before it is opened: opening a named pipe waits for somebody to write.
                if !std::fs::metadata(path)?.is_file() {
                    return Err(ListFault::NotAFile);
                }
                Ok(Input::File(File::open(path)?))
            }
            Self::Bytes(bytes) => Ok(Input::Bytes(Cursor::new(Arc::clone(bytes)))),
        }
    }
}

impl Read for Input {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(out),
            Self::Bytes(bytes) => bytes.read(out),
        }
    }
}

impl Seek for Input {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            Self::File(file) => file.seek(to),
            Self::Bytes(bytes) => bytes.seek(to),
        }
    }
}

/// What the first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileKind {
    /// Text, in this encoding, after a byte-order mark of this many bytes.
    Text { encoding: &'static Encoding, mark: usize, from: EncodingFrom },
    /// A zip archive, which a workbook is.
    Archive,
    /// A compound file: a workbook of before 2007, or one with a password.
    Compound,
}

/// What is known after the first pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileSurvey {
    pub(super) sha256: Sha256,
    pub(super) kind: FileKind,
}

/// How much of a file is looked at to see what it is.
const HEAD: u64 = 4 << 10;

/// Reads everything once: the digest, the kind and, for a text, its encoding.
pub(super) fn survey(source: &Reopenable) -> Result<FileSurvey, ListFault> {
    let mut input = source.open()?;
    let mut head = Vec::new();
    (&mut input).take(HEAD).read_to_end(&mut head)?;
    let (limit, what) = match head.get(..4) {
        Some(b"PK\x03\x04" | b"PK\x05\x06") => (WORKBOOK_BYTES, "a workbook"),
        _ => (CSV_BYTES, "a CSV file"),
    };
    let mut digest = Digest::default();
    let (mut utf8, mut guess) = (Utf8Check::default(), Guess::new());
    let mut length = 0;
    let mut chunk = vec![0; 64 << 10];
    let mut bytes: &[u8] = &head;
    while !bytes.is_empty() {
        digest.add(bytes);
        utf8.feed(bytes);
        if !bytes.is_ascii() {
            guess.feed(bytes);
        }
        length += bytes.len() as u64;
        if length > limit {
            return Err(ListFault::FileTooLarge { what, limit });
        }
        let count = read_some(&mut input, &mut chunk)?;
        bytes = chunk.get(..count).unwrap_or_default();
    }
    let text = |encoding, mark, from| FileKind::Text { encoding, mark, from };
    let kind = match head.as_slice() {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => FileKind::Archive,
        [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, ..] => FileKind::Compound,
        [0xef, 0xbb, 0xbf, ..] => text(UTF_8, 3, EncodingFrom::Mark),
        [0xff, 0xfe, ..] => text(UTF_16LE, 2, EncodingFrom::Mark),
        [0xfe, 0xff, ..] => text(UTF_16BE, 2, EncodingFrom::Mark),
        [] => return Err(ListFault::Empty),
        _ => match utf_16(&head) {
            Some(encoding) => text(encoding, 0, EncodingFrom::Bytes),
            // UTF-8 with a damaged character is nothing else because of it; the damage is found with its row.
            None if utf8.valid() || utf8.is_damaged() => text(UTF_8, 0, EncodingFrom::Bytes),
            None => text(guess.made(), 0, EncodingFrom::Guess),
        },
    };
    Ok(FileSurvey { sha256: digest.done(), kind })
}

/// `read`, again when a signal interrupted it.
pub(super) fn read_some(input: &mut impl Read, out: &mut [u8]) -> io::Result<usize> {
    loop {
        match input.read(out) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// Whether bytes that come in pieces are UTF-8.
#[derive(Debug, Default)]
struct Utf8Check {
    /// The begun character at the end of the last piece.
    begun: Vec<u8>,
    /// How many characters have more than one byte.
    wide: u64,
    /// How many places are no character.
    broken: u64,
}

impl Utf8Check {
    fn feed(&mut self, piece: &[u8]) {
        if self.begun.is_empty() && piece.is_ascii() {
            return;
        }
        let mut bytes = std::mem::take(&mut self.begun);
        bytes.extend_from_slice(piece);
        let mut rest = bytes.as_slice();
        let wide = |text: &[u8]| text.iter().filter(|byte| **byte >= 0xc0).count() as u64;
        while let Err(error) = std::str::from_utf8(rest) {
            let (valid, behind) = rest.split_at_checked(error.valid_up_to()).unwrap_or_default();
            self.wide += wide(valid);
            let Some(length) = error.error_len() else {
                self.begun = behind.to_vec();
                return;
            };
            self.broken += 1;
            rest = behind.get(length..).unwrap_or_default();
        }
        self.wide += wide(rest);
    }

    fn valid(&self) -> bool {
        self.broken == 0 && self.begun.is_empty()
    }

    /// Whether it is UTF-8 all the same: characters of more than one byte do not come about by accident.
    fn is_damaged(&self) -> bool {
        self.wide >= 3 && self.wide >= 3 * (self.broken + u64::from(!self.begun.is_empty()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::WINDOWS_1252;

    const UTF_8_BY_BYTES: FileKind = FileKind::Text { encoding: UTF_8, mark: 0, from: EncodingFrom::Bytes };

    fn kind(bytes: &[u8]) -> FileKind {
        survey(&Reopenable::Bytes(bytes.into())).unwrap().kind
    }

    #[test]
    fn the_whole_text_decides_about_the_encoding() {
        let mut late = vec![b'a'; 200_000];
        assert_eq!(kind(&late), UTF_8_BY_BYTES);
        late.push(0xe9);
        let guessed = FileKind::Text { encoding: WINDOWS_1252, mark: 0, from: EncodingFrom::Guess };
        assert_eq!(kind(&late), guessed);
    }

    #[test]
    fn a_character_may_be_split_between_two_pieces() {
        for fill in 65_530..65_550 {
            let text = format!("{}€😀", "a".repeat(fill));
            assert_eq!(kind(text.as_bytes()), UTF_8_BY_BYTES, "{fill}");
        }
    }

    #[test]
    fn a_damaged_character_does_not_make_it_another_encoding() {
        assert_eq!(kind("Müller, Société, Łódź".as_bytes().split_last().unwrap().1), UTF_8_BY_BYTES);
        assert_eq!(kind(b"M\xc3\xbcller, Soci\xc3\xa9t\xc3\xa9, K\xc3ln"), UTF_8_BY_BYTES);
    }

    #[test]
    fn what_is_not_a_regular_file_is_not_opened() {
        assert!(matches!(survey(&Reopenable::Path(std::env::temp_dir())), Err(ListFault::NotAFile)));
    }

    #[test]
    fn the_digest_is_that_of_the_bytes() {
        let survey = survey(&Reopenable::Bytes(b"abc".as_slice().into())).unwrap();
        assert_eq!(survey.sha256, Sha256::of(&[b"abc"]));
    }
}
