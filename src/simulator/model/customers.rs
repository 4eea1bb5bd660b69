//! The customers and the truth about each.
//!
//! A rehearsal may have a hundred thousand of them, in the process whose memory it is to show: so a made-up
//! customer is stored as little more than its ID, and its subscriptions and orders are made when somebody asks.

use super::super::scenario::{Customer, Generated, ListedCustomer, Relationship, Scenario};
use super::super::synthetic_customer;
use super::synthetic_customers::SyntheticCustomers;
use crate::domain::{TenantId, Time};
use std::borrow::Cow;
use std::time::Duration;

/// The time of what has not happened.
const NEVER: Time = Time::from_millis(i64::MAX);

/// One customer, as it is now.
#[derive(Clone, Copy, Debug)]
pub(super) struct CurrentCustomer<'a> {
    pub id: TenantId,
    about: CustomerOrigin<'a>,
    /// What it was at the beginning.
    relationship: Relationship,
    /// When its relationship really ended.
    gone_at: Option<Time>,
}

/// What is known of a customer.
#[derive(Clone, Copy, Debug)]
enum CustomerOrigin<'a> {
    /// What was written about it.
    Written(&'a Customer),
    /// It is made up, but for the name and the domain if they are there. `clean`: nothing may stand in its way.
    MadeUp { name: Option<&'a str>, domain: Option<&'a str>, clean: bool },
}

impl<'a> CurrentCustomer<'a> {
    pub(super) fn name(&self) -> String {
        let name = match self.about {
            CustomerOrigin::Written(customer) => customer.name.as_deref(),
            CustomerOrigin::MadeUp { name, .. } => name,
        };
        name.map_or_else(|| synthetic_customer::synthetic_name(self.id), str::to_owned)
    }

    pub(super) fn domain(&self) -> String {
        let domain = match self.about {
            CustomerOrigin::Written(customer) => customer.domain.as_deref(),
            CustomerOrigin::MadeUp { domain, .. } => domain,
        };
        domain.map_or_else(|| synthetic_customer::synthetic_domain(self.id), str::to_owned)
    }

    /// What it has.
    pub(super) fn details(&self) -> Cow<'a, Customer> {
        match self.about {
            CustomerOrigin::Written(customer) => Cow::Borrowed(customer),
            CustomerOrigin::MadeUp { clean, .. } => Cow::Owned(synthetic_customer::customer(self.id, clean)),
        }
    }

    /// What was written about it.
    pub(super) const fn as_written(&self) -> Option<&'a Customer> {
        match self.about {
            CustomerOrigin::Written(customer) => Some(customer),
            CustomerOrigin::MadeUp { .. } => None,
        }
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
}

/// A customer that is written out, or that a list names, as it is stored.
#[derive(Debug)]
struct StoredCustomer {
    id: TenantId,
    source: StoredOrigin,
    /// When its relationship really ended; [`NEVER`] if it did not.
    gone_at: Time,
}

#[derive(Debug)]
enum StoredOrigin {
    Written(Box<Customer>),
    Listed { relationship: Relationship, name: Option<Box<str>>, domain: Option<Box<str>> },
}

/// All customers.
#[derive(Debug)]
pub(super) struct AllCustomers {
    /// By ID.
    stored: Vec<StoredCustomer>,
    /// The others.
    crowd: SyntheticCustomers,
}

impl AllCustomers {
    /// Takes the customers out of a scenario. What is written counts before what is made up.
    pub(super) fn take(scenario: &mut Scenario) -> Self {
        let written = std::mem::take(&mut scenario.customers).into_iter().map(|customer| StoredCustomer {
            id: customer.id,
            source: StoredOrigin::Written(Box::new(customer)),
            gone_at: NEVER,
        });
        let mut all = Self { stored: written.collect(), crowd: SyntheticCustomers::default() };
        all.add(std::mem::take(&mut scenario.made_up));
        if let Some(others) = scenario.generated {
            all.surround(others);
        }
        all
    }

    /// Takes more customers, of which a list is known. What was known before counts before that.
    pub(super) fn add(&mut self, list: impl IntoIterator<Item = ListedCustomer>) {
        for ListedCustomer { id, name, domain } in list {
            let source = StoredOrigin::Listed {
                relationship: synthetic_customer::relationship(id, false),
                name,
                domain,
            };
            self.stored.push(StoredCustomer { id, source, gone_at: NEVER });
        }
        if !self.stored.is_sorted_by_key(|stored| stored.id) {
            // Stable, so that of several with one ID the first stays.
            self.stored.sort_by_key(|stored| stored.id);
        }
        self.stored.dedup_by_key(|stored| stored.id);
    }

    /// Puts a crowd around those that are known.
    pub(super) fn surround(&mut self, others: Generated) {
        let is_stored = |id: TenantId| self.stored.binary_search_by_key(&id, |stored| stored.id).is_ok();
        self.crowd = SyntheticCustomers::new(others, is_stored);
    }

    /// How many are known.
    pub(super) const fn known(&self) -> usize {
        self.stored.len()
    }

    pub(super) fn find(&self, id: TenantId) -> Option<CurrentCustomer<'_>> {
        match self.stored.binary_search_by_key(&id, |stored| stored.id) {
            Ok(place) => self.stored.get(place).map(|stored| Self::current(stored)),
            Err(_) => self.crowd.find(id).map(|n| self.one_of_the_crowd(n, id)),
        }
    }

    /// Ends a relationship; false if there is none any more.
    pub(super) fn end(&mut self, id: TenantId, at: Time) -> bool {
        if self.find(id).is_none_or(|customer| customer.relationship() == Relationship::None) {
            return false;
        }
        match self.stored.binary_search_by_key(&id, |stored| stored.id) {
            Ok(place) => self.stored.get_mut(place).into_iter().for_each(|stored| stored.gone_at = at),
            Err(_) => self.crowd.end(id, at),
        }
        true
    }

    /// Begins a relationship again that had ended; false if there is none that had.
    pub(super) fn begin_again(&mut self, id: TenantId) -> bool {
        match self.stored.binary_search_by_key(&id, |stored| stored.id) {
            Ok(place) => self.stored.get_mut(place).is_some_and(|stored| {
                let had_ended = stored.gone_at != NEVER;
                stored.gone_at = NEVER;
                had_ended
            }),
            Err(_) => self.crowd.begin_again(id),
        }
    }

    /// All customers whose ID is greater than this one, by ID.
    pub(super) fn after(&self, id: Option<TenantId>) -> impl Iterator<Item = CurrentCustomer<'_>> {
        let start = id.map_or(0, |id| self.stored.partition_point(|stored| stored.id <= id));
        let mut stored = self.stored.iter().skip(start).map(|stored| Self::current(stored)).peekable();
        let mut crowd = self.crowd.after(id).map(|(n, id)| self.one_of_the_crowd(n, id)).peekable();
        std::iter::from_fn(move || match (stored.peek(), crowd.peek()) {
            (Some(one), Some(other)) if other.id < one.id => crowd.next(),
            (Some(_), _) => stored.next(),
            (None, _) => crowd.next(),
        })
    }

    fn current(stored: &StoredCustomer) -> CurrentCustomer<'_> {
        let (about, relationship) = match &stored.source {
            StoredOrigin::Written(customer) => (CustomerOrigin::Written(customer), customer.relationship),
            StoredOrigin::Listed { relationship, name, domain } => {
                let [name, domain] = [name, domain].map(Option::as_deref);
                (CustomerOrigin::MadeUp { name, domain, clean: false }, *relationship)
            }
        };
        let gone_at = Some(stored.gone_at).filter(|at| *at != NEVER);
        CurrentCustomer { id: stored.id, about, relationship, gone_at }
    }

    fn one_of_the_crowd(&self, n: u32, id: TenantId) -> CurrentCustomer<'_> {
        let clean = self.crowd.is_clean();
        CurrentCustomer {
            id,
            about: CustomerOrigin::MadeUp { name: None, domain: None, clean },
            relationship: synthetic_customer::relationship(id, clean),
            gone_at: self.crowd.gone_at(n),
        }
    }
}
