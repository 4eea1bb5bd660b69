//! A transfer, as the partner sees it whose customer this is.

use crate::{
    domain::{Cause, Day, Ends, TenantId, counted},
    partner_center::model::{Transfer, TransferLine},
};
use serde_json::Value;

/// How many lines a transfer has at most, and are told.
const MOST_LINES: usize = 25;
/// After so many days, a transfer that nobody has accepted expires.
const EXPIRES_AFTER: u32 = 30;

/// How far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TransferProgress {
    /// It waits for somebody to accept it, and expires if nobody does.
    Waits,
    /// It was accepted and goes on; or its status is one that nobody has seen.
    GoesOn,
    /// All of it was transferred, or some lines.
    Completed,
    /// It was refused or withdrawn, has failed or expired.
    Over,
}

/// A transfer, as the partner sees it whose customer this is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferFacts {
    id: Option<String>,
    status: String,
    progress: TransferProgress,
    /// Which way it goes, in words, and the other partner's name.
    way: (&'static str, Option<String>),
    /// What is transferred, each in words; of a completed one, only what was.
    lines: Vec<String>,
    expires: Option<Day>,
    completed: Option<Day>,
}

impl TransferFacts {
    /// Takes them from a transfer that was read, for this partner.
    pub fn of(transfer: Transfer, partner: TenantId) -> Self {
        let status = filled(transfer.status).unwrap_or_else(|| "no status".to_owned());
        let progress = progress(&status);
        let is_own = |tenant: Option<&String>| tenant.and_then(|id| id.trim().parse().ok()) == Some(partner);
        let (source, target) = (filled(transfer.source_partner_name), filled(transfer.target_partner_name));
        let way = if is_own(transfer.source_partner_tenant_id.as_ref()) {
            ("to another partner", target)
        } else if is_own(transfer.target_partner_tenant_id.as_ref()) {
            ("from another partner", source)
        } else {
            ("between partners", target.or(source))
        };
        let is_told = |line: &&TransferLine| progress != TransferProgress::Completed || was_transferred(line);
        let day = |text: Option<&String>| text.and_then(|text| Day::from_lenient(text));
        let made = day(transfer.created_time.as_ref());
        Self {
            id: filled(transfer.id),
            progress,
            status,
            way,
            lines: transfer.line_items.iter().filter(is_told).map(in_words).collect(),
            expires: day(transfer.expiration_time.as_ref())
                .or(made.map(|made| made.plus_days(EXPIRES_AFTER))),
            completed: day(transfer.completed_time.as_ref()),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.progress, TransferProgress::Waits | TransferProgress::GoesOn)
    }

    pub(super) fn was_completed(&self) -> bool {
        self.progress == TransferProgress::Completed
    }

    /// When it is over by itself. What has expired, and does not say so, is not known to be over.
    pub(super) fn ends(&self, today: Day) -> Ends {
        match (self.progress, self.expires) {
            (TransferProgress::Waits, Some(last)) if last >= today => Ends::On(last.next()),
            _ => Ends::NotKnown,
        }
    }

    pub(super) fn cause(&self) -> Cause {
        let mut parts = vec![format!("{}, {}", self.way.0, self.status)];
        if let Some(day) = self.completed.filter(|_| self.progress == TransferProgress::Completed) {
            parts.push(format!("completed {day}"));
        }
        if let Some(day) = self.expires.filter(|_| self.progress == TransferProgress::Waits) {
            parts.push(format!("expires {day}"));
        }
        parts.extend(self.lines.iter().take(MOST_LINES).cloned());
        let more = self.lines.len().saturating_sub(MOST_LINES);
        if more > 0 {
            parts.push(format!("and {} more", counted(u32::try_from(more).unwrap_or(u32::MAX), "line")));
        }
        Cause {
            what: "transfer".to_owned(),
            id: self.id.clone(),
            name: self.way.1.clone(),
            detail: parts.join(", "),
        }
    }
}

/// Open is whatever is not known to be over.
fn progress(status: &str) -> TransferProgress {
    match plain(status).as_str() {
        "pending" | "active" => TransferProgress::Waits,
        "complete" | "completed" | "partiallycomplete" | "partiallycompleted" => TransferProgress::Completed,
        "reject" | "rejected" | "failed" | "expired" | "cancelled" | "canceled" => TransferProgress::Over,
        _ => TransferProgress::GoesOn,
    }
}

/// Whether a line of a completed transfer was transferred itself: its own status counts, if it has one.
fn was_transferred(line: &TransferLine) -> bool {
    let own = line.status.as_deref().map(plain).filter(|status| !status.is_empty());
    own.is_none_or(|status| progress(&status) == TransferProgress::Completed)
}

/// `Microsoft 365 E5 (40)`, with the status that it has for itself.
fn in_words(line: &TransferLine) -> String {
    let name = line.friendly_name.clone().and_then(|name| filled(Some(name)));
    let name = name.or_else(|| line.subscription_id.clone()).unwrap_or_else(|| "(no name)".to_owned());
    let quantity = match &line.quantity {
        Some(Value::String(text)) if !text.trim().is_empty() => format!(" ({})", text.trim()),
        Some(Value::Number(number)) => format!(" ({number})"),
        _ => String::new(),
    };
    let own = line.status.as_deref().map(str::trim).filter(|status| !status.is_empty());
    let own = own.map(|status| format!(" {status}")).unwrap_or_default();
    format!("`{name}`{quantity}{own}")
}

fn filled(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// `Partially_Complete` as `partiallycomplete`.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}
