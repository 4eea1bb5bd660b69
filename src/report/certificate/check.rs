//! Whether a certificate is good: everything in it is computed again from its records, and compared.

use super::{
    form::{Certificate, FORMAT, HOW_TO_CHECK, Item, Parts, ShownRecord, WORDS},
    html,
    known::ParsedRecord,
    record_selection::{Choice, Picked},
    story::Story,
};
use crate::{
    audit::{Head, VerifyingKey},
    domain::{RunId, Seq, Sha256, TenantId, is_taken_out},
    record::{KeyIntroduced, Kind, LogOpened, Record, RecordError},
};

/// What the reviewer brings along.
#[derive(Debug, Default)]
pub struct Trusted {
    /// The only keys that may have signed; if there are none, those that the certificate itself shows.
    pub keys: Vec<VerifyingKey>,
    /// Heads of the log that were kept elsewhere. If there are any, the certificate's must be one of them.
    pub heads: Vec<String>,
}

/// Why a text is no good certificate.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is something else.
    #[error("it is not a certificate of this program; one is called `certificate.json`")]
    NotACertificate,
    /// It is not as it was made.
    #[error("{0}")]
    Altered(String),
    /// Its records are proved, and what they say is not understood.
    #[error("its records are those that were signed; {0}: check what it says with that one")]
    Newer(String),
}

impl From<String> for Refused {
    fn from(why: String) -> Self {
        Self::Altered(why)
    }
}

/// Checks the text of `certificate.json`.
pub fn check(text: &[u8], trusted: &Trusted) -> Result<Certificate, Refused> {
    let altered = |why: &str| Refused::Altered(why.to_owned());
    let is_one = memchr::memmem::find(text, FORMAT.as_bytes()).is_some();
    let parts: Parts = match serde_json::from_slice(text) {
        Ok(parts) => parts,
        Err(_) if !is_one => return Err(Refused::NotACertificate),
        Err(error) => return Err(Refused::Altered(format!("it is no whole certificate: {error}"))),
    };
    if parts.format != FORMAT {
        return Err(if is_one { altered("its format is another") } else { Refused::NotACertificate });
    }
    let Parts { words, run_id, customer, checkpoint, records, sha256, .. } = parts;
    let (certificate, again) = assemble(&run_id, customer, &checkpoint, records, trusted)?;
    if words != WORDS {
        // Whoever changes it on purpose can compute that again; whatever changed it by chance cannot.
        if !has_digest(text, &sha256) {
            return Err(altered("its `sha256` is not that of the rest of it"));
        }
        return Ok(Certificate { has_other_words: true, ..certificate });
    }
    if again.as_bytes() != text && !is_taken_out("a-story-of-ones-own") {
        let at = again.bytes().zip(text).take_while(|(ours, theirs)| ours == *theirs).count();
        let line = again.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1;
        let why = format!("from line {line} on, it does not say what its own records say");
        return Err(Refused::Altered(why));
    }
    Ok(certificate)
}

/// Whether that is the digest of the text, in which zeros stand for it.
fn has_digest(text: &[u8], sha256: &Sha256) -> bool {
    let written = sha256.to_string();
    let halves = memchr::memmem::rfind(text, written.as_bytes()).and_then(|at| text.split_at_checked(at));
    let Some((before, rest)) = halves else { return false };
    let zeros = Sha256::from_bytes([0; 32]).to_string();
    let after = rest.strip_prefix(written.as_bytes()).unwrap_or_default();
    Sha256::of(&[before, zeros.as_bytes(), after]) == *sha256
}

/// Checks the text of `certificate.html` against the certificate that it was made from.
pub fn check_html(text: &[u8], certificate: &Certificate) -> Result<(), Refused> {
    if certificate.has_other_words {
        return Ok(());
    }
    match html::render(certificate) {
        Ok(again) if again.as_bytes() == text => Ok(()),
        Ok(_) => Err(Refused::Altered("the page is not the one that `certificate.json` gives".to_owned())),
        Err(error) => Err(Refused::Altered(format!("the page cannot be made again: {error:#}"))),
    }
}

/// Which of these records a certificate would be made of.
pub(super) fn pick<'a>(
    run: &RunId,
    customer: TenantId,
    records: impl Iterator<Item = (Seq, &'a Record)> + Clone,
) -> Option<Picked> {
    let mut choice = Choice::new(run.clone(), customer);
    records.clone().for_each(|(_, record)| choice.learn(record));
    records.for_each(|(seq, record)| choice.take(seq, record));
    choice.picked()
}

/// Makes a certificate of these parts, if they are what the head covers. The error says what is not.
pub(super) fn assemble(
    run: &RunId,
    customer: TenantId,
    checkpoint: &str,
    records: Vec<Item>,
    trusted: &Trusted,
) -> Result<(Certificate, String), Refused> {
    if !records.is_sorted_by(|a, b| a.seq() < b.seq()) {
        return Err("its records are not in order".to_owned().into());
    }
    let rows_withheld = rows_withheld(&records)?;
    let shown = records.iter().filter_map(|item| match item {
        Item::Shown(shown) => Some(shown),
        Item::Withheld(_) => None,
    });
    let (log, keys) = introduced(shown.clone())?;
    let (mut known, mut newer) = (Vec::new(), None);
    for shown in shown {
        match understood(shown) {
            Ok(understood) => known.push(understood),
            Err(Refused::Newer(what)) => drop(newer.get_or_insert(what)),
            Err(refused) => return Err(refused),
        }
    }
    let may_sign = |key: &VerifyingKey| {
        trusted.keys.is_empty()
            || trusted.keys.iter().any(|trusted| trusted.as_str() == key.as_str())
            || is_taken_out("a-certificate-by-any-key")
    };
    let signers: Vec<_> = keys.iter().filter(|(_, key)| may_sign(key)).cloned().collect();
    let head = Head::open(checkpoint, &signers)?;
    if head.origin != log {
        return Err(format!("its head is that of another log, `{}`", head.origin).into());
    }
    if !(trusted.heads.is_empty() || trusted.heads.iter().any(|kept| is_same(kept, &head, &signers))) {
        return Err(format!(
            "its head, over {} records, is none of those that were kept elsewhere",
            head.size
        )
        .into());
    }
    for item in &records {
        if !head.has(item.seq(), item.leaf(), item.proof()) && !is_taken_out("a-certificate-of-any-records") {
            return Err(format!("record {} is not the one that the head covers there", item.seq()).into());
        }
    }
    if let Some(newer) = newer {
        return Err(Refused::Newer(newer));
    }
    let picked = pick(run, customer, known.iter().map(|known| (known.seq, &known.record)));
    let picked = picked.ok_or_else(|| "none of its records names the customer".to_owned())?;
    for known in &known {
        if !picked.records.contains(&known.seq) {
            return Err(format!("record {} has no place in it", known.seq).into());
        }
        if known.body.is_some() && !picked.own_bodies.contains(&known.seq) {
            return Err(format!("the body of record {} has no place in it", known.seq).into());
        }
    }
    let story = Story::of(&known, records.len() - known.len(), rows_withheld);
    let certificate = Certificate {
        format: FORMAT,
        words: WORDS,
        how_to_check: HOW_TO_CHECK,
        run_id: run.clone(),
        customer,
        story,
        log,
        keys: keys.iter().map(|(_, key)| key.as_str().to_owned()).collect(),
        checkpoint: checkpoint.to_owned(),
        records,
        sha256: Sha256::from_bytes([0; 32]),
        has_other_words: false,
    };
    certificate.sealed().map_err(|error| error.to_string().into())
}

/// How many rows of the list are withheld for their columns. Nothing proves what kind of record is withheld, but no other
/// may be said to have columns.
fn rows_withheld(records: &[Item]) -> Result<usize, String> {
    let rows = records.iter().filter(|item| item.is_row_withheld());
    match rows.clone().find(|item| item.kind_withheld() != Some(Kind::RowRead.label())) {
        Some(other) => Err(format!("record {} is withheld for columns that it does not have", other.seq())),
        None => Ok(rows.count()),
    }
}

/// Whether the note is the same head, apart from its signatures.
fn is_same(note: &str, head: &Head, keys: &[(Seq, VerifyingKey)]) -> bool {
    Head::open(note, keys).is_ok_and(|kept| kept == *head)
}

fn understood(shown: &ShownRecord) -> Result<ParsedRecord, Refused> {
    let ShownRecord { seq, record, body, .. } = shown;
    let record = Record::from_bytes(record.as_bytes()).map_err(|error| match error {
        RecordError::Newer(_) => Refused::Newer(format!("record {seq} {error}")),
        error => Refused::Altered(format!("record {seq} {error}")),
    })?;
    let body = match (record.event.about().body(), body) {
        (None, None) => None,
        (Some(recorded), Some(body)) => {
            body.checked(recorded).map_err(|why| format!("record {seq}: {why}"))?
        }
        (Some(_), None) => return Err(format!("record {seq}: its body is missing").into()),
        (None, Some(_)) => return Err(format!("record {seq}: a body that it does not have").into()),
    };
    Ok(ParsedRecord { seq: *seq, record, body })
}

/// Whose log it is, and the keys that it introduces.
fn introduced<'a>(
    shown: impl Iterator<Item = &'a ShownRecord> + Clone,
) -> Result<(String, Vec<(Seq, VerifyingKey)>), String> {
    let first = shown.clone().find(|shown| shown.seq == 0);
    let opened = first.and_then(|shown| LogOpened::read(shown.record.as_bytes()));
    let log = opened.map(|opened| Head::origin(&opened.log_id));
    let log = log.ok_or("the record that opens the log is missing")?;
    let mut keys = Vec::new();
    for ShownRecord { seq, record, .. } in shown {
        if let Some(introduced) = KeyIntroduced::read(record.as_bytes()) {
            let key = introduced.vkey.parse().map_err(|error| format!("record {seq}: {error}"))?;
            keys.push((*seq, key));
        }
    }
    Ok((log, keys))
}
