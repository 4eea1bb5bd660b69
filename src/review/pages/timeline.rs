//! Records, one after another, in words and as they are.

use super::{Tools, json};
use crate::{
    audit::{QueryError, StoredRecord},
    domain::{Seq, Time},
    record::{Event, Purpose, Record},
};
use minijinja::Value;

/// Each of these records, as a line of a timeline.
pub(super) fn of(tools: &Tools, places: &[Seq]) -> Result<Vec<Value>, QueryError> {
    let mut lines = Vec::with_capacity(places.len());
    let mut before: Option<Time> = None;
    for seq in places {
        let Some(stored) = tools.reader.stored(*seq)? else { continue };
        let at = stored.record.as_ref().map(|record| record.at);
        let later = before.zip(at).map(|(before, at)| at.since(before).as_millis());
        before = at.or(before);
        lines.push(line(tools, &stored, later.map(between).as_deref())?);
    }
    Ok(lines)
}

/// How much later, as people say it; nothing if it is the same moment.
fn between(millis: u128) -> String {
    match millis {
        0..10 => String::new(),
        10..10_000 => format!("+{millis} ms"),
        _ => format!("+{} s", millis / 1000),
    }
}

fn line(tools: &Tools, stored: &StoredRecord, later: Option<&str>) -> Result<Value, QueryError> {
    let Some(Record { at, event, .. }) = &stored.record else {
        let text = String::from_utf8_lossy(&stored.bytes).into_owned();
        return Ok(values! {
            seq => stored.seq, what => "a record that cannot be understood", text, kind => "unreadable",
            at => "", later => "", parts => Vec::<Value>::new(), bare => true, tone => "bad",
        });
    };
    let (what, text) = event_in_words(event);
    let mut parts: Vec<Value> = Vec::new();
    let mut ids: Vec<(&str, String)> = Vec::new();
    let mut address = None;
    let whole: Option<serde_json::Value> = serde_json::from_slice(&stored.bytes).ok();
    match event {
        Event::RequestIntended(intent) => {
            address = Some(format!("{} {}", intent.method, intent.url));
            ids.push(("Request ID", intent.request_id.to_string()));
            ids.push(("Correlation ID", intent.correlation_id.to_string()));
            part(&mut parts, "Body sent", tools, stored.seq, intent.body.is_some())?;
            parts.push(values! { name => "Headers sent", body => json::laid_out(&intent.headers) });
        }
        Event::ResponseReceived(response) => {
            ids.extend(response.request_id.clone().map(|id| ("Request ID", id)));
            ids.extend(response.correlation_id.clone().map(|id| ("Correlation ID", id)));
            part(&mut parts, "Body received", tools, stored.seq, response.body.is_some())?;
            parts.push(values! { name => "Headers received", body => json::laid_out(&response.headers) });
        }
        _ => {}
    }
    if let Some(whole) = whole {
        parts.push(values! { name => format!("Record {}", stored.seq), body => json::laid_out(&whole) });
    }
    let ids: Vec<_> = ids.into_iter().map(|(name, id)| values! { name, id }).collect();
    Ok(values! {
        seq => stored.seq, at => at.to_string(), later, what, text, kind => event.label(), tone => tone(event),
        parts, ids, address, bare => false,
    })
}

/// A body; a record may outlive the bytes that it names.
fn part(
    parts: &mut Vec<Value>,
    name: &str,
    tools: &Tools,
    seq: Seq,
    is_named: bool,
) -> Result<(), QueryError> {
    if !is_named {
        return Ok(());
    }
    match tools.reader.body(seq)? {
        Some(bytes) => {
            let body = json::body(&bytes);
            let text = body.get_attr("text").unwrap_or_default();
            let cut = body.get_attr("is_cut").is_ok_and(|cut| cut.is_true());
            parts.push(values! { name => format!("{name}, {} bytes", bytes.len()), body => text, cut });
        }
        None => parts.push(values! {
            name => format!("{name}: not in the log"),
            body => "The record names it by its digest, and its bytes are not there.",
        }),
    }
    Ok(())
}

/// What the eye should find.
fn tone(event: &Event) -> &'static str {
    match event {
        Event::RequestIntended(intent) if intent.purpose.is_change() => "change",
        Event::RequestIntended(_) => "ask",
        Event::ResponseReceived(response) if response.status < 300 => "good",
        Event::OutcomeUnknown(_) => "bad",
        Event::ResponseReceived(_) | Event::RequestNotSent(_) | Event::Held(_) | Event::Stopped(_) => "care",
        Event::Settled(_)
        | Event::Judged(_)
        | Event::Confirmed(_)
        | Event::Resolved(_)
        | Event::RunSealed(_) => "strong",
        _ => "plain",
    }
}

/// What a request is for, in words.
const fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::SignIn => "sign in",
        Purpose::ReadPartner => "read whose account it is",
        Purpose::ListCustomers => "list the partner’s customers",
        Purpose::ReadCustomer => "read the customer",
        Purpose::ReadSubscriptions => "read its subscriptions",
        Purpose::ReadEntitlements => "read its entitlements",
        Purpose::ReadOrder => "read an order",
        Purpose::RemoveRelationship => "END THE RELATIONSHIP",
        Purpose::ConfirmRemoval => "read the customer again, to confirm",
        Purpose::SettleDoubt => "read the customer, because a change is in doubt",
    }
}

/// What happened, and its particulars.
pub(super) fn event_in_words(event: &Event) -> (String, String) {
    let two = |what: &str, text: String| (what.to_owned(), text);
    let took = |millis: u64| format!("after {millis} ms");
    match event {
        Event::LogOpened(opened) => two("The log was made", format!("offboard {}", opened.version)),
        Event::KeyIntroduced(key) => two("A signing key was introduced", key.vkey.clone()),
        Event::RunOpened(opened) => two(
            "The run began",
            format!(
                "{}, {} rows of {}, by {} on {}",
                opened.mode, opened.input.rows, opened.input.file, opened.operator, opened.host
            ),
        ),
        Event::RowRead(row) => {
            two("Read from the list", format!("row {}: {}", row.row, row.cells.join(" · ")))
        }
        Event::TokenNamed(token) => {
            let user = token.user.as_ref().map(|user| format!(", for {user}")).unwrap_or_default();
            two("A token is used", format!("from {}{user}", token.source))
        }
        Event::PartnerIdentified(partner) => {
            two("The partner account was identified", format!("{} ({})", partner.name, partner.tenant_id))
        }
        Event::RequestIntended(intent) => {
            let try_of = if intent.attempt > 1 { format!(", try {}", intent.attempt) } else { String::new() };
            (format!("To be sent: {}{try_of}", purpose(intent.purpose)), String::new())
        }
        Event::ResponseReceived(response) => {
            let code = response.code.as_ref().map(|code| format!(", code {code}")).unwrap_or_default();
            let text = response.text.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
            (format!("Answered: {}{code}", response.status), format!("{}{text}", took(response.duration_ms)))
        }
        Event::RequestNotSent(failed) => two(
            "Not sent: nothing of it reached the server",
            format!("{}: {}", took(failed.duration_ms), failed.error),
        ),
        Event::OutcomeUnknown(lost) => two(
            "No answer: what became of it is not known",
            format!("{}: {}", took(lost.duration_ms), lost.error),
        ),
        Event::Judged(judged) => {
            let findings: Vec<_> = judged
                .findings
                .iter()
                .map(|found| format!("{}: {}", found.reason, found.explanation()))
                .collect();
            let relationship = judged
                .relationship
                .as_ref()
                .map(|word| format!("relationship `{word}`. "))
                .unwrap_or_default();
            (
                format!("Judged: {}", judged.verdict.in_words()),
                format!("{relationship}{}", findings.join(" | ")),
            )
        }
        Event::PlanSealed(plan) => two(
            "The plan was sealed",
            format!("{} ready of {} customers counted; digest {}", plan.ready, plan.counted, plan.digest),
        ),
        Event::Confirmed(yes) => {
            two("The plan was confirmed", format!("by {}, over digest {}", yes.by, yes.digest))
        }
        Event::Observed(seen) => {
            let what = match seen.seen {
                crate::record::Seen::Gone => "Seen: the relationship is gone",
                crate::record::Seen::StillThere => "Seen: the relationship is still there",
                crate::record::Seen::NotTold => "Looked, and could not tell",
            };
            two(what, seen.detail.clone())
        }
        Event::Held(held) => two(
            "Everything waited",
            format!("until {}, then {} requests a minute: {}", held.until, held.rate, held.why),
        ),
        Event::Stopped(stopped) => two("The run stopped", stopped.text.clone()),
        Event::Resumed(_) => two("The run was resumed", String::new()),
        Event::Settled(settled) => {
            let evidence = settled.evidence.map(|sure| format!(", {sure}")).unwrap_or_default();
            (format!("Settled: {}{evidence}", settled.outcome.in_words()), settled.explanation.clone())
        }
        Event::RunSealed(sealed) => two("The run was sealed", format!("exit code {}", sealed.exit_code)),
        Event::Resolved(resolved) => (
            format!("Resolved by a person: {}", resolved.outcome.in_words()),
            format!("row {}, by {} on {}: {}", resolved.row, resolved.by, resolved.host, resolved.because),
        ),
        Event::ReportWritten(report) => {
            two("A report was written", format!("{}, SHA-256 {}", report.file, report.sha256))
        }
        Event::LogVerified(verified) => {
            two("The log was verified", format!("by {}, exit code {}", verified.by, verified.exit_code))
        }
    }
}
