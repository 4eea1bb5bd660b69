//! The rows of a run, each with an outcome, and what they add up to.

use super::{ReportError, facts::Facts};
use crate::{
    audit::{CustomerLine, Reader, RowCells},
    domain::{Outcome, Reason, TenantId},
};
use std::collections::{BTreeMap, HashSet};

/// How many names a table of dates shows for one day.
const NAMES_A_DAY: usize = 5;

/// Under which removals count that have none.
pub(super) const NO_EVIDENCE: &str = "none";

/// One row of the list, with the outcome that the report shows.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) line: CustomerLine,
    pub(super) cells: RowCells,
    pub(super) outcome: Outcome,
    pub(super) reasons: Vec<Reason>,
    /// The run is not over: this is how the row would end if nobody went on with it.
    pub(super) is_provisional: bool,
}

impl Row {
    /// A row of a run that is not over may have no outcome yet. If a change was sent for it, or was
    /// about to be, nobody knows what became of it until `resume` has looked; otherwise it was not
    /// its turn.
    fn of(mut line: CustomerLine, cells: RowCells, changed: &HashSet<u32>) -> Result<Self, ReportError> {
        let unknown = |source| ReportError::Reason { row: line.row, source };
        let names = line.reasons.as_deref().unwrap_or_default().split(';').filter(|name| !name.is_empty());
        let reasons = names.map(str::parse).collect::<Result<Vec<Reason>, _>>().map_err(unknown)?;
        if let Some(outcome) = line.outcome {
            return Ok(Self { line, cells, outcome, reasons, is_provisional: false });
        }
        let (reason, explanation) = if changed.contains(&line.row) {
            (Reason::AnswerLost, "A change was sent, and the run stopped before its outcome was settled.")
        } else {
            (Reason::RunStopped, "The run stopped before this row was settled; nothing was changed.")
        };
        let advice = "`offboard resume` goes on with the run.";
        line.explanation = Some(format!("{explanation} {advice}"));
        Ok(Self { line, cells, outcome: reason.outcome(), reasons: vec![reason], is_provisional: true })
    }

    /// The reasons' names.
    pub(super) fn reason_names(&self) -> Vec<&'static str> {
        self.reasons.iter().map(|reason| reason.as_str()).collect()
    }

    /// Whether a later run may end otherwise. One reason that forbids it is enough: a protected
    /// customer stays protected when its subscription has ended.
    pub(super) fn is_worth_another_try(&self) -> bool {
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
    /// Rows without an outcome of their own.
    pub(super) provisional: u32,
    pub(super) retry: u32,
    /// Whom each row is about, in the order of the list; the one thing that is kept of every row.
    customers: Vec<(u32, TenantId)>,
}

/// The customers that may go on one day.
#[derive(Debug, Default)]
pub(super) struct Day {
    pub(super) count: u32,
    pub(super) names: Vec<String>,
}

impl Tally {
    fn add(&mut self, row: &Row) {
        self.rows += 1;
        *self.counts.entry(row.outcome).or_default() += 1;
        for reason in &row.reasons {
            *self.reasons.entry(*reason).or_default() += 1;
        }
        if matches!(row.outcome, Outcome::Removed | Outcome::Deleted) {
            let evidence = row.line.evidence.clone().unwrap_or_else(|| NO_EVIDENCE.to_owned());
            *self.evidence.entry(evidence).or_default() += 1;
        }
        if let (Outcome::Skipped, Some(day)) = (row.outcome, &row.line.removable_from) {
            let day = self.days.entry(day.clone()).or_default();
            day.count += 1;
            if day.names.len() < NAMES_A_DAY {
                let name = row.line.customer_name.as_ref().or(row.line.customer_tenant_id.as_ref());
                day.names.extend(name.cloned());
            }
        }
        self.provisional += u32::from(row.is_provisional);
        self.retry += u32::from(row.is_worth_another_try());
        let customer = row.line.customer_tenant_id.as_ref().and_then(|id| id.parse().ok());
        if let Some(customer) = customer {
            self.customers.push((row.line.row, customer));
        }
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
    let changed = reader.changed_rows(&facts.id)?;
    let mut tally = Tally::default();
    reader.customers::<ReportError>(&facts.id, |line, cells| {
        let row = Row::of(line, cells, &changed)?;
        tally.add(&row);
        each(&row)
    })?;
    tally.check(facts)?;
    Ok(tally)
}
