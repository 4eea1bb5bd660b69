//! Many short texts, of as many customers, in little memory.

use std::num::NonZeroU32;

/// Texts, one after the other, each after its length: a place of its own in memory would cost most of them more
/// than their letters do.
#[derive(Clone, Debug, Default)]
pub struct Texts(Vec<u8>);

/// Where a text ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(NonZeroU32);

const LENGTH: usize = size_of::<u32>();

impl Texts {
    /// Keeps a text. None if 4 GiB are full of them, which no list that may be read comes near.
    pub fn put(&mut self, text: &str) -> Option<Place> {
        let length = u32::try_from(text.len()).ok()?;
        let end = u32::try_from(self.0.len() + text.len() + LENGTH).ok()?;
        self.0.extend_from_slice(text.as_bytes());
        self.0.extend_from_slice(&length.to_le_bytes());
        NonZeroU32::new(end).map(Place)
    }

    /// The text that was kept there.
    pub fn at(&self, Place(end): Place) -> Option<&str> {
        let before = self.0.get(..usize::try_from(end.get()).ok()?)?;
        let (before, length) = before.split_last_chunk::<LENGTH>()?;
        let start = before.len().checked_sub(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
        std::str::from_utf8(before.get(start..)?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_found_again() {
        let mut texts = Texts::default();
        let all = ["Zażółć", "", "a\0b", "Contoso"];
        let places = all.map(|text| texts.put(text).unwrap());
        assert_eq!(places.map(|place| texts.at(place).unwrap()), all);
    }
}
