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
//! A customer that a listing does not name is gone only if the listing can be trusted: it came to its end, holds as many
//! as it says that there are, names somebody, and all whom nobody removed; nothing of this run was changed meanwhile, and
//! each of its lines can be read. Otherwise, each customer is looked at alone.
//!
//! The listing is also the other way to look at a customer of whom a look at it alone told nothing: what the service
//! answers for a customer that is gone is not documented, and a gateway's "not found" is no evidence.

use super::{courier::Courier, halt::Halt, named::Named, reading::Read};
use crate::{
    domain::{Lookup, Outcome, Purpose, Seq, TenantId, is_taken_out},
    partner_center::{
        Count,
        model::Customer,
        request::{self, Call, PAGE_SIZE},
        transport::Transport,
    },
    preconditions::CustomerFacts,
    procedure::effects::relationship as relationship_shown,
    record::{Observed, RowState, Run, Seen},
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
/// that may be gone. None if the plan did not count all.
pub(super) fn others(run: &Run) -> Option<usize> {
    let counted = run.plan.as_ref().and_then(|plan| plan.customers_of_partner)? as usize;
    let may_be_gone = run.rows.iter().filter(|row| match &row.state {
        RowState::Settled(outcome) => !matches!(outcome, Outcome::Skipped | Outcome::Rejected),
        RowState::Changing(_) => true,
        RowState::Unread { .. } | RowState::Judged { .. } => false,
    });
    Some(counted.saturating_sub(may_be_gone.count()))
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

/// Lists all customers, to see who of `asked`, rows with their customers, is gone. `Err` says why the listing cannot be
/// trusted. `others` must be named at least.
pub(super) async fn look<T: Transport>(
    courier: &Courier<T>,
    others: Option<usize>,
    asked: &[(u32, TenantId)],
) -> Result<Result<Listing, String>, Halt> {
    let mut wanted: Vec<TenantId> = asked.iter().map(|(_, customer)| *customer).collect();
    wanted.sort_unstable();
    let mut shown: HashMap<TenantId, (String, Seq)> = HashMap::new();
    let mut named = Named::default();
    let (mut pages, mut last, mut said) = (0, None, None);
    let mut next: Option<Call> = Some(request::customers());
    while let Some(call) = next.take() {
        let (page, basis) =
            match courier.page::<Customer>(Purpose::Read(Lookup::Customers), None, call).await? {
                Read::Done(page, basis) => (page, basis),
                Read::NoRelationship(failure) | Read::Failed(_, failure) => {
                    return Ok(Err(format!("it cannot be read ({})", failure.exchange.described())));
                }
            };
        let intent = basis.first().copied().unwrap_or_default();
        pages += 1;
        last = basis.last().copied().or(last);
        said = said.max(page.total);
        let mut ids = Vec::with_capacity(page.items.len());
        for customer in page.items {
            let Some(id) = customer.id.as_deref().and_then(|id| id.parse::<TenantId>().ok()) else {
                return Ok(Err("one of its lines has no tenant ID".to_owned()));
            };
            ids.push(id);
            if wanted.binary_search(&id).is_ok() {
                shown.insert(id, (CustomerFacts::of(customer).relationship, intent));
            }
        }
        if named.add(ids) == 0 && page.after.is_some() {
            return Ok(Err("it goes on without naming anybody new".to_owned()));
        }
        next = page.after;
    }
    let not_asked = named.len().saturating_sub(shown.len());
    Ok(match why_untrusted(named.count(said), not_asked, others) {
        Some(why) => Err(why),
        None => Ok(Listing { shown, pages, last }),
    })
}

/// Why a listing that came to its end does not show that somebody is gone. It names so many customers that were `not_asked`
/// for, and must name so many `others`, if that is known.
fn why_untrusted(count: Count, not_asked: usize, others: Option<usize>) -> Option<String> {
    let Count { came, said } = count;
    let names_all = is_taken_out("a-short-listing-names-all");
    if count.is_short() && !names_all {
        return Some(format!(
            "it says that there are {} customers, and names {came}",
            said.unwrap_or_default()
        ));
    }
    if came == 0 && !names_all {
        return Some("it is empty".to_owned());
    }
    match others {
        Some(others) if not_asked < others && !is_taken_out("trust-any-listing") => {
            Some(format!("it names {not_asked} of {others} customers whom nobody removed"))
        }
        None if said.is_none() => Some("nothing shows that it names all customers".to_owned()),
        _ => None,
    }
}

/// What is seen of a row in a listing that cannot be trusted.
pub(super) fn not_told(row: u32, why: &str) -> Observed {
    let detail = format!("the listing of all customers does not tell either: {why}");
    Observed { row, about: None, seen: Seen::NotTold, detail, basis: None }
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
                let (seen, detail) = relationship_shown(relationship);
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
    fn only_a_listing_that_could_have_shown_somebody_shows_that_they_are_gone() {
        let trusted =
            |came, said, not_asked, others| why_untrusted(Count { came, said }, not_asked, others).is_none();
        assert!(
            trusted(5, Some(5), 5, Some(5)) && trusted(5, None, 5, Some(5)) && trusted(5, Some(5), 5, None)
        );
        // Of two pages with their own numbers, the larger counts.
        assert!(trusted(7, Some(5), 7, None));
        // The list covers all customers, and the listing is cut short.
        assert!(
            !trusted(0, Some(4), 0, Some(0))
                && !trusted(0, None, 0, Some(0))
                && !trusted(0, Some(0), 0, None)
        );
        assert!(!trusted(3, Some(4), 3, Some(0)) && !trusted(4, Some(4), 4, Some(5)));
        assert!(!trusted(5, None, 5, None));
    }

    #[test]
    fn a_listing_is_taken_when_it_costs_less() {
        assert!(!is_cheaper(6, 6) && is_cheaper(6, 7));
        assert!(!is_due(6, 8, 559) && is_due(6, 8, 560));
    }
}
