//! A row of the list, and how far it is.

use super::changing::Changing;
use crate::domain::{Outcome, Place, Preparation, Sha256, TenantId, Time, is_taken_out};

/// When nothing has happened yet.
const NOT_YET: Time = Time::from_millis(i64::MIN);

/// One row of the list and what is known of it. All rows of a run are in memory until it ends, and there may be
/// very many: so a row has no more than what nearly each has until its end, and the run keeps the names.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number in the list.
    pub number: u32,
    /// The customer, if the row names one.
    pub customer: Option<TenantId>,
    /// The wave in which it is changed, once the plan is confirmed.
    pub(super) wave: u8,
    /// What the customer is called: in the list, and by the service once it is judged.
    pub(super) name: Option<Place>,
    /// When the first record of its own was made, after it was read; [`NOT_YET`] if none was.
    started_at: Time,
    special: Option<Box<Special>>,
    /// How far it is.
    pub state: RowState,
}

/// How far a row is.
#[derive(Clone, Debug)]
pub enum RowState {
    /// Read from the list.
    Unread {
        /// The domain that the list gives.
        domain: Option<Place>,
    },
    /// Judged; not yet changed or settled.
    Judged {
        /// `ready`, or how it ends without a change.
        verdict: Outcome,
        /// When the first of the facts was read.
        facts_at: Time,
    },
    /// A change was sent, or was about to be.
    Changing(Box<Changing>),
    /// It has its outcome.
    Settled(Outcome),
}

/// What few rows have.
#[derive(Clone, Debug, Default)]
struct Special {
    left_to_service: Option<Sha256>,
    first: Box<[Preparation]>,
    left_prepared: Box<[Preparation]>,
}

impl Row {
    /// A row of which nothing is known.
    pub const fn new(number: u32, customer: Option<TenantId>) -> Self {
        let state = RowState::Unread { domain: None };
        Self { number, customer, wave: 0, name: None, started_at: NOT_YET, special: None, state }
    }

    /// When the first record of its own was made, after it was read.
    pub fn started_at(&self) -> Option<Time> {
        Some(self.started_at).filter(|at| *at != NOT_YET)
    }

    /// The digest of what the plan left to the service, if anything; until the row has its outcome.
    pub fn left_to_service(&self) -> Option<Sha256> {
        self.special.as_ref()?.left_to_service
    }

    /// What is done before the last change: what the plan names, or less; until the row has its outcome.
    pub fn first(&self) -> &[Preparation] {
        self.special.as_ref().map_or(&[], |special| &special.first)
    }

    /// The same row, before whose last change this is done.
    #[must_use]
    pub fn after(mut self, first: Box<[Preparation]>) -> Self {
        self.set_first(first);
        self
    }

    /// What was done for it, can be taken back and was not seen taken back, when it has its outcome and is not gone.
    pub fn left_prepared(&self) -> &[Preparation] {
        self.special.as_ref().map_or(&[], |special| &special.left_prepared)
    }

    /// The first record of its own is made now, if none was.
    pub(super) fn begin(&mut self, now: Time) {
        if self.started_at == NOT_YET {
            self.started_at = now;
        }
    }

    pub(super) fn set_first(&mut self, first: Box<[Preparation]>) {
        if !first.is_empty() || self.special.is_some() {
            self.special.get_or_insert_default().first = first;
        }
    }

    pub(super) fn leave_to_service(&mut self, digest: Option<Sha256>) {
        if digest.is_some() {
            self.special.get_or_insert_default().left_to_service = digest;
        }
    }

    /// It has its outcome, and what was only needed for it goes.
    pub(super) fn end(&mut self, outcome: Outcome) {
        let left_prepared = match &self.state {
            RowState::Changing(changing) if !outcome.is_gone() => changing.left_prepared(self.first()),
            _ => Box::default(),
        };
        if matches!(self.state, RowState::Unread { .. }) {
            self.name = None;
        }
        let stays = !left_prepared.is_empty() && !is_taken_out("forget-what-stays-suspended");
        self.special = stays.then(|| Box::new(Special { left_prepared, ..Special::default() }));
        self.state = RowState::Settled(outcome);
    }

    /// Its changes, if one was sent, with what is done before the last of them.
    pub(super) fn changing(&mut self) -> Option<(&mut Changing, &[Preparation])> {
        let first = self.special.as_ref().map_or(&[] as &[_], |special| &special.first);
        match &mut self.state {
            RowState::Changing(changing) => Some((changing, first)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_small_and_keeps_nothing_that_is_of_no_use() {
        assert!(size_of::<Row>() <= 64, "{} bytes", size_of::<Row>());
        let mut row = Row::new(1, None);
        row.leave_to_service(Some(Sha256::of(&[])));
        row.end(Outcome::NotAttempted);
        assert!(row.special.is_none());
    }
}
