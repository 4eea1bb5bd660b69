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

use super::{courier::Courier, halt::Halt, reading::Read};
use crate::{
    domain::{Reason, Seq, TenantId},
    partner_center::{
        model::Customer,
        request::{self, Call},
        transport::Transport,
    },
    preconditions::CustomerFacts,
    record::{Purpose, StopCause},
};
use std::collections::{HashMap, HashSet};

/// What the listing showed.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// What it says of the customers that were looked for, and the intent of the page.
    pub(super) known: HashMap<TenantId, (CustomerFacts, Seq)>,
    /// How many customers it named.
    pub(super) counted: u32,
    /// Whether the last page was reached.
    pub(super) complete: bool,
}

/// Whether one more page is worth its request. `counted` customers were named on `pages` pages;
/// `unseen` rows were on none of them; the share needs `enough` customers to be counted.
fn is_worth_it(pages: u32, unseen: usize, counted: u32, enough: u64) -> bool {
    (pages as usize) < unseen || u64::from(counted) < enough
}

/// Lists the partner's customers for as long as it pays to look for the `wanted` ones. `ready` rows are
/// judged already, and count for the share all the same.
pub(super) async fn survey<T: Transport>(
    courier: &Courier<T>,
    mut wanted: HashSet<TenantId>,
    ready: u32,
    max_share: u32,
) -> Result<Survey, Halt> {
    let mut survey = Survey::default();
    // Were all of them removed, this many customers make the share small enough.
    let might_go = wanted.len() as u64 + u64::from(ready);
    let enough = (might_go * 100).div_ceil(u64::from(max_share.max(1)));
    let mut next: Option<Call> = Some(request::customers());
    let mut pages = 0;
    let mut named: HashSet<TenantId> = HashSet::new();
    while let Some(call) = next.take() {
        if !is_worth_it(pages, wanted.len(), survey.counted, enough) {
            return Ok(survey);
        }
        match courier.page::<Customer>(Purpose::ListCustomers, None, call).await? {
            Read::Done((customers, after), basis) => {
                pages += 1;
                let before = named.len();
                let basis = basis.first().copied().unwrap_or_default();
                for customer in customers {
                    let Some(id) = customer.id.as_deref().and_then(|id| id.parse::<TenantId>().ok()) else {
                        continue;
                    };
                    // A customer that is named twice is one customer: the share depends on it.
                    survey.counted += u32::from(named.insert(id));
                    if wanted.remove(&id) {
                        survey.known.insert(id, (CustomerFacts::of(customer), basis));
                    }
                }
                if after.is_some() && named.len() == before {
                    let text = "the listing of customers goes on without naming anybody new; it was not followed further";
                    return Err(Halt::stop(StopCause::Service, text));
                }
                next = after;
            }
            Read::NoRelationship(failure) => return Err(failed(Reason::RefusedByService, &failure.exchange)),
            Read::Failed(reason, failure) => return Err(failed(reason, &failure.exchange)),
        }
    }
    survey.complete = true;
    Ok(survey)
}

/// A run that cannot list the customers cannot begin.
pub(super) fn failed(reason: Reason, exchange: &crate::record::Exchange) -> Halt {
    let status = exchange.status.map_or_else(|| "no answer".to_owned(), |status| format!("status {status}"));
    let text = exchange.text.as_deref().unwrap_or("without a text");
    let cause = match reason {
        Reason::PermissionDenied => StopCause::SignIn,
        _ => StopCause::Service,
    };
    Halt::stop(
        cause,
        format!("Partner Center does not answer for the partner account itself: {status}: {text}"),
    )
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
