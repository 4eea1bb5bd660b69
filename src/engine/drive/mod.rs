//! The engine, and what it does at each step.

mod carry_out;
pub(crate) mod engine;
pub(crate) mod plan;
mod row_step;
pub(crate) mod scheduler;
mod shared;
