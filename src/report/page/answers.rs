//! The reviewer's questions: who said yes, and did it really happen.

use super::super::{approver::signed_by, rows::Tally, told::ReportedRun};
use crate::{
    audit,
    domain::{Evidence, Time, counted},
    record::{Approved, Confirmed, How, PlanStory, Resolved, RunOpened, RunTotals, TokenNamed},
};
use serde::Serialize;

#[derive(Serialize)]
pub(super) struct ShownToken<'a> {
    user: Option<&'a str>,
    source: &'a str,
}

impl<'a> ShownToken<'a> {
    pub(super) fn of(token: &'a TokenNamed) -> Self {
        Self { user: token.user.as_deref(), source: &token.source }
    }
}

#[derive(Serialize)]
pub(super) struct ShownPlan {
    digest: String,
    ready: u32,
    at: String,
}

impl ShownPlan {
    pub(super) fn of(plan: &PlanStory) -> Self {
        Self { digest: plan.sealed.digest.to_string(), ready: plan.sealed.ready, at: plan.at.to_string() }
    }
}

/// What was signed with another key.
#[derive(Serialize)]
pub(super) struct ShownApproval<'a> {
    key: &'a str,
    digest: String,
    /// When it was signed, by the approver's clock; when it came into the log, if it does not say.
    at: String,
    /// Who signed and where, as far as is known.
    by: String,
    note: &'a str,
}

impl<'a> ShownApproval<'a> {
    pub(super) fn of(recorded_at: Time, approved: &'a Approved, opened: &RunOpened) -> Self {
        let signed_at = audit::Approval::of_record(approved).map(|approval| approval.statement.at);
        Self {
            key: &approved.approver,
            digest: approved.digest.to_string(),
            at: signed_at.unwrap_or(recorded_at).to_string(),
            by: signed_by(approved, Some(opened)),
            note: &approved.note,
        }
    }
}

#[derive(Serialize)]
pub(super) struct Confirmation<'a> {
    by: &'a str,
    at: String,
    was_typed: bool,
    digest: String,
}

impl<'a> Confirmation<'a> {
    pub(super) fn of(at: Time, yes: &'a Confirmed) -> Self {
        Self {
            by: &yes.by,
            at: at.to_string(),
            was_typed: yes.how == How::Typed,
            digest: yes.digest.to_string(),
        }
    }
}

/// How many customers for whom the run did what it is for are as sure as this.
#[derive(Serialize)]
pub(crate) struct EvidenceShare {
    pub(crate) words: &'static str,
    pub(crate) meaning: &'static str,
    pub(crate) count: u32,
}

/// How many are how sure, the surest first.
pub(crate) fn evidence(totals: &RunTotals) -> Vec<EvidenceShare> {
    let kinds = [
        (Some(Evidence::Corroborated), "corroborated", "Partner Center’s own activity record says so too."),
        (Some(Evidence::Observed), "observed", "a later read shows it."),
        (Some(Evidence::Accepted), "accepted", "the service answered so; no later read has shown it."),
        (None, "by a person’s word", "the program could not tell; a person looked, and said so."),
    ];
    let found = kinds.into_iter().filter_map(|(evidence, words, meaning)| {
        let count = *totals.evidence.get(&evidence)?;
        Some(EvidenceShare { words, meaning, count })
    });
    found.collect()
}

#[derive(Serialize)]
pub(super) struct NotableEvent {
    at: String,
    text: String,
}

/// The moments between the beginning and the end that a reviewer asks about.
pub(super) fn events(told: &ReportedRun, tally: &Tally) -> Vec<NotableEvent> {
    let run = &told.run;
    let stopped = run.stopped.iter().map(|(at, stopped)| (*at, format!("stopped: {}", stopped.text)));
    let resumed = run.resumed().map(|(_, at, _)| (at, "resumed".to_owned()));
    let resolved = tally.resolved.iter().map(|(at, resolved)| {
        let Resolved { row, outcome, by, because, .. } = resolved;
        (*at, format!("row {row} was resolved as {} by {by}: {because}", outcome.in_words()))
    });
    let reconciled = run.reconciled.iter().map(|(at, found)| {
        let open = found.missing.len() + found.not_yet.len() + found.unknown.len();
        let text = format!(
            "compared with Partner Center's own record of activity by {}: {} in both, {open} not, and {} there \
             claimed by nobody",
            found.by,
            counted(found.corroborated, "row"),
            counted(found.unclaimed.len(), "removal")
        );
        (*at, text)
    });
    let applied = run.opened.applies.iter().map(|plan| {
        (run.started_at, format!("carries out the plan of run {}, digest {}", plan.run, plan.digest))
    });
    let newer = (tally.newer > 0).then(|| {
        let text = format!(
            "records of a newer program are in it: what they say of {} of its rows is not told here, and the numbers are \
             not all; look with that program",
            tally.newer
        );
        (run.started_at, text)
    });
    let mut events: Vec<_> =
        applied.chain(newer).chain(stopped).chain(resumed).chain(resolved).chain(reconciled).collect();
    events.sort_by_key(|(at, _)| *at);
    events.into_iter().map(|(at, text)| NotableEvent { at: at.to_string(), text }).collect()
}
