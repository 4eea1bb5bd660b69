//! The parts of a workbook, event by event, within bounds.
//!
//! A part may unpack to a thousand times its size and may be one single tag. So the parser can
//! only have so many bytes for one event, so many for the part, and tags can be nested only so
//! deep; what goes beyond is damage, not memory.

use super::{
    error::{Damage, ListFault},
    limits::{DEPTH, TOKEN_BYTES},
    package::{PartReader, WrongChecksum},
};
use quick_xml::{
    Reader, XmlVersion,
    events::{BytesEnd, BytesStart, Event},
};
use std::io::{self, BufReader, Read};

/// Why the parser gets no more bytes.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("no more bytes")]
struct NoMore(Damage);

/// Gives no more than it is allowed to.
struct Metered {
    part: PartReader,
    for_event: u64,
    for_part: u64,
}

impl Read for Metered {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let (left, damage) = if self.for_part < self.for_event {
            (self.for_part, Damage::TooLarge)
        } else {
            (self.for_event, Damage::TokenTooLong)
        };
        if left == 0 {
            return Err(io::Error::other(NoMore(damage)));
        }
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(out.len());
        let count = self.part.read(out.get_mut(..most).unwrap_or_default())?;
        self.for_event -= count as u64;
        self.for_part -= count as u64;
        Ok(count)
    }
}

/// What a part consists of, as far as workbooks use it.
pub(super) enum Xml<'a> {
    /// A tag; `true` when it is closed at once, so that no [`Xml::End`] follows.
    Start(Tag<'a>, bool),
    End(EndTag<'a>),
    Text(String),
    Eof,
}

/// A tag.
pub(super) struct Tag<'a>(BytesStart<'a>);

impl Tag<'_> {
    /// Its name without a prefix.
    pub(super) fn is(&self, name: &str) -> bool {
        self.0.local_name().as_ref() == name
    }

    /// The attribute of this name, whatever its prefix.
    pub(super) fn attribute(&self, name: &str) -> Result<Option<String>, Damage> {
        for attribute in self.0.attributes().with_checks(false) {
            let Ok(attribute) = attribute else { return Err(Damage::Xml) };
            if attribute.key.local_name().as_ref() == name {
                let Ok(value) = attribute.normalized_value(XmlVersion::Implicit1_0) else {
                    return Err(Damage::Xml);
                };
                return Ok(Some(value.into_owned()));
            }
        }
        Ok(None)
    }
}

/// The end of a tag.
pub(super) struct EndTag<'a>(BytesEnd<'a>);

impl EndTag<'_> {
    /// Its name without a prefix.
    pub(super) fn is(&self, name: &str) -> bool {
        self.0.local_name().as_ref() == name
    }
}

/// Reads a part.
pub(super) struct XmlReader {
    reader: Reader<BufReader<Metered>>,
    buffer: Vec<u8>,
    depth: u32,
    name: String,
}

impl XmlReader {
    /// `limit` is how many bytes the part may have.
    pub(super) fn new(name: &str, part: PartReader, limit: u64) -> Self {
        let metered = Metered { part, for_event: TOKEN_BYTES, for_part: limit };
        let mut reader = Reader::from_reader(BufReader::with_capacity(16 << 10, metered));
        reader.config_mut().check_end_names = true;
        Self { reader, buffer: Vec::new(), depth: 0, name: name.to_owned() }
    }

    /// What is wrong, with the part's name.
    pub(super) fn damaged(&self, damage: Damage) -> ListFault {
        ListFault::Damaged { part: self.name.clone(), damage }
    }

    /// What comes next. Comments and the like are passed over.
    pub(super) fn next(&mut self) -> Result<Xml<'_>, ListFault> {
        match next(&mut self.reader, &mut self.buffer, &mut self.depth) {
            Ok(event) => Ok(event),
            Err(XmlFault::Damage(damage)) => Err(ListFault::Damaged { part: self.name.clone(), damage }),
            Err(XmlFault::Io(error)) => Err(ListFault::Io(error)),
        }
    }
}

enum XmlFault {
    Damage(Damage),
    Io(io::Error),
}

fn next<'b>(
    reader: &mut Reader<BufReader<Metered>>,
    buffer: &'b mut Vec<u8>,
    depth: &mut u32,
) -> Result<Xml<'b>, XmlFault> {
    buffer.clear();
    reader.get_mut().get_mut().for_event = TOKEN_BYTES;
    let event = reader.read_event_into(buffer).map_err(stop)?;
    match event {
        Event::Start(tag) => {
            *depth += 1;
            if *depth > DEPTH {
                Err(XmlFault::Damage(Damage::TooDeep))
            } else {
                Ok(Xml::Start(Tag(tag), false))
            }
        }
        Event::Empty(tag) => Ok(Xml::Start(Tag(tag), true)),
        Event::End(tag) => {
            *depth = depth.saturating_sub(1);
            Ok(Xml::End(EndTag(tag)))
        }
        Event::Text(text) => Ok(Xml::Text(text.xml10_content().into_owned())),
        Event::CData(text) => Ok(Xml::Text(text.xml10_content().into_owned())),
        Event::GeneralRef(reference) => {
            let known = match reference.resolve_char_ref() {
                Ok(Some(c)) => Some(c),
                Ok(None) => match &*reference.xml10_content() {
                    "amp" => Some('&'),
                    "lt" => Some('<'),
                    "gt" => Some('>'),
                    "quot" => Some('"'),
                    "apos" => Some('\''),
                    _ => None,
                },
                Err(_not_a_character) => None,
            };
            known.map(|c| Xml::Text(c.into())).ok_or(XmlFault::Damage(Damage::Xml))
        }
        // An empty text changes nothing for anybody.
        Event::Comment(_) | Event::Decl(_) | Event::PI(_) => Ok(Xml::Text(String::new())),
        // Definitions can multiply text; workbooks have none.
        Event::DocType(_) => Err(XmlFault::Damage(Damage::Xml)),
        Event::Eof if *depth > 0 => Err(XmlFault::Damage(Damage::Xml)),
        Event::Eof => Ok(Xml::Eof),
    }
}

fn stop(error: quick_xml::Error) -> XmlFault {
    let quick_xml::Error::Io(error) = error else { return XmlFault::Damage(Damage::Xml) };
    match error.get_ref() {
        Some(inner) if inner.is::<WrongChecksum>() => XmlFault::Damage(Damage::Checksum),
        Some(inner) => match inner.downcast_ref::<NoMore>() {
            Some(NoMore(damage)) => XmlFault::Damage(*damage),
            None => XmlFault::Damage(Damage::Packing),
        },
        None => match error.kind() {
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
                XmlFault::Damage(Damage::Packing)
            }
            _ => XmlFault::Io(io::Error::from(error.kind())),
        },
    }
}
