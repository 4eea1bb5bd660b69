//! Records in words: what happened, as the reviewer's page and the terminal tell it.

use super::approver::signed_by;
use crate::record::{Event, Purpose, Seen};

/// What a request is for, in words.
pub(super) const fn purpose(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::SignIn => "sign in",
        Purpose::ReadPartner => "read whose account it is",
        Purpose::ListCustomers => "list the partner’s customers",
        Purpose::ReadCustomer => "read the customer",
        Purpose::ReadSubscriptions => "read its subscriptions",
        Purpose::ReadEntitlements => "read its entitlements",
        Purpose::ReadOrder => "read an order",
        Purpose::CancelOrder => "CANCEL AN ORDER",
        Purpose::PollOrder => "read the order, to see whether it is cancelled",
        Purpose::ReadSubscription => "read a subscription",
        Purpose::SuspendSubscription => "SUSPEND A SUBSCRIPTION",
        Purpose::ReactivateSubscription => "REACTIVATE A SUBSCRIPTION",
        Purpose::RemoveRelationship => "END THE RELATIONSHIP",
        Purpose::DeleteCustomer => "DELETE THE CUSTOMER",
        Purpose::ConfirmRemoval => "read the customer again, to confirm",
        Purpose::SettleDoubt => "read the customer, because a change is in doubt",
        Purpose::ReadActivity => "read Partner Center’s own record of activity",
    }
}

/// What happened, and its particulars.
pub fn event_in_words(event: &Event) -> (String, String) {
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
        Event::CustomersProtected(list) => {
            two("Customers that are never touched", format!("{} of them", list.customers.len()))
        }
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
        Event::Approved(approved) => two(
            "The plan was approved with another key",
            format!(
                "with the key {}, over digest {}; {}",
                approved.approver,
                approved.digest,
                signed_by(approved, None)
            ),
        ),
        Event::Confirmed(yes) => {
            two("The plan was confirmed", format!("by {}, over digest {}", yes.by, yes.digest))
        }
        Event::Observed(seen) => {
            let what = match (seen.seen, &seen.about) {
                (Seen::Gone, None) => "Seen: the relationship is gone",
                (Seen::StillThere, None) => "Seen: the relationship is still there",
                (Seen::Gone, Some(_)) => "Seen: it is done",
                (Seen::StillThere, Some(_)) => "Seen: it is not done yet",
                (Seen::NotTold, _) => "Looked, and could not tell",
            };
            let about = seen.about.as_ref().map(|id| format!("{id}: ")).unwrap_or_default();
            two(what, format!("{about}{}", seen.detail))
        }
        Event::Held(held) => two(
            "Everything waited",
            format!("until {}, then {} requests a minute: {}", held.until, held.rate, held.why),
        ),
        Event::Stopped(stopped) => two("The run stopped", stopped.text.clone()),
        Event::Resumed(_) => two("The run was resumed", String::new()),
        Event::Fell(settled) => (
            format!(
                "To be settled as {}, once it is decided what becomes of the suspended",
                settled.outcome.in_words()
            ),
            settled.explanation.clone(),
        ),
        Event::UndoDecided(decided) => {
            let what = if decided.reactivate { "are reactivated" } else { "stay suspended" };
            let text = format!("of {} customers {what}, by {}", decided.rows.len(), decided.by);
            two("It was decided that the suspended subscriptions", text)
        }
        Event::Settled(settled) => {
            let evidence = settled.evidence.map(|sure| format!(", {sure}")).unwrap_or_default();
            (format!("Settled: {}{evidence}", settled.outcome.in_words()), settled.explanation.clone())
        }
        Event::RunSealed(sealed) => two("The run was sealed", format!("exit code {}", sealed.exit_code)),
        Event::Resolved(resolved) => (
            format!("Resolved by a person: {}", resolved.outcome.in_words()),
            format!("row {}, by {} on {}: {}", resolved.row, resolved.by, resolved.host, resolved.because),
        ),
        Event::Corroborated(found) => {
            let said = |text: &Option<String>| text.clone().unwrap_or_else(|| "not said".to_owned());
            let activity = &found.activity;
            let whose = if found.is_our_request { "by a request of ours" } else { "by customer and time" };
            let (at, user) = (said(&activity.at), said(&activity.user));
            two(
                "Corroborated: Partner Center has it on its own record",
                format!("row {}, {whose}: {} at {at}, by {user}", found.row, activity.operation),
            )
        }
        Event::Reconciled(found) => two(
            "Compared with Partner Center’s own record",
            format!(
                "by {}, {} to {}: {} rows are in both, {} are missing there, {} not there yet, {} unknown; {} are \
                 claimed by nobody",
                found.by,
                found.from,
                found.to,
                found.corroborated,
                found.missing.len(),
                found.not_yet.len(),
                found.unknown.len(),
                found.unclaimed.len()
            ),
        ),
        Event::ReportWritten(report) => {
            two("A report was written", format!("{}, SHA-256 {}", report.file, report.sha256))
        }
        Event::LogExported(copy) => two(
            "The log was exported",
            format!(
                "by {}, with the reports of run {}: {} records, SHA-256 {}",
                copy.by, copy.of_run, copy.records, copy.sha256
            ),
        ),
        Event::LogVerified(verified) => {
            two("The log was verified", format!("by {}, exit code {}", verified.by, verified.exit_code))
        }
    }
}
