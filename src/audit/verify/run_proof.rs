//! Whether one run is proved, whatever was added to the log after it.
//!
//! A run ends with its seal. A head from outside that covers the seal covers every record of the run before it, so
//! it proves the run, however many records follow. Those are judged as all others are, and no head speaks for them.

use super::runs::{RunFacts, Runs};
use crate::domain::{RunId, Seq, grouped, is_taken_out};
use serde::Serialize;

/// What the records say of one run, and the heads from outside.
#[derive(Clone, Debug, Serialize)]
pub struct RunProof {
    /// Its ID.
    pub run_id: RunId,
    /// The record that sealed it; none if it has not come to its end.
    pub sealed_at: Option<Seq>,
    /// How many records the head from outside covers that proves it; none if none does.
    pub proved_by: Option<u64>,
    /// How many records of the log no head from outside covers.
    pub not_covered: u64,
    /// How many of those are the run's own, such as what was found out after its end.
    pub not_covered_of_run: u64,
    /// Why it is not proved, and what to do, in words.
    #[serde(skip)]
    pub missing: Vec<String>,
    /// What of it was not judged, in words: a newer program wrote it.
    #[serde(skip)]
    pub not_judged: Vec<String>,
}

impl RunProof {
    /// Every run of a log of `count` records, oldest first. The largest good head from outside covers `largest` of
    /// them; `not_judged` says what of the file itself was not judged.
    pub(super) fn all(runs: &Runs, count: u64, largest: u64, not_judged: Option<&str>) -> Vec<Self> {
        let prove = |run: RunFacts| {
            let missing: Vec<String> = missing(run.sealed_at, largest).into_iter().collect();
            let not_judged: Vec<String> =
                run.not_judged.into_iter().chain(not_judged.map(str::to_owned)).collect();
            let is_proved = missing.is_empty() && not_judged.is_empty();
            Self {
                run_id: run.id,
                sealed_at: run.sealed_at,
                proved_by: is_proved.then_some(largest),
                not_covered: count.saturating_sub(largest),
                not_covered_of_run: run.not_covered,
                missing,
                not_judged,
            }
        };
        runs.facts().into_iter().map(prove).collect()
    }

    /// Whether it is proved, in words.
    pub(super) fn sentence(&self) -> String {
        let run = &self.run_id;
        if let Some(size) = self.proved_by {
            let (size, later) = (grouped(size), self.later());
            return format!("Run {run} is proved by your head over {size} records, up to its seal; {later}.");
        }
        let missing =
            (!self.missing.is_empty()).then(|| format!("is not proved: {}.", self.missing.join("; ")));
        let newer = (!self.not_judged.is_empty()).then(|| {
            let not_judged = self.not_judged.join("; ");
            format!("was not judged completely: {not_judged}. Verify it with the newer program.")
        });
        let parts: Vec<String> = missing.into_iter().chain(newer).collect();
        format!("Nothing disagrees, but run {run} {}", parts.join(" And it "))
    }

    /// What follows the head that proves it.
    fn later(&self) -> String {
        let own = grouped(self.not_covered_of_run);
        match (self.not_covered, self.not_covered_of_run) {
            (0, _) => "no record follows".to_owned(),
            (1, 0) => "1 later record is not covered".to_owned(),
            (1, _) => "1 later record is not covered, and it is of this run".to_owned(),
            (all, 0) => format!("{} later records are not covered", grouped(all)),
            (all, _) => format!("{} later records are not covered, {own} of them of this run", grouped(all)),
        }
    }
}

/// What there would have to be, so that a run with this seal is proved by a head over so many records.
fn missing(sealed_at: Option<Seq>, largest: u64) -> Option<String> {
    match sealed_at {
        None => Some(
            "it is not sealed, so it has not come to its end; if it was interrupted, `offboard resume` goes on with \
             it and leaves a `checkpoint.txt`"
                .to_owned(),
        ),
        Some(_) if largest == 0 => Some(
            "no head from outside was given; give the `checkpoint.txt` that was kept of this run, or of a later one, \
             with `--checkpoint`"
                .to_owned(),
        ),
        Some(seal) if largest <= seal && !is_taken_out("a-head-that-ends-before-the-run") => Some(format!(
            "the heads from outside cover {largest} records, and it was sealed by record {seal}; give the \
             `checkpoint.txt` that was kept of this run, or of a later one"
        )),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proof(proved_by: Option<u64>, not_covered: u64, not_covered_of_run: u64) -> RunProof {
        RunProof {
            run_id: "20261120-091530-aaaaaa".parse().unwrap(),
            sealed_at: Some(40),
            proved_by,
            not_covered,
            not_covered_of_run,
            missing: Vec::new(),
            not_judged: Vec::new(),
        }
    }

    #[test]
    fn what_follows_is_counted_in_words() {
        let says = |all, own| proof(Some(1041), all, own).sentence();
        assert!(
            says(0, 0).starts_with("Run 20261120-091530-aaaaaa is proved by your head over 1,041 records")
        );
        assert!(says(0, 0).ends_with("; no record follows."));
        assert!(says(1, 0).ends_with("; 1 later record is not covered."));
        assert!(says(1, 1).ends_with("; 1 later record is not covered, and it is of this run."));
        assert!(says(2588, 0).ends_with("; 2,588 later records are not covered."));
        assert!(
            says(1_002_588, 3).ends_with("; 1,002,588 later records are not covered, 3 of them of this run.")
        );
    }

    #[test]
    fn what_a_run_lacks_is_said_with_what_to_do() {
        assert!(missing(None, 99).unwrap().contains("not sealed"));
        assert!(missing(Some(40), 0).unwrap().contains("`--checkpoint`"));
        assert!(missing(Some(40), 40).unwrap().contains("cover 40 records"));
        assert_eq!(missing(Some(40), 41), None);
        let mut unproved = proof(None, 5, 0);
        unproved.missing.push("this".to_owned());
        unproved.not_judged.push("that".to_owned());
        let sentence = unproved.sentence();
        assert!(
            sentence.contains("is not proved: this. And it was not judged completely: that."),
            "{sentence}"
        );
    }
}
