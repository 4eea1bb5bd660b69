//! Looks for the secrets in everything that a text can be decoded to.
//!
//! Escapes are read, digits of Base64, Base32 and hexadecimal are made bytes at each place where they may begin, and
//! what comes out is looked through in the same way, to a depth. What is deeper still, or more than a fair share of
//! work, cannot be looked through, and is taken for a secret.

use super::{
    finder::{DEEPEST, Finder, merged},
    views::{ALPHABETS, Alphabet, Escapes, TextView as _, WITHOUT_BLANKS, unescape},
};
use crate::domain::is_taken_out;
use std::ops::Range;

/// How many bytes may be worked on for each byte of the text, and for any text.
const WORK: usize = 256;
const LEAST_WORK: usize = 16 << 10;

/// It would be more than a fair share of work.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooMuch;

/// One text being looked through.
pub(super) struct Search<'a> {
    finder: &'a Finder,
    /// How many bytes may still be worked on.
    left: usize,
}

/// Where in the text the secrets are, in order and apart from each other.
pub(super) fn search(finder: &Finder, text: &[u8]) -> Result<Vec<Range<usize>>, TooMuch> {
    if finder.is_empty() || text.len() < finder.least {
        return Ok(Vec::new());
    }
    Search::new(finder, text).through(text, DEEPEST)
}

impl<'a> Search<'a> {
    fn new(finder: &'a Finder, text: &[u8]) -> Self {
        Self { finder, left: LEAST_WORK + text.len() * WORK }
    }

    fn spend(&mut self, work: usize) -> Result<(), TooMuch> {
        self.left = self.left.checked_sub(work).ok_or(TooMuch)?;
        Ok(())
    }

    fn through(&mut self, text: &[u8], depth: u32) -> Result<Vec<Range<usize>>, TooMuch> {
        self.spend(text.len())?;
        let squeezed = WITHOUT_BLANKS.left(text);
        if squeezed.len() < self.finder.least {
            return Ok(Vec::new());
        }
        // Once for the secrets, for escapes, and for each alphabet.
        self.spend(squeezed.len() * (2 + ALPHABETS.len()))?;
        let mut found = self.finder.find(&squeezed);
        self.unescaped(&squeezed, depth, &mut found)?;
        for alphabet in ALPHABETS {
            for run in alphabet.runs(&squeezed, self.finder.least) {
                let digits = squeezed.get(run.clone()).unwrap_or_default();
                let inside = self.decoded(alphabet, digits, depth)?;
                found.extend(inside.into_iter().map(|inner| run.start + inner.start..run.start + inner.end));
            }
        }
        let found = merged(found);
        Ok(if found.is_empty() { found } else { WITHOUT_BLANKS.sources(text, &found) })
    }

    /// Behind escapes. One kind may spoil another where they meet, so that the text itself is also read with each
    /// kind alone, as whoever gets it would read it first.
    fn unescaped(&mut self, text: &[u8], depth: u32, found: &mut Vec<Range<usize>>) -> Result<(), TooMuch> {
        let kinds: &[Escapes] = match depth {
            DEEPEST => &[Escapes::BACKSLASH, Escapes::PERCENT, Escapes::ENTITY],
            _ => &[],
        };
        let mut alone = 0;
        for escapes in kinds.iter().chain([&Escapes::ALL]) {
            // All of one kind are all.
            if *escapes == Escapes::ALL && alone == 1 {
                break;
            }
            let Some(plain) = unescape(text, *escapes) else { continue };
            alone += 1;
            let inside = self.inside(&plain, depth)?;
            if !inside.is_empty() && !is_taken_out("look-only-at-what-came") {
                found.extend(escapes.sources(text, &inside));
            }
        }
        Ok(())
    }

    /// In what digits stand for.
    fn decoded(
        &mut self,
        alphabet: &Alphabet,
        text: &[u8],
        depth: u32,
    ) -> Result<Vec<Range<usize>>, TooMuch> {
        let digits = alphabet.plain(text);
        let mut found = Vec::new();
        for phase in 0..alphabet.phases {
            self.spend(digits.len())?;
            let bytes = alphabet.decoded(&digits, phase);
            let is_ascii = self.finder.is_ascii;
            let mut begin = 0;
            for part in bytes.split(|byte| is_ascii && !byte.is_ascii()) {
                if part.len() >= self.finder.least {
                    let inside = self.inside(part, depth)?;
                    let digits = inside
                        .into_iter()
                        .map(|inner| alphabet.digits_of(&(begin + inner.start..begin + inner.end), phase));
                    found.extend(digits);
                }
                begin += part.len() + 1;
            }
        }
        let found = merged(found);
        Ok(if found.is_empty() { found } else { alphabet.sources(text, &found) })
    }

    /// One level deeper. What is too deep is a secret, if it is long enough to be one.
    fn inside(&mut self, text: &[u8], depth: u32) -> Result<Vec<Range<usize>>, TooMuch> {
        match depth.checked_sub(1) {
            Some(depth) => self.through(text, depth),
            None if WITHOUT_BLANKS.left(text).len() < self.finder.least => Ok(Vec::new()),
            None => Ok(std::iter::once(0..text.len()).collect()),
        }
    }
}

/// How many bytes were worked on for this text; none if that was too much.
#[cfg(test)]
pub(super) fn work(finder: &Finder, text: &[u8]) -> Option<usize> {
    let mut search = Search::new(finder, text);
    let whole = search.left;
    search.through(text, DEEPEST).ok().map(|_| whole - search.left)
}
