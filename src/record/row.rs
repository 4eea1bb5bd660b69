//! A row of the list, and how far it is.

use super::changing::Changing;
use crate::domain::{Outcome, Place, Preparation, Sha256, TenantId, Time};

/// One row of the list and what is known of it. All rows of a run are in memory until it ends, and there may be
/// very many: what is known of one only for as long as it is worked on has a place of its own, and goes when the
/// row has its outcome.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number in the list.
    pub number: u32,
    /// The customer, if the row names one.
    pub customer: Option<TenantId>,
    /// The wave in which it is changed, once the plan is confirmed.
    pub(super) wave: u8,
    pub(super) work: Work,
    /// How far it is.
    pub state: RowState,
}

/// How far a row is.
#[derive(Clone, Debug)]
pub enum RowState {
    /// Read from the list; where the run keeps what the list says of it until then.
    Unread(InList),
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

/// What the list says of a customer: where its name and its domain are kept. See [`super::Run::in_list`].
#[derive(Clone, Copy, Debug, Default)]
pub struct InList {
    pub(super) name: Option<Place>,
    pub(super) domain: Option<Place>,
}

/// What is known of a row that is worked on; nothing before and, mostly, after that.
#[derive(Clone, Debug, Default)]
pub(super) struct Work(Option<Box<Known>>);

#[derive(Clone, Debug, Default)]
struct Known {
    name: Option<Box<str>>,
    started_at: Option<Time>,
    special: Option<Box<Special>>,
}

/// What few rows have.
#[derive(Clone, Debug, Default)]
struct Special {
    left_to_service: Option<Sha256>,
    first: Box<[Preparation]>,
    left_suspended: Box<[Preparation]>,
}

impl Work {
    /// The first record of its own is made now, if none was.
    pub(super) fn begin(&mut self, now: Time) {
        self.0.get_or_insert_default().started_at.get_or_insert(now);
    }

    pub(super) fn call(&mut self, name: Option<&str>) {
        self.0.get_or_insert_default().name = name.map(Box::from);
    }

    pub(super) fn first(&self) -> &[Preparation] {
        self.special().map_or(&[], |special| &special.first)
    }

    pub(super) fn set_first(&mut self, first: Box<[Preparation]>) {
        if !first.is_empty() || self.special().is_some() {
            self.special_mut().first = first;
        }
    }

    pub(super) fn leave_to_service(&mut self, digest: Option<Sha256>) {
        if digest.is_some() {
            self.special_mut().left_to_service = digest;
        }
    }

    /// The row has its outcome: all that is still of use is what it is called, if something stays suspended.
    pub(super) fn end(&mut self, left_suspended: Box<[Preparation]>) {
        let known = self.0.take().filter(|_| !left_suspended.is_empty());
        if let Some(known) = known {
            let special = Special { left_suspended, ..Special::default() };
            *self = Self(Some(Box::new(Known { special: Some(Box::new(special)), ..*known })));
        }
    }

    fn special(&self) -> Option<&Special> {
        self.0.as_ref()?.special.as_deref()
    }

    fn special_mut(&mut self) -> &mut Special {
        self.0.get_or_insert_default().special.get_or_insert_default()
    }
}

impl Row {
    /// A row of which nothing is known.
    pub fn new(number: u32, customer: Option<TenantId>) -> Self {
        let state = RowState::Unread(InList::default());
        Self { number, customer, wave: 0, work: Work::default(), state }
    }

    /// The customer's live name, once it was read, and until the row has its outcome.
    pub fn name(&self) -> Option<&str> {
        self.work.0.as_ref()?.name.as_deref()
    }

    /// When the first record of its own was made, after it was read; until the row has its outcome.
    pub fn started_at(&self) -> Option<Time> {
        self.work.0.as_ref()?.started_at
    }

    /// The digest of what the plan left to the service, if anything; until the row has its outcome.
    pub fn left_to_service(&self) -> Option<Sha256> {
        self.work.special()?.left_to_service
    }

    /// What is done before the last change: what the plan names, or less; until the row has its outcome.
    pub fn first(&self) -> &[Preparation] {
        self.work.first()
    }

    /// The same row, before whose last change this is done.
    #[must_use]
    pub fn after(mut self, first: Box<[Preparation]>) -> Self {
        self.work.set_first(first);
        self
    }

    /// What was suspended for it and not seen reactivated, when it has its outcome and is not gone.
    pub fn left_suspended(&self) -> &[Preparation] {
        self.work.special().map_or(&[], |special| &special.left_suspended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_small_and_keeps_nothing_that_is_of_no_use() {
        assert!(size_of::<Row>() <= 48, "{} bytes", size_of::<Row>());
        let mut work = Work::default();
        work.begin(Time::from_millis(1));
        work.end(Box::default());
        assert!(work.0.is_none());
    }
}
