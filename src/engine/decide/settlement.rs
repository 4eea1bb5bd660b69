//! The record that closes a row.

use super::{reversal::closed, sequence::given_up, step::ChangeKind};
use crate::{
    domain::{
        Cause, Finding, Outcome, Preparation, Procedure, Reason, Time, capitalised, in_one_text,
        is_taken_out, outcome_of, removable_from,
    },
    input,
    procedure::effects::{Instead, RowVerdict},
    record::{
        Change, Changing, Effects, Event, Exchange, Judged, Observation, Observed, Row, RowState, Settled,
    },
};

/// A row that cannot be worked on ends as soon as it is read: it is not valid, or stands further up.
pub(crate) fn on_reading(row: &input::ListRow, now: Time) -> Option<Settled> {
    let (reason, explanation) = match (&row.customer, row.duplicate_of) {
        (Err(problem), _) => (problem.reason, problem.to_string()),
        (Ok(_), Some(earlier)) => (Reason::DuplicateRow, format!("The same ID stands in row {earlier}.")),
        (Ok(_), None) => return None,
    };
    Some(Settled {
        row: row.row,
        customer: row.customer.as_ref().ok().copied(),
        name: row.name.clone(),
        outcome: reason.outcome(),
        evidence: None,
        reasons: vec![reason],
        explanation: format!("{explanation} {}", reason.advice()),
        removable_from: None,
        act_by: None,
        exchange: Exchange::default(),
        attempts: 0,
        started_at: now,
    })
}

/// A row that the judgement itself ends. None if it is ready.
pub(crate) fn on_judging(row: &Row, judged: &Judged, now: Time) -> Option<Settled> {
    if judged.verdict == Outcome::Ready {
        return None;
    }
    let mut explanation = match &judged.note {
        Some(note) => format!("{}.", capitalised(note)),
        None => in_one_text(&judged.findings),
    };
    if let Some(transferred) = judged.transferred_in_words() {
        explanation.push_str(&format!(" {transferred}"));
    }
    Some(Settled {
        row: row.number,
        customer: row.customer,
        name: judged.name.clone().or_else(|| row.live_name().map(str::to_owned)),
        outcome: judged.verdict,
        evidence: None,
        reasons: judged.findings.iter().map(|finding| finding.reason).collect(),
        explanation,
        removable_from: removable_from(&judged.findings),
        act_by: judged.act_by,
        exchange: judged.exchange.clone().unwrap_or_default(),
        attempts: 0,
        started_at: row.started_at.unwrap_or(judged.facts_at).min(now),
    })
}

/// A customer that is ready now, too, but with something left to the service, or to be done first, that was
/// not in the plan: whoever allowed the plan did not see it.
pub(crate) fn compared_with_plan(procedure: Procedure, row: &Row, judged: Judged) -> Judged {
    if procedure.is_each_by_itself() {
        return each_compared_with_plan(procedure, row, judged);
    }
    not_just_passed_over(row, with_no_more_left_to_the_service(row, with_no_more_to_do(row, judged)))
}

/// A customer who stays, though something was done for its sake that nobody can take back, was not just passed over.
fn not_just_passed_over(row: &Row, judged: Judged) -> Judged {
    let verdict = if judged.verdict == Outcome::Skipped && has_stopped_service(row) {
        Outcome::Failed
    } else {
        judged.verdict
    };
    Judged { verdict, ..judged }
}

fn has_stopped_service(row: &Row) -> bool {
    matches!(&row.state, RowState::Changing(changing) if changing.has_stopped_service())
}

fn with_no_more_left_to_the_service(row: &Row, judged: Judged) -> Judged {
    let now = judged.left_to_service().ok().flatten();
    if judged.verdict != Outcome::Ready
        || now.is_none()
        || now == row.left_to_service
        || is_taken_out("more-left-to-the-service-than-planned")
    {
        return judged;
    }
    let causes = judged.allowed.iter().flat_map(|finding| finding.causes.clone()).collect();
    let findings = vec![Finding::new(Reason::ChangedSincePlan, causes)];
    Judged { verdict: Outcome::Skipped, findings, ..judged }
}

/// Where each thing is done by itself, what is not as the plan has it keeps nothing else from being done.
fn each_compared_with_plan(procedure: Procedure, row: &Row, judged: Judged) -> Judged {
    let changing = match &row.state {
        RowState::Changing(changing) => Some(&**changing),
        _ => None,
    };
    let is_something_done =
        changing.is_some_and(|changing| Effects::of(&row.first, &changing.changes).told_done().is_some());
    let verdict = match judged.verdict {
        // What the run itself did is no reason to say that there was nothing to do.
        Outcome::AlreadyDone(_) if changing.is_some() => Outcome::Ready,
        Outcome::Skipped if is_something_done => Outcome::Failed,
        verdict => verdict,
    };
    if verdict != Outcome::Ready {
        return Judged { verdict, ..judged };
    }
    let is_done = |one: &Preparation| {
        changing.is_some_and(|changing| changing.done(&row.first).any(|done| done.is_same(one)))
    };
    let is_planned = |one: &Preparation| row.first.iter().any(|planned| one.is_as_planned(planned));
    let (first, others): (Vec<_>, Vec<_>) =
        judged.first.into_iter().partition(|one| is_planned(one) && !is_done(one));
    let cause = |one: &Preparation| Cause {
        what: one.words().thing.to_owned(),
        id: Some(one.id.clone()),
        name: one.name.clone(),
        detail: if is_done(one) { "changed again since" } else { "not so in the plan" }.to_owned(),
    };
    let mut left_out = judged.left_out;
    // What another run did is looked up for the plan alone, and what the plan leaves out is not looked at again.
    if procedure.facts().takes_back.is_some() {
        let planned = row.left_out.iter().filter(|planned| !left_out.contains(planned)).cloned();
        left_out.extend(planned.collect::<Vec<_>>());
    }
    if !others.is_empty() {
        left_out.push(Finding::new(Reason::ChangedSincePlan, others.iter().map(cause).collect()));
    }
    let judged = Judged { verdict, first, left_out, ..judged };
    if changing.is_some() { judged } else { with_something_to_do(procedure, judged) }
}

/// A judgement by which nothing is left to be done, and before which nothing was, is no ready one.
fn with_something_to_do(procedure: Procedure, judged: Judged) -> Judged {
    if !judged.first.is_empty() {
        judged
    } else if judged.left_out.is_empty() {
        let note = procedure.facts().gone_before.trim_end_matches('.').to_owned();
        Judged { verdict: Outcome::AlreadyDone(procedure), note: Some(note), ..judged }
    } else {
        let (findings, left_out) = (judged.left_out, Vec::new());
        let verdict = outcome_of(&findings).unwrap_or(Outcome::Skipped);
        Judged { verdict, findings, left_out, ..judged }
    }
}

/// Nothing is done first that the plan does not name, and nothing twice.
fn with_no_more_to_do(row: &Row, judged: Judged) -> Judged {
    let is_done = |one: &Preparation| match &row.state {
        RowState::Changing(changing) => changing.done(&row.first).any(|done| done.is_same(one)),
        _ => false,
    };
    // What nobody can take back is done as it was planned, or not at all.
    let is_planned = |one: &Preparation| {
        let is_so = |planned: &Preparation| {
            one.is_same(planned) && (!one.what.facts().stops_service || one.is_as_planned(planned))
        };
        row.first.iter().any(is_so)
    };
    let cause = |one: &Preparation| Cause {
        what: one.words().thing.to_owned(),
        id: Some(one.id.clone()),
        name: one.name.clone(),
        detail: if is_done(one) { "stands again" } else { "not in the plan" }.to_owned(),
    };
    let more = judged.first.iter().filter(|one| !is_planned(one) || is_done(one));
    let causes: Vec<_> = more.map(cause).collect();
    let may_be_more =
        is_taken_out("an-order-more-than-the-plan-names") || is_taken_out("suspend-more-than-the-plan-names");
    if judged.verdict != Outcome::Ready || causes.is_empty() || may_be_more {
        return judged;
    }
    let findings = vec![Finding::new(Reason::ChangedSincePlan, causes)];
    Judged { verdict: Outcome::Skipped, findings, first: Vec::new(), ..judged }
}

/// A row that was ready when the plan was confirmed, and no longer is.
pub(crate) fn on_looking_again(row: &Row, judged: &Judged, now: Time) -> Option<Settled> {
    let settled = on_judging(row, judged, now)?;
    let settled = match &row.state {
        RowState::Changing(changing) => {
            // It tells what was read, and nothing of any change.
            let effects = Effects::of(&row.first, &changing.changes);
            let explanation = effects.told_after(settled.explanation, None);
            Settled { explanation, ..settled }
        }
        _ => settled,
    };
    if settled.outcome != Outcome::Skipped
        && !(settled.outcome == Outcome::Failed && has_stopped_service(row))
    {
        return Some(settled);
    }
    let mut reasons = settled.reasons;
    if !reasons.contains(&Reason::ChangedSincePlan) {
        reasons.insert(0, Reason::ChangedSincePlan);
    }
    let explanation =
        format!("When the plan was made, nothing stood in the way. Now: {}", settled.explanation);
    Some(Settled { reasons, explanation, ..settled })
}

/// What is recorded when a change is not sent, because of what was read just before it.
pub(crate) fn instead(
    procedure: Procedure,
    row: &Row,
    kind: &ChangeKind,
    is_first: bool,
    instead: Instead,
    now: Time,
) -> Vec<Event> {
    let changing = match &row.state {
        RowState::Changing(changing) => Some(&**changing),
        _ => None,
    };
    let sent = match kind {
        ChangeKind::Preparation(one) => changing.and_then(|changing| changing.of(one)),
        ChangeKind::Final(_) => changing.and_then(Changing::last),
        ChangeKind::Reversal(..) => return closing(row),
    };
    let is_each = procedure.is_each_by_itself();
    let (reason, why) = match instead {
        Instead::Because { reason, why } => (Some(reason), why),
        Instead::IsDone => (None, "it is so already".to_owned()),
    };
    // An earlier try may have been carried out: that this read told nothing is no end.
    if sent.is_some_and(Change::is_in_doubt) {
        let about = kind.about().map(|one| one.id.clone());
        let (row, seen, basis) = (row.number, Observation::NotTold, None);
        return vec![Event::Observed(Observed { row, about, seen, instead: None, detail: why, basis })];
    }
    let after = |verdict: RowVerdict| match changing {
        Some(changing) => verdict.after(&row.first, changing),
        None => verdict,
    };
    let verdict = match (kind.about(), reason) {
        (Some(one), reason) if is_first && is_each => return without(procedure, row, one, reason, why, now),
        (Some(one), Some(reason)) if is_first || changing.is_none() => {
            return taken_out(row, one, reason, why, now);
        }
        (Some(one), _) => after(RowVerdict::because(Reason::ServiceUnavailable, format!("{one}: {why}."))),
        (None, reason) => {
            let reason = reason.unwrap_or(Reason::ChangedSincePlan);
            RowVerdict::because(reason, format!("{}.", capitalised(&why)))
        }
    };
    vec![ended(row, on_verdict(row, verdict, now))]
}

/// One thing is not to be done, or not any more; the others are.
fn without(
    procedure: Procedure,
    row: &Row,
    one: &Preparation,
    reason: Option<Reason>,
    why: String,
    now: Time,
) -> Vec<Event> {
    let (facts_at, is_begun) = match &row.state {
        RowState::Judged { facts_at, .. } => (*facts_at, false),
        RowState::Changing(changing) => (changing.facts_at, true),
        _ => (now, false),
    };
    let is_left = |other: &&Preparation| {
        let is_sent = matches!(&row.state, RowState::Changing(changing) if changing.of(other).is_some());
        !other.is_same(one) && !is_sent
    };
    let mut left_out = row.left_out.to_vec();
    left_out.extend(reason.map(|reason| {
        let what = one.words().thing.to_owned();
        Finding::new(
            reason,
            vec![Cause { what, id: Some(one.id.clone()), name: one.name.clone(), detail: why }],
        )
    }));
    let judged = Judged {
        verdict: Outcome::Ready,
        name: row.live_name().map(str::to_owned),
        first: row.first.iter().filter(is_left).cloned().collect(),
        left_out,
        ..Judged::skipped(row.number, facts_at, Vec::new())
    };
    let judged = if is_begun { judged } else { with_something_to_do(procedure, judged) };
    let settled = on_looking_again(row, &judged, now);
    let mut events = vec![Event::Judged(Box::new(judged))];
    events.extend(settled.map(|settled| ended(row, settled)));
    events
}

/// What was read takes the customer out of the plan.
fn taken_out(row: &Row, one: &Preparation, reason: Reason, why: String, now: Time) -> Vec<Event> {
    let cause = Cause {
        what: one.words().thing.to_owned(),
        id: Some(one.id.clone()),
        name: one.name.clone(),
        detail: why,
    };
    let judged = Judged {
        verdict: reason.outcome(),
        name: row.live_name().map(str::to_owned),
        ..Judged::skipped(row.number, now, vec![Finding::new(reason, vec![cause])])
    };
    let judged = not_just_passed_over(row, judged);
    let settled = on_looking_again(row, &judged, now);
    let mut events = vec![Event::Judged(Box::new(judged))];
    events.extend(settled.map(|settled| ended(row, settled)));
    events
}

/// A row whose change has come to an end, or was never sent.
pub(crate) fn on_verdict(row: &Row, verdict: RowVerdict, now: Time) -> Settled {
    let (exchange, attempts) = match &row.state {
        RowState::Changing(changing) => {
            changing.decisive().map(|change| (change.exchange(), change.attempts)).unwrap_or_default()
        }
        _ => (Exchange::default(), 0),
    };
    Settled {
        row: row.number,
        customer: row.customer,
        name: row.live_name().map(str::to_owned),
        outcome: verdict.outcome,
        evidence: verdict.evidence,
        reasons: verdict.reasons,
        explanation: verdict.explanation,
        removable_from: None,
        act_by: None,
        exchange,
        attempts,
        started_at: row.started_at.unwrap_or(now),
    }
}

/// The end of a row; or how it will end, when something was done for it that may be taken back.
pub(crate) fn ended(row: &Row, mut settled: Settled) -> Event {
    if settled.outcome == Outcome::Skipped && has_stopped_service(row) {
        settled.outcome = Outcome::Failed;
    }
    let is_bad = matches!(settled.outcome, Outcome::Failed | Outcome::Skipped | Outcome::NotAttempted);
    let can_take_back = match &row.state {
        RowState::Changing(changing) => changing.can_be_taken_back(&row.first).next().is_some(),
        _ => false,
    };
    if is_bad && can_take_back {
        Event::FailedAfterPreparation(Box::new(settled))
    } else {
        Event::Settled(Box::new(settled))
    }
}

/// What closes a row that failed after a preparation; nothing if it did not.
pub(crate) fn closing(row: &Row) -> Vec<Event> {
    closed(row).map(|settled| Event::Settled(Box::new(settled))).into_iter().collect()
}

/// A row that nobody goes on with.
pub(crate) fn on_giving_up(row: &Row, now: Time) -> Settled {
    if let Some(closed) = closed(row) {
        return closed;
    }
    on_verdict(row, given_up(row), now)
}

/// A row that was not read, because as many customers before it are ready as were asked for.
pub(crate) fn beyond_limit(row: &Row, limit: u32, now: Time) -> Settled {
    let reason = Reason::BeyondLimit;
    let explanation =
        format!("The first {limit} that are ready stand before it (`--limit`). {}", reason.advice());
    on_verdict(
        row,
        RowVerdict { outcome: reason.outcome(), evidence: None, reasons: vec![reason], explanation },
        now,
    )
}

/// A row of a plan that nothing stands in the way of.
pub(crate) fn ready(row: &Row, now: Time) -> Settled {
    let mut explanation = "Nothing stands in the way.".to_owned();
    if !row.first.is_empty() {
        let first: Vec<_> = row.first.iter().map(Preparation::in_words).collect();
        let is_each = row.first.iter().any(|one| one.what.is_by_itself());
        let what = if is_each { "To do" } else { "Before it goes" };
        explanation.push_str(&format!(" {what}: {}.", first.join(", ")));
    }
    if !row.left_out.is_empty() {
        explanation.push_str(&format!(" What cannot be done: {}", in_one_text(&row.left_out)));
    }
    on_verdict(
        row,
        RowVerdict { outcome: Outcome::Ready, evidence: None, reasons: Vec::new(), explanation },
        now,
    )
}

#[cfg(test)]
mod tests;
