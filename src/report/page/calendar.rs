//! When the rest can go: skipped customers by the month and the day from which they may if nobody does anything; those for
//! whom somebody must, by the day until which that is possible; and those of whom no day is known.

use super::super::rows::{CustomersOfDay, Tally};
use crate::domain::{Day, Outcome};
use serde::Serialize;
use std::collections::BTreeMap;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// So many months are shown with the empty ones between them.
const IN_A_ROW: u32 = 36;

#[derive(Debug, Serialize)]
pub(super) struct Calendar<'a> {
    months: Vec<Month>,
    days: Vec<OneDay<'a>>,
    /// Until when somebody can act, by month,
    act_months: Vec<Month>,
    /// and by day.
    acts: Vec<OneDay<'a>>,
    /// How many there are.
    to_act: u32,
    /// For whom it was too late already.
    too_late: Option<NamedCustomers<'a>>,
    skipped: u32,
    dated: u32,
    undated: Option<NamedCustomers<'a>>,
    dated_before: u32,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Month {
    name: String,
    count: u32,
    seats: u64,
    /// Of the largest month, in percent.
    share: u32,
    /// All that may go by its end.
    so_far: u32,
}

#[derive(Debug, Serialize)]
struct OneDay<'a> {
    date: &'a str,
    #[serde(flatten)]
    who: NamedCustomers<'a>,
}

/// A number of customers, with the names of a few.
#[derive(Debug, Serialize)]
struct NamedCustomers<'a> {
    count: u32,
    seats: u64,
    names: &'a [String],
    more: u32,
}

impl<'a> Calendar<'a> {
    /// None if nobody is left who could go some day.
    pub(super) fn of(tally: &'a Tally) -> Option<Self> {
        let has_acts = !tally.acts.is_empty() || tally.too_late.count > 0;
        if tally.days.is_empty() && tally.undated.count == 0 && tally.dated_before == 0 && !has_acts {
            return None;
        }
        let skipped = tally.counts.get(&Outcome::Skipped).copied().unwrap_or_default();
        let dated = tally.days.values().map(|day| day.count).sum();
        let each = |days: &'a BTreeMap<String, CustomersOfDay>| -> Vec<OneDay<'a>> {
            days.iter().map(|(date, day)| OneDay { date, who: NamedCustomers::of(day) }).collect()
        };
        Some(Self {
            months: months(&tally.days),
            days: each(&tally.days),
            act_months: months(&tally.acts),
            acts: each(&tally.acts),
            to_act: tally.acts.values().map(|day| day.count).sum(),
            too_late: (tally.too_late.count > 0).then(|| NamedCustomers::of(&tally.too_late)),
            skipped,
            dated,
            dated_before: tally.dated_before,
            undated: (tally.undated.count > 0).then(|| NamedCustomers::of(&tally.undated)),
        })
    }
}

impl<'a> NamedCustomers<'a> {
    fn of(day: &'a CustomersOfDay) -> Self {
        Self { count: day.count, seats: day.seats, names: &day.names, more: day.more() }
    }
}

/// Each month from the first to the last; without the empty ones, if that were too many.
fn months(days: &BTreeMap<String, CustomersOfDay>) -> Vec<Month> {
    let mut counts: BTreeMap<u32, (u32, u64)> = BTreeMap::new();
    for (date, day) in days {
        if let Some(month) = month_of(date) {
            let (count, seats) = counts.entry(month).or_default();
            (*count, *seats) = (*count + day.count, seats.saturating_add(day.seats));
        }
    }
    let ends = counts.first_key_value().zip(counts.last_key_value());
    if let Some((first, last)) = ends.map(|((first, _), (last, _))| (*first, *last))
        && last - first < IN_A_ROW
    {
        for month in first..last {
            counts.entry(month).or_default();
        }
    }
    let most = counts.values().map(|(count, _)| *count).max().unwrap_or_default().max(1);
    let mut so_far = 0;
    let named = counts.into_iter().map(|(month, (count, seats))| {
        so_far += count;
        let share = (100 * count).div_ceil(most);
        Month { name: month_named(month), count, seats, share, so_far }
    });
    named.collect()
}

/// `November 2026`.
pub(in crate::report) fn month_named(month: u32) -> String {
    let name = MONTHS.get((month % 12) as usize).copied().unwrap_or_default();
    format!("{name} {}", month / 12)
}

/// Months since the year 0.
pub(in crate::report) fn month_of(date: &str) -> Option<u32> {
    date.parse::<Day>().ok()?;
    let (year, rest) = date.split_once('-')?;
    let month: u32 = rest.split('-').next()?.parse().ok()?;
    Some(year.parse::<u32>().ok()? * 12 + month - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(dates: &[(&str, u32)]) -> BTreeMap<String, CustomersOfDay> {
        dates
            .iter()
            .map(|(date, count)| {
                ((*date).to_owned(), CustomersOfDay { count: *count, ..CustomersOfDay::default() })
            })
            .collect()
    }

    fn shown(dates: &[(&str, u32)]) -> Vec<(String, u32, u32, u32)> {
        let months = months(&days(dates));
        months.into_iter().map(|m| (m.name, m.count, m.share, m.so_far)).collect()
    }

    #[test]
    fn a_month_without_anybody_is_seen_to_be_empty() {
        let year = [("2026-11-30", 3), ("2026-12-01", 1), ("2026-12-31", 5), ("2027-02-01", 2)];
        assert_eq!(
            shown(&year),
            [
                ("November 2026".to_owned(), 3, 50, 3),
                ("December 2026".to_owned(), 6, 100, 9),
                ("January 2027".to_owned(), 0, 0, 9),
                ("February 2027".to_owned(), 2, 34, 11)
            ]
        );
    }

    #[test]
    fn far_dates_do_not_make_a_long_list() {
        let far = shown(&[("2026-11-30", 3), ("2126-12-01", 1), ("nonsense", 9)]);
        assert_eq!(far.iter().map(|month| month.1).collect::<Vec<_>>(), [3, 1]);
    }
}
