//! What stands in a customer's way, with its evidence.

use super::{Day, Outcome, Reason, is_taken_out};
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

/// What a cause says before what becomes of a subscription after its term.
pub const AND_THEN: &str = "and it then";
/// What it says after that if nothing becomes of it.
pub const ENDS_THEN: &str = "ends";

impl Cause {
    /// Whether it says of itself that it goes on after its term.
    pub fn goes_on(&self) -> bool {
        let then = self.detail.split_once(AND_THEN).map(|(_, then)| then.trim_start());
        then.is_some_and(|then| !then.starts_with(ENDS_THEN))
    }
}

/// When a reason ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ends {
    /// As soon as somebody acts; time alone does not end it, because it renews itself, is extended, or has
    /// no end.
    ByAction,
    /// On this day, by itself; it is the first day without it.
    On(Day),
    /// It cannot be computed.
    NotKnown,
}

impl Ends {
    /// When both are over. What somebody must end stays until then, whatever else ends by itself.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::ByAction, other) | (other, Self::ByAction)
                if is_taken_out("a-date-though-somebody-must-act") =>
            {
                other
            }
            (Self::ByAction, _) | (_, Self::ByAction) => Self::ByAction,
            (Self::NotKnown, _) | (_, Self::NotKnown) => Self::NotKnown,
            (Self::On(one), Self::On(other)) => Self::On(one.max(other)),
        }
    }
}

impl Finding {
    /// A finding that time does not end.
    pub fn new(reason: Reason, causes: Vec<Cause>) -> Self {
        Self { reason, causes, ends: Ends::ByAction }
    }

    /// The causes, one after the other.
    pub fn causes_in_words(&self) -> String {
        self.causes.iter().map(Cause::to_string).collect::<Vec<_>>().join("; ")
    }

    /// The causes, then the advice.
    pub fn explanation(&self) -> String {
        let advice = self.reason.advice();
        if self.causes.is_empty() {
            advice.to_owned()
        } else {
            let causes = self.causes_in_words();
            // What the service says may end with a full stop of its own.
            let stop = if causes.ends_with(['.', '!', '?']) { "" } else { "." };
            format!("{causes}{stop} {advice}")
        }
    }
}

/// Findings one after the other, each with its reason before it, as they are recorded.
pub fn in_one_text(findings: &[Finding]) -> String {
    let each: Vec<_> =
        findings.iter().map(|finding| format!("{}: {}", finding.reason, finding.explanation())).collect();
    each.join(" | ")
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

/// The first day on which the customer may go if nobody does anything: the day on which the last of these
/// findings has ended by itself. None if there are none, if somebody must end one of them, or if it is not
/// known when one ends.
pub fn removable_from(findings: &[Finding]) -> Option<Day> {
    match findings.iter().map(|finding| finding.ends).reduce(Ends::and)? {
        Ends::On(day) => Some(day),
        Ends::ByAction | Ends::NotKnown => None,
    }
}

/// Whether such a row waits for somebody: it was skipped for what does not stay for ever, and there is no day
/// on which that is known to be over by itself.
pub fn awaits_an_act(outcome: Outcome, reasons: &[Reason], has_date: bool) -> bool {
    let may_end = !reasons.is_empty() && reasons.iter().all(|reason| reason.worth_another_try());
    outcome == Outcome::Skipped && may_end && !has_date
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
        assert_eq!(removable_from(&[early.clone(), late.clone()]), Some(day("2028-01-01")));
        // Somebody must act, or nobody knows: nothing is promised, whatever ends by itself.
        for not_dated in [act, open] {
            assert_eq!(removable_from(&[early.clone(), not_dated.clone(), late.clone()]), None);
            assert_eq!(removable_from(&[not_dated.clone(), late.clone()]), None);
            assert_eq!(removable_from(&[not_dated]), None);
        }
        assert_eq!(removable_from(&[]), None);
    }

    #[test]
    fn who_is_skipped_for_good_waits_for_nobody() {
        use Reason::{ActiveSubscription, AzurePlan, DuplicateRow};
        for (outcome, reasons, has_date, awaits) in [
            (Outcome::Skipped, &[ActiveSubscription, AzurePlan][..], false, true),
            (Outcome::Skipped, &[ActiveSubscription], true, false),
            (Outcome::Skipped, &[ActiveSubscription, DuplicateRow], false, false),
            (Outcome::Skipped, &[], false, false),
            (Outcome::Failed, &[Reason::RefusedByService], false, false),
        ] {
            assert_eq!(awaits_an_act(outcome, reasons, has_date), awaits, "{outcome:?} {reasons:?}");
        }
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
        let mut two = finding.clone();
        two.causes.push(Cause { what: "order".into(), id: None, name: None, detail: String::new() });
        let text = two.explanation();
        assert!(text.starts_with("subscription `Office` (5d): active; order. Suspend"), "{text}");
        let none = Finding::new(Reason::AzurePlan, vec![]);
        assert_eq!(none.explanation(), Reason::AzurePlan.advice());
        let both = in_one_text(&[finding.clone(), none.clone()]);
        let each = [finding.explanation(), none.explanation()];
        assert_eq!(both, format!("active_subscription: {} | azure_plan: {}", each[0], each[1]));
    }

    #[test]
    fn the_gravest_finding_makes_the_outcome() {
        let of = |reasons: &[Reason]| {
            let findings: Vec<_> = reasons.iter().map(|reason| Finding::new(*reason, vec![])).collect();
            outcome_of(&findings)
        };
        let (skipped, failed) = (Reason::AzurePlan, Reason::ServiceUnavailable);
        let (unknown, rejected) = (Reason::AnswerLost, Reason::MissingTenantId);
        for (reasons, outcome) in [
            (&[][..], None),
            (&[skipped], Some(Outcome::Skipped)),
            (&[skipped, Reason::RunStopped], Some(Outcome::NotAttempted)),
            (&[Reason::RunStopped, skipped, failed], Some(Outcome::Failed)),
            (&[failed, unknown, skipped], Some(Outcome::Unknown)),
            (&[unknown, rejected, failed], Some(Outcome::Rejected)),
        ] {
            assert_eq!(of(reasons), outcome, "{reasons:?}");
        }
    }
}
