//! Customers of which nothing is given but how many there are.

use super::super::scenario::Generated;
use super::super::synthetic_customer::generated_id;
use crate::domain::{TenantId, Time};
use std::collections::BTreeMap;

/// Generated customers, in the order of their IDs. An ID is made from its number whenever it is needed; of each,
/// no more is kept than tells where it stands.
#[derive(Debug, Default)]
pub(super) struct SyntheticCustomers {
    seed: u64,
    clean: bool,
    /// How the ID begins, and its number.
    all: Vec<(u32, u32)>,
    /// Whose relationship ended, and when.
    gone: BTreeMap<u32, Time>,
}

impl SyntheticCustomers {
    /// All of them but those that are known otherwise.
    pub(super) fn new(
        Generated { count, seed, clean }: Generated,
        is_known: impl Fn(TenantId) -> bool,
    ) -> Self {
        let mut all = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
        for n in 0..count {
            let id = generated_id(seed, n);
            if !is_known(id) {
                all.push((beginning(id), n));
            }
        }
        all.sort_unstable_by(|(a, n), (b, m)| {
            a.cmp(b).then_with(|| generated_id(seed, *n).cmp(&generated_id(seed, *m)))
        });
        Self { seed, clean, all, gone: BTreeMap::new() }
    }

    /// Whether nothing stands in the way of any of them.
    pub(super) const fn is_clean(&self) -> bool {
        self.clean
    }

    /// The number of this customer.
    pub(super) fn find(&self, id: TenantId) -> Option<u32> {
        let begins = beginning(id);
        let start = self.all.partition_point(|(beginning, _)| *beginning < begins);
        let alike = self.all.iter().skip(start).take_while(|(beginning, _)| *beginning == begins);
        alike.map(|(_, n)| *n).find(|n| self.id(*n) == id)
    }

    /// All whose ID is greater than this one, by ID.
    pub(super) fn after(&self, id: Option<TenantId>) -> impl Iterator<Item = (u32, TenantId)> {
        let start = id.map_or(0, |id| {
            let begins = beginning(id);
            self.all.partition_point(|(beginning, n)| {
                *beginning < begins || (*beginning == begins && self.id(*n) <= id)
            })
        });
        self.all.iter().skip(start).map(|(_, n)| (*n, self.id(*n)))
    }

    /// When its relationship ended.
    pub(super) fn gone_at(&self, n: u32) -> Option<Time> {
        self.gone.get(&n).copied()
    }

    pub(super) fn end(&mut self, id: TenantId, at: Time) {
        if let Some(n) = self.find(id) {
            self.gone.insert(n, at);
        }
    }

    pub(super) fn begin_again(&mut self, id: TenantId) -> bool {
        self.find(id).is_some_and(|n| self.gone.remove(&n).is_some())
    }

    fn id(&self, n: u32) -> TenantId {
        generated_id(self.seed, n)
    }
}

fn beginning(id: TenantId) -> u32 {
    let [a, b, c, d, ..] = *id.as_bytes();
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crowd_is_what_its_ids_are_in_their_order() {
        let mut ids: Vec<_> = (0..500).map(|n| generated_id(3, n)).collect();
        let known = ids.remove(7);
        let mut crowd =
            SyntheticCustomers::new(Generated { count: 500, seed: 3, clean: true }, |id| id == known);
        ids.sort_unstable();
        let found = |after| crowd.after(after).map(|(_, id)| id).collect::<Vec<_>>();
        assert_eq!(found(None), ids);
        assert_eq!(found(Some(ids[123])), ids[124..]);
        assert!(found(ids.last().copied()).is_empty());
        assert_eq!((crowd.find(known), crowd.find(generated_id(3, 8))), (None, Some(8)));
        crowd.end(generated_id(3, 8), Time::from_millis(5));
        assert_eq!((crowd.gone_at(8), crowd.gone_at(9)), (Some(Time::from_millis(5)), None));
    }
}
