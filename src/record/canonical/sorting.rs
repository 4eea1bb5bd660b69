//! Writes JSON with the keys of each object in order, without a tree of values in between.
//!
//! Text goes out as `serde_json` makes it. When an object ends, its entries, which lie one behind the other,
//! are put in order; those inside it ended earlier and are in order already.

use super::CanonicalError;
use serde::Serialize;
use serde_json::{
    Number, Serializer,
    ser::{CompactFormatter, Formatter},
};
use std::{
    cell::RefCell,
    cmp::Ordering,
    io::{self, Write},
    ops::Range,
};

/// The largest whole number that every reader of JSON keeps (RFC 8785, section 3.2.2.3).
const LARGEST: u64 = (1 << 53) - 1;

/// Writes canonical bytes, those of one value after those of another in the same memory.
#[derive(Debug, Default)]
pub struct Pen {
    out: RefCell<Vec<u8>>,
    lists: Lists,
}

/// What is known of the objects that are being written.
#[derive(Debug, Default)]
struct Lists {
    objects: Vec<OpenObject>,
    /// Those of all objects that are being written, the innermost last.
    entries: Vec<ObjectEntry>,
    /// Where entries are put in order.
    sorted: Vec<u8>,
}

impl Pen {
    /// The canonical bytes of this value.
    pub fn write<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<&[u8], CanonicalError> {
        let Self { out, lists } = self;
        out.get_mut().clear();
        lists.objects.clear();
        lists.entries.clear();
        let refused = RefCell::new(None);
        let formatter = Sorting { out, refused: &refused, lists };
        let written = value.serialize(&mut Serializer::with_formatter(Out(out), formatter));
        match (written, refused.into_inner()) {
            (_, Some(number)) => Err(CanonicalError::Number(number)),
            (Err(error), None) => Err(CanonicalError::Json(error)),
            (Ok(()), None) => Ok(self.out.get_mut()),
        }
    }
}

/// The text so far.
struct Out<'a>(&'a RefCell<Vec<u8>>);

impl Write for Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An object that is being written: where it begins, and how many entries those around it have.
#[derive(Clone, Copy, Debug)]
struct OpenObject {
    start: usize,
    first: usize,
}

/// Where an entry of an object lies, with its key and without its comma.
#[derive(Clone, Debug)]
struct ObjectEntry {
    key: Range<usize>,
    /// Whether the key is written as it is, and of ASCII alone.
    is_plain: bool,
    end: usize,
}

struct Sorting<'a> {
    out: &'a RefCell<Vec<u8>>,
    refused: &'a RefCell<Option<Number>>,
    lists: &'a mut Lists,
}

impl Sorting<'_> {
    fn here(&self) -> usize {
        self.out.borrow().len()
    }

    fn refuse(&self, number: Option<Number>) -> io::Error {
        *self.refused.borrow_mut() = number;
        io::Error::other("not a number that every reader keeps")
    }
}

/// By UTF-16 units, as RFC 8785 says.
fn in_order(out: &[u8], a: &ObjectEntry, b: &ObjectEntry) -> Ordering {
    // As they are written, with their quotes.
    let key = |entry: &ObjectEntry| out.get(entry.key.clone()).unwrap_or_default();
    if a.is_plain && b.is_plain {
        // The quote at the end comes before every character but the blank and `!`.
        return trimmed(key(a)).cmp(trimmed(key(b)));
    }
    let units = |entry: &ObjectEntry| -> Vec<u16> {
        let text: String = serde_json::from_slice(key(entry)).unwrap_or_default();
        text.encode_utf16().collect()
    };
    units(a).cmp(&units(b))
}

fn trimmed(key: &[u8]) -> &[u8] {
    key.get(1..key.len().saturating_sub(1)).unwrap_or_default()
}

impl Formatter for Sorting<'_> {
    fn begin_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b"{")?;
        let object = OpenObject { start: self.here(), first: self.lists.entries.len() };
        self.lists.objects.push(object);
        Ok(())
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        let here = self.here();
        self.lists.entries.push(ObjectEntry { key: here..here, is_plain: false, end: here });
        Ok(())
    }

    fn end_object_key<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        let out = self.out.borrow();
        if let Some(entry) = self.lists.entries.last_mut() {
            entry.key.end = out.len();
            let key = out.get(entry.key.clone()).unwrap_or_default();
            entry.is_plain = key.iter().all(|byte| byte.is_ascii() && *byte != b'\\');
        }
        Ok(())
    }

    fn end_object_value<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        let here = self.here();
        if let Some(entry) = self.lists.entries.last_mut() {
            entry.end = here;
        }
        Ok(())
    }

    fn end_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        let Some(OpenObject { start, first }) = self.lists.objects.pop() else { return Ok(()) };
        let Lists { entries: all, sorted, .. } = &mut *self.lists;
        {
            let mut out = self.out.borrow_mut();
            let entries = all.get_mut(first..).unwrap_or_default();
            if !entries.is_sorted_by(|a, b| in_order(&out, a, b).is_le()) {
                entries.sort_by(|a, b| in_order(&out, a, b));
                sorted.clear();
                for (i, entry) in entries.iter().enumerate() {
                    if i > 0 {
                        sorted.push(b',');
                    }
                    sorted.extend_from_slice(out.get(entry.key.start..entry.end).unwrap_or_default());
                }
                out.truncate(start);
                out.extend_from_slice(sorted);
            }
        }
        // What is left last is the entry of the object around it, which ends after it.
        all.truncate(first);
        writer.write_all(b"}")
    }

    fn write_u64<W: Write + ?Sized>(&mut self, writer: &mut W, value: u64) -> io::Result<()> {
        if value > LARGEST {
            return Err(self.refuse(Some(value.into())));
        }
        CompactFormatter.write_u64(writer, value)
    }

    fn write_i64<W: Write + ?Sized>(&mut self, writer: &mut W, value: i64) -> io::Result<()> {
        if value.unsigned_abs() > LARGEST {
            return Err(self.refuse(Some(value.into())));
        }
        CompactFormatter.write_i64(writer, value)
    }

    fn write_f64<W: Write + ?Sized>(&mut self, _: &mut W, value: f64) -> io::Result<()> {
        Err(self.refuse(Number::from_f64(value)))
    }

    fn write_f32<W: Write + ?Sized>(&mut self, _: &mut W, value: f32) -> io::Result<()> {
        Err(self.refuse(Number::from_f64(value.into())))
    }

    fn write_u128<W: Write + ?Sized>(&mut self, _: &mut W, _: u128) -> io::Result<()> {
        Err(self.refuse(None))
    }

    fn write_i128<W: Write + ?Sized>(&mut self, _: &mut W, _: i128) -> io::Result<()> {
        Err(self.refuse(None))
    }
}
