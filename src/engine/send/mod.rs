//! The one client that sends, on record, at a pace.

pub(crate) mod client;
pub(crate) mod pace;
mod pacer;
pub(crate) mod token;
