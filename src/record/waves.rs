//! The waves in which a confirmed plan is carried out: a few customers, five times as many, the rest.
//!
//! A customer may be changed only when every customer of an earlier wave has its outcome, which includes
//! that its removal was confirmed by reading.

use super::{
    row::{Row, RowState},
    state::Run,
};
use crate::{
    domain::{Outcome, is_taken_out},
    record::ChangePhase,
};

/// How many times larger the second wave is than the first.
const SECOND: u32 = 5;

/// The wave of the rest.
const LAST: u8 = 2;

/// How many rows of each wave have no outcome yet.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Waves([u32; LAST as usize + 1]);

impl Waves {
    fn current(self) -> u8 {
        (0..LAST).zip(self.0).find_map(|(wave, open)| (open > 0).then_some(wave)).unwrap_or(LAST)
    }

    fn count(&mut self, wave: u8) -> Option<&mut u32> {
        self.0.get_mut(usize::from(wave))
    }
}

impl Run {
    /// Deals the ready rows out, in the order of the list, when the plan is confirmed, and again when it
    /// is confirmed once more after a stop. What is being changed already is to be seen through first.
    pub(super) fn deal_waves(&mut self) {
        let canary = self.policy.canary;
        let second = canary.saturating_mul(1 + SECOND);
        let (mut turn, mut waves) = (0, Waves::default());
        for row in &mut self.rows {
            match row.state {
                RowState::Judged { verdict: Outcome::Ready, .. } => {
                    row.wave = match turn {
                        _ if canary == 0 => LAST,
                        turn if turn < canary => 0,
                        turn if turn < second => 1,
                        _ => LAST,
                    };
                    turn += 1;
                }
                // What fell is not changed any more.
                RowState::Changing(ref changing) if changing.fell.is_some() => continue,
                RowState::Changing(_) => row.wave = if canary == 0 { LAST } else { 0 },
                _ => continue,
            }
            waves.count(row.wave).into_iter().for_each(|open| *open += 1);
        }
        self.waves = waves;
    }

    /// A row that was dealt a wave has its outcome. Says whether the wave was one of the early ones.
    pub(super) fn leave_wave(&mut self, wave: u8) -> bool {
        self.waves.count(wave).into_iter().for_each(|open| *open = open.saturating_sub(1));
        wave < LAST
    }

    /// Whether the waves before this row's have ended.
    pub(super) fn is_its_turn(&self, row: &Row) -> bool {
        row.wave <= self.waves.current()
    }

    /// The rows that may be worked on now: those that are being changed, and those of the current wave.
    pub fn due(&self) -> Vec<u32> {
        let current = self.waves.current();
        let is_due = |row: &&Row| match row.state {
            RowState::Changing(ref changing) => !changing.is_undecided(),
            RowState::Judged { verdict: Outcome::Ready, .. } => {
                row.wave == current || is_taken_out("all-waves-at-once")
            }
            _ => false,
        };
        self.rows.iter().filter(is_due).map(|row| row.number).collect()
    }

    /// Whether customers wait for an earlier wave to end.
    pub fn has_later_waves(&self) -> bool {
        let current = self.waves.current();
        let waits = |row: &Row| {
            matches!(row.state, RowState::Judged { verdict: Outcome::Ready, .. }) && row.wave > current
        };
        self.rows.iter().any(waits)
    }

    /// How many customers are still to be changed.
    pub fn to_change(&self) -> u32 {
        let is_to_change = |row: &&Row| match &row.state {
            RowState::Judged { verdict: Outcome::Ready, .. } => true,
            RowState::Changing(changing) => {
                changing.fell.is_none()
                    && changing.last().is_none_or(|last| {
                        matches!(last.phase, ChangePhase::ToSend { .. } | ChangePhase::DidNotHappen)
                    })
            }
            _ => false,
        };
        u32::try_from(self.rows.iter().filter(is_to_change).count()).unwrap_or(u32::MAX)
    }
}
