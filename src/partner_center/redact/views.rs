//! A text, decoded: what a reader of it would see behind blanks, escapes and digits.

use memchr::{memchr, memchr3};
use std::{borrow::Cow, ops::Range};

/// A way to read a text.
pub(super) trait TextView {
    /// Gives the plain bytes stretch by stretch, each with where in the text it comes from. A stretch that is as
    /// long as its source is the same, byte by byte.
    fn each(&self, text: &[u8], give: impl FnMut(&[u8], Range<usize>));

    /// The plain bytes.
    fn plain(&self, text: &[u8]) -> Vec<u8> {
        let mut plain = Vec::with_capacity(text.len());
        self.each(text, |stretch, _| plain.extend_from_slice(stretch));
        plain
    }

    /// Where in the text these ranges of the plain bytes come from. They are in order, and apart.
    fn sources(&self, text: &[u8], ranges: &[Range<usize>]) -> Vec<Range<usize>> {
        let mut begins = ranges.iter().map(|range| range.start).peekable();
        let mut lasts = ranges.iter().map(|range| range.end - 1).peekable();
        let (mut from, mut to) = (Vec::with_capacity(ranges.len()), Vec::with_capacity(ranges.len()));
        let mut given = 0;
        self.each(text, |stretch, source| {
            let is_same = stretch.len() == source.len();
            let after = given + stretch.len();
            while let Some(begin) = begins.next_if(|begin| *begin < after) {
                from.push(if is_same { source.start + (begin - given) } else { source.start });
            }
            while let Some(last) = lasts.next_if(|last| *last < after) {
                to.push(if is_same { source.start + (last - given) + 1 } else { source.end });
            }
            given = after;
        });
        from.into_iter().zip(to).map(|(from, to)| from..to).collect()
    }
}

/// Without the bytes of which this is true.
pub(super) struct Without(fn(u8) -> bool);

/// Without blanks and control characters: lines that were broken, and UTF-16.
pub(super) const WITHOUT_BLANKS: Without = Without(|byte| byte <= b' ' || byte == 0x7f);

/// Without the pluses that stand for blanks in forms.
pub(super) const WITHOUT_PLUSES: Without = Without(|byte| byte == b'+');

impl Without {
    /// What is left of the text.
    pub(super) fn left<'a>(&self, text: &'a [u8]) -> Cow<'a, [u8]> {
        if text.iter().any(|byte| self.0(*byte)) { Cow::Owned(self.plain(text)) } else { Cow::Borrowed(text) }
    }
}

impl TextView for Without {
    fn each(&self, text: &[u8], mut give: impl FnMut(&[u8], Range<usize>)) {
        let mut at = 0;
        for stretch in text.split(|byte| self.0(*byte)) {
            if !stretch.is_empty() {
                give(stretch, at..at + stretch.len());
            }
            at += stretch.len() + 1;
        }
    }
}

/// Which escapes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Escapes {
    backslash: bool,
    percent: bool,
    entity: bool,
}

impl Escapes {
    const NONE: Self = Self { backslash: false, percent: false, entity: false };
    pub(super) const ALL: Self = Self { backslash: true, percent: true, entity: true };
    /// Those of JSON and of programming languages.
    pub(super) const BACKSLASH: Self = Self { backslash: true, ..Self::NONE };
    /// Those of addresses.
    pub(super) const PERCENT: Self = Self { percent: true, ..Self::NONE };
    /// Those of HTML and XML.
    pub(super) const ENTITY: Self = Self { entity: true, ..Self::NONE };
}

impl TextView for Escapes {
    fn each(&self, text: &[u8], mut give: impl FnMut(&[u8], Range<usize>)) {
        // What was not given yet, and from where on the next escape is looked for.
        let (mut begin, mut at) = (0, 0);
        while let Some(rest) = text.get(at..)
            && let Some(next) = memchr3(b'\\', b'%', b'&', rest)
            && let Some(escape) = rest.get(next..)
        {
            let place = at + next;
            let read = match escape.first() {
                Some(b'\\') if self.backslash => backslash(escape),
                Some(b'%') if self.percent => percent(escape),
                Some(b'&') if self.entity => entity(escape),
                _ => None,
            };
            let Some((plain, length)) = read else {
                at = place + 1;
                continue;
            };
            give(text.get(begin..place).unwrap_or_default(), begin..place);
            at = place + length;
            match plain {
                Plain::Byte(byte) => give(&[byte], place..at),
                Plain::Char(char) => give(char.encode_utf8(&mut [0; 4]).as_bytes(), place..at),
            }
            begin = at;
        }
        give(text.get(begin..).unwrap_or_default(), begin..text.len());
    }
}

/// The text with these escapes read; none if it has none of them.
pub(super) fn unescape(text: &[u8], escapes: Escapes) -> Option<Vec<u8>> {
    let introducers = [(escapes.backslash, b'\\'), (escapes.percent, b'%'), (escapes.entity, b'&')];
    if !introducers.iter().any(|(is_read, introducer)| *is_read && memchr(*introducer, text).is_some()) {
        return None;
    }
    let plain = escapes.plain(text);
    // Each escape is longer than what it stands for.
    (plain.len() < text.len()).then_some(plain)
}

/// What an escape stands for.
enum Plain {
    Byte(u8),
    Char(char),
}

fn backslash(escape: &[u8]) -> Option<(Plain, usize)> {
    let plain = match escape.get(1)? {
        b'u' | b'U' => {
            let (mut code, mut length) = (hex_number(escape.get(2..6)?)?, 6);
            if (0xd800..0xdc00).contains(&code)
                && let Some([b'\\', b'u' | b'U', low @ ..]) = escape.get(6..12)
                && let Some(low @ 0xdc00..0xe000) = hex_number(low)
            {
                code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                length = 12;
            }
            return Some((Plain::Char(char::from_u32(code).unwrap_or('\u{fffd}')), length));
        }
        b'x' | b'X' => return Some((Plain::Byte(u8::try_from(hex_number(escape.get(2..4)?)?).ok()?), 4)),
        plain @ (b'\\' | b'"' | b'/' | b'\'') => *plain,
        b'b' | b'f' | b'n' | b'r' | b't' => b' ',
        _ => return None,
    };
    Some((Plain::Byte(plain), 2))
}

fn percent(escape: &[u8]) -> Option<(Plain, usize)> {
    if let Some(b'u' | b'U') = escape.get(1) {
        let code = hex_number(escape.get(2..6)?)?;
        return Some((Plain::Char(char::from_u32(code).unwrap_or('\u{fffd}')), 6));
    }
    Some((Plain::Byte(u8::try_from(hex_number(escape.get(1..3)?)?).ok()?), 3))
}

/// The names of characters that a token may have.
const NAMED: [(&[u8], char); 21] = [
    (b"amp", '&'),
    (b"lt", '<'),
    (b"gt", '>'),
    (b"quot", '"'),
    (b"apos", '\''),
    (b"nbsp", ' '),
    (b"plus", '+'),
    (b"sol", '/'),
    (b"bsol", '\\'),
    (b"equals", '='),
    (b"period", '.'),
    (b"lowbar", '_'),
    (b"hyphen", '-'),
    (b"dash", '-'),
    (b"percnt", '%'),
    (b"num", '#'),
    (b"colon", ':'),
    (b"commat", '@'),
    (b"excl", '!'),
    (b"ast", '*'),
    (b"dollar", '$'),
];

/// The most digits of a number that is a character, leading zeros included.
const MOST_DIGITS: usize = 12;

fn entity(escape: &[u8]) -> Option<(Plain, usize)> {
    let (begin, radix) = match escape.get(1..)? {
        [b'#', b'x' | b'X', ..] => (3, 16),
        [b'#', ..] => (2, 10),
        named => {
            let length = named.iter().take(7).position(|byte| *byte == b';')?;
            let name = named.get(..length)?;
            let (_, char) = NAMED.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
            return Some((Plain::Char(*char), length + 2));
        }
    };
    let digits = escape.get(begin..)?;
    let length =
        digits.iter().take(MOST_DIGITS).take_while(|digit| char::from(**digit).is_digit(radix)).count();
    let number = number(digits.get(..length)?, radix)?;
    let end = begin + length;
    // Browsers do not insist on the semicolon.
    let end = if escape.get(end) == Some(&b';') { end + 1 } else { end };
    Some((Plain::Char(char::from_u32(number).unwrap_or('\u{fffd}')), end))
}

fn hex_number(digits: &[u8]) -> Option<u32> {
    number(digits, 16)
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |number, digit| {
        number.checked_mul(radix)?.checked_add(char::from(*digit).to_digit(radix)?)
    })
}

/// Is no digit, and ends a run of them.
const END: u8 = 0xff;
/// Is no digit, and may stand between two of them.
const BETWEEN: u8 = 0xfe;

/// An alphabet in which bytes are written as digits.
pub(super) struct Alphabet {
    digits: [u8; 256],
    /// How many bits a digit has.
    width: usize,
    /// How many digits may stand before those of a secret before its bits begin at the same place again.
    pub(super) phases: usize,
}

/// Base64 of either alphabet.
const BASE64: Alphabet =
    Alphabet::new(6, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", b"")
        .and_also(b'-', 62)
        .and_also(b'_', 63);
const BASE32: Alphabet = Alphabet::new(5, b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"-").in_either_case();
/// Hexadecimal; whatever is neither a letter nor a digit may stand between.
const HEX: Alphabet =
    Alphabet::new(4, b"0123456789ABCDEF", b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~xX").in_either_case();

/// The alphabets that are known.
pub(super) const ALPHABETS: [&Alphabet; 3] = [&BASE64, &BASE32, &HEX];

impl Alphabet {
    #[expect(
        clippy::indexing_slicing,
        reason = "a byte is a place of a table of 256, and a constant is made before it runs"
    )]
    const fn new(width: usize, digits: &[u8], between: &[u8]) -> Self {
        let mut table = [END; 256];
        let mut at = 0;
        while at < digits.len() {
            #[expect(clippy::cast_possible_truncation, reason = "there are at most 64")]
            let digit = at as u8;
            table[digits[at] as usize] = digit;
            at += 1;
        }
        at = 0;
        while at < between.len() {
            table[between[at] as usize] = BETWEEN;
            at += 1;
        }
        Self { digits: table, width, phases: if width == 5 { 8 } else { 8 / (8 - width) } }
    }

    #[expect(clippy::indexing_slicing, reason = "a byte is a place of a table of 256")]
    const fn and_also(mut self, byte: u8, digit: u8) -> Self {
        self.digits[byte as usize] = digit;
        self
    }

    #[expect(clippy::indexing_slicing, reason = "a letter is a place of a table of 256")]
    const fn in_either_case(mut self) -> Self {
        let mut letter = b'A' as usize;
        while letter <= b'Z' as usize {
            if self.digits[letter] < BETWEEN {
                self.digits[letter + 32] = self.digits[letter];
            }
            letter += 1;
        }
        self
    }

    fn digit(&self, byte: u8) -> u8 {
        self.digits.get(usize::from(byte)).copied().unwrap_or(END)
    }

    /// Where there are enough digits in a row to be this many bytes.
    pub(super) fn runs(&self, text: &[u8], bytes: usize) -> Vec<Range<usize>> {
        let wanted = (bytes * 8).div_ceil(self.width);
        let mut runs = Vec::new();
        let (mut begin, mut count) = (0, 0);
        for (at, byte) in text.iter().enumerate() {
            match self.digit(*byte) {
                END => {
                    if count >= wanted {
                        runs.push(begin..at);
                    }
                    (begin, count) = (at + 1, 0);
                }
                BETWEEN => {}
                _ => count += 1,
            }
        }
        if count >= wanted {
            runs.push(begin..text.len());
        }
        runs
    }

    /// The bytes that these digits are, the first `phase` of them left out.
    pub(super) fn decoded(&self, digits: &[u8], phase: usize) -> Vec<u8> {
        let (mut bits, mut held) = (0_u32, 0);
        let next = |digit: &u8| {
            bits = bits << self.width | u32::from(*digit);
            held += self.width;
            (held >= 8).then(|| {
                held -= 8;
                #[expect(clippy::cast_possible_truncation, reason = "the lowest eight bits")]
                let byte = (bits >> held) as u8;
                byte
            })
        };
        digits.iter().skip(phase).filter_map(next).collect()
    }

    /// Which digits hold these of the decoded bytes.
    pub(super) fn digits_of(&self, bytes: &Range<usize>, phase: usize) -> Range<usize> {
        phase + bytes.start * 8 / self.width..phase + (bytes.end * 8).div_ceil(self.width)
    }
}

impl TextView for Alphabet {
    fn each(&self, text: &[u8], mut give: impl FnMut(&[u8], Range<usize>)) {
        for (at, byte) in text.iter().enumerate() {
            let digit = self.digit(*byte);
            // `0x63`, in hexadecimal.
            let is_prefix = self.width == 4 && *byte == b'0' && matches!(text.get(at + 1), Some(b'x' | b'X'));
            if digit < BETWEEN && !is_prefix {
                give(&[digit], at..at + 1);
            }
        }
    }
}
