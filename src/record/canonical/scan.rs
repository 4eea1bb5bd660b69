//! One pass over bytes that should be canonical JSON.

use std::cmp::Ordering;

/// As deep as `serde_json` reads.
const DEEPEST: u32 = 127;

/// What is not read yet of bytes that are UTF-8. Each part of the grammar gives `None` where the bytes
/// leave the canonical form.
pub(super) struct Scanner<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    /// One value, and nothing after it.
    pub(super) fn document(mut self) -> Option<()> {
        self.value(0)?;
        self.rest.is_empty().then_some(())
    }

    fn value(&mut self, depth: u32) -> Option<()> {
        match self.rest.first()? {
            b'{' if depth < DEEPEST => self.object(depth + 1),
            b'[' if depth < DEEPEST => self.array(depth + 1),
            b'"' => self.string().map(drop),
            b'-' | b'0'..=b'9' => self.number(),
            b't' => self.literal(b"true"),
            b'f' => self.literal(b"false"),
            b'n' => self.literal(b"null"),
            _ => None,
        }
    }

    fn object(&mut self, depth: u32) -> Option<()> {
        self.literal(b"{")?;
        let mut last: Option<&[u8]> = None;
        while !self.took(b'}') {
            if last.is_some() {
                self.literal(b",")?;
            }
            let key = self.string()?;
            if last.is_some_and(|last| !comes_before(last, key)) {
                return None;
            }
            last = Some(key);
            self.literal(b":")?;
            self.value(depth)?;
        }
        Some(())
    }

    fn array(&mut self, depth: u32) -> Option<()> {
        self.literal(b"[")?;
        let mut is_first = true;
        while !self.took(b']') {
            if !is_first {
                self.literal(b",")?;
            }
            is_first = false;
            self.value(depth)?;
        }
        Some(())
    }

    /// A string; gives what stands between its quotes, as it is written.
    fn string(&mut self) -> Option<&'a [u8]> {
        self.literal(b"\"")?;
        let start = self.rest;
        loop {
            let plain = self.rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20))?;
            self.rest = self.rest.get(plain..)?;
            match self.rest {
                [b'"', rest @ ..] => {
                    let length = start.len() - self.rest.len();
                    self.rest = rest;
                    return start.get(..length);
                }
                [b'\\', b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't', rest @ ..] => self.rest = rest,
                [b'\\', b'u', b'0', b'0', digits @ ..] => self.rest = control(digits)?,
                _ => return None,
            }
        }
    }

    /// A whole number below 2^53, in its one form.
    fn number(&mut self) -> Option<()> {
        let is_negative = self.took(b'-');
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.rest.split_at_checked(digits)?;
        self.rest = rest;
        match digits {
            [b'0'] => return (!is_negative).then_some(()),
            [] | [b'0', ..] => return None,
            _ => {}
        }
        let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
        (number < 1 << 53).then_some(())
    }

    fn literal(&mut self, expected: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(expected)?;
        Some(())
    }

    fn took(&mut self, expected: u8) -> bool {
        let found = self.rest.first() == Some(&expected);
        if found {
            self.rest = self.rest.get(1..).unwrap_or_default();
        }
        found
    }
}

/// Passes over the last two digits of an escape that has no shorter form.
fn control(digits: &[u8]) -> Option<&[u8]> {
    let [high @ (b'0' | b'1'), low @ (b'0'..=b'9' | b'a'..=b'f'), rest @ ..] = digits else { return None };
    let has_a_letter = *high == b'0' && matches!(low, b'8' | b'9' | b'a' | b'c' | b'd');
    (!has_a_letter).then_some(rest)
}

/// By UTF-16 units (RFC 8785 §3.2.3) of what the keys say.
fn comes_before(a: &[u8], b: &[u8]) -> bool {
    let is_plain = |key: &[u8]| key.is_ascii() && !key.contains(&b'\\');
    if is_plain(a) && is_plain(b) {
        return a < b;
    }
    let said =
        |key: &[u8]| serde_json::from_slice::<String>(&[b"\"", key, b"\""].concat()).unwrap_or_default();
    said(a).encode_utf16().cmp(said(b).encode_utf16()) == Ordering::Less
}
