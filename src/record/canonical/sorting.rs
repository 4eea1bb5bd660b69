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

/// The canonical bytes of a value.
pub(super) fn to_bytes<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, CanonicalError> {
    let out = RefCell::new(Vec::with_capacity(1024));
    let refused = RefCell::new(None);
    let formatter = Sorting { out: &out, refused: &refused, objects: Vec::new(), sorted: Vec::new() };
    let written = value.serialize(&mut Serializer::with_formatter(Out(&out), formatter));
    match (written, refused.into_inner()) {
        (_, Some(number)) => Err(CanonicalError::Number(number)),
        (Err(error), None) => Err(CanonicalError::Json(error)),
        (Ok(()), None) => Ok(out.into_inner()),
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

/// Where the entries of an object lie that is being written: each with its key, and without its comma.
#[derive(Debug, Default)]
struct Object {
    start: usize,
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    key: Range<usize>,
    end: usize,
}

struct Sorting<'a> {
    out: &'a RefCell<Vec<u8>>,
    refused: &'a RefCell<Option<Number>>,
    objects: Vec<Object>,
    /// Where entries are put in order.
    sorted: Vec<u8>,
}

impl Sorting<'_> {
    fn here(&self) -> usize {
        self.out.borrow().len()
    }

    fn refuse(&self, number: Option<Number>) -> io::Error {
        *self.refused.borrow_mut() = number;
        io::Error::other("not a number that every reader keeps")
    }

    fn last_entry(&mut self) -> Option<&mut Entry> {
        self.objects.last_mut()?.entries.last_mut()
    }
}

/// By UTF-16 units, as RFC 8785 says. Both are keys as they are written, with their quotes.
fn in_order(a: &[u8], b: &[u8]) -> Ordering {
    let is_plain = |key: &[u8]| key.iter().all(|byte| byte.is_ascii() && *byte != b'\\');
    if is_plain(a) && is_plain(b) {
        // The quote at the end comes before every character but the blank and `!`.
        return trimmed(a).cmp(trimmed(b));
    }
    let units = |key: &[u8]| -> Vec<u16> {
        let text: String = serde_json::from_slice(key).unwrap_or_default();
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
        self.objects.push(Object { start: self.here(), entries: Vec::new() });
        Ok(())
    }

    fn begin_object_key<W: Write + ?Sized>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if !first {
            writer.write_all(b",")?;
        }
        let here = self.here();
        if let Some(object) = self.objects.last_mut() {
            object.entries.push(Entry { key: here..here, end: here });
        }
        Ok(())
    }

    fn end_object_key<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        let here = self.here();
        if let Some(entry) = self.last_entry() {
            entry.key.end = here;
        }
        Ok(())
    }

    fn end_object_value<W: Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        let here = self.here();
        if let Some(entry) = self.last_entry() {
            entry.end = here;
        }
        Ok(())
    }

    fn end_object<W: Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        let Some(Object { start, mut entries }) = self.objects.pop() else { return Ok(()) };
        {
            let mut out = self.out.borrow_mut();
            let key = |entry: &Entry| out.get(entry.key.clone()).unwrap_or_default();
            let compare = |a: &Entry, b: &Entry| in_order(key(a), key(b));
            if !entries.is_sorted_by(|a, b| compare(a, b).is_le()) {
                entries.sort_by(compare);
                self.sorted.clear();
                for (i, entry) in entries.iter().enumerate() {
                    if i > 0 {
                        self.sorted.push(b',');
                    }
                    self.sorted.extend_from_slice(out.get(entry.key.start..entry.end).unwrap_or_default());
                }
                out.truncate(start);
                out.extend_from_slice(&self.sorted);
            }
        }
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
