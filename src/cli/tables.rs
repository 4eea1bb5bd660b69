//! Tables for a terminal.

use crate::{
    domain::{Effect, ListReading, Outcome, Preparation, Reason},
    record::{Row, RowState, Run},
    report::{Shown, visible},
};

/// How many customers of a plan are shown one by one.
const SHOWN: usize = 20;
/// The widest line of running text, in characters: any terminal has so many.
const WIDTH: usize = 79;
/// The widest cell, in characters.
const WIDEST: usize = 48;

/// Rows of text under a header.
#[derive(Debug)]
pub(super) struct Table {
    header: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn new(header: &[&str]) -> Self {
        Self { header: header.iter().map(|name| (*name).to_owned()).collect(), rows: Vec::new() }
    }

    pub(super) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

/// The table as lines. Foreign text in a cell cannot move the cursor.
pub(super) fn table(table: &Table) -> String {
    let clean = |row: &Vec<String>| row.iter().map(|cell| shortened(&visible(cell))).collect::<Vec<_>>();
    let rows: Vec<Vec<String>> = std::iter::once(&table.header).chain(&table.rows).map(clean).collect();
    let columns = table.header.len();
    let widths: Vec<usize> = (0..columns)
        .map(|i| {
            rows.iter()
                .filter_map(|row| row.get(i))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or_default()
        })
        .collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= WIDEST {
        return text.to_owned();
    }
    text.chars().take(WIDEST - 1).chain(['…']).collect()
}

/// What a plan would do, before it is confirmed.
pub(super) fn plan(run: &Run) -> String {
    let ready: Vec<&Row> = run
        .rows
        .iter()
        .filter(|row| matches!(row.state, RowState::Judged { verdict: Outcome::Ready, .. }))
        .collect();
    let mut text = format!(
        "{} of {} rows are ready to be {}",
        ready.len(),
        run.opened.input.rows,
        Outcome::Done(run.opened.procedure)
    );
    if ready.is_empty() {
        text.push('.');
    } else {
        text.push_str(":\n");
        let mut shown = Table::new(&["row", "customer", "tenant ID"]);
        for row in ready.iter().take(SHOWN) {
            shown.row([
                row.number.to_string(),
                row.live_name().unwrap_or("(no name)").to_owned(),
                row.customer.map(|id| id.to_string()).unwrap_or_default(),
            ]);
        }
        text.push_str(&table(&shown));
        if ready.len() > SHOWN {
            text.push_str(&format!("\n  … and {} more", ready.len() - SHOWN));
        }
    }
    text.push_str(&preparations(&ready));
    let others = run.counts.iter().map(|(outcome, n)| format!("{n} {}", outcome.in_words()));
    let others: Vec<_> = others.collect();
    if !others.is_empty() {
        text.push_str(&format!("\nThe others: {}.", others.join(", ")));
    }
    text.push_str(&about_list(run));
    text
}

/// What is done before they go, or all that is done.
fn preparations(ready: &[&Row]) -> String {
    let all: Vec<(u32, &Preparation)> =
        ready.iter().flat_map(|row| row.first.iter().map(|one| (row.number, one))).collect();
    if all.is_empty() {
        return String::new();
    }
    let shown = table(&named(all.iter().copied().take(SHOWN), "before that"));
    let more = all.len().saturating_sub(SHOWN);
    let more =
        if more == 0 { String::new() } else { format!("\n  … and {more} more; `plan.json` names all") };
    if let Some(terms) = terms(all.iter().map(|(_, one)| *one)) {
        return format!("\n{terms}:\n{shown}{more}");
    }
    let mut kinds: Vec<Effect> = all.iter().map(|(_, one)| one.what).collect();
    kinds.dedup();
    let what: Vec<String> =
        kinds.iter().map(|kind| format!("{} are {}", kind.words().things, kind.words().done)).collect();
    let what = what.join(", ");
    format!("\nBefore they go, {} {what}:\n{shown}{more}", all.len())
}

/// Each thing that is done, with its seats and the last day of its term if that is what it is about.
pub(super) fn named<'a>(all: impl Iterator<Item = (u32, &'a Preparation)>, heading: &str) -> Table {
    let all: Vec<_> = all.collect();
    // What is done to terms is one thing, so the column says it, and there is room for the names.
    let Some(what) = all.iter().find(|(_, one)| one.term.is_some()).map(|(_, one)| one.words()) else {
        let mut shown = Table::new(&["row", heading, "ID"]);
        for (row, one) in all {
            shown.row([row.to_string(), one.named(), one.id.clone()]);
        }
        return shown;
    };
    let what = format!("{} {}", what.verb, what.thing);
    let mut shown = Table::new(&["row", &what, "seats", "last day", "ID"]);
    for (row, one) in all {
        let seats = one.term.as_ref().and_then(|term| term.seats);
        shown.row([
            row.to_string(),
            one.name.clone().unwrap_or_else(|| "(no name)".to_owned()),
            seats.map(|seats| seats.to_string()).unwrap_or_default(),
            one.term.as_ref().map(|term| term.last_day.to_string()).unwrap_or_default(),
            one.id.clone(),
        ]);
    }
    shown
}

/// `3 subscriptions with 41 seats, whose terms end from 2027-03-04 to 2027-09-01`: what a plan is about that decides about the
/// ends of terms. None if it does not.
pub(super) fn terms<'a>(all: impl Iterator<Item = &'a Preparation>) -> Option<String> {
    let (mut count, mut seats, mut days) = (0_u64, 0_u64, Vec::new());
    for term in all.filter_map(|one| one.term.as_ref()) {
        count += 1;
        seats = seats.saturating_add(term.seats.unwrap_or_default());
        days.push(term.last_day);
    }
    let (first, last) = (days.iter().min()?, days.iter().max()?);
    let number = |n: u64, one: &str| if n == 1 { format!("1 {one}") } else { format!("{n} {one}s") };
    let whose = if count == 1 { "whose term ends" } else { "whose terms end" };
    let when = if first == last { format!("on {first}") } else { format!("from {first} to {last}") };
    Some(format!("{} with {}, {whose} {when}", number(count, "subscription"), number(seats, "seat")))
}

/// Outcomes with their numbers, and reasons with what to do.
pub(super) fn summary(
    counts: impl IntoIterator<Item = (Shown, u32)>,
    reasons: impl IntoIterator<Item = (Reason, u32)>,
) -> String {
    let mut outcomes = Table::new(&["outcome", "rows"]);
    for (shown, n) in counts {
        outcomes.row([shown.in_words().to_owned(), n.to_string()]);
    }
    let mut text = table(&outcomes);
    let mut reasons: Vec<_> = reasons.into_iter().collect();
    // The most frequent first; among equals, in the order of `docs/contract.md` (Reasons).
    reasons.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    if !reasons.is_empty() {
        text.push_str("\n\n  why, and what to do");
    }
    for (reason, n) in reasons {
        text.push_str(&format!("\n  {n:>4}  {reason}{}", indented(reason.advice())));
    }
    text
}

/// Lines under a reason, broken between words.
fn indented(text: &str) -> String {
    broken(text, WIDTH, 8)
}

/// A sentence about the list, with a mark before it.
pub(super) fn sentence(text: &str) -> String {
    format!("!{}", broken(&visible(text), 1, 2))
}

/// What must be known of how the list was read, before anything is allowed.
pub(super) fn about_list(run: &Run) -> String {
    let said = run.opened.input.reading.as_ref().map(ListReading::warnings).unwrap_or_default();
    let lines: Vec<_> = said.iter().map(|said| sentence(said)).collect();
    if lines.is_empty() { String::new() } else { format!("\n{}", lines.join("\n")) }
}

/// Lines broken between words: the first goes on where `width` characters stand already, the others are indented.
fn broken(text: &str, mut width: usize, indent: usize) -> String {
    let mut lines = String::new();
    for word in text.split(' ') {
        let length = word.chars().count();
        if width + 1 + length > WIDTH {
            lines.push('\n');
            lines.push_str(&" ".repeat(indent));
            width = indent;
        } else {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += length;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_text_is_broken_between_words() {
        for reason in Reason::ALL {
            let lines = indented(reason.advice());
            assert!(lines.lines().all(|line| line.chars().count() <= WIDTH), "{lines}");
            assert_eq!(lines.split_whitespace().collect::<Vec<_>>().join(" "), reason.advice());
        }
    }

    #[test]
    fn columns_line_up_and_foreign_text_stays_in_its_cell() {
        let mut shown = Table::new(&["a", "b"]);
        shown.row(["long cell".to_owned(), "x\u{1b}[2J".to_owned()]);
        shown.row(["é".to_owned(), "y".repeat(99)]);
        let text = table(&shown);
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines[0], "  a          b");
        assert!(!text.contains('\u{1b}'));
        assert!(lines[2].starts_with("  é          yyy") && lines[2].ends_with('…'));
    }
}
