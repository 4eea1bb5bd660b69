//! The form of `certificate.json`. Each byte of it counts: whoever checks it computes all of it again.

use super::story::Story;
use crate::{
    audit::{InclusionProof, Leaf, Salt},
    domain::{Outcome, RunId, Seq, Sha256, TenantId},
    record::Payload,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

/// By what a certificate is known.
pub(super) const FORMAT: &str = "offboard certificate v1";

/// The edition of the words in which a certificate tells its records. It is raised whenever a sentence becomes another,
/// and a certificate's words are compared only by who has the same; 1 if it does not say.
pub(super) const WORDS: u32 = 4;

pub(super) const HOW_TO_CHECK: &str = "`offboard prove --check certificate.json --key KEY` checks all of this \
without the audit log and without a network; KEY is the partner's public key, from the partner and not from \
this file. By hand: `checkpoint` is a C2SP signed note, and its third line is the root of an RFC 6962 tree; \
SHA-256 over a zero byte and the text of `record` is a leaf of it, `seq` its place, and `proof` the hashes \
that lead to the root. A body is the one that was recorded if SHA-256 over its salt and its bytes is the \
digest in its record. `story` says in other words what the records say. Which records there are beside \
these cannot be seen from here: that takes the whole log.";

/// What is read from a certificate; the rest of it follows from this.
#[derive(Debug, Deserialize)]
pub(super) struct Parts {
    pub(super) format: String,
    #[serde(default = "first_words")]
    pub(super) words: u32,
    pub(super) run_id: RunId,
    pub(super) customer: TenantId,
    pub(super) checkpoint: String,
    pub(super) records: Vec<Item>,
    pub(super) sha256: Sha256,
}

const fn first_words() -> u32 {
    1
}

/// A certificate: what one log says of one customer in one run.
#[derive(Clone, Debug, Serialize)]
pub struct Certificate {
    pub(super) format: &'static str,
    pub(super) words: u32,
    pub(super) how_to_check: &'static str,
    pub(super) run_id: RunId,
    pub(super) customer: TenantId,
    pub(super) story: Story,
    pub(super) log: String,
    pub(super) keys: Vec<String>,
    pub(super) checkpoint: String,
    pub(super) records: Vec<Item>,
    /// Over all of it, with zeros here.
    pub(super) sha256: Sha256,
    /// Whether the file tells its records in the words of another edition, which were not compared.
    #[serde(skip)]
    pub(super) has_other_words: bool,
}

/// A record of the log: shown, or only its hash.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Item {
    Shown(ShownRecord),
    Withheld(Withheld),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ShownRecord {
    pub(super) seq: Seq,
    /// The bytes of the record, which are text.
    pub(super) record: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) body: Option<RecordBody>,
    pub(super) proof: InclusionProof,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Withheld {
    pub(super) seq: Seq,
    /// What kind of record it is; nothing proves that.
    pub(super) kind: String,
    #[serde(rename = "withheld")]
    pub(super) why: WithheldBecause,
    pub(super) leaf_hash: Leaf,
    pub(super) proof: InclusionProof,
}

/// What lies beside a record.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum RecordBody {
    Text { salt: String, text: String },
    Bytes { salt: String, base64: String },
    Withheld { withheld: WithheldBecause },
}

/// Why something is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum WithheldBecause {
    #[serde(rename = "It names another customer.")]
    NamesAnother,
    #[serde(rename = "It is about other customers as well.")]
    AboutOthers,
    #[serde(rename = "It is made of a mark that may hold another customer's name.")]
    HoldsMark,
    #[serde(
        rename = "It has other columns of the list than ID, name and domain; `offboard prove --with-columns` shows it."
    )]
    OtherColumns,
    #[serde(rename = "What it is about stands in a record that is withheld.")]
    Alone,
}

impl Item {
    pub(super) const fn seq(&self) -> Seq {
        match self {
            Self::Shown(shown) => shown.seq,
            Self::Withheld(withheld) => withheld.seq,
        }
    }

    /// What kind it is said to be, if it is withheld.
    pub(super) fn kind_withheld(&self) -> Option<&str> {
        match self {
            Self::Shown(_) => None,
            Self::Withheld(withheld) => Some(&withheld.kind),
        }
    }

    /// Whether it is withheld because of the list's other columns.
    pub(super) const fn is_row_withheld(&self) -> bool {
        matches!(self, Self::Withheld(Withheld { why: WithheldBecause::OtherColumns, .. }))
    }

    pub(super) const fn proof(&self) -> &InclusionProof {
        match self {
            Self::Shown(shown) => &shown.proof,
            Self::Withheld(withheld) => &withheld.proof,
        }
    }

    pub(super) fn leaf(&self) -> Leaf {
        match self {
            Self::Shown(shown) => Leaf::of(shown.record.as_bytes()),
            Self::Withheld(withheld) => withheld.leaf_hash,
        }
    }
}

impl RecordBody {
    /// These bytes, as text if they are some.
    pub(super) fn of(salt: &Salt, bytes: Vec<u8>) -> Self {
        let salt = STANDARD.encode(salt);
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text { salt, text },
            Err(not_text) => Self::Bytes { salt, base64: STANDARD.encode(not_text.as_bytes()) },
        }
    }

    /// The bytes, if they are those that were recorded; none if they are withheld.
    pub(super) fn checked(&self, recorded: &Payload) -> Result<Option<Vec<u8>>, &'static str> {
        let (salt, bytes) = match self {
            Self::Withheld { .. } => return Ok(None),
            Self::Text { salt, text } => (salt, text.clone().into_bytes()),
            Self::Bytes { salt, base64 } => {
                (salt, STANDARD.decode(base64).map_err(|_bad| "a body is not base64")?)
            }
        };
        let salt = STANDARD.decode(salt).ok().and_then(|salt| Salt::try_from(salt).ok());
        let salt = salt.ok_or("a salt is not sixteen bytes in base64")?;
        if Payload::of(&salt, &bytes) == *recorded {
            Ok(Some(bytes))
        } else {
            Err("a body is not the one that was recorded")
        }
    }
}

impl Certificate {
    /// All that it says, in a sentence or two.
    pub fn in_short(&self) -> &str {
        &self.story.in_short
    }

    /// Whether the file that was checked tells its records in the words of another edition: its records are proved, and
    /// its sentences were not compared.
    pub const fn has_other_words(&self) -> bool {
        self.has_other_words
    }

    /// What the customer is called, or its tenant ID.
    pub fn who(&self) -> String {
        self.story.customer_name.clone().unwrap_or_else(|| self.customer.to_string())
    }

    /// Of this customer,
    pub const fn customer(&self) -> TenantId {
        self.customer
    }

    /// in this run.
    pub const fn run(&self) -> &RunId {
        &self.run_id
    }

    /// How the customer ended.
    pub const fn outcome(&self) -> Option<Outcome> {
        self.story.outcome
    }

    /// Whether the run had come to its end.
    pub const fn is_sealed(&self) -> bool {
        self.story.is_sealed
    }

    /// The keys that the log introduces, by the certificate's own word.
    pub fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The head that covers its records.
    pub fn checkpoint(&self) -> &str {
        &self.checkpoint
    }

    /// How many of its records are shown, and how many are withheld.
    pub fn records(&self) -> (usize, usize) {
        let shown = self.records.iter().filter(|item| matches!(item, Item::Shown(_))).count();
        (shown, self.records.len() - shown)
    }

    /// How many of those that are withheld are rows of the list that have other columns.
    pub const fn rows_withheld(&self) -> usize {
        self.story.rows_withheld
    }

    /// The text of the file. The digest in it is that of the rest.
    pub(super) fn sealed(mut self) -> Result<(Self, String), serde_json::Error> {
        self.sha256 = Sha256::from_bytes([0; 32]);
        let text = self.text()?;
        self.sha256 = Sha256::of(&[text.as_bytes()]);
        let text = self.text()?;
        Ok((self, text))
    }

    fn text(&self) -> Result<String, serde_json::Error> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }
}
