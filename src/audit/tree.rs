//! The Merkle tree over the bytes of the records (RFC 6962 §2.1), as its right edge.
//!
//! A tree that only grows needs none of its inner nodes again: the roots of the perfect subtrees that
//! it consists of are enough, at most one for each bit of its size. So an append costs the same however
//! long the log is.

use tlog_tiles::{EMPTY_HASH, Hash, node_hash, record_hash};

/// The hash of a record's bytes, as a leaf of the tree.
pub(super) fn leaf(body: &[u8]) -> Hash {
    record_hash(body)
}

/// A tree, of which only the right edge is kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Frontier {
    size: u64,
    /// The roots of its perfect subtrees, the largest first.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// How many leaves it has.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf at the right.
    pub(super) fn push(&mut self, leaf: Hash) {
        self.push_and_see(leaf, |_| {});
    }

    /// Adds a leaf at the right. `see` is shown the leaf, and then the root of each subtree that it
    /// completes, from the smallest to the largest.
    pub(super) fn push_and_see(&mut self, leaf: Hash, mut see: impl FnMut(Hash)) {
        let mut root = leaf;
        see(root);
        // Each one at the end of the size is a subtree that the new leaf completes to a larger one.
        let complete = self.peaks.len().saturating_sub(self.size.trailing_ones() as usize);
        for left in self.peaks.drain(complete..).rev() {
            root = node_hash(left, root);
            see(root);
        }
        self.peaks.push(root);
        self.size += 1;
    }

    /// The root of the tree as it is now.
    pub(super) fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev().copied();
        let Some(last) = peaks.next() else { return EMPTY_HASH };
        peaks.fold(last, |right, left| node_hash(left, right))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, word for word.
    fn root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => EMPTY_HASH,
            [one] => *one,
            leaves => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(root(left), root(right))
            }
        }
    }

    #[test]
    fn the_root_is_the_one_of_the_definition_at_every_size() {
        let mut tree = Frontier::default();
        let mut leaves = Vec::new();
        assert_eq!(tree.root(), root(&leaves));
        for n in 0..600_u32 {
            let new = leaf(&n.to_be_bytes());
            tree.push(new);
            leaves.push(new);
            assert_eq!(tree.root(), root(&leaves), "{n}");
            assert!(tree.peaks.len() <= 10);
        }
        assert_eq!(tree.size(), 600);
    }

    /// The tree of the eight inputs that the implementations of Certificate Transparency share.
    #[test]
    fn the_root_is_the_known_one() {
        let leaves: [&[u8]; 8] = [
            b"",
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
        ];
        let mut tree = Frontier::default();
        for bytes in leaves {
            tree.push(leaf(bytes));
        }
        assert_eq!(tree.root().to_string(), "XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=");
    }

    proptest! {
        #[test]
        fn another_leaf_is_another_root(size in 1_usize..200, place in any::<prop::sample::Index>()) {
            let place = place.index(size);
            let roots = [None, Some(place)].map(|changed| {
                let mut tree = Frontier::default();
                (0..size).for_each(|n| tree.push(leaf(if changed == Some(n) { b"x" } else { b"" })));
                tree.root()
            });
            prop_assert_ne!(roots[0], roots[1]);
        }
    }
}
