//! What stands in a customer's way, with its evidence.

use super::{Day, Outcome, Reason};
use serde::{Deserialize, Serialize};

/// One reason, what caused it, and when it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The reason.
    pub reason: Reason,
    /// Each thing that caused it; never empty for a precondition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    /// When this reason ends by itself.
    pub ends: Ends,
}

/// A thing that blocks, by its ID and name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// What it is, in words: `subscription`, `order`, `relationship` …
    pub what: String,
    /// Its ID, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its name, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its state and dates, in words.
    pub detail: String,
}

/// When a reason ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    /// As soon as somebody acts; time alone does not end it.
    ByAction,
    /// On this day, by itself; it is the first day without it.
    On(Day),
    /// It cannot be computed.
    NotKnown,
}

impl Finding {
    /// A finding that time does not end.
    pub fn new(reason: Reason, causes: Vec<Cause>) -> Self {
        Self { reason, causes, ends: Ends::ByAction }
    }

    /// One sentence a cause, then the advice.
    pub fn explanation(&self) -> String {
        let mut text = String::new();
        for cause in &self.causes {
            text.push_str(&cause.to_string());
            text.push_str("; ");
        }
        if text.len() > 2 {
            text.truncate(text.len() - 2);
            text.push_str(". ");
        }
        text + self.reason.advice()
    }
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.what)?;
        if let Some(name) = &self.name {
            write!(f, " `{name}`")?;
        }
        if let Some(id) = &self.id {
            write!(f, " ({id})")?;
        }
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

/// The first day on which the customer may go: the latest day on which one of these findings ends.
/// None if one of them cannot be computed, or if none of them is a matter of time.
pub fn removable_from(findings: &[Finding]) -> Option<Day> {
    let mut latest = None;
    for finding in findings {
        match finding.ends {
            Ends::ByAction => {}
            Ends::On(day) => latest = latest.max(Some(day)),
            Ends::NotKnown => return None,
        }
    }
    latest
}

/// The outcome that these findings add up to: the gravest one. None if there are none.
pub fn outcome_of(findings: &[Finding]) -> Option<Outcome> {
    let grave =
        [Outcome::Rejected, Outcome::Unknown, Outcome::Failed, Outcome::NotAttempted, Outcome::Skipped];
    grave.into_iter().find(|outcome| findings.iter().any(|finding| finding.reason.outcome() == *outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(ends: Ends) -> Finding {
        Finding { reason: Reason::ReservedInstance, causes: vec![], ends }
    }

    #[test]
    fn the_first_day_is_the_latest_end_of_all() {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let early = finding(Ends::On(day("2027-01-01")));
        let late = finding(Ends::On(day("2028-01-01")));
        let act = finding(Ends::ByAction);
        let open = finding(Ends::NotKnown);
        assert_eq!(removable_from(&[early.clone(), late.clone(), act.clone()]), Some(day("2028-01-01")));
        assert_eq!(removable_from(&[early, open]), None);
        assert_eq!(removable_from(&[act]), None);
    }

    #[test]
    fn an_explanation_names_each_cause_and_what_to_do() {
        let cause = Cause {
            what: "subscription".into(),
            id: Some("5d".into()),
            name: Some("Office".into()),
            detail: "active".into(),
        };
        let finding = Finding::new(Reason::ActiveSubscription, vec![cause]);
        assert!(finding.explanation().starts_with("subscription `Office` (5d): active. Suspend"));
    }
}
