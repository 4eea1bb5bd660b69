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
    use crate::{
        domain::{Procedure, Sha256, Time},
        record::{
            Changing, PlanSealed, Row,
            samples::{opened, record},
        },
    };

    #[test]
    fn a_listing_is_taken_when_it_costs_less() {
        assert!(!is_cheaper(6, 6) && is_cheaper(6, 7));
        assert!(!is_due(6, 8, 559) && is_due(6, 8, 560));
    }

    fn run(ready: u32, customers_of_partner: Option<u32>, outcomes: &[Outcome]) -> Run {
        let mut run = Run::begin(&record(&opened(0))).unwrap();
        run.plan = Some(PlanSealed { digest: Sha256::of(&[]), ready, counted: 1, customers_of_partner });
        run.rows = outcomes.iter().map(|outcome| (*outcome, Row::new(1, None))).map(settled).collect();
        run
    }

    fn settled((outcome, mut row): (Outcome, Row)) -> Row {
        row.state = RowState::Settled(outcome);
        row
    }

    #[test]
    fn a_listing_has_a_page_for_each_five_hundred_customers_and_may_not_pay() {
        for (ready, customers, expected) in [
            (7, Some(3_000), Some(6)),
            (6, Some(3_000), None),
            (8, Some(3_001), Some(7)),
            (2, Some(0), Some(1)),
            (7, None, None),
        ] {
            assert_eq!(pages(&run(ready, customers, &[])), expected, "{ready} {customers:?}");
        }
        let mut unplanned = run(7, Some(3_000), &[]);
        unplanned.plan = None;
        assert_eq!((pages(&unplanned), others(&unplanned)), (None, None));
    }

    #[test]
    fn a_listing_names_all_customers_but_those_that_may_be_gone() {
        let done = Outcome::Done(Procedure::RemoveRelationship);
        let ended = [done, Outcome::Failed, Outcome::Unknown, Outcome::Skipped, Outcome::Rejected];
        let mut run = run(9, Some(10), &ended);
        assert_eq!(others(&run), Some(7));
        let state = |row: &mut Row, state| row.state = state;
        state(&mut run.rows[0], RowState::Unread { domain: None });
        state(&mut run.rows[1], RowState::Judged { verdict: Outcome::Ready, facts_at: Time::from_millis(0) });
        assert_eq!(others(&run), Some(9));
        let changing = Changing::new(Outcome::Ready, Time::from_millis(0));
        state(&mut run.rows[3], RowState::Changing(Box::new(changing)));
        assert_eq!(others(&run), Some(8));
    }
}
