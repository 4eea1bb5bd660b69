//! Tokens: asked for on record, and renewed by one at a time.

mod asking;
mod device_code;
pub(crate) mod renewal;
