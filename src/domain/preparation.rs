//! What is done for a customer before the last change.

use super::{Effect, EffectWords};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One thing that must end before the customer may go. A plan names each of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preparation {
    /// What is done.
    pub what: Effect,
    /// The ID of the thing that it is done to.
    pub id: String,
    /// Its name, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl Preparation {
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
        let name = self.name.as_deref().unwrap_or("(no name)");
        let words = self.words();
        format!("{} {} `{name}`", words.verb, words.thing)
    }

    /// What is to be done, in words: ``cancel order `Windows Server` (Zx1)``.
    pub fn in_words(&self) -> String {
        format!("{} {self}", self.words().verb)
    }

    /// The words of what is done.
    pub fn words(&self) -> EffectWords {
        self.what.words()
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
        Preparation { what: Effect::CancelOrder, id: id.to_owned(), name: Some(name.to_owned()) }
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
}
