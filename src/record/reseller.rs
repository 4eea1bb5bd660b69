//! Indirect resellers, through whom customers are the partner's.

use crate::domain::{Procedure, counted};
use serde::{Deserialize, Serialize};
use std::{cmp::Reverse, collections::BTreeMap, fmt};

/// The indirect reseller of a customer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndirectReseller {
    /// Its MPN ID, as the customer names it.
    pub mpn_id: String,
    /// Its name, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

impl fmt::Display for IndirectReseller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{name} (MPN {})", self.mpn_id),
            None => write!(f, "MPN {}", self.mpn_id),
        }
    }
}

/// How many customers each indirect reseller has.
#[derive(Clone, Debug, Default)]
pub struct CustomersOfResellers(BTreeMap<String, (Option<String>, u32)>);

impl CustomersOfResellers {
    /// Counts a customer, if it has a reseller.
    pub fn take(&mut self, reseller: Option<&IndirectReseller>) {
        let Some(IndirectReseller { mpn_id, name }) = reseller else { return };
        let (known, count) = self.0.entry(mpn_id.clone()).or_default();
        if known.is_none() {
            known.clone_from(name);
        }
        *count += 1;
    }

    /// Each reseller with the number of its customers, the most first.
    pub fn counted(&self) -> Vec<(IndirectReseller, u32)> {
        let of = |(mpn_id, (name, count)): (&String, &(Option<String>, u32))| {
            (IndirectReseller { mpn_id: mpn_id.clone(), name: name.clone() }, *count)
        };
        let mut all: Vec<_> = self.0.iter().map(of).collect();
        all.sort_by_key(|(_, count)| Reverse(*count));
        all
    }

    /// What it means for resellers, if there are any: `2 resellers below lose customers`.
    pub fn heading(&self, procedure: Procedure) -> Option<String> {
        let resellers = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let (loses, has) = if resellers == 1 { ("loses", "has") } else { ("lose", "have") };
        (resellers > 0).then(|| {
            let what = if procedure.ends_relationship() {
                format!("{loses} customers")
            } else {
                format!("{has} customers among these")
            };
            format!("{} below {what}", counted(resellers, "reseller"))
        })
    }

    /// Each in words: `Blue Harbor IT (MPN 5200011): 12 customers`.
    pub fn lines(&self) -> Vec<String> {
        let line = |(reseller, count): (IndirectReseller, u32)| {
            format!("{reseller}: {}", counted(count, "customer"))
        };
        self.counted().into_iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_are_counted_by_reseller_and_the_most_come_first() {
        let of = |mpn_id: &str, name: Option<&str>| IndirectReseller {
            mpn_id: mpn_id.to_owned(),
            name: name.map(str::to_owned),
        };
        let mut all = CustomersOfResellers::default();
        all.take(None);
        let (remove, schedule) = (Procedure::RemoveRelationship, Procedure::CancelAtTermEnd);
        assert_eq!((all.heading(remove), all.lines()), (None, vec![]));
        all.take(Some(&of("7", None)));
        assert_eq!(all.heading(remove).as_deref(), Some("1 reseller below loses customers"));
        assert_eq!(all.lines(), ["MPN 7: 1 customer"]);
        all.take(Some(&of("8", None)));
        all.take(Some(&of("8", Some("Blue Harbor"))));
        assert_eq!(all.heading(remove).as_deref(), Some("2 resellers below lose customers"));
        assert_eq!(all.heading(schedule).as_deref(), Some("2 resellers below have customers among these"));
        assert_eq!(all.lines(), ["Blue Harbor (MPN 8): 2 customers", "MPN 7: 1 customer"]);
    }
}
