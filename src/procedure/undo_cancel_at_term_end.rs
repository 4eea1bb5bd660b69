//! Gives each subscription that a run of `cancel-at-term-end` scheduled to end back what it was set to do before, if it is
//! still as that run left it. What somebody has changed since then is left alone.

use super::unit::{Given, KnownSoFar, Need, ProcedureUnit, TakenBack, ToTakeBack};
use crate::{
    domain::{Cause, Effect, Finding, Preparation, Procedure, Reason, Term, TermEndSettings, is_taken_out},
    partner_center::model::{self, Subscription},
    preconditions::{Facts, Judgement, judge_identity, set_to_happen},
};
use std::collections::BTreeMap;

pub(super) struct UndoCancelAtTermEnd;

impl ProcedureUnit for UndoCancelAtTermEnd {
    fn procedure(&self) -> Procedure {
        Procedure::UndoCancelAtTermEnd
    }

    fn needs(&self, known: KnownSoFar<'_>) -> Need {
        if known.has_subscriptions { Need::Nothing } else { Need::Subscriptions }
    }

    /// What that run's plan said of the subscription, and what was read of it just before it was changed.
    fn takes_back(&self, taken: &TakenBack<'_>) -> Option<Preparation> {
        let read: Subscription = model::read(taken.read).ok()?;
        let before = set_to_happen(&read, taken.read_at)?;
        let term = taken.planned.term.as_deref()?;
        Some(Preparation {
            what: Effect::RestoreRenewal,
            term: Some(Box::new(Term {
                planned_over: taken.became_other.then(TermEndSettings::extended),
                restored: Some(before.settings),
                ..term.clone()
            })),
            ..taken.planned.clone()
        })
    }

    fn judge(&self, given: &Given<'_>) -> (Judgement, Vec<Preparation>) {
        let mut judgement = judge_identity(given.facts, given.listed);
        let mut left_out: BTreeMap<Reason, Vec<_>> = BTreeMap::new();
        let mut all = Vec::new();
        if given.taken_back.is_none() {
            judgement.findings.push(Finding::new(Reason::NotInThatRun, Vec::new()));
        }
        for one in given.taken_back.unwrap_or_default() {
            match found(one, given.facts) {
                SinceThatRun::AsBefore => {}
                SinceThatRun::ToRestore => all.push(one.by.clone()),
                SinceThatRun::LeftOut(reason, detail) => {
                    let (what, id) = (one.by.words().thing.to_owned(), Some(one.by.id.clone()));
                    let cause = Cause { what, id, name: one.by.name.clone(), detail };
                    left_out.entry(reason).or_default().push(cause);
                }
            }
        }
        let left_out = left_out.into_iter().map(|(reason, causes)| Finding::new(reason, causes));
        judgement.left_out.extend(left_out);
        (judgement, all)
    }
}

/// How what that run scheduled is found.
enum SinceThatRun {
    /// It is set to what it was before.
    AsBefore,
    /// It is as that run left it.
    ToRestore,
    LeftOut(Reason, String),
}

fn found(one: &ToTakeBack, facts: &Facts) -> SinceThatRun {
    let ToTakeBack { by, changed_by } = one;
    let same = |found: &&Subscription| found.id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(&by.id));
    let found = facts.subscriptions.iter().find(same);
    let set = found.and_then(|found| set_to_happen(found, facts.now));
    let changed = |how: String| SinceThatRun::LeftOut(Reason::ChangedSincePlan, how);
    let Some(term) = by.term.as_deref() else { return SinceThatRun::AsBefore };
    match (set, changed_by) {
        (Some(set), _) if term.restored.as_ref() == Some(&set.settings) => SinceThatRun::AsBefore,
        (Some(_), Some(run)) => changed(format!("changed since that run, by run {run}")),
        (Some(set), None) if set.is_as_left(term) || is_taken_out("restore-whatever-is-set-now") => {
            if set.is_too_close {
                SinceThatRun::LeftOut(Reason::TermEndTooClose, format!("last day {}", term.last_day))
            } else {
                SinceThatRun::ToRestore
            }
        }
        (Some(set), None) => changed(format!("changed since that run, now: {}", set.settings.in_words())),
        (None, _) => changed("over, or not there any more, since that run".to_owned()),
    }
}
