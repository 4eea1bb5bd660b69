//! What can be recorded, the bytes of a record, and what records add up to.
//!
//! A run is an append-only sequence of [`Record`]s. [`canonical`] makes the bytes that are stored
//! and hashed; [`Run`] is the fold over a run's records, and its [`Run::apply`] is the only place
//! where a transition is legal. The engine asks a `Run` what to do next, resume builds one from the
//! log, and the reports and `verify` read the same records.
//!
//! This room never reads a clock, never touches a network or a disk, and never decides what should
//! happen: it says what did.

pub mod canonical;
mod change;
mod kinds;
mod state;

pub use change::{Change, ChangePhase};
pub use kinds::{
    Confirmed, Event, Exchange, Held, How, InputFile, Judged, LogOpened, NotSent, Observed, OutcomeUnknown,
    Partner, Payload, PlanSealed, Policy, Purpose, Record, RecordError, ReportWritten, RequestIntended,
    ResponseReceived, RowRead, RunOpened, RunSealed, Seen, Setting, Settled, StopCause, Stopped, TokenNamed,
};
pub use state::{Illegal, Row, RowState, Run, Stage};
