//! What a plan names for a customer: what is done before the last change, or all that there is to do.

use super::{AdminAccess, Day, Effect, EffectWords};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// One thing that is done. A plan names each of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preparation {
    /// What is done.
    pub what: Effect,
    /// The ID of the thing that it is done to.
    pub id: String,
    /// Its name, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What whoever allows it must know of the term, if it is about what happens at the end of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub term: Option<Box<Term>>,
    /// What it gives the partner, if it is delegated administration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Box<AdminAccess>>,
}

/// The term of a subscription, where a plan decides about its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Term {
    /// How many seats the subscription has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seats: Option<u64>,
    /// The last day of the term.
    pub last_day: Day,
    /// What is set to happen then, as it was read when that was planned, if it is to be changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned_over: Option<TermEndSettings>,
    /// What is to happen then once more, if that is restored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<TermEndSettings>,
}

/// What is set to happen at the end of a subscription's term, as Partner Center shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TermEndSettings {
    /// `autoRenewEnabled`.
    pub auto_renew: bool,
    /// `scheduledActions` as JSON, if anything is scheduled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheduled: Option<String>,
    /// `scheduledNextTermInstructions` as JSON, if there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_term: Option<String>,
}

impl Preparation {
    /// A thing that is done to this, of which nothing more need be known.
    pub const fn new(what: Effect, id: String, name: Option<String>) -> Self {
        Self { what, id, name, term: None, access: None }
    }

    /// Whether it is the same thing, of which is known what was known when it was planned.
    pub fn is_as_planned(&self, planned: &Self) -> bool {
        let is_same_term = match (&self.term, &planned.term) {
            (Some(term), Some(planned)) => term.is_as_planned(planned),
            (None, None) => true,
            _ => false,
        };
        self.is_same(planned) && is_same_term
    }

    /// Whether it is the same thing that is done, whatever the thing is called meanwhile.
    pub fn is_same(&self, other: &Self) -> bool {
        self.what == other.what && self.id == other.id
    }

    /// Whether `some` are all among `all`.
    pub fn are_among(some: &[Self], all: &[Self]) -> bool {
        some.iter().all(|one| all.iter().any(|other| one.is_same(other)))
    }

    /// What is to be done, without the ID: ``cancel order `Windows Server` ``.
    pub fn named(&self) -> String {
        let words = self.words();
        // Nobody tells an application's name.
        if self.what.facts().answer_tells {
            return format!("{} {}", words.verb, words.thing);
        }
        let name = self.name.as_deref().unwrap_or("(no name)");
        format!("{} {} `{name}`", words.verb, words.thing)
    }

    /// What is to be done, in words: ``cancel order `Windows Server` (Zx1)``.
    pub fn in_words(&self) -> String {
        format!("{} {self}{}", self.words().verb, self.details_in_words())
    }

    fn details_in_words(&self) -> String {
        if let Some(access) = &self.access {
            return format!(": {}", access.in_words());
        }
        let Some(term) = &self.term else { return String::new() };
        if self.what.facts().stops_service {
            return format!(": at once, {}term until {}", term.seats_in_words(), term.last_day);
        }
        format!(": {}", term.in_words())
    }

    /// How many seats what it is done to has, where that matters and is known.
    pub fn seats(&self) -> Option<u64> {
        self.term.as_ref()?.seats
    }

    /// The words of what is done.
    pub fn words(&self) -> EffectWords {
        self.what.words()
    }
}

impl Term {
    /// Whether it is the term that was planned about, with as many seats, and what is restored is the same.
    pub fn is_as_planned(&self, planned: &Self) -> bool {
        (self.seats, self.last_day, &self.restored) == (planned.seats, planned.last_day, &planned.restored)
    }

    /// `40 seats, last day 2027-03-04`, and what happens then if that is restored.
    pub fn in_words(&self) -> String {
        let seats = self.seats_in_words();
        let then = self.restored.as_ref().map(|then| format!(", {}", then.in_words())).unwrap_or_default();
        format!("{seats}last day {}{then}", self.last_day)
    }

    fn seats_in_words(&self) -> String {
        match self.seats {
            None => String::new(),
            Some(1) => "1 seat, ".to_owned(),
            Some(seats) => format!("{seats} seats, "),
        }
    }
}

impl TermEndSettings {
    /// What the service makes of a cancellation that it does not take: an extended service term.
    pub fn extended() -> Self {
        let scheduled = r#"[{"actionType":"RenewToExtendedServiceTerm","scheduleType":"TermEnd"}]"#;
        Self { auto_renew: false, scheduled: Some(scheduled.to_owned()), next_term: None }
    }

    /// As the two settings are called in Partner Center: `auto-renew on, RenewToNewTerm scheduled`.
    pub fn in_words(&self) -> String {
        let scheduled = self.scheduled.as_deref().and_then(|text| serde_json::from_str(text).ok());
        let scheduled = match scheduled {
            Some(Value::Array(actions)) => {
                let kind = |action: &Value| action.get("actionType")?.as_str().map(str::to_owned);
                let kinds: Vec<_> = actions.iter().filter_map(kind).collect();
                if kinds.is_empty() { String::new() } else { format!(", {} scheduled", kinds.join(", ")) }
            }
            _ => String::new(),
        };
        let next = if self.next_term.is_some() { ", with instructions for the next term" } else { "" };
        format!("auto-renew {}{scheduled}{next}", if self.auto_renew { "on" } else { "off" })
    }
}

impl fmt::Display for Preparation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words().thing)?;
        match &self.name {
            Some(name) => write!(f, " `{name}` ({})", self.id),
            None => write!(f, " {}", self.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(id: &str, name: &str) -> Preparation {
        Preparation::new(Effect::CancelOrder, id.to_owned(), Some(name.to_owned()))
    }

    #[test]
    fn a_thing_is_known_by_its_id() {
        let planned = [order("A", "Windows Server"), order("B", "SQL Server")];
        assert!(Preparation::are_among(&[order("B", "another name")], &planned));
        assert!(!Preparation::are_among(&[order("C", "SQL Server")], &planned));
        assert!(
            !Preparation { what: Effect::SuspendSubscription, ..planned[0].clone() }.is_same(&planned[0])
        );
        assert_eq!(planned[0].in_words(), "cancel order `Windows Server` (A)");
        assert_eq!(planned[0].named(), "cancel order `Windows Server`");
        let nameless = Preparation { name: None, ..planned[0].clone() };
        assert_eq!(
            (nameless.to_string(), nameless.named()),
            ("order A".into(), "cancel order `(no name)`".into())
        );
    }

    #[test]
    fn the_end_of_a_term_is_told_with_its_seats_and_its_last_day() {
        let scheduled = Some(r#"[{"actionType":"RenewToNewTerm","scheduleType":"TermEnd"}]"#.to_owned());
        let restored = Some(TermEndSettings { auto_renew: true, scheduled, next_term: None });
        let term =
            Term { seats: Some(40), last_day: "2027-03-04".parse().unwrap(), planned_over: None, restored };
        let one = Preparation {
            term: Some(Box::new(term.clone())),
            ..Preparation::new(Effect::RestoreRenewal, "A".to_owned(), Some("M365 E3".to_owned()))
        };
        assert_eq!(
            one.in_words(),
            "restore the renewal of subscription `M365 E3` (A): 40 seats, last day 2027-03-04, auto-renew on, \
             RenewToNewTerm scheduled"
        );
        // With other seats, it is the same subscription, and not what was planned.
        let other =
            Preparation { term: Some(Box::new(Term { seats: Some(41), ..term.clone() })), ..one.clone() };
        assert!(other.is_same(&one) && !other.is_as_planned(&one));
        assert_eq!((one.seats(), other.seats()), (Some(40), Some(41)));
        // That its end was planned over something else is no other plan; that a term is known of one alone is.
        let (planned_over, renamed) = (Some(TermEndSettings::extended()), Some("Mail".to_owned()));
        let term = Some(Box::new(Term { planned_over, ..term }));
        assert!(Preparation { term, name: renamed, ..one.clone() }.is_as_planned(&one));
        let without = Preparation { term: None, ..one.clone() };
        assert!(!without.is_as_planned(&one) && !one.is_as_planned(&without));
        assert!(without.is_as_planned(&without) && without.seats().is_none());
    }
}
