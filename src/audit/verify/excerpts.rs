//! What was exported of a log, looked at as the log itself is: the same tree, the same heads, the same history. Of
//! records that were not exported there is the leaf, so the tree is the log's all the same.

use super::{
    Trust,
    heads::{self, Judge, Noted, Outside},
    is_unreadable,
    records::{self, NotJudged},
    require_keys,
    stream::RecordSource,
    verdict::Check,
};
use crate::audit::{CannotLook, Excerpt};
use std::io;

/// What can be said about what was exported of a log.
#[derive(Debug)]
pub struct ExcerptProof {
    /// What was looked at.
    pub checks: Vec<Check>,
    /// Whose heads the heads of the log are.
    pub origin: Option<String>,
    /// The keys that the log introduces, in order.
    pub keys: Vec<String>,
    /// How many records the log had.
    pub records: u64,
    /// How many of them were not exported.
    pub withheld: u64,
    /// The sizes of the heads from outside that agree.
    pub compared_with: Vec<u64>,
    /// What was not judged, in words: a newer program wrote it.
    pub not_judged: Option<String>,
}

/// Looks at what was exported of a log, with these heads. Heads from outside are passed over that are another log's, or that
/// cover more than was exported: the log may have gone on.
pub fn verify_excerpt(
    excerpt: &Excerpt,
    notes: &[String],
    trust: &Trust,
) -> Result<ExcerptProof, CannotLook> {
    let exported: Vec<Noted> = notes.iter().map(|note| Noted::new(note)).collect();
    let outside = || trust.outside.iter().flat_map(Outside::notes);
    let all = heads::sizes(exported.iter().chain(outside()));
    let read = records::read((excerpt.connection(), RecordSource::Excerpt), all, 0);
    let (facts, looked_at) = read.map_err(|error| {
        debug_assert!(is_unreadable(&error), "{error}");
        CannotLook::Open { path: std::env::temp_dir(), source: io::Error::other(error) }
    })?;
    let mut checks = Vec::from(looked_at);
    if facts.withheld > 0
        && let Some(records) = checks.first_mut()
    {
        records.subject =
            format!("{}, in order; {} of them by their hash alone", facts.count, facts.withheld);
    }
    let mut judge = Judge::new(&facts);
    let mut signed = Check::new("heads");
    let covered = judge.compare(&exported, &mut signed).last().copied().unwrap_or_default();
    require_keys(trust, &facts, &mut signed);
    let keys: Vec<String> = facts.keys.iter().map(|(_, key)| key.as_str().to_owned()).collect();
    signed.subject = format!("{}; the last one covers {covered} records", exported.len());
    checks.push(signed);
    let mut compared_with = Vec::new();
    for file in &trust.outside {
        let own = file.within(facts.origin.as_deref(), facts.count);
        if own.is_empty() {
            continue;
        }
        let mut check = Check::new("checkpoint");
        check.subject = format!("{} from outside, in `{}`", own.len(), file.name());
        compared_with.extend(judge.compare(&own, &mut check));
        checks.push(check);
    }
    Ok(ExcerptProof {
        checks,
        keys,
        records: facts.count,
        withheld: facts.withheld,
        compared_with,
        not_judged: facts.newer.as_ref().map(NotJudged::in_words),
        origin: facts.origin,
    })
}
