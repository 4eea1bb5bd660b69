//! How the program ends.

use std::process::{ExitCode, Termination};

/// The exit codes, which the README lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done: every row ended as removed or was so already; for commands that only read: fine.
    Done = 0,
    /// A bug in this program.
    Bug = 1,
    /// Usage, configuration or input not acceptable; nothing was sent to change anything.
    Usage = 2,
    /// Finished, but some rows were skipped, failed, unknown or not attempted.
    Unfinished = 3,
    /// A guard refused or stopped it, or it was not confirmed.
    Guard = 4,
    /// Sign-in or permission.
    SignIn = 5,
    /// The audit log cannot be opened, written or locked: nothing more was sent.
    AuditLog = 6,
    /// `verify`: altered or cut.
    Altered = 7,
    /// `verify`: consistent, but the end cannot be proved.
    EndUnproved = 8,
    /// Interrupted; `offboard resume` goes on.
    Interrupted = 130,
}

impl Exit {
    /// The exit with this number; a bug if there is none.
    pub fn from_code(code: u8) -> Self {
        let all = [
            Self::Done,
            Self::Usage,
            Self::Unfinished,
            Self::Guard,
            Self::SignIn,
            Self::AuditLog,
            Self::Altered,
            Self::EndUnproved,
            Self::Interrupted,
        ];
        all.into_iter().find(|exit| exit.code() == code).unwrap_or(Self::Bug)
    }

    /// The number.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_exit_has_its_number_and_any_other_is_a_bug() {
        let known = [0, 1, 2, 3, 4, 5, 6, 7, 8, 130];
        for code in 0..=u8::MAX {
            let expected = if known.contains(&code) { code } else { Exit::Bug.code() };
            assert_eq!(Exit::from_code(code).code(), expected);
            assert_eq!(Exit::from_code(code).report(), ExitCode::from(expected));
        }
        assert_eq!((Exit::Done.code(), Exit::Bug.code(), Exit::Interrupted.code()), (0, 1, 130));
    }
}
