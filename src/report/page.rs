//! What `report.html` says of a run as a whole.

use super::{
    facts::Facts,
    rows::{NO_EVIDENCE, Tally},
    summary::Summary,
};
use crate::{
    domain::{Mode, Outcome, Reason, Sha256},
    record::{How, Resolved},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The width of the bar, in the units of its drawing.
const BAR: u32 = 1000;

/// Everything on the page but the rows.
#[derive(Serialize)]
pub(super) struct Page<'a> {
    summary: &'a Summary,
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
    token: Option<Token<'a>>,
    plan: Option<Plan>,
    approved: Option<&'a str>,
    confirmed: Option<Yes<'a>>,
    events: Vec<Moment>,
    pub(super) outcomes: Vec<Share>,
    removed: u32,
    gone_before: u32,
    unknown: u32,
    evidence: Vec<Sureness>,
    provisional: u32,
    retry: u32,
    reasons: Vec<Why>,
    days: Vec<Day<'a>>,
    files: Vec<(&'a str, String)>,
}

#[derive(Serialize)]
struct Token<'a> {
    user: Option<&'a str>,
    source: &'a str,
}

#[derive(Serialize)]
struct Plan {
    digest: String,
    ready: u32,
    at: String,
}

#[derive(Serialize)]
struct Yes<'a> {
    by: &'a str,
    at: String,
    was_typed: bool,
    digest: String,
}

#[derive(Serialize)]
struct Moment {
    at: String,
    text: String,
}

#[derive(Serialize)]
struct Sureness {
    words: &'static str,
    meaning: &'static str,
    count: u32,
}

/// One outcome, and its piece of the bar.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are what the templates name")]
pub struct Share {
    pub name: &'static str,
    pub words: &'static str,
    pub meaning: &'static str,
    pub count: u32,
    pub percent: String,
    pub left: u32,
    pub width: u32,
}

#[derive(Serialize)]
struct Why {
    name: &'static str,
    advice: &'static str,
    count: u32,
}

#[derive(Serialize)]
struct Day<'a> {
    date: &'a str,
    count: u32,
    names: &'a [String],
    more: u32,
}

impl<'a> Page<'a> {
    pub(super) fn of(
        facts: &'a Facts,
        tally: &'a Tally,
        summary: &'a Summary,
        beside: &[(&'a str, Sha256)],
    ) -> Self {
        let opened = &facts.opened;
        let count = |outcome| tally.counts.get(&outcome).copied().unwrap_or_default();
        let mut reasons: Vec<_> = tally.reasons.iter().map(|(reason, count)| why(*reason, *count)).collect();
        reasons.sort_by_key(|why| std::cmp::Reverse(why.count));
        Self {
            summary,
            is_simulated: opened.mode.is_simulated(),
            is_plan: opened.mode == Mode::Plan || !opened.changes,
            state: &facts.state,
            host: &opened.host,
            version: &opened.version,
            api_url: &opened.api_url,
            reason: opened.reason.as_deref(),
            duration: facts.finished_at().map(|end| in_words(end.since(facts.started_at).as_secs())),
            allowed: opened.policy.allow.iter().map(|reason| reason.as_str()).collect(),
            protected: opened.policy.protected.len(),
            token: facts
                .token
                .as_ref()
                .map(|token| Token { user: token.user.as_deref(), source: &token.source }),
            plan: facts.plan.as_ref().map(|plan| Plan {
                digest: plan.sealed.digest.to_string(),
                ready: plan.sealed.ready,
                at: plan.at.to_string(),
            }),
            approved: facts.approved.as_ref().map(|(_, approved)| approved.approver.as_str()),
            confirmed: facts.confirmed.as_ref().map(|(at, yes)| Yes {
                by: &yes.by,
                at: at.to_string(),
                was_typed: yes.how == How::Typed,
                digest: yes.digest.to_string(),
            }),
            events: events(facts),
            outcomes: shares_of(&tally.counts, tally.rows),
            removed: count(Outcome::Removed) + count(Outcome::Deleted),
            gone_before: count(Outcome::AlreadyRemoved) + count(Outcome::AlreadyDeleted),
            unknown: count(Outcome::Unknown),
            evidence: evidence(tally),
            provisional: tally.provisional,
            retry: tally.retry,
            reasons,
            days: tally
                .days
                .iter()
                .map(|(name, day)| Day {
                    date: name,
                    count: day.count,
                    names: &day.names,
                    more: day.count.saturating_sub(u32::try_from(day.names.len()).unwrap_or(u32::MAX)),
                })
                .collect(),
            files: beside.iter().map(|(name, sha256)| (*name, sha256.to_string())).collect(),
        }
    }
}

/// How many removals are how sure, the surest first.
fn evidence(tally: &Tally) -> Vec<Sureness> {
    let kinds = [
        ("corroborated", "corroborated", "Partner Center’s own activity record says so too."),
        ("observed", "observed", "a later read no longer shows the relationship."),
        ("accepted", "accepted", "the service answered so; no later read has shown it."),
        (NO_EVIDENCE, "by a person’s word", "the program could not tell; a person looked, and said so."),
    ];
    let found = kinds.into_iter().filter_map(|(name, words, meaning)| {
        let count = *tally.evidence.get(name)?;
        Some(Sureness { words, meaning, count })
    });
    found.collect()
}

fn why(reason: Reason, count: u32) -> Why {
    Why { name: reason.as_str(), advice: reason.advice(), count }
}

/// The moments between the beginning and the end that a reviewer asks about.
fn events(facts: &Facts) -> Vec<Moment> {
    let stopped = facts.stopped.iter().map(|(at, stopped)| (*at, format!("stopped: {}", stopped.text)));
    let resumed = facts.resumed.iter().map(|at| (*at, "resumed".to_owned()));
    let resolved = facts.resolved.values().map(|(at, resolved)| {
        let Resolved { row, outcome, by, because, .. } = resolved;
        (*at, format!("row {row} was resolved as {} by {by}: {because}", outcome.in_words()))
    });
    let reconciled = facts.reconciled.iter().map(|(at, found)| {
        let open = found.missing.len() + found.not_yet.len() + found.unknown.len();
        let text = format!(
            "compared with Partner Center's own record of activity by {}: {} rows are in both, {open} are not, and {} \
             removals there are claimed by nobody",
            found.by,
            found.corroborated,
            found.unclaimed.len()
        );
        (*at, text)
    });
    let applied = facts.opened.applies.iter().map(|plan| {
        (facts.started_at, format!("carries out the plan of run {}, digest {}", plan.run, plan.digest))
    });
    let mut events: Vec<_> =
        applied.chain(stopped).chain(resumed).chain(resolved).chain(reconciled).collect();
    events.sort_by_key(|(at, _)| *at);
    events.into_iter().map(|(at, text)| Moment { at: at.to_string(), text }).collect()
}

/// Each outcome that occurred. A piece of the bar is never too thin to be seen.
pub fn shares_of(counts: &BTreeMap<Outcome, u32>, all: u32) -> Vec<Share> {
    const THINNEST: u64 = 6;
    let counts = Outcome::ALL.into_iter().filter_map(|outcome| Some((outcome, *counts.get(&outcome)?)));
    let rows = u64::from(all.max(1));
    let width = |count: u32| (u64::from(count) * u64::from(BAR) / rows).max(THINNEST);
    let whole: u64 = counts.clone().map(|(_, count)| width(count)).sum::<u64>().max(1);
    let scaled = |units: u64| u32::try_from(units * u64::from(BAR) / whole).unwrap_or(BAR);
    let mut end = 0;
    counts
        .map(|(outcome, count)| {
            let left = scaled(end);
            end += width(count);
            Share {
                name: outcome.as_str(),
                words: outcome.in_words(),
                meaning: meaning(outcome),
                count,
                percent: percent(count, all),
                left,
                width: scaled(end) - left,
            }
        })
        .collect()
}

/// The share in whole percent; what is there is never nothing, and what is missing is never all.
fn percent(count: u32, rows: u32) -> String {
    let (count, rows) = (u64::from(count), u64::from(rows.max(1)));
    match (200 * count + rows) / (2 * rows) {
        0 => "< 1".to_owned(),
        100 if count < rows => "> 99".to_owned(),
        percent => percent.to_string(),
    }
}

/// What an outcome means, in a sentence or two.
pub const fn meaning(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Removed => "This run ended the reseller relationship.",
        Outcome::Deleted => "This run deleted the sandbox customer.",
        Outcome::AlreadyRemoved => "The relationship was gone before this run.",
        Outcome::AlreadyDeleted => "The sandbox customer was gone before this run.",
        Outcome::Ready => "Nothing stands in the way. Nothing was changed.",
        Outcome::Skipped => "A precondition or a guard said no. Nothing was changed.",
        Outcome::Failed => "The service said no, or did not answer. Nothing was changed.",
        Outcome::Unknown => {
            "A change was sent, and what became of it could not be found out. A person must look."
        }
        Outcome::NotAttempted => "The run stopped before its turn. Nothing was changed.",
        Outcome::Rejected => "The row itself is not valid. Nothing was sent.",
    }
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
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_read_them() {
        assert_eq!([5, 125, 7260].map(in_words), ["5 s", "2 min 5 s", "2 h 1 min"]);
        assert_eq!([1, 500, 999, 1000].map(|n| percent(n, 1000)), ["< 1", "50", "> 99", "100"]);
    }

    #[test]
    fn the_bar_is_filled_and_every_piece_can_be_seen() {
        let counts =
            BTreeMap::from([(Outcome::Removed, 99_990), (Outcome::Failed, 7), (Outcome::Unknown, 3)]);
        let shares = shares_of(&counts, 100_000);
        assert_eq!(shares.iter().map(|share| share.width).sum::<u32>(), BAR);
        assert!(shares.iter().all(|share| share.width >= 5));
    }
}
