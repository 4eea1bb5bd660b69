//! What is read of the partner account and of its customers.

pub(crate) mod account_refusal;
pub(crate) mod bulk_confirmation;
pub(crate) mod customer_listing;
pub(crate) mod judge_customer;
pub(crate) mod partner_identification;
pub(crate) mod probe;
pub(crate) mod reading;
pub(crate) mod resellers;
