//! The listing of all customers, page by page, instead of reading them one by one.
//!
//! A page costs one request and names up to 500 customers; a customer that no page named costs one
//! request of its own. How many pages there are is not known beforehand (`totalCount` cannot be
//! trusted), so this is the old question of whether to rent or to buy skis: as long as the pages
//! that were read are fewer than the rows that are still unseen, one more page is read; after that,
//! the rest is read one by one. That never costs more than twice the best possible choice, and for
//! a list of 2,000 of a partner's 3,000 customers it costs 6 requests instead of 2,000.
//!
//! The pages are also counted: `--max-share` needs to know how many customers the partner has, or
//! at least that it has enough.

use super::{
    account_refusal::failed_on_page,
    reading::{Read, page},
};
use crate::{
    domain::{Lookup, Purpose, Reason, Seq, TenantId},
    engine::{halt::Halt, send::client::RecordedClient},
    partner_center::{
        Count,
        model::Customer,
        request::{self, Request},
        transport::Transport,
    },
    preconditions::CustomerFacts,
    record::StopCause,
};
use std::collections::{HashMap, HashSet};

/// What the listing showed.
#[derive(Debug, Default)]
pub(crate) struct CustomerListing {
    /// The customers that were looked for, what it says of them, and the intent of the page that says it.
    wanted: HashMap<TenantId, Option<(CustomerFacts, Seq)>>,
    /// How many of them no page named.
    unseen: usize,
    /// How many customers it named.
    pub(crate) counted: u32,
    /// Whether it came to its end, and names as many as it says that there are.
    pub(crate) complete: bool,
}

impl CustomerListing {
    fn of(wanted: impl Iterator<Item = TenantId>) -> Self {
        let wanted: HashMap<_, _> = wanted.map(|id| (id, None)).collect();
        Self { unseen: wanted.len(), wanted, ..Self::default() }
    }

    /// What the listing says of a customer that was looked for, and the intent of the page that says it.
    pub(crate) fn known(&self, customer: TenantId) -> Option<(CustomerFacts, Seq)> {
        self.wanted.get(&customer)?.clone()
    }

    /// Takes a page; of a customer that is named twice, what was said first. Gives whom it names.
    fn take(&mut self, customers: Vec<Customer>, basis: Seq) -> Vec<TenantId> {
        let mut named = Vec::with_capacity(customers.len());
        for customer in customers {
            let Some(id) = customer.id.as_deref().and_then(|id| id.parse::<TenantId>().ok()) else {
                continue;
            };
            named.push(id);
            if let Some(shown @ None) = self.wanted.get_mut(&id) {
                *shown = Some((CustomerFacts::of(customer), basis));
                self.unseen -= 1;
            }
        }
        named
    }
}

/// Whether one more page is worth its request. `counted` customers were named on `pages` pages;
/// `unseen` rows were on none of them; the share needs `enough` customers to be counted.
fn is_worth_it(pages: u32, unseen: usize, counted: u32, enough: u64) -> bool {
    (pages as usize) < unseen || u64::from(counted) < enough
}

/// Lists the partner's customers for as long as it pays to look for the `wanted` ones. `ready` rows are
/// judged already, and count for the share all the same.
pub(crate) async fn list_customers<T: Transport>(
    client: &RecordedClient<T>,
    wanted: impl Iterator<Item = TenantId>,
    ready: u32,
    max_share: u32,
) -> Result<CustomerListing, Halt> {
    let mut listing = CustomerListing::of(wanted);
    // Were all of them removed, this many customers make the share small enough.
    let might_go = listing.wanted.len() as u64 + u64::from(ready);
    let enough = (might_go * 100).div_ceil(u64::from(max_share.max(1)));
    let mut next: Option<Request> = Some(request::customers());
    let mut pages = 0;
    let mut named = HashSet::new();
    let (mut said, mut is_readable) = (None, true);
    while let Some(call) = next.take() {
        if !is_worth_it(pages, listing.unseen, listing.counted, enough) {
            return Ok(listing);
        }
        match page::<_, Customer>(client, Purpose::Read(Lookup::Customers), None, call).await? {
            Read::Done(page, basis) => {
                pages += 1;
                said = said.max(page.total);
                let items = page.items.len();
                let ids = listing.take(page.items, basis.first().copied().unwrap_or_default());
                is_readable &= ids.len() == items;
                // A customer that is named twice is one customer: the share depends on it.
                let before = named.len();
                named.extend(ids);
                listing.counted = u32::try_from(named.len()).unwrap_or(u32::MAX);
                if page.after.is_some() && named.len() == before {
                    let text = "the listing of customers goes on without naming anybody new; it was not followed further";
                    return Err(Halt::stop(StopCause::Service, text));
                }
                next = page.after;
            }
            Read::NoRelationship(failure) => {
                return Err(failed_on_page(pages + 1, Reason::RefusedByService, &failure.exchange));
            }
            Read::Failed(reason, failure) => {
                return Err(failed_on_page(pages + 1, reason, &failure.exchange));
            }
        }
    }
    listing.complete = is_readable && !Count { came: named.len() as u64, said }.is_short();
    Ok(listing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listing_stops_when_reading_one_by_one_is_cheaper() {
        // Ten rows, none of them found: after ten pages the rest is read one by one.
        assert!(is_worth_it(9, 10, 5000, 20));
        assert!(!is_worth_it(10, 10, 5000, 20));
        // Everybody found, but too few customers counted for the share.
        assert!(is_worth_it(1, 0, 10, 20));
        assert!(!is_worth_it(1, 0, 20, 20));
    }
}
