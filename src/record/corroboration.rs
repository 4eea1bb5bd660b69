//! What is recorded when a run is compared with Partner Center's own record of activity, and the part of the
//! fold that is about it.

use super::{
    kinds::About,
    row::RowState,
    state::{Run, Stage},
};
use crate::domain::{Day, Outcome, Seq, TenantId, is_taken_out};
use serde::{Deserialize, Serialize};

/// Something that Partner Center has on record, as it names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Activity {
    /// Its ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What was done.
    pub operation: String,
    /// When, in its own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// By which user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// With which application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<String>,
    /// Under which correlation ID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
}

/// See [`super::Event::Corroborated`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Corroborated {
    /// The row.
    pub row: u32,
    /// The customer.
    pub customer: TenantId,
    /// What Partner Center has on record.
    pub activity: Activity,
    /// Whether its correlation ID is that of a change of ours; otherwise customer and time agree.
    pub is_our_request: bool,
    /// The intent of the request that showed it.
    pub basis: Seq,
}

/// See [`super::Event::Reconciled`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciled {
    /// Who had it done: the person's name on this machine.
    pub by: String,
    /// This machine's name.
    pub host: String,
    /// The first day that was asked for.
    pub from: Day,
    /// The last one.
    pub to: Day,
    /// For how long a removal may be missing there.
    pub lag_hours: u32,
    /// Whether everything of those days was read.
    pub complete: bool,
    /// How many removals Partner Center has on record in those days.
    pub listed: u64,
    /// How many rows have theirs there, by now.
    pub corroborated: u32,
    /// Rows whose removal should be there, and is not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<u32>,
    /// Rows whose removal may still get there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_yet: Vec<u32>,
    /// Rows whose outcome is unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<u32>,
    /// Customers whose removal is there, and that the run does not claim.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unclaimed: Vec<TenantId>,
}

impl About for Corroborated {
    fn row(&self) -> Option<u32> {
        Some(self.row)
    }

    fn customer(&self) -> Option<TenantId> {
        Some(self.customer)
    }

    fn basis(&self) -> &[Seq] {
        std::slice::from_ref(&self.basis)
    }

    fn names(&self) -> Vec<String> {
        vec![self.customer.to_string()]
    }
}

impl About for Reconciled {
    fn names(&self) -> Vec<String> {
        self.unclaimed.iter().map(TenantId::to_string).collect()
    }
}

impl Run {
    /// Partner Center has it on record too. That is a fact of its own: the outcome of a row stays what it is.
    pub(super) fn corroborate(&mut self, corroborated: &Corroborated) -> Result<(), String> {
        if !is_taken_out("corroborated-before-the-end") {
            self.require_seal()?;
        }
        let number = corroborated.row;
        let row = self.row(number).ok_or_else(|| format!("there is no row {number}"))?;
        if row.customer != Some(corroborated.customer) {
            return Err(format!("row {number} names another customer"));
        }
        match row.state {
            RowState::Settled(outcome) if outcome.is_gone() || outcome == Outcome::Unknown => {}
            RowState::Settled(outcome) => return Err(format!("row {number} is settled as {outcome}")),
            _ => return Err(format!("row {number} has no outcome")),
        }
        if self.corroborated.insert(number) {
            Ok(())
        } else {
            Err(format!("row {number} was corroborated before"))
        }
    }

    /// Only what has come to its end is compared.
    pub(super) fn require_seal(&self) -> Result<(), String> {
        if self.stage == Stage::Sealed { Ok(()) } else { Err("the run is not sealed".to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{
        Record,
        samples::{opened, record},
    };
    use serde_json::json;

    const CUSTOMER: &str = "c0000000-0000-4000-8000-000000000001";

    /// A run in which one customer was gone before, and another row is not valid.
    fn up_to_the_end() -> Run {
        let mut run = Run::begin(&record(&opened(2))).unwrap();
        let settled = |row: u32, outcome: &str| {
            json!({ "kind": "settled", "row": row, "outcome": outcome, "attempts": 0,
                "started_at": "2026-11-20T09:15:30.000Z" })
        };
        for (seq, more) in (1..).zip([
            json!({ "kind": "row_read", "row": 1, "customer": CUSTOMER, "cells": [] }),
            json!({ "kind": "row_read", "row": 2, "cells": [] }),
            settled(2, "rejected"),
            json!({ "kind": "judged", "row": 1, "verdict": "already_removed",
                "facts_at": "2026-11-20T09:15:30.000Z" }),
            settled(1, "already_removed"),
        ]) {
            run.apply(seq, &record(&more)).unwrap();
        }
        run
    }

    fn corroborated(row: u32, customer: &str) -> Record {
        record(&json!({ "kind": "corroborated", "row": row, "customer": customer, "is_our_request": true,
            "activity": { "operation": "" }, "basis": 9 }))
    }

    #[test]
    fn a_row_is_corroborated_once_after_the_end_and_for_its_own_customer() {
        let mut run = up_to_the_end();
        let why = |run: &mut Run, record: &Record| run.apply(10, record).unwrap_err().why;
        assert!(why(&mut run, &corroborated(1, CUSTOMER)).contains("not sealed"));
        let reconciled = record(&json!({ "kind": "reconciled", "by": "", "host": "", "from": "2026-11-20",
            "to": "2026-11-20", "lag_hours": 48, "complete": true, "listed": 0, "corroborated": 0 }));
        assert!(why(&mut run, &reconciled).contains("not sealed"));
        let counts = json!({ "already_removed": 1, "rejected": 1 });
        let sealed = record(&json!({ "kind": "run_sealed", "counts": counts, "exit_code": 3 }));
        run.apply(9, &sealed).unwrap();
        let other = "c0000000-0000-4000-8000-000000000002";
        assert!(why(&mut run, &corroborated(1, other)).contains("another customer"));
        assert!(why(&mut run, &corroborated(3, CUSTOMER)).contains("no row 3"));
        assert!(why(&mut run, &corroborated(2, CUSTOMER)).contains("another customer"));
        run.apply(10, &corroborated(1, CUSTOMER)).unwrap();
        assert!(why(&mut run, &corroborated(1, CUSTOMER)).contains("corroborated before"));
        run.apply(11, &reconciled).unwrap();
        assert_eq!(run.counts, run.sealed.clone().unwrap().counts, "the outcomes stay");
    }
}
