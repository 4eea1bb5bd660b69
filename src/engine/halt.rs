//! Why a run cannot go on.

use crate::{audit::WriteError, domain::is_taken_out, record::StopCause};
use tokio::task::JoinError;

/// Why the run cannot go on.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Halt {
    /// The audit log cannot be written: nothing more is sent.
    #[error("{0}")]
    Log(#[from] WriteError),
    /// What the audit log holds cannot be read: nothing is decided without it.
    #[error("{0}")]
    Unread(String),
    /// The gate was closed, because something else stops the run.
    #[error("something else stopped the run")]
    Closed,
    /// The run stops; what is on record says where.
    #[error("{text}")]
    Stop {
        /// Why.
        cause: StopCause,
        /// In words.
        text: String,
    },
}

impl Halt {
    /// A stop with this cause.
    pub(crate) fn stop(cause: StopCause, text: impl Into<String>) -> Self {
        Self::Stop { cause, text: text.into() }
    }

    /// A part of this program panicked. Where was said when it did; what it was about may quote anything, and
    /// is said nowhere.
    #[expect(clippy::needless_pass_by_value, reason = "it is given to `map_err`")]
    pub fn panicked(error: JoinError) -> Self {
        let how = if error.is_panic() { "failed" } else { "was left" };
        let what = if is_taken_out("a-panic-that-tells-all") { format!(": {error}") } else { String::new() };
        Self::stop(StopCause::Bug, format!("a part of this program {how}; please report it{what}"))
    }

    /// Keeps the first reason: that the gate was closed is none by itself.
    pub(super) fn keep_first(self, known: &mut Option<Self>) {
        if known.as_ref().is_none_or(|known| matches!(known, Self::Closed)) {
            *known = Some(self);
        }
    }

    /// Somebody asked the run to stop.
    pub fn interrupted() -> Self {
        Self::stop(StopCause::Interrupted, "the run was asked to stop")
    }
}
