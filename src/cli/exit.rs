//! Why a command fails, and with which exit code.

use crate::{
    audit::{CannotLook, QueryError, StoreError, WriteError},
    conduct::exit_of,
    engine::Halt,
    input::ListError,
    report::{CannotProve, LogNotRead, ReportError},
};

pub(super) use crate::domain::Exit;

/// Why a command did not do what it was asked for.
#[derive(Debug)]
pub struct Failure {
    /// How the program ends.
    pub exit: Exit,
    /// What happened, where, and what to do next.
    pub text: String,
}

impl Failure {
    /// A failure with this exit code.
    pub fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self { exit, text: text.into() }
    }

    /// Usage, configuration or input that is not acceptable.
    pub fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }
}

impl From<ListError> for Failure {
    fn from(error: ListError) -> Self {
        Self::usage(error.to_string())
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let exit = match error {
            StoreError::Canonical(_) | StoreError::CannotSign(_) => Exit::Bug,
            _ => Exit::AuditLog,
        };
        Self::new(exit, format!("{error}. Nothing was sent."))
    }
}

impl From<QueryError> for Failure {
    fn from(error: QueryError) -> Self {
        let exit = match &error {
            QueryError::Run(_) => Exit::Usage,
            _ => Exit::AuditLog,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<LogNotRead> for Failure {
    fn from(error: LogNotRead) -> Self {
        let text = error.to_string();
        Self { text, ..Self::from(error.source) }
    }
}

impl From<ReportError> for Failure {
    fn from(error: ReportError) -> Self {
        let exit = match error {
            ReportError::Query(error) => return error.into(),
            ReportError::Newer(_) | ReportError::Write { .. } | ReportError::HeldOpen(_) => Exit::Usage,
            ReportError::DoesNotAddUp { .. }
            | ReportError::NotAsSealed
            | ReportError::RequestsMissing { .. }
            | ReportError::Canonical(_)
            | ReportError::Template(_) => Exit::Bug,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<CannotProve> for Failure {
    fn from(error: CannotProve) -> Self {
        let exit = match error {
            CannotProve::Query(error) => return error.into(),
            CannotProve::NotNamed { .. }
            | CannotProve::RowAlone { .. }
            | CannotProve::NotCovered { .. }
            | CannotProve::ForeignHead(_) => Exit::Usage,
            CannotProve::NoHead | CannotProve::Newer(_) => Exit::EndUnproved,
            CannotProve::Altered(_) => Exit::Altered,
            CannotProve::Layout(_) => Exit::Bug,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<CannotLook> for Failure {
    fn from(error: CannotLook) -> Self {
        Self::new(Exit::AuditLog, error.to_string())
    }
}

impl From<Halt> for Failure {
    fn from(halt: Halt) -> Self {
        match halt {
            Halt::Log(WriteError::Illegal(illegal)) => Self::new(
                Exit::Bug,
                format!("{illegal}. This is a bug; nothing more was sent. Please report it."),
            ),
            Halt::Log(error) => Self::new(Exit::AuditLog, format!("{error}. Nothing more was sent.")),
            Halt::Unread(text) => Self::new(Exit::AuditLog, format!("{text}. Nothing more was sent.")),
            Halt::Stop { cause, text } => Self::new(exit_of(cause), text),
            // Whatever closed the gate has said why.
            Halt::Closed => Self::new(Exit::Guard, halt.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::NoSuchRun;
    use std::{io, path::PathBuf};

    #[test]
    fn only_a_bug_of_this_program_ends_as_one() {
        let query = |error: QueryError| ReportError::from(error);
        let write = ReportError::Write { path: PathBuf::from("x"), source: io::Error::other("full") };
        let adds_up = ReportError::DoesNotAddUp { rows: 2, counted: 1 };
        for (error, exit) in [
            (write, Exit::Usage),
            (query(QueryError::Run(NoSuchRun::Empty)), Exit::Usage),
            (query(QueryError::Missing(PathBuf::from("x"))), Exit::AuditLog),
            (adds_up, Exit::Bug),
        ] {
            assert_eq!(error.is_a_bug(), exit == Exit::Bug, "{error}");
            assert_eq!(Failure::from(error).exit, exit);
        }
        let unread = Failure::from(Halt::Unread("the audit log cannot be read".to_owned()));
        assert_eq!((unread.exit, unread.text.contains("Nothing more was sent")), (Exit::AuditLog, true));
    }
}
