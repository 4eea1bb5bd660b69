//! What can be recorded, the bytes of a record, and what records add up to.
//!
//! A run is an append-only sequence of [`Record`]s. [`canonical`] makes the bytes that are stored
//! and hashed; [`Run`] is the fold over a run's records, and its [`Run::apply`] is the only place
//! where a transition is legal: the engine asks a `Run` what to do next, and resume and `verify` build
//! one from the log. [`RunStory`] and [`CustomerStory`] do not ask what is legal: they tell people what
//! happened. Both have the life of a [`Change`], and the table of kinds.
//!
//! This room never reads a clock, never touches a network or a disk, and never decides what should
//! happen: it says what did.

mod about;
mod became;
pub mod canonical;
mod change;
mod changing;
mod corroboration;
mod decided;
mod decisions;
mod endings;
mod failure_history;
mod kinds;
mod lines;
mod opening;
mod payload;
mod refresh;
mod requests;
mod reseller;
mod row;
mod run;
#[cfg(test)]
pub(crate) mod samples;
mod story;
mod waves;

pub use about::About;
pub use became::{ByAPerson, EffectStory, Effects, Pending, RowEnd, Stands, became, still_to_tell};
pub use change::{Change, ChangePhase, Looks};
pub use changing::Changing;
pub use corroboration::{Activity, Corroborated, Reconciled};
pub use decided::plan_digest;
pub use decisions::{
    Approved, Confirmed, How, Judged, Needed, Observation, Observed, PlanSealed, TransfersNotRead,
};
pub use endings::{
    LogExported, LogVerified, ReportWritten, Resolved, RunSealed, Settled, StopCause, Stopped, UndoDecided,
};
pub use failure_history::{FailureHistory, REMEMBERED};
pub use kinds::{Event, InCertificate, Kind, Newer, Record, RecordError, RecordLabel, Scope, sql_list};
pub use lines::{Line, Tone};
pub use opening::{
    Applies, CustomersProtected, InputFile, KeyIntroduced, LogOpened, ORDER_TIMEOUT, Partner, Policy,
    RowRead, Rules, RunOpened, Setting, TokenNamed,
};
pub use payload::Payload;
pub use refresh::{CustomerRefreshed, ProgrammeRefreshed};
pub use requests::{Exchange, Held, NotSent, OutcomeUnknown, RequestIntended, ResponseReceived};
pub use reseller::{CustomersOfResellers, IndirectReseller};
pub use row::{Row, RowState};
pub use run::{Illegal, Run, Stage};
pub use story::{
    CUSTOMER_COLUMNS, Column, ColumnType, CustomerStory, Ended, LastWord, Mark, PlanStory, RequestStory,
    Requests, RunCourse, RunState, RunStory, RunTotals, Sent, Value, Wait, report_columns,
};
