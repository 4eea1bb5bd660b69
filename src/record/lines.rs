//! Records in words: what happened, as the pages and the terminal tell it.

use super::{
    corroboration::{Corroborated, Reconciled},
    decisions::{Approved, Confirmed, Judged, Observation, Observed, PlanSealed},
    endings::{LogExported, LogVerified, ReportWritten, Resolved, RunSealed, Settled, Stopped, UndoDecided},
    opening::{
        CustomersProtected, KeyIntroduced, LogOpened, Partner, Policy, RowRead, RunOpened, TokenNamed,
    },
    refresh::{CustomerRefreshed, ProgrammeRefreshed},
    requests::{Held, NotSent, OutcomeUnknown, RequestIntended, ResponseReceived},
};
use crate::domain::{counted, in_one_text};

/// A record in words. What the service and other people said stands in it as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// What happened.
    pub what: String,
    /// Its particulars; may be empty.
    pub text: String,
    /// What the eye should find.
    pub tone: Tone,
}

/// What the eye should find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// A change is about to be sent.
    Change,
    /// Something else is about to be asked.
    Ask,
    /// An answer that says yes.
    Good,
    /// Something to look at.
    Care,
    /// Nobody knows what became of a request.
    Bad,
    /// A decision, or an end.
    Strong,
    /// Anything else.
    Plain,
}

fn line(what: impl Into<String>, text: impl Into<String>) -> Line {
    Line { what: what.into(), text: text.into(), tone: Tone::Plain }
}

impl Line {
    fn in_tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }
}

fn took(millis: u64) -> String {
    format!("after {millis} ms")
}

pub(super) fn log_opened(opened: &LogOpened) -> Line {
    line("The log was made", format!("offboard {}", opened.version))
}

pub(super) fn key_introduced(key: &KeyIntroduced) -> Line {
    line("A signing key was introduced", &key.vkey)
}

pub(super) fn run_opened(opened: &RunOpened) -> Line {
    let RunOpened { mode, input, operator, host, .. } = opened;
    line(
        "The run began",
        format!("{mode}, {} of {}, by {operator} on {host}", counted(input.rows, "row"), input.file),
    )
}

pub(super) fn customers_protected(list: &CustomersProtected) -> Line {
    line("Customers that are never touched", format!("{} of them", list.customers.len()))
}

pub(super) fn row_read(row: &RowRead) -> Line {
    line("Read from the list", format!("row {}: {}", row.row, row.cells.join(" · ")))
}

pub(super) fn token_named(token: &TokenNamed) -> Line {
    let user = token.user.as_ref().map(|user| format!(", for {user}")).unwrap_or_default();
    line("A token is used", format!("from {}{user}", token.source))
}

pub(super) fn partner_identified(partner: &Partner) -> Line {
    line("The partner account was identified", format!("{} ({})", partner.name, partner.tenant_id))
}

pub(super) fn request_intended(intent: &RequestIntended) -> Line {
    let try_of = if intent.attempt > 1 { format!(", try {}", intent.attempt) } else { String::new() };
    let tone = if intent.purpose.is_change() { Tone::Change } else { Tone::Ask };
    line(format!("To be sent: {}{try_of}", intent.purpose.in_words()), "").in_tone(tone)
}

pub(super) fn response_received(response: &ResponseReceived) -> Line {
    let code = response.code.as_ref().map(|code| format!(", code {code}")).unwrap_or_default();
    let text = response.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    let tone = if response.status < 300 { Tone::Good } else { Tone::Care };
    line(format!("Answered: {}{code}", response.status), format!("{}{text}", took(response.duration_ms)))
        .in_tone(tone)
}

pub(super) fn request_not_sent(failed: &NotSent) -> Line {
    let text = format!("{}: {}", took(failed.duration_ms), failed.error);
    line("Not sent: nothing of it reached the server", text).in_tone(Tone::Care)
}

pub(super) fn outcome_unknown(lost: &OutcomeUnknown) -> Line {
    let text = format!("{}: {}", took(lost.duration_ms), lost.error);
    line("No answer: what became of it is not known", text).in_tone(Tone::Bad)
}

pub(super) fn judged(judged: &Judged) -> Line {
    let findings = in_one_text(&judged.findings);
    let relationship = judged.relationship.as_ref().map(|word| format!("relationship `{word}`. "));
    let text = format!("{}{findings}", relationship.unwrap_or_default());
    line(format!("Judged: {}", judged.verdict.in_words()), text).in_tone(Tone::Strong)
}

pub(super) fn plan_sealed(plan: &PlanSealed) -> Line {
    let PlanSealed { digest, ready, counted: all, .. } = plan;
    line(
        "The plan was sealed",
        format!("{ready} ready of {} counted; digest {digest}", counted(*all, "customer")),
    )
}

pub(super) fn approved(approved: &Approved) -> Line {
    let Approved { approver, digest, .. } = approved;
    let by = match (approved.says("user"), approved.says("host")) {
        (Some(user), Some(host)) => format!("by {user} on {host}, as that machine says"),
        _ => "by whom and on which machine, the approval does not say".to_owned(),
    };
    line(
        "The plan was approved with another key",
        format!("with the key {approver}, over digest {digest}; {by}"),
    )
}

pub(super) fn confirmed(yes: &Confirmed) -> Line {
    line("The plan was confirmed", format!("by {}, over digest {}", yes.by, yes.digest)).in_tone(Tone::Strong)
}

pub(super) fn observed(seen: &Observed) -> Line {
    let what = match (seen.seen, &seen.about) {
        (Observation::Gone, None) => "Seen: the relationship is gone",
        (Observation::StillThere, None) => "Seen: the relationship is still there",
        (Observation::Gone, Some(_)) => "Seen: it is done",
        (Observation::StillThere, Some(_)) => "Seen: it is not done yet",
        (Observation::NotTold, _) => "Looked, and could not tell",
    };
    let about = seen.about.as_ref().map(|id| format!("{id}: ")).unwrap_or_default();
    line(what, format!("{about}{}", seen.detail))
}

pub(super) fn held(held: &Held) -> Line {
    let Held { until, rate, why, .. } = held;
    line("Everything waited", format!("until {until}, then {rate} requests a minute: {why}"))
        .in_tone(Tone::Care)
}

pub(super) fn stopped(stopped: &Stopped) -> Line {
    line("The run stopped", &stopped.text).in_tone(Tone::Care)
}

pub(super) fn resumed(_: &Policy) -> Line {
    line("The run was resumed", "")
}

pub(super) fn failed_after_preparation(settled: &Settled) -> Line {
    let outcome = settled.outcome.in_words();
    let what = format!("To be settled as {outcome}, once it is decided what becomes of the suspended");
    line(what, &settled.explanation)
}

pub(super) fn undo_decided(decided: &UndoDecided) -> Line {
    let what = if decided.reactivate { "are reactivated" } else { "stay suspended" };
    let text = format!("of {} {what}, by {}", counted(decided.rows.len(), "customer"), decided.by);
    line("It was decided that the suspended subscriptions", text)
}

pub(super) fn settled(settled: &Settled) -> Line {
    let evidence = settled.evidence.map(|sure| format!(", {sure}")).unwrap_or_default();
    line(format!("Settled: {}{evidence}", settled.outcome.in_words()), &settled.explanation)
        .in_tone(Tone::Strong)
}

pub(super) fn run_sealed(sealed: &RunSealed) -> Line {
    line("The run was sealed", format!("exit code {}", sealed.exit_code)).in_tone(Tone::Strong)
}

pub(super) fn resolved(resolved: &Resolved) -> Line {
    let Resolved { row, outcome, by, host, because, .. } = resolved;
    let what = format!("Resolved by a person: {}", outcome.in_words());
    line(what, format!("row {row}, by {by} on {host}: {because}")).in_tone(Tone::Strong)
}

pub(super) fn corroborated(found: &Corroborated) -> Line {
    let said = |text: &Option<String>| text.clone().unwrap_or_else(|| "not said".to_owned());
    let (at, user) = (said(&found.activity.at), said(&found.activity.user));
    let whose = if found.is_our_request { "by a request of ours" } else { "by customer and time" };
    let text = format!("row {}, {whose}: {} at {at}, by {user}", found.row, found.activity.operation);
    line("Corroborated: Partner Center has it on its own record", text).in_tone(Tone::Strong)
}

pub(super) fn reconciled(found: &Reconciled) -> Line {
    let Reconciled { by, from, to, corroborated, missing, not_yet, unknown, unclaimed, .. } = found;
    let text = format!(
        "by {by}, {from} to {to}: {} in both, {} missing there, {} not there yet, {} unknown; {} claimed by nobody",
        counted(*corroborated, "row"),
        missing.len(),
        not_yet.len(),
        unknown.len(),
        unclaimed.len()
    );
    line("Compared with Partner Center’s own record", text)
}

pub(super) fn report_written(report: &ReportWritten) -> Line {
    line("A report was written", format!("{}, SHA-256 {}", report.file, report.sha256))
}

pub(super) fn log_exported(copy: &LogExported) -> Line {
    let LogExported { by, of_run, records, sha256, format, .. } = copy;
    let records = counted(*records, "record");
    let text = match format {
        None => format!("by {by}, with the reports of run {of_run}: {records}, SHA-256 {sha256}"),
        Some(format) => format!(
            "by {by}, as {format}, up to run {of_run}: as of {records}, SHA-256 of the manifest {sha256}"
        ),
    };
    line("The log was exported", text)
}

pub(super) fn log_verified(verified: &LogVerified) -> Line {
    line("The log was verified", format!("by {}, exit code {}", verified.by, verified.exit_code))
}

pub(super) fn customer_refreshed(seen: &CustomerRefreshed) -> Line {
    let mut told = vec![match &seen.relationship {
        Some(relationship) => format!("{}: relationship {relationship}", seen.customer),
        None => format!("{}: no relationship", seen.customer),
    }];
    told.extend(seen.go_on.as_deref().map(|ids| match ids {
        [] => "no subscription goes on after its term".to_owned(),
        ids => format!("going on after their terms: {}", ids.join(", ")),
    }));
    told.extend(seen.not_read.as_ref().map(|why| format!("its subscriptions could not be read: {why}")));
    line("A customer was looked at again", told.join("; "))
}

pub(super) fn programme_refreshed(refreshed: &ProgrammeRefreshed) -> Line {
    let ProgrammeRefreshed { by, looked_for, listed, absent, asked, not_read, .. } = refreshed;
    let mut text = format!(
        "by {by}: {} looked for among the partner’s {}, {absent} not found",
        counted(*looked_for, "customer"),
        counted(*listed, "customer"),
    );
    if *asked > 0 {
        text.push_str(&format!(
            "; the subscriptions of {} of {asked} were read",
            asked.saturating_sub(*not_read)
        ));
    }
    line("The programme was looked at again", text)
}
