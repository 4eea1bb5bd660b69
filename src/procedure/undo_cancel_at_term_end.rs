//! Gives each subscription that a run of `cancel-at-term-end` scheduled to end back what it was set to do before, if it is
//! still as that run left it. What somebody has changed since then is left alone.

use super::unit::{Given, KnownSoFar, Need, ProcedureUnit, TakenBack};
use crate::{
    domain::{Cause, Effect, Finding, Preparation, Procedure, Reason, Term, TermEndSettings, is_taken_out},
    partner_center::model::{self, Subscription},
    preconditions::{Judgement, judge_identity, set_to_happen},
};

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
        let mut all = Vec::new();
        if given.taken_back.is_none() {
            judgement.findings.push(Finding::new(Reason::NotInThatRun, Vec::new()));
        }
        for one in given.taken_back.unwrap_or_default() {
            let same = |found: &&Subscription| {
                found.id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(&one.id))
            };
            let found = given.facts.subscriptions.iter().find(same);
            let set = found.and_then(|found| set_to_happen(found, given.facts.now));
            let left_out = |reason, detail: String| {
                let what = one.words().thing.to_owned();
                let cause = Cause { what, id: Some(one.id.clone()), name: one.name.clone(), detail };
                Finding::new(reason, vec![cause])
            };
            let Some(term) = one.term.as_deref() else { continue };
            match set {
                Some(set) if term.restored.as_ref() == Some(&set.settings) => {}
                Some(set) if set.is_as_left(term) || is_taken_out("restore-whatever-is-set-now") => {
                    if set.is_too_close {
                        let detail = format!("last day {}", term.last_day);
                        judgement.left_out.push(left_out(Reason::TermEndTooClose, detail));
                    } else {
                        all.push(one.clone());
                    }
                }
                Some(set) => {
                    let detail = format!("changed since that run, now: {}", set.settings.in_words());
                    judgement.left_out.push(left_out(Reason::ChangedSincePlan, detail));
                }
                None => {
                    let detail = "over, or not there any more, since that run".to_owned();
                    judgement.left_out.push(left_out(Reason::ChangedSincePlan, detail));
                }
            }
        }
        (judgement, all)
    }
}
