//! The audit log on disk: the only state there is.
//!
//! [`Store`] is the one writing connection to the file; [`Writer`] is its asynchronous front, which
//! answers a caller only after COMMIT and never before; [`Reader`] asks questions of a log without
//! being able to change it. What the tables and views are is in `schema.sql`.
//!
//! The records are the leaves of a Merkle tree ([`tree`]), of which only the right edge is kept; its
//! signed heads ([`checkpoint`], [`heads`]) are made by the store with the operator's key ([`keys`]). A second
//! person's [`approval`] of a plan is signed in the same way, with a key of their own. That a single record
//! stands in the tree of a head is shown without the others by [`inclusion`].
//!
//! The engine writes through the `Writer`, and the reports and the command line read through the
//! `Reader`. This room never decides what is recorded, never talks to a network, and never goes on
//! after an error: the first one is final.

mod approval;
mod by_mail;
mod ceiling;
mod checkpoint;
mod checkpoint_file;
mod error;
mod excerpt;
mod export;
mod format;
mod heads;
mod inclusion;
mod index;
mod keys;
mod lines;
mod log_paths;
mod manifest;
mod opening;
mod query;
mod reserve;
mod send_stop;
mod snapshot;
mod store;
#[cfg(test)]
mod tests;
mod tree;
pub mod verify;
mod views;
mod write_ahead;
mod writer;

pub use crate::platform::UnsafePlace;
pub use approval::{Approval, BadApproval, SignedBy, Statement};
pub use error::{CannotLook, StoreError};
pub use excerpt::{Excerpt, ExcerptDraft};
pub use export::Copied;
pub use format::{Difference, Later};
pub use inclusion::{Head, InclusionProof, Leaf, Prover};
pub use index::{CustomerFilter, Index, IndexedRow, IndexedRun, Mention};
#[cfg(test)]
pub(crate) use keys::tests::key as test_key;
pub use keys::{KeyError, NotAKey, SigningKey, VerifyingKey, key_name};
pub use lines::{RequestLine, RunLine};
pub use log_paths::names_a_file;
pub use manifest::{BadManifest, ExportedFile, ExportedRun, Manifest, SignedManifest};
pub use opening::sqlite_version;
#[cfg(test)]
pub(crate) use query::questions;
pub use query::{
    Attached, ChangedByRun, Listener, NoSuchRun, QueryError, Reader, RecordBytes, RequestFilter, RunExtent,
    StoredRecord, Survey,
};
pub use send_stop::{SendStop, stop_file};
pub use snapshot::{Snapshot, discard_copies};
pub use store::{Entry, Salt, Store};
pub use writer::{Observer, WriteError, Writer};
