//! What whoever allows a plan should look at first.

use super::{Plan, PlanEntry};
use crate::{
    domain::{Day, Outcome, Preparation, Reason, TenantId},
    record::{CustomersOfResellers, Judged, TransfersNotRead},
};
use serde::Serialize;
use std::{borrow::Borrow, cmp::Reverse, collections::BTreeMap};

/// How many customers are pointed out of each kind.
const POINTED_OUT: usize = 10;

/// Customers of a plan that have something in common.
#[derive(Debug, Serialize)]
pub struct Surprise {
    /// What, in words.
    pub what: &'static str,
    /// What the column is called that says it of each.
    pub column: &'static str,
    /// The first of them.
    pub customers: Vec<Pointed>,
    /// How many more there are.
    pub more: usize,
}

/// A customer who is pointed out.
#[derive(Clone, Debug, Serialize)]
pub struct Pointed {
    /// The row of the list.
    pub row: u32,
    /// The customer.
    pub id: Option<TenantId>,
    /// Its name, as Partner Center has it.
    pub name: Option<String>,
    /// Its domain.
    pub domain: Option<String>,
    /// What the column says.
    pub said: String,
}

/// The customers whose removal, or whose not being removed, would surprise most, while a plan is gone through: no more are
/// kept than are shown.
#[derive(Debug, Default)]
pub(super) struct Surprises {
    stopped: Vec<(Reverse<u64>, Pointed)>,
    largest: Vec<(Reverse<u64>, Pointed)>,
    latest: Vec<(Reverse<Day>, Pointed)>,
    named_otherwise: (Vec<Pointed>, usize),
    mismatched: (Vec<Pointed>, usize),
}

impl Surprises {
    pub(super) fn add<D: Borrow<Judged>>(&mut self, entry: &PlanEntry<D>) {
        let decision: &Judged = entry.decision.borrow();
        let pointed = |said: String| Pointed {
            row: decision.row,
            id: entry.customer_tenant_id,
            name: decision.name.clone(),
            domain: decision.domain.clone(),
            said,
        };
        let is_mismatch = |reason| matches!(reason, Reason::NameMismatch | Reason::DomainMismatch);
        let listed_as = || pointed(decision.listed_as.clone().unwrap_or_default());
        if decision.verdict == Outcome::Ready {
            let stopped = || decision.first.iter().filter(|one| one.what.facts().stops_service);
            if stopped().next().is_some() {
                let seats = stopped().filter_map(Preparation::seats).fold(0, u64::saturating_add);
                keep_first(&mut self.stopped, Reverse(seats), pointed(seats.to_string()));
            }
            if let Some(seats) = decision.seats.filter(|seats| *seats > 0) {
                keep_first(&mut self.largest, Reverse(seats), pointed(seats.to_string()));
            }
            if let Some(day) = decision.active_until {
                keep_first(&mut self.latest, Reverse(day), pointed(day.to_string()));
            }
            if decision.listed_as.is_some() {
                count(&mut self.named_otherwise, listed_as);
            }
        } else if decision.findings.iter().any(|found| is_mismatch(found.reason)) {
            count(&mut self.mismatched, listed_as);
        }
    }

    pub(super) fn all(self) -> Vec<Surprise> {
        fn first<K>(kept: Vec<(K, Pointed)>) -> (Vec<Pointed>, usize) {
            (kept.into_iter().map(|(_, pointed)| pointed).collect(), 0)
        }
        let all = [
            ("The most seats that lose their service at once, for good", "seats", first(self.stopped)),
            ("The most seats", "seats", first(self.largest)),
            ("The latest to begin or end a subscription", "on", first(self.latest)),
            ("The list calls them otherwise", "in the list", self.named_otherwise),
            ("Skipped, because the list means somebody else", "in the list", self.mismatched),
        ];
        let all = all.into_iter().map(|(what, column, (customers, more))| Surprise {
            what,
            column,
            customers,
            more,
        });
        all.filter(|surprise| !surprise.customers.is_empty()).collect()
    }
}

/// Keeps those that come first; of equals, those of the list's earlier rows.
fn keep_first<K: Ord>(kept: &mut Vec<(K, Pointed)>, key: K, pointed: Pointed) {
    let at = kept.partition_point(|(other, _)| *other <= key);
    kept.insert(at, (key, pointed));
    kept.truncate(POINTED_OUT);
}

fn count((kept, more): &mut (Vec<Pointed>, usize), pointed: impl Fn() -> Pointed) {
    if kept.len() < POINTED_OUT {
        kept.push(pointed());
    } else {
        *more += 1;
    }
}

impl Plan {
    /// The customers whose removal, or whose not being removed, would surprise most.
    pub fn surprises(&self) -> Vec<Surprise> {
        let mut surprises = Surprises::default();
        self.decisions.iter().for_each(|entry| surprises.add(entry));
        surprises.all()
    }

    /// The indirect resellers of the customers that would go.
    pub fn resellers(&self) -> CustomersOfResellers {
        let mut resellers = CustomersOfResellers::default();
        self.ready().for_each(|entry| resellers.take(entry.decision.reseller.as_ref()));
        resellers
    }

    /// The customers whose transfers could not be read.
    pub fn transfers_not_read(&self) -> TransfersNotRead {
        let mut not_read = TransfersNotRead::default();
        self.decisions.iter().for_each(|entry| not_read.take(&entry.decision));
        not_read
    }

    /// How many do not go, by outcome and reason.
    pub fn others_counted(&self) -> BTreeMap<(Outcome, Option<Reason>), u32> {
        let mut counts = BTreeMap::new();
        for entry in self.others() {
            let decision = &entry.decision;
            let reasons: Vec<_> = decision.findings.iter().map(|found| Some(found.reason)).collect();
            for reason in if reasons.is_empty() { vec![None] } else { reasons } {
                *counts.entry((decision.verdict, reason)).or_default() += 1;
            }
        }
        counts
    }
}

/// The reasons that the service is left to decide about.
pub(super) fn left_to_the_service(decision: &Judged) -> Vec<&'static str> {
    decision.allowed.iter().map(|found| found.reason.as_str()).collect()
}

impl PlanEntry<Judged> {
    /// The reasons that the service is left to decide about.
    pub fn left_to_the_service(&self) -> String {
        left_to_the_service(&self.decision).join(", ")
    }
}
