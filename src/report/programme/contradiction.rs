//! What runs, or logs, say of a customer that cannot both be so now.

use super::{
    Programme, ProgrammeRun,
    known::{SaidByRun, Witness},
};
use crate::domain::{Outcome, Time};

/// What contradicts what.
#[derive(Clone, Copy, Debug)]
pub enum Contradiction<'a> {
    /// It was gone, and a run, or a refresh, found a reseller customer again after that.
    CameBack {
        /// Who says that it was gone,
        gone: RunSays<'a>,
        /// and who saw it after that.
        seen: RunSays<'a>,
        /// Whether it is known to be gone again.
        is_gone_again: bool,
    },
    /// Something was scheduled to end with its term, and goes on after it as a later plan, or a refresh, saw it.
    GoesOnAgain {
        /// Who scheduled it,
        scheduled: RunSays<'a>,
        /// and who saw that it goes on.
        seen: RunSays<'a>,
    },
    /// It is gone for one partner, and not for another.
    StaysElsewhere {
        /// Who says that it is gone,
        gone: RunSays<'a>,
        /// and for which partner.
        partner: &'a str,
    },
    /// Two logs say different things of the same run.
    LogsDiffer {
        /// The run.
        run: &'a ProgrammeRun,
        /// One log,
        one: &'a str,
        /// and the other.
        other: &'a str,
    },
    /// Two logs have it that people found out different things of the same run.
    ResolvedOtherwise {
        /// The run.
        run: &'a ProgrammeRun,
        /// What one log says,
        one: ResolvedAs<'a>,
        /// and what the other says.
        other: ResolvedAs<'a>,
    },
}

/// As what an outcome was resolved.
#[derive(Clone, Copy, Debug)]
pub struct ResolvedAs<'a> {
    /// In which log.
    pub log: &'a str,
    /// When.
    pub at: Time,
    /// As what.
    pub outcome: Outcome,
}

impl ResolvedAs<'_> {
    fn told(&self) -> String {
        format!("as {} on {} in the log {}", self.outcome.in_words(), self.at.day(), self.log)
    }
}

/// A run that says something, or a refresh, when it was so, and in which log it says it.
#[derive(Clone, Copy, Debug)]
pub struct RunSays<'a> {
    /// The run; none for a refresh.
    pub run: Option<&'a ProgrammeRun>,
    /// When it was so.
    pub at: Time,
    outcome: Option<Outcome>,
    /// The log, if there are several.
    log: Option<&'a str>,
}

impl<'a> RunSays<'a> {
    pub(super) fn of(programme: &'a Programme, said: SaidByRun) -> Option<Self> {
        Self::seen(programme, said.at, said.by, said.log)
            .map(|says| Self { outcome: Some(said.outcome), ..says })
    }

    pub(super) fn seen(programme: &'a Programme, at: Time, by: Witness, log: usize) -> Option<Self> {
        let several = programme.logs.len() > 1;
        let log = programme.logs.get(log).map(String::as_str).filter(|_| several);
        let run = match by {
            Witness::Run(run) => Some(programme.runs.get(run)?),
            Witness::Refresh => None,
        };
        Some(Self { run, at, outcome: None, log })
    }

    /// `run 20261120-… (log b.db)`.
    pub(super) fn named(&self) -> String {
        let named = self.run.map_or_else(|| "`status --refresh`".to_owned(), |run| format!("run {}", run.id));
        match self.log {
            Some(log) => format!("{named} (log {log})"),
            None => named,
        }
    }

    /// `removed by run … on 2026-11-20`.
    fn told(&self) -> String {
        let outcome = self.outcome.map_or("seen", Outcome::in_words);
        let by = if self.outcome.is_some_and(|one| !one.is_by_the_run()) { "as found by" } else { "by" };
        format!("{outcome} {by} {} on {}", self.named(), self.at.day())
    }
}

impl Contradiction<'_> {
    /// The public name: `came_back`.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::CameBack { .. } => "came_back",
            Self::GoesOnAgain { .. } => "goes_on_again",
            Self::StaysElsewhere { .. } => "stays_elsewhere",
            Self::LogsDiffer { .. } | Self::ResolvedOtherwise { .. } => "logs_differ",
        }
    }

    /// In a sentence. Names in it are somebody else's.
    pub fn in_words(&self) -> String {
        match self {
            Self::CameBack { gone, seen, is_gone_again } => {
                let now = if *is_gone_again { ", and gone again since" } else { "" };
                let (seen, day) = (seen.named(), seen.at.day());
                format!("came back: {}; {seen} found a reseller customer again on {day}{now}", gone.told())
            }
            Self::GoesOnAgain { scheduled, seen } => format!(
                "goes on again: {}; {} saw on {} that something of it goes on after its term",
                scheduled.told(),
                seen.named(),
                seen.at.day()
            ),
            Self::StaysElsewhere { gone, partner } => {
                format!(
                    "stays elsewhere: {} for the partner {partner}; for this one it is not gone",
                    gone.told()
                )
            }
            Self::LogsDiffer { run, one, other } => format!(
                "the logs {one} and {other} say different things of run {}: `offboard verify` says which of them was \
                 altered",
                run.id
            ),
            Self::ResolvedOtherwise { run, one, other } => format!(
                "what run {} did not know was resolved {}, and {}: look at the customer in Partner Center",
                run.id,
                one.told(),
                other.told()
            ),
        }
    }
}
