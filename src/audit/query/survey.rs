//! What a log consists of, by its bytes: each run, and the tree at some sizes.

use super::{QueryError, Reader};
use crate::{
    audit::tree::{Frontier, leaf},
    domain::{Digest, RunId, Seq, Sha256},
    record::RecordLabel,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a log consists of.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// How many records there are.
    pub count: u64,
    /// Its runs.
    pub runs: BTreeMap<RunId, RunExtent>,
    /// The root of the tree at each size that was asked for, as far as there are so many records.
    pub roots: BTreeMap<u64, String>,
}

/// Where the records of a run are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunExtent {
    /// The place of its first record.
    pub first: Seq,
    /// The place of its last one.
    pub last: Seq,
    /// How many there are.
    pub records: u64,
    /// SHA-256 over the place (eight bytes, the highest first) and the leaf of each of them, in order.
    pub digest: Sha256,
}

/// A run whose records are still passing by.
struct Passing {
    first: Seq,
    last: Seq,
    records: u64,
    digest: Digest,
}

impl Reader {
    /// Reads all records once. `wanted` are the sizes at which the root of the tree is needed.
    pub fn survey(&self, wanted: &BTreeSet<u64>) -> Result<Survey, QueryError> {
        let (mut tree, mut roots) = (Frontier::default(), BTreeMap::new());
        let mut runs: BTreeMap<RunId, Passing> = BTreeMap::new();
        self.each_record(0..Seq::MAX, |record| {
            let leaf = leaf(record.body);
            tree.push(leaf);
            if wanted.contains(&tree.size()) {
                roots.insert(tree.size(), tree.root().to_string());
            }
            let seq = record.seq;
            let label = RecordLabel::read(record.body);
            let label = label.map_err(|source| QueryError::Record { seq, source })?;
            let Some(run) = label.run else { return Ok(()) };
            let begin = || Passing { first: seq, last: seq, records: 0, digest: Digest::default() };
            let passing = runs.entry(run).or_insert_with(begin);
            passing.last = seq;
            passing.records += 1;
            passing.digest.add(seq.to_be_bytes());
            passing.digest.add(leaf.0);
            Ok::<_, QueryError>(())
        })?;
        let extent = |Passing { first, last, records, digest }: Passing| RunExtent {
            first,
            last,
            records,
            digest: digest.done(),
        };
        let runs = runs.into_iter().map(|(run, passing)| (run, extent(passing))).collect();
        Ok(Survey { count: tree.size(), runs, roots })
    }
}
