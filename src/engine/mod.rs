//! The moving part: it carries a run from its list to its seal.
//!
//! The rooms in here stand on each other:
//!
//! * `decide`: what is next. Pure functions over the fold of the records: what is done for a customer and in what order
//!   (`sequence`), what becomes of each change (`attempts`), when a read is tried again (`retry`), what may not happen
//!   at all (`guards`), how long it still takes (`forecast`). What a procedure or an effect is, `procedure` says.
//! * `send`: the one client. It takes a slot from the pacer, records the intent, **waits until it is on disk**, sends,
//!   and records the answer, all of it in `send/client.rs`.
//! * `sign_in`: tokens, renewed before they end, by one at a time; each request for one is on record as well.
//! * `observe`: what is read of the account and of its customers.
//! * `drive`: the [`Engine`], which asks, carries out, and asks again.
//!
//! A [`StandaloneSession`] makes the requests that belong to no run. [`crate::conduct`] calls this room. It never prints,
//! never reads the log (the fold is its memory), and never sends a request that is not on record.

pub(crate) mod decide;
mod drive;
mod halt;
mod observe;
mod ports;
mod send;
mod sign_in;
mod source;
mod standalone_session;

pub use crate::procedure::{TakenBack, ToTakeBack};
pub use decide::{
    forecast::{Meter, TimeLeft},
    guards::{beyond_limits, not_approved},
    reconcile::{Claim, Comparison, ListedRemoval, Ours, compare},
};
pub use drive::{
    engine::{Engine, Watch},
    plan::{Before, to_take_back},
    scheduler::WorkEnd,
};
pub use halt::Halt;
pub use observe::{partner_identification::PartnerIdentification, probe::Probed};
pub use ports::{Clock, Ids, Ports, ServicePort};
pub use send::pace::PaceNow;
pub use source::{Invite, KeepToken, PrintToken, Renewed, Source};
pub use standalone_session::{GoingOn, ListEnd, SeenById, StandaloneSession};
