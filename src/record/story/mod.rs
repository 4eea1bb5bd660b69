//! What happened, for people: stories of a run and of each of its customers, told from the records.
//!
//! ```text
//!  records of no row ──▶ RunStory ─────────┐
//!  records of a row  ──▶ CustomerStory ────┼──▶ reports · certificate · review · log
//!  both, in any order ─▶ RunTotals, Sent ──┘
//! ```
//!
//! A story takes any history that was signed, whether it was legal or not, and of an older or a newer program:
//! [`Run`](super::Run) asks first whether a record may be where it is, and refuses it otherwise; a story does not ask.
//! Both have the life of a change from [`Change`](super::Change). Everything that people read is made from stories.

mod columns;
mod customer;
mod request;
mod run;
mod sent;
mod totals;
mod waits;

pub use columns::{CUSTOMER_COLUMNS, Column, ColumnType, Value, report_columns};
pub use customer::{CustomerStory, LastWord};
pub use request::{Ended, RequestStory, Requests};
pub use run::{Mark, PlanStory, RunCourse, RunState, RunStory};
pub use sent::Sent;
pub use totals::RunTotals;
pub use waits::Wait;
