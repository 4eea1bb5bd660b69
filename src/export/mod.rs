//! A log as tables: Parquet files that a warehouse reads, and that prove themselves where the log is not at hand.
//!
//! ```text
//!  DIR/MANIFEST-<log>                                    every file's digest, the head, signed with the log's key
//!  DIR/log=<log>/{requests,records}.parquet              what belongs to no run, and the leaf of what was not exported
//!  DIR/partner=<tenant>/run=<id>/{runs,customers,effects,requests,records}.parquet
//!
//!  log ──[write]──▶ draft ──▶ pending ──[place]──▶ DIR ──[check]──▶ excerpt ──▶ tree, heads, history, tables
//! ```
//!
//! `records.parquet` is the truth: the bytes of the records, from which the log's tree is built again. The other tables
//! follow from it, and [`verify_export`] makes them again and compares. Where a run was left out, its records are there as
//! leaves, so the tree is the log's own whatever was exported. Several logs make one data set in one folder, each with a
//! manifest of its own; a run is in it once.
//!
//! An export appears whole or not at all: it is written under another name (`folder.rs`), and one renaming decides;
//! whoever is killed after that leaves what the next export puts in place. Nothing here decides what is recorded, and
//! nothing is written to a log: that it was exported is put on record by the command line.
//!
//! Beside it, a log is told as lines, each an [event](write_events), for a security team's tools. These prove nothing by
//! themselves: whoever doubts them asks for the tables, or for the log.

mod check;
mod columns;
mod compare;
mod decode;
mod error;
mod events;
mod folder;
mod line;
mod ocsf;
mod outside;
mod table;
mod tables;
mod write;

pub use check::{ExportCheck, ExportedLog, verify_export};
pub use columns::{ColumnText, TableText, table_texts};
pub use decode::is_decoding;
pub use error::ExportError;
pub use events::{EventForm, WrittenEvents, write_events};
pub use ocsf::SCHEMA as OCSF_SCHEMA;
pub use write::{BegunExport, Export, ExportSummary, WrittenExport};
