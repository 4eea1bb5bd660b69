//! Whether many relationships are gone, seen in one listing of all customers.
//!
//! A customer that a listing does not name is gone only if the listing can be trusted: it came to its end, holds as many
//! as it says that there are, names somebody, and all whom nobody removed; nothing of this run was changed meanwhile, and
//! each of its lines can be read. Otherwise, each customer is looked at alone.
//!
//! The listing is also the other way to look at a customer of whom a look at it alone told nothing: what the service
//! answers for a customer that is gone is not documented, and a gateway's "not found" is no evidence.

use super::reading::{Read, page};
use crate::{
    domain::{Lookup, Purpose, Seq, TenantId, is_taken_out},
    engine::{halt::Halt, send::client::RecordedClient},
    partner_center::{
        Count,
        model::Customer,
        request::{self, Request},
        transport::Transport,
    },
    preconditions::CustomerFacts,
    procedure::effects::relationship as relationship_shown,
    record::{Observation, Observed},
};
use std::collections::{HashMap, HashSet};

/// A listing that can be trusted.
#[derive(Debug)]
pub(crate) struct Listing {
    /// Those of whom something was asked: what it says of the relationship, and the intent of the page.
    shown: HashMap<TenantId, (String, Seq)>,
    pages: usize,
    /// The intent of the last page.
    last: Option<Seq>,
}

/// Lists all customers, to see who of `asked`, rows with their customers, is gone. `Err` says why the listing cannot be
/// trusted. `others` must be named at least.
pub(crate) async fn look<T: Transport>(
    client: &RecordedClient<T>,
    others: Option<usize>,
    asked: &[(u32, TenantId)],
) -> Result<Result<Listing, String>, Halt> {
    let mut wanted: Vec<TenantId> = asked.iter().map(|(_, customer)| *customer).collect();
    wanted.sort_unstable();
    let mut shown: HashMap<TenantId, (String, Seq)> = HashMap::new();
    let mut named: HashSet<TenantId> = HashSet::new();
    let (mut pages, mut last, mut said) = (0, None, None);
    let mut next: Option<Request> = Some(request::customers());
    while let Some(call) = next.take() {
        let (page, basis) =
            match page::<_, Customer>(client, Purpose::Read(Lookup::Customers), None, call).await? {
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
        let before = named.len();
        named.extend(ids);
        if named.len() == before && page.after.is_some() {
            return Ok(Err("it goes on without naming anybody new".to_owned()));
        }
        next = page.after;
    }
    let not_asked = named.len().saturating_sub(shown.len());
    Ok(match why_untrusted(Count { came: named.len() as u64, said }, not_asked, others) {
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
pub(crate) fn not_told(row: u32, why: &str) -> Observed {
    let detail = format!("the listing of all customers does not tell either: {why}");
    Observed { row, about: None, seen: Observation::NotTold, instead: None, detail, basis: None }
}

impl Listing {
    /// What was seen of this row's customer, of whom something was asked.
    pub(crate) fn of(&self, row: u32, customer: TenantId) -> Observed {
        let (seen, detail, basis) = match self.shown.get(&customer) {
            None => {
                let pages = if self.pages == 1 { "page" } else { "pages" };
                let detail = format!("not among the partner's customers, {} {pages} of them", self.pages);
                (Observation::Gone, detail, self.last)
            }
            Some((relationship, page)) => {
                let (seen, detail) = relationship_shown(relationship);
                (seen, detail, Some(*page))
            }
        };
        Observed { row, about: None, seen, instead: None, detail, basis }
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
}
