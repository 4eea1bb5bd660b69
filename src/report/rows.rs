//! The rows of a run, each with an outcome, and what they add up to.

use super::{ReportError, facts::Facts};
use crate::{
    audit::{CustomerLine, Reader, RowCells},
    domain::{Outcome, Procedure, Reason, TenantId, awaits_an_act},
    record::{CustomerStory, OpenStories, Pending},
};
use std::collections::BTreeMap;

/// How many names a table of dates shows for one day.
const NAMES_A_DAY: usize = 5;

/// Under which removals count that have none.
pub(super) const NO_EVIDENCE: &str = "none";

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
pub(super) struct Row {
    pub(super) line: CustomerLine,
    pub(super) cells: RowCells,
    /// Its outcome, or the one under which it counts until it has its own.
    pub(super) outcome: Outcome,
    pub(super) reasons: Vec<Reason>,
    /// How far it is, if it has no outcome of its own yet.
    pub(super) pending: Option<Pending>,
}

impl Row {
    /// A row of a run that is not over may have no outcome yet. `story` is what is on record of its changes, if
    /// there are any.
    fn of(
        mut line: CustomerLine,
        cells: RowCells,
        story: Option<&CustomerStory>,
        procedure: Procedure,
    ) -> Result<Self, ReportError> {
        let unknown = |source| ReportError::Reason { row: line.row, source };
        let names = line.reasons.as_deref().unwrap_or_default().split(';').filter(|name| !name.is_empty());
        let reasons = names.map(str::parse).collect::<Result<Vec<Reason>, _>>().map_err(unknown)?;
        if let Some(outcome) = line.outcome {
            return Ok(Self { line, cells, outcome, reasons, pending: None });
        }
        let nothing = CustomerStory::new(line.row);
        let story = story.unwrap_or(&nothing);
        let pending = story.pending().unwrap_or(Pending::NotBegun);
        let became = story.became(procedure, None).join(" ");
        let (reasons, explanation) = match (story.fell(), pending) {
            (Some(fell), _) => (fell.reasons.clone(), format!("{} {became}", fell.explanation)),
            (None, Pending::Done | Pending::Accepted) => (Vec::new(), became),
            (None, Pending::InDoubt) => (vec![Reason::AnswerLost], became),
            (None, _) => (vec![Reason::RunStopped], became),
        };
        line.explanation = Some(explanation);
        Ok(Self { line, cells, outcome: pending.counts_as(), reasons, pending: Some(pending) })
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
        awaits_an_act(self.outcome, &self.reasons, self.line.removable_from.is_some())
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
    pub(super) rows: u32,
    pub(super) counts: BTreeMap<Outcome, u32>,
    pub(super) reasons: BTreeMap<Reason, u32>,
    /// Rows that this run removed or deleted, by how sure that is.
    pub(super) evidence: BTreeMap<String, u32>,
    /// Skipped customers by the first day on which they may go.
    pub(super) days: BTreeMap<String, Day>,
    /// Rows by what is shown of them.
    pub(super) shown: BTreeMap<Shown, u32>,
    /// Skipped customers that go only when somebody has acted, as far as is known.
    pub(super) undated: Day,
    /// Rows without an outcome of their own.
    pub(super) provisional: u32,
    pub(super) retry: u32,
    /// Whom each row is about, in the order of the list; the one thing that is kept of every row.
    customers: Vec<(u32, TenantId)>,
}

/// The customers that may go on one day, or on none that is known.
#[derive(Debug, Default)]
pub(super) struct Day {
    pub(super) count: u32,
    pub(super) names: Vec<String>,
}

impl Day {
    fn add(&mut self, row: &Row) {
        self.count += 1;
        if self.names.len() < NAMES_A_DAY {
            let name = row.line.customer_name.as_ref().or(row.line.customer_tenant_id.as_ref());
            self.names.extend(name.cloned());
        }
    }

    /// How many have no name here.
    pub(super) fn more(&self) -> u32 {
        self.count.saturating_sub(u32::try_from(self.names.len()).unwrap_or(u32::MAX))
    }
}

impl Tally {
    fn add(&mut self, row: &Row) {
        self.rows += 1;
        *self.counts.entry(row.outcome).or_default() += 1;
        *self.shown.entry(row.shown()).or_default() += 1;
        for reason in &row.reasons {
            *self.reasons.entry(*reason).or_default() += 1;
        }
        if matches!(row.outcome, Outcome::Removed | Outcome::Deleted) {
            let evidence = row.line.evidence.clone().unwrap_or_else(|| NO_EVIDENCE.to_owned());
            *self.evidence.entry(evidence).or_default() += 1;
        }
        if let (Outcome::Skipped, Some(day)) = (row.outcome, &row.line.removable_from) {
            self.days.entry(day.clone()).or_default().add(row);
        }
        if row.awaits_an_act() {
            self.undated.add(row);
        }
        self.provisional += u32::from(row.pending.is_some());
        self.retry += u32::from(row.is_worth_another_try());
        let customer = row.line.customer_tenant_id.as_ref().and_then(|id| id.parse().ok());
        if let Some(customer) = customer {
            self.customers.push((row.line.row, customer));
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

    /// Whom this row is about, if it names a customer.
    pub(super) fn customer(&self, row: u32) -> Option<TenantId> {
        let found = self.customers.binary_search_by_key(&row, |(row, _)| *row).ok()?;
        self.customers.get(found).map(|(_, customer)| *customer)
    }

    fn check(&self, facts: &Facts) -> Result<(), ReportError> {
        let rows = facts.opened.input.rows;
        let sealed = facts.sealed.as_ref().map(|(_, sealed)| sealed);
        let open = if sealed.is_some() { self.provisional } else { 0 };
        let counted = self.counts.values().sum::<u32>() - open;
        if counted != rows || self.rows != rows {
            return Err(ReportError::DoesNotAddUp { rows, counted });
        }
        match sealed {
            Some(sealed) if sealed.counts != self.counts_when_sealed(facts) => Err(ReportError::NotAsSealed),
            _ => Ok(()),
        }
    }

    /// The counts without what a person found out later.
    fn counts_when_sealed(&self, facts: &Facts) -> BTreeMap<Outcome, u32> {
        let mut counts = self.counts.clone();
        for (_, resolved) in facts.resolved.values() {
            counts.entry(resolved.outcome).and_modify(|count| *count -= 1);
            *counts.entry(Outcome::Unknown).or_default() += 1;
        }
        counts.retain(|_, count| *count > 0);
        counts
    }
}

/// Hands each row to `each`, in the order of the list, and adds them up.
pub(super) fn walk(
    reader: &Reader,
    facts: &Facts,
    mut each: impl FnMut(&Row) -> Result<(), ReportError>,
) -> Result<Tally, ReportError> {
    let mut open = OpenStories::default();
    // Of a run that is over, each row has its outcome.
    if facts.sealed.is_none() {
        reader.records(&facts.id, |seq, record| {
            open.take(seq, &record);
            Ok(())
        })?;
    }
    let mut tally = Tally::default();
    reader.customers::<ReportError>(&facts.id, |line, cells| {
        let story = open.of(line.row);
        let row = Row::of(line, cells, story, facts.opened.procedure)?;
        tally.add(&row);
        each(&row)
    })?;
    tally.check(facts)?;
    Ok(tally)
}
