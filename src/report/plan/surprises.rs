//! What whoever allows a plan should look at first.

use super::{Entry, Plan};
use crate::{
    domain::{Outcome, Reason},
    record::Judged,
};
use std::{cmp::Reverse, collections::BTreeMap};

/// How many customers are pointed out of each kind.
const POINTED_OUT: usize = 10;

/// Customers of a plan that have something in common.
#[derive(Debug)]
pub struct Surprise<'a> {
    /// What, in words.
    pub what: &'static str,
    /// What the column is called that says it of each.
    pub column: &'static str,
    /// The first of them, each with what that column says.
    pub customers: Vec<(&'a Entry<Judged>, String)>,
    /// How many more there are.
    pub more: usize,
}

impl Plan {
    /// The customers whose removal, or whose not being removed, would surprise most.
    pub fn surprises(&self) -> Vec<Surprise<'_>> {
        let mut largest: Vec<_> = self.ready().filter(|entry| entry.decision.seats > Some(0)).collect();
        largest.sort_by_key(|entry| Reverse(entry.decision.seats));
        largest.truncate(POINTED_OUT);
        let mut latest: Vec<_> = self.ready().filter(|entry| entry.decision.active_until.is_some()).collect();
        latest.sort_by_key(|entry| Reverse(entry.decision.active_until));
        latest.truncate(POINTED_OUT);
        let named_otherwise = |entry: &&Entry<Judged>| entry.decision.listed_as.is_some();
        let mismatched = |entry: &&Entry<Judged>| {
            let is_mismatch = |reason| matches!(reason, Reason::NameMismatch | Reason::DomainMismatch);
            entry.decision.findings.iter().any(|found| is_mismatch(found.reason))
        };
        let in_the_list = |entry: &Entry<Judged>| entry.decision.listed_as.clone();
        let all = [
            surprise("The most seats", "seats", largest, |entry| {
                entry.decision.seats.map(|seats| seats.to_string())
            }),
            surprise("The latest to begin or end a subscription", "on", latest, |entry| {
                entry.decision.active_until.map(|day| day.to_string())
            }),
            surprise(
                "The list calls them otherwise",
                "in the list",
                self.ready().filter(named_otherwise).collect(),
                in_the_list,
            ),
            surprise(
                "Skipped, because the list means somebody else",
                "in the list",
                self.others().filter(mismatched).collect(),
                in_the_list,
            ),
        ];
        all.into_iter().filter(|surprise| !surprise.customers.is_empty()).collect()
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

impl Entry<Judged> {
    /// The reasons that the service is left to decide about.
    pub fn left_to_the_service(&self) -> String {
        let allowed: Vec<_> = self.decision.allowed.iter().map(|found| found.reason.as_str()).collect();
        allowed.join(", ")
    }
}

fn surprise<'a>(
    what: &'static str,
    column: &'static str,
    found: Vec<&'a Entry<Judged>>,
    cell: impl Fn(&Entry<Judged>) -> Option<String>,
) -> Surprise<'a> {
    let more = found.len().saturating_sub(POINTED_OUT);
    let shown = found.into_iter().take(POINTED_OUT);
    Surprise {
        what,
        column,
        customers: shown.map(|entry| (entry, cell(entry).unwrap_or_default())).collect(),
        more,
    }
}
