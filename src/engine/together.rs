//! Whether many relationships are gone, seen in one listing of all customers.
//!
//! A look at one customer costs one request; a listing costs one for each 500 customers that the partner has,
//! whoever they are. So after the removal of `n` customers of a partner with `c`, looking at each costs `n`,
//! and a listing `c / 500`: for 1,000 of 3,000, that is 1,000 against 6.
//!
//! Nothing else is sent meanwhile, so a listing of `p` pages also costs the turns of all that may be in flight:
//! one round of them until the last change has its answer, and one for each page. It is taken when it costs
//! less than the looks, and when so many wait for it that it is less than a tenth of the turns that their
//! removals took, or when nothing else is left to do. Whoever waits loses nothing: a change that the service
//! has accepted takes its time to be seen anyway.
//!
//! A customer that a listing does not name is gone only if the listing can be trusted: it came to its end,
//! nothing of this run was changed meanwhile, and it names all whom nobody removed. Otherwise, each customer
//! is looked at alone.

use super::{courier::Courier, halt::Halt, named::Named, observing, reading::Read};
use crate::{
    domain::{Outcome, Seq, TenantId},
    partner_center::{
        model::Customer,
        request::{self, Call, PAGE_SIZE},
        transport::Transport,
    },
    preconditions::CustomerFacts,
    record::{Observed, Purpose, RowState, Run, Seen},
};
use std::collections::HashMap;

/// How many removals are worth one turn of a listing.
pub(super) const WORTH: u32 = 10;

/// How many requests a listing of all customers costs, if it may pay for this run: a listing of more pages than
/// the plan has customers never does, and nobody knows what it costs when the plan did not come to its end.
pub(super) fn pages(run: &Run) -> Option<u32> {
    let plan = run.plan.as_ref()?;
    let pages = plan.customers_of_partner?.div_ceil(PAGE_SIZE).max(1);
    is_cheaper(pages, plan.ready as usize).then_some(pages)
}

/// Whether a listing costs less than a look at each of so many customers.
pub(super) const fn is_cheaper(pages: u32, looks: usize) -> bool {
    (pages as usize) < looks
}

/// Whether so many wait for a listing that it is taken, whatever else there is to do, when so many requests may
/// be in flight.
pub(super) const fn is_due(pages: u32, concurrency: usize, waiting: usize) -> bool {
    waiting >= WORTH as usize * (pages as usize + 1) * concurrency
}

/// How many customers a listing must name at least, to be trusted: those that the plan counted, but for those
/// that may be gone.
pub(super) fn others(run: &Run) -> usize {
    let counted = run.plan.as_ref().and_then(|plan| plan.customers_of_partner).unwrap_or(u32::MAX) as usize;
    let may_be_gone = run.rows.iter().filter(|row| match &row.state {
        RowState::Settled(outcome) => !matches!(outcome, Outcome::Skipped | Outcome::Rejected),
        RowState::Changing(_) => true,
        RowState::Unread { .. } | RowState::Judged { .. } => false,
    });
    counted.saturating_sub(may_be_gone.count())
}

/// A listing that can be trusted.
#[derive(Debug)]
pub(super) struct Listing {
    /// Those of whom something was asked: what it says of the relationship, and the intent of the page.
    shown: HashMap<TenantId, (String, Seq)>,
    pages: usize,
    /// The intent of the last page.
    last: Option<Seq>,
}

/// Lists all customers, to see who of `asked`, rows with their customers, is gone. None if the listing cannot be
/// trusted, because it does not come to its end or does not name so many `others`.
pub(super) async fn look<T: Transport>(
    courier: &Courier<T>,
    others: usize,
    asked: &[(u32, TenantId)],
) -> Result<Option<Listing>, Halt> {
    let mut wanted: Vec<TenantId> = asked.iter().map(|(_, customer)| *customer).collect();
    wanted.sort_unstable();
    let mut shown: HashMap<TenantId, (String, Seq)> = HashMap::new();
    let mut named = Named::default();
    let (mut pages, mut last) = (0, None);
    let mut next: Option<Call> = Some(request::customers());
    while let Some(call) = next.take() {
        let Read::Done((customers, after), basis) =
            courier.page::<Customer>(Purpose::ListCustomers, None, call).await?
        else {
            return Ok(None);
        };
        let page = basis.first().copied().unwrap_or_default();
        pages += 1;
        last = basis.last().copied().or(last);
        let mut ids = Vec::with_capacity(customers.len());
        for customer in customers {
            let Some(id) = customer.id.as_deref().and_then(|id| id.parse::<TenantId>().ok()) else {
                continue;
            };
            ids.push(id);
            if wanted.binary_search(&id).is_ok() {
                shown.insert(id, (CustomerFacts::of(customer).relationship, page));
            }
        }
        if named.add(ids) == 0 && after.is_some() {
            return Ok(None);
        }
        next = after;
    }
    if named.len().saturating_sub(shown.len()) < others {
        return Ok(None);
    }
    Ok(Some(Listing { shown, pages, last }))
}

impl Listing {
    /// What was seen of this row's customer, of whom something was asked.
    pub(super) fn of(&self, row: u32, customer: TenantId) -> Observed {
        let (seen, detail, basis) = match self.shown.get(&customer) {
            None => {
                let pages = if self.pages == 1 { "page" } else { "pages" };
                let detail = format!("not among the partner's customers, {} {pages} of them", self.pages);
                (Seen::Gone, detail, self.last)
            }
            Some((relationship, page)) => {
                let (seen, detail) = observing::relationship(relationship);
                (seen, detail, Some(*page))
            }
        };
        Observed { row, about: None, seen, detail, basis }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_is_taken_when_it_costs_less() {
        assert!(!is_cheaper(6, 6) && is_cheaper(6, 7));
        assert!(!is_due(6, 8, 559) && is_due(6, 8, 560));
    }
}
