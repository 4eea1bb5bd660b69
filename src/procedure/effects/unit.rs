//! What an effect has to say.

use super::ending::{EndedChange, RowVerdict};
use crate::{
    domain::{Effect, Lookup, Preparation, Reason, TenantId, Time},
    partner_center::{request::Request, response::Incoming},
    record::{Observation, Policy},
};
use std::time::Duration;

/// Whom, and what of theirs, an effect is done to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) customer: TenantId,
    /// The ID of the order or the subscription; empty if it is done to the customer itself.
    pub(crate) id: &'a str,
    /// What the plan says of it, if it is not done to the customer itself.
    pub(crate) planned: Option<&'a Preparation>,
    /// Whether the change was never sent before.
    pub(crate) is_first: bool,
    /// What time it is.
    pub(crate) now: Time,
}

/// The request of a change.
pub(crate) enum Prepare {
    Ready(Request),
    /// It is made from what this shows just before it is sent.
    Fresh {
        lookup: Lookup,
        request: Request,
        /// Whether the answer is what was asked for.
        understands: fn(&Incoming) -> bool,
        make: fn(&Incoming, &Target<'_>) -> Result<Request, Instead>,
    },
}

/// Why a change is not sent.
#[derive(Clone, Debug)]
pub(crate) enum Instead {
    /// It is so already.
    IsDone,
    Because {
        reason: Reason,
        why: String,
    },
}

impl Instead {
    pub(crate) fn because(reason: Reason, why: impl Into<String>) -> Self {
        Self::Because { reason, why: why.into() }
    }
}

/// A look whether a change is done.
pub(crate) struct Look {
    pub(crate) lookup: Lookup,
    pub(crate) request: Request,
    /// None if the answer is not what was asked for.
    pub(crate) see: fn(&Incoming, &Target<'_>) -> Option<Sight>,
}

/// What a look shows.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    pub(crate) seen: Observation,
    /// To which other end it came.
    pub(crate) instead: Option<Reason>,
    pub(crate) detail: String,
}

impl Sight {
    pub(crate) fn not_told(detail: impl Into<String>) -> Self {
        Self { seen: Observation::NotTold, instead: None, detail: detail.into() }
    }
}

/// All that tells one effect from another, but for its words and for what the fold knows of it.
pub(crate) trait EffectUnit: Sync {
    fn effect(&self) -> Effect;

    fn prepare(&self, target: &Target<'_>) -> Prepare;

    /// Whether the body of a 2xx says what was expected.
    fn understands(&self, answer: &Incoming) -> bool;

    /// How it is looked whether it is done, if there is anything to look at. `in_doubt`: what became of it is not known.
    fn look(&self, target: &Target<'_>, in_doubt: bool) -> Option<Look>;

    /// How long it may take to be seen done, once it was accepted.
    fn patience(&self, policy: &Policy) -> Duration {
        policy.settle()
    }

    /// How the customer's row ends because this has come to its end.
    fn ended(&self, ending: &EndedChange<'_>) -> RowVerdict {
        ending.of_preparation()
    }

    /// Whether many are seen at once in one listing of all customers.
    fn is_seen_in_listing(&self) -> bool {
        false
    }

    /// How many requests it takes, the look included: for the forecast.
    fn cost(&self) -> f64 {
        2.0
    }
}
