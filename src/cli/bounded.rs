//! Files that people name, read up to a bound: a device, or the wrong file, takes neither memory nor time
//! without end.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

/// What is written by hand, and what people send each other.
pub(super) const SMALL: u64 = 1 << 20;
/// What other programs make: root certificates, the IDs of all customers, scenarios, heads of a log.
pub(super) const LARGE: u64 = 64 << 20;
/// A `plan.json` of some hundred thousand customers.
pub(super) const PLAN: u64 = 512 << 20;

/// The whole file, if it is no larger than that.
pub(super) fn read(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(largest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest {
        let text =
            format!("it is larger than {} MiB, so it is another file than is meant here", largest >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

/// The same for a text.
pub(super) fn text(path: &Path, largest: u64) -> io::Result<String> {
    let text = String::from_utf8(read(path, largest)?);
    text.map_err(|_not_utf8| io::Error::new(io::ErrorKind::InvalidData, "it is no text in UTF-8"))
}
