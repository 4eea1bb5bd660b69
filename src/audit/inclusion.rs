//! That a record stands at its place in the tree that a signed head covers, without the other records
//! (RFC 6962 §2.1.1).

use super::{
    by_mail::as_signed,
    checkpoint::{self, Keyring},
    keys::VerifyingKey,
    tree::{Frontier, leaf},
};
use crate::domain::Seq;
use serde::{Deserialize, Serialize};
use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
};
use tlog_tiles::{Error, Hash, HashReader, check_record, prove_record, stored_hash_index};

/// The hash of a record, as it stands in the tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Leaf(Hash);

/// The hashes that lead from a record to the root of the tree.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct InclusionProof(Vec<Hash>);

impl Leaf {
    /// Of a record with these bytes.
    pub fn of(body: &[u8]) -> Self {
        Self(leaf(body))
    }

    /// Its 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0.0
    }
}

impl Serialize for Leaf {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Leaf {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Hash::parse_hash(&text).map(Self).map_err(serde::de::Error::custom)
    }
}

impl TryFrom<Vec<String>> for InclusionProof {
    type Error = Error;

    fn try_from(texts: Vec<String>) -> Result<Self, Error> {
        texts.iter().map(|text| Hash::parse_hash(text)).collect::<Result<_, _>>().map(Self)
    }
}

impl From<InclusionProof> for Vec<String> {
    fn from(proof: InclusionProof) -> Self {
        proof.0.iter().map(ToString::to_string).collect()
    }
}

/// A head whose signature is good.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// Whose head it is.
    pub origin: String,
    /// How many records it covers.
    pub size: u64,
    root: Hash,
}

impl Head {
    /// Reads a note that one of these keys has signed, each given with the record that introduced it. The
    /// error says what is wrong with it.
    pub fn open(note: &str, keys: &[(Seq, VerifyingKey)]) -> Result<Self, String> {
        let keyring = Keyring::new(keys.iter().map(|(seq, key)| (key, *seq)));
        let signed = checkpoint::open(note, &keyring).map_err(|bad| format!("the head {bad}"))?;
        if signed.since >= signed.size {
            return Err(format!(
                "the head is signed with a key that only record {} introduces",
                signed.since
            ));
        }
        Ok(Self { origin: signed.origin, size: signed.size, root: signed.root })
    }

    /// The root of the tree over them, in base64.
    pub fn root(&self) -> String {
        self.root.to_string()
    }

    /// Whose heads the heads of the log with this ID are.
    pub fn origin(log_id: &str) -> String {
        checkpoint::origin(log_id)
    }

    /// Whose head a note says that it is, and over how many records, whoever signed it.
    pub fn claims(note: &str) -> Option<(&str, u64)> {
        checkpoint::claims(note)
    }

    /// The heads that stand in a text one after another, as a mail or a ticket gives them back; none if it holds
    /// anything else.
    pub fn notes(text: &[u8]) -> Option<Vec<String>> {
        let text = as_signed(text, &[' ', '\t', '\n', '\u{a0}'])?;
        let (notes, rest) = checkpoint::notes(&text);
        (rest.is_empty() && !notes.is_empty()).then(|| notes.into_iter().map(str::to_owned).collect())
    }

    /// Whether the record `seq` of the log that it covers has this leaf.
    pub fn has(&self, seq: Seq, leaf: Leaf, proof: &InclusionProof) -> bool {
        // No tree that fits into a log is higher.
        proof.0.len() <= 64 && check_record(&proof.0, self.size, self.root, seq, leaf.0).is_ok()
    }

    /// Whether it covers exactly the records that the prover was shown.
    pub fn covers(&self, prover: &Prover) -> bool {
        prover.tree.size() == self.size && prover.tree.root() == self.root
    }
}

/// Makes proofs for some records of a log, while all its records pass by once. Only the hashes that those
/// proofs need are kept.
#[derive(Debug)]
pub struct Prover {
    size: u64,
    tree: Frontier,
    wanted: BTreeSet<u64>,
    kept: HashMap<u64, Hash>,
}

/// Notes which hashes are asked for.
#[derive(Default)]
struct Asking(RefCell<BTreeSet<u64>>);

impl HashReader for Asking {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        self.0.borrow_mut().extend(indexes);
        Ok(vec![Hash::default(); indexes.len()])
    }
}

/// Gives those that were kept.
struct Answering<'a>(&'a HashMap<u64, Hash>);

impl HashReader for Answering<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        let kept = |index| self.0.get(index).copied().ok_or(Error::IndexesNotInTree);
        indexes.iter().map(kept).collect()
    }
}

impl Prover {
    /// For the records at these places of a log with `size` records.
    pub fn new(size: u64, places: impl IntoIterator<Item = Seq>) -> Self {
        let asking = Asking::default();
        for seq in places {
            // A place beyond the end has no proof, which is said when it is asked for.
            drop(prove_record(size, seq, &asking));
        }
        Self { size, tree: Frontier::default(), wanted: asking.0.into_inner(), kept: HashMap::new() }
    }

    /// Takes the next record of the log; those beyond the size do not matter.
    pub fn push(&mut self, body: &[u8]) {
        if self.tree.size() >= self.size {
            return;
        }
        let mut index = stored_hash_index(0, self.tree.size());
        let Self { tree, wanted, kept, .. } = self;
        tree.push_and_see(leaf(body), |hash| {
            if wanted.contains(&index) {
                kept.insert(index, hash);
            }
            index += 1;
        });
    }

    /// The proof for the record at this place, once all records have passed.
    pub fn proof(&self, seq: Seq) -> Option<InclusionProof> {
        prove_record(self.size, seq, &Answering(&self.kept)).ok().map(InclusionProof)
    }
}

#[cfg(test)]
mod tests {
    use super::{super::keys::tests::key, *};

    fn body(seq: u64) -> Vec<u8> {
        seq.to_be_bytes().to_vec()
    }

    fn head(size: u64) -> Head {
        let mut tree = Frontier::default();
        (0..size).for_each(|seq| tree.push(leaf(&body(seq))));
        let note = checkpoint::sign("offboard/ab", size, tree.root(), &key()).unwrap();
        Head::open(&note, &[(0, key().public().clone())]).unwrap()
    }

    #[test]
    fn each_record_of_a_log_of_any_size_is_proved_and_no_other() {
        for size in 1..=70 {
            let mut prover = Prover::new(size, 0..size);
            (0..size + 3).for_each(|seq| prover.push(&body(seq)));
            let head = head(size);
            assert!(head.covers(&prover));
            for seq in 0..size {
                let proof = prover.proof(seq).unwrap();
                assert!(head.has(seq, Leaf::of(&body(seq)), &proof), "{seq} of {size}");
                assert!(!head.has(seq, Leaf::of(b"x"), &proof));
                for other in (0..size + 2).filter(|other| *other != seq) {
                    assert!(!head.has(other, Leaf::of(&body(seq)), &proof), "{seq} as {other} of {size}");
                }
                let mut longer = proof.clone();
                longer.0.push(Hash::default());
                assert!(!head.has(seq, Leaf::of(&body(seq)), &longer));
            }
            assert!(prover.proof(size).is_none());
        }
    }

    #[test]
    fn only_the_hashes_that_are_needed_are_kept() {
        let mut prover = Prover::new(100_000, [7, 99_999]);
        (0..100_000).for_each(|seq| prover.push(&body(seq)));
        assert!(prover.kept.len() <= 2 * 17 + 10, "{}", prover.kept.len());
        assert!(head(100_000).has(7, Leaf::of(&body(7)), &prover.proof(7).unwrap()));
        assert!(prover.proof(8).is_none());
    }

    #[test]
    fn a_head_before_its_key_is_none() {
        let note = checkpoint::sign("offboard/ab", 3, leaf(b"x"), &key()).unwrap();
        let public = key().public().clone();
        assert!(Head::open(&note, &[(2, public.clone())]).is_ok());
        assert!(Head::open(&note, &[(3, public)]).unwrap_err().contains("record 3"));
        assert!(Head::open(&note, &[]).unwrap_err().contains("no signature of a known key"));
    }
}
