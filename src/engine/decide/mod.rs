//! What is next: pure functions over the fold of the records.

pub(crate) mod attempts;
pub(crate) mod bulk;
pub(crate) mod forecast;
pub(crate) mod guards;
pub(crate) mod reconcile;
pub(crate) mod retry;
pub(crate) mod reversal;
pub(crate) mod sequence;
pub(crate) mod settlement;
pub(crate) mod step;
