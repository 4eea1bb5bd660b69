//! A row of the list, and how far it is.

use super::{changing::Changing, endings::Settled, reseller::IndirectReseller};
use crate::domain::{Finding, Outcome, Preparation, Sha256, TenantId, Time, is_taken_out};

/// One row of the list and what is known of it.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number in the list.
    pub number: u32,
    /// The customer, if the row names one.
    pub customer: Option<TenantId>,
    /// The wave in which it is changed, once the plan is confirmed.
    pub(super) wave: u8,
    /// What the customer is called: in the list, and by the service once it is judged.
    pub(super) name: Option<Box<str>>,
    /// Its indirect reseller, as it was judged.
    pub reseller: Option<Box<IndirectReseller>>,
    /// When the first record of its own was made, after it was read.
    pub started_at: Option<Time>,
    /// The digest of what the plan decided about it, if anything was.
    pub(super) decision: Option<Sha256>,
    /// The digest of what the plan left to the service, if anything; until the row has its outcome.
    pub left_to_service: Option<Sha256>,
    /// What is done before the last change: what the plan names, or less; until the row has its outcome.
    pub first: Box<[Preparation]>,
    /// What cannot be done though the rest is, by the latest judgement; until the row has its outcome.
    pub left_out: Box<[Finding]>,
    /// Why the plan has it end as failed, though all that it names is done.
    pub(super) planned_failure: Box<[Finding]>,
    /// Whether it was judged without its transfers, because those of nobody had been read by then.
    pub without_transfers: bool,
    /// What was done for it, can be taken back and was not seen taken back, when it has its outcome and is not gone.
    pub left_prepared: Box<[Preparation]>,
    /// Whether the last change of the procedure was sent, or was about to be, when it has its outcome.
    pub last_was_sent: bool,
    /// How far it is.
    pub state: RowState,
}

/// How far a row is.
#[derive(Clone, Debug)]
pub enum RowState {
    /// Read from the list.
    Unread {
        /// The domain that the list gives.
        domain: Option<Box<str>>,
    },
    /// Judged; not yet changed or settled.
    Judged {
        /// `ready`, or how it ends without a change.
        verdict: Outcome,
        /// When the first of the facts was read.
        facts_at: Time,
    },
    /// A change was sent, or was about to be.
    Changing(Box<Changing>),
    /// It has its outcome.
    Settled(Outcome),
}

impl Row {
    /// A row of which nothing is known.
    pub fn new(number: u32, customer: Option<TenantId>) -> Self {
        Self {
            number,
            customer,
            wave: 0,
            name: None,
            reseller: None,
            started_at: None,
            decision: None,
            left_to_service: None,
            first: Box::default(),
            left_out: Box::default(),
            planned_failure: Box::default(),
            without_transfers: false,
            left_prepared: Box::default(),
            last_was_sent: false,
            state: RowState::Unread { domain: None },
        }
    }

    /// Whether it ends as everybody knew who allowed the plan: what could not be done was named, and all else is done.
    pub(super) fn fails_as_planned(&self, settled: &Settled) -> bool {
        let is_done = match &self.state {
            RowState::Changing(changing) => changing.are_all_done(),
            _ => false,
        };
        let is_planned = |finding: &Finding| {
            let planned = self.planned_failure.iter().filter(|planned| planned.reason == finding.reason);
            let ids: Vec<_> = planned.flat_map(|planned| &planned.causes).map(|cause| &cause.id).collect();
            finding.causes.iter().all(|cause| ids.contains(&&cause.id))
        };
        let are_named = |reason| self.planned_failure.iter().any(|planned| planned.reason == reason);
        let are_planned =
            settled.reasons.iter().all(|reason| are_named(*reason)) && self.left_out.iter().all(is_planned);
        settled.outcome == Outcome::Failed && !settled.reasons.is_empty() && are_planned && is_done
    }

    /// What the list says of a customer that is not judged yet: its name and its domain.
    pub fn in_list(&self) -> (Option<&str>, Option<&str>) {
        match &self.state {
            RowState::Unread { domain } => (self.name.as_deref(), domain.as_deref()),
            _ => (None, None),
        }
    }

    /// The customer's live name, once it was read.
    pub fn live_name(&self) -> Option<&str> {
        self.name.as_deref().filter(|_| !matches!(self.state, RowState::Unread { .. }))
    }

    /// It has its outcome, and what was only needed for it goes.
    pub(super) fn end(&mut self, outcome: Outcome) {
        self.left_prepared = match &self.state {
            RowState::Changing(changing)
                if !outcome.is_gone() && !is_taken_out("forget-what-stays-suspended") =>
            {
                changing.left_prepared(&self.first)
            }
            _ => Box::default(),
        };
        self.last_was_sent = matches!(&self.state, RowState::Changing(changing) if changing.last().is_some());
        if matches!(self.state, RowState::Unread { .. }) {
            self.name = None;
        }
        (self.left_to_service, self.first, self.left_out) = (None, Box::default(), Box::default());
        self.state = RowState::Settled(outcome);
    }

    /// Its changes, if one was sent, with what is done before the last of them.
    pub(super) fn changing(&mut self) -> Option<(&mut Changing, &[Preparation])> {
        match &mut self.state {
            RowState::Changing(changing) => Some((changing, &self.first)),
            _ => None,
        }
    }
}
