//! Outcomes, as a bar and in words.

use crate::{domain::Outcome, report::rows::Shown};
use serde::Serialize;
use std::collections::BTreeMap;

/// The width of the bar, in the units of its drawing.
const BAR: u32 = 1000;

/// One outcome, and its piece of the bar.
#[derive(Clone, Debug, Serialize)]
#[expect(missing_docs, reason = "the fields are what the templates name")]
pub struct Share {
    pub name: &'static str,
    pub words: &'static str,
    pub meaning: &'static str,
    pub count: u32,
    pub percent: String,
    pub left: u32,
    pub width: u32,
}

/// All that is shown, in its order, with the number of its rows. A piece of the bar is never too thin to be seen.
pub fn shares_of(counts: &BTreeMap<Shown, u32>, all: u32) -> Vec<Share> {
    const THINNEST: u64 = 6;
    let counts = Shown::all().filter_map(|shown| Some((shown, *counts.get(&shown)?)));
    let counts: Vec<_> = counts.collect();
    let rows = u64::from(all.max(1));
    let width = |count: u32| (u64::from(count) * u64::from(BAR) / rows).max(THINNEST);
    let whole: u64 = counts.iter().map(|(_, count)| width(*count)).sum::<u64>().max(1);
    let scaled = |units: u64| u32::try_from(units * u64::from(BAR) / whole).unwrap_or(BAR);
    let mut end = 0;
    let share = |(shown, count): (Shown, u32)| {
        let left = scaled(end);
        end += width(count);
        Share {
            name: shown.name(),
            words: shown.in_words(),
            meaning: meaning(shown),
            count,
            percent: percent(count, all),
            left,
            width: scaled(end) - left,
        }
    };
    counts.into_iter().map(share).collect()
}

/// The share in whole percent; what is there is never nothing, and what is missing is never all.
fn percent(count: u32, rows: u32) -> String {
    let (count, rows) = (u64::from(count), u64::from(rows.max(1)));
    match (200 * count + rows) / (2 * rows) {
        0 => "< 1".to_owned(),
        100 if count < rows => "> 99".to_owned(),
        percent => percent.to_string(),
    }
}

/// What an outcome means, in a sentence or two. What was done to a customer all the same is said with that customer: no
/// outcome means that nothing was.
const fn meaning(shown: Shown) -> &'static str {
    match shown {
        Shown::Pending(pending) => pending.meaning(),
        Shown::Outcome(outcome) => match outcome {
            Outcome::Done(procedure) => procedure.facts().done.meaning,
            Outcome::AlreadyDone(procedure) => procedure.facts().already.meaning,
            Outcome::Ready => "Nothing stands in the way. This was only a plan.",
            Outcome::Skipped => {
                "A precondition or a guard said no. Anything that was done before is named with the customer."
            }
            Outcome::Failed => {
                "The service said no, or did not answer. Anything that was done before is named with the customer."
            }
            Outcome::Unknown => {
                "A change was sent, and what became of it could not be found out. A person must look."
            }
            Outcome::NotAttempted => {
                "The run stopped first. Anything that was done before is named with the customer."
            }
            Outcome::Rejected => "The row itself is not valid. Nothing was sent for it.",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Procedure;

    #[test]
    fn shares_are_written_as_people_read_them() {
        assert_eq!([1, 500, 999, 1000].map(|n| percent(n, 1000)), ["< 1", "50", "> 99", "100"]);
    }

    #[test]
    fn the_bar_is_filled_and_every_piece_can_be_seen() {
        let counts = BTreeMap::from(
            [
                (Outcome::Done(Procedure::RemoveRelationship), 99_990),
                (Outcome::Failed, 7),
                (Outcome::Unknown, 3),
            ]
            .map(|(outcome, n)| (Shown::Outcome(outcome), n)),
        );
        let shares = shares_of(&counts, 100_000);
        assert_eq!(shares.iter().map(|share| share.width).sum::<u32>(), BAR);
        assert!(shares.iter().all(|share| share.width >= 5));
    }
}
