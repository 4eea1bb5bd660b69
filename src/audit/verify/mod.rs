//! Whether a log is complete and unaltered: by what it says itself, and by heads that were kept elsewhere.
//!
//! ```text
//!  file ──snapshot──▶ structure
//!           │
//!           └──stream──▶ records ──▶ runs
//!                  │ roots   │ keys
//!                  ▼         ▼
//!                 heads: in the log · beside it · from outside ──▶ verdict
//! ```
//!
//! The log is only ever looked at. It is read once, from its first record to its last, in flat memory; the
//! tree is compared at each size that some head covers. A head in the log shows that nobody has changed the
//! log who does not hold the key; only a head from outside shows that nobody who does has rewritten it, and
//! that nothing was cut off its end. A run is proved by a head that covers its seal, whatever follows
//! (`run_proof`). `docs/verify.py` comes to the same verdict without this program.

mod approvals;
mod excerpts;
mod heads;
mod records;
mod run_proof;
mod runs;
mod stream;
mod structure;
mod verdict;

pub use excerpts::{ExcerptProof, verify_excerpt};
pub use heads::Outside;
pub use run_proof::RunProof;
pub use verdict::{Check, LogFault, Verdict, Verification};

use super::{CannotLook, keys::VerifyingKey, snapshot::Snapshot};
use crate::domain::is_taken_out;
use heads::Judge;
use records::{LogFacts, NotJudged};
use std::{collections::BTreeSet, path::Path};
use stream::RecordSource;

const NEWER_LAYOUT: &str =
    "the file was made by a newer version of this program, and its layout was not judged";

/// What the reviewer brings along.
#[derive(Debug, Default)]
pub struct Trust {
    /// Heads that were kept elsewhere.
    pub outside: Vec<Outside>,
    /// The only keys that may have signed; if there are none, those that the log introduces.
    pub keys: Vec<VerifyingKey>,
}

/// Looks at the log at `path`.
pub fn verify(path: &Path, trust: &Trust) -> Result<Verification, CannotLook> {
    let snapshot = Snapshot::take(path)?;
    snapshot.require_readable()?;
    verify_snapshot(&snapshot, trust)
}

/// Looks at a log as it was at one moment.
pub fn verify_snapshot(snapshot: &Snapshot, trust: &Trust) -> Result<Verification, CannotLook> {
    let connection = &snapshot.connect()?;
    let unreadable = |error| snapshot.unreadable(error);
    let (structure, is_newer) = structure::check(connection).map_err(unreadable)?;
    let mut signed = Check::new("heads");
    let in_log = match heads::in_log(connection) {
        Ok(heads) => heads,
        Err(error) if is_unreadable(&error) => return Err(unreadable(error)),
        Err(error) => {
            signed.fault(LogFault::of_all(format!("the heads cannot be read: {error}")));
            Vec::new()
        }
    };
    let mut copied = Check::new("copy");
    let beside = snapshot.beside.as_deref().map(heads::beside);
    let outside: Vec<_> = trust.outside.iter().flat_map(Outside::notes).collect();
    let largest = heads::sizes(outside.iter().copied()).last().copied().unwrap_or_default();
    let all = in_log.iter().chain(beside.iter().flatten()).chain(outside);
    let (facts, looked_at) =
        records::read((connection, RecordSource::Log), heads::sizes(all), largest).map_err(unreadable)?;
    let mut checks = vec![structure];
    checks.extend(looked_at);

    let mut judge = Judge::new(&facts);
    let covered = judge.compare(&in_log, &mut signed).last().copied().unwrap_or_default();
    require_keys(trust, &facts, &mut signed);
    signed.subject =
        format!("{}, signed with {}; the last one covers {covered} records", in_log.len(), keys(&facts));
    checks.push(signed);
    if let Some(beside) = &beside {
        judge.compare(beside, &mut copied);
        copied.subject = format!("{} of them, in the file beside the log", beside.len());
        checks.push(copied);
    }
    let mut compared_with = BTreeSet::new();
    for file in &trust.outside {
        let mut check = Check::new("checkpoint");
        check.subject = format!("{} from outside, in `{}`", file.notes().len(), file.name());
        compared_with.extend(judge.compare(file.notes(), &mut check));
        checks.push(check);
    }
    let found = concluded(facts, checks, covered, compared_with, is_newer);
    Ok(Verification { is_being_written: snapshot.is_being_written, ..found })
}

/// What follows from everything that was looked at. `is_newer` says that the file has a layout that is not known here.
fn concluded(
    facts: LogFacts,
    checks: Vec<Check>,
    covered: u64,
    compared_with: BTreeSet<u64>,
    is_newer: bool,
) -> Verification {
    let missing = missing(&facts, covered, &compared_with);
    let layout = is_newer.then_some(NEWER_LAYOUT);
    let largest = compared_with.last().copied().unwrap_or_default();
    let runs = RunProof::all(&facts.runs, facts.count, largest, layout);
    let newer = facts.newer.as_ref().map(NotJudged::in_words);
    let not_judged: Vec<String> = newer.into_iter().chain(layout.map(str::to_owned)).collect();
    let is_complete = missing.is_empty() && not_judged.is_empty();
    Verification {
        verdict: Verdict::of(checks.iter().all(Check::is_fine), is_complete),
        records: facts.count,
        origin: facts.origin,
        keys: facts.keys.into_iter().map(|(_, key)| key.as_str().to_owned()).collect(),
        covered,
        compared_with: compared_with.into_iter().collect(),
        missing,
        newer: facts.newer.as_ref().map_or(0, |newer| newer.count),
        not_judged,
        is_being_written: false,
        checks,
        runs,
        run: None,
    }
}

/// Whoever gave keys trusts no other.
fn require_keys(trust: &Trust, facts: &LogFacts, signed: &mut Check) {
    let is_given = |key: &VerifyingKey| trust.keys.iter().any(|trusted| trusted.as_str() == key.as_str());
    for (seq, key) in &facts.keys {
        if !trust.keys.is_empty() && !is_given(key) && !is_taken_out("a-head-by-any-key") {
            let text =
                format!("introduces the key `{}`, which is none of those that were given", key.as_str());
            signed.fault(LogFault::of_record(*seq, text));
        }
    }
}

/// Whether the log could not be read. It may be whole then: what went wrong is not in its bytes.
fn is_unreadable(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{
        CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, OperationInterrupted, OutOfMemory,
        PermissionDenied, SystemIoFailure,
    };
    matches!(
        error.sqlite_error_code(),
        Some(
            CannotOpen
                | DatabaseBusy
                | DatabaseLocked
                | DiskFull
                | OperationInterrupted
                | OutOfMemory
                | PermissionDenied
                | SystemIoFailure
        )
    )
}

/// The keys that the log introduces, in words.
fn keys(facts: &LogFacts) -> String {
    let names: Vec<String> = facts.keys.iter().map(|(_, key)| format!("`{}`", key.as_str())).collect();
    if names.is_empty() { "no key".to_owned() } else { names.join(" and ") }
}

/// What there would have to be, so that nothing can be missing at the end.
fn missing(facts: &LogFacts, covered: u64, compared_with: &BTreeSet<u64>) -> Vec<String> {
    let mut missing = Vec::new();
    let largest = compared_with.last().copied().unwrap_or_default();
    match facts.runs.last() {
        None => missing.push("there is no run in it".to_owned()),
        Some((run, None)) => missing.push(format!("not sealed: run {run} has not come to its end")),
        Some((run, Some(seal))) if largest > 0 && largest <= seal => missing.push(format!(
            "the heads from outside cover {largest} records, and run {run} ends with record {seal}"
        )),
        Some((_, Some(_))) => {}
    }
    if covered < facts.count {
        missing
            .push(format!("not sealed: {} records at its end are covered by no head", facts.count - covered));
    }
    if compared_with.is_empty() && !is_taken_out("an-end-that-nobody-kept") {
        missing.push("no head from outside was given to compare it with".to_owned());
    }
    missing
}
