//! Whom a listing has named so far.

use crate::{domain::TenantId, partner_center::Count};

/// Customers, each once. A partner may have several hundred thousand: in their order they take no more room than
/// their IDs, and a page is merged into those before it.
#[derive(Debug, Default)]
pub(crate) struct DistinctIds(Vec<TenantId>);

impl DistinctIds {
    /// Takes those of a page. Says how many of them were not named before.
    pub(crate) fn add(&mut self, mut page: Vec<TenantId>) -> usize {
        page.sort_unstable();
        page.dedup();
        page.retain(|id| self.0.binary_search(id).is_err());
        let (latest, new) = (self.0.last().copied(), page.len());
        let is_in_order = page.first() > latest.as_ref();
        self.0.append(&mut page);
        if !is_in_order {
            // This sort takes what is in order already as it is.
            self.0.sort();
        }
        new
    }

    /// How many there are, if the listing says that there are `said`.
    pub(crate) const fn count(&self, said: Option<u64>) -> Count {
        Count { came: self.0.len() as u64, said }
    }

    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_named_again_is_not_new() {
        let id = |n| TenantId::from_bytes([n; 16]);
        let mut named = DistinctIds::default();
        assert_eq!(named.add([3, 1, 3].map(id).into()), 2);
        assert_eq!(named.add(Vec::new()), 0);
        assert_eq!(named.add([2, 1, 4].map(id).into()), 2);
        assert_eq!((named.add([4, 3, 2, 1].map(id).into()), named.len()), (0, 4));
    }
}
