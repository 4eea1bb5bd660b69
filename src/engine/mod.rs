//! The moving part: it carries a run from its list to its seal.
//!
//! What to do next is decided by pure functions over the fold of the records: [`look`] what must
//! still be read of a customer, [`remove_relationship`] what becomes of its change, [`retry`] when a
//! read is tried again, [`guards`] what may not happen at all. The [`Courier`] carries out one
//! request: it takes a slot from the pacer, records the intent, **waits until it is on disk**,
//! sends, and records the answer. The [`Engine`] asks, carries out, and asks again.
//!
//! The command line calls this room. It never prints, never reads the log (the fold is its memory),
//! and never sends a request that is not on record.

mod courier;
mod dispatch;
pub mod guards;
mod look;
mod pacer;
mod ports;
mod reading;
mod remove_relationship;
mod retry;
mod run;
mod settle;
mod survey;

pub use courier::{Courier, Halt};
pub use pacer::PaceNow;
pub use ports::{Clock, Ids};
pub use run::{Ended, Engine, Ports, Start, Watch};
