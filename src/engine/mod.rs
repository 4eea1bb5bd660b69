//! The moving part: it carries a run from its list to its seal.
//!
//! What to do next is decided by pure functions over the fold of the records: [`look`] what must
//! still be read of a customer, [`sequence`] what is done for it and in what order, [`attempts`] what becomes
//! of each change, [`retry`] when a read is tried again, [`guards`] what may not happen at all, [`forecast`]
//! how long it still takes; what a procedure or an effect is, `procedure` says. The
//! [`Courier`](courier::Courier) carries out one request: it takes a slot from the pacer, records the intent, **waits until it is on disk**,
//! sends, and records the answer. The token comes from the [`Source`], is renewed before it ends, by
//! one at a time, and each request for one is on record as well. The [`Engine`] asks, carries out, and
//! asks again; a [`Visit`] makes the requests that belong to no run.
//!
//! [`crate::conduct`] calls this room. It never prints, never reads the log (the fold is its memory),
//! and never sends a request that is not on record.

mod account_refusal;
mod asking;
mod attempts;
mod courier;
mod device_code;
mod dispatch;
mod errand;
mod forecast;
pub mod guards;
mod halt;
mod introduction;
mod ledger;
mod look;
mod named;
mod pace;
mod pacer;
mod ports;
mod reading;
mod reconcile;
mod renewal;
mod retry;
mod run;
mod scheduler;
mod sequence;
mod settle;
mod sign_in;
mod snapshot;
mod step;
mod survey;
mod together;
mod token;
mod turn;
mod undo;
mod visit;

pub use forecast::{Meter, TimeLeft};
pub use guards::not_approved;
pub use halt::Halt;
pub use introduction::Introduction;
pub use pace::PaceNow;
pub use ports::{Clock, Ids, Ports};
pub use reconcile::{Claim, Comparison, Listed, Ours, compare};
pub use run::{Ended, Engine, Watch};
pub use sign_in::{Invite, KeepToken, PrintToken, Renewed, Source};
pub use visit::Visit;
