//! The only source of chance: splitmix64, from the scenario's seed.

/// A small generator of pseudo-random numbers; good enough to vary a rehearsal, and no more.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// A generator of its own for each purpose, so that asking one more number here does not
    /// change what happens there.
    pub(super) const fn new(seed: u64, purpose: u64) -> Self {
        Self(seed ^ purpose.wrapping_mul(0xD6E8_FEB8_6659_FD93))
    }

    /// The next number.
    pub(super) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from `low` to `high`, both included; `low` if there is nothing between them.
    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        let width = high.saturating_sub(low).saturating_add(1);
        low.saturating_add(self.next().checked_rem(width).unwrap_or(0))
    }

    /// True with this probability.
    pub(super) fn share(&mut self, share: f64) -> bool {
        // 32 bits are exact in an `f64`, and no scenario needs a finer share.
        let dice = u32::try_from(self.next() >> 32).unwrap_or(u32::MAX);
        f64::from(dice) < share * (f64::from(u32::MAX) + 1.0)
    }

    /// Sixteen bytes that look like a random GUID.
    pub(super) fn guid(&mut self) -> uuid::Uuid {
        let bytes = (u128::from(self.next()) << 64) | u128::from(self.next());
        uuid::Builder::from_random_bytes(bytes.to_be_bytes()).into_uuid()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_are_those_of_splitmix64() {
        let mut random = Random(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn nothing_is_never_and_all_is_always() {
        let mut random = Random::new(7, 1);
        for _ in 0..1000 {
            assert!(!random.share(0.0));
            assert!(random.share(1.0));
            assert!((3..=5).contains(&random.between(3, 5)));
        }
    }
}
