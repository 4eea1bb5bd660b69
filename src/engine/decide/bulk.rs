//! When many relationships are looked at together, in one listing of all customers.
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

use crate::{
    domain::Outcome,
    partner_center::request::PAGE_SIZE,
    record::{RowState, Run},
};

/// How many removals are worth one turn of a listing.
pub(crate) const WORTH: u32 = 10;

/// How many requests a listing of all customers costs, if it may pay for this run: a listing of more pages than
/// the plan has customers never does, and nobody knows what it costs when the plan did not come to its end.
pub(crate) fn pages(run: &Run) -> Option<u32> {
    let plan = run.plan.as_ref()?;
    let pages = plan.customers_of_partner?.div_ceil(PAGE_SIZE).max(1);
    is_cheaper(pages, plan.ready as usize).then_some(pages)
}

/// Whether a listing costs less than a look at each of so many customers.
pub(crate) const fn is_cheaper(pages: u32, looks: usize) -> bool {
    (pages as usize) < looks
}

/// Whether so many wait for a listing that it is taken, whatever else there is to do, when so many requests may
/// be in flight.
pub(crate) const fn is_due(pages: u32, concurrency: usize, waiting: usize) -> bool {
    waiting >= WORTH as usize * (pages as usize + 1) * concurrency
}

/// How many customers a listing must name at least, to be trusted: those that the plan counted, but for those
/// that may be gone. None if the plan did not count all.
pub(crate) fn others(run: &Run) -> Option<usize> {
    let counted = run.plan.as_ref().and_then(|plan| plan.customers_of_partner)? as usize;
    let may_be_gone = run.rows.iter().filter(|row| match &row.state {
        RowState::Settled(outcome) => !matches!(outcome, Outcome::Skipped | Outcome::Rejected),
        RowState::Changing(_) => true,
        RowState::Unread { .. } | RowState::Judged { .. } => false,
    });
    Some(counted.saturating_sub(may_be_gone.count()))
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
