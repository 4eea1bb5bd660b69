//! Looks for secrets in whatever a program left behind.
//!
//! Quickly, for the forms in which a program or a server usually writes them; and thoroughly, in everything that
//! can be decoded from it by what decodes such things elsewhere. It has no code of the program's own.

use aho_corasick::AhoCorasick;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use serde_json::Value;
use std::{borrow::Cow, cell::RefCell, collections::HashSet, io::Read, path::Path};
use url::form_urlencoded;

thread_local! {
    /// What the programs of this test said, on standard output and on standard error.
    static SAID: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Remembers what a program said.
pub(crate) fn heard(bytes: &[u8]) {
    SAID.with_borrow_mut(|said| {
        said.extend_from_slice(bytes);
        said.push(b'\n');
    });
}

/// What was said so far.
pub(crate) fn said() -> Vec<u8> {
    SAID.with_borrow(Clone::clone)
}

/// Knows secrets in all their forms.
pub(crate) struct Canary {
    forms: Vec<Vec<u8>>,
    search: AhoCorasick,
    /// Finds what is readable of a secret, or of one end or the middle of it.
    parts: AhoCorasick,
}

impl Canary {
    pub(crate) fn new(secrets: &[String]) -> Self {
        // Of a long one the ends are enough.
        let ends = |secret: &String| match (secret.get(..100), secret.get(secret.len().max(100) - 100..)) {
            (Some(first), Some(last)) if secret.len() > 200 => vec![first.to_owned(), last.to_owned()],
            _ => vec![secret.clone()],
        };
        let forms: Vec<Vec<u8>> = secrets.iter().flat_map(ends).flat_map(|part| forms(&part)).collect();
        let search = AhoCorasick::new(&forms).unwrap();
        let parts = AhoCorasick::new(secrets.iter().flat_map(|secret| parts(secret))).unwrap();
        Self { forms, search, parts }
    }

    /// Asserts that nothing that the bytes can be decoded to holds one of the secrets, or a large part of one.
    #[track_caller]
    pub(crate) fn clean_in_depth(&self, what: &str, bytes: &[u8]) {
        let mut seen = HashSet::new();
        let mut next = vec![(String::new(), bytes.to_vec())];
        for _ in 0..5 {
            for (how, bytes) in std::mem::take(&mut next) {
                let holds_one = self.parts.is_match(&plain(&bytes));
                assert!(
                    !holds_one,
                    "{what} holds a secret, read as{how}: {}",
                    String::from_utf8_lossy(&bytes)
                );
                for (name, decoded) in readings(&bytes) {
                    if !decoded.is_empty() && seen.insert(decoded.clone()) {
                        next.push((format!("{how} {name}"), decoded));
                    }
                }
            }
        }
    }

    /// Asserts that the bytes hold none of the secrets in any form.
    #[track_caller]
    pub(crate) fn clean(&self, what: &str, bytes: &[u8]) {
        if let Some(found) = self.search.find(bytes) {
            let form = String::from_utf8_lossy(&self.forms[found.pattern().as_usize()]).into_owned();
            panic!("{what} holds a secret as {form:?}");
        }
    }

    /// The same for an audit log, whose pages cut long bodies into pieces.
    #[track_caller]
    pub(crate) fn clean_log(&self, path: &Path) {
        Self::each_of_log(path, |what, bytes| self.clean(what, bytes));
    }

    /// The same in depth.
    #[track_caller]
    pub(crate) fn clean_log_in_depth(&self, path: &Path) {
        Self::each_of_log(path, |what, bytes| self.clean_in_depth(what, bytes));
    }

    fn each_of_log(path: &Path, mut look: impl FnMut(&str, &[u8])) {
        let Ok(log) = rusqlite::Connection::open(path) else { return };
        for sql in ["SELECT seq, body FROM record", "SELECT seq, bytes FROM payload"] {
            let Ok(mut query) = log.prepare(sql) else { return };
            let mut rows = query.query([]).unwrap();
            while let Ok(Some(row)) = rows.next() {
                let (seq, bytes): (i64, Vec<u8>) = (row.get(0).unwrap(), row.get(1).unwrap());
                look(&format!("{sql}, {seq}"), &bytes);
            }
        }
    }
}

/// A secret in the forms that a program or a server may write it: as it is, in JSON, in a URL, in
/// hexadecimal, in UTF-16, and in Base64 at each of its three alignments.
pub(crate) fn forms(secret: &str) -> Vec<Vec<u8>> {
    let raw = secret.as_bytes();
    let percent = |upper: bool| -> Vec<u8> {
        let encoded = raw.iter().map(|byte| match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) => char::from(*byte).to_string(),
            byte if upper => format!("%{byte:02X}"),
            byte => format!("%{byte:02x}"),
        });
        encoded.collect::<String>().into_bytes()
    };
    let form_encoded: String = url::form_urlencoded::byte_serialize(raw).collect();
    let json = serde_json::to_string(secret).unwrap();
    let json = &json[1..json.len() - 1];
    let mut forms = vec![
        raw.to_vec(),
        percent(true),
        percent(false),
        form_encoded.into_bytes(),
        json.as_bytes().to_vec(),
        json.replace('/', "\\/").into_bytes(),
        raw.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect(),
        raw.iter().flat_map(|byte| format!("{byte:02X}").into_bytes()).collect(),
        raw.iter().flat_map(|byte| [*byte, 0]).collect(),
        raw.iter().flat_map(|byte| [0, *byte]).collect(),
    ];
    for before in ["", "x", "xx"] {
        let padded = format!("{before}{secret}");
        for encoded in [STANDARD.encode(&padded), URL_SAFE.encode(&padded)] {
            // The characters at either end depend on what stands beside the secret.
            forms.push(encoded.as_bytes()[4..encoded.len() - 4].to_vec());
        }
    }
    forms
}

/// What a reader does not see, or may see in either case, left out.
fn plain(bytes: &[u8]) -> Vec<u8> {
    bytes
        .iter()
        .filter(|byte| byte.is_ascii_graphic() && **byte != b'+')
        .map(u8::to_ascii_lowercase)
        .collect()
}

/// A secret, or its ends and its middle if it is long.
fn parts(secret: &str) -> Vec<Vec<u8>> {
    let whole = plain(secret.as_bytes());
    if whole.len() < 32 {
        return vec![whole];
    }
    let middle = whole.len() / 2;
    vec![whole[..20].to_vec(), whole[middle - 10..middle + 10].to_vec(), whole[whole.len() - 20..].to_vec()]
}

/// What the bytes can be decoded to, each kind in one piece.
fn readings(bytes: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    // Blanks and what UTF-16 puts between are of no account here.
    let squeezed: String =
        bytes.iter().filter(|byte| byte.is_ascii_graphic()).map(|byte| char::from(*byte)).collect();
    let lines = |parts: Vec<String>| parts.join("\n").into_bytes();
    let mut strings = Vec::new();
    if let Ok(value) = serde_json::from_slice(bytes) {
        strings_of(&value, &mut strings);
    }
    let quoted = squeezed.split(['"', '<', '>']).filter(|part| part.contains('\\'));
    // A backslash before a quotation mark stands at the end of such a part.
    let unquoted = quoted.filter_map(|part| {
        let part = part.trim_end_matches('\\').replace("\\x", "\\u00");
        serde_json::from_str::<String>(&format!("\"{part}\"")).ok()
    });
    let escaped = squeezed.split(['"', '<', '>', '&', '=', ',']).filter(|part| part.contains('%'));
    let unescaped =
        escaped.flat_map(|part| form_urlencoded::parse(part.as_bytes()).map(|(name, _)| name.into_owned()));
    let entities = squeezed.split(['<', '>', '"']).filter(|part| part.contains('&'));
    let entities = entities.filter_map(|part| quick_xml::escape::unescape(part).ok().map(Cow::into_owned));
    let hexadecimal = squeezed.replace("0x", "").replace([':', ',', '-', ';', '"'], "");
    vec![
        ("JSON", lines(strings)),
        ("escapes", lines(unquoted.collect())),
        ("percent-encoding", lines(unescaped.collect())),
        ("entities", lines(entities.collect())),
        ("Base64", digits(&squeezed, |c| c.is_ascii_alphanumeric() || "+/-_".contains(c), 6)),
        ("Base32", digits(&squeezed, |c| c.is_ascii_alphabetic() || ('2'..='7').contains(&c), 5)),
        ("hexadecimal", digits(&hexadecimal, |c| c.is_ascii_hexdigit(), 4)),
        ("UTF-8", bytes.split(|byte| *byte == 0).flatten().copied().filter(u8::is_ascii).collect()),
        ("compressed", inflated(bytes)),
    ]
}

fn strings_of(value: &Value, strings: &mut Vec<String>) {
    match value {
        Value::String(text) => strings.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings_of(item, strings)),
        Value::Object(fields) => {
            for (name, value) in fields {
                strings.push(name.clone());
                strings_of(value, strings);
            }
        }
        _ => {}
    }
}

/// The words of such digits as bytes, wherever in them the first byte begins.
fn digits(text: &str, is_digit: fn(char) -> bool, bits: usize) -> Vec<u8> {
    let mut decoded = Vec::new();
    for word in text.split(|c| !is_digit(c)).filter(|word| word.len() * bits >= 10 * 8) {
        for begin in 0..8 / if bits == 6 {
            2
        } else if bits == 4 {
            4
        } else {
            1
        } {
            let word = word.get(begin..).unwrap_or_default();
            let bytes = match bits {
                6 => {
                    let word = word.replace('-', "+").replace('_', "/");
                    STANDARD.decode(&word[..word.len() / 4 * 4]).unwrap_or_default()
                }
                bits => {
                    let value = |c: char| match (bits, c) {
                        (4, c) => c.to_digit(16),
                        (_, c) if c.is_ascii_digit() => Some(u32::from(c) - u32::from('2') + 26),
                        (_, c) => Some(u32::from(c.to_ascii_uppercase()) - u32::from('A')),
                    };
                    let all = word
                        .chars()
                        .filter_map(value)
                        .map(|digit| format!("{digit:0bits$b}"))
                        .collect::<Vec<_>>()
                        .concat();
                    let byte =
                        |bits: &[u8]| u8::from_str_radix(std::str::from_utf8(bits).unwrap(), 2).unwrap();
                    all.as_bytes().chunks_exact(8).map(byte).collect()
                }
            };
            // What nobody could read is left out, so that this ends.
            let readable = |part: &&[u8]| part.len() >= 8;
            decoded.extend(
                bytes.split(|byte| !byte.is_ascii()).filter(readable).collect::<Vec<_>>().join(&b'\n'),
            );
            decoded.push(b'\n');
        }
    }
    if decoded.iter().all(|byte| *byte == b'\n') { Vec::new() } else { decoded }
}

/// What is compressed: gzip, zlib, or the parts of a workbook.
fn inflated(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    let mut add = |reader: &mut dyn Read| {
        // As far as it goes.
        if reader.take(1 << 24).read_to_end(&mut plain).is_err() {
            plain.push(b'\n');
        }
    };
    match bytes {
        [0x1f, 0x8b, ..] => add(&mut MultiGzDecoder::new(bytes)),
        [0x78, ..] => add(&mut ZlibDecoder::new(bytes)),
        _ => {}
    }
    for at in memchr::memmem::find_iter(bytes, b"PK\x03\x04") {
        let number = |at: usize| {
            bytes.get(at..at + 2).map_or(0, |two| usize::from(u16::from_le_bytes([two[0], two[1]])))
        };
        let begin = at + 30 + number(at + 26) + number(at + 28);
        add(&mut DeflateDecoder::new(bytes.get(begin..).unwrap_or_default()));
    }
    plain
}
