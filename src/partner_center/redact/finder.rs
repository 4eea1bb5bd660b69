//! The secrets, as what is looked for in a text that has been decoded already.
//!
//! A long secret is looked for as pieces of 16 bytes, each at every place of the text: to learn one takes time
//! and memory in proportion to its length, to look for it takes the same time whatever it is made of, and a part
//! of it is found as well. Case is ignored, and so are blanks, and the pluses that stand for them.

use super::views::{Escapes, TextView as _, WITHOUT_BLANKS, WITHOUT_PLUSES, unescape};
use std::{collections::HashMap, ops::Range};

/// How many times in a row something is decoded.
pub(super) const DEEPEST: u32 = 6;

/// How many bytes a piece has.
const PIECE: usize = 16;

/// A secret of fewer bytes is looked for as a whole; of a longer one, any so many contain a piece.
const LONG: usize = 2 * PIECE;

/// Secrets of which less is left than this would be found everywhere.
const SHORTEST: usize = 4;

/// Which ends of a secret a piece has.
#[derive(Clone, Copy, Debug, Default)]
struct SecretEnds {
    first: bool,
    last: bool,
}

/// What is looked for.
#[derive(Debug)]
pub(super) struct Finder {
    pieces: HashMap<u128, SecretEnds>,
    /// Short secrets, by their last four bytes.
    short: HashMap<u32, Vec<Vec<u8>>>,
    filter: Filter,
    /// No fewer bytes than this can be one of the secrets, or a part that is looked for.
    pub(super) least: usize,
    /// Whether all that is looked for is ASCII.
    pub(super) is_ascii: bool,
}

impl Default for Finder {
    fn default() -> Self {
        Self::new([])
    }
}

impl Finder {
    /// Looks for these.
    pub(super) fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut finder = Self {
            pieces: HashMap::new(),
            short: HashMap::new(),
            filter: Filter::default(),
            least: LONG - 1,
            is_ascii: true,
        };
        for secret in secrets {
            for variant in variants(secret) {
                finder.add(variant);
            }
        }
        let short = finder.short.keys().map(|key| of_short(*key));
        finder.filter = Filter::of(finder.pieces.keys().map(|piece| of_piece(*piece)).chain(short));
        finder
    }

    /// Whether there is nothing to look for.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.short.is_empty()
    }

    /// How many pieces it looks for.
    pub(super) fn len(&self) -> usize {
        self.pieces.len() + self.short.values().map(Vec::len).sum::<usize>()
    }

    fn add(&mut self, secret: Vec<u8>) {
        if secret.len() < SHORTEST {
            return;
        }
        self.is_ascii &= secret.is_ascii();
        if secret.len() < LONG {
            self.least = self.least.min(secret.len());
            let same = self.short.entry(last_four(window(&secret))).or_default();
            if !same.contains(&secret) {
                same.push(secret);
            }
            return;
        }
        // The last one may overlap the one before it.
        let last = secret.len() - PIECE;
        for at in (0..last).step_by(PIECE).chain([last]) {
            let piece = secret.get(at..at + PIECE).map_or(0, window);
            let ends = self.pieces.entry(piece).or_default();
            ends.first |= at == 0;
            ends.last |= at == last;
        }
    }

    /// Where they are in a text without blanks, in order and apart from each other.
    pub(super) fn find(&self, text: &[u8]) -> Vec<Range<usize>> {
        let found = self.find_in(&WITHOUT_PLUSES.left(text));
        if found.is_empty() { found } else { WITHOUT_PLUSES.sources(text, &found) }
    }

    fn find_in(&self, text: &[u8]) -> Vec<Range<usize>> {
        let mut found: Vec<(Range<usize>, SecretEnds)> = Vec::new();
        let mut recent: u128 = 0;
        for (at, byte) in text.iter().enumerate() {
            recent = recent << 8 | u128::from(byte.to_ascii_lowercase());
            let end = at + 1;
            if self.filter.may_have(of_piece(recent))
                && let Some(ends) = self.pieces.get(&recent)
            {
                join(&mut found, end.saturating_sub(PIECE)..end, *ends);
            }
            if !self.short.is_empty()
                && self.filter.may_have(of_short(last_four(recent)))
                && let Some(secrets) = self.short.get(&last_four(recent))
            {
                let is_here = |secret: &&Vec<u8>| {
                    let part = end.checked_sub(secret.len()).and_then(|begin| text.get(begin..end));
                    part.is_some_and(|part| part.eq_ignore_ascii_case(secret))
                };
                if let Some(secret) = secrets.iter().filter(is_here).max_by_key(|secret| secret.len()) {
                    join(&mut found, end - secret.len()..end, SecretEnds { first: true, last: true });
                }
            }
        }
        let grown = found.into_iter().map(|(range, ends)| {
            let begin = if ends.first { range.start } else { grown_left(text, range.start) };
            let end = if ends.last { range.end } else { grown_right(text, range.end) };
            begin..end
        });
        merged(grown.collect())
    }
}

/// Adds a place to those before it.
fn join(found: &mut Vec<(Range<usize>, SecretEnds)>, range: Range<usize>, ends: SecretEnds) {
    let mut joined = (range, ends);
    while let Some((before, _)) = found.last()
        && joined.0.start <= before.end
        && let Some((before, its)) = found.pop()
    {
        let first = if before.start <= joined.0.start { its.first } else { joined.1.first };
        let last = if before.end > joined.0.end { its.last } else { joined.1.last };
        let range = before.start.min(joined.0.start)..before.end.max(joined.0.end);
        joined = (range, SecretEnds { first, last });
    }
    found.push(joined);
}

/// Sorted, and those that touch made one.
pub(super) fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_unstable_by_key(|range| range.start);
    let mut apart: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match apart.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart
}

/// Where only a part of a secret was found, up to a piece of it may stand beside it.
fn grown_right(text: &[u8], end: usize) -> usize {
    let beside = text.get(end..).unwrap_or_default();
    end + beside.iter().take(PIECE).take_while(|byte| is_of_tokens(**byte)).count()
}

fn grown_left(text: &[u8], begin: usize) -> usize {
    let beside = text.get(..begin).unwrap_or_default();
    let grown = beside.iter().rev().take(PIECE).take_while(|byte| is_of_tokens(**byte)).count();
    // What follows one of these may be a part of an escape, which must stay whole.
    match beside.iter().rev().nth(grown) {
        Some(b'\\' | b'%' | b'&') => begin,
        _ => begin - grown,
    }
}

fn is_of_tokens(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=_-.~".contains(&byte)
}

/// The last sixteen bytes.
fn window(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0, |window, byte| window << 8 | u128::from(*byte))
}

fn last_four(window: u128) -> u32 {
    let [.., a, b, c, d] = window.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

/// A secret as it may stand in a text that has been decoded, in lower case and without what is ignored. What can be
/// unescaped in the secret itself is unescaped in the text, too.
fn variants(secret: &str) -> Vec<Vec<u8>> {
    let mut variants = Vec::new();
    let mut escaped = WITHOUT_BLANKS.plain(secret.as_bytes());
    for escapes in [Escapes::BACKSLASH, Escapes::PERCENT, Escapes::ENTITY] {
        variants.extend(unescape(&escaped, escapes));
    }
    // As often as a text is decoded.
    for _ in 0..DEEPEST {
        let Some(plain) = unescape(&escaped, Escapes::ALL) else { break };
        variants.push(std::mem::replace(&mut escaped, plain));
    }
    variants.push(escaped);
    if !secret.is_ascii() {
        let units: Vec<u16> = secret.encode_utf16().collect();
        variants.push(units.iter().flat_map(|unit| unit.to_le_bytes()).collect());
        variants.push(units.iter().flat_map(|unit| unit.to_be_bytes()).collect());
        variants.extend(secret.chars().map(|c| u8::try_from(c).ok()).collect::<Option<Vec<u8>>>());
    }
    let ignoring = |variant: &Vec<u8>| {
        let left = WITHOUT_BLANKS.plain(variant);
        WITHOUT_PLUSES.left(&left).to_ascii_lowercase()
    };
    let mut variants: Vec<Vec<u8>> = variants.iter().map(ignoring).collect();
    variants.sort_unstable();
    variants.dedup();
    variants
}

/// Says of most of what is not there that it is not there.
#[derive(Debug, Default)]
struct Filter {
    words: Vec<u64>,
    /// How many bits of a hash are not used.
    unused: u32,
}

impl Filter {
    fn of(hashes: impl Iterator<Item = u64>) -> Self {
        let hashes: Vec<u64> = hashes.collect();
        let bits = (hashes.len() * 32).next_power_of_two().max(4096);
        let mut filter = Self { words: vec![0; bits / 64], unused: 64 - bits.trailing_zeros() };
        for hash in hashes {
            let (word, bit) = filter.place(hash);
            if let Some(word) = filter.words.get_mut(word) {
                *word |= bit;
            }
        }
        filter
    }

    fn place(&self, hash: u64) -> (usize, u64) {
        let place = hash >> self.unused;
        ((place >> 6) as usize, 1 << (place & 63))
    }

    fn may_have(&self, hash: u64) -> bool {
        let (word, bit) = self.place(hash);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }
}

const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

fn of_piece(piece: u128) -> u64 {
    let low = |bits: u128| u64::try_from(bits & u128::from(u64::MAX)).unwrap_or_default();
    low(piece >> 64).rotate_left(23).wrapping_add(low(piece)).wrapping_mul(MIX)
}

fn of_short(last: u32) -> u64 {
    (u64::from(last) + 1).wrapping_mul(MIX)
}
