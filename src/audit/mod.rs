//! The audit log on disk: the only state there is.
//!
//! [`Store`] is the one writing connection to the file; [`Writer`] is its asynchronous front, which
//! answers a caller only after COMMIT and never before; [`Reader`] asks questions of a log without
//! being able to change it. What the tables and views are is in `schema.sql`.
//!
//! The engine writes through the `Writer`, and the reports and the command line read through the
//! `Reader`. This room never decides what is recorded, never talks to a network, and never goes on
//! after an error: the first one is final.

mod lines;
mod place;
mod query;
mod reserve;
mod store;
mod writer;

pub use lines::{CustomerLine, RequestLine, RowCells, RunLine};
pub use query::{NoSuchRun, QueryError, Reader, RequestFilter};
pub use store::{Entry, Salt, Store, StoreError};
pub use writer::{Observer, WriteError, Writer};
