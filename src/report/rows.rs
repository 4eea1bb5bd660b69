//! The rows of a run, each with an outcome, and what they add up to.

use crate::{
    domain::{AdminLeftCount, Outcome, Reason, Time, awaits_an_act},
    record::{CustomerStory, CustomersOfResellers, Pending, Resolved, RunTotals, TransfersNotRead},
};
use std::collections::BTreeMap;

/// How many names a table of dates shows for one day.
const NAMES_A_DAY: usize = 5;

/// What a report shows of a row: its outcome, or how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shown {
    /// It has its outcome.
    Outcome(Outcome),
    /// The run is not over: so far it has come.
    Pending(Pending),
}

impl Shown {
    /// Everything that may be shown, in the order of reports.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        Outcome::ALL.into_iter().map(Self::Outcome).chain(Pending::ALL.into_iter().map(Self::Pending))
    }

    /// The public name: `removed`, `accepted`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Outcome(outcome) => outcome.as_str(),
            Self::Pending(pending) => pending.as_str(),
        }
    }

    /// In words.
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Outcome(outcome) => outcome.in_words(),
            Self::Pending(pending) => pending.in_words(),
        }
    }
}

/// One row of the list, with what the report shows of it.
#[derive(Debug)]
pub(super) struct ReportedRow {
    pub(super) story: CustomerStory,
    /// Its outcome, or the one under which it counts until it has its own.
    pub(super) outcome: Outcome,
    pub(super) reasons: Vec<Reason>,
    /// How far it is, if it has no outcome of its own yet.
    pub(super) pending: Option<Pending>,
}

impl ReportedRow {
    pub(super) fn of(story: CustomerStory) -> Self {
        let outcome = story.counts_as();
        let reasons = story.reasons().into_owned();
        let pending = if story.outcome().is_none() { story.pending() } else { None };
        Self { story, outcome, reasons, pending }
    }

    /// The cells of the list's own row.
    pub(super) fn cells(&self) -> &[String] {
        self.story.listed().map_or(&[], |read| &read.cells)
    }

    /// What the report shows of it.
    pub(super) const fn shown(&self) -> Shown {
        match self.pending {
            Some(pending) => Shown::Pending(pending),
            None => Shown::Outcome(self.outcome),
        }
    }

    /// The reasons' names.
    pub(super) fn reason_names(&self) -> Vec<&'static str> {
        self.reasons.iter().map(|reason| reason.as_str()).collect()
    }

    /// Whether it goes only when somebody has acted, as far as is known.
    pub(super) fn awaits_an_act(&self) -> bool {
        let is_told = self.story.removable_from().is_some();
        awaits_an_act(self.outcome, &self.reasons, is_told)
    }

    /// Whether a later run may end otherwise. One reason that forbids it is enough: a protected
    /// customer stays protected when its subscription has ended.
    pub(super) fn is_worth_another_try(&self) -> bool {
        if matches!(self.pending, Some(Pending::Done | Pending::Accepted)) {
            return false;
        }
        match self.outcome {
            Outcome::Failed | Outcome::Unknown | Outcome::NotAttempted => {
                self.reasons.iter().all(|reason| reason.worth_another_try())
            }
            Outcome::Skipped => {
                !self.reasons.is_empty() && self.reasons.iter().all(|reason| reason.worth_another_try())
            }
            _ => false,
        }
    }
}

/// What the rows add up to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) totals: RunTotals,
    /// Rows by outcome, or by the one under which each counts until it has its own.
    pub(super) counts: BTreeMap<Outcome, u32>,
    /// Rows by reason, whether they have their outcome or not.
    pub(super) reasons: BTreeMap<Reason, u32>,
    /// Skipped customers by the first day on which they may go.
    pub(super) days: BTreeMap<String, CustomersOfDay>,
    /// Rows by what is shown of them.
    pub(super) shown: BTreeMap<Shown, u32>,
    /// Skipped customers that go only when somebody has acted, as far as is known, and of whom no other day is known.
    pub(super) undated: CustomersOfDay,
    /// Skipped customers with something that goes on, by the day until which somebody can act so that all of it ends.
    pub(super) acts: BTreeMap<String, CustomersOfDay>,
    /// Those for whom that day had passed when they were judged.
    pub(super) too_late: CustomersOfDay,
    /// Skipped customers with a day of the first edition's, which did not know that subscriptions renew themselves.
    pub(super) dated_before: u32,
    /// Rows without an outcome of their own.
    pub(super) provisional: u32,
    pub(super) retry: u32,
    /// What is known of the delegated administration that stays with those who went, or would go.
    pub(super) admin_left: AdminLeftCount,
    /// What a person found out about rows that ended as unknown: the last word about each.
    pub(super) resolved: Vec<(Time, Resolved)>,
    /// Rows of which something is not understood, because a newer program wrote it.
    pub(super) newer: u32,
    pub(super) transfers_not_read: TransfersNotRead,
    /// The indirect resellers of the customers for whom the run did what it is for.
    pub(super) resellers: CustomersOfResellers,
}

/// The customers that may go on one day, or on none that is known.
#[derive(Debug, Default)]
pub(super) struct CustomersOfDay {
    pub(super) count: u32,
    pub(super) names: Vec<String>,
    /// How many seats their subscriptions have, where that is known.
    pub(super) seats: u64,
}

impl CustomersOfDay {
    fn add(&mut self, row: &ReportedRow) {
        self.count += 1;
        self.seats = self.seats.saturating_add(row.story.seats().unwrap_or_default());
        if self.names.len() < NAMES_A_DAY {
            let id = || row.story.customer().map(|id| id.to_string());
            self.names.extend(row.story.name().map(str::to_owned).or_else(id));
        }
    }

    /// How many have no name here.
    pub(super) fn more(&self) -> u32 {
        self.count.saturating_sub(u32::try_from(self.names.len()).unwrap_or(u32::MAX))
    }
}

impl Tally {
    pub(super) fn add(&mut self, row: &ReportedRow) {
        self.totals.add(&row.story);
        *self.counts.entry(row.outcome).or_default() += 1;
        *self.shown.entry(row.shown()).or_default() += 1;
        for reason in &row.reasons {
            *self.reasons.entry(*reason).or_default() += 1;
        }
        if let (Outcome::Skipped, Some(day)) = (row.outcome, row.story.goes_from()) {
            self.days.entry(day.to_string()).or_default().add(row);
        }
        if let (Outcome::Skipped, Some(day)) = (row.outcome, row.story.act_by()) {
            let is_past = row.story.finished_at().is_some_and(|at| day < at.day());
            let acts =
                if is_past { &mut self.too_late } else { self.acts.entry(day.to_string()).or_default() };
            acts.add(row);
        }
        self.dated_before += u32::from(row.story.has_a_day_of_the_first_edition());
        if row.awaits_an_act() && row.story.act_by().is_none() {
            self.undated.add(row);
        }
        self.provisional += u32::from(row.pending.is_some());
        self.retry += u32::from(row.is_worth_another_try());
        if matches!(row.outcome, Outcome::Done(_) | Outcome::Ready) {
            row.story.admin_left().into_iter().for_each(|left| self.admin_left.add(left));
        }
        self.newer += u32::from(row.story.newer() > 0);
        if row.outcome.is_by_the_run() {
            self.resellers.take(row.story.reseller());
        }
        if let Some((.., judged)) = row.story.judged().last() {
            self.transfers_not_read.take(judged);
        }
        if let Some(resolved) = row.story.resolved().last() {
            self.resolved.push(resolved.clone());
        }
    }

    /// How far the rows are that have no outcome of their own.
    pub(super) fn pending(&self) -> BTreeMap<Pending, u32> {
        let pending = |(shown, n): (&Shown, &u32)| match shown {
            Shown::Pending(pending) => Some((*pending, *n)),
            Shown::Outcome(_) => None,
        };
        self.shown.iter().filter_map(pending).collect()
    }
}
