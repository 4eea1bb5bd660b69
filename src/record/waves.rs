//! The waves in which a confirmed plan is carried out: a few customers, five times as many, the rest.
//!
//! A customer may be changed only when every customer of an earlier wave has its outcome, which includes
//! that its removal was confirmed by reading.

/// How many times larger the second wave is than the first.
pub(super) const SECOND: u32 = 5;

/// The wave of the rest.
pub(super) const LAST: u8 = 2;

/// How many rows of each wave have no outcome yet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Waves([u32; LAST as usize + 1]);

impl Waves {
    pub(super) fn current(self) -> u8 {
        (0..LAST).zip(self.0).find_map(|(wave, open)| (open > 0).then_some(wave)).unwrap_or(LAST)
    }

    pub(super) fn count(&mut self, wave: u8) -> Option<&mut u32> {
        self.0.get_mut(usize::from(wave))
    }
}
