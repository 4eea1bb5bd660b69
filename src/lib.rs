//! offboard: ends the reseller relationship with many Partner Center customers, on record.
//!
//! ```text
//!  list ──input──▶ rows ──▶ plan
//!                            │
//!         ┌──────── engine ──▼───────────────────────────────┐
//!         │  next(state) ─▶ slot ─▶ intent ─▶ send ─▶ answer │ ◀──▶ Partner Center
//!         └─────▲─────────────────────│────────────────│─────┘
//!               │ fold                ▼ durable        ▼
//!               └──────────────── audit log ◀──────────┘
//!                                     │ fold
//!                                     ▼
//!                        progress · resume · reports · review
//! ```
//!
//! The audit log is the only state. A run is an append-only sequence of records; what a run *is*
//! at any moment is a fold over its records, and nothing is true because a variable in memory
//! says so.
//!
//! Rooms stand on floors; a room imports only from floors below its own (`tests/it/architecture.rs`
//! holds the code to it):
//!
//! 1. [`domain`]: the words of the trade · `platform`: what one operating system does differently
//! 2. [`input`]: the list · [`partner_center`]: the API as values, and the only client socket ·
//!    [`record`]: what can be recorded, and what records add up to · [`simulator`]: a Partner Center
//!    that never was
//! 3. [`preconditions`]: may this customer go · [`audit`]: the log on disk
//! 4. `procedure`: what is done to a customer, a file for each procedure and each effect · [`report`]: what
//!    people read
//! 5. [`engine`]: what is next, and the only moving part · [`review`]: the reviewer's page · [`export`]: a log as tables
//!    that prove themselves
//! 6. [`conduct`]: a run, from its list to its reports
//! 7. [`cli`]: the command line

pub mod audit;
pub mod cli;
pub mod conduct;
pub mod domain;
pub mod engine;
pub mod export;
pub mod input;
pub mod partner_center;
mod platform;
pub mod preconditions;
mod procedure;
pub mod record;
pub mod report;
pub mod review;
pub mod simulator;
