//! The customers and the truth about each.
//!
//! A rehearsal may have a hundred thousand of them, so a made-up customer is stored as little more
//! than its ID; its subscriptions and orders are made when somebody asks.

use super::super::made_up;
use super::super::scenario::{Customer, Known, Relationship, Scenario};
use crate::domain::{TenantId, Time};
use std::borrow::Cow;
use std::time::Duration;

/// One customer.
#[derive(Debug)]
pub(super) struct Entry {
    pub id: TenantId,
    name: Option<Box<str>>,
    domain: Option<Box<str>>,
    /// What was written about it; nothing if it is made up.
    written: Option<Box<Customer>>,
    /// What it was at the beginning.
    relationship: Relationship,
    /// Whether nothing may stand in the way of it, if it is made up.
    clean: bool,
    /// When its relationship really ended.
    gone_at: Option<Time>,
}

impl Entry {
    fn made_up(known: Known, clean: bool) -> Self {
        let relationship = made_up::relationship(known.id, clean);
        let Known { id, name, domain } = known;
        Self { id, name, domain, written: None, relationship, clean, gone_at: None }
    }

    fn written(customer: Customer) -> Self {
        Self {
            id: customer.id,
            name: customer.name.as_deref().map(Box::from),
            domain: customer.domain.as_deref().map(Box::from),
            relationship: customer.relationship,
            clean: false,
            gone_at: None,
            written: Some(Box::new(customer)),
        }
    }

    pub(super) fn name(&self) -> String {
        self.name.as_deref().map_or_else(|| made_up::made_up_name(self.id), str::to_owned)
    }

    pub(super) fn domain(&self) -> String {
        self.domain.as_deref().map_or_else(|| made_up::made_up_domain(self.id), str::to_owned)
    }

    /// What it has.
    pub(super) fn details(&self) -> Cow<'_, Customer> {
        self.written
            .as_deref()
            .map_or_else(|| Cow::Owned(made_up::customer(self.id, self.clean)), Cow::Borrowed)
    }

    /// What was written about it.
    pub(super) fn as_written(&self) -> Option<&Customer> {
        self.written.as_deref()
    }

    /// What the partner really is to it.
    pub(super) const fn relationship(&self) -> Relationship {
        if self.gone_at.is_some() { Relationship::None } else { self.relationship }
    }

    /// What a read shows: the old state for a while after the end, then nothing.
    pub(super) fn shown(&self, now: Time, visible_for: Duration) -> Option<Relationship> {
        match self.gone_at {
            Some(gone) if now >= gone.plus(visible_for) => None,
            _ => Some(self.relationship),
        }
    }

    /// Ends the relationship; false if there is none any more.
    pub(super) fn end(&mut self, at: Time) -> bool {
        if self.relationship() == Relationship::None {
            return false;
        }
        self.gone_at = Some(at);
        true
    }
}

/// All customers, by ID.
#[derive(Debug)]
pub(super) struct Customers(Vec<Entry>);

impl Customers {
    /// Takes the customers out of a scenario. What is written counts before what is made up.
    pub(super) fn take(scenario: &mut Scenario) -> Self {
        let mut all: Vec<Entry> = Vec::new();
        let generated = scenario.generated;
        let count = generated.map_or(0, |generated| generated.count);
        all.reserve_exact(
            scenario.customers.len() + scenario.made_up.len() + usize::try_from(count).unwrap_or(0),
        );
        all.extend(std::mem::take(&mut scenario.customers).into_iter().map(Entry::written));
        all.extend(
            std::mem::take(&mut scenario.made_up).into_iter().map(|known| Entry::made_up(known, false)),
        );
        if let Some(generated) = generated {
            let known = |n| Known { id: made_up::generated_id(generated.seed, n), name: None, domain: None };
            all.extend((0..count).map(|n| Entry::made_up(known(n), generated.clean)));
        }
        // Stable, so that of several with one ID the first stays.
        all.sort_by_key(|entry| entry.id);
        all.dedup_by_key(|entry| entry.id);
        Self(all)
    }

    pub(super) fn find(&self, id: TenantId) -> Option<&Entry> {
        self.0.get(self.0.binary_search_by_key(&id, |entry| entry.id).ok()?)
    }

    pub(super) fn find_mut(&mut self, id: TenantId) -> Option<&mut Entry> {
        let place = self.0.binary_search_by_key(&id, |entry| entry.id).ok()?;
        self.0.get_mut(place)
    }

    /// All customers whose ID is greater than this one.
    pub(super) fn after(&self, id: Option<TenantId>) -> &[Entry] {
        let start = id.map_or(0, |id| self.0.partition_point(|entry| entry.id <= id));
        self.0.get(start..).unwrap_or_default()
    }
}
