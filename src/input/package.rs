//! The archive that a workbook is: its table of contents, and its parts, unpacked as a stream.
//!
//! Only what a workbook needs is understood: one disk, no encryption, parts stored or deflated.
//! The table of contents is read here rather than by the `zip` crate, because that one reserves
//! memory for as many entries as the file claims to have, and lends its readers; here the claim
//! is checked first, and a reader owns what it reads, so that rows can be handed out one by one.

use super::{
    error::{Damage, ListFault},
    limits::{DIRECTORY_BYTES, PARTS},
    source::{Input, Reopenable},
};
use flate2::{Crc, bufread::DeflateDecoder};
use std::{
    collections::HashMap,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Take},
};

/// Where a part lies.
#[derive(Debug, Clone, Copy)]
struct PartLocation {
    header: u64,
    packed: u64,
    method: u16,
    crc: u32,
    encrypted: bool,
}

/// A table of contents.
#[derive(Debug)]
pub(super) struct Package {
    source: Reopenable,
    parts: HashMap<String, PartLocation>,
}

fn damaged(part: &str, damage: Damage) -> ListFault {
    ListFault::Damaged { part: part.to_owned(), damage }
}

/// Little-endian fields, taken off the front.
struct LittleEndianFields<'a>(&'a [u8]);

impl<'a> LittleEndianFields<'a> {
    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(front)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.bytes(N)?.try_into().ok()
    }

    fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }
}

/// How many entries there are, how long the table is and where it begins.
struct Directory {
    entries: u64,
    length: u64,
    start: u64,
}

impl Package {
    pub(super) fn open(source: &Reopenable) -> Result<Self, ListFault> {
        let broken = || damaged("archive", Damage::Directory);
        let mut input = source.open()?;
        let length = input.seek(SeekFrom::End(0))?;
        let directory = find_directory(&mut input, length)?.ok_or_else(broken)?;
        if directory.entries > PARTS || directory.length > DIRECTORY_BYTES {
            return Err(damaged("archive", Damage::TooManyParts));
        }
        input.seek(SeekFrom::Start(directory.start))?;
        let mut bytes = Vec::new();
        (&mut input).take(directory.length).read_to_end(&mut bytes)?;
        let mut fields = LittleEndianFields(&bytes);
        let mut parts = HashMap::new();
        for _ in 0..directory.entries {
            let (name, part) = entry(&mut fields).ok_or_else(broken)?;
            // Two parts of one name would let two readers see two workbooks.
            if parts.insert(name, part).is_some() {
                return Err(broken());
            }
        }
        Ok(Self { source: source.clone(), parts })
    }

    /// Whether there is a part of this name; case does not matter.
    pub(super) fn has(&self, name: &str) -> bool {
        self.parts.contains_key(&name.to_ascii_lowercase())
    }

    /// Opens a part.
    pub(super) fn part(&self, name: &str) -> Result<PartReader, ListFault> {
        let broken = || damaged(name, Damage::Directory);
        let part =
            self.parts.get(&name.to_ascii_lowercase()).ok_or_else(|| damaged(name, Damage::Missing))?;
        let mut input = self.source.open()?;
        input.seek(SeekFrom::Start(part.header))?;
        let mut header = Vec::with_capacity(30);
        (&mut input).take(30).read_to_end(&mut header)?;
        let names = local_header(&header).ok_or_else(broken)?;
        input.seek(SeekFrom::Current(names))?;
        let packed = BufReader::with_capacity(32 << 10, input.take(part.packed));
        let unpack = match part.method {
            _ if part.encrypted => return Err(damaged(name, Damage::Packing)),
            0 => Unpack::Stored(packed),
            8 => Unpack::Deflated(DeflateDecoder::new(packed)),
            _ => return Err(damaged(name, Damage::Packing)),
        };
        Ok(PartReader { unpack, crc: Crc::new(), expected: part.crc })
    }
}

/// Looks for the end record, which lies at the end, with a comment of at most 64 KiB behind it.
fn find_directory(input: &mut Input, length: u64) -> Result<Option<Directory>, ListFault> {
    let tail_start = length.saturating_sub(22 + 0xffff + 20);
    input.seek(SeekFrom::Start(tail_start))?;
    let mut tail = Vec::new();
    (&mut *input).take(length - tail_start).read_to_end(&mut tail)?;
    let Some(at) = tail.windows(4).rposition(|window| window == b"PK\x05\x06") else { return Ok(None) };
    let end = |at: usize| -> Option<Directory> {
        let mut fields = LittleEndianFields(tail.get(at + 4..)?);
        fields.bytes(6)?;
        let entries = fields.u16()?.into();
        Some(Directory { entries, length: fields.u32()?.into(), start: fields.u32()?.into() })
    };
    let Some(directory) = end(at) else { return Ok(None) };
    let saturated = directory.entries == 0xffff
        || directory.length == u64::from(u32::MAX)
        || directory.start == u64::from(u32::MAX);
    if !saturated {
        return Ok(Some(directory));
    }
    // Some programs always write the wide form, however small the file is.
    let locator = at.checked_sub(20).and_then(|from| tail.get(from..at)).and_then(|bytes| {
        let mut fields = LittleEndianFields(bytes);
        let known = fields.array()? == *b"PK\x06\x07";
        fields.u32()?;
        let position = fields.u64()?;
        known.then_some(position)
    });
    let Some(position) = locator else { return Ok(None) };
    input.seek(SeekFrom::Start(position))?;
    let mut bytes = Vec::with_capacity(56);
    input.take(56).read_to_end(&mut bytes)?;
    let mut fields = LittleEndianFields(&bytes);
    let mut wide = || {
        let known = fields.array()? == *b"PK\x06\x06";
        fields.bytes(28)?;
        let entries = fields.u64()?;
        let directory = Directory { entries, length: fields.u64()?, start: fields.u64()? };
        known.then_some(directory)
    };
    Ok(wide())
}

/// One entry of the table of contents.
fn entry(fields: &mut LittleEndianFields<'_>) -> Option<(String, PartLocation)> {
    if fields.array()? != *b"PK\x01\x02" {
        return None;
    }
    fields.bytes(4)?;
    let flags = fields.u16()?;
    let method = fields.u16()?;
    fields.bytes(4)?;
    let crc = fields.u32()?;
    let mut packed = u64::from(fields.u32()?);
    let unpacked = fields.u32()?;
    let name = usize::from(fields.u16()?);
    let extra = usize::from(fields.u16()?);
    let comment = usize::from(fields.u16()?);
    fields.bytes(8)?;
    let mut header = u64::from(fields.u32()?);
    let name = String::from_utf8_lossy(fields.bytes(name)?).replace('\\', "/").to_ascii_lowercase();
    let mut extra = LittleEndianFields(fields.bytes(extra)?);
    fields.bytes(comment)?;
    while let (Some(kind), Some(length)) = (extra.u16(), extra.u16()) {
        let mut wide = LittleEndianFields(extra.bytes(length.into())?);
        if kind == 1 {
            if unpacked == u32::MAX {
                wide.u64()?;
            }
            if packed == u64::from(u32::MAX) {
                packed = wide.u64()?;
            }
            if header == u64::from(u32::MAX) {
                header = wide.u64()?;
            }
        }
    }
    Some((name, PartLocation { header, packed, method, crc, encrypted: flags & 1 != 0 }))
}

/// How far behind the local header the data begins.
fn local_header(bytes: &[u8]) -> Option<i64> {
    let mut fields = LittleEndianFields(bytes);
    let known = fields.array()? == *b"PK\x03\x04";
    fields.bytes(22)?;
    let behind = i64::from(fields.u16()?) + i64::from(fields.u16()?);
    known.then_some(behind)
}

/// The unpacked bytes of a part. Its checksum is compared when the end is reached.
pub(super) struct PartReader {
    unpack: Unpack,
    crc: Crc,
    expected: u32,
}

enum Unpack {
    Stored(BufReader<Take<Input>>),
    Deflated(DeflateDecoder<BufReader<Take<Input>>>),
}

/// The bytes of a part are not those that were packed.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("checksum")]
pub(super) struct WrongChecksum;

impl Read for PartReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.unpack {
            Unpack::Stored(bytes) => {
                let buffer = bytes.fill_buf()?;
                let count = buffer.len().min(out.len());
                for (to, from) in out.iter_mut().zip(buffer).take(count) {
                    *to = *from;
                }
                bytes.consume(count);
                count
            }
            Unpack::Deflated(bytes) => bytes.read(out)?,
        };
        self.crc.update(out.get(..count).unwrap_or_default());
        if count == 0 && !out.is_empty() && self.crc.sum() != self.expected {
            return Err(io::Error::new(io::ErrorKind::InvalidData, WrongChecksum));
        }
        Ok(count)
    }
}
