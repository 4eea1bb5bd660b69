//! `report.html`: the report that a person reads.
//!
//! What is said is in `report.html`; here is what it is said about, a part of the page at a time.

mod answers;
mod calendar;
mod chart;
mod outcomes;
mod render;
mod rows;
#[cfg(test)]
mod tests;

pub(crate) use answers::evidence;
pub(in crate::report) use calendar::{month_named, month_of};
pub use outcomes::{Share, shares_of};
pub(super) use render::{Groups, render};
pub(in crate::report) use render::{REPORT_STYLE, policy};

use super::{
    rows::{Shown, Tally},
    summary::Summary,
    told::ReportedRun,
};
use crate::{
    domain::{Mode, Outcome, Procedure, Reason, Sha256},
    record::Pending,
};
use answers::{Confirmation, EvidenceShare, NotableEvent, ShownApproval, ShownPlan, ShownToken};
use calendar::Calendar;
use chart::Chart;
use rows::ShownRequest;
use serde::Serialize;

/// Everything on the page but the rows.
#[derive(Serialize)]
pub(super) struct ReportPage<'a> {
    summary: &'a Summary,
    heading: &'static str,
    is_simulated: bool,
    is_plan: bool,
    state: &'a str,
    host: &'a str,
    version: &'a str,
    api_url: &'a str,
    reason: Option<&'a str>,
    duration: Option<String>,
    allowed: Vec<&'static str>,
    protected: usize,
    token: Option<ShownToken<'a>>,
    plan: Option<ShownPlan>,
    approved: Option<ShownApproval<'a>>,
    confirmed: Option<Confirmation<'a>>,
    confirmed_before: Vec<Confirmation<'a>>,
    events: Vec<NotableEvent>,
    outcomes: Vec<Share>,
    /// What a customer is for whom the run did what it is for: `removed`,
    done: &'static str,
    /// and one for whom nothing was left to do.
    already: &'static str,
    by_the_run: u32,
    before: u32,
    unknown: u32,
    evidence: Vec<EvidenceShare>,
    provisional: u32,
    pending: Vec<Open>,
    retry: u32,
    /// What stays of delegated administration, if anybody can have gone without it.
    admin_left: Option<String>,
    reasons: Vec<ReasonCount>,
    transfers_not_read: Option<String>,
    /// Indirect resellers, each with how many of its customers the run did what it is for.
    resellers: Vec<(String, u32)>,
    calendar: Option<Calendar<'a>>,
    chart: Option<Chart>,
    /// Requests that belong to no row.
    of_the_run: Vec<ShownRequest>,
    files: Vec<(&'a str, String)>,
    /// How the list was read.
    list: Option<ReadingInWords>,
}

/// How the list was read, in words.
#[derive(Serialize)]
struct ReadingInWords {
    compared: String,
    warnings: Vec<String>,
}

/// Rows without an outcome, for whoever asks whether it really happened.
#[derive(Serialize)]
struct Open {
    words: &'static str,
    count: u32,
}

impl Open {
    fn of((pending, count): (Pending, u32)) -> Self {
        Self { words: pending.in_words(), count }
    }
}

#[derive(Serialize)]
struct ReasonCount {
    name: &'static str,
    advice: &'static str,
    count: u32,
}

impl<'a> ReportPage<'a> {
    pub(super) fn of(
        told: &'a ReportedRun,
        tally: &'a Tally,
        summary: &'a Summary,
        beside: &[(&'a str, Sha256)],
    ) -> Self {
        let run = &told.run;
        let opened = &run.opened;
        let (confirmed, confirmed_before) = match run.confirmed.split_last() {
            Some((last, before)) => (Some(last), before),
            None => (None, &[][..]),
        };
        let count = |outcome| tally.counts.get(&outcome).copied().unwrap_or_default();
        Self {
            summary,
            heading: opened.procedure.facts().heading,
            is_simulated: opened.mode.is_simulated(),
            is_plan: opened.mode == Mode::Plan || !opened.changes,
            state: told.state.as_str(),
            host: &opened.host,
            version: &opened.version,
            api_url: &opened.api_url,
            reason: opened.reason.as_deref(),
            duration: run.finished_at().map(|end| in_words(end.since(run.started_at).as_secs())),
            allowed: opened.policy.allow.iter().map(|reason| reason.as_str()).collect(),
            protected: opened.policy.protected.len(),
            token: run.tokens.last().map(ShownToken::of),
            plan: run.plan.as_ref().map(ShownPlan::of),
            approved: run.approved.as_ref().map(|(at, approved)| ShownApproval::of(*at, approved, opened)),
            confirmed: confirmed.map(|(_, at, yes)| Confirmation::of(*at, yes)),
            confirmed_before: confirmed_before
                .iter()
                .map(|(_, at, yes)| Confirmation::of(*at, yes))
                .collect(),
            events: answers::events(told, tally),
            outcomes: shares_of(&tally.shown, tally.totals.rows),
            done: opened.procedure.facts().done.words,
            already: opened.procedure.facts().already.words,
            by_the_run: count(Outcome::Done(opened.procedure)),
            before: count(Outcome::AlreadyDone(opened.procedure)),
            unknown: tally.shown.get(&Shown::Outcome(Outcome::Unknown)).copied().unwrap_or_default(),
            evidence: answers::evidence(&tally.totals),
            provisional: tally.provisional,
            pending: tally
                .pending()
                .into_iter()
                .filter(|(pending, _)| *pending != Pending::NotBegun)
                .map(Open::of)
                .collect(),
            retry: tally.retry,
            admin_left: opened
                .procedure
                .leaves_delegated_admin()
                .then(|| tally.admin_left.in_words(Procedure::FOR_DELEGATED_ADMIN.as_str())),
            reasons: reasons(tally),
            transfers_not_read: tally.transfers_not_read.in_words(),
            resellers: tally
                .resellers
                .counted()
                .into_iter()
                .map(|(reseller, count)| (reseller.to_string(), count))
                .collect(),
            // Whoever takes a schedule back does not want to know how to make one.
            calendar: Calendar::of(tally).filter(|_| opened.procedure.facts().takes_back.is_none()),
            chart: Chart::of(told),
            of_the_run: run.requests.iter().map(ShownRequest::of).collect(),
            files: beside.iter().map(|(name, sha256)| (*name, sha256.to_string())).collect(),
            list: opened
                .input
                .reading
                .as_ref()
                .map(|reading| ReadingInWords { compared: reading.compared(), warnings: reading.warnings() }),
        }
    }
}

/// The reasons, the most frequent first.
fn reasons(tally: &Tally) -> Vec<ReasonCount> {
    let why = |(reason, count): (&Reason, &u32)| ReasonCount {
        name: reason.as_str(),
        advice: reason.advice(),
        count: *count,
    };
    let mut reasons: Vec<_> = tally.reasons.iter().map(why).collect();
    reasons.sort_by_key(|why| std::cmp::Reverse(why.count));
    reasons
}

/// A time in words: `2 min 5 s`.
pub fn in_words(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod words {
    use super::in_words;

    #[test]
    fn times_are_written_as_people_read_them() {
        assert_eq!([5, 125, 7260].map(in_words), ["5 s", "2 min 5 s", "2 h 1 min"]);
    }
}
