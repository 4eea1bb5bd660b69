//! Bytes to text: any encoding of a list becomes UTF-8, piece by piece, while its digest is made
//! a second time.

use super::source::read_some;
use crate::domain::{Digest, Sha256};
use encoding_rs::{Decoder, DecoderResult, Encoding};
use std::io::{self, BufReader, Read};

/// Why the text cannot be read on. Travels inside an [`io::Error`], because it is read by [`Read`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum TextFault {
    #[error("a character that is not valid in this encoding")]
    Malformed,
    #[error("a NUL character")]
    Nul,
}

impl TextFault {
    /// The fault that is inside this error, if one is.
    pub(super) fn inside(error: &io::Error) -> Option<Self> {
        error.get_ref().and_then(|inner| inner.downcast_ref()).copied()
    }
}

/// Gives the text of `input` as UTF-8.
pub(super) struct DecodedText<R> {
    input: R,
    raw: Vec<u8>,
    /// Which bytes of `raw` are still to be decoded.
    waiting: std::ops::Range<usize>,
    decoder: Decoder,
    digest: Digest,
    at_end: bool,
    finished: bool,
    fault: Option<TextFault>,
}

impl<R: Read> DecodedText<R> {
    /// `mark` is the length of the byte-order mark, which is hashed but is not text.
    pub(super) fn new(mut input: R, encoding: &'static Encoding, mark: usize) -> io::Result<Self> {
        let mut digest = Digest::default();
        let mut skipped = Vec::new();
        (&mut input).take(mark as u64).read_to_end(&mut skipped)?;
        digest.add(&skipped);
        Ok(Self {
            input,
            raw: vec![0; 32 << 10],
            waiting: 0..0,
            decoder: encoding.new_decoder_without_bom_handling(),
            digest,
            at_end: false,
            finished: false,
            fault: None,
        })
    }

    /// The digest of all bytes, once the text has been read to its end.
    pub(super) fn sha256(&self) -> Option<Sha256> {
        self.finished.then(|| self.digest.clone().done())
    }
}

impl<R: Read> Read for DecodedText<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(fault) = self.fault {
                return Err(io::Error::other(fault));
            }
            if self.finished {
                return Ok(0);
            }
            if self.waiting.is_empty() && !self.at_end {
                let count = read_some(&mut self.input, &mut self.raw)?;
                self.waiting = 0..count;
                self.at_end = count == 0;
                self.digest.add(self.raw.get(..count).unwrap_or_default());
            }
            let bytes = self.raw.get(self.waiting.clone()).unwrap_or_default();
            let (result, read, written) =
                self.decoder.decode_to_utf8_without_replacement(bytes, out, self.at_end);
            self.waiting.start += read;
            match result {
                DecoderResult::InputEmpty => self.finished = self.at_end,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => self.fault = Some(TextFault::Malformed),
            }
            let text = out.get(..written).unwrap_or_default();
            // What stands before the fault is still given, so that the fault's row can be named.
            let good = text.iter().position(|&byte| byte == 0).unwrap_or(written);
            if good < written {
                self.fault = Some(TextFault::Nul);
            }
            if good > 0 {
                return Ok(good);
            }
        }
    }
}

/// The text as far as `limit`; for looking at what a list begins with.
pub(super) fn head<R: Read>(text: DecodedText<R>, limit: usize) -> io::Result<String> {
    let mut bytes = Vec::new();
    // Into room for less than a character nothing would ever be decoded.
    let text = BufReader::with_capacity(32 << 10, text);
    // A fault further on is reported when the rows are read, with its row.
    if let Err(error) = text.take(limit as u64).read_to_end(&mut bytes)
        && TextFault::inside(&error).is_none()
    {
        return Err(error);
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

    fn decode(bytes: &[u8], encoding: &'static Encoding, mark: usize) -> Result<String, TextFault> {
        let mut text = String::new();
        match DecodedText::new(bytes, encoding, mark).unwrap().read_to_string(&mut text) {
            Ok(_) => Ok(text),
            Err(error) => Err(TextFault::inside(&error).unwrap()),
        }
    }

    #[test]
    fn every_encoding_becomes_utf_8() {
        assert_eq!(decode(b"\xef\xbb\xbfa\xc3\xa9", UTF_8, 3).unwrap(), "aé");
        assert_eq!(decode(b"\xff\xfea\0\xe9\0", UTF_16LE, 2).unwrap(), "aé");
        assert_eq!(decode(b"\xfe\xff\0a\0\xe9", UTF_16BE, 2).unwrap(), "aé");
        assert_eq!(decode(b"a\xe9\x80", WINDOWS_1252, 0).unwrap(), "aé€");
    }

    #[test]
    fn half_a_character_of_utf_16_is_a_fault() {
        for bytes in [&b"\xff\xfea"[..], b"\xff\xfea\0\x00\xd8b\0", b"\xff\xfe\x00\xdc"] {
            assert_eq!(decode(bytes, UTF_16LE, 2), Err(TextFault::Malformed));
        }
    }

    #[test]
    fn nul_is_a_fault_in_every_encoding() {
        assert_eq!(decode(b"a\0b", UTF_8, 0), Err(TextFault::Nul));
        assert_eq!(decode(b"\xff\xfea\0\0\0", UTF_16LE, 2), Err(TextFault::Nul));
    }

    #[test]
    fn the_digest_covers_the_mark_too() {
        let bytes = b"\xef\xbb\xbfa\nb";
        let mut text = DecodedText::new(&bytes[..], UTF_8, 3).unwrap();
        let mut read = String::new();
        text.read_to_string(&mut read).unwrap();
        assert_eq!((read.as_str(), text.sha256()), ("a\nb", Some(Sha256::of(&[bytes]))));
    }
}
