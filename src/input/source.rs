//! Where the bytes of a list come from: a file, or the program itself.
//!
//! A list is read twice: once to know what it is and what its digest is, once for its rows. So
//! it must be something that can be opened twice and gives the same bytes.

use super::{
    error::Fault,
    limits::{CSV_BYTES, WORKBOOK_BYTES},
};
use crate::domain::{Digest, Sha256};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use std::{
    fs::File,
    io::{self, Cursor, Read, Seek, SeekFrom},
    path::PathBuf,
    sync::Arc,
};

/// What can be opened again and again.
#[derive(Debug, Clone)]
pub(super) enum Source {
    Path(PathBuf),
    Bytes(Arc<[u8]>),
}

/// An opened source.
#[derive(Debug)]
pub(super) enum Input {
    File(File),
    Bytes(Cursor<Arc<[u8]>>),
}

impl Source {
    pub(super) fn open(&self) -> Result<Input, Fault> {
        match self {
            Self::Path(path) => {
                // Asked before it is opened: opening a named pipe waits for somebody to write.
                if !std::fs::metadata(path)?.is_file() {
                    return Err(Fault::NotAFile);
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
pub(super) enum Kind {
    /// Text, in this encoding, after a byte-order mark of this many bytes.
    Text { encoding: &'static Encoding, mark: usize },
    /// A zip archive, which a workbook is.
    Archive,
    /// A compound file: a workbook of before 2007, or one with a password.
    Compound,
}

/// What is known after the first pass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Survey {
    pub(super) sha256: Sha256,
    pub(super) kind: Kind,
}

/// Reads everything once: the digest, the kind and, for a text, its encoding.
pub(super) fn survey(source: &Source) -> Result<Survey, Fault> {
    let mut input = source.open()?;
    let mut head = Vec::with_capacity(8);
    (&mut input).take(8).read_to_end(&mut head)?;
    let (limit, what) = match head.get(..4) {
        Some(b"PK\x03\x04" | b"PK\x05\x06") => (WORKBOOK_BYTES, "a workbook"),
        _ => (CSV_BYTES, "a CSV file"),
    };
    let mut digest = Digest::default();
    let mut utf8 = Utf8Check::default();
    let mut length = 0;
    let mut chunk = vec![0; 64 << 10];
    let mut bytes: &[u8] = &head;
    while !bytes.is_empty() {
        digest.add(bytes);
        utf8.feed(bytes);
        length += bytes.len() as u64;
        if length > limit {
            return Err(Fault::FileTooLarge { what, limit });
        }
        let count = read_some(&mut input, &mut chunk)?;
        bytes = chunk.get(..count).unwrap_or_default();
    }
    let kind = match head.as_slice() {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Kind::Archive,
        [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1] => Kind::Compound,
        [0xef, 0xbb, 0xbf, ..] => Kind::Text { encoding: UTF_8, mark: 3 },
        [0xff, 0xfe, ..] => Kind::Text { encoding: UTF_16LE, mark: 2 },
        [0xfe, 0xff, ..] => Kind::Text { encoding: UTF_16BE, mark: 2 },
        [] => return Err(Fault::Empty),
        _ if utf8.valid() => Kind::Text { encoding: UTF_8, mark: 0 },
        _ => Kind::Text { encoding: WINDOWS_1252, mark: 0 },
    };
    Ok(Survey { sha256: digest.done(), kind })
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
    broken: bool,
}

impl Utf8Check {
    fn feed(&mut self, piece: &[u8]) {
        if self.broken {
            return;
        }
        let mut piece = piece;
        while !self.begun.is_empty() {
            let Some((&byte, rest)) = piece.split_first() else { return };
            self.begun.push(byte);
            piece = rest;
            match std::str::from_utf8(&self.begun) {
                Ok(_) => self.begun.clear(),
                Err(error) if error.error_len().is_some() => {
                    self.broken = true;
                    return;
                }
                Err(_unfinished) => {}
            }
        }
        if let Err(error) = std::str::from_utf8(piece) {
            match error.error_len() {
                Some(_) => self.broken = true,
                None => self.begun.extend_from_slice(piece.get(error.valid_up_to()..).unwrap_or_default()),
            }
        }
    }

    fn valid(&self) -> bool {
        !self.broken && self.begun.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &[u8]) -> Kind {
        survey(&Source::Bytes(bytes.into())).unwrap().kind
    }

    #[test]
    fn the_whole_text_decides_about_the_encoding() {
        let mut late = vec![b'a'; 200_000];
        assert_eq!(kind(&late), Kind::Text { encoding: UTF_8, mark: 0 });
        late.push(0xe9);
        assert_eq!(kind(&late), Kind::Text { encoding: WINDOWS_1252, mark: 0 });
    }

    #[test]
    fn a_character_may_be_split_between_two_pieces() {
        for fill in 65_530..65_550 {
            let text = format!("{}€😀", "a".repeat(fill));
            assert_eq!(kind(text.as_bytes()), Kind::Text { encoding: UTF_8, mark: 0 }, "{fill}");
        }
    }

    #[test]
    fn what_is_not_a_regular_file_is_not_opened() {
        assert!(matches!(survey(&Source::Path(std::env::temp_dir())), Err(Fault::NotAFile)));
    }

    #[test]
    fn the_digest_is_that_of_the_bytes() {
        let survey = survey(&Source::Bytes(b"abc".as_slice().into())).unwrap();
        assert_eq!(survey.sha256, Sha256::of(&[b"abc"]));
    }
}
